//! Distinguished names as certificates hold them: read from DER, compared by RFC 5280 §7.1, shown as RFC 4514.
//!
//! [`same_name`](crate::crypto::same_name) compares names that other stacks wrote as text.

use std::hash::Hash;
use std::hash::Hasher;

use crate::crypto::attribute_type;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;

/// The most relative distinguished names, and attributes in one, that a name may have.
pub(crate) const MAX_PARTS: usize = 64;

/// A distinguished name from a certificate or a CRL.
///
/// Two names are equal when RFC 5280 §7.1 says so: attribute by attribute, text compared without regard to case,
/// to the string type, or to how many spaces stand where one does; anything that is not text byte for byte.
#[derive(Clone, Debug)]
pub struct Name {
    der: Box<[u8]>,
    text: String,
    rdns: Vec<Rdn>,
}

impl Name {
    /// Reads the DER of a Name (RFC 5280 §4.1.2.4).
    pub(crate) fn from_der(bytes: &[u8]) -> der::Result<Self> {
        let mut outer = Reader::new(bytes);
        let element = outer.element()?;
        outer.finish()?;
        if element.tag != der::SEQUENCE {
            return Err(Malformed("a name is no SEQUENCE"));
        }
        let rdns = read_rdns(element.contents)?;
        Ok(Self {
            der: bytes.into(),
            text: write(&rdns),
            rdns,
        })
    }

    /// The name as RFC 4514 writes it, the most specific part first: `CN=Orders,O=Partner\, Inc.,C=DE`.
    /// Control characters are always escaped.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name's DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it has no parts at all, as certificates with only alternative names do.
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// Whether it is `base` or stands below it in the directory (RFC 5280 §4.2.1.10, directoryName).
    pub fn is_within(&self, base: &Self) -> bool {
        self.rdns.get(..base.rdns.len()) == Some(base.rdns.as_slice())
    }

    /// The texts of its commonName attributes.
    pub fn common_names(&self) -> impl Iterator<Item = &str> {
        self.texts(attribute_type::COMMON_NAME)
    }

    /// The texts of its emailAddress attributes.
    pub fn email_addresses(&self) -> impl Iterator<Item = &str> {
        self.texts(attribute_type::EMAIL_ADDRESS)
    }

    pub(crate) fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    fn texts(&self, oid: &'static [u8]) -> impl Iterator<Item = &str> {
        let attributes = self
            .rdns
            .iter()
            .flatten()
            .filter(move |attribute| &*attribute.oid == oid);
        attributes.filter_map(|attribute| match &attribute.value {
            Value::Text { written, .. } => Some(written.as_str()),
            Value::Other(_) => None,
        })
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der || self.rdns == other.rdns
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rdns.hash(state);
    }
}

/// A relative distinguished name: its attributes in a fixed order.
pub(crate) type Rdn = Vec<Attribute>;

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Attribute {
    /// The contents of the type's OID.
    pub(crate) oid: Box<[u8]>,
    pub(crate) value: Value,
}

/// An attribute's value. Text is compared by its folded form alone.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text { written: String, folded: String },
    Other(Box<[u8]>),
}

impl Value {
    pub(crate) fn text(written: String) -> Self {
        let folded = fold(&written);
        Self::Text { written, folded }
    }

    /// The value that the DER of one string (or anything else) holds.
    pub(crate) fn from_der(bytes: &[u8]) -> der::Result<Self> {
        let mut reader = Reader::new(bytes);
        let element = reader.element()?;
        reader.finish()?;
        let text = directory_string(element.tag, element.contents);
        Ok(text.map_or_else(|| Self::Other(element.bytes.into()), Self::text))
    }

