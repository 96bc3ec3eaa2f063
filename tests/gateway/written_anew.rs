//! What of a Security header that is handed on nobody signed: it is written anew, or it refuses the message.

use std::fmt::Write as _;

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use sealgate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm, Permitted, Set, TransformAlgorithm};
use sealgate::c14n;
use sealgate::crypto::{self, encode_base64};
use sealgate::inbound::{Gate, Received, SenderHeader};
use sealgate::policy::{BasicSecurityProfile, Policy, Profile, UnsignedHeaders, UsernameToken};
use sealgate::soap::Version;
use sealgate::threat::{Mode, Modes};
use sealgate::token::x509::{BASE64_BINARY, ValueType};
use sealgate::xml::{Document, Limits, Namespace};

use crate::handed_on::gate_trusting;
use crate::key_info_anew::{asserted, knowing_issuer};
use crate::message::{Message, PLACE, certificate, key, time};

pub(crate) const EXCLUSIVE: CanonicalizationAlgorithm = CanonicalizationAlgorithm::Exclusive;
const INCLUSIVE: CanonicalizationAlgorithm = CanonicalizationAlgorithm::Inclusive10;

/// A gate that keeps the header, and takes more than most.
pub(crate) fn gate() -> Gate {
    let algorithms = Permitted {
        canonicalizations: Set::from([EXCLUSIVE, INCLUSIVE]),
        transforms: Set::from([
            TransformAlgorithm::EnvelopedSignature,
            TransformAlgorithm::StrTransform,
            TransformAlgorithm::Canonicalization(EXCLUSIVE),
            TransformAlgorithm::Canonicalization(INCLUSIVE),
        ]),
        ..Profile::Strict.policy().algorithms
    };
    let policy = Policy {
        algorithms,
        basic_security_profile: BasicSecurityProfile::Warn,
        unsigned_headers: UnsignedHeaders::Drop,
        ..Profile::Strict.policy()
    };
    Gate {
        policy,
        sender_header: SenderHeader::Kept,
        ..gate_trusting("ca", Profile::Strict)
    }
}

/// What a backend would get of `message`, or why it gets nothing.
pub(crate) fn kept_by(gate: &Gate, message: &str) -> Result<String, String> {
    let received = Received::from(Bytes::from(message.to_owned()));
    let verified = gate.verify(received, Utc::now());
    verified
        .map(|message| String::from_utf8(message.envelope()).unwrap())
        .map_err(|error| format!("{} {error}", error.code()))
}

pub(crate) fn kept(message: &str) -> Result<String, String> {
    kept_by(&gate(), message)
}

fn canonical(text: &str, id: Option<&str>, form: CanonicalizationAlgorithm) -> Vec<u8> {
    let document = Document::parse(text.to_owned().into(), &Limits::archive()).unwrap();
    let mut all = document.root().descendants();
    let element = match id {
        Some(id) => document.element_by_id(id),
        None => all.find(|element| element.is(Namespace::DS, "SignedInfo")),
    };
    let mut octets = Vec::new();
    c14n::element(element.unwrap(), &form.into(), None, &mut octets).unwrap();
    octets
}

/// `text` with a signature of alice's over the elements with `ids` where SIGNATURE stands.
pub(crate) fn signed(text: &str, ids: &[&str], form: CanonicalizationAlgorithm) -> String {
    signed_with(text, ids, form, "")
}

/// Likewise, with `inside` in each Transform.
fn signed_with(text: &str, ids: &[&str], form: CanonicalizationAlgorithm, inside: &str) -> String {
    let transform = format!(
        "<ds:Transform Algorithm=\"{}\">{inside}</ds:Transform>",
        form.uri()
    );
    let digested: Vec<_> = ids.iter().map(|id| (*id, *id, transform.as_str())).collect();
    signed_over(text, &digested, form)
}

/// Likewise over the IDs in `digested`, each with that of what is digested and how.
fn signed_over(text: &str, digested: &[(&str, &str, &str)], form: CanonicalizationAlgorithm) -> String {
    signed_besides(text, digested, "", form)
}

