use super::*;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::algorithm::MaskGeneration;
use crate::crypto::Oaep;
use crate::xmlenc;

#[test]
fn a_message_may_be_judged_as_of_its_own_time() {
    let mut judge = idp();
    judge.as_of = AsOf::Time(datetime::parse("2026-11-27T00:00:00Z").unwrap());
    let text = signed(&assertion(), "_a");
    assert_eq!(judge.code(text.clone()), "saml.expired");
    judge.as_of = AsOf::Message;
    assert_eq!(judge.code(text), "passed");
}

#[test]
fn a_short_key_counts_for_what_was_issued_in_its_time() {
    let text = signed(&assertion(), "_a");
    let mut judge = idp();
    judge.policy.algorithms.rsa_min_bits = 3_072;
    let until = |time: &str| vec![format!("certificate-rsa-1024={time}").parse().unwrap()];
    let told = |judge: &Judge| {
        let judgement = judge.judge(text.clone());
        let code = judgement.verdict.map_or_else(|error| error.code(), |_| "passed");
        (code, judgement.findings.warnings)
    };
    judge.as_of = AsOf::Message;
    assert_eq!(told(&judge), ("dsig.weak_key", vec!["time_not_signed"]));
    judge.policy.legacy = until("2026-11-26T12:00:00Z");
    let too_late = vec!["legacy_too_late", "time_not_signed"];
    assert_eq!(told(&judge), ("dsig.weak_key", too_late));
    judge.policy.legacy = until("2026-11-26T12:00:01Z");
    assert_eq!(told(&judge), ("passed", vec![]));
    // Of any other time nobody knows when it was issued.
    judge.as_of = AsOf::Time(datetime::parse("2026-11-26T12:00:00Z").unwrap());
    assert_eq!(told(&judge), ("dsig.weak_key", vec![]));
}

/// Of what is refused nobody may have signed the time.
#[test]
fn a_time_is_told_as_the_message_says_it_until_a_signature_over_it_holds() {
    let mut judge = idp();
    judge.as_of = AsOf::Message;
    let told = |text: String| {
        let judgement = judge.judge(text);
        assert!(judgement.findings.judged_at.is_some());
        (judgement.verdict.unwrap_err().code(), judgement.findings.warnings)
    };
    let unsigned = vec!["time_not_signed"];
    let changed = |text: String| text.replace(">ann<", ">eve<");
    assert_eq!(
        told(changed(signed(&assertion(), "_a"))),
        ("dsig.digest_mismatch", unsigned.clone())
    );
    let for_another = || assertion().replace("<Audience>https://sp", "<Audience>https://other");
    assert_eq!(told(signed(&for_another(), "_a")), ("saml.audience", vec![]));
    let sent = || signed(&response(&for_another()), "_m");
    assert_eq!(told(sent()), ("saml.audience", vec![]));
    assert_eq!(told(changed(sent())), ("dsig.digest_mismatch", unsigned));
}

/// A Response, issued at `time`, that is signed over `assertion`, which is encrypted for `key`.
fn response_over_ciphertext(time: &str, assertion: &str, key: &PrivateKey) -> String {
    let text = response(&format!("<EncryptedAssertion>{assertion}</EncryptedAssertion>"));
    let text = text.replacen("2026-11-26T12:00:00Z", time, 1);
    let document = Document::parse(text.into(), &Limits::default()).unwrap();
    let recipient = xmlenc::Recipient::Transport {
        key: key.public(),
        oaep: Oaep {
            digest: DigestAlgorithm::Sha256,
            mask: MaskGeneration::Mgf1Sha256,
            label: Vec::new(),
        },
    };
    let session = xmlenc::SessionKey::new(DataEncryptionAlgorithm::Aes256Gcm).unwrap();
    let target = (document.element_by_id("_a").unwrap(), xmlenc::Portion::Element);
    let text = xmlenc::encrypt(&document, &[target], &session, &recipient, "").unwrap();
    signed(&text, "_m")
}

#[test]
fn what_is_signed_over_ciphertext_is_judged_as_of_what_was_in_it() {
    let key = PrivateKey::from_pem(&keys("gateway.key.pem"), None).unwrap();
    let mut judge = idp();
    judge.as_of = AsOf::Message;
    judge.policy.algorithms.rsa_min_bits = 3_072;
    let second = "2026-11-26T12:00:00Z";
    let text = |time| response_over_ciphertext(time, &assertion(), &key);
    for (until, time, code) in [
        ("2026-11-26T12:00:01Z", second, "passed"),
        ("2026-11-26T12:00:01Z", "2026-11-26T11:59:59Z", "passed"),
        (second, "2026-11-26T11:59:59Z", "dsig.weak_key"),
        (second, second, "dsig.weak_key"),
    ] {
        judge.policy.legacy = vec![format!("certificate-rsa-1024={until}").parse().unwrap()];
        let mut keyring = Keyring::new();
        keyring.add_private(key.clone(), &[]);
        assert_eq!(judge.code_with(&keyring, text(time)), code, "{until} {time}");
    }
}
