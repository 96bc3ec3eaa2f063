use bytes::Bytes;

use crate::xml::{Document, Limits, Namespace};

/// What a message is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A SOAP message.
    Soap,
    /// A SAML assertion, protocol message or metadata.
    Saml,
    /// Any other XML, with signatures of its own.
    Xml,
}

impl Kind {
    /// As results have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Soap => "soap",
            Self::Saml => "saml",
            Self::Xml => "xml",
        }
    }

    /// What the name of the root says. What does not begin as XML does is what browsers carry SAML in.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        loop {
            rest = rest.trim_ascii_start();
            let end: &[u8] = match rest {
                [b'<', b'?', ..] => b"?>",
                [b'<', b'!', b'-', b'-', ..] => b"-->",
                _ => break,
            };
            let Some(place) = memchr::memmem::find(rest, end) else {
                return Self::Xml;
            };
            rest = rest.get(place.saturating_add(end.len())..).unwrap_or_default();
        }
        let Some(tag) = rest.strip_prefix(b"<") else {
            return if rest.is_empty() { Self::Xml } else { Self::Saml };
        };
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
        let name = tag.split(is_end).next().unwrap_or_default();
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        if local == b"Envelope" {
            Self::Soap
        } else if SAML.iter().any(|name| name.as_bytes() == local) {
            Self::Saml
        } else {
            Self::Xml
        }
    }
}

/// Whether the root is in no namespace of SOAP or SAML.
pub(super) fn is_other_xml(bytes: &Bytes, limits: &Limits) -> bool {
    const JUDGED_OTHERWISE: [Namespace; 7] = [
        Namespace::SOAP11,
        Namespace::SOAP12,
        Namespace::SAML2,
        Namespace::SAMLP,
        Namespace::MD,
        Namespace::SAML1,
        Namespace::SAMLP1,
    ];
    Document::parse(bytes.clone(), limits)
        .is_ok_and(|document| !JUDGED_OTHERWISE.contains(&document.root().namespace_id()))
}

/// The names of the roots that `saml verify` is for.
const SAML: [&str; 21] = [
    "Response",
    "Assertion",
    "EncryptedAssertion",
    "ArtifactResponse",
    "ArtifactResolve",
    "AuthnRequest",
    "LogoutRequest",
    "LogoutResponse",
    "ManageNameIDRequest",
    "ManageNameIDResponse",
    "NameIDMappingRequest",
    "NameIDMappingResponse",
    "AssertionIDRequest",
    "AttributeQuery",
    "AuthnQuery",
    "AuthzDecisionQuery",
    "SubjectQuery",
    "Request",
    "EntityDescriptor",
    "EntitiesDescriptor",
    "AffiliationDescriptor",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_says_what_a_message_is() {
        assert_eq!(
            Kind::of(b"<?xml version='1.0'?><!-- <a> -->\n<s:Envelope>"),
            Kind::Soap
        );
        assert_eq!(Kind::of(b"\xef\xbb\xbf<Envelope/>"), Kind::Soap);
        assert_eq!(Kind::of(b"<samlp:Response\nID='a'>"), Kind::Saml);
        assert_eq!(Kind::of(b"PHNhbWxwOlJlc3BvbnNl"), Kind::Saml);
        assert_eq!(Kind::of(b"SAMLResponse=PHNh"), Kind::Saml);
        for other in [
            "<EnvelopeX/>",
            "<a:b:c>",
            "<a",
            "",
            "<!-- ",
            "<!DOCTYPE Envelope><Envelope/>",
        ] {
            assert_eq!(Kind::of(other.as_bytes()), Kind::Xml, "{other}");
        }
    }
}
