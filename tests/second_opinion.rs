//! What libxmlsec1 and samael say of what we accept: they agree, and where they do not, nothing passes.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use sealgate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm, SignatureAlgorithm};
use sealgate::c14n::{self, Canonicalization};
use sealgate::crypto::{self, PrivateKey, Secret, SigningKey, VerifyingKey, encode_base64};
use sealgate::dsig::{self, Keep, Objects, ReferenceToSign, Rules, Signature, SignatureRequest};
use sealgate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use sealgate::inbound::{AsOf, Received};
use sealgate::policy::Profile;
use sealgate::rejection::{Rejection, Stage, Verdict};
use sealgate::second_opinion::{ErrorKind, SecondOpinion};
use sealgate::soap::Fault;
use sealgate::soap::attachment::{InMemory, Package, Related, content_type_of};
use sealgate::trust::TrustSources;
use sealgate::xml::{Document, Limits, Namespace};
use support::Case;

/// What they may not know: RSA-PSS, SHA-3 and Ed25519 before libxmlsec1 1.3, the STR-Transform, a secret in an EncryptedKey and the
/// signature of a query string at all.
const UNKNOWN: [&str; 7] = [
    "#hmac-sha",
    "-rsa-MGF1",
    "#rsa-pss",
    "#sha3-",
    "#eddsa-",
    "#STR-Transform",
    "SigAlg=",
];

