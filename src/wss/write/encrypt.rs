use super::edit::Edits;
use super::key::KeyToken;
use super::names::Ids;
use super::prefix::Scope;
use super::{Understanding, check_part, security_header, start_tag};
use crate::crypto::Certificate;
use crate::soap::Envelope;
use crate::wss::{Error, ErrorKind};
use crate::xml::{Element, Namespace, escape_attribute, escape_text};
use crate::xmlenc;
use crate::xmlenc::write::replacement;
use crate::xmlenc::{Portion, Recipient, SessionKey};

/// What of a message is encrypted, to whom.
#[derive(Clone, Debug)]
pub struct EncryptionPlan<'p> {
    /// For whom the Security header is, by actor or role; `None` for the last receiver.
    pub role: Option<&'p str>,
    /// Who can decrypt it.
    pub recipient: Recipient<'p>,
    /// How the recipient learns that.
    pub name: RecipientName<'p>,
    /// The Body, of which the content is encrypted; header blocks, each in an EncryptedHeader; or elements in the Body.
    pub parts: Vec<Element<'p>>,
}

/// How a recipient is named.
#[derive(Clone, Copy, Debug)]
pub enum RecipientName<'p> {
    /// By SHA-1 of the certificate.
    Thumbprint(&'p Certificate),
    /// By the SubjectKeyIdentifier of the certificate.
    SubjectKeyIdentifier(&'p Certificate),
    /// By issuer and serial number of the certificate.
    IssuerSerial(&'p Certificate),
    /// By the name of a secret.
    Secret(&'p str),
    /// Not at all.
    Unnamed,
}

impl RecipientName<'_> {
    /// The content of a KeyInfo, which declares its prefixes but `ds`.
    fn key_info(self, ids: &mut Ids, envelope: &Envelope) -> Result<String, Error> {
        let token = match self {
            Self::Thumbprint(certificate) => KeyToken::Thumbprint(certificate),
            Self::SubjectKeyIdentifier(certificate) => KeyToken::SubjectKeyIdentifier(certificate),
            Self::IssuerSerial(certificate) => KeyToken::IssuerSerial(certificate),
            Self::Secret(name) => return Ok(format!("<ds:KeyName>{}</ds:KeyName>", escape_text(name))),
            Self::Unnamed => return Ok(String::new()),
        };
        Ok(token.write(ids, envelope.document())?.key_info)
    }
}

/// Encrypts parts of `envelope`. The EncryptedKey stands first in the Security header for that receiver, before a signature that is
/// there already, as it is used first (WSS 1.1 §5); a header is made where there is none.
///
/// # Errors
/// `wss.part` and `xmlenc.target` for a part that cannot be encrypted, `wss.no_key_identifier` if the certificate lacks the identifier
/// that should name it; what [`SessionKey`] refuses.
pub fn encrypt(
    envelope: &Envelope,
    plan: &EncryptionPlan<'_>,
    key: &SessionKey,
    ids: &mut Ids,
) -> Result<String, Error> {
    let refuse = |error| Error::nowhere(ErrorKind::Encryption(error));
    let mut targets = Vec::with_capacity(plan.parts.len());
    for part in &plan.parts {
        targets.push((*part, portion(envelope, *part)?));
    }
    targets.sort_by_key(|(part, _)| part.span().start);
    xmlenc::check_apart(&targets).map_err(refuse)?;
    let mut edits = Edits::default();
    let mut references = Vec::with_capacity(targets.len());
    for (part, portion) in targets {
        let (data, id) = key
            .encrypt(part, portion, &reference_to(key.id()))
            .map_err(refuse)?;
        references.push(id);
        let data = if part.parent() == envelope.header() {
            encrypted_header(envelope, part, &data)
        } else {
            data
        };
        let (start, end, text) = replacement(part, portion, &data);
        edits.replace(start..end, text);
    }
    let key_info = plan.name.key_info(ids, envelope)?;
    let encrypted_key = key.encrypted_key(&plan.recipient, &key_info, &references);
    let encrypted_key = encrypted_key.map_err(refuse)?;
    match security_header(envelope, plan.role) {
        Some(header) => edits.insert_first(header, &encrypted_key),
        None => {
            let open = start_tag(envelope, plan.role, Understanding::Required) + &encrypted_key;
            edits.insert_header(envelope, &open, "</wsse:Security>");
        }
    }
    Ok(edits.into_text(envelope.document().as_str()))
}

/// Which portion of `part` is encrypted: of the Body what is in it, of everything else all of it.
fn portion(envelope: &Envelope, part: Element<'_>) -> Result<Portion, Error> {
    check_part(envelope, part)?;
    if part.is(Namespace::WSSE, "Security") {
        let what = "a Security header says how it is decrypted";
        return Err(Error::at(ErrorKind::Part(what), part));
    }
    Ok(if part == envelope.body() {
        Portion::Content
    } else {
        Portion::Element
    })
}

/// A SecurityTokenReference to the EncryptedKey with this ID in the same message (WSS 1.1 §7.7).
fn reference_to(id: &str) -> String {
    format!(
        "<wsse:SecurityTokenReference xmlns:wsse=\"{}\" xmlns:wsse11=\"{}\" wsse11:TokenType=\"{ENCRYPTED_KEY}\">\
         <wsse:Reference URI=\"#{id}\"></wsse:Reference></wsse:SecurityTokenReference>",
        Namespace::WSSE.uri(),
        Namespace::WSSE11.uri()
    )
}

const ENCRYPTED_KEY: &str = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey";

/// The EncryptedHeader that holds `data`, for whom `block` was and as binding as that (WSS 1.1 §9.3).
fn encrypted_header(envelope: &Envelope, block: Element<'_>, data: &str) -> String {
    let soap = envelope.version().namespace();
    let mut attributes = block
        .attributes()
        .filter(|attribute| attribute.namespace_id() == soap)
        .peekable();
    let (prefix, declaration) = if attributes.peek().is_some() {
        Scope::of(envelope.header().unwrap_or(envelope.root())).soap_prefix(soap)
    } else {
        ("", String::new())
    };
    let attributes: String = attributes
        .map(|attribute| {
            let value = attribute.value();
            format!(
                " {prefix}:{}=\"{}\"",
                attribute.local_name(),
                escape_attribute(&value)
            )
        })
        .collect();
    format!(
        "<wsse11:EncryptedHeader{declaration} xmlns:wsse11=\"{}\"{attributes}>{data}</wsse11:EncryptedHeader>",
        Namespace::WSSE11.uri()
    )
}
