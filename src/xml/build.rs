//! Feeds the arena: namespaces, attributes and the already-canonical marks, one tag at a time.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums and differences of offsets within the input, and depths below a limit; no input wraps them"
)]

use super::arena::{ALWAYS, Arena, AttributeRecord, Break, BreakKind, DeclarationRecord, ElementRecord};
use super::arena::{NO_PARENT, Span, index, offset, short};
use super::error::{ErrorKind, Scanned, malformed, refuse};
use super::limits::{Limit, Limits};
use super::names::{RawName, check_qname};
use super::namespace::Namespace;
use super::prefixes::{DEFAULT, Interner, XML, XMLNS};
use super::text::{attribute_value, reference};
use super::{attributes, ids};

/// A prefix without a declaration.
const UNBOUND: u16 = u16::MAX;

/// What a prefix means at the place that is read, and who used it last.
#[derive(Clone, Copy)]
struct Binding {
    namespace: u16,
    /// The namespace it had where it was visibly used last, and the depth of that element; 0: nowhere.
    user_namespace: u16,
    user: u16,
    /// Depth of the element that declared it.
    declared: u16,
}

const FREE: Binding = Binding {
    namespace: UNBOUND,
    user_namespace: UNBOUND,
    user: 0,
    declared: 0,
};

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
    /// Everything so far is written as canonicalization writes it.
    plain: bool,
    last_declared: Span,
}

/// What a visible use of a prefix means.
#[derive(Clone, Copy)]
struct Use {
    namespace: u16,
    user: u16,
    /// Deepest apex for which the tag is canonical as written, as far as this prefix goes.
    canonical: u16,
    undeclares: bool,
}

