//! Bearer tokens (RFC 6750): JSON Web Tokens of one issuer, for one audience, signed with one of its keys.

mod age;
mod claims;
mod error;
mod keys;

use std::sync::Arc;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;

use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Fingerprint;
use crate::crypto::Unavailable;
use crate::crypto::VerifyingKey;
use crate::crypto::decode_base64_url;
use crate::crypto::verify;
use crate::token::jwt::Jwt;
use crate::trust::ReplayKey;
use crate::trust::ReplayKind;
use crate::trust::Use;

pub use age::KeysAge;
pub use age::LastSeen;
pub use claims::BearerClaims;
pub use error::BearerError;
pub use keys::TokenKeys;
pub use keys::TokenKeysError;

/// Whose tokens are taken.
#[derive(Clone, Debug)]
pub struct BearerRules {
    /// The `iss` of the issuer.
    pub issuer: String,
    /// The `aud` that must be among a token's.
    pub audience: String,
    /// The algorithms that it may be signed with.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// The `typ` that it must have, without `application/`; "JWT", "at+jwt" or none at all if nothing is said.
    pub kind: Option<String>,
    /// What a token is good for.
    pub stands: Stands,
    /// Whether it must be bound to the client's certificate. One that is bound always counts for that client only.
    pub binding: Binding,
    /// How far clocks may differ.
    pub skew: TimeDelta,
    /// The issuer's keys. Those that a token brings along, or points to, are nobody's.
    pub keys: TokenKeys,
    /// How long the keys count, where they are fetched.
    pub age: Option<KeysAge>,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It comes beside what the message has to prove, as often as anybody brings it.
    Beside,
    /// It stands for the message, and counts once: it must have `jti` and `iat`.
    ForMessage,
}

/// Whether a token must be bound to a certificate (RFC 8705 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// It may be.
    Optional,
    /// It must be.
    Required,
}

/// A token that holds: its issuer says who its subject is, and that whoever brings it acts for them. It says nothing of any message.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a token that nobody asks about"]
pub struct VerifiedBearer {
    claims: Arc<BearerClaims>,
    id: Option<String>,
    for_message: Option<Once>,
}

/// A token that holds and that the operator lets stand for the message that it came with: its issuer says who its subject is, and that whoever
/// brings it acts for them. It says nothing of what the message says. Only [`VerifiedBearer::for_message`] makes one.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a token that no message came with"]
pub struct MessageBearer {
    claims: Arc<BearerClaims>,
    once: Once,
}

/// What a token that counts once is remembered by.
#[derive(Debug, PartialEq, Eq)]
struct Once {
    issuer: String,
    id: String,
    issued: DateTime<Utc>,
    end: DateTime<Utc>,
    skew: TimeDelta,
}

impl VerifiedBearer {
    /// What its issuer says.
    pub fn claims(&self) -> &Arc<BearerClaims> {
        &self.claims
    }

    /// Its `jti`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The same as what stands for a message; `None` where the rules that it was judged by do not let it.
    pub fn for_message(self) -> Option<MessageBearer> {
        let once = self.for_message?;
        Some(MessageBearer {
            claims: self.claims,
            once,
        })
    }
}

impl MessageBearer {
    /// What its issuer says.
    pub fn claims(&self) -> &BearerClaims {
        &self.claims
    }

    /// Its one use.
    ///
    /// # Errors
    /// [`Unavailable`] when the crypto library has no SHA-256.
    pub fn the_use(&self) -> Result<Use, Unavailable> {
        let Once {
            issuer,
            id,
            issued,
            end,
            skew,
        } = &self.once;
        Ok(Use {
            key: ReplayKey::new(ReplayKind::Token, issuer.as_bytes(), &[id.as_bytes()])?,
            issued: *issued,
            until: end.checked_add_signed(*skew).unwrap_or(*end),
        })
    }
}

