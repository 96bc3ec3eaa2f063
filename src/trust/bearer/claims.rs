use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;
use serde_json::Value;

use crate::token::jwt::Jwt;

/// What the issuer of a token that holds says of its subject. Only [`BearerRules::verify`](super::BearerRules::verify) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerClaims {
    issuer: String,
    subject: String,
    end: DateTime<Utc>,
    texts: BTreeMap<String, Vec<String>>,
}

impl BearerClaims {
    /// Of `jwt`, which holds: its issuer says until `end` that this is the subject.
    pub(super) fn of(jwt: &Jwt<'_>, issuer: &str, subject: &str, end: DateTime<Utc>) -> Self {
        let texts = jwt
            .claims
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), texts(value)?)));
        Self {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            end,
            texts: texts.collect(),
        }
    }

    /// Its `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its `sub`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its `exp`.
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// The claim `name`: its one text, or those of a list that has nothing else. What is no text is none.
    pub fn texts(&self, name: &str) -> &[String] {
        self.texts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `scope` is one of those in its claim `scope`, which stand there with spaces between them (RFC 8693 §4.2, RFC 6749 §3.3).
    pub fn has_scope(&self, scope: &str) -> bool {
        let mut scopes = self.texts("scope").iter().flat_map(|texts| texts.split(' '));
        scopes.any(|one| one == scope)
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value.as_array() {
        Some(several) => several.iter().map(text).collect(),
        None => Some(vec![text(value)?]),
    }
}

#[cfg(test)]
impl BearerClaims {
    /// Of ann, with these further claims.
    pub(crate) fn of_test(claims: &Value) -> Self {
        let jwt = Jwt {
            algorithm: String::new(),
            key_id: None,
            kind: None,
            claims: claims.as_object().cloned().unwrap_or_default(),
            signed: "",
            signature: Vec::new(),
        };
        Self::of(&jwt, "https://idp.example", "ann", DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_texts_or_lists_of_texts() {
        let claims = BearerClaims::of_test(
            &json!({ "one": "a b", "two": ["a", "b"], "none": [], "number": 7, "mixed": ["a", 7], "deep": { "a": "b" }, "null": null }),
        );
        assert_eq!(claims.texts("one"), ["a b"]);
        assert_eq!(claims.texts("two"), ["a", "b"]);
        for nothing in ["none", "number", "mixed", "deep", "null", "other"] {
            assert!(claims.texts(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_scope_is_a_whole_word_of_the_claim() {
        let claims = BearerClaims::of_test(&json!({ "scope": "orders.read orders.write", "scp": "all" }));
        assert!(claims.has_scope("orders.read") && claims.has_scope("orders.write"));
        for other in ["orders", "orders.read orders.write", "ORDERS.READ", "all", ""] {
            assert!(!claims.has_scope(other), "{other}");
        }
        assert!(!BearerClaims::of_test(&json!({})).has_scope("orders.read"));
    }
}
