//! Keys in tokens: hardware security modules and whatever else speaks PKCS#11.
//!
//! # Configuration
//!
//! Wherever a `key` signs or decrypts messages (`[gateway]`, `[audit]`, `[[route.decryption]]`, `[[token_endpoint]]`), and as `--key` of the
//! commands, a PKCS#11 URI (RFC 7512) may stand in the place of a file. The key then stays in its token, which signs and decrypts:
//!
//! ```text
//! key = "pkcs11:token=gateway;object=answers?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/sealgate/pin"
//! ```
//!
//! | attribute | |
//! |---|---|
//! | `token`, `serial`, `manufacturer`, `model` | what the token says of itself: the first or second is needed; exactly one token must be so |
//! | `object`, `id` | CKA_LABEL and CKA_ID (in percent-encoding) of the private key: one is needed; exactly one key must be so |
//! | `module-path` | the C library of the token's maker, an absolute path. It is loaded into the process: it is trusted as much as we are |
//! | `pin-source` | a file with the PIN on its first line, as a path or `file:` URI; the gateway takes none that is open to everybody (T154) |
//!
//! `pin-value` is refused, as secrets do not stand in configurations, and so is every attribute that is not in this table. `certificate` names the certificate as always; without it
//! the token's own of the same CKA_ID counts, which must be the only one. A key has to show that it belongs to that certificate, by signing, decrypting or agreeing, when the configuration is loaded and whenever the
//! token has been gone; `sealgate config check` says what does not fit. TLS takes no key from a token.
//!
//! # What the token has to know
//!
//! | for | mechanisms |
//! |---|---|
//! | signatures | CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_ECDSA, CKM_EDDSA, by the algorithm; digests are made here |
//! | RSA-OAEP | CKM_RSA_PKCS_OAEP for each pair of digest and mask that the token shows to know at the start; for others, and for labels, CKM_RSA_X_509. A token that has neither refuses the message with `xmlenc.algorithm_not_permitted` |
//! | RSA 1.5 | CKM_RSA_X_509, so that the padding is read here and wrong ones look like right ones (T79) |
//! | ECDH-ES | CKM_ECDH1_DERIVE, and a secret that can be read |
//!
//! Whatever is wrong with a ciphertext has one outcome, as with a key in a file; how long the token takes for it is the token's. A key with CKA_ALWAYS_AUTHENTICATE is refused.
//!
//! # When the token is gone
//!
//! Four calls are made to a token at once and up to 64 wait, no longer than five seconds: then it is busy, and the message gets 503 and `crypto.token_unavailable`. That loses no token. Signatures, and the
//! decryption of what a backend has answered, come before all else, and as many wait as are needed: their messages were accepted already, while anybody may send what is to be decrypted. A message is promised the
//! signatures of its answer, and of the token or assertion that its backend gets, and the decryption of what the backend answers, before its use is remembered; where what was promised takes the token more than two
//! and a half seconds, it gets 503 and `crypto.token_unavailable`, and may be sent again.
//!
//! How long that takes is learned for each key from what was promised of it and from its proofs, the first of them made at the start: it is the longer of the last two, or what one in progress has taken so far. What
//! anybody may send to be decrypted counts for nothing. A token that turns out slower than it was has promised more than it can do in that time: these messages wait longer and get their answers, unless the token is lost.
//!
//! Messages that are to be decrypted take turns by the address that they come from, of IPv6 by its /48, or by their route where the address is `exempt` in `[throttle]`, as that of a balancer. Who sends many gets no more of the
//! token than each of the others, and of `n` addresses that wait each has room for `64 / n` messages, however many come from the rest: what is more than that makes room, with 503 and `crypto.token_unavailable`. Nothing
//! of it was used up. What a message says of its sender counts for nothing here, as only decryption could show it. So whoever sends from 64 addresses and more at a time still keeps others
//! waiting, and whoever shares an address with them does at once: limits by address (`[throttle]`) are for that.
//!
//! A token that takes more than five seconds for one call since it was begun, or says that it, the session or the key is gone, is lost. So is one
//! in which a key, asked every five seconds, does not prove itself. While it is lost
//!
//! * what needs its keys is refused with HTTP 503 and `crypto.token_unavailable`: a message whose answer would have to be signed before it is read, or where a route has operations of
//!   one way before its use is remembered, and a request to a token endpoint before its assertion is used up. Only a message during which the loss is noticed has reached its backend, and
//!   one for an operation of one way, which needs no key: if its backend answers with an envelope for all that, nobody can sign it, and the answer is 503 though the backend was asked;
//! * `/readyz` says 503, `sealgate_token_available{token}` is 0, and the log says why;
//! * it is looked for again, after a second, then less often, at least once a minute. Where nothing else works and no other token of the module is in use, the module begins anew
//!   (`C_Finalize`, `C_Initialize`). A PIN that the token does not take is not tried again by the same process before a reload by SIGHUP or `POST /reload`, as tokens lock
//!   themselves; neither what is fetched nor a file that has changed has it tried, unless there is another PIN in the file.
//!
//! A call that never returns keeps its thread, and another takes its place; from twenty such calls on the token stays lost until one returns.
//! No thread that serves waits for a token: who needs none is answered meanwhile, on the same thread too.
//!
//! # When its PIN changes
//!
//! PKCS#11 logs a process in as a whole: a token looks at no other PIN while keys in it are in use. So a reload takes on a new PIN unseen, with a warning in the log, and uses
//! it at the next login. `sealgate config check`, a process of its own, has the token look at it.
