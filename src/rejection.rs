//! Every reason to refuse a message, its stable code, and what of it a peer may know.
//!
//! A [`Rejection`] is for operators: verdicts, logs and reports. A peer gets a fault that holds a code of a closed set and an
//! incident id, and is the same for each signature, trust or policy failure.

use std::fmt;

use crate::crypto::{CertificateError, Unavailable};
use crate::dsig;
use crate::policy;
use crate::policy::Unmet;
use crate::second_opinion;
use crate::soap;
use crate::soap::Fault;
use crate::threat::Threat;
use crate::token;
use crate::trust;
use crate::trust::{IssuerError, OtherKey, PasswordError, ReplayError};
use crate::wss;
use crate::xml;
use crate::xml::Position;
use crate::xmlenc;

/// Why a message was refused, with everything known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// The bytes are no acceptable XML.
    Xml(xml::Error),
    /// A signature does not hold.
    Dsig(dsig::Error),
    /// Something cannot be decrypted.
    Xmlenc(xmlenc::Error),
    /// A token or key reference is not as it must be.
    Token(token::Error),
    /// A SAML assertion or message is not as its schema has it.
    Saml(token::saml::Error),
    /// A SAML message does not come in a form that a binding gives it.
    SamlBinding(token::saml::BindingError),
    /// A certificate in the message is not one.
    Certificate(CertificateError),
    /// The signer is not trusted.
    Trust(trust::Error),
    /// The key that signed is not the one that is trusted.
    OtherKey(OtherKey),
    /// The password of a UsernameToken proves nothing.
    Password(PasswordError),
    /// The policy asks for more than was proven.
    Policy(Unmet),
    /// The XML is no SOAP message that we read.
    Soap(soap::Error),
    /// The Security header is not as it must be.
    Wss(wss::Error),
    /// The Basic Security Profile forbids it.
    Deviation(wss::Deviation),
    /// A rule of SAML is broken.
    SamlPolicy(policy::saml::Error),
    /// The issuer of an assertion is not known, or has no key for it.
    Issuer(IssuerError),
    /// The cryptography is not available.
    Unavailable(Unavailable),
    /// We accept it, and another implementation does not agree.
    SecondOpinion(second_opinion::Error),
    /// It was used before, or whether it was cannot be told.
    Replay(ReplayError),
    /// A threat in what was verified, which the route blocks.
    Threat(Threat),
}

/// Where in the flow a message was refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    /// Reading XML.
    Xml,
    /// Reading SOAP.
    Soap,
    /// Reading the Security header.
    Wss,
    /// XML Signature.
    Dsig,
    /// XML Encryption.
    Xmlenc,
    /// Reading tokens.
    Token,
    /// SAML.
    Saml,
    /// Whose key it is.
    Trust,
    /// Whether it is enough.
    Policy,
    /// Whether it was used before.
    Replay,
}

impl Stage {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Soap => "soap",
            Self::Wss => "wss",
            Self::Dsig => "dsig",
            Self::Xmlenc => "xmlenc",
            Self::Token => "token",
            Self::Saml => "saml",
            Self::Trust => "trust",
            Self::Policy => "policy",
            Self::Replay => "replay",
        }
    }

    const ALL: [Self; 10] = [
        Self::Xml,
        Self::Soap,
        Self::Wss,
        Self::Dsig,
        Self::Xmlenc,
        Self::Token,
        Self::Saml,
        Self::Trust,
        Self::Policy,
        Self::Replay,
    ];

    /// The stage that `code` starts with; of limits and keys, none.
    fn of_code(code: &str) -> Option<Self> {
        let (stage, _) = code.split_once('.')?;
        Self::ALL.into_iter().find(|known| known.name() == stage)
    }
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// A check was broken, and more information would not change that.
    Failed,
    /// It could not be decided.
    Indeterminate,
}

