//! Certificates that can be read in one way only (T43, T146).

use openssl::asn1::Asn1Type;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::X509;
use openssl::x509::X509NameBuilder;
use sealgate::crypto::Certificate;
use sealgate::crypto::CertificateError;
use sealgate::crypto::GeneralName;

use crate::authority::dns;
use crate::authority::email;
use crate::authority::ip;
use crate::authority::oid;
use crate::authority::plan;
use crate::authority::root;
use crate::authority::sequence;
use crate::authority::uri;

fn refusal(der: &[u8]) -> &'static str {
    Certificate::from_der(der).map_or_else(|error| error.code(), |_| "read")
}

#[test]
fn what_a_certificate_says() {
    let ca = root("CA");
    let party = plan("orders")
        .serial(300)
        .key_usage(0xc0)
        .purposes(&["1.3.6.1.5.5.7.3.36"])
        .names(&[
            dns("a.example"),
            email("a@example"),
            uri("urn:a"),
            ip(&[192, 0, 2, 7]),
        ])
        .key_identifier(b"me")
        .authority_key_identifier(b"ca")
        .issued_by(&ca);
    let certificate = &party.certificate;
    assert_eq!(
        (certificate.subject(), certificate.issuer()),
        ("CN=orders,O=Test", "CN=CA,O=Test")
    );
    assert_eq!(
        (certificate.serial(), certificate.serial_bytes()),
        ("300", &[1, 44][..])
    );
    assert!(!certificate.is_ca() && ca.certificate.is_ca());
    assert_eq!(
        certificate.key_usage().unwrap().to_string(),
        "digitalSignature, nonRepudiation"
    );
    assert_eq!(certificate.extended_key_usage().unwrap(), ["1.3.6.1.5.5.7.3.36"]);
    let names: Vec<String> = certificate
        .subject_alternative_names()
        .iter()
        .map(GeneralName::to_string)
        .collect();
    assert_eq!(
        names,
        ["dns:a.example", "email:a@example", "uri:urn:a", "ip:192.0.2.7"]
    );
    assert_eq!(certificate.subject_key_identifier(), Some(&b"me"[..]));
    assert_eq!(certificate.authority_key_identifier(), Some(&b"ca"[..]));
    assert_eq!(certificate.not_before().to_rfc3339(), "2026-01-01T00:00:00+00:00");
    assert_eq!(certificate.not_after().to_rfc3339(), "2026-12-31T23:59:59+00:00");
    assert_eq!(certificate.signature_algorithm().name(), "ecdsa-with-SHA256");
    assert_eq!(
        certificate.sha1_thumbprint(),
        &openssl::sha::sha1(certificate.der())
    );
    assert!(certificate.is_signed_by(ca.certificate.public_key()));
    assert!(!certificate.is_signed_by(certificate.public_key()));
    assert!(!certificate.names_revocation_source());
}

#[test]
fn bytes_after_it_and_cut_off_bytes_are_refused() {
    let der = plan("orders").key_usage(0x80).names(&[dns("a.example")]).der();
    assert_eq!(refusal(&der), "read");
    assert_eq!(refusal(&[&der[..], &[0]].concat()), "token.certificate_malformed");
    for end in 0..der.len() {
        assert_ne!(refusal(&der[..end]), "read", "cut at {end}");
    }
}

#[test]
fn no_changed_byte_breaks_the_reader() {
    let plan = plan("orders").ca(Some(3)).key_usage(0x80).crl_at("http://x/");
    let party = plan.names(&[dns("a")]).self_signed();
    let der = party.certificate.der();
    for place in 0..der.len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = der.to_vec();
            changed[place] ^= flip;
            if let Ok(read) = Certificate::from_der(&changed) {
                let holds = read.is_signed_by(party.certificate.public_key());
                assert!(!holds, "changed at {place}");
            }
        }
    }
}

/// What the crypto library refuses is refused without asking it, and it finds the same signatures good.
#[test]
fn the_crypto_library_reads_whatever_we_read() {
    let with_every_type_of_text = {
        let mut name = X509NameBuilder::new().unwrap();
        let texts = [
            (Asn1Type::UTF8STRING, "Müller"),
            (Asn1Type::PRINTABLESTRING, "Acme"),
            (Asn1Type::IA5STRING, "a@b"),
            (Asn1Type::T61STRING, "t"),
            (Asn1Type::BMPSTRING, "\0b\0m"),
            (Asn1Type::UNIVERSALSTRING, "\0\0\0u"),
            (Asn1Type::NUMERICSTRING, "12"),
        ];
        for (kind, text) in texts {
            name.append_entry_by_nid_with_type(Nid::COMMONNAME, text, kind)
                .unwrap();
        }
        plan("orders")
            .subject(name.build())
            .ca(Some(3))
            .crl_at("http://x/")
            .rsa(1024)
    };
    let unlike = [
        with_every_type_of_text.self_signed(),
        plan("orders").names(&[dns("a")]).self_signed(),
    ];
    for party in unlike {
        let der = party.certificate.der();
        let values = |was: u8| {
            (0..8)
                .map(move |bit| was ^ 1 << bit)
                .chain([0x02, 0x05, 0x0c, 0x1a, 0x1c, 0x1e])
        };
        for (place, value) in
            (0..der.len()).flat_map(|place| values(der[place]).map(move |value| (place, value)))
        {
            let mut changed = der.to_vec();
            changed[place] = value;
            let Ok(ours) = Certificate::from_der(&changed) else {
                continue;
            };
            let theirs =
                X509::from_der(&changed).unwrap_or_else(|error| panic!("{place} {value:#x}: {error}"));
            assert!(theirs.public_key().is_ok(), "{place} {value:#x}");
            assert_eq!(
                ours.is_signed_by(party.certificate.public_key()),
                theirs.verify(&party.key).unwrap_or(false),
                "{place} {value:#x}"
            );
        }
    }
}

