//! What holds when nothing else is said.
//!
//! `sealgate policy show NAME` prints a profile as TOML; a file of that form is a policy of one's own. `sealgate config schema` prints
//! the schema of the gateway's configuration.
//!
//! # Profiles
//!
//! | | `strict` (default) | `saml-sso` | `bsp11` | `legacy-2004` | `archive-verify` |
//! |---|---|---|---|---|---|
//! | for | new partners | SAML Responses, Assertions | the stacks of 2010 and later | those before | old files |
//! | where | everywhere | everywhere | everywhere | command line, batch | command line, batch |
//! | signed at least | Body, Timestamp, WS-Addressing headers and attachments that are there | the assertion | Body, Timestamp, attachments | Body, attachments | anything, which is reported |
//! | Timestamp | required, Expires too, at most 300 s old | as `strict` in SOAP | required, Expires optional | optional | ignored |
//! | unsigned headers for us | refused | refused | dropped | dropped | dropped |
//! | encoding | UTF-8; UTF-16 of a partner by an exception | the same | the same | UTF-8 | what is declared |
//! | comment inside a security-relevant text | refused | joined | joined | joined | joined |
//! | key named by | token, X509Data, thumbprint, SAML assertion | the same | and issuer and serial, key identifier | the same | and KeyName, nothing |
//! | SAML in SOAP | holder-of-key, sender-vouches | bearer | all three | all three | all three |
//! | UsernameToken | digest, nonce, time, signed | none | or the password over TLS; over TLS not signed | or, over TLS, no nonce | not judged |
//! | revocation not known | refused | refused | refused | warned | warned |
//! | RSA at least | 2048 | 2048 | 2048 | 2048 | 1024 |
//! | SHA-1 | never | never | never | signatures, digests, certificates | the same |
//!
//! A verdict that needed an old algorithm says so under `legacy`. On a gateway an old algorithm is one partner's, until a date: [`exceptions`](super::exceptions).
//!
//! # Times
//!
//! A sender's clock may be 60 s ahead of ours. A Timestamp ends 300 s after Created, or at Expires if that is earlier; an assertion
//! at NotOnOrAfter plus the skew. An assertion lives an hour at most. `--at` judges as of another time, `--at message` as of the
//! signed time of the message.
//!
//! # Parts that no profile asks for
//!
//! A policy of one's own may also have under `signed`: `tokens`, so that no BinarySecurityToken in the header stands outside of the signature
//! over the Body, and `header:{namespace}local`; under `encrypted`, where they are there: `body`, `timestamp`, `username-token`, `assertion`, `tokens`,
//! `signature`, `addressing` and headers by name. `policy import` writes them for ProtectTokens, EncryptSignature and the paths of
//! EncryptedElements and ContentEncryptedElements.
//!
//! # Users
//!
//! A UsernameToken says who the user is, beside a signature and never instead of one. It is as fresh as a Timestamp has to be, and its
//! nonce (8 to 128 bytes) counts once. `sealgate password add --user-hashes FILE USER` writes salted hashes (scrypt, N = 2^15, r = 8, p = 3:
//! 32 MiB for each comparison) for passwords that are sent as they are; `--user-secrets FILE --user-secrets-key KEY`
//! the passwords themselves under AES-256-GCM for digests, which nobody could check otherwise. A password is compared only after
//! everything else about a message was found good, and somebody who does not exist takes as long as somebody who does. Keys that are derived from
//! passwords (1,000 to 1,000,000 iterations) sign where a policy of one's own has `hmac-sha256` among its signatures and
//! `username-token` among its key references; `username-token` under `signed` asks for a signed UsernameToken.
//!
//! # Signatures by an EncryptedKey
//!
//! In the symmetric binding of WS-SecurityPolicy the sender makes a key, encrypts it to our certificate (`xenc:EncryptedKey`), and signs with it
//! by HMAC. Anybody can: our certificate is public. Such a signature proves that the parts of a message belong together, and not who sent it. It
//! counts only with an endorsing signature (`sp:EndorsingSupportingTokens`): a second one in the same header, by a trusted certificate or by
//! the holder-of-key of an assertion, that signs the `ds:Signature` itself. What the first covers is then said by whoever made the second,
//! who is the sender. Everything else is refused with `policy.not_endorsed` before our key is used: a signature over the EncryptedKey alone,
//! as whoever reads one such key could go on signing with it; a UsernameToken or an assertion, which others could have put there; two that endorse
//! leave it open whose message it is.
//!
//! No profile of a gateway takes them (`policy.key_reference`), and no route has a key that it shares with a partner, so that a KeyName
//! names none. A policy of one's own has `hmac-sha256` (or another HMAC, never truncated) among its signatures and
//! `encrypted-key` among its key references; the reference is direct, or the EncryptedKeySHA1 of a key in the same header. Keys of earlier messages are
//! not remembered (`wss.unknown_encrypted_key`), and no keys are derived (`wss.secure_conversation`). The key has 16 to 64 bytes and comes by RSA-OAEP,
//! key wrap or AES-GCM as the policy allows, not by RSA 1.5. Our answers are signed with our certificate.
//!
//! # Answers
//!
//! `verify --request FILE` judges a message as the answer to the request in FILE: under the signature over its Body it must have a
//! SignatureConfirmation for each signature in the Security headers of the request and no other (one without Value, if there is none), and a wsa:RelatesTo with
//! its wsa:MessageID, or none if that has none.
//!
//! A backend that signs its answers is configured with `[route.backend.answer]`: a `trust` as that of a route, a `policy` (`strict` if nothing is
//! said), keys for `decryption`. Each answer is then judged as a request is, with a memory of used ones, and what leaves under our signature is
//! made of what the backend signed and nothing else. The backend gets the request without its Security header, so its
//! answer may say with a SignatureConfirmation that there was no signature, or say nothing of it; another value is refused. Where the request
//! has a wsa:MessageID the answer must relate to it; where not, it must not. Whatever does not hold is an error of the backend (502), counted and logged with
//! its code, as are an empty answer, which nobody signed (unless the operation is one-way), and one with attachments. Without `[route.backend.answer]` an answer with a Security header is refused.
//!
//! # SAML 1.1
//!
//! An assertion of SAML 1.1 is judged as one of 2.0. A bearer confirmation says nothing itself in 1.1: the conditions must name an end, the
//! audience must be ours, and a Response around it must be signed itself and name us as its Recipient. All statements are about the same
//! subject. What is reported as `confirmation` is the URI that SAML 2.0 has for the method.
//!
//! # Limits
//!
//! | | | | |
//! |---|---|---|---|
//! | message | 2 MiB | IDs | 10,000 |
//! | depth | 100 | signatures | 4 |
//! | elements | 100,000 | references a signature | 10 |
//! | attributes an element | 256 | transforms a reference | 2 |
//! | declarations an element | 64 | prefixes a PrefixList | 32 |
//! | prefixes in scope | 256 | digested octets | 4 × the message |
//! | a name | 1 KiB | certificates a path | 6 |
//! | an attribute's value | 64 KiB | attachments | 16, of 10 MiB each |
//!
//! `archive-verify` takes 64 MiB and 2,000,000 elements, and attachments of 1 GiB. What runs out is named: `limit.depth`, `limit.bytes`, …
//!
//! # Trust
//!
//! A CA certificate is an anchor: it vouches for whom it certifies, on a gateway only for those whom a subject or SAN constraint
//! names. Any other certificate is a pin: that one and no other. A key in SAML metadata is its entity's. Any of them may vouch that
//! the subject of an assertion that its issuer signed sent a message (sender-vouches). An assertion that no issuer signed is the word of
//! whoever vouches for it: a trusted certificate may give it where no metadata was given; where some was, only the issuer itself. Without any, everything is
//! refused with `trust.no_anchor`; there is no setting that skips verification.
//!
//! # Who may ask for what
//!
//! Everybody whom a route trusts may ask for each of its operations at any time, unless it has rules: each `[[route.allow]]` says by operation,
//! certificate (`subject`, `san`), SAML issuer, NameID and attributes, user, days and hours in UTC who may. A message has to fit one rule in all that
//! this says; of values that are listed, one is enough. Only what was verified counts. It is asked when everything else is known to be good, and
//! refused with `policy.not_authorized`; the log says which condition of which rule was not met, and the peer nothing.
//!
//! With `client_certificate = "signer"` a client has to have shown the certificate whose key signed the message to a listener that asks for
//! one: then a message is of no use to somebody else (`policy.client_certificate`).
//!
//! # Bodies and their schemas
//!
//! A program built with the Cargo feature `xsd` can validate the Body of each message against XSD 1.0 with libxml2: `[route.schema]` names all
//! files, which include each other by their paths and import each other by their namespaces (where an import says they are is not looked
//! at), and the `mode`: `enforce` if nothing is said, `observe`, `off`. It is done when everything else about a message was found good and before
//! its one use is remembered, in the octets that are relayed. The Body may have any elements that the files declare. What is not valid is
//! refused with `policy.schema`, or relayed, logged and counted in `sealgate_invalid_bodies_total`. Messages cannot name schemas.
//! What MTOM moves into attachments is not put back: an `xop:Include` is not valid where a schema has `xs:base64Binary`.
//!
//! libxml2 may read these files and nothing else. The files have no DOCTYPE, are read when the gateway starts, and parsed once more by each thread. One validation may
//! take 1 s, which is looked at after each tag. libxml2 gives up on a pattern after ten million tries, each as long as the value, so where a pattern of the
//! schemas can be tried in many ways, no value and no tag may have more than 4096 bytes (`limit.schema`).
//!
//! # A second opinion
//!
//! A program built with the Cargo feature `second_opinion` can ask libxmlsec1 and samael about each message that it is about to
//! accept: `second_opinion = "required"` for a route or in a policy, `--second-opinion` for a command. Without the feature these are
//! errors of configuration. They are off when nothing is said.
//!
//! libxmlsec1 verifies each signature that counted, in the bytes that came, with the key that we trusted. samael verifies each
//! signature of a SAML 2.0 Response or Assertion, and the octets that it says were signed must be those that we digested. What they
//! do not confirm is refused with `dsig.second_opinion` or `saml.second_opinion` and logged as an error. That includes what they
//! cannot judge (`indeterminate`):
//!
//! * algorithms that the system's libxmlsec1 does not know, as RSA-PSS and SHA-3 before its version 1.3, Ed25519, the
//!   STR-Transform;
//! * a Manifest, which it would follow, attachments that are signed by themselves, which it would look for elsewhere, and shared secrets;
//! * a text of more than 10,000,000 bytes, or more than 256 levels of elements, where libxml2 stops;
//! * for samael, two attributes called ID with one value inside an assertion, whoever's they are.
//!
//! They see only messages that a trusted key signed and everything else has accepted, and can make nothing pass. What they
//! cost is theirs: libxml2 is not linear in namespaces. libxmlsec1 writes its own diagnostics to standard error, the first
//! time a line about XSLT, which it then never uses.
