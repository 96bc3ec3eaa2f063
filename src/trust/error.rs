//! Why a certificate is not trusted.

use std::fmt;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;

use crate::crypto::Certificate;
use crate::crypto::Fingerprint;
use crate::crypto::KeyKind;
use crate::crypto::KeyUsage;
use crate::trust::ClearedBy;
use crate::trust::Period;
use crate::xml;

/// Why nobody we trust stands behind a key. [`Refusal`] has the facts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error(Box<Refusal>);

/// The check that was broken, and the values that did not match.
///
/// Subjects, issuers and names are RFC 4514 text out of certificates, which may come from a message.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing at all is trusted.
    NoAnchor,
    /// No certificate is known that fits a reference to a key.
    UnknownSigner {
        /// The reference, for people.
        reference: String,
    },
    /// No path leads from the certificate to an anchor, and it is no pin.
    Untrusted {
        /// The certificate where every attempt ended.
        subject: String,
        /// Its issuer.
        issuer: String,
        /// Why it went no further.
        why: NoPath,
    },
    /// A certificate's validity has ended.
    Expired {
        /// Whose.
        subject: String,
        /// Its last second.
        not_after: DateTime<Utc>,
        /// The time that was judged.
        at: DateTime<Utc>,
    },
    /// A certificate's validity has not begun.
    NotYetValid {
        /// Whose.
        subject: String,
        /// Its first second.
        not_before: DateTime<Utc>,
        /// The time that was judged.
        at: DateTime<Utc>,
    },
    /// The operator trusts an anchor or a pin at other times only.
    NotTrustedThen {
        /// Whose certificate.
        subject: String,
        /// When it is trusted.
        periods: Vec<Period>,
        /// The time that was judged.
        at: DateTime<Utc>,
    },
    /// A certificate has been revoked.
    Revoked {
        /// Whose.
        subject: String,
        /// SHA-256 of the certificate.
        sha256: Fingerprint,
        /// Its serial number.
        serial: String,
        /// Who says so.
        issuer: String,
        /// Since when.
        since: DateTime<Utc>,
        /// The CRLReason, if one is given.
        reason: Option<&'static str>,
        /// The CRL or OCSP response.
        by: ClearedBy,
        /// The time that was judged.
        at: DateTime<Utc>,
    },
    /// Whether a certificate has been revoked cannot be known.
    RevocationUnknown {
        /// Whose.
        subject: String,
        /// Its serial number.
        serial: String,
        /// Who would have to say.
        issuer: String,
        /// Why no CRL and no OCSP answer decides.
        why: String,
        /// The time that was judged.
        at: DateTime<Utc>,
    },
    /// keyUsage does not allow what the key was used for.
    KeyUsage {
        /// Whose.
        subject: String,
        /// What it allows.
        found: KeyUsage,
        /// What was needed.
        needed: &'static str,
    },
    /// No purpose in extendedKeyUsage fits a signature on a message.
    ExtendedKeyUsage {
        /// Whose.
        subject: String,
        /// The purposes, as OIDs.
        found: Vec<String>,
    },
    /// More CAs stand below a CA than it allows.
    PathLength {
        /// The CA.
        subject: String,
        /// How many it allows.
        allowed: u32,
        /// How many there are.
        found: usize,
    },
    /// A certificate that is no CA's issued another.
    NotACa {
        /// Whose.
        subject: String,
    },
    /// A name lies outside what a CA may certify, or cannot be compared with that.
    NameConstraints {
        /// The CA that states the constraint.
        ca: String,
        /// Whose name.
        subject: String,
        /// The name and what it broke.
        why: String,
    },
    /// A key is too weak.
    WeakKey {
        /// Whose.
        subject: String,
        /// The key.
        key: KeyKind,
        /// How many bits are asked of its kind; `None` if its kind is not allowed.
        minimum: Option<u32>,
    },
    /// The signature on a certificate uses an algorithm that is not allowed.
    WeakSignature {
        /// Whose certificate.
        subject: String,
        /// The algorithm.
        algorithm: String,
    },
    /// A certificate has critical extensions that are not processed.
    CriticalExtension {
        /// Whose.
        subject: String,
        /// Their OIDs.
        oids: Vec<String>,
    },
    /// A certificate's serial number is not positive.
    SerialNumber {
        /// Whose.
        subject: String,
        /// The number.
        serial: String,
    },
    /// The signer is not one that the operator trusts this CA for.
    Constraint {
        /// The CA.
        anchor: String,
        /// The signer.
        subject: String,
        /// Its alternative names.
        names: Vec<String>,
        /// What was asked.
        wanted: String,
    },
    /// The search for a path took more steps than it may.
    Budget {
        /// Which budget ran out.
        what: &'static str,
        /// How much it was.
        limit: usize,
    },
}

