use std::ops::Range;

use chrono::{DateTime, Utc};

use super::encrypted::{check_encrypted, check_encrypted_attachments};
use super::freshness::{Fresh, fresh, within};
use super::requirement::Part;
use super::rules::{Policy, TimestampPresence, UnsignedHeaders};
use super::unmet::{Unmet, UnmetKind};
use super::username::{self, Presented, Transport};
use crate::c14n::{Meanings, Octets};
use crate::dsig::AttachmentScope;
use crate::soap::attachment::Attachments;
use crate::soap::{Envelope, HeaderBlock, Roles};
use crate::trust::Signed;
use crate::wss;
use crate::xml::{Element, Namespace};

/// Proof that a message may be acted on. Made only by [`Policy::admit`].
#[derive(Debug)]
#[must_use = "an admission that nobody acts on"]
pub struct Admitted<'d> {
    body: Option<Element<'d>>,
    headers: Vec<Element<'d>>,
    main: Option<Signed<'d>>,
    others: Vec<Signed<'d>>,
    fresh: Option<Fresh>,
    username: Option<Presented<'d>>,
    legacy: Vec<&'static str>,
}

/// What is known of a message when it is weighed.
#[derive(Debug)]
pub struct Evidence<'d> {
    /// Signatures in the Security header for us that trusted parties made over parts of the message.
    pub signatures: Vec<Signed<'d>>,
    /// The assertion that a trusted issuer, or somebody who may vouch, stands for.
    pub assertion: Option<Element<'d>>,
    /// What stands beside the envelope.
    pub attachments: &'d Attachments,
    /// The bytes of the document that were encrypted.
    pub plaintexts: Vec<Range<usize>>,
    /// The Content-IDs of the attachments that were encrypted.
    pub decrypted: Vec<String>,
    /// How the message came.
    pub transport: Transport,
}

