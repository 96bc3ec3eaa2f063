use std::borrow::Cow;

use crate::algorithm::DigestAlgorithm;
use crate::crypto;
use crate::crypto::decode_base64;
use crate::soap::Envelope;
use crate::soap::HeaderBlock;
use crate::soap::Roles;
use crate::token::field;
use crate::wss::Deviation;
use crate::wss::Rule;
use crate::wss::TokenReference;
use crate::wss::header::Header;
use crate::wss::receiver::find;
use crate::wss::reference::Pointer;
use crate::wss::secure_conversation::refuse_secure_conversation;
use crate::wss::{Error, ErrorKind};
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xmlenc::is_of_attachment;

/// What of a message is encrypted to us: what the Security header for us lists, and what stands in it (WSS 1.1 §9). Whatever else is
/// encrypted is content, for somebody else to read.
#[derive(Clone, Debug, Default)]
pub struct EncryptedParts<'d> {
    /// `xenc:EncryptedData`.
    pub data: Vec<Element<'d>>,
    /// `xenc:EncryptedData` of attachments, each a child of the header (SwA Profile 1.1 §5.5).
    pub attachments: Vec<Element<'d>>,
    /// `xenc:EncryptedKey`, in the header and in the data.
    pub keys: Vec<Element<'d>>,
    /// What the Basic Security Profile forbids about it.
    pub deviations: Vec<Deviation>,
}

impl<'d> EncryptedParts<'d> {
    /// Finds them; `None` if the header speaks of no encryption, or is not there.
    ///
    /// # Errors
    /// Two headers for us; a token from which keys would be derived; a DataReference that leads to nothing that is encrypted and for us; encryption of nothing.
    pub fn find(envelope: &'d Envelope, roles: &Roles) -> Result<Option<Self>, Error> {
        if !is_encrypted(envelope, roles) {
            return Ok(None);
        }
        let header = find(envelope, roles)?;
        // Before its keys look like keys of nothing, or ours is used.
        header.descendants().try_for_each(refuse_secure_conversation)?;
        let mut parts = Self::default();
        for element in header.descendants() {
            if element.parent() == Some(header) && is_of_attachment(element) {
                parts.attachments.push(element);
            } else if is_data(element) {
                parts.data.push(element);
            }
        }
        let mut of_keys = Vec::new();
        for reference in header.children().flat_map(lists).flat_map(Element::children) {
            let is_one = reference.is(Namespace::XENC, "DataReference") && reference.first_child().is_none();
            let found = is_one.then(|| referenced(reference)).flatten();
            let data = found.filter(|data| !is_of_another(*data, envelope, roles));
            let data = data.ok_or_else(|| {
                let uri = reference.attribute("URI").map(Cow::into_owned);
                Error::at(ErrorKind::DataReference(uri), reference)
            })?;
            if !parts.data.contains(&data) && !parts.attachments.contains(&data) {
                parts.data.push(data);
            }
            let list = reference.parent().and_then(Element::parent);
            if list.is_some_and(|key| key.is(Namespace::XENC, "EncryptedKey")) {
                of_keys.push(data);
            }
        }
        let of_data = parts
            .data
            .iter()
            .filter_map(|data| data.child(Namespace::DS, "KeyInfo"));
        of_data
            .flat_map(Element::descendants)
            .try_for_each(refuse_secure_conversation)?;
        // In SAML the keys stand beside the data, and neither says so.
        let is_of_assertion = |data: &Element<'_>| {
            let parent = data.parent();
            parent.is_some_and(|parent| parent.namespace_id() == Namespace::SAML2)
        };
        let mut unnamed = parts.data.iter().chain(&parts.attachments).filter(|data| {
            data.child(Namespace::DS, "KeyInfo").is_none()
                && !of_keys.contains(data)
                && !is_of_assertion(data)
        });
        if let Some(data) = unnamed.next() {
            Deviation::note(&mut parts.deviations, Rule::EncryptedDataKeyInfo, *data);
        }
        let data = parts.data.iter().copied();
        let keys = std::iter::once(header).chain(data.filter(|data| !data.is_within(header)));
        parts.keys = keys
            .flat_map(Element::descendants)
            .filter(|element| element.is(Namespace::XENC, "EncryptedKey"))
            .collect();
        if !parts.data.is_empty() || !parts.attachments.is_empty() {
            return Ok(Some(parts));
        }
        let mut items = header.children().filter(|item| is_encryption(*item));
        match items.find(|item| !is_for_signing(*item, header)) {
            Some(item) => {
                let name = item.name().to_owned();
                Err(Error::at(ErrorKind::UnsupportedEncryption(name), item))
            }
            None => Ok(None),
        }
    }
}

