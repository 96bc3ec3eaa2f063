//! The items of a Security header that the signature over the Body does not cover.

use super::super::gate::Weighed;
use super::anew::Anew;
use super::bounded::Bounded;
use super::{Described, check_qnames, not_kept};
use crate::c14n::{self, Sink as _, uncovered_qname};
use crate::policy::{NotKept, Unmet};
use crate::trust::Signed;
use crate::wss::{self, Item};
use crate::xml::Element;

impl Anew<'_> {
    /// Writes `item`, which the signature over the Body does not cover.
    ///
    /// # Errors
    /// It says anything that was not needed to verify the message.
    pub(super) fn item<'d>(
        &mut self,
        item: &Item<'d>,
        header: &wss::Header<'d>,
        weighed: &Weighed<'d>,
    ) -> Result<(), Unmet> {
        let element = item.element();
        let refuse = |why| Err(not_kept(element, why));
        match item {
            Item::Signature(_) => {
                let mut signatures = weighed.admitted.signatures();
                let proof = signatures.find(|proof| proof.signature() == element);
                let Some((covered, proof)) = proof.and_then(|proof| Some((proof.covered()?, proof))) else {
                    return refuse(NotKept::NotSigned(element.path()));
                };
                let mut others = weighed.admitted.signatures().filter_map(Signed::covered);
                let Some(endorsing) = others.find(|other| other.endorses(element)) else {
                    return self.signature(covered, proof.owner());
                };
                // Whoever endorses it has signed its octets; it says no more for that.
                let mut unused = Bounded::new(self.octets.most());
                let mut check = Anew {
                    octets: &mut unused,
                    ..*self
                };
                check.signature(covered, proof.owner())?;
                let Some(octets) = endorsing.octets(element) else {
                    return refuse(NotKept::NotSigned(element.path()));
                };
                self.octets.put(&octets);
                Ok(())
            }
            Item::Saml2Assertion(_) | Item::Saml1Assertion(_) => {
                let issuer = weighed.presented.as_ref().and_then(|presented| presented.proof());
                match issuer.filter(|proof| proof.signs(element)) {
                    Some(proof) => self.assertion(element, proof),
                    None => refuse(NotKept::NotSigned(element.path())),
                }
            }
            Item::X509Token(token) => self.token(token),
            // The STR-Transform signs what it stands for.
            Item::TokenReference(reference) => {
                let meant = wss::dereference(element, header, &mut Vec::new());
                let main = weighed.admitted.main();
                let signed = |token: &Element<'d>| main.is_some_and(|main| main.signs(*token));
                if !self.named.names(element) || !meant.is_ok_and(|token| signed(&token)) {
                    return refuse(NotKept::NotSigned(element.path()));
                }
                self.reference(reference, Described::Followed)
            }
            Item::Encryption(_) => refuse(NotKept::Encrypted),
            Item::Timestamp(_) | Item::SignatureConfirmation(_) | Item::UsernameToken(_) => {
                refuse(NotKept::NotSigned(element.path()))
            }
        }
    }

    /// An assertion that its issuer signed, in the octets that were digested, and in their place the signature that was left out of them.
    fn assertion<'d>(&mut self, element: Element<'d>, proof: &Signed<'d>) -> Result<(), Unmet> {
        let not_signed = || not_kept(element, NotKept::NotSigned(element.path()));
        let covered = proof.covered().ok_or_else(not_signed)?;
        let mut digested = covered.digested().filter(|digested| digested.apex == element);
        let (form, except) = digested
            .find_map(|digested| digested.form.zip(Some(digested.except)))
            .ok_or_else(not_signed)?;
        check_qnames(uncovered_qname(element, proof.meanings(element)))?;
        let most = self.octets.most();
        let mut octets = Bounded::new(most);
        c14n::element(element, form, except, &mut octets)
            .map_err(|_| not_kept(element, NotKept::TooLong(most)))?;
        let (before, after) = octets.around_gap().ok_or_else(not_signed)?;
        self.octets.put(before);
        self.signature(covered, proof.owner())?;
        self.octets.put(after);
        Ok(())
    }
}
