use crate::algorithm::DigestAlgorithm;
use crate::token::KeyInfoItem;
use crate::token::SignerHint;
use crate::token::X509Hint;
use crate::token::key_info_items;
use crate::wss::Deviation;
use crate::wss::EmbeddedToken;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::Header;
use crate::wss::Pointer;
use crate::wss::Rule;
use crate::wss::SamlVersion;
use crate::wss::TokenReference;
use crate::xml::Element;

/// What a signature of a message says about its key, found in the header. It is a hint and nothing more: it
/// chooses among keys that are trusted for another reason (T63).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolvedKey<'d> {
    /// The form in which it was said.
    pub form: KeyForm,
    /// What was said.
    pub hint: SignerHint<'d>,
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
            follow(&TokenReference::read(element, &mut deviations)?, header)?
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
        deviations,
    })
}

/// What `reference` points at, if it is a token of `header` or known by a description.
fn follow<'d>(
    reference: &TokenReference<'d>,
    header: &Header<'d>,
) -> Result<(KeyForm, SignerHint<'d>), Error> {
    let x509 = |form, hint: X509Hint| Ok((form, SignerHint::X509(hint)));
    match reference.pointer() {
        Pointer::Direct { id, value_type } => direct(reference, id, value_type.as_deref(), header),
        Pointer::SamlId { version, id } => {
            let assertion = header
                .assertions()
                .find(|element| SamlVersion::of(*element) == Some(*version) && carries(*element, id))
                .ok_or_else(|| nowhere(reference, id))?;
            Ok((KeyForm::SamlAssertion, SignerHint::Assertion(assertion)))
        }
        Pointer::SubjectKeyIdentifier(identifier) => x509(
            KeyForm::SubjectKeyIdentifier,
            X509Hint {
                subject_key_identifiers: vec![identifier.clone()],
                ..X509Hint::default()
            },
        ),
        Pointer::ThumbprintSha1(thumbprint) => x509(
            KeyForm::Thumbprint,
            X509Hint {
                digests: vec![(DigestAlgorithm::Sha1, thumbprint.to_vec())],
                ..X509Hint::default()
            },
        ),
        Pointer::Certificate(der) => x509(
            KeyForm::BinarySecurityToken,
            X509Hint {
                certificates: vec![der.clone()],
                ..X509Hint::default()
            },
        ),
        Pointer::X509Data(hint) => x509(form_of(hint), hint.clone()),
        Pointer::Embedded(EmbeddedToken::X509(token)) => x509(KeyForm::BinarySecurityToken, token.hint()),
        Pointer::Embedded(EmbeddedToken::Assertion(_, element)) => {
            Ok((KeyForm::SamlAssertion, SignerHint::Assertion(*element)))
        }
    }
}

/// Follows `#id`. Only what the header holds itself is a token: the same element elsewhere in the message is content.
fn direct<'d>(
    reference: &TokenReference<'d>,
    id: &str,
    value_type: Option<&str>,
    header: &Header<'d>,
) -> Result<(KeyForm, SignerHint<'d>), Error> {
    let target = reference.element().document().element_by_id(id);
    let target = target.ok_or_else(|| nowhere(reference, id))?;
    if let Some(token) = header.x509_tokens().find(|token| token.element() == target) {
        agree(reference, value_type, token.value_type().uri())?;
        return Ok((KeyForm::BinarySecurityToken, SignerHint::X509(token.hint())));
    }
    if header.assertions().any(|assertion| assertion == target) {
        let kind = SamlVersion::of(target).map_or("", SamlVersion::token_type);
        agree(reference, value_type, kind)?;
        return Ok((KeyForm::SamlAssertion, SignerHint::Assertion(target)));
    }
    let why = "the element is no token of this Security header";
    Err(Error::reference_value(
        reference.element(),
        why,
        "BSP 1.1 R3057, R3066",
        &target.path(),
    ))
}

