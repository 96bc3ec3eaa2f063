//! `wsse:UsernameToken` (WSS UsernameToken Profile 1.1): a name, and what its sender knows of a password.

use std::fmt;

use chrono::DateTime;
use chrono::Utc;

use crate::crypto::Secret;
use crate::crypto::decode_base64;
use crate::token::Error;
use crate::token::ErrorKind;
use crate::token::datetime;
use crate::token::field;
use crate::token::x509::BASE64_BINARY;
use crate::xml::Element;
use crate::xml::Namespace;

/// What a reference to a UsernameToken says that it is (WSS UsernameToken Profile 1.1 §3.2).
pub const TOKEN_TYPE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#UsernameToken";
/// The password as it is.
const TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
/// The Type of a password that is SHA-1 of nonce, creation time and password.
pub const PASSWORD_DIGEST: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";

/// The longest name and the longest password, in bytes.
const LONGEST_TEXT: usize = 1024;
/// A shorter nonce repeats by chance within the life of a token.
const SHORTEST_NONCE: usize = 8;
/// A longer nonce is none more random.
const LONGEST_NONCE: usize = 128;
/// The length of a salt in bytes (WSS UsernameToken Profile 1.1 §4.1).
const SALT: usize = 16;
/// The first octet of the salt of a key for a MAC (WSS UsernameToken Profile 1.1 §4.1).
const FOR_MAC: u8 = 1;

/// A `wsse:UsernameToken` as read. Nothing has been compared with a password.
#[derive(Clone, Debug, PartialEq)]
pub struct UsernameToken<'d> {
    element: Element<'d>,
    username: String,
    proof: Proof,
    nonce: Option<Vec<u8>>,
    created: Option<Created<'d>>,
    omissions: Vec<Omission>,
}

/// What a token brings along to show that its sender knows the password.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// Nothing.
    Nothing,
    /// The password itself.
    Text(Secret),
    /// SHA-1 of nonce, creation time and password.
    Digest([u8; 20]),
    /// How a key is derived from the password; a signature with that key is the proof.
    Derivation(Derivation),
}

/// How a key is derived from a password (WSS UsernameToken Profile 1.1 §4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Derivation {
    /// The salt; its first octet says that the key is for a MAC.
    pub salt: [u8; SALT],
    /// How often it is hashed.
    pub iterations: u32,
}

impl Derivation {
    /// The fewest iterations (BSP 1.1 R4218) and the most (T76).
    pub const ITERATIONS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;
}

/// When a token was made, by its own account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Created<'d> {
    /// The element.
    pub element: Element<'d>,
    /// As it is written, which is what a digest is made of.
    pub text: String,
    /// What that means.
    pub time: DateTime<Utc>,
}

/// An attribute that has a default and that the Basic Security Profile wants said all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Omission {
    /// The Type of the Password; without it, it is the password itself.
    PasswordType,
    /// The EncodingType of the Nonce; without it, it is base64.
    NonceEncoding,
}

/// What makes a UsernameToken unreadable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UsernameFault {
    /// Something is missing, there twice, or has no place there.
    Structure {
        /// What.
        why: &'static str,
        /// The rule.
        clause: &'static str,
    },
    /// The nonce is shorter or longer than is taken, in bytes.
    NonceLength(usize),
    /// The number of iterations is too small to protect a password, or large enough to keep a receiver busy (T76).
    Iterations,
}

impl UsernameFault {
    /// The stable code.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Structure { .. } => "token.username_token",
            Self::NonceLength(_) => "token.nonce",
            Self::Iterations => "token.iterations",
        }
    }

    /// The clause.
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Structure { clause, .. } => clause,
            Self::NonceLength(_) => "WSS UsernameToken Profile 1.1 §3.1",
            Self::Iterations => "BSP 1.1 R4218",
        }
    }
}

impl fmt::Display for UsernameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Structure { why, .. } => write!(f, "the UsernameToken is not as it must be: {why}"),
            Self::NonceLength(length) => write!(
                f,
                "the Nonce has {length} bytes where {SHORTEST_NONCE} to {LONGEST_NONCE} are taken"
            ),
            Self::Iterations => write!(
                f,
                "Iteration is no number from {} to {}",
                Derivation::ITERATIONS.start(),
                Derivation::ITERATIONS.end()
            ),
        }
    }
}

