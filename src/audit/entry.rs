use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;
use serde::Serialize;
use serde::Serializer;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::digest;
use crate::inbound::{BroughtMessage, GrantedAssertion, VerifiedMessage};
use crate::mint::Minted;
use crate::policy::saml::Claims;
use crate::trust::VerifiedBearer;
use crate::xml::quoted;

/// A record about a request. Values of messages are cut, and invisible characters escaped (T138).
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// What happened.
    pub kind: Kind,
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub time: DateTime<Utc>,
    /// The name that the peer was told.
    pub incident: String,
    /// The path of the route.
    pub route: String,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Why a message was refused or not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The names of the threats that were seen in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub threats: Vec<&'static str>,
    /// What of it is beyond today's practice, as verdicts name it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<String>,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `gone`, where the client had gone before there was an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<&'static str>,
    /// What came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Octets>,
    /// The envelope that goes to the backend (T127), without a Security header of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Octets>,
    /// The operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Whose certificate signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<SignerFacts>,
    /// The user of its UsernameToken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The subject of the bearer token that came with it, or that stands for it: then there is no signer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<String>,
    /// The `jti` of the token that the client got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its assertion (T107).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saml: Option<SamlFacts>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A message was verified, and may go to its backend.
    Accepted,
    /// The backend's answer was signed, and may go to the client.
    Answered,
    /// The message was refused.
    Refused,
    /// The backend or we failed.
    Failed,
}

/// Octets, by their number and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Octets {
    /// How many.
    pub bytes: usize,
    /// Their SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// Whose certificate signed a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignerFacts {
    /// Its subject.
    pub subject: String,
    /// The SHA-256 of the certificate.
    pub sha256: String,
}

/// An assertion that was believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SamlFacts {
    /// The entity that issued it.
    pub issuer: String,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its ID.
    pub assertion_id: String,
    /// When it was issued.
    pub issue_instant: DateTime<Utc>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// The SHA-256 of the issuer's public key, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_key: Option<String>,
}

impl Entry {
    /// A record of that kind about a request, at `time`.
    pub fn new(kind: Kind, time: DateTime<Utc>, incident: String, route: &str, peer: Option<String>) -> Self {
        Self {
            kind,
            time,
            incident,
            route: cut(route),
            peer,
            code: None,
            threats: Vec::new(),
            legacy: Vec::new(),
            status: None,
            client: None,
            received: None,
            forwarded: None,
            operation: None,
            signer: None,
            user: None,
            bearer: None,
            token: None,
            saml: None,
        }
    }

    /// With what was verified of `message`, and the envelope that goes on.
    #[must_use]
    pub fn about(mut self, message: &VerifiedMessage) -> Self {
        self.forwarded = Some(Octets::of(&message.envelope()));
        self.operation = message.operation().map(|name| cut(&name.to_string()));
        let certificate = message.sender().certificate.as_ref();
        self.signer = certificate.map(|signer| SignerFacts {
            subject: cut(&signer.subject),
            sha256: signer.sha256.clone(),
        });
        let threats = message.threats().iter();
        self.threats = threats.map(|threat| threat.rule().name()).collect();
        self.legacy = message.legacy().to_vec();
        self.user = message.user().map(|user| cut(user.name()));
        let issuer_key = message.issuer_key().map(|key| hexadecimal(key));
        self.saml = message.claims().map(|claims| SamlFacts::of(claims, issuer_key));
        self
    }
}

impl Entry {
    /// With what is known of `message`, for which a token stands.
    #[must_use]
    pub fn about_brought(mut self, message: &BroughtMessage) -> Self {
        self.forwarded = Some(Octets::of(message.envelope()));
        self.operation = Some(cut(&message.operation().body.to_string()));
        let threats = message.threats().iter();
        self.threats = threats.map(|threat| threat.rule().name()).collect();
        self.bearer = Some(cut(message.bearer().claims().subject()));
        self
    }

    /// With the `assertion` that was exchanged for a token.
    #[must_use]
    pub fn about_grant(mut self, assertion: &GrantedAssertion, minted: &Minted) -> Self {
        self.saml = Some(SamlFacts::of(assertion.claims(), None));
        self.token = Some(minted.id.clone());
        self
    }

    /// With the bearer token that came with the message.
    #[must_use]
    pub fn with(mut self, bearer: Option<&VerifiedBearer>) -> Self {
        self.bearer = bearer.map(|bearer| cut(bearer.claims().subject()));
        self
    }
}

impl SamlFacts {
    fn of(claims: &Claims, issuer_key: Option<String>) -> Self {
        Self {
            issuer: cut(&claims.issuer),
            subject: claims.name_id.as_ref().map(|name| cut(&name.value)),
            assertion_id: cut(&claims.assertion_id),
            issue_instant: claims.issued,
            not_on_or_after: claims.not_on_or_after,
            issuer_key,
        }
    }
}

impl Octets {
    /// Those.
    pub fn of(octets: &[u8]) -> Self {
        let sha256 = digest(DigestAlgorithm::Sha256, octets);
        Self {
            bytes: octets.len(),
            sha256: sha256
                .map(|digest| hexadecimal(digest.as_bytes()))
                .unwrap_or_default(),
        }
    }
}

/// Lower-case hexadecimal.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub(super) fn rfc3339<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn cut(value: &str) -> String {
    let quoted = quoted(value);
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}
