use crate::crypto::encode_base64;
use crate::token::KeyInfoItem;
use crate::token::SignerHint;
use crate::token::X509Hint;
use crate::token::key_info_items;
use crate::token::username;
use crate::token::x509::X509Token;
use crate::wss::Deviation;
use crate::wss::EmbeddedToken;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::Header;
use crate::wss::Pointer;
use crate::wss::Rule;
use crate::wss::SamlVersion;
use crate::wss::TokenReference;
use crate::wss::encrypted::has_digest;
use crate::wss::reference::ENCRYPTED_KEY;
use crate::xml::Element;
use crate::xml::Namespace;

/// What a signature of a message says about its key, found in the header. It is a hint and nothing more: it
/// chooses among keys that are trusted for another reason (T63).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolvedKey<'d> {
    /// The form in which it was said.
    pub form: KeyForm,
    /// What was said.
    pub hint: SignerHint<'d>,
    /// The token that was found, if it is in the message.
    pub token: Option<Element<'d>>,
    /// What the Basic Security Profile forbids about it.
    pub deviations: Vec<Deviation>,
}

/// A form in which a signature says which key made it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyForm {
    /// A BinarySecurityToken, by reference or embedded, or the certificate as an identifier.
    BinarySecurityToken,
    /// `ds:X509Data` with more than issuer and serial number, or a subject key identifier.
    X509Data,
    /// SHA-1 of a certificate.
    Thumbprint,
    /// Issuer and serial number.
    IssuerSerial,
    /// A subject key identifier.
    SubjectKeyIdentifier,
    /// A SAML assertion in the header or embedded.
    SamlAssertion,
    /// A UsernameToken in the header.
    UsernameToken,
    /// An EncryptedKey in the header.
    EncryptedKey,
    /// `ds:KeyName`.
    KeyName,
    /// Nothing was said.
    Nothing,
}

/// Finds out what `key_info`, of a signature in `header`, says about the key. A reference is followed once, to a token in
/// the same header, and nowhere else (T72, T73).
///
/// # Errors
/// `wss.key_info` for more than one child or one that is not read, `dsig.key_value` for a key that comes along,
/// `wss.token_reference` for a reference that leads to no token of the header or contradicts it, `token.*` for a token or
/// X509Data that cannot be read.
pub fn resolve<'d>(key_info: Option<Element<'d>>, header: &Header<'d>) -> Result<ResolvedKey<'d>, Error> {
    let mut deviations = Vec::new();
    let Some(key_info) = key_info else {
        return Ok(ResolvedKey {
            form: KeyForm::Nothing,
            hint: SignerHint::Unnamed,
            token: None,
            deviations,
        });
    };
    // Counted before they are read, so that a KeyInfo with two is called that.
    if key_info.children().nth(1).is_some() {
        return Err(Error::at(
            ErrorKind::KeyInfo("it has more than one child"),
            key_info,
        ));
    }
    if key_info.stray_text().is_some() {
        return Err(Error::at(ErrorKind::KeyInfo("text stands in it"), key_info));
    }
    let (form, hint) = match key_info_items(key_info)?.pop() {
        Some(KeyInfoItem::TokenReference(element)) => {
            let reference = TokenReference::read(element, &mut deviations)?;
            let Found { form, hint, token } = follow(&reference, header)?;
            return Ok(ResolvedKey {
                form,
                hint,
                token,
                deviations,
            });
        }
        Some(KeyInfoItem::X509Data(hint)) => {
            Deviation::note(&mut deviations, Rule::KeyInfoChild, key_info);
            (form_of(&hint), SignerHint::X509(hint))
        }
        Some(KeyInfoItem::KeyName(name)) => {
            Deviation::note(&mut deviations, Rule::KeyInfoChild, key_info);
            (KeyForm::KeyName, SignerHint::Name(name))
        }
        Some(KeyInfoItem::KeyValue(element)) => return Err(Error::at(ErrorKind::KeyValue, element)),
        Some(KeyInfoItem::Other(element)) => {
            return Err(Error::at(
                ErrorKind::KeyInfo("it names the key in a way that is not read"),
                element,
            ));
        }
        None => {
            Deviation::note(&mut deviations, Rule::KeyInfoEmpty, key_info);
            (KeyForm::Nothing, SignerHint::Unnamed)
        }
    };
    Ok(ResolvedKey {
        form,
        hint,
        token: None,
        deviations,
    })
}

