//! The bearer token of a request (RFC 6750 §2.1), judged before its body is read.

use actix_web::http::header;
use actix_web::http::header::HeaderMap;
use chrono::DateTime;
use chrono::Utc;

use crate::crypto::Fingerprint;
use crate::policy::Transport;
use crate::trust::BearerError;
use crate::trust::BearerRules;
use crate::trust::VerifiedBearer;

/// The one text in the Authorization headers of a request, if there is one: what `HeaderMap` holds more of is never looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Authorization {
    Nothing,
    One(String),
    Several,
}

impl Authorization {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(header::AUTHORIZATION);
        match (values.next().map(|value| value.to_str()), values.next()) {
            (None, _) => Self::Nothing,
            (Some(Ok(one)), None) => Self::One(one.to_owned()),
            (Some(_), _) => Self::Several,
        }
    }

    /// What the token in it proves.
    ///
    /// # Errors
    /// There is not one, it came unprotected, or it does not hold.
    pub(super) fn judge(
        &self,
        rules: &BearerRules,
        transport: Transport,
        client: Option<&Fingerprint>,
        now: DateTime<Utc>,
    ) -> Result<VerifiedBearer, BearerError> {
        let text = match self {
            Self::Nothing => return Err(BearerError::Missing),
            Self::Several => return Err(BearerError::Several),
            Self::One(text) => text,
        };
        if transport != Transport::Tls {
            return Err(BearerError::Transport);
        }
        let (scheme, token) = text.split_once(' ').ok_or(BearerError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(BearerError::Scheme);
        }
        rules.verify(token, client, now)
    }
}
