//! WS-Addressing message properties (1.0, and the submission of August 2004), as read.

use std::borrow::Cow;

use crate::soap::Envelope;
use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::Roles;
use crate::xml::Element;
use crate::xml::Namespace;

/// The version of WS-Addressing that a message speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressingVersion {
    /// WS-Addressing 1.0 (W3C, 2006).
    Wsa10,
    /// The submission of August 2004.
    Wsa200408,
}

impl AddressingVersion {
    fn of(element: Element<'_>) -> Option<Self> {
        match element.namespace_id() {
            Namespace::WSA => Some(Self::Wsa10),
            Namespace::WSA2004 => Some(Self::Wsa200408),
            _ => None,
        }
    }

    /// The namespace of its headers.
    pub const fn namespace(self) -> Namespace {
        match self {
            Self::Wsa10 => Namespace::WSA,
            Self::Wsa200408 => Namespace::WSA2004,
        }
    }

    fn reply_address(self, address: &str) -> Option<ReplyAddress> {
        match (self, address) {
            (Self::Wsa10, "http://www.w3.org/2005/08/addressing/anonymous")
            | (Self::Wsa200408, "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous") => {
                Some(ReplyAddress::Anonymous)
            }
            (Self::Wsa10, "http://www.w3.org/2005/08/addressing/none") => Some(ReplyAddress::None),
            _ => None,
        }
    }
}

/// Where an answer may go: nowhere that a message could choose (T115).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReplyAddress {
    /// Back over the connection that the message came by.
    Anonymous,
    /// Nowhere: no answer is wanted.
    None,
}

/// The value of a message property and the header block that it stands in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Property<'d, T> {
    /// The header block.
    pub element: Element<'d>,
    /// The value; of URIs every character, nothing trimmed (T41).
    pub value: T,
}

type Uri<'d> = Property<'d, Cow<'d, str>>;

/// The WS-Addressing headers of a message that are for us. None of them is verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addressing<'d> {
    version: AddressingVersion,
    elements: Vec<Element<'d>>,
    to: Option<Uri<'d>>,
    action: Option<Uri<'d>>,
    message_id: Option<Uri<'d>>,
    relates_to: Option<Uri<'d>>,
    reply_to: Option<Property<'d, ReplyAddress>>,
    fault_to: Option<Property<'d, ReplyAddress>>,
}

/// The headers that are read. From is looked at no further.
const READ: [&str; 7] = [
    "To",
    "From",
    "Action",
    "MessageID",
    "RelatesTo",
    "ReplyTo",
    "FaultTo",
];

/// Whether `element` is a WS-Addressing header that is read.
pub(super) fn is_read(element: Element<'_>) -> bool {
    AddressingVersion::of(element).is_some() && READ.contains(&element.local_name())
}

impl<'d> Addressing<'d> {
    /// Reads the headers that are for one who plays `roles`; `None` if there are none.
    ///
    /// # Errors
    /// Headers of two versions, one that stands twice, a property that is empty or interrupted by a comment, and
    /// a ReplyTo or FaultTo with any address but the anonymous one and none, or with reference parameters.
    pub fn read(envelope: &'d Envelope, roles: &Roles) -> Result<Option<Self>, Error> {
        let blocks = envelope.header_blocks().filter(|block| block.targets(roles));
        let mut found: Option<Self> = None;
        for element in blocks.map(|block| block.element()) {
            let Some(version) = AddressingVersion::of(element) else {
                continue;
            };
            let addressing = found.get_or_insert_with(|| Self::empty(version));
            if addressing.version != version {
                return Err(Error::at(ErrorKind::AddressingMixed, element));
            }
            addressing.add(element)?;
        }
        Ok(found)
    }

    fn empty(version: AddressingVersion) -> Self {
        Self {
            version,
            elements: Vec::new(),
            to: None,
            action: None,
            message_id: None,
            relates_to: None,
            reply_to: None,
            fault_to: None,
        }
    }

    fn add(&mut self, element: Element<'d>) -> Result<(), Error> {
        let name = element.local_name();
        let same = |earlier: &Element<'d>| earlier.local_name() == name;
        if READ.contains(&name) && self.elements.iter().any(same) {
            return Err(Error::at(
                ErrorKind::AddressingDuplicate(element.name().to_owned()),
                element,
            ));
        }
        self.elements.push(element);
        match name {
            "To" => self.to = Some(uri(element)?),
            "Action" => self.action = Some(uri(element)?),
            "MessageID" => self.message_id = Some(uri(element)?),
            "RelatesTo" => self.relates_to = Some(uri(element)?),
            "ReplyTo" => self.reply_to = Some(reply_address(element, self.version)?),
            "FaultTo" => self.fault_to = Some(reply_address(element, self.version)?),
            _ => {}
        }
        Ok(())
    }

