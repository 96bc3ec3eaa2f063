//! Validation reports in XML: `--validation-report FILE`, `batch verify --validation-reports`.
//!
//! ```text
//! sealgate verify --trust ca.pem --at message --validation-report report.xml message.xml
//! sealgate batch verify --trust ca.pem --at message --validation-reports --out report archive/
//! unzip -p report/validation-reports.zip archive/1.xml.report.xml
//! ```
//!
//! A report says of one message what its [result](super::commands#json) says, in the form of ETSI TS 119 102-2 (V1.2.1, namespace
//! `http://uri.etsi.org/19102/v1.2.1#`), for programs that read the reports of many validators. `verify`, `saml verify` and `dsig verify` write it beside their usual
//! output, of one input. A report that is in FILE is removed when the command begins, and the new one is there when it is whole; another file is not replaced (2). `batch verify` keeps those of an archive in one zip archive, an entry a message in the order of `results.jsonl`, called as the message is with
//! `.report.xml` behind it; what a path may not have (`..`, a `/` at the beginning, `:`) is written as in a URI, and so are `%` and what Windows cannot have. Where another entry may be called so (a source twice, or names that differ in upper case or in octets that are no UTF-8), `~` with the line in `results.jsonl` comes before `.report.xml`. Reports are not signed. The elements that are used are in
//! `schemas/validation-report.xsd`; each report is valid by it.
//!
//! # What is in it
//!
//! A SignatureValidationReport for each signature that was looked at, in document order; or one without SignatureIdentifier, where there was none.
//!
//! | element | |
//! |---|---|
//! | SignatureIdentifier | SHA-256 of the canonical SignedInfo (or of the octets of a signed query string), and the value |
//! | ValidationConstraintsEvaluationReport | the policy, with SHA-256 of what `policy show` prints of it; each Reference; whether somebody trusted signed; of a SOAP message, what must be signed and encrypted; the code of the refusal; as `disabled`, what `strict` asks and the policy does not (`legacy`). What has no ValidationStatus was not decided before the verdict was |
//! | ValidationTimeInfo | when the message is proven to have been there: for `--at now`, when it was judged (TypeOfProof `validation`); for `--at message`, the time that somebody trusted signed, in a message that passed (`policy`). Not there otherwise: that a message was judged as of a time proves nothing, and a job of `--at now` judges as of when it started, which a message may be younger than. As of when it was judged is in `urn:sealgate:report:judged_at` |
//! | SignersDocument | the digest of what each Reference covers, as it was computed |
//! | SignerInformation | certificate and name of the signer, but not of a MAC, which no certificate is for; in a report that is not `total-passed`, of who it would be |
//! | SignatureValidationProcess | `urn:sealgate:validationprocess:message`: the way of a [message](super::life_of_a_message), and none of the three of EN 319 102-1, which are for AdES signatures |
//! | AssociatedValidationReportData | anchor and path where one was verified, what cleared the certificates on it, since when a certificate is revoked and what says so, the algorithm (secure is what `strict` takes), and as `urn:sealgate:report:…` name, SHA-256 of the bytes as given (where all were read), kind, as of when it was judged, verdict, code, message, position, clause and warnings |
//! | SignatureValidationObjects | certificates and OCSP responses in base64, CRLs by their SHA-256, as they can have megabytes; each once, for `--at now` with the time that it was there |
//! | SignatureValidator | which version of this program |
//!
//! There are no SignatureAttributes, as attributes of XAdES are not read, and no SignatureQuality, as nothing is said of qualified certificates.
//!
//! # Verdicts
//!
//! | verdict | MainIndication |
//! |---|---|
//! | `passed` | `total-passed` for each signature by somebody trusted; `indeterminate` for others, as with `--embedded-key`, and where nothing was signed |
//! | `failed` | `total-failed` |
//! | `indeterminate` | `indeterminate` |
//!
//! Each signature of a message that is refused has the verdict of the message: what is not all proven proves nothing. The SubIndication is the
//! nearest to the code that EN 319 102-1 has under that MainIndication. Where it has that under the other one only, and for a signature that is not the reason, it is `CUSTOM`; the code is always there.
//!
//! | SubIndication | codes |
//! |---|---|
//! | `HASH_FAILURE` | `dsig.digest_mismatch` |
//! | `SIG_CRYPTO_FAILURE` | `dsig.signature_mismatch`, `dsig.signature_length`, `dsig.signature_range`, `dsig.key_mismatch`, `trust.other_key` |
//! | `FORMAT_FAILURE` | `xml.…`, and of the other stages those of structure and limits |
//! | `REVOKED` | `trust.revoked` of the signer's certificate; of a CA's `CUSTOM` |
//! | `NOT_YET_VALID` | `trust.not_yet_valid` of the signer's certificate |
//! | `NO_CERTIFICATE_CHAIN_FOUND` | `trust.no_anchor` |
//! | `NO_SIGNING_CERTIFICATE_FOUND` | `trust.unknown_signer`, `trust.issuer_unknown`, `trust.issuer_key`, and others of keys that nobody is known to have |
//! | `TRY_LATER` | `trust.revocation_unknown`, and stores of uses that cannot tell |
//! | `NO_POE` | `policy.no_message_time` |
//! | `SIG_CONSTRAINTS_FAILURE` | `saml.audience_unknown` and what else nobody said |
//! | `POLICY_PROCESSING_ERROR` | `policy.schema_unavailable`, and where the second opinion cannot judge |
//! | `SIGNED_DATA_NOT_FOUND` | `input.unreadable`, `xmlenc.no_key`, `limit.archive` |
//! | `CUSTOM` | what else is `failed`: broken rules of the policy, algorithms, and certificates that are expired (nothing proves that the signature is younger), for other uses or of nobody trusted |
//!
//! # Names
//!
//! Values from messages are escaped as XML has it. Characters that XML does not allow, and invisible ones, are written as `\u{1b}`, as in the other reports; in the name of a message `\u{5c}` is a `\` before `u{`.