/// Likewise, with these References besides.
pub(crate) fn signed_besides(
    text: &str,
    digested: &[(&str, &str, &str)],
    references: &str,
    form: CanonicalizationAlgorithm,
) -> String {
    let key = key("alice");
    let method = key.default_algorithm().unwrap();
    let mut info = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{}\"/><ds:SignatureMethod Algorithm=\"{}\"/>",
        form.uri(),
        method.uri()
    );
    for (id, meant, transform) in digested {
        let octets = canonical(&text.replace("SIGNATURE", ""), Some(meant), form);
        let digest = crypto::digest(DigestAlgorithm::Sha256, &octets).unwrap();
        write!(
            info,
            "<ds:Reference URI=\"#{id}\"><ds:Transforms>{transform}</ds:Transforms><ds:DigestMethod Algorithm=\"{}\"/>\
             <ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
            DigestAlgorithm::Sha256.uri(),
            encode_base64(digest.as_bytes())
        )
        .unwrap();
    }
    info.push_str(references);
    let whole = |value: &str| {
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{}\"><ds:SignedInfo>{info}</ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo>\
             <w:SecurityTokenReference xmlns:w=\"{}\"><w:Reference URI=\"#token\"/></w:SecurityTokenReference></ds:KeyInfo></ds:Signature>",
            Namespace::DS.uri(),
            Namespace::WSSE.uri()
        );
        text.replace("SIGNATURE", &signature)
    };
    let value = crypto::sign(method, &key, &canonical(&whole("AAAA"), None, form)).unwrap();
    whole(&encode_base64(&value))
}

pub(crate) fn token(name: &str, id: &str) -> String {
    let (value, kind) = (encode_base64(certificate(name).der()), ValueType::X509v3.uri());
    format!(
        "<wsse:BinarySecurityToken{id} ValueType=\"{kind}\" EncodingType=\"{BASE64_BINARY}\">{value}</wsse:BinarySecurityToken>"
    )
}

#[test]
fn nothing_that_nobody_signed_is_copied() {
    let known_id = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd";
    let message = Message::default().signed();
    let with = |at: &str, more: &str| (at.to_owned(), format!("{at}{more}"));
    let at_end = |item: &str| {
        let end = "</wsse:Security>".to_owned();
        (end.clone(), format!("{item}{end}"))
    };
    let foreign = " xmlns:x=\"urn:EVIL\" x:EVIL=\"1\"";
    let tag = |element: &str, more: &str| (format!("<{element} "), format!("<{element}{more} "));
    let reference = "<wsse:SecurityTokenReference wsu:Id=\"EVIL\"><wsse:Reference URI=\"#timestamp\"/></wsse:SecurityTokenReference>";
    let mut went = 0;
    for (at, change) in [
        tag("wsse:BinarySecurityToken", foreign),
        tag("wsse:BinarySecurityToken", " xml:lang=\"EVIL\""),
        tag("ds:Signature", " xml:lang=\"EVIL\""),
        tag("ds:Signature", foreign),
        tag("ds:Signature", " Id=\"EVIL\""),
        with("<ds:SignatureValue", " xml:lang=\"EVIL\""),
        with("<ds:SignatureValue", " Id=\"EVIL\""),
        with("<ds:KeyInfo", foreign),
        with("<ds:KeyInfo", " Id=\"EVIL\""),
        with("<ds:KeyInfo>", "<?EVIL?>"),
        tag("w:SecurityTokenReference", " Usage=\"http://EVIL\""),
        tag("w:SecurityTokenReference", foreign),
        tag("w:SecurityTokenReference", " xml:base=\"http://EVIL\""),
        tag(
            "w:SecurityTokenReference",
            &format!(" xmlns:k=\"{known_id}\" k:TokenType=\"urn:EVIL\""),
        ),
        tag("s:Envelope", " xml:lang=\"EVIL\""),
        tag("s:Envelope", " xmlns:admin=\"urn:EVIL\""),
        tag("s:Envelope", " xmlns=\"urn:EVIL\""),
        tag("wsse:Security", foreign),
        tag("wsse:Security", " wsu:Id=\"EVIL\""),
        at_end("<!--EVIL--><?EVIL?>"),
        at_end(&token("alice", " wsu:Id=\"EVIL\"")),
        at_end(&token("ca", " wsu:Id=\"EVIL\"")),
        at_end(&token("alice", "")),
        at_end(reference),
    ] {
        let message = message.replacen(&at, &change, 1);
        assert!(message.contains(&change));
        match kept(&message) {
            Ok(got) => {
                assert!(!got.contains("EVIL"), "{change}: {got}");
                assert_eq!(got.matches("BinarySecurityToken ").count(), 1, "{change}: {got}");
                went += 1;
            }
            // Refused with or without the header.
            Err(why) if why.starts_with("wss.") || why.starts_with("dsig.") => {}
            Err(why) => assert!(why.starts_with("policy.security_header"), "{change}: {why}"),
        }
    }
    assert!(went >= 12, "{went}");
}

