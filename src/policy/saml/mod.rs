//! Is a SAML assertion or message good enough, for us, now, from whom it came?
//!
//! One small function a rule of SAML Core §2.5 and SAML Profiles §3 and §4.1.4. They judge what was read and presume that a
//! trusted key has signed it; each error carries the values that did not match.
//!
//! | rule | where |
//! |---|---|
//! | T01–T14 nothing signed elsewhere | [`check_positions`], [`check_signature_place`] |
//! | T91 one issuer, and the key is its own | [`judge_response`], with the keys of [`Issuers`](crate::trust::Issuers) |
//! | T92 audience | [`judge_assertion`] |
//! | T93, T94 recipient, destination, request | [`judge_assertion`], [`judge_response`], [`judge_message`] |
//! | T95, T96 times, with the skew that the policy allows | all |
//! | T97–T100 confirmation of the subject | [`judge_assertion`] with a [`Presenter`] |
//! | T101 replay | [`AssertionUse`], for a [`ReplayStore`](crate::trust::ReplayStore) |
//! | T102 conditions that are not understood | [`judge_assertion`] |
//! | T104 status | [`judge_response`] |
//! | T105 attributes | [`Claims`] |

mod assertion;
mod audience;
mod claims;
mod confirmation;
mod error;
mod expected;
mod message;
mod party;
mod position;
mod response;
mod time;

pub use assertion::Accepted;
pub use assertion::AssertionUse;
pub use assertion::judge_assertion;
pub use claims::AttributeClaim;
pub use claims::AttributeName;
pub use claims::AuthnClaim;
pub use claims::Claims;
pub use claims::MessageClaims;
pub use claims::NameChangeClaim;
pub use claims::NameClaim;
pub use confirmation::Presenter;
pub use confirmation::Vouching;
pub use confirmation::is_holder_of_key;
pub use confirmation::is_vouched_for;
pub use error::Error;
pub use error::ErrorKind;
pub use error::FailedStatus;
pub use message::check_parameter;
pub use message::check_signature_place;
pub use message::check_text;
pub use message::judge_message;
pub use party::ExpectedRequest;
pub use party::RelyingParty;
pub use party::Rules;
pub use party::Way;
pub use position::check_positions;
pub use response::assertion_in;
pub use response::judge_artifact_response;
pub use response::judge_response;
pub use response::message_in;

#[cfg(test)]
mod tests;
