use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::algorithm::DigestAlgorithm;
use crate::dsig::AttachmentScope;
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::xml::{Limit, Limits};

use super::arriving::{Arriving, Form, hold};
use super::attachments::{Attachment, Attachments, ToDigest, begin};
use super::head::Head;
use super::related::{Packaging, Related};
use super::splitter::{Parts, Splitter};
use super::spool::Spool;
use super::xop;

/// A message of several parts on its way in. It takes the body piece by piece and holds the envelope, which is the first part, and
/// as much of the others as is needed to find their ends.
#[derive(Debug)]
pub struct Package {
    splitter: Splitter,
    reading: Reading,
}

/// A message of several parts, read.
#[derive(Debug)]
pub struct Packaged {
    /// The envelope; of XOP with everything in its place.
    pub envelope: Bytes,
    /// What stands beside it; nothing, of XOP.
    pub attachments: Attachments,
}

/// Whoever knows, when the envelope has come, which digests of attachments will be asked for. It is a hint: what is asked for is computed
/// whatever a plan says, and only where whoever asks has found that a signature is worth it.
pub trait Plan: fmt::Debug + Send + Sync {
    /// The digests that `envelope` is worth.
    fn digests(&self, envelope: Bytes) -> Vec<PlannedDigest>;
}

/// A digest that will be asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlannedDigest {
    /// The Content-ID of the attachment.
    pub id: String,
    /// What of it.
    pub scope: AttachmentScope,
    /// By which algorithm.
    pub algorithm: DigestAlgorithm,
}

impl PlannedDigest {
    fn of(&self) -> ToDigest {
        ToDigest {
            scope: self.scope,
            algorithm: self.algorithm,
        }
    }
}

impl Package {
    /// A message that `related` announces. Content of attachments goes to `spool`.
    pub fn new(related: Related, limits: &Limits, spool: Arc<dyn Spool>) -> Self {
        Self {
            splitter: Splitter::new(related.boundary()),
            reading: Reading {
                related,
                limits: limits.clone(),
                spool,
                root: None,
                plan: None,
                planned: Vec::new(),
                to_sign: None,
                part: Part::None,
                attachments: Vec::new(),
            },
        }
    }

    /// The content of every attachment is digested by `algorithm` as it comes, for a signature of ours.
    pub fn to_sign(mut self, algorithm: DigestAlgorithm) -> Self {
        let scope = AttachmentScope::Content;
        self.reading.to_sign = Some(ToDigest { scope, algorithm });
        self
    }

    /// What `plan` says of the envelope is digested as it comes, so that it need not be read again.
    pub fn digested_by(mut self, plan: Arc<dyn Plan>) -> Self {
        self.reading.plan = Some(plan);
        self
    }

    /// Takes further octets of the body.
    ///
    /// # Errors
    /// What cannot be read in one way only, is more than the limits allow, or cannot be kept.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.splitter.push(octets, &mut self.reading)
    }

    /// The message, when its body has ended.
    ///
    /// # Errors
    /// It broke off, or its `xop:Include` elements and parts do not belong together.
    pub fn finish(self) -> Result<Packaged, Error> {
        self.splitter.finish()?;
        let Reading {
            related,
            limits,
            root,
            attachments,
            ..
        } = self.reading;
        let root = root.map(|root| root.octets).unwrap_or_default();
        match related.packaging() {
            Packaging::Attachments => Ok(Packaged {
                envelope: root.into(),
                attachments: Attachments::new(attachments),
            }),
            Packaging::Xop => Ok(Packaged {
                envelope: xop::inlined(root.into(), &attachments, &limits)?,
                attachments: Attachments::default(),
            }),
        }
    }
}

#[derive(Debug)]
struct Reading {
    related: Related,
    limits: Limits,
    spool: Arc<dyn Spool>,
    root: Option<Root>,
    plan: Option<Arc<dyn Plan>>,
    planned: Vec<PlannedDigest>,
    /// What is digested of each.
    to_sign: Option<ToDigest>,
    part: Part,
    attachments: Vec<Attachment>,
}

#[derive(Debug)]
struct Root {
    id: Option<String>,
    octets: Vec<u8>,
}

/// The part that is being read.
#[derive(Debug)]
enum Part {
    None,
    Root,
    Attachment(Box<Arriving>),
}

/// Digests of one attachment that are computed as it comes; what else is asked for is computed again from the spool.
const MOST_DIGESTS: usize = 2;

impl Parts for Reading {
    fn begin(&mut self, head: &[u8]) -> Result<(), Error> {
        let head = Head::read(head)?;
        if self.root.is_none() {
            self.related.check_root(&head.written_type, head.id.as_deref())?;
            self.root = Some(Root {
                id: head.id,
                octets: Vec::new(),
            });
            self.part = Part::Root;
            return Ok(());
        }
        if self.attachments.len() >= usize::from(self.limits.attachments) {
            return Err(Error::of_limit(
                Limit::Attachments,
                self.limits.attachments.into(),
            ));
        }
        let id = self.unused(head.id)?;
        let form = match self.related.packaging() {
            Packaging::Xop => Form::Octets,
            Packaging::Attachments => Form::of(&head.media_type)?,
        };
        let planned = self.planned.iter().filter(|planned| planned.id == id);
        let planned = self.to_sign.into_iter().chain(planned.map(PlannedDigest::of));
        let digesters = planned.filter_map(|of| Some((of, begin(of, head.canonical.as_deref())?)));
        let digesters = digesters.take(MOST_DIGESTS).collect();
        let stored = self.spool.create().map_err(|error| Error::of_spool(&error))?;
        let arriving = Arriving::new(id, head.canonical, form, stored);
        self.part = Part::Attachment(Box::new(arriving.digested_by(digesters)));
        Ok(())
    }

    fn content(&mut self, octets: &[u8]) -> Result<(), Error> {
        match &mut self.part {
            Part::None => Ok(()),
            Part::Root => {
                let root = self.root.as_mut().map(|root| &mut root.octets);
                root.map_or(Ok(()), |root| hold(root, octets, &self.limits))
            }
            Part::Attachment(arriving) => arriving.take(octets, &self.limits),
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.part, Part::None) {
            Part::None => {}
            Part::Root => {
                let envelope = self
                    .root
                    .as_ref()
                    .map(|root| Bytes::copy_from_slice(&root.octets));
                let plan = self.plan.as_deref().zip(envelope);
                self.planned = plan.map_or_else(Vec::new, |(plan, envelope)| plan.digests(envelope));
            }
            Part::Attachment(arriving) => self.attachments.push(arriving.arrived(&self.limits)?),
        }
        Ok(())
    }
}

impl Reading {
    /// The Content-ID of an attachment, which no other part has.
    fn unused(&self, id: Option<String>) -> Result<String, Error> {
        let refused = |id: String, why| Error::of_transport(ErrorKind::ContentId(id, why));
        let Some(id) = id else {
            return Err(refused(
                String::new(),
                "an attachment has none, so that nothing could refer to it",
            ));
        };
        let root = self.root.as_ref().and_then(|root| root.id.as_deref());
        // Readers differ in whether its case counts.
        let taken = |other: &str| other.eq_ignore_ascii_case(&id);
        if root.is_some_and(taken) || self.attachments.iter().any(|other| taken(other.id())) {
            return Err(refused(id, "two parts have it"));
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests;
