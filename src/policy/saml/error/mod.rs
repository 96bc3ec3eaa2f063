//! Why an assertion or message is not good enough: kinds with their facts here, their words in `display`.

mod display;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::token;
use crate::token::saml::Status;
use crate::xml::Element;
use crate::xml::Position;

/// Why an assertion or message is not good enough, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: Box<ErrorKind>,
    position: Position,
}

/// What was not good enough, with the values that did not match.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A message and what is in it name different issuers (T91).
    IssuerMismatch {
        /// The message's.
        outer: String,
        /// Of what is in it.
        inner: String,
    },
    /// A message that is signed names no issuer.
    IssuerMissing,
    /// An Issuer of another format than an entity's ID.
    IssuerFormat(String),
    /// No AudienceRestriction (T92).
    AudienceMissing {
        /// Whom it should be for; `None` if that is not known either.
        expected: Option<String>,
    },
    /// An AudienceRestriction that does not name us (T92).
    Audience {
        /// Who we are.
        expected: String,
        /// Whom it is for.
        found: Vec<String>,
    },
    /// It is for certain audiences, and who we are was not said.
    AudienceUnknown {
        /// Whom it is for.
        found: Vec<String>,
    },
    /// A Recipient or Destination that is not ours (T93).
    Recipient {
        /// The attribute.
        attribute: &'static str,
        /// Ours.
        expected: String,
        /// Theirs.
        found: String,
    },
    /// No Recipient or Destination (T93).
    RecipientMissing {
        /// The attribute.
        attribute: &'static str,
        /// Ours; `None` if where we are was not said.
        expected: Option<String>,
    },
    /// A Recipient or Destination, and where we are was not said.
    RecipientUnknown {
        /// The attribute.
        attribute: &'static str,
        /// What it says.
        found: String,
    },
    /// It answers another request than ours, or none (T94).
    InResponseTo {
        /// Our request; `None` if we made none.
        expected: Option<String>,
        /// The request it answers; `None` if it answers none.
        found: Option<String>,
    },
    /// Which request it should answer was not said.
    RequestUnknown {
        /// The request it answers; `None` if it answers none.
        found: Option<String>,
    },
    /// It does not hold yet (T95).
    NotYetValid {
        /// Which time says so.
        what: &'static str,
        /// That time.
        begins: DateTime<Utc>,
        /// The time of the judgement.
        now: DateTime<Utc>,
        /// How far clocks may be off.
        skew: TimeDelta,
    },
    /// It holds no longer (T95).
    Expired {
        /// Which time says so.
        what: &'static str,
        /// That time.
        ended: DateTime<Utc>,
        /// The time of the judgement.
        now: DateTime<Utc>,
        /// How far clocks may be off.
        skew: TimeDelta,
    },
    /// It ends before it begins (T95).
    EmptyWindow {
        /// NotBefore.
        not_before: DateTime<Utc>,
        /// NotOnOrAfter.
        not_on_or_after: DateTime<Utc>,
    },
    /// It holds for longer than the policy allows (T96).
    LifeTooLong {
        /// Since when.
        issued: DateTime<Utc>,
        /// Until when.
        ends: DateTime<Utc>,
        /// How long it may.
        allowed: TimeDelta,
    },
    /// A bearer confirmation without NotOnOrAfter (T97).
    BearerWithoutEnd,
    /// A bearer confirmation with NotBefore (T97), which is this.
    BearerNotBefore(DateTime<Utc>),
    /// A confirmation that needs data and has none.
    ConfirmationData(&'static str),
    /// No subject confirmation.
    NoConfirmation,
    /// No subject confirmation of a method that the policy allows (T100).
    ConfirmationMethod {
        /// The methods that there are.
        found: Vec<String>,
        /// Those that the policy allows.
        allowed: Vec<String>,
    },
    /// The one who presents it has not shown the key (T98). Keys are told by the SHA-256 of their SubjectPublicKeyInfo.
    HolderOfKey {
        /// The keys that it names.
        named: Vec<String>,
        /// The keys that were shown.
        shown: Vec<String>,
    },
    /// The key of holder-of-key cannot be read.
    HolderOfKeyInfo(Option<token::Error>),
    /// Nobody who may vouches for it (T99).
    SenderVouches,
    /// A condition that is not understood (T102).
    UnknownCondition(String),
    /// The request failed (T104).
    Status(FailedStatus),
    /// Nothing in a message or assertion is signed (T61).
    NotSigned {
        /// That the request failed, as the message says it and nobody vouches for.
        says: Option<FailedStatus>,
    },
    /// Metadata is not signed (T108).
    MetadataNotSigned,
    /// A Response without an assertion.
    NoAssertion,
    /// An ArtifactResponse without a message.
    ArtifactUnknown,
    /// A Response of SAML 1.1 that is not signed itself: its Recipient would be anybody's word.
    ResponseNotSigned,
    /// A Response in a query string.
    ResponseByRedirect,
    /// A message in the query parameter of the other kind; its name.
    Parameter(String),
    /// No statement that the subject was authenticated.
    NoAuthnStatement,
    /// Something is encrypted that has to be read; its name.
    Encrypted(&'static str),
    /// A subject that is named by nothing we read.
    NameId,
    /// An attribute whose value is no text (T105); its name.
    AttributeNotText(String),
    /// A comment or a processing instruction in a text (T33, T34).
    InterruptedText,
    /// A Signature that does not stand after the Issuer.
    SignaturePlace,
    /// An assertion where none is read; its name (T07–T10).
    Position(String),
    /// A Signature that signs something else than its parent (T01–T09).
    SignatureParent {
        /// What its References refer to.
        refers_to: Vec<String>,
        /// The ID of its parent.
        parent: Option<String>,
    },
    /// A Signature that is no child of what is read; the path of its parent (T01–T09).
    StraySignature(String),
}

/// A status other than success.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FailedStatus {
    /// The codes, the outermost first.
    pub codes: Vec<String>,
    /// What the responder says to people.
    pub message: Option<String>,
}

