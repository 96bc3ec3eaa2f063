#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::path::Path;

use super::*;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::PrivateKey;
use crate::crypto::SigningKey;
use crate::crypto::encode_base64;
use crate::dsig::ReferenceToSign;
use crate::dsig::SignatureRequest;
use crate::dsig::sign;
use crate::inbound::Coverage;
use crate::policy::Profile;
use crate::policy::saml::ExpectedRequest;
use crate::rejection::Verdict;
use crate::second_opinion::SecondOpinion;
use crate::token::datetime;
use crate::trust::TrustSources;
use crate::xml::Limits;

mod times;

const HEAD: &str =
    r#"xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion""#;
const ISSUER: &str = "<Issuer>https://idp.example/saml</Issuer>";
const SUCCESS: &str =
    r#"<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>"#;

fn keys(name: &str) -> Vec<u8> {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
    std::fs::read(keys.join(name)).unwrap()
}

fn assertion() -> String {
    format!(
        r#"<Assertion {HEAD} ID="_a" Version="2.0" IssueInstant="2026-11-26T12:00:00Z">{ISSUER}<Subject><NameID>ann</NameID><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData NotOnOrAfter="2026-11-26T12:05:00Z" Recipient="https://sp.example/acs" InResponseTo="_r"/></SubjectConfirmation></Subject><Conditions NotBefore="2026-11-26T12:00:00Z" NotOnOrAfter="2026-11-26T12:05:00Z"><AudienceRestriction><Audience>https://sp.example</Audience></AudienceRestriction></Conditions><AuthnStatement AuthnInstant="2026-11-26T12:00:00Z"><AuthnContext><AuthnContextClassRef>urn:c</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"#
    )
}

fn response(content: &str) -> String {
    format!(
        r#"<p:Response {HEAD} ID="_m" Version="2.0" IssueInstant="2026-11-26T12:00:00Z" Destination="https://sp.example/acs" InResponseTo="_r">{ISSUER}{SUCCESS}{content}</p:Response>"#
    )
}

fn message(name: &str, content: &str) -> String {
    format!(
        r#"<p:{name} {HEAD} ID="_m" Version="2.0" IssueInstant="2026-11-26T12:00:00Z" Destination="https://sp.example/acs">{ISSUER}{content}</p:{name}>"#
    )
}

/// `text` with a signature of `signer` over the element whose ID is `id`, after its Issuer.
fn signed_by(signer: &str, text: &str, id: &str) -> String {
    signed_saying("", signer, text, id)
}

/// As [`signed_by`], with `key_info` as what the signature says of its key.
fn signed_saying(key_info: &str, signer: &str, text: &str, id: &str) -> String {
    let document = Document::parse(text.to_owned().into(), &Limits::default()).unwrap();
    let key = PrivateKey::from_pem(&keys(&format!("{signer}.key.pem")), None).unwrap();
    let request = SignatureRequest {
        method: SignatureAlgorithm::RsaSha256,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: document.element_by_id(id).unwrap(),
            id: Some(id.to_owned()),
            enveloped: true,
        }],
        key_info: key_info.to_owned(),
        id: None,
    };
    let signature = sign(&request, &SigningKey::from(key)).unwrap();
    let start = text.find(&format!(r#"ID="{id}""#)).unwrap();
    let content = start + text[start..].find('>').unwrap() + 1;
    let after = match text[content..].starts_with("<Issuer") {
        true => content + text[content..].find("</Issuer>").unwrap() + "</Issuer>".len(),
        false => content,
    };
    format!("{}{signature}{}", &text[..after], &text[after..])
}

fn signed(text: &str, id: &str) -> String {
    signed_by("idp", text, id)
}

fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

struct Judge {
    policy: Policy,
    trust: TrustStore,
    issuers: Issuers,
    party: RelyingParty,
    as_of: AsOf,
}

impl Judge {
    fn new(metadata: &[&str]) -> Self {
        let mut issuers = Issuers::new();
        for name in metadata {
            issuers.add(keys(name).into()).unwrap();
        }
        Self {
            policy: Profile::Strict.policy(),
            trust: TrustSources::new().build(),
            issuers,
            party: RelyingParty {
                audience: Some("https://sp.example".to_owned()),
                recipient: Some("https://sp.example/acs".to_owned()),
                request: ExpectedRequest::Request("_r".to_owned()),
                resolution: ExpectedRequest::Request("_s".to_owned()),
            },
            as_of: AsOf::Time(datetime::parse("2026-11-26T12:01:00Z").unwrap()),
        }
    }

    fn trusting(names: &[&str]) -> Self {
        let mut sources = TrustSources::new();
        for name in names {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fixtures/keys")
                .join(name);
            sources.trust_path(&path, None, None).unwrap();
        }
        Self {
            trust: sources.build(),
            ..Self::new(&[])
        }
    }

    fn judge(&self, input: impl Into<Bytes>) -> Judgement<VerifiedSaml> {
        self.judge_with(&Keyring::new(), input)
    }

    fn judge_with(&self, keyring: &Keyring, input: impl Into<Bytes>) -> Judgement<VerifiedSaml> {
        let context = SamlContext {
            policy: &self.policy,
            trust: &self.trust,
            issuers: &self.issuers,
            party: &self.party,
            keyring,
            as_of: self.as_of,
        };
        let input = input.into();
        let verified = verify_saml(input.clone(), &context);
        let judgement = judge_saml(input, &context);
        assert_eq!(verified.as_ref().ok(), judgement.verdict.as_ref().ok());
        let code = |verdict: &Result<_, Rejection>| verdict.as_ref().err().map(Rejection::code);
        assert_eq!(code(&verified), code(&judgement.verdict));
        judgement
    }

    fn code(&self, input: impl Into<Bytes>) -> &'static str {
        self.code_with(&Keyring::new(), input)
    }

    fn code_with(&self, keyring: &Keyring, input: impl Into<Bytes>) -> &'static str {
        self.judge_with(keyring, input)
            .verdict
            .map_or_else(|error| error.code(), |_| "passed")
    }
}

