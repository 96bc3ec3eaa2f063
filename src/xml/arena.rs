//! The tree without copies: records of offsets into the input, in document order. Text is what lies
//! between tags; only what canonicalization would change is recorded, as a [`Break`].

use std::cell::Cell;

/// No parent.
pub(crate) const NO_PARENT: u32 = u32::MAX;
/// A depth that every apex is above: the namespace never has to be declared again.
pub(crate) const ALWAYS: u16 = u16::MAX;

/// One element. Offsets are bytes of the input; indexes are positions in the arena's lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ElementRecord {
    /// `<` of the start tag.
    pub(crate) start: u32,
    /// After the start tag.
    pub(crate) open_end: u32,
    /// `<` of the end tag; of an empty-element tag, its end.
    pub(crate) close: u32,
    /// After the end tag.
    pub(crate) end: u32,
    pub(crate) parent: u32,
    /// Index after the last descendant.
    pub(crate) next: u32,
    /// First attribute.
    pub(crate) attributes: u32,
    /// First namespace declaration.
    pub(crate) declarations: u32,
    pub(crate) name_len: u16,
    pub(crate) prefix_len: u16,
    pub(crate) prefix: u16,
    pub(crate) namespace: u16,
    /// The root has 1.
    pub(crate) depth: u16,
    /// Depth of the nearest ancestor that visibly uses the prefix for the same namespace; 0: none.
    /// Exclusive canonicalization declares the namespace here if its apex is deeper than that.
    pub(crate) user: u16,
    /// The start tag is written as exclusive canonicalization writes it for each apex at this depth or above;
    /// 0: for none.
    pub(crate) canonical: u16,
    /// The start tag is written as canonicalization writes it, but for namespaces to declare; it declares none itself.
    /// Like `canonical`, this says nothing of the end of `<a/>`.
    pub(crate) plain: bool,
    /// `<a/>`.
    pub(crate) empty: bool,
    /// Without a namespace below an element (at depth `user`) that uses a default namespace: `xmlns=""` has
    /// to be written if that element is in the output.
    pub(crate) undeclares: bool,
}

/// One attribute that is no namespace declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeRecord {
    pub(crate) name: u32,
    pub(crate) value: u32,
    pub(crate) value_end: u32,
    pub(crate) name_len: u16,
    pub(crate) prefix_len: u16,
    pub(crate) prefix: u16,
    pub(crate) namespace: u16,
    /// As [`ElementRecord::user`].
    pub(crate) user: u16,
    /// The value is written as canonicalization writes it.
    pub(crate) canonical: bool,
    /// The value holds references, tabs or line ends.
    pub(crate) special: bool,
}

/// One namespace declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeclarationRecord {
    pub(crate) prefix: u16,
    pub(crate) namespace: u16,
}

/// Something between tags that canonicalization rewrites or drops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Break {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: BreakKind,
}

/// What a [`Break`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BreakKind {
    /// Text with characters that are escaped or normalized.
    Text,
    CData,
    Comment,
    ProcessingInstruction,
    /// An end tag with white space.
    EndTag,
}

/// Bytes `[start, end)` of the input.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// `[start, end)`; offsets past `u32` do not occur, as the input's length is checked first.
    #[inline(always)]
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self {
            start: offset(start),
            end: offset(end),
        }
    }

    #[inline(always)]
    pub(crate) fn of(self, input: &[u8]) -> &[u8] {
        input.get(index(self.start)..index(self.end)).unwrap_or_default()
    }
}

/// An offset as stored. The input is shorter than `u32::MAX` (checked before scanning).
#[inline(always)]
#[allow(
    clippy::as_conversions,
    reason = "lossless: the input's length is checked to fit"
)]
pub(crate) const fn offset(at: usize) -> u32 {
    at as u32
}

/// A stored offset or index as one.
#[inline(always)]
#[allow(clippy::as_conversions, reason = "lossless: usize has at least 32 bits here")]
pub(crate) const fn index(at: u32) -> usize {
    at as usize
}

/// A length that a limit keeps below 65,536.
#[inline(always)]
#[allow(clippy::as_conversions, reason = "lossless: limits are u16")]
pub(super) const fn short(length: usize) -> u16 {
    length as u16
}

/// All records of a document.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(crate) elements: Vec<ElementRecord>,
    pub(crate) attributes: Vec<AttributeRecord>,
    pub(crate) declarations: Vec<DeclarationRecord>,
    pub(crate) breaks: Vec<Break>,
    /// Element and attribute of each ID, sorted by value.
    pub(crate) ids: Vec<(u32, u32)>,
    /// Element and attribute of each attribute with a prefix, in document order: few, so what only these can be is found
    /// without a look at the others.
    pub(crate) prefixed: Vec<(u32, u32)>,
    /// Namespace names after the known ones, normalized.
    pub(crate) namespaces: Vec<Box<str>>,
    /// Prefixes by number.
    pub(crate) prefixes: Vec<Span>,
    /// Numbers of namespaces whose name is a relative reference.
    pub(crate) relative_namespaces: Vec<u16>,
}

thread_local! {
    /// The arena of the last document that was dropped, emptied: memory fresh from the system costs a tenth of a parse.
    static SPARE: Cell<Option<Arena>> = const { Cell::new(None) };
}

/// The most bytes of records that are kept for the next document: those of a message of two megabytes.
const SPARE_BYTES: usize = 4 << 20;

impl Arena {
    /// An empty one.
    pub(super) fn take() -> Self {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
    }

    /// Keeps its memory for the next document of this thread, unless it is much.
    pub(super) fn give_back(mut self) {
        let bytes = capacity(&self.elements)
            .saturating_add(capacity(&self.attributes))
            .saturating_add(capacity(&self.declarations))
            .saturating_add(capacity(&self.breaks))
            .saturating_add(capacity(&self.ids))
            .saturating_add(capacity(&self.prefixed))
            .saturating_add(capacity(&self.namespaces))
            .saturating_add(capacity(&self.prefixes))
            .saturating_add(capacity(&self.relative_namespaces));
        if bytes > SPARE_BYTES {
            return;
        }
        self.elements.clear();
        self.attributes.clear();
        self.declarations.clear();
        self.breaks.clear();
        self.ids.clear();
        self.prefixed.clear();
        self.namespaces.clear();
        self.prefixes.clear();
        self.relative_namespaces.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(Some(self)));
    }

    /// Reserves what a message of `bytes` usually needs, so that nothing moves while it is read.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.elements.reserve((bytes / 40).saturating_add(16));
        self.attributes.reserve((bytes / 64).saturating_add(16));
    }

    pub(crate) fn attributes_of(&self, element: u32) -> &[AttributeRecord] {
        let range = self.range(element, |record| record.attributes, self.attributes.len());
        self.attributes.get(range).unwrap_or_default()
    }

    pub(crate) fn declarations_of(&self, element: u32) -> &[DeclarationRecord] {
        let range = self.range(element, |record| record.declarations, self.declarations.len());
        self.declarations.get(range).unwrap_or_default()
    }

    fn range(
        &self,
        element: u32,
        first: impl Fn(&ElementRecord) -> u32,
        all: usize,
    ) -> std::ops::Range<usize> {
        let start = self
            .elements
            .get(index(element))
            .map_or(all, |record| index(first(record)));
        let end = self
            .elements
            .get(index(element).wrapping_add(1))
            .map_or(all, |record| index(first(record)));
        start..end
    }
}

fn capacity<T>(list: &Vec<T>) -> usize {
    list.capacity().saturating_mul(size_of::<T>())
}
