use std::borrow::Cow;

use bytes::Bytes;

use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::HeaderBlock;
use crate::soap::NotUnderstood;
use crate::soap::QName;
use crate::soap::Roles;
use crate::soap::Version;
use crate::soap::header_block;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;

/// A SOAP message as it was read: well-formed, of a known version, with one Body. Nothing in it is verified.
#[derive(Debug)]
pub struct Envelope {
    document: Document,
    version: Version,
}

/// How many header blocks that are not understood are named.
const MOST_NAMED: usize = 16;

impl Envelope {
    /// Reads a message, whole.
    ///
    /// # Errors
    /// What [`Document::parse`] refuses, and anything but an Envelope with one Header at most and one Body.
    ///
    /// ```
    /// use sealgate::soap::{Envelope, Version};
    /// use sealgate::xml::Limits;
    ///
    /// let message = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>"#;
    /// let envelope = Envelope::parse(message.into(), &Limits::default())?;
    /// assert_eq!(envelope.version(), Version::Soap12);
    /// # Ok::<(), sealgate::soap::Error>(())
    /// ```
    pub fn parse(input: Bytes, limits: &Limits) -> Result<Self, Error> {
        Self::from_document(Document::parse(input, limits)?)
    }

    /// Takes a document as a message.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn from_document(document: Document) -> Result<Self, Error> {
        let version = check(&document)?;
        Ok(Self { document, version })
    }

    /// The document that it is.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The document that it was.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Its SOAP version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The Envelope element.
    pub fn root(&self) -> Element<'_> {
        self.document.root()
    }

    /// The Header.
    pub fn header(&self) -> Option<Element<'_>> {
        self.root().child(self.version.namespace(), "Header")
    }

    /// The Body.
    pub fn body(&self) -> Element<'_> {
        let body = self.root().child(self.version.namespace(), "Body");
        // `check` found one; the root stands in for a Body that cannot be missing.
        body.unwrap_or(self.root())
    }

    /// What the Header holds, in order.
    pub fn header_blocks(&self) -> impl Iterator<Item = HeaderBlock<'_>> {
        let blocks = self.header().into_iter().flat_map(Element::children);
        blocks.map(|element| HeaderBlock::new(element, self.version))
    }

    /// Checks that it is of the version whose media type the transport names, if it names one: who reads by the one must not
    /// differ from who reads by the other.
    ///
    /// # Errors
    /// [`ErrorKind::OtherVersion`].
    pub fn check_version(&self, transport: Option<Version>) -> Result<(), Error> {
        match transport {
            Some(named) if named != self.version => {
                Err(Error::at(ErrorKind::OtherVersion(named), self.root()))
            }
            _ => Ok(()),
        }
    }

    /// Checks that every header block for us that must be understood is: `wsse:Security`, the WS-Addressing headers
    /// that we read, and those that `further` names (T121).
    ///
    /// # Errors
    /// The others, by name, as [`ErrorKind::NotUnderstood`]; the first 16 of them.
    pub fn check_understood(&self, roles: &Roles, further: &[QName]) -> Result<(), Error> {
        self.refuse_headers(|block| block.targets(roles) && !header_block::is_understood(block, further))
    }

    /// Checks that no header block, whomever it is for, must be understood: for those who read none.
    ///
    /// # Errors
    /// As [`check_understood`](Self::check_understood).
    pub fn check_nothing_to_understand(&self) -> Result<(), Error> {
        self.refuse_headers(|_| true)
    }

    fn refuse_headers(&self, refused: impl Fn(&HeaderBlock<'_>) -> bool) -> Result<(), Error> {
        let mut unknown = self
            .header_blocks()
            .filter(|block| block.must_understand() && refused(block));
        let Some(first) = unknown.next() else {
            return Ok(());
        };
        // A name may be long, and all blocks may share it.
        let names = std::iter::once(first)
            .chain(unknown)
            .take(MOST_NAMED)
            .map(|block| NotUnderstood::new(block.element()));
        Err(Error::at(
            ErrorKind::NotUnderstood(names.collect()),
            first.element(),
        ))
    }
}

