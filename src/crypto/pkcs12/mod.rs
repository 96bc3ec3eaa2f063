//! PKCS#12 files (RFC 7292): a key with its certificates, or a trust store with certificates only.

mod bags;
mod encryption;

use std::fmt;

use openssl::error::ErrorStack;
use openssl::pkcs12;
use openssl::pkey::PKey;

use super::Certificate;
use super::CertificateError;
use super::PrivateKey;
use super::PrivateKeyError;
use super::der::Malformed;
use bags::{KeyBag, Value};

/// A PKCS#12 file that its password opens.
pub struct Pkcs12<'f> {
    file: &'f [u8],
    password: &'f str,
    /// What the library gives of it: the first key, its certificate, and all others.
    parsed: pkcs12::ParsedPkcs12_2,
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
    /// A private key in it is refused.
    Key(PrivateKeyError),
    /// It has a private key and no certificate for it.
    NoCertificate,
    /// It has several private keys where one is asked for: what it calls each.
    SeveralKeys(Vec<Option<String>>),
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
            Self::SeveralKeys(_) => "config.pkcs12_several_keys",
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
            Self::Key(error @ PrivateKeyError::Missing) => error.fmt(f),
            Self::Key(error) => write!(f, "a private key in it is refused: {error}"),
            Self::NoCertificate => f.write_str("it has a private key and no certificate for it"),
            Self::SeveralKeys(names) => {
                /// Names that are told, and characters of each.
                const MOST: usize = 10;
                const LONGEST: usize = 64;
                let told = names.iter().take(MOST).map(|name| match name {
                    Some(name) => format!("{:?}", name.chars().take(LONGEST).collect::<String>()),
                    None => "one without a name".to_owned(),
                });
                let mut told: Vec<String> = told.collect();
                if names.len() > MOST {
                    told.push("…".to_owned());
                }
                let (count, told) = (names.len(), told.join(", "));
                write!(
                    f,
                    "it has {count} private keys where one is asked for ({told}): export that one by itself"
                )
            }
        }
    }
}

impl std::error::Error for Pkcs12Error {}

impl From<Malformed> for Pkcs12Error {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl<'f> Pkcs12<'f> {
    /// Checks the password of a PKCS#12 file and takes it apart.
    ///
    /// # Errors
    ///
    /// [`Pkcs12Error`] if it is none, or the password is wrong.
    pub fn open(file: &'f [u8], password: &'f str) -> Result<Self, Pkcs12Error> {
        // The library takes the password as a C string, which ends where a NUL stands.
        if password.contains('\0') {
            return Err(Pkcs12Error::Password);
        }
        let store = pkcs12::Pkcs12::from_der(file).map_err(|_| Pkcs12Error::Malformed)?;
        let parsed = store.parse2(password).map_err(|error| explain(&error))?;
        Ok(Self {
            file,
            password,
            parsed,
        })
    }

    /// All certificates in it: those of its keys, their paths, or the contents of a trust store.
    ///
    /// # Errors
    ///
    /// The first that is refused.
    pub fn certificates(&self) -> Result<Vec<Certificate>, Pkcs12Error> {
        let others = self.parsed.ca.iter().flatten();
        let all = self.parsed.cert.as_deref().into_iter().chain(others);
        all.map(|x509| {
            let der = x509.to_der().map_err(|_| Pkcs12Error::Malformed)?;
            Certificate::from_der(&der).map_err(Pkcs12Error::Certificate)
        })
        .collect()
    }

    /// All private keys in it, in the order of the file.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError::Missing`] if there is none; the first that is refused.
    pub fn keys(&self) -> Result<Vec<PrivateKey>, Pkcs12Error> {
        let bags = bags::keys(self.file, self.password)?;
        match bags.as_slice() {
            [_] => self.first_key().map(|key| vec![key]),
            [] => Err(Pkcs12Error::Key(PrivateKeyError::Missing)),
            several => several.iter().map(|bag| self.key(bag)).collect(),
        }
    }

    /// The private key in it, if there is no other, and the certificates, that of the key first.
    ///
    /// # Errors
    ///
    /// [`Pkcs12Error::SeveralKeys`], [`PrivateKeyError::Missing`], or [`Pkcs12Error::NoCertificate`]; what is refused of key and certificates.
    pub fn identity(&self) -> Result<(PrivateKey, Vec<Certificate>), Pkcs12Error> {
        let bags = bags::keys(self.file, self.password)?;
        match bags.as_slice() {
            [_] => {}
            [] => return Err(Pkcs12Error::Key(PrivateKeyError::Missing)),
            several => {
                let names = several.iter().map(|bag| bag.friendly_name.clone());
                return Err(Pkcs12Error::SeveralKeys(names.collect()));
            }
        }
        // The library has found the certificate by the key, not by its place in the file.
        if self.parsed.cert.is_none() {
            return Err(Pkcs12Error::NoCertificate);
        }
        Ok((self.first_key()?, self.certificates()?))
    }

