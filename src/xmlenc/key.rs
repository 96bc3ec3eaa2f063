use super::agreement::Agreement;
use super::data::Encrypted;
use super::decrypt::{KeyLengths, Rules};
use super::error::{Error, ErrorKind};
use super::resolver::Resolver;
use super::sources::of_length;
use crate::algorithm::{
    DataEncryptionAlgorithm, DigestAlgorithm, KeyTransportAlgorithm, KeyWrapAlgorithm, MaskGeneration,
};
use crate::crypto::{
    Ability, CipherError, KeyKind, Oaep, PrivateKey, Secret, decrypt_data, decrypt_oaep, decrypt_rsa_1_5,
    unwrap_key,
};
use crate::dsig::fields::{self, Fields};
use crate::xml::{Element, Namespace};

/// A `xenc:EncryptedKey` as read (XML Encryption 1.1 §3.5.1).
pub(super) struct EncryptedKey<'d> {
    element: Element<'d>,
    encrypted: Encrypted<'d>,
    method: Method,
}

/// How long a key has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeySize {
    /// As many bytes as the cipher takes.
    Bytes(usize),
    /// As many as a MAC may have: no algorithm says.
    OfMac,
}

/// From 128 bits, the least that is worth a MAC (NIST SP 800-131A §10), to the block of SHA-256: a longer key would be digested.
const MAC_KEYS: std::ops::RangeInclusive<usize> = 16..=64;

/// How the key is encrypted.
enum Method {
    Wrap(KeyWrapAlgorithm),
    /// With a cipher for data, which the schema allows too.
    Cipher(DataEncryptionAlgorithm),
    Oaep(Oaep),
    Rsa15,
}

impl<'d> EncryptedKey<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        let mut fields = Fields::of(element, &["Id", "Type", "MimeType", "Encoding", "Recipient"])?;
        let encrypted = Encrypted::read(element, &mut fields)?;
        fields.next_in(Namespace::XENC, "ReferenceList");
        fields.next_in(Namespace::XENC, "CarriedKeyName");
        fields.end()?;
        let method = Method::read(encrypted.method, &encrypted.algorithm)?;
        Ok(Self {
            element,
            encrypted,
            method,
        })
    }

    /// The keys of `size` that it may hold. A key of ours that it was not encrypted to gives one that decrypts
    /// nothing; there is none if we have no key that could fit.
    pub(super) fn decrypt(
        &self,
        size: KeySize,
        resolver: &dyn Resolver,
        rules: &Rules<'_>,
    ) -> Result<Vec<Secret>, Error> {
        match &self.method {
            Method::Wrap(algorithm) => {
                let keys = self.key_encryption_keys(algorithm.key_size(), resolver, rules)?;
                if !keys.is_empty() && !rules.permitted.permits_wrap(*algorithm) {
                    return Err(self.not_permitted());
                }
                let ciphertext = &self.encrypted.ciphertext;
                let unwrapped = keys
                    .iter()
                    .map(|key| self.or_random(unwrap_key(*algorithm, key, ciphertext), size, rules));
                unwrapped.collect()
            }
            Method::Cipher(algorithm) => {
                let keys = self.key_encryption_keys(algorithm.key_size(), resolver, rules)?;
                if !keys.is_empty() {
                    if !rules.permitted.permits_data(*algorithm) {
                        return Err(self.not_permitted());
                    }
                    if !algorithm.is_authenticated() {
                        rules.check_unauthenticated(self.element, algorithm.uri(), resolver)?;
                    }
                }
                let decrypted = keys.iter().map(|key| {
                    let secret = decrypt_data(*algorithm, key, &self.encrypted.ciphertext);
                    self.or_random(secret.map(Secret::new), size, rules)
                });
                decrypted.collect()
            }
            Method::Oaep(parameters) => {
                let keys = self.private_keys(resolver);
                let (digest, mask) = (parameters.digest, parameters.mask);
                let permitted = rules.permitted.permits_oaep(digest, mask);
                // A token may know other parameters only, which everybody may learn.
                let known = keys.iter().all(|key| key.decrypts_oaep(digest, mask));
                if !keys.is_empty() && (!permitted || !known) {
                    return Err(self.not_permitted());
                }
                let decrypted = keys.iter().map(|key| {
                    let secret = decrypt_oaep(key, parameters, &self.encrypted.ciphertext);
                    self.or_random(secret, size, rules)
                });
                decrypted.collect()
            }
            Method::Rsa15 => {
                let keys = self.private_keys(resolver);
                // What the padding does not tell, a length that nobody knows beforehand would.
                let (KeySize::Bytes(length), true) = (size, rules.permitted.permits_rsa_1_5()) else {
                    return if keys.is_empty() {
                        Ok(Vec::new())
                    } else {
                        Err(self.not_permitted())
                    };
                };
                if !keys.iter().all(|key| key.can(Ability::DecryptRaw)) {
                    return Err(self.not_permitted());
                }
                if !keys.is_empty() {
                    rules.check_unauthenticated(self.element, &self.encrypted.algorithm, resolver)?;
                }
                let decrypted = keys.iter().map(|key| {
                    let secret = decrypt_rsa_1_5(key, &self.encrypted.ciphertext, length);
                    self.or_random(secret, size, rules)
                });
                decrypted.collect()
            }
        }
    }

    /// The keys of `length` bytes that it may be encrypted with, by symmetric ciphers.
    fn key_encryption_keys(
        &self,
        length: usize,
        resolver: &dyn Resolver,
        rules: &Rules<'_>,
    ) -> Result<Vec<Secret>, Error> {
        let mut named = None;
        for item in self.encrypted.key_info.iter().flat_map(|info| info.children()) {
            if item.is(Namespace::XENC, "AgreementMethod") {
                return Agreement::read(item)?.derive(length, resolver, rules);
            }
            if item.is(Namespace::DS, "KeyName") {
                named = Some(fields::text(item, &[])?);
            } else if item.is(Namespace::XENC, "EncryptedKey") {
                return Err(Error::at(item, ErrorKind::Nested));
            }
        }
        of_length(resolver.secrets(named.as_deref()), length)
            .map_err(|error| Error::at(self.element, ErrorKind::Cipher(error)))
    }

    /// Our RSA keys that it may be encrypted to: the ciphertext is as long as the modulus (RFC 8017 §7).
    fn private_keys(&self, resolver: &dyn Resolver) -> Vec<PrivateKey> {
        let mut keys = resolver.private_keys(self.encrypted.key_info);
        let bits = self.encrypted.ciphertext.len().saturating_mul(8);
        keys.retain(|key| match key.public().kind() {
            KeyKind::Rsa { bits: modulus } => {
                usize::try_from(modulus).is_ok_and(|modulus| modulus.next_multiple_of(8) == bits)
            }
            KeyKind::Ec(_) | KeyKind::Dsa { .. } | KeyKind::Ed25519 => false,
        });
        keys
    }

    /// The key, or a random one where it did not come out or is of another length: nobody learns here which (T79, T89).
    fn or_random(
        &self,
        secret: Result<Secret, CipherError>,
        size: KeySize,
        rules: &Rules<'_>,
    ) -> Result<Secret, Error> {
        let length = match (size, &secret) {
            (KeySize::Bytes(length), _) => length,
            (KeySize::OfMac, Ok(secret)) if MAC_KEYS.contains(&secret.len()) => secret.len(),
            (KeySize::OfMac, _) => *MAC_KEYS.end(),
        };
        let unavailable = |error| Error::at(self.element, ErrorKind::Cipher(error));
        let random = Secret::random(length).map_err(|error| unavailable(CipherError::Unavailable(error)))?;
        match secret {
            Ok(secret) if secret.len() == length => Ok(secret),
            Ok(secret) => match secret.expose().get(..length) {
                Some(start) if rules.key_lengths == KeyLengths::OrLonger => Ok(Secret::new(start.to_vec())),
                _ => Ok(random),
            },
            Err(CipherError::Failed) => Ok(random),
            Err(error) => Err(unavailable(error)),
        }
    }

    fn not_permitted(&self) -> Error {
        let what = match &self.method {
            Method::Oaep(oaep) => format!(
                "{} with {} and {}",
                self.encrypted.algorithm, oaep.digest, oaep.mask
            ),
            Method::Wrap(_) | Method::Cipher(_) | Method::Rsa15 => {
                self.encrypted.algorithm.clone().into_owned()
            }
        };
        Error::at(self.encrypted.method, ErrorKind::AlgorithmNotPermitted(what))
    }
}

