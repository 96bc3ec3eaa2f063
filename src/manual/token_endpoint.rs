//! Where clients exchange a SAML assertion for a JSON Web Token.
//!
//! A client that has a SAML 2.0 bearer assertion for us brings it to a token endpoint and gets a JSON Web Token that says what the assertion proved: by the grant
//! of RFC 7522 (`saml2-bearer`), or by token exchange (RFC 8693, a `subject_token` of the type `saml2`).
//!
//! ```toml
//! [[token_endpoint]]
//! path = "/token"
//!
//! [token_endpoint.trust.saml]
//! metadata = ["idp-metadata.xml"]
//! audience = "https://gateway.example/token"    # what issuers call the endpoint
//! recipient = "https://gateway.example/token"   # its URL
//!
//! [token_endpoint.token]                        # key and certificate of its own, or those of the gateway
//! issuer = "https://gateway.example"
//! audience = "urn:orders"
//! seconds = 300
//! subject = "saml-name-id"
//! claims = { role = { saml_attribute = "role" } }
//! ```
//!
//! ```text
//! curl https://gateway.example/token \
//!     --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer \
//!     --data-urlencode assertion="$(basenc --base64url --wrap=0 assertion.xml)"
//!
//! {"access_token":"eyJ…","expires_in":300,"token_type":"Bearer"}
//! ```
//!
//! # What an assertion must be
//!
//! It comes alone, in base64url, over TLS, and is judged as assertions are everywhere, by `policy` and `trust`: its own signature covers it, with a key of its issuer's;
//! each AudienceRestriction names `audience`; a bearer confirmation has `recipient` as its Recipient and a NotOnOrAfter that has not passed (RFC 7522 §3), and answers no
//! request. What is encrypted in it is refused. It is exchanged once: its use is remembered as that of an assertion in a message, so that one that a message
//! has used is no good here, and the other way round (`replay.assertion`).
//!
//! # What a token says
//!
//! `iss`, `aud`, `sub`, `iat`, `nbf`, `exp`, `jti`, and the `claims` that are named, of the facts `saml-name-id`, `saml-issuer` and attributes. It ends after `seconds`, or with the
//! assertion or its session if these end earlier; from one that has ended, which is accepted elsewhere as clocks may differ, no token is made (`policy.assertion_over`).
//! `kid` and `x5t#S256` are the SHA-256 of the certificate, as in [`[route.jwt]`](super::identity). A route takes such tokens with `[route.bearer]`, with a JWK Set of that key.
//! A token is for whoever has it.
//!
//! # The keys of tokens
//!
//! `keys_path = "/token/keys"` publishes the public key as a JWK Set (RFC 7517) to whoever asks by GET: with `kid`, `alg` and `use`, and `Cache-Control: public, max-age=300`. It stands on every
//! listener, so that a route of this gateway can fetch it as any other. Of `further_keys`, certificates, the keys are in it as well. To change the key:
//!
//! 1. name the certificate of the new one in `further_keys` and reload; wait until whoever takes tokens has asked again, five minutes at least;
//! 2. put the new key into `[token_endpoint.token]` and the certificate of the old one into `further_keys`, and reload;
//! 3. when the last token of the old key has ended, after `seconds`, take it out.
//!
//! # What is answered
//!
//! Answers are JSON with `Cache-Control: no-store`, which 404 and 405 have too. A refusal has one word of RFC 6749 §5.2 or RFC 8693 §2.2.2 as `error` and an incident as `error_description`;
//! why stands in the log and in the audit log, with the codes of [what a gateway does](super::gateway_codes). Who asks for too much gets 503 with `Retry-After`
//! and no such word, as the standards have none for it. Clients are not known by themselves: who brings a secret or `Authorization` gets `invalid_client`;
//! `scope` and audiences or resources other than `token.audience` are refused.
//!
//! `[throttle]` counts addresses before anything is read, `token_endpoint.throttle` counts by issuer and subject once the assertion holds. The metrics of a route are those of an
//! endpoint too, under its path, and so are the records of the audit log: of a token that was given the assertion and, as `token`, the `jti`.
