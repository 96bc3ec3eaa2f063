use super::indication::{MainIndication, Status, SubIndication};
use super::objects::Objects;
use super::writer::Writer;
use super::{Reporting, Subject, Time, date_time};
use crate::algorithm::{DigestAlgorithm, KeyFamily, Permitted, SignatureAlgorithm};
use crate::crypto::Certificate;
use crate::inbound::{PathFinding, SignatureFinding};
use crate::verifier::{Kind, Outcome, Reason, Verdict};

/// Names of ours, where the standard leaves them to the validator.
const CONSTRAINT: &str = "urn:sealgate:constraint:";
const REPORT: &str = "urn:sealgate:report:";

/// What is said of the message in each of its signatures' reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'m> {
    pub(super) reporting: &'m Reporting,
    pub(super) subject: &'m Subject<'m>,
    pub(super) outcome: &'m Outcome,
    pub(super) time: Option<&'m Time>,
}

/// SignatureValidationReport, of the signature at `place` or of a message without one.
pub(super) fn write(
    message: &Message<'_>,
    place: usize,
    found: Option<&SignatureFinding>,
    objects: &mut Objects,
    out: &mut Writer,
) {
    let id = format!("S-{}", place.saturating_add(1));
    let status = Status::of(message.outcome, found.map(|_| place));
    out.open("SignatureValidationReport", &[]);
    if let Some(found) = found {
        identifier(&id, found, out);
    }
    constraints(message, found, status, out);
    if let Some(time) = message.time {
        out.open("ValidationTimeInfo", &[]);
        out.text("ValidationTime", &time.text);
        time.write("BestSignatureTime", out);
        out.close();
    }
    if let Some(found) = found {
        documents(found, out);
        signer(found, objects, out);
    }
    out.open("SignatureValidationProcess", &[]);
    out.text(
        "SignatureValidationProcessID",
        "urn:sealgate:validationprocess:message",
    );
    out.close();
    out.open("SignatureValidationStatus", &[]);
    indication(status, out);
    out.open("AssociatedValidationReportData", &[]);
    if let Some(found) = found {
        chain(found, objects, out);
        revocation(found, objects, out);
        cryptography(&id, found, out);
    }
    further(message, out);
    out.close();
    out.close();
    out.close();
}

/// SignatureIdentifier. What was signed is at hand, so nothing is said of hashes alone.
fn identifier(id: &str, found: &SignatureFinding, out: &mut Writer) {
    out.open("SignatureIdentifier", &[("id", id)]);
    if let Some(digest) = &found.signed_octets {
        out.digest("DigestAlgAndValue", DigestAlgorithm::Sha256.uri(), digest);
    }
    out.base64("ds:SignatureValue", &found.value);
    out.text("HashOnly", "false");
    out.text("DocHashOnly", "false");
    out.close();
}

/// ValidationConstraintsEvaluationReport: the policy, the References one by one, what the policy asks of
/// SOAP messages, what it asks that broke, and
/// what `strict` asks and it does not.
fn constraints(message: &Message<'_>, found: Option<&SignatureFinding>, status: Status, out: &mut Writer) {
    let reporting = message.reporting;
    out.open("ValidationConstraintsEvaluationReport", &[]);
    out.open("SignatureValidationPolicy", &[]);
    policy(reporting, out);
    out.close();
    for reference in found.iter().flat_map(|found| &found.references) {
        let held = reference.actual.as_ref().map(|_| match reference.ok {
            true => (MainIndication::Passed, None),
            false => (MainIndication::Failed, Some(SubIndication::HashFailure)),
        });
        constraint(
            "reference-digest",
            Some(&reference.uri),
            Applied::Applied,
            held,
            out,
        );
    }
    if let Some(found) = found {
        let held = found.trusted.then_some((MainIndication::Passed, None));
        constraint("trusted-signature", None, Applied::Applied, held, out);
    }
    let reason = message.outcome.verdict.as_ref().err();
    let asked = reporting.constraints.iter();
    for (name, parameter) in asked.filter(|_| message.subject.kind == Some(Kind::Soap)) {
        let held = reason.is_none().then_some((MainIndication::Passed, None));
        constraint(name, Some(parameter), Applied::Applied, held, out);
    }
    if let Some(reason) = reason {
        let main = match reason.verdict {
            Verdict::Failed => MainIndication::Failed,
            Verdict::Indeterminate | Verdict::Unreadable => MainIndication::Indeterminate,
        };
        let held = Some((main, status.sub));
        constraint(reason.code, None, Applied::Applied, held, out);
    }
    for exception in &message.outcome.findings.legacy {
        constraint("strict", Some(exception), Applied::Disabled, None, out);
    }
    out.close();
}

