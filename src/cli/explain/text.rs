use std::fmt::Write;

use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::cli::console::{Style, Tone};
use crate::cli::report::{plain, referred_to, tree};
use crate::cli::source::Source;
use crate::crypto::encode_base64;
use crate::explain::{Certainty, Explanation, Finding, Form, ReferenceExplanation, SignatureExplanation};

use super::Verdict;

/// How much of what was digested is shown, in bytes.
const SHOWN: usize = 300;

/// The explanation for people: verdict, each signature with its value and references, causes, and what is as it was signed.
pub(super) fn render(source: &Source, explanation: &Explanation, verdict: Verdict, style: Style) -> String {
    let mut page = Page {
        style,
        text: String::new(),
    };
    let tone = match verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed => Tone::Bad,
        Verdict::Indeterminate => Tone::Doubtful,
    };
    let word = style.paint(tone, verdict.name());
    page.line(&format!(
        "{word}  {}",
        style.paint(Tone::Strong, &source.to_string())
    ));
    if explanation.signatures.is_empty() {
        page.line(match explanation.undecrypted {
            None => "  there is no signature in it",
            Some(_) => "  there is no signature outside of what is encrypted",
        });
    }
    for (number, signature) in (1_usize..).zip(&explanation.signatures) {
        page.signature(number, signature);
    }
    if let Some(why) = &explanation.undecrypted {
        page.line("");
        page.line(&format!(
            "  what is encrypted was not decrypted: {}",
            plain(&why.message)
        ));
    }
    page.coverage(explanation);
    page.text
}

struct Page {
    style: Style,
    text: String,
}

impl Page {
    fn signature(&mut self, number: usize, signature: &SignatureExplanation) {
        let title = self.style.paint(Tone::Strong, &format!("signature {number}"));
        let place = format!(
            "{} at {}{}",
            plain(&signature.path),
            signature.position,
            decrypted(signature.form)
        );
        self.line("");
        self.line(&format!("  {title}  {}", self.style.paint(Tone::Faint, &place)));
        let value = &signature.value;
        let algorithm =
            SignatureAlgorithm::from_uri(value.algorithm).map_or(value.algorithm, SignatureAlgorithm::name);
        match (&value.key, value.tried.is_empty()) {
            (Some(key), _) => self.item(
                Mark::Holds,
                &format!("the value holds, by {}", plain(key)),
                algorithm,
            ),
            (None, true) => self.item(
                Mark::Unknown,
                "no key is at hand to check the value with",
                algorithm,
            ),
            (None, false) => self.item(Mark::Broken, "the value does not hold", algorithm),
        }
        self.causes(&value.causes);
        if value.key.is_none() {
            value.tried.iter().for_each(|key| self.fact("tried", &plain(key)));
        }
        for reference in &signature.references {
            self.reference(reference);
        }
    }

    fn reference(&mut self, reference: &ReferenceExplanation) {
        let uri = if reference.uri.is_empty() {
            "(document)".to_owned()
        } else {
            plain(&reference.uri)
        };
        let digest = DigestAlgorithm::from_uri(reference.digest_algorithm);
        let facts = format!(
            "{uri} {}{}",
            digest.map_or(reference.digest_algorithm, DigestAlgorithm::name),
            decrypted(reference.form)
        );
        let digested = reference.is_match() || reference.actual.is_some();
        let element = referred_to(reference.element.as_deref(), digested);
        if reference.is_match() {
            self.item(Mark::Holds, &element, &facts);
            return;
        }
        let mark = if reference.is_encrypted() {
            Mark::Unknown
        } else {
            Mark::Broken
        };
        self.item(mark, &element, &facts);
        self.fact("signed", &encode_base64(&reference.expected));
        if let Some(actual) = &reference.actual {
            self.fact("actual", &encode_base64(actual));
        }
        self.causes(&reference.causes);
        self.octets(&reference.octets);
    }

    fn causes(&mut self, causes: &[Finding]) {
        for (at, finding) in causes.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| causes.get(before));
            let joined = match before {
                None => "",
                Some(before) if before.group == finding.group => "together with ",
                Some(_) => "or ",
            };
            let tone = match finding.certainty {
                Certainty::Proved => Tone::Strong,
                Certainty::Likely => Tone::Doubtful,
            };
            let cause = self.style.paint(tone, finding.cause.name());
            let text = format!("{joined}{cause}: {}", finding.detail);
            self.fact(finding.certainty.name(), &text);
        }
    }

    fn octets(&mut self, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(octets);
        let end = text
            .char_indices()
            .map(|(at, _)| at)
            .take_while(|at| *at <= SHOWN)
            .last()
            .unwrap_or(0);
        let (shown, rest) = text.split_at_checked(end).unwrap_or((&text, ""));
        let (shown, more) = if rest.len() <= 4 {
            (text.as_ref(), "")
        } else {
            (shown, " …")
        };
        self.fact("octets", &format!("{}: {}{more}", octets.len(), plain(shown)));
    }

    fn coverage(&mut self, explanation: &Explanation) {
        if explanation.coverage.is_empty() {
            return;
        }
        self.line("");
        let title = self.style.paint(Tone::Strong, "document");
        let legend = self.style.paint(
            Tone::Faint,
            "✓ digested and as it was signed, ✗ not signed, or not as it was",
        );
        self.line(&format!("  {title}  {legend}"));
        for line in tree::render(&explanation.coverage, self.style) {
            self.line(&format!("    {line}"));
        }
    }

    fn item(&mut self, mark: Mark, what: &str, facts: &str) {
        let (mark, tone) = match mark {
            Mark::Holds => ("✓", Tone::Good),
            Mark::Broken => ("✗", Tone::Bad),
            Mark::Unknown => ("?", Tone::Doubtful),
        };
        let mark = self.style.paint(tone, mark);
        self.line(&format!(
            "    {mark} {what}  {}",
            self.style.paint(Tone::Faint, facts)
        ));
    }

    fn fact(&mut self, label: &str, value: &str) {
        let label = self.style.paint(Tone::Faint, &format!("{label:8}"));
        self.line(&format!("      {label}{value}"));
    }

    fn line(&mut self, text: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{text}");
    }
}

const fn decrypted(form: Form) -> &'static str {
    match form {
        Form::Received => "",
        Form::Decrypted => ", decrypted",
    }
}

enum Mark {
    Holds,
    Broken,
    Unknown,
}
