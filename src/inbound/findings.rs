use chrono::DateTime;
use chrono::Utc;
use serde::Serialize;

use crate::crypto::Certificate;
use crate::trust::{ClearedBy, Owner, Partner, Signer, VerifiedPath};

/// What was seen while a message was judged: owned, for reports. It proves nothing, and no decision reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// The signatures that were looked at, in document order.
    pub signatures: Vec<SignatureFinding>,
    /// What trusted signatures cover, as a tree in document order: see [`CoverageLine`].
    pub coverage: Vec<CoverageLine>,
    /// How many lines of `coverage` were left out because there were too many.
    pub coverage_omitted: usize,
    /// SAML or UsernameToken claims, only where they were verified.
    pub claims: Option<serde_json::Value>,
    /// Exceptions from today's practice that this verdict needed, as `sha1`.
    pub legacy: Vec<String>,
    /// True of this judgement and worth knowing, but no reason to refuse, as `unconstrained_ca`.
    pub warnings: Vec<&'static str>,
    /// As of when it was judged; `None` where that was never known.
    pub judged_at: Option<DateTime<Utc>>,
    /// The time that the message says of itself, once a trusted signature over it was seen.
    pub(super) signed_time: Option<DateTime<Utc>>,
    reader: Reader,
    /// Who may have signed, where somebody wants to know.
    claims_of: Option<Vec<Claim>>,
    signers: Signers,
}

/// Who made the signatures that were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Signers {
    /// Nobody that is known.
    #[default]
    Nobody,
    /// Somebody whose signatures count, whatever became of what they refer to.
    Known,
    /// Somebody else too.
    Others,
}

/// Somebody of whom a message says, by a hint or a signature, that they signed something in it. It is not proved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Claim {
    /// The subject of a certificate.
    Certificate(Certificate),
    /// A SAML entity.
    Entity(String),
}

impl Claim {
    /// Who `owner` is to others.
    pub(super) fn of(owner: &Owner) -> Option<Self> {
        match owner {
            Owner::Certified(path) => Some(Self::Certificate(path.certificate().clone())),
            Owner::Entity(entity) => Some(Self::Entity(entity.entity().to_owned())),
            Owner::Subject(_) | Owner::User(_) => None,
        }
    }

    /// Whether they belong to `partner`.
    pub(super) fn is_of(&self, partner: &Partner) -> bool {
        match self {
            Self::Certificate(certificate) => partner.has_certificate(certificate),
            Self::Entity(entity) => partner.has_issuer(entity),
        }
    }
}

/// Whether anybody reads what is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reader {
    #[default]
    Somebody,
    Nobody,
}

impl Findings {
    /// For a judgement that nobody reports: signatures are not described.
    pub(crate) fn unread() -> Self {
        Self {
            reader: Reader::Nobody,
            ..Self::default()
        }
    }

    /// Whether anybody reads them.
    pub(super) fn are_read(&self) -> bool {
        self.reader == Reader::Somebody
    }

    /// The same, where it is asked who may have signed.
    pub(super) fn with_claims() -> Self {
        Self {
            claims_of: Some(Vec::new()),
            ..Self::unread()
        }
    }

    /// Notes who may have signed, where that is asked.
    pub(super) fn note_claim(&mut self, claim: impl FnOnce() -> Option<Claim>) {
        if let Some(claims) = &mut self.claims_of {
            claims.extend(claim());
        }
    }

    /// Who may have signed.
    pub(super) fn claims_of(&self) -> &[Claim] {
        self.claims_of.as_deref().unwrap_or_default()
    }

    /// Notes that somebody whose signatures count made one.
    pub(super) fn note_signer(&mut self) {
        if self.signers == Signers::Nobody {
            self.signers = Signers::Known;
        }
    }

    /// Notes that somebody else seems to have made one.
    pub(super) fn note_other_signer(&mut self) {
        self.signers = Signers::Others;
    }

    /// Whether somebody whose signatures count made one, whatever became of what it refers to, and nobody else.
    pub(super) fn has_signer(&self) -> bool {
        self.signers == Signers::Known
    }

