//! Feeds the arena: namespaces, attributes and the already-canonical marks, one tag at a time.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums and differences of offsets within the input, and depths below a limit; no input wraps them"
)]

mod bindings;
mod text;

use super::arena::{ALWAYS, Arena, AttributeRecord, Break, BreakKind, ElementRecord};
use super::arena::{NO_PARENT, Span, index, offset, short};
use super::error::{ErrorKind, Scanned, malformed, refuse};
use super::known::{Known, KnownNames};
use super::lex;
use super::limits::{Limit, Limits};
use super::names::{RawName, check_qname, raw_name};
use super::namespace::Namespace;
use super::prefixes::{DEFAULT, Interner, XML};
use super::{attributes, ids};
use bindings::{Binding, FREE, UNBOUND};

/// An open element.
#[derive(Clone, Copy)]
struct Frame {
    element: u32,
    undo: u32,
    name: u32,
    name_len: u32,
}

/// How an attribute is written.
#[derive(Clone, Copy)]
pub(super) struct RawAttribute {
    pub(super) name: RawName,
    pub(super) value: usize,
    pub(super) value_end: usize,
    /// The value holds `&`, `<` or a control character.
    pub(super) special: bool,
    /// Written ` name="value"`.
    pub(super) plain: bool,
}

/// The start tag being read.
struct Tag {
    name: RawName,
    first_attribute: usize,
    first_declaration: usize,
    undo: usize,
    /// Declarations that no name of this tag uses.
    unused: usize,
    /// An attribute may be of type ID.
    may_have_id: bool,
    /// Everything so far is written as canonicalization writes it.
    plain: bool,
    last_declared: Span,
}

pub(super) struct Builder<'a> {
    pub(super) input: &'a str,
    pub(super) arena: &'a mut Arena,
    limits: &'a Limits,
    id_attributes: &'a [String],
    interner: Interner,
    names: Option<Box<KnownNames>>,
    bindings: Vec<Binding>,
    undo: Vec<(u16, Binding)>,
    frames: Vec<Frame>,
    in_scope: usize,
    tag: Tag,
    has_root: bool,
}

/// Whether an attribute of this name declares a namespace (Namespaces 1.0 §3).
#[inline(always)]
fn is_declaration(input: &[u8], name: RawName) -> bool {
    let prefix_end = if name.colon == 0 { name.end } else { name.colon };
    input.get(name.start..prefix_end) == Some(b"xmlns")
}

