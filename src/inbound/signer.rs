mod candidates;

use chrono::{DateTime, Utc};

use super::findings::{Claim, Findings, PathFinding, ReferenceFinding, SignatureFinding};
use crate::algorithm::{DigestAlgorithm, Permitted, SignatureAlgorithm, TransformAlgorithm};
use crate::crypto::{Certificate, DigestValue, KeyKind, Secret, Turn, VerifyingKey, encode_base64};
use crate::dsig;
use crate::dsig::{Covered, Processing, ReferenceOutcome, Rules, Signature, Target};
use crate::policy::{Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::token::X509Hint;
use crate::trust;
use crate::trust::{Attested, KeyHint, Owner, Partner, PathRules, TrustStore, attest, endorse};

/// Finds out whose key made a signature: a hint names candidates, the trust store says which of them are trusted, and only
/// with a trusted key is anything computed; for reports, also with one of which a revocation alone is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignerSearch<'g> {
    /// Whom we trust.
    pub(crate) trust: &'g TrustStore,
    /// What certificate paths must be.
    pub(crate) paths: PathRules,
    /// What signatures may use.
    pub(crate) rules: Rules<'g>,
    /// As of when.
    pub(crate) at: DateTime<Utc>,
    /// Whose signatures count, if not those of everybody who is trusted.
    pub(crate) partner: Option<&'g Partner>,
    /// When a secret is decrypted that verifies, where others hold the key for us.
    pub(crate) turn: Turn,
}

