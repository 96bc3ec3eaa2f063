//! The query string of the HTTP-Redirect binding (SAML Bindings §3.4.4.1), and the form of HTTP-POST (§3.5.4).
//!
//! What was signed are octets as they were sent, so they are kept and nothing is ever encoded again (T110). Whatever two
//! readers might take for different parameters or values is refused.

use std::fmt;

use crate::crypto::decode_base64;
use crate::xml::quoted;

/// What stands beside the message in a query string or form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueryString {
    /// The parameter that the message stood in.
    pub parameter: MessageParameter,
    /// The RelayState, decoded.
    pub relay_state: Option<String>,
    /// The signature over the message, the RelayState and its own algorithm.
    pub signature: Option<QuerySignature>,
}

/// The parameter that holds a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageParameter {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

/// A signature over octets of a query string.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QuerySignature {
    /// The URI of its algorithm.
    pub algorithm: String,
    /// Its value.
    pub value: Vec<u8>,
    /// What was signed: `SAMLRequest=…&RelayState=…&SigAlg=…`, as it was sent.
    pub octets: Vec<u8>,
}

impl MessageParameter {
    /// The parameter for a message of this local name.
    pub fn of(local_name: &str) -> Self {
        match local_name.ends_with("Response") {
            true => Self::Response,
            false => Self::Request,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Why a query string is not read.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum QueryError {
    /// A parameter of SAML stands there twice, or two of SAMLRequest, SAMLResponse and SAMLart do; its name.
    Duplicate(String),
    /// A name that other readers may take for a parameter of SAML, as `samlresponse` or `SAMLRe%71uest`.
    LookAlike(String),
    /// A `%` without two hexadecimal digits, octets that are no UTF-8, or white space in a base64 value; of which parameter.
    Value(&'static str),
    /// Signature without SigAlg, or SigAlg without Signature.
    HalfSigned,
    /// The signed parameters stand in another order than they are signed in.
    Order,
    /// An encoding other than DEFLATE.
    Encoding(String),
    /// A signature beside a message that is not deflated (HTTP-POST-SimpleSign).
    NotDeflated,
    /// A fragment after the query string, which no browser sends.
    Fragment,
}

/// In the order in which they are signed; the last three are not.
const NAMES: [&str; 7] = [
    "SAMLRequest",
    "SAMLResponse",
    "RelayState",
    "SigAlg",
    "Signature",
    "SAMLEncoding",
    "SAMLart",
];

const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// The query string in `input`, if there is one: a URL with one, or one by itself.
pub(super) fn find(input: &str) -> Option<&str> {
    let query = input.split_once('?').map_or(input, |(_, query)| query);
    let is_message = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        pair.contains('=') && NAMES.iter().take(2).any(|known| known.eq_ignore_ascii_case(name))
    };
    query.split('&').any(is_message).then_some(query)
}

/// The message in `query`, a query string or form, still base64, and what stands beside it.
///
/// # Errors
/// [`QueryError`].
pub fn parse(query: &str) -> Result<(String, QueryString), QueryError> {
    if query.contains('#') {
        return Err(QueryError::Fragment);
    }
    let found = parameters(query)?;
    let get = |name| found.iter().find(|parameter| parameter.name == name);
    let (message, parameter) = match (get("SAMLRequest"), get("SAMLResponse")) {
        (Some(_), Some(second)) => return Err(QueryError::Duplicate(second.name.to_owned())),
        (Some(message), None) => (message, MessageParameter::Request),
        (None, Some(message)) => (message, MessageParameter::Response),
        (None, None) => return Err(QueryError::Value("SAMLRequest")),
    };
    if let Some(second) = get("SAMLart") {
        return Err(QueryError::Duplicate(second.name.to_owned()));
    }
    if let Some(encoding) = get("SAMLEncoding") {
        let encoding = encoding.decoded()?;
        if encoding != DEFLATE {
            return Err(QueryError::Encoding(encoding));
        }
    }
    let relay_state = get("RelayState").map(Parameter::decoded).transpose()?;
    let signature = match (get("SigAlg"), get("Signature")) {
        (None, None) => None,
        (Some(algorithm), Some(value)) => Some(QuerySignature {
            algorithm: algorithm.decoded()?,
            value: decode_base64(&value.base64()?).map_err(|_| QueryError::Value("Signature"))?,
            octets: signed_octets(&found)?,
        }),
        (Some(_), None) | (None, Some(_)) => return Err(QueryError::HalfSigned),
    };
    let beside = QueryString {
        parameter,
        relay_state,
        signature,
    };
    Ok((message.base64()?, beside))
}

/// The artifact in `query`, a query string or form, in base64, and the RelayState beside it (SAML Bindings §3.6.3); `None` where there is
/// no artifact.
///
/// # Errors
/// [`QueryError`].
pub fn parse_artifact(query: &str) -> Result<Option<(String, Option<String>)>, QueryError> {
    let found = parameters(query)?;
    let get = |name| found.iter().find(|parameter| parameter.name == name);
    let Some(artifact) = get("SAMLart") else {
        return Ok(None);
    };
    if let Some(message) = get("SAMLRequest").or_else(|| get("SAMLResponse")) {
        return Err(QueryError::Duplicate(message.name.to_owned()));
    }
    let relay_state = get("RelayState").map(Parameter::decoded).transpose()?;
    Ok(Some((artifact.base64()?, relay_state)))
}

/// `message`, which is base64, as a parameter, with `relay_state` and `algorithm` if there are any: what is signed of a query
/// string, and a form if there is no algorithm.
pub(super) fn written(
    parameter: MessageParameter,
    message: &str,
    relay_state: Option<&str>,
    algorithm: Option<&str>,
) -> String {
    let beside = [("RelayState", relay_state), ("SigAlg", algorithm)];
    let beside = beside
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let pairs = [(parameter.name(), message)].into_iter().chain(beside);
    let written: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    written.join("&")
}

/// `text` with all octets but the unreserved ones (RFC 3986 §2.3) as `%` and two hexadecimal digits.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(octet.into()),
            _ => encoded.push_str(&format!("%{octet:02X}")),
        }
    }
    encoded
}

