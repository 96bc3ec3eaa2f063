use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::Version;
use crate::soap::addressing;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::is_ncname;
use crate::xml::quoted;

/// The role of the last receiver, which we play.
const ULTIMATE_RECEIVER: &str = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
/// The role that nobody plays (SOAP 1.2 Part 1 §2.2).
const NONE: &str = "http://www.w3.org/2003/05/soap-envelope/role/none";

/// One element of the Header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeaderBlock<'d> {
    element: Element<'d>,
    version: Version,
}

impl<'d> HeaderBlock<'d> {
    pub(super) fn new(element: Element<'d>, version: Version) -> Self {
        Self { element, version }
    }

    /// The element.
    pub fn element(self) -> Element<'d> {
        self.element
    }

    /// For whom it is: the value of `actor` (SOAP 1.1) or `role` (SOAP 1.2), as written.
    pub fn role(self) -> Option<Cow<'d, str>> {
        let (namespace, name) = (self.version.namespace(), self.version.role_attribute());
        self.element.attribute_ns(namespace, name)
    }

    /// Whether a receiver that it is for must understand it or refuse the message.
    pub fn must_understand(self) -> bool {
        matches!(self.must_understand_value().as_deref(), Some("1" | "true"))
    }

    /// Whether it is for one who plays `roles`.
    pub fn targets(self, roles: &Roles) -> bool {
        roles.include(self.version, self.role().as_deref())
    }

    /// Whether it is for the last receiver, and for nobody on the way: one for the next receiver is for whoever that is.
    pub fn is_for_last_receiver(self) -> bool {
        let role = self.role();
        let role = role.as_deref().unwrap_or_default();
        role.is_empty() || self.version == Version::Soap12 && role == ULTIMATE_RECEIVER
    }

    fn must_understand_value(self) -> Option<Cow<'d, str>> {
        self.element
            .attribute_ns(self.version.namespace(), "mustUnderstand")
    }
}

/// The roles that we play: the last receiver always, the next one always, and those that were configured.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Roles {
    further: Vec<String>,
}

impl Roles {
    /// The roles of the last receiver and `further` ones, by their URIs.
    pub fn new(further: Vec<String>) -> Self {
        Self { further }
    }

    /// Whether a header block with this `actor` or `role` is for us. One without is for the last receiver; so is
    /// one with an empty value, so that no reader takes for its own what we took for somebody else's.
    pub fn include(&self, version: Version, role: Option<&str>) -> bool {
        let Some(role) = role.filter(|role| !role.is_empty()) else {
            return true;
        };
        let soap12 = version == Version::Soap12;
        if soap12 && role == NONE {
            return false;
        }
        role == version.next()
            || soap12 && role == ULTIMATE_RECEIVER
            || self.further.iter().any(|further| further == role)
    }
}

/// The expanded name of a header block, or of another element of a message.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QName {
    /// The namespace.
    pub namespace: String,
    /// The name in it.
    pub local: String,
}

impl QName {
    /// Reads `{namespace}local`, or `local` for a name without namespace; `None` for what is neither.
    ///
    /// ```
    /// let name = sealgate::soap::QName::parse("{urn:example:orders}PlaceOrder").unwrap();
    /// assert_eq!(name.namespace, "urn:example:orders");
    /// assert_eq!(name.to_string(), "{urn:example:orders}PlaceOrder");
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, local) = match text.strip_prefix('{') {
            Some(rest) => rest.split_once('}')?,
            None => ("", text),
        };
        is_ncname(local).then(|| Self {
            namespace: namespace.to_owned(),
            local: local.to_owned(),
        })
    }
}

impl fmt::Display for QName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}{}", self.namespace, self.local)
    }
}

/// A header block that a message says must be understood and that we do not. Made only by
/// [`Envelope::check_understood`](crate::soap::Envelope::check_understood): a fault may name it and nothing else of the message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotUnderstood {
    namespace: String,
    local: String,
}

impl NotUnderstood {
    pub(super) fn new(element: Element<'_>) -> Self {
        Self {
            namespace: element.namespace().to_owned(),
            local: element.local_name().to_owned(),
        }
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name in the namespace.
    pub fn local(&self) -> &str {
        &self.local
    }
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", quoted(&self.local), quoted(&self.namespace))
    }
}

/// Whether we read header blocks of that name.
pub(super) fn is_understood(block: &HeaderBlock<'_>, further: &[QName]) -> bool {
    let element = block.element;
    element.is(Namespace::WSSE, "Security")
        || addressing::is_read(element)
        || further
            .iter()
            .any(|name| name.local == element.local_name() && name.namespace == element.namespace())
}

