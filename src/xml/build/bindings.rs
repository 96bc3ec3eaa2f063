//! What prefixes mean where they are read: declarations, and visible uses with the already-canonical marks.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums and differences of offsets within the input, and depths below a limit; no input wraps them"
)]

use super::{Builder, RawAttribute, over};
use crate::xml::arena::{ALWAYS, DeclarationRecord, Span, index, short};
use crate::xml::error::{ErrorKind, Scanned, refuse};
use crate::xml::limits::Limit;
use crate::xml::namespace::Namespace;
use crate::xml::prefixes::{DEFAULT, XML, XMLNS};
use crate::xml::text::attribute_value;

/// A prefix without a declaration.
pub(super) const UNBOUND: u16 = u16::MAX;

/// What a prefix means at the place that is read, and who used it last.
#[derive(Clone, Copy)]
pub(super) struct Binding {
    pub(super) namespace: u16,
    /// The namespace it had where it was visibly used last, and the depth of that element; 0: nowhere.
    pub(super) user_namespace: u16,
    pub(super) user: u16,
    /// Depth of the element that declared it.
    pub(super) declared: u16,
}

pub(super) const FREE: Binding = Binding {
    namespace: UNBOUND,
    user_namespace: UNBOUND,
    user: 0,
    declared: 0,
};

/// What a visible use of a prefix means.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub(super) namespace: u16,
    pub(super) user: u16,
    /// Deepest apex for which the tag is canonical as written, as far as this prefix goes.
    pub(super) canonical: u16,
    pub(super) undeclares: bool,
}

impl Builder<'_> {
    #[inline(always)]
    pub(super) fn prefix(&mut self, start: usize, end: usize) -> Scanned<u16> {
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
    pub(super) fn declare(&mut self, raw: RawAttribute) -> Scanned<()> {
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
    pub(super) fn binding(&self, prefix: u16) -> Binding {
        self.bindings.get(usize::from(prefix)).copied().unwrap_or(FREE)
    }

    #[inline(always)]
    pub(super) fn bind(&mut self, prefix: u16, binding: Binding) {
        if let Some(entry) = self.bindings.get_mut(usize::from(prefix)) {
            *entry = binding;
        }
    }

    /// One visible use of `prefix` (Exclusive C14N §1.1) at `depth`.
    #[inline(always)]
    pub(super) fn use_prefix(&mut self, prefix: u16, depth: u16, at: u32) -> Scanned<Use> {
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
}
