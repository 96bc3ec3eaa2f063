//! The Security header that is handed on to a backend that verifies for itself.
//!
//! What was verified is used, and nothing else: the header is written anew of its signatures and of the items that they prove, around it stand the header
//! blocks and the Body in the octets that were digested, and what comes of it is judged again, by the same rules, before anybody gets it. Of what nobody
//! signed not even the octets go along.

mod anew;
mod bounded;
mod item;
mod named;
mod proven;
mod start;

use std::collections::HashSet;

use bytes::Bytes;

use self::anew::Anew;
use self::bounded::Bounded;
use self::named::Named;
use self::proven::Proven;
use self::start::Start;
use super::encrypted::Before;
use super::findings::Findings;
use super::gate::{Gate, Seen, Weighed};
use super::judging::Judging;
use super::message::Relayable;
use crate::c14n::{Sink as _, uncovered_qname};
use crate::dsig::AttachmentScope;
use crate::policy::{NotKept, Unmet, UnmetKind, UsernameToken};
use crate::rejection::Rejection;
use crate::soap::Envelope;
use crate::trust::{Owner, Signed};
use crate::wss;
use crate::wss::Item;
use crate::xml::{Element, Limits};

/// What becomes of the Security header by which a message was verified.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SenderHeader {
    /// Nobody gets it.
    #[default]
    TakenOut,
    /// It goes with the message, to be verified again; a message is refused of whose header more than what was proven would have to go.
    Kept,
}

/// A message with its Security header.
pub(super) struct Kept<'d> {
    /// The envelope.
    pub(super) envelope: Bytes,
    /// The items of the header.
    pub(super) content: Vec<Element<'d>>,
}

