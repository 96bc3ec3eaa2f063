use std::fmt::Write;

use serde_json::Value;

use crate::algorithm::CanonicalizationAlgorithm;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::inbound::Findings;
use crate::inbound::ReferenceFinding;
use crate::inbound::SignatureFinding;
use crate::verifier::{Reason, Verdict};
use crate::xml::quoted;

use super::{Report, hint, outline, plain, referred_to, tree};
use crate::cli::console::{Style, Tone};

/// How wide the names of facts are.
const LABEL: usize = 10;

/// The report for people: verdict, reason, who signed what, what is covered.
pub(super) fn render(report: &Report, style: Style) -> String {
    let mut page = Page {
        style,
        text: String::new(),
    };
    page.verdict(report);
    if let Err(reason) = &report.outcome.verdict {
        page.reason(reason, report);
    }
    page.findings(&report.outcome.findings);
    page.text
}

struct Page {
    style: Style,
    text: String,
}

impl Page {
    fn verdict(&mut self, report: &Report) {
        let (word, tone) = match report.outcome.verdict.as_ref().err().map(|reason| reason.verdict) {
            None => ("passed", Tone::Good),
            Some(Verdict::Failed) => ("failed", Tone::Bad),
            Some(Verdict::Indeterminate) => ("indeterminate", Tone::Doubtful),
            Some(Verdict::Unreadable) => ("unreadable", Tone::Bad),
        };
        let word = self.style.paint(tone, word);
        let source = self.style.paint(Tone::Strong, &report.source.to_string());
        self.line(&format!("{word}  {source}"));
    }

    fn reason(&mut self, reason: &Reason, report: &Report) {
        let code = self.style.paint(Tone::Strong, reason.code);
        match broken_reference(report).filter(|_| reason.code == "dsig.digest_mismatch") {
            None => self.line(&format!("  {code}: {}", reason.message)),
            Some(reference) => {
                let uri = quoted(&reference.uri);
                self.line(&format!("  {code}: what {uri} refers to is not what was signed"));
                self.fact(
                    "element",
                    &plain(reference.element.as_deref().unwrap_or_default()),
                );
                self.fact("signed", &plain(&reference.expected));
                self.fact("actual", reference.actual.as_deref().unwrap_or_default());
            }
        }
        if let Some(position) = reason.position {
            self.fact("at", &format!("{}:{position}", report.source));
        }
        if let Some(clause) = reason.clause {
            self.fact("clause", clause);
        }
        if let Some(hint) = hint::for_reason(reason) {
            self.fact("hint", hint);
        }
    }

    fn findings(&mut self, findings: &Findings) {
        for (index, signature) in findings.signatures.iter().enumerate() {
            self.signature(index.saturating_add(1), signature);
        }
        if let Some(claims) = &findings.claims {
            self.claims(claims);
        }
        self.notes(findings);
        self.coverage(findings);
    }

    fn signature(&mut self, number: usize, signature: &SignatureFinding) {
        let (word, tone) = if signature.trusted {
            ("trusted", Tone::Good)
        } else if signature.references.iter().any(is_broken) {
            ("does not hold", Tone::Bad)
        } else {
            ("not trusted", Tone::Bad)
        };
        let algorithm = SignatureAlgorithm::from_uri(&signature.algorithm)
            .map_or_else(|| plain(&signature.algorithm), |known| known.name().to_owned());
        let canonicalization = match CanonicalizationAlgorithm::from_uri(&signature.canonicalization) {
            Some(known) => known.name().to_owned(),
            None if signature.canonicalization.is_empty() => "query string".to_owned(),
            None => plain(&signature.canonicalization),
        };
        let word = self.style.paint(tone, word);
        let title = self.style.paint(Tone::Strong, &format!("signature {number}"));
        self.line("");
        self.line(&format!("  {title}  {algorithm}, {canonicalization}, {word}"));
        if let Some(signer) = &signature.signer {
            self.fact("signer", &plain(&signer.subject));
            self.fact("issuer", &plain(&signer.issuer));
            self.fact("serial", &plain(&signer.serial));
            self.fact("sha256", &signer.sha256);
        }
        for reference in &signature.references {
            self.reference(reference);
        }
    }

    fn reference(&mut self, reference: &ReferenceFinding) {
        let (mark, tone) = match (reference.ok, &reference.actual) {
            (true, _) => ("✓", Tone::Good),
            (false, Some(_)) => ("✗", Tone::Bad),
            (false, None) => ("?", Tone::Doubtful),
        };
        let digest = DigestAlgorithm::from_uri(&reference.digest_algorithm).map_or_else(
            || plain(&reference.digest_algorithm),
            |known| known.name().to_owned(),
        );
        let uri = if reference.uri.is_empty() {
            "(document)".to_owned()
        } else {
            plain(&reference.uri)
        };
        let digested = reference.ok || reference.actual.is_some();
        let element = referred_to(reference.element.as_deref(), digested);
        let mark = self.style.paint(tone, mark);
        self.line(&format!(
            "    {mark} {element}  {}",
            self.style.paint(Tone::Faint, &format!("{uri} {digest}"))
        ));
    }

    fn claims(&mut self, claims: &Value) {
        self.line("");
        self.line(&format!("  {}", self.style.paint(Tone::Strong, "claims")));
        if let Some(object) = claims.as_object() {
            self.text.push_str(&outline(object, 4, self.style));
        }
    }

    /// What does not change the verdict, and what it needed.
    fn notes(&mut self, findings: &Findings) {
        if findings.warnings.is_empty() && findings.legacy.is_empty() {
            return;
        }
        self.line("");
        for warning in &findings.warnings {
            let meaning = hint::for_warning(warning);
            let name = self.style.paint(Tone::Doubtful, warning);
            let meaning = meaning.map_or(String::new(), |meaning| format!(": {meaning}"));
            self.line(&format!("  warning  {name}{meaning}"));
        }
        if !findings.legacy.is_empty() {
            let names = self.style.paint(Tone::Doubtful, &findings.legacy.join(", "));
            self.line(&format!(
                "  legacy   {names}: what strict does not allow, and this verdict needed"
            ));
        }
    }

    fn coverage(&mut self, findings: &Findings) {
        if findings.coverage.is_empty() {
            return;
        }
        self.line("");
        let title = self.style.paint(Tone::Strong, "coverage");
        let legend = self
            .style
            .paint(Tone::Faint, "✓ signed by a trusted key, ✗ not signed");
        self.line(&format!("  {title}  {legend}"));
        for line in tree::render(&findings.coverage, self.style) {
            self.line(&format!("    {line}"));
        }
        if findings.coverage_omitted > 0 {
            self.line(&format!("    … and {} more", findings.coverage_omitted));
        }
    }

    fn fact(&mut self, label: &str, value: &str) {
        let label = self.style.paint(Tone::Faint, &format!("{label:LABEL$}"));
        self.line(&format!("    {label}{value}"));
    }

    fn line(&mut self, text: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{text}");
    }
}

/// The reference that a digest mismatch is about.
fn broken_reference(report: &Report) -> Option<&ReferenceFinding> {
    let signatures = report.outcome.findings.signatures.iter();
    signatures
        .flat_map(|signature| &signature.references)
        .find(|reference| is_broken(reference))
}

fn is_broken(reference: &ReferenceFinding) -> bool {
    !reference.ok && reference.actual.is_some()
}
