//! WS-SecureConversation, of which nothing is read: what is of it is told as such.

use super::{Error, ErrorKind};
use crate::xml::{Element, Namespace};

/// Refuses a token from which keys would be derived, and a reference from whose key one would be: it has attributes of a DerivedKeyToken
/// (WS-SecureConversation 1.3 §7.4).
///
/// # Errors
/// `wss.secure_conversation`.
pub(super) fn refuse_secure_conversation(element: Element<'_>) -> Result<(), Error> {
    let is_of = |namespace| NAMESPACES.contains(&namespace);
    let is_token = matches!(element.local_name(), "DerivedKeyToken" | "SecurityContextToken")
        && is_of(element.namespace());
    let derives = element.is(Namespace::WSSE, "SecurityTokenReference")
        && element.attributes().any(|attribute| is_of(attribute.namespace()));
    if is_token || derives {
        let kind = ErrorKind::SecureConversation(element.name().to_owned());
        return Err(Error::at(kind, element));
    }
    Ok(())
}

/// WS-SecureConversation 1.3 and the drafts before it.
pub(super) const NAMESPACES: [&str; 3] = [
    "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512",
    "http://schemas.xmlsoap.org/ws/2005/02/sc",
    "http://schemas.xmlsoap.org/ws/2004/04/sc",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::soap::{Envelope, Roles};
    use crate::wss::EncryptedParts;
    use crate::xml::Limits;

    #[test]
    fn keys_that_are_derived_from_an_encrypted_one_are_named_as_such() {
        let namespace = NAMESPACES[0];
        let code = |blocks: &str| {
            let text = format!(
                "<s:Envelope xmlns:s='{}' xmlns:wsse='{}' xmlns:ds='{}' xmlns:xenc='{}'>\
                 <s:Header>{blocks}</s:Header><s:Body/></s:Envelope>",
                Namespace::SOAP11.uri(),
                Namespace::WSSE.uri(),
                Namespace::DS.uri(),
                Namespace::XENC.uri(),
            );
            let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
            let found = EncryptedParts::find(&envelope, &Roles::default());
            found.map(|found| found.is_some()).map_err(|error| error.code())
        };
        for (attribute, content) in [
            ("", "<wsse:Embedded><c:DerivedKeyToken/></wsse:Embedded>"),
            ("c:Nonce='AAECAw=='", ""),
        ] {
            let reference = format!(
                "<wsse:SecurityTokenReference xmlns:c='{namespace}' {attribute}>{content}</wsse:SecurityTokenReference>"
            );
            let info = format!("<ds:KeyInfo>{reference}</ds:KeyInfo>");
            let signature = format!(
                "<wsse:Security><xenc:EncryptedKey/><ds:Signature>{info}</ds:Signature></wsse:Security>"
            );
            assert_eq!(code(&signature), Err("wss.secure_conversation"), "{signature}");
            let data = |info: &str| {
                format!(
                    "<wsse:Security><xenc:ReferenceList><xenc:DataReference URI='#data'/></xenc:ReferenceList>\
                     </wsse:Security><b:a xmlns:b='urn:b'><xenc:EncryptedData Id='data'>{info}</xenc:EncryptedData></b:a>"
                )
            };
            assert_eq!(code(&data(&info)), Err("wss.secure_conversation"));
            assert_eq!(code(&data("<ds:KeyInfo/>")), Ok(true));
        }
    }
}
