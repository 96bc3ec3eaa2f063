//! Names of subjects besides the distinguished name (RFC 5280 §4.2.1.6).

use std::fmt;

use crate::crypto::der;
use crate::crypto::der::Element;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;
use crate::crypto::name::Name;

/// A GeneralName, in a subjectAltName or as the base of a name constraint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GeneralName {
    /// rfc822Name.
    Email(String),
    /// dNSName.
    Dns(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// iPAddress: 4 or 16 bytes, in a name constraint twice as many (address and mask).
    Ip(Box<[u8]>),
    /// directoryName.
    Directory(Name),
    /// Any other kind, or one of the above that is not written as it has to be.
    Other {
        /// Which kind: the number of the CHOICE's alternative, 0 to 8.
        kind: u8,
        /// The whole value in DER.
        der: Box<[u8]>,
    },
}

impl GeneralName {
    /// The number of the CHOICE's alternative (RFC 5280 §4.2.1.6).
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Email(_) => 1,
            Self::Dns(_) => 2,
            Self::Directory(_) => 4,
            Self::Uri(_) => 6,
            Self::Ip(_) => 7,
            Self::Other { kind, .. } => *kind,
        }
    }

    pub(crate) fn from_element(element: Element<'_>) -> der::Result<Self> {
        let kind = element.tag & 0x1f;
        if element.tag & 0xc0 != 0x80 || kind > 8 {
            return Err(Malformed("no kind of GeneralName"));
        }
        let text = || {
            let ascii = element.contents.iter().all(|byte| matches!(byte, 0x20..=0x7e));
            ascii.then(|| String::from_utf8_lossy(element.contents).into_owned())
        };
        let name = match element.tag {
            0x81 => text().map(Self::Email),
            0x82 => text().map(Self::Dns),
            0x86 => text().map(Self::Uri),
            0x87 if matches!(element.contents.len(), 4 | 8 | 16 | 32) => {
                Some(Self::Ip(element.contents.into()))
            }
            0xa4 => Some(Self::Directory(Name::from_der(element.contents)?)),
            _ => None,
        };
        Ok(name.unwrap_or_else(|| Self::Other {
            kind,
            der: element.bytes.into(),
        }))
    }

    /// GeneralNames: the contents of a SEQUENCE OF GeneralName, at least one.
    pub(crate) fn read_all(mut reader: Reader<'_>) -> der::Result<Vec<Self>> {
        let mut names = Vec::new();
        while !reader.is_empty() {
            names.push(Self::from_element(reader.element()?)?);
        }
        if names.is_empty() {
            Err(Malformed("an empty list of names"))
        } else {
            Ok(names)
        }
    }
}

impl fmt::Display for GeneralName {
    /// `dns:orders.example`, `email:…`, `uri:…`, `ip:…` (RFC 4291 text for IPv6; a mask after `/`), `dirname:…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(text) => write!(f, "email:{text}"),
            Self::Dns(text) => write!(f, "dns:{text}"),
            Self::Uri(text) => write!(f, "uri:{text}"),
            Self::Directory(name) => write!(f, "dirname:{}", name.as_str()),
            Self::Ip(bytes) => match ip_text(bytes) {
                Some(text) => write!(f, "ip:{text}"),
                None => f.write_str("ip:?"),
            },
            Self::Other { kind, .. } => write!(f, "a name of kind {kind}"),
        }
    }
}

fn ip_text(bytes: &[u8]) -> Option<String> {
    let address = |bytes: &[u8]| match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes)
            .ok()
            .map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
        _ => <[u8; 16]>::try_from(bytes)
            .ok()
            .map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
    };
    match bytes.len() {
        4 | 16 => address(bytes),
        8 => bytes
            .split_at_checked(4)
            .and_then(|(one, two)| Some(format!("{}/{}", address(one)?, address(two)?))),
        32 => bytes
            .split_at_checked(16)
            .and_then(|(one, two)| Some(format!("{}/{}", address(one)?, address(two)?))),
        _ => None,
    }
}
