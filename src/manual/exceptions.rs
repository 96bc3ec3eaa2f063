//! Exceptions: what one partner may still use, why, and until when.
//!
//! The profiles of a gateway take no SHA-1, no RSA 1.5, no Timestamp that nobody signed. Some partner always needs one of them for a while. A policy of
//! one's own may not give it, as that would be for everybody and for ever: where only an exception may grant something, `config check` says so. An
//! exception names the partner, what is granted, the reason and the last day, in UTC:
//!
//! ```toml
//! [[route.exception]]
//! subject = ["CN=orders,O=Partner,C=DE"]
//! allow = ["sha1", "rsa-sha1"]
//! reason = "their gateway of 2006 is replaced in February"
//! until = 2027-03-01
//! ```
//!
//! # For whom
//!
//! `subject` and `san` are patterns for certificates, as those of an anchor; where both are given, a certificate fits one of each. `issuer` names SAML
//! issuers by entityIDs of the route's metadata. An exception trusts nobody: who it is for must be trusted by the route anyway. It is not for users of
//! UsernameTokens, nor for messages that a bearer token stands for. An issuer is not whom its assertions are about: a holder of a key whom nothing but an
//! assertion knows is nobody's partner.
//!
//! # What may be granted
//!
//! `allow` has names that verdicts give in `legacy`, as `sealgate verify --policy legacy-2004` shows them for a message of the partner.
//!
//! | name | what is taken |
//! |---|---|
//! | `sha1` | digests with SHA-1, of what is signed and in RSA-PSS |
//! | `rsa-sha1` | signatures by RSA with SHA-1, which verdicts name `sha1` too |
//! | `c14n10` | Canonical XML 1.0, inclusive, of SignedInfo and of what is signed |
//! | `certificate-sha1` | certificates below the anchor, CRLs and OCSP responses that are signed with SHA-1 |
//! | `certificate-rsa-1024` | RSA keys from 1024 bits, of signers, CAs and SAML issuers |
//! | `rsa-1_5` | keys by RSA PKCS#1 v1.5, where a verified signature of the partner covers ciphertext and key |
//! | `tripledes-cbc` | Triple DES in CBC and its key wrap, where such a signature covers the ciphertext |
//! | `timestamp.unsigned` | a Timestamp that nobody signed |
//! | `timestamp.optional` | no Timestamp |
//! | `utf-16` | messages in UTF-16, with a byte order mark; an XML declaration and the `charset` of the Content-Type say the same, or nothing. Not of messages with attachments |
//! | `username_token.no_nonce` | a UsernameToken without Nonce, over TLS, where the policy takes passwords over TLS, as `bsp11` does |
//!
//! There is nothing else. A Reference to the whole document (`URI=""`, in `legacy` as `reference-form`) cannot be granted: what goes to the backend is a
//! Body that a Reference is to. What `bsp11` takes and `strict` does not, as AES-CBC, is a question of the route's policy; what is never taken, as MD5 or an
//! empty trust store, cannot be written. Answers are signed as always: no exception makes us sign with SHA-1.
//!
//! A message that nothing proves fresh can be told from a copy only by what was signed. The same signed content is taken once in 24 hours
//! (`replay.message`), so a partner who asks the same again needs something signed that differs, as `wsa:MessageID`. A copy that comes later, or when the
//! memory of used messages was lost, is not noticed: grant it only for operations that may be done twice.
//!
//! # How it is judged
//!
//! Every message is judged by the policy of the route first. One that is refused, and in which a partner with an exception may have signed something, is
//! judged once more, from the beginning, by the policy with what that exception grants, and then only signatures of that partner count: of the message,
//! of the assertion in it, of the ciphertext before anything is decrypted. So whoever else signs a part, even with the newest algorithms, has to be in the same
//! exception, and what a message needs must all stand in one: two exceptions are not added up, and no more than the first three that fit are asked. Two of them with different days say what ends first:
//! `["sha1", "tripledes-cbc"]` until March and `["tripledes-cbc"]` until June.
//!
//! For everybody else nothing changes: they are refused with the same code for the same reason. The log has of a partner's message, whose signature
//! holds, why the exception did not help.
//!
//! # How it ends
//!
//! From midnight UTC after its last day an exception counts for nothing, in a gateway that runs, without a reload. The configuration cannot be used any more:
//! `config check`, start and reload name the exception, and what was in use stays so; what is fetched in the background, as CRLs, is taken on as before. In
//! the 30 days before, `config check` (`warnings`), start and reload (`config.ends_soon` in the log) warn. Of the metrics,
//! `sealgate_exception_ends_timestamp_seconds` says for each route when the next one ends: alert on `… - time() < 30 * 86400`.
//!
//! # How it is seen
//!
//! `sealgate config explain FILE --partner CERTIFICATE` (or the entityID of an issuer) prints for each route that trusts them its policy, what is granted beyond
//! it, why and until when; with `--format json` both policies in full.
//!
//! Whatever a verdict needed that `strict` does not allow, by exception or by the policy of the route, is in `legacy` of the audit record and of the message
//! archive, in the log, and counted in `sealgate_legacy_total` by `route` and `name`: where a name stays at rest, its exception can go.