/// Refuses what is encrypted in the Body, or in a header block for us, and is none of `parts`: the header that would list it is often not
/// signed, and without its list a ciphertext would pass for what its signer meant.
///
/// # Errors
/// `wss.unlisted_encryption`.
pub fn refuse_unlisted(
    envelope: &Envelope,
    roles: &Roles,
    parts: Option<&EncryptedParts<'_>>,
) -> Result<(), Error> {
    let blocks = envelope.header_blocks().filter(|block| block.targets(roles));
    let places = blocks.map(HeaderBlock::element).chain([envelope.body()]);
    let is_ours = |data: &Element<'_>| {
        let mut ours = parts
            .into_iter()
            .flat_map(|parts| parts.data.iter().chain(&parts.attachments));
        ours.any(|ours| data.is_within(*ours))
    };
    let mut data = places
        .flat_map(Element::descendants)
        .filter(|element| is_data(*element));
    match data.find(|data| !is_ours(data)) {
        Some(data) => Err(Error::at(ErrorKind::UnlistedEncryption, data)),
        None => Ok(()),
    }
}

/// Whether SHA-1 of the octets in the CipherValue of `key`, an EncryptedKey, is `digest`: how a KeyIdentifier names it (WSS 1.1 §7.3).
pub fn has_digest(key: Element<'_>, digest: &[u8; 20]) -> bool {
    let data = key.child(Namespace::XENC, "CipherData");
    let value = data.and_then(|data| data.child(Namespace::XENC, "CipherValue"));
    let text = value.and_then(|value| field::text(value).ok());
    let octets = text.and_then(|text| decode_base64(&text).ok());
    octets
        .and_then(|octets| crypto::digest(DigestAlgorithm::Sha1, &octets).ok())
        .is_some_and(|found| found.matches(digest))
}

/// A question that costs next to nothing, as most messages are not encrypted.
fn is_encrypted(envelope: &Envelope, roles: &Roles) -> bool {
    let security = |block: &HeaderBlock<'_>| block.element().is(Namespace::WSSE, "Security");
    let mut ours = envelope
        .header_blocks()
        .filter(|block| security(block) && block.targets(roles));
    ours.any(|block| {
        block.element().children().any(is_encryption) || block.element().descendants().any(is_data)
    })
}

/// Whether `item`, of a Security header, speaks of what is encrypted.
fn is_encryption(item: Element<'_>) -> bool {
    item.is(Namespace::XENC, "EncryptedKey") || item.is(Namespace::XENC, "ReferenceList")
}

fn is_data(element: Element<'_>) -> bool {
    element.is(Namespace::XENC, "EncryptedData")
}

/// The ReferenceLists of an item: itself, or that of an EncryptedKey (XML Encryption 1.1 §3.6).
fn lists(item: Element<'_>) -> Option<Element<'_>> {
    if item.is(Namespace::XENC, "EncryptedKey") {
        item.child(Namespace::XENC, "ReferenceList")
    } else {
        item.is(Namespace::XENC, "ReferenceList").then_some(item)
    }
}

/// Whether `item` is an EncryptedKey with which nothing is encrypted, and a signature of `header` says that it was made with it.
fn is_for_signing(item: Element<'_>, header: Element<'_>) -> bool {
    let mut signatures = header
        .children()
        .filter(|item| item.is(Namespace::DS, "Signature"));
    item.is(Namespace::XENC, "EncryptedKey")
        && lists(item).is_none()
        && signatures.any(|signature| is_by(signature, item))
}

/// Whether `signature`, a `ds:Signature` of `header`, says that it was made with the key in an EncryptedKey of it.
pub fn is_by_encrypted_key(signature: Element<'_>, header: &Header<'_>) -> bool {
    header.encrypted_keys().any(|key| is_by(signature, key))
}

/// Whether `signature` says that it was made with the key in `key`.
fn is_by(signature: Element<'_>, key: Element<'_>) -> bool {
    let info = signature.child(Namespace::DS, "KeyInfo");
    info.into_iter()
        .flat_map(Element::children)
        .any(|item| leads_to(item, key))
}

/// Whether `item`, of a KeyInfo, is a reference to the EncryptedKey `key`.
fn leads_to(item: Element<'_>, key: Element<'_>) -> bool {
    if !item.is(Namespace::WSSE, "SecurityTokenReference") {
        return false;
    }
    match TokenReference::read(item, &mut Vec::new())
        .as_ref()
        .map(TokenReference::pointer)
    {
        Ok(Pointer::Direct { id, .. }) => key.document().element_by_id(id) == Some(key),
        Ok(Pointer::EncryptedKeySha1(digest)) => has_digest(key, digest),
        _ => false,
    }
}

/// The EncryptedData that `reference` leads to.
fn referenced(reference: Element<'_>) -> Option<Element<'_>> {
    let uri = reference.attribute("URI")?;
    let found = reference.document().element_by_id(uri.strip_prefix('#')?)?;
    is_data(found).then_some(found)
}

/// Whether `data` stands in a header block for somebody else, who decrypts it.
fn is_of_another(data: Element<'_>, envelope: &Envelope, roles: &Roles) -> bool {
    envelope
        .header_blocks()
        .any(|block| data.is_within(block.element()) && !block.targets(roles))
}
