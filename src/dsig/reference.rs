use super::error::{Error, ErrorKind};
use super::fields::{self, Fields};
use super::signature::digest_method;
use super::transform::Transforms;
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
    /// What is done to the target.
    pub transforms: Transforms,
    /// The digest algorithm.
    pub digest_algorithm: DigestAlgorithm,
    /// The digest that was signed.
    pub digest_value: Vec<u8>,
}

/// What a `URI` refers to. Only this document; nothing is ever fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// The document.
    Document(ReferenceForm),
    /// The element with this ID.
    Id(ReferenceForm, String),
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

    /// The form that it is written in.
    pub fn form(&self) -> ReferenceForm {
        match self {
            Self::Document(form) | Self::Id(form, _) => *form,
        }
    }

    /// The element it means; the root for the document.
    pub fn resolve<'d>(&self, document: &'d Document) -> Option<Element<'d>> {
        match self {
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
        let Some(target) = uri.as_deref().and_then(Target::parse) else {
            let uri = uri.map(std::borrow::Cow::into_owned);
            return Err(Error::at(element, ErrorKind::ReferenceForm(uri)));
        };
        let transforms = match fields.next("Transforms") {
            Some(transforms) => Transforms::read(transforms, limits)?,
            None => Transforms::none(),
        };
        let method = fields.required("DigestMethod")?;
        let value = fields.required("DigestValue")?;
        fields.end()?;
        let digest_algorithm = digest_method(method)?;
        Ok(Self {
            element,
            uri: uri.unwrap_or_default().into_owned(),
            target,
            token: None,
            transforms,
            digest_algorithm,
            digest_value: fields::base64(value, &[])?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
