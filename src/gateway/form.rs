//! What somebody asks of a token endpoint: an assertion to be exchanged (RFC 7522 §2.1, RFC 8693 §2.1).

use bytes::Bytes;

use super::exchange::Refusal;
use crate::crypto::decode_base64_url;
use crate::token::saml::percent_decoded;

const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const SAML2: &str = "urn:ietf:params:oauth:token-type:saml2";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The most parameters.
const MOST: usize = 32;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) grant: Grant,
    /// The assertion, as XML.
    pub(super) assertion: Bytes,
}

/// By which standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// RFC 7522.
    Saml2Bearer,
    /// RFC 8693: the type of token that is asked for.
    TokenExchange(&'static str),
}

struct Form(Vec<(String, String)>);

impl Asked {
    /// Reads the `form`, of which tokens for `audience` can be had.
    ///
    /// # Errors
    /// [`Refusal`]: it is no form, or asks for something else. Parameters that are not known count for nothing (RFC 6749 §3.2).
    pub(super) fn read(form: &[u8], audience: &str) -> Result<Self, Refusal> {
        let form = Form::read(form).ok_or(Refusal::Request("it is no form, or a parameter stands twice"))?;
        // Whoever says who he is must be believed or refused (RFC 6749 §3.2.1), and we know no clients.
        if ["client_secret", "client_assertion"]
            .iter()
            .any(|name| form.get(name).is_some())
        {
            return Err(Refusal::Client);
        }
        if form.get("scope").is_some() {
            return Err(Refusal::Scope);
        }
        let asked = [form.get("audience"), form.get("resource")];
        if asked.into_iter().flatten().any(|asked| asked != audience) {
            return Err(Refusal::Target);
        }
        let (grant, assertion) = match form.get("grant_type") {
            Some(SAML2_BEARER) => (Grant::Saml2Bearer, form.get("assertion")),
            Some(TOKEN_EXCHANGE) => (form.exchange()?, form.get("subject_token")),
            Some(_) => return Err(Refusal::GrantType),
            None => return Err(Refusal::Request("there is no grant_type")),
        };
        let assertion = assertion.ok_or(Refusal::Request("there is no assertion"))?;
        // Some pad, which RFC 7522 §2.1 advises against.
        let assertion = decode_base64_url(assertion.trim_end_matches('='));
        let assertion = assertion.map_err(|_| Refusal::Base64(grant))?.into();
        Ok(Self { grant, assertion })
    }
}

impl Form {
    fn read(octets: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(octets).ok()?;
        let mut read: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            let decoded = |part: &str| percent_decoded(&part.replace('+', " "));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if read.len() >= MOST || read.iter().any(|(known, _)| *known == name) {
                return None;
            }
            read.push((name, value));
        }
        Some(Self(read))
    }

    /// A parameter; one without a value is none (RFC 6749 §3.2).
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn exchange(&self) -> Result<Grant, Refusal> {
        if self.get("subject_token_type") != Some(SAML2) {
            return Err(Refusal::Request("subject_token_type is not that of SAML 2.0"));
        }
        if self.get("actor_token").is_some() || self.get("actor_token_type").is_some() {
            return Err(Refusal::Request("nobody acts for another here"));
        }
        match self.get("requested_token_type") {
            None | Some(ACCESS_TOKEN) => Ok(Grant::TokenExchange(ACCESS_TOKEN)),
            Some(JWT) => Ok(Grant::TokenExchange(JWT)),
            Some(_) => Err(Refusal::Request("requested_token_type is not that of a JWT")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const BEARER: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Asaml2-bearer";
    const EXCHANGE: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
                            &subject_token_type=urn:ietf:params:oauth:token-type:saml2&subject_token=PGEvPg";

    #[test]
    fn an_assertion_is_brought_in_two_ways() {
        let read = |form: &str| Asked::read(form.as_bytes(), "urn:api");
        let asked = |grant| {
            Ok(Asked {
                grant,
                assertion: Bytes::from_static(b"<a/>"),
            })
        };
        for form in ["&assertion=PGEvPg", "&assertion=PGEvPg==&x=1&client_id=a&scope="] {
            assert_eq!(read(&format!("{BEARER}{form}")), asked(Grant::Saml2Bearer));
        }
        assert_eq!(read(EXCHANGE), asked(Grant::TokenExchange(ACCESS_TOKEN)));
        let more = format!("{EXCHANGE}&audience=urn%3Aapi&requested_token_type={JWT}");
        assert_eq!(read(&more), asked(Grant::TokenExchange(JWT)));
    }

    #[test]
    fn whatever_else_is_asked_for_is_told_by_the_words_of_the_standard() {
        let told =
            |form: &str| Asked::read(form.as_bytes(), "urn:api").map_err(|refusal| refusal.error().unwrap());
        for (form, error) in [
            (String::new(), "invalid_request"),
            (BEARER.to_owned(), "invalid_request"),
            (
                format!("{BEARER}&assertion=PGEvPg&assertion=PGEvPg"),
                "invalid_request",
            ),
            (format!("{BEARER}&assertion=%zz"), "invalid_request"),
            (format!("{BEARER}&assertion=*"), "invalid_grant"),
            (
                format!("{BEARER}&assertion=PGEvPg&client_secret=a"),
                "invalid_client",
            ),
            (
                format!("{BEARER}&assertion=PGEvPg&client_assertion=a"),
                "invalid_client",
            ),
            (format!("{BEARER}&assertion=PGEvPg&scope=all"), "invalid_scope"),
            (
                "grant_type=password&username=a".to_owned(),
                "unsupported_grant_type",
            ),
            (format!("{EXCHANGE}&audience=urn:other"), "invalid_target"),
            (
                format!("{BEARER}&assertion=PGEvPg&audience=urn:other"),
                "invalid_target",
            ),
            (
                format!("{EXCHANGE}&resource=https://other.example"),
                "invalid_target",
            ),
            (format!("{EXCHANGE}&actor_token=a"), "invalid_request"),
            (
                format!("{EXCHANGE}&requested_token_type={SAML2}"),
                "invalid_request",
            ),
            (EXCHANGE.replace("type:saml2", "type:jwt"), "invalid_request"),
            (EXCHANGE.replace("PGEvPg", "*"), "invalid_request"),
        ] {
            assert_eq!(told(&form), Err(error), "{form}");
        }
        let many: String = (0..40).map(|number| format!("&p{number}=1")).collect();
        assert_eq!(
            told(&format!("{BEARER}&assertion=PGEvPg{many}")),
            Err("invalid_request")
        );
    }
}
