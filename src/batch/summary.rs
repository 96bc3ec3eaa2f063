//! What became of an archive, counted. How much is kept does not grow with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::row::{Row, Verdict, cut};
use super::source::PassedOver;

/// The most signers, causes and days that are told apart; what comes after goes together as `other`.
const MOST: usize = 2_000;
/// The most characters that are kept of what the first message of a cause is called.
const LONGEST_EXAMPLE: usize = 1_024;

/// The counts of an archive. What stands first is that of the first message in the order of the sources.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// All messages.
    pub all: Counts,
    /// Of those that are indeterminate, how many could not be read.
    pub unreadable: u64,
    /// Bytes of all messages that were read.
    pub bytes: u64,
    /// How much in the sources was no message, by the reason.
    pub passed_over: BTreeMap<PassedOver, u64>,
    /// By what they were taken for.
    pub kinds: BTreeMap<String, Counts>,
    /// By the signer, the trusted one if there is one.
    pub signers: BTreeMap<String, Counts>,
    /// By the day as of which they were judged.
    pub days: BTreeMap<String, Counts>,
    /// How many verdicts needed which exception.
    pub legacy: BTreeMap<String, u64>,
    /// How many carry which warning.
    pub warnings: BTreeMap<String, u64>,
    /// Second copies: how many messages have the octets of an earlier one.
    pub copies: u64,
    /// There may be more of them.
    pub further_copies: bool,
    causes: BTreeMap<(String, String), Cause>,
}

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Every check held.
    pub passed: u64,
    /// A check was broken.
    pub failed: u64,
    /// It could not be decided.
    pub indeterminate: u64,
}

/// Messages that did not pass for one reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cause {
    /// The verdict.
    pub verdict: Verdict,
    /// The stage.
    pub stage: Option<String>,
    /// The stable code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub example: String,
    /// What is said of that one.
    pub message: String,
    /// The first and the last day as of which they were judged.
    pub days: Option<(String, String)>,
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        let counted = match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed => &mut self.failed,
            Verdict::Indeterminate | Verdict::Unreadable => &mut self.indeterminate,
        };
        *counted = counted.saturating_add(1);
    }

    /// Adds those of others.
    pub fn add_all(&mut self, others: Self) {
        self.passed = self.passed.saturating_add(others.passed);
        self.failed = self.failed.saturating_add(others.failed);
        self.indeterminate = self.indeterminate.saturating_add(others.indeterminate);
    }

    /// Of all verdicts.
    pub fn total(&self) -> u64 {
        self.passed
            .saturating_add(self.failed)
            .saturating_add(self.indeterminate)
    }

    /// All but the passed.
    pub fn refused(&self) -> u64 {
        self.failed.saturating_add(self.indeterminate)
    }

    fn json(self) -> Value {
        json!({"passed": self.passed, "failed": self.failed, "indeterminate": self.indeterminate})
    }
}

impl Summary {
    /// Counts a message.
    pub fn add(&mut self, row: &Row) {
        self.all.add(row.verdict);
        if row.verdict == Verdict::Unreadable {
            self.unreadable = self.unreadable.saturating_add(1);
        }
        self.bytes = self.bytes.saturating_add(row.bytes);
        let day = row.judged_at.as_deref().and_then(|at| at.get(..10));
        count(&mut self.kinds, row.kind.as_deref(), row.verdict);
        count(&mut self.signers, row.signer.as_deref(), row.verdict);
        count(&mut self.days, day, row.verdict);
        for (counts, names) in [
            (&mut self.legacy, &row.legacy),
            (&mut self.warnings, &row.warnings),
        ] {
            for name in names {
                let counted = counts.entry(name.clone()).or_default();
                *counted = counted.saturating_add(1);
            }
        }
        if row.verdict != Verdict::Passed {
            self.add_cause(row, day);
        }
    }

    fn add_cause(&mut self, row: &Row, day: Option<&str>) {
        let code = row.code.clone().unwrap_or_default();
        let mut message = row.message.clone().unwrap_or_default();
        let mut key = (code.clone(), common(&code, &message));
        if self.causes.len() >= MOST && !self.causes.contains_key(&key) {
            key.1 = String::new();
            message = "other".to_owned();
        }
        let cause = self.causes.entry(key).or_insert_with(|| Cause {
            verdict: row.verdict,
            stage: row.stage.clone(),
            code,
            count: 0,
            example: cut(row.source.clone(), LONGEST_EXAMPLE),
            message,
            days: None,
        });
        cause.count = cause.count.saturating_add(1);
        if let Some(day) = day {
            let (first, last) = cause.days.get_or_insert_with(|| (day.to_owned(), day.to_owned()));
            if day < first.as_str() {
                *first = day.to_owned();
            }
            if day > last.as_str() {
                *last = day.to_owned();
            }
        }
    }

