use std::path::Path;
use std::time::Duration;

use crate::cli::console::{Style, Tone};
use crate::cli::report::plain;

use super::backend::Backend;
use super::scenario::{Step, Transport};
use super::send::{Answer, Outcome, Sender};

/// How wide the columns are.
const NAME: usize = 25;
const EXPECTED: usize = 9;
const VERDICT: usize = 9;
const CODE: usize = 29;
const SAW: usize = 35;

/// What was made, and the head of the table.
pub(super) fn introduction(folder: &Path, backend: &Backend, sender: &Sender, style: Style) -> String {
    let folder = style.paint(Tone::Strong, &plain(&folder.to_string_lossy()));
    let (http, tls) = (sender.url(Transport::Http), sender.url(Transport::Tls));
    let head = format!(
        "  {:NAME$}  {:4}  {:EXPECTED$}{:VERDICT$}{:CODE$}{:SAW$}{:>7}",
        "message", "by", "expected", "verdict", "code", "what the backend saw", "µs"
    );
    format!(
        "made a CA, two partners, an identity provider, a stranger and the gateway's key in {folder}\n\
         a legacy orders service, which knows nothing of WS-Security, listens on {}\n\
         the gateway before it listens on {http} and {tls}\n\n{}\n",
        backend.address(),
        style.paint(Tone::Faint, head.trim_end())
    )
}

/// One message.
pub(super) struct Row<'s> {
    step: &'s Step,
    outcome: Outcome,
}

impl<'s> Row<'s> {
    pub(super) fn of(step: &'s Step, outcome: Outcome) -> Self {
        Self { step, outcome }
    }

    /// Whether it passed and was answered, or was refused for the right reason and unseen by the backend.
    pub(super) fn is_as_expected(&self) -> bool {
        let outcome = &self.outcome;
        match self.step.expected {
            None => outcome.status == 200 && outcome.answer == Answer::Signed && outcome.orders.len() == 1,
            Some(code) => {
                outcome.answer == Answer::Fault
                    && outcome.code.as_deref() == Some(code)
                    && outcome.orders.is_empty()
            }
        }
    }

    pub(super) fn render(&self, style: Style) -> String {
        let (mark, tone) = if self.is_as_expected() {
            ("✓", Tone::Good)
        } else {
            ("✗", Tone::Bad)
        };
        let transport = match self.step.transport {
            Transport::Http => "HTTP",
            Transport::Tls => "TLS",
        };
        let expected = if self.step.expected.is_none() {
            "passed"
        } else {
            "refused"
        };
        let (verdict, verdict_tone) = match self.outcome.answer {
            Answer::Fault => ("refused", Tone::Doubtful),
            Answer::Signed | Answer::Other(_) => ("passed", Tone::Good),
        };
        let code = match (&self.outcome.code, &self.outcome.answer) {
            (Some(code), _) => plain(code),
            (None, Answer::Signed) => "answer signed, and verified".to_owned(),
            (None, Answer::Other(code)) => format!("answer not accepted: {}", plain(code)),
            (None, Answer::Fault) => "not in the log".to_owned(),
        };
        let saw = match self.outcome.orders.as_slice() {
            [] => "nothing".to_owned(),
            orders => plain(&orders.join(", ")),
        };
        format!(
            "{} {:NAME$}  {transport:4}  {expected:EXPECTED$}{}{code:CODE$}{saw:SAW$}{:>7}\n",
            style.paint(tone, mark),
            self.step.name,
            style.paint(verdict_tone, &format!("{verdict:VERDICT$}")),
            microseconds(self.outcome.took),
        )
    }
}

fn microseconds(time: Duration) -> u128 {
    time.as_micros()
}

/// The last line of the table.
pub(super) fn conclusion(as_expected: usize, all: usize, style: Style) -> String {
    let tone = if as_expected == all { Tone::Good } else { Tone::Bad };
    let text = format!("{as_expected} of {all} as expected");
    format!("\n{}\n", style.paint(tone, &text))
}