/// Why a path went no further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoPath {
    /// No certificate of the issuer is known.
    IssuerMissing,
    /// The certificate names itself as its issuer and is no anchor.
    SelfIssued,
    /// A certificate of the issuer's name is known, and its key did not make the signature.
    SignatureMismatch,
    /// An anchor lies further away than a path may be long.
    TooLong,
}

impl Error {
    /// No certificate fits `reference`, which is shown to people.
    pub fn unknown_signer(reference: &str) -> Self {
        Self::from(Refusal::UnknownSigner {
            reference: reference.to_owned(),
        })
    }

    /// The facts.
    pub fn refusal(&self) -> &Refusal {
        &self.0
    }

    /// Whether it could not be decided, as opposed to a check that was broken: a key, an anchor or a CRL is missing.
    pub fn is_indeterminate(&self) -> bool {
        matches!(
            &*self.0,
            Refusal::NoAnchor | Refusal::UnknownSigner { .. } | Refusal::RevocationUnknown { .. }
        )
    }

    /// Stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match &*self.0 {
            Refusal::NoAnchor => "trust.no_anchor",
            Refusal::UnknownSigner { .. } => "trust.unknown_signer",
            Refusal::Untrusted { .. } => "trust.untrusted",
            Refusal::Expired { .. } => "trust.expired",
            Refusal::NotYetValid { .. } => "trust.not_yet_valid",
            Refusal::NotTrustedThen { .. } => "trust.not_trusted_then",
            Refusal::Revoked { .. } => "trust.revoked",
            Refusal::RevocationUnknown { .. } => "trust.revocation_unknown",
            Refusal::KeyUsage { .. } => "trust.key_usage",
            Refusal::ExtendedKeyUsage { .. } => "trust.extended_key_usage",
            Refusal::PathLength { .. } => "trust.path_length",
            Refusal::NotACa { .. } => "trust.not_a_ca",
            Refusal::NameConstraints { .. } => "trust.name_constraints",
            Refusal::WeakKey { .. } => "trust.weak_key",
            Refusal::WeakSignature { .. } => "trust.weak_signature",
            Refusal::CriticalExtension { .. } => "trust.critical_extension",
            Refusal::SerialNumber { .. } => "trust.serial_number",
            Refusal::Constraint { .. } => "trust.constraint",
            Refusal::Budget { .. } => "limit.path_building",
        }
    }

    /// The clause it rests on.
    pub fn clause(&self) -> Option<&'static str> {
        match &*self.0 {
            Refusal::NoAnchor | Refusal::Untrusted { .. } | Refusal::NotTrustedThen { .. } => {
                Some("RFC 5280 §6.1")
            }
            Refusal::UnknownSigner { .. } => Some("WSS 1.1 §7"),
            Refusal::Expired { .. } | Refusal::NotYetValid { .. } => Some("RFC 5280 §4.1.2.5"),
            Refusal::Revoked { .. } | Refusal::RevocationUnknown { .. } => Some("RFC 5280 §6.3"),
            Refusal::KeyUsage { .. } => Some("RFC 5280 §4.2.1.3"),
            Refusal::ExtendedKeyUsage { .. } => Some("RFC 5280 §4.2.1.12"),
            Refusal::PathLength { .. } | Refusal::NotACa { .. } => Some("RFC 5280 §4.2.1.9"),
            Refusal::NameConstraints { .. } => Some("RFC 5280 §4.2.1.10"),
            Refusal::WeakKey { .. } | Refusal::WeakSignature { .. } => Some("NIST SP 800-131A"),
            Refusal::CriticalExtension { .. } => Some("RFC 5280 §4.2"),
            Refusal::SerialNumber { .. } => Some("RFC 5280 §4.1.2.2"),
            Refusal::Constraint { .. } | Refusal::Budget { .. } => None,
        }
    }

    /// Where in the message it happened: a certificate has no place there that we know.
    pub fn position(&self) -> Option<xml::Position> {
        None
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self(Box::new(refusal))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Refusal::NoAnchor => f.write_str("nothing is trusted: no anchor and no pin was given"),
            Refusal::UnknownSigner { reference } => {
                write!(f, "no certificate is known for {}", shown(reference))
            }
            Refusal::Untrusted { subject, issuer, why } => {
                let (subject, issuer) = (shown(subject), shown(issuer));
                match why {
                    NoPath::IssuerMissing => {
                        write!(
                            f,
                            "{subject} was issued by {issuer}, which is neither trusted nor known"
                        )
                    }
                    NoPath::SelfIssued => {
                        write!(
                            f,
                            "{subject} names itself as the issuer of its certificate, and is not trusted"
                        )
                    }
                    NoPath::SignatureMismatch => {
                        write!(
                            f,
                            "{subject} names {issuer} as its issuer, whose key did not sign it"
                        )
                    }
                    NoPath::TooLong => write!(
                        f,
                        "the path from {subject} to an anchor has more than {} certificates",
                        Certificate::MAX_PATH
                    ),
                }
            }
            Refusal::Expired {
                subject,
                not_after,
                at,
            } => {
                let subject = shown(subject);
                write!(
                    f,
                    "the certificate of {subject} ended at {}; judged at {}",
                    time(not_after),
                    time(at)
                )
            }
            Refusal::NotYetValid {
                subject,
                not_before,
                at,
            } => {
                let subject = shown(subject);
                write!(
                    f,
                    "the certificate of {subject} begins at {}; judged at {}",
                    time(not_before),
                    time(at)
                )
            }
            Refusal::NotTrustedThen { subject, periods, at } => {
                let periods: Vec<String> = periods.iter().map(ToString::to_string).collect();
                let (subject, at) = (shown(subject), time(at));
                write!(f, "{subject} is trusted {}; judged at {at}", periods.join(", "))
            }
            Refusal::Revoked {
                subject,
                serial,
                issuer,
                since,
                reason,
                at,
                ..
            } => write!(
                f,
                "{} has revoked the certificate {serial} of {} as of {} ({}); judged at {}",
                shown(issuer),
                shown(subject),
                time(since),
                reason.unwrap_or("no reason given"),
                time(at)
            ),
            Refusal::RevocationUnknown {
                subject,
                serial,
                issuer,
                why,
                at,
            } => write!(
                f,
                "it cannot be known whether {} has revoked the certificate {serial} of {}: {why}; judged at {}",
                shown(issuer),
                shown(subject),
                time(at)
            ),
            Refusal::KeyUsage {
                subject,
                found,
                needed,
            } => {
                write!(
                    f,
                    "the key of {} is for {found}, and {needed} is needed",
                    shown(subject)
                )
            }
            Refusal::ExtendedKeyUsage { subject, found } => {
                let subject = shown(subject);
                write!(
                    f,
                    "no purpose of the key of {subject} fits a signature on a message: {}",
                    found.join(", ")
                )
            }
            Refusal::PathLength {
                subject,
                allowed,
                found,
            } => {
                write!(
                    f,
                    "{} allows {allowed} CAs below it, and there are {found}",
                    shown(subject)
                )
            }
            Refusal::NotACa { subject } => write!(f, "{} issued a certificate and is no CA", shown(subject)),
            Refusal::NameConstraints { ca, subject, why } => {
                write!(f, "{} may not certify {}: {why}", shown(ca), shown(subject))
            }
            Refusal::WeakKey {
                subject,
                key,
                minimum: Some(minimum),
            } => {
                write!(
                    f,
                    "the key of {} is {key}, and {minimum} bits are needed",
                    shown(subject)
                )
            }
            Refusal::WeakKey {
                subject,
                key,
                minimum: None,
            } => {
                write!(f, "the key of {} is {key}, which is not allowed", shown(subject))
            }
            Refusal::WeakSignature { subject, algorithm } => {
                write!(
                    f,
                    "the certificate of {} is signed with {algorithm}, which is not allowed",
                    shown(subject)
                )
            }
            Refusal::CriticalExtension { subject, oids } => {
                let subject = shown(subject);
                write!(
                    f,
                    "the certificate of {subject} has critical extensions that are not processed: {}",
                    oids.join(", ")
                )
            }
            Refusal::SerialNumber { subject, serial } => {
                write!(
                    f,
                    "the certificate of {} has the serial number {serial}, which is not positive",
                    shown(subject)
                )
            }
            Refusal::Constraint {
                anchor,
                subject,
                names,
                wanted,
            } => {
                let (anchor, subject, names) = (shown(anchor), shown(subject), names.join(", "));
                write!(
                    f,
                    "{anchor} is trusted for {wanted}; the signer is {subject} ({})",
                    shown(&names)
                )
            }
            Refusal::Budget { what, limit } => write!(f, "finding a path took more than {limit} {what}"),
        }
    }
}

impl std::error::Error for Error {}

fn shown(text: &str) -> String {
    xml::quoted(text)
}

fn time(time: &DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
