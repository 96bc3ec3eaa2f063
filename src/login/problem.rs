use std::fmt;

use crate::rejection::Rejection;
use crate::rejection::Stage;
use crate::rejection::Verdict;
use crate::xml::Position;
use crate::xml::quoted;

/// Where a login breaks, with the values that do not fit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The message was refused.
    Refused {
        /// Why.
        rejection: Rejection,
        /// What may be behind it.
        hint: Option<String>,
    },
    /// It was sent elsewhere than it says (T93).
    Destination {
        /// Destination.
        said: String,
        /// Where it was sent.
        sent_to: String,
    },
    /// It answers elsewhere than the request asks.
    AnsweredElsewhere {
        /// AssertionConsumerServiceURL of the request.
        asked: String,
        /// Where the answer was sent.
        sent_to: String,
    },
    /// It answers no request of the recording (T94).
    UnknownRequest {
        /// Its InResponseTo.
        said: Option<String>,
        /// The IDs of the requests before it.
        requests: Vec<String>,
    },
    /// The same was sent before, and counts once (T101).
    Replayed {
        /// With which request of the recording.
        before: usize,
    },
    /// What it answers was answered before (T94).
    AnsweredBefore {
        /// Its InResponseTo.
        request: String,
        /// With which request of the recording.
        before: usize,
    },
    /// RelayState did not come back as it was sent (SAML Bindings §3.4.3, §3.5.3).
    RelayState {
        /// With the request.
        sent: String,
        /// With the answer.
        returned: Option<String>,
    },
    /// Nobody whom the metadata knows issued the artifact (SAML Bindings §3.6.4).
    ArtifactIssuer {
        /// How many it knows.
        known: usize,
    },
    /// What the artifact stands for was not sent by the browser (SAML Bindings §3.6.5).
    ArtifactNotResolved {
        /// Who issued it, if the metadata knows that.
        issuer: Option<String>,
        /// Which of his ArtifactResolutionServices gives the message.
        endpoint_index: u16,
    },
    /// Nothing answers the request.
    NotAnswered {
        /// The request, among all of the recording, whose page holds an answer that was never sent.
        page: Option<usize>,
    },
    /// Nobody knows what the request carried.
    PassedOver,
}

