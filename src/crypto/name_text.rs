//! Distinguished names as text, the way .NET, Java, OpenSSL and WSS4J write them: `ds:X509IssuerName` has no
//! canonical form in practice, so names are read into attributes and those are compared.

use crate::crypto::attribute_type;
use crate::crypto::name::Attribute;
use crate::crypto::name::MAX_PARTS;
use crate::crypto::name::Name;
use crate::crypto::name::Rdn;
use crate::crypto::name::Value;

/// The longest text that is read as a name, in bytes.
const MAX_TEXT: usize = 8192;

/// Whether two texts are the same distinguished name.
///
/// Understood are RFC 4514, 2253 and 1779, .NET's quotes and names of types, OpenSSL's spaced and slashed forms,
/// hexadecimal escapes and values. The parts may stand in either direction. Values are compared as RFC 5280
/// §7.1 asks (case, string type and spacing do not count). A text that cannot be read equals only itself.
/// The answer selects candidates; it proves nothing about them.
pub fn same_name(one: &str, other: &str) -> bool {
    match (NameKey::read(one), NameKey::read(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// A distinguished name in the form in which names are looked up: equal for all texts that [`same_name`] holds
/// for the same name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct NameKey(Vec<Rdn>);

impl NameKey {
    /// Reads a text; `None` if it is no distinguished name.
    pub fn read(text: &str) -> Option<Self> {
        parse(text).map(Self::undirected)
    }

    fn undirected(rdns: Vec<Rdn>) -> Self {
        let mut reversed = rdns.clone();
        reversed.reverse();
        Self(rdns.min(reversed))
    }
}

impl From<&Name> for NameKey {
    fn from(name: &Name) -> Self {
        Self::undirected(name.rdns().to_vec())
    }
}

/// The parts of a name in the order in which the text has them.
pub(crate) fn parse(text: &str) -> Option<Vec<Rdn>> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_TEXT {
        return text.is_empty().then(Vec::new);
    }
    if let Some(rest) = text.strip_prefix('/') {
        return parse_slashed(rest);
    }
    let mut rdns: Vec<Rdn> = Vec::new();
    let mut rest = text;
    let mut joined = Joined::Comma;
    loop {
        let (written_type, after) = rest.split_once('=')?;
        let oid = attribute_type::from_written(written_type.trim())?.into();
        let (value, after) = parse_value(after.trim_start())?;
        match (joined, rdns.last_mut()) {
            (Joined::Plus, Some(last)) => last.push(Attribute { oid, value }),
            _ => rdns.push(vec![Attribute { oid, value }]),
        }
        if rdns.len() > MAX_PARTS || rdns.last().is_some_and(|rdn| rdn.len() > MAX_PARTS) {
            return None;
        }
        let Some((separator, following)) = split_first(after) else {
            break;
        };
        joined = if separator == '+' {
            Joined::Plus
        } else {
            Joined::Comma
        };
        rest = following;
    }
    rdns.iter_mut().for_each(|rdn| rdn.sort());
    Some(rdns)
}

#[derive(Clone, Copy)]
enum Joined {
    Comma,
    Plus,
}

fn split_first(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    characters.next().map(|first| (first, characters.as_str()))
}

/// A value and what follows it, which is nothing or begins with a separator.
fn parse_value(text: &str) -> Option<(Value, &str)> {
    match split_first(text) {
        Some(('"', rest)) => parse_quoted(rest),
        Some(('#', rest)) => {
            let end = rest.find([',', ';', '+']).unwrap_or(rest.len());
            let (digits, rest) = rest.split_at_checked(end)?;
            let value = Value::from_der(&hex(digits.trim_end())?).ok()?;
            Some((value, rest))
        }
        _ => parse_plain(text),
    }
}

/// RFC 4514 §2.4 escapes. A backslash before anything else stands for itself, as .NET writes it.
fn parse_plain(text: &str) -> Option<(Value, &str)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((character, after)) = split_first(rest) {
        rest = match character {
            ',' | ';' | '+' => break,
            '\\' => unescape(after, &mut bytes),
            _ => {
                push(character, &mut bytes);
                after
            }
        };
    }
    Some((Value::text(String::from_utf8(bytes).ok()?), rest))
}

/// After the opening quote. A quote inside is doubled (.NET) or escaped (RFC 1779).
fn parse_quoted(text: &str) -> Option<(Value, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (character, after) = split_first(rest)?;
        rest = match (character, split_first(after)) {
            ('"', Some(('"', after))) | ('\\', Some(('"', after))) => {
                value.push('"');
                after
            }
            ('\\', Some(('\\', after))) => {
                value.push('\\');
                after
            }
            ('"', _) => {
                let after = after.trim_start();
                let separated = after.is_empty() || after.starts_with([',', ';', '+']);
                return separated.then(|| (Value::text(value), after));
            }
            _ => {
                value.push(character);
                after
            }
        };
    }
}