/// An envelope with these prefixes of Envelope and Security.
fn prefixed(root: &str, security: &str, more: &str) -> String {
    let named = |prefix: &str, local: &str| match prefix {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    };
    let declared = |prefix: &str, namespace: Namespace| match prefix {
        "" => format!("xmlns=\"{}\"", namespace.uri()),
        prefix => format!("xmlns:{prefix}=\"{}\"", namespace.uri()),
    };
    let (envelope, header, body, own) = (
        named(root, "Envelope"),
        named(root, "Header"),
        named(root, "Body"),
        named(security, "Security"),
    );
    let (soap, wsse, wsu) = (
        declared(root, Namespace::SOAP11),
        declared(security, Namespace::WSSE),
        Namespace::WSU.uri(),
    );
    let token = token("alice", " wsu:Id=\"token\"").replacen(
        ' ',
        &format!(" xmlns:wsse=\"{}\" xmlns:wsu=\"{wsu}\" ", Namespace::WSSE.uri()),
        1,
    );
    let (created, expires) = (time(Utc::now()), time(Utc::now() + TimeDelta::minutes(5)));
    format!(
        "<{envelope} {soap}{more}><{header}><{own} {wsse}><wsu:Timestamp xmlns:wsu=\"{wsu}\" wsu:Id=\"timestamp\"><wsu:Created>{created}</wsu:Created>\
         <wsu:Expires>{expires}</wsu:Expires></wsu:Timestamp>{token}SIGNATURE</{own}></{header}><{body} xmlns:wsu=\"{wsu}\" wsu:Id=\"body\">{PLACE}</{body}>\
         </{envelope}>"
    )
}

#[test]
fn what_has_no_namespace_keeps_none_and_a_token_its_default() {
    // The root was in the default namespace, which the block's canonical form does not declare, and is not any more.
    let text = prefixed("", "wsse", "");
    let block = "<Header><x:Note xmlns:x=\"urn:x\" xml:id=\"note\"><v xmlns=\"\">1</v></x:Note>";
    let text = text.replacen("<Header>", block, 1);
    kept(&signed(&text, &["timestamp", "body", "note"], EXCLUSIVE)).unwrap();

    // Under the STR-Transform a token says where it has no default namespace, and here it had one.
    let reference = format!(
        "<w:SecurityTokenReference xmlns:w=\"{}\" xmlns:wsu=\"{}\" wsu:Id=\"str\"><w:Reference URI=\"#token\"/></w:SecurityTokenReference>SIGNATURE",
        Namespace::WSSE.uri(),
        Namespace::WSU.uri()
    );
    let exclusive = format!("<ds:Transform Algorithm=\"{}\"/>", EXCLUSIVE.uri());
    let dereferenced = format!(
        "<ds:Transform Algorithm=\"{}\"><w:TransformationParameters xmlns:w=\"{}\"><ds:CanonicalizationMethod Algorithm=\"{}\"/>\
         </w:TransformationParameters></ds:Transform>",
        TransformAlgorithm::StrTransform.uri(),
        Namespace::WSSE.uri(),
        EXCLUSIVE.uri()
    );
    let text = prefixed("s", "wsse", " xmlns=\"urn:d\"").replace("SIGNATURE", &reference);
    let digested = [
        ("timestamp", "timestamp", exclusive.as_str()),
        ("body", "body", &exclusive),
        ("str", "token", &dereferenced),
    ];
    let got = kept(&signed_over(&text, &digested, EXCLUSIVE)).unwrap();
    assert!(!got.contains("urn:d"), "{got}");
}

#[test]
fn must_understand_is_soaps_whatever_the_prefixes_are() {
    for form in [EXCLUSIVE, INCLUSIVE] {
        for (root, security, more) in [
            ("s", "wsse", ""),
            ("s", "s", " xmlns:p=\"urn:p\""),
            ("", "wsse", " xmlns:p=\"urn:p\""),
            ("", "soap", " xmlns:p=\"urn:p\""),
            ("", "", " xmlns:p=\"urn:p\""),
            ("s", "", ""),
            ("", "wsse", ""),
            ("", "soap", ""),
        ] {
            let text = signed(&prefixed(root, security, more), &["timestamp", "body"], form);
            let got = kept(&text).unwrap_or_else(|why| panic!("{form:?} {root} {security}: {why}"));
            let document = Document::parse(got.clone().into(), &Limits::default()).unwrap();
            let mut all = document.root().descendants();
            let header = all
                .find(|element| element.is(Namespace::WSSE, "Security"))
                .unwrap();
            let understood = header.attribute_ns(Namespace::SOAP11, "mustUnderstand");
            assert_eq!(understood.as_deref(), Some("1"), "{got}");
            assert_eq!(header.attributes().count(), 1, "{got}");
        }
    }
}