impl BearerRules {
    /// Judges `token`, brought by a client that has shown `client`, as of `now`.
    ///
    /// # Errors
    /// The first thing that does not hold. Nothing that it says is believed before its signature is.
    pub fn verify(
        &self,
        token: &str,
        client: Option<&Fingerprint>,
        now: DateTime<Utc>,
    ) -> Result<VerifiedBearer, BearerError> {
        if let Some(seen) = self.age.as_ref().and_then(|age| age.is_over(now)) {
            return Err(BearerError::KeysOld { seen, at: now });
        }
        let jwt = Jwt::read(token).map_err(BearerError::Token)?;
        let algorithm = SignatureAlgorithm::from_jws_name(&jwt.algorithm)
            .filter(|algorithm| self.algorithms.contains(algorithm))
            .ok_or_else(|| BearerError::Algorithm(jwt.algorithm.clone()))?;
        if !self.takes(jwt.kind.as_deref()) {
            return Err(BearerError::Kind(jwt.kind));
        }
        let key = self.keys.find(jwt.key_id.as_deref(), algorithm);
        let key = key.ok_or_else(|| BearerError::Key {
            id: jwt.key_id.clone(),
            algorithm,
        })?;
        let key = VerifyingKey::Public(key.clone());
        verify(algorithm, &key, jwt.signed.as_bytes(), &jwt.signature).map_err(|_| BearerError::Signature)?;
        if text(&jwt, "iss") != Some(&self.issuer) {
            return Err(BearerError::Issuer(written(&jwt, "iss")));
        }
        if !self.is_for_us(&jwt) {
            return Err(BearerError::Audience(written(&jwt, "aud")));
        }
        self.check_time(&jwt, now)?;
        self.check_binding(&jwt, client)?;
        let subject = text(&jwt, "sub").filter(|subject| !subject.is_empty());
        let subject = subject.ok_or(BearerError::NoSubject)?;
        let end = jwt.claims.get("exp").and_then(seconds);
        let end = end.and_then(|end| DateTime::from_timestamp(end, 0));
        let end = end.unwrap_or(DateTime::<Utc>::MAX_UTC);
        Ok(VerifiedBearer {
            claims: Arc::new(BearerClaims::of(&jwt, &self.issuer, subject, end)),
            id: text(&jwt, "jti").map(str::to_owned),
            for_message: match self.stands {
                Stands::Beside => None,
                Stands::ForMessage => Some(self.once(&jwt).ok_or(BearerError::NotOnce)?),
            },
        })
    }

    fn once(&self, jwt: &Jwt<'_>) -> Option<Once> {
        let time = |name: &str| DateTime::from_timestamp(jwt.claims.get(name).and_then(seconds)?, 0);
        Some(Once {
            issuer: self.issuer.clone(),
            id: text(jwt, "jti").filter(|id| !id.is_empty())?.to_owned(),
            issued: time("iat")?,
            end: time("exp")?,
            skew: self.skew,
        })
    }

    fn takes(&self, kind: Option<&str>) -> bool {
        let kind = kind.map(str::to_ascii_lowercase);
        let kind = kind
            .as_deref()
            .map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
        match &self.kind {
            Some(required) => kind == Some(required.to_ascii_lowercase().as_str()),
            None => matches!(kind, None | Some("jwt" | "at+jwt")),
        }
    }

    fn is_for_us(&self, jwt: &Jwt<'_>) -> bool {
        match jwt.claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(several)) => {
                several.iter().all(Value::is_string)
                    && several.iter().any(|one| *one == self.audience.as_str())
            }
            _ => false,
        }
    }

    fn check_time(&self, jwt: &Jwt<'_>, now: DateTime<Utc>) -> Result<(), BearerError> {
        let (at, now, skew) = (now, now.timestamp(), self.skew.num_seconds());
        let end = jwt.claims.get("exp").and_then(seconds);
        if end.is_none_or(|end| end.saturating_add(skew) <= now) {
            let end = written(jwt, "exp");
            return Err(BearerError::Expired { end, at });
        }
        for claim in ["nbf", "iat"] {
            let Some(value) = jwt.claims.get(claim) else {
                continue;
            };
            if seconds(value).is_none_or(|from| from.saturating_sub(skew) > now) {
                let begin = value.to_string();
                return Err(BearerError::NotYetValid { claim, begin, at });
            }
        }
        Ok(())
    }

    fn check_binding(&self, jwt: &Jwt<'_>, client: Option<&Fingerprint>) -> Result<(), BearerError> {
        let Some(confirmation) = jwt.claims.get("cnf") else {
            return match self.binding {
                Binding::Optional => Ok(()),
                Binding::Required => Err(BearerError::Confirmation),
            };
        };
        let members = confirmation.as_object().filter(|members| members.len() == 1);
        let thumbprint = members.and_then(|members| members.get("x5t#S256")?.as_str());
        let thumbprint = thumbprint.and_then(|text| decode_base64_url(text).ok());
        let thumbprint = thumbprint.ok_or(BearerError::Confirmation)?;
        match client {
            Some(shown) if shown.as_slice() == thumbprint => Ok(()),
            _ => Err(BearerError::ClientCertificate),
        }
    }
}

fn text<'j>(jwt: &'j Jwt<'_>, name: &str) -> Option<&'j str> {
    jwt.claims.get(name).and_then(Value::as_str)
}

/// A claim as it stands there.
fn written(jwt: &Jwt<'_>, name: &str) -> Option<String> {
    let claim = jwt.claims.get(name)?;
    Some(claim.as_str().map_or_else(|| claim.to_string(), str::to_owned))
}

/// Whole seconds of a NumericDate (RFC 7519 §2).
fn seconds(value: &Value) -> Option<i64> {
    let whole = |text: String| {
        text.split_once('.')
            .map_or(text.clone(), |(whole, _)| whole.to_owned())
    };
    value.as_i64().or_else(|| {
        let fraction = value.as_f64().filter(|number| number.abs() < 1e15)?;
        whole(format!("{:.3}", fraction.floor())).parse().ok()
    })
}

#[cfg(test)]
mod tests;