    /// The version.
    pub fn version(&self) -> AddressingVersion {
        self.version
    }

    /// All header blocks in its namespace that are for us, also those that are not read; a policy may want them signed.
    pub fn elements(&self) -> &[Element<'d>] {
        &self.elements
    }

    /// Where the message was sent to.
    pub fn to(&self) -> Option<&Uri<'d>> {
        self.to.as_ref()
    }

    /// What the message means to the service.
    pub fn action(&self) -> Option<&Uri<'d>> {
        self.action.as_ref()
    }

    /// The name of the message.
    pub fn message_id(&self) -> Option<&Uri<'d>> {
        self.message_id.as_ref()
    }

    /// The name of the message that it answers.
    pub fn relates_to(&self) -> Option<&Uri<'d>> {
        self.relates_to.as_ref()
    }

    /// Where the answer goes.
    pub fn reply_to(&self) -> Option<&Property<'d, ReplyAddress>> {
        self.reply_to.as_ref()
    }

    /// Where a fault goes.
    pub fn fault_to(&self) -> Option<&Property<'d, ReplyAddress>> {
        self.fault_to.as_ref()
    }
}

fn uri(element: Element<'_>) -> Result<Uri<'_>, Error> {
    let text = element.text()?;
    if text.interrupted {
        return Err(bad(element, "a comment or processing instruction stands in it"));
    }
    if text.value.is_empty() {
        return Err(bad(element, "it is empty"));
    }
    Ok(Property {
        element,
        value: text.value,
    })
}

/// Reads an endpoint reference that may only say where answers go anyway.
fn reply_address(
    element: Element<'_>,
    version: AddressingVersion,
) -> Result<Property<'_, ReplyAddress>, Error> {
    let namespace = version.namespace();
    let mut addresses = element.children().filter(|child| child.is(namespace, "Address"));
    let (Some(address), None) = (addresses.next(), addresses.next()) else {
        return Err(bad(element, "it has not one Address"));
    };
    let carried = ["ReferenceParameters", "ReferenceProperties"];
    let carries =
        |child: &Element<'_>| child.namespace_id() == namespace && carried.contains(&child.local_name());
    if element.children().any(|child| carries(&child)) {
        return Err(bad(element, "it wants headers copied into the answer"));
    }
    let address = uri(address)?.value;
    match version.reply_address(&address) {
        Some(value) => Ok(Property { element, value }),
        None => Err(Error::at(ErrorKind::ReplyTo(address.into_owned()), element)),
    }
}

