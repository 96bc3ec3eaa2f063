use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Keyring;
use super::answer;
use super::assertion::{self, Issued, Presented};
use super::attachment;
use super::coverage::{Covering, coverage};
use super::encoding;
use super::encrypted::Before;
use super::endorsed;
use super::findings::Findings;
use super::judging::{AsOf, Judging, claimed_time};
use super::kept::SenderHeader;
use super::message::VerifiedMessage;
use super::message::{Relayable, check_relayable};
use super::received::Received;
use super::signer::SignerSearch;
use super::unused::{Unused, uses};
use super::username;
use crate::dsig::{Covered, Keep, Rules};
use crate::policy::saml::RelyingParty;
use crate::policy::{Admitted, Asking, Destination, Evidence, Exception, Part, Policy, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::schema;
use crate::second_opinion;
use crate::soap::{Addressing, Envelope, QName, Roles};
use crate::threat;
use crate::trust::{
    Attested, Issuers, Owner, Partner, Passwords, ReplayStore, Signed, TrustStore, VerifiedUser,
};
use crate::wss;
use crate::xml::{Element, Namespace};

/// Everything that decides about SOAP messages, checked once at start.
#[derive(Debug)]
pub struct Gate {
    /// Whom we trust.
    pub trust: TrustStore,
    /// SAML entities whose metadata we were given.
    pub issuers: Issuers,
    /// The users whose passwords we can compare.
    pub passwords: Passwords,
    /// Our keys for what is encrypted to us.
    pub keyring: Keyring,
    /// What a message must prove.
    pub policy: Policy,
    /// What we are to SAML.
    pub party: RelyingParty,
    /// The actors or roles that we play.
    pub roles: Roles,
    /// Header blocks with mustUnderstand that the backend understands.
    pub understood: Vec<QName>,
    /// For whom a message must be and what it may ask for. Without it nobody asks, and no message can be relayed.
    pub destination: Option<Destination>,
    /// The schemas that Bodies are validated against before they are relayed.
    pub schema: Option<schema::Check>,
    /// What becomes of threats in the content of verified messages. Without it nobody looks for any.
    pub threats: Option<threat::Modes>,
    /// What becomes of the Security header of a message that is relayed.
    pub sender_header: SenderHeader,
    /// What partners may use beyond that, each until a date. Only [`examine`](Self::examine) heeds them.
    pub exceptions: Vec<Exception>,
    /// What was used before. Without it nothing is remembered, as fits commands that judge files.
    pub replay: Option<Arc<ReplayStore>>,
}

/// A verdict with what was seen on the way.
#[derive(Debug)]
pub struct Judgement<T> {
    /// The verdict.
    pub verdict: Result<T, Rejection>,
    /// What was seen; for reports only.
    pub findings: Findings,
}

impl Gate {
    /// The life of a message: [`examine`](Self::examine), and then whether it is used for the first time. What comes out is signed, by somebody
    /// trusted, fresh, and used for the first time.
    ///
    /// # Errors
    /// The first check that does not hold. A store that has to be waited for refuses everything here: see [`Unused::first_use`].
    pub fn verify(&self, received: Received, now: DateTime<Utc>) -> Result<VerifiedMessage, Rejection> {
        self.examine(received, now)?
            .first_use_at_once(self.replay.as_deref(), now)
    }

    /// Everything about a message, in the order in which things happen, up to the question whether it was used before.
    ///
    /// # Errors
    /// The first check that does not hold.
    pub fn examine(&self, received: Received, now: DateTime<Utc>) -> Result<Unused, Rejection> {
        if self.exceptions.is_empty() {
            return self.examine_by(&self.policy, None, received, now, &mut Findings::unread());
        }
        let mut findings = Findings::with_claims();
        let examined = self.examine_by(&self.policy, None, received.clone(), now, &mut findings);
        examined.or_else(|refused| self.examine_excepted(&findings, refused, &received, now))
    }

    /// As [`examine`](Self::examine), by one policy, and for one partner if there is one.
    pub(super) fn examine_by(
        &self,
        policy: &Policy,
        partner: Option<&Partner>,
        received: Received,
        now: DateTime<Utc>,
        findings: &mut Findings,
    ) -> Result<Unused, Rejection> {
        let envelope = encoding::envelope(received.bytes, received.charset, policy, findings)?;
        envelope.check_version(received.version)?;
        let judging = Judging {
            as_of: AsOf::Time(now),
            keep: Keep::Octets,
            transport: received.transport,
            attachments: &received.attachments,
            request: received.request.as_ref(),
            turn: received.turn,
            policy,
            partner,
        };
        let (envelope, before, opened) = self.open(envelope, judging, findings)?;
        let judging = judging.of(&opened);
        let encrypted = before.is_decrypted();
        let mut seen = Seen::default();
        let mut weighed = self.weigh(&envelope, before, judging, findings, &mut seen)?;
        check_action(received.action.as_deref(), weighed.addressing.as_ref())?;
        let attachments = attachment::verified(&opened, &weighed.admitted, self.sender_header)?;
        let mut relayable = Relayable::new(&envelope, &mut weighed.admitted, weighed.addressing.as_ref())?;
        if let Some(destination) = &self.destination {
            let requested = relayable.for_destination(destination, received.action.as_deref());
            requested.map_err(|error| Unmet::at(envelope.body(), UnmetKind::NoOperation(error)))?;
        }
        let mut header_content = Vec::new();
        if self.sender_header == SenderHeader::Kept {
            let kept = self.keep_header(&envelope, &mut weighed, &relayable, judging, encrypted)?;
            relayable = relayable.keeping(kept.envelope);
            header_content = kept.content;
        }
        second_opinion(policy, &weighed)?;
        // Passwords are dear to compare, and nobody may have them compared for the asking.
        let user = username::user(&weighed.admitted, &self.passwords)?;
        if let Some(destination) = &self.destination {
            let signer = weighed.admitted.main().map(|main| main.owner());
            let asking = Asking {
                operation: relayable.operation(),
                signer: signer.and_then(Owner::certificate),
                claims: weighed
                    .presented
                    .as_ref()
                    .map(|presented| &presented.accepted.claims),
                user: user.as_ref().map(VerifiedUser::name),
                bearer: received.bearer.as_deref(),
                client: received.client,
                at: now,
            };
            let may = destination.authorization.check(asking);
            may.map_err(|error| Unmet::at(envelope.body(), UnmetKind::NotAuthorized(error)))?;
        }
        let threats = self.threats(&weighed.admitted, header_content)?;
        let invalid = self.invalid(&envelope, relayable.body())?;
        // Last, as a refused message must not use up the one use of a good one that somebody changed or sent elsewhere.
        let uses = uses(&weighed, partner.map(|_| now))?;
        let issuer = weighed.presented.as_ref().and_then(Presented::proof);
        let issuer_key = issuer.and_then(|proof| Some(proof.owner().public_key()?.spki_sha256()));
        let claims = weighed.presented.map(|presented| presented.accepted.claims);
        Ok(Unused::new(
            relayable
                .with(claims, user, issuer_key, attachments, invalid, threats)
                .beside(received.bearer)
                .that_needed(std::mem::take(&mut findings.legacy)),
            uses,
        ))
    }

    /// Whether a message that the transport says is for `action` may come in at all: a cheap question before it is read.
    ///
    /// # Errors
    /// Nothing that may be asked for has this action.
    pub fn may_ask(&self, action: Option<&str>) -> Result<(), Rejection> {
        let asked = self
            .destination
            .as_ref()
            .map_or(Ok(()), |destination| destination.operations.may_have(action));
        asked.map_err(|error| Unmet::nowhere(UnmetKind::NoOperation(error)).into())
    }

    /// As [`verify`](Self::verify), for reports: nothing is handed on and no use is remembered; under a policy that asks for less than
    /// the Body a message passes that could not be relayed.
    pub fn judge(&self, received: Received, as_of: AsOf) -> Judgement<()> {
        let mut findings = Findings::default();
        let verdict = self.judge_into(received, as_of, &mut findings);
        as_of.note_age(&self.policy, verdict.as_ref().err(), &mut findings);
        Judgement { verdict, findings }
    }

    fn judge_into(&self, received: Received, as_of: AsOf, findings: &mut Findings) -> Result<(), Rejection> {
        let envelope = encoding::envelope(received.bytes, received.charset, &self.policy, findings)?;
        envelope.check_version(received.version)?;
        let policy = self.policy_of_age(&envelope, as_of);
        let judging = Judging {
            as_of,
            keep: Keep::Nothing,
            transport: received.transport,
            attachments: &received.attachments,
            request: received.request.as_ref(),
            turn: received.turn,
            policy: &policy,
            partner: None,
        };
        let (envelope, before, opened) = self.open(envelope, judging, findings)?;
        let judging = judging.of(&opened);
        let mut seen = Seen::default();
        let weighed = self.weigh(&envelope, before, judging, findings, &mut seen);
        (findings.coverage, findings.coverage_omitted) =
            coverage(envelope.root(), &seen.covering, &seen.signatures);
        attachment::report(&opened, &seen.attachments, &mut findings.coverage);
        let weighed = weighed?;
        let user = username::user(&weighed.admitted, &self.passwords);
        report_claims(&weighed, user.as_ref().ok().and_then(Option::as_ref), findings);
        user?;
        check_action(received.action.as_deref(), weighed.addressing.as_ref())?;
        if self.policy.signed.contains(&Part::Body) {
            check_relayable(&envelope, &weighed.admitted)?;
            attachment::verified(&opened, &weighed.admitted, self.sender_header)?;
        }
        second_opinion(&self.policy, &weighed)?;
        for threat in self.threats(&weighed.admitted, Vec::new())? {
            findings.warn(threat.code());
        }
        Ok(())
    }

    /// What a message must prove that is judged as of its own time and says it in clear. [`weigh`](Self::weigh) refuses it if that is not signed.
    fn policy_of_age(&self, envelope: &Envelope, as_of: AsOf) -> Cow<'_, Policy> {
        let is_dated = as_of == AsOf::Message && !self.policy.legacy.is_empty();
        let header = is_dated.then(|| wss::Header::read(envelope, &self.roles, &self.policy.limits).ok());
        let time = header.flatten().and_then(|header| claimed_time(&header).ok());
        time.map_or(Cow::Borrowed(&self.policy), |time| self.policy.of_age(time))
    }

    /// Everything up to the question whether it was used before. What was found `before` decryption counts as it did then.
    pub(super) fn weigh<'d>(
        &self,
        envelope: &'d Envelope,
        before: Before,
        judging: Judging<'d>,
        findings: &mut Findings,
        seen: &mut Seen<'d>,
    ) -> Result<Weighed<'d>, Rejection> {
        let addressing = Addressing::read(envelope, &self.roles)?;
        refuse_encrypted_id(addressing.as_ref(), &before)?;
        let policy = judging.policy;
        let header = wss::Header::read(envelope, &self.roles, &policy.limits)?;
        header.check_decrypted()?;
        self.weigh_deviations(header.deviations(), findings)?;
        let search = self.search(&header, judging)?;
        let at = search.at;
        findings.judged_at = Some(at);
        let plaintexts = before.plaintexts();
        let decrypted = before.attachments();
        let mut carried = before.carry(envelope.document());
        let issued = assertion::read(&header, policy)?
            .map(|read| assertion::by_its_issuer(read, &search, &self.issuers, &mut carried, findings))
            .transpose()?;
        seen.note(issued.as_ref().and_then(Issued::proof));
        let timestamp = header.timestamp().map(|timestamp| timestamp.element());
        let mut signatures: Vec<Signed<'_>> = Vec::new();
        for element in endorsed::after_endorsing(&header) {
            let known = carried.iter().position(|carried| carried.signature() == element);
            let proof = match known {
                Some(place) => Signed::Carried(carried.swap_remove(place)),
                None => {
                    let signature = self.read_signature(element, &header, judging.attachments, findings)?;
                    let others: Vec<&Attested<'_>> = signatures.iter().filter_map(Signed::attested).collect();
                    let proof =
                        self.attested(&signature, &header, issued.as_ref(), &search, &others, findings)?;
                    Signed::Attested(proof)
                }
            };
            seen.note(Some(&proof));
            if timestamp.is_some_and(|timestamp| proof.signs(timestamp)) {
                findings.signed_time = Some(at);
            }
            signatures.push(proof);
        }
        let presented = issued
            .map(|issued| {
                assertion::present(
                    issued,
                    &signatures,
                    envelope.body(),
                    assertion::Judged {
                        policy,
                        issuers: &self.issuers,
                        party: &self.party,
                    },
                    at,
                )
            })
            .transpose()?;
        let was_decrypted = !plaintexts.is_empty();
        let evidence = Evidence {
            signatures,
            assertion: presented.as_ref().map(|presented| presented.element),
            attachments: judging.attachments,
            plaintexts,
            decrypted,
            transport: judging.transport,
        };
        let admitted = policy.admit(envelope, &header, &self.roles, evidence, at)?;
        if was_decrypted {
            // Again, as what was encrypted has been seen by now. A fault that named it would tell what was encrypted.
            let understood = envelope.check_understood(&self.roles, &self.understood);
            understood.map_err(|_| Unmet::at(envelope.root(), UnmetKind::EncryptedNotUnderstood))?;
        }
        if let Some(request) = judging.request {
            answer::check(request, &header, &admitted, addressing.as_ref())?;
        }
        if judging.as_of == AsOf::Message && !signs_its_time(&header, &admitted) {
            return Err(Unmet::nowhere(UnmetKind::NoMessageTime).into());
        }
        for legacy in admitted.legacy() {
            findings.note_legacy(legacy);
        }
        for warning in admitted.username().iter().flat_map(|token| &token.warnings) {
            findings.warn(warning);
        }
        Ok(Weighed {
            admitted,
            addressing,
            presented,
        })
    }

    /// How the signers of a message with this header are looked for.
    ///
    /// # Errors
    /// The time that counts is that of the message, and it says none.
    pub(super) fn search<'g>(
        &'g self,
        header: &wss::Header<'_>,
        judging: Judging<'g>,
    ) -> Result<SignerSearch<'g>, Unmet> {
        let policy = judging.policy;
        Ok(SignerSearch {
            trust: &self.trust,
            paths: policy.path_rules(),
            rules: Rules {
                permitted: &policy.algorithms,
                limits: &policy.limits,
                keep: judging.keep,
            },
            at: match judging.as_of {
                AsOf::Time(time) => time,
                AsOf::Message => claimed_time(header)?,
            },
            partner: judging.partner,
            turn: judging.turn,
        })
    }
}