impl Rejection {
    /// The stable code, `stage.reason` or `limit.what`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Xml(error) => error.code(),
            Self::Dsig(error) => error.code(),
            Self::Xmlenc(error) => error.code(),
            Self::Token(error) => error.code(),
            Self::Saml(error) => error.code(),
            Self::SamlBinding(error) => error.code(),
            Self::Certificate(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::OtherKey(_) => "trust.other_key",
            Self::Password(error) => error.code(),
            Self::Policy(unmet) => unmet.code(),
            Self::Soap(error) => error.code(),
            Self::Wss(error) => error.code(),
            Self::Deviation(error) => error.code(),
            Self::SamlPolicy(error) => error.code(),
            Self::Issuer(error) => error.code(),
            Self::Unavailable(error) => error.code(),
            Self::SecondOpinion(error) => error.code(),
            Self::Replay(error) => error.code(),
            Self::Threat(threat) => threat.code(),
        }
    }

    /// Where in the flow.
    pub fn stage(&self) -> Stage {
        Stage::of_code(self.code()).unwrap_or(match self {
            Self::Xml(_) => Stage::Xml,
            Self::Dsig(_) => Stage::Dsig,
            Self::Xmlenc(_) => Stage::Xmlenc,
            Self::Token(_) | Self::Certificate(_) => Stage::Token,
            Self::Saml(_) | Self::SamlBinding(_) => Stage::Saml,
            Self::Trust(_) | Self::OtherKey(_) | Self::Password(_) => Stage::Trust,
            Self::Policy(_) | Self::Threat(_) => Stage::Policy,
            // A limit of the document: its code names no stage.
            Self::Soap(error) if matches!(error.kind(), soap::ErrorKind::Xml(_)) => Stage::Xml,
            Self::Soap(_) => Stage::Soap,
            Self::Wss(_) => Stage::Wss,
            Self::Deviation(_) => Stage::Wss,
            Self::SamlPolicy(_) => Stage::Saml,
            Self::Issuer(_) => Stage::Trust,
            Self::SecondOpinion(_) | Self::Unavailable(_) => Stage::Dsig,
            Self::Replay(_) => Stage::Replay,
        })
    }

    /// Where in the message.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Xml(error) => error.position(),
            Self::Dsig(error) => error.position(),
            Self::Xmlenc(error) => error.position(),
            Self::Token(error) => error.position(),
            Self::Saml(error) => error.position(),
            Self::Trust(error) => error.position(),
            Self::Policy(unmet) => unmet.position(),
            Self::Soap(error) => error.position(),
            Self::Wss(error) => error.position(),
            Self::Deviation(error) => error.position(),
            Self::SamlPolicy(error) => error.position(),
            Self::Issuer(error) => error.position(),
            Self::SecondOpinion(error) => error.position(),
            Self::Threat(threat) => Some(threat.position()),
            Self::SamlBinding(_)
            | Self::Certificate(_)
            | Self::OtherKey(_)
            | Self::Password(_)
            | Self::Unavailable(_)
            | Self::Replay(_) => None,
        }
    }

    /// The clause of a standard that it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::Xml(error) => error.clause(),
            Self::Dsig(error) => error.clause(),
            Self::Xmlenc(error) => error.clause(),
            Self::Token(error) => error.clause(),
            Self::Saml(error) => error.clause(),
            Self::SamlBinding(error) => error.clause(),
            Self::Certificate(error) => error.clause(),
            Self::Trust(error) => error.clause(),
            Self::OtherKey(_) => Some("XML Signature §3.2.2"),
            Self::Password(_) => Some("WSS UsernameToken Profile 1.1 §3.1"),
            Self::Policy(unmet) => unmet.clause(),
            Self::Soap(error) => error.clause(),
            Self::Wss(error) => error.clause(),
            Self::Deviation(error) => error.clause(),
            Self::SamlPolicy(error) => error.clause(),
            Self::Issuer(error) => error.clause(),
            Self::SecondOpinion(_) | Self::Unavailable(_) | Self::Threat(_) => None,
            Self::Replay(error) => error.clause(),
        }
    }

    /// Whether more information could have decided otherwise.
    pub fn verdict(&self) -> Verdict {
        let indeterminate = match self {
            Self::Trust(error) => error.is_indeterminate(),
            Self::Policy(unmet) => unmet.is_indeterminate(),
            Self::SamlPolicy(error) => error.is_indeterminate(),
            Self::Issuer(error) => error.is_indeterminate(),
            Self::SecondOpinion(error) => error.is_indeterminate(),
            Self::Replay(error) => error.is_ours(),
            Self::Xmlenc(error) => error.is_indeterminate(),
            Self::Soap(error) => error.is_ours(),
            Self::Xml(_)
            | Self::Dsig(_)
            | Self::Token(_)
            | Self::Saml(_)
            | Self::SamlBinding(_)
            | Self::Certificate(_)
            | Self::OtherKey(_)
            | Self::Password(_)
            | Self::Wss(_)
            | Self::Deviation(_)
            | Self::Unavailable(_)
            | Self::Threat(_) => false,
        };
        if indeterminate {
            Verdict::Indeterminate
        } else {
            Verdict::Failed
        }
    }
}