/// Finds the version and refuses all that is not as SOAP 1.1 §4 and SOAP 1.2 Part 1 §5 have it. Neither trailing
/// elements, which SOAP 1.1 would allow, nor Envelopes inside are of any use that is worth the confusion.
fn check(document: &Document) -> Result<Version, Error> {
    let root = document.root();
    let version = version_of(root)?;
    let body = children(root, version)?;
    let header = root.child(version.namespace(), "Header");
    for element in [Some(root), header, Some(body)].into_iter().flatten() {
        if let Some(position) = element.stray_text() {
            return Err(Error::at_position(ErrorKind::Text, position));
        }
        if element
            .attribute_ns(version.namespace(), "encodingStyle")
            .is_some()
        {
            return Err(Error::at(ErrorKind::EncodingStyle, element));
        }
    }
    for block in header.into_iter().flat_map(Element::children) {
        header_block::check(HeaderBlock::new(block, version))?;
    }
    for element in root.descendants().skip(1) {
        if is_envelope(element) {
            return Err(Error::at(ErrorKind::NestedEnvelope, element));
        }
        // Whoever resolves it later would put something there that nobody verified (T117).
        if element.is(Namespace::XOP, "Include") {
            let why = "it stands in a message that is no XOP package, or in what was to take its place";
            let href = element.attribute("href").map(Cow::into_owned);
            return Err(Error::at(ErrorKind::XopInclude { why, href }, element));
        }
    }
    Ok(version)
}

fn version_of(root: Element<'_>) -> Result<Version, Error> {
    if root.local_name() != "Envelope" || root.namespace().is_empty() {
        return Err(Error::at(ErrorKind::NotAnEnvelope(root.name().to_owned()), root));
    }
    let unknown = || Error::at(ErrorKind::Version(root.namespace().to_owned()), root);
    Version::of(root.namespace_id()).ok_or_else(unknown)
}