/// Refuses what cannot be a header block, or leaves open whether it must be understood.
pub(super) fn check(block: HeaderBlock<'_>) -> Result<(), Error> {
    let element = block.element;
    if element.namespace().is_empty() {
        let name = element.name().to_owned();
        return Err(Error::at(ErrorKind::UnqualifiedHeader(name), element));
    }
    match block.must_understand_value() {
        None => Ok(()),
        Some(value) => match (value.as_ref(), block.version) {
            ("0" | "1", _) | ("false" | "true", Version::Soap12) => Ok(()),
            (other, _) => Err(Error::at(
                ErrorKind::MustUnderstandValue(other.to_owned()),
                element,
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;
    use crate::soap::Envelope;
    use crate::xml::Limits;

    fn parse(version: Version, blocks: &str) -> Result<Envelope, Error> {
        let text = format!(
            "<s:Envelope xmlns:s='{}' xmlns:x='urn:x' xmlns:wsse='{}' xmlns:wsa='{}'><s:Header>{blocks}</s:Header><s:Body/></s:Envelope>",
            version.namespace().uri(),
            Namespace::WSSE.uri(),
            Namespace::WSA.uri()
        );
        Envelope::parse(text.into(), &Limits::default())
    }

    fn understood(version: Version, blocks: &str) -> Result<(), Error> {
        let further = QName {
            namespace: "urn:x".to_owned(),
            local: "Known".to_owned(),
        };
        let roles = Roles::new(vec!["urn:us".to_owned()]);
        parse(version, blocks)
            .unwrap()
            .check_understood(&roles, &[further])
    }

    #[test]
    fn must_understand_is_a_truth_value_of_its_version() {
        let value = |version, value: &str| {
            parse(version, &format!("<x:A s:mustUnderstand='{value}'/>"))
                .map(|envelope| envelope.header_blocks().next().unwrap().must_understand())
                .map_err(|error| error.code())
        };
        for version in [Version::Soap11, Version::Soap12] {
            assert_eq!(value(version, "1"), Ok(true));
            assert_eq!(value(version, "0"), Ok(false));
            for bad in ["", "yes", "TRUE", " 1", "01"] {
                assert_eq!(value(version, bad), Err("soap.must_understand"), "{bad}");
            }
        }
        assert_eq!(value(Version::Soap12, "true"), Ok(true));
        assert_eq!(value(Version::Soap12, "false"), Ok(false));
        assert_eq!(value(Version::Soap11, "true"), Err("soap.must_understand"));
        assert_eq!(value(Version::Soap11, "false"), Err("soap.must_understand"));
    }

    #[test]
    fn a_block_is_for_us_by_the_roles_of_its_version() {
        let roles = Roles::new(vec!["urn:us".to_owned(), NONE.to_owned()]);
        let (next11, next12) = (Version::Soap11.next(), Version::Soap12.next());
        for (version, role, ours) in [
            (Version::Soap11, next11, true),
            (Version::Soap11, next12, false),
            (Version::Soap11, ULTIMATE_RECEIVER, false),
            (Version::Soap12, next12, true),
            (Version::Soap12, next11, false),
            (Version::Soap12, ULTIMATE_RECEIVER, true),
            (Version::Soap12, NONE, false),
            (Version::Soap11, "urn:us", true),
            (Version::Soap12, "urn:us", true),
            (Version::Soap11, "urn:them", false),
            (Version::Soap11, "", true),
        ] {
            assert_eq!(roles.include(version, Some(role)), ours, "{version} {role}");
        }
        assert!(roles.include(Version::Soap11, None));
        assert!(!Roles::default().include(Version::Soap11, Some("urn:us")));
    }

    #[test]
    fn the_role_is_read_from_the_attribute_of_its_version() {
        let role = |version, attribute: &str| {
            let envelope = parse(version, &format!("<x:A xmlns:o='urn:o' {attribute}='urn:r'/>")).unwrap();
            let block = envelope.header_blocks().next().unwrap();
            block.role().map(Cow::into_owned)
        };
        assert_eq!(role(Version::Soap11, "s:actor").as_deref(), Some("urn:r"));
        assert_eq!(role(Version::Soap12, "s:role").as_deref(), Some("urn:r"));
        for (version, attribute) in [
            (Version::Soap11, "s:role"),
            (Version::Soap12, "s:actor"),
            (Version::Soap11, "actor"),
            (Version::Soap11, "o:actor"),
        ] {
            assert_eq!(role(version, attribute), None, "{version} {attribute}");
        }
    }

    #[test]
    fn what_we_read_is_understood() {
        for block in [
            "<wsse:Security s:mustUnderstand='1'/>",
            "<wsa:To s:mustUnderstand='1'>urn:a</wsa:To>",
            "<x:Known s:mustUnderstand='1'/>",
            "<x:Unknown/>",
            "<x:Unknown s:mustUnderstand='0'/>",
        ] {
            assert!(understood(Version::Soap11, block).is_ok(), "{block}");
        }
        assert!(
            understood(
                Version::Soap11,
                "<x:Unknown s:actor='urn:them' s:mustUnderstand='1'/>"
            )
            .is_ok()
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let blocks = "<x:Unknown s:mustUnderstand='1'/><x:Other/><wsse:Known s:mustUnderstand='1'/>";
        let error = understood(Version::Soap12, blocks).unwrap_err();
        assert_eq!(error.code(), "soap.must_understand");
        let ErrorKind::NotUnderstood(names) = error.kind() else {
            panic!("{error:?}");
        };
        let names: Vec<&str> = names.iter().map(NotUnderstood::local).collect();
        assert_eq!(names, ["Unknown", "Known"]);
    }

    #[test]
    fn only_so_many_are_named() {
        let error = understood(Version::Soap11, &"<x:A s:mustUnderstand='1'/>".repeat(40)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotUnderstood(names) if names.len() == 16));
    }

    #[test]
    fn what_is_for_us_by_any_role_must_be_understood() {
        let next = Version::Soap11.next();
        for role in [next, "urn:us", ""] {
            let block = format!("<x:Unknown s:actor='{role}' s:mustUnderstand='1'/>");
            assert!(understood(Version::Soap11, &block).is_err(), "{role}");
        }
    }
}
