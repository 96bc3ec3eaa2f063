use super::agreement::Agreement;
use super::data::{ContentType, EncryptedData, is_encrypted_data, is_encrypted_key};
use super::encrypt::Portion;
use super::error::{Error, ErrorKind};
use super::key::{EncryptedKey, KeySize};
use super::moves::{Moves, Replaced};
use super::plaintext;
use super::recipients::recipients;
use super::resolver::Resolver;
use super::sources::{Source, sources};
use crate::algorithm::EncryptionRules;
use crate::crypto::{CipherError, Secret, decrypt_data};
use crate::xml::{Document, Element, Limit, Limits};

/// What may be decrypted.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'r> {
    /// By which algorithms.
    pub permitted: &'r EncryptionRules,
    /// How much, and how large the outcome may be.
    pub limits: &'r Limits,
    /// What becomes of algorithms that prove nothing about the plaintext.
    pub unauthenticated: Unauthenticated,
    /// How long keys in an EncryptedKey are.
    pub key_lengths: KeyLengths,
    /// Attribute names that are of type ID in this document, besides those that always are.
    pub id_attributes: &'r [String],
}

/// What becomes of CBC ciphers and RSA 1.5, whose failures tell an attacker the plaintext if he can watch enough of them (T78, T79).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unauthenticated {
    /// Refused before anything is decrypted.
    Refused,
    /// Decrypted where a verified signature covers the ciphertext, and the key that came with it: whoever chooses the key chooses what
    /// a short ciphertext decrypts to.
    WhereSigned,
    /// Decrypted, where nobody answers an attacker: the operator's own files.
    Allowed,
}

/// How long keys in an EncryptedKey are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyLengths {
    /// As long as the algorithm takes them.
    Exact,
    /// Longer ones are cut: some stacks encrypt 256 bits and use the first 128.
    OrLonger,
}

/// What came out.
#[derive(Debug)]
pub enum Plaintext {
    /// A document, or parts of it: the document with them.
    Document(Box<Decrypted>),
    /// Octets that are no XML, as the Type says or does not say.
    Octets(Vec<u8>),
}

/// A document in which plaintext stands where ciphertext stood.
#[derive(Debug)]
pub struct Decrypted {
    /// The document.
    pub document: Document,
    /// Where in it is what.
    pub moves: Moves,
}

/// Decrypts every EncryptedData of `document` that is ours, with keys of `resolver`.
///
/// Every private key operation is done once, however many EncryptedData use its outcome (T85).
///
/// # Errors
/// The first thing that is wrong with their form or algorithms, before any key is used; then [`ErrorKind::NoKey`]; then one error for
/// everything that can go wrong with a ciphertext.
pub fn decrypt(document: Document, resolver: &dyn Resolver, rules: &Rules<'_>) -> Result<Plaintext, Error> {
    let encryption = Encryption::find(&document, resolver, rules)?;
    let edits = encryption.decrypt()?;
    let (bytes, moves) = match (edits, encryption.data.as_slice()) {
        (edits, [data]) if matches!(data.kind, ContentType::Octets(_)) => {
            let octets = edits.into_iter().flat_map(|edit| edit.plaintext).collect();
            return Ok(Plaintext::Octets(octets));
        }
        (edits, _) => splice(&document, edits),
    };
    let parsed = Document::parse_with_ids(bytes.into(), rules.limits, rules.id_attributes);
    let document = parsed.map_err(|error| encryption.indistinct().unwrap_or_else(|| error.into()))?;
    Ok(Plaintext::Document(Box::new(Decrypted { document, moves })))
}

/// As [`decrypt`], of a document of which something stays when what is ours is decrypted.
///
/// # Errors
/// As [`decrypt`]; all of it is octets of no XML type.
pub fn decrypt_parts(
    document: Document,
    resolver: &dyn Resolver,
    rules: &Rules<'_>,
) -> Result<Decrypted, Error> {
    match decrypt(document, resolver, rules)? {
        Plaintext::Document(decrypted) => Ok(*decrypted),
        Plaintext::Octets(_) => Err(Error::nowhere(ErrorKind::Type(None))),
    }
}

/// The secrets that `element`, an EncryptedKey, may hold for a MAC: at least one. Where it was not encrypted to the key of ours that was
/// tried, the secret is a random one.
///
/// # Errors
/// Its form or algorithm, before any key is used: RSA 1.5 is none, as nothing says how long the secret has to be; then
/// [`ErrorKind::NoKey`].
pub fn decrypt_mac_key(
    element: Element<'_>,
    resolver: &dyn Resolver,
    rules: &Rules<'_>,
) -> Result<Vec<Secret>, Error> {
    let secrets = EncryptedKey::read(element)?.decrypt(KeySize::OfMac, resolver, rules)?;
    if secrets.is_empty() {
        let named = recipients([element]);
        return Err(Error::at(element, ErrorKind::NoKey { named }));
    }
    Ok(secrets)
}

