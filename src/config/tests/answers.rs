//! How answers of routes are written.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{GOOD, folder, problems, read_in, refuses};
use crate::outbound::{AnswerForm, SignedHeaders};

const URL: &str = "url = \"http://127.0.0.1:1/\"";

fn with(answer: &str) -> String {
    format!("{URL}\n[route.answer]\n{answer}")
}

fn form(text: &str) -> AnswerForm {
    read_in(folder().path(), text)
        .unwrap()
        .routes
        .remove(0)
        .answer_form
}

#[test]
fn answers_are_written_as_it_can_be_done() {
    let named = form(&GOOD.replace(URL, &with("key_reference = \"ski\"")));
    assert!(named.encryption.is_none());
    let encrypted = form(&GOOD.replace(URL, &with("[route.answer.encryption]")));
    assert!(encrypted.encryption.is_some());
    // What does not notice a change is not there to be chosen.
    refuses(
        URL,
        &with("[route.answer.encryption]\nalgorithm = \"aes256-cbc\""),
        "route[1].answer.encryption.algorithm: is \"aes256-cbc\"",
    );
    refuses(
        "path = \"/orders\"",
        "path = \"/orders\"\nattachments = \"signed\"\nanswer = { encryption = {} }",
        "route[1].answer.encryption: is for the Body only",
    );
}

#[test]
fn what_is_signed_is_the_body_and_the_timestamp_at_least() {
    let signed = |list: &str| form(&GOOD.replace(URL, &with(&format!("signed = {list}")))).signed;
    assert_eq!(form(GOOD).signed, SignedHeaders::All);
    assert_eq!(signed("[\"body\", \"timestamp\"]"), SignedHeaders::RelatesTo);
    assert_eq!(
        signed("[\"body\", \"addressing\", \"timestamp\"]"),
        SignedHeaders::Addressing
    );
    assert_eq!(
        signed("[\"headers\", \"body\", \"timestamp\", \"addressing\"]"),
        SignedHeaders::All
    );
    for (less, what) in [
        ("[]", "leaves the Body of answers unsigned"),
        (
            "[\"timestamp\", \"headers\"]",
            "leaves the Body of answers unsigned",
        ),
        (
            "[\"body\", \"headers\"]",
            "leaves the Timestamp of answers unsigned",
        ),
        ("[\"body\", \"timestamp\", \"attachments\"]", "is \"attachments\""),
    ] {
        let found = problems(URL, &with(&format!("signed = {less}")));
        assert!(
            found.contains("route[1].answer.signed") && found.contains(what),
            "{found}"
        );
    }
}

#[test]
fn an_algorithm_fits_the_key_that_signs() {
    for (algorithm, what) in [
        ("rsa-sha1", "is \"rsa-sha1\""),
        ("rsa-pss-sha1", "is \"rsa-pss-sha1\""),
        ("ecdsa-sha256", "cannot sign answers: the algorithm"),
        (
            "ecdsa-sha384\"\ncertificate = \"erin.pem\"\nkey = \"erin.key.pem",
            "cannot sign answers: the algorithm",
        ),
        (
            "rsa-sha512\"\ncertificate = \"bob.pem\"\nkey = \"bob.key.pem",
            "cannot sign answers: the algorithm",
        ),
    ] {
        refuses(
            URL,
            &with(&format!("algorithm = \"{algorithm}\"")),
            &format!("route[1].answer.algorithm: {what}"),
        );
    }
}

#[test]
fn a_key_of_a_route_is_as_good_as_that_of_the_gateway() {
    let own =
        |certificate: &str, key: &str| with(&format!("certificate = \"{certificate}\"\nkey = \"{key}\""));
    for (certificate, key, what) in [
        ("erin.pem", "alice.key.pem", "key: "),
        (
            "expired.pem",
            "expired.key.pem",
            "certificate: is a certificate that is valid from",
        ),
        (
            "encipherment.pem",
            "encipherment.key.pem",
            "certificate: is a certificate whose key may not sign messages",
        ),
        (
            "rsa1024.pem",
            "rsa1024.key.pem",
            "key: cannot sign answers: the key is too weak",
        ),
        ("missing.pem", "erin.key.pem", "certificate: cannot be read"),
        ("erin.pem", "missing.pem", "key: cannot be read"),
    ] {
        refuses(URL, &own(certificate, key), &format!("route[1].answer.{what}"));
    }
    refuses(
        URL,
        &with("key = \"erin.key.pem\""),
        "route[1].answer.certificate: is missing",
    );
    for orphan in ["certificate = \"erin.pem\"", "key_password_file = \"password\""] {
        refuses(URL, &with(orphan), "has no meaning without key");
    }
    let folder = folder();
    let open = folder.path().join("erin.key.pem");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let text = GOOD.replace(URL, &own("erin.pem", "erin.key.pem"));
    let found = read_in(folder.path(), &text).unwrap_err().to_string();
    assert!(
        found.contains("route[1].answer.key: is open to everybody"),
        "{found}"
    );
}

#[test]
fn the_key_of_the_audit_is_used_for_nothing_else() {
    let folder = folder();
    fs::create_dir(folder.path().join("audit")).unwrap();
    let own = "certificate = \"erin.pem\"\nkey = \"erin.key.pem\"";
    let audit = format!("[audit]\nfolder = \"audit\"\n{own}\n[gateway]");
    let text = GOOD.replace("[gateway]", &audit);
    assert!(read_in(folder.path(), &text).is_ok());
    for (from, to, key) in [
        (URL, with(own), "route[1].answer.key"),
        (
            URL,
            format!("{URL}\n[[route.decryption]]\n{own}"),
            "route[1].decryption[1].key",
        ),
        (
            "[audit]",
            format!("[listener.tls]\n{own}\n[audit]"),
            "listener[1].tls.key",
        ),
    ] {
        let found = read_in(folder.path(), &text.replace(from, &to))
            .unwrap_err()
            .to_string();
        let told = format!("{key}: is the key of the audit");
        assert!(found.contains(&told) && found.lines().count() == 1, "{found}");
    }
}
