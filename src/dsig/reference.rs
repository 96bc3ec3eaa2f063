use super::attachment::SignedAttachment;
use super::error::{Error, ErrorKind};
use super::fields::{self, Fields};
use super::signature::digest_method;
use super::transform::{Processing, Transforms};
use crate::algorithm::{DigestAlgorithm, ReferenceForm};
use crate::xml::{Document, Element, Limits, is_ncname};

/// A `ds:Reference` as read: a claim.
#[derive(Clone, Debug)]
pub struct Reference<'d> {
    /// The element.
    pub element: Element<'d>,
    /// The `URI` as written.
    pub uri: String,
    /// What the `URI` says.
    pub target: Target,
    /// The token that the STR-Transform puts in the place of the target, once
    /// [`Signature::find_tokens`](super::Signature::find_tokens) has found it.
    pub token: Option<Element<'d>>,
    /// The attachment that it is to, once [`Signature::find_attachments`](super::Signature::find_attachments) has found it.
    pub attachment: Option<&'d dyn SignedAttachment>,
    /// What is done to the target.
    pub transforms: Transforms,
    /// The digest algorithm.
    pub digest_algorithm: DigestAlgorithm,
    /// The digest that was signed.
    pub digest_value: Vec<u8>,
}

/// What a `URI` refers to. Only this message; nothing is ever fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The document.
    Document(ReferenceForm),
    /// The element with this ID.
    Id(ReferenceForm, String),
    /// The attachment with this Content-ID, in the same message.
    Attachment(String),
}

impl Target {
    /// Reads a `URI`: `#id`, empty, `#xpointer(/)` or `#xpointer(id('id'))` and nothing else.
    pub fn parse(uri: &str) -> Option<Self> {
        if uri.is_empty() {
            return Some(Self::Document(ReferenceForm::WholeDocument));
        }
        let fragment = uri.strip_prefix('#')?;
        if fragment == "xpointer(/)" {
            return Some(Self::Document(ReferenceForm::XPointerRoot));
        }
        if let Some(quoted) = fragment
            .strip_prefix("xpointer(id(")
            .and_then(|rest| rest.strip_suffix("))"))
        {
            let bare = |quote| {
                quoted
                    .strip_prefix(quote)
                    .and_then(|rest: &str| rest.strip_suffix(quote))
            };
            let id = bare('\'').or_else(|| bare('"')).filter(|id| is_ncname(id))?;
            return Some(Self::Id(ReferenceForm::XPointerId, id.to_owned()));
        }
        is_ncname(fragment).then(|| Self::Id(ReferenceForm::SameDocumentId, fragment.to_owned()))
    }

    /// Reads the `cid:` URI (RFC 2392) of an attachment.
    pub fn parse_attachment(uri: &str) -> Option<Self> {
        content_id(uri).map(Self::Attachment)
    }

    /// The form that it is written in.
    pub fn form(&self) -> ReferenceForm {
        match self {
            Self::Attachment(_) => ReferenceForm::Attachment,
            Self::Document(form) | Self::Id(form, _) => *form,
        }
    }

    /// The element it means; the root for the document, and none for an attachment.
    pub fn resolve<'d>(&self, document: &'d Document) -> Option<Element<'d>> {
        match self {
            Self::Attachment(_) => None,
            Self::Document(_) => Some(document.root()),
            Self::Id(_, id) => document.element_by_id(id),
        }
    }

    /// Whether comments are left out when it is dereferenced (XML Signature §4.4.3.3).
    pub fn drops_comments(&self) -> bool {
        matches!(
            self.form(),
            ReferenceForm::SameDocumentId | ReferenceForm::WholeDocument
        )
    }
}