/// A piece of the document, and what takes its place.
struct Edit<'d> {
    place: Element<'d>,
    data: Element<'d>,
    portion: Portion,
    plaintext: Vec<u8>,
}

/// The text of `document` with each place filled anew.
fn splice(document: &Document, edits: Vec<Edit<'_>>) -> (Vec<u8>, Moves) {
    let bytes = document.bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut replaced = Vec::with_capacity(edits.len());
    let mut at = 0;
    for edit in edits {
        let place = edit.place.span();
        out.extend_from_slice(bytes.get(at..place.start).unwrap_or_default());
        let start = out.len();
        out.extend_from_slice(&edit.plaintext);
        at = place.end;
        replaced.push(Replaced {
            place,
            data: edit.data.span(),
            portion: edit.portion,
            around: edit.place.parent().map(|around| around.span()),
            now: start..out.len(),
        });
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    (out, Moves::new(replaced))
}

/// The encryption of a document, read and judged; no key has been used.
pub(super) struct Encryption<'d, 'r> {
    data: Vec<EncryptedData<'d>>,
    keys: Vec<Element<'d>>,
    resolver: &'r dyn Resolver,
    rules: &'r Rules<'r>,
}

impl<'d, 'r> Encryption<'d, 'r> {
    /// The keys of `document`, for data that is elsewhere.
    pub(super) fn of_keys(
        document: &'d Document,
        resolver: &'r dyn Resolver,
        rules: &'r Rules<'r>,
    ) -> Result<Self, Error> {
        let keys = document
            .root()
            .descendants()
            .filter(|element| is_encrypted_key(*element) && resolver.is_ours(*element));
        Ok(Self {
            data: Vec::new(),
            keys: at_most(keys, rules.limits.encrypted_keys, Limit::EncryptedKeys)?,
            resolver,
            rules,
        })
    }

    fn find(document: &'d Document, resolver: &'r dyn Resolver, rules: &'r Rules<'r>) -> Result<Self, Error> {
        let root = document.root();
        let limits = rules.limits;
        let with_keys = Self::of_keys(document, resolver, rules)?;
        let elements = at_most(
            root.descendants()
                .filter(|element| is_encrypted_data(*element) && resolver.is_ours(*element)),
            limits.encrypted_data,
            Limit::EncryptedData,
        )?;
        if elements.is_empty() {
            return Err(Error::at(root, ErrorKind::Missing));
        }
        let mut data = Vec::with_capacity(elements.len());
        for element in elements {
            if element
                .ancestors()
                .any(|above| is_encrypted_data(above) || is_encrypted_key(above))
            {
                return Err(Error::at(element, ErrorKind::Nested));
            }
            let read = EncryptedData::read(element)?;
            rules.check_data(&read)?;
            // The ciphertext of an attachment is no part of the document, and its plaintext is none.
            if read.encrypted.attachment.is_some() {
                return Err(Error::at(element, ErrorKind::CipherReference));
            }
            if !read.algorithm.is_authenticated() {
                rules.check_unauthenticated(element, read.algorithm.uri(), resolver)?;
            }
            if let ContentType::Octets(kind) = &read.kind
                && element != root
            {
                return Err(Error::at(element, ErrorKind::Type(kind.clone())));
            }
            data.push(read);
        }
        Ok(Self { data, ..with_keys })
    }

    /// The plaintext of each, in document order.
    fn decrypt(&self) -> Result<Vec<Edit<'d>>, Error> {
        let mut decrypted_keys = Vec::new();
        let mut edits = Vec::with_capacity(self.data.len());
        for data in &self.data {
            let secrets = self.secrets(data, &mut decrypted_keys)?;
            let place = self.resolver.place(data.element);
            edits.push(Edit {
                plaintext: self.open(data, place, &secrets)?,
                place,
                data: data.element,
                portion: match data.kind {
                    ContentType::Element => Portion::Element,
                    ContentType::Content | ContentType::Octets(_) => Portion::Content,
                },
            });
        }
        Ok(edits)
    }

    /// The keys that `data` may be encrypted with: at least one.
    pub(super) fn secrets(
        &self,
        data: &EncryptedData<'d>,
        decrypted: &mut Vec<DecryptedKey<'d>>,
    ) -> Result<Vec<Secret>, Error> {
        let length = data.algorithm.key_size();
        let mut secrets = Vec::new();
        for source in sources(data, &self.keys, self.resolver)? {
            if let Source::Agreement(element) | Source::Key(element) = source
                && !data.algorithm.is_authenticated()
            {
                self.rules
                    .check_unauthenticated(element, data.algorithm.uri(), self.resolver)?;
            }
            match source {
                Source::Secret(secret) => secrets.push(secret),
                Source::Agreement(element) => {
                    let agreement = Agreement::read(element)?;
                    secrets.extend(agreement.derive(length, self.resolver, self.rules)?);
                }
                Source::Key(element) => {
                    let known = |key: &&DecryptedKey<'d>| key.element == element && key.length == length;
                    if let Some(key) = decrypted.iter().find(known) {
                        secrets.extend(key.secrets.iter().cloned());
                        continue;
                    }
                    let key = EncryptedKey::read(element)?;
                    let key = DecryptedKey {
                        element,
                        length,
                        secrets: key.decrypt(KeySize::Bytes(length), self.resolver, self.rules)?,
                    };
                    secrets.extend(key.secrets.iter().cloned());
                    decrypted.push(key);
                }
            }
        }
        match secrets.as_slice() {
            [] => {
                let keys = std::iter::once(data.element).chain(self.keys.iter().copied());
                let named = recipients(keys);
                Err(Error::at(data.element, ErrorKind::NoKey { named }))
            }
            [_] => Ok(secrets),
            _ if !data.algorithm.is_authenticated() && matches!(data.kind, ContentType::Octets(_)) => {
                Err(Error::at(data.element, ErrorKind::AmbiguousKey))
            }
            _ => Ok(secrets),
        }
    }

    /// The plaintext of `data`, which can stand in its place, by the first of `secrets` that gives one.
    fn open(
        &self,
        data: &EncryptedData<'d>,
        place: Element<'d>,
        secrets: &[Secret],
    ) -> Result<Vec<u8>, Error> {
        let ciphertext = &data.encrypted.ciphertext;
        let failed = |kind| Error::at(data.element, kind);
        let mut refused = ErrorKind::Cipher(CipherError::Failed);
        for secret in secrets {
            let (mut plaintext, holds) = match decrypt_data(data.algorithm, secret, ciphertext) {
                Ok(plaintext) => (plaintext, true),
                // The work goes on with something that is no plaintext.
                Err(CipherError::Failed) => (ciphertext.clone(), false),
                Err(error) => return Err(failed(ErrorKind::Cipher(error))),
            };
            match plaintext::check(&plaintext, &data.kind, place, self.rules.limits) {
                Ok(start) if holds => return Ok(plaintext.split_off(start)),
                // Only who holds the key has made this: the reason helps nobody else.
                Err(kind) if holds && data.algorithm.is_authenticated() => refused = kind,
                Ok(_) | Err(_) => {}
            }
        }
        Err(failed(refused))
    }

    /// What is said where the outcome as a whole is no acceptable document, and somebody who watches may have changed a part of
    /// it: nothing more.
    fn indistinct(&self) -> Option<Error> {
        let mut data = self.data.iter();
        let data = data.find(|data| !data.algorithm.is_authenticated())?;
        Some(Error::at(data.element, ErrorKind::Cipher(CipherError::Failed)))
    }
}

