//! What happens to a message, in the order in which it happens.
//!
//! One sentence rules the design: **the thing that was verified is the thing that is used.** There is one parse and one tree;
//! signatures are proved about nodes of it; decisions are taken about those nodes; and what leaves are the octets that were
//! digested.
//!
//! # The steps
//!
//! | step | takes | gives | refuses |
//! |---|---|---|---|
//! | [`Package`](crate::soap::attachment::Package), of several parts | bytes, piece by piece | an envelope, with what each `xop:Include` stands for in its place; attachments in a spool | what two readers could take apart in two ways: see [`attachments`](super::attachments) |
//! | [`Envelope::parse`](crate::soap::Envelope::parse) | bytes | an envelope at fixed places | what is not XML 1.0 with namespaces, UTF-8, without DOCTYPE, with unique IDs, within limits; what is no envelope |
//! | [`xmlenc::decrypt_parts`](crate::xmlenc::decrypt_parts), if something is encrypted to us | the document, by value, and [`CiphertextCovered`](crate::trust::CiphertextCovered) | another document, read anew | a cipher outside the policy; CBC and RSA 1.5 that no trusted signature covers; everything that fails, with one error |
//! | [`Header::read`](crate::wss::Header::read) | the envelope | the items of the one Security header for us, in order | a second header for us, an unknown item, an unread `mustUnderstand` |
//! | [`token`](crate::token) | elements | certificates, assertions, key references, as read | anything that two readers could read in two ways |
//! | [`TrustStore::path`](crate::trust::TrustStore::path), [`Issuers`](crate::trust::Issuers) | a candidate certificate; an issuer's name | a [`VerifiedPath`](crate::trust::VerifiedPath); an [`EntityKey`](crate::trust::EntityKey) | who leads to nobody that is trusted, is expired, revoked, or may not sign |
//! | [`dsig::verify`](crate::dsig::verify) | a signature and that key | [`Covered`](crate::dsig::Covered): these nodes, by this key | an algorithm outside the policy, a wrong value, a wrong digest |
//! | [`attest`](crate::trust::attest) | `Covered` and whose key it is | [`Attested`](crate::trust::Attested) | a key that is not the trusted one |
//! | [`judge_assertion`](crate::policy::saml::judge_assertion) | an assertion and what its presenter has shown | [`Accepted`](crate::policy::saml::Accepted) | a wrong audience, time, confirmation, … |
//! | [`Policy::admit`](crate::policy::Policy::admit) | all evidence | [`Admitted`](crate::policy::Admitted) | a required part that the Body's signer did not sign at its place; a stale Timestamp |
//! | [`SecondOpinion`](crate::second_opinion::SecondOpinion), if asked for | what was accepted | nothing more | what libxmlsec1 or samael do not confirm |
//! | [`Schemas`](crate::schema::Schemas), if the route has some | the octets of the Body | nothing more | a Body that is not as the service has it |
//! | [`ReplayStore::first_use`](crate::trust::ReplayStore::first_use) | what identifies the content | [`FirstUse`](crate::trust::FirstUse) | a second use, or not knowing |
//! | [`Gate::verify`](crate::inbound::Gate::verify) | all of it | [`VerifiedMessage`](crate::inbound::VerifiedMessage) | a QName whose prefix is not covered |
//!
//! A SAML assertion's own signature is verified before anything it says is believed, its holder's key included.
//!
//! # What is encrypted
//!
//! The Security header for us lists what is encrypted to us. Where there is a key, whatever else is encrypted refuses the message, as lists
//! are mostly not signed and could be taken away; without one it is content. A signature may be over the
//! plaintext or over the ciphertext, and nothing says which. So signatures over ciphertext are verified first, on the message as it was
//! received, with everything that a signature must be. The proofs borrow the document, and decryption takes it by value: what remains is an
//! owned and weaker fact, which elements were signed and by whom, and is found again in the document with the plaintext. There every other
//! signature has to hold, and admission asks for the same parts at the same places, by the one signature over the Body. Positions in
//! messages and paths in reports are those of the decrypted document.
//!
//! Nobody's signature covers what a prefix means that only the plaintext uses: one that is declared outside of what was signed refuses
//! the message. What is relayed of a Body whose ciphertext was signed is the canonical form that the signature asked for, of the
//! decrypted Body.
//!
//! # Order is a defence
//!
//! Cheap checks come first: size, well-formedness, structure, policy, trust in the key, then the value over SignedInfo, and only
//! then digests. Whoever has no trusted key costs one parse, one path (remembered) and at most one public-key operation a
//! candidate, and no digest of content. Attachments are the exception: so as not to be read twice, they are spooled, canonicalized and digested
//! as they come, before the signature is verified and whoever sent them. Routes that take them limit their number and length, and
//! `spool_bytes` what is kept of all.
//!
//! # What the types prove, and where they stop
//!
//! Each step consumes the proof of the one before it, and each proof has one maker, so that a step that is skipped does not
//! compile (`tests/misuse/` tries). [`Covered`](crate::dsig::Covered) opens nothing: only `attest` joins it to an identity.
//! Proofs are not `Clone`. What the backend gets comes from `VerifiedMessage`, which owns only what was digested.
//!
//! Types prove that a step ran, not that it is right. That canonicalization gives the right octets, or that a path is judged
//! as RFC 5280 has it, is what vectors, fixtures and differential tests are for. A proof about one document offered
//! for another compiles if the lifetimes agree; node identity then refuses it, since nodes of two documents are never equal.
//!
//! # What the backend gets
//!
//! An envelope built anew: the signed header blocks (Security excepted) and the Body, each in the canonical octets that were
//! digested; and beside it the signed attachments, in theirs. Comments, unsigned headers, and attributes and declarations of the outer elements stay behind. A prefix that
//! stands only in values (`xsi:type="x:T"`), also of an attachment of XML, must be covered (a PrefixList names it, or it is declared where it is used),
//! as else anybody could say what it means.