/// The token that `element` stands for under the STR-Transform (WSS 1.1 §8.3): a SecurityTokenReference in `header` that leads to a
/// token in the message, found as [`resolve`] finds the token of a key.
///
/// # Errors
/// `wss.token_reference` where `element` is something else or stands elsewhere, or where it leads to no token of the message. A token
/// that would have to be made first, from a certificate that is known beforehand, is none.
pub fn dereference<'d>(
    element: Element<'d>,
    header: &Header<'d>,
    deviations: &mut Vec<Deviation>,
) -> Result<Element<'d>, Error> {
    const CLAUSE: &str = "WSS 1.1 §8.3";
    let is_reference = element.is(Namespace::WSSE, "SecurityTokenReference");
    if !is_reference || !element.is_within(header.element()) {
        let why = "the STR-Transform of something else than a SecurityTokenReference of this Security header";
        return Err(Error::reference_value(element, why, CLAUSE, &element.path()));
    }
    let found = follow(&TokenReference::read(element, deviations)?, header)?;
    let none = || Error::reference(element, "its token is not in the message", CLAUSE);
    found.token.ok_or_else(none)
}

/// The token that `element` stands for under the STR-Transform, in a document that nobody reads as a SOAP message: a
/// BinarySecurityToken or an assertion, wherever it stands.
pub fn dereference_in_document(element: Element<'_>) -> Option<Element<'_>> {
    if !element.is(Namespace::WSSE, "SecurityTokenReference") {
        return None;
    }
    let reference = TokenReference::read(element, &mut Vec::new()).ok()?;
    let (Pointer::Direct { id, .. } | Pointer::SamlId { id, .. }) = reference.pointer() else {
        let Pointer::Embedded(token) = reference.pointer() else {
            return None;
        };
        return Some(match token {
            EmbeddedToken::X509(token) => token.element(),
            EmbeddedToken::Assertion(_, element) => *element,
        });
    };
    let target = element.document().element_by_id(id);
    target.filter(|target| {
        target.is(Namespace::WSSE, "BinarySecurityToken") || SamlVersion::of(*target).is_some()
    })
}

/// What a reference leads to.
struct Found<'d> {
    form: KeyForm,
    hint: SignerHint<'d>,
    token: Option<Element<'d>>,
}

impl<'d> Found<'d> {
    fn described(form: KeyForm, hint: X509Hint) -> Self {
        Self {
            form,
            hint: SignerHint::X509(hint),
            token: None,
        }
    }

    fn x509(token: &X509Token<'d>) -> Self {
        Self {
            form: KeyForm::BinarySecurityToken,
            hint: SignerHint::X509(token.hint()),
            token: Some(token.element()),
        }
    }

    fn assertion(element: Element<'d>) -> Self {
        Self {
            form: KeyForm::SamlAssertion,
            hint: SignerHint::Assertion(element),
            token: Some(element),
        }
    }

    /// No token that a signature could cover in the place of a reference to it.
    fn encrypted_key(element: Element<'d>) -> Self {
        Self {
            form: KeyForm::EncryptedKey,
            hint: SignerHint::EncryptedKey(element),
            token: None,
        }
    }

    fn username_token(element: Element<'d>) -> Self {
        Self {
            form: KeyForm::UsernameToken,
            hint: SignerHint::UsernameToken(element),
            token: Some(element),
        }
    }
}

/// What `reference` points at, if it is a token of `header` or known by a description.
fn follow<'d>(reference: &TokenReference<'d>, header: &Header<'d>) -> Result<Found<'d>, Error> {
    let form = match reference.pointer() {
        Pointer::Direct { id, value_type } => {
            return direct(reference, id, value_type.as_deref(), header);
        }
        Pointer::SamlId { version, id } => {
            let assertion = header
                .assertions()
                .find(|element| SamlVersion::of(*element) == Some(*version) && carries(*element, id))
                .ok_or_else(|| nowhere(reference, id))?;
            return Ok(Found::assertion(assertion));
        }
        Pointer::Embedded(EmbeddedToken::X509(token)) => return Ok(Found::x509(token)),
        Pointer::Embedded(EmbeddedToken::Assertion(_, element)) => return Ok(Found::assertion(*element)),
        Pointer::EncryptedKeySha1(digest) => return by_digest(reference, digest, header),
        Pointer::SubjectKeyIdentifier(_) => KeyForm::SubjectKeyIdentifier,
        Pointer::ThumbprintSha1(_) => KeyForm::Thumbprint,
        Pointer::Certificate(_) => KeyForm::BinarySecurityToken,
        Pointer::X509Data(hint) => form_of(hint),
    };
    let hint = reference.pointer().described().unwrap_or_default();
    Ok(Found::described(form, hint))
}