/// What an EncryptedKey holds, for an algorithm with keys of that length.
pub(super) struct DecryptedKey<'d> {
    element: Element<'d>,
    length: usize,
    secrets: Vec<Secret>,
}

impl Rules<'_> {
    /// Refuses an algorithm that the policy does not allow.
    pub(super) fn check_data(&self, data: &EncryptedData<'_>) -> Result<(), Error> {
        if self.permitted.permits_data(data.algorithm) {
            return Ok(());
        }
        let uri = data.algorithm.uri().to_owned();
        Err(Error::at(data.element, ErrorKind::AlgorithmNotPermitted(uri)))
    }

    /// Refuses `algorithm`, which proves nothing about the plaintext, unless it is allowed all the same.
    pub(super) fn check_unauthenticated(
        &self,
        element: Element<'_>,
        algorithm: &str,
        resolver: &dyn Resolver,
    ) -> Result<(), Error> {
        self.check_unauthenticated_if(resolver.is_signed(element), element, algorithm)
    }

    /// The same where somebody else says whether all of the ciphertext is signed.
    pub(super) fn check_unauthenticated_if(
        &self,
        is_signed: bool,
        element: Element<'_>,
        algorithm: &str,
    ) -> Result<(), Error> {
        match self.unauthenticated {
            Unauthenticated::Allowed => Ok(()),
            Unauthenticated::WhereSigned if is_signed => Ok(()),
            Unauthenticated::WhereSigned | Unauthenticated::Refused => {
                Err(Error::at(element, ErrorKind::Unsigned(algorithm.to_owned())))
            }
        }
    }
}

/// All of `elements`, if they are no more than allowed.
fn at_most<'d>(
    elements: impl Iterator<Item = Element<'d>>,
    allowed: u16,
    limit: Limit,
) -> Result<Vec<Element<'d>>, Error> {
    let allowed = usize::from(allowed);
    let found: Vec<Element<'d>> = elements.take(allowed.saturating_add(1)).collect();
    match found.get(allowed) {
        Some(element) => {
            let allowed = u64::try_from(allowed).unwrap_or(u64::MAX);
            Err(Error::at(*element, ErrorKind::Limit { limit, allowed }))
        }
        None => Ok(found),
    }
}