/// Checks that the reference says of the token's kind what the token is.
fn agree(reference: &TokenReference<'_>, value_type: Option<&str>, kind: &'static str) -> Result<(), Error> {
    if let Some(value_type) = value_type.filter(|value_type| *value_type != kind) {
        let why = "its ValueType is not the token's";
        return Err(Error::reference_value(
            reference.element(),
            why,
            "BSP 1.1 R3059",
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;
    use crate::soap::Envelope;
    use crate::soap::Roles;
    use crate::token::x509::BASE64_BINARY;
    use crate::token::x509::ValueType;
    use crate::wss::reference::key_identifier::SUBJECT_KEY_IDENTIFIER;
    use crate::wss::reference::key_identifier::THUMBPRINT_SHA1;
    use crate::xml::Limits;
    use crate::xml::Namespace;

    /// Resolves the KeyInfo with `key_info` in it, of a signature after `items`.
    fn with<T>(items: &str, key_info: &str, look: impl FnOnce(ResolvedKey<'_>) -> T) -> Result<T, Error> {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:wsse='{}' xmlns:wsse11='{}' xmlns:wsu='{}' xmlns:ds='{}' xmlns:saml2='{}' \
             xmlns:saml1='{}' xmlns:dsig11='{}'><s:Header><x xmlns='urn:x'><saml2:Assertion ID='_elsewhere'/></x>\
             <wsse:Security s:actor='urn:them'>{}</wsse:Security><wsse:Security>{items}<ds:Signature>\
             {key_info}</ds:Signature></wsse:Security></s:Header><s:Body wsu:Id='body'/></s:Envelope>",
            Namespace::SOAP11.uri(),
            Namespace::WSSE.uri(),
            Namespace::WSSE11.uri(),
            Namespace::WSU.uri(),
            Namespace::DS.uri(),
            Namespace::SAML2.uri(),
            Namespace::SAML1.uri(),
            Namespace::DSIG11.uri(),
            token("theirs")
        );
        let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
        let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
        let signature = header.signatures().next().unwrap();
        resolve(signature.child(Namespace::DS, "KeyInfo"), &header).map(look)
    }

    fn info(content: &str) -> String {
        format!("<ds:KeyInfo>{content}</ds:KeyInfo>")
    }

    fn reference(attributes: &str, content: &str) -> String {
        let reference =
            format!("<wsse:SecurityTokenReference {attributes}>{content}</wsse:SecurityTokenReference>");
        info(&reference)
    }

    fn code(items: &str, key_info: &str) -> &'static str {
        with(items, key_info, |key| panic!("{key:?}")).unwrap_err().code()
    }

    fn form(items: &str, key_info: &str) -> (KeyForm, Vec<Rule>) {
        with(items, key_info, |key| {
            (key.form, key.deviations.iter().map(Deviation::rule).collect())
        })
        .unwrap()
    }

    fn token(id: &str) -> String {
        let value_type = ValueType::X509v3.uri();
        format!(
            "<wsse:BinarySecurityToken wsu:Id='{id}' ValueType='{value_type}' EncodingType='{BASE64_BINARY}'>AQID</wsse:BinarySecurityToken>"
        )
    }

    fn identifier(value_type: &str, content: &str) -> String {
        reference(
            "",
            &format!(
                "<wsse:KeyIdentifier ValueType='{value_type}' EncodingType='{BASE64_BINARY}'>{content}</wsse:KeyIdentifier>"
            ),
        )
    }

    fn saml_id(version: SamlVersion, id: &str) -> String {
        let uri = version.identifier_type();
        reference(
            "",
            &format!("<wsse:KeyIdentifier ValueType='{uri}'>{id}</wsse:KeyIdentifier>"),
        )
    }

    const ASSERTIONS: &str = "<saml2:Assertion ID='_two'/><saml1:Assertion AssertionID='_one'/>";
    const CERTIFICATE: &str = "<ds:X509Certificate>AQID</ds:X509Certificate>";
    const SERIAL: &str = "<ds:X509IssuerSerial><ds:X509IssuerName>CN=ca</ds:X509IssuerName>\
                          <ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>";

    #[test]
    fn a_direct_reference_finds_its_token() {
        let direct = reference("", "<wsse:Reference URI='#t'/>");
        with(&token("t"), &direct, |key| {
            assert_eq!(key.form, KeyForm::BinarySecurityToken);
            let SignerHint::X509(hint) = key.hint else {
                panic!("{:?}", key.hint);
            };
            assert_eq!(hint.certificates, [&[1, 2, 3][..]]);
            assert!(key.deviations.is_empty());
        })
        .unwrap();
        let uri = ValueType::X509v3.uri();
        let typed = format!("<wsse:Reference URI='#t' ValueType='{uri}'/>");
        assert_eq!(
            form(&token("t"), &reference("", &typed)).0,
            KeyForm::BinarySecurityToken
        );
        for id in ["_two", "_one"] {
            let direct = reference("", &format!("<wsse:Reference URI='#{id}'/>"));
            assert_eq!(form(ASSERTIONS, &direct).0, KeyForm::SamlAssertion);
        }
    }

    #[test]
    fn a_reference_leads_to_a_token_of_this_header_or_is_refused() {
        let items = format!(
            "{}<wsse:SecurityTokenReference wsu:Id='loop'><wsse:Reference URI='#loop'/></wsse:SecurityTokenReference>\
             <wsu:Timestamp wsu:Id='timestamp'><wsu:Created>2026-11-24T00:00:00Z</wsu:Created></wsu:Timestamp>",
            token("t")
        );
        for id in ["nowhere", "theirs", "body", "timestamp", "loop", "_elsewhere"] {
            let direct = reference("", &format!("<wsse:Reference URI='#{id}'/>"));
            assert_eq!(code(&items, &direct), "wss.token_reference", "{id}");
        }
    }

    #[test]
    fn a_reference_says_what_the_token_is() {
        let path = ValueType::X509PkiPathV1.uri();
        let typed = format!("<wsse:Reference URI='#t' ValueType='{path}'/>");
        assert_eq!(code(&token("t"), &reference("", &typed)), "wss.token_reference");
        let attribute = format!("wsse11:TokenType='{path}'");
        let direct = "<wsse:Reference URI='#t'/>";
        assert_eq!(
            code(&token("t"), &reference(&attribute, direct)),
            "wss.token_reference"
        );
        let saml = format!("wsse11:TokenType='{}'", SamlVersion::Saml11.token_type());
        let two = "<wsse:Reference URI='#_two'/>";
        assert_eq!(code(ASSERTIONS, &reference(&saml, two)), "wss.token_reference");
        assert_eq!(
            form(ASSERTIONS, &reference(&saml, "<wsse:Reference URI='#_one'/>")).0,
            KeyForm::SamlAssertion
        );
    }

    #[test]
    fn an_assertion_is_found_by_its_id() {
        with(ASSERTIONS, &saml_id(SamlVersion::Saml20, "_two"), |key| {
            assert_eq!(key.form, KeyForm::SamlAssertion);
            assert!(matches!(key.hint, SignerHint::Assertion(element) if element.is(Namespace::SAML2, "Assertion")));
        })
        .unwrap();
        assert_eq!(
            form(ASSERTIONS, &saml_id(SamlVersion::Saml11, "_one")).0,
            KeyForm::SamlAssertion
        );
        for (version, id) in [
            (SamlVersion::Saml20, "_one"),
            (SamlVersion::Saml11, "_two"),
            (SamlVersion::Saml20, "_elsewhere"),
            (SamlVersion::Saml20, "_nowhere"),
        ] {
            assert_eq!(
                code(ASSERTIONS, &saml_id(version, id)),
                "wss.token_reference",
                "{id}"
            );
        }
    }

    #[test]
    fn descriptions_are_kept_as_they_are() {
        with("", &identifier(SUBJECT_KEY_IDENTIFIER, "AQID"), |key| {
            assert_eq!(key.form, KeyForm::SubjectKeyIdentifier);
            let hint = X509Hint {
                subject_key_identifiers: vec![vec![1, 2, 3]],
                ..X509Hint::default()
            };
            assert_eq!(key.hint, SignerHint::X509(hint));
        })
        .unwrap();
        with(
            "",
            &identifier(THUMBPRINT_SHA1, "AAECAwQFBgcICQoLDA0ODxAREhM="),
            |key| {
                assert_eq!(key.form, KeyForm::Thumbprint);
                let hint = X509Hint {
                    digests: vec![(DigestAlgorithm::Sha1, (0..20).collect())],
                    ..X509Hint::default()
                };
                assert_eq!(key.hint, SignerHint::X509(hint));
            },
        )
        .unwrap();
        let certificate = identifier(ValueType::X509v3.uri(), "AQID");
        assert_eq!(
            form("", &certificate),
            (KeyForm::BinarySecurityToken, vec![Rule::IdentifierValueType])
        );
    }

    #[test]
    fn x509_data_is_called_what_it_holds() {
        let ski = "<ds:X509SKI>AQID</ds:X509SKI>";
        for (content, expected) in [
            (SERIAL.to_owned(), KeyForm::IssuerSerial),
            (ski.to_owned(), KeyForm::SubjectKeyIdentifier),
            (CERTIFICATE.to_owned(), KeyForm::X509Data),
            (format!("{SERIAL}{CERTIFICATE}"), KeyForm::X509Data),
            (format!("{SERIAL}{ski}"), KeyForm::X509Data),
        ] {
            let data = format!("<ds:X509Data>{content}</ds:X509Data>");
            assert_eq!(form("", &reference("", &data)), (expected, vec![]), "{content}");
            assert_eq!(
                form("", &info(&data)),
                (expected, vec![Rule::KeyInfoChild]),
                "{content}"
            );
        }
    }

    #[test]
    fn tokens_may_be_embedded() {
        let embedded = |content: &str| reference("", &format!("<wsse:Embedded>{content}</wsse:Embedded>"));
        assert_eq!(form("", &embedded(&token("t"))).0, KeyForm::BinarySecurityToken);
        with("", &embedded("<saml2:Assertion ID='_inside'/>"), |key| {
            assert!(matches!(key.hint, SignerHint::Assertion(element) if element.attribute("ID").unwrap() == "_inside"));
        })
        .unwrap();
    }

    #[test]
    fn nothing_said_is_any_key() {
        assert_eq!(form("", ""), (KeyForm::Nothing, vec![]));
        assert_eq!(form("", &info("")), (KeyForm::Nothing, vec![Rule::KeyInfoEmpty]));
    }

    #[test]
    fn a_name_is_a_hint() {
        let name = info("<ds:KeyName>alice</ds:KeyName>");
        assert_eq!(form("", &name), (KeyForm::KeyName, vec![Rule::KeyInfoChild]));
        with("", &name, |key| {
            assert_eq!(key.hint, SignerHint::Name("alice".to_owned()))
        })
        .unwrap();
    }

    #[test]
    fn a_key_that_comes_along_is_refused() {
        for value in ["<ds:KeyValue/>", "<dsig11:DEREncodedKeyValue/>"] {
            assert_eq!(code("", &info(value)), "dsig.key_value", "{value}");
        }
    }

    #[test]
    fn a_key_is_named_once_and_in_a_way_that_is_read() {
        let one = "<wsse:SecurityTokenReference><wsse:Reference URI='#t'/></wsse:SecurityTokenReference>";
        for content in [
            one.repeat(2),
            format!("{one}<ds:KeyValue/>"),
            format!("<ds:KeyName>a</ds:KeyName>{one}"),
            format!("{one}text"),
            "<ds:RetrievalMethod URI='#t'/>".to_owned(),
            "<dsig11:KeyInfoReference URI='#t'/>".to_owned(),
            "<wsse:BinarySecurityToken/>".to_owned(),
        ] {
            assert_eq!(code(&token("t"), &info(&content)), "wss.key_info", "{content}");
        }
    }
}