/// A parameter of SAML, as it was sent.
struct Parameter<'q> {
    name: &'static str,
    value: &'q str,
}

/// The parameters of SAML in `query`, in their order. The address may have others, which mean nothing here.
fn parameters(query: &str) -> Result<Vec<Parameter<'_>>, QueryError> {
    let mut found: Vec<Parameter<'_>> = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = NAMES.into_iter().find(|known| *known == name);
        let mut others = names(pair).skip(usize::from(known.is_some()));
        if let Some(other) = others.find(|other| taken_for(other).is_some()) {
            return Err(QueryError::LookAlike(other.to_owned()));
        }
        let Some(known) = known else {
            continue;
        };
        if found.iter().any(|before| before.name == known) {
            return Err(QueryError::Duplicate(known.to_owned()));
        }
        found.push(Parameter { name: known, value });
    }
    Ok(found)
}

/// The names in `pair`, which some part at `;` too.
fn names(pair: &str) -> impl Iterator<Item = &str> {
    pair.split(';')
        .map(|piece| piece.split_once('=').map_or(piece, |(name, _)| name))
}

/// Whether some reader may take `pair` of a query string or form for a parameter of SAML.
pub(crate) fn is_of_saml(pair: &str) -> bool {
    names(pair).any(|name| taken_for(name).is_some())
}

/// Whether some reader may take it for a parameter that holds a message or stands for one.
pub(crate) fn is_message(pair: &str) -> bool {
    is_answer(pair)
        || names(pair)
            .filter_map(taken_for)
            .any(|known| known == "SAMLRequest")
}

/// Whether some reader may take it for a parameter that holds an answer or stands for one.
pub(crate) fn is_answer(pair: &str) -> bool {
    let holds = |known| matches!(known, "SAMLResponse" | "SAMLart");
    names(pair).filter_map(taken_for).any(holds)
}

