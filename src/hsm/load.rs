use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::error::{Error, Failure};
use super::key::{Key, KeyInToken, find, shows};
use super::module::Module;
use super::operation;
use super::pace::Pace;
use super::token::Token;
use super::uri::TokenKeyUri;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::{Ability, Certificate, PrivateKey, PublicKey, Secret, digest};

/// How long a key may take to be found and to show what it can do.
const LOADING: Duration = Duration::from_secs(30);

/// A key in a token.
#[derive(Clone, Debug)]
pub struct TokenKey {
    /// The key, which signs and decrypts there.
    pub key: PrivateKey,
    /// The certificate that the token has of it; `None` if it has none, or one was given.
    pub certificate: Option<Certificate>,
}

/// The key that `uri` names, in the token that `pin` opens. Its public half is that of `certificate`, or of the certificate or else the
/// public key in the token that has the same CKA_ID: the key must have shown that.
///
/// # Errors
/// [`Error`]; a module that does not answer within half a minute is left to itself.
pub fn load(uri: &TokenKeyUri, pin: &str, certificate: Option<&Certificate>) -> Result<TokenKey, Error> {
    let (uri, pin) = (uri.clone(), zeroize::Zeroizing::new(pin.to_owned()));
    let given = certificate.map(|certificate| certificate.public_key().clone());
    let (loading, loaded) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("token".to_owned());
    let spawned = thread.spawn(move || {
        // Who has lost patience does not listen.
        let _ = loading.send(load_here(&uri, &pin, given));
    });
    spawned.map_err(|error| Error::Refused(error.to_string()))?;
    loaded.recv_timeout(LOADING).unwrap_or(Err(Error::Silent))
}

fn load_here(uri: &TokenKeyUri, pin: &str, given: Option<PublicKey>) -> Result<TokenKey, Error> {
    let module = Module::at(uri.module())?;
    let token = Token::of(&module, &uri.token, pin)?;
    let in_session = |work: &dyn Fn(&Session) -> Result<Found, Error>| {
        token
            .in_session(|session, _| Ok(work(session)))
            .map_err(Error::from)?
    };
    let found = in_session(&|session| Found::of(session, uri, given.as_ref()))?;
    let (abilities, pace) = abilities(&token, &found)?;
    let proof = abilities.first().copied();
    let proof = proof.ok_or_else(|| Error::NotProved("keys of its kind are not used".to_owned()))?;
    let rejection_secret = rejection_secret(&token, &found, &abilities)?;
    let key = Arc::new(Key {
        object: uri.object.clone(),
        public: found.public.clone(),
        proof,
        pace: Arc::new(pace),
    });
    token.keep(&key);
    let held = KeyInToken {
        token,
        key,
        abilities,
    };
    Ok(TokenKey {
        key: PrivateKey::held(Box::new(held), found.public, rejection_secret),
        certificate: found.certificate,
    })
}

/// What the key shows that it can do, what is wanted most first; nothing only where it is of no kind that is used. And how long that takes, at most.
fn abilities(token: &Token, found: &Found) -> Result<(Vec<Ability>, Pace), Error> {
    let mut abilities = Vec::new();
    let mut longest = Duration::ZERO;
    let mut refusal = None;
    for ability in Key::conceivable(&found.public) {
        let begun = Instant::now();
        // Each in a session that is not used again where it failed.
        let shown =
            token.in_session(
                |session, _| match shows(session, found.handle, &found.public, ability) {
                    Err(Error::Refused(why)) => Err(Failure::Refused(why)),
                    other => Ok(other),
                },
            );
        match shown {
            Ok(Ok(true)) => {
                abilities.push(ability);
                longest = longest.max(begun.elapsed());
            }
            Ok(Ok(false)) => {
                refusal.get_or_insert_with(|| "it is another key".to_owned());
            }
            Ok(Err(error)) => return Err(error),
            Err(Failure::Refused(why)) => {
                refusal.get_or_insert(why);
            }
            Err(gone @ Failure::Gone(_)) => return Err(gone.into()),
        }
    }
    match refusal {
        Some(why) if abilities.is_empty() => Err(Error::NotProved(why)),
        _ => Ok((abilities, Pace::of(longest))),
    }
}

/// What the content keys are made from that stand in for wrong ones of RSA 1.5.
fn rejection_secret(token: &Token, found: &Found, abilities: &[Ability]) -> Result<Secret, Error> {
    if !abilities.contains(&Ability::DecryptRaw) {
        // It decrypts nothing by RSA 1.5.
        return Ok(Secret::random(32)?);
    }
    let size = found
        .public
        .modulus_exponent()
        .map_or(0, |(modulus, _)| modulus.len());
    let raw = token.in_session(|session, _| of_no_message(session, found.handle, size))?;
    Ok(Secret::new(
        digest(DigestAlgorithm::Sha256, raw.expose())?.as_bytes().to_vec(),
    ))
}

