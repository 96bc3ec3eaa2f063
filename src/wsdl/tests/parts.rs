use super::*;

#[test]
fn a_path_is_one_of_xpath_1() {
    let open = |version: &str| {
        let attribute = format!("XPathVersion='{version}'");
        let path = "<sp:XPath>/s:Envelope/s:Body</sp:XPath>";
        let elements = format!("<sp:SignedElements {attribute}>{path}</sp:SignedElements>");
        let read = imported(&format!("{}{elements}", asymmetric("")), Profile::Bsp11);
        read.entries.iter().any(|entry| entry.outcome.is_open())
    };
    assert!(!open("http://www.w3.org/TR/1999/REC-xpath-19991116"));
    assert!(open("http://www.w3.org/TR/2007/REC-xpath20-20070123/"));
}

#[test]
fn parts_are_signed_by_their_names_and_paths() {
    let parts = |inside: &str| imported(&format!("{}{inside}", asymmetric("")), Profile::Legacy2004).policy;
    let path = |path: &str| {
        parts(&format!(
            "<sp:SignedElements><sp:XPath>{path}</sp:XPath></sp:SignedElements>"
        ))
    };
    let has = |policy: &Policy, part: &str| policy.signed.contains(&Part::try_from(part.to_owned()).unwrap());
    assert!(has(
        &parts("<sp:SignedParts><sp:Attachments/></sp:SignedParts>"),
        "attachments"
    ));
    let all = parts("<sp:SignedParts/>");
    assert!(has(&all, "body") && all.unsigned_headers == UnsignedHeaders::Refuse);
    assert_eq!(
        parts("<sp:SignedParts><sp:Header Namespace='urn:a'/></sp:SignedParts>").unsigned_headers,
        UnsignedHeaders::Refuse
    );
    let header = "<sp:Header Name='B' Namespace='urn:a'/>";
    assert!(has(
        &parts(&format!("<sp:SignedParts>{header}</sp:SignedParts>")),
        "header?:{urn:a}B"
    ));
    let there = parts(&format!(
        "<sp:SignedParts>{header}</sp:SignedParts><sp:RequiredParts>{header}</sp:RequiredParts>"
    ));
    assert!(has(&there, "header:{urn:a}B") && !has(&there, "header?:{urn:a}B"));
    assert!(has(&path("/s:Envelope/s:Body"), "body"));
    assert!(has(&path("/s:Envelope/s:Header/t:A"), "header?:{urn:t}A"));
    assert!(has(
        &path("/s:Envelope/s:Header/wsse:Security/wsu:Timestamp"),
        "timestamp"
    ));
    assert!(has(
        &path("/s:Envelope/s:Header/wsse:Security/wsse:UsernameToken"),
        "username-token"
    ));
    for other in [
        "/s:Envelope/s:Header/wsse:Security",
        "/s:Envelope",
        "s:Envelope/s:Body",
        "/Envelope/Body",
        "/s:Envelope/s:Body[1]",
        "/s:Envelope/t:Body",
        "/t:Envelope/t:Body",
        "/s:Envelope/s:Body/t:A",
    ] {
        assert_eq!(path(other).signed, parts("").signed, "{other}");
    }
}