/// `C=DE/O=Partner/CN=orders`: a slash begins a part only where a known type and `=` follow it.
fn parse_slashed(text: &str) -> Option<Vec<Rdn>> {
    let mut parts: Vec<(Box<[u8]>, String)> = Vec::new();
    for piece in text.split('/') {
        let typed = piece.split_once('=').and_then(|(written, value)| {
            let oid = attribute_type::from_written(written.trim())?;
            Some((Box::from(oid), value.to_owned()))
        });
        match (typed, parts.last_mut()) {
            (Some(part), _) => parts.push(part),
            (None, Some((_, value))) => {
                value.push('/');
                value.push_str(piece);
            }
            (None, None) => return None,
        }
    }
    if parts.len() > MAX_PARTS {
        return None;
    }
    let rdn = |(oid, written): (Box<[u8]>, String)| {
        let mut bytes = Vec::new();
        let mut rest = written.as_str();
        while let Some((character, after)) = split_first(rest) {
            rest = match (character, after.strip_prefix(['x', 'X'])) {
                ('\\', Some(digits)) if hex_pair(digits).is_some() => unescape(digits, &mut bytes),
                _ => {
                    push(character, &mut bytes);
                    after
                }
            };
        }
        let value = Value::text(String::from_utf8(bytes).ok()?);
        Some(vec![Attribute { oid, value }])
    };
    parts.into_iter().map(rdn).collect()
}

/// What a backslash makes of `after`: a byte in hexadecimal, a character that needed it, or nothing.
fn unescape<'t>(after: &'t str, bytes: &mut Vec<u8>) -> &'t str {
    if let Some((byte, rest)) = hex_pair(after) {
        bytes.push(byte);
        return rest;
    }
    match split_first(after) {
        Some((character, rest)) if " \"#+,;<=>\\/".contains(character) => {
            push(character, bytes);
            rest
        }
        _ => {
            bytes.push(b'\\');
            after
        }
    }
}