/// Follows `#id`. Only what the header holds itself is a token: the same element elsewhere in the message is content.
fn direct<'d>(
    reference: &TokenReference<'d>,
    id: &str,
    value_type: Option<&str>,
    header: &Header<'d>,
) -> Result<Found<'d>, Error> {
    let target = reference.element().document().element_by_id(id);
    let target = target.ok_or_else(|| nowhere(reference, id))?;
    if let Some(token) = header.x509_tokens().find(|token| token.element() == target) {
        agree(reference, value_type, token.value_type().uri())?;
        return Ok(Found::x509(token));
    }
    if header.assertions().any(|assertion| assertion == target) {
        let kind = SamlVersion::of(target).map_or("", SamlVersion::token_type);
        agree(reference, value_type, kind)?;
        return Ok(Found::assertion(target));
    }
    if header
        .username_token()
        .is_some_and(|token| token.element() == target)
    {
        agree(reference, value_type, username::TOKEN_TYPE)?;
        return Ok(Found::username_token(target));
    }
    if header.encrypted_keys().any(|key| key == target) {
        agree(reference, value_type, ENCRYPTED_KEY)?;
        return Ok(Found::encrypted_key(target));
    }
    let why = "the element is no token of this Security header";
    Err(Error::reference_value(
        reference.element(),
        why,
        "BSP 1.1 R3057, R3066",
        &target.path(),
    ))
}

/// The EncryptedKey of `header` whose ciphertext has this digest. Keys of earlier messages are not remembered.
fn by_digest<'d>(
    reference: &TokenReference<'d>,
    digest: &[u8; 20],
    header: &Header<'d>,
) -> Result<Found<'d>, Error> {
    let mut keys = header.encrypted_keys().filter(|key| has_digest(*key, digest));
    match (keys.next(), keys.next()) {
        (Some(key), None) => Ok(Found::encrypted_key(key)),
        (None, _) => {
            let digest = encode_base64(digest);
            Err(Error::at(
                ErrorKind::UnknownEncryptedKey(digest),
                reference.element(),
            ))
        }
        (Some(_), Some(second)) => Err(Error::reference(
            second,
            "two EncryptedKeys have the same ciphertext",
            "WSS 1.1 §7.3",
        )),
    }
}

/// Checks that the reference says of the token's kind what the token is.
fn agree(reference: &TokenReference<'_>, value_type: Option<&str>, kind: &'static str) -> Result<(), Error> {
    if let Some(value_type) = value_type.filter(|value_type| *value_type != kind) {
        let why = "its ValueType is not the token's";
        return Err(Error::reference_value(
            reference.element(),
            why,
            "BSP 1.1 R3058",
            value_type,
        ));
    }
    reference.says(&[kind])
}

fn carries(assertion: Element<'_>, id: &str) -> bool {
    assertion.document().element_by_id(id) == Some(assertion)
}

fn nowhere(reference: &TokenReference<'_>, id: &str) -> Error {
    let why = "no token of this Security header has the ID";
    Error::reference_value(reference.element(), why, "WSS 1.1 §7.2", id)
}

/// X509Data with one description only is what a SecurityTokenReference would call it.
fn form_of(hint: &X509Hint) -> KeyForm {
    let only = |part: X509Hint| *hint == part;
    if only(X509Hint {
        issuer_serials: hint.issuer_serials.clone(),
        ..X509Hint::default()
    }) {
        KeyForm::IssuerSerial
    } else if only(X509Hint {
        subject_key_identifiers: hint.subject_key_identifiers.clone(),
        ..X509Hint::default()
    }) {
        KeyForm::SubjectKeyIdentifier
    } else {
        KeyForm::X509Data
    }
}

#[cfg(test)]
mod tests;
