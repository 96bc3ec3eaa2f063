//! Transcripts of the commands: what a person and a program see, and how the process ends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the program in `fixtures/` without a terminal, with `input` on standard input.
fn sealgate(arguments: &str, input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(words(arguments))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may end before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Words are separated by spaces; quotes keep spaces together.
fn words(arguments: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in arguments.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What somebody sees who types this.
fn transcript(arguments: &str, input: &str) -> String {
    let output = sealgate(arguments, input.as_bytes());
    let mut text = format!("{}\n", format!("$ sealgate {arguments}").trim_end());
    text.push_str(&String::from_utf8(output.stdout).unwrap());
    if !text.ends_with('\n') {
        text.push_str("(no line end)\n");
    }
    let notes = String::from_utf8(output.stderr).unwrap();
    text.extend(notes.lines().map(|line| format!("2> {line}\n")));
    text.push_str(&format!("exit {}\n", output.status.code().unwrap()));
    text
}

/// Compares with `tests/snapshots/cli__<name>.snap`.
fn check(name: &str, transcripts: &[String]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, transcripts.join("\n")));
}

#[test]
fn c14n_writes_octets_and_nothing_else() {
    let output = sealgate("c14n -", b"<a  b='1'><!-- c --><x/></a>");
    assert_eq!(output.stdout, b"<a b=\"1\"><x></x></a>");
    assert!(output.stderr.is_empty());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn c14n_takes_a_method_prefixes_and_an_element() {
    let input = "<a xmlns='urn:d' xmlns:p='urn:p'><!-- c --><b i='x'/></a>";
    check(
        "c14n",
        &[
            "c14n --algorithm c14n10-comments -",
            "c14n --prefixes p -",
            "c14n --id x --id-attr i --prefixes \"#default p\" -",
            "c14n --id y --id-attr i -",
            "c14n --algorithm c14n11 --prefixes p -",
        ]
        .map(|arguments| transcript(arguments, input)),
    );
}

#[test]
fn c14n_says_why_there_is_no_canonical_form() {
    check(
        "c14n_refused",
        &[
            ("c14n -", "<!DOCTYPE a><a/>"),
            ("c14n -", "<a>\n  <b></a>"),
            ("c14n - --format json", "<a>\n  <b></a>"),
            ("c14n -", "<a xmlns='relative'/>"),
        ]
        .map(|(arguments, input)| transcript(arguments, input)),
    );
}

#[test]
fn what_was_typed_wrongly_ends_with_2_and_what_cannot_be_read_with_3() {
    check(
        "usage",
        &[
            "",
            "frobnicate",
            "c14n --algorithm md5 -",
            "dsig verify --embedded-key --trust keys/ca.pem -",
            "c14n no-such-file.xml",
            "c14n --format json no-such-file.xml",
        ]
        .map(|arguments| transcript(arguments, "")),
    );
}

#[test]
fn values_from_the_input_cannot_move_the_cursor() {
    let text = transcript("c14n -", "<a>\u{1b}[2J</a>") + &transcript("c14n --id \u{1b}[2J -", "<a/>");
    assert!(
        !text
            .lines()
            .skip(1)
            .any(|line| !line.starts_with('$') && line.contains('\u{1b}')),
        "{text}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(["c14n", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let text = "x".repeat(1 << 20);
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("<a>{text}</a>").as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn inspect_shows_what_a_message_says_and_that_nothing_is_verified() {
    check(
        "inspect",
        &[
            "inspect cases/good/soap11/message.xml",
            "inspect cases/good/saml-response/message.xml",
            "inspect cases/good/key-embedded/message.xml --format json",
            "inspect cases/xml/doctype/message.xml no-such-file.xml",
        ]
        .map(|arguments| transcript(arguments, "")),
    );
}

#[test]
fn explain_names_the_change_that_would_make_it_match() {
    let good = signed(
        "--key keys/alice.key.pem --cert keys/alice.pem",
        "<order xmlns:p=\"urn:p\"><p:item>1</p:item><p:item>2</p:item></order>",
    );
    let indented = good.replace("<p:item>", "\n  <p:item>");
    let renamed = good.replace("p:item", "ns:item").replace("xmlns:p=", "xmlns:ns=");
    let changed = good.replace(">2<", ">3<");
    let resigned = good
        .replace("<SignatureValue>", "<SignatureValue>AAAA")
        .replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA");
    check(
        "explain",
        &[
            transcript("explain -", &good),
            transcript("explain -", &indented),
            transcript("explain --format json -", &renamed),
            transcript("explain -", &changed),
            transcript("explain -", &resigned),
            transcript("explain -", "<a/>"),
            transcript("explain --format json -", "<a>"),
            transcript("explain --format json no-such-file.xml", ""),
        ],
    );
}

/// `document`, signed as the arguments say.
fn signed(arguments: &str, document: &str) -> String {
    let output = sealgate(&format!("dsig sign {arguments} -"), document.as_bytes());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

const ORDER: &str = "<?xml version='1.0'?>\n<order xmlns='urn:example:orders' ID='o-1'>\n  <item count='2'>bolt</item>\n</order>\n";

#[test]
fn dsig_verify_says_who_signed_what() {
    let sign = "--key keys/alice.key.pem --cert keys/alice.pem --id-attr ID";
    let good = signed(sign, ORDER);
    let changed = good.replace("count='2'", "count='3'");
    let verify = "dsig verify --trust keys/ca.pem --at 2026-11-24T00:00:30Z --id-attr ID -";
    check(
        "dsig_verify",
        &[
            transcript(verify, &good),
            transcript(&format!("{verify} --format json"), &good),
            transcript(verify, &changed),
            transcript(&format!("{verify} --format json"), &changed),
            transcript("dsig verify --id-attr ID -", &good),
            transcript(
                "dsig verify --id-attr ID --trust keys/stranger-ca.pem --at 2026-11-24T00:00:30Z -",
                &good,
            ),
            transcript("dsig verify --id-attr ID --embedded-key -", &good),
            transcript(
                "dsig verify --id-attr ID --trust keys/ca.pem --at message -",
                &good,
            ),
            transcript(verify, ORDER),
        ],
    );
}

#[test]
fn dsig_verify_shows_what_is_not_covered() {
    let document = "<a><b Id='x'><c/></b><d/><e><f/><f Id='y'/></e></a>";
    let sign = "--key keys/bob.key.pem --cert keys/bob.pem --id-attr Id --id x --id y";
    let good = signed(sign, document);
    let verify = "dsig verify --trust keys/bob.pem --at 2026-11-24T00:00:30Z --id-attr Id -";
    check("dsig_coverage", &[transcript(verify, &good)]);
}

#[test]
fn dsig_signs_with_every_kind_of_key_what_it_verifies() {
    for (key, algorithms) in [
        (
            "alice",
            "rsa-sha256 rsa-sha384 rsa-sha512 rsa-pss-sha256 rsa-pss-sha384 rsa-pss-sha512",
        ),
        ("bob", "ecdsa-sha256 ecdsa-sha384"),
        ("carol", "ecdsa-sha384"),
        ("dave", "ecdsa-sha512"),
    ] {
        for algorithm in algorithms.split(' ') {
            let sign = format!(
                "--key keys/{key}.key.pem --cert keys/{key}.pem --id-attr ID --algorithm {algorithm}"
            );
            let good = signed(&sign, ORDER);
            let verify =
                format!("dsig verify --trust keys/{key}.pem --at 2026-11-24T00:00:30Z --id-attr ID -");
            assert_eq!(
                sealgate(&verify, good.as_bytes()).status.code(),
                Some(0),
                "{algorithm}"
            );
            let changed = good.replace("bolt", "belt");
            assert_eq!(
                sealgate(&verify, changed.as_bytes()).status.code(),
                Some(1),
                "{algorithm}"
            );
        }
    }
    let good = signed("--hmac-key keys/password --id-attr ID", ORDER);
    let verify = "dsig verify --policy archive-verify --hmac-key keys/password --id-attr ID -";
    assert_eq!(sealgate(verify, good.as_bytes()).status.code(), Some(0));
    let strict = "dsig verify --hmac-key keys/password --id-attr ID -";
    assert_eq!(sealgate(strict, good.as_bytes()).status.code(), Some(1));
    let pkcs12 = "--key keys/gateway.p12 --password-file keys/password --id-attr ID";
    assert!(signed(pkcs12, ORDER).contains("X509Certificate"));
}

#[test]
fn what_cannot_be_used_ends_with_2() {
    check(
        "unusable",
        &[
            "dsig verify --trust no-such-file.pem -",
            "dsig verify --trust keys/password -",
            "dsig verify --policy lenient -",
            "dsig verify --policy keys/password -",
            "dsig verify --public-key keys/password -",
            "dsig verify --at yesterday -",
            "dsig verify - -",
            "dsig verify",
            "dsig sign -",
            "dsig sign --key keys/alice.key.pem --cert keys/bob.pem -",
            "dsig sign --key keys/alice.key.pem --algorithm rsa-sha1 -",
        ]
        .map(|arguments| transcript(arguments, "<a/>")),
    );
}

#[test]
#[cfg(not(feature = "second_opinion"))]
fn a_second_opinion_that_is_not_built_in_cannot_be_asked_for() {
    let refused = |arguments: &str| {
        let output = sealgate(arguments, b"<a/>");
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.contains("build it with the Cargo feature second_opinion"),
            "{told}"
        );
    };
    for command in ["verify", "saml verify", "dsig verify"] {
        refused(&format!("{command} --second-opinion -"));
    }
    let shown = sealgate("policy show strict", b"").stdout;
    let asks = String::from_utf8(shown)
        .unwrap()
        .replace("\"not-asked\"", "\"required\"");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), asks).unwrap();
    refused(&format!("verify --policy {} -", file.path().display()));
}

/// How every fixture was signed, and when it is judged.
const STRICT: &str = "verify --trust keys/ca.pem --at 2026-11-24T00:00:30Z";

#[test]
fn verify_judges_soap_messages() {
    let verify = |more: &str| transcript(&format!("{STRICT} {more}"), "");
    check(
        "verify",
        &[
            verify("cases/good/soap12/message.xml"),
            verify("cases/good/soap12/message.xml --format json"),
            verify("cases/dsig/body-changed/message.xml"),
            verify("cases/dsig/body-changed/message.xml --format json"),
            verify("cases/dsig/missing/message.xml"),
            verify("attacks/T15-body-relocated/soap11/message.xml"),
            transcript(
                "verify --trust keys/ca.pem --at 2026-11-24T01:00:00Z cases/good/soap11/message.xml",
                "",
            ),
            transcript("verify cases/good/soap11/message.xml --at message", ""),
        ],
    );
}

#[test]
fn verify_shows_claims_only_where_they_were_verified() {
    let verify = "verify --trust keys/idp-metadata.xml --at 2026-11-24T00:00:30Z \
                  --audience https://gateway.example/orders";
    check(
        "verify_saml",
        &[
            transcript(
                &format!("{verify} cases/good/saml-holder-of-key-soap11/message.xml"),
                "",
            ),
            transcript(
                &format!("{verify} --format json cases/good/saml-holder-of-key-soap11/message.xml"),
                "",
            ),
            transcript(
                &format!("{verify}/other cases/good/saml-holder-of-key-soap11/message.xml"),
                "",
            ),
        ],
    );
}

#[test]
fn the_worst_of_several_inputs_is_the_exit_code() {
    let good = "cases/good/soap11/message.xml";
    let bad = "cases/dsig/body-changed/message.xml";
    let code = |files: &str| sealgate(&format!("{STRICT} {files}"), b"").status.code();
    assert_eq!(code(&format!("{good} {good}")), Some(0));
    assert_eq!(code(&format!("{good} {bad} {good}")), Some(1));
    assert_eq!(code(&format!("no-such-file.xml {good}")), Some(3));
    assert_eq!(code(&format!("{bad} no-such-file.xml {good}")), Some(3));
}

#[test]
fn attachments_that_cannot_be_kept_are_no_fault_of_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.mime");
    let head = "Content-Type: multipart/related; type=\"text/xml\"; boundary=b\r\n\r\n";
    let parts =
        "--b\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--b\r\nContent-Type: a/b\r\nContent-ID: <p@x>\r\n\r\n";
    let message = format!("{head}{parts}{}\r\n--b--\r\n", "x".repeat(100_000));
    std::fs::write(&file, message).unwrap();
    let judged = |temporary: &std::path::Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_sealgate"))
            .args(["verify", "--format", "json", "--trust", "keys/ca.pem"])
            .arg(&file)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
            .env("TMPDIR", temporary)
            .output()
            .unwrap();
        let code = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), code.contains("\"soap.spool\""))
    };
    assert_eq!(judged(&folder.path().join("missing")), (Some(3), true));
    assert_eq!(judged(folder.path()), (Some(1), false));
}

