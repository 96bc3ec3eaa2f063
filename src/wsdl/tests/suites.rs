use super::*;

#[test]
fn every_suite_of_the_table_leaves_what_both_permit() {
    use DataCipher::{AesCbc, AesGcm, TripleDesCbc};
    use KeyTransport::{Rsa15, RsaOaepMgf1p};
    let (sha1, sha256) = (Digest::Sha1, Digest::Sha256);
    let of_sha256 = [Signature::RsaSha1, Signature::RsaSha256];
    for (cipher, data) in [
        ("Basic256", AesCbc),
        ("Basic192", AesCbc),
        ("Basic128", AesCbc),
        ("TripleDes", TripleDesCbc),
    ] {
        for (rest, signatures, digest, transport) in [
            ("", Set::from([Signature::RsaSha1]), sha1, RsaOaepMgf1p),
            ("Rsa15", Set::from([Signature::RsaSha1]), sha1, Rsa15),
            ("Sha256", Set::from(of_sha256), sha256, RsaOaepMgf1p),
            ("Sha256Rsa15", Set::from(of_sha256), sha256, Rsa15),
        ] {
            let fragment = suite(&format!("<sp:{cipher}{rest}/>"));
            let old = imported(&fragment, Profile::Legacy2004).policy;
            assert_eq!(old.algorithms.signatures, signatures, "{fragment}");
            assert_eq!(old.algorithms.digests, Set::from([digest]), "{fragment}");
            assert_eq!(old.encryption.data, [data], "{fragment}");
            assert_eq!(old.encryption.key_transport, [transport], "{fragment}");
            assert_eq!(
                old.algorithms.canonicalizations,
                Set::from([Canonicalization::Exclusive])
            );
            // Nothing of it brings SHA-1, RSA 1.5 or CBC into a profile that forbids them.
            let strict = imported(&fragment, Profile::Strict);
            assert_eq!(
                strict.policy.algorithms.signatures,
                Set::from([Signature::RsaSha256]),
                "{fragment}"
            );
            assert_eq!(
                strict.policy.algorithms.digests,
                Set::from([sha256]),
                "{fragment}"
            );
            assert_eq!(
                strict.policy.encryption,
                Profile::Strict.policy().encryption,
                "{fragment}"
            );
            assert!(
                outcomes(&strict, &format!("{cipher}{rest}")).contains(&Outcome::NotPermitted),
                "{fragment}"
            );
        }
    }
    let gcm = imported(&suite("<cxf:Basic256GCM/>"), Profile::Bsp11).policy;
    assert_eq!(
        (gcm.encryption.data, gcm.algorithms.digests),
        (vec![AesGcm], Set::from([sha256]))
    );
    for unknown in [
        "sp:Basic512",
        "sp:Basic256GCM",
        "sp:Basic256Sha512",
        "cxf:Basic256",
        "sp:SoapNormalization10",
    ] {
        let one = imported(&suite(&format!("<{unknown}/>")), Profile::Bsp11);
        assert_eq!(outcomes(&one, unknown), [Outcome::NotUnderstood], "{unknown}");
    }
}

#[test]
fn the_options_of_a_suite_are_canonicalizations_and_transforms() {
    let inclusive = suite("<sp:Basic256/><sp:InclusiveC14N/>");
    let old = imported(&inclusive, Profile::Legacy2004).policy.algorithms;
    assert_eq!(old.canonicalizations, Set::from([Canonicalization::Inclusive10]));
    let exclusive = crate::algorithm::TransformAlgorithm::Canonicalization(Canonicalization::Exclusive);
    assert!(!old.transforms.contains(exclusive));
    let new = imported(&inclusive, Profile::Strict);
    assert_eq!(outcomes(&new, "InclusiveC14N"), [Outcome::NotPermitted]);
    for (option, base, outcome) in [
        ("STRTransform10", Profile::Bsp11, Outcome::Noted),
        ("STRTransform10", Profile::Strict, Outcome::NotPermitted),
        ("InclusiveC14N11", Profile::Bsp11, Outcome::NotPermitted),
        ("XPath10", Profile::Bsp11, Outcome::Noted),
    ] {
        let one = imported(&suite(&format!("<sp:Basic256Sha256/><sp:{option}/>")), base);
        assert_eq!(outcomes(&one, option), [outcome], "{option}");
    }
}