impl<'d> UsernameToken<'d> {
    /// Reads the UsernameToken `element`: one Username, and at most one each of Password, Nonce, Created, Salt and Iteration, in
    /// any order.
    ///
    /// # Errors
    /// `token.username_token` for anything else or more, `token.nonce` and `token.iterations` for what is too small or
    /// too large, `token.base64`, `token.empty` and their like for a field that cannot be read.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        refuse_attributes(element, &[])?;
        if let Some(position) = element.stray_text() {
            let kind = ErrorKind::Username(UsernameFault::Structure {
                why: "text stands between its fields",
                clause: "WSS UsernameToken Profile 1.1 §3.1",
            });
            return Err(Error::new(kind, position));
        }
        let fields = Fields::of(element)?;
        let username = fields.username.ok_or_else(|| {
            fault(
                element,
                "it has no Username",
                "WSS UsernameToken Profile 1.1 §3.1",
            )
        })?;
        refuse_attributes(username, &[])?;
        let mut omissions = Vec::new();
        let proof = fields.proof(element, &mut omissions)?;
        Ok(Self {
            element,
            username: text_of(username)?,
            proof,
            nonce: fields
                .nonce
                .map(|nonce| read_nonce(nonce, &mut omissions))
                .transpose()?,
            created: fields.created.map(read_created).transpose()?,
            omissions,
        })
    }

    /// The element it was read from.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// Whose name it brings.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// What is to show that they sent it.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The decoded Nonce.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// When it was made.
    pub fn created(&self) -> Option<&Created<'d>> {
        self.created.as_ref()
    }

    /// What it leaves to defaults.
    pub fn omissions(&self) -> &[Omission] {
        &self.omissions
    }
}

/// The children of a token, each at most once.
#[derive(Default)]
struct Fields<'d> {
    username: Option<Element<'d>>,
    password: Option<Element<'d>>,
    nonce: Option<Element<'d>>,
    created: Option<Element<'d>>,
    salt: Option<Element<'d>>,
    iteration: Option<Element<'d>>,
}

impl<'d> Fields<'d> {
    fn of(token: Element<'d>) -> Result<Self, Error> {
        let mut fields = Self::default();
        for child in token.children() {
            let (place, clause) = match (child.namespace_id(), child.local_name()) {
                (Namespace::WSSE, "Username") => (&mut fields.username, "WSS UsernameToken Profile 1.1 §3.1"),
                (Namespace::WSSE, "Password") => (&mut fields.password, "BSP 1.1 R4222"),
                (Namespace::WSSE, "Nonce") => (&mut fields.nonce, "BSP 1.1 R4225"),
                (Namespace::WSU, "Created") => (&mut fields.created, "BSP 1.1 R4223"),
                (Namespace::WSSE11, "Salt") => (&mut fields.salt, "WSS UsernameToken Profile 1.1 §4.1"),
                (Namespace::WSSE11, "Iteration") => {
                    (&mut fields.iteration, "WSS UsernameToken Profile 1.1 §4.1")
                }
                _ => {
                    let why = "there is something that a UsernameToken does not have";
                    return Err(fault(child, why, "WSS UsernameToken Profile 1.1 §3.1"));
                }
            };
            if place.replace(child).is_some() {
                return Err(fault(child, "there are two of one field", clause));
            }
        }
        Ok(fields)
    }

    /// Password, or Salt with Iteration, or nothing.
    fn proof(&self, token: Element<'d>, omissions: &mut Vec<Omission>) -> Result<Proof, Error> {
        match (self.password, self.salt) {
            (Some(password), None) if self.iteration.is_none() => read_password(password, omissions),
            (None, Some(salt)) => Ok(Proof::Derivation(Derivation {
                salt: read_salt(salt)?,
                iterations: self.iteration.map_or(Ok(1_000), read_iterations)?,
            })),
            (None, None) if self.iteration.is_none() => Ok(Proof::Nothing),
            (Some(password), _) => Err(fault(
                password,
                "it has a Password and says how a key is derived from it",
                "WSS UsernameToken Profile 1.1 §4.1",
            )),
            (None, None) => Err(fault(
                token,
                "it has an Iteration and no Salt",
                "WSS UsernameToken Profile 1.1 §4.1",
            )),
        }
    }
}