#[test]
fn what_is_encrypted_in_a_message_of_parts_is_decrypted_to_one() {
    const PICTURE: &[u8] = b"\r\n\r\n\x89PNG\r\n\x1a\n";
    let has = |output: &Output, what: &[u8]| output.stdout.windows(what.len()).any(|window| window == what);
    let decrypt = "decrypt --format json --key keys/gateway.key.pem";
    let case = "cases/good/encrypted-attachment-and-body/message.mime";
    let sent = std::fs::read(format!("{}/fixtures/{case}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(!sent.windows(PICTURE.len()).any(|window| window == PICTURE));
    let output = sealgate(&format!("{decrypt} {case}"), b"");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        output
            .stdout
            .starts_with(b"Content-Type: multipart/related; type=\"text/xml\"; boundary=")
    );
    assert!(
        has(&output, PICTURE) && has(&output, b"PlaceOrder") && has(&output, b"#Attachment-Content-Only")
    );
    let complete = "cases/good/encrypted-attachment-first-complete/message.mime";
    let output = sealgate(&format!("{decrypt} {complete}"), b"");
    assert!(has(
        &output,
        b"Content-Disposition:attachment;filename=\"note 1.txt\"\r\n"
    ));
    assert!(has(&output, b"\r\n\r\nfirst line\r\nsecond line\r\n"));
    let changed = "attacks/T87-encrypted-attachments/soap11-ciphertext-changed/message.mime";
    let output = sealgate(&format!("{decrypt} {changed}"), b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"xmlenc.decryption_failed\""));
    let nothing = "cases/good/swa-content-soap11/message.mime";
    let output = sealgate(&format!("{decrypt} {nothing}"), b"");
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"xmlenc.missing\""));
}