    fn comparable(&self) -> (bool, &[u8]) {
        match self {
            Self::Text { folded, .. } => (true, folded.as_bytes()),
            Self::Other(bytes) => (false, bytes),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.comparable() == other.comparable()
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.comparable().cmp(&other.comparable())
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.comparable().hash(state);
    }
}

/// The text of a DirectoryString or IA5String (RFC 5280 §4.1.2.4); `None` if it is of another type or not
/// what its type allows.
pub(crate) fn directory_string(tag: u8, contents: &[u8]) -> Option<String> {
    match tag {
        // UTF8String
        0x0c => String::from_utf8(contents.to_vec()).ok(),
        // NumericString, PrintableString, IA5String, VisibleString. PrintableStrings with further ASCII are common.
        0x12 | 0x13 | 0x16 | 0x1a if contents.is_ascii() => String::from_utf8(contents.to_vec()).ok(),
        // TeletexString, in practice Latin-1.
        0x14 => Some(contents.iter().copied().map(char::from).collect()),
        // BMPString
        0x1e => {
            let (units, []) = contents.as_chunks::<2>() else {
                return None;
            };
            units
                .iter()
                .map(|unit| char::from_u32(u32::from(u16::from_be_bytes(*unit))))
                .collect()
        }
        // UniversalString
        0x1c => {
            let (units, []) = contents.as_chunks::<4>() else {
                return None;
            };
            units
                .iter()
                .map(|unit| char::from_u32(u32::from_be_bytes(*unit)))
                .collect()
        }
        _ => None,
    }
}

/// Case folded, white space at the ends dropped and inside made one space (RFC 4518 §2, without NFKC).
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

fn read_rdns(contents: &[u8]) -> der::Result<Vec<Rdn>> {
    let mut rdns = Vec::new();
    let mut reader = Reader::new(contents);
    while !reader.is_empty() {
        let mut set = Reader::new(reader.expect(der::SET)?);
        let mut rdn = Vec::new();
        while !set.is_empty() {
            let mut pair = set.sequence()?;
            let oid = pair.oid()?.into();
            let value = pair.element()?;
            check_type(value)?;
            let value = Value::from_der(value.bytes)?;
            pair.finish()?;
            rdn.push(Attribute { oid, value });
        }
        if rdn.is_empty() || rdn.len() > MAX_PARTS || rdns.len() >= MAX_PARTS {
            return Err(Malformed("a name with an empty part or too many of them"));
        }
        rdn.sort();
        rdns.push(rdn);
    }
    Ok(rdns)
}

/// A value is a string of a type that names are written in (X.520 §2, and BIT STRING for x500UniqueIdentifier), or a SEQUENCE
/// as some private types are; and what is told to be Unicode is.
fn check_type(value: der::Element<'_>) -> der::Result<()> {
    match value.tag {
        0x0c | 0x1c | 0x1e if directory_string(value.tag, value.contents).is_none() => {
            Err(Malformed("a text in a name is not in its encoding"))
        }
        der::BIT_STRING => der::check_bits(value.contents),
        0x0c | 0x12 | 0x13 | 0x14 | 0x16 | 0x1c | 0x1e | der::SEQUENCE => Ok(()),
        _ => Err(Malformed("a value in a name is of a type that names do not have")),
    }
}

fn write(rdns: &[Rdn]) -> String {
    let mut text = String::new();
    for rdn in rdns.iter().rev() {
        if !text.is_empty() {
            text.push(',');
        }
        for (index, attribute) in rdn.iter().enumerate() {
            if index > 0 {
                text.push('+');
            }
            write_attribute(attribute, &mut text);
        }
    }
    text
}

fn write_attribute(attribute: &Attribute, text: &mut String) {
    match attribute_type::short_name(&attribute.oid) {
        Some(name) => text.push_str(name),
        None => text.push_str(&der::dotted(&attribute.oid)),
    }
    text.push('=');
    match &attribute.value {
        Value::Text { written, .. } => write_value(written, text),
        Value::Other(bytes) => {
            text.push('#');
            bytes.iter().for_each(|byte| push_hex(*byte, text));
        }
    }
}

/// RFC 4514 §2.4. Escaping every control character is allowed and keeps them out of logs.
fn write_value(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
            || (character == '#' && index == 0)
            || (character == ' ' && (index == 0 || index == last));
        if special {
            text.push('\\');
            text.push(character);
        } else if character.is_control() || is_direction_mark(character) {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                text.push('\\');
                push_hex(byte, text);
            }
        } else {
            text.push(character);
        }
    }
}