impl Policy {
    /// Weighs the evidence for the message in `envelope`, as of `now`.
    ///
    /// The message is taken to be from whoever signed its Body; all other parts that have to be signed must be covered
    /// by that same signature, so that nobody's Timestamp freshens another's Body.
    ///
    /// # Errors
    /// The first requirement that is not met.
    pub fn admit<'d>(
        &self,
        envelope: &'d Envelope,
        header: &wss::Header<'d>,
        roles: &Roles,
        evidence: Evidence<'d>,
        now: DateTime<Utc>,
    ) -> Result<Admitted<'d>, Unmet> {
        let Evidence {
            mut signatures,
            assertion,
            attachments,
            plaintexts,
            decrypted,
            transport,
        } = evidence;
        if signatures.is_empty() && assertion.is_none() {
            return Err(Unmet::at(header.element(), UnmetKind::NoSignature));
        }
        let body = envelope.body();
        let asks_for_body = self.signed.contains(&Part::Body);
        let mut over_body = signatures.iter().filter(|proof| proof.signs(body));
        if let (Some(_), Some(second), true) = (over_body.next(), over_body.next(), asks_for_body) {
            return Err(Unmet::at(second.signature(), UnmetKind::SeveralBodySignatures));
        }
        let place = signatures.iter().position(|proof| proof.signs(body));
        let main = place.map(|place| signatures.swap_remove(place));
        if main.is_none() && asks_for_body {
            return Err(Unmet::at(body, UnmetKind::BodyNotSigned));
        }
        if self.signed.contains(&Part::Assertion) && assertion.is_none() {
            return Err(Unmet::at(header.element(), UnmetKind::AssertionMissing));
        }
        check_encrypted(self, envelope, roles, header, &plaintexts)?;
        check_encrypted_attachments(self, attachments, &decrypted)?;
        let mut legacy = Vec::new();
        let fresh = self.freshness(header, main.as_ref(), now, &mut legacy)?;
        let headers = self.headers(envelope, roles, main.as_ref())?;
        let username = username::present(self, header.username_token(), main.as_ref(), transport, now)?;
        legacy.extend(username.iter().flat_map(|presented| presented.legacy.iter()));
        if asks_for_body {
            let mut all = main.iter().chain(&signatures);
            all.try_for_each(|proof| refuse_moved(proof, envelope, header))?;
        }
        if self.signed.contains(&Part::Tokens) {
            let signed = |token: &Element<'d>| main.as_ref().is_some_and(|proof| proof.signs(*token));
            let mut tokens = header.x509_tokens().map(|token| token.element());
            if let Some(token) = tokens.find(|token| !signed(token)) {
                return Err(Unmet::at(token, UnmetKind::TokenNotSigned));
            }
        }
        if self.signed.contains(&Part::Attachments) {
            let mut ids = attachments.iter().map(|attachment| attachment.id());
            let signed = signed_attachments(main.as_ref());
            let unsigned = ids.find(|id| !signed.iter().any(|(signed, _)| signed == id));
            if let Some(id) = unsigned {
                return Err(Unmet::nowhere(UnmetKind::AttachmentNotSigned(id.to_owned())));
            }
        }
        Ok(Admitted {
            body: main.is_some().then_some(body),
            headers,
            main,
            others: signatures,
            fresh,
            username,
            legacy,
        })
    }

    /// Judges the Timestamp as the policy asks.
    fn freshness<'d>(
        &self,
        header: &wss::Header<'d>,
        main: Option<&Signed<'d>>,
        now: DateTime<Utc>,
        legacy: &mut Vec<&'static str>,
    ) -> Result<Option<Fresh>, Unmet> {
        let must_be_signed = self.signed.contains(&Part::Timestamp);
        match (header.timestamp(), self.timestamp.presence) {
            (_, TimestampPresence::Ignored) => Ok(None),
            (None, TimestampPresence::Required) => {
                Err(Unmet::at(header.element(), UnmetKind::TimestampMissing))
            }
            (None, TimestampPresence::Optional) => {
                legacy.push("timestamp.optional");
                Ok(None)
            }
            (Some(timestamp), TimestampPresence::Required | TimestampPresence::Optional) => match main {
                Some(proof) if must_be_signed || proof.signs(timestamp.element()) => {
                    fresh(self, timestamp, proof, now).map(Some)
                }
                _ if must_be_signed => Err(Unmet::at(timestamp.element(), UnmetKind::TimestampNotSigned)),
                _ => {
                    // Not proved, so it can only speak against the message.
                    drop(within(self, timestamp, now)?);
                    legacy.push("timestamp.unsigned");
                    Ok(None)
                }
            },
        }
    }

    /// The header blocks that the backend may have: those that are for us, or for the last who reads them, and signed.
    fn headers<'d>(
        &self,
        envelope: &'d Envelope,
        roles: &Roles,
        main: Option<&Signed<'d>>,
    ) -> Result<Vec<Element<'d>>, Unmet> {
        let mut kept = Vec::new();
        for block in envelope
            .header_blocks()
            .filter(|block| !is_security(*block) && block.targets(roles))
        {
            let element = block.element();
            if main.is_some_and(|proof| proof.signs(element)) {
                if is_of_security(element) {
                    return Err(Unmet::at(element, UnmetKind::SignedElsewhere(element.path())));
                }
                kept.push(element);
                continue;
            }
            let name = || element.name().to_owned();
            if self.must_be_signed(element) {
                return Err(Unmet::at(element, UnmetKind::HeaderNotSigned(name())));
            }
            if self.unsigned_headers == UnsignedHeaders::Refuse {
                return Err(Unmet::at(element, UnmetKind::UnsignedHeader(name())));
            }
        }
        for part in self.signed.iter() {
            if let Part::Header { local, .. } = part
                && !kept.iter().any(|header| part.is_header(*header))
            {
                return Err(Unmet::nowhere(UnmetKind::HeaderMissing(local.clone())));
            }
        }
        if let Some(proof) = main {
            // In the order of the References, which is signed; the order in the Header is not.
            let signed = proof.elements();
            kept.sort_by_key(|header| signed.iter().position(|element| element == header));
        }
        Ok(kept)
    }

    fn must_be_signed(&self, header: Element<'_>) -> bool {
        let addressing = matches!(header.namespace_id(), Namespace::WSA | Namespace::WSA2004);
        addressing && self.signed.contains(&Part::Addressing)
            || self.signed.iter().any(|part| part.is_header(header))
    }
}