#[test]
fn a_policy_that_was_shown_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["strict", "saml-sso", "bsp11", "legacy-2004", "archive-verify"] {
        let shown = sealgate(&format!("policy show {name}"), b"");
        assert_eq!(shown.status.code(), Some(0));
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, &shown.stdout).unwrap();
        let again = sealgate(&format!("policy show {}", file.display()), b"");
        assert_eq!(again.stdout, shown.stdout, "{name}");
    }
    check(
        "policy",
        &[
            transcript("policy show strict", ""),
            transcript("policy show lenient", ""),
        ],
    );
}

#[test]
fn a_configuration_is_checked_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let init = sealgate("config init", b"");
    assert_eq!(init.status.code(), Some(0));
    std::fs::write(&file, &init.stdout).unwrap();
    let check = |format: &str| {
        let output = sealgate(&format!("config check {} --format {format}", file.display()), b"");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stdout)
            .unwrap()
            .replace(&*folder.path().to_string_lossy(), "FOLDER")
    };
    self::check("config", &[check("text"), check("json")]);
    let missing = sealgate("config check no-such-file.toml", b"");
    assert_eq!(missing.status.code(), Some(2));
    let schema = sealgate("config schema", b"");
    assert!(serde_json::from_slice::<serde_json::Value>(&schema.stdout).is_ok());
}

