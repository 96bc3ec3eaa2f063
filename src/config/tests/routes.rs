use std::fs;

use super::GOOD;
use super::folder;
use super::read_in;
use super::refuses;
use crate::config::TakesAttachments;

#[test]
fn profiles_for_other_doors_do_not_open_this_one() {
    let path = "path = \"/orders\"\n";
    for name in ["legacy-2004", "archive-verify"] {
        refuses(
            path,
            &format!("{path}policy = \"{name}\"\n"),
            "route[1].policy: is \"",
        );
    }
    refuses(
        path,
        &format!("{path}policy = \"lax\"\n"),
        "route[1].policy: is no profile: \"lax\"; write \"strict\"",
    );
    refuses(
        path,
        &format!("{path}policy = \"none.toml\"\n"),
        "route[1].policy: cannot be read: none.toml",
    );
}

#[test]
fn whoever_signs_answers_is_named() {
    let backend = "[route.backend]\n";
    let answer = |trust: &str| format!("[route.backend.answer{trust}]\n{backend}");
    refuses(backend, &answer(""), "route[1].backend.answer.trust: is missing");
    refuses(
        backend,
        &answer(".trust"),
        "route[1].backend.answer.trust: names nobody whose signatures count",
    );
    let lax = format!(
        "[route.backend.answer]\npolicy = \"lax\"\n[[route.backend.answer.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"O=Example,CN=backend\"]\n{backend}"
    );
    refuses(
        backend,
        &lax,
        "route[1].backend.answer.policy: is no profile: \"lax\"",
    );
}

#[test]
fn a_policy_of_ones_own_may_not_let_a_gateway_relay_what_is_weak() {
    use crate::algorithm::DigestAlgorithm;
    use crate::algorithm::SignatureAlgorithm;
    use crate::policy::Part;
    use crate::policy::Policy;
    use crate::policy::Profile;
    use crate::policy::SignedParts;
    type Weaken = fn(&mut Policy);
    let weaknesses: [(&str, Weaken); 10] = [
        ("the body is signed", |policy| {
            policy.signed = SignedParts::new(Part::Timestamp, [])
        }),
        ("ignores the Timestamp", |policy| {
            policy.timestamp.presence = crate::policy::TimestampPresence::Ignored
        }),
        ("signatures with SHA-1", |policy| {
            policy.algorithms.signatures = policy.algorithms.signatures.with(SignatureAlgorithm::RsaSha1)
        }),
        ("digests with SHA-1", |policy| {
            policy.algorithms.digests = policy.algorithms.digests.with(DigestAlgorithm::Sha1)
        }),
        ("less than 2048 bits", |policy| {
            policy.algorithms.rsa_min_bits = 1024
        }),
        ("truncated HMAC", |policy| {
            policy.algorithms.hmac_truncation = crate::algorithm::HmacTruncation::AtLeastHalf
        }),
        ("certificates signed with SHA-1", |policy| {
            policy.certificates.sha1 = crate::policy::Sha1::Allow
        }),
        ("DSA keys", |policy| {
            policy.certificates.dsa = crate::policy::Dsa::Allow
        }),
        ("revocation that is not known", |policy| {
            policy.certificates.revocation = crate::trust::Revocation::Warn
        }),
        ("[[legacy]] is for archives", |policy| {
            policy.legacy.push("sha1=2016-01-01T00:00:00Z".parse().unwrap())
        }),
    ];
    let folder = folder();
    let text = GOOD.replace(
        "path = \"/orders\"\n",
        "path = \"/orders\"\npolicy = \"own.toml\"\n",
    );
    let check = |policy: &Policy| {
        fs::write(folder.path().join("own.toml"), toml::to_string(policy).unwrap()).unwrap();
        read_in(folder.path(), &text)
            .err()
            .map(|problems| problems.to_string())
    };
    assert_eq!(check(&Profile::Strict.policy()), None);
    for (reason, weaken) in weaknesses {
        let mut policy = Profile::Strict.policy();
        weaken(&mut policy);
        let problems = check(&policy).unwrap();
        assert!(problems.contains(reason), "{reason}: {problems}");
    }
    let nothing = toml::to_string(&Profile::Strict.policy()).unwrap();
    let nothing = nothing.replacen(
        "signed = [\"body\", \"timestamp\", \"addressing\", \"attachments\"]",
        "signed = []",
        1,
    );
    fs::write(folder.path().join("own.toml"), nothing).unwrap();
    let problems = read_in(folder.path(), &text).unwrap_err().to_string();
    assert!(problems.contains("at least one signed part"), "{problems}");
}