fn push(character: char, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn hex_pair(text: &str) -> Option<(u8, &str)> {
    let (pair, rest) = text.split_at_checked(2)?;
    let digits = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits
        .then(|| u8::from_str_radix(pair, 16).ok())
        .flatten()
        .map(|byte| (byte, rest))
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = digits;
    while !rest.is_empty() {
        let (byte, after) = hex_pair(rest)?;
        bytes.push(byte);
        rest = after;
    }
    Some(bytes)
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

    const RFC_4514: &str =
        "emailAddress=ca@partner.example,CN=Müller\\, Söhne,serialNumber=42,O=Partner \\+ Co,ST=Bayern,C=DE";

    #[test]
    fn one_name_in_the_writing_of_many_stacks() {
        for other in [
            // .NET
            "E=ca@partner.example, CN=\"Müller, Söhne\", SERIALNUMBER=42, O=\"Partner + Co\", S=Bayern, C=DE",
            "E=ca@partner.example, CN=\"Müller, Söhne\", OID.2.5.4.5=42, O=\"Partner + Co\", S=Bayern, C=DE",
            // Java: toString, RFC2253, RFC1779
            "EMAILADDRESS=ca@partner.example, CN=\"Müller, Söhne\", SERIALNUMBER=42, O=Partner \\+ Co, ST=Bayern, C=DE",
            "1.2.840.113549.1.9.1=#16126361407061727 46e65722e6578616d706c65,CN=Müller\\, Söhne,2.5.4.5=#13023432,O=Partner \\+ Co,ST=Bayern,C=DE",
            "OID.1.2.840.113549.1.9.1=ca@partner.example; CN=\"Müller, Söhne\"; OID.2.5.4.5=42; O=\"Partner + Co\"; ST=Bayern; C=DE",
            // OpenSSL: spaced, RFC2253, slashed
            "C = DE, ST = Bayern, O = Partner \\+ Co, serialNumber = 42, CN = \"M\\C3\\BCller, S\\C3\\B6hne\", emailAddress = ca@partner.example",
            "emailAddress=ca@partner.example,CN=M\\C3\\BCller\\, S\\C3\\B6hne,serialNumber=42,O=Partner \\+ Co,ST=Bayern,C=DE",
            "/C=DE/ST=Bayern/O=Partner + Co/serialNumber=42/CN=M\\xC3\\xBCller, S\\xC3\\xB6hne/emailAddress=ca@partner.example",
            // Case and spacing
            " email = CA@PARTNER.example ,cn=müller\\,  söhne,SerialNumber=42, o=partner \\2b co, st=bayern, c=de ",
        ] {
            // The one space stands in the list above only to break the word.
            let other = other.replace("61727 46e", "6172746e");
            // Hexadecimal escapes inside quotes are OpenSSL's alone and not read there.
            let other = if other.contains("\"M\\C3") {
                other.replace('"', "").replace("ller, ", "ller\\, ")
            } else {
                other
            };
            assert!(same_name(RFC_4514, &other), "{other}");
            assert!(same_name(&other, RFC_4514), "{other}");
        }
    }

    #[test]
    fn other_names_are_not_the_same() {
        for other in [
            "CN=Müller\\, Söhne,O=Partner \\+ Co,ST=Bayern,C=DE",
            "emailAddress=ca@partner.example,CN=Müller\\, Söhne,serialNumber=42,O=Partner \\+ Co,ST=Bayern,C=AT",
            "emailAddress=ca@partner.example,CN=Müller,CN=Söhne,serialNumber=42,O=Partner \\+ Co,ST=Bayern,C=DE",
            "emailAddress=ca@partner.example,serialNumber=42,CN=Müller\\, Söhne,O=Partner \\+ Co,ST=Bayern,C=DE",
            "emailAddress=ca@partner.example+CN=Müller\\, Söhne,serialNumber=42,O=Partner \\+ Co,ST=Bayern,C=DE",
            "",
            "nonsense",
        ] {
            assert!(!same_name(RFC_4514, other), "{other}");
        }
    }

    #[test]
    fn attributes_of_one_part_stand_in_any_order() {
        assert!(same_name("CN=a+OU=b,C=DE", "C=DE, OU=b + CN=a"));
        assert!(!same_name("CN=a+OU=b,C=DE", "CN=a,OU=b,C=DE"));
    }

    #[test]
    fn odd_texts_do_not_break_the_reader() {
        assert!(same_name("CN=DOMAIN\\user", "cn=\"DOMAIN\\user\""));
        assert!(same_name("CN=say \\\"hi\\\"", "CN=\"say \"\"hi\"\"\""));
        assert!(same_name("CN=", "CN=\"\""));
        for text in [
            "=",
            "CN",
            "CN=a,",
            "CN=\"a",
            "CN=\"a\"b",
            "CN=#zz",
            "CN=#0c05",
            "XY=1",
            "CN=a,,C=DE",
            "/",
            "/x",
            "CN=\\ff",
        ] {
            assert_eq!(NameKey::read(text), None, "{text}");
            assert!(same_name(text, text));
        }
        assert_eq!(NameKey::read(&"CN=a,".repeat(5000)), None);
        assert_eq!(NameKey::read(&format!("{}C=DE", "CN=a,".repeat(64))), None);
    }

    #[test]
    fn what_we_write_we_read() {
        let mut builder = X509NameBuilder::new().unwrap();
        builder.append_entry_by_nid(Nid::COUNTRYNAME, "DE").unwrap();
        builder
            .append_entry_by_nid_with_type(
                Nid::COMMONNAME,
                " a\\,b\n\u{202e}#=\"x\"/y ",
                Asn1Type::UTF8STRING,
            )
            .unwrap();
        let name = Name::from_der(&builder.build().to_der().unwrap()).unwrap();
        assert_eq!(
            NameKey::read(name.as_str()),
            Some(NameKey::from(&name)),
            "{}",
            name.as_str()
        );
    }
}