/// The parameter that some reader may take `name`, as it was sent, for. Readers differ in whether they decode it, in what they pass over
/// around it, in case, and in what they cut off: PHP what is behind `[` or NUL.
fn taken_for(name: &str) -> Option<&'static str> {
    let plain = leniently_decoded(name);
    let around = |character: char| character.is_whitespace() || character.is_control();
    let plain = plain.trim_start_matches(around).split(['[', '\0']).next();
    let plain = plain.unwrap_or_default().trim_end_matches(around);
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(plain))
}

/// `text` with `+` as a space, and each `%` as the octet that it means, if it means one.
pub(crate) fn leniently_decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    for (index, part) in text.replace('+', " ").split('%').enumerate() {
        match escaped_octet(part) {
            _ if index == 0 => octets.extend_from_slice(part.as_bytes()),
            Some((octet, rest)) => {
                octets.push(octet);
                octets.extend_from_slice(rest.as_bytes());
            }
            None => {
                octets.push(b'%');
                octets.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// What is signed, in the order of the binding, which must be that of the query string too.
fn signed_octets(found: &[Parameter<'_>]) -> Result<Vec<u8>, QueryError> {
    let signed: Vec<&Parameter<'_>> = found
        .iter()
        .filter(|parameter| !matches!(parameter.name, "Signature" | "SAMLEncoding"))
        .collect();
    let place = |parameter: &Parameter<'_>| NAMES.iter().position(|name| *name == parameter.name);
    if !signed.is_sorted_by_key(|parameter| place(parameter)) {
        return Err(QueryError::Order);
    }
    let pairs: Vec<String> = signed
        .iter()
        .map(|parameter| format!("{}={}", parameter.name, parameter.value))
        .collect();
    Ok(pairs.join("&").into_bytes())
}

impl Parameter<'_> {
    /// The value as text; `+` is a space.
    fn decoded(&self) -> Result<String, QueryError> {
        percent_decoded(&self.value.replace('+', " ")).ok_or(QueryError::Value(self.name))
    }

    /// The value as base64, in which some read a bare `+` as a space and others as itself.
    fn base64(&self) -> Result<String, QueryError> {
        let refused = QueryError::Value(self.name);
        if self.value.contains('+') {
            return Err(refused);
        }
        percent_decoded(self.value).ok_or(refused)
    }
}

/// `text` with each `%` and its two hexadecimal digits as the octet that they mean; `None` if that is no UTF-8 text.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    octets.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (octet, rest) = escaped_octet(part)?;
        octets.push(octet);
        octets.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(octets).ok()
}

/// The octet that the two hexadecimal digits at the start of `text` mean, and what is behind them.
fn escaped_octet(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let octet = all.then(|| u8::from_str_radix(digits, 16).ok())??;
    Some((octet, rest))
}

impl QueryError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Duplicate(_) | Self::LookAlike(_) => "saml.duplicate_parameter",
            Self::Value(_)
            | Self::HalfSigned
            | Self::Order
            | Self::Encoding(_)
            | Self::NotDeflated
            | Self::Fragment => "saml.query_string",
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(name) => write!(f, "the query string has {} more than once, or beside another message", quoted(name)),
            Self::LookAlike(name) => write!(
                f,
                "some read the parameter {} of the query string as one of SAML",
                quoted(name)
            ),
            Self::Value(name) => write!(f, "the value of {name} is read in more than one way, or in none"),
            Self::HalfSigned => f.write_str("of SigAlg and Signature the query string has only one"),
            Self::Order => f.write_str(
                "the signed parameters stand in another order than SAMLRequest or SAMLResponse, RelayState, SigAlg",
            ),
            Self::Encoding(uri) => write!(f, "the message is encoded by {}, not by DEFLATE", quoted(uri)),
            Self::NotDeflated => f.write_str("it has a signature, which only a deflated message may have"),
            Self::Fragment => f.write_str("it goes on with a fragment (#), which no browser sends"),
        }
    }
}

