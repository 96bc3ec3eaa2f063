use std::io::{self, Write};

use super::super::copies::Copy;
use super::super::row::Row;

/// A record a message (RFC 4180).
pub(super) fn write(rows: &mut dyn Iterator<Item = Row>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"source,verdict,stage,code,message,line,column,kind,judged_at,signer,signer_sha256,sha256,bytes,legacy,warnings\r\n",
    )?;
    for row in rows {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let text = |text: Option<String>| text.unwrap_or_default();
        record(
            out,
            &[
                row.source,
                row.verdict.name().to_owned(),
                text(row.stage),
                text(row.code),
                text(row.message),
                number(row.position.map(|position| position.0)),
                number(row.position.map(|position| position.1)),
                text(row.kind),
                text(row.judged_at),
                text(row.signer),
                text(row.signer_sha256),
                text(row.sha256),
                row.bytes.to_string(),
                row.legacy.join(" "),
                row.warnings.join(" "),
            ],
        )?;
    }
    Ok(())
}

/// A record a copy.
pub(super) fn write_copies(copies: &[Copy], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"source,first,sha256\r\n")?;
    for copy in copies {
        record(
            out,
            &[copy.source.clone(), copy.first.clone(), copy.sha256.clone()],
        )?;
    }
    Ok(())
}

fn record(out: &mut dyn Write, fields: &[String]) -> io::Result<()> {
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(field).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// A field that no spreadsheet takes for a formula: whoever wrote the message wrote some of the values.
fn cell(value: &str) -> String {
    let begins = value
        .chars()
        .next()
        .is_some_and(|first| "=+-@\t\r".contains(first));
    let guard = if begins { "'" } else { "" };
    let must_be_quoted = value.contains(['"', ',', '\n', '\r']);
    if must_be_quoted {
        format!("\"{guard}{}\"", value.replace('"', "\"\""))
    } else {
        format!("{guard}{value}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::super::row::test_row;
    use super::*;

    #[test]
    fn values_stay_in_their_cells() {
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("CN=a"), "CN=a");
        let row = Row {
            message: Some("a\nb".to_owned()),
            bytes: 7,
            position: Some((1, 2)),
            ..test_row("-x")
        };
        let mut out = Vec::new();
        write(&mut std::iter::once(row), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let record = text.split_once("\r\n").unwrap().1;
        assert_eq!(record, "'-x,passed,,,\"a\nb\",1,2,,,,,,7,,\r\n");
    }
}