/// Whether other implementations agree about every signature that counted, where the policy asks for that. Those over ciphertext
/// were asked about while it stood there.
fn second_opinion(policy: &Policy, weighed: &Weighed<'_>) -> Result<(), second_opinion::Error> {
    let asked = policy.second_opinion;
    let issuer = weighed.presented.as_ref().and_then(Presented::proof);
    let issuer = issuer.and_then(Signed::covered);
    let mut counted = weighed
        .admitted
        .signatures()
        .filter_map(Signed::covered)
        .chain(issuer);
    counted.try_for_each(|covered| asked.of_signature(covered))?;
    // samael knows SAML 2.0 only.
    let is_saml2 = |covered: &&Covered<'_>| {
        let mut elements = covered.elements();
        elements.any(|element| element.is(Namespace::SAML2, "Assertion"))
    };
    asked.of_saml(issuer.filter(is_saml2).as_slice())
}

/// What trusted signatures were seen to cover, also where the message is then refused; for reports only.
#[derive(Default)]
pub(super) struct Seen<'d> {
    covering: Vec<Covering<'d>>,
    signatures: Vec<Element<'d>>,
    attachments: Vec<String>,
}

impl<'d> Seen<'d> {
    fn note(&mut self, proof: Option<&Signed<'d>>) {
        let Some(proof) = proof else {
            return;
        };
        let subtrees = proof.subtrees().into_iter();
        self.covering
            .extend(subtrees.map(|(element, except)| Covering { element, except }));
        self.signatures.push(proof.signature());
        let attachments = proof.attachments().iter();
        self.attachments.extend(attachments.map(|(id, _)| id.clone()));
    }
}