/// What only the key makes of something that nobody encrypts: it is no number that any padding gives.
fn of_no_message(session: &Session, handle: ObjectHandle, size: usize) -> Result<Secret, Failure> {
    let mut block = vec![0x5a; size];
    if let Some(first) = block.first_mut() {
        *first = 0;
    }
    let raw = operation::decrypt_raw(session, handle, &block)?;
    raw.ok_or_else(|| Failure::Refused("it does not decrypt".to_owned()))
}

/// A key, and who says whose it is.
struct Found {
    handle: ObjectHandle,
    public: PublicKey,
    certificate: Option<Certificate>,
}

impl Found {
    fn of(session: &Session, uri: &TokenKeyUri, given: Option<&PublicKey>) -> Result<Self, Error> {
        let handle = match find(session, &uri.object)?.as_slice() {
            [one] => *one,
            [] => return Err(Error::NoKey),
            _ => return Err(Error::ManyKeys),
        };
        let mut id = None;
        for attribute in
            session.get_attributes(handle, &[AttributeType::Id, AttributeType::AlwaysAuthenticate])?
        {
            if let Attribute::AlwaysAuthenticate(true) = attribute {
                return Err(Error::AlwaysAsks);
            }
            if let Attribute::Id(found) = attribute
                && !found.is_empty()
            {
                id = Some(found);
            }
        }
        if let Some(public) = given {
            return Ok(Self {
                handle,
                public: public.clone(),
                certificate: None,
            });
        }
        let id = id.ok_or(Error::NoPublicHalf)?;
        if let Some(certificate) = certificate(session, &id)? {
            return Ok(Self {
                handle,
                public: certificate.public_key().clone(),
                certificate: Some(certificate),
            });
        }
        Ok(Self {
            handle,
            public: public(session, &id)?.ok_or(Error::NoPublicHalf)?,
            certificate: None,
        })
    }
}

/// The object of that class and CKA_ID; which of several is meant, nobody says.
fn only(session: &Session, class: ObjectClass, id: &[u8]) -> Result<Option<ObjectHandle>, Error> {
    let template = [Attribute::Class(class), Attribute::Id(id.to_vec())];
    match session.find_objects(&template)?.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(Error::ManyPublicHalves),
    }
}

/// The certificate with that CKA_ID.
fn certificate(session: &Session, id: &[u8]) -> Result<Option<Certificate>, Error> {
    let Some(found) = only(session, ObjectClass::CERTIFICATE, id)? else {
        return Ok(None);
    };
    match session.get_attributes(found, &[AttributeType::Value])?.pop() {
        Some(Attribute::Value(der)) => Certificate::from_der(&der).map(Some).map_err(Error::Certificate),
        _ => Ok(None),
    }
}

/// The public key with that CKA_ID.
fn public(session: &Session, id: &[u8]) -> Result<Option<PublicKey>, Error> {
    let Some(found) = only(session, ObjectClass::PUBLIC_KEY, id)? else {
        return Ok(None);
    };
    let wanted = [
        AttributeType::KeyType,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::EcParams,
        AttributeType::EcPoint,
    ];
    let mut kind = None;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for attribute in session.get_attributes(found, &wanted)? {
        if let Attribute::KeyType(of) = attribute {
            kind = Some(of);
        } else if let Attribute::Modulus(value) | Attribute::EcParams(value) = attribute {
            first = value;
        } else if let Attribute::PublicExponent(value) | Attribute::EcPoint(value) = attribute {
            second = value;
        }
    }
    let public = match kind {
        Some(KeyType::RSA) => PublicKey::from_modulus_exponent(&first, &second),
        Some(KeyType::EC) => PublicKey::from_der(&spki(
            &[
                &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
                &first[..],
            ]
            .concat(),
            inner(&second),
        )),
        Some(KeyType::EC_EDWARDS) => {
            PublicKey::from_der(&spki(&[0x06, 0x03, 0x2b, 0x65, 0x70], inner(&second)))
        }
        _ => return Ok(None),
    };
    public.map(Some).map_err(Error::PublicHalf)
}

/// A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = tlv(0x03, &[&[0], key].concat());
    tlv(0x30, &[tlv(0x30, algorithm), bits].concat())
}

/// A value of DER, up to 255 bytes long: longer is none of what is made here.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let length = if length < 0x80 {
        vec![length]
    } else {
        vec![0x81, length]
    };
    [&[tag], &length[..], content].concat()
}

/// What an OCTET STRING of a point has in it; some tokens give the point without.
fn inner(point: &[u8]) -> &[u8] {
    let (length, content) = match point {
        [0x04, 0x81, length, content @ ..] | [0x04, length, content @ ..] => (*length, content),
        _ => return point,
    };
    if usize::from(length) == content.len() {
        content
    } else {
        point
    }
}