#[test]
fn no_answer_of_a_backend_is_taken_for_its_age_either() {
    let mut policy = crate::policy::Profile::Strict.policy();
    policy.legacy.push("sha1=2016-01-01T00:00:00Z".parse().unwrap());
    let folder = folder();
    fs::write(folder.path().join("own.toml"), toml::to_string(&policy).unwrap()).unwrap();
    let anchor =
        "[[route.backend.answer.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"O=Example,CN=backend\"]\n";
    let answer = format!("[route.backend.answer]\npolicy = \"own.toml\"\n{anchor}[route.backend]\n");
    let problems = read_in(folder.path(), &GOOD.replace("[route.backend]\n", &answer)).unwrap_err();
    let [problem] = problems.iter().collect::<Vec<_>>()[..] else {
        panic!("{problems}")
    };
    assert_eq!(problem.key, "route[1].backend.answer.policy");
    assert!(
        problem.position.is_some() && problem.what.contains("[[legacy]] is for archives"),
        "{problem}"
    );
}

#[test]
fn rules_name_what_the_route_has() {
    let rule = |rule: &str| format!("[[route.allow]]\n{rule}\n[route.backend]");
    for (wrong, told) in [
        (
            "operation = [\"{urn:example:orders}Steal\"]",
            "route[1].allow[1].operation[1]: is no operation of this route",
        ),
        ("", "route[1].allow[1]: says nothing"),
        ("operation = []", "route[1].allow[1].operation"),
        (
            "subject = [\"*\"]",
            "route[1].allow[1].subject: is no pattern, or fits everybody",
        ),
        (
            "san = [\"alice\"]",
            "route[1].allow[1].san: is no pattern, or fits everybody",
        ),
        ("username = []", "route[1].allow[1].username"),
        (
            "hours = { from = \"8\", to = \"18:00\" }",
            "route[1].allow[1].hours.from: is \"8\"",
        ),
        (
            "hours = { from = \"08:00\", to = \"25:00\" }",
            "route[1].allow[1].hours.to: is \"25:00\"",
        ),
        (
            "hours = { from = \"08:00\", to = \"08:00\" }",
            "route[1].allow[1].hours: begin when they end",
        ),
        ("days = [\"today\"]", "route[1].allow[1].days[1]"),
        (
            "saml_attribute = [{ name = \"role\", values = [] }]",
            "route[1].allow[1].saml_attribute[1].values",
        ),
    ] {
        refuses("[route.backend]", &rule(wrong), told);
    }
    refuses(
        "path = \"/orders\"\n",
        "path = \"/orders\"\nclient_certificate = \"signer\"\n",
        "route[1].client_certificate: is what no listener asks clients for",
    );
}

#[test]
fn limits_are_lowered_only() {
    let limits = |limits: &str| format!("[route.limits]\n{limits}\n[route.backend]");
    refuses(
        "[route.backend]",
        &limits("bytes = 99999999"),
        "route[1].limits.bytes: is 99999999; limits can be lowered only",
    );
    let folder = folder();
    let lower = GOOD.replace("[route.backend]", &limits("depth = 9"));
    let checked = read_in(folder.path(), &lower).unwrap();
    let limits = &checked.routes.first().unwrap().policy.limits;
    assert_eq!((limits.depth, limits.bytes), (9, 2 << 20));
}

#[test]
fn attachments_are_refused_unless_a_route_takes_them_and_may_be_longer_there() {
    let limits = |bytes: u64| format!("[route.limits]\nattachment_bytes = {bytes}\n[route.backend]");
    refuses(
        "[route.backend]",
        &limits((1 << 30) + 1),
        "route[1].limits.attachment_bytes: is 1073741825; limits can be lowered only",
    );
    refuses(
        "[gateway]\n",
        "[gateway]\nspool_folder = \"nowhere\"\n",
        "gateway.spool_folder: is no folder",
    );
    let folder = folder();
    let first = |text: &str| {
        let mut checked = read_in(folder.path(), text).unwrap();
        checked.routes.remove(0)
    };
    assert_eq!(first(GOOD).attachments, TakesAttachments::No);
    assert_eq!(first(GOOD).policy.limits.attachment_bytes, 10 << 20);
    let taken = GOOD.replace(
        "path = \"/orders\"\n",
        "path = \"/orders\"\nattachments = \"signed\"\n",
    );
    assert_eq!(first(&taken).attachments, TakesAttachments::Signed);
    for bytes in [1 << 30, 5] {
        let route = first(&taken.replace("[route.backend]", &limits(bytes)));
        assert_eq!(u64::from(route.policy.limits.attachment_bytes), bytes);
    }
}

