//! The report for people: one file that opens without a network. Values of messages are text in it and nothing else, and the page
//! forbids every script and style but its own.

mod chart;

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::summary::{Cause, Counts, Summary};
use super::{About, Rows, escaped, refused};
use crate::algorithm::DigestAlgorithm;
use crate::crypto;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The most messages that the page lists; all of them are in `results.csv`.
const MOST: usize = 1_000;

pub(super) fn write(
    summary: &Summary,
    about: &About,
    rows: &mut Rows<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    head(about, out)?;
    tiles(summary, out)?;
    writeln!(
        out,
        "<p class=\"key\"><span class=\"passed\">passed</span><span class=\"failed\">failed</span><span class=\"indeterminate\">indeterminate</span></p>"
    )?;
    over_time(summary, out)?;
    let causes = summary.causes();
    let by_code = by_code(&causes);
    let chart = chart::by_name("Refused messages by cause", by_code.into_iter());
    writeln!(out, "<h2>By cause</h2>{chart}")?;
    causes_table(&causes, out)?;
    let signers = summary.signers();
    writeln!(
        out,
        "<h2>By signer</h2>{}",
        chart::by_name("Verdicts by signer", signers.iter().copied())
    )?;
    signers_table(&signers, out)?;
    messages_table(summary, rows, out)?;
    write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

fn head(about: &About, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Sealgate: an archive verified</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>An archive verified</h1>\n",
        source(STYLE)?,
        source(SCRIPT)?,
    )?;
    writeln!(
        out,
        "<p class=\"about\">Judged by the policy <b>{}</b>, as of <b>{}</b>, by sealgate {}, in a job that began at {}. Job {}.</p>",
        escaped(&about.policy),
        escaped(&about.at),
        escaped(about.version),
        about.began(),
        escaped(&about.job)
    )?;
    let trusted = about
        .trusted
        .iter()
        .map(|one| format!("{}, SHA-256 {}", one.subject, one.sha256));
    let proofs = format!("{} CRLs, {} OCSP responses", about.crls, about.ocsp_responses);
    write!(out, "<dl class=\"about\">")?;
    for (name, values) in [
        ("Sources", about.sources.clone()),
        ("Trusted", trusted.collect()),
        ("Metadata", about.metadata.clone()),
        ("Revocation", vec![proofs]),
    ] {
        list(name, &values, out)?;
    }
    writeln!(out, "</dl>")
}

/// What something of the job was, where there was any.
fn list(name: &str, values: &[String], out: &mut dyn Write) -> io::Result<()> {
    /// All are in `summary.json`.
    const MOST: usize = 20;
    if values.is_empty() {
        return Ok(());
    }
    write!(out, "<dt>{name}</dt>")?;
    for value in values.iter().take(MOST) {
        write!(out, "<dd>{}</dd>", escaped(value))?;
    }
    match values.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => write!(out, "<dd>and {more} more</dd>"),
    }
}

fn over_time(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let chart = chart::over_time(&summary.days);
    writeln!(out, "<h2>Verdicts over time</h2>{chart}")?;
    let mut shown = Counts::default();
    summary.days.values().for_each(|counts| shown.add_all(*counts));
    match summary.all.total().saturating_sub(shown.total()) {
        0 => Ok(()),
        others => writeln!(
            out,
            "<p class=\"about\">Without the {others} messages of which it is not known as of when they would be judged.</p>"
        ),
    }
}

/// The hash by which a policy of a page names its own script or style.
fn source(text: &str) -> io::Result<String> {
    let digest = crypto::digest(DigestAlgorithm::Sha256, text.as_bytes()).map_err(io::Error::other)?;
    Ok(format!("sha256-{}", STANDARD.encode(digest.as_bytes())))
}

fn tiles(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let counts = summary.all;
    let copies = if summary.further_copies {
        "second copies at least"
    } else {
        "second copies"
    };
    let tiles = [
        ("", "messages", counts.total()),
        ("passed", "passed", counts.passed),
        ("failed", "failed", counts.failed),
        ("indeterminate", "indeterminate", counts.indeterminate),
        ("", "could not be read", summary.unreadable),
        ("", copies, summary.copies),
    ];
    write!(out, "<div class=\"tiles\">")?;
    for (class, name, count) in tiles {
        write!(out, "<div class=\"tile {class}\"><b>{count}</b>{name}</div>")?;
    }
    writeln!(out, "</div>")?;
    let passed_over = summary.passed_over_in_words();
    let passed_over = passed_over.as_deref().unwrap_or("nothing");
    writeln!(
        out,
        "<p class=\"about\">Passed over in the sources: {passed_over}.</p>"
    )
}

const VERDICTS: &str = "<select aria-label=\"Verdict\"><option value=\"\">every verdict</option><option>failed</option><option>indeterminate</option></select>";