fn report_claims(weighed: &Weighed<'_>, user: Option<&VerifiedUser>, findings: &mut Findings) {
    let assertion = weighed.presented.as_ref();
    findings.claims = username::claims(user, assertion.map(|presented| &presented.accepted.claims));
    if let Some(presented) = assertion {
        for warning in &presented.accepted.warnings {
            findings.warn(warning);
        }
    }
}

/// A message that would be admitted if it is not used again.
pub(super) struct Weighed<'d> {
    pub(super) admitted: Admitted<'d>,
    addressing: Option<Addressing<'d>>,
    pub(super) presented: Option<Presented<'d>>,
}

/// The transport must not contradict the message (T114).
pub(super) fn check_action(
    transport: Option<&str>,
    addressing: Option<&Addressing<'_>>,
) -> Result<(), Unmet> {
    let message = addressing.and_then(|addressing| addressing.action());
    match (transport.filter(|action| !action.is_empty()), message) {
        (Some(transport), Some(message)) if transport != message.value => Err(Unmet::at(
            message.element,
            UnmetKind::ActionMismatch {
                transport: transport.to_owned(),
                message: message.value.to_string(),
            },
        )),
        _ => Ok(()),
    }
}

/// Anybody who signs as somebody may send a ciphertext that another sent: what it holds must not come back in RelatesTo.
fn refuse_encrypted_id(addressing: Option<&Addressing<'_>>, before: &Before) -> Result<(), Unmet> {
    let id = addressing.and_then(|addressing| addressing.message_id());
    match id.filter(|id| before.encrypted(id.element)) {
        Some(id) => Err(Unmet::at(id.element, UnmetKind::MessageIdEncrypted)),
        None => Ok(()),
    }
}

/// Whether who signed the Body says when that was. Without a Body that is signed, any signature may.
fn signs_its_time(header: &wss::Header<'_>, admitted: &Admitted<'_>) -> bool {
    let timestamp = header.timestamp().map(|timestamp| timestamp.element());
    timestamp.is_some_and(|timestamp| match admitted.main() {
        Some(main) => main.signs(timestamp),
        None => admitted.signatures().any(|proof| proof.signs(timestamp)),
    })
}