    /// Notes a signature, as `describe` tells it.
    pub(crate) fn note_signature(&mut self, describe: impl FnOnce() -> SignatureFinding) {
        match self.reader {
            Reader::Somebody => self.signatures.push(describe()),
            Reader::Nobody => {}
        }
    }

    /// Notes what is covered, as `show` has it.
    pub(crate) fn note_coverage(&mut self, show: impl FnOnce() -> (Vec<CoverageLine>, usize)) {
        match self.reader {
            Reader::Somebody => (self.coverage, self.coverage_omitted) = show(),
            Reader::Nobody => {}
        }
    }

    /// Notes a warning, once.
    pub(crate) fn warn(&mut self, warning: &'static str) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Notes an exception, once.
    pub(crate) fn note_legacy(&mut self, exception: &str) {
        if !self.legacy.iter().any(|noted| noted == exception) {
            self.legacy.push(exception.to_owned());
        }
    }
}

/// A signature, as it was read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFinding {
    /// URI of the signature algorithm.
    pub algorithm: String,
    /// URI of the canonicalization of SignedInfo; empty for the signature of a query string.
    pub canonicalization: String,
    /// Whether the value holds and was made with a key that is trusted.
    pub trusted: bool,
    /// Whose certificate the key was taken from, where there was one; of a signature that is not trusted, who it would be.
    pub signer: Option<Signer>,
    /// The certificate of `signer`.
    pub certificate: Option<Certificate>,
    /// What is trusted above that certificate, and why; `None` where nobody is, or a key without a certificate.
    pub path: Option<PathFinding>,
    /// The certificate on the way to somebody trusted that was revoked, where that is why the signature is not trusted.
    pub revoked: Option<RevokedFinding>,
    /// The value, decoded.
    pub value: Vec<u8>,
    /// SHA-256, in base64, of the octets that the value is over: the canonical SignedInfo, or a query string. `None` where SignedInfo has
    /// no canonical form.
    pub signed_octets: Option<String>,
    /// Its references, in order.
    pub references: Vec<ReferenceFinding>,
}

/// A certificate path that was verified, without the signer's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFinding {
    /// The certificates above the signer's, the anchor last; empty if the signer's is itself an anchor or pin.
    pub issuers: Vec<Certificate>,
    /// The CRLs and OCSP responses that cleared certificates on it.
    pub cleared_by: Vec<ClearedBy>,
}

/// A certificate that was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedFinding {
    /// It.
    pub certificate: Certificate,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The CRLReason (RFC 5280 §5.3.1), if one is given.
    pub reason: Option<&'static str>,
    /// The CRL or OCSP response that says so.
    pub by: ClearedBy,
}

impl From<&VerifiedPath> for PathFinding {
    fn from(path: &VerifiedPath) -> Self {
        Self {
            issuers: path.issuers().to_vec(),
            cleared_by: path.cleared_by().to_vec(),
        }
    }
}

/// A reference of a signature. Results have it with these members, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReferenceFinding {
    /// The URI attribute as written; empty where it is empty or absent.
    pub uri: String,
    /// Path of the element that it resolved to.
    pub element: Option<String>,
    /// URI of the digest algorithm.
    pub digest_algorithm: String,
    /// The DigestValue of the message, in base64.
    pub expected: String,
    /// The digest that was computed, in base64; `None` where nothing was computed.
    pub actual: Option<String>,
    /// Whether both are the same.
    pub ok: bool,
}

/// One element of the tree that shows what is covered. An element that is covered, or of which nothing is
/// covered, stands for everything inside it; of one that is covered in part, the children follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageLine {
    /// Path from the root, as [`Element::path`](crate::xml::Element::path) has it.
    pub path: String,
    /// Its name as written.
    pub name: String,
    /// How deep it stands; the root has depth 0.
    pub depth: u16,
    /// How much of it is covered.
    pub covered: Coverage,
}

/// How much of an element trusted signatures cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// All of it.
    Covered,
    /// Nothing of it.
    NotCovered,
    /// Some of what is inside.
    Partly,
    /// It is (part of) a signature that was verified: proof, and not content.
    Signature,
}
