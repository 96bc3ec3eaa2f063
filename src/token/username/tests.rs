#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
use super::*;
use crate::xml::Document;
use crate::xml::Limits;

const NAME: &str = "<Username>alice</Username>";
const NONCE: &str = "<Nonce>AAECAwQFBgcICQoLDA0ODw==</Nonce>";
const CREATED: &str = "<u:Created>2026-11-24T00:00:00Z</u:Created>";
const SALT: &str = "<e:Salt>AQECAwQFBgcICQoLDA0ODw==</e:Salt>";

fn with<T>(content: &str, look: impl FnOnce(UsernameToken<'_>) -> T) -> Result<T, Error> {
    let text = format!(
        "<UsernameToken xmlns='{}' xmlns:u='{}' xmlns:e='{}' u:Id='t'>{content}</UsernameToken>",
        Namespace::WSSE.uri(),
        Namespace::WSU.uri(),
        Namespace::WSSE11.uri()
    );
    let document = Document::parse(text.into(), &Limits::default()).unwrap();
    UsernameToken::read(document.root()).map(look)
}

fn code(content: &str) -> &'static str {
    with(content, |_| ()).unwrap_err().code()
}

fn iterations_of(token: UsernameToken<'_>) -> u32 {
    let Proof::Derivation(derivation) = token.proof() else {
        panic!("{token:?}");
    };
    derivation.iterations
}

fn password(kind: &str, value: &str) -> String {
    format!("<Password Type='{kind}'>{value}</Password>")
}

#[test]
fn a_token_with_a_digest_is_read() {
    let digest = password(PASSWORD_DIGEST, "AAECAwQFBgcICQoLDA0ODxAREhM=");
    with(&format!("{NAME}{digest}{NONCE}{CREATED}"), |token| {
        assert_eq!(token.username(), "alice");
        let expected: Vec<u8> = (0..20).collect();
        assert_eq!(*token.proof(), Proof::Digest(expected.try_into().unwrap()));
        assert_eq!(token.nonce().unwrap().len(), 16);
        assert_eq!(token.created().unwrap().text, "2026-11-24T00:00:00Z");
        assert_eq!(token.omissions(), [Omission::NonceEncoding]);
    })
    .unwrap();
}

#[test]
fn a_password_is_never_shown() {
    let content = format!("{NAME}{}", password(TEXT, "hunter2"));
    let shown = with(&content, |token| format!("{token:?}")).unwrap();
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_password_without_type_is_the_password_itself() {
    with(&format!("{NAME}<Password>p</Password>"), |token| {
        assert_eq!(*token.proof(), Proof::Text(Secret::new(b"p".to_vec())));
        assert_eq!(token.omissions(), [Omission::PasswordType]);
    })
    .unwrap();
}

#[test]
fn a_derivation_has_a_salt_and_bounded_iterations() {
    let iterations = |number: &str| {
        let content = format!("{NAME}{SALT}<e:Iteration>{number}</e:Iteration>");
        with(&content, iterations_of).map_err(|error| error.code())
    };
    assert_eq!(iterations("1000"), Ok(1_000));
    assert_eq!(iterations(" 1000000\n"), Ok(1_000_000));
    for number in [
        "999",
        "1000001",
        "2147483648",
        "4294967296",
        "-1000",
        "1e3",
        "+1000",
        "1",
    ] {
        assert_eq!(iterations(number), Err("token.iterations"), "{number}");
    }
    let default = with(&format!("{NAME}{SALT}"), iterations_of);
    assert_eq!(default.unwrap(), 1_000);
    let encryption = SALT.replace("AQEC", "AgEC");
    assert_eq!(code(&format!("{NAME}{encryption}")), "token.username_token");
    assert_eq!(
        code(&format!("{NAME}<e:Salt>AQEC</e:Salt>")),
        "token.username_token"
    );
    let iteration = "<e:Iteration>1000</e:Iteration>";
    assert_eq!(code(&format!("{NAME}{iteration}")), "token.username_token");
    let text = password(TEXT, "p");
    assert_eq!(code(&format!("{NAME}{text}{SALT}")), "token.username_token");
    assert_eq!(code(&format!("{NAME}{text}{iteration}")), "token.username_token");
}

#[test]
fn each_field_stands_once_and_nothing_else_does() {
    assert_eq!(code(NONCE), "token.username_token");
    let text = password(TEXT, "p");
    for field in [NAME, NONCE, CREATED, SALT, &text] {
        let content = format!("{}{field}{field}", if field == NAME { "" } else { NAME });
        assert_eq!(code(&content), "token.username_token", "{field}");
    }
    for other in ["<Other/>", "<u:Expires/>", "<x xmlns=''/>", "text"] {
        assert_eq!(code(&format!("{NAME}{other}")), "token.username_token", "{other}");
    }
    assert_eq!(code("<Username Id='a'>alice</Username>"), "token.attribute");
}

#[test]
fn fields_are_what_they_say() {
    assert_eq!(code("<Username/>"), "token.empty");
    assert_eq!(code("<Username>a<!-- -->b</Username>"), "token.interrupted");
    assert_eq!(
        code(&format!("<Username>{}</Username>", "a".repeat(1025))),
        "token.username_token"
    );
    assert_eq!(code(&format!("{NAME}<Password/>")), "token.empty");
    assert_eq!(
        code(&format!("{NAME}{}", password("urn:other", "p"))),
        "token.username_token"
    );
    assert_eq!(
        code(&format!("{NAME}{}", password(PASSWORD_DIGEST, "AAEC"))),
        "token.username_token"
    );
    assert_eq!(
        code(&format!("{NAME}{}", password(PASSWORD_DIGEST, "A*"))),
        "token.base64"
    );
    assert_eq!(code(&format!("{NAME}<Nonce>AAEC</Nonce>")), "token.nonce");
    let long = "AAAA".repeat(43);
    assert_eq!(code(&format!("{NAME}<Nonce>{long}</Nonce>")), "token.nonce");
    let encoding = NONCE.replace("<Nonce>", "<Nonce EncodingType='urn:hex'>");
    assert_eq!(code(&format!("{NAME}{encoding}")), "token.username_token");
    assert_eq!(
        code(&format!("{NAME}<u:Created>yesterday</u:Created>")),
        "token.time"
    );
}
