//! Which other stacks were tried.
//!
//! `make test` runs each row but those by hand, unmodified and from its public registry, against the real gateway or on real files.
//!
//! | stack | scenario | policy | result |
//! |---|---|---|---|
//! | python `zeep` | SOAP 1.1 and 1.2, `BinarySignature` with RSA-SHA256 over Body and Timestamp; verifies our answer with the gateway's certificate | `strict` | passes both ways |
//! | the same | `UsernameToken` with digest beside the signature, which covers no token, on a route with users | `strict`, `bsp11` | passes by `bsp11` over TLS; refused otherwise as `policy.username_token_not_signed` |
//! | node `soap` | SOAP 1.1 and 1.2, `WSSecurityCert` with RSA-SHA256 over Body and Timestamp, a no-op enveloped transform on the Body | `strict` | passes; it verifies no answers itself |
//! | the same | `WSSecurityPlusCert`: a UsernameToken with digest beside the signature, on a route with users | `strict`, `bsp11` | passes by `bsp11` over TLS; refused otherwise as `policy.username_token_not_signed` |
//! | npm `xml-crypto` | verifies our answers with the gateway's certificate | | passes |
//! | Debian `gsoap` (gSOAP 2.8.124, its wsse plugin) | SOAP 1.1 and 1.2, BinarySecurityToken, RSA-SHA256 over Body and Timestamp; verifies our answer, its path and its Timestamp | `strict` | passes both ways |
//! | | UsernameToken with digest, covered by the signature | `strict` | passes |
//! | | its own service as the backend, called by itself, zeep and node `soap` | `strict` | passes |
//! | | the key in X509Data beside no SecurityTokenReference (`soap_wsse_add_KeyInfo_X509Certificate`) | `strict`, `bsp11` | refused as `wss.key_info` (BSP 1.1 R5417) |
//! | | Body signed, then encrypted, kept in `fixtures/interop/gsoap` | all | refused: it signs no ciphertext and transports keys with PKCS#1 v1.5 only, where it says OAEP too (`SOAP_MEC_OAEP`); `decrypt --policy archive-verify` reads what says the truth |
//! | Debian `libwss4j-java` (WSS4J 1.6) | messages that it made, kept in `fixtures/interop/wss4j`: signed, then Body, or Body and signature, encrypted with AES-GCM; Body encrypted, then signed | `bsp11` | pass. In CBC they are refused as `xmlenc.unsigned_ciphertext`: it does not sign the EncryptedKey |
//! | the same | `fixtures/interop/wss4j/symmetric*`: signed by HMAC-SHA256 with an EncryptedKey, named directly and by EncryptedKeySHA1, that signature by a certificate; also encrypted with the same key | one of its own with `encrypted-key` | pass; without the endorsing signature `policy.not_endorsed` |
//! | all of these | encrypted attachments, and signed ones (SwA Profile 1.1, MTOM) | | tried with none: none of them can make any. WSS4J 1.6 knows no attachments, the plugin of gSOAP signs and encrypts the envelope alone, zeep and node `soap` encrypt nothing. What the profile says is shown by `fixtures/cases/good/encrypted-attachment-*` alone |
//! | PyPI `xmlsec` (python-xmlsec) | messages that it made, kept in `fixtures/interop/xmlsec`: an assertion with EncryptedID and EncryptedAttribute (AES-256-GCM, RSA-OAEP with SHA-1); parts of each kind signed by the SwA Profile, with digests of our own | `bsp11` | pass |
//! | the same | a SAML 1.1 assertion as the token of a message, holder-of-key, named by SAMLAssertionID | `strict` | passes |
//! | Debian `xmlsec1` | verifies what `sealgate sign` writes, RSA and ECDSA | | passes |
//!
//! By hand, in the versions that the tests have:
//!
//! | stack | scenario | policy | result |
//! |---|---|---|---|
//! | python `zeep` | `UsernameToken` with text beside `BinarySignature`, which does not cover it, on a route with users | `bsp11` | passes over TLS; without, refused as `policy.password_text` |
//! | PyPI `xmlsec` | Security headers for other actors and roles beside ours; two that are both for us | `strict`, `bsp11` | pass; refused as `wss.multiple_headers` |
//! | the same | WS-Addressing headers of which one is not signed | `strict`, `bsp11` | refused as `policy.header_not_signed`; passes, and is not among what is covered |
//! | the same | answers that confirm the request's signature, one more, none, another, or unsigned, before `verify --request` | `strict`, `bsp11` | passes; refused as `policy.signature_confirmation` |
//! | the same | SAML 1.1 assertions: sender-vouches under the message's signature; bearer | `strict`; `bsp11` | pass |
//! | the same | Responses and metadata written by hand in the forms of ADFS, Entra, Okta, Keycloak, Google and Shibboleth: fractions of seven digits, KeyName and KeyValue beside X509Data, PrefixLists, `fed:` roles | `saml-sso` | pass |
//! | the same | the assertion of an ADFS encrypted with AES-CBC and RSA-OAEP over SHA-1, in a Response that is signed or not; with AES-GCM, as Shibboleth | `saml-sso`; `bsp11` | refused as `xmlenc.algorithm_not_permitted`; passes where the Response is signed, else `xmlenc.unsigned_ciphertext`; passes |
//!
//! Providers of SAML, each in both directions: what it makes passes `saml verify --policy strict` with the metadata, audience, recipient
//! and request that belong to it, and is refused when one thing in it is changed, for another audience, recipient, request or issuer, and two
//! hours later. It accepts what `saml sign` signs, and refuses it when it is changed or when another key has signed it.
//!
//! | stack | it makes | it judges |
//! |---|---|---|
//! | PyPI `pysaml2` | Responses with a signed assertion, signed themselves, and both; AuthnRequests and LogoutRequests by HTTP-POST and HTTP-Redirect; signed metadata | the same, but metadata |
//! | PyPI `python3-saml` | AuthnRequests and LogoutRequests by HTTP-Redirect; signed metadata | Responses of the three kinds; LogoutRequests by HTTP-Redirect |
//! | npm `samlify` | Responses of the three kinds; AuthnRequests and LogoutRequests by both bindings | the same |
//! | npm `@node-saml/node-saml` | AuthnRequests by both bindings; LogoutRequests by HTTP-Redirect; signed metadata | Responses of the three kinds; LogoutRequests by both bindings |
//!
//! What they have to be told, or do not do:
//!
//! - node `soap` has to be told `signerOptions: { idMode: "wssecurity" }`: otherwise it names what it signs by an `Id` of no namespace, which
//!   is refused as `wss.timestamp_invalid`. The ID that it gives a UsernameToken holds the time and is no NCName: where its signature covers
//!   the token (`additionalReferences`) the message is refused as `dsig.reference_form`.
//! - gSOAP signs times to the second and nothing that is random: two equal orders within a second are one message, and the second is refused
//!   as `replay.message`. It asks that faults are signed too, and shows `FailedCheck` of its own where ours say no more.
//! - `samlify`'s own Response has no AuthnStatement and is refused as `saml.no_authn_statement`; the test gives it one in its template.
//! - `pysaml2` writes what it takes out of a SOAP envelope anew, with other prefixes, so that of the ArtifactResponses of others no signature
//!   holds. Without the envelope it verifies ours.
//! - `pysaml2` as a service provider verifies a LogoutRequest in a query string only where `want_authn_requests_signed` is set for an
//!   identity provider; otherwise it does not look at the signature.
//! - `node-saml` deflates what goes into a form unless `skipRequestCompression` is set, and accepts a query string without a signature.
