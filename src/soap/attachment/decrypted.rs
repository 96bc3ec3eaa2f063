use crate::dsig::AttachmentScope;
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::media_type::MediaType;
use crate::xml::Limits;

use super::arriving::{Arriving, Form};
use super::attachments::Attachment;
use super::canonical;
use super::head::Head;
use super::splitter::LONGEST_HEAD;
use super::spool::Stored;

/// What an encrypted attachment was before (SwA Profile 1.1 §5.5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Original {
    /// Its content was encrypted, and was of this media type.
    Content(String),
    /// Its header and content were encrypted; the media type that is said beside that, which has to be the one in the header.
    Complete(Option<String>),
}

impl Original {
    /// What is encrypted of it.
    pub fn scope(&self) -> AttachmentScope {
        match self {
            Self::Content(_) => AttachmentScope::Content,
            Self::Complete(_) => AttachmentScope::Complete,
        }
    }
}

impl Attachment {
    /// The attachment that this one is the ciphertext of, kept beside it in canonical form. `decrypt` gives the plaintext piece by piece to
    /// what it is given, and says in the end whether it is right; if it is not, nothing is left of it.
    ///
    /// # Errors
    /// Those of `decrypt`; a media type that is none, or not that in the header; a header that is none, or of another attachment; more than
    /// the limits allow, or what cannot be kept.
    pub fn decrypted<E: From<Error>>(
        &self,
        original: &Original,
        limits: &Limits,
        decrypt: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let stored = self.stored.another().map_err(|error| Error::of_spool(&error))?;
        let mut decrypted = match original {
            Original::Content(media_type) => {
                let read = read(media_type)?;
                let header = self
                    .header
                    .as_ref()
                    .and_then(|lines| with_type(lines, media_type));
                Decrypted::Content(Arriving::new(self.id.clone(), header, Form::of(&read)?, stored))
            }
            Original::Complete(media_type) => Decrypted::Header {
                id: &self.id,
                media_type: media_type.as_deref(),
                head: Vec::new(),
                stored: Some(stored),
            },
        };
        decrypt(&mut |octets| decrypted.take(octets, limits))?;
        match decrypted {
            Decrypted::Content(arriving) => Ok(arriving.arrived(limits)?),
            Decrypted::Header { .. } => Err(refused("what was encrypted has no end of its header").into()),
        }
    }
}

/// Plaintext that comes.
enum Decrypted<'i> {
    /// More of the header is to come.
    Header {
        id: &'i str,
        media_type: Option<&'i str>,
        head: Vec<u8>,
        stored: Option<Box<dyn Stored>>,
    },
    Content(Arriving),
}

impl Decrypted<'_> {
    fn take(&mut self, octets: &[u8], limits: &Limits) -> Result<(), Error> {
        let (id, media_type, head, stored) = match self {
            Self::Content(arriving) => return arriving.take(octets, limits),
            Self::Header {
                id,
                media_type,
                head,
                stored,
            } => (*id, *media_type, head, stored),
        };
        head.extend_from_slice(octets);
        let end = memchr::memmem::find(head, b"\r\n\r\n");
        if end.unwrap_or(head.len()) > LONGEST_HEAD {
            return Err(refused("it is too long"));
        }
        let Some((end, stored)) = end.and_then(|end| Some((end, stored.take()?))) else {
            return Ok(());
        };
        let (head, content) = head.split_at_checked(end).unwrap_or_default();
        let read = Head::read(head)?;
        if read.id.as_deref().is_some_and(|other| other != id) {
            let why = "the header that was encrypted has another one";
            return Err(Error::of_transport(ErrorKind::ContentId(id.to_owned(), why)));
        }
        check_type(media_type, &read)?;
        let content = content.get(b"\r\n\r\n".len()..).unwrap_or_default().to_vec();
        let form = Form::of(&read.media_type)?;
        let mut arriving = Arriving::new(id.to_owned(), read.canonical, form, stored);
        arriving.take(&content, limits)?;
        *self = Self::Content(arriving);
        Ok(())
    }
}

/// What is said beside the ciphertext must not be something else than what its header says.
fn check_type(said: Option<&str>, head: &Head) -> Result<(), Error> {
    let said = said.map(read).transpose()?;
    if said.is_some_and(|said| said.essence() != head.media_type.essence()) {
        return Err(refused(
            "its Content-Type is not the MimeType of the EncryptedData",
        ));
    }
    Ok(())
}

fn read(media_type: &str) -> Result<MediaType, Error> {
    let read = MediaType::parse_in_one_way(media_type);
    let read = read.ok_or_else(|| refused("the MimeType of the EncryptedData is malformed"))?;
    if read.essence().starts_with("multipart/") || read.essence().starts_with("message/") {
        return Err(Error::of_transport(ErrorKind::NestedMultipart));
    }
    Ok(read)
}

fn refused(why: &'static str) -> Error {
    Error::of_transport(ErrorKind::PartHeader(why))
}

/// The canonical lines with another Content-Type; `None` if that has no canonical form.
fn with_type(lines: &[String], media_type: &str) -> Option<Vec<String>> {
    let name = "Content-Type";
    let [line] =
        <[String; 1]>::try_from(canonical::lines(&[(name.to_owned(), media_type.to_owned())])?).ok()?;
    let is_type = |line: &&String| line.starts_with("Content-Type:");
    // It is the last of those that are signed.
    let kept = lines.iter().filter(|line| !is_type(line)).cloned();
    Some(kept.chain([line]).collect())
}
