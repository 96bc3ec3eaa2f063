use crate::algorithm::CanonicalizationAlgorithm;
use crate::c14n::{self, Canonicalization, Counted, Meanings, uncovered_qname};
use crate::crypto::Digester;
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::media_type::MediaType;
use crate::xml::{Document, Limit, Limits};

use super::attachments::{Attachment, Digested, ToDigest};
use super::canonical::LineEnds;
use super::spool::Stored;

/// An attachment of which more is to come.
#[derive(Debug)]
pub(super) struct Arriving {
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
pub(super) enum Form {
    /// It is as it is.
    Octets,
    /// The lines of a text end in CRLF.
    Text(LineEnds),
    /// XML is canonicalized when it is there, and held until then.
    Xml { held: Vec<u8>, charset: XmlCharset },
}

/// What the media type of XML says of octets that will be its canonical form, which is in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum XmlCharset {
    Utf8,
    /// No octet is above 0x7F.
    Ascii,
}

/// How the names of charsets begin in which CR and LF are octets of their own.
const TEXT_CHARSETS: [&str; 11] = [
    "utf-8",
    "us-ascii",
    "ascii",
    "iso-8859-",
    "windows-",
    "koi8-",
    "euc-",
    "shift_jis",
    "gb",
    "big5",
    "iso-2022-",
];

impl Form {
    /// That of an attachment of this media type.
    ///
    /// # Errors
    /// Its charset is not that of the canonical form, so that who goes by it would read another text than was signed.
    pub(super) fn of(media_type: &MediaType) -> Result<Self, Error> {
        let charset = media_type.parameter("charset").map(str::to_ascii_lowercase);
        let other = |charset: String| Error::of_transport(ErrorKind::Charset(charset));
        if media_type.is_xml() {
            let charset = match charset.as_deref() {
                None | Some("utf-8") => XmlCharset::Utf8,
                Some("us-ascii") => XmlCharset::Ascii,
                Some(_) => return Err(other(charset.unwrap_or_default())),
            };
            let held = Vec::new();
            Ok(Self::Xml { held, charset })
        } else if media_type.is_text() {
            let is_known = |name: &String| TEXT_CHARSETS.iter().any(|known| name.starts_with(known));
            match charset.filter(|name| !is_known(name)) {
                Some(charset) => Err(other(charset)),
                None => Ok(Self::Text(LineEnds::default())),
            }
        } else {
            Ok(Self::Octets)
        }
    }
}

impl Arriving {
    /// An attachment of which nothing has come.
    pub(super) fn new(id: String, header: Option<Vec<String>>, form: Form, stored: Box<dyn Stored>) -> Self {
        Self {
            id,
            header,
            form,
            received: 0,
            stored,
            length: 0,
            digesters: Vec::new(),
        }
    }

    /// The same, digested as it comes.
    pub(super) fn digested_by(self, digesters: Vec<(ToDigest, Digester)>) -> Self {
        Self { digesters, ..self }
    }

    /// Takes further octets, as they came.
    ///
    /// # Errors
    /// More than the limits allow, or what cannot be kept.
    pub(super) fn take(&mut self, octets: &[u8], limits: &Limits) -> Result<(), Error> {
        self.received = counted(self.received, octets, limits)?;
        match &mut self.form {
            Form::Octets => self.store(octets, limits),
            Form::Text(line_ends) => {
                let converted = line_ends.convert(octets);
                self.store(&converted, limits)
            }
            Form::Xml { held, .. } => hold(held, octets, limits),
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

    /// The attachment, when all of it has come.
    ///
    /// # Errors
    /// XML that is none, or has no canonical form within the limits.
    pub(super) fn arrived(mut self, limits: &Limits) -> Result<Attachment, Error> {
        let mut uncovered_qname = None;
        if let Form::Xml { held, charset } = &mut self.form {
            let canonical = canonical_xml(std::mem::take(held), limits)?;
            if *charset == XmlCharset::Ascii && !canonical.octets.is_ascii() {
                return Err(Error::of_transport(ErrorKind::Charset("us-ascii".to_owned())));
            }
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
pub(super) fn hold(held: &mut Vec<u8>, octets: &[u8], limits: &Limits) -> Result<(), Error> {
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
