use std::sync::Arc;

use bytes::Bytes;

use crate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm};
use crate::c14n::{self, Canonicalization, Counted, Meanings, uncovered_qname};
use crate::crypto::Digester;
use crate::dsig::{AttachmentScope, Objects, Processing, Signature, Target};
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::xml::{Document, Limit, Limits, Namespace};

use super::attachments::{Attachment, Attachments, Digested, ToDigest, begin};
use super::canonical::LineEnds;
use super::head::Head;
use super::related::{Packaging, Related};
use super::splitter::{Parts, Splitter};
use super::spool::{Spool, Stored};
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
    /// What signatures in the envelope say is digested of attachments.
    planned: Vec<(String, ToDigest)>,
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

/// An attachment of which more is to come.
#[derive(Debug)]
struct Arriving {
    id: String,
    header: Option<Vec<String>>,
    form: Form,
    /// What has come, as it came.
    received: u64,
    stored: Box<dyn Stored>,
    /// What was stored.
    length: u64,
    digesters: Vec<(ToDigest, Digester)>,
}

/// How content becomes canonical (SwA Profile 1.1 §5.4.2).
#[derive(Debug)]
enum Form {
    /// It is as it is.
    Octets,
    /// The lines of a text end in CRLF.
    Text(LineEnds),
    /// XML is canonicalized when it is there, and held until then.
    Xml(Vec<u8>),
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
            Packaging::Attachments if head.media_type.is_xml() => Form::Xml(Vec::new()),
            Packaging::Attachments if head.media_type.is_text() => Form::Text(LineEnds::default()),
            Packaging::Attachments => Form::Octets,
        };
        let planned = self.planned.iter().filter(|(named, _)| *named == id);
        let planned = self.to_sign.into_iter().chain(planned.map(|(_, of)| *of));
        let digesters = planned.filter_map(|of| Some((of, begin(of, head.canonical.as_deref())?)));
        self.part = Part::Attachment(Box::new(Arriving {
            digesters: digesters.take(MOST_DIGESTS).collect(),
            id,
            header: head.canonical,
            form,
            received: 0,
            stored: self.spool.create().map_err(|error| Error::of_spool(&error))?,
            length: 0,
        }));
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
            Part::Root => self.planned = planned(self.root.as_ref(), &self.limits),
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

impl Arriving {
    fn take(&mut self, octets: &[u8], limits: &Limits) -> Result<(), Error> {
        self.received = counted(self.received, octets, limits)?;
        match &mut self.form {
            Form::Octets => self.store(octets, limits),
            Form::Text(line_ends) => {
                let converted = line_ends.convert(octets);
                self.store(&converted, limits)
            }
            Form::Xml(held) => hold(held, octets, limits),
        }
    }

    fn store(&mut self, octets: &[u8], limits: &Limits) -> Result<(), Error> {
        self.length = counted(self.length, octets, limits)?;
        let stored = self.stored.append(octets);
        stored.map_err(|error| Error::of_spool(&error))?;
        self.digesters
            .iter_mut()
            .for_each(|(_, digester)| digester.update(octets));
        Ok(())
    }

    fn arrived(mut self, limits: &Limits) -> Result<Attachment, Error> {
        let mut uncovered_qname = None;
        if let Form::Xml(held) = &mut self.form {
            let canonical = canonical_xml(std::mem::take(held), limits)?;
            self.store(&canonical.octets, limits)?;
            uncovered_qname = canonical.uncovered_qname;
        }
        let digests = self.digesters.into_iter().filter_map(|(of, digester)| {
            // What failed is computed again when it is asked for, and fails then.
            let value = digester.finish().ok()?;
            Some(Digested { of, value })
        });
        let digests = digests.collect();
        Ok(Attachment {
            id: self.id,
            header: self.header,
            stored: self.stored,
            length: self.length,
            digests,
            uncovered_qname,
        })
    }
}

/// How long an attachment of `length` is with these octets, as they came or in canonical form, under its limit.
fn counted(length: u64, octets: &[u8], limits: &Limits) -> Result<u64, Error> {
    let more = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    let most = u64::from(limits.attachment_bytes);
    let sum = length.checked_add(more).filter(|sum| *sum <= most);
    sum.ok_or_else(|| Error::of_limit(Limit::AttachmentBytes, limits.attachment_bytes))
}

/// Adds to what is held whole, under the limit of a message.
fn hold(held: &mut Vec<u8>, octets: &[u8], limits: &Limits) -> Result<(), Error> {
    let most = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
    if held.len().saturating_add(octets.len()) > most {
        return Err(Error::of_limit(Limit::Bytes, limits.bytes));
    }
    held.extend_from_slice(octets);
    Ok(())
}

/// XML as it is signed.
struct CanonicalXml {
    octets: Vec<u8>,
    /// A QName of which the octets do not say what it means.
    uncovered_qname: Option<String>,
}

/// XML in the exclusive canonical form without comments, which is what is signed of it (SwA Profile 1.1 §5.4.2). That form may be
/// much longer than what came, as it repeats namespaces; it is held to the same limit.
fn canonical_xml(octets: Vec<u8>, limits: &Limits) -> Result<CanonicalXml, Error> {
    let mut canonical = Vec::with_capacity(octets.len());
    let document = Document::parse(octets.into(), limits)?;
    let form: Canonicalization = CanonicalizationAlgorithm::Exclusive.into();
    let mut counted = Counted::new(&mut canonical, limits.bytes.into());
    let done = c14n::document(&document, &form, None, &mut counted);
    done.map_err(|error| match error {
        c14n::Error::Full => Error::of_limit(Limit::Bytes, limits.bytes),
        c14n::Error::RelativeNamespace { .. } | c14n::Error::Empty { .. } => {
            Error::of_transport(ErrorKind::PartHeader("it is of XML without a canonical form"))
        }
    })?;
    let root = document.root();
    let uncovered = uncovered_qname(root, Some(Meanings::new(root, form)));
    Ok(CanonicalXml {
        octets: canonical,
        uncovered_qname: uncovered.map(|(_, name)| name),
    })
}

/// What signatures in the envelope ask to be digested of attachments: only a hint, so that they need not be read twice. What the
/// gate then asks for is computed whatever this says.
fn planned(root: Option<&Root>, limits: &Limits) -> Vec<(String, ToDigest)> {
    let Some(document) = root.and_then(|root| Document::parse(root.octets.clone().into(), limits).ok())
    else {
        return Vec::new();
    };
    let mut planned = Vec::new();
    let signatures = document.root().descendants();
    let signatures = signatures.filter(|element| element.is(Namespace::DS, "Signature"));
    for element in signatures.take(limits.signatures.into()) {
        let Ok(signature) = Signature::read(element, Objects::Refused, limits) else {
            continue;
        };
        planned.extend(signature.references.into_iter().filter_map(|reference| {
            let Processing::Attachment(scope) = reference.transforms.processing else {
                return None;
            };
            let Target::Attachment(id) = reference.target else {
                return None;
            };
            let algorithm = reference.digest_algorithm;
            Some((id, ToDigest { scope, algorithm }))
        }));
    }
    planned
}

#[cfg(test)]
mod tests;