fn idp() -> Judge {
    Judge::new(&["idp-metadata.xml"])
}

#[test]
fn an_assertion_passes_if_its_issuer_signed_it_or_the_response() {
    for text in [
        signed(&assertion(), "_a"),
        response(&signed(&assertion(), "_a")),
        signed(&response(&assertion()), "_m"),
        signed(&response(&signed(&assertion(), "_a")), "_m"),
    ] {
        let judgement = idp().judge(text);
        let claims = judgement.findings.claims.unwrap();
        assert_eq!(claims["name_id"]["value"], "ann");
        assert!(matches!(judgement.verdict, Ok(VerifiedSaml::Assertion { .. })));
        let covered = |line: &crate::inbound::CoverageLine| line.covered == Coverage::Covered;
        assert!(judgement.findings.coverage.iter().any(covered));
        assert!(judgement.findings.signatures.iter().all(|found| found.trusted));
    }
}

#[test]
fn what_nobody_signed_proves_nothing() {
    for text in [assertion(), response(&assertion()), message("AuthnRequest", "")] {
        let judgement = idp().judge(text);
        let refused = judgement.verdict.unwrap_err();
        assert_eq!(refused.code(), "dsig.missing");
        assert_eq!(refused.clause(), Some("SAML Core §5"));
        assert_eq!(refused.to_string(), "nothing in the message is signed");
        assert_eq!(judgement.findings.claims, None);
    }
}

#[test]
fn an_unsigned_answer_to_a_request_that_failed_is_refused_with_what_it_says_of_it() {
    let failed = SUCCESS.replace("status:Success", "status:Responder");
    for text in [message("Response", &failed), message("LogoutResponse", &failed)] {
        let refused = idp().judge(text).verdict.unwrap_err();
        assert_eq!(refused.code(), "dsig.missing");
        assert_eq!(
            refused.to_string(),
            "nothing in the message is signed; it says, and nobody vouches for it, that the status is \
             \"urn:oasis:names:tc:SAML:2.0:status:Responder\""
        );
    }
}

#[test]
fn every_signature_that_is_there_must_hold() {
    let evil = |text: &str| changed(text, ">ann<", ">eve<");
    assert_eq!(
        idp().code(evil(&signed(&assertion(), "_a"))),
        "dsig.digest_mismatch"
    );
    // The Response is signed over an assertion whose own signature is broken.
    let broken = response(&evil(&signed(&assertion(), "_a")));
    assert_eq!(idp().code(signed(&broken, "_m")), "dsig.digest_mismatch");
    let by_other = response(&signed_by("mallory", &assertion(), "_a"));
    assert_eq!(idp().code(signed(&by_other, "_m")), "dsig.signature_mismatch");
    // The assertion is signed, and the Response around it was changed.
    let outer = signed(&response(&signed(&assertion(), "_a")), "_m");
    let elsewhere = changed(&outer, "12:00:00Z\" Destination", "12:00:01Z\" Destination");
    assert_eq!(idp().code(elsewhere), "dsig.digest_mismatch");
}