fn bad(element: Element<'_>, why: &'static str) -> Error {
    Error::at(ErrorKind::Addressing(element.name().to_owned(), why), element)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Limits;

    const NAMESPACES: [Namespace; 2] = [Namespace::WSA, Namespace::WSA2004];

    fn with<T>(
        wsa: Namespace,
        blocks: &str,
        look: impl FnOnce(Option<Addressing<'_>>) -> T,
    ) -> Result<T, Error> {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:a='{}' xmlns:o='{}'><s:Header>{blocks}</s:Header><s:Body/></s:Envelope>",
            Namespace::SOAP12.uri(),
            wsa.uri(),
            Namespace::WSA2004.uri()
        );
        let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
        Addressing::read(&envelope, &Roles::default()).map(look)
    }

    fn code(wsa: Namespace, blocks: &str) -> &'static str {
        with(wsa, blocks, |_| ()).unwrap_err().code()
    }

    fn reply(address: &str) -> String {
        format!("<a:ReplyTo><a:Address>{address}</a:Address></a:ReplyTo>")
    }

    #[test]
    fn properties_are_read() {
        for wsa in NAMESPACES {
            let blocks = "<a:Action> urn:a </a:Action><a:To>urn:t</a:To><a:MessageID>urn:m&amp;1</a:MessageID>\
                          <a:RelatesTo>urn:r</a:RelatesTo><a:From><a:Address>urn:f</a:Address></a:From>\
                          <a:Else/><x xmlns='urn:x'/>";
            with(wsa, blocks, |addressing| {
                let addressing = addressing.unwrap();
                assert_eq!(addressing.version().namespace(), wsa);
                assert_eq!(addressing.action().unwrap().value, " urn:a ");
                assert_eq!(addressing.to().unwrap().value, "urn:t");
                assert_eq!(addressing.message_id().unwrap().value, "urn:m&1");
                assert_eq!(addressing.message_id().unwrap().element.local_name(), "MessageID");
                assert_eq!(addressing.relates_to().unwrap().value, "urn:r");
                assert_eq!(addressing.elements().len(), 6);
            })
            .unwrap();
        }
        assert!(with(Namespace::WSA, "<x xmlns='urn:x'/>", |found| found.is_none()).unwrap());
    }

    #[test]
    fn headers_for_others_are_not_read() {
        let blocks =
            "<a:To s:role='urn:other'>urn:t</a:To><a:Action>urn:a</a:Action><a:Action s:role='urn:other'/>";
        with(Namespace::WSA, blocks, |addressing| {
            let addressing = addressing.unwrap();
            assert_eq!(addressing.to(), None);
            assert_eq!(addressing.elements().len(), 1);
        })
        .unwrap();
    }

    #[test]
    fn no_header_stands_twice() {
        for name in READ {
            let once = match name {
                "ReplyTo" | "FaultTo" | "From" => {
                    reply("http://www.w3.org/2005/08/addressing/anonymous").replace("ReplyTo", name)
                }
                _ => format!("<a:{name}>urn:a</a:{name}>"),
            };
            assert!(with(Namespace::WSA, &once, |_| ()).is_ok(), "{name}");
            assert_eq!(
                code(Namespace::WSA, &once.repeat(2)),
                "soap.addressing_duplicate",
                "{name}"
            );
        }
    }

    #[test]
    fn versions_are_not_mixed() {
        assert_eq!(
            code(Namespace::WSA, "<a:To>urn:a</a:To><o:Action>urn:a</o:Action>"),
            "soap.addressing_mixed"
        );
    }

    #[test]
    fn properties_are_whole_texts() {
        for name in ["To", "Action", "MessageID", "RelatesTo"] {
            let content = |content: &str| code(Namespace::WSA, &format!("<a:{name}>{content}</a:{name}>"));
            assert_eq!(content(""), "soap.addressing");
            assert_eq!(content("urn:<!-- -->a"), "soap.addressing");
            assert_eq!(content("urn:<?b?>a"), "soap.addressing");
            assert_eq!(content("urn:<b/>a"), "xml.element_in_text");
        }
    }

    #[test]
    fn answers_go_back_or_nowhere() {
        let anonymous = "http://www.w3.org/2005/08/addressing/anonymous";
        let none = "http://www.w3.org/2005/08/addressing/none";
        let old = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
        let address = |wsa, uri: &str| {
            with(wsa, &reply(uri), |found| found.unwrap().reply_to().unwrap().value)
                .map_err(|error| error.code())
        };
        assert_eq!(address(Namespace::WSA, anonymous), Ok(ReplyAddress::Anonymous));
        assert_eq!(address(Namespace::WSA, none), Ok(ReplyAddress::None));
        assert_eq!(address(Namespace::WSA2004, old), Ok(ReplyAddress::Anonymous));
        for (wsa, uri) in [
            (Namespace::WSA, "http://attacker.example/"),
            (Namespace::WSA, old),
            (Namespace::WSA, " http://www.w3.org/2005/08/addressing/anonymous"),
            (Namespace::WSA2004, anonymous),
            (Namespace::WSA2004, none),
        ] {
            assert_eq!(address(wsa, uri), Err("soap.reply_to"), "{uri}");
            let fault_to = reply(uri).replace("ReplyTo", "FaultTo");
            assert_eq!(code(wsa, &fault_to), "soap.reply_to", "{uri}");
        }
    }

    #[test]
    fn an_endpoint_has_one_address_and_nothing_to_copy() {
        let one = "<a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address>";
        for content in [
            String::new(),
            one.repeat(2),
            format!("{one}<a:ReferenceParameters/>"),
            format!("{one}<a:ReferenceProperties/>"),
            "<Address xmlns=''>urn:a</Address>".to_owned(),
        ] {
            let block = format!("<a:FaultTo>{content}</a:FaultTo>");
            assert_eq!(code(Namespace::WSA, &block), "soap.addressing", "{content}");
        }
        let metadata = format!("<a:FaultTo>{one}<a:Metadata/></a:FaultTo>");
        assert!(with(Namespace::WSA, &metadata, |_| ()).is_ok());
    }
}
