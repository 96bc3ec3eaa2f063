//! What the operator's files may be.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use openssl::stack::Stack;
use openssl::x509::X509;
use sealgate::trust::Constraint;
use sealgate::trust::ConstraintError;
use sealgate::trust::KeyHint;
use sealgate::trust::TrustSources;
use tempfile::TempDir;

use crate::authority::Party;
use crate::authority::current_crl;
use crate::authority::plan;
use crate::authority::root;
use crate::verdict;

fn pem(party: &Party) -> Vec<u8> {
    X509::from_der(party.certificate.der()).unwrap().to_pem().unwrap()
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn pkcs12(parties: &[&Party]) -> Vec<u8> {
    let mut stack = Stack::new().unwrap();
    for party in parties {
        stack
            .push(X509::from_der(party.certificate.der()).unwrap())
            .unwrap();
    }
    let mut builder = openssl::pkcs12::Pkcs12::builder();
    builder.ca(stack);
    builder.build2("secret").unwrap().to_der().unwrap()
}

/// The trust in a file: how many anchors and pins.
fn trust(path: &Path, password: Option<&str>) -> Result<(usize, usize), String> {
    let mut sources = TrustSources::new();
    let metadata = sources
        .trust_path(path, password, None)
        .map_err(|error| error.to_string())?;
    assert!(metadata.is_empty());
    let store = sources.build();
    Ok((store.anchors().len(), store.pins().count()))
}

#[test]
fn a_ca_is_an_anchor_and_anything_else_a_pin() {
    let folder = TempDir::new().unwrap();
    let (ca, pin) = (root("CA"), plan("pin").self_signed());
    // basicConstraints without cA, and a certificate of version 1, make no CA.
    let no_ca = plan("no CA")
        .extension("2.5.29.19", true, &[0x30, 0])
        .self_signed();
    let old = plan("old").version(0).self_signed();
    let bundle = [pem(&ca), pem(&pin), pem(&no_ca), pem(&old)].concat();
    assert_eq!(trust(&written(&folder, "bundle.pem", &bundle), None), Ok((1, 3)));
    assert_eq!(
        trust(&written(&folder, "ca.der", ca.certificate.der()), None),
        Ok((1, 0))
    );
    assert_eq!(
        trust(&written(&folder, "pin.der", pin.certificate.der()), None),
        Ok((0, 1))
    );
}

#[test]
fn pkcs12_trust_stores_need_their_password() {
    let folder = TempDir::new().unwrap();
    let path = written(
        &folder,
        "trust.p12",
        &pkcs12(&[&root("CA"), &plan("pin").self_signed()]),
    );
    assert_eq!(trust(&path, Some("secret")), Ok((1, 1)));
    assert!(trust(&path, Some("wrong")).unwrap_err().contains("password"));
    assert!(trust(&path, None).unwrap_err().contains("password"));
}

#[test]
fn folders_are_read_file_by_file() {
    let folder = TempDir::new().unwrap();
    written(&folder, "a.pem", &pem(&root("CA")));
    written(&folder, "b.crt", plan("pin").self_signed().certificate.der());
    written(&folder, "README", b"what these are");
    written(&folder, ".hidden.pem", &pem(&root("hidden")));
    fs::create_dir(folder.path().join("below")).unwrap();
    fs::write(folder.path().join("below/c.pem"), pem(&root("below"))).unwrap();
    assert_eq!(trust(folder.path(), None), Ok((1, 1)));
    written(
        &folder,
        "broken.pem",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    assert!(trust(folder.path(), None).unwrap_err().contains("broken.pem"));
}

#[test]
fn files_with_nothing_to_trust_are_errors() {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("text", b"nothing"),
        ("short.der", &[0x30, 0x03, 0x02, 0x01, 0x01]),
    ] {
        assert!(trust(&written(&folder, name, bytes), None).is_err(), "{name}");
    }
    let key = openssl::pkey::PKey::ec_gen("P-256")
        .unwrap()
        .private_key_to_pem_pkcs8()
        .unwrap();
    assert!(trust(&written(&folder, "key.pem", &key), None).is_err());
    let empty = TempDir::new().unwrap();
    assert!(trust(empty.path(), None).is_err());
    let missing = TrustSources::new()
        .trust_path(&folder.path().join("missing"), None, None)
        .unwrap_err();
    assert!(missing.is_io());
    assert_eq!(missing.code(), "config.trust_unreadable");
}

#[test]
fn bytes_are_read_as_files_are() {
    let (ca, pin) = (root("CA"), plan("pin").self_signed());
    let mut sources = TrustSources::new();
    sources.trust_bytes("a", &pem(&ca), None, None).unwrap();
    sources
        .trust_bytes("b", &pkcs12(&[&pin]), Some("secret"), None)
        .unwrap();
    for nothing in [
        &b""[..],
        b"<a/>",
        b"-----BEGIN A-----\n-----END A-----\n",
        &[0x30, 0],
    ] {
        let error = sources
            .trust_bytes("the setting", nothing, None, None)
            .unwrap_err();
        assert!(error.to_string().starts_with("the setting: "), "{error}");
    }
    let store = sources.build();
    assert_eq!((store.anchors().len(), store.pins().count()), (1, 1));
}

#[test]
fn a_certificate_given_twice_keeps_the_trust_it_has() {
    let (ca, pin) = (root("CA"), plan("pin").self_signed());
    let mut sources = TrustSources::new();
    for party in [&ca, &pin, &ca, &pin] {
        sources.untrusted(party.certificate.clone());
        sources.trust(party.certificate.clone(), None);
    }
    let store = sources.build();
    assert!(store.is_pin(&pin.certificate) && store.is_anchor(&ca.certificate));
    assert_eq!(store.candidates(&KeyHint::KeyName("pin")).len(), 1);
    assert_eq!(verdict(&store, &pin, &[]), "passed");
    assert_eq!(verdict(&store, &plan("orders").issued_by(&ca), &[]), "passed");
}

#[test]
fn one_ca_may_be_trusted_for_several() {
    let ca = root("CA");
    let mut sources = TrustSources::new();
    for subject in ["CN=orders,O=Test", "CN=billing,O=Test"] {
        let constraint = Constraint::new(&[subject], &[]).unwrap();
        sources.trust(ca.certificate.clone(), Some(&constraint));
    }
    let store = sources.build();
    for (name, expected) in [
        ("orders", "passed"),
        ("billing", "passed"),
        ("other", "trust.constraint"),
    ] {
        assert_eq!(verdict(&store, &plan(name).issued_by(&ca), &[]), expected);
    }
}

#[test]
fn metadata_is_handed_back() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "idp.xml", b"\xef\xbb\xbf\n<EntityDescriptor/>");
    let mut sources = TrustSources::new();
    let metadata = sources.trust_path(&path, None, None).unwrap();
    assert_eq!((metadata.len(), metadata[0].path.as_path()), (1, path.as_path()));
    assert_eq!(metadata[0].bytes, b"\xef\xbb\xbf\n<EntityDescriptor/>");
    assert!(sources.build().is_empty());
    assert!(TrustSources::new().untrusted_path(&path, None).is_err());
}

