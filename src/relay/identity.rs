use std::fmt::Write;

use chrono::DateTime;
use chrono::Utc;

use crate::crypto::{Certificate, Reserved, Unavailable};
use crate::mint;
use crate::mint::Fact;
use crate::mint::Facts;
use crate::mint::JwtMinter;
use crate::mint::NotHandedOn;

/// The headers that tell a backend what was verified about the sender.
///
/// A header that the message brought along has no influence: none is handed on. In values, everything but visible ASCII and
/// single spaces is percent-encoded, as is `%` itself, and where there may be several values the comma. They are one line, with commas
/// between them. A message with a control character in such a value is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityHeaders(Vec<(String, Fact)>);

/// The header that carries a JSON Web Token about the sender.
#[derive(Clone, Debug)]
pub struct TokenHeader {
    name: Option<String>,
    minter: JwtMinter,
}

/// Why a header cannot tell something about the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderNameError {
    /// Not a name of lower-case letters, digits and `-`.
    Name,
    /// HTTP, SOAP or W3C Trace Context gives it a meaning.
    Reserved,
}

/// Names, or beginnings of names, that mean something to HTTP, SOAP or W3C Trace Context.
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
    "traceparent",
    "tracestate",
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

    /// The lines to send, of what was verified.
    pub(super) fn lines(&self, facts: &Facts<'_>) -> Result<Vec<(String, String)>, NotHandedOn> {
        let mut lines = Vec::new();
        for (name, fact) in &self.0 {
            let values = facts.values(fact, name)?;
            // One line with all of them: of several, many a reader takes the last (T105). A comma in a value is encoded.
            let listed: Vec<String> = values.iter().map(|value| encoded(value, fact)).collect();
            if !listed.is_empty() {
                lines.push((name.clone(), listed.join(",")));
            }
        }
        Ok(lines)
    }
}

impl TokenHeader {
    /// Tokens of `minter` in the header `name`, or as `Authorization: Bearer` (RFC 6750 §2.1).
    ///
    /// # Errors
    ///
    /// Why the name cannot be used.
    pub fn new(name: Option<String>, minter: JwtMinter) -> Result<Self, HeaderNameError> {
        name.as_deref().map_or(Ok(()), check_name)?;
        Ok(Self { name, minter })
    }

    /// Its name, where it is not `Authorization`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The certificate of the key that signs the tokens.
    pub fn certificate(&self) -> &Certificate {
        self.minter.certificate()
    }

    /// Whether others hold the key that signs the tokens for us, whom each is waited for.
    pub(super) fn has_held_key(&self) -> bool {
        self.minter.signer().is_held()
    }

    /// The signature of a token, kept for whoever has this.
    pub(super) fn reserve(&self) -> Result<Reserved, Unavailable> {
        self.minter.signer().reserve()
    }

    /// The line to send.
    pub(super) fn line(
        &self,
        facts: &Facts<'_>,
        now: DateTime<Utc>,
    ) -> Result<(String, String), mint::Error> {
        let token = self.minter.mint(facts, now)?.token;
        Ok(match &self.name {
            Some(name) => (name.clone(), token),
            None => ("authorization".to_owned(), format!("Bearer {token}")),
        })
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
    let separates = |byte: u8| byte == b',' && fact.is_list();
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
    use crate::mint::NamedFact;
    use crate::mint::tests::attribute;
    use crate::mint::tests::claims;

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
            "traceparent",
            "tracestate",
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
        let headers = IdentityHeaders::new([
            ("x-s".to_owned(), Fact::Named(NamedFact::SamlNameId)),
            ("x-role".to_owned(), attribute("role")),
            ("x-none".to_owned(), attribute("none")),
        ])
        .unwrap();
        let claims = claims(&["a,b", " two  spaces ", "100%"]);
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            headers.lines(&Facts::of_claims(&claims)).unwrap(),
            [
                line("x-s", "Zo%C3%AB <&>"),
                line("x-role", "a%2Cb,%20two %20spaces%20,100%25"),
            ]
        );
    }
}
