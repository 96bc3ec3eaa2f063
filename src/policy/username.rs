use chrono::{DateTime, Utc};

use super::freshness::later;
use super::requirement::Part;
use super::rules::{Policy, UsernameToken as Rule};
use super::unmet::{Unmet, UnmetKind};
use crate::token::username::{Proof, UsernameToken};
use crate::trust::{Owner, Signed};

/// What `legacy` says of a token that could be sent again.
const NO_NONCE: &str = "username_token.no_nonce";

/// How a message came.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Transport {
    /// Over a connection that others may read, or nobody has said how.
    #[default]
    Unprotected,
    /// Over TLS.
    Tls,
}

/// The UsernameToken of a message that the policy takes, if its password is right.
#[derive(Clone, Debug)]
pub struct Presented<'d> {
    /// The token.
    pub token: UsernameToken<'d>,
    /// Whether its password is to be compared: the policy may leave it alone, and then it proves nothing.
    pub judged: bool,
    /// When it was made and until when it would be taken, so that its nonce has to be remembered; `None` without a nonce.
    pub once: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Exceptions that this needed.
    pub legacy: Vec<&'static str>,
    /// True of it and worth knowing.
    pub warnings: Vec<&'static str>,
}

/// Whether `token` may say who sent a message that came over `transport` and that `main` signed (WSS UsernameToken Profile 1.1
/// §3, §5; T112).
///
/// # Errors
/// The first thing that the policy asks of it and that it has not.
pub(super) fn present<'d>(
    policy: &Policy,
    token: Option<&UsernameToken<'d>>,
    main: Option<&Signed<'d>>,
    transport: Transport,
    now: DateTime<Utc>,
) -> Result<Option<Presented<'d>>, Unmet> {
    let must_be_signed = policy.signed.contains(&Part::UsernameToken);
    let Some(token) = token else {
        return if must_be_signed {
            Err(Unmet::nowhere(UnmetKind::UsernameTokenMissing))
        } else {
            Ok(None)
        };
    };
    let refuse = |kind| Err(Unmet::at(token.element(), kind));
    let mut presented = Presented {
        token: token.clone(),
        judged: policy.username_token != Rule::Ignore,
        once: None,
        legacy: Vec::new(),
        warnings: Vec::new(),
    };
    let over_tls = transport == Transport::Tls;
    let (text_allowed, nonce_optional) = match policy.username_token {
        Rule::Refuse => return refuse(UnmetKind::UsernameTokenRefused),
        Rule::Ignore => {
            presented.warnings.push("username_token_not_judged");
            return Ok(Some(presented));
        }
        Rule::Digest => (false, false),
        Rule::DigestOrTextOverTls => (over_tls, false),
        Rule::NonceOptionalOverTls => (over_tls, over_tls),
    };
    let signed = main.is_some_and(|main| main.signs(token.element()));
    match token.proof() {
        Proof::Nothing => return refuse(UnmetKind::NoPassword),
        // A token whose key signed the Body belongs to the message: with another name or salt the key would be another.
        Proof::Derivation(_) if !main.is_some_and(|main| is_of(main, token)) => {
            return refuse(UnmetKind::NoPassword);
        }
        Proof::Derivation(_) if must_be_signed && !signed => {
            return refuse(UnmetKind::UsernameTokenNotSigned);
        }
        Proof::Derivation(_) => return Ok(Some(presented)),
        Proof::Text(_) if !text_allowed => return refuse(UnmetKind::PasswordText { over_tls }),
        Proof::Digest(_) if token.nonce().is_none() || token.created().is_none() => {
            if !nonce_optional {
                return refuse(UnmetKind::NoNonce);
            }
            presented.legacy.push(NO_NONCE);
        }
        Proof::Text(_) | Proof::Digest(_) => {}
    }
    if !signed {
        if must_be_signed || policy.username_token == Rule::Digest || !over_tls {
            return refuse(UnmetKind::UsernameTokenNotSigned);
        }
        presented.warnings.push("username_token_not_signed");
    }
    let Some(created) = token.created() else {
        return match token.nonce() {
            // Nobody could say how long such a nonce has to be remembered.
            Some(_) if !nonce_optional => refuse(UnmetKind::NoNonce),
            Some(_) => {
                presented.legacy.push(NO_NONCE);
                Ok(Some(presented))
            }
            None => Ok(Some(presented)),
        };
    };
    let (made, skew) = (created.time, policy.clock_skew);
    let until = later(made, policy.timestamp.max_age);
    if made > later(now, skew) {
        return refuse(UnmetKind::UsernameTokenFuture {
            created: made,
            now,
            skew,
        });
    }
    if now > until {
        return refuse(UnmetKind::UsernameTokenExpired {
            created: made,
            ended: until,
            now,
        });
    }
    presented.once = token.nonce().map(|_| (made, until));
    Ok(Some(presented))
}

/// Whether `proof` was made with the key of the user whom `token` names.
fn is_of(proof: &Signed<'_>, token: &UsernameToken<'_>) -> bool {
    matches!(proof.owner(), Owner::User(key) if key.user().name() == token.username())
}
