use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::error::Error;
use super::fact::Fact;
use super::fact::Facts;
use super::signer::Signer;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::encode_base64_url;
use crate::crypto::random_bytes;
use crate::crypto::sign;

/// What a JWT says besides whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtTerms {
    /// `iss`: who we are.
    pub issuer: String,
    /// `aud`: whom it is for.
    pub audience: String,
    /// How long it holds.
    pub life: TimeDelta,
    /// `sub`: which verified value is the subject.
    pub subject: Fact,
    /// Further claims by name. A fact that may have several values is a list, all others are text; of nothing there is no claim.
    pub claims: Vec<(String, Fact)>,
}

/// Makes JSON Web Tokens (RFC 7519) signed with our key, in the compact form (RFC 7515 §3.1).
#[derive(Clone, Debug)]
pub struct JwtMinter {
    signer: Signer,
    terms: JwtTerms,
    algorithm: &'static str,
}

/// A token that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minted {
    /// The token, in the compact form.
    pub token: String,
    /// Its `jti`.
    pub id: String,
    /// Its `exp`.
    pub end: DateTime<Utc>,
}

/// A claim's name is that of a claim that we make (RFC 7519 §4.1, RFC 7800 §3.1), or there is no JWS algorithm for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimNameError {
    /// The name.
    Reserved(String),
    /// The signature algorithm that JWS has no name for.
    Algorithm(SignatureAlgorithm),
}

const RESERVED: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf"];

impl JwtMinter {
    /// Signs as `signer` what `terms` say.
    ///
    /// # Errors
    /// [`ClaimNameError`].
    pub fn new(signer: Signer, terms: JwtTerms) -> Result<Self, ClaimNameError> {
        let algorithm = signer
            .method()
            .jws_name()
            .ok_or(ClaimNameError::Algorithm(signer.method()))?;
        if let Some((name, _)) = terms
            .claims
            .iter()
            .find(|(name, _)| RESERVED.contains(&name.as_str()))
        {
            return Err(ClaimNameError::Reserved(name.clone()));
        }
        Ok(Self {
            signer,
            terms,
            algorithm,
        })
    }

    /// The certificate by which its tokens call the key that signs them.
    pub fn certificate(&self) -> &Certificate {
        self.signer.certificate()
    }

    /// Who signs.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Whom its tokens are for.
    pub fn audience(&self) -> &str {
        &self.terms.audience
    }

    /// Whether the key that signs is there, as far as that is known.
    ///
    /// # Errors
    /// It is in a token that is lost.
    pub fn available(&self) -> Result<(), Error> {
        self.signer.available()
    }

    /// A token about the sender of whom `facts` were proved. It never holds longer than the assertion that these came from.
    ///
    /// # Errors
    /// [`Error`]: there is no subject, a value is not fit, or nothing can be signed now.
    pub fn mint(&self, facts: &Facts<'_>, now: DateTime<Utc>) -> Result<Minted, Error> {
        let told = self.terms.claims.iter().map(|(_, fact)| fact);
        let token = facts.bearer_end(told.chain([&self.terms.subject]));
        let end = end(facts, token, now, self.terms.life)?;
        let id = encode_base64_url(&random_bytes(16)?);
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(self.terms.issuer));
        claims.insert("sub".to_owned(), json!(facts.one(&self.terms.subject, "sub")?));
        claims.insert("aud".to_owned(), json!(self.terms.audience));
        claims.insert("iat".to_owned(), json!(now.timestamp()));
        claims.insert("nbf".to_owned(), json!(now.timestamp()));
        claims.insert("exp".to_owned(), json!(end.timestamp()));
        claims.insert("jti".to_owned(), json!(id));
        for (name, fact) in &self.terms.claims {
            let values = facts.values(fact, name)?;
            match (fact.is_list(), values.as_slice()) {
                (_, []) => {}
                (false, [one]) => drop(claims.insert(name.clone(), json!(one))),
                (_, several) => drop(claims.insert(name.clone(), json!(several))),
            }
        }
        Ok(Minted {
            token: self.signed(&Value::Object(claims), now)?,
            id,
            end,
        })
    }

    fn signed(&self, claims: &Value, now: DateTime<Utc>) -> Result<String, Error> {
        let key = self.signer.key(now)?;
        let thumbprint = encode_base64_url(self.signer.certificate().sha256());
        let header =
            json!({ "alg": self.algorithm, "typ": "JWT", "kid": thumbprint, "x5t#S256": thumbprint });
        let part = |value: &Value| encode_base64_url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let value = sign(self.signer.method(), key, signed.as_bytes()).map_err(Error::Key)?;
        Ok(format!("{signed}.{}", encode_base64_url(&value)))
    }
}

/// When something made at `now` ends: after `life`, with the assertion that it rests on, with the session that this speaks of, or with the
/// bearer token that it rests on, which ends at `token`.
///
/// # Errors
/// [`Error::Over`]: that is no later than now, in whole seconds.
pub(super) fn end(
    facts: &Facts<'_>,
    token: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    life: TimeDelta,
) -> Result<DateTime<Utc>, Error> {
    let claims = facts.claims();
    let session = claims.and_then(|claims| claims.authn.as_ref()?.session_not_on_or_after);
    let rests_on = claims.and_then(|claims| claims.not_on_or_after);
    let end = now.checked_add_signed(life).unwrap_or(now);
    let end = [rests_on, session, token]
        .into_iter()
        .flatten()
        .fold(end, Ord::min);
    if end.timestamp() <= now.timestamp() {
        return Err(Error::Over { end, at: now });
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::mint::tests::claims;
    use crate::policy::saml::AuthnClaim;
    use crate::token::datetime;

    #[test]
    fn nothing_ends_later_than_what_it_rests_on_and_nothing_rests_on_what_is_over() {
        let time = |text: &str| datetime::parse(text).unwrap();
        let (now, hour) = (time("2026-11-26T12:00:00.5Z"), TimeDelta::hours(1));
        let mut claims = claims(&[]);
        let ends = |claims: &_| end(&Facts::of_claims(claims), None, now, hour);
        assert_eq!(ends(&claims), Ok(time("2026-11-26T13:00:00.5Z")));
        claims.not_on_or_after = Some(time("2026-11-26T12:10:00Z"));
        assert_eq!(ends(&claims), Ok(time("2026-11-26T12:10:00Z")));
        claims.authn = Some(AuthnClaim {
            instant: now,
            context_class: None,
            session_index: None,
            session_not_on_or_after: Some(time("2026-11-26T12:05:00Z")),
        });
        assert_eq!(ends(&claims), Ok(time("2026-11-26T12:05:00Z")));
        for over in [
            "2026-11-26T11:59:59Z",
            "2026-11-26T12:00:00.5Z",
            "2026-11-26T12:00:00.9Z",
        ] {
            claims.not_on_or_after = Some(time(over));
            let error = ends(&claims).unwrap_err();
            assert_eq!(error.code(), "policy.assertion_over");
            assert!(error.to_string().contains("it is 2026-11-26 12:00:00"), "{error}");
        }
    }
}
