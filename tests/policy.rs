//! `sealgate policy infer` and `policy diff`, on messages whose policies and differences are known, and `policy import`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::process::{Command, Output};

use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::policy::{KeyReference, Part, Policy, UnsignedHeaders};
use serde_json::Value;

const AT: &str = "2026-11-24T00:00:30Z";

fn sealgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases"))
        .env("NO_COLOR", "1")
        .args(arguments)
        .output()
        .unwrap()
}

/// The file of a case: one of several parts begins with a header.
fn message(case: &str) -> String {
    let kind = if case.contains("swa") { "mime" } else { "xml" };
    format!("{case}/message.{kind}")
}

fn infer(policy: &str, messages: &[&str]) -> Output {
    let files: Vec<String> = messages.iter().map(|name| message(name)).collect();
    let mut arguments = vec![
        "policy",
        "infer",
        "--trust",
        "../keys/ca.pem",
        "--at",
        AT,
        "--policy",
        policy,
    ];
    arguments.extend(["--untrusted", "../keys/alice.pem"]);
    arguments.extend(files.iter().map(String::as_str));
    sealgate(&arguments)
}

fn inferred(policy: &str, messages: &[&str]) -> Policy {
    let output = infer(policy, messages);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    toml::from_str(std::str::from_utf8(&output.stdout).unwrap()).unwrap()
}

#[test]
fn a_policy_keeps_only_what_its_sample_needs() {
    let policy = inferred("strict", &["good/ecdsa-p384"]);
    let signatures: Vec<_> = policy.algorithms.signatures.iter().collect();
    assert_eq!(signatures, [SignatureAlgorithm::EcdsaSha384]);
    assert_eq!(
        policy.algorithms.digests.iter().collect::<Vec<_>>(),
        [DigestAlgorithm::Sha384]
    );
    assert_eq!(policy.key_references, [KeyReference::BinarySecurityToken]);
    assert!(policy.timestamp.max_age <= 300);
}

#[test]
fn an_old_profile_is_tightened_to_what_a_message_of_today_meets() {
    let policy = inferred("archive-verify", &["good/key-ski-soap11"]);
    assert!(policy.signed.contains(&Part::Body) && policy.signed.contains(&Part::Timestamp));
    assert!(!policy.signed.contains(&Part::Anything));
    assert_eq!(policy.unsigned_headers, UnsignedHeaders::Refuse);
    assert_eq!(policy.key_references, [KeyReference::SubjectKeyIdentifier]);
    assert!(!policy.algorithms.signatures.contains(SignatureAlgorithm::RsaSha1));
    assert_eq!(policy.algorithms.rsa_min_bits, 2048);
}

#[test]
fn several_samples_all_pass() {
    let policy = inferred("strict", &["good/ecdsa-p256", "good/key-thumbprint-soap11"]);
    let signatures: Vec<_> = policy.algorithms.signatures.iter().collect();
    assert_eq!(
        signatures,
        [SignatureAlgorithm::RsaSha256, SignatureAlgorithm::EcdsaSha256]
    );
    assert_eq!(
        policy.key_references,
        [KeyReference::BinarySecurityToken, KeyReference::Thumbprint]
    );
}

#[test]
fn nothing_is_inferred_from_a_message_that_does_not_pass() {
    let output = infer("strict", &["good/ecdsa-p256", "policy/timestamp-not-signed"]);
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("policy.timestamp_not_signed"), "{said}");
}

fn diff(good: &str, bad: &str) -> (Option<i32>, Vec<(String, Value, Value)>) {
    let (good, bad) = (message(good), message(bad));
    let output = sealgate(&["policy", "diff", "--format", "json", &good, &bad]);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object.get("verified"), Some(&Value::Bool(false)));
    let listed = object.get("differences").unwrap().as_array().unwrap();
    let field = |one: &Value, key: &str| one.get(key).unwrap().clone();
    let listed = listed.iter().map(|one| {
        let what = field(one, "what").as_str().unwrap().to_owned();
        (what, field(one, "good"), field(one, "bad"))
    });
    (output.status.code(), listed.collect())
}

fn has(found: &[(String, Value, Value)], what: &str, good: &str, bad: &str) -> bool {
    found
        .iter()
        .any(|(name, before, after)| name.ends_with(what) && before == good && after == bad)
}

#[test]
fn messages_of_parts_are_read_as_they_are_verified() {
    let policy = inferred("bsp11", &["good/swa-content-soap11"]);
    assert!(policy.signed.contains(&Part::Attachments), "{policy:?}");
    let (code, found) = diff("good/swa-content-soap11", "good/swa-text-soap11");
    assert_eq!(code, Some(1));
    let kinds = found.iter().filter(|(what, ..)| what.contains("attachments"));
    assert!(kinds.count() >= 2, "{found:?}");
}