impl SignerSearch<'_> {
    /// Verifies `signature` with the certificate that `hint` means.
    ///
    /// # Errors
    /// The reason of the candidate that came furthest.
    pub(crate) fn by_x509<'d>(
        &self,
        signature: &Signature<'d>,
        hint: &X509Hint,
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let carried = self.carried(hint)?;
        let candidates = self.candidates(hint, &carried);
        if candidates.is_empty() {
            findings.note_signature(|| finding(signature, &[], None));
            if self.trust.is_empty() {
                return Err(trust::Error::from(trust::Refusal::NoAnchor).into());
            }
            return Err(trust::Error::unknown_signer(&describe(hint)).into());
        }
        self.by_candidates(signature, &candidates, &carried, findings)
    }

    /// Verifies `signature` with whichever of the pins and anchors made it: those whom `name` means, or without a name any.
    ///
    /// # Errors
    /// As [`by_x509`](Self::by_x509).
    pub(crate) fn by_name<'d>(
        &self,
        signature: &Signature<'d>,
        name: Option<&str>,
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let named = name
            .map(|name| self.trust.candidates(&KeyHint::KeyName(name)))
            .unwrap_or_default();
        if !named.is_empty() {
            return self.by_candidates(signature, &named, &[], findings);
        }
        let known = self.pins_and_anchors();
        let may_sign = |candidate: &&Certificate| {
            let path = self.trust.path(candidate, &[], self.at, &self.paths);
            !path.is_err_and(|error| matches!(error.refusal(), trust::Refusal::Constraint { .. }))
        };
        let candidates: Vec<Certificate> = known.iter().filter(may_sign).cloned().collect();
        if candidates.is_empty() {
            findings.note_signature(|| finding(signature, &[], None));
            let error = if known.is_empty() {
                trust::Refusal::NoAnchor.into()
            } else {
                let reference = name.map(|name| format!("the key {name}"));
                trust::Error::unknown_signer(
                    reference
                        .as_deref()
                        .unwrap_or("a signature that names no certificate in X509Data"),
                )
            };
            return Err(error.into());
        }
        self.by_candidates(signature, &candidates, &[], findings)
    }

    /// The pins and anchors that may sign, each as the owner of its key.
    ///
    /// # Errors
    /// Nobody is trusted, or the first may not sign and no other may.
    pub(crate) fn trusted_owners(&self) -> Result<Vec<Owner>, trust::Error> {
        let mut owners = Vec::new();
        let mut first = None;
        for candidate in self.pins_and_anchors() {
            match self.trust.path(&candidate, &[], self.at, &self.paths) {
                Ok(path) => owners.push(Owner::Certified(path)),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        if owners.is_empty() {
            return Err(first.unwrap_or_else(|| trust::Refusal::NoAnchor.into()));
        }
        Ok(owners)
    }

    fn pins_and_anchors(&self) -> Vec<Certificate> {
        let anchors = self.trust.anchors().iter().map(|anchor| anchor.certificate());
        let all = self.trust.pins().chain(anchors);
        all.take(TrustStore::MAX_CANDIDATES).cloned().collect()
    }

    /// Verifies `signature` with the key of `owner`.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn by_owner<'d>(
        &self,
        signature: &Signature<'d>,
        owner: Owner,
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        findings.note_claim(|| Claim::of(&owner));
        self.check_partner(&owner, findings)?;
        let mut outcomes = Vec::new();
        let key = owner.key();
        let verified = dsig::verify(signature, &key, self.rules, &mut outcomes);
        self.conclude(signature, verified, owner, &outcomes, findings)
    }

    /// Nothing is computed with the key of anybody else.
    fn check_partner(&self, owner: &Owner, findings: &mut Findings) -> Result<(), trust::Error> {
        if self.partner.is_none_or(|partner| partner.is(owner)) {
            return Ok(());
        }
        findings.note_other_signer();
        Err(trust::Error::unknown_signer("a signer of the exception"))
    }

    /// Verifies `signature` with one of `secrets`, which prove nobody's identity, as a statement of who made `by`, which signs it.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn by_endorsement<'d>(
        &self,
        signature: &Signature<'d>,
        secrets: &[Secret],
        by: &Attested<'d>,
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let mut outcomes = Vec::new();
        let mut verified = None;
        for secret in secrets {
            let key = VerifyingKey::Hmac(secret.clone());
            let outcome = dsig::verify(signature, &key, self.rules, &mut outcomes);
            let is_settled = outcome.is_ok() || !outcomes.is_empty();
            verified = Some(outcome);
            if is_settled {
                break;
            }
        }
        findings.note_signature(|| SignatureFinding {
            trusted: matches!(verified, Some(Ok(_))),
            ..finding(signature, &outcomes, Some(by.owner()))
        });
        note_legacy_algorithms(signature, findings);
        let endorsed = verified.transpose()?.and_then(|covered| endorse(covered, by));
        endorsed.ok_or_else(|| Unmet::at(signature.element, UnmetKind::NotEndorsed).into())
    }

    fn conclude<'d>(
        &self,
        signature: &Signature<'d>,
        verified: Result<Covered<'d>, dsig::Error>,
        owner: Owner,
        outcomes: &[ReferenceOutcome<'d>],
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        findings.note_signature(|| SignatureFinding {
            trusted: verified.is_ok(),
            ..match &verified {
                Ok(covered) => finding_of(
                    signature,
                    outcomes,
                    Some(&owner),
                    covered.signed_info_digest().ok(),
                ),
                Err(_) => finding(signature, outcomes, Some(&owner)),
            }
        });
        note_path(&owner, findings);
        if owner.public_key().is_some_and(|key| is_short(key.kind())) {
            findings.note_legacy("certificate-rsa-1024");
        }
        note_legacy_algorithms(signature, findings);
        // A reference was digested only if the value over SignedInfo holds.
        if !outcomes.is_empty() {
            findings.note_signer();
        }
        Ok(attest(verified?, owner)?)
    }

    /// The certificates that came with the message.
    fn carried(&self, hint: &X509Hint) -> Result<Vec<Certificate>, Rejection> {
        let limit = TrustStore::MAX_MESSAGE_CERTIFICATES;
        if hint.certificates.len() > limit {
            let what = "certificates in the message";
            return Err(trust::Error::from(trust::Refusal::Budget { what, limit }).into());
        }
        let read = |der: &bytes::Bytes| self.trust.certificate(der);
        Ok(hint.certificates.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The certificates that may be the signer's: of those that came along, or else those that the store knows, the ones that
    /// fit everything the hint says.
    fn candidates(&self, hint: &X509Hint, carried: &[Certificate]) -> Vec<Certificate> {
        if !carried.is_empty() {
            let issues = |one: &Certificate| {
                carried
                    .iter()
                    .any(|other| other != one && other.issuer_name() == one.subject_name())
            };
            // The one that issued none of the others is the signer's.
            let ends: Vec<&Certificate> = carried.iter().filter(|one| !issues(one)).collect();
            let ends = if ends.is_empty() {
                carried.iter().collect()
            } else {
                ends
            };
            return ends
                .into_iter()
                .take(TrustStore::MAX_CANDIDATES)
                .cloned()
                .collect();
        }
        described(self.trust, hint)
    }
}

/// The certificates of `store` that fit every description in `hint`; certificates that came along describe nothing.
pub(super) fn described(store: &TrustStore, hint: &X509Hint) -> Vec<Certificate> {
    let mut hints: Vec<KeyHint<'_>> = Vec::new();
    hints.extend(
        hint.subject_key_identifiers
            .iter()
            .map(|id| KeyHint::SubjectKeyIdentifier(id)),
    );
    hints.extend(hint.digests.iter().map(|(algorithm, digest)| {
        if *algorithm == DigestAlgorithm::Sha1 {
            KeyHint::Sha1Thumbprint(digest)
        } else {
            KeyHint::Digest(*algorithm, digest)
        }
    }));
    hints.extend(hint.issuer_serials.iter().map(|found| KeyHint::IssuerSerial {
        issuer: &found.issuer,
        serial: &found.serial,
    }));
    hints.extend(hint.subjects.iter().map(|subject| KeyHint::SubjectName(subject)));
    let mut found: Option<Vec<Certificate>> = None;
    for hint in &hints {
        let fitting = store.candidates(hint);
        found = Some(match found {
            None => fitting,
            Some(before) => before.into_iter().filter(|one| fitting.contains(one)).collect(),
        });
    }
    found.unwrap_or_default()
}

/// Notes what is worth knowing of the certificate path of `owner`.
pub(crate) fn note_path(owner: &Owner, findings: &mut Findings) {
    if let Owner::Certified(path) = owner {
        path.warnings()
            .iter()
            .for_each(|warning| findings.warn(warning.code()));
        path.legacy()
            .iter()
            .for_each(|legacy| findings.note_legacy(legacy));
    }
}

fn is_short(key: KeyKind) -> bool {
    matches!(key, KeyKind::Rsa { bits } if bits < 2048)
}

fn describe(hint: &X509Hint) -> String {
    if let Some(found) = hint.issuer_serials.first() {
        return format!("the certificate {} of {}", found.serial, found.issuer);
    }
    if let Some(subject) = hint.subjects.first() {
        return format!("the certificate of {subject}");
    }
    if let Some((algorithm, digest)) = hint.digests.first() {
        return format!(
            "the certificate with the {algorithm} digest {}",
            encode_base64(digest)
        );
    }
    match hint.subject_key_identifiers.first() {
        Some(identifier) => format!(
            "the certificate with the subject key identifier {}",
            encode_base64(identifier)
        ),
        None => "the key".to_owned(),
    }
}

/// What is told of a signature.
pub(crate) fn finding(
    signature: &Signature<'_>,
    outcomes: &[ReferenceOutcome<'_>],
    owner: Option<&Owner>,
) -> SignatureFinding {
    finding_of(signature, outcomes, owner, signature.signed_info_digest())
}

/// The same, where the SHA-256 of the canonical SignedInfo is known.
fn finding_of(
    signature: &Signature<'_>,
    outcomes: &[ReferenceOutcome<'_>],
    owner: Option<&Owner>,
    signed_info: Option<DigestValue>,
) -> SignatureFinding {
    let references = signature.references.iter().enumerate().map(|(place, reference)| {
        let outcome = outcomes.get(place);
        let resolved = reference.resolve();
        ReferenceFinding {
            uri: reference.uri.clone(),
            element: resolved.map(|element| element.path()),
            digest_algorithm: reference.digest_algorithm.uri().to_owned(),
            expected: encode_base64(&reference.digest_value),
            actual: outcome.map(|outcome| encode_base64(outcome.actual.as_bytes())),
            ok: outcome.is_some_and(ReferenceOutcome::is_match),
        }
    });
    SignatureFinding {
        algorithm: signature.method.uri().to_owned(),
        canonicalization: signature.canonicalization.algorithm.uri().to_owned(),
        trusted: false,
        signer: owner.and_then(Owner::signer).cloned(),
        certificate: owner.and_then(Owner::certificate).cloned(),
        path: owner.and_then(path),
        revoked: None,
        value: signature.value.clone(),
        signed_octets: signed_info.map(|digest| encode_base64(digest.as_bytes())),
        references: references.collect(),
    }
}

/// The path to whom we trust, where there is one.
pub(crate) fn path(owner: &Owner) -> Option<PathFinding> {
    match owner {
        Owner::Certified(path) => Some(path.into()),
        Owner::Entity(_) | Owner::Subject(_) | Owner::User(_) => None,
    }
}

/// Notes a signature algorithm that `strict` does not allow.
pub(crate) fn note_legacy_method(method: SignatureAlgorithm, findings: &mut Findings) {
    if method.digest() == Some(DigestAlgorithm::Sha1) {
        findings.note_legacy("sha1");
    }
    if !Permitted::strict().signatures.contains(method) {
        findings.note_legacy(method.name());
    }
}

/// Notes what `signature` uses that the strict profile would not have taken: `sha1`, and the short names of algorithms,
/// transforms and forms of reference.
pub(crate) fn note_legacy_algorithms(signature: &Signature<'_>, findings: &mut Findings) {
    let strict = Permitted::strict();
    let digests = signature
        .references
        .iter()
        .map(|reference| reference.digest_algorithm);
    let pss = signature.pss_parameters.iter();
    let pss = pss.flat_map(|parameters| [parameters.digest, parameters.mask_digest]);
    if digests.chain(pss).any(|digest| digest == DigestAlgorithm::Sha1) {
        findings.note_legacy("sha1");
    }
    note_legacy_method(signature.method, findings);
    if !strict
        .canonicalizations
        .contains(signature.canonicalization.algorithm)
    {
        findings.note_legacy(signature.canonicalization.algorithm.name());
    }
    if signature.output_length.is_some() {
        findings.note_legacy("hmac-truncated");
    }
    if signature
        .pss_parameters
        .is_some_and(|parameters| !strict.pss_salts.allow(parameters))
    {
        findings.note_legacy("pss-salt");
    }
    for reference in &signature.references {
        if !strict.digests.contains(reference.digest_algorithm) {
            findings.note_legacy(reference.digest_algorithm.name());
        }
        if matches!(reference.target, Target::Attachment(_)) {
            // How attachments are signed at all: no exception from today's practice.
            continue;
        }
        if !strict.references.contains(reference.target.form()) {
            findings.note_legacy("reference-form");
        }
        let implied = match &reference.transforms.processing {
            Processing::Canonical(form) | Processing::StrTransform(form) => {
                Some(TransformAlgorithm::Canonicalization(form.algorithm))
            }
            Processing::Base64 | Processing::Attachment(_) => None,
        };
        let used = reference.transforms.listed.iter().copied().chain(implied);
        for transform in used.filter(|transform| !strict.transforms.contains(*transform)) {
            findings.note_legacy(transform.name());
        }
    }
}