fn read_password(element: Element<'_>, omissions: &mut Vec<Omission>) -> Result<Proof, Error> {
    refuse_attributes(element, &["Type"])?;
    let text = text_of(element)?;
    match element.attribute("Type").as_deref() {
        Some(TEXT) => Ok(Proof::Text(Secret::new(text.into_bytes()))),
        None => {
            omissions.push(Omission::PasswordType);
            Ok(Proof::Text(Secret::new(text.into_bytes())))
        }
        Some(PASSWORD_DIGEST) => {
            let digest = decode(&text, element)?;
            let digest = <[u8; 20]>::try_from(digest.as_slice());
            digest.map(Proof::Digest).map_err(|_| {
                fault(
                    element,
                    "the PasswordDigest is no SHA-1",
                    "WSS UsernameToken Profile 1.1 §3.1; BSP 1.1 R4212",
                )
            })
        }
        Some(_) => Err(fault(
            element,
            "the Type of the Password is not known",
            "BSP 1.1 R4201",
        )),
    }
}

fn read_nonce(element: Element<'_>, omissions: &mut Vec<Omission>) -> Result<Vec<u8>, Error> {
    refuse_attributes(element, &["EncodingType"])?;
    match element.attribute("EncodingType").as_deref() {
        Some(BASE64_BINARY) => {}
        None => omissions.push(Omission::NonceEncoding),
        Some(_) => {
            let why = "the EncodingType of the Nonce is not #Base64Binary";
            return Err(fault(element, why, "BSP 1.1 R4221"));
        }
    }
    let nonce = decode(&text_of(element)?, element)?;
    if !(SHORTEST_NONCE..=LONGEST_NONCE).contains(&nonce.len()) {
        let kind = ErrorKind::Username(UsernameFault::NonceLength(nonce.len()));
        return Err(Error::new(kind, element.position()));
    }
    Ok(nonce)
}

fn read_created(element: Element<'_>) -> Result<Created<'_>, Error> {
    refuse_attributes(element, &[])?;
    let text = text_of(element)?;
    let time =
        datetime::parse(&text).map_err(|error| Error::new(ErrorKind::Time(error), element.position()))?;
    Ok(Created { element, text, time })
}

fn read_salt(element: Element<'_>) -> Result<[u8; SALT], Error> {
    const CLAUSE: &str = "WSS UsernameToken Profile 1.1 §4.1";
    refuse_attributes(element, &[])?;
    let salt = decode(&text_of(element)?, element)?;
    let salt = <[u8; SALT]>::try_from(salt.as_slice());
    let salt = salt.map_err(|_| fault(element, "the Salt has not 16 bytes", CLAUSE))?;
    if salt.first() == Some(&FOR_MAC) {
        Ok(salt)
    } else {
        Err(fault(element, "the Salt is not for a MAC", CLAUSE))
    }
}

fn read_iterations(element: Element<'_>) -> Result<u32, Error> {
    refuse_attributes(element, &[])?;
    let text = text_of(element)?;
    let digits = text.trim_matches([' ', '\t', '\n', '\r']);
    let number = digits
        .parse()
        .ok()
        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    number
        .filter(|number| Derivation::ITERATIONS.contains(number))
        .ok_or_else(|| Error::new(ErrorKind::Username(UsernameFault::Iterations), element.position()))
}

/// The text of a field, whole: a name is not trimmed, as `"a"` and `"a "` are two users.
fn text_of(element: Element<'_>) -> Result<String, Error> {
    let text = field::text(element).map_err(|reason| Error::of_text(reason, element))?;
    if text.is_empty() {
        let kind = ErrorKind::Empty(element.name().to_owned());
        return Err(Error::new(kind, element.position()));
    }
    if text.len() > LONGEST_TEXT {
        let why = "a field has more than 1,024 bytes";
        return Err(fault(element, why, "WSS UsernameToken Profile 1.1 §3.1"));
    }
    Ok(text.into_owned())
}

fn decode(text: &str, element: Element<'_>) -> Result<Vec<u8>, Error> {
    decode_base64(text).map_err(|error| Error::new(ErrorKind::Base64(error), element.position()))
}

fn refuse_attributes(element: Element<'_>, allowed: &[&str]) -> Result<(), Error> {
    match field::unwanted_attribute(element, allowed) {
        Some(attribute) => {
            let name = attribute.name().to_owned();
            Err(Error::new(ErrorKind::Attribute(name), attribute.position()))
        }
        None => Ok(()),
    }
}

fn fault(element: Element<'_>, why: &'static str, clause: &'static str) -> Error {
    let kind = ErrorKind::Username(UsernameFault::Structure { why, clause });
    Error::new(kind, element.position())
}

#[cfg(test)]
mod tests;