#[test]
fn a_message_does_not_differ_from_itself() {
    let (code, found) = diff("good/username-digest-soap11", "good/username-digest-soap11");
    assert_eq!((code, found), (Some(0), Vec::new()));
}

#[test]
fn another_certificate_and_algorithm_are_told() {
    let (code, found) = diff("good/ecdsa-p256", "good/ecdsa-p384");
    assert_eq!(code, Some(1));
    assert!(
        has(&found, "› algorithm", "ecdsa-sha256", "ecdsa-sha384"),
        "{found:?}"
    );
    assert!(has(&found, "› digest", "sha256", "sha384"), "{found:?}");
    assert!(
        has(
            &found,
            "certificate › subject",
            "O=Example,CN=bob",
            "O=Example,CN=carol"
        ),
        "{found:?}"
    );
}

#[test]
fn parts_times_and_order_are_told() {
    let (_, found) = diff("good/username-digest-soap11", "policy/timestamp-not-signed");
    let gone = |part: &str| {
        found
            .iter()
            .any(|(name, _, after)| name.contains(part) && after.is_null())
    };
    assert!(
        gone("UsernameToken") && gone("wsu:Timestamp › digest"),
        "{found:?}"
    );
    assert!(
        found.iter().any(|(name, _, _)| name.ends_with("items › order")),
        "{found:?}"
    );
    let (_, times) = diff("good/ecdsa-p256", "wss/bsp-r3203");
    assert!(
        times
            .iter()
            .any(|(name, good, bad)| name.ends_with("› life") && good == "300 s" && bad.is_null())
    );
    let (_, namespaces) = diff("good/username-digest-soap11", "good/username-digest-soap12");
    assert!(has(&namespaces, "message › soap", "1.1", "1.2"), "{namespaces:?}");
}

fn import(arguments: &[&str]) -> Output {
    sealgate(&[&["policy", "import", "--policy", "bsp11"], arguments].concat())
}

#[test]
fn the_policy_of_the_fixtures_is_what_a_wsdl_becomes() {
    let output = sealgate(&["policy", "import", "../wsdl/orders.wsdl"]);
    let kept = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/policies/imported.toml"
    ));
    assert_eq!(output.stdout, kept.unwrap());
}

#[test]
fn an_imported_policy_judges_messages() {
    let output = import(&["../wsdl/orders.wsdl"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.toml");
    std::fs::write(&file, &output.stdout).unwrap();
    let policy: Policy = toml::from_str(std::str::from_utf8(&output.stdout).unwrap()).unwrap();
    assert_eq!(policy.name, "bsp11-imported");
    let good = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/cases/good/bsp11-plain/message.xml"
    );
    let message = std::fs::read_to_string(good).unwrap();
    let with_header = folder.path().join("message.xml");
    let header = "<o:Session xmlns:o=\"urn:example:orders\">1</o:Session></soap:Header>";
    std::fs::write(&with_header, message.replace("</soap:Header>", header)).unwrap();
    let code = |policy: &str, message: &str| {
        let trust = [
            "verify",
            "--trust",
            "../keys/ca.pem",
            "--at",
            AT,
            "--format",
            "json",
        ];
        let output = sealgate(&[&trust[..], &["--policy", policy, message]].concat());
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        object.get("code").unwrap().as_str().map(str::to_owned)
    };
    let (file, with_header) = (file.to_str().unwrap(), with_header.to_str().unwrap());
    assert_eq!(code(file, good), None);
    // bsp11 drops the header that nobody signed, and the WSDL wants it signed if it is there.
    assert_eq!(code("bsp11", with_header), None);
    assert_eq!(
        code(file, with_header).as_deref(),
        Some("policy.header_not_signed")
    );
}

#[test]
fn a_policy_that_is_not_whole_is_printed_only_when_asked_for() {
    let one = ["--operation", "Ask", "--alternative", "2", "../wsdl/choices.wsdl"];
    let output = import(&one);
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(1), b"".as_slice())
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("sp:Header  ../wsdl/choices.wsdl:50:38") && said.contains("wsdl.not_held"),
        "{said}"
    );
    let partial = import(&[&["--partial"], &one[..]].concat());
    assert_eq!(partial.status.code(), Some(0));
    let text = String::from_utf8(partial.stdout).unwrap();
    assert!(
        text.contains("# not enforced: sp:EncryptedParts › sp:Header:"),
        "{text}"
    );
    let policy: Policy = toml::from_str(&text).unwrap();
    assert_eq!(policy.key_references, [KeyReference::Thumbprint]);
    assert_eq!(policy.encrypted, [Part::Signature, Part::Body]);
}

