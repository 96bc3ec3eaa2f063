//! Which algorithms are taken, and where.
//!
//! | | always | with `legacy-2004` | with `archive-verify` | never |
//! |---|---|---|---|---|
//! | signatures | RSA PKCS#1 v1.5 and PSS (`sha*-rsa-MGF1`, and `rsa-pss` with parameters) with SHA-256, -384, -512; ECDSA on P-256, P-384, P-521 with the same | RSA with SHA-1 | RSA and ECDSA with SHA-1, -224; PSS with any; DSA; HMAC; Ed25519 | MD5, RIPEMD-160, `none`, ECDSA values in DER, other curves, explicit curve parameters |
//! | digests | SHA-256, -384, -512 | SHA-1 | SHA-1, SHA-2, SHA-3 | MD5, RIPEMD-160 |
//! | canonicalization of SignedInfo | exclusive 1.0 | inclusive 1.0 | all six | |
//! | transforms | enveloped, exclusive 1.0; STR-Transform with `bsp11` | inclusive 1.0 | all six, base64 | XSLT, XPath, XPath Filter 2, decryption |
//! | references | `#id` | and `""` | and `#xpointer(/)`, `#xpointer(id('x'))` | anything outside the document |
//!
//! An algorithm is looked up by its exact URI; there is no default and no fallback. A key works with its own family only: an HMAC URI
//! with a certificate, or an ECDSA URI with an RSA key, is refused before anything is computed.
//!
//! Of the parameters of `rsa-pss` (RFC 9231 §2.3.9) both digests have to be permitted, the salt is as long as the digest, or shorter with
//! `archive-verify`, the mask generation function is MGF1 and the trailer field 1.
//!
//! The DigestMethod of a reference without a canonicalization is computed over inclusive 1.0, as XML Signature §4.4.3.2 has it, and
//! so is refused where inclusive 1.0 is.
//!
//! Comments are part of no reference by `#id` or `""`, whatever the algorithm says, as they are removed when the reference is
//! resolved (§4.4.3.3).
//!
//! The STR-Transform (WSS 1.1 §8.3) stands for the token that a SecurityTokenReference of the same Security header leads to: a
//! BinarySecurityToken, or an assertion. That token is covered, not the reference. A certificate has to be the one that KeyInfo leads to. A
//! token that is not in the message, as under a thumbprint, is refused. `dsig verify`, which knows no Security header, takes the token
//! wherever it stands, and says where.
//!
//! # What KeyInfo may say
//!
//! It chooses among keys that are trusted, and never makes one trusted. `dsig verify` reads KeyName, X509Data with every child of XML
//! Signature 1.1 (certificates, issuer and serial number, subject key identifier, subject, X509Digest), and follows a RetrievalMethod (to
//! X509Data, or to the base64 of a certificate) or a KeyInfoReference one step far in the same document. KeyValue (RSA, DSA, EC) and
//! DEREncodedKeyValue are read with `--embedded-key` only, which trusts nothing. In a SOAP message it is one SecurityTokenReference,
//! X509Data or KeyName.
//!
//! # Encryption
//!
//! | | always | with | never |
//! |---|---|---|---|
//! | data | AES-128, -192, -256 in GCM, the tag of 128 bits | `bsp11`: AES in CBC; `legacy-2004`: Triple DES | |
//! | key transport | RSA-OAEP with SHA-256 and MGF1 over SHA-256 | `saml-sso`: MGF1 over SHA-1; `bsp11`: SHA-1 in both; `legacy-2004`: RSA 1.5; `archive-verify`: any digest and MGF | |
//! | key agreement | ECDH-ES on P-256, P-384, P-521 with ConcatKDF over SHA-256, -384, -512 | `archive-verify`: any digest | finite field Diffie-Hellman |
//! | key wrap | AES | Triple DES where data may be | |
//!
//! CBC and RSA 1.5 prove nothing about what they decrypt, and are decrypted only where a verified signature covers the ciphertext: the EncryptedData, and the
//! EncryptedKey too. Our public key is everybody's. Under a signature over the EncryptedData alone somebody could encrypt another key to us and put it in the
//! place of the sender's: what was signed would then say something that its signer never wrote, and with changes of the sender's own EncryptedKey the
//! answers would tell what is in it (T78). Stacks sign first, and do not sign the EncryptedKey unless they are told to; it is better to have them use AES in GCM,
//! which needs no signature. `sealgate decrypt` verifies none: there CBC and RSA 1.5 are for `archive-verify` alone. Which algorithms may be used is
//! asked before a private key is.
//!
//! # Signing
//!
//! `sealgate sign` and the gateway sign with RSA or ECDSA and SHA-256 or more, and exclusive canonicalization. There is no way to sign with
//! SHA-1, nor with an RSA key of fewer than 2048 bits.
//!
//! # Where the cryptography comes from
//!
//! OpenSSL 3, for signatures, digests, certificates and TLS alike, through its providers, so that a validated one can be put under
//! all of it.