#[test]
fn what_a_partner_may_beyond_the_policy_is_told_with_reason_and_end() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    for name in [
        "gateway.pem",
        "gateway.key.pem",
        "ca.pem",
        "alice.pem",
        "bob.pem",
        "pinned.pem",
    ] {
        let to = folder.path().join(name);
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");
        std::fs::copy(format!("{from}/{name}"), &to).unwrap();
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let file = folder.path().join("gateway.toml");
    let text = "[[listener]]\naddress = \"127.0.0.1:0\"\n[gateway]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n\
                [[route]]\npath = \"/orders\"\noperation = [{ body = \"{urn:orders}Place\" }]\n[[route.exception]]\n\
                subject = [\"O=Example,CN=alice\"]\nallow = [\"sha1\", \"rsa-1_5\"]\nreason = \"old\"\nuntil = UNTIL\n\
                [[route.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"O=Example,CN=alice\", \"O=Example,CN=bob\"]\n[route.backend]\nurl = \"http://127.0.0.1:1/\"\n";
    std::fs::write(&file, text.replace("UNTIL", "2045-01-31")).unwrap();
    let folder = folder.path().display();
    let explain = |partner: &str, format: &str| {
        let command =
            format!("config explain {folder}/gateway.toml --partner {folder}/{partner} --format {format}");
        let output = sealgate(&command, b"");
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, told) = explain("alice.pem", "text");
    assert_eq!(code, Some(0));
    assert!(
        told.starts_with("/orders  strict\n  sha1, rsa-1_5, until 2045-01-31 ("),
        "{told}"
    );
    assert!(
        told.ends_with(" days left): O=Example,CN=alice\n    old\n"),
        "{told}"
    );
    let (_, told) = explain("alice.pem", "json");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let exception = &told["routes"][0]["exceptions"][0];
    assert_eq!(exception["allow"], serde_json::json!(["sha1", "rsa-1_5"]));
    assert_eq!(exception["until"], "2045-01-31");
    assert_eq!(exception["reason"], "old");
    let digests = |policy: &serde_json::Value| policy["algorithms"]["digests"].to_string();
    assert!(digests(&exception["policy"]).contains("sha1"));
    assert!(!digests(&told["routes"][0]["policy"]).contains("sha1"));
    assert_eq!(
        explain("bob.pem", "text"),
        (Some(0), "/orders  strict\n".to_owned())
    );
    assert_eq!(explain("pinned.pem", "text"), (Some(1), String::new()));
    // Told of before its end, and wrong after it.
    let check = |until: chrono::NaiveDate| {
        std::fs::write(&file, text.replace("UNTIL", &until.to_string())).unwrap();
        let output = sealgate(&format!("config check {folder}/gateway.toml --format json"), b"");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), told)
    };
    let today = chrono::Utc::now().date_naive();
    let (code, told) = check(today + chrono::Days::new(7));
    assert_eq!((code, &told["verdict"]), (Some(0), &"right".into()));
    assert_eq!(told["warnings"][0]["key"], "route[1].exception[1].until");
    let (code, told) = check(today - chrono::Days::new(1));
    assert_eq!((code, &told["verdict"]), (Some(2), &"wrong".into()));
    assert!(
        told["problems"][0]["what"]
            .as_str()
            .unwrap()
            .starts_with("is over")
    );
}

/// What the relying party of the fixtures knows.
const SAML: &str = "saml verify --policy saml-sso --metadata keys/idp-metadata.xml --at 2026-11-24T00:00:30Z \
                    --audience https://gateway.example/orders --recipient https://gateway.example/orders/acs";

#[test]
fn saml_verify_says_what_was_claimed_and_what_did_not_match() {
    let good = "cases/good/saml-response/message.xml";
    let verify = |more: &str| transcript(&format!("{SAML} {more} {good}"), "");
    check(
        "saml_verify",
        &[
            verify("--request-id _request-1"),
            verify("--request-id _request-1 --format json"),
            verify("--request-id _request-2"),
            verify(""),
        ],
    );
}