#[test]
fn suites_of_cxf_are_aes_in_gcm_with_sha256() {
    use KeyTransport::{RsaOaepMgf1p, RsaOaepSha256, RsaOaepSha256Mgf1Sha1};
    let sizes = ["Basic128", "Basic192", "Basic256"];
    let of_all_sizes = |rest: &str| sizes.map(|size| format!("cxf:{size}{rest}"));
    for (names, transports) in [
        (of_all_sizes("GCM").to_vec(), vec![RsaOaepMgf1p]),
        (
            of_all_sizes("GCMSha256").to_vec(),
            vec![RsaOaepSha256Mgf1Sha1, RsaOaepMgf1p],
        ),
        (of_all_sizes("GCMSha256MgfSha256").to_vec(), vec![RsaOaepSha256]),
        (
            vec!["cxf:CustomAlgorithmSuite".to_owned()],
            vec![RsaOaepSha256, RsaOaepSha256Mgf1Sha1, RsaOaepMgf1p],
        ),
    ] {
        for name in names {
            let one = imported(&suite(&format!("<{name}/>")), Profile::Bsp11);
            assert_eq!(outcomes(&one, &name), [Outcome::Taken], "{name}");
            assert_eq!(one.policy.encryption.data, [DataCipher::AesGcm], "{name}");
            assert_eq!(one.policy.encryption.key_transport, transports, "{name}");
            let algorithms = one.policy.algorithms;
            assert_eq!(algorithms.digests, Set::from([Digest::Sha256]), "{name}");
            assert_eq!(algorithms.signatures, Set::from([Signature::RsaSha256]), "{name}");
        }
    }
    for unknown in [
        "cxf:Basic256Sha256",
        "cxf:Basic256GCMSha512",
        "cxf:CustomAlgorithmSuites",
        "sp:CustomAlgorithmSuite",
    ] {
        let one = imported(&suite(&format!("<{unknown}/>")), Profile::Bsp11);
        assert_eq!(outcomes(&one, unknown), [Outcome::NotUnderstood], "{unknown}");
    }
}

#[test]
fn a_suite_in_cbc_is_for_what_is_encrypted_before_it_is_signed() {
    let not_permitted = |suite: &str, order: &str, further: &str, base| {
        let policy = format!(
            "{}{further}",
            asymmetric(&format!(
                "<sp:AlgorithmSuite><wsp:Policy><{suite}/></wsp:Policy></sp:AlgorithmSuite>{order}"
            ))
        );
        let one = imported(&policy, base);
        let entries = one
            .entries
            .into_iter()
            .filter(|entry| entry.outcome == Outcome::NotPermitted && entry.detail.starts_with("CBC"));
        entries.map(|entry| entry.detail).collect::<Vec<_>>()
    };
    let (body, first) = (
        "<sp:EncryptedParts><sp:Body/></sp:EncryptedParts>",
        "<sp:EncryptBeforeSigning/>",
    );
    let cbc = "sp:Basic256Sha256";
    let told = |order: &str, further: &str, what: &str| {
        let details = not_permitted(cbc, order, further, Profile::Bsp11);
        assert!(details.len() == 1 && details[0].contains(what), "{details:?}");
    };
    told("", body, "EncryptBeforeSigning");
    told("<sp:EncryptSignature/>", "", "EncryptBeforeSigning");
    told(first, body, "EncryptedKey that is not signed");
    told(
        &format!("{first}<sp:EncryptSignature/>"),
        body,
        "its own ciphertext",
    );
    let old = not_permitted("sp:TripleDesSha256", "", body, Profile::Legacy2004);
    assert_eq!(old.len(), 1, "{old:?}");
    // Nothing is encrypted, not in CBC, or CBC is forbidden anyway.
    for (suite, further, base) in [
        (cbc, "", Profile::Bsp11),
        ("cxf:Basic256GCM", body, Profile::Bsp11),
        (cbc, body, Profile::Strict),
    ] {
        let none = not_permitted(suite, "", further, base);
        assert!(none.is_empty(), "{suite} {none:?}");
    }
}
