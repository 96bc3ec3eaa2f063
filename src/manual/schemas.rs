//! XML Schemas of what is accepted, for partners.
//!
//! The files in `schemas/` say the structure that a message must have for the profiles `strict`, `saml-sso` and `bsp11`: SOAP 1.1 and 1.2 envelopes, the
//! Security header of WS-Security 1.0 and 1.1 with its tokens, XML Signature, XML Encryption, assertions of SAML 2.0 and 1.1, and the protocol of SAML
//! 2.0. A partner can validate before sending, with any validator of XML Schema 1.0 and nothing of ours:
//!
//! ```sh
//! xmllint --noout --nonet --schema schemas/message.xsd message.xml
//! ```
//!
//! They are ours, and stricter than those of the standards: they have no `any` where nothing unknown is accepted. What is in the Body, in other header
//! blocks, in Advice and in attribute values is not theirs; for the Body there are the schemas of the service, which a gateway can ask for too
//! ([`defaults`](super::defaults)). They are a help and no judgement: the gate does not use them, and a valid message may be refused for what no
//! schema can say, as its signature, its time, its algorithms or whom it is from. They do not allow what a profile lets pass with a warning, nor
//! attributes without a namespace on Envelope and Header, which the gate ignores.
//!
//! `validation-report.xsd` is of what is written: [`validation_reports`](super::validation_reports).
//!
//! `cargo test --test schemas` holds them to the messages in `fixtures/cases`: those that pass are valid, and those that are refused for their structure are
//! not.