impl Rejection {
    /// All that a peer may be told. Decryption, signature, trust, policy and replay look the same (T122); what our
    /// own stores cannot tell is busyness, as it says nothing about the message.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Soap(error) => soap_fault(error.kind()),
            Self::Replay(error) if error.is_ours() => Fault::Busy,
            Self::Xmlenc(error) if error.code() == Unavailable::TOKEN => Fault::Busy,
            Self::Unavailable(_) | Self::Password(PasswordError::Unavailable(_)) => Fault::Internal,
            Self::Xmlenc(error) if error.is_ours() => Fault::Internal,
            Self::Xml(_)
            | Self::Dsig(_)
            | Self::Xmlenc(_)
            | Self::Token(_)
            | Self::Saml(_)
            | Self::Certificate(_)
            | Self::Trust(_)
            | Self::OtherKey(_)
            | Self::Password(_)
            | Self::Policy(_)
            | Self::Wss(_)
            | Self::Deviation(_)
            | Self::SamlPolicy(_)
            | Self::SamlBinding(_)
            | Self::Issuer(_)
            | Self::SecondOpinion(_)
            | Self::Replay(_)
            | Self::Threat(_) => Fault::FailedCheck,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xml(error) => error.fmt(f),
            Self::Dsig(error) => error.fmt(f),
            Self::Xmlenc(error) => error.fmt(f),
            Self::Token(error) => error.fmt(f),
            Self::Saml(error) => error.fmt(f),
            Self::SamlBinding(error) => error.fmt(f),
            Self::Certificate(error) => error.fmt(f),
            Self::Trust(error) => error.fmt(f),
            Self::OtherKey(error) => error.fmt(f),
            Self::Password(error) => error.fmt(f),
            Self::Policy(unmet) => unmet.fmt(f),
            Self::Soap(error) => error.fmt(f),
            Self::Wss(error) => error.fmt(f),
            Self::Deviation(error) => error.fmt(f),
            Self::SamlPolicy(error) => error.fmt(f),
            Self::Issuer(error) => error.fmt(f),
            Self::SecondOpinion(error) => error.fmt(f),
            Self::Unavailable(error) => error.fmt(f),
            Self::Replay(error) => error.fmt(f),
            Self::Threat(threat) => threat.fmt(f),
        }
    }
}

impl std::error::Error for Rejection {}

