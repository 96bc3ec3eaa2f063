//! JSON Web Tokens in the compact form of JWS (RFC 7519, RFC 7515 §3.1). What is read here is verified by nobody yet.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Value;

use crate::crypto::decode_base64_url;

/// The longest token, in bytes.
pub const LONGEST: usize = 8 * 1024;

/// A token as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt<'t> {
    /// `alg`.
    pub algorithm: String,
    /// `kid`.
    pub key_id: Option<String>,
    /// `typ`.
    pub kind: Option<String>,
    /// The claims.
    pub claims: Map<String, Value>,
    /// What is signed.
    pub signed: &'t str,
    /// The signature value.
    pub signature: Vec<u8>,
}

/// Why a text is no token that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtError {
    /// Longer than [`LONGEST`].
    TooLong,
    /// Not three parts of base64url with JSON objects in the first two, or a name stands twice in one of them: what is wrong.
    Malformed(&'static str),
    /// Five parts: it is encrypted (RFC 7516).
    Encrypted,
    /// `crit` or `b64`: something has to be understood that is not (RFC 7515 §4.1.11, RFC 7797).
    Critical,
}

impl<'t> Jwt<'t> {
    /// Reads `text`. Keys that it brings along, and places where it says they are (`jwk`, `jku`, `x5c`, `x5u`), are not looked at.
    ///
    /// # Errors
    /// [`JwtError`].
    pub fn read(text: &'t str) -> Result<Self, JwtError> {
        if text.len() > LONGEST {
            return Err(JwtError::TooLong);
        }
        if text.bytes().filter(|&byte| byte == b'.').count() == 4 {
            return Err(JwtError::Encrypted);
        }
        let parts = JwtError::Malformed("it has no three parts");
        let (signed, signature) = text.rsplit_once('.').ok_or(parts)?;
        let (header, claims) = signed.split_once('.').ok_or(parts)?;
        let header = object(header).ok_or(JwtError::Malformed(
            "its header is no base64url of a JSON object whose names stand once",
        ))?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(JwtError::Critical);
        }
        Ok(Self {
            algorithm: text_of(&header, "alg")?.ok_or(JwtError::Malformed("its header has no alg"))?,
            key_id: text_of(&header, "kid")?,
            kind: text_of(&header, "typ")?,
            claims: object(claims).ok_or(JwtError::Malformed(
                "its claims are no base64url of a JSON object whose names stand once",
            ))?,
            signed,
            signature: decode_base64_url(signature)
                .map_err(|_| JwtError::Malformed("its signature is no base64url"))?,
        })
    }
}

/// Reads JSON in which no object has a name twice: readers do not agree which of them counts.
///
/// # Errors
/// Any other text; one that is nested deeper than 127 levels.
pub fn json(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Unambiguous>(text).map(|read| read.0)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let octets = decode_base64_url(part).ok()?;
    match json(&octets) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

fn text_of(object: &Map<String, Value>, name: &str) -> Result<Option<String>, JwtError> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwtError::Malformed("alg, kid or typ is no text")),
    }
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Unambiguous(value)) = values.next_element()? {
            read.push(value);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, Unambiguous>()? {
            if read.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::encode_base64_url;

    fn token(header: &str, claims: &str) -> String {
        let part = |text: &str| encode_base64_url(text.as_bytes());
        format!("{}.{}.{}", part(header), part(claims), part("value"))
    }

    fn error(text: &str) -> Option<JwtError> {
        Jwt::read(text).err()
    }

    #[test]
    fn a_token_has_three_parts_of_which_two_are_objects() {
        let good = token(
            r#"{"alg":"RS256","kid":"a","jwk":{"x":[1,-2,0.5,null,true]}}"#,
            r#"{"sub":"a"}"#,
        );
        assert_eq!(error(&good), None);
        for bad in [
            String::new(),
            "a.b".to_owned(),
            format!("{good}="),
            format!("{good} "),
            good.replacen('.', "=.", 1),
            token("[]", "{}"),
            token(r#"{"alg":"RS256"}"#, "1"),
            token("{}", "{}"),
            token(r#"{"alg":1}"#, "{}"),
            token(r#"{"alg":"RS256","kid":7}"#, "{}"),
            token(r#"{"alg":"RS256"}"#, "{} {}"),
        ] {
            assert!(matches!(error(&bad), Some(JwtError::Malformed(_))), "{bad}");
        }
        assert_eq!(error(&format!("{good}.a.b")), Some(JwtError::Encrypted));
        assert_eq!(error(&"x".repeat(LONGEST + 1)), Some(JwtError::TooLong));
    }

    #[test]
    fn a_name_that_stands_twice_is_no_name() {
        for (header, claims) in [
            (r#"{"alg":"none","alg":"RS256"}"#, "{}"),
            (r#"{"alg":"RS256","\u0061lg":"none"}"#, "{}"),
            (r#"{"alg":"RS256"}"#, r#"{"sub":"a","sub":"b"}"#),
            (r#"{"alg":"RS256"}"#, r#"{"cnf":{"x5t#S256":"a","x5t#S256":"b"}}"#),
            (r#"{"alg":"RS256"}"#, r#"{"a":[{"b":1,"b":1}]}"#),
        ] {
            let error = error(&token(header, claims));
            assert!(matches!(error, Some(JwtError::Malformed(_))), "{header} {claims}");
        }
    }

    #[test]
    fn what_must_be_understood_is_not() {
        for header in [
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","crit":[]}"#,
            r#"{"alg":"RS256","b64":false}"#,
        ] {
            assert_eq!(error(&token(header, "{}")), Some(JwtError::Critical), "{header}");
        }
    }

    #[test]
    fn nothing_is_nested_without_end() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let claims = format!("{{\"a\":{deep}}}");
        assert_eq!(
            error(&token(r#"{"alg":"RS256"}"#, &claims)),
            Some(JwtError::TooLong)
        );
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        let claims = format!("{{\"a\":{deep}}}");
        let error = error(&token(r#"{"alg":"RS256"}"#, &claims));
        assert!(matches!(error, Some(JwtError::Malformed(_))), "{error:?}");
    }
}