impl Gate {
    /// The envelope with the Security header of `envelope`, for whoever verifies again what `relayable` holds. `encrypted` says whether anything
    /// was encrypted to us.
    ///
    /// # Errors
    /// `policy.security_header`: something in the header was not proven, or it does not hold any more where only what was proven is
    /// around it. `policy.security_header_prefix`: nothing could say to the backend that it must understand the header.
    pub(super) fn keep_header<'d>(
        &self,
        envelope: &'d Envelope,
        weighed: &mut Weighed<'d>,
        relayable: &Relayable,
        judging: Judging<'_>,
        encrypted: bool,
    ) -> Result<Kept<'d>, Rejection> {
        let header = wss::Header::read(envelope, &self.roles, &self.policy.limits)?;
        self.check_may_go(envelope, &header, weighed, encrypted)?;
        let limits = wide_enough(&self.policy.limits, envelope);
        let most = crate::xml::index(limits.bytes);
        let (items, content) = written(&header, weighed, most)?;
        let refuse = |why| not_kept(header.element(), why);
        let start = Start::of(envelope, &header, weighed).map_err(refuse)?;
        let envelope = start.around(items.octets(), relayable, most);
        let envelope = Bytes::from(envelope.ok_or_else(|| refuse(NotKept::TooLong(most)))?);
        self.judge_again(envelope.clone(), &limits, weighed, judging)
            .map_err(refuse)?;
        Ok(Kept { envelope, content })
    }

    /// Whether `header` may go to the last receiver, whatever is in its items.
    fn check_may_go(
        &self,
        envelope: &Envelope,
        header: &wss::Header<'_>,
        weighed: &Weighed<'_>,
        encrypted: bool,
    ) -> Result<(), Rejection> {
        if encrypted {
            return Err(not_kept(header.element(), NotKept::Encrypted).into());
        }
        check_role(envelope, header)?;
        check_distinct(weighed)?;
        check_part_headers(header, weighed)?;
        match header.username_token() {
            Some(token) if self.policy.username_token == UsernameToken::Ignore => {
                let path = token.element().path();
                Err(not_kept(header.element(), NotKept::NotJudged(path)).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Judges the new envelope as one that arrives, which has to come out like `weighed`.
    fn judge_again(
        &self,
        envelope: Bytes,
        limits: &Limits,
        weighed: &Weighed<'_>,
        judging: Judging<'_>,
    ) -> Result<(), NotKept> {
        let again = |rejection: Rejection| NotKept::Again(rejection.code());
        let envelope = Envelope::parse(envelope, limits).map_err(|error| again(error.into()))?;
        let mut findings = Findings::unread();
        let mut seen = Seen::default();
        let judged = self.weigh(&envelope, Before::default(), judging, &mut findings, &mut seen);
        if values(&judged.map_err(again)?) == values(weighed) {
            Ok(())
        } else {
            Err(NotKept::Others)
        }
    }
}

/// No header of an attachment is signed but by the signature over the Body, as what that one signed of it is handed on.
fn check_part_headers(header: &wss::Header<'_>, weighed: &Weighed<'_>) -> Result<(), Unmet> {
    let handed_on = weighed.admitted.attachments();
    let signed = proofs(weighed).flat_map(Signed::attachments);
    let mut headers = signed.filter(|(_, scope)| *scope == AttachmentScope::Complete);
    let lost = headers.find(|complete| !handed_on.contains(complete));
    lost.map_or(Ok(()), |(id, _)| {
        Err(not_kept(header.element(), NotKept::PartHeader(id.clone())))
    })
}

/// The items of `header`, written one after the other, and their elements.
fn written<'d>(
    header: &wss::Header<'d>,
    weighed: &mut Weighed<'d>,
    most: usize,
) -> Result<(Bounded, Vec<Element<'d>>), Unmet> {
    let proven = Proven::of(weighed);
    let named = Named::by(proofs(weighed), header);
    let mut octets = Bounded::new(most);
    let mut content = Vec::new();
    for item in header.items() {
        let element = item.element();
        let mut anew = Anew {
            proven: &proven,
            named: &named,
            octets: &mut octets,
        };
        match item {
            Item::Encryption(_) => return Err(not_kept(header.element(), NotKept::Encrypted)),
            Item::Signature(_)
            | Item::X509Token(_)
            | Item::TokenReference(_)
            | Item::Timestamp(_)
            | Item::Saml2Assertion(_)
            | Item::Saml1Assertion(_)
            | Item::SignatureConfirmation(_)
            | Item::UsernameToken(_) => content.push(element),
        }
        match weighed.admitted.take_octets(element) {
            Some(signed) => {
                check_qnames(uncovered_qname(element, weighed.admitted.meanings(element)))?;
                signed.pieces().for_each(|piece| anew.octets.put(piece));
            }
            None => anew.item(item, header, weighed)?,
        }
        if octets.is_full() {
            return Err(not_kept(header.element(), NotKept::TooLong(most)));
        }
    }
    Ok((octets, content))
}

/// The limits for what `envelope` becomes: canonical octets may be longer than what they were made of, so many times as a digest allows.
fn wide_enough(limits: &Limits, envelope: &Envelope) -> Limits {
    /// For what we write around them.
    const OURS: usize = 64 << 10;
    let length = envelope.document().bytes().len();
    let most = length
        .saturating_mul(usize::from(limits.digested))
        .saturating_add(OURS);
    Limits {
        bytes: u32::try_from(most).unwrap_or(u32::MAX),
        // A canonical form that is not exclusive declares at one place all that was in scope there.
        namespaces: limits.namespaces.max(limits.namespaces_in_scope),
        ..limits.clone()
    }
}

/// A header for another receiver than the last is not for the backend.
fn check_role(envelope: &Envelope, header: &wss::Header<'_>) -> Result<(), Unmet> {
    let mut blocks = envelope.header_blocks();
    let other = blocks
        .find(|block| block.element() == header.element() && !block.is_for_last_receiver())
        .and_then(|block| block.role());
    other.map_or(Ok(()), |role| {
        Err(not_kept(header.element(), NotKept::Role(role.into_owned())))
    })
}

/// What one and the same key signed stands there once: anybody on the way can put a signature twice, in other octets too, that no other covers.
fn check_distinct(weighed: &Weighed<'_>) -> Result<(), Rejection> {
    let mut known = HashSet::new();
    for proof in proofs(weighed) {
        let signed_info = proof.signed_info_digest()?;
        if !known.insert((proof.owner().identity(), signed_info.as_bytes().to_vec())) {
            let element = proof.signature();
            return Err(not_kept(element, NotKept::Twice(element.path())).into());
        }
    }
    Ok(())
}

/// As in Body and header blocks, a value means to the backend what it means here.
fn check_qnames(uncovered: Option<(Element<'_>, String)>) -> Result<(), Unmet> {
    uncovered.map_or(Ok(()), |(element, name)| {
        Err(not_kept(element, NotKept::QName(name)))
    })
}

/// The values of the signatures, each with whose it is.
fn values(weighed: &Weighed<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let values = proofs(weighed).map(|proof| (proof.value().to_vec(), proof.owner().identity()));
    values.collect()
}

/// Whether what a signature says of its key led to the key.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Described {
    Followed,
    Ignored,
}

impl Described {
    fn by(owner: &Owner) -> Self {
        match owner {
            // Metadata said whose key it is, and nobody asked what it is called here.
            Owner::Entity(_) => Self::Ignored,
            Owner::Certified(_) | Owner::Subject(_) | Owner::User(_) => Self::Followed,
        }
    }
}

fn not_kept(element: Element<'_>, why: NotKept) -> Unmet {
    Unmet::at(element, UnmetKind::NotKept(why))
}

fn not_needed(element: Element<'_>) -> Unmet {
    not_kept(element, NotKept::NotNeeded(element.path()))
}

fn not_known(element: Element<'_>) -> Unmet {
    not_kept(element, NotKept::Certificate(element.path()))
}

/// The signatures of the header, and that of the assertion's issuer.
fn proofs<'w, 'd>(weighed: &'w Weighed<'d>) -> impl Iterator<Item = &'w Signed<'d>> {
    let issuer = weighed.presented.as_ref().and_then(|presented| presented.proof());
    weighed.admitted.signatures().chain(issuer)
}