fn policy(reporting: &Reporting, out: &mut Writer) {
    out.open("SignaturePolicyIdentifier", &[]);
    out.open("xades:SignaturePolicyId", &[]);
    out.open("xades:SigPolicyId", &[]);
    let identifier = format!("urn:sealgate:policy:{}", in_uri(&reporting.policy));
    out.text("xades:Identifier", &identifier);
    out.close();
    let digest = &reporting.policy_digest;
    out.digest("xades:SigPolicyHash", DigestAlgorithm::Sha256.uri(), digest);
    out.close();
    out.close();
    out.text("PolicyName", &reporting.policy);
}

/// Whether a constraint was applied.
#[derive(Clone, Copy, Debug)]
enum Applied {
    Applied,
    Disabled,
}

/// ValidationConstraint, with what came of it where that is known.
fn constraint(
    name: &str,
    parameter: Option<&str>,
    applied: Applied,
    held: Option<(MainIndication, Option<SubIndication>)>,
    out: &mut Writer,
) {
    out.open("ValidationConstraint", &[]);
    out.text("ValidationConstraintIdentifier", &format!("{CONSTRAINT}{name}"));
    if let Some(parameter) = parameter {
        let kind = format!("{CONSTRAINT}{name}:parameter");
        out.typed("ValidationConstraintParameter", &kind, parameter);
    }
    out.open("ConstraintStatus", &[]);
    let applied = match applied {
        Applied::Applied => "applied",
        Applied::Disabled => "disabled",
    };
    out.text("Status", &format!("urn:etsi:019102:constraintStatus:{applied}"));
    out.close();
    if let Some((main, sub)) = held {
        out.open("ValidationStatus", &[]);
        indication(Status { main, sub }, out);
        out.close();
    }
    out.close();
}

fn indication(status: Status, out: &mut Writer) {
    out.text("MainIndication", status.main.uri());
    if let Some(sub) = status.sub {
        out.text("SubIndication", &sub.uri());
    }
}

/// SignersDocument: what each Reference covers, as its digest was computed.
fn documents(found: &SignatureFinding, out: &mut Writer) {
    for reference in &found.references {
        if let Some(actual) = &reference.actual {
            out.open("SignersDocument", &[]);
            out.digest("DigestAlgAndValue", &reference.digest_algorithm, actual);
            out.close();
        }
    }
}

/// The certificate that a signature is by. None is of a MAC: whose that is, others sign for.
fn certificate(found: &SignatureFinding) -> Option<&Certificate> {
    let algorithm = SignatureAlgorithm::from_uri(&found.algorithm);
    let is_mac = algorithm.is_some_and(|algorithm| algorithm.family() == KeyFamily::Hmac);
    found.certificate.as_ref().filter(|_| !is_mac)
}

/// SignerInformation: the signer, or of a signature that is not trusted who it would be.
fn signer(found: &SignatureFinding, objects: &mut Objects, out: &mut Writer) {
    if let Some(certificate) = certificate(found) {
        out.open("SignerInformation", &[]);
        out.refer("SignerCertificate", &objects.certificate(certificate));
        out.text("Signer", certificate.subject());
        out.close();
    }
}

