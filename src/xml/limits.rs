use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of everything a message may have. The defaults are the product's (2 MiB of message,
/// depth 100, 100,000 elements); each may be lowered freely.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of the whole message.
    pub bytes: u32,
    /// Elements in the document.
    pub elements: u32,
    /// Depth of the deepest element; the root has depth 1.
    pub depth: u16,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes: u16,
    /// Namespace declarations on one element.
    pub namespaces: u16,
    /// Prefixes bound at one place.
    pub namespaces_in_scope: u16,
    /// Bytes of a name, with its prefix.
    pub name: u16,
    /// Bytes of an attribute's value, as written.
    pub attribute_value: u32,
    /// Attributes of type ID in the document.
    pub ids: u32,
    /// Signatures that are looked at in a message.
    pub signatures: u16,
    /// References of one Signature.
    pub references: u16,
    /// Transforms of one Reference.
    pub transforms: u16,
    /// Tokens of one InclusiveNamespaces PrefixList.
    pub prefixes: u16,
    /// Canonical bytes digested for a message, as a multiple of its length.
    pub digested: u16,
    /// `xenc:EncryptedKey` elements in the document.
    pub encrypted_keys: u16,
    /// `xenc:EncryptedData` elements in the document.
    pub encrypted_data: u16,
    /// Attachments of a message.
    pub attachments: u16,
    /// Bytes of one attachment.
    pub attachment_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 2 << 20,
            elements: 100_000,
            depth: 100,
            attributes: 256,
            namespaces: 64,
            namespaces_in_scope: 256,
            name: 1 << 10,
            attribute_value: 64 << 10,
            ids: 10_000,
            signatures: 4,
            references: 10,
            transforms: 2,
            prefixes: 32,
            digested: 4,
            encrypted_keys: 4,
            encrypted_data: 8,
            attachments: 16,
            attachment_bytes: 10 << 20,
        }
    }
}

impl Limits {
    /// The limits for archives: 64 MiB and 2,000,000 elements, the rest wider where old documents need it.
    pub fn archive() -> Self {
        Self {
            bytes: 64 << 20,
            elements: 2_000_000,
            attribute_value: 1 << 20,
            ids: 100_000,
            signatures: 16,
            references: 64,
            transforms: 5,
            digested: 8,
            encrypted_keys: 16,
            encrypted_data: 64,
            attachment_bytes: 1 << 30,
            ..Self::default()
        }
    }

    /// The limits for metadata of a federation whose signature is verified: 128 MiB and 4,000,000 elements.
    pub fn metadata() -> Self {
        Self {
            bytes: 128 << 20,
            elements: 4_000_000,
            ..Self::archive()
        }
    }
}

/// Which limit was passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::bytes`].
    Bytes,
    /// [`Limits::elements`].
    Elements,
    /// [`Limits::depth`].
    Depth,
    /// [`Limits::attributes`].
    Attributes,
    /// [`Limits::namespaces`].
    Namespaces,
    /// [`Limits::namespaces_in_scope`], or more than 60,000 different prefixes or namespaces in all.
    NamespacesInScope,
    /// [`Limits::name`].
    Name,
    /// [`Limits::attribute_value`].
    AttributeValue,
    /// [`Limits::ids`].
    Ids,
    /// [`Limits::signatures`].
    Signatures,
    /// [`Limits::references`].
    References,
    /// [`Limits::transforms`].
    Transforms,
    /// [`Limits::prefixes`].
    Prefixes,
    /// [`Limits::digested`].
    Digested,
    /// [`Limits::encrypted_keys`].
    EncryptedKeys,
    /// [`Limits::encrypted_data`].
    EncryptedData,
    /// [`Limits::attachments`].
    Attachments,
    /// [`Limits::attachment_bytes`].
    AttachmentBytes,
    /// Bytes in the header of one attachment: 8 KiB.
    PartHeader,
}

impl Limit {
    /// The stable code, `limit.<what>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bytes => "limit.bytes",
            Self::Elements => "limit.elements",
            Self::Depth => "limit.depth",
            Self::Attributes => "limit.attributes",
            Self::Namespaces => "limit.namespaces",
            Self::NamespacesInScope => "limit.namespaces_in_scope",
            Self::Name => "limit.name",
            Self::AttributeValue => "limit.attribute_value",
            Self::Ids => "limit.ids",
            Self::Signatures => "limit.signatures",
            Self::References => "limit.references",
            Self::Transforms => "limit.transforms",
            Self::Prefixes => "limit.prefixes",
            Self::Digested => "limit.digested",
            Self::EncryptedKeys => "limit.encrypted_keys",
            Self::EncryptedData => "limit.encrypted_data",
            Self::Attachments => "limit.attachments",
            Self::AttachmentBytes => "limit.attachment_bytes",
            Self::PartHeader => "limit.part_header",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes in the message",
            Self::Elements => "elements in the document",
            Self::Depth => "levels of elements",
            Self::Attributes => "attributes on one element",
            Self::Namespaces => "namespace declarations on one element",
            Self::NamespacesInScope => "namespace prefixes in scope",
            Self::Name => "bytes in a name",
            Self::AttributeValue => "bytes in an attribute value",
            Self::Ids => "IDs in the document",
            Self::Signatures => "signatures in the message",
            Self::References => "references in one signature",
            Self::Transforms => "transforms in one reference",
            Self::Prefixes => "prefixes in one PrefixList",
            Self::Digested => "times the message's length in digested bytes",
            Self::EncryptedKeys => "encrypted keys in the document",
            Self::EncryptedData => "encrypted parts of the document",
            Self::Attachments => "attachments",
            Self::AttachmentBytes => "bytes in one attachment",
            Self::PartHeader => "bytes in the header of one part",
        })
    }
}