impl Problem {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { rejection, .. } => rejection.code(),
            Self::Destination { .. } => "saml.destination",
            Self::AnsweredElsewhere { .. } => "saml.recipient",
            Self::UnknownRequest { .. } | Self::AnsweredBefore { .. } => "saml.in_response_to",
            Self::Replayed { .. } => "replay.assertion",
            Self::RelayState { .. } => "saml.relay_state",
            Self::ArtifactIssuer { .. } => "saml.artifact_issuer",
            Self::ArtifactNotResolved { .. } => "saml.artifact_not_resolved",
            Self::NotAnswered { .. } => "saml.not_answered",
            Self::PassedOver => "saml.passed_over",
        }
    }

    /// The stage that it belongs to.
    pub fn stage(&self) -> &'static str {
        match self {
            Self::Refused { rejection, .. } => rejection.stage().name(),
            Self::Replayed { .. } => Stage::Replay.name(),
            Self::Destination { .. }
            | Self::AnsweredElsewhere { .. }
            | Self::UnknownRequest { .. }
            | Self::AnsweredBefore { .. }
            | Self::RelayState { .. }
            | Self::ArtifactIssuer { .. }
            | Self::ArtifactNotResolved { .. }
            | Self::NotAnswered { .. }
            | Self::PassedOver => Stage::Saml.name(),
        }
    }

    /// Whether a check was broken, or could not be made.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Refused { rejection, .. } => rejection.verdict(),
            Self::ArtifactNotResolved { .. } | Self::PassedOver => Verdict::Indeterminate,
            Self::Destination { .. }
            | Self::AnsweredElsewhere { .. }
            | Self::UnknownRequest { .. }
            | Self::Replayed { .. }
            | Self::AnsweredBefore { .. }
            | Self::RelayState { .. }
            | Self::ArtifactIssuer { .. }
            | Self::NotAnswered { .. } => Verdict::Failed,
        }
    }

    /// Where in the message.
    pub fn position(&self) -> Option<Position> {
        self.refused()?.0.position()
    }

    /// What may be behind it.
    pub fn hint(&self) -> Option<&str> {
        self.refused()?.1
    }

    fn refused(&self) -> Option<(&Rejection, Option<&str>)> {
        match self {
            Self::Refused { rejection, hint } => Some((rejection, hint.as_deref())),
            Self::Destination { .. }
            | Self::AnsweredElsewhere { .. }
            | Self::UnknownRequest { .. }
            | Self::Replayed { .. }
            | Self::AnsweredBefore { .. }
            | Self::RelayState { .. }
            | Self::ArtifactIssuer { .. }
            | Self::ArtifactNotResolved { .. }
            | Self::NotAnswered { .. }
            | Self::PassedOver => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { rejection, .. } => rejection.fmt(f),
            Self::Destination { said, sent_to } => write!(
                f,
                "Destination is {}, and it was sent to {}",
                quoted(said),
                quoted(sent_to)
            ),
            Self::AnsweredElsewhere { asked, sent_to } => write!(
                f,
                "the request asks for the answer at {}, and it was sent to {}",
                quoted(asked),
                quoted(sent_to)
            ),
            Self::UnknownRequest { said: None, requests } if requests.is_empty() => {
                f.write_str("it answers no request, and none was sent before it")
            }
            Self::UnknownRequest { said: None, requests } => {
                write!(f, "it answers no request; sent were {}", list(requests))
            }
            Self::UnknownRequest {
                said: Some(said),
                requests,
            } if requests.is_empty() => {
                write!(
                    f,
                    "it answers the request {}, and none was sent before it",
                    quoted(said)
                )
            }
            Self::UnknownRequest {
                said: Some(said),
                requests,
            } => write!(
                f,
                "it answers the request {}; sent were {}",
                quoted(said),
                list(requests)
            ),
            Self::Replayed { before } => write!(
                f,
                "request {before} of the recording brought the same, and it counts once: a service that remembers refuses it"
            ),
            Self::AnsweredBefore { request, before } => write!(
                f,
                "it answers the request {}, which request {before} of the recording has answered",
                quoted(request)
            ),
            Self::RelayState {
                sent,
                returned: Some(returned),
            } => write!(
                f,
                "RelayState was {} with the request, and is {} with the answer",
                quoted(sent),
                quoted(returned)
            ),
            Self::RelayState { sent, returned: None } => {
                write!(
                    f,
                    "RelayState was {} with the request, and the answer has none",
                    quoted(sent)
                )
            }
            Self::ArtifactIssuer { known } => write!(
                f,
                "its SourceID is SHA-1 of no entity that the metadata has: {known} are known"
            ),
            Self::ArtifactNotResolved {
                issuer,
                endpoint_index,
            } => write!(
                f,
                "it stands for a message that the service fetched without the browser, from the ArtifactResolutionService {endpoint_index} \
                 of {}: `saml verify --resolve-id` judges the ArtifactResponse",
                issuer.as_deref().map_or("its issuer".to_owned(), quoted)
            ),
            Self::NotAnswered { page: Some(page) } => write!(
                f,
                "nothing answers it: the page that answered request {page} of the recording holds a Response, and the browser never sent it"
            ),
            Self::NotAnswered { page: None } => f.write_str("nothing answers it"),
            Self::PassedOver => f.write_str(
                "not read, as no recorder writes it so, or it contradicts itself, or its body is not there: nobody can say whether it carried a message",
            ),
        }
    }
}

fn list(ids: &[String]) -> String {
    let shown: Vec<String> = ids.iter().rev().take(4).map(|id| quoted(id)).collect();
    shown.join(", ")
}
