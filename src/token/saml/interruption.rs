use crate::xml::Element;
use crate::xml::Namespace;

/// A text of a SAML message with something inside that readers have stopped at (T33, T34).
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Interruption<'d> {
    /// A comment stands in the text of this element. Canonicalization drops it, so anyone can put it there.
    Comment(Element<'d>),
    /// A processing instruction stands in the text of this element.
    ProcessingInstruction(Element<'d>),
}

impl<'d> Interruption<'d> {
    /// The worst interruption of a text in `message`: a processing instruction before a comment. What is never
    /// read is left out: Signature, Advice, and Extensions but for the Scope of an entity, which other readers decide by.
    pub fn find(message: Element<'d>) -> Option<Self> {
        if !message.is_interrupted() {
            return None;
        }
        let mut comment = None;
        let mut skipped: Option<Element<'d>> = None;
        for element in message.descendants() {
            if skipped.is_some_and(|skipped| element.is_within(skipped)) && !is_scope(element) {
                continue;
            }
            if is_never_read(element) {
                skipped = Some(element);
                continue;
            }
            match Self::in_text(element) {
                Some(found @ Self::ProcessingInstruction(_)) => return Some(found),
                found => comment = comment.or(found),
            }
        }
        comment
    }

    /// The element whose text is interrupted.
    pub fn element(self) -> Element<'d> {
        match self {
            Self::Comment(element) | Self::ProcessingInstruction(element) => element,
        }
    }

    fn in_text(element: Element<'d>) -> Option<Self> {
        // What holds elements has no text. Asking for it would make an error with a position, which takes a look at
        // everything before.
        if element.first_child().is_some() {
            return None;
        }
        element.text().ok().filter(|text| text.interrupted)?;
        let raw = element.document().bytes().get(element.content_span())?;
        // A `<?` inside a comment counts too: it is the stricter answer, and nobody needs it.
        let instruction = raw.windows(2).any(|pair| pair == b"<?");
        Some(if instruction {
            Self::ProcessingInstruction(element)
        } else {
            Self::Comment(element)
        })
    }
}

fn is_never_read(element: Element<'_>) -> bool {
    element.is(Namespace::DS, "Signature")
        || element.is(Namespace::SAML2, "Advice")
        || element.is(Namespace::SAML1, "Advice")
        || element.is(Namespace::SAMLP, "Extensions")
        || element.is(Namespace::MD, "Extensions")
}

/// Whether it is the Scope that Shibboleth has in metadata: the domain that an entity may speak for.
fn is_scope(element: Element<'_>) -> bool {
    element.local_name() == "Scope" && element.namespace() == "urn:mace:shibboleth:metadata:1.0"
}