#[test]
fn crls_and_helpers_come_from_files_too() {
    let folder = TempDir::new().unwrap();
    let ca = root("CA");
    let middle = plan("middle").ca(None).serial(5).issued_by(&ca);
    let leaf = plan("orders").issued_by(&middle);
    let list = current_crl().revoking(&middle, "2026-05-01T00:00:00Z").der(&ca);
    let list_pem = openssl::x509::X509Crl::from_der(&list).unwrap().to_pem().unwrap();
    for crl in [
        written(&folder, "ca.crl", &list),
        written(&folder, "crl.pem", &list_pem),
    ] {
        let mut sources = TrustSources::new();
        sources
            .trust_path(&written(&folder, "ca.pem", &pem(&ca)), None, None)
            .unwrap();
        sources
            .untrusted_path(&written(&folder, "middle.pem", &pem(&middle)), None)
            .unwrap();
        sources.crl_path(&crl).unwrap();
        let store = sources.build();
        assert_eq!(store.revocation_lists().count(), 1);
        assert_eq!(verdict(&store, &leaf, &[]), "trust.revoked");
    }
    for (name, bytes) in [
        ("none.pem", pem(&ca)),
        ("none.der", ca.certificate.der().to_vec()),
        ("none", b"x".to_vec()),
    ] {
        assert!(
            TrustSources::new()
                .crl_path(&written(&folder, name, &bytes))
                .is_err(),
            "{name}"
        );
    }
}

/// What is passed over revokes nobody.
#[test]
fn what_may_well_be_a_list_is_not_passed_over_in_a_folder() {
    let folder = TempDir::new().unwrap();
    let list = current_crl().der(&root("CA"));
    written(&folder, "ca.crl", &list);
    written(&folder, "README", b"what is here");
    fs::create_dir(folder.path().join(".hidden")).unwrap();
    let lists = || {
        let mut sources = TrustSources::new();
        sources
            .crl_path(folder.path())
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(sources.build().revocation_lists().count())
    };
    assert_eq!(lists(), Ok(1));
    for begin in [
        &b"\x1f\x8b"[..],
        b"\x28\xb5\x2f\xfd",
        b"BZh",
        b"\xfd7zXZ",
        b"PK\x03\x04",
    ] {
        let compressed = written(&folder, "b.crl.gz", begin);
        let said = lists().unwrap_err();
        assert!(said.contains("b.crl.gz: a compressed file is not read"), "{said}");
        fs::remove_file(compressed).unwrap();
    }
    fs::create_dir(folder.path().join("2019")).unwrap();
    let said = lists().unwrap_err();
    assert!(said.contains("2019: a folder in a folder is not read"), "{said}");
}

#[test]
fn a_constraint_asks_for_something() {
    assert_eq!(
        Constraint::new::<&str>(&[], &[]).unwrap_err(),
        ConstraintError::Empty
    );
    for subject in ["", "*", "CN=*", "Partner", "CN=a,"] {
        assert_eq!(
            Constraint::new(&[subject], &[]).unwrap_err(),
            ConstraintError::Pattern(subject.to_owned())
        );
    }
    for name in ["", "dns:", "dns:*", "host.example", "other:x"] {
        assert_eq!(
            Constraint::new(&[], &[name]).unwrap_err(),
            ConstraintError::Pattern(name.to_owned())
        );
    }
    let constraint = Constraint::new(&["CN=a", "CN=b"], &["dns:c"]).unwrap();
    assert_eq!(constraint.to_string(), "CN=a or CN=b, and dns:c");
}

#[test]
fn files_are_read_up_to_their_longest() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("crl.der");
    let file = fs::File::create(&path).unwrap();
    let refused = |length: u64| {
        file.set_len(length).unwrap();
        TrustSources::new().crl_path(&path).unwrap_err().to_string()
    };
    let (longest, more) = (
        refused(TrustSources::MAX_CRL_FILE),
        refused(TrustSources::MAX_CRL_FILE + 1),
    );
    assert!(longest.contains("no CRL"), "{longest}");
    assert!(more.contains("long"), "{more}");
}