impl Method {
    fn read(method: Element<'_>, uri: &str) -> Result<Self, Error> {
        let mut parameters = Fields::of(method, &["Algorithm"])?;
        let read = if let Some(algorithm) = KeyWrapAlgorithm::from_uri(uri) {
            Self::Wrap(algorithm)
        } else if let Some(algorithm) = DataEncryptionAlgorithm::from_uri(uri) {
            Self::Cipher(algorithm)
        } else {
            match KeyTransportAlgorithm::from_uri(uri) {
                Some(KeyTransportAlgorithm::RsaOaep | KeyTransportAlgorithm::RsaOaepMgf1p) => {
                    Self::Oaep(oaep(&mut parameters)?)
                }
                Some(KeyTransportAlgorithm::Rsa15) => Self::Rsa15,
                None => {
                    let kind = ErrorKind::UnknownAlgorithm(uri.to_owned());
                    return Err(Error::at(method, kind));
                }
            }
        };
        parameters.end()?;
        Ok(read)
    }
}

/// The parameters of RSA-OAEP, SHA-1 where one is not given (§5.5.2). Some stacks write an MGF with `rsa-oaep-mgf1p` too, and
/// mean it.
fn oaep(parameters: &mut Fields<'_>) -> Result<Oaep, Error> {
    let mut read = Oaep {
        digest: DigestAlgorithm::Sha1,
        mask: MaskGeneration::Mgf1Sha1,
        label: Vec::new(),
    };
    // The schema has them in any order.
    let mut seen = Vec::new();
    while let Some(parameter) = parameters.any() {
        let name = parameter.local_name();
        if seen.contains(&name) {
            let what = format!("a second {name}");
            return Err(Error::at(parameter, ErrorKind::Structure(what)));
        }
        seen.push(name);
        if parameter.is(Namespace::XENC, "OAEPparams") {
            read.label = fields::base64(parameter, &[])?;
        } else if parameter.is(Namespace::DS, "DigestMethod") {
            read.digest = named(parameter, DigestAlgorithm::from_uri)?;
        } else if parameter.is(Namespace::XENC11, "MGF") {
            read.mask = named(parameter, MaskGeneration::from_uri)?;
        } else if !parameter.is(Namespace::XENC, "KeySize") {
            let what = format!("an unexpected {}", parameter.name());
            return Err(Error::at(parameter, ErrorKind::Structure(what)));
        }
    }
    Ok(read)
}

/// The algorithm that `element`, which holds nothing else, names.
pub(super) fn named<T>(element: Element<'_>, from_uri: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
    Fields::of(element, &["Algorithm"])?.end()?;
    let uri = fields::algorithm(element)?;
    from_uri(&uri).ok_or_else(|| Error::at(element, ErrorKind::UnknownAlgorithm(uri.clone().into_owned())))
}