impl<'d> Reference<'d> {
    /// The element whose octets are digested: what the `URI` refers to, or the token that it stands for.
    pub fn resolve(&self) -> Option<Element<'d>> {
        self.token
            .or_else(|| self.target.resolve(self.element.document()))
    }

    pub(super) fn read(element: Element<'d>, limits: &Limits) -> Result<Self, Error> {
        let mut fields = Fields::of(element, &["Id", "URI", "Type"])?;
        let uri = element.attribute("URI");
        let target = uri.as_deref();
        let Some(target) =
            target.and_then(|uri| Target::parse(uri).or_else(|| Target::parse_attachment(uri)))
        else {
            let uri = uri.map(std::borrow::Cow::into_owned);
            return Err(Error::at(element, ErrorKind::ReferenceForm(uri)));
        };
        let transforms = match fields.next("Transforms") {
            Some(transforms) => Transforms::read(transforms, limits)?,
            None => Transforms::none(),
        };
        match (&target, &transforms.processing) {
            (Target::Attachment(_), Processing::Attachment(_)) => {}
            (Target::Attachment(_), _) => {
                let uri = uri.map(std::borrow::Cow::into_owned);
                return Err(Error::at(element, ErrorKind::ReferenceForm(uri)));
            }
            (_, Processing::Attachment(_)) => {
                let what = "the transform of an attachment for something else".to_owned();
                return Err(Error::at(element, ErrorKind::Transform(what)));
            }
            _ => {}
        }
        let method = fields.required("DigestMethod")?;
        let value = fields.required("DigestValue")?;
        fields.end()?;
        let digest_algorithm = digest_method(method)?;
        Ok(Self {
            element,
            uri: uri.unwrap_or_default().into_owned(),
            target,
            token: None,
            attachment: None,
            transforms,
            digest_algorithm,
            digest_value: fields::base64(value, &[])?,
        })
    }
}

/// The Content-ID that a `cid:` URI names: percent-encoding undone, and nothing else.
pub(crate) fn content_id(uri: &str) -> Option<String> {
    let (scheme, encoded) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("cid") || encoded.is_empty() {
        return None;
    }
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut octets = encoded.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'%' => {
                let digits = [octets.next()?, octets.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                decoded.push(u8::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)?);
            }
            b'!'..=b'~' => decoded.push(octet),
            _ => return None,
        }
    }
    String::from_utf8(decoded).ok()
}

/// The `cid:` URI of a Content-ID (RFC 2392): what cannot stand in a URI by itself is percent-encoded.
pub(super) fn content_id_uri(id: &str) -> String {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~@!$&'()*+,;=".contains(octet);
    let encoded = id.bytes().map(|octet| match octet {
        octet if plain(&octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    });
    std::iter::once("cid:".to_owned()).chain(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cid_names_a_part_of_the_message() {
        assert_eq!(content_id("cid:a@x").as_deref(), Some("a@x"));
        assert_eq!(content_id("CID:a%40x%2B").as_deref(), Some("a@x+"));
        for other in [
            "cid:",
            "cid",
            "mid:a",
            "http://x/",
            "cid:a b",
            "cid:a%4",
            "cid:a%+4x",
            "cid:%ff",
            "cid:\u{e9}",
        ] {
            assert_eq!(content_id(other), None, "{other}");
        }
    }

    #[test]
    fn a_content_id_is_written_as_a_uri_that_reads_back() {
        for id in ["a@x", "p%41@x", "\"<&'>#?/\"@x", "\u{e9}"] {
            assert_eq!(content_id(&content_id_uri(id)).as_deref(), Some(id));
        }
        assert_eq!(content_id_uri("a b&<@x"), "cid:a%20b&%3C@x");
    }

    #[test]
    fn only_references_into_the_document_are_read() {
        let id = |form, id: &str| Some(Target::Id(form, id.to_owned()));
        assert_eq!(Target::parse("#a"), id(ReferenceForm::SameDocumentId, "a"));
        assert_eq!(
            Target::parse("#xpointer(id('a'))"),
            id(ReferenceForm::XPointerId, "a")
        );
        assert_eq!(
            Target::parse("#xpointer(id(\"a\"))"),
            id(ReferenceForm::XPointerId, "a")
        );
        assert_eq!(
            Target::parse(""),
            Some(Target::Document(ReferenceForm::WholeDocument))
        );
        assert_eq!(
            Target::parse("#xpointer(/)"),
            Some(Target::Document(ReferenceForm::XPointerRoot))
        );
        for bad in [
            "#",
            "a",
            "# a",
            "#a ",
            "#a%62",
            "#1",
            "##a",
            "#xpointer(//a)",
            "#xpointer(id(a))",
            "#xpointer(id('a\"))",
            "#xpointer(id('a')/b)",
            "file:///etc/hostname",
            "http://x/",
            "cid:a",
            "#a:b",
            "#xpointer(id(''))",
        ] {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
    }
}
