/// A namespace name, interned in one document; the constants mean the same in every document.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Namespace(pub(super) u16);

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident = $index:literal, $uri:literal;)*) => {
        impl Namespace {
            $($(#[$doc])* pub const $name: Self = Self($index);)*

            /// The names of the constants, in the order of their numbers.
            pub(super) const KNOWN: &'static [&'static str] = &[$($uri),*];
        }

        #[cfg(test)]
        const ORDER: &[(u16, &str)] = &[$(($index, $uri)),*];
    };
}

known! {
    /// No namespace.
    NONE = 0, "";
    /// `xml:`.
    XML = 1, "http://www.w3.org/XML/1998/namespace";
    /// `xmlns:`.
    XMLNS = 2, "http://www.w3.org/2000/xmlns/";
    /// SOAP 1.1 envelope.
    SOAP11 = 3, "http://schemas.xmlsoap.org/soap/envelope/";
    /// SOAP 1.2 envelope.
    SOAP12 = 4, "http://www.w3.org/2003/05/soap-envelope";
    /// WS-Security 1.0 extension.
    WSSE = 5, "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    /// WS-Security utility.
    WSU = 6, "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    /// WS-Security 1.1 extension.
    WSSE11 = 7, "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd";
    /// XML Signature.
    DS = 8, "http://www.w3.org/2000/09/xmldsig#";
    /// XML Signature 1.1.
    DSIG11 = 9, "http://www.w3.org/2009/xmldsig11#";
    /// Exclusive canonicalization.
    EXC_C14N = 10, "http://www.w3.org/2001/10/xml-exc-c14n#";
    /// XML Encryption.
    XENC = 11, "http://www.w3.org/2001/04/xmlenc#";
    /// XML Encryption 1.1.
    XENC11 = 12, "http://www.w3.org/2009/xmlenc11#";
    /// SAML 2.0 assertions.
    SAML2 = 13, "urn:oasis:names:tc:SAML:2.0:assertion";
    /// SAML 2.0 protocol.
    SAMLP = 14, "urn:oasis:names:tc:SAML:2.0:protocol";
    /// SAML 2.0 metadata.
    MD = 15, "urn:oasis:names:tc:SAML:2.0:metadata";
    /// SAML 1.x assertions.
    SAML1 = 16, "urn:oasis:names:tc:SAML:1.0:assertion";
    /// SAML 1.x protocol.
    SAMLP1 = 17, "urn:oasis:names:tc:SAML:1.0:protocol";
    /// WS-Addressing 1.0.
    WSA = 18, "http://www.w3.org/2005/08/addressing";
    /// WS-Addressing of August 2004.
    WSA2004 = 19, "http://schemas.xmlsoap.org/ws/2004/08/addressing";
    /// XML Schema instance.
    XSI = 20, "http://www.w3.org/2001/XMLSchema-instance";
    /// XML Schema.
    XS = 21, "http://www.w3.org/2001/XMLSchema";
    /// WS-Trust 1.3.
    WST = 22, "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
    /// WS-SecureConversation 1.3.
    WSC = 23, "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512";
    /// XOP includes.
    XOP = 24, "http://www.w3.org/2004/08/xop/include";
    /// Additional algorithms of XML Security (RFC 9231).
    DSIG_MORE = 25, "http://www.w3.org/2007/05/xmldsig-more#";
}

impl Namespace {
    /// The constant for `uri`, if it is one that we know.
    pub fn known(uri: &str) -> Option<Self> {
        let index = Self::KNOWN.iter().position(|known| *known == uri)?;
        u16::try_from(index).ok().map(Self)
    }

    pub(crate) const fn number(self) -> u16 {
        self.0
    }

    /// The namespace name of a constant; of others only the document knows it, and this is empty.
    pub fn uri(self) -> &'static str {
        Self::KNOWN.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_stand_at_their_index() {
        for (position, (index, uri)) in ORDER.iter().enumerate() {
            assert_eq!(position, usize::from(*index), "{uri}");
            assert_eq!(Namespace::known(uri), Some(Namespace(*index)));
        }
    }
}
