//! Which other stacks were tried.
//!
//! `make test` runs each row, unmodified and from its public registry, against the real gateway or on real files.
//!
//! | stack | scenario | policy | result |
//! |---|---|---|---|
//! | python `zeep` | SOAP 1.1 and 1.2, `BinarySignature` with RSA-SHA256 over Body and Timestamp; verifies our answer with the gateway's certificate | `strict` | passes both ways |
//! | node `soap` | SOAP 1.1, `WSSecurityCert` with RSA-SHA256 over Body and Timestamp, a no-op enveloped transform on the Body | `strict` | passes; it verifies no answers itself |
//! | npm `xml-crypto` | verifies our answers with the gateway's certificate | | passes |
//! | Debian `xmlsec1` | verifies what `sealgate sign` writes, RSA and ECDSA | | passes |
