//! Tokens of XML 1.0, strictly, into the builder.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "offsets within the input plus lengths of tokens found there"
)]

use super::arena::BreakKind;
use super::build::{Builder, RawAttribute};
use super::error::{ErrorKind, Scanned, malformed, refuse};
use super::lex::{self, is_space, skip_space};
use super::names::{check_qname, raw_name};

/// Reads the document that starts at `at`, after the XML declaration.
pub(super) fn scan(mut builder: Builder<'_>, mut at: usize) -> Scanned<()> {
    let input = builder.input.as_bytes();
    loop {
        let text = lex::text(input, at);
        if text.end > at {
            builder.text(at, text.end, text.special)?;
        }
        let start = text.end;
        at = match input.get(start + 1) {
            Some(b'/') => end_tag(&mut builder, start)?,
            Some(b'!') => markup(&mut builder, start)?,
            Some(b'?') => instruction(&mut builder, start)?,
            Some(_) => start_tag(&mut builder, start)?,
            None if start >= input.len() => return builder.finish(input.len()),
            None => return malformed(start, "the input ends inside a tag"),
        };
    }
}

#[inline(always)]
fn end_tag(builder: &mut Builder<'_>, start: usize) -> Scanned<usize> {
    let input = builder.input.as_bytes();
    let name_end = builder.end_name(start)?;
    let mut end = name_end;
    if input.get(end) != Some(&b'>') {
        end = skip_space(input, end);
        if input.get(end) != Some(&b'>') {
            return malformed(end, "an end tag holds only its name");
        }
    }
    builder.close(start, end + 1, end == name_end);
    Ok(end + 1)
}

#[inline(always)]
fn start_tag(builder: &mut Builder<'_>, start: usize) -> Scanned<usize> {
    let input = builder.input.as_bytes();
    let name = builder.name(start + 1);
    builder.begin(name)?;
    let mut at = name.end;
    loop {
        let spaced = match input.get(at) {
            Some(b'>' | b'/') => at,
            Some(byte) if is_space(*byte) => skip_space(input, at + 1),
            _ => return malformed(at, "white space, / or > was expected in a start tag"),
        };
        match input.get(spaced) {
            Some(b'>') => {
                builder.open(spaced + 1, spaced == at, false)?;
                return Ok(spaced + 1);
            }
            Some(b'/') if input.get(spaced + 1) == Some(&b'>') => {
                builder.open(spaced + 2, spaced == at, true)?;
                return Ok(spaced + 2);
            }
            Some(b'/') => return malformed(spaced, "/ without > in a start tag"),
            _ => {}
        }
        let single = spaced == at + 1 && input.get(at) == Some(&b' ');
        at = attribute(builder, spaced, single)?;
    }
}

/// The attribute whose name starts at `start`; `single`: after one space.
#[inline(always)]
fn attribute(builder: &mut Builder<'_>, start: usize, single: bool) -> Scanned<usize> {
    let input = builder.input.as_bytes();
    let name = builder.name(start);
    let mut plain = single;
    let mut at = name.end;
    if input.get(at) != Some(&b'=') {
        plain = false;
        at = skip_space(input, at);
        if input.get(at) != Some(&b'=') || name.end == name.start {
            return malformed(at, "an attribute needs a name, = and a value");
        }
    }
    at += 1;
    if input.get(at) != Some(&b'"') {
        plain = false;
        at = skip_space(input, at);
    }
    let Some(quote @ (b'"' | b'\'')) = input.get(at).copied() else {
        return malformed(at, "an attribute's value needs quotes");
    };
    let value = lex::value(input, at + 1, quote);
    if value.end >= input.len() {
        return malformed(at, "an attribute's value has no end");
    }
    builder.attribute(RawAttribute {
        name,
        value: at + 1,
        value_end: value.end,
        special: value.special,
        plain: plain && quote == b'"',
    })?;
    Ok(value.end + 1)
}

/// A comment or CDATA section; a DOCTYPE is refused.
#[cold]
fn markup(builder: &mut Builder<'_>, start: usize) -> Scanned<usize> {
    let rest = builder.input.as_bytes().get(start..).unwrap_or_default();
    if let Some(body) = rest.strip_prefix(b"<!--") {
        let Some(length) = memchr::memmem::find(body, b"--") else {
            return malformed(start, "a comment has no end");
        };
        if body.get(length + 2) != Some(&b'>') {
            return malformed(start + 4 + length, "-- in a comment");
        }
        let end = start + length + 7;
        builder.note(start, end, BreakKind::Comment);
        return Ok(end);
    }
    if let Some(body) = rest.strip_prefix(b"<![CDATA[") {
        if builder.depth() == 0 {
            return malformed(start, "a CDATA section outside the root element");
        }
        let Some(length) = memchr::memmem::find(body, b"]]>") else {
            return malformed(start, "a CDATA section has no end");
        };
        let end = start + length + 12;
        builder.note(start, end, BreakKind::CData);
        return Ok(end);
    }
    if rest.starts_with(b"<!DOCTYPE") {
        return refuse(start, ErrorKind::Doctype);
    }
    malformed(start, "<! starts a comment or a CDATA section")
}

#[cold]
fn instruction(builder: &mut Builder<'_>, start: usize) -> Scanned<usize> {
    let input = builder.input.as_bytes();
    let target = raw_name(input, start + 2);
    check_qname(input, target)?;
    if target.colon != 0 {
        return malformed(start, "a colon in the target of a processing instruction");
    }
    let name = input.get(target.start..target.end).unwrap_or_default();
    if name.eq_ignore_ascii_case(b"xml") {
        return refuse(start, ErrorKind::Declaration("it stands only at the very start"));
    }
    let rest = input.get(target.end..).unwrap_or_default();
    let Some(length) = memchr::memmem::find(rest, b"?>") else {
        return malformed(start, "a processing instruction has no end");
    };
    if length > 0 && !rest.first().is_some_and(|byte| is_space(*byte)) {
        return malformed(
            target.end,
            "white space is missing after the target of a processing instruction",
        );
    }
    let end = target.end + length + 2;
    builder.note(start, end, BreakKind::ProcessingInstruction);
    Ok(end)
}