#[test]
fn saml_sign_makes_what_saml_verify_accepts() {
    let logout = "<p:LogoutRequest xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' \
                  xmlns='urn:oasis:names:tc:SAML:2.0:assertion' ID='_l' Version='2.0' \
                  IssueInstant='2026-11-24T00:00:00Z' Destination='https://gateway.example/orders/acs'>\
                  <Issuer>https://idp.example/saml</Issuer><NameID>ann</NameID></p:LogoutRequest>";
    let sign = "saml sign --key keys/idp.key.pem --cert keys/idp.pem";
    for more in [
        "",
        "--binding post",
        "--binding redirect",
        "--binding redirect --relay-state /orders?page=2",
    ] {
        let signed = sealgate(&format!("{sign} {more} -"), logout.as_bytes());
        assert_eq!(signed.status.code(), Some(0), "{more}");
        let verified = sealgate(&format!("{SAML} -"), &signed.stdout);
        let said = String::from_utf8_lossy(&verified.stdout);
        assert_eq!(verified.status.code(), Some(0), "{more}: {said}");
        let over = if more.contains("redirect") {
            "query string"
        } else {
            "exc"
        };
        assert!(said.contains(&format!("rsa-sha256, {over}, trusted")), "{said}");
    }
    let good = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/cases/good/saml-response/message.xml"
    ));
    let refused = sealgate(&format!("{sign} --part assertion -"), &good.unwrap());
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("saml.already_signed"));
    assert!(refused.stdout.is_empty());
    let long = format!("{sign} --binding redirect --relay-state {} -", "x".repeat(81));
    assert_eq!(sealgate(&long, logout.as_bytes()).status.code(), Some(2));
    let parts = format!("{sign} --binding redirect --part both -");
    assert_eq!(sealgate(&parts, logout.as_bytes()).status.code(), Some(2));
}

#[test]
fn sign_makes_what_verify_accepts() {
    let soap11 = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'>\
                  <s:Body><p:Ping xmlns:p='urn:p'/></s:Body></s:Envelope>";
    let soap12 = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' \
                  xmlns:a='http://www.w3.org/2005/08/addressing'><s:Header><a:To>urn:to</a:To>\
                  <a:Action>urn:ping</a:Action></s:Header><s:Body><p:Ping xmlns:p='urn:p'/></s:Body></s:Envelope>";
    let verify = |policy: &str, message: &[u8]| {
        let arguments = format!(
            "verify --policy {policy} --trust keys/ca.pem --untrusted keys/alice.pem --untrusted keys/carol.pem \
                     --at 2026-11-24T00:00:30Z -"
        );
        sealgate(&arguments, message)
    };
    for message in [soap11, soap12] {
        for key in ["alice", "carol"] {
            for (reference, policy) in [
                ("token", "strict"),
                ("path", "strict"),
                ("thumbprint", "strict"),
                ("ski", "bsp11"),
                ("issuer-serial", "bsp11"),
            ] {
                let sign = format!(
                    "sign --key keys/{key}.key.pem --cert keys/{key}.pem --key-reference {reference} \
                     --at 2026-11-24T00:00:00Z -"
                );
                let signed = sealgate(&sign, message.as_bytes());
                assert_eq!(
                    signed.status.code(),
                    Some(0),
                    "{}",
                    String::from_utf8_lossy(&signed.stderr)
                );
                let verified = verify(policy, &signed.stdout);
                let said = String::from_utf8_lossy(&verified.stdout);
                assert_eq!(verified.status.code(), Some(0), "{key} {reference}: {said}");
                let changed = String::from_utf8(signed.stdout).unwrap().replace("Ping", "Pong");
                assert_eq!(verify(policy, changed.as_bytes()).status.code(), Some(1));
            }
        }
    }
    let again = transcript(
        "sign --key keys/alice.key.pem --cert keys/alice.pem cases/good/soap11/message.xml",
        "",
    );
    let without = transcript("sign --key keys/alice.key.pem -", soap11);
    check(
        "sign_refused",
        &[
            again,
            without,
            transcript("sign --key keys/alice.key.pem --cert keys/alice.pem -", "<a/>"),
        ],
    );
}

#[test]
fn bench_measures_what_passes_and_nothing_else() {
    let good = "cases/good/soap11/message.xml";
    for (operation, options) in [
        ("verify", "--trust keys/ca.pem --at 2026-11-24T00:00:30Z"),
        (
            "verify --cold",
            "--trust keys/ca.pem --at 2026-11-24T00:00:30Z --threads 2",
        ),
        (
            "verify --policy archive-verify",
            "--trust keys/ca.pem --at message",
        ),
        ("parse", ""),
        ("c14n", ""),
    ] {
        let bench = format!("bench --format json --seconds 0.05 --operation {operation} {options} {good}");
        let output = sealgate(&bench, b"");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let fields: Vec<&str> = result.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = "file operation threads messages bytes cpu_us_per_message wall_us_per_message \
                      megabytes_per_second peak_rss_growth_kib stages";
        assert_eq!(fields.join(" "), wanted);
        assert!(result["cpu_us_per_message"].as_f64().unwrap() > 1.0, "{result}");
        assert!(result["stages"]["parse"].as_f64().unwrap() > 0.0, "{result}");
        if operation.starts_with("verify") {
            for stage in ["canonicalize_digest", "signature", "trust", "policy"] {
                assert!(result["stages"][stage].is_number(), "{result}");
            }
        }
    }
    let bad = "bench --seconds 0.05 --trust keys/ca.pem --at 2026-11-24T00:00:30Z cases/dsig/body-changed/message.xml";
    let output = sealgate(bad, b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let sign = "bench --seconds 0.05 --operation sign --key keys/alice.key.pem --cert keys/alice.pem -";
    let message = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>";
    assert_eq!(sealgate(sign, message).status.code(), Some(0));
    let saml = SAML.replace("saml verify", "bench --operation saml --seconds 0.05");
    let saml = format!("{saml} --request-id _request-1 cases/good/saml-response/message.xml");
    assert_eq!(sealgate(&saml, b"").status.code(), Some(0));
}

#[test]
fn demo_ends_well_only_if_every_outcome_is_the_expected_one() {
    let output = sealgate("demo --once", b"");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.ends_with("\n15 of 15 as expected\n"), "{said}");
    let rows = |mark: &str| said.lines().filter(|line| line.starts_with(mark)).count();
    assert_eq!((rows("✓"), rows("✗")), (15, 0), "{said}");
    let passed = said
        .lines()
        .filter(|line| line.contains("answer signed, and verified"));
    assert_eq!(passed.count(), 5, "{said}");
    let folder = said
        .split_whitespace()
        .find(|word| word.contains("sealgate-demo-"))
        .unwrap();
    assert!(!std::path::Path::new(folder).exists(), "{folder}");
}

