use chrono::TimeDelta;

use crate::policy::AudienceRule;
use crate::policy::Confirmation;
use crate::policy::InterruptedText;
use crate::policy::Policy;
use crate::policy::SamlRules;

/// What a relying party knows of itself, and of what it asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RelyingParty {
    /// The URI that it is known by: one of the audiences of every AudienceRestriction.
    pub audience: Option<String>,
    /// The URL where messages reach it: the Recipient of bearer assertions, the Destination of messages.
    pub recipient: Option<String>,
    /// What it asked for.
    pub request: ExpectedRequest,
    /// The ArtifactResolve that it sent for an ArtifactResponse.
    pub resolution: ExpectedRequest,
}

/// Which request an answer may answer (T94).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ExpectedRequest {
    /// Nothing was said about it.
    #[default]
    NotSaid,
    /// None: it must come unasked.
    Unsolicited,
    /// The one of this ID.
    Request(String),
    /// The one of this ID, or it comes unasked.
    RequestOrUnsolicited(String),
}

impl ExpectedRequest {
    /// The request of this ID; without one, nothing was said about it.
    pub fn of(id: Option<String>) -> Self {
        id.map_or(Self::NotSaid, Self::Request)
    }

    /// Or it comes unasked.
    #[must_use]
    pub fn or_unsolicited(self) -> Self {
        match self {
            Self::NotSaid | Self::Unsolicited => Self::Unsolicited,
            Self::Request(id) | Self::RequestOrUnsolicited(id) => Self::RequestOrUnsolicited(id),
        }
    }
}

/// How the assertion or message reached us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// In the Security header of a SOAP message.
    Soap,
    /// By a message that a browser delivered in a form (SAML Bindings §3.5).
    Response,
    /// By a message in a query string (SAML Bindings §3.4).
    Redirect,
    /// By a message that its sender handed over: in a SOAP Body, or for an artifact.
    BackChannel,
    /// By itself.
    Alone,
}

/// The part of a policy that SAML is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'p> {
    pub(super) saml: &'p SamlRules,
    pub(super) interrupted_text: InterruptedText,
    pub(super) skew: TimeDelta,
    pub(super) way: Way,
}

impl<'p> Rules<'p> {
    /// What `policy` asks of an assertion that came by `way`.
    pub fn new(policy: &'p Policy, way: Way) -> Self {
        Self {
            saml: &policy.saml,
            interrupted_text: policy.interrupted_text,
            skew: TimeDelta::seconds(policy.clock_skew.into()),
            way,
        }
    }

    pub(super) fn confirmations(&self) -> &'p [Confirmation] {
        match self.way {
            Way::Soap => &self.saml.soap_confirmations,
            Way::Response | Way::Redirect | Way::BackChannel | Way::Alone => &self.saml.sso_confirmations,
        }
    }

    /// Whether what nobody said how to compare passes, with a warning: where an assertion for no certain audience does.
    pub(super) fn passes_the_unsaid(&self) -> bool {
        self.saml.audience == AudienceRule::Optional
    }

    /// The longest life of what is judged.
    pub(super) fn max_life(&self) -> Option<TimeDelta> {
        self.saml
            .max_life
            .map(|seconds| TimeDelta::seconds(seconds.into()))
    }
}