/// TrustAnchor, CertificateChain, and what cleared the certificates on it.
fn chain(found: &SignatureFinding, objects: &mut Objects, out: &mut Writer) {
    let Some(certificate) = certificate(found) else {
        return;
    };
    let signing = objects.certificate(certificate);
    let path = found.path.as_ref();
    let issuers: Vec<String> = path
        .iter()
        .flat_map(|path| &path.issuers)
        .map(|issuer| objects.certificate(issuer))
        .collect();
    // Who is trusted for themselves is at both ends.
    let anchor = path.map(|_| issuers.last().unwrap_or(&signing));
    if let Some(anchor) = anchor {
        out.refer("TrustAnchor", anchor);
    }
    out.open("CertificateChain", &[]);
    out.refer("SigningCertificate", &signing);
    for issuer in issuers.iter().rev().skip(1).rev() {
        out.refer("IntermediateCertificate", issuer);
    }
    if let Some(anchor) = anchor {
        out.refer("TrustAnchor", anchor);
    }
    out.close();
    for proof in path.iter().flat_map(|PathFinding { cleared_by, .. }| cleared_by) {
        out.refer("RelatedValidationObject", &objects.proof(proof));
    }
}

fn revocation(found: &SignatureFinding, objects: &mut Objects, out: &mut Writer) {
    let Some(revoked) = &found.revoked else {
        return;
    };
    let Some(since) = date_time(revoked.since) else {
        return;
    };
    out.open("RevocationStatusInformation", &[]);
    out.refer("ValidationObjectId", &objects.certificate(&revoked.certificate));
    out.text("RevocationTime", &since);
    if let Some(reason) = revoked.reason {
        let uri = format!("urn:etsi:019102:revocationReason:{reason}");
        out.text("RevocationReason", &uri);
    }
    out.refer("RevocationObject", &objects.proof(&revoked.by));
    out.close();
}

/// CryptoInformation. Secure is what `strict` takes.
fn cryptography(id: &str, found: &SignatureFinding, out: &mut Writer) {
    let Some(algorithm) = SignatureAlgorithm::from_uri(&found.algorithm) else {
        return;
    };
    let is_secure = Permitted::strict().signatures.contains(algorithm);
    out.open("CryptoInformation", &[]);
    out.refer("ValidationObjectId", id);
    out.text("Algorithm", algorithm.uri());
    out.text("SecureAlgorithm", if is_secure { "true" } else { "false" });
    out.close();
}

/// AdditionalValidationReportData: what the result object has, and the standard has no place for.
fn further(message: &Message<'_>, out: &mut Writer) {
    let reason = message.outcome.verdict.as_ref().err();
    let verdict = match reason.map(|reason| reason.verdict) {
        None => "passed",
        Some(Verdict::Failed) => "failed",
        Some(Verdict::Indeterminate | Verdict::Unreadable) => "indeterminate",
    };
    out.open("AdditionalValidationReportData", &[]);
    let mut data = |name: &str, value: &str| out.typed("ReportData", &format!("{REPORT}{name}"), value);
    // What is written for an invisible character stands for nothing else.
    data("source", &message.subject.source.replace("\\u{", "\\u{5c}u{"));
    if let Some(sha256) = message.subject.sha256 {
        data("sha256", sha256);
    }
    if let Some(kind) = message.subject.kind {
        data("kind", kind.name());
    }
    let judged_at = message.outcome.findings.judged_at;
    if let Some(at) = judged_at.or(message.reporting.at.time()).and_then(date_time) {
        data("judged_at", &at);
    }
    data("verdict", verdict);
    if let Some(Reason {
        code,
        message,
        position,
        clause,
        ..
    }) = reason
    {
        data("code", code);
        data("message", message);
        if let Some(position) = position {
            data("position", &format!("{}:{}", position.line, position.column));
        }
        if let Some(clause) = clause {
            data("clause", clause);
        }
    }
    for warning in &message.outcome.findings.warnings {
        data("warning", warning);
    }
    out.close();
}

/// `name` as a part of a URI (RFC 3986 §2.3).
fn in_uri(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