#[test]
fn demo_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, "mine").unwrap();
    let output = sealgate(&format!("demo --once --dir {}", folder.path().display()), b"");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_file_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join(std::ffi::OsStr::from_bytes(b"\xff\x1b[2J.xml"));
    std::fs::write(&path, "<a><b></a>").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .arg("inspect")
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        !output.stdout.contains(&0x1b),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn serve_does_not_start_with_a_wrong_configuration() {
    let output = sealgate("serve --config no-such-file.toml", b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

/// What came out, of a command that passes.
fn made(arguments: &str, input: &str) -> String {
    let output = sealgate(arguments, input.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Without the declarations that `encrypt` adds so that a part can be read by itself.
fn canonical(document: &str) -> String {
    made("c14n --algorithm exc -", document)
}

#[test]
fn encrypt_makes_what_decrypt_opens() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, [7; 32]).unwrap();
    let secret = secret.display();
    let document = "<o:order xmlns:o='urn:o' xmlns='urn:d'><o:card n='1' xml:id='c'>secret</o:card><e/><o:card>secret</o:card></o:order>";
    let keys = [
        (
            "--to keys/alice.pem".to_owned(),
            "--key keys/alice.key.pem --cert keys/alice.pem".to_owned(),
        ),
        (
            "--to keys/bob.pem".to_owned(),
            "--key keys/bob.key.pem".to_owned(),
        ),
        (
            "--to keys/dave.pem".to_owned(),
            "--key keys/dave.key.pem".to_owned(),
        ),
        (
            format!("--secret-key k={secret}"),
            format!("--secret-key k={secret}"),
        ),
        (format!("--secret-key {secret}"), format!("--secret-key {secret}")),
    ];
    for (to, key) in &keys {
        for part in [
            "",
            "--id c",
            "--element {urn:o}card",
            "--element {urn:o}card --content",
            "--content",
            "--element {urn:d}e --content",
        ] {
            for algorithm in ["aes256-gcm", "aes128-gcm"] {
                let encrypted = made(
                    &format!("encrypt {to} {part} --algorithm {algorithm} -"),
                    document,
                );
                assert_ne!(encrypted, document);
                let decrypted = made(&format!("decrypt {key} -"), &encrypted);
                assert_eq!(canonical(&decrypted), canonical(document), "{to} {part}");
                let wrong = sealgate("decrypt --key keys/carol.key.pem -", encrypted.as_bytes());
                assert_eq!(wrong.status.code(), Some(1));
                assert!(wrong.stdout.is_empty());
            }
        }
    }
}

#[test]
fn whichever_of_our_keys_it_is_encrypted_to_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let ring = folder.path().join("ring.pem");
    let pieces = ["carol.key.pem", "alice.pem", "alice.key.pem", "bob.key.pem"];
    let pieces = pieces.map(|piece| {
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");
        std::fs::read_to_string(format!("{keys}/{piece}")).unwrap()
    });
    std::fs::write(&ring, pieces.concat()).unwrap();
    let ring = format!("--key {} --key keys/gateway.key.pem", ring.display());
    let named = "--cert keys/bob.pem --cert keys/gateway.pem --cert keys/alice.pem";
    for to in ["alice", "bob", "carol", "gateway"] {
        let encrypted = made(&format!("encrypt --to keys/{to}.pem -"), "<a>secret</a>");
        for keys in [ring.clone(), format!("{ring} {named}")] {
            let decrypted = made(&format!("decrypt {keys} -"), &encrypted);
            assert_eq!(canonical(&decrypted), "<a>secret</a>", "{to} {keys}");
        }
    }
    for (case, policy) in [("soap11", "strict"), ("rsa-1-5", "legacy-2004")] {
        let verify = format!("verify --trust keys/ca.pem --at 2026-11-24T00:00:30Z --policy {policy}");
        let message = format!("cases/good/encrypted-first-{case}/message.xml");
        for keys in [ring.clone(), format!("{ring} {named}")] {
            let output = sealgate(&format!("{verify} {keys} {message}"), b"");
            assert_eq!(output.status.code(), Some(0), "{case} {keys}: {output:?}");
        }
    }
    let refused = sealgate("decrypt --key keys -", b"<a/>");
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("keys: a folder"), "{told}");
}

