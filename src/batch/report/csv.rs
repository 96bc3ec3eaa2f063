use std::io::{self, Write};

use super::super::copies::Copy;
use super::Rows;
use crate::xml::{is_all, is_invisible};

/// A record a message (RFC 4180).
pub(super) fn write(rows: &mut Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"source,verdict,stage,code,message,line,column,kind,judged_at,signer,signer_sha256,sha256,bytes,legacy,warnings\r\n",
    )?;
    let mut record = String::new();
    for row in rows {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let fields = [
            &row.source,
            row.verdict.name(),
            text(&row.stage),
            text(&row.code),
            text(&row.message),
            &number(row.position.map(|position| position.0)),
            &number(row.position.map(|position| position.1)),
            text(&row.kind),
            text(&row.judged_at),
            text(&row.signer),
            text(&row.signer_sha256),
            text(&row.sha256),
            &row.bytes.to_string(),
            &row.legacy.join(" "),
            &row.warnings.join(" "),
        ];
        write_record(&mut record, &fields, out)?;
    }
    Ok(())
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// A record a copy.
pub(super) fn write_copies(
    copies: impl Iterator<Item = io::Result<Copy>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(b"source,first,sha256\r\n")?;
    let mut record = String::new();
    for copy in copies {
        let copy = copy?;
        write_record(&mut record, &[&copy.source, &copy.first, &copy.sha256], out)?;
    }
    Ok(())
}

/// Writes a record, which is put together in `record`.
fn write_record(record: &mut String, fields: &[&str], out: &mut dyn Write) -> io::Result<()> {
    record.clear();
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            record.push(',');
        }
        push_cell(record, field);
    }
    record.push_str("\r\n");
    out.write_all(record.as_bytes())
}

/// A field that no spreadsheet takes for a formula, also where it separates by other characters or passes over white space, and that moves
/// no cursor: whoever wrote the message wrote some of the values.
fn push_cell(record: &mut String, value: &str) {
    let separates = |byte| matches!(byte, b'"' | b',' | b';' | b'\t' | b'\n' | b'\r');
    let quote = if is_all(value, |byte| !separates(byte)) {
        ""
    } else {
        "\""
    };
    record.push_str(quote);
    if is_formula(value) || value.starts_with(['\t', '\r', '\n']) {
        record.push('\'');
    }
    if is_all(value, |byte| matches!(byte, b' '..=b'~') & (byte != b'"')) {
        record.push_str(value);
    } else {
        push_shown(record, value);
    }
    record.push_str(quote);
}

/// Whether a spreadsheet may take `value` for a formula.
pub(crate) fn is_formula(value: &str) -> bool {
    let seen = value.trim_start_matches(|first: char| first.is_whitespace() || is_invisible(first));
    seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

fn push_shown(record: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '"' => record.push_str("\"\""),
            '\t' | '\r' | '\n' => record.push(character),
            character if is_invisible(character) => record.extend(character.escape_unicode()),
            character => record.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::super::row::{Row, test_row};
    use super::*;

    #[test]
    fn values_stay_in_their_cells() {
        let cell = |value: &str| {
            let mut cell = String::new();
            push_cell(&mut cell, value);
            cell
        };
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("CN=a"), "CN=a");
        for begins in [
            "\n=1",
            " +1",
            "\u{a0}-1",
            "＝1",
            "＋1",
            " \u{3000}－1",
            "＠1",
            "\tx",
            "\nx",
        ] {
            let cell = cell(begins);
            assert!(cell.trim_start_matches('"').starts_with('\''), "{cell:?}");
        }
        assert_eq!(cell("\u{200b}=1"), r"'\u{200b}=1");
        assert_eq!(cell("\u{feff}@1"), r"'\u{feff}@1");
        assert_eq!(cell(" a"), " a");
        assert_eq!(cell("a;=1"), "\"a;=1\"");
        assert_eq!(cell("a\t=1"), "\"a\t=1\"");
        assert_eq!(cell("a\u{1b}[2J\u{9b}\u{202e}"), r"a\u{1b}[2J\u{9b}\u{202e}");
        let row = Row {
            message: Some("a\nb".to_owned()),
            bytes: 7,
            position: Some((1, 2)),
            ..test_row("-x")
        };
        let mut out = Vec::new();
        write(&mut std::iter::once(row.into()), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let record = text.split_once("\r\n").unwrap().1;
        assert_eq!(record, "'-x,passed,,,\"a\nb\",1,2,,,,,,7,,\r\n");
    }
}
