//! What a reference to a key may mean (T63, T65).

use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::Certificate;
use sealgate::trust::KeyHint;
use sealgate::trust::TrustSources;
use sealgate::trust::TrustStore;

use crate::authority::Party;
use crate::authority::plan;
use crate::authority::root;
use crate::trusting;

struct Known {
    ca: Party,
    pin: Party,
    helper: Party,
    store: TrustStore,
}

fn known() -> Known {
    let ca = plan("CA")
        .ca(None)
        .serial(1)
        .key_identifier(b"the CA")
        .self_signed();
    let pin = plan("pin").serial(2).key_identifier(b"the pin").issued_by(&ca);
    let helper = plan("helper").serial(3).issued_by(&ca);
    let mut sources = TrustSources::new();
    sources.untrusted(helper.certificate.clone());
    sources.trust(ca.certificate.clone(), None);
    sources.trust(pin.certificate.clone(), None);
    Known {
        ca,
        pin,
        helper,
        store: sources.build(),
    }
}

#[test]
fn every_form_of_reference_finds_pins_anchors_and_helpers() {
    let known = known();
    for party in [&known.ca, &known.pin, &known.helper] {
        let certificate = &party.certificate;
        let computed = certificate.computed_key_identifier().unwrap();
        let sha512 = openssl::sha::sha512(certificate.der());
        let (subject, issuer, serial) = (certificate.subject(), certificate.issuer(), certificate.serial());
        let name = subject.strip_prefix("CN=").unwrap().split(',').next().unwrap();
        for hint in [
            KeyHint::Certificate(certificate),
            KeyHint::SubjectKeyIdentifier(certificate.subject_key_identifier().unwrap_or(&computed)),
            KeyHint::Sha1Thumbprint(certificate.sha1_thumbprint()),
            KeyHint::Digest(DigestAlgorithm::Sha512, &sha512),
            KeyHint::IssuerSerial { issuer, serial },
            KeyHint::SubjectName(subject),
            KeyHint::KeyName(name),
            KeyHint::KeyName(subject),
        ] {
            assert_eq!(known.store.candidates(&hint), [certificate.clone()], "{hint:?}");
        }
    }
}

#[test]
fn issuer_and_serial_number_in_other_writing() {
    let known = known();
    for (issuer, serial) in [
        ("O=Test, CN=CA", "2"),
        ("cn=ca,o=test", " 2\n"),
        ("CN=\"CA\", O=Test", "+002"),
        ("/O=Test/CN=CA", "02"),
    ] {
        let hint = KeyHint::IssuerSerial { issuer, serial };
        assert_eq!(
            known.store.candidates(&hint),
            [known.pin.certificate.clone()],
            "{hint:?}"
        );
    }
    for (issuer, serial) in [
        ("CN=CA,O=Test", "4"),
        ("CN=CA", "2"),
        ("CN=CA,O=Test", ""),
        ("CN=CA,O=Test", "-2"),
        ("?", "2"),
    ] {
        assert!(
            known
                .store
                .candidates(&KeyHint::IssuerSerial { issuer, serial })
                .is_empty()
        );
    }
    let negative = plan("negative").serial(-77).self_signed();
    let hint = KeyHint::IssuerSerial {
        issuer: "CN=negative,O=Test",
        serial: "-77",
    };
    assert_eq!(trusting(&[&negative]).candidates(&hint), [negative.certificate]);
}

#[test]
fn an_unknown_reference_means_nothing() {
    let known = known();
    for hint in [
        KeyHint::SubjectKeyIdentifier(b""),
        KeyHint::SubjectKeyIdentifier(b"the pi"),
        KeyHint::Sha1Thumbprint(&[0; 20]),
        KeyHint::Sha1Thumbprint(b""),
        KeyHint::Digest(DigestAlgorithm::Sha256, b""),
        KeyHint::SubjectName(""),
        KeyHint::SubjectName("CN=nobody"),
        KeyHint::KeyName(""),
        KeyHint::KeyName("PIN"),
    ] {
        assert!(known.store.candidates(&hint).is_empty(), "{hint:?}");
    }
}

#[test]
fn a_certificate_in_the_message_stands_for_itself_alone() {
    let known = known();
    // The same names, serial number and key identifier as the pin.
    let clone = plan("pin")
        .serial(2)
        .key_identifier(b"the pin")
        .issued_by(&known.ca);
    assert_eq!(
        known.store.candidates(&KeyHint::Certificate(&clone.certificate)),
        [clone.certificate.clone()]
    );
    let by_identifier = known.store.candidates(&KeyHint::SubjectKeyIdentifier(b"the pin"));
    assert_eq!(by_identifier, [known.pin.certificate.clone()]);
}

#[test]
fn candidates_are_few_and_trust_comes_first() {
    let parties: Vec<Party> = (0..40)
        .map(|serial| plan("same").serial(serial + 1).self_signed())
        .collect();
    let ca = root("same");
    let mut sources = TrustSources::new();
    parties
        .iter()
        .for_each(|party| sources.untrusted(party.certificate.clone()));
    sources.trust(ca.certificate.clone(), None);
    sources.trust(parties[39].certificate.clone(), None);
    let candidates = sources.build().candidates(&KeyHint::KeyName("same"));
    assert_eq!(candidates.len(), TrustStore::MAX_CANDIDATES);
    let expected: [&Certificate; 2] = [&parties[39].certificate, &ca.certificate];
    assert_eq!(candidates.iter().take(2).collect::<Vec<_>>(), expected);
}
