use std::fmt;
use std::path::{Path, PathBuf};

/// The name of a private key in a token (RFC 7512): `pkcs11:token=gateway;object=answers?module-path=/usr/lib/x.so&pin-source=file:/etc/pin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKeyUri {
    /// What the token says of itself.
    pub(super) token: TokenName,
    /// What the key says of itself.
    pub(super) object: ObjectName,
    module: PathBuf,
    pin: PathBuf,
}

/// The attributes of a token that a URI gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TokenName {
    pub(super) label: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
}

/// The attributes of a key that a URI gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ObjectName {
    pub(super) label: Option<Vec<u8>>,
    pub(super) id: Option<Vec<u8>>,
}

/// Why a URI names no key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// An attribute that is not read; which.
    Unknown(String),
    /// An attribute twice; which.
    Twice(String),
    /// A value that is not as RFC 7512 writes it, or of another kind; of which attribute.
    Value(String),
    /// No absolute path of a file; of which attribute.
    NotAbsolute(&'static str),
    /// An attribute that is missing; which would do.
    Missing(&'static str),
    /// The PIN itself: secrets do not stand in configurations.
    Pin,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "the URI has {name:?}, which is not read"),
            Self::Twice(name) => write!(f, "the URI has {name} twice"),
            Self::Value(name) => write!(f, "the URI has a value of {name} that it cannot have"),
            Self::NotAbsolute(name) => write!(f, "the URI has no absolute path of a file in {name}"),
            Self::Missing(what) => write!(f, "the URI lacks {what}"),
            Self::Pin => f.write_str("the URI has pin-value, and secrets do not stand in configurations"),
        }
    }
}

impl std::error::Error for UriError {}

/// The attribute that holds a PIN.
const PIN: &str = "pin-value=";

/// `text`, which may show what somebody wrote in the place of a file's name, up to the PIN in it.
pub fn without_pin(mut text: String) -> String {
    if let Some(place) = text.to_ascii_lowercase().find(PIN) {
        text.truncate(place.saturating_add(PIN.len()));
        text.push('…');
    }
    text
}

impl TokenKeyUri {
    const SCHEME: &str = "pkcs11:";

    /// What is written as such a URI, or what is wrong with it. `None` for everything else, as a file's name.
    pub fn parse(text: &Path) -> Option<Result<Self, UriError>> {
        let text = text.to_str()?;
        // Whatever it was meant to be, no error about it may show it.
        if text.to_ascii_lowercase().contains(PIN) {
            return Some(Err(UriError::Pin));
        }
        let (scheme, rest) = text.split_at_checked(Self::SCHEME.len())?;
        scheme
            .eq_ignore_ascii_case(Self::SCHEME)
            .then(|| Self::read(rest))
    }

    fn read(text: &str) -> Result<Self, UriError> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut attributes = Attributes::read(path, ';')?;
        let token = TokenName {
            label: attributes.text("token")?,
            serial: attributes.text("serial")?,
            manufacturer: attributes.text("manufacturer")?,
            model: attributes.text("model")?,
        };
        let object = ObjectName {
            label: attributes.take("object"),
            id: attributes.take("id"),
        };
        if attributes.take("type").is_some_and(|kind| kind != b"private") {
            return Err(UriError::Value("type".to_owned()));
        }
        attributes.end()?;
        let mut attributes = Attributes::read(query, '&')?;
        if attributes.take("pin-value").is_some() {
            return Err(UriError::Pin);
        }
        let (module, pin) = (attributes.text("module-path")?, attributes.text("pin-source")?);
        attributes.end()?;
        if token.label.is_none() && token.serial.is_none() {
            return Err(UriError::Missing("token, or serial, of the token"));
        }
        if object == ObjectName::default() {
            return Err(UriError::Missing("object, or id, of the key"));
        }
        let module = PathBuf::from(module.ok_or(UriError::Missing("module-path"))?);
        // A relative one would be looked for where the system's libraries are.
        if !module.is_absolute() {
            return Err(UriError::NotAbsolute("module-path"));
        }
        let pin = pin.ok_or(UriError::Missing("pin-source"))?;
        Ok(Self {
            token,
            object,
            module,
            pin: file(&pin).ok_or(UriError::NotAbsolute("pin-source"))?,
        })
    }

    /// The file with the PIN on its first line.
    pub fn pin_file(&self) -> &Path {
        &self.pin
    }

    /// The C library that speaks to the token.
    pub(super) fn module(&self) -> &Path {
        &self.module
    }
}

/// The file that a pin-source names: a URI of one, or its path. What RFC 7512 has besides, a program to run, is none.
fn file(source: &str) -> Option<PathBuf> {
    let path = match source.strip_prefix("file:") {
        Some(rest) => match rest.strip_prefix("//") {
            Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
            None => rest,
        },
        None => source,
    };
    let absolute = path.starts_with('/') && !path.contains('\0');
    absolute.then(|| PathBuf::from(path))
}

/// Attributes that nobody has asked for yet.
struct Attributes(Vec<(String, Vec<u8>)>);

