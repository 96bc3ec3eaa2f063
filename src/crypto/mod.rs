//! Digests, signatures, keys and certificates: the one module that names the crypto library.
//!
//! The library is OpenSSL 3 through its provider interface, so that an operator can put a validated provider under it. Algorithms are
//! fetched once, and contexts are kept with the key they were made for.

mod attribute_type;
mod base64;
mod ber;
mod certificate;
mod certificate_error;
mod certificate_signature;
mod cipher;
mod crl;
mod der;
mod digest;
mod extensions;
mod general_name;
mod held_key;
mod in_use;
mod issue;
mod key;
mod key_agreement;
mod key_transport;
mod key_wrap;
mod name;
mod name_pattern;
mod name_text;
mod oaep;
mod ocsp;
mod password;
mod pem;
mod pieces;
mod pkcs12;
mod private_key;
mod random;
mod secret;
mod sign;
mod tls;
mod verify;

pub use base64::Base64Error;
pub use base64::decode_base64;
pub use base64::decode_base64_into;
pub use base64::decode_base64_url;
pub use base64::encode_base64;
pub use base64::encode_base64_url;
pub use certificate::Certificate;
pub use certificate::Fingerprint;
pub use certificate_error::CertificateError;
pub use certificate_signature::CertificateSignature;
pub use certificate_signature::SignatureHash;
pub use cipher::CipherError;
pub use cipher::decrypt_data;
pub use cipher::encrypt_data;
pub use crl::Crl;
pub use crl::Revoked;
pub use crl::Scope;
pub use digest::DigestValue;
pub use digest::Digester;
pub use digest::Unavailable;
#[cfg(test)]
pub(crate) use digest::counted;
pub use digest::digest;
pub use extensions::Distances;
pub use extensions::KeyUsage;
pub use extensions::NameConstraints;
pub use general_name::GeneralName;
pub use held_key::Ability;
pub use held_key::HeldKey;
pub use held_key::Reserved;
pub use held_key::Turn;
pub use issue::CertificateRole;
pub use issue::NewCertificate;
#[cfg(feature = "second_opinion")]
pub(crate) use issue::certificate_around;
pub use issue::issue;
pub use key::Curve;
pub use key::KeyError;
pub use key::KeyKind;
pub use key::PublicKey;
pub use key::VerifyingKey;
pub use key_agreement::agree;
pub use key_agreement::agree_anew;
pub use key_agreement::concat_kdf;
pub use key_transport::Oaep;
pub use key_transport::decrypt_oaep;
pub use key_transport::decrypt_rsa_1_5;
pub use key_transport::encrypt_oaep;
pub use key_wrap::unwrap_key;
pub use key_wrap::wrap_key;
pub use name::Name;
pub use name_pattern::NamePattern;
pub(crate) use name_pattern::wildcard_matches;
pub use name_text::NameKey;
pub use name_text::same_name;
pub(crate) use oaep::decode as decode_oaep;
pub use ocsp::OcspAnswer;
pub use ocsp::OcspResponse;
pub use ocsp::OcspStatus;
pub use password::NoPasswordHash;
pub use password::PasswordHash;
pub use password::derive_username_key;
pub use password::is_password_digest;
pub use password::password_digest;
pub use pieces::decrypt_pieces;
pub use pkcs12::Pkcs12;
pub use pkcs12::Pkcs12Error;
pub use private_key::PrivateKey;
pub use private_key::PrivateKeyError;
pub use random::random_name;
pub use secret::Secret;
pub use secret::random_bytes;
pub use sign::SignError;
pub use sign::SigningKey;
pub use sign::sign;
pub use tls::ClientCertificates;
pub use tls::Identity;
pub use tls::TlsClient;
pub use tls::TlsError;
pub use tls::TlsServer;
pub use tls::TlsSwitch;
pub(crate) use tls::client_certificate;
pub use verify::VerifyError;
#[cfg(feature = "s3")]
pub(crate) use verify::hmac;
pub use verify::raw_signature_value;
pub use verify::recover_digest;
pub use verify::verify;
pub(crate) use verify::verify_and_digest;
pub use verify::verify_pss;
pub use verify::verify_truncated_hmac;

/// Forgets what the library noted about a failure that is already understood, so that nobody finds it later.
pub(crate) fn drop_library_errors() {
    drop(openssl::error::ErrorStack::get());
}
