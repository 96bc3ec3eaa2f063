use std::fmt::Write;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::saml::AttributeName;

/// Something verified about the sender.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
pub enum Fact {
    /// About the signer, or the subject of an assertion.
    Named(NamedFact),
    /// The values of a SAML attribute.
    Attribute(AttributeName),
}

/// What is known about every signer, or every subject of an assertion.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum NamedFact {
    /// The subject of the signer's certificate (RFC 4514).
    SignerSubject,
    /// The issuer of the signer's certificate (RFC 4514).
    SignerIssuer,
    /// The serial number of the signer's certificate, in decimal.
    SignerSerial,
    /// SHA-256 of the signer's certificate, in hexadecimal.
    SignerSha256,
    /// The issuer of the SAML assertion.
    SamlIssuer,
    /// The NameID of the SAML assertion's subject.
    SamlNameId,
    /// The user of the UsernameToken, whose password was compared.
    Username,
}

/// The headers that tell a backend what was verified about the sender.
///
/// A header that the message brought along has no influence: none is handed on. In values, everything but visible ASCII and
/// single spaces is percent-encoded, as is `%` itself, and in the values of an attribute the comma. The values of an attribute are one
/// line, with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityHeaders(Vec<(String, Fact)>);

/// Why a header cannot tell something about the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderNameError {
    /// Not a name of lower-case letters, digits and `-`.
    Name,
    /// HTTP or SOAP gives it a meaning.
    Reserved,
}

/// A verified value holds a control character: no header can carry it, and nothing good is meant by it (T120).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    /// The header.
    pub(super) header: String,
}

/// Names, or beginnings of names, that mean something to HTTP or SOAP.
const RESERVED: &[&str] = &[
    "accept",
    "accept-",
    "connection",
    "content-",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-",
    "soapaction",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

impl IdentityHeaders {
    /// Headers by name.
    ///
    /// # Errors
    ///
    /// The first name that cannot be used, and why.
    pub fn new(headers: impl IntoIterator<Item = (String, Fact)>) -> Result<Self, (String, HeaderNameError)> {
        let mut checked = Vec::new();
        for (name, fact) in headers {
            if let Err(error) = check_name(&name) {
                return Err((name, error));
            }
            checked.push((name, fact));
        }
        Ok(Self(checked))
    }

    /// The lines to send, of what `values` says is verified for each fact.
    pub(super) fn lines(
        &self,
        values: impl Fn(&Fact) -> Vec<String>,
    ) -> Result<Vec<(String, String)>, ControlCharacter> {
        let mut lines = Vec::new();
        for (name, fact) in &self.0 {
            let values = values(fact);
            if values.iter().any(|value| value.chars().any(char::is_control)) {
                return Err(ControlCharacter { header: name.clone() });
            }
            // One line with all of them: of several, many a reader takes the last (T105). A comma in a value is encoded.
            let listed: Vec<String> = values.iter().map(|value| encoded(value, fact)).collect();
            if !listed.is_empty() {
                lines.push((name.clone(), listed.join(",")));
            }
        }
        Ok(lines)
    }
}

fn check_name(name: &str) -> Result<(), HeaderNameError> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(letter) {
        return Err(HeaderNameError::Name);
    }
    let reserved = |other: &str| name == other || (other.ends_with('-') && name.starts_with(other));
    if RESERVED.iter().any(|other| reserved(other)) {
        return Err(HeaderNameError::Reserved);
    }
    Ok(())
}

fn encoded(value: &str, fact: &Fact) -> String {
    let separates = |byte: u8| byte == b',' && matches!(fact, Fact::Attribute(_));
    let mut line = String::with_capacity(value.len());
    for byte in value.bytes() {
        // A space at an end, or after another one, would not survive every HTTP stack.
        let bare_space = byte == b' ' && !line.is_empty() && !line.ends_with(' ');
        if bare_space || (byte.is_ascii_graphic() && byte != b'%' && !separates(byte)) {
            line.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(line, "%{byte:02X}");
        }
    }
    if line.ends_with(' ') {
        line.pop();
        line.push_str("%20");
    }
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn attribute(name: &str) -> Fact {
        Fact::Attribute(AttributeName {
            saml_attribute: name.to_owned(),
            name_format: AttributeName::UNSPECIFIED.to_owned(),
        })
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        let check = |name: &str| {
            IdentityHeaders::new([(name.to_owned(), Fact::Named(NamedFact::SamlNameId))])
                .err()
                .map(|(_, error)| error)
        };
        for good in ["x-signer-subject", "remote-user", "hostile", "tea"] {
            assert_eq!(check(good), None, "{good}");
        }
        for reserved in [
            "host",
            "content-length",
            "content-type",
            "soapaction",
            "transfer-encoding",
            "proxy-authorization",
            "te",
            "connection",
        ] {
            assert_eq!(check(reserved), Some(HeaderNameError::Reserved), "{reserved}");
        }
        for bad in ["", "X-Upper", "x y", "x:y", "x\r\ny", "x_y"] {
            assert_eq!(check(bad), Some(HeaderNameError::Name), "{bad}");
        }
    }

    #[test]
    fn values_arrive_as_one_line_that_can_be_read_back() {
        let subject = Fact::Named(NamedFact::SignerSubject);
        let headers = IdentityHeaders::new([
            ("x-s".to_owned(), subject.clone()),
            ("x-role".to_owned(), attribute("role")),
            ("x-none".to_owned(), attribute("none")),
        ])
        .unwrap();
        let values = |fact: &Fact| match fact {
            Fact::Named(_) => vec!["CN=Zoë,O=100% Orders".to_owned()],
            Fact::Attribute(name) if name.saml_attribute == "role" => {
                vec!["a,b".to_owned(), " two  spaces ".to_owned()]
            }
            Fact::Attribute(_) => Vec::new(),
        };
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            headers.lines(values).unwrap(),
            [
                line("x-s", "CN=Zo%C3%AB,O=100%25 Orders"),
                line("x-role", "a%2Cb,%20two %20spaces%20"),
            ]
        );
    }

    #[test]
    fn control_characters_refuse_the_message() {
        let headers = IdentityHeaders::new([("x-role".to_owned(), attribute("role"))]).unwrap();
        for bad in ["a\r\nx-admin: yes", "a\nb", "a\tb", "\u{0}", "\u{85}"] {
            let refused = headers.lines(|_| vec![bad.to_owned()]).unwrap_err();
            assert_eq!(refused.header, "x-role", "{bad:?}");
        }
    }

    #[test]
    fn facts_are_written_as_words_or_as_tables() {
        #[derive(Deserialize)]
        struct Facts {
            one: Fact,
            other: Fact,
        }
        let facts: Facts =
            toml::from_str("one = \"saml-name-id\"\nother = { saml_attribute = \"role\" }").unwrap();
        assert_eq!(facts.one, Fact::Named(NamedFact::SamlNameId));
        assert_eq!(facts.other, attribute("role"));
    }
}
