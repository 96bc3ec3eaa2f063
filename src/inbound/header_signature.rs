//! Whose key made a signature in the Security header.

use super::Gate;
use super::assertion::{self, Issued};
use super::findings::Findings;
use super::signer::SignerSearch;
use super::username;
use crate::dsig::{Objects, Signature};
use crate::policy::{BasicSecurityProfile, KeyReference, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::token::SignerHint;
use crate::trust::{Attested, Owner};
use crate::wss;
use crate::wss::{Deviation, KeyForm, PrefixList};
use crate::xml::{Element, Namespace};

impl Gate {
    /// Reads the signature at `element`, with the tokens and attachments that its references lead to.
    ///
    /// # Errors
    /// It is not as it must be.
    pub(super) fn read_signature<'d>(
        &self,
        element: Element<'d>,
        header: &wss::Header<'d>,
        attachments: &'d Attachments,
        findings: &mut Findings,
    ) -> Result<Signature<'d>, Rejection> {
        let mut signature = Signature::read(element, Objects::Refused, &self.policy.limits)?;
        let mut deviations = Vec::new();
        signature.find_tokens(|reference| wss::dereference(reference, header, &mut deviations).map(Some))?;
        if !attachments.is_empty() {
            signature.find_attachments(|id| attachments.signed(id))?;
        }
        self.weigh_deviations(&deviations, findings)?;
        Ok(signature)
    }

    /// Verifies `signature` with the key of whomever it names, if they are trusted; with a key that anybody can make, if one of the
    /// `others`, which were verified before, signs it.
    ///
    /// # Errors
    /// Its key is named in a way that the policy does not take; nobody who is trusted made it; it does not hold.
    pub(super) fn attested<'d>(
        &self,
        signature: &Signature<'d>,
        header: &wss::Header<'d>,
        issued: Option<&Issued<'d>>,
        search: &SignerSearch<'_>,
        others: &[&Attested<'d>],
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let resolved = wss::resolve(signature.key_info, header)?;
        let place = signature.key_info.unwrap_or(signature.element);
        self.require(form(resolved.form), place)?;
        self.weigh_deviations(&resolved.deviations, findings)?;
        self.warn_of_prefix_lists(signature, findings);
        check_tokens(signature, &resolved)?;
        match &resolved.hint {
            SignerHint::X509(hint) => search.by_x509(signature, hint, findings),
            SignerHint::Name(name) => search.by_name(signature, Some(name), findings),
            SignerHint::Unnamed => search.by_name(signature, None, findings),
            SignerHint::UsernameToken(element) => {
                let key = username::derived_key(header, *element, &self.passwords)?;
                search.by_owner(signature, Owner::User(key), findings)
            }
            SignerHint::EncryptedKey(key) => self.endorsed(signature, *key, search, others, findings),
            SignerHint::Assertion(element) => {
                let keys = assertion::confirmation_keys(issued, *element)?;
                let mut last = None;
                let noted = findings.signatures.len();
                for key in keys {
                    findings.signatures.truncate(noted);
                    match search.by_owner(signature, Owner::Subject(key), findings) {
                        Ok(attested) => return Ok(attested),
                        Err(error) => last = Some(error),
                    }
                }
                Err(last.unwrap_or_else(|| Unmet::at(*element, UnmetKind::NoConfirmationKey).into()))
            }
        }
    }

    /// What the Basic Security Profile forbids refuses the message, or is a warning, as the policy says.
    pub(super) fn weigh_deviations(
        &self,
        deviations: &[Deviation],
        findings: &mut Findings,
    ) -> Result<(), Rejection> {
        let Some(first) = deviations.first() else {
            return Ok(());
        };
        match self.policy.basic_security_profile {
            BasicSecurityProfile::Enforce => return Err(Rejection::Deviation(*first)),
            BasicSecurityProfile::Warn | BasicSecurityProfile::Report => {}
            BasicSecurityProfile::NotApplicable => return Ok(()),
        }
        for deviation in deviations {
            findings.warn(deviation.code());
        }
        Ok(())
    }

    /// Warns of PrefixLists that name too little, where somebody reads that and the Basic Security Profile counts for something.
    fn warn_of_prefix_lists(&self, signature: &Signature<'_>, findings: &mut Findings) {
        let applies = self.policy.basic_security_profile != BasicSecurityProfile::NotApplicable;
        if applies && findings.are_read() {
            PrefixList::incomplete(signature).for_each(|list| findings.warn(list.warning()));
        }
    }

    fn require(&self, form: KeyReference, place: Element<'_>) -> Result<(), Unmet> {
        if self.policy.key_references.contains(&form) {
            Ok(())
        } else {
            let (found, allowed) = (form, self.policy.key_references.to_vec());
            Err(Unmet::at(place, UnmetKind::KeyReference { found, allowed }))
        }
    }
}

/// A certificate that is signed by way of the STR-Transform is the one whose key signs: another would look like it to whoever takes
/// the reference for a statement about the signer (T58).
fn check_tokens<'d>(signature: &Signature<'d>, key: &wss::ResolvedKey<'d>) -> Result<(), wss::Error> {
    let tokens = signature
        .references
        .iter()
        .filter_map(|reference| reference.token);
    let mut certificates = tokens.filter(|token| token.is(Namespace::WSSE, "BinarySecurityToken"));
    match certificates.find(|token| key.token != Some(*token)) {
        Some(other) => Err(wss::Error::not_of_the_signer(other)),
        None => Ok(()),
    }
}

fn form(form: KeyForm) -> KeyReference {
    match form {
        KeyForm::BinarySecurityToken => KeyReference::BinarySecurityToken,
        KeyForm::X509Data => KeyReference::X509Data,
        KeyForm::Thumbprint => KeyReference::Thumbprint,
        KeyForm::IssuerSerial => KeyReference::IssuerSerial,
        KeyForm::SubjectKeyIdentifier => KeyReference::SubjectKeyIdentifier,
        KeyForm::SamlAssertion => KeyReference::SamlAssertion,
        KeyForm::UsernameToken => KeyReference::UsernameToken,
        KeyForm::EncryptedKey => KeyReference::EncryptedKey,
        KeyForm::KeyName => KeyReference::KeyName,
        KeyForm::Nothing => KeyReference::None,
    }
}
