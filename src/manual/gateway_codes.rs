//! Codes of what a gateway does around messages: tokens that come beside them or are asked for, and what it fetches.
//!
//! # Bearer tokens
//!
//! A client gets HTTP status 401 for all of them, and no reason.
//!
//! | code | meaning |
//! |---|---|
//! | `bearer.algorithm` | `alg` is none that the route takes; `none` and MACs never are |
//! | `bearer.audience` | it is for somebody else |
//! | `bearer.client_certificate` | it is bound to a certificate that the client has not shown (RFC 8705 §3) |
//! | `bearer.confirmation` | it is not bound to a certificate where it must be, or is bound to something else |
//! | `bearer.critical` | `crit` or `b64` |
//! | `bearer.encrypted` | a JWE |
//! | `bearer.expired` | `exp` has passed, or is missing |
//! | `bearer.issuer` | another `iss` |
//! | `bearer.key` | no key of the issuer has its `kid` and its algorithm, or several might be meant |
//! | `bearer.keys_old` | the keys of the issuer were not seen at their address for `max_age_seconds`: no token is to blame |
//! | `bearer.malformed` | not three parts of base64url with JSON objects, or a name stands twice |
//! | `bearer.missing` | there is none |
//! | `bearer.no_subject` | no `sub` |
//! | `bearer.not_once` | no `jti` or no `iat`, where the token stands for the message and counts once |
//! | `bearer.not_yet_valid` | `nbf` or `iat` lies ahead |
//! | `bearer.scheme` | the Authorization is no Bearer |
//! | `bearer.several` | more than one Authorization header |
//! | `bearer.signature` | the signature does not hold |
//! | `bearer.transport` | it came without TLS |
//! | `bearer.type` | `typ` is none that the route takes |
//! | `limit.bearer` | more than 8192 bytes |
//!
//! # Token endpoints
//!
//! A client gets one of the words of RFC 6749 §5.2 and RFC 8693 §2.2.2 as `error`, an incident, and no reason. What is wrong with an assertion has the codes of
//! assertions everywhere.
//!
//! | code | `error` | meaning |
//! |---|---|---|
//! | `grant.client` | `invalid_client` | a client says who it is, and none is known |
//! | `grant.request` | `invalid_request` | no form, a parameter is missing, stands twice or is none that is taken |
//! | `grant.scope` | `invalid_scope` | there is a `scope` |
//! | `grant.target` | `invalid_target` | the token is to be for somebody else |
//! | `grant.transport` | `invalid_request` | it came without TLS |
//! | `grant.type` | `unsupported_grant_type` | another `grant_type` |
//!
//! # What is fetched
//!
//! In the log and in `sealgate_fetch_failures_total`: what is in use stays in use.
//!
//! | code | meaning |
//! |---|---|
//! | `fetch.ahead` | the thisUpdate of a CRL or OCSP answer lies ahead: nothing that counts could take its place |
//! | `fetch.broken` | the answer broke off, does not say where it ends, or is no HTTP |
//! | `fetch.content_encoding` | it is compressed |
//! | `fetch.discovery` | the configuration of an issuer is no JSON, or leads to no address that may be asked |
//! | `fetch.issuer` | the configuration of an issuer is that of another |
//! | `fetch.missing` | a CRL of an issuer, key and distribution point, or an OCSP answer about a certificate, of which one is in use is not there, or the one entity that the metadata described; whoever can do without it removes the file |
//! | `fetch.not_kept` | it is in use, and could not be written to its file |
//! | `fetch.older` | a CRL or OCSP answer is older than the one in use |
//! | `fetch.over` | the nextUpdate of a CRL or OCSP answer has passed |
//! | `fetch.refused` | the configuration does not hold with it, as at a reload: the log has the code of why |
//! | `fetch.revocation` | it is neither a JWK Set nor SAML metadata, and neither a CRL nor an OCSP response with nextUpdate, or a CRL that clears nobody by itself: a delta CRL, an indirect one |
//! | `fetch.status` | an HTTP status other than 200, redirects too |
//! | `fetch.timeout` | it took longer than 30 seconds |
//! | `fetch.too_large` | it is longer than `bytes` |
//! | `fetch.unreachable` | there is no connection, or the certificate is nobody's who is trusted for this |
