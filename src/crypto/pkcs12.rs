//! PKCS#12 files (RFC 7292): a key with its certificates, or a trust store with certificates only.

use std::fmt;

use openssl::error::ErrorStack;
use openssl::pkcs12;

use super::Certificate;
use super::CertificateError;
use super::PrivateKey;
use super::PrivateKeyError;

/// What a PKCS#12 file holds.
#[derive(Clone, Debug)]
pub struct Pkcs12 {
    /// The private key, and the certificate of it; neither in a trust store.
    pub identity: Option<(PrivateKey, Certificate)>,
    /// The other certificates: the path of the key, or the contents of a trust store.
    pub certificates: Vec<Certificate>,
}

/// Why a PKCS#12 file could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pkcs12Error {
    /// Not PKCS#12.
    Malformed,
    /// The password is wrong, or the file was changed.
    Password,
    /// It is encrypted with an algorithm that the crypto library does not offer by default, such as RC2.
    Unsupported(String),
    /// A certificate in it is refused.
    Certificate(CertificateError),
    /// The private key in it is refused.
    Key(PrivateKeyError),
    /// It has a private key and no certificate for it.
    NoCertificate,
}

impl Pkcs12Error {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "config.pkcs12_malformed",
            Self::Password => "config.pkcs12_password",
            Self::Unsupported(_) => "config.pkcs12_unsupported",
            Self::Certificate(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::NoCertificate => "config.pkcs12_no_certificate",
        }
    }
}

impl fmt::Display for Pkcs12Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is not PKCS#12"),
            Self::Password => f.write_str("the password is wrong, or the file was changed"),
            Self::Unsupported(what) => write!(
                f,
                "it is encrypted in an old way that is not supported ({what}); export it again with AES"
            ),
            Self::Certificate(error) => write!(f, "a certificate in it is refused: {error}"),
            Self::Key(error) => write!(f, "the private key in it is refused: {error}"),
            Self::NoCertificate => f.write_str("it has a private key and no certificate for it"),
        }
    }
}

impl std::error::Error for Pkcs12Error {}

impl Pkcs12 {
    /// Reads a PKCS#12 file in DER.
    ///
    /// # Errors
    ///
    /// [`Pkcs12Error`] if it is none, the password is wrong, or what is in it is refused.
    pub fn from_der(der: &[u8], password: &str) -> Result<Self, Pkcs12Error> {
        let parsed = open(der, password)?;
        let read = |x509: &openssl::x509::X509Ref| {
            let der = x509.to_der().map_err(|_| Pkcs12Error::Malformed)?;
            Certificate::from_der(&der).map_err(Pkcs12Error::Certificate)
        };
        let identity = match (parsed.pkey, parsed.cert) {
            (None, _) => None,
            (Some(_), None) => return Err(Pkcs12Error::NoCertificate),
            // The library has found the certificate by the key, not by its place in the file.
            (Some(key), Some(certificate)) => {
                let key = PrivateKey::from_openssl(key).map_err(Pkcs12Error::Key)?;
                let certificate = read(&certificate)?;
                Some((key, certificate))
            }
        };
        let others = parsed.ca.iter().flatten();
        let certificates = others.map(read).collect::<Result<_, _>>()?;
        Ok(Self {
            identity,
            certificates,
        })
    }
}

impl PrivateKey {
    /// Reads the private key of a PKCS#12 file, its certificate and the others in it.
    ///
    /// # Errors
    ///
    /// As [`Pkcs12::from_der`], and [`PrivateKeyError::Missing`] if there is no private key.
    pub fn from_pkcs12(
        der: &[u8],
        password: &str,
    ) -> Result<(Self, Certificate, Vec<Certificate>), Pkcs12Error> {
        let Pkcs12 {
            identity,
            certificates,
        } = Pkcs12::from_der(der, password)?;
        let (key, certificate) = identity.ok_or(Pkcs12Error::Key(PrivateKeyError::Missing))?;
        Ok((key, certificate, certificates))
    }

    /// Reads the private key of a PKCS#12 file and looks at nothing else in it: for decrypting, which needs no
    /// certificate.
    ///
    /// # Errors
    ///
    /// As [`Pkcs12::from_der`], and [`PrivateKeyError::Missing`] if there is no private key.
    pub fn alone_from_pkcs12(der: &[u8], password: &str) -> Result<Self, Pkcs12Error> {
        let key = open(der, password)?
            .pkey
            .ok_or(Pkcs12Error::Key(PrivateKeyError::Missing))?;
        Self::from_openssl(key).map_err(Pkcs12Error::Key)
    }
}