/// Values that a name may not hold, and algorithms with odd parameters, which the crypto library refuses too.
#[test]
fn values_have_the_types_and_encodings_that_they_may_have() {
    let with = |from: &[u8], to: &[u8]| {
        let der = plan("orders").version(2).der();
        let place = der
            .windows(from.len())
            .rposition(|window| window == from)
            .unwrap();
        let mut changed = der;
        changed[place..place + to.len()].copy_from_slice(to);
        (refusal(&changed), X509::from_der(&changed).is_ok())
    };
    // The tag and the beginning of CN=orders.
    let name = b"\x0c\x06or";
    assert_eq!(with(name, b"\x13\x06or"), ("read", true));
    for wrong in [
        b"\x0c\x06\xffr",
        b"\x1a\x06or",
        b"\x04\x06or",
        b"\x03\x06or",
        b"\x02\x06or",
        b"\x1e\x06\xd8\x00",
    ] {
        assert_eq!(
            with(name, wrong),
            ("token.certificate_malformed", false),
            "{wrong:02x?}"
        );
    }
}

/// The values in a SEQUENCE that is shorter than 64 KiB.
fn values(der: &[u8]) -> Vec<&[u8]> {
    let header = |der: &[u8]| match der[1] {
        length @ 0..=0x7f => (2, usize::from(length)),
        0x81 => (3, usize::from(der[2])),
        _ => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
    };
    let mut rest = &der[header(der).0..];
    let mut values = Vec::new();
    while !rest.is_empty() {
        let (first, length) = header(rest);
        let (value, after) = rest.split_at(first + length);
        values.push(value);
        rest = after;
    }
    values
}

/// What no certificate has but the crypto library looks at: parameters of another type, unique identifiers that are no bits.
#[test]
fn odd_parameters_and_identifiers_are_refused() {
    let der = plan("orders").version(2).der();
    let parts = values(&der);
    let fields = values(parts[0]);
    let judged = |algorithm: &[u8], identifier: &[u8]| {
        let mut fields = fields.clone();
        fields[2] = algorithm;
        if !identifier.is_empty() {
            fields.push(identifier);
        }
        let der = sequence(&[&sequence(&fields), algorithm, parts[2]]);
        (refusal(&der), X509::from_der(&der).is_ok())
    };
    let ecdsa = oid("1.2.840.10045.4.3.2");
    let with = |parameters: &[u8]| sequence(&[&ecdsa, parameters]);
    assert_eq!(judged(&with(b"\x05\x00"), b"\x81\x02\x07\x80"), ("read", true));
    let refused = ("token.certificate_malformed", false);
    assert_eq!(judged(&with(b"\x05\x01\x00"), b""), refused);
    assert_eq!(judged(&with(b"\x01\x00"), b""), refused);
    assert_eq!(judged(&with(b""), b"\x81\x00"), refused);
    assert_eq!(judged(&with(b""), b"\x82\x02\x08\x00"), refused);
}

#[test]
fn both_signature_algorithms_are_the_same() {
    let mut der = plan("orders").der();
    let place = der
        .windows(8)
        .rposition(|window| window == [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])
        .unwrap();
    der[place + 7] = 3;
    assert_eq!(refusal(&der), "token.certificate_algorithms_differ");
}

#[test]
fn versions_have_the_fields_they_have() {
    assert_eq!(refusal(&plan("orders").version(0).der()), "read");
    assert_eq!(refusal(&plan("orders").version(1).der()), "read");
    assert_eq!(refusal(&plan("orders").version(2).der()), "read");
    assert_eq!(
        refusal(&plan("orders").version(3).der()),
        "token.certificate_version"
    );
    for version in [0, 1] {
        assert_eq!(
            refusal(&plan("orders").version(version).ca(None).der()),
            "token.certificate_version"
        );
    }
}