#[test]
fn libxmlsec1_and_samael_agree_about_every_good_message() {
    let mut agreed = 0;
    let mut refused = Vec::new();
    for mut case in support::cases("cases/good") {
        if case.admitted(case.received.bytes.clone()).is_err() {
            continue;
        }
        match with_second_opinion(&mut case) {
            Ok(_) => agreed += 1,
            Err(error) => {
                let text = String::from_utf8_lossy(&case.received.bytes);
                let is_known = !UNKNOWN.iter().any(|name| text.contains(name));
                let is_second = error.code().ends_with(".second_opinion");
                if is_known || !is_second || error.verdict() != Verdict::Indeterminate {
                    refused.push(format!("{}: {error}", case.folder.display()));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(agreed > 90, "{agreed}");
}

#[test]
fn what_we_refuse_is_refused_as_without_it() {
    let mut count = 0;
    let cases = support::cases("attacks").into_iter();
    for mut case in cases.chain(support::cases("cases")) {
        let Err(alone) = case.admitted(case.received.bytes.clone()) else {
            continue;
        };
        let together = with_second_opinion(&mut case).unwrap_err();
        assert_eq!(together.code(), alone.code(), "{}", case.folder.display());
        count += 1;
    }
    assert!(count > 900, "{count}");
}

/// C14N 1.1 §2.4 turns the last `..` of a joined xml:base into `../`. libxml2 does not.
#[test]
fn a_signature_that_libxmlsec1_does_not_confirm_is_refused() {
    let bases =
        r#"<r xml:base="http://h/a/"><m xml:base="http://g"><b xml:id="part" xml:base=".."/></m>{}</r>"#;
    let document = detached(bases, CanonicalizationAlgorithm::Inclusive11);
    let key = alice().verifying_key();
    judged(&document, &key, SecondOpinion::NotAsked).unwrap();
    let error = judged(&document, &key, SecondOpinion::Required).unwrap_err();
    assert_eq!(
        (error.code(), error.stage()),
        ("dsig.second_opinion", Stage::Dsig)
    );
    assert_eq!(error.verdict(), Verdict::Failed);
    assert_eq!(error.fault(), Fault::FailedCheck);
    assert!(error.position().is_some());
}

#[test]
fn a_message_with_such_a_signature_is_refused_by_the_gate() {
    let message = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xml:base="http://g"><s:Header><w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" s:mustUnderstand="1">{}</w:Security></s:Header><s:Body xml:id="part" xml:base=".."/></s:Envelope>"#;
    let message = detached(message, CanonicalizationAlgorithm::Inclusive11);
    let mut trust = TrustSources::new();
    trust.trust_path(&fixtures("keys/alice.pem"), None, None).unwrap();
    let mut case = good("archive-verify-plain");
    case.gate.trust = trust.build();
    case.received.bytes = message.into();
    let at = AsOf::Time(case.at);
    case.gate.judge(case.received.clone(), at).verdict.unwrap();
    let verified = with_second_opinion(&mut case).unwrap_err();
    let judged = case.gate.judge(case.received.clone(), at).verdict.unwrap_err();
    assert_eq!([verified.code(), judged.code()], ["dsig.second_opinion"; 2]);
}

#[test]
fn a_manifest_is_not_shown_to_libxmlsec1_which_would_follow_it() {
    let key = alice().verifying_key();
    let manifest = r#"<r><b xml:id="part"><Manifest xmlns="http://www.w3.org/2000/09/xmldsig#"/></b>{}</r>"#;
    let beside = detached(manifest, CanonicalizationAlgorithm::Exclusive);
    judged(&beside, &key, SecondOpinion::Required).unwrap();
    let within = fs::read_to_string(fixtures("cases/good/dsig-manifest/message.xml")).unwrap();
    judged(&within, &key, SecondOpinion::NotAsked).unwrap();
    let error = judged(&within, &key, SecondOpinion::Required).unwrap_err();
    assert_eq!(error.code(), "dsig.second_opinion");
    assert_eq!(error.verdict(), Verdict::Indeterminate);
    assert!(error.to_string().contains("Manifest"), "{error}");
}

#[test]
fn attachments_are_not_shown_to_libxmlsec1_which_would_look_for_them() {
    let file = fs::read(fixtures("cases/good/swa-content-soap11/message.mime")).unwrap();
    let end = file.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, body) = file.split_at(end);
    let related = Related::parse(&content_type_of(head).unwrap()).unwrap();
    let mut case = good("soap11");
    case.gate.policy = Profile::Bsp11.policy();
    let mut package = Package::new(related, &case.gate.policy.limits, Arc::new(InMemory));
    package.push(body.strip_prefix(b"\r\n\r\n").unwrap()).unwrap();
    let packaged = package.finish().unwrap();
    case.received = Received {
        attachments: packaged.attachments,
        ..Received::from(packaged.envelope)
    };
    drop(case.gate.verify(case.received.clone(), case.at).unwrap());
    case.gate.policy.second_opinion = SecondOpinion::Required;
    let error = case.gate.verify(case.received, case.at).unwrap_err();
    assert_eq!(error.code(), "dsig.second_opinion");
    assert_eq!(error.verdict(), Verdict::Indeterminate);
    assert!(error.to_string().contains("attachments"), "{error}");
}

/// Reading either of these keys would fail, or find another one.
#[test]
fn keys_that_a_document_brings_along_are_not_looked_at() {
    let key = alice().verifying_key();
    let document = detached(
        r#"<r><b xml:id="part"/>{}</r>"#,
        CanonicalizationAlgorithm::Exclusive,
    );
    let bob = fs::read_to_string(fixtures("keys/bob.pem")).unwrap();
    let bob: String = bob.lines().filter(|line| !line.starts_with('-')).collect();
    for brought in [
        r#"<RetrievalMethod URI="file:///nowhere"/>"#.to_owned(),
        format!("<X509Data><X509Certificate>{bob}</X509Certificate></X509Data>"),
    ] {
        let with = format!("</SignatureValue><KeyInfo>{brought}</KeyInfo>");
        let document = document.replace("</SignatureValue>", &with);
        judged(&document, &key, SecondOpinion::Required).unwrap();
    }
}

#[test]
fn a_signature_with_a_shared_secret_cannot_be_judged() {
    let secret = SigningKey::Hmac(Secret::new(b"sixteen octets !".to_vec()));
    let document = enveloped(
        r#"<b xml:id="part">{}</b>"#,
        "part",
        &secret,
        SignatureAlgorithm::HmacSha256,
    );
    let key = secret.verifying_key();
    judged(&document, &key, SecondOpinion::NotAsked).unwrap();
    let error = judged(&document, &key, SecondOpinion::Required).unwrap_err();
    assert_eq!(error.code(), "dsig.second_opinion");
    assert!(error.to_string().contains("secret"), "{error}");
}

/// To samael every attribute that is called ID is one; to SAML only SAML's own are.
#[test]
fn what_samael_does_not_confirm_is_refused() {
    for name in ["saml-assertion", "saml-response-both", "saml-bearer-soap11"] {
        for (ids, agreed) in [(["a", "b"], true), (["a", "a"], false)] {
            let [one, other] = ids;
            let advice = format!(
                r#"</saml2:Conditions><saml2:Advice><x xmlns="urn:x" ID="{one}"/><x xmlns="urn:x" ID="{other}"/></saml2:Advice>"#
            );
            let mut case = good(name);
            let text = String::from_utf8(case.received.bytes.to_vec()).unwrap();
            case.received.bytes = issued_again(&text.replace("</saml2:Conditions>", &advice)).into();
            case.admitted(case.received.bytes.clone()).unwrap();
            match with_second_opinion(&mut case) {
                Ok(_) => assert!(agreed, "{name}"),
                Err(error) => {
                    assert!(!agreed, "{name}: {error}");
                    assert_eq!(
                        (error.code(), error.stage()),
                        ("saml.second_opinion", Stage::Saml)
                    );
                }
            }
        }
    }
}

#[test]
fn samael_says_what_was_signed_and_by_whom() {
    let rsa = SignatureAlgorithm::RsaSha256;
    let opinion = |document: &str| {
        let document = Document::parse(document.to_owned().into(), &Limits::archive()).unwrap();
        let policy = Profile::ArchiveVerify.policy();
        let rules = Rules {
            permitted: &policy.algorithms,
            limits: &policy.limits,
            keep: Keep::Nothing,
        };
        let signatures = document
            .root()
            .descendants()
            .filter(|one| one.is(Namespace::DS, "Signature"));
        let last = Signature::read(signatures.last().unwrap(), Objects::Allowed, &policy.limits).unwrap();
        let covered = dsig::verify(&last, &alice().verifying_key(), rules, &mut Vec::new()).unwrap();
        SecondOpinion::Required.of_signature(&covered).unwrap();
        SecondOpinion::Required
            .of_saml(&[&covered])
            .map_err(|error| error.kind())
    };
    let alone = enveloped(r#"<r><b xml:id="part">{}</b></r>"#, "part", &alice(), rsa);
    assert_eq!(opinion(&alone), Ok(()));
    // A signature of something else stands where that of the assertion should.
    let inner = r#"<r><b xml:id="part"><c xml:id="inner">{}</c></b>[]</r>"#;
    let by = |key: &SigningKey, method| {
        let inner = enveloped(inner, "inner", key, method);
        detached(&inner.replace("[]", "{}"), CanonicalizationAlgorithm::Exclusive)
    };
    assert_eq!(opinion(&by(&alice(), rsa)), Err(ErrorKind::OtherContent));
    assert_eq!(opinion(&by(&key_of("gateway"), rsa)), Err(ErrorKind::Disagrees));
    let none = detached(
        r#"<r><b xml:id="part"/>{}</r>"#,
        CanonicalizationAlgorithm::Exclusive,
    );
    assert_eq!(opinion(&none), Err(ErrorKind::Disagrees));
}

#[test]
fn eight_threads_at_once_are_told_the_same() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut cases = ["soap11", "ecdsa-p256", "saml-bearer-soap12", "saml-response"].map(good);
                let bases = r#"<r xml:base="http://g"><b xml:id="part" xml:base=".."/>{}</r>"#;
                let wrong = detached(bases, CanonicalizationAlgorithm::Inclusive11);
                for _ in 0..40 {
                    for case in &mut cases {
                        with_second_opinion(case).unwrap();
                    }
                    let error =
                        judged(&wrong, &alice().verifying_key(), SecondOpinion::Required).unwrap_err();
                    assert_eq!(error.code(), "dsig.second_opinion");
                }
            });
        }
    });
}

