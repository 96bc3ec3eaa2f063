//! When the certificates and CRLs that a configuration names cease to hold.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;

use super::problem::KeyPath;
use super::problem::Source;
use crate::crypto::Certificate;
use crate::trust::CrlDue;
use crate::xml::plain;

/// How many days before its end a certificate is told of.
const NOTICE_DAYS: i64 = 30;

/// What certificates are there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateUse {
    /// Answers and tokens are signed with its key.
    Signing,
    /// It is what senders encrypt to.
    Decryption,
    /// A listener shows it.
    Listener,
    /// Checkpoints of the audit log are signed with its key.
    Audit,
    /// Tokens of an endpoint are signed with its key.
    TokenEndpoint,
    /// We show it to backends, stores and collectors.
    Client,
    /// It issues those that others show in TLS.
    TlsAuthority,
    /// It issues those of senders.
    Anchor,
    /// A sender has it, and is trusted with it alone.
    Pinned,
    /// Fetched metadata is signed with its key.
    MetadataSigner,
}

/// By when the first certificate for each use ceases to hold.
pub type CertificateEnds = BTreeMap<CertificateUse, DateTime<Utc>>;

impl CertificateUse {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Signing,
        Self::Decryption,
        Self::Listener,
        Self::Audit,
        Self::TokenEndpoint,
        Self::Client,
        Self::TlsAuthority,
        Self::Anchor,
        Self::Pinned,
        Self::MetadataSigner,
    ];

    /// As metrics have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Decryption => "decryption",
            Self::Listener => "listener",
            Self::Audit => "audit",
            Self::TokenEndpoint => "token_endpoint",
            Self::Client => "client",
            Self::TlsAuthority => "tls_authority",
            Self::Anchor => "anchor",
            Self::Pinned => "pinned",
            Self::MetadataSigner => "metadata_signer",
        }
    }
}

/// A certificate that the value at `path` names.
pub(super) struct Named {
    path: KeyPath,
    subject: String,
    ends: DateTime<Utc>,
}

impl Source<'_> {
    /// Notes when the `certificates` that the value at `path` names cease to hold.
    pub(super) fn ends(&mut self, purpose: CertificateUse, path: &KeyPath, certificates: &[Certificate]) {
        for certificate in certificates {
            let ends = certificate.not_after();
            let first = self.ends.entry(purpose).or_insert(ends);
            *first = ends.min(*first);
            self.named.push(Named {
                path: path.clone(),
                subject: certificate.subject().to_string(),
                ends,
            });
        }
    }
}

/// Warns of each certificate that ceases to hold soon after `now`, or has already.
pub(super) fn warn(now: DateTime<Utc>, source: &mut Source<'_>) {
    for Named { path, subject, ends } in std::mem::take(&mut source.named) {
        let left = ends.signed_duration_since(now);
        let day = ends.date_naive();
        let what = match left.num_days() {
            _ if left < chrono::TimeDelta::zero() => format!("is over since {day}"),
            NOTICE_DAYS.. => continue,
            1 => format!("ends in 1 day, on {day}"),
            days => format!("ends in {days} days, on {day}"),
        };
        source.warning(
            &path,
            format!("names a certificate that {what}: {subject}"),
            "put another in its place before it ends: what needs it fails from then on",
        );
    }
}

/// Warns of CRLs that the files at `path` hold, and of which nothing counts, or soon nothing will.
pub(super) fn warn_of_crl(due: &CrlDue, path: &KeyPath, source: &mut Source<'_>) {
    source.warning(
        path,
        what_is_due(due),
        "put the next one in its place: whether certificates of that issuer are revoked cannot be told while none counts",
    );
}

/// The same as text.
pub(super) fn what_is_due(CrlDue { issuer, end }: &CrlDue) -> String {
    format!("names {end}: {}", plain(issuer))
}