#[test]
fn elements_that_must_be_there_are_signed() {
    let security = "/s:Envelope/s:Header/wsse:Security";
    let required = |path: &str| {
        let elements = format!("<sp:RequiredElements><sp:XPath>{path}</sp:XPath></sp:RequiredElements>");
        // What is signed if it is there is told before what has to be there.
        let signed = "<sp:SignedParts><sp:Header Name='A' Namespace='urn:t'/></sp:SignedParts>";
        imported(
            &format!("{}{signed}{elements}", asymmetric("")),
            Profile::Legacy2004,
        )
    };
    for (path, part) in [
        ("/s:Envelope/s:Header/t:A".to_owned(), "header:{urn:t}A"),
        ("/s:Envelope/s:Body".to_owned(), "body"),
        (format!("{security}/wsse:UsernameToken"), "username-token"),
        (format!("{security}/wsu:Timestamp"), "timestamp"),
    ] {
        let one = required(&path);
        assert_eq!(outcomes(&one, "XPath"), [Outcome::Taken], "{path}");
        let part = Part::try_from(part.to_owned()).unwrap();
        assert!(one.policy.signed.contains(&part) && one.is_whole(), "{path}");
    }
    let there = Part::try_from("header?:{urn:t}A".to_owned()).unwrap();
    assert!(
        !required("/s:Envelope/s:Header/t:A")
            .policy
            .signed
            .contains(&there)
    );
    let timestamp = required(&format!("{security}/wsu:Timestamp")).policy.timestamp;
    assert_eq!(timestamp.presence, TimestampPresence::Required);
    for other in [
        format!("{security}/wsse:BinarySecurityToken"),
        "/s:Envelope/s:Body/t:A".to_owned(),
    ] {
        assert_eq!(
            outcomes(&required(&other), "XPath"),
            [Outcome::NotEnforced],
            "{other}"
        );
    }
}

#[test]
fn what_must_be_encrypted_is_a_part_of_the_policy() {
    let header = Part::HeaderIfThere {
        namespace: "urn:h".to_owned(),
        local: "H".to_owned(),
    };
    for (parts, wanted) in [
        ("", vec![Part::Body]),
        ("<sp:Body/>", vec![Part::Body]),
        (
            "<sp:Header Name='H' Namespace='urn:h'/><sp:Body/>",
            vec![header, Part::Body],
        ),
    ] {
        let parts = format!("{}<sp:EncryptedParts>{parts}</sp:EncryptedParts>", asymmetric(""));
        assert_eq!(
            imported(&parts, Profile::Bsp11).policy.encrypted,
            wanted,
            "{parts}"
        );
    }
}

#[test]
fn elements_are_encrypted_by_paths_that_a_policy_can_say() {
    let encrypted = |kind: &str, path: &str| {
        let policy = format!(
            "{}<sp:{kind}><sp:XPath>{path}</sp:XPath></sp:{kind}>",
            asymmetric("")
        );
        let imported = imported(&policy, Profile::Bsp11);
        assert_eq!(outcomes(&imported, "XPath"), [Outcome::Taken], "{path}");
        imported.policy.encrypted
    };
    let security = "/s:Envelope/s:Header/wsse:Security";
    assert_eq!(
        encrypted("EncryptedElements", &format!("{security}/wsse:UsernameToken")),
        [Part::UsernameToken]
    );
    assert_eq!(
        encrypted(
            "EncryptedElements",
            &format!("{security}/wsse:BinarySecurityToken")
        ),
        [Part::Tokens]
    );
    assert_eq!(
        encrypted("EncryptedElements", "/s:Envelope/s:Header/t:H"),
        [Part::HeaderIfThere {
            namespace: "urn:t".to_owned(),
            local: "H".to_owned()
        }]
    );
    assert_eq!(
        encrypted("ContentEncryptedElements", "/s:Envelope/s:Body"),
        [Part::Body]
    );
}

#[test]
fn signatures_are_encrypted_and_tokens_are_signed() {
    let one = imported(
        &asymmetric("<sp:EncryptSignature/><sp:ProtectTokens/>"),
        Profile::Bsp11,
    );
    assert_eq!(one.policy.encrypted, [Part::Signature]);
    assert!(one.policy.signed.contains(&Part::Tokens));
    assert!(one.is_whole(), "{:?}", one.entries);
}

#[test]
fn tls_with_an_endorsing_certificate_signs_the_timestamp() {
    let policy = format!(
        "<sp:TransportBinding/><sp:EndorsingSupportingTokens><wsp:Policy><sp:X509Token {NEVER}><wsp:Policy>\
         <sp:RequireThumbprintReference/></wsp:Policy></sp:X509Token></wsp:Policy></sp:EndorsingSupportingTokens>"
    );
    let policy = imported(&policy, Profile::Legacy2004).policy;
    assert!(policy.signed.contains(&Part::Timestamp) && policy.signed.contains(&Part::Body));
    assert_eq!(policy.key_references, [KeyReference::Thumbprint]);
}