fn over<T>(at: usize, limit: Limit, allowed: impl Into<u64>) -> Scanned<T> {
    let allowed = allowed.into();
    refuse(at, ErrorKind::Limit { limit, allowed })
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        arena: &'a mut Arena,
        input: &'a str,
        limits: &'a Limits,
        id_attributes: &'a [String],
    ) -> Self {
        let interner = Interner::new(arena);
        let none = Binding {
            namespace: Namespace::NONE.0,
            user_namespace: Namespace::NONE.0,
            ..FREE
        };
        let xml = Binding {
            namespace: Namespace::XML.0,
            ..FREE
        };
        Self {
            input,
            arena,
            limits,
            id_attributes,
            interner,
            names: KnownNames::worthwhile(input.len()),
            bindings: vec![none, xml, FREE],
            undo: Vec::new(),
            frames: Vec::new(),
            in_scope: 0,
            tag: Tag {
                name: RawName {
                    start: 0,
                    end: 0,
                    colon: 0,
                    odd: false,
                    known: None,
                },
                first_attribute: 0,
                first_declaration: 0,
                undo: 0,
                unused: 0,
                may_have_id: false,
                plain: true,
                last_declared: Span::default(),
            },
            has_root: false,
        }
    }

    /// How many elements are open.
    #[inline(always)]
    pub(super) fn depth(&self) -> usize {
        self.frames.len()
    }

    #[inline(always)]
    fn bytes(&self) -> &'a [u8] {
        self.input.as_bytes()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.input.get(start..end).unwrap_or_default()
    }

    /// The name at `start`, which may be empty or none.
    #[inline(always)]
    pub(super) fn name(&mut self, start: usize) -> RawName {
        let bytes = self.bytes();
        let names = self.names.as_mut();
        let known = names.and_then(|names| names.find(bytes, start));
        known.unwrap_or_else(|| raw_name(bytes, start))
    }

    #[inline(always)]
    fn check_name(&self, name: RawName) -> Scanned<()> {
        if name.known.is_some() {
            return Ok(());
        }
        check_qname(self.bytes(), name)?;
        if name.end - name.start > usize::from(self.limits.name) {
            return over(name.start, Limit::Name, self.limits.name);
        }
        Ok(())
    }

    /// What there is to know of a checked name of an element or attribute.
    #[inline(always)]
    fn known(&mut self, name: RawName) -> Scanned<Known> {
        if let Some(known) = name.known {
            return Ok(known);
        }
        if self.names.is_some() {
            return self.get_to_know(name);
        }
        let prefix = match name.colon {
            0 => DEFAULT,
            colon => self.prefix(name.start, colon)?,
        };
        let may_be_id = true;
        Ok(Known { prefix, may_be_id })
    }

    #[inline(never)]
    fn get_to_know(&mut self, name: RawName) -> Scanned<Known> {
        let (prefix_end, local) = match name.colon {
            0 => (name.start, name.start),
            colon => (colon, colon + 1),
        };
        let bytes = self.bytes();
        let known = Known {
            prefix: self.prefix(name.start, prefix_end)?,
            may_be_id: ids::may_be_id(bytes.get(local..name.end).unwrap_or_default(), self.id_attributes),
        };
        if let Some(names) = &mut self.names
            && !is_declaration(bytes, name)
        {
            if names.pays(name.start) {
                names.keep(bytes, name, known);
            } else {
                self.names = None;
            }
        }
        Ok(known)
    }

    /// A start tag with this name begins.
    #[inline(always)]
    pub(super) fn begin(&mut self, name: RawName) -> Scanned<()> {
        if self.frames.is_empty() && self.has_root {
            return refuse(name.start - 1, ErrorKind::TrailingContent);
        }
        self.check_name(name)?;
        self.tag = Tag {
            name,
            first_attribute: self.arena.attributes.len(),
            first_declaration: self.arena.declarations.len(),
            undo: self.undo.len(),
            unused: 0,
            may_have_id: false,
            plain: true,
            last_declared: Span::default(),
        };
        Ok(())
    }

    /// An attribute, or a namespace declaration, of the tag that was begun.
    #[inline(always)]
    pub(super) fn attribute(&mut self, raw: RawAttribute) -> Scanned<()> {
        let name = raw.name;
        self.check_name(name)?;
        if raw.value_end - raw.value > index(self.limits.attribute_value) {
            return over(raw.value, Limit::AttributeValue, self.limits.attribute_value);
        }
        let canonical = !raw.special || self.check_value(raw.value, raw.value_end)?;
        self.tag.plain &= raw.plain & canonical;
        // What is known is none.
        if name.known.is_none() && is_declaration(self.bytes(), name) {
            return self.declare(raw);
        }
        if self.arena.attributes.len() - self.tag.first_attribute >= usize::from(self.limits.attributes) {
            return over(name.start, Limit::Attributes, self.limits.attributes);
        }
        let Known { prefix, may_be_id } = self.known(name)?;
        self.tag.may_have_id |= may_be_id;
        if prefix == XML && self.bytes().get(name.start..name.end) == Some(b"xml:xmlns") {
            // Legal, meaningless, and a declaration to some readers (T32).
            return refuse(name.start, ErrorKind::ReservedPrefix("xml:xmlns".to_owned()));
        }
        self.arena.attributes.push(AttributeRecord {
            name: offset(name.start),
            value: offset(raw.value),
            value_end: offset(raw.value_end),
            name_len: short(name.end - name.start),
            prefix_len: short(name.colon.saturating_sub(name.start)),
            prefix,
            namespace: Namespace::NONE.0,
            user: ALWAYS,
            canonical,
            special: raw.special,
        });
        Ok(())
    }

    /// The start tag ends before `end`; `plain`: with nothing but `>` or `/>` after the last attribute.
    #[inline(always)]
    pub(super) fn open(&mut self, end: usize, plain: bool, empty: bool) -> Scanned<()> {
        let name = self.tag.name;
        let start = offset(name.start - 1);
        if self.depth() >= usize::from(self.limits.depth) {
            return over(name.start - 1, Limit::Depth, self.limits.depth);
        }
        let element = offset(self.arena.elements.len());
        if element >= self.limits.elements {
            return over(name.start - 1, Limit::Elements, self.limits.elements);
        }
        let depth = short(self.depth() + 1);
        let prefix = self.known(name)?.prefix;
        let used = self.use_prefix(prefix, depth, start)?;
        let mut canonical = used.canonical;
        if self.arena.attributes.len() > self.tag.first_attribute {
            canonical = canonical.min(self.open_attributes(depth, element, used.namespace)?);
        }
        self.tag.plain &= plain;
        if !self.tag.plain || self.tag.unused != 0 {
            canonical = 0;
        }
        let declares = self.arena.declarations.len() > self.tag.first_declaration;
        self.arena.elements.push(ElementRecord {
            start,
            open_end: offset(end),
            close: offset(end),
            end: offset(end),
            parent: self.frames.last().map_or(NO_PARENT, |frame| frame.element),
            next: element + 1,
            attributes: offset(self.tag.first_attribute),
            declarations: offset(self.tag.first_declaration),
            name_len: short(name.end - name.start),
            prefix_len: short(name.colon.saturating_sub(name.start)),
            prefix,
            namespace: used.namespace,
            depth,
            user: used.user,
            canonical,
            plain: self.tag.plain && !declares,
            empty,
            undeclares: used.undeclares,
        });
        self.has_root = true;
        if empty {
            let undo = self.tag.undo;
            self.rewind(undo);
        } else {
            self.frames.push(Frame {
                element,
                undo: offset(self.tag.undo),
                name: offset(name.start),
                name_len: offset(name.end - name.start),
            });
        }
        Ok(())
    }

    /// Resolves the attributes' prefixes, checks that names are unique and notes IDs. Returns the deepest apex for which
    /// they are canonical as written.
    #[inline(always)]
    fn open_attributes(&mut self, depth: u16, element: u32, namespace: u16) -> Scanned<u16> {
        let mut canonical = ALWAYS;
        let first = self.tag.first_attribute;
        for at in first..self.arena.attributes.len() {
            let Some(record) = self.arena.attributes.get(at).copied() else {
                break;
            };
            if record.prefix == DEFAULT {
                continue;
            }
            self.arena.prefixed.push((element, offset(at)));
            let used = self.use_prefix(record.prefix, depth, record.name)?;
            canonical = canonical.min(used.canonical);
            if let Some(entry) = self.arena.attributes.get_mut(at) {
                entry.namespace = used.namespace;
                entry.user = used.user;
            }
        }
        self.tag.plain &= attributes::check(self.arena, self.input.as_bytes(), first)?;
        if self.tag.may_have_id {
            ids::note(
                self.arena,
                self.input,
                element,
                namespace,
                first,
                self.id_attributes,
            )?;
        }
        if self.arena.ids.len() > index(self.limits.ids) {
            return over(self.tag.name.start, Limit::Ids, self.limits.ids);
        }
        Ok(canonical)
    }

    /// Undoes the bindings of an element that ends.
    #[inline(always)]
    fn rewind(&mut self, to: usize) {
        while self.undo.len() > to {
            let Some((prefix, binding)) = self.undo.pop() else {
                break;
            };
            if binding.namespace == UNBOUND && self.binding(prefix).namespace != UNBOUND {
                self.in_scope -= 1;
            }
            self.bind(prefix, binding);
        }
    }

    /// Where the name of the end tag at `start` ends, if it is the name of the open element.
    #[inline(always)]
    pub(super) fn end_name(&self, start: usize) -> Scanned<usize> {
        let Some(frame) = self.frames.last() else {
            return malformed(start, "an end tag without a start tag");
        };
        let length = index(frame.name_len);
        let name = start + 2;
        let bytes = self.bytes();
        if !lex::same(bytes, index(frame.name), name, length) {
            let expected = self
                .slice(index(frame.name), index(frame.name) + length)
                .to_owned();
            return refuse(start, ErrorKind::MismatchedTag { expected });
        }
        Ok(name + length)
    }

    /// The end tag at `[start, end)`; `plain`: without white space.
    #[inline(always)]
    pub(super) fn close(&mut self, start: usize, end: usize, plain: bool) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let next = offset(self.arena.elements.len());
        if let Some(record) = self.arena.elements.get_mut(index(frame.element)) {
            record.close = offset(start);
            record.end = offset(end);
            record.next = next;
        }
        if !plain {
            self.note(start, end, BreakKind::EndTag);
        }
        self.rewind(index(frame.undo));
    }

    /// Text at `[start, end)`; `special`: with `&`, `>` or CR.
    #[inline(always)]
    pub(super) fn text(&mut self, start: usize, end: usize, special: bool) -> Scanned<()> {
        if self.frames.is_empty() {
            return self.outer_text(start, end);
        }
        if special {
            self.special_text(start, end)
        } else {
            Ok(())
        }
    }

    /// Records what canonicalization rewrites or drops.
    pub(super) fn note(&mut self, start: usize, end: usize, kind: BreakKind) {
        self.arena.breaks.push(Break {
            start: offset(start),
            end: offset(end),
            kind,
        });
    }

    /// The input has ended at `at`.
    pub(super) fn finish(self, at: usize) -> Scanned<()> {
        if !self.frames.is_empty() {
            return malformed(at, "the input ends inside an element");
        }
        if !self.has_root {
            return refuse(at, ErrorKind::Empty);
        }
        ids::sort(self.arena, self.input)
    }
}
