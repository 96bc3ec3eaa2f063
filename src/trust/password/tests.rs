#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn key() -> Secret {
    Secret::new(vec![7; SECRETS_KEY])
}

#[test]
fn a_password_is_compared_with_the_users_hash() {
    let text = with_hash("# users\n", "alice", &secret("right")).unwrap();
    let users = Passwords::new(Some(&text), None).unwrap();
    let code = |name: &str, password: &str| {
        let verified = users.verify_text(name, &secret(password));
        verified
            .map(|user| user.name().to_owned())
            .map_err(|error| error.code())
    };
    assert_eq!(code("alice", "right"), Ok("alice".to_owned()));
    assert_eq!(code("alice", "wrong"), Err("trust.password"));
    assert_eq!(code("Alice", "right"), Err("trust.password"));
    assert_eq!(code("mallory", "right"), Err("trust.password"));
    let digest = users.verify_digest("alice", &[0; 20], &[0; 16], "now");
    assert_eq!(digest.unwrap_err().code(), "trust.no_passwords");
}

#[test]
fn a_user_gets_another_password() {
    let text = with_hash("", "a:b", &secret("old")).unwrap();
    let text = with_hash(&text, "a", &secret("other")).unwrap();
    let text = with_hash(&text, "a:b", &secret("new")).unwrap();
    let users = Passwords::new(Some(&text), None).unwrap();
    assert!(users.verify_text("a:b", &secret("new")).is_ok());
    assert!(users.verify_text("a:b", &secret("old")).is_err());
    assert!(users.verify_text("a", &secret("other")).is_ok());
}

#[test]
fn a_digest_is_compared_with_what_the_secret_makes() {
    let text = with_secret("", &key(), "alice", &secret("p")).unwrap();
    let text = with_secret(&text, &key(), "bob", &secret("q")).unwrap();
    assert!(!text.contains("alice"));
    let users = Passwords::new(None, Some((&text, &key()))).unwrap();
    // hashlib.sha1(bytes(range(16)) + b"2026-11-24T00:00:00Z" + b"p").digest()
    let digest = [
        0, 129, 218, 220, 32, 88, 161, 95, 198, 213, 55, 87, 28, 186, 221, 23, 156, 150, 69, 88,
    ];
    let nonce: Vec<u8> = (0..16).collect();
    let code = |name: &str, digest: &[u8; 20]| {
        let verified = users.verify_digest(name, digest, &nonce, "2026-11-24T00:00:00Z");
        verified.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(code("alice", &digest), Ok(()));
    assert_eq!(code("alice", &[0; 20]), Err("trust.password"));
    assert_eq!(code("bob", &digest), Err("trust.password"));
    assert_eq!(code("mallory", &digest), Err("trust.password"));
    let text = users.verify_text("alice", &secret("p"));
    assert_eq!(text.unwrap_err().code(), "trust.no_passwords");
}

#[test]
fn a_changed_file_of_secrets_or_another_key_is_refused() {
    let text = with_secret("", &key(), "alice", &secret("p")).unwrap();
    let refused = |text: &str, key: &Secret| Passwords::new(None, Some((text, key))).unwrap_err();
    assert_eq!(
        refused(&text, &Secret::new(vec![8; SECRETS_KEY])),
        PasswordFileError::Secrets
    );
    assert_eq!(
        refused(&text, &Secret::new(vec![7; 16])),
        PasswordFileError::KeyLength(16)
    );
    assert_eq!(refused("", &key()), PasswordFileError::Secrets);
    assert_eq!(
        refused(&text.replace("-1\n", "-2\n"), &key()),
        PasswordFileError::Secrets
    );
    let cut = text.replacen("=\n", "\n", 1).replacen("\nA", "\nB", 1);
    assert_eq!(refused(&format!("{cut}x\n"), &key()), PasswordFileError::Secrets);
}

#[test]
fn lines_of_hashes_are_names_and_hashes() {
    let refused = |text: &str| Passwords::new(Some(text), None).unwrap_err();
    assert_eq!(refused("\nalice"), PasswordFileError::Line(2));
    assert_eq!(refused("alice:plain"), PasswordFileError::Line(1));
    let line = with_hash("", "alice", &secret("p")).unwrap();
    assert_eq!(
        refused(&line.repeat(2)),
        PasswordFileError::Twice("alice".to_owned())
    );
    for name in ["", "#alice", "al\nice", "al\u{85}ice"] {
        let written = with_hash("", name, &secret("p"));
        assert_eq!(written.unwrap_err(), PasswordFileError::Name, "{name:?}");
    }
    assert!(Passwords::default().is_empty());
    let nobody = Passwords::new(Some(""), None).unwrap();
    let error = nobody.verify_text("alice", &secret("p")).unwrap_err();
    assert_eq!(error, PasswordError::Wrong);
}

#[test]
fn what_is_compared_for_nobody_lets_nobody_in() {
    let decoy = secret("decoy");
    let users = Passwords {
        hashes: Some(Users {
            known: BTreeMap::new(),
            decoy: PasswordHash::new(&decoy).unwrap(),
        }),
        secrets: Some(Users {
            known: BTreeMap::from([("alice".to_owned(), secret("right"))]),
            decoy: decoy.clone(),
        }),
    };
    assert!(PasswordHash::new(&decoy).unwrap().is_of(&decoy).unwrap());
    assert_eq!(users.verify_text("mallory", &decoy), Err(PasswordError::Wrong));
    // hashlib.sha1(b"n" + b"now" + b"decoy").digest()
    let digest = [
        126, 19, 110, 22, 148, 148, 218, 17, 11, 183, 41, 215, 22, 191, 152, 156, 44, 124, 52, 197,
    ];
    assert_eq!(is_password_digest(&digest, b"n", "now", &decoy), Ok(true));
    assert_eq!(
        users.verify_digest("mallory", &digest, b"n", "now"),
        Err(PasswordError::Wrong)
    );
    for (name, password, right) in [
        ("alice", "right", true),
        ("alice", "decoy", false),
        ("alice", "", false),
        ("mallory", "right", false),
        ("mallory", "decoy", false),
    ] {
        assert_eq!(
            users.verify_secret(name, &secret(password)).is_ok(),
            right,
            "{name} {password}"
        );
    }
}

#[test]
fn no_file_has_a_user_without_a_name_or_a_key_of_another_length() {
    let line = with_hash("", "alice", &secret("p")).unwrap();
    for name in ["", "al\tice"] {
        let text = line.replacen("alice", name, 1);
        let refused = Passwords::new(Some(&text), None).unwrap_err();
        assert_eq!(refused, PasswordFileError::Line(1), "{name:?}");
        let written = with_secret("", &key(), name, &secret("p"));
        assert_eq!(written.unwrap_err(), PasswordFileError::Name, "{name:?}");
    }
    let broken = with_hash("alice:plain\n", "bob", &secret("p"));
    assert_eq!(broken.unwrap_err(), PasswordFileError::Line(1));
    let short = with_secret("", &Secret::new(vec![7; 16]), "alice", &secret("p"));
    assert_eq!(short.unwrap_err(), PasswordFileError::KeyLength(16));
}