#[test]
fn only_the_issuers_own_key_speaks_for_it() {
    let text = signed_by("other-idp", &assertion(), "_a");
    let both = Judge::new(&["idp-metadata.xml", "other-idp-metadata.xml"]);
    assert_eq!(both.code(text.clone()), "dsig.signature_mismatch");
    let judgement = Judge::new(&["other-idp-metadata.xml"]).judge(text);
    let rejection = judgement.verdict.unwrap_err();
    assert_eq!(rejection.code(), "trust.issuer_unknown");
    assert_eq!(rejection.verdict(), Verdict::Indeterminate);
    // A service provider's request is not an identity provider's.
    let request = signed(&message("AuthnRequest", ""), "_m");
    assert_eq!(idp().code(request), "trust.issuer_role");
}

#[test]
fn without_metadata_a_trusted_certificate_speaks_and_without_trust_nobody() {
    let text = signed(&assertion(), "_a");
    assert_eq!(Judge::trusting(&["idp.pem"]).code(text.clone()), "passed");
    assert_eq!(
        Judge::trusting(&["other-idp.pem"]).code(text.clone()),
        "dsig.signature_mismatch"
    );
    assert_eq!(Judge::new(&[]).code(text), "trust.no_anchor");
    assert_eq!(Judge::new(&[]).code(assertion()), "trust.no_anchor");
}