#[test]
fn no_prefix_around_what_was_signed_is_anothers_choice() {
    let evil = format!(" xmlns:EVIL=\"{}\"", Namespace::SOAP11.uri());
    for (root, security) in [("EVIL", "wsse"), ("s", "EVIL"), ("s", "wsse"), ("wsse", "soap")] {
        let more = if root == "EVIL" { "" } else { &evil };
        let text = prefixed(root, security, more);
        let got = kept(&signed(&text, &["timestamp", "body"], EXCLUSIVE)).unwrap();
        let (around, _) = got.split_once("<wsu:Timestamp").unwrap();
        assert!(!around.contains("EVIL"), "{around}");
    }
    // A prefix that a PrefixList names is digested where it is declared, and here it was not.
    let list =
        "<e:InclusiveNamespaces xmlns:e=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"soap\"/>";
    let text = prefixed("s", "wsse", "");
    let got = kept(&signed_with(&text, &["timestamp", "body"], EXCLUSIVE, list)).unwrap();
    assert!(got.starts_with("<env:Envelope "), "{got}");
}

#[test]
fn a_form_that_digests_every_declaration_may_leave_no_prefix_to_spare() {
    let text = prefixed("s", "s", "");
    let refused = kept(&signed(&text, &["timestamp", "body"], INCLUSIVE)).unwrap_err();
    assert!(refused.starts_with("policy.security_header_prefix"), "{refused}");
    kept(&signed(&text, &["timestamp", "body"], EXCLUSIVE)).unwrap();
}

#[test]
fn canonical_octets_may_be_longer_than_what_came_and_not_without_end() {
    let mut gate = gate();
    gate.policy.limits.bytes = 32 << 10;
    let message = Message {
        body: format!(
            "<o:PlaceOrder xmlns:o=\"urn:example:orders\">{}</o:PlaceOrder>",
            ">".repeat(20_000)
        ),
        ..Message::default()
    };
    let got = kept_by(&gate, &message.signed()).unwrap();
    assert!(got.len() > 80_000);

    // Each of them declares everything that is in scope.
    let scope: String = (0..20)
        .map(|n| format!(" xmlns:n{n}=\"urn:{}\"", "x".repeat(50_000)))
        .collect();
    let text = Message {
        headers: vec!["<h:H xmlns:h=\"urn:h\" @ID/>".to_owned()],
        ..Message::default()
    }
    .unsigned();
    let text = text.replacen("<s:Envelope", &format!("<s:Envelope{scope}"), 1);
    let message = signed(&text, &["timestamp", "body", "token", "header-0"], INCLUSIVE);
    let mut plain = self::gate();
    plain.sender_header = SenderHeader::TakenOut;
    kept_by(&plain, &message).unwrap();
    let refused = kept(&message).unwrap_err();
    assert!(
        refused.contains("more than"),
        "{}",
        refused.get(..300).unwrap_or(&refused)
    );

    // And nobody writes them for what nobody signed.
    let message = Message::default()
        .signed()
        .replacen("<s:Envelope", &format!("<s:Envelope{scope}"), 1);
    let got = kept(&message).unwrap();
    assert!(!got.contains("xxx") && got.len() < 10_000);
    let many = token("alice", "").repeat(400);
    let refused = kept(&message.replace("</wsse:Security>", &format!("{many}</wsse:Security>")));
    assert!(refused.unwrap_err().contains("was not needed"));
}

#[test]
fn a_signed_item_says_what_the_prefixes_in_its_values_mean() {
    let xsi = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:q=\"urn:q\"";
    let typed = |message: &str| {
        let text = message.replacen("<s:Envelope", &format!("<s:Envelope{xsi}"), 1);
        text.replacen("<wsu:Created>", "<wsu:Created xsi:type=\"q:T\">", 1)
    };
    let text = typed(&Message::default().unsigned());
    let inclusive = signed(&text, &["timestamp", "body"], INCLUSIVE);
    assert!(kept(&inclusive).unwrap().contains("q:T"));
    let exclusive = signed(&text, &["timestamp", "body"], EXCLUSIVE);
    let refused = kept(&exclusive).unwrap_err();
    assert!(
        refused.starts_with("policy.security_header") && refused.contains("q:T"),
        "{refused}"
    );
}

