//! What a backend is told about the sender, and what it may conclude from that.
//!
//! # The Security header
//!
//! A backend gets an envelope of what was verified: the signed header blocks that are for it, and the Body, in the canonical octets that were digested. Unless the route
//! says otherwise (`security_header = "strip"`), the Security header that the message was verified by is not among them. With it go **all** signatures of the sender, those over other
//! parts too, so a backend that wants to verify them itself cannot; it has the gateway's word. Security headers for others on the way are not relayed in any case.
//!
//! `security_header = "keep"` hands it on to a backend that verifies it again. What goes along is what was proven and nothing else:
//!
//! - items that the signature over the Body covers, in the octets that were digested;
//! - the signatures, each of which held with a trusted key: what was signed in them in the octets that were signed, and a KeyInfo with one way to that key, or with certificates of its path.
//!   Names and numbers of certificates are written as the certificate that was found has them (RFC 4514);
//! - an assertion that its issuer signed, in the octets that were digested; tokens that nobody signed, if a signature refers to them and they hold certificates of a path that was trusted;
//!   and the SecurityTokenReference by which a token is signed. The KeyInfo of a SAML entity has the certificate in its metadata and nothing
//!   else, unless the sender signed it: what is signed goes along as it is.
//!
//! Nothing that nobody signed is copied: it is written anew, so that attributes, comments, processing instructions and declarations of namespaces that somebody added do not go along, nor an ID that nothing refers
//! to. A message in whose header there is another **item**, as a Timestamp that nobody signed, a token that nothing refers to, another's certificate, a path of certificates in another order or a signature that is there already, is refused (`policy.security_header`): no item is taken out
//! silently. So is one of which anything was encrypted to the gateway or in which an EncryptedKey stands, as the header speaks of what is not there any more; one with a UsernameToken where the policy ignores these
//! (`username_token = "ignore"`), which would be another's word for a password that nobody compared; one in whose signed items a value has a prefix that its canonical form does not declare; and one whose header is for
//! an actor or role that the gateway plays, `next` among them: that is not for the backend. What was not to go along anyway, as header blocks that nobody signed where the policy drops them, does not.
//!
//! The header is written for the last receiver, with `mustUnderstand`, so that a backend that would not look at it refuses the message. Before anybody gets the new envelope it
//! is judged like one that arrives, and must be by the same senders: a message that would not hold out of its place, as one that signs a header block for somebody else, is refused too,
//! and so is, under a canonicalization that is not exclusive, one that has no prefix to spare for `mustUnderstand` (`policy.security_header_prefix`). The prefixes around what
//! was signed are the gateway's wherever a canonicalization leaves that open. In canonical form a message may be
//! longer than it came: so many times as the policy lets be digested of it. `[route.threats]` looks at the items as at Body and header blocks.
//!
//! A backend should ask who signed the **Body**, as the gateway does. Another partner whom the route trusts may sign parts of the message as well, and put that signature before the sender's: whoever reads only the
//! first signature takes the message for that partner's. Nor does an assertion with holder-of-key belong to the message that it stands in, unless the sender signed it there: under `strict`
//! somebody on the way who withheld one message can add its assertion to another of the same sender that had none.
//!
//! Everything that a backend is told besides, in HTTP headers and in a JSON Web Token, is as without it. The password in a UsernameToken goes to the backend if it is signed.
//! A backend that signs its answers has seen the signatures now, and has to confirm each of them (`policy.signature_confirmation`).
//!
//! `[route.security_header.replace]` puts a header of ours in the place of the sender's, with a Timestamp and
//!
//! - `assertion`: a SAML 2.0 assertion signed with the key of the gateway, for one audience and a minute. With `sender-vouches` (SAML Profiles §3.2)
//!   the gateway also signs Timestamp, assertion, header blocks and Body together; attachments are not under that signature. With
//!   `{ bearer = "URL" }` it does not sign the message.
//! - `username_token`: a name, with a PasswordDigest if the backend knows the gateway by a password. The password proves the gateway, not the sender.
//!
//! # Headers and tokens
//!
//! `[route.identity]` names HTTP headers, `[route.jwt]` a JSON Web Token (RFC 7519) in `Authorization: Bearer` or a header of your choice, signed
//! with the key of the gateway: RS256, ES256, ES384, ES512 or EdDSA, as the key is. `kid` and `x5t#S256` are the SHA-256 of its certificate. No header of
//! the request reaches the backend, whatever its name.
//!
//! `keys_path = "/orders/keys"` in `[route.jwt]` publishes the public key as a JWK Set, and `further_keys` that of certificates beside it, as those of
//! [a token endpoint](super::token_endpoint) are. Before the gateway gets another key its certificate stands in `further_keys` for five minutes at least, and that of the
//! old one afterwards until its last token has ended: so a backend that asks there follows without a pause.
//!
//! # What is told
//!
//! | fact | from |
//! |---|---|
//! | `signer-subject`, `signer-san`, `signer-issuer`, `signer-serial`, `signer-sha256` | the certificate whose key signed the Body |
//! | `saml-issuer`, `saml-name-id`, `{ saml_attribute = "…" }` | the assertion that held |
//! | `username` | the UsernameToken whose password was compared |
//! | `token-subject`, `token-issuer`, `{ token_claim = "…" }` | the bearer token that held; of its claims those that are a text or a list of texts |
//!
//! The subject of a token is one fact that the operator names, never the first that happens to be there: a user may be called like a certificate. A message
//! without it is refused, as is one with a value that has a control character, is longer than 1024 bytes, or is one of more than 64
//! (`policy.identity_value`). What may have several values is a list in a token, even of one; in a header its values stand in one line,
//! percent-encoded, with commas between them. A token never holds longer than the assertion that it rests on.
//!
//! The types see to it that only this is told: [`Facts`](crate::mint::Facts) come from proofs, as a
//! [`VerifiedMessage`](crate::inbound::VerifiedMessage), and what we mint comes from `Facts`.
//!
//! # Bearer tokens of clients
//!
//! `[route.bearer]` asks for a JSON Web Token in `Authorization: Bearer` (RFC 6750) **beside** what the message has to prove. Unless the route says otherwise (below), a token never stands for a message:
//! who brings one with an unsigned message is refused as without. Its proof is a type of its own, [`VerifiedBearer`](crate::trust::VerifiedBearer), and no
//! `VerifiedMessage` can be made from it. Its subject need not be the signer of the message; it stands in the log and in the audit log as `bearer`, and no
//! backend gets the token.
//!
//! The token is judged before the body of the request is read: by the algorithms that the route names, with a key of the issuer's JWK Set and no other (`jwk`, `jku`,
//! `x5c` and `x5u` in a token are not looked at), then by `iss`, `aud`, `exp`, `nbf`, `iat` and `cnf`. A curve is for its own algorithm. A name that stands twice in a
//! JSON object refuses the token, as readers do not agree which of them counts. A token may be used again until it ends, by whoever has it: bind it to the client's
//! certificate (`certificate_bound = "required"`) against theft.
//!
//! `[[route.allow]]` asks for what a token says, beside a message as in its place: `token_subject`, `token_scope` (one of these must be a word of the claim `scope`, RFC 8693 §4.2) and
//! `token_claim`, each of which must have one of its values. Whoever does not fit is refused with `policy.not_authorized`. What a token says is known once its signature
//! and everything else about it held, and from no other token.
//!
//! # A token in the place of message security
//!
//! With `message_security = "replaced-by-token"` a route takes messages that nobody signed: the token stands for them. What that proves is less, and has a type
//! of its own, [`BroughtMessage`](crate::inbound::BroughtMessage): somebody who has a token of this subject's, and has not used it before, brought these octets
//! over TLS to us. Nobody vouches for what they say: whoever gets hold of a token that was not used writes the message, and so can whoever stands between the client
//! and where TLS ends. `certificate_bound = "required"` leaves only the client itself.
//!
//! A token counts for one message: `jti` and `iat` must be there, and its use is remembered as that of a signed message (`replay.token`). The backend gets the whole
//! envelope as it was read, in Canonical XML 1.0 without comments, not verified parts of it. All that does not need a signature is asked as everywhere:
//! strict XML, action and Body must name one operation, mustUnderstand, threat rules (over the whole envelope), schemas. A message with a Security header
//! (of whatever namespace) is refused, as nobody would verify it; there are no attachments. A backend can be told `token-subject`, `token-issuer` and `{ token_claim = "…" }`, a token that is minted of them does not outlive
//! the one that came, and `[[route.allow]]` knows operations, days and hours, and what the token says. The answer is signed as any other.
//!
//! # Where keys come from
//!
//! The keys are read from a file: `watch_seconds`, SIGHUP or `POST /reload` take a new one on, a bad one keeps the old. Where the file is one that
//! `[[fetch]]` names, the gateway fetches it (see [operating](super::operating)), from `url` or, with `issuer`, from where the configuration of the issuer says
//! that its keys are (OpenID Connect Discovery 1.0): it must call itself exactly as the token's `iss` does.