#[test]
fn commands_ask_for_it_and_not_about_keys_that_nobody_trusts() {
    let run = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        command.current_dir(fixtures("cases/good").join(name)).args([
            "dsig",
            "verify",
            "--policy",
            "archive-verify",
        ]);
        let output = command
            .args(arguments)
            .args(["--second-opinion", "message.xml"])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let trust = ["--trust", "../../../keys/ca.pem", "--at", "2026-11-24T00:00:30Z"];
    assert_eq!(run("dsig-enveloped", &trust).0, Some(0));
    let (code, told) = run("dsig-manifest", &trust);
    assert_eq!(code, Some(1));
    assert!(told.contains("dsig.second_opinion"), "{told}");
    assert_eq!(run("dsig-embedded-key", &["--embedded-key"]).0, Some(2));
    assert_eq!(
        run("dsig-hmac", &["--hmac-key", "../../../keys/shared.key"]).0,
        Some(2)
    );
}

/// What comes of `case` when it has to be confirmed.
fn with_second_opinion(case: &mut Case) -> Result<String, Rejection> {
    case.gate.policy.second_opinion = SecondOpinion::Required;
    case.admitted(case.received.bytes.clone())
}

fn judged(document: &str, key: &VerifyingKey, asked: SecondOpinion) -> Result<(), Rejection> {
    let mut policy = Profile::ArchiveVerify.policy();
    policy.second_opinion = asked;
    let rules = DocumentRules {
        policy: &policy,
        keys: DocumentKeys::Given(key),
        id_attributes: &[],
    };
    judge_document(document.to_owned().into(), &rules).verdict
}