#[test]
fn a_header_for_the_next_receiver_is_not_for_the_one_behind() {
    for (version, attribute, next) in [
        (
            Version::Soap11,
            "actor",
            "http://schemas.xmlsoap.org/soap/actor/next",
        ),
        (
            Version::Soap12,
            "role",
            "http://www.w3.org/2003/05/soap-envelope/role/next",
        ),
    ] {
        let message = Message {
            version,
            ..Message::default()
        };
        let signed = message.signed();
        let with_role = |role: &str| {
            let changed = signed.replacen(
                "<wsse:Security ",
                &format!("<wsse:Security s:{attribute}=\"{role}\" "),
                1,
            );
            assert_ne!(changed, signed);
            kept(&changed)
        };
        let refused = with_role(next).unwrap_err();
        assert!(refused.starts_with("policy.security_header"), "{refused}");
        assert!(refused.contains("not for the last receiver"), "{refused}");
        with_role("").unwrap();
        if version == Version::Soap12 {
            with_role("http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver").unwrap();
        }
    }
}

#[test]
fn a_signature_that_no_other_covers_goes_along_once() {
    let text = Message::default()
        .unsigned()
        .replace("SIGNATURE", "FIRSTSIGNATURE");
    let text = signed(&text, &["timestamp", "body"], EXCLUSIVE).replace("FIRST", "SIGNATURE");
    let message = signed(&text, &["timestamp"], EXCLUSIVE);
    assert_eq!(kept(&message).unwrap().matches("<ds:SignatureValue").count(), 2);
    let end = "</ds:Signature>";
    let (before, _) = message.split_once(end).unwrap();
    let start = before.find("<ds:Signature ").unwrap();
    let first = format!("{}{end}", before.get(start..).unwrap());
    let refused = kept(&message.replacen(&first, &first.repeat(2), 1)).unwrap_err();
    assert!(refused.starts_with("policy.security_header"), "{refused}");
    assert!(refused.contains("by the same key before it"), "{refused}");
}

#[test]
fn what_was_signed_and_not_judged_does_not_go_along() {
    let password = "<wsse:UsernameToken wsu:Id=\"username\"><wsse:Username>alice</wsse:Username><wsse:Password>wrong</wsse:Password></wsse:UsernameToken>";
    let mut gate = gate();
    gate.policy.username_token = UsernameToken::Ignore;
    let message = Message {
        username_token: Some(password.to_owned()),
        ..Message::default()
    };
    let refused = kept_by(&gate, &message.signed()).unwrap_err();
    assert!(refused.contains("nobody judges"), "{refused}");

    let key = format!(
        "<x:EncryptedKey xmlns:x=\"{}\" Id=\"key\"/>",
        Namespace::XENC.uri()
    );
    let text = Message::default()
        .unsigned()
        .replace("SIGNATURE", &format!("{key}SIGNATURE"));
    for ids in [&["timestamp", "body", "key"][..], &["timestamp", "body"]] {
        let refused = kept(&signed(&text, ids, EXCLUSIVE)).unwrap_err();
        assert!(refused.contains("encrypted"), "{refused}");
    }
    assert!(
        kept(
            &Message {
                version: Version::Soap12,
                ..Message::default()
            }
            .signed()
        )
        .is_ok()
    );
}

#[test]
fn threats_are_looked_for_in_what_goes_along() {
    let mut gate = knowing_issuer();
    let message = asserted("x' OR '1'='1' --", |text| text);
    kept_by(&gate, &message).unwrap();
    gate.threats = Some(Modes::all(Mode::Block));
    let refused = kept_by(&gate, &message).unwrap_err();
    assert!(refused.starts_with("threat."), "{refused}");
    kept_by(&gate, &asserted("buyer", |text| text)).unwrap();
    for (title, is_threat) in [("a token", false), ("x' OR '1'='1' --", true)] {
        let titled = format!("<wsse:BinarySecurityToken xmlns:t=\"urn:titles\" t:title=\"{title}\" ");
        let text = Message::default().unsigned();
        let text = text.replace("<wsse:BinarySecurityToken ", &titled);
        let message = signed(&text, &["token", "timestamp", "body"], EXCLUSIVE);
        let got = kept_by(&gate, &message);
        assert_eq!(
            got.is_err_and(|refused| refused.starts_with("threat.")),
            is_threat,
            "{title}"
        );
        assert!(kept(&message).unwrap().contains("t:title"), "{title}");
    }
}