pub(super) struct Builder<'a> {
    pub(super) input: &'a str,
    pub(super) arena: &'a mut Arena,
    limits: &'a Limits,
    id_attributes: &'a [String],
    interner: Interner,
    bindings: Vec<Binding>,
    undo: Vec<(u16, Binding)>,
    frames: Vec<Frame>,
    in_scope: usize,
    tag: Tag,
    has_root: bool,
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
                },
                first_attribute: 0,
                first_declaration: 0,
                undo: 0,
                unused: 0,
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

    #[inline(always)]
    fn check_name(&self, name: RawName) -> Scanned<()> {
        check_qname(self.bytes(), name)?;
        if name.end - name.start > usize::from(self.limits.name) {
            return over(name.start, Limit::Name, self.limits.name);
        }
        Ok(())
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
        let prefix_end = if name.colon == 0 { name.end } else { name.colon };
        if self.bytes().get(name.start..prefix_end) == Some(b"xmlns") {
            return self.declare(raw);
        }
        if self.arena.attributes.len() - self.tag.first_attribute >= usize::from(self.limits.attributes) {
            return over(name.start, Limit::Attributes, self.limits.attributes);
        }
        let (prefix, prefix_len) = if name.colon == 0 {
            (DEFAULT, 0)
        } else {
            let length = short(name.colon - name.start);
            (self.prefix(name.start, name.colon)?, length)
        };
        self.arena.attributes.push(AttributeRecord {
            name: offset(name.start),
            value: offset(raw.value),
            value_end: offset(raw.value_end),
            name_len: short(name.end - name.start),
            prefix_len,
            prefix,
            namespace: Namespace::NONE.0,
            user: ALWAYS,
            canonical,
            special: raw.special,
        });
        Ok(())
    }

    #[inline(always)]
    fn prefix(&mut self, start: usize, end: usize) -> Scanned<u16> {
        let input = self.input.as_bytes();
        let Some(number) = self.interner.prefix(self.arena, input, start, end) else {
            return over(start, Limit::NamespacesInScope, self.limits.namespaces_in_scope);
        };
        if usize::from(number) >= self.bindings.len() {
            self.bindings.resize(usize::from(number) + 1, FREE);
        }
        Ok(number)
    }

    #[inline(never)]
    fn declare(&mut self, raw: RawAttribute) -> Scanned<()> {
        let name = raw.name;
        if self.arena.declarations.len() - self.tag.first_declaration >= usize::from(self.limits.namespaces) {
            return over(name.start, Limit::Namespaces, self.limits.namespaces);
        }
        let local = if name.colon == 0 {
            Span::default()
        } else {
            Span::new(name.colon + 1, name.end)
        };
        let prefix = self.prefix(index(local.start), index(local.end))?;
        let uri = attribute_value(self.slice(raw.value, raw.value_end));
        let Some(namespace) = self.interner.namespace(self.arena, &uri) else {
            return over(
                raw.value,
                Limit::NamespacesInScope,
                self.limits.namespaces_in_scope,
            );
        };
        let reserved = prefix == XMLNS
            || (prefix == XML) != (namespace == Namespace::XML.0)
            || namespace == Namespace::XMLNS.0;
        if reserved || prefix != DEFAULT && uri.is_empty() {
            let written = self.slice(name.start, name.end).to_owned();
            return refuse(name.start, ErrorKind::ReservedPrefix(written));
        }
        let depth = short(self.depth() + 1);
        let binding = self.binding(prefix);
        if binding.declared == depth {
            let written = self.slice(name.start, name.end).to_owned();
            return refuse(name.start, ErrorKind::DuplicateAttribute(written));
        }
        let bytes = self.bytes();
        let after_attribute = self.arena.attributes.len() > self.tag.first_attribute;
        let in_order = self.arena.declarations.len() == self.tag.first_declaration
            || self.tag.last_declared.of(bytes) < local.of(bytes);
        self.tag.plain &= in_order && !after_attribute && !raw.special;
        self.tag.last_declared = local;
        self.tag.unused += 1;
        if binding.namespace == UNBOUND {
            self.in_scope += 1;
            if self.in_scope > usize::from(self.limits.namespaces_in_scope) {
                let allowed = self.limits.namespaces_in_scope;
                return over(name.start, Limit::NamespacesInScope, allowed);
            }
        }
        self.undo.push((prefix, binding));
        self.bind(
            prefix,
            Binding {
                namespace,
                declared: depth,
                ..binding
            },
        );
        self.arena
            .declarations
            .push(DeclarationRecord { prefix, namespace });
        Ok(())
    }

    #[inline(always)]
    fn binding(&self, prefix: u16) -> Binding {
        self.bindings.get(usize::from(prefix)).copied().unwrap_or(FREE)
    }

    #[inline(always)]
    fn bind(&mut self, prefix: u16, binding: Binding) {
        if let Some(entry) = self.bindings.get_mut(usize::from(prefix)) {
            *entry = binding;
        }
    }

    /// One visible use of `prefix` (Exclusive C14N §1.1) at `depth`.
    #[inline(always)]
    fn use_prefix(&mut self, prefix: u16, depth: u16, at: u32) -> Scanned<Use> {
        let binding = self.binding(prefix);
        let namespace = binding.namespace;
        if namespace == UNBOUND || prefix == XMLNS {
            let name = String::from_utf8_lossy(self.arena.prefix_name(self.bytes(), prefix)).into_owned();
            return refuse(index(at), ErrorKind::UnboundPrefix(name));
        }
        let nothing = Use {
            namespace,
            user: ALWAYS,
            canonical: ALWAYS,
            undeclares: false,
        };
        if binding.user == depth || namespace == Namespace::XML.0 {
            return Ok(nothing);
        }
        self.undo.push((prefix, binding));
        self.bind(
            prefix,
            Binding {
                user: depth,
                user_namespace: namespace,
                ..binding
            },
        );
        if namespace == Namespace::NONE.0 {
            let below = binding.user > 0 && binding.user_namespace != Namespace::NONE.0;
            return Ok(if below {
                Use {
                    user: binding.user,
                    canonical: 0,
                    undeclares: true,
                    ..nothing
                }
            } else {
                nothing
            });
        }
        let user = if binding.user_namespace == namespace {
            binding.user
        } else {
            0
        };
        let canonical = if binding.declared != depth {
            user
        } else if user == 0 {
            self.tag.unused = self.tag.unused.wrapping_sub(1);
            ALWAYS
        } else {
            0
        };
        Ok(Use {
            user,
            canonical,
            ..nothing
        })
    }

    /// The start tag ends before `end`; `plain`: with nothing but `>` after the last attribute.
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
        let (prefix, prefix_len) = if name.colon == 0 {
            (DEFAULT, 0)
        } else {
            let length = short(name.colon - name.start);
            (self.prefix(name.start, name.colon)?, length)
        };
        let used = self.use_prefix(prefix, depth, start)?;
        let mut canonical = used.canonical;
        if self.arena.attributes.len() > self.tag.first_attribute {
            canonical = canonical.min(self.open_attributes(depth, element, used.namespace)?);
        }
        if !self.tag.plain || !plain || empty || self.tag.unused != 0 {
            canonical = 0;
        }
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
            prefix_len,
            prefix,
            namespace: used.namespace,
            depth,
            user: used.user,
            canonical,
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
            let used = self.use_prefix(record.prefix, depth, record.name)?;
            canonical = canonical.min(used.canonical);
            if let Some(entry) = self.arena.attributes.get_mut(at) {
                entry.namespace = used.namespace;
                entry.user = used.user;
            }
        }
        if !attributes::check(self.arena, self.input.as_bytes(), first)? {
            canonical = 0;
        }
        ids::note(
            self.arena,
            self.input,
            element,
            namespace,
            first,
            self.id_attributes,
        )?;
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
        let opened = bytes.get(index(frame.name)..index(frame.name) + length);
        let closed = bytes.get(name..name + length);
        if opened != closed {
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

    #[cold]
    fn outer_text(&self, start: usize, end: usize) -> Scanned<()> {
        let text = self.slice(start, end);
        let Some(at) = text.find(|character: char| !matches!(character, ' ' | '\t' | '\n' | '\r')) else {
            return Ok(());
        };
        if self.has_root {
            refuse(start + at, ErrorKind::TrailingContent)
        } else {
            malformed(start + at, "text before the root element")
        }
    }

    #[inline(never)]
    fn special_text(&mut self, start: usize, end: usize) -> Scanned<()> {
        let bytes = self.bytes();
        let (mut at, mut canonical) = (start, true);
        while let Some(found) = memchr::memchr3(b'&', b'>', b'\r', bytes.get(at..end).unwrap_or_default()) {
            at += found;
            let rest = bytes.get(at..end).unwrap_or_default();
            if rest.first() == Some(&b'&') {
                let length = self.check_reference(at, end)?;
                canonical &= matches!(rest.get(..length), Some(b"&amp;" | b"&lt;" | b"&gt;" | b"&#xD;"));
                at += length;
                continue;
            }
            if rest.first() == Some(&b'>') && at >= start + 2 && bytes.get(at - 2..at) == Some(b"]]") {
                return malformed(at - 2, "]]> in text");
            }
            canonical = false;
            at += 1;
        }
        if !canonical {
            self.note(start, end, BreakKind::Text);
        }
        Ok(())
    }

    /// An attribute value with special characters: well-formed? Written canonically?
    #[inline(never)]
    fn check_value(&self, start: usize, end: usize) -> Scanned<bool> {
        let bytes = self.bytes();
        let (mut at, mut canonical) = (start, true);
        while let Some(byte) = bytes.get(at).filter(|_| at < end) {
            match byte {
                b'<' => return malformed(at, "< in an attribute value"),
                b'&' => {
                    let length = self.check_reference(at, end)?;
                    canonical &= matches!(
                        bytes.get(at..at + length),
                        Some(b"&amp;" | b"&lt;" | b"&quot;" | b"&#x9;" | b"&#xA;" | b"&#xD;")
                    );
                    at += length;
                    continue;
                }
                b'\t' | b'\n' | b'\r' => canonical = false,
                _ => {}
            }
            at += 1;
        }
        Ok(canonical)
    }

    fn check_reference(&self, at: usize, end: usize) -> Scanned<usize> {
        match reference(self.bytes().get(at..end).unwrap_or_default()) {
            Some((_, length)) => Ok(length),
            None => {
                let shown = self.input.get(at..end).unwrap_or("&");
                let name: String = shown.chars().take_while(|c| *c != ';').take(24).collect();
                refuse(at, ErrorKind::Reference(name))
            }
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