impl std::error::Error for QueryError {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const SIGNED: &str = "SAMLRequest=YQ%3d%3D&RelayState=a+b%26c&SigAlg=urn%3Ax&Signature=Yg%3D%3D";

    fn code(query: &str) -> &'static str {
        parse(query).map_or_else(|error| error.code(), |_| "read")
    }

    #[test]
    fn what_is_signed_are_the_octets_as_they_were_sent() {
        let (message, beside) = parse(&format!("idp=1&{SIGNED}&more")).unwrap();
        assert_eq!(message, "YQ==");
        assert_eq!(beside.relay_state.as_deref(), Some("a b&c"));
        let signature = beside.signature.unwrap();
        assert_eq!(signature.algorithm, "urn:x");
        assert_eq!(signature.value, b"b");
        let signed = "SAMLRequest=YQ%3d%3D&RelayState=a+b%26c&SigAlg=urn%3Ax";
        assert_eq!(String::from_utf8(signature.octets).unwrap(), signed);
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for relay_state in [None, Some(""), Some("/a?b=c&d=é +%26\u{1f511}#e")] {
            let written = written(MessageParameter::Response, "YQ==", relay_state, None);
            assert!(written.is_ascii(), "{written}");
            let (message, beside) = parse(&written).unwrap();
            assert_eq!(message, "YQ==");
            assert_eq!(beside.parameter, MessageParameter::Response);
            assert_eq!(beside.relay_state.as_deref(), relay_state);
        }
    }

    #[test]
    fn a_query_string_is_found_in_a_url_and_nowhere_else() {
        assert_eq!(find("https://a/b?x=1&SAMLResponse=y"), Some("x=1&SAMLResponse=y"));
        assert_eq!(find("SAMLRequest=y"), Some("SAMLRequest=y"));
        for other in [
            "",
            "YWJj",
            "SAMLRequest",
            "https://a/?RelayState=y",
            "YWJjSAMLRequest==",
        ] {
            assert_eq!(find(other), None, "{other}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (more, expected) in [
            ("&x=y", "read"),
            (
                "&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE",
                "read",
            ),
            ("&SAMLEncoding=urn%3Aother", "saml.query_string"),
            ("&RelayState=", "saml.duplicate_parameter"),
            ("&SAMLRequest=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&SAMLResponse=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&samlrequest=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&SAMLRe%71uest=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&+SAMLRequest=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&%0aSAMLRequest%09=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&SAMLRequest%5B%zz=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&SAMLRequest%00x=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&x=y;SAMLRequest=YQ%3D%3D", "saml.duplicate_parameter"),
            (";SAMLResponse=YQ%3D%3D", "saml.duplicate_parameter"),
            ("&x=y;z&SAMLRequestId=1&%zzSAMLRequest=1", "read"),
            ("&Signature=Yg%3D%3D", "saml.duplicate_parameter"),
            ("#SigAlg", "saml.query_string"),
        ] {
            assert_eq!(code(&format!("{SIGNED}{more}")), expected, "{more}");
        }
        for other in [
            "RelayState=a&SAMLRequest=YQ%3D%3D&SigAlg=urn%3Ax&Signature=Yg%3D%3D",
            "SAMLRequest=YQ%3D%3D&SigAlg=urn%3Ax&RelayState=a&Signature=Yg%3D%3D",
            "SAMLRequest=YQ%3D%3D&SigAlg=urn%3Ax",
            "SAMLRequest=YQ%3D%3D&Signature=Yg%3D%3D",
            "SAMLRequest=YQ%3&RelayState=a",
            "SAMLRequest=Y+==",
            "SAMLRequest=YQ%3D%3D&RelayState=%ff",
            "SAMLRequest=YQ%3D%3D&SigAlg=urn%3Ax&Signature=Y",
        ] {
            assert_eq!(code(other), "saml.query_string", "{other}");
        }
        // The unsigned parameters may stand anywhere.
        assert_eq!(
            code("Signature=Yg%3D%3D&SAMLRequest=YQ%3D%3D&SigAlg=urn%3Ax"),
            "read"
        );
    }
}