/// `document` with a signature by alice where it has `{}`, over the element whose ID is `part`, in the canonical form `form`.
fn detached(document: &str, form: CanonicalizationAlgorithm) -> String {
    let unsigned = Document::parse(document.replace("{}", "").into(), &Limits::archive()).unwrap();
    let mut octets = Vec::new();
    let part = unsigned.element_by_id("part").unwrap();
    c14n::element(part, &Canonicalization::from(form), None, &mut octets).unwrap();
    let digest = crypto::digest(DigestAlgorithm::Sha256, &octets).unwrap();
    let method = SignatureAlgorithm::RsaSha256;
    let info = format!(
        "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\
         <CanonicalizationMethod Algorithm=\"{}\"></CanonicalizationMethod>\
         <SignatureMethod Algorithm=\"{}\"></SignatureMethod>\
         <Reference URI=\"#part\"><Transforms><Transform Algorithm=\"{}\"></Transform></Transforms>\
         <DigestMethod Algorithm=\"{}\"></DigestMethod><DigestValue>{}</DigestValue></Reference></SignedInfo>",
        CanonicalizationAlgorithm::Exclusive.uri(),
        method.uri(),
        form.uri(),
        DigestAlgorithm::Sha256.uri(),
        encode_base64(digest.as_bytes()),
    );
    let value = encode_base64(&crypto::sign(method, &alice(), info.as_bytes()).unwrap());
    let signature = format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">{info}<SignatureValue>{value}</SignatureValue></Signature>"
    );
    document.replace("{}", &signature)
}

/// `document` with a signature by `key` where it has `{}`, over the element around it, whose ID is `id`.
fn enveloped(document: &str, id: &str, key: &SigningKey, method: SignatureAlgorithm) -> String {
    let unsigned = Document::parse(document.replace("{}", "").into(), &Limits::archive()).unwrap();
    let request = SignatureRequest {
        method,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: unsigned.element_by_id(id).unwrap(),
            id: Some(id.to_owned()),
            enveloped: true,
        }],
        key_info: String::new(),
        id: None,
    };
    document.replace("{}", &dsig::sign(&request, key).unwrap())
}

/// `message` with what its identity provider signed signed again, from the inside out.
fn issued_again(message: &str) -> String {
    const AFTER: &str = "</saml2:Issuer><ds:Signature";
    const END: &str = "</ds:Signature>";
    let mut message = message.to_owned();
    while let Some(start) = message.rfind(AFTER) {
        let start = start + "</saml2:Issuer>".len();
        let end = start + message[start..].find(END).unwrap() + END.len();
        let around = &message[..start];
        let id = around[around.rfind(" ID=\"").unwrap() + 5..]
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        // Here and nowhere else, so that no signature is found twice.
        message.replace_range(start..end, "\n{}");
        let rsa = SignatureAlgorithm::RsaSha256;
        message = enveloped(&message, &id, &key_of("idp"), rsa);
    }
    message
}

fn good(name: &str) -> Case {
    support::cases(&format!("cases/good/{name}")).pop().unwrap()
}

fn alice() -> SigningKey {
    key_of("alice")
}

fn key_of(name: &str) -> SigningKey {
    let pem = fs::read(fixtures("keys").join(format!("{name}.key.pem"))).unwrap();
    PrivateKey::from_pem(&pem, None).unwrap().into()
}

fn fixtures(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}