#[test]
fn a_second_opinion_can_be_asked_for_where_it_is_built_in() {
    use crate::second_opinion::SecondOpinion;
    let folder = folder();
    let text = GOOD.replace(
        "[[route.trust.anchor]]",
        "second_opinion = \"required\"\n[[route.trust.anchor]]",
    );
    let checked = read_in(folder.path(), &text);
    if cfg!(feature = "second_opinion") {
        let asked = checked.unwrap().routes.first().unwrap().policy.second_opinion;
        assert_eq!(asked, SecondOpinion::Required);
    } else {
        let problems = checked.unwrap_err().to_string();
        assert!(
            problems.contains("route[1].second_opinion: cannot be had"),
            "{problems}"
        );
    }
}

#[test]
fn revocation_can_always_be_asked_for() {
    let folder = folder();
    let text = GOOD.replace(
        "[[route.trust.anchor]]",
        "[route.trust]\nrevocation = \"always\"\n[[route.trust.anchor]]",
    );
    let checked = read_in(folder.path(), &text).unwrap();
    let revocation = checked.routes.first().unwrap().policy.certificates.revocation;
    assert_eq!(revocation, crate::trust::Revocation::Required);
}

#[test]
fn routes_are_told_apart_and_ask_for_something() {
    let (_, route) = GOOD.split_once("[[route]]").unwrap();
    refuses(
        "[[route]]",
        &format!("[[route]]{route}\n[[route]]"),
        "route[2].path: is the path of another route",
    );
    for path in ["orders", "/orders?x", "/a%20b", "//orders", "/../orders", ""] {
        refuses("\"/orders\"", &format!("{path:?}"), "route[1].path: is ");
    }
    let operation = "{ action = \"urn:place\", body = \"{urn:orders}Place\" }";
    refuses(
        operation,
        &format!("{operation}, {operation}"),
        "route[1].operation: has an operation twice",
    );
    refuses(
        "\"urn:place\"",
        "\"urn:pl ace\"",
        "operation[1].action: is \"urn:pl ace\"",
    );
    refuses("\"urn:place\"", "\"\"", "operation[1].action: is \"\"");
    for bad in ["", "urn:a b", "urn:a\\n"] {
        let with = format!("action = \"urn:place\", addressing_action = \"{bad}\"");
        refuses(
            "action = \"urn:place\"",
            &with,
            "operation[1].addressing_action: is \"",
        );
    }
    refuses(
        "\"{urn:orders}Place\"",
        "\"o:Place\"",
        "operation[1].body: is \"o:Place\"",
    );
}

/// The first route of a configuration.
fn first_route(text: &str) -> crate::config::GuardedRoute {
    let folder = folder();
    let checked = read_in(folder.path(), text).unwrap_or_else(|problems| panic!("{problems}"));
    checked.routes.into_iter().next().unwrap()
}

#[test]
fn a_backend_is_one_url_or_several_servers() {
    let url = "url = \"http://127.0.0.1:1/\"";
    let server = |number: usize| {
        format!("[[route.backend.server]]\nurl = \"http://10.0.0.{number}:9000/\"\nweight = {number}\n")
    };
    let two = format!("{}{}", server(1), server(2));
    refuses(url, "", "route[1].backend.url: is missing");
    refuses(
        url,
        &format!("{url}\n{two}"),
        "route[1].backend.url: stands beside servers",
    );
    refuses(
        url,
        &two.replace("0.2", "0.1"),
        "route[1].backend.server[2].name: is that of another server",
    );
    refuses(
        url,
        &two.replace("http://10.0.0.2", "https://10.0.0.2"),
        "route[1].backend.ca: is missing",
    );
    refuses(
        url,
        &two.replace("http://10.0.0.2", "//10.0.0.2"),
        "route[1].backend.server[2].url: is ",
    );
    refuses(
        url,
        &two.replace("weight = 2", "weight = 0"),
        "route[1].backend.server[2].weight: is 0",
    );
    refuses(
        url,
        &format!("{url}\nhealth = {{ path = \"health\" }}"),
        "route[1].backend.health.path: is ",
    );
    let backend = first_route(&GOOD.replace(url, &two)).route.backend;
    let names: Vec<_> = backend.status().into_iter().map(|status| status.name).collect();
    assert_eq!(names, ["10.0.0.1:9000", "10.0.0.2:9000"]);
    let place = "body = \"{urn:orders}Place\"";
    let route = first_route(&GOOD.replace(place, &format!("{place}, idempotent = true"))).route;
    assert_eq!((route.idempotent.len(), route.one_way.len()), (1, 0));
    let route = first_route(&GOOD.replace(place, &format!("{place}, one_way = true"))).route;
    assert_eq!((route.idempotent.len(), route.one_way.len()), (0, 1));
}