/// Columns have a class and a heading.
fn table_start(columns: &[(&str, &str)], select: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<section><form><input type=\"search\" placeholder=\"Filter\" aria-label=\"Filter\">{select}<span class=\"shown\"></span></form><div class=\"scroll\"><table><thead><tr>"
    )?;
    for (class, heading) in columns {
        write!(out, "<th class=\"{class}\">{heading}</th>")?;
    }
    writeln!(out, "</tr></thead><tbody>")
}

fn table_end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "</tbody></table></div></section>")
}

fn causes_table(causes: &[&Cause], out: &mut dyn Write) -> io::Result<()> {
    table_start(
        &[
            ("number", "Messages"),
            ("", "Verdict"),
            ("", "Code"),
            ("", "What is said of the first"),
            ("", "The first"),
            ("", "Days"),
        ],
        VERDICTS,
        out,
    )?;
    for cause in causes {
        let verdict = cause.verdict.name();
        let days = match &cause.days {
            Some((first, last)) if first == last => first.clone(),
            Some((first, last)) => format!("{first} … {last}"),
            None => String::new(),
        };
        writeln!(
            out,
            "<tr data-verdict=\"{verdict}\"><td class=\"number\">{}</td><td class=\"{verdict}\">{verdict}</td><td class=\"code\">{}</td><td class=\"message\">{}</td><td class=\"source\">{}</td><td class=\"time\">{}</td></tr>",
            cause.count,
            escaped(&cause.code),
            escaped(&cause.message),
            escaped(&cause.example),
            escaped(&days)
        )?;
    }
    table_end(out)
}

/// The counts of each code, in the order of its most frequent cause.
fn by_code<'c>(causes: &[&'c Cause]) -> Vec<(&'c str, Counts)> {
    let mut codes: Vec<(&str, Counts)> = Vec::new();
    for cause in causes {
        match codes.iter_mut().find(|(code, _)| *code == cause.code) {
            Some((_, counts)) => counts.add_all(cause.counts()),
            None => codes.push((&cause.code, cause.counts())),
        }
    }
    codes
}

fn signers_table(signers: &[(&str, Counts)], out: &mut dyn Write) -> io::Result<()> {
    table_start(
        &[
            ("", "Signer"),
            ("number", "Passed"),
            ("number", "Failed"),
            ("number", "Indeterminate"),
        ],
        "",
        out,
    )?;
    for (name, counts) in signers {
        writeln!(
            out,
            "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            escaped(name),
            counts.passed,
            counts.failed,
            counts.indeterminate
        )?;
    }
    table_end(out)
}

fn messages_table(summary: &Summary, rows: &mut Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let count = summary.all.refused();
    writeln!(out, "<h2>Messages that did not pass</h2>")?;
    if count > u64::try_from(MOST).unwrap_or(u64::MAX) {
        writeln!(
            out,
            "<p class=\"about\">The first {MOST} of {count}; all of them are in results.csv.</p>"
        )?;
    }
    table_start(
        &["Message", "Verdict", "Code", "Why", "Place", "As of", "Signer"].map(|heading| ("", heading)),
        VERDICTS,
        out,
    )?;
    for row in refused(rows).take(MOST) {
        let verdict = row.verdict.name();
        let place = row
            .position
            .map(|(line, column)| format!("{line}:{column}"))
            .unwrap_or_default();
        let text = |text: &Option<String>| escaped(text.as_deref().unwrap_or_default());
        writeln!(
            out,
            "<tr data-verdict=\"{verdict}\"><td class=\"source\">{}</td><td class=\"{verdict}\">{verdict}</td><td class=\"code\">{}</td><td class=\"message\">{}</td><td class=\"place\">{place}</td><td class=\"time\">{}</td><td class=\"signer\">{}</td></tr>",
            escaped(&row.source),
            text(&row.code),
            text(&row.message),
            text(&row.judged_at),
            text(&row.signer)
        )?;
    }
    table_end(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::super::row::{Row, Verdict, test_row};
    use super::*;

    #[test]
    fn no_value_of_a_message_becomes_markup() {
        let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
        let row = Row {
            verdict: Verdict::Failed,
            kind: Some(evil.to_owned()),
            stage: Some(evil.to_owned()),
            code: Some(evil.to_owned()),
            message: Some(evil.to_owned()),
            judged_at: Some(evil.to_owned()),
            signer: Some(evil.to_owned()),
            legacy: vec![evil.to_owned()],
            warnings: vec![evil.to_owned()],
            ..test_row(evil)
        };
        let mut summary = Summary::default();
        summary.add(&row);
        let about = About::test(evil);
        let mut out = Vec::new();
        write(&summary, &about, &mut std::iter::once(row.into()), &mut out).unwrap();
        let page = String::from_utf8(out).unwrap();
        assert!(!page.contains("<img"), "{page}");
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.matches("&lt;img src=x").count() > 10);
    }
}
