//! Who the attacker is, what is promised, and what is not.
//!
//! # The attacker
//!
//! * sends any bytes, as often and as slowly as they like, from many addresses;
//! * has good messages: recorded, stolen, from other partners, for other services, signed by the same parties;
//! * may be a partner, with a valid certificate, who wants to speak for another;
//! * sees every answer and its time.
//!
//! They do not have the private key of whom they want to be, or the gateway's.
//!
//! # What is promised
//!
//! * Nothing reaches the backend but header blocks and a Body that one trusted signer signed, at their places, in the octets that were
//!   digested, once, in time, for the operation that the route allows.
//!   Where a route keeps the Security header, that goes with them, if every item in it was proven as well.
//! * Nothing in a message makes us open a file, a socket, or run anything.
//! * Nothing in a message makes us use more than its limits allow: time and memory are linear in its size.
//! * A refusal tells the peer that there was one. Why stands in the log, under the incident's id.
//! * What cannot be decided is refused: a missing revocation list, a store of uses that does not answer, a clock that is not known.
//! * The audit's reader and the peer cannot be fooled by values from messages: they are quoted and cut where they are shown.
//!
//! # What is not promised
//!
//! * A stolen private key signs messages that are perfectly good, until its certificate is revoked or its pin removed.
//!   In an archive that is judged as of its own time (`--at message`) it also signs for the time before: who signs says when. What was revoked since then
//!   is refused from the date of the revocation, or from its invalidityDate; only a trusted time stamp could tell more.
//! * A trusted issuer that lies is believed.
//! * Confidentiality behind the gateway: what was encrypted to us goes to the backend decrypted, and answers are encrypted only where
//!   `[route.answer.encryption]` asks for it. TLS is what protects them.
//! * That a ciphertext is its sender's. Partners who encrypt to the same key can send what another of them encrypted as their own: the
//!   backend's answer may tell what is in it, and where CBC or RSA 1.5 is permitted the verdict itself does, after some hundred messages a
//!   block. A route with a key of its own for each partner, or `strict`, prevents the one, only the key the other.
//! * Room for everybody. A message is received before it is judged, so whoever has no key can fill the spool with attachments of unsigned
//!   messages for `body_seconds`, again and again; other messages of several parts get 503 meanwhile. `messages` counts those that have come
//!   whole: those that are still coming are limited by `connections` and the bytes that may be held. What a client goes on sending
//!   after it was refused is thrown away, and its connection closed, within some seconds.
//! * That nobody revoked the certificate of a TLS client: a listener asks for its CA and its dates. Who signed the message is looked up in the lists of the
//!   route; where only a token stands for the message, bound or not, nobody is.
//! * That what a CA takes back in an indirect list of another CA's is found, or in a list that is not among those given, or that is signed with another of its
//!   keys where neither of the two certified the other.
//! * That the backend treats a good message well. Its Body is what the sender signed, which may be hostile.
//! * Equal time for all refusals. Cheap checks come first, so where a message fails can be measured; what that tells is what
//!   the sender knows: which of its own bytes are wrong.
//! * Which of its own identities a sender speaks as, where its signature does not say: a token or assertion that the signature does
//!   not cover can be exchanged for another one of the same key before the message arrives. Let partners sign the token.
//! * That a message which is refused can be sent again: its use is remembered once it was verified, also if the route then has
//!   no such operation.
//! * That a gateway which remembers in memory only refuses, after it was started again, what a sender with a fast clock dated later than that
//!   start. A file or a Redis does, as a new one takes nothing before the allowed clock skew is over.
//! * Fairness between partners behind one address: it counts as one. Limits are counted by each gateway for itself unless `throttle.redis` has them shared.
//! * That an audit log which was cut off after its last exported checkpoint is found out: at most 1,000 records or 60 seconds. Without `checkpoints` elsewhere,
//!   whoever may write to the folder can remove any number of records from its end, and without `--certificate` write all of it anew.
//!   What `--from` says is archived is not looked for: that it is kept, and is what it was, is for the archive to show ([`audit`](crate::audit)).
//! * That Redis is who it says it is without TLS, or that somebody else who may write to it does not remove entries one by one.
//! * That commands remember uses: `verify` judges a file as if it arrived for the first time.
