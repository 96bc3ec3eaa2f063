use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::problem::Problem;
use super::recording::Sent;
use super::recording::SentBy;
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::token::saml;
use crate::token::saml::Artifact;
use crate::token::saml::Assertion;
use crate::token::saml::Content;
use crate::token::saml::NameId;
use crate::token::saml::ProtocolMessage;
use crate::token::saml::Response;
use crate::xml::Document;
use crate::xml::Namespace;

/// A SAML message that the browser sent.
#[derive(Debug)]
pub struct Step {
    /// The place of its request among all of the recording, from 1.
    pub number: usize,
    /// When it was sent, if the recording says so.
    pub at: Option<DateTime<Utc>>,
    /// By which binding.
    pub binding: Binding,
    /// Where it was sent: a URL without query string.
    pub sent_to: String,
    /// What it says of itself, which proves nothing; `None` if it cannot be read.
    pub message: Option<Message>,
    /// Whether its signature and all that it says were judged.
    pub judged: bool,
    /// Where it breaks.
    pub problems: Vec<Problem>,
}

/// How a browser carried a message (SAML Bindings §3.4, §3.5, §3.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding {
    /// In a URL.
    Redirect,
    /// In a form.
    Post,
    /// In a URL or a form stands for which message the receiver asks its sender.
    Artifact,
}

/// What a message says of itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Message {
    /// Its name, as `Response`; `Artifact` if the browser carried what stands for it.
    pub name: String,
    /// Its ID; empty of an artifact.
    pub id: String,
    /// The ID of the assertion in it, where that can be read: of one that came encrypted, once it is verified.
    pub assertion_id: Option<String>,
    /// Who issued that assertion, as it says itself.
    pub assertion_issuer: Option<String>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// Where it should be sent.
    pub destination: Option<String>,
    /// The request that it answers.
    pub in_response_to: Option<String>,
    /// Where a request wants its answer.
    pub answer_to: Option<String>,
    /// What was sent with it, to come back with the answer.
    pub relay_state: Option<String>,
    /// What stands for a message, of which no more is known.
    pub artifact: Option<Artifact>,
}

impl Binding {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::Post => "post",
            Self::Artifact => "artifact",
        }
    }
}

impl Step {
    /// The step that `sent` is, read within the limits of `policy`.
    pub(super) fn of(sent: &Sent, policy: &Policy) -> Self {
        let read = read(&sent.parameters, policy);
        let problems = read.as_ref().err().map(|rejection| Problem::Refused {
            rejection: rejection.clone(),
            hint: None,
        });
        let message = read.ok();
        Self {
            number: sent.number,
            at: sent.at,
            binding: match (&message, sent.way) {
                (
                    Some(Message {
                        artifact: Some(_), ..
                    }),
                    _,
                ) => Binding::Artifact,
                (_, SentBy::Url) => Binding::Redirect,
                (_, SentBy::Form) => Binding::Post,
            },
            sent_to: shown(&sent.url).to_owned(),
            message,
            judged: false,
            problems: problems.into_iter().collect(),
        }
    }

    /// Whether it answers something. An artifact may stand for a request too, which no browser knows.
    pub(super) fn is_answer(&self) -> bool {
        let answers = |message: &Message| message.name.ends_with("Response") || message.artifact.is_some();
        self.message.as_ref().is_some_and(answers)
    }
}

/// A URL without what only its servers should know: query string, path parameters, user and password.
pub(super) fn shown(url: &str) -> &str {
    let end = url.find(['?', '#', ';']).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or_default();
    let authority = url.find("://").map_or(0, |at| at.saturating_add(3));
    let host = url.get(authority..).unwrap_or_default();
    let host = host.split('/').next().unwrap_or_default();
    match host.contains('@') {
        true => "(a URL with a user)",
        false => url,
    }
}

fn read(parameters: &str, policy: &Policy) -> Result<Message, Rejection> {
    if let Some((text, relay_state)) = saml::parse_artifact(parameters).map_err(saml::BindingError::Query)? {
        let artifact = Artifact::parse(&text).ok_or(saml::BindingError::Artifact)?;
        return Ok(Message {
            name: "Artifact".to_owned(),
            relay_state,
            artifact: Some(artifact),
            ..Message::default()
        });
    }
    let (_, beside) = saml::parse_query(parameters).map_err(saml::BindingError::Query)?;
    let decoded = saml::decode(parameters.to_owned().into())?;
    let document = Document::parse(decoded.xml, &policy.limits)?;
    let root = document.root();
    let told = |name: &Option<NameId<'_>>| name.as_ref().map(|name| name.value.clone().into_owned());
    let owned = |text: &Option<Cow<'_, str>>| text.as_ref().map(|text| text.clone().into_owned());
    let (message, assertion, answer_to) = if root.local_name() == "Response" {
        let response = Response::read(root)?;
        let assertion = match response.content {
            // Why one cannot be read is told when the Response is judged.
            Content::Assertion(assertion) => Assertion::read(assertion).ok(),
            Content::EncryptedAssertion(_) | Content::Nothing => None,
        };
        (response.message, assertion, None)
    } else {
        let kind = || saml::ErrorKind::NotExpected {
            found: root.name().to_owned(),
            expected: "a SAML protocol message",
        };
        let spoken = ProtocolMessage::read(root)?;
        let spoken = spoken.ok_or_else(|| saml::Error::new(root, "SAML Core §3", kind()))?;
        let answer_to = match &spoken {
            ProtocolMessage::AuthnRequest(request) => owned(&request.assertion_consumer_service_url),
            ProtocolMessage::LogoutRequest(_)
            | ProtocolMessage::LogoutResponse(_)
            | ProtocolMessage::ManageNameIdRequest(_)
            | ProtocolMessage::ManageNameIdResponse(_)
            | ProtocolMessage::ArtifactResolve(_) => None,
        };
        (spoken.message().clone(), None, answer_to)
    };
    let issuer_of_1 = || {
        let assertion = root.child(Namespace::SAML1, "Assertion")?;
        Some(assertion.attribute("Issuer")?.into_owned())
    };
    Ok(Message {
        name: root.local_name().to_owned(),
        id: message.id.clone().into_owned(),
        assertion_id: assertion
            .as_ref()
            .map(|assertion| assertion.id.clone().into_owned()),
        assertion_issuer: assertion.map(|assertion| assertion.issuer.value.into_owned()),
        issuer: told(&message.issuer).or_else(issuer_of_1),
        destination: owned(&message.destination),
        in_response_to: owned(&message.in_response_to),
        answer_to,
        relay_state: beside.relay_state,
        artifact: None,
    })
}