/// Checks the password and takes the file apart.
fn open(der: &[u8], password: &str) -> Result<pkcs12::ParsedPkcs12_2, Pkcs12Error> {
    // The library takes the password as a C string, which ends where a NUL stands.
    if password.contains('\0') {
        return Err(Pkcs12Error::Password);
    }
    let store = pkcs12::Pkcs12::from_der(der).map_err(|_| Pkcs12Error::Malformed)?;
    store.parse2(password).map_err(|error| explain(&error))
}

fn explain(error: &ErrorStack) -> Pkcs12Error {
    let reasons = || error.errors().iter().filter_map(|error| error.reason());
    if let Some(unsupported) = error
        .errors()
        .iter()
        .find(|error| error.reason() == Some("unsupported"))
    {
        let what = unsupported.data().unwrap_or("unknown algorithm");
        Pkcs12Error::Unsupported(what.to_owned())
    } else if reasons().any(|reason| reason == "mac verify failure") {
        Pkcs12Error::Password
    } else {
        Pkcs12Error::Malformed
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::pkey::Private;
    use openssl::stack::Stack;
    use openssl::x509::X509;
    use openssl::x509::X509Builder;
    use openssl::x509::X509NameBuilder;

    fn certificate(name: &str) -> (PKey<Private>, X509) {
        let key = PKey::ec_gen("P-256").unwrap();
        let mut subject = X509NameBuilder::new().unwrap();
        subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
        let subject = subject.build();
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(2).unwrap();
        builder
            .set_serial_number(
                &openssl::bn::BigNum::from_u32(7)
                    .unwrap()
                    .to_asn1_integer()
                    .unwrap(),
            )
            .unwrap();
        builder.set_subject_name(&subject).unwrap();
        builder.set_issuer_name(&subject).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder
            .set_not_before(&Asn1Time::days_from_now(0).unwrap())
            .unwrap();
        builder
            .set_not_after(&Asn1Time::days_from_now(1).unwrap())
            .unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        (key, builder.build())
    }

    fn store(identity: Option<(&PKey<Private>, Option<&X509>)>, others: &[&X509]) -> Vec<u8> {
        let mut builder = pkcs12::Pkcs12::builder();
        if let Some((key, certificate)) = identity {
            builder.pkey(key);
            certificate.map(|certificate| builder.cert(certificate));
        }
        let mut stack = Stack::new().unwrap();
        for other in others {
            stack.push((*other).to_owned()).unwrap();
        }
        builder.ca(stack);
        builder.build2("secret").unwrap().to_der().unwrap()
    }

    #[test]
    fn a_key_comes_with_its_certificate_and_its_path() {
        let ((key, own), (_, other)) = (certificate("own"), certificate("other"));
        let der = store(Some((&key, Some(&own))), &[&other]);
        let (key, certificate, path) = PrivateKey::from_pkcs12(&der, "secret").unwrap();
        assert_eq!(certificate.der(), own.to_der().unwrap());
        assert_eq!(certificate.public_key(), key.public());
        assert_eq!(path.len(), 1);
        assert_eq!(path.first().unwrap().der(), other.to_der().unwrap());
    }

    #[test]
    fn a_trust_store_has_certificates_only() {
        let ((_, one), (_, other)) = (certificate("one"), certificate("other"));
        let der = store(None, &[&one, &other]);
        let read = Pkcs12::from_der(&der, "secret").unwrap();
        assert!(read.identity.is_none());
        assert_eq!(read.certificates.len(), 2);
        let missing = PrivateKey::from_pkcs12(&der, "secret").unwrap_err();
        assert_eq!(missing, Pkcs12Error::Key(PrivateKeyError::Missing));
    }

    /// `openssl pkcs12 -export -legacy` with a P-256 key, a certificate, and the password `secret`.
    const ENCRYPTED_WITH_RC2: &str = "
MIIDcgIBAzCCAzgGCSqGSIb3DQEHAaCCAykEggMlMIIDITCCAhcGCSqGSIb3DQEHBqCCAggwggIEAgEAMIIB/QYJKoZIhvcN
AQcBMBwGCiqGSIb3DQEMAQYwDgQI2QKApv1OPBYCAggAgIIB0LYw4iHZ2+Gl6FJ44u4Ck1IcZe05X1fazPSg0MmnDaYusDHE
RD0nk9ybhqVdCy+ogj3wvoF3zLIcfpy1+hd311L0g7PzDthfPgMZQYxtlgr+r7Bol1ProILhEwqQrcZMIDcO+OfDTXNGSfrI
GIDRfSNUtPSNprb5ZTicO8giJstX/Zuuz5nvIzevyRKeGa02iWp07ubJeIpaEhVyPRJFSGarM7NoeQc4gbrm1YP6cIJ3xTPQ
hMoP9pDroOMLa7F7IkCZU/rifHZxs2HFc7T+5kn75c6E8eW1g4lsKMDapsAsr1rj4yVW/kXFR8bdc8qWVLv1XCwLE/OfDUTf
GWL+YHCjdNuv18OqITSvxr7IPvQxRF3VrOkBHFOuJtKi4k3S8W4aZZ2/k8+q/VXitstyMGV1AOCtxsTTmiF+z8P8PFm4WFqO
uznUxLV8ZYASG3mRFmIK/zBQulK7tzKNHGv7pJXQK6G9fVgRIF32toeLjuPjto0WT52p4CR3JLXaQCwImM/1CRHrAVCZtZbM
G7UrUBfSQgSxc0mJcaRA6Wzp0esYlhKUHJKtXHzC2HeR2N06aFfhMHUMp1SFYL+sxFxYQi+z25FROBQdMsNucvm5bsvRMIIB
AgYJKoZIhvcNAQcBoIH0BIHxMIHuMIHrBgsqhkiG9w0BDAoBAqCBtDCBsTAcBgoqhkiG9w0BDAEDMA4ECFjQHRStdZrjAgII
AASBkEEETDAxQE4Dc5L4PcJjSiSpvEAGbba0EgwsD6eNvEaEwSvX2w51vk1DgS88/VACL7bWXcL/qLTLXivWqbzs5QXxcPhc
2/ddcxmsIcPR/tVoQg9yUEiFVA3kbtZ/sGTQoCZw+tFv0PkEeSZxa2NNsug7lsOKzyd27tFgKFoW7aZ+IEDQlnAnxB6ZP+g2
H4Bx9zElMCMGCSqGSIb3DQEJFTEWBBTbPbhwacB5eJ+TOfFxQsc3wxOzvDAxMCEwCQYFKw4DAhoFAAQUKsWdCALdpqOKxt7r
9agNMSk0IWkECEczp7YDPOy8AgIIAA==";

    #[test]
    fn a_store_encrypted_with_rc2_is_told_from_a_wrong_password() {
        let der = crate::crypto::decode_base64(ENCRYPTED_WITH_RC2).unwrap();
        let error = Pkcs12::from_der(&der, "secret").unwrap_err();
        assert!(
            matches!(&error, Pkcs12Error::Unsupported(what) if what.contains("RC2")),
            "{error:?}"
        );
        assert_eq!(
            Pkcs12::from_der(&der, "wrong").unwrap_err(),
            Pkcs12Error::Password
        );
    }

    #[test]
    fn a_wrong_password_is_told_from_a_wrong_file() {
        let (key, own) = certificate("own");
        let der = store(Some((&key, Some(&own))), &[]);
        for wrong in ["wrong", "", "secret\0"] {
            assert_eq!(Pkcs12::from_der(&der, wrong).unwrap_err(), Pkcs12Error::Password);
        }
        for wrong in [&b""[..], b"no PKCS#12", &der[..100]] {
            assert_eq!(
                Pkcs12::from_der(wrong, "secret").unwrap_err(),
                Pkcs12Error::Malformed
            );
        }
    }

    #[test]
    fn a_key_without_its_certificate_is_refused() {
        let ((key, _), (_, other)) = (certificate("own"), certificate("other"));
        let der = store(Some((&key, None)), &[&other]);
        assert_eq!(
            Pkcs12::from_der(&der, "secret").unwrap_err(),
            Pkcs12Error::NoCertificate
        );
        let alone = PrivateKey::alone_from_pkcs12(&der, "secret").unwrap();
        let key = PrivateKey::from_openssl(key).unwrap();
        assert_eq!(alone.public(), key.public());
    }
}
