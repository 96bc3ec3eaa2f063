use super::explanation::{Cause, Certainty, Finding, Form, ReferenceExplanation};
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
        form: Form::Received,
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
    let proved = |cause, detail: String| Finding::only(cause, detail, Certainty::Proved);
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
    Finding::only(cause, detail, Certainty::Likely)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use std::sync::Arc;

    use super::*;
    use crate::crypto::{digest as digest_octets, encode_base64};
    use crate::explain::{Effort, KeysAtHand, explain};
    use crate::soap::attachment::{InMemory, Package, Related};
    use crate::xml::Limits;

    const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

    fn attachments() -> Attachments {
        let related = Related::parse("multipart/related; type=\"text/xml\"; boundary=b").unwrap();
        let mut package = Package::new(related, &Limits::archive(), Arc::new(InMemory));
        let parts = [
            "Content-Type: text/xml\r\n\r\n<a></a>",
            "Content-ID: <note@x>\r\nContent-Type: text/plain\r\n\r\none\ntwo",
            "Content-ID: <scan@x>\r\nContent-Type: image/png\r\n\r\n12",
        ];
        for part in parts {
            package.push(format!("--b\r\n{part}\r\n").as_bytes()).unwrap();
        }
        package.push(b"--b--\r\n").unwrap();
        package.finish().unwrap().attachments
    }

    /// What is said of a Reference to the content of `id` with this digest: nothing, or cause and certainty.
    fn said(id: &str, value: &[u8]) -> Option<(&'static str, &'static str)> {
        let signature = format!(
            "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/>\
             <ds:SignatureMethod Algorithm='http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'/><ds:Reference URI='cid:{id}'>\
             <ds:Transforms><ds:Transform Algorithm='http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform'/>\
             </ds:Transforms><ds:DigestMethod Algorithm='{}'/><ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>\
             <ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>",
            SHA256.uri(),
            encode_base64(value)
        );
        let keys = KeysAtHand::default();
        let all = explain(signature.into(), &attachments(), &keys, &[], Effort::DEFAULT).unwrap();
        let reference = &all.signatures[0].references[0];
        assert_eq!(reference.is_match(), reference.causes.is_empty());
        let first = reference.causes.first()?;
        Some((first.cause.name(), first.certainty.name()))
    }

    fn of(algorithm: DigestAlgorithm, octets: &[u8]) -> Vec<u8> {
        digest_octets(algorithm, octets).unwrap().as_bytes().to_vec()
    }

    #[test]
    fn what_happened_to_an_attachment_is_named() {
        assert_eq!(said("note@x", &of(SHA256, b"one\r\ntwo")), None);
        let all = attachments();
        let complete = digest(all.get("note@x").unwrap(), AttachmentScope::Complete, SHA256).unwrap();
        for (id, value, cause, certainty) in [
            ("note@x", of(SHA256, b"one\ntwo"), "line_endings", "proved"),
            (
                "note@x",
                complete.as_bytes().to_vec(),
                "canonicalization_method",
                "proved",
            ),
            (
                "note@x",
                of(DigestAlgorithm::Sha3_256, b"one\r\ntwo"),
                "digest_algorithm",
                "proved",
            ),
            ("note@x", of(SHA256, b"12"), "id_moved", "proved"),
            ("other@x", of(SHA256, b"13"), "id_moved", "likely"),
            ("scan@x", of(SHA256, b"13"), "content_changed", "likely"),
        ] {
            assert_eq!(said(id, &value), Some((cause, certainty)), "{id} {cause}");
        }
    }
}