#[test]
fn backends_are_reached_with_tls_of_somebody() {
    let url = "url = \"http://127.0.0.1:1/\"";
    refuses(
        url,
        "url = \"https://127.0.0.1:1/\"",
        "route[1].backend.ca: is missing",
    );
    refuses(
        url,
        &format!("{url}\nca = [\"ca.pem\"]"),
        "route[1].backend.url: has no use for certificates",
    );
    refuses(
        url,
        "url = \"http://user:secret@127.0.0.1/\"",
        "route[1].backend.url: is ",
    );
    refuses(
        url,
        &format!("{url}\ncertificate = \"alice.pem\""),
        "route[1].backend.key: is missing",
    );
    let own = "\nca = [\"ca.pem\"]\ncertificate = \"alice.pem\"\nkey = \"alice.key.pem\"";
    let folder = folder();
    assert!(
        read_in(
            folder.path(),
            &GOOD.replace(url, &format!("url = \"https://127.0.0.1:1/\"{own}"))
        )
        .is_ok()
    );
}

#[test]
fn identity_headers_have_names_of_their_own() {
    let identity = |name: &str| format!("[route.identity]\n{name} = \"signer-subject\"\n[route.backend]");
    refuses(
        "[route.backend]",
        &identity("content-length"),
        "route[1].identity.content-length: means something to HTTP",
    );
    refuses(
        "[route.backend]",
        &identity("X-Signer"),
        "route[1].identity.X-Signer: is no name of a header",
    );
}

#[test]
fn header_blocks_that_the_backend_understands_have_a_namespace() {
    let path = "path = \"/orders\"\n";
    let folder = folder();
    let text = GOOD.replace(
        path,
        &format!("{path}understands = [\"{{urn:a}}Session\"]\nactors = [\"urn:gate\"]\n"),
    );
    let checked = read_in(folder.path(), &text).unwrap();
    let route = checked.routes.first().unwrap();
    assert_eq!(
        route.understood.first().map(|name| name.local.as_str()),
        Some("Session")
    );
    assert!(
        route
            .roles
            .include(crate::soap::Version::Soap11, Some("urn:gate"))
    );
    refuses(
        path,
        &format!("{path}understands = [\"Session\"]\n"),
        "route[1].understands[1]: is \"Session\"",
    );
}

#[test]
fn keys_for_what_is_encrypted_are_ours_and_can_be_encrypted_to() {
    let backend = "[route.backend]";
    let with = |key: &str| format!("[[route.decryption]]\n{key}\n{backend}");
    let folder = folder();
    let keys = |key: &str| {
        let checked = read_in(folder.path(), &GOOD.replace(backend, &with(key))).unwrap();
        checked.routes.first().unwrap().keyring.is_empty()
    };
    assert!(read_in(folder.path(), GOOD).unwrap().routes[0].keyring.is_empty());
    assert!(!keys("certificate = \"gateway.pem\"\nkey = \"gateway.key.pem\""));
    refuses(
        backend,
        &with("certificate = \"alice.pem\"\nkey = \"gateway.key.pem\""),
        "route[1].decryption[1].key: the key is not that of the first certificate",
    );
    refuses(
        backend,
        &with("key = \"gateway.key.pem\""),
        "route[1].decryption[1].certificate: is missing",
    );
}

#[test]
fn a_program_that_cannot_validate_says_so_and_one_that_can_needs_every_file() {
    let backend = "[route.backend]\n";
    let schema = |files: &str| format!("[route.schema]\nfiles = [{files}]\n\n{backend}");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/xsd");
    refuses(
        backend,
        &schema("\"none.xsd\""),
        "route[1].schema.files[1]: cannot be read: none.xsd",
    );
    refuses(backend, &schema(""), "route[1].schema.files");
    let types = format!("\"{folder}/types/types.xsd\"");
    let incomplete = schema(&format!("{types}, \"{folder}/orders.xsd\""));
    if cfg!(feature = "xsd") {
        let expected = format!("route[1].schema.files[2]: cannot be used: {folder}/orders.xsd:4: ");
        refuses(backend, &incomplete, &expected);
    } else {
        refuses(
            backend,
            &incomplete,
            "route[1].schema.files: cannot be used: this program validates nothing",
        );
    }
    let import = schema(&format!("\"{folder}/orders.xsd\""));
    refuses(
        backend,
        &import,
        "orders.xsd:5: no file is for the namespace \"urn:example:types\"",
    );
}