#[test]
fn of_a_keystore_every_key_decrypts_and_none_is_taken_for_the_one_that_signs() {
    let keystore = "--key keys/two-keys.p12 --password-file keys/password";
    for to in ["gateway", "bob"] {
        let encrypted = made(&format!("encrypt --to keys/{to}.pem -"), "<a>secret</a>");
        for named in ["", "--cert keys/bob.pem"] {
            let decrypted = made(&format!("decrypt {keystore} {named} -"), &encrypted);
            assert_eq!(canonical(&decrypted), "<a>secret</a>", "{to} {named}");
        }
    }
    for named in ["", "--cert keys/bob.pem"] {
        let refused = sealgate(&format!("dsig sign {keystore} {named} -"), b"<a/>");
        assert_eq!(refused.status.code(), Some(2), "{named}");
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(
            told.contains("2 private keys where one is asked for (\"gateway\", \"bob\")"),
            "{told}"
        );
    }
}

#[test]
fn encrypt_hides_the_body_and_headers_of_a_signed_message_and_decrypt_gives_them_back() {
    for soap in [
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    ] {
        let message = format!(
            "<s:Envelope xmlns:s='{soap}'><s:Header><a:To xmlns:a='http://www.w3.org/2005/08/addressing' \
             s:mustUnderstand='1'>urn:to</a:To><a:Action xmlns:a='http://www.w3.org/2005/08/addressing'>urn:ping</a:Action></s:Header>\
             <s:Body><p:Ping xmlns:p='urn:p'/></s:Body></s:Envelope>"
        );
        let signed = made(
            "sign --key keys/alice.key.pem --cert keys/alice.pem --at 2026-11-24T00:00:00Z -",
            &message,
        );
        for (to, reference) in [
            ("gateway", "thumbprint"),
            ("gateway", "ski"),
            ("gateway", "issuer-serial"),
            ("bob", "thumbprint"),
        ] {
            let arguments = format!(
                "encrypt --to keys/{to}.pem --key-reference {reference} --element {{{soap}}}Body \
                 --element {{http://www.w3.org/2005/08/addressing}}To -"
            );
            let encrypted = made(&arguments, &signed);
            for hidden in ["Ping", "urn:to<"] {
                assert!(
                    signed.contains(hidden) && !encrypted.contains(hidden),
                    "{hidden} in {encrypted}"
                );
            }
            let binding = |text: &str| text.matches("mustUnderstand").count();
            assert_eq!(binding(&encrypted), binding(&signed), "{encrypted}");
            let arguments = format!("decrypt --key keys/{to}.key.pem --cert keys/{to}.pem -");
            let decrypted = made(&arguments, &encrypted);
            // The EncryptedKey stays in the header; what was signed is as it was.
            let end = decrypted.find("</xenc:EncryptedKey>").unwrap() + "</xenc:EncryptedKey>".len();
            let start = decrypted.find("<xenc:EncryptedKey").unwrap();
            let without = [&decrypted[..start], &decrypted[end..]].concat();
            assert_eq!(canonical(&without), canonical(&signed));
            made("verify --trust keys/ca.pem --at 2026-11-24T00:00:30Z -", &without);
        }
    }
}

#[test]
fn encrypt_makes_a_security_header_where_there_is_none() {
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    for message in [
        format!("<s:Envelope xmlns:s='{soap}'><s:Body><x>secret</x></s:Body></s:Envelope>"),
        format!("<Envelope xmlns='{soap}'><Header/><Body><x>secret</x></Body></Envelope>"),
    ] {
        let encrypted = made("encrypt --to keys/gateway.pem --role urn:them -", &message);
        assert!(
            !encrypted.contains("secret") && encrypted.contains("actor=\"urn:them\""),
            "{encrypted}"
        );
        let decrypted = made("decrypt --key keys/gateway.key.pem -", &encrypted);
        assert!(decrypted.contains(">secret</x></"), "{decrypted}");
    }
}

#[test]
fn encrypt_refuses_what_cannot_be_or_what_the_policy_does_not_allow() {
    let document = "<a><b xml:id='b'><c xml:id='c'/></b></a>";
    let run = |arguments: &str| {
        let output = sealgate(&format!("{arguments} --format json -"), document.as_bytes());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty());
        (output.status.code(), said)
    };
    for (arguments, code) in [
        ("--to keys/alice.pem --id nothing", "xml.no_such_id"),
        ("--to keys/alice.pem --element {urn:x}a", "xml.no_such_element"),
        ("--to keys/alice.pem --id b --id c", "xmlenc.target"),
        ("--to keys/rsa1024.pem", "xmlenc.recipient_key"),
        ("--secret-key keys/empty.key", "xmlenc.key_length"),
    ] {
        let (exit, said) = run(&format!("encrypt {arguments}"));
        assert_eq!(exit, Some(1), "{said}");
        assert!(said.contains(&format!("\"code\":\"{code}\"")), "{said}");
    }
    for arguments in [
        "",
        "--to keys/alice.pem --algorithm aes256-cbc",
        "--to keys/alice.pem --key-transport rsa-oaep-mgf1p",
        "--to keys/alice.key.pem",
        "--to keys/alice.pem --secret-key keys/shared.key",
        "--to keys/alice.pem --element a:b",
    ] {
        let (exit, said) = run(&format!("encrypt {arguments}"));
        assert_eq!(exit, Some(2), "{arguments}: {said}");
    }
    made(
        "encrypt --policy bsp11 --to keys/alice.pem --algorithm aes256-cbc --key-transport rsa-oaep-mgf1p -",
        document,
    );
}

