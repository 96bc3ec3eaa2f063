//! Which digests of attachments will be asked for: those of signatures whose value holds with a key that is trusted (T74).

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::Gate;
use super::findings::Findings;
use super::judging::{AsOf, Judging};
use crate::algorithm::DigestAlgorithm;
use crate::crypto;
use crate::crypto::{DigestValue, Turn};
use crate::dsig::{AttachmentError, AttachmentScope, Keep, Objects, Signature, SignedAttachment, Target};
use crate::policy::Transport;
use crate::soap::Envelope;
use crate::soap::attachment::{Attachments, PlannedDigest};
use crate::wss;

impl Gate {
    /// The digests of attachments that the signatures of `envelope` will ask for, judged at `now`: of those alone whose value over SignedInfo
    /// holds with the key of somebody trusted, so that nobody else has attachments digested. None of a signature that is encrypted, or made with the
    /// key of an assertion or EncryptedKey: their digests are computed when they are asked for.
    pub fn planned_digests(&self, envelope: Bytes, now: DateTime<Utc>) -> Vec<PlannedDigest> {
        self.plan(envelope, now).unwrap_or_default()
    }

    fn plan(&self, envelope: Bytes, now: DateTime<Utc>) -> Option<Vec<PlannedDigest>> {
        let envelope = Envelope::parse(envelope, &self.policy.limits).ok()?;
        let header = wss::Header::read(&envelope, &self.roles, &self.policy.limits).ok()?;
        let read = |element| Signature::read(element, Objects::Refused, &self.policy.limits).ok();
        let mut asked: Vec<Asked> = Vec::new();
        for reference in header
            .signatures()
            .filter_map(read)
            .flat_map(|read| read.references)
        {
            if let Target::Attachment(id) = reference.target {
                asked.push(Asked::nothing(id));
            }
        }
        let none = Attachments::default();
        let judging = Judging {
            as_of: AsOf::Time(now),
            keep: Keep::Nothing,
            transport: Transport::default(),
            attachments: &none,
            request: None,
            // No key of ours is used.
            turn: Turn::default(),
            policy: &self.policy,
            partner: None,
        };
        let search = self.search(&header, judging).ok()?;
        for element in header.signatures() {
            let Some(mut signature) = read(element) else {
                continue;
            };
            let tokens = signature
                .find_tokens(|reference| wss::dereference(reference, &header, &mut Vec::new()).map(Some));
            let found = signature.find_attachments(|id| {
                let found: &dyn SignedAttachment = asked.iter().find(|asked| asked.id == id)?;
                Some(found)
            });
            let any = signature
                .references
                .iter()
                .any(|reference| reference.attachment.is_some());
            if tokens.is_ok() && found.is_ok() && any {
                // No digest is right here. What was asked for before that is seen is all there is to know.
                let findings = &mut Findings::unread();
                drop(self.attested(&signature, &header, None, &search, &[], findings));
            }
        }
        Some(asked.into_iter().flat_map(Asked::into_digests).collect())
    }
}

/// Stands for an attachment, and remembers what was asked of it. Core validation asks for digests only when the value holds.
#[derive(Debug)]
struct Asked {
    id: String,
    digests: Mutex<Vec<(AttachmentScope, DigestAlgorithm)>>,
}

impl Asked {
    fn nothing(id: String) -> Self {
        Self {
            id,
            digests: Mutex::default(),
        }
    }

    fn into_digests(self) -> impl Iterator<Item = PlannedDigest> {
        let Self { id, digests } = self;
        let digests = digests.into_inner().unwrap_or_else(PoisonError::into_inner);
        digests.into_iter().map(move |(scope, algorithm)| PlannedDigest {
            id: id.clone(),
            scope,
            algorithm,
        })
    }
}

impl SignedAttachment for Asked {
    fn digest(
        &self,
        scope: AttachmentScope,
        algorithm: DigestAlgorithm,
    ) -> Result<DigestValue, AttachmentError> {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.push((scope, algorithm));
        crypto::digest(algorithm, b"").map_err(AttachmentError::Unavailable)
    }
}
