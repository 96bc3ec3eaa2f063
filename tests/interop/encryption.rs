//! `xmlsec1` decrypts what `sealgate encrypt` writes, and `sealgate decrypt` what xmlsec1 encrypts.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{key, sealgate, texts};

const DOCUMENT: &str =
    "<o:order xmlns:o='urn:o'><o:card number='4111'>J. D&#xF6;</o:card><o:sku>A-1</o:sku></o:order>";

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?} does not run ({error}): `make setup` installs it"))
}

fn passed(command: &mut Command) -> String {
    let output = run(command);
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out
}

/// Both in canonical form without the declarations that stand for nothing.
fn same(one: &str, other: &str, folder: &Path) -> bool {
    let canonical = |text: &str| {
        let file = folder.join("compared.xml");
        fs::write(&file, text).unwrap();
        passed(sealgate().args(["c14n", "--algorithm", "exc"]).arg(file))
    };
    canonical(one) == canonical(other)
}

#[test]
fn xmlsec1_decrypts_what_encrypt_writes_to_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, encrypted) = (
        folder.path().join("plain.xml"),
        folder.path().join("encrypted.xml"),
    );
    fs::write(&plain, DOCUMENT).unwrap();
    let parts: [&[&str]; 3] = [
        &[],
        &["--element", "{urn:o}card"],
        &["--element", "{urn:o}card", "--content"],
    ];
    for part in parts {
        for algorithm in ["aes128-gcm", "aes256-gcm", "aes256-cbc", "tripledes-cbc"] {
            // This release of xmlsec1 knows OAEP with SHA-1 only.
            let mut encrypt = sealgate();
            encrypt.args([
                "encrypt",
                "--policy",
                "legacy-2004",
                "--key-transport",
                "rsa-oaep-mgf1p",
            ]);
            encrypt
                .args(["--algorithm", algorithm, "--to"])
                .arg(key("gateway.pem"));
            let written = passed(encrypt.args(part).arg(&plain));
            assert!(!written.contains("J. D"), "{written}");
            fs::write(&encrypted, &written).unwrap();
            let mut decrypt = Command::new("xmlsec1");
            decrypt
                .args(["--decrypt", "--privkey-pem"])
                .arg(key("gateway.key"));
            let decrypted = passed(decrypt.arg(&encrypted));
            assert!(
                same(&decrypted, DOCUMENT, folder.path()),
                "{algorithm} {part:?}: {decrypted}"
            );
        }
    }
}

#[test]
fn xmlsec1_decrypts_what_encrypt_writes_for_a_shared_key() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("plain.xml"), DOCUMENT).unwrap();
    for length in [16, 24, 32] {
        fs::write(at("secret"), vec![0x5a; length]).unwrap();
        let named = format!("shared={}", at("secret").display());
        let written = passed(
            sealgate()
                .args(["encrypt", "--secret-key", &named])
                .arg(at("plain.xml")),
        );
        fs::write(at("encrypted.xml"), &written).unwrap();
        let mut decrypt = Command::new("xmlsec1");
        decrypt.args(["--decrypt", "--aeskey:shared"]).arg(at("secret"));
        let theirs = passed(decrypt.arg(at("encrypted.xml")));
        assert!(same(&theirs, DOCUMENT, folder.path()), "{length}");
        let ours = passed(
            sealgate()
                .args(["decrypt", "--secret-key", &named])
                .arg(at("encrypted.xml")),
        );
        assert!(same(&ours, DOCUMENT, folder.path()), "{length}");
    }
}

#[test]
fn decrypt_reads_what_xmlsec1_encrypts() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("plain.xml"), DOCUMENT).unwrap();
    let template = |kind: &str, cipher: &str| {
        format!(
            "<EncryptedData xmlns='http://www.w3.org/2001/04/xmlenc#' Type='http://www.w3.org/2001/04/xmlenc#{kind}'>\
             <EncryptionMethod Algorithm='{cipher}'/><KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'>\
             <EncryptedKey xmlns='http://www.w3.org/2001/04/xmlenc#'><EncryptionMethod \
             Algorithm='http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'/><KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'>\
             <X509Data/></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedKey></KeyInfo><CipherData><CipherValue/>\
             </CipherData></EncryptedData>"
        )
    };
    for (session, cipher, policy) in [
        ("aes-128", "http://www.w3.org/2009/xmlenc11#aes128-gcm", "bsp11"),
        ("aes-256", "http://www.w3.org/2009/xmlenc11#aes256-gcm", "bsp11"),
        (
            "aes-192",
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            "archive-verify",
        ),
        (
            "des-192",
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
            "archive-verify",
        ),
    ] {
        for kind in ["Element", "Content"] {
            fs::write(at("template.xml"), template(kind, cipher)).unwrap();
            let mut encrypt = Command::new("xmlsec1");
            encrypt
                .args(["--encrypt", "--pubkey-cert-pem"])
                .arg(key("gateway.pem"));
            encrypt.args([
                "--session-key",
                session,
                "--node-name",
                "urn:o:card",
                "--xml-data",
            ]);
            let encrypted = passed(encrypt.arg(at("plain.xml")).arg(at("template.xml")));
            assert!(!encrypted.contains("J. D"), "{encrypted}");
            fs::write(at("encrypted.xml"), encrypted).unwrap();
            let mut decrypt = sealgate();
            decrypt
                .args(["decrypt", "--policy", policy, "--key"])
                .arg(key("gateway.key"));
            let decrypted = passed(
                decrypt
                    .arg("--cert")
                    .arg(key("gateway.pem"))
                    .arg(at("encrypted.xml")),
            );
            assert!(
                same(&decrypted, DOCUMENT, folder.path()),
                "{cipher} {kind}: {decrypted}"
            );
        }
    }
}