impl Attributes {
    fn read(text: &str, separator: char) -> Result<Self, UriError> {
        let mut read: Vec<(String, Vec<u8>)> = Vec::new();
        for attribute in text.split(separator).filter(|attribute| !attribute.is_empty()) {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            if read.iter().any(|(other, _)| other == name) {
                return Err(UriError::Twice(name.to_owned()));
            }
            let value = decoded(value).filter(|value| !value.is_empty());
            read.push((
                name.to_owned(),
                value.ok_or_else(|| UriError::Value(name.to_owned()))?,
            ));
        }
        Ok(Self(read))
    }

    fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        let index = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(index).1)
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, UriError> {
        let value = self.take(name).map(String::from_utf8).transpose();
        value.map_err(|_| UriError::Value(name.to_owned()))
    }

    /// Nothing is left that nobody asked for.
    fn end(self) -> Result<(), UriError> {
        match self.0.into_iter().next() {
            Some((name, _)) => Err(UriError::Unknown(name)),
            None => Ok(()),
        }
    }
}

/// The octets that percent-encoded `text` stands for (RFC 3986 §2.1).
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| !digits.starts_with('+'))?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn parse(text: &str) -> Result<TokenKeyUri, UriError> {
        TokenKeyUri::parse(Path::new(text)).unwrap()
    }

    #[test]
    fn a_uri_names_token_key_module_and_pin() {
        let uri = parse(
            "pkcs11:token=My%20gateway;serial=12;object=answers;id=%01%aB;type=private?module-path=/usr/lib/x.so&pin-source=file:/etc/pin",
        )
        .unwrap();
        assert_eq!(uri.token.label.as_deref(), Some("My gateway"));
        assert_eq!(uri.token.serial.as_deref(), Some("12"));
        assert_eq!(uri.object.label.as_deref(), Some(&b"answers"[..]));
        assert_eq!(uri.object.id.as_deref(), Some(&[1, 0xab][..]));
        assert_eq!(uri.module(), Path::new("/usr/lib/x.so"));
        assert_eq!(uri.pin_file(), Path::new("/etc/pin"));
        for pin in ["/etc/pin", "file:///etc/pin", "file://localhost/etc/pin"] {
            let uri = parse(&format!(
                "PKCS11:token=t;object=o?pin-source={pin}&module-path=/x"
            ));
            assert_eq!(uri.unwrap().pin_file(), Path::new("/etc/pin"));
        }
    }

    #[test]
    fn a_file_is_no_uri() {
        for path in ["key.pem", "/etc/pkcs11:key", "pkcs11", ""] {
            assert_eq!(TokenKeyUri::parse(Path::new(path)), None);
        }
    }

    #[test]
    fn what_holds_a_pin_is_never_taken_for_a_file() {
        for text in [" pkcs11:token=t?pin-value=1", "pkcs11+pkcs11:token=t;PIN-value=1"] {
            assert_eq!(TokenKeyUri::parse(Path::new(text)), Some(Err(UriError::Pin)));
        }
        let shown = without_pin("/etc/ü/pkcs11:token=t?PIN-value=4711: No such file".to_owned());
        assert_eq!(shown, "/etc/ü/pkcs11:token=t?PIN-value=…");
        assert_eq!(without_pin("pin-source=file:/x".to_owned()), "pin-source=file:/x");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let value = |name: &str| UriError::Value(name.to_owned());
        for (text, error) in [
            ("token=t;object=o?module-path=/x&pin-value=1234", UriError::Pin),
            (
                "object=o?module-path=/x&pin-source=/p",
                UriError::Missing("token, or serial, of the token"),
            ),
            (
                "token=t?module-path=/x&pin-source=/p",
                UriError::Missing("object, or id, of the key"),
            ),
            ("token=t;object=o?pin-source=/p", UriError::Missing("module-path")),
            ("token=t;object=o?module-path=/x", UriError::Missing("pin-source")),
            (
                "token=t;object=o?module-path=x.so&pin-source=/p",
                UriError::NotAbsolute("module-path"),
            ),
            (
                "token=t;object=o?module-path=/x&pin-source=%7C/bin/pin",
                UriError::NotAbsolute("pin-source"),
            ),
            (
                "token=t;object=o?module-path=/x&pin-source=p",
                UriError::NotAbsolute("pin-source"),
            ),
            (
                "token=t;object=o?module-path=/x&pin-source=file://elsewhere/p",
                UriError::NotAbsolute("pin-source"),
            ),
            (
                "token=t;object=o;type=cert?module-path=/x&pin-source=/p",
                value("type"),
            ),
            (
                "token=t;object=o;object=p?module-path=/x&pin-source=/p",
                UriError::Twice("object".to_owned()),
            ),
            (
                "token=t;object=o;slot-id=1?module-path=/x&pin-source=/p",
                UriError::Unknown("slot-id".to_owned()),
            ),
            (
                "token=t;object=o?module-path=/x&pin-source=/p&module-name=x",
                UriError::Unknown("module-name".to_owned()),
            ),
            ("token=%ff;object=o?module-path=/x&pin-source=/p", value("token")),
            ("token=%+1;object=o?module-path=/x&pin-source=/p", value("token")),
            ("token=%1;object=o?module-path=/x&pin-source=/p", value("token")),
            ("token=;object=o?module-path=/x&pin-source=/p", value("token")),
        ] {
            assert_eq!(parse(&format!("pkcs11:{text}")), Err(error), "{text}");
        }
    }
}