#[test]
fn one_of_several_policies_has_to_be_chosen() {
    let output = import(&["../wsdl/choices.wsdl"]);
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(1), b"".as_slice())
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(
            "policy 4: --port Quotes --operation Tell --alternative 2  AsymmetricBinding; 1 not held\n"
        ),
        "{said}"
    );
    let json = import(&["--format", "json", "../wsdl/choices.wsdl"]);
    let object: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(object.get("code").unwrap(), "wsdl.several_policies");
    assert!(object.get("policy").unwrap().is_null());
    let choices = object.get("choices").unwrap().as_array().unwrap();
    let policy = |choice: &Value| toml::from_str::<Policy>(choice.get("policy").unwrap().as_str().unwrap());
    assert_eq!(choices.iter().filter_map(|choice| policy(choice).ok()).count(), 4);
    let assertions = object.get("assertions").unwrap().as_array().unwrap();
    let one = assertions
        .iter()
        .find(|one| one.get("assertion").unwrap() == "sp:EncryptedParts › sp:Header")
        .unwrap();
    assert_eq!(one.get("outcome").unwrap(), "not_enforced");
    assert_eq!(one.pointer("/position/line").unwrap(), 50);
}

fn orders() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/wsdl/orders.wsdl")).unwrap()
}

/// What is imported of orders.wsdl with `further` among the assertions of its binding: the exit code, standard output and error.
fn imported_with(further: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let orders = orders();
    let binding = "<sp:AsymmetricBinding>";
    assert!(orders.contains(binding));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.wsdl");
    std::fs::write(&file, orders.replacen(binding, &format!("{further}{binding}"), 1)).unwrap();
    let output = import(&[arguments, &[file.to_str().unwrap()]].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_alternative_that_leaves_least_open_is_taken() {
    let plain = import(&["../wsdl/orders.wsdl"]).stdout;
    let optional = "<x:Unheard xmlns:x=\"urn:x\" wsp:Optional=\"true\"/>";
    let (code, policy, said) = imported_with(optional, &[]);
    assert_eq!((code, policy.as_bytes()), (Some(0), plain.as_slice()), "{said}");
    assert!(
        said.contains("taken of the alternatives: 2, 4, which leave least open")
            && !said.contains("x:Unheard"),
        "{said}"
    );
    let (code, policy, said) = imported_with(optional, &["--alternative", "1"]);
    assert_eq!((code, policy.as_str()), (Some(1), ""));
    assert!(said.contains("x:Unheard"), "{said}");
    // Neither leaves open less than the other.
    let either = "<wsp:ExactlyOne><x:A xmlns:x=\"urn:x\"/><x:B xmlns:x=\"urn:x\"/></wsp:ExactlyOne>";
    let (code, policy, said) = imported_with(either, &[]);
    assert_eq!((code, policy.as_str()), (Some(1), ""));
    assert!(
        said.contains("wsdl.not_held")
            && said.contains("--operation PlaceOrder --alternative 2  AsymmetricBinding"),
        "{said}"
    );
}

#[test]
fn what_a_policy_does_not_permit_is_a_comment_in_it() {
    let encrypted = "<sp:EncryptedParts><sp:Body/></sp:EncryptedParts>";
    let (code, policy, said) = imported_with(encrypted, &[]);
    assert_eq!(code, Some(0), "{said}");
    let comment = "# not permitted: sp:AsymmetricBinding › sp:AlgorithmSuite › sp:Basic256Sha256: CBC over what was signed before";
    assert!(policy.starts_with(comment), "{policy}");
    let policy: Policy = toml::from_str(&policy).unwrap();
    assert_eq!(policy.encrypted, [Part::Body]);
}

#[test]
fn what_is_written_of_a_wsdl_or_message_has_no_character_that_a_terminal_obeys() {
    let is_obeyed = |character: char| character.is_control() && character != '\n' || character == '\u{202e}';
    let header = "<sp:Header Name=\"Session\" Namespace=\"urn:&#x9b;31m&#x202e;&#xa;[b]'&quot;\"/>";
    let parts = format!("<sp:SignedParts>{header}</sp:SignedParts>");
    let (code, policy, said) = imported_with(&parts, &[]);
    assert_eq!(code, Some(0), "{said}");
    let (_, json, _) = imported_with(&parts, &["--format", "json"]);
    let stated = Part::HeaderIfThere {
        namespace: "urn:\u{9b}31m\u{202e}\n[b]'\"".to_owned(),
        local: "Session".to_owned(),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, &policy).unwrap();
    let file = file.to_str().unwrap();
    let shown = sealgate(&["policy", "show", file]);
    let inferred = infer(file, &["good/bsp11-plain"]);
    let text = |output: Output| String::from_utf8(output.stdout).unwrap();
    let (shown, inferred) = (text(shown), text(inferred));
    for written in [&policy, &shown, &inferred] {
        let read: Policy = toml::from_str(written).unwrap();
        assert!(read.signed.iter().any(|part| *part == stated), "{written}");
        assert!(!written.contains("\n[b]"), "{written}");
    }
    let message = text_of("good/bsp11-plain");
    let changed = folder.path().join("message.xml");
    let header = "<o:Session xmlns:o=\"urn:\u{9b}31m\u{202e}\">1</o:Session></soap:Header>";
    std::fs::write(&changed, message.replace("</soap:Header>", header)).unwrap();
    let good = self::message("good/bsp11-plain");
    let changed = changed.to_str().unwrap();
    let differs = text(sealgate(&["policy", "diff", "--format", "json", &good, changed]));
    assert!(differs.contains("\\u202e"), "{differs}");
    for written in [policy, shown, inferred, json, said, differs] {
        assert!(!written.contains(is_obeyed), "{written:?}");
    }
}

#[test]
fn only_files_that_are_named_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let orders = orders();
    std::fs::write(
        path("orders.wsdl"),
        orders
            .replace("URI=\"#Signed\"", "URI=\"policies.wsdl#Signed\"")
            .replace("Id=\"Signed\"", "Id=\"Else\""),
    )
    .unwrap();
    std::fs::write(path("policies.wsdl"), &orders).unwrap();
    let (wsdl, policies) = (path("orders.wsdl"), path("policies.wsdl"));
    let (wsdl, policies) = (wsdl.to_str().unwrap(), policies.to_str().unwrap());
    let alone = import(&[wsdl]);
    assert_eq!((alone.status.code(), alone.stdout), (Some(1), Vec::new()));
    let said = String::from_utf8(alone.stderr).unwrap();
    assert!(said.contains("wsdl.policy_missing"), "{said}");
    let both = import(&["--import", policies, wsdl]);
    assert_eq!(both.status.code(), Some(0), "{both:?}");
    assert_eq!(both.stdout, import(&["../wsdl/orders.wsdl"]).stdout);
}

/// The code of `message` under `strict` with `changes` made to it, or "passed".
fn judged(message: &str, at: &str, changes: &[(&str, &str)]) -> String {
    let strict = sealgate(&["policy", "show", "strict"]).stdout;
    let mut policy = String::from_utf8(strict).unwrap();
    for (old, new) in changes {
        assert!(policy.contains(old), "{old}");
        policy = policy.replacen(old, new, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (policy, message) = (file("policy.toml", &policy), file("message.xml", message));
    let output = sealgate(&[
        "verify",
        "--policy",
        &policy,
        "--trust",
        "../keys/ca.pem",
        "--at",
        at,
        "--format",
        "json",
        &message,
    ]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let said = |name: &str| answer.get(name).and_then(Value::as_str);
    said("code").or(said("verdict")).unwrap().to_owned()
}

fn text_of(case: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases");
    std::fs::read_to_string(format!("{folder}/{case}/message.xml")).unwrap()
}

#[test]
fn a_header_that_must_be_there_is_one_of_that_namespace_and_name() {
    let asks = |header: &str| {
        let signed = format!("\"addressing\", \"{header}\"");
        let message = text_of("good/addressing-soap11");
        judged(&message, AT, &[("\"addressing\"", &signed)])
    };
    let wsa = "http://www.w3.org/2005/08/addressing";
    assert_eq!(asks(&format!("header:{{{wsa}}}Action")), "passed");
    assert_eq!(asks(&format!("header:{{{wsa}}}FaultTo")), "policy.header_missing");
    assert_eq!(asks("header:{urn:example:other}Action"), "policy.header_missing");
    assert_eq!(asks(&format!("header?:{{{wsa}}}FaultTo")), "passed");
}

#[test]
fn a_timestamp_that_nobody_signed_speaks_against_a_message_only() {
    let message = text_of("policy/timestamp-not-signed");
    let signed = [("\"body\", \"timestamp\", \"addressing\"", "\"body\"")];
    let unsigned = |at: &str| judged(&message, at, &signed);
    assert_eq!(unsigned(AT), "passed");
    assert_eq!(unsigned("2026-11-24T00:05:00Z"), "wss.timestamp_expired");
    assert_eq!(unsigned("2026-11-23T23:58:00Z"), "wss.timestamp_future");
    // One that ends where it begins, before that.
    let empty = message.replace("00:05:00Z</wsu:Expires>", "00:00:00Z</wsu:Expires>");
    assert_ne!(empty, message);
    assert_eq!(
        judged(&empty, "2026-11-23T23:59:30Z", &signed),
        "wss.timestamp_invalid"
    );
}