#[test]
fn a_signature_signs_its_parent_and_nothing_else() {
    let text = signed(&assertion(), "_a");
    // The evil assertion keeps the signature of the original, which it holds.
    let signature = &text[text.find("<ds:Signature").unwrap()..text.find("<Subject>").unwrap()];
    let evil = changed(&assertion(), r#"ID="_a""#, r#"ID="_e""#);
    let inside = changed(&evil, "</Issuer>", &format!("</Issuer>{signature}"));
    for (place, code) in [
        ("</Conditions>", "saml.structure"),
        ("<Conditions ", "saml.structure"),
    ] {
        let wrapped = changed(&inside, place, &format!("{}{place}", assertion()));
        assert_eq!(idp().code(wrapped), code, "{place}");
    }
    let advice = changed(
        &inside,
        "</Conditions>",
        &format!("</Conditions><Advice>{}</Advice>", assertion()),
    );
    let told = idp().judge(advice).verdict.unwrap_err();
    assert_eq!(told.code(), "saml.signature_parent");
    assert!(
        told.to_string()
            .contains(r##"signs "#_a", and stands in an element with the ID "_e""##),
        "{told}"
    );
    let response = response(&inside);
    let extensions = format!("<p:Extensions>{}</p:Extensions><p:Status>", assertion());
    let hidden = changed(&response, "<p:Status>", &extensions);
    assert_eq!(idp().code(hidden), "saml.signature_parent");
    // A second reference covers something else as well.
    let reference = &text[text.find("<ds:Reference").unwrap()..text.find("</ds:SignedInfo>").unwrap()];
    let more = reference.replace("#_a", "");
    let two = changed(&text, "</ds:SignedInfo>", &format!("{more}</ds:SignedInfo>"));
    assert_eq!(idp().code(two), "saml.signature_parent");
}

#[test]
fn an_assertion_elsewhere_is_refused_except_in_advice() {
    let hidden = changed(&assertion(), r#"ID="_a""#, r#"ID="_h""#);
    let advice = changed(
        &assertion(),
        "</Conditions>",
        &format!("</Conditions><Advice>{hidden}</Advice>"),
    );
    assert_eq!(idp().code(signed(&advice, "_a")), "passed");
    let value = format!(
        "<AttributeStatement><Attribute Name='a'><AttributeValue>{hidden}</AttributeValue></Attribute></AttributeStatement></Assertion>"
    );
    let text = changed(&assertion(), "</Assertion>", &value);
    assert_eq!(idp().code(signed(&text, "_a")), "saml.position");
    let extensions = format!("<p:Extensions>{hidden}</p:Extensions><p:Status>");
    let text = changed(&response(&assertion()), "<p:Status>", &extensions);
    assert_eq!(idp().code(signed(&text, "_m")), "saml.position");
    let logout = message(
        "LogoutRequest",
        &format!("<p:Extensions>{hidden}</p:Extensions><NameID>a</NameID>"),
    );
    assert_eq!(idp().code(signed(&logout, "_m")), "saml.position");
}

#[test]
fn what_is_signed_is_judged_by_every_rule_afterwards() {
    let sign = |from: &str, to: &str| signed(&changed(&response(&assertion()), from, to), "_m");
    assert_eq!(
        idp().code(sign("status:Success", "status:Responder")),
        "saml.status"
    );
    assert_eq!(
        idp().code(sign(">ann<", ">a<!-- -->nn<")),
        "saml.interrupted_text"
    );
    assert_eq!(
        idp().code(sign(">https://sp.example<", ">https://else.example<")),
        "saml.audience"
    );
    assert_eq!(
        idp().code(sign("<Issuer>", "<Issuer Format='x'>")),
        "saml.issuer_format"
    );
    let encrypted = signed(&response("<EncryptedAssertion/>"), "_m");
    assert_eq!(idp().code(encrypted), "saml.encrypted");
    assert_eq!(idp().code(response("<EncryptedAssertion/>")), "saml.encrypted");
    assert_eq!(idp().code(signed(&response(""), "_m")), "saml.no_assertion");
    let alone = signed(&changed(&assertion(), ">ann<", ">a<!-- -->nn<"), "_a");
    assert_eq!(idp().code(alone), "saml.interrupted_text");
    let anonymous = signed(&changed(&response(&assertion()), ISSUER, ""), "_m");
    assert_eq!(idp().code(anonymous), "saml.issuer_missing");
}

#[test]
fn a_signature_at_the_end_is_refused() {
    let text = signed(&assertion(), "_a");
    let signature = &text[text.find("<ds:Signature").unwrap()..text.find("<Subject>").unwrap()];
    let moved = changed(&assertion(), "</Assertion>", &format!("{signature}</Assertion>"));
    assert_eq!(idp().code(moved.clone()), "saml.signature_place");
    let archive = Judge {
        policy: Profile::ArchiveVerify.policy(),
        ..idp()
    };
    assert_eq!(archive.code(moved), "passed");
}

#[test]
fn what_a_signature_says_of_its_key_is_read_in_one_way_or_says_nothing() {
    let code = |certificate: &str| {
        let key_info = format!("<ds:X509Data>{certificate}</ds:X509Data>");
        idp().code(signed_saying(&key_info, "idp", &assertion(), "_a"))
    };
    let certificate = |text: &str| format!("<ds:X509Certificate>{text}</ds:X509Certificate>");
    assert_eq!(code(&certificate("AQID")), "passed");
    assert_eq!(code(""), "passed");
    assert_eq!(code(&certificate("AQ<!-- -->ID")), "token.interrupted");
    assert_eq!(code(&certificate("AQ<a/>ID")), "xml.element_in_text");
    assert_eq!(code(&certificate("AQ*ID")), "token.base64");
}

#[test]
fn logout_messages_prove_who_ends_which_session() {
    let request = message(
        "LogoutRequest",
        "<NameID>ann</NameID><p:SessionIndex>_s</p:SessionIndex>",
    );
    let verdict = idp().judge(signed(&request, "_m")).verdict;
    assert!(matches!(verdict, Ok(VerifiedSaml::Message(claims)) if claims.session_indexes == ["_s"]));
    let interrupted = changed(&request, ">ann<", ">a<!-- -->nn<");
    assert_eq!(idp().code(signed(&interrupted, "_m")), "saml.interrupted_text");
    let answer = changed(
        &message("LogoutResponse", SUCCESS),
        "Destination",
        r#"InResponseTo="_r" Destination"#,
    );
    assert_eq!(idp().code(signed(&answer, "_m")), "passed");
    assert_eq!(
        idp().code(signed(&changed(&request, ISSUER, ""), "_m")),
        "saml.issuer_missing"
    );
}

#[test]
fn metadata_is_signed_by_anyone_whom_we_trust() {
    let metadata = r#"<m:EntityDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata" ID="_d" entityID="urn:sp" validUntil="2026-11-26T12:02:00Z"><m:SPSSODescriptor/></m:EntityDescriptor>"#;
    let text = signed(metadata, "_d");
    for judge in [idp(), Judge::trusting(&["idp.pem"])] {
        let verdict = judge.judge(text.clone()).verdict;
        assert!(matches!(verdict, Ok(VerifiedSaml::Metadata(claims)) if claims.entities == ["urn:sp"]));
    }
    assert_eq!(idp().code(metadata), "dsig.missing");
    assert_eq!(
        Judge::new(&["other-idp-metadata.xml"]).code(text.clone()),
        "dsig.signature_mismatch"
    );
    let mut later = idp();
    later.as_of = AsOf::Time(datetime::parse("2026-11-26T12:02:00Z").unwrap());
    assert_eq!(later.code(text.clone()), "saml.expired");
    later.as_of = AsOf::Message;
    assert_eq!(later.code(text), "policy.no_message_time");
}

#[test]
fn metadata_describes_an_entity_once_and_says_which_has_ended() {
    let aggregate = |inner: &str| {
        let text = format!(
            r#"<m:EntitiesDescriptor xmlns:m="urn:oasis:names:tc:SAML:2.0:metadata" ID="_d" validUntil="2026-11-30T00:00:00Z">{inner}</m:EntitiesDescriptor>"#
        );
        idp().judge(signed(&text, "_d"))
    };
    let sp = r#"<m:EntityDescriptor entityID="urn:sp"><m:SPSSODescriptor/></m:EntityDescriptor>"#;
    let refused = aggregate(&format!("{sp}<m:EntitiesDescriptor>{sp}</m:EntitiesDescriptor>")).verdict;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "trust.duplicate_entity");
    assert!(refused.position().is_some());
    let ended = r#"validUntil="2026-11-26T11:59:59Z""#;
    for (inner, warnings) in [
        (sp.to_owned(), vec![]),
        (
            sp.replace(r#"sp">"#, &format!(r#"sp" {ended}>"#)),
            vec!["entity_expired"],
        ),
        (
            sp.replace("Descriptor/", &format!("Descriptor {ended}/")),
            vec!["entity_expired"],
        ),
    ] {
        let judgement = aggregate(&inner);
        assert!(judgement.verdict.is_ok(), "{inner}");
        assert_eq!(judgement.findings.warnings, warnings, "{inner}");
    }
}

#[test]
fn the_bindings_forms_are_decoded_within_the_limits() {
    let text = signed(&assertion(), "_a");
    let encoded = encode_base64(text.as_bytes());
    let mut judge = idp();
    assert_eq!(judge.code(encoded.clone()), "passed");
    assert_eq!(judge.code("c2VhbGdhdGU="), "saml.encoding");
    judge.policy.limits.bytes = 16;
    assert_eq!(judge.code(encoded), "limit.bytes");
}

#[test]
fn a_signed_query_string_says_what_was_signed_with_it_and_has_no_second_opinion() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases/good/saml-query-logoutrequest");
    let query = std::fs::read(folder.join("message.xml")).unwrap();
    let mut judge = idp();
    judge.party.recipient = Some("https://gateway.example/orders/acs".to_owned());
    judge.as_of = AsOf::Time(datetime::parse("2026-11-24T00:00:30Z").unwrap());
    let judgement = judge.judge(query.clone());
    assert!(judgement.findings.signatures[0].trusted);
    assert_eq!(judgement.findings.coverage[0].covered, Coverage::Covered);
    let Ok(VerifiedSaml::Message(claims)) = judgement.verdict else {
        panic!("it is not accepted");
    };
    assert_eq!(claims.relay_state.as_deref(), Some("/orders?page=2&all=1"));
    judge.policy.second_opinion = SecondOpinion::Required;
    assert_eq!(judge.code(query), "saml.second_opinion");
}

#[test]
fn other_documents_are_not_judged() {
    for text in [
        "<a/>",
        r#"<p:AttributeQuery xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>"#,
        r#"<Subject xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>"#,
    ] {
        assert_eq!(idp().code(text), "saml.not_supported");
    }
    for namespace in ["assertion", "protocol"] {
        let text = format!("<a xmlns='urn:oasis:names:tc:SAML:1.0:{namespace}'/>");
        assert_eq!(idp().code(text), "saml.version");
    }
}
