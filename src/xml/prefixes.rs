use std::collections::HashMap;

use super::arena::{Arena, Span, short};
use super::lex::load8;
use super::namespace::Namespace;

/// The empty prefix.
pub(super) const DEFAULT: u16 = 0;
/// `xml`.
pub(super) const XML: u16 = 1;
/// `xmlns`.
pub(super) const XMLNS: u16 = 2;

/// How many different prefixes, and namespaces, a document may have: numbers are 16 bits.
const MOST: usize = 60_000;
/// From how many on they are found by hash instead of one by one.
const MANY: usize = 16;

/// Numbers for prefixes and namespace names. Names of up to eight bytes are found as one `u64`
/// through a small direct-mapped cache; the hash maps are keyed at random.
#[derive(Debug)]
pub(super) struct Interner {
    keys: Vec<u64>,
    cache: [u16; 64],
    prefix_map: HashMap<Box<[u8]>, u16>,
    namespace_map: HashMap<Box<str>, u16>,
}

impl Interner {
    pub(super) fn new(arena: &mut Arena) -> Self {
        arena.prefixes.extend([Span::default(); 3]);
        Self {
            keys: vec![0, u64::MAX, u64::MAX],
            cache: [0; 64],
            prefix_map: HashMap::new(),
            namespace_map: HashMap::new(),
        }
    }

    /// The number of the prefix at `[start, end)`; `None` when there are too many.
    #[inline(always)]
    pub(super) fn prefix(
        &mut self,
        arena: &mut Arena,
        input: &[u8],
        start: usize,
        end: usize,
    ) -> Option<u16> {
        let length = end.wrapping_sub(start);
        if length == 0 || length > 8 {
            return self.find_prefix(arena, input, start, end, 0);
        }
        let unused = 64usize.wrapping_sub(length.wrapping_mul(8));
        let key = load8(input, start) & (u64::MAX >> unused);
        let slot = usize::try_from(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58).unwrap_or(0);
        if let Some(number) = self.cache.get(slot)
            && self.keys.get(usize::from(*number)) == Some(&key)
        {
            return Some(*number);
        }
        let number = self.find_prefix(arena, input, start, end, key)?;
        if let Some(entry) = self.cache.get_mut(slot) {
            *entry = number;
        }
        Some(number)
    }

    #[inline(never)]
    fn find_prefix(
        &mut self,
        arena: &mut Arena,
        input: &[u8],
        start: usize,
        end: usize,
        key: u64,
    ) -> Option<u16> {
        let name = input.get(start..end).unwrap_or_default();
        match name {
            b"" => return Some(DEFAULT),
            b"xml" => return Some(XML),
            b"xmlns" => return Some(XMLNS),
            _ => {}
        }
        let count = arena.prefixes.len();
        if self.prefix_map.is_empty() {
            let known = arena
                .prefixes
                .iter()
                .skip(3)
                .position(|span| span.of(input) == name);
            if let Some(position) = known {
                return Some(short(position.wrapping_add(3)));
            }
        } else if let Some(number) = self.prefix_map.get(name) {
            return Some(*number);
        }
        if count >= MOST {
            return None;
        }
        let number = short(count);
        arena.prefixes.push(Span::new(start, end));
        self.keys.push(if key == 0 { u64::MAX } else { key });
        if count == MANY {
            for (number, span) in arena.prefixes.iter().enumerate().skip(3) {
                self.prefix_map.insert(span.of(input).into(), short(number));
            }
        } else if count > MANY {
            self.prefix_map.insert(name.into(), number);
        }
        Some(number)
    }

    /// The number of the namespace name `uri`; `None` when there are too many.
    #[inline(never)]
    pub(super) fn namespace(&mut self, arena: &mut Arena, uri: &str) -> Option<u16> {
        if let Some(known) = Namespace::known(uri) {
            return Some(known.0);
        }
        let first = Namespace::KNOWN.len();
        let count = arena.namespaces.len();
        if self.namespace_map.is_empty() {
            if let Some(position) = arena.namespaces.iter().position(|name| **name == *uri) {
                return Some(short(position.wrapping_add(first)));
            }
        } else if let Some(number) = self.namespace_map.get(uri) {
            return Some(*number);
        }
        if count >= MOST {
            return None;
        }
        let number = short(count.wrapping_add(first));
        if !is_absolute(uri) {
            arena.relative_namespaces.push(number);
        }
        arena.namespaces.push(uri.into());
        if count == MANY {
            for (position, name) in arena.namespaces.iter().enumerate() {
                self.namespace_map
                    .insert(name.clone(), short(position.wrapping_add(first)));
            }
        } else if count > MANY {
            self.namespace_map.insert(uri.into(), number);
        }
        Some(number)
    }
}

/// Whether `uri` starts with a scheme (RFC 3986 §3.1).
fn is_absolute(uri: &str) -> bool {
    let Some((scheme, _)) = uri.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

impl Arena {
    /// The name of prefix `number`.
    pub(crate) fn prefix_name<'i>(&self, input: &'i [u8], number: u16) -> &'i [u8] {
        match number {
            XML => b"xml",
            XMLNS => b"xmlns",
            _ => self
                .prefixes
                .get(usize::from(number))
                .copied()
                .unwrap_or_default()
                .of(input),
        }
    }

    /// The number of the namespace `name`, if the document declares it or it is a known one.
    pub(crate) fn namespace_number(&self, name: &str) -> Option<u16> {
        let further = || {
            let place = self.namespaces.iter().position(|known| **known == *name)?;
            Some(short(place.wrapping_add(Namespace::KNOWN.len())))
        };
        Namespace::known(name).map(Namespace::number).or_else(further)
    }

    /// The name of namespace `number`.
    pub(crate) fn namespace_name(&self, number: u16) -> &str {
        let number = usize::from(number);
        match Namespace::KNOWN.get(number) {
            Some(known) => known,
            None => self
                .namespaces
                .get(number.wrapping_sub(Namespace::KNOWN.len()))
                .map_or("", |name| name),
        }
    }
}