    /// The key that the library has found.
    fn first_key(&self) -> Result<PrivateKey, Pkcs12Error> {
        let key = self.parsed.pkey.clone().ok_or(Pkcs12Error::Malformed)?;
        PrivateKey::from_openssl(key).map_err(Pkcs12Error::Key)
    }

    fn key(&self, bag: &KeyBag) -> Result<PrivateKey, Pkcs12Error> {
        let key = match &bag.value {
            Value::PrivateKeyInfo(der) => PKey::private_key_from_pkcs8(der),
            Value::EncryptedPrivateKeyInfo(der) => {
                PKey::private_key_from_pkcs8_passphrase(der, self.password.as_bytes())
            }
        };
        let key = key.map_err(|error| explain(&error))?;
        PrivateKey::from_openssl(key).map_err(Pkcs12Error::Key)
    }
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

    fn refusal<T>(opened: Result<T, Pkcs12Error>) -> Pkcs12Error {
        opened.err().unwrap()
    }

    #[test]
    fn a_key_comes_with_its_certificate_and_its_path() {
        let ((key, own), (_, other)) = (certificate("own"), certificate("other"));
        let der = store(Some((&key, Some(&own))), &[&other]);
        let (key, certificates) = Pkcs12::open(&der, "secret").unwrap().identity().unwrap();
        let found: Vec<&[u8]> = certificates.iter().map(Certificate::der).collect();
        assert_eq!(found, [own.to_der().unwrap(), other.to_der().unwrap()]);
        assert_eq!(certificates[0].public_key(), key.public());
    }

    #[test]
    fn a_trust_store_has_certificates_only() {
        let ((_, one), (_, other)) = (certificate("one"), certificate("other"));
        let der = store(None, &[&one, &other]);
        let opened = Pkcs12::open(&der, "secret").unwrap();
        assert_eq!(opened.certificates().unwrap().len(), 2);
        let missing = Pkcs12Error::Key(PrivateKeyError::Missing);
        assert_eq!(refusal(opened.identity()), missing);
        assert_eq!(refusal(opened.keys()), missing);
    }

    #[test]
    fn of_several_keys_none_is_passed_over() {
        let file = include_bytes!("../../../fixtures/keys/two-keys.p12");
        let opened = Pkcs12::open(file, "example").unwrap();
        let certificates = opened.certificates().unwrap();
        let keys = opened.keys().unwrap();
        let whose: Vec<_> = keys
            .iter()
            .map(|key| {
                let own = |one: &&Certificate| one.public_key() == key.public();
                certificates.iter().find(own).unwrap().subject().to_string()
            })
            .collect();
        assert_eq!(whose, ["O=Example,CN=gateway", "O=Example,CN=bob"]);
        let error = refusal(opened.identity());
        assert_eq!(error.code(), "config.pkcs12_several_keys");
        let told =
            "it has 2 private keys where one is asked for (\"gateway\", \"bob\"): export that one by itself";
        assert_eq!(error.to_string(), told);
    }

    #[test]
    fn names_of_many_keys_are_not_all_told() {
        let names = [
            vec![None, Some("\u{202e}x".repeat(100))],
            vec![Some("a".to_owned()); 10],
        ]
        .concat();
        let told = Pkcs12Error::SeveralKeys(names).to_string();
        assert!(told.starts_with("it has 12 private keys"), "{told}");
        assert!(told.contains("(one without a name, \"\\u{202e}x"), "{told}");
        assert!(told.contains("\"a\", …)") && told.len() < 600, "{told}");
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
        let error = refusal(Pkcs12::open(&der, "secret"));
        assert!(
            matches!(&error, Pkcs12Error::Unsupported(what) if what.contains("RC2")),
            "{error:?}"
        );
        assert_eq!(refusal(Pkcs12::open(&der, "wrong")), Pkcs12Error::Password);
    }

    #[test]
    fn a_wrong_password_is_told_from_a_wrong_file() {
        let (key, own) = certificate("own");
        let der = store(Some((&key, Some(&own))), &[]);
        for wrong in ["wrong", "", "secret\0"] {
            assert_eq!(refusal(Pkcs12::open(&der, wrong)), Pkcs12Error::Password);
        }
        for wrong in [&b""[..], b"no PKCS#12", &der[..100]] {
            assert_eq!(refusal(Pkcs12::open(wrong, "secret")), Pkcs12Error::Malformed);
        }
    }

    #[test]
    fn a_key_without_its_certificate_is_no_identity() {
        let ((key, _), (_, other)) = (certificate("own"), certificate("other"));
        let der = store(Some((&key, None)), &[&other]);
        let opened = Pkcs12::open(&der, "secret").unwrap();
        assert_eq!(refusal(opened.identity()), Pkcs12Error::NoCertificate);
        let alone = opened.keys().unwrap();
        let key = PrivateKey::from_openssl(key).unwrap();
        assert_eq!(alone[0].public(), key.public());
    }
}
