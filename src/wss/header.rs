use crate::soap::Envelope;
use crate::soap::Roles;
use crate::token::field;
use crate::token::username::Omission;
use crate::token::username::UsernameToken;
use crate::token::x509::Encoding;
use crate::token::x509::X509Token;
use crate::wss::Deviation;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::Rule;
use crate::wss::SignatureConfirmation;
use crate::wss::Timestamp;
use crate::wss::TokenReference;
use crate::wss::receiver::find;
use crate::wss::secure_conversation::refuse_secure_conversation;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;
use crate::xmlenc::is_of_attachment;

/// The Security header that is for us, as read. Nothing in it is verified.
#[derive(Clone, Debug)]
pub struct Header<'d> {
    element: Element<'d>,
    items: Vec<Item<'d>>,
    deviations: Vec<Deviation>,
}

/// One item of a Security header.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'d> {
    /// `wsu:Timestamp`.
    Timestamp(Timestamp<'d>),
    /// `wsse:BinarySecurityToken` with certificates.
    X509Token(X509Token<'d>),
    /// `ds:Signature`, not read yet.
    Signature(Element<'d>),
    /// `saml2:Assertion`, not read yet.
    Saml2Assertion(Element<'d>),
    /// `saml1:Assertion`, not read yet.
    Saml1Assertion(Element<'d>),
    /// `wsse:SecurityTokenReference`, as a signature may cover it.
    TokenReference(TokenReference<'d>),
    /// `wsse11:SignatureConfirmation`.
    SignatureConfirmation(SignatureConfirmation<'d>),
    /// `wsse:UsernameToken`.
    UsernameToken(UsernameToken<'d>),
    /// `xenc:EncryptedKey`, `xenc:EncryptedData`, `xenc:ReferenceList` or `saml2:EncryptedAssertion`, not read.
    Encryption(Element<'d>),
}

impl<'d> Item<'d> {
    /// The element it was read from.
    pub fn element(&self) -> Element<'d> {
        match self {
            Self::Timestamp(timestamp) => timestamp.element(),
            Self::X509Token(token) => token.element(),
            Self::TokenReference(reference) => reference.element(),
            Self::SignatureConfirmation(confirmation) => confirmation.element(),
            Self::UsernameToken(token) => token.element(),
            Self::Signature(element)
            | Self::Saml2Assertion(element)
            | Self::Saml1Assertion(element)
            | Self::Encryption(element) => *element,
        }
    }
}

impl<'d> Header<'d> {
    /// Reads the Security header of `envelope` for one who plays `roles`.
    ///
    /// # Errors
    /// No such header or two; two for one other receiver; an item that is not known or not as it must be; a second
    /// Timestamp or UsernameToken; more Signatures than `limits` allow.
    pub fn read(envelope: &'d Envelope, roles: &Roles, limits: &Limits) -> Result<Self, Error> {
        let element = find(envelope, roles)?;
        if let Some(attribute) = field::unwanted_attribute(element, &["actor", "role", "mustUnderstand"]) {
            let kind = ErrorKind::Attribute(attribute.name().to_owned());
            return Err(Error::at_position(kind, attribute.position()));
        }
        if let Some(position) = element.stray_text() {
            return Err(Error::at_position(ErrorKind::Text, position));
        }
        let mut header = Self {
            element,
            items: Vec::new(),
            deviations: Vec::new(),
        };
        let mut signatures = 0_u16;
        for child in element.children() {
            let item = header.item(child)?;
            if matches!(item, Item::Signature(_)) {
                signatures = signatures.saturating_add(1);
                if signatures > limits.signatures {
                    let allowed = limits.signatures;
                    return Err(Error::at(ErrorKind::Signatures { allowed }, child));
                }
            }
            if matches!(item, Item::Timestamp(_)) && header.timestamp().is_some() {
                return Err(Error::at(ErrorKind::MultipleTimestamps, child));
            }
            if matches!(item, Item::UsernameToken(_)) && header.username_token().is_some() {
                return Err(Error::at(ErrorKind::MultipleUsernameTokens, child));
            }
            header.items.push(item);
        }
        Ok(header)
    }

    fn item(&mut self, element: Element<'d>) -> Result<Item<'d>, Error> {
        refuse_secure_conversation(element)?;
        Ok(match (element.namespace_id(), element.local_name()) {
            (Namespace::WSU, "Timestamp") => Item::Timestamp(Timestamp::read(element, &mut self.deviations)?),
            (Namespace::WSSE, "BinarySecurityToken") => {
                let token = X509Token::read(element)?;
                if token.encoding() == Encoding::Implied {
                    Deviation::note(&mut self.deviations, Rule::TokenEncodingType, element);
                }
                Item::X509Token(token)
            }
            (Namespace::DS, "Signature") => Item::Signature(element),
            (Namespace::SAML2, "Assertion") => Item::Saml2Assertion(element),
            (Namespace::SAML1, "Assertion") => Item::Saml1Assertion(element),
            (Namespace::WSSE, "SecurityTokenReference") => {
                Item::TokenReference(TokenReference::read(element, &mut self.deviations)?)
            }
            (Namespace::WSSE11, "SignatureConfirmation") => {
                if element.attribute_ns(Namespace::WSU, "Id").is_none() {
                    Deviation::note(&mut self.deviations, Rule::ConfirmationId, element);
                }
                Item::SignatureConfirmation(SignatureConfirmation::read(element)?)
            }
            (Namespace::WSSE, "UsernameToken") => {
                let token = UsernameToken::read(element)?;
                for omission in token.omissions() {
                    let rule = match omission {
                        Omission::PasswordType => Rule::PasswordType,
                        Omission::NonceEncoding => Rule::NonceEncodingType,
                    };
                    Deviation::note(&mut self.deviations, rule, element);
                }
                Item::UsernameToken(token)
            }
            (Namespace::XENC, "EncryptedKey") => {
                let told = ["Type", "MimeType", "Encoding", "Recipient"];
                if told.iter().any(|name| element.attribute(name).is_some()) {
                    Deviation::note(&mut self.deviations, Rule::EncryptedKeyAttributes, element);
                }
                Item::Encryption(element)
            }
            (Namespace::XENC, "EncryptedData" | "ReferenceList")
            | (Namespace::SAML2, "EncryptedAssertion") => Item::Encryption(element),
            _ => {
                let kind = ErrorKind::UnknownItem(element.name().to_owned());
                return Err(Error::at(kind, element));
            }
        })
    }

    /// The `wsse:Security` element.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// What it holds, in order.
    pub fn items(&self) -> &[Item<'d>] {
        &self.items
    }

    /// The Timestamp.
    pub fn timestamp(&self) -> Option<&Timestamp<'d>> {
        self.items.iter().find_map(|item| {
            if let Item::Timestamp(timestamp) = item {
                Some(timestamp)
            } else {
                None
            }
        })
    }

    /// The UsernameToken.
    pub fn username_token(&self) -> Option<&UsernameToken<'d>> {
        self.items.iter().find_map(|item| {
            if let Item::UsernameToken(token) = item {
                Some(token)
            } else {
                None
            }
        })
    }

    /// The BinarySecurityTokens, in order.
    pub fn x509_tokens(&self) -> impl Iterator<Item = &X509Token<'d>> {
        self.items.iter().filter_map(|item| {
            if let Item::X509Token(token) = item {
                Some(token)
            } else {
                None
            }
        })
    }

    /// The `ds:Signature` elements, in order.
    pub fn signatures(&self) -> impl Iterator<Item = Element<'d>> {
        self.items.iter().filter_map(|item| {
            if let Item::Signature(element) = item {
                Some(*element)
            } else {
                None
            }
        })
    }

    /// The assertions of both versions of SAML, in order.
    pub fn assertions(&self) -> impl Iterator<Item = Element<'d>> {
        self.items.iter().filter_map(|item| {
            if let Item::Saml2Assertion(element) | Item::Saml1Assertion(element) = item {
                Some(*element)
            } else {
                None
            }
        })
    }

    /// The SignatureConfirmations, in order.
    pub fn confirmations(&self) -> impl Iterator<Item = &SignatureConfirmation<'d>> {
        self.items.iter().filter_map(|item| {
            if let Item::SignatureConfirmation(confirmation) = item {
                Some(confirmation)
            } else {
                None
            }
        })
    }

    /// The EncryptedKeys that stand in the header itself, in order.
    pub fn encrypted_keys(&self) -> impl Iterator<Item = Element<'d>> {
        self.items.iter().filter_map(|item| {
            if let Item::Encryption(element) = item {
                element.is(Namespace::XENC, "EncryptedKey").then_some(*element)
            } else {
                None
            }
        })
    }

    /// What the Basic Security Profile forbids in it.
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Refuses encrypted content that is still there when everything that is ours was decrypted. The keys and the lists of what
    /// they are for may stay.
    ///
    /// # Errors
    /// `wss.unsupported_encryption` for the first of it.
    pub fn check_decrypted(&self) -> Result<(), Error> {
        let encrypted = self.items.iter().filter_map(|item| {
            if let Item::Encryption(element) = item {
                Some(*element)
            } else {
                None
            }
        });
        let names = ["EncryptedKey", "ReferenceList"];
        // What attachments were decrypted by stays: whoever decrypts leaves none of them out.
        let may_stay = |element: &Element<'_>| {
            names.iter().any(|name| element.is(Namespace::XENC, name)) || is_of_attachment(*element)
        };
        let mut left = encrypted.filter(|element| !may_stay(element));
        left.next().map_or(Ok(()), |element| {
            let name = element.name().to_owned();
            Err(Error::at(ErrorKind::UnsupportedEncryption(name), element))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;
    use crate::wss::receiver::MOST_RECEIVERS;
    use crate::wss::secure_conversation::NAMESPACES;

    const TIMESTAMP: &str = "<wsu:Timestamp><wsu:Created>2026-11-24T00:00:00Z</wsu:Created></wsu:Timestamp>";

    fn envelope(blocks: &str) -> Envelope {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:wsse='{}' xmlns:wsu='{}' xmlns:wsse11='{}' xmlns:ds='{}' xmlns:xenc='{}' \
             xmlns:saml2='{}' xmlns:saml1='{}'><s:Header>{blocks}</s:Header><s:Body/></s:Envelope>",
            Namespace::SOAP11.uri(),
            Namespace::WSSE.uri(),
            Namespace::WSU.uri(),
            Namespace::WSSE11.uri(),
            Namespace::DS.uri(),
            Namespace::XENC.uri(),
            Namespace::SAML2.uri(),
            Namespace::SAML1.uri(),
        );
        Envelope::parse(text.into(), &Limits::default()).unwrap()
    }

    fn code(blocks: &str) -> Result<(), &'static str> {
        let roles = Roles::new(vec!["urn:us".to_owned()]);
        let envelope = envelope(blocks);
        let header = Header::read(&envelope, &roles, &Limits::default());
        header.map(|_| ()).map_err(|error| error.code())
    }

    fn items(items: &str) -> Result<(), &'static str> {
        code(&format!("<wsse:Security>{items}</wsse:Security>"))
    }

    #[test]
    fn the_header_for_us_is_found() {
        let other = "<wsse:Security s:actor='urn:them'>text<a/></wsse:Security><x xmlns='urn:x'/>";
        for ours in [
            "",
            "s:actor=''",
            "s:actor='urn:us'",
            "s:actor='http://schemas.xmlsoap.org/soap/actor/next'",
        ] {
            assert_eq!(code(&format!("{other}<wsse:Security {ours}/>")), Ok(()), "{ours}");
        }
        assert_eq!(code(other), Err("wss.header_missing"));
        assert_eq!(code("<Security xmlns='urn:x'/>"), Err("wss.header_missing"));
    }

    #[test]
    fn without_a_header_there_is_none() {
        let text = format!(
            "<s:Envelope xmlns:s='{}'><s:Body/></s:Envelope>",
            Namespace::SOAP11.uri()
        );
        let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
        let error = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap_err();
        assert_eq!(error.code(), "wss.header_missing");
    }

    #[test]
    fn a_second_header_for_one_receiver_is_refused() {
        let ours = "<wsse:Security/>";
        for second in [
            "",
            "s:actor=''",
            "s:actor='urn:us'",
            "s:actor='http://schemas.xmlsoap.org/soap/actor/next'",
        ] {
            let blocks = format!("{ours}<wsse:Security {second}/>");
            assert_eq!(code(&blocks), Err("wss.multiple_headers"), "{second}");
        }
        let (a, b) = (
            "<wsse:Security s:actor='urn:a'/>",
            "<wsse:Security s:actor='urn:b'/>",
        );
        assert_eq!(code(&format!("{ours}{a}{b}")), Ok(()));
        assert_eq!(code(&format!("{ours}{a}{b}{a}")), Err("wss.multiple_headers"));
        let many: String = (0..=MOST_RECEIVERS)
            .map(|n| format!("<wsse:Security s:actor='urn:{n}'/>"))
            .collect();
        assert_eq!(code(&format!("{ours}{many}")), Err("wss.multiple_headers"));
    }

    #[test]
    fn every_item_is_told_apart_in_order() {
        let token = crate::token::x509::ValueType::X509v3.uri();
        let content = format!(
            "{TIMESTAMP}<wsse:BinarySecurityToken ValueType='{token}'>AQID</wsse:BinarySecurityToken>\
             <ds:Signature/><saml2:Assertion/><saml1:Assertion/>\
             <wsse:SecurityTokenReference><wsse:Reference URI='#a'/></wsse:SecurityTokenReference>\
             <wsse11:SignatureConfirmation/><wsse:UsernameToken><wsse:Username>a</wsse:Username></wsse:UsernameToken><xenc:EncryptedKey/><xenc:EncryptedData/>\
             <xenc:ReferenceList/><saml2:EncryptedAssertion/>"
        );
        let envelope = envelope(&format!("<wsse:Security>\n{content}</wsse:Security>"));
        let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
        let kinds: String = header
            .items()
            .iter()
            .map(|item| match item {
                Item::Timestamp(_) => 'T',
                Item::X509Token(_) => 'X',
                Item::Signature(_) => 'S',
                Item::Saml2Assertion(_) => '2',
                Item::Saml1Assertion(_) => '1',
                Item::TokenReference(_) => 'R',
                Item::SignatureConfirmation(_) => 'C',
                Item::UsernameToken(_) => 'U',
                Item::Encryption(_) => 'E',
            })
            .collect();
        assert_eq!(kinds, "TXS21RCUEEEE");
        assert_eq!(header.x509_tokens().count(), 1);
        assert_eq!(header.signatures().count(), 1);
        assert_eq!(header.assertions().count(), 2);
        assert_eq!(header.confirmations().count(), 1);
        assert!(header.timestamp().is_some());
        let rules: Vec<Rule> = header.deviations().iter().map(Deviation::rule).collect();
        assert_eq!(rules, [Rule::TokenEncodingType, Rule::ConfirmationId]);
    }

    #[test]
    fn unknown_items_and_text_are_refused() {
        for item in [
            "<a/>",
            "<wsse:Trust/>",
            "<Timestamp/>",
            "<ds:KeyInfo/>",
            "<wsse:Security/>",
        ] {
            assert_eq!(items(item), Err("wss.unknown_item"), "{item}");
        }
        for namespace in NAMESPACES {
            for name in ["DerivedKeyToken", "SecurityContextToken"] {
                let item = format!("<{name} xmlns='{namespace}'/>");
                assert_eq!(items(&item), Err("wss.secure_conversation"), "{item}");
            }
            assert_eq!(
                items(&format!("<a xmlns='{namespace}'/>")),
                Err("wss.unknown_item")
            );
        }
        assert_eq!(items(&format!("{TIMESTAMP}text")), Err("wss.text"));
        assert_eq!(items("<!-- a --> <?b c?>"), Ok(()));
    }

    #[test]
    fn a_rule_that_is_broken_often_is_noted_once() {
        let token = crate::token::x509::ValueType::X509v3.uri();
        let one = format!("<wsse:BinarySecurityToken ValueType='{token}'>AQID</wsse:BinarySecurityToken>");
        let envelope = envelope(&format!("<wsse:Security>{}</wsse:Security>", one.repeat(3)));
        let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
        assert_eq!(header.x509_tokens().count(), 3);
        assert_eq!(header.deviations().len(), 1);
    }

    #[test]
    fn there_is_one_timestamp() {
        assert_eq!(items(&TIMESTAMP.repeat(2)), Err("wss.timestamp_multiple"));
    }

    #[test]
    fn there_is_one_username_token() {
        let token = "<wsse:UsernameToken><wsse:Username>a</wsse:Username></wsse:UsernameToken>";
        assert_eq!(items(token), Ok(()));
        assert_eq!(items(&token.repeat(2)), Err("wss.multiple_username_tokens"));
    }

    #[test]
    fn signatures_are_counted() {
        let most = usize::from(Limits::default().signatures);
        assert_eq!(items(&"<ds:Signature/>".repeat(most)), Ok(()));
        assert_eq!(
            items(&"<ds:Signature/>".repeat(most + 1)),
            Err("limit.signatures")
        );
    }

    #[test]
    fn what_may_be_taken_for_the_id_is_refused() {
        assert_eq!(code("<wsse:Security Id='a'/>"), Err("wss.attribute"));
        assert_eq!(code("<wsse:Security wsu:Id='a' mustUnderstand='1'/>"), Ok(()));
    }

    #[test]
    fn encrypted_content_that_is_left_is_refused_and_keys_are_not() {
        let decrypted = |item: &str| {
            let envelope = envelope(&format!("<wsse:Security>{TIMESTAMP}{item}</wsse:Security>"));
            let header = Header::read(&envelope, &Roles::default(), &Limits::default()).unwrap();
            header.check_decrypted().map_err(|error| error.code())
        };
        assert_eq!(decrypted("<ds:Signature/><saml2:Assertion/>"), Ok(()));
        assert_eq!(decrypted("<xenc:EncryptedKey/><xenc:ReferenceList/>"), Ok(()));
        for left in ["<xenc:EncryptedData/>", "<saml2:EncryptedAssertion/>"] {
            assert_eq!(decrypted(left), Err("wss.unsupported_encryption"), "{left}");
        }
    }
}
