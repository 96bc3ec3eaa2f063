//! Backends: who gets verified messages, for how long they are waited for, and what happens when they fail.
//!
//! # One server or several
//!
//! `[route.backend]` has a `url`, or several `[[route.backend.server]]`, each with a `url`, a `weight` and a `name` for logs and metrics. They
//! share the time limits, the trust and the certificate of `[route.backend]`, and are all reached with TLS or all without. Of servers that may be asked,
//! each gets its part of the messages by weight, as evenly as weights allow.
//!
//! # Time and size
//!
//! | key | what ends |
//! |---|---|
//! | `connect_seconds` (2) | connecting; with TLS the handshake may take as long again |
//! | `first_byte_seconds` | waiting for the head of the answer, from the beginning, or from when the last piece of a long request was taken |
//! | `idle_seconds` | waiting for the next piece of the answer |
//! | `answer_seconds` (30) | everything, whichever server is asked in the end |
//! | `answer_bytes` (10 MiB) | reading the answer: what is longer is not taken |
//! | `messages` | taking on messages for this backend, so that one that stalls does not hold those of other routes up: more are told to come back later. Half of `gateway.messages` where there are several routes |
//!
//! `first_byte_seconds` and `idle_seconds` are as long as `answer_seconds` where they are not said. Redirects are not followed.
//!
//! # What is sent twice
//!
//! The use of a message is remembered once, before a server gets it, and a message goes to one server. Another is asked, and none twice, only
//!
//! * where there was no connection, or no TLS: nothing of the message was sent;
//! * once, where the operation says `idempotent = true`, and the server did not answer in time, or not to the end, or with 502, 503 or 504.
//!
//! Whatever may have reached a server counts as sent: a connection that was kept and is closed under a request as well. One that was closed before it took an octet of it
//! is left for another.
//!
//! # What is an answer
//!
//! Servers are asked by HTTP/1.1 (RFC 9112), and answers are read strictly: what two could read in two ways is none, nor is what was cut off. The head says once, and in one way, where
//! the body ends, by Content-Length or `Transfer-Encoding: chunked`; the end of the connection is no end, in HTTP/1.0 neither. Lines end in CRLF and are not
//! folded. Heads and trailers have at most 64 KiB. All else is `relay.broken` in the log. Up to 16 interim answers (1xx) are passed over. A server that refuses a request before it has all
//! of it is heard, and gets no more. Octets after an answer end the connection; without work it is kept for 4 seconds.
//!
//! # Servers that fail
//!
//! A server fails if its answer does not come to its end (no connection, no answer in time, no HTTP, broken off, or without a word on where it ends), or a gateway before it
//! says so with 502, 503 or 504. One that is asked after another, and not in time because of that, has not failed. Faults, other statuses, what is no SOAP and what is longer than allowed are answers: what a sender can bring about by what it asks for shuts nobody
//! out. After `failures` (5) in a row its circuit breaker opens: for `open_seconds` (5) it gets no message, then one at a time; the first that it
//! answers closes the breaker. A message for which there is no server is answered with 502 at once, `relay.no_server` in the log. All this is `[route.backend.breaker]`.
//!
//! With `[route.backend.health]` each server is also looked after without messages: every `interval_seconds` (2) a GET of `path` that has to be answered with
//! 200 to 299 within `answer_seconds` (1), or a connection where there is no `path`. After `unhealthy` (2) bad checks in a row it is down, after
//! `healthy` (2) good ones it is up.
//!
//! Both outlive a new configuration for servers that keep their name and URL. `GET /backends` of the admin address says how each server is: `closed` (it is asked),
//! `open`, `half-open` (one message tries it), `down`. So do `sealgate_server_available`, `sealgate_server_opened_total`,
//! `sealgate_server_answered_total` and `sealgate_server_failed_total`, by route and server. Changes are logged, and not each failure.
//!
//! # One-way operations
//!
//! Whatever the operation, 202 with nothing is an answer: the peer gets 202 with nothing (SOAP 1.1 §6.2, SOAP 1.2 Part 2 §7.5). An operation with `one_way = true` may also be answered by 200 or 204 with
//! nothing, and by nothing where `[route.backend.answer]` wants answers signed. Nothing carries no seal: it tells the peer that the message was accepted
//! and handed on, on the word of the connection alone; a peer that has to know it needs TLS or an answer. An envelope, as a fault, is sealed as every answer.
//!
//! # How answers are written
//!
//! Answers are signed with the key of the gateway, or with one that `[route.answer]` names in `key`, `certificate` and `key_password_file`, a file or a PKCS#11 URI as that of
//! `[gateway]` and checked as that is; it is never the key of the audit. `sealgate_certificate_ends_timestamp_seconds` says for each route when the certificate that signs its answers ends. `algorithm` is
//! one that fits the key (`rsa-sha256`, `rsa-pss-sha512`, `ecdsa-sha384` and others, none with SHA-1), and `config check` signs something by it, as a token need not have each.
//! References have SHA-256 whatever signs.
//!
//! Signed are the Body, the Timestamp, each SignatureConfirmation, all header blocks that are for the sender of the request, and attachments. `signed = ["body", "timestamp"]` leaves out
//! the header blocks for partners that take no signature over them; with `"addressing"` those of WS-Addressing stay. What is less is refused. `wsa:RelatesTo`
//! is signed whatever the list says, or an answer could be given to another request.
//!
//! `key_reference` says how signatures of answers name our certificate: `token` (it goes along), `thumbprint`, `ski` or `issuer-serial`. With
//! `[route.answer.encryption]` the content of the Body is encrypted once it was signed, by AES-GCM (`algorithm`), to the certificate that signed the request: by RSA-OAEP (`key_transport`) to
//! an RSA key, by ECDH-ES to an EC key; `recipient_reference` says how that certificate is named. Faults of the backend are encrypted, too; faults of the gateway say nothing, and are
//! not. A request that cannot be answered so is refused before the backend is asked, `outbound.no_recipient` in the log: no certificate signed it (as with the key of an assertion or a
//! password), the certificate's key usage has no keyEncipherment (keyAgreement for EC; RFC 5280 §4.2.1.3), or it lacks the SubjectKeyIdentifier that should name it. Routes with attachments
//! cannot have it.
