use std::io::{self, Write};

use super::super::row::Verdict;
use super::super::summary::Summary;
use super::{Rows, escaped};

/// A test case a message: a failure is a failure, and what could not be decided an error.
pub(super) fn write(summary: &Summary, rows: &mut Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let counts = summary.all;
    let attributes = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        counts.total(),
        counts.failed,
        counts.indeterminate
    );
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {attributes}>\n<testsuite name=\"sealgate\" {attributes}>"
    )?;
    for row in rows {
        let class = row.kind.as_deref().unwrap_or("unknown");
        write!(
            out,
            "<testcase classname=\"sealgate.{}\" name=\"{}\"",
            escaped(class),
            escaped(&row.source)
        )?;
        let tag = match row.verdict {
            Verdict::Passed => {
                writeln!(out, "/>")?;
                continue;
            }
            Verdict::Failed => "failure",
            Verdict::Indeterminate | Verdict::Unreadable => "error",
        };
        let code = escaped(row.code.as_deref().unwrap_or_default());
        let message = escaped(row.message.as_deref().unwrap_or_default());
        writeln!(out, "><{tag} type=\"{code}\" message=\"{message}\"/></testcase>")?;
    }
    writeln!(out, "</testsuite>\n</testsuites>")
}