const OF_PARTS: &str = "cases/good/swa-content-soap11/message.mime";

#[test]
fn a_message_of_parts_is_inspected_explained_and_measured_as_it_is_verified() {
    let object = |arguments: &str, input: &[u8]| -> serde_json::Value {
        let output = sealgate(arguments, input);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let seen = object(&format!("inspect --format json {OF_PARTS}"), b"");
    assert_eq!(seen["soap"], "1.1");
    assert_eq!(seen["attachments"][0]["id"], "picture@example.com");
    assert!(
        seen["attachments"][0]["kind"]
            .as_str()
            .unwrap()
            .starts_with("image/png"),
        "{seen}"
    );

    let good =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/").to_owned() + OF_PARTS).unwrap();
    let explained = |message: &[u8]| {
        let explained = object("explain --format json --trust keys/ca.pem -", message);
        let references = explained["references"].as_array().unwrap().clone();
        references
            .into_iter()
            .find(|reference| reference["uri"] == "cid:picture%40example.com")
            .unwrap()
    };
    assert_eq!(explained(&good)["ok"], true);
    assert_eq!(explained(&good)["element"], "cid:picture@example.com");
    let mut changed = good.clone();
    let at = changed.len() - 60;
    changed[at] ^= 1;
    assert_eq!(explained(&changed)["ok"], false);
    assert_eq!(explained(&changed)["causes"][0]["cause"], "content_changed");
    let named = b"<picture@";
    let at = good
        .windows(named.len())
        .position(|octets| octets == named)
        .unwrap();
    let mut moved = good.clone();
    moved[at + 1] = b'q';
    assert_eq!(explained(&moved)["causes"][0]["cause"], "id_moved");

    let measure = "bench --format json --seconds 0.01 --at 2026-11-24T00:00:30Z --trust keys/ca.pem --policy";
    let measured = object(&format!("{measure} bsp11 {OF_PARTS}"), b"");
    assert!(measured["messages"].as_u64().unwrap() > 0, "{measured}");
    assert_eq!(measured["bytes"], good.len());
    let refused = sealgate(&format!("{measure} strict {OF_PARTS}"), b"");
    assert_eq!(
        refused.status.code(),
        Some(1),
        "strict takes no attachments: {refused:?}"
    );
}

#[test]
fn a_content_type_may_be_told_where_a_file_does_not_say_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/").to_owned() + OF_PARTS;
    let file = std::fs::read(path).unwrap();
    let end = file.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&file[..end]).unwrap();
    let field = head
        .strip_prefix("Content-Type: ")
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .args(["inspect", "--format", "json", "--content-type", field, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&file[end + 4..]).unwrap();
    let output = child.wait_with_output().unwrap();
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["attachments"][0]["id"], "picture@example.com", "{seen}");
}

#[test]
fn octets_of_one_document_are_not_written_over_those_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let files = "interop/zeep/soap11/request.xml explain/whitespace/message.xml";
    sealgate(&format!("explain --octets {path} {files}"), b"");
    let written = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let [first, second] = ["1", "2"].map(|number| written(&format!("{number}/signature-1-signed-info")));
    assert_ne!(first, second);
    assert!(!folder.path().join("signature-1-signed-info").exists());
}

/// They may be what `--key` decrypted.
#[test]
fn octets_that_are_explained_are_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("octets");
    let there = path.join("signature-1-signed-info");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(&there, "was readable").unwrap();
    let command = format!(
        "explain --octets {} interop/zeep/soap11/request.xml",
        path.display()
    );
    let output = sealgate(&command, b"");
    assert!(output.stderr.is_empty(), "{output:?}");
    let written: Vec<_> = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(written.len(), 3, "{written:?}");
    for file in &written {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let octets = std::fs::read_to_string(there).unwrap();
    assert!(octets.contains("SignedInfo"), "{octets}");
}

#[test]
fn a_validation_report_is_of_one_message_and_written_somewhere() {
    let said = |arguments: &str| {
        let output = sealgate(arguments, b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let (code, text) = said("verify --validation-report r.xml interop/zeep/soap11/request.xml README.md");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("batch verify --validation-reports"), "{text}");
    let (code, text) =
        said("dsig verify --validation-report README.md/r.xml interop/zeep/soap11/request.xml");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("--validation-report: README.md/r.xml: "), "{text}");
}