/// The attachments that `proof` covers.
fn signed_attachments<'p>(proof: Option<&'p Signed<'_>>) -> &'p [(String, AttachmentScope)] {
    proof.map(Signed::attachments).unwrap_or_default()
}

/// Refuses a signature over something that stands neither at a place that is read nor inside the Body: a header that its signer
/// meant for us could be moved there, and its absence would look like the sender's wish (T17). What belongs into the Security header is
/// not read beside it (T16).
fn refuse_moved<'d>(
    proof: &Signed<'d>,
    envelope: &'d Envelope,
    security: &wss::Header<'d>,
) -> Result<(), Unmet> {
    let signature = proof.signature();
    for element in proof.elements() {
        let parent = element.parent();
        let is_read = parent == Some(security.element())
            || element.is_within(signature) && is_of_key_info(element)
            || parent.is_some() && parent == envelope.header() && !is_of_security(element);
        if !is_read && !element.is_within(envelope.body()) {
            return Err(Unmet::at(element, UnmetKind::SignedElsewhere(element.path())));
        }
    }
    // What stands in a header item, or in a list of what is encrypted, is nothing that its signer said of the message.
    for around in proof.contents() {
        if !around.is_within(envelope.body()) {
            return Err(Unmet::at(*around, UnmetKind::SignedElsewhere(around.path())));
        }
    }
    Ok(())
}

/// Whether `element`, in a signature, says which key made it: KeyInfo, a SecurityTokenReference or a token embedded in one. Whatever else
/// stands there may be a hole that nobody looks into.
fn is_of_key_info(element: Element<'_>) -> bool {
    let is_embedded = |parent: Element<'_>| parent.is(Namespace::WSSE, "Embedded");
    element.is(Namespace::DS, "KeyInfo")
        || element.is(Namespace::WSSE, "SecurityTokenReference")
        || is_of_security(element) && element.parent().is_some_and(is_embedded)
}

/// Whether `element` is one of those that stand in a Security header.
fn is_of_security(element: Element<'_>) -> bool {
    match element.namespace_id() {
        Namespace::WSSE => element.local_name() != "Security",
        Namespace::WSU
        | Namespace::WSSE11
        | Namespace::DS
        | Namespace::XENC
        | Namespace::SAML1
        | Namespace::SAML2 => true,
        _ => false,
    }
}

fn is_security(block: HeaderBlock<'_>) -> bool {
    block.element().is(Namespace::WSSE, "Security")
}

impl<'d> Admitted<'d> {
    /// The signed Body; `None` where the policy does not ask for one, and then nothing can be relayed.
    pub fn body(&self) -> Option<Element<'d>> {
        self.body
    }

    /// The signed header blocks, Security excepted.
    pub fn headers(&self) -> &[Element<'d>] {
        &self.headers
    }

    /// The signature that covers the Body.
    pub fn main(&self) -> Option<&Signed<'d>> {
        self.main.as_ref()
    }

    /// The octets that the signature over the Body digested for `element`, as
    /// [`Covered::take_octets`](crate::dsig::Covered::take_octets) has them.
    pub fn take_octets(&mut self, element: Element<'d>) -> Option<Octets> {
        self.main.as_mut().and_then(|main| main.take_octets(element))
    }

    /// What prefixes mean in the octets that the signature over the Body digested for `element`; `None` if it did not.
    pub fn meanings(&self, element: Element<'d>) -> Option<Meanings<'d>> {
        self.main.as_ref().and_then(|main| main.meanings(element))
    }

    /// The Content-IDs of the attachments that the signature over the Body covers, in the order of its References, and how much of each.
    pub fn attachments(&self) -> &[(String, AttachmentScope)] {
        signed_attachments(self.main.as_ref())
    }

    /// All signatures, the one over the Body first.
    pub fn signatures(&self) -> impl Iterator<Item = &Signed<'d>> {
        self.main.iter().chain(&self.others)
    }

    /// Until when the message would be taken.
    pub fn fresh(&self) -> Option<&Fresh> {
        self.fresh.as_ref()
    }

    /// The UsernameToken, whose password nobody has compared yet.
    pub fn username(&self) -> Option<&Presented<'d>> {
        self.username.as_ref()
    }

    /// Exceptions that the admission needed.
    pub fn legacy(&self) -> &[&'static str] {
        &self.legacy
    }
}
