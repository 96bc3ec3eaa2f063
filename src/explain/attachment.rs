use super::explanation::{Cause, Certainty, Finding, ReferenceExplanation};
use crate::algorithm::DigestAlgorithm;
use crate::crypto::{DigestValue, Digester};
use crate::dsig::{AttachmentScope, Processing, Reference, SignedAttachment, Target};
use crate::soap::attachment::{Attachment, Attachments};

/// As much is read of an attachment at a time.
const PIECE: usize = 64 * 1024;

/// Why the attachment that `reference` is about is not what was signed, if it is not. `None` if it is about none.
pub(super) fn explain(reference: &Reference<'_>, attachments: &Attachments) -> Option<ReferenceExplanation> {
    let (Target::Attachment(id), Processing::Attachment(scope)) =
        (&reference.target, &reference.transforms.processing)
    else {
        return None;
    };
    let found = attachments.get(id);
    let scope = *scope;
    let actual = found.and_then(|found| digest(found, scope, reference.digest_algorithm));
    let mut explanation = ReferenceExplanation {
        uri: reference.uri.clone(),
        element: found.map(|_| format!("cid:{id}")),
        digest_algorithm: reference.digest_algorithm.uri(),
        expected: reference.digest_value.clone(),
        actual: actual.map(|actual| actual.as_bytes().to_vec()),
        octets: Vec::new(),
        causes: Vec::new(),
        signed: None,
    };
    if !explanation.is_match() {
        explanation.causes = vec![cause(reference, scope, found, attachments)];
    }
    Some(explanation)
}

fn cause(
    reference: &Reference<'_>,
    scope: AttachmentScope,
    found: Option<&Attachment>,
    attachments: &Attachments,
) -> Finding {
    let is_signed =
        |digest: Option<DigestValue>| digest.is_some_and(|digest| digest.matches(&reference.digest_value));
    let declared = reference.digest_algorithm;
    let proved = |cause, detail: String| Finding {
        cause,
        detail,
        certainty: Certainty::Proved,
    };
    if let Some(found) = found {
        let (other, detail) = match scope {
            AttachmentScope::Content => (
                AttachmentScope::Complete,
                "the header of the part was signed with it, and the message says that its content was",
            ),
            AttachmentScope::Complete => (
                AttachmentScope::Content,
                "the content alone was signed, and the message says that the header of the part was too",
            ),
        };
        if is_signed(digest(found, other, declared)) {
            return proved(Cause::CanonicalizationMethod, detail.to_owned());
        }
        if is_signed(digest_of_lf(found, declared)) {
            let detail =
                "the signer digested the content with lines that end with LF, where they end with CR LF";
            return proved(Cause::LineEndings, detail.to_owned());
        }
        let others = DigestAlgorithm::ALL.iter().copied();
        let mut others = others.filter(|other| *other != declared);
        if let Some(other) = others.find(|other| is_signed(digest(found, scope, *other))) {
            let (other, declared) = (other.uri(), declared.uri());
            let detail = format!("the digest is by {other}, and the message says {declared}");
            return proved(Cause::DigestAlgorithm, detail);
        }
    }
    let moved = attachments
        .iter()
        .find(|attachment| is_signed(digest(attachment, scope, declared)));
    if let Some(moved) = moved {
        let detail = format!("what was signed is the part with the Content-ID {}", moved.id());
        return proved(Cause::IdMoved, detail);
    }
    let (cause, detail) = match found {
        Some(_) => (
            Cause::ContentChanged,
            "nothing gives the digest that was signed of: the content, the header with it, other line ends, other digests, \
             other parts",
        ),
        None => (
            Cause::IdMoved,
            "no part has that Content-ID, and no other is what was signed",
        ),
    };
    Finding {
        cause,
        detail: detail.to_owned(),
        certainty: Certainty::Likely,
    }
}

fn digest(
    attachment: &Attachment,
    scope: AttachmentScope,
    algorithm: DigestAlgorithm,
) -> Option<DigestValue> {
    attachment.digest(scope, algorithm).ok()
}

/// The digest of the content with LF where it has CR LF.
fn digest_of_lf(attachment: &Attachment, algorithm: DigestAlgorithm) -> Option<DigestValue> {
    let mut digester = Digester::new(algorithm);
    let mut piece = vec![0; PIECE];
    let (mut offset, mut pending) = (0_u64, false);
    loop {
        let count = attachment.read_at(offset, &mut piece).ok()?;
        let octets = piece.get(..count)?;
        for run in octets.split_inclusive(|octet| matches!(octet, b'\r' | b'\n')) {
            if pending && run != b"\n" {
                digester.update(b"\r");
            }
            let text = run.strip_suffix(b"\r");
            pending = text.is_some();
            digester.update(text.unwrap_or(run));
        }
        if octets.is_empty() {
            break;
        }
        offset = offset.checked_add(u64::try_from(count).ok()?)?;
    }
    if pending {
        digester.update(b"\r");
    }
    digester.finish().ok()
}