#[test]
fn what_wss4j_signs_and_encrypts_in_either_order_passes() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let keys = fixtures.join("keys");
    for order in ["sign-encrypt", "sign-encrypt-signature", "encrypt-sign"] {
        let request = fixtures.join("interop/wss4j").join(order).join("request.xml");
        let verify = |with_key: bool| {
            let mut verify = sealgate();
            verify.args([
                "verify", "--policy", "bsp11", "--at", "message", "--format", "json", "--trust",
            ]);
            verify.arg(keys.join("ca.pem"));
            if with_key {
                verify.arg("--key").arg(keys.join("gateway.key.pem"));
                verify.arg("--cert").arg(keys.join("gateway.pem"));
            }
            run(verify.arg(&request))
        };
        let (out, err) = texts(&verify(true));
        let body = "\"/soapenv:Envelope/soapenv:Body\"";
        assert!(
            out.contains("\"passed\"") && out.contains(body),
            "{order}: {out}{err}"
        );
        let (out, _) = texts(&verify(false));
        assert!(out.contains("\"xmlenc.no_key\""), "{order}: {out}");
    }
}

#[test]
fn what_wss4j_signs_with_an_encrypted_key_counts_for_who_endorses_it() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let keys = fixtures.join("keys");
    let folder = tempfile::tempdir().unwrap();
    for made in ["symmetric", "symmetric-sha1", "symmetric-encrypt"] {
        let request = fixtures.join("interop/wss4j").join(made).join("request.xml");
        let verify = |request: &Path| {
            let mut verify = sealgate();
            verify.args(["verify", "--at", "message", "--format", "json", "--policy"]);
            verify.arg(fixtures.join("policies/symmetric.toml"));
            verify.arg("--trust").arg(keys.join("ca.pem"));
            verify.arg("--key").arg(keys.join("gateway.key.pem"));
            verify.arg("--cert").arg(keys.join("gateway.pem"));
            texts(&run(verify.arg(request)))
        };
        let (out, err) = verify(&request);
        assert!(
            out.contains("\"passed\"") && out.contains("\"/soapenv:Envelope/soapenv:Body\""),
            "{made}: {out}{err}"
        );
        // Without the certificate and the signature by it, which stand first.
        let text = std::fs::read_to_string(&request).unwrap();
        let start = text.find("<wsse:BinarySecurityToken").unwrap();
        let end = start + text[start..].find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        let stripped = folder.path().join("stripped.xml");
        std::fs::write(&stripped, [&text[..start], &text[end..]].concat()).unwrap();
        let (out, err) = verify(&stripped);
        assert!(out.contains("\"policy.not_endorsed\""), "{made}: {out}{err}");
    }
}

#[test]
fn what_python_xmlsec_signs_and_encrypts_passes() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let judged = |command: &str, policy: &str, options: &[(&str, &str)], message: &Path| {
        let mut judge = sealgate();
        judge.current_dir(fixtures.join("keys")).args(command.split(' '));
        judge.args(["--at", "2026-11-24T00:00:30Z", "--policy", policy]);
        judge.args(options.iter().flat_map(|(name, value)| [name, value]));
        texts(&run(judge.arg(message))).0
    };
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed");
    let ours = ("--audience", "https://gateway.example/orders");
    let names = [
        ("--metadata", "idp-metadata.xml"),
        ("--recipient", "https://gateway.example/orders/acs"),
        ("--request-id", "_request-1"),
        ("--key", "gateway.key.pem"),
        ours,
    ];
    let token = [("--trust", "idp-metadata.xml"), ours];
    let parts = [("--trust", "ca.pem")];
    for (file, command, policy, options, said, change, code) in [
        (
            "encrypted-names.xml",
            "saml verify",
            "bsp11",
            &names[..],
            ["alice@example.com", "buyer"],
            ("<saml2:AttributeStatement>", "<saml2:AttributeStatement> "),
            "dsig.digest_mismatch",
        ),
        (
            "saml-1.1.xml",
            "verify",
            "strict",
            &token[..],
            ["_a", "buyer"],
            (">buyer<", ">owner<"),
            "dsig.digest_mismatch",
        ),
        (
            "attachments.mime",
            "verify",
            "bsp11",
            &parts[..],
            ["✓ attachment  cid:xml@x", "✓ attachment  cid:whole@x"],
            ("one\ntwo", "one\nten"),
            "dsig.digest_mismatch",
        ),
    ] {
        let message = fixtures.join("interop/xmlsec").join(file);
        let out = judged(command, policy, options, &message);
        assert!(out.starts_with("passed"), "{file}: {out}");
        assert!(said.iter().all(|said| out.contains(said)), "{file}: {out}");
        let octets = fs::read_to_string(&message).unwrap();
        assert!(octets.contains(change.0), "{file}");
        fs::write(&changed, octets.replace(change.0, change.1)).unwrap();
        let out = judged(command, policy, options, &changed);
        assert!(out.contains(code), "{file}: {out}");
    }
}