    /// Why messages did not pass, the most frequent reason first.
    pub fn causes(&self) -> Vec<&Cause> {
        let mut causes: Vec<&Cause> = self.causes.values().collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
        causes
    }

    /// Signers, the most frequent first.
    pub fn signers(&self) -> Vec<(&str, Counts)> {
        let mut signers: Vec<_> = self
            .signers
            .iter()
            .map(|(name, counts)| (name.as_str(), *counts))
            .collect();
        signers.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.total()));
        signers
    }

    /// So much was passed over for that reason.
    pub fn passed_over(&self, what: PassedOver) -> u64 {
        self.passed_over.get(&what).copied().unwrap_or(0)
    }

    /// The same for people, of each reason that there was; none where everything was judged.
    pub fn passed_over_in_words(&self) -> Option<String> {
        let counts = PassedOver::ALL.map(|what| (self.passed_over(what), what.words()));
        let words = counts.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = words.map(|(count, words)| format!("{count} {words}")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// As `summary.json` has it.
    pub fn json(&self) -> Value {
        let counts = |named: &BTreeMap<String, Counts>| -> Value {
            named
                .iter()
                .map(|(name, counts)| (name.clone(), counts.json()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let signers = self.signers().into_iter().map(|(name, counts)| {
            json!({"signer": name, "passed": counts.passed, "failed": counts.failed, "indeterminate": counts.indeterminate})
        });
        let passed_over = PassedOver::ALL.map(|what| (what.name().to_owned(), self.passed_over(what).into()));
        json!({
            "messages": self.all.total(),
            "verdicts": self.all.json(),
            "unreadable": self.unreadable,
            "copies": self.copies,
            "bytes": self.bytes,
            "passed_over": serde_json::Map::from_iter(passed_over),
            "kinds": counts(&self.kinds),
            "causes": self.causes().into_iter().map(Cause::json).collect::<Vec<_>>(),
            "signers": signers.collect::<Vec<_>>(),
            "days": counts(&self.days),
            "legacy": self.legacy,
            "warnings": self.warnings,
        })
    }
}

impl Cause {
    /// As counts, for charts.
    pub(super) fn counts(&self) -> Counts {
        match self.verdict {
            Verdict::Passed => Counts {
                passed: self.count,
                ..Counts::default()
            },
            Verdict::Failed => Counts {
                failed: self.count,
                ..Counts::default()
            },
            Verdict::Indeterminate | Verdict::Unreadable => Counts {
                indeterminate: self.count,
                ..Counts::default()
            },
        }
    }

    fn json(&self) -> Value {
        let days = self.days.as_ref();
        json!({
            "code": self.code,
            "stage": self.stage,
            "verdict": self.verdict.name(),
            "count": self.count,
            "example": self.example,
            "message": self.message,
            "first_day": days.map(|days| &days.0),
            "last_day": days.map(|days| &days.1),
        })
    }
}

fn count(counts: &mut BTreeMap<String, Counts>, name: Option<&str>, verdict: Verdict) {
    let Some(name) = name else {
        return;
    };
    let is_known = counts.len() < MOST || counts.contains_key(name);
    let name = if is_known { name } else { "other" };
    if let Some(known) = counts.get_mut(name) {
        known.add(verdict);
    } else {
        counts.entry(name.to_owned()).or_default().add(verdict);
    }
}

/// What messages of one cause have in common.
fn common(code: &str, message: &str) -> String {
    match (code, message.split_once("\" has revoked ")) {
        // Who did not say it. Which of what it said is near differs from time to time.
        ("trust.revocation_unknown", Some((issuer, _))) => issuer.to_owned(),
        _ => shape(message),
    }
}

/// What of a message is the same with other values: these are in quotes, or have digits or an equals sign in them.
fn shape(message: &str) -> String {
    let mut shape = String::new();
    for (place, part) in message.split('"').enumerate() {
        if place % 2 == 1 {
            shape.push('…');
            continue;
        }
        for word in part.split_inclusive(' ') {
            let is_value = word
                .chars()
                .any(|character| character.is_ascii_digit() || character == '=');
            shape.push_str(if is_value { "… " } else { word });
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::super::row::test_row;
    use super::*;
    use crate::trust;

    #[test]
    fn messages_that_differ_in_values_have_one_cause() {
        let mut summary = Summary::default();
        let mut add = |source: &str, message: Option<&str>, at: &str| {
            summary.add(&Row {
                verdict: message.map_or(Verdict::Passed, |_| Verdict::Failed),
                code: message.map(|_| "a.b".to_owned()),
                message: message.map(str::to_owned),
                judged_at: Some(at.to_owned()),
                ..test_row(source)
            });
        };
        add(
            "1",
            Some("reference \"#a\" at 3 is wrong"),
            "2026-03-01T00:00:00Z",
        );
        add(
            "2",
            Some("reference \"#b\" at 17 is wrong"),
            "2026-01-01T00:00:00Z",
        );
        add("3", Some("another"), "2026-02-01T00:00:00Z");
        add("4", None, "2026-02-01T00:00:00Z");
        assert_eq!(
            summary.all,
            Counts {
                passed: 1,
                failed: 3,
                indeterminate: 0
            }
        );
        let causes = summary.causes();
        let told: Vec<_> = causes
            .iter()
            .map(|cause| (cause.count, cause.example.as_str()))
            .collect();
        assert_eq!(told, [(2, "1"), (1, "3")]);
        let days = causes.first().and_then(|cause| cause.days.clone());
        assert_eq!(days, Some(("2026-01-01".to_owned(), "2026-03-01".to_owned())));
    }

    #[test]
    fn what_is_passed_over_is_told_by_its_reason_and_where_there_is_none_too() {
        let mut summary = Summary::default();
        let told = |summary: &Summary| {
            let counts = summary.json().get("passed_over").map(Value::to_string);
            (summary.passed_over_in_words(), counts.unwrap_or_default())
        };
        let none = r#"{"hidden":0,"results":0,"folder":0,"apple_double":0,"other_content":0}"#;
        assert_eq!(told(&summary), (None, none.to_owned()));
        summary.passed_over = [(PassedOver::Folder, 2), (PassedOver::Hidden, 1)].into();
        let words = "1 hidden files or folders, 2 folders in archives";
        let some = r#"{"hidden":1,"results":0,"folder":2,"apple_double":0,"other_content":0}"#;
        assert_eq!(told(&summary), (Some(words.to_owned()), some.to_owned()));
    }

    /// Of a history of CRLs others are near at each time.
    #[test]
    fn an_issuer_that_does_not_say_who_is_revoked_is_one_cause() {
        let mut summary = Summary::default();
        let whys = ["no CRL was given", "a; b", "a; b; and 7 others", "\"x\""];
        for (serial, why) in (1..).zip(whys) {
            for issuer in ["CN=\"A\"", "CN=B"] {
                let error = trust::Error::from(trust::Refusal::RevocationUnknown {
                    subject: "CN=alice".to_owned(),
                    serial: serial.to_string(),
                    issuer: issuer.to_owned(),
                    why: why.to_owned(),
                    at: chrono::DateTime::UNIX_EPOCH,
                });
                summary.add(&Row {
                    verdict: Verdict::Indeterminate,
                    code: Some(error.code().to_owned()),
                    message: Some(error.to_string()),
                    ..test_row("1")
                });
            }
        }
        let counts: Vec<u64> = summary.causes().iter().map(|cause| cause.count).collect();
        assert_eq!(counts, [4, 4]);
    }

    #[test]
    fn what_an_archive_invents_does_not_fill_the_memory() {
        let mut summary = Summary::default();
        for number in 0..3 * MOST {
            let word: String = number
                .to_string()
                .bytes()
                .map(|digit| char::from(digit.saturating_add(49)))
                .collect();
            summary.add(&Row {
                verdict: Verdict::Failed,
                code: Some("a.b".to_owned()),
                message: Some(word.clone()),
                signer: Some(word),
                ..test_row("1")
            });
        }
        assert!(summary.causes().len() <= MOST.saturating_add(1));
        assert!(summary.signers().len() <= MOST.saturating_add(1));
        assert_eq!(summary.all.failed, 6_000);
        let most = summary
            .causes()
            .first()
            .map(|cause| (cause.message.as_str(), cause.count));
        assert_eq!(most, Some(("other", 4_000)));
        let mut summary = Summary::default();
        summary.add(&Row {
            verdict: Verdict::Failed,
            ..test_row(&"x".repeat(1 << 20))
        });
        let kept = summary.causes().first().map(|cause| cause.example.len());
        assert!(kept.is_some_and(|kept| kept < 2_000), "{kept:?}");
    }
}
