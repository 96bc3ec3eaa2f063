//! Text and attribute values that are not written plainly: well-formed? written as canonicalization writes them?
#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums and differences of offsets within the input, and depths below a limit; no input wraps them"
)]

use super::Builder;
use crate::xml::arena::BreakKind;
use crate::xml::error::{ErrorKind, Scanned, malformed, refuse};
use crate::xml::text::reference;

impl Builder<'_> {
    #[cold]
    pub(super) fn outer_text(&self, start: usize, end: usize) -> Scanned<()> {
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
    pub(super) fn special_text(&mut self, start: usize, end: usize) -> Scanned<()> {
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
    pub(super) fn check_value(&self, start: usize, end: usize) -> Scanned<bool> {
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

    pub(super) fn check_reference(&self, at: usize, end: usize) -> Scanned<usize> {
        match reference(self.bytes().get(at..end).unwrap_or_default()) {
            Some((_, length)) => Ok(length),
            None => {
                let shown = self.input.get(at..end).unwrap_or("&");
                let name: String = shown.chars().take_while(|c| *c != ';').take(24).collect();
                refuse(at, ErrorKind::Reference(name))
            }
        }
    }
}