/// Checks what stands directly in the Envelope, and gives the Body.
fn children(root: Element<'_>, version: Version) -> Result<Element<'_>, Error> {
    let (mut header, mut body, mut other) = (None, None, None);
    let mut late_header = None;
    for child in root.children() {
        if child.is(version.namespace(), "Header") {
            if header.replace(child).is_some() {
                return Err(Error::at(ErrorKind::MultipleHeaders, child));
            }
            if body.is_some() {
                late_header = Some(child);
            }
        } else if child.is(version.namespace(), "Body") {
            if body.replace(child).is_some() {
                return Err(Error::at(ErrorKind::MultipleBodies, child));
            }
        } else if other.is_none() {
            other = Some(child);
        }
    }
    let body = body.ok_or_else(|| Error::at(ErrorKind::BodyMissing, root))?;
    if let Some(other) = other {
        let name = other.name().to_owned();
        return Err(Error::at(ErrorKind::UnexpectedElement(name), other));
    }
    late_header.map_or(Ok(body), |header| Err(Error::at(ErrorKind::HeaderOrder, header)))
}

fn is_envelope(element: Element<'_>) -> bool {
    Version::of(element.namespace_id()).is_some() && element.local_name() == "Envelope"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const VERSIONS: [Version; 2] = [Version::Soap11, Version::Soap12];

    fn parse(version: Version, attributes: &str, content: &str) -> Result<Envelope, Error> {
        let text = format!(
            "<s:Envelope xmlns:s='{}' {attributes}>{content}</s:Envelope>",
            version.namespace().uri()
        );
        Envelope::parse(text.into(), &Limits::default())
    }

    fn code(version: Version, content: &str) -> &'static str {
        parse(version, "", content).unwrap_err().code()
    }

    #[test]
    fn header_and_body_are_found() {
        for version in VERSIONS {
            let text =
                " <!-- a --><s:Header>\n<a xmlns='urn:a'>x</a> </s:Header> <s:Body> <b/> <c/> </s:Body>\n";
            let envelope = parse(version, "", text).unwrap();
            assert_eq!(envelope.version(), version);
            assert_eq!(envelope.header().unwrap().local_name(), "Header");
            assert_eq!(envelope.body().local_name(), "Body");
            assert_eq!(envelope.header_blocks().count(), 1);
            let bare = parse(version, "", "<s:Body/>").unwrap();
            assert_eq!(bare.header(), None);
            assert_eq!(bare.header_blocks().count(), 0);
        }
    }

    #[test]
    fn only_an_envelope_of_a_known_version_is_one() {
        let code = |text: &str| {
            let input = Bytes::copy_from_slice(text.as_bytes());
            Envelope::parse(input, &Limits::default()).unwrap_err().code()
        };
        assert_eq!(code("<Envelope><Body/></Envelope>"), "soap.not_an_envelope");
        assert_eq!(code("<a/>"), "soap.not_an_envelope");
        assert_eq!(
            code("<envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body/></envelope>"),
            "soap.not_an_envelope"
        );
        assert_eq!(code("<Envelope xmlns='urn:a'><Body/></Envelope>"), "soap.version");
        assert_eq!(code("<a><b></a>"), "xml.mismatched_tag");
    }

    #[test]
    fn there_is_one_body_and_at_most_one_header_before_it() {
        for version in VERSIONS {
            assert_eq!(code(version, ""), "soap.body_missing");
            assert_eq!(code(version, "<s:Header/>"), "soap.body_missing");
            assert_eq!(code(version, "<Body/>"), "soap.body_missing");
            assert_eq!(code(version, "<s:Body/><s:Body/>"), "soap.multiple_bodies");
            assert_eq!(
                code(version, "<s:Header/><s:Header/><s:Body/>"),
                "soap.multiple_headers"
            );
            assert_eq!(
                code(version, "<s:Header/><s:Body/><s:Header/>"),
                "soap.multiple_headers"
            );
            assert_eq!(code(version, "<s:Body/><s:Header/>"), "soap.header_order");
        }
    }

    #[test]
    fn a_body_of_the_other_version_is_none() {
        let body = "<t:Body xmlns:t='http://www.w3.org/2003/05/soap-envelope'/>";
        assert_eq!(code(Version::Soap11, body), "soap.body_missing");
    }

    #[test]
    fn nothing_else_stands_in_the_envelope() {
        for version in VERSIONS {
            for content in [
                "<a xmlns='urn:a'/><s:Body/>",
                "<s:Header/><a/><s:Body/>",
                "<s:Body/><a xmlns='urn:a'/>",
                "<s:Body/><s:Other/>",
            ] {
                assert_eq!(code(version, content), "soap.unexpected_element", "{content}");
            }
        }
    }

    #[test]
    fn text_stands_nowhere_between_elements() {
        for content in [
            "a<s:Body/>",
            "<s:Header/>a<s:Body/>",
            "<s:Body/>a",
            "<s:Header>a</s:Header><s:Body/>",
            "<s:Header><a xmlns='urn:a'/>a</s:Header><s:Body/>",
            "<s:Body>a</s:Body>",
            "<s:Body><a/>&#65;</s:Body>",
            "<s:Body><![CDATA[ ]]></s:Body>",
        ] {
            assert_eq!(code(Version::Soap12, content), "soap.text", "{content}");
        }
    }

    #[test]
    fn an_envelope_inside_is_refused_wherever_it_stands() {
        let inner = "<t:Envelope xmlns:t='http://schemas.xmlsoap.org/soap/envelope/'/>";
        for version in VERSIONS {
            let in_body = format!("<s:Body><a><b>{inner}</b></a></s:Body>");
            assert_eq!(code(version, &in_body), "soap.nested_envelope");
            let in_header = format!("<s:Header><a xmlns='urn:a'>{inner}</a></s:Header><s:Body/>");
            assert_eq!(code(version, &in_header), "soap.nested_envelope");
        }
        assert!(parse(Version::Soap12, "", "<s:Body><Envelope/></s:Body>").is_ok());
    }

    #[test]
    fn an_include_that_nobody_resolved_is_refused_wherever_it_stands() {
        let include = "<x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:a'/>";
        for version in VERSIONS {
            let in_body = format!("<s:Body><a><b>{include}</b></a></s:Body>");
            assert_eq!(code(version, &in_body), "soap.xop_include");
            let in_header = format!("<s:Header><a xmlns='urn:a'>{include}</a></s:Header><s:Body/>");
            assert_eq!(code(version, &in_header), "soap.xop_include");
        }
        assert!(parse(Version::Soap12, "", "<s:Body><Include href='cid:a'/></s:Body>").is_ok());
    }

    #[test]
    fn encoding_style_is_refused_where_it_concerns_everything() {
        for version in VERSIONS {
            assert_eq!(
                parse(version, "s:encodingStyle='urn:a'", "<s:Body/>")
                    .unwrap_err()
                    .code(),
                "soap.encoding_style"
            );
            assert_eq!(
                code(version, "<s:Header s:encodingStyle=''/><s:Body/>"),
                "soap.encoding_style"
            );
            assert_eq!(
                code(version, "<s:Body s:encodingStyle=''/>"),
                "soap.encoding_style"
            );
            assert!(parse(version, "", "<s:Body><a s:encodingStyle='urn:a'/></s:Body>").is_ok());
        }
    }

    #[test]
    fn header_blocks_are_in_a_namespace() {
        assert_eq!(
            code(Version::Soap11, "<s:Header><a/></s:Header><s:Body/>"),
            "soap.unqualified_header"
        );
    }
}