impl FailedStatus {
    /// `status`, unless it is success.
    pub fn of(status: &Status<'_>) -> Option<Self> {
        let codes = status.codes.iter();
        (!status.is_success()).then(|| Self {
            codes: codes.map(|code| code.clone().into_owned()).collect(),
            message: status.message.as_deref().map(str::to_owned),
        })
    }
}

impl Error {
    pub(crate) fn new(at: Element<'_>, kind: ErrorKind) -> Self {
        Self {
            kind: Box::new(kind),
            position: at.position(),
        }
    }

    /// What was not good enough.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where.
    pub fn position(&self) -> Option<Position> {
        Some(self.position)
    }

    /// Whether more information could have decided otherwise.
    pub fn is_indeterminate(&self) -> bool {
        matches!(
            *self.kind,
            ErrorKind::AudienceMissing { expected: None }
                | ErrorKind::AudienceUnknown { .. }
                | ErrorKind::RecipientUnknown { .. }
                | ErrorKind::RequestUnknown { .. }
        )
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match &*self.kind {
            ErrorKind::IssuerMismatch { .. } => "saml.issuer_mismatch",
            ErrorKind::IssuerMissing => "saml.issuer_missing",
            ErrorKind::IssuerFormat(_) => "saml.issuer_format",
            ErrorKind::AudienceMissing { .. } => "saml.audience_missing",
            ErrorKind::Audience { .. } => "saml.audience",
            ErrorKind::AudienceUnknown { .. } => "saml.audience_unknown",
            ErrorKind::Recipient {
                attribute: "Destination",
                ..
            } => "saml.destination",
            ErrorKind::Recipient { .. } => "saml.recipient",
            ErrorKind::RecipientMissing {
                attribute: "Destination",
                ..
            } => "saml.destination_missing",
            ErrorKind::RecipientMissing { .. } => "saml.recipient_missing",
            ErrorKind::RecipientUnknown { .. } => "saml.recipient_unknown",
            ErrorKind::InResponseTo { .. } => "saml.in_response_to",
            ErrorKind::RequestUnknown { .. } => "saml.request_unknown",
            ErrorKind::NotYetValid { .. } => "saml.not_yet_valid",
            ErrorKind::Expired { .. } => "saml.expired",
            ErrorKind::EmptyWindow { .. } => "saml.empty_window",
            ErrorKind::LifeTooLong { .. } => "saml.life_too_long",
            ErrorKind::BearerWithoutEnd => "saml.bearer_without_end",
            ErrorKind::BearerNotBefore(_) => "saml.bearer_not_before",
            ErrorKind::ConfirmationData(_) => "saml.confirmation_data",
            ErrorKind::NoConfirmation => "saml.no_confirmation",
            ErrorKind::ConfirmationMethod { .. } => "saml.confirmation_method",
            ErrorKind::HolderOfKey { .. } | ErrorKind::HolderOfKeyInfo(_) => "saml.holder_of_key",
            ErrorKind::SenderVouches => "saml.sender_vouches",
            ErrorKind::UnknownCondition(_) => "saml.unknown_condition",
            ErrorKind::Status(_) => "saml.status",
            ErrorKind::NotSigned { .. } | ErrorKind::MetadataNotSigned => "dsig.missing",
            ErrorKind::NoAssertion => "saml.no_assertion",
            ErrorKind::ArtifactUnknown => "saml.artifact_unknown",
            ErrorKind::ResponseNotSigned => "saml.response_not_signed",
            ErrorKind::ResponseByRedirect => "saml.response_by_redirect",
            ErrorKind::Parameter(_) => "saml.parameter",
            ErrorKind::NoAuthnStatement => "saml.no_authn_statement",
            ErrorKind::Encrypted(_) => "saml.encrypted",
            ErrorKind::NameId => "saml.name_id",
            ErrorKind::AttributeNotText(_) => "saml.attribute_not_text",
            ErrorKind::InterruptedText => "saml.interrupted_text",
            ErrorKind::SignaturePlace => "saml.signature_place",
            ErrorKind::Position(_) => "saml.position",
            ErrorKind::SignatureParent { .. } | ErrorKind::StraySignature(_) => "saml.signature_parent",
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match &*self.kind {
            ErrorKind::IssuerMismatch { .. } | ErrorKind::IssuerMissing | ErrorKind::IssuerFormat(_) => {
                "SAML Profiles §4.1.4.2"
            }
            ErrorKind::AudienceMissing { .. }
            | ErrorKind::Audience { .. }
            | ErrorKind::AudienceUnknown { .. } => "SAML Core §2.5.1.4",
            ErrorKind::Recipient {
                attribute: "Destination",
                ..
            }
            | ErrorKind::RecipientMissing {
                attribute: "Destination",
                ..
            }
            | ErrorKind::RecipientUnknown {
                attribute: "Destination",
                ..
            } => "SAML Core §3.2; SAML Bindings §3.5.5.2",
            ErrorKind::Recipient { .. }
            | ErrorKind::RecipientMissing { .. }
            | ErrorKind::RecipientUnknown { .. }
            | ErrorKind::InResponseTo { .. }
            | ErrorKind::RequestUnknown { .. } => "SAML Profiles §4.1.4.3",
            ErrorKind::NotYetValid { .. } | ErrorKind::Expired { .. } | ErrorKind::EmptyWindow { .. } => {
                "SAML Core §2.5.1.2"
            }
            ErrorKind::BearerWithoutEnd
            | ErrorKind::BearerNotBefore(_)
            | ErrorKind::NoAuthnStatement
            | ErrorKind::NoAssertion => "SAML Profiles §4.1.4.2",
            ErrorKind::ConfirmationData(_)
            | ErrorKind::NoConfirmation
            | ErrorKind::ConfirmationMethod { .. } => "SAML Core §2.4.1.1",
            ErrorKind::HolderOfKey { .. } | ErrorKind::HolderOfKeyInfo(_) => "SAML Profiles §3.1",
            ErrorKind::SenderVouches => "SAML Profiles §3.2; WSS SAML Token Profile 1.1 §3.5.2",
            ErrorKind::UnknownCondition(_) => "SAML Core §2.5.1.1",
            ErrorKind::Status(_) => "SAML Core §3.2.2.2",
            ErrorKind::NotSigned { .. } => "SAML Core §5",
            ErrorKind::MetadataNotSigned => "SAML Metadata §3",
            ErrorKind::ArtifactUnknown => "SAML Core §3.5.3",
            ErrorKind::ResponseNotSigned => "SAML 1.1 Bindings and Profiles §4.1.2",
            ErrorKind::ResponseByRedirect => "SAML Profiles §4.1.2",
            ErrorKind::Parameter(_) => "SAML Bindings §3.4.4.1",
            ErrorKind::NameId => "SAML Core §2.2",
            ErrorKind::AttributeNotText(_) => "SAML Core §2.7.3.1.1",
            ErrorKind::SignaturePlace => "SAML Core §5.4.1",
            ErrorKind::Position(_) => "SAML Core §3.3.3",
            ErrorKind::SignatureParent { .. } | ErrorKind::StraySignature(_) => "SAML Core §5.4.2",
            ErrorKind::LifeTooLong { .. } | ErrorKind::Encrypted(_) | ErrorKind::InterruptedText => {
                return None;
            }
        })
    }
}

impl std::error::Error for Error {}
