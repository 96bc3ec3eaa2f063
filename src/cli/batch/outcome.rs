//! The end of a job: its reports, and what is told of it.

use std::path::Path;

use super::progress::Counted;
use crate::batch::report::{self, About};
use crate::batch::{Copies, Journal, Summary};
use crate::cli::console::{Console, Style, Tone};
use crate::cli::exit::{Exit, Stop};
use crate::cli::report::plain;

/// Causes that are told; all are in the reports.
const MOST: usize = 20;

/// Writes the reports, and says in a line a cause why messages did not pass.
pub(super) fn tell(
    folder: &Path,
    journal: &Journal,
    counted: Counted,
    about: &About,
    console: &mut Console,
) -> Result<Exit, Stop> {
    let mut summary = counted.summary;
    let copies = counted.copies.and_then(Copies::find).map_err(Stop::failed)?;
    summary.copies = copies.count();
    summary.further_copies = !copies.are_all();
    report::write(folder, journal, &summary, &copies, about)
        .map_err(|error| Stop::failed(format_args!("the reports cannot be written: {error}")))?;
    if summary.all.total() == 0 {
        console.note("warning: there is no message in what was named: nothing was judged\n");
    }
    let text = text(&summary, folder, console.style());
    console.print(text);
    Ok(if summary.unreadable > 0 {
        Exit::Failed
    } else if summary.all.refused() > 0 {
        Exit::Refused
    } else {
        Exit::Passed
    })
}

fn text(summary: &Summary, folder: &Path, style: Style) -> String {
    let counts = summary.all;
    let mut text = format!(
        "{} messages: {} passed, {} failed, {} indeterminate",
        style.paint(Tone::Strong, &counts.total().to_string()),
        style.paint(Tone::Good, &counts.passed.to_string()),
        style.paint(Tone::Bad, &counts.failed.to_string()),
        style.paint(Tone::Doubtful, &counts.indeterminate.to_string()),
    );
    if summary.copies > 0 {
        let least = if summary.further_copies { "at least " } else { "" };
        text.push_str(&format!(
            "; {least}{} have the octets of another one",
            summary.copies
        ));
    }
    text.push('\n');
    if let Some(words) = summary.passed_over_in_words() {
        text.push_str(&format!("passed over: {words}\n"));
    }
    let causes = summary.causes();
    for cause in causes.iter().take(MOST) {
        text.push_str(&format!(
            "  {:>9}  {}  {}\n             as {}\n",
            cause.count,
            style.paint(Tone::Strong, &plain(&cause.code)),
            plain(&cause.message),
            style.paint(Tone::Faint, &plain(&cause.example)),
        ));
    }
    let more = causes.len().saturating_sub(MOST);
    if more > 0 {
        text.push_str(&format!("  and {more} more causes\n"));
    }
    let is_of_time = |code: &str| matches!(code, "wss.timestamp_expired" | "saml.expired" | "trust.expired");
    if causes.first().is_some_and(|cause| is_of_time(&cause.code)) {
        text.push_str("hint: an archive can be judged as of the messages' own times: --at message\n");
    }
    let shown = plain(&folder.to_string_lossy());
    text.push_str(&format!(
        "results.jsonl, summary.html and other reports are in {shown}\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_were_not_all_looked_for_are_so_many_at_least() {
        let mut summary = Summary::default();
        for (further, said) in [(false, "; 7 have"), (true, "; at least 7 have")] {
            (summary.copies, summary.further_copies) = (7, further);
            assert!(
                text(&summary, Path::new("report"), Style::Plain).contains(said),
                "{said}"
            );
        }
    }
}