#[test]
fn no_extension_stands_there_twice() {
    let twice = plan("orders")
        .extension("1.2.3.4", false, &[5, 0])
        .extension("1.2.3.4", false, &[5, 0]);
    assert_eq!(refusal(&twice.der()), "token.certificate_duplicate_extension");
    let twice = plan("orders").ca(None).ca(None);
    assert_eq!(refusal(&twice.der()), "token.certificate_duplicate_extension");
}

#[test]
fn extensions_that_are_processed_have_their_form() {
    for (oid, value) in [
        ("2.5.29.19", &[0x30, 0x03, 0x01, 0x01, 0x01][..]),
        ("2.5.29.19", &[0x30, 0x00, 0x00]),
        ("2.5.29.15", &[0x03, 0x02, 0x07, 0x81]),
        ("2.5.29.15", &[0x04, 0x01, 0x80]),
        ("2.5.29.37", &[0x30, 0x00]),
        ("2.5.29.17", &[0x30, 0x00]),
        ("2.5.29.17", &[0x30, 0x02, 0x0c, 0x00]),
        ("2.5.29.30", &[0x30, 0x00]),
        ("2.5.29.14", &[0x30, 0x00]),
        ("2.5.29.31", &[0x04, 0x00]),
        ("1.3.6.1.5.5.7.1.1", &[0x30, 0x02, 0x30, 0x00]),
    ] {
        let der = plan("orders").extension(oid, false, value).der();
        assert_eq!(refusal(&der), "token.certificate_malformed", "{oid} {value:02x?}");
    }
}

#[test]
fn keys_that_nothing_here_uses_are_refused() {
    let explicit = {
        use openssl::ec::Asn1Flag;
        use openssl::ec::EcGroup;
        use openssl::ec::EcKey;
        let mut group = EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
        group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
        PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
    };
    assert_eq!(
        refusal(&plan("orders").key(explicit).der()),
        "token.key_explicit_curve"
    );
    let brainpool = PKey::ec_gen("secp256k1").unwrap();
    assert_eq!(refusal(&plan("orders").key(brainpool).der()), "token.key_curve");
}

#[test]
fn serial_numbers_have_an_end() {
    assert_eq!(refusal(&plan("orders").long_serial(&[0x7f; 20]).der()), "read");
    assert_eq!(refusal(&plan("orders").long_serial(&[0xff; 20]).der()), "read");
    assert_eq!(
        refusal(&plan("orders").long_serial(&[0xff; 21]).der()),
        "token.certificate_serial"
    );
    assert_eq!(
        refusal(&plan("orders").long_serial(&[0x7f; 22]).der()),
        "token.certificate_serial"
    );
}

#[test]
fn a_certificate_is_not_endless() {
    let long = vec![0; Certificate::MAX_BYTES + 1];
    assert_eq!(refusal(&long), "limit.certificate");
}

#[test]
fn a_pki_path_has_one_to_six_certificates() {
    let ca = root("CA");
    let leaf = plan("orders").issued_by(&ca);
    let (ca, leaf) = (ca.certificate, leaf.certificate);
    let path = Certificate::from_pki_path(&sequence(&[ca.der(), leaf.der()])).unwrap();
    assert_eq!(
        path,
        [ca.clone(), leaf.clone()],
        "the signer's certificate is the last"
    );
    let six: Vec<&[u8]> = vec![leaf.der(); 6];
    assert_eq!(Certificate::from_pki_path(&sequence(&six)).unwrap().len(), 6);
    let seven: Vec<&[u8]> = vec![leaf.der(); 7];
    let code = |der: &[u8]| Certificate::from_pki_path(der).unwrap_err().code();
    assert_eq!(code(&sequence(&seven)), "limit.certificate_path");
    assert_eq!(code(&sequence(&[])), "limit.certificate_path");
    assert_eq!(
        code(&[&sequence(&[leaf.der()])[..], &[0]].concat()),
        "token.certificate_malformed"
    );
    assert_eq!(code(leaf.der()), "token.certificate_malformed");
}

#[test]
fn pem_bundles() {
    let (one, two) = (plan("one").self_signed(), plan("two").self_signed());
    let pem = |party: &crate::Party| {
        let x509 = openssl::x509::X509::from_der(party.certificate.der()).unwrap();
        String::from_utf8(x509.to_pem().unwrap()).unwrap()
    };
    let text = format!(
        "# ours\n{}\nsubject=two\r\n{}",
        pem(&one),
        pem(&two).replace('\n', "\r\n")
    );
    assert_eq!(
        Certificate::from_pem_bundle(text.as_bytes()).unwrap(),
        [one.certificate.clone(), two.certificate]
    );
    assert_eq!(Certificate::from_pem_bundle(b"nothing").unwrap(), []);
    let cut = pem(&one).replace("-----END", "----END");
    assert!(matches!(
        Certificate::from_pem_bundle(cut.as_bytes()),
        Err(CertificateError::Pem(_))
    ));
}