/// Characters that make a terminal show other text than was written.
const fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push_hex(byte: u8, text: &mut String) {
    for digit in [byte >> 4, byte & 0x0f] {
        text.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]

    use openssl::asn1::Asn1Type;
    use openssl::nid::Nid;
    use openssl::x509::X509NameBuilder;

    use super::*;

    fn name(entries: &[(Nid, &str, Asn1Type)]) -> Name {
        let mut builder = X509NameBuilder::new().unwrap();
        for (nid, value, kind) in entries {
            builder.append_entry_by_nid_with_type(*nid, value, *kind).unwrap();
        }
        Name::from_der(&builder.build().to_der().unwrap()).unwrap()
    }

    #[test]
    fn text_is_rfc_4514_most_specific_part_first() {
        let name = name(&[
            (Nid::COUNTRYNAME, "DE", Asn1Type::PRINTABLESTRING),
            (
                Nid::ORGANIZATIONNAME,
                "Müller, Söhne + Co; \"x\"",
                Asn1Type::UTF8STRING,
            ),
            (Nid::SERIALNUMBER, "7", Asn1Type::PRINTABLESTRING),
            (Nid::COMMONNAME, " #a\n", Asn1Type::UTF8STRING),
            (Nid::PKCS9_EMAILADDRESS, "a@b.example", Asn1Type::IA5STRING),
        ]);
        assert_eq!(
            name.as_str(),
            "emailAddress=a@b.example,CN=\\ #a\\0A,serialNumber=7,O=Müller\\, Söhne \\+ Co\\; \\\"x\\\",C=DE"
        );
        assert_eq!(name.common_names().collect::<Vec<_>>(), [" #a\n"]);
        assert_eq!(name.email_addresses().collect::<Vec<_>>(), ["a@b.example"]);
    }

    #[test]
    fn names_are_equal_whatever_string_type_case_and_spacing() {
        let one = name(&[(Nid::COMMONNAME, "Orders  Service", Asn1Type::PRINTABLESTRING)]);
        let two = name(&[(Nid::COMMONNAME, " orders SERVICE ", Asn1Type::UTF8STRING)]);
        let utf16: String = "orders service"
            .chars()
            .flat_map(|character| ['\0', character])
            .collect();
        let bmp = name(&[(Nid::COMMONNAME, &utf16, Asn1Type::BMPSTRING)]);
        assert_eq!(one, two);
        assert_eq!(one, bmp);
        let other = name(&[(Nid::COMMONNAME, "OrdersService", Asn1Type::UTF8STRING)]);
        assert_ne!(one, other);
        let other_type = name(&[(Nid::ORGANIZATIONNAME, "Orders Service", Asn1Type::UTF8STRING)]);
        assert_ne!(one, other_type);
    }

    #[test]
    fn a_name_is_within_its_prefix() {
        let country = (Nid::COUNTRYNAME, "DE", Asn1Type::PRINTABLESTRING);
        let organization = (Nid::ORGANIZATIONNAME, "Partner", Asn1Type::UTF8STRING);
        let base = name(&[country, organization]);
        assert!(
            name(&[
                country,
                organization,
                (Nid::COMMONNAME, "x", Asn1Type::UTF8STRING)
            ])
            .is_within(&base)
        );
        assert!(base.is_within(&base));
        assert!(!name(&[country]).is_within(&base));
        assert!(!name(&[organization, country]).is_within(&base));
    }

    #[test]
    fn bytes_that_are_no_name_are_refused() {
        for bytes in [
            &[][..],
            &[0x31, 0x00],
            &[0x30, 0x02, 0x31, 0x00],
            &[0x30, 0x00, 0x00],
            // An attribute with a third member.
            &[
                0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, b'a', 0x0c,
                0x01, b'b',
            ],
        ] {
            assert!(Name::from_der(bytes).is_err(), "{bytes:02x?}");
        }
        let many = [
            &[0x30, 0x82, 0x03, 0x0c][..],
            &[
                0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, b'a',
            ]
            .repeat(65),
        ]
        .concat();
        assert!(Name::from_der(&many).is_err(), "65 parts");
    }
}