macro_rules! from {
    ($($variant:ident($error:ty);)*) => {
        $(impl From<$error> for Rejection {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from! {
    Xml(xml::Error);
    Dsig(dsig::Error);
    Xmlenc(xmlenc::Error);
    Token(token::Error);
    Saml(token::saml::Error);
    SamlBinding(token::saml::BindingError);
    Certificate(CertificateError);
    Trust(trust::Error);
    OtherKey(OtherKey);
    Password(PasswordError);
    Policy(Unmet);
    Soap(soap::Error);
    Wss(wss::Error);
    Deviation(wss::Deviation);
    SamlPolicy(policy::saml::Error);
    Issuer(IssuerError);
    SecondOpinion(second_opinion::Error);
    Unavailable(Unavailable);
    Replay(ReplayError);
    Threat(Threat);
}

/// What is no envelope, or one that we do not speak, is told in SOAP's words; what is wrong inside an envelope is not told.
fn soap_fault(kind: &soap::ErrorKind) -> Fault {
    use soap::ErrorKind;
    match kind {
        ErrorKind::NotUnderstood(names) => Fault::MustUnderstand(names.clone()),
        ErrorKind::Version(_) => Fault::VersionMismatch,
        ErrorKind::Xml(error) if !matches!(error.kind(), xml::ErrorKind::ElementInText(_)) => {
            Fault::Malformed
        }
        ErrorKind::NotAnEnvelope(_)
        | ErrorKind::Multipart(_)
        | ErrorKind::PartHeader(_)
        | ErrorKind::NestedMultipart
        | ErrorKind::TransferEncoding(_)
        | ErrorKind::ContentId(_, _)
        | ErrorKind::RootPart(_)
        | ErrorKind::Limit(_, _) => Fault::Malformed,
        ErrorKind::Spool(_) => Fault::Internal,
        ErrorKind::Xml(_)
        | ErrorKind::BodyMissing
        | ErrorKind::MultipleBodies
        | ErrorKind::MultipleHeaders
        | ErrorKind::HeaderOrder
        | ErrorKind::UnexpectedElement(_)
        | ErrorKind::NestedEnvelope
        | ErrorKind::Text
        | ErrorKind::UnqualifiedHeader(_)
        | ErrorKind::EncodingStyle
        | ErrorKind::MustUnderstandValue(_)
        | ErrorKind::Addressing(_, _)
        | ErrorKind::AddressingDuplicate(_)
        | ErrorKind::AddressingMixed
        | ErrorKind::ReplyTo(_)
        | ErrorKind::Action(_)
        | ErrorKind::ContentType(_)
        | ErrorKind::OtherVersion(_)
        | ErrorKind::XopInclude { .. }
        | ErrorKind::Charset(_) => Fault::FailedCheck,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::policy::UnmetKind;
    use crate::soap::Envelope;
    use crate::trust::{ReplayKey, ReplayKind, ReplayStore, Use};
    use crate::xml::Limits;

    fn fault_of(message: &str) -> Fault {
        let error = Envelope::parse(message.to_owned().into(), &Limits::default()).unwrap_err();
        Rejection::from(error).fault()
    }

    #[test]
    fn what_is_no_envelope_is_told_in_the_words_of_soap() {
        assert_eq!(fault_of("<a"), Fault::Malformed);
        assert_eq!(fault_of("<!DOCTYPE a><a/>"), Fault::Malformed);
        assert_eq!(fault_of("<a/>"), Fault::Malformed);
        assert_eq!(
            fault_of("<Envelope xmlns='urn:soap:7'><Body/></Envelope>"),
            Fault::VersionMismatch
        );
    }

    #[test]
    fn what_is_wrong_inside_an_envelope_is_not_told() {
        let namespace = soap::Version::Soap11.namespace().uri();
        let twice = format!("<Envelope xmlns='{namespace}'><Body/><Body/></Envelope>");
        assert_eq!(fault_of(&twice), Fault::FailedCheck);
        let unmet = Unmet::nowhere(UnmetKind::NoSignature);
        assert_eq!(Rejection::from(unmet).fault(), Fault::FailedCheck);
    }

    #[test]
    fn a_full_store_is_busy_and_a_replay_is_refused() {
        let (issued, until) = (
            "2026-11-24T00:00:00Z".parse().unwrap(),
            "2026-11-24T00:05:00Z".parse().unwrap(),
        );
        let store = ReplayStore::in_memory(1, issued);
        let fault = |name: &[u8]| {
            let key = ReplayKey::new(ReplayKind::Message, name, &[]).unwrap();
            let refused = store.first_use_at_once(&[Use { key, issued, until }], issued);
            refused.map_err(|error| Rejection::from(error).fault()).err()
        };
        assert_eq!(fault(b"a"), None);
        assert_eq!(fault(b"a"), Some(Fault::FailedCheck));
        assert_eq!(fault(b"b"), Some(Fault::Busy));
    }
}
