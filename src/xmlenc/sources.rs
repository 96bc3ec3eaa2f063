use super::data::EncryptedData;
use super::error::{Error, ErrorKind};
use super::resolver::Resolver;
use crate::crypto::{CipherError, Secret};
use crate::dsig::Target;
use crate::dsig::fields;
use crate::xml::{Element, Namespace};

/// Where the key of an EncryptedData may come from.
pub(super) enum Source<'d> {
    /// A shared secret.
    Secret(Secret),
    /// An EncryptedKey of the document.
    Key(Element<'d>),
    /// An AgreementMethod.
    Agreement(Element<'d>),
}

/// Everything that `data` says about its key, and the EncryptedKeys that say it is theirs (XML Encryption 1.1 §3.5, §3.6).
/// `keys` are all EncryptedKeys of the document that are ours. References are followed once.
pub(super) fn sources<'d>(
    data: &EncryptedData<'d>,
    keys: &[Element<'d>],
    resolver: &dyn Resolver,
) -> Result<Vec<Source<'d>>, Error> {
    let mut found = Found {
        keys,
        resolver,
        sources: Vec::new(),
        name: None,
    };
    for item in data.encrypted.key_info.iter().flat_map(|info| info.children()) {
        if item.is(Namespace::DSIG11, "KeyInfoReference") {
            let info = referenced(item)?;
            if !info.is(Namespace::DS, "KeyInfo") {
                return Err(no_key_at(item));
            }
            for item in info.children() {
                // A reference to a reference: depth 1 is all (T84).
                if item.is(Namespace::DSIG11, "KeyInfoReference") {
                    return Err(no_key_at(item));
                }
                found.add(item)?;
            }
        } else {
            found.add(item)?;
        }
    }
    for key in keys {
        if lists(*key, data.element) {
            found.add_key(*key);
        }
    }
    if found.sources.is_empty()
        && let Some(parent) = data.element.parent()
    {
        // As SAML has it: the keys stand beside the data and neither says so (SAML V2.0 Core §2.3.4).
        for key in parent.children().filter(|child| keys.contains(child)) {
            found.add_key(key);
        }
    }
    let names_us = |source: &Source<'d>| match source {
        Source::Key(key) => key.attribute("Recipient").as_deref() == resolver.recipient(),
        Source::Secret(_) | Source::Agreement(_) => false,
    };
    if resolver.recipient().is_some() && found.sources.iter().any(names_us) {
        found.sources.retain(names_us);
    }
    if found.sources.is_empty() || found.name.is_some() {
        let secrets = resolver.secrets(found.name.as_deref());
        let secrets = of_length(secrets, data.algorithm.key_size())
            .map_err(|error| Error::at(data.element, ErrorKind::Cipher(error)))?;
        found.sources.extend(secrets.into_iter().map(Source::Secret));
    }
    Ok(found.sources)
}

/// Those of our secrets that are `length` bytes long.
pub(super) fn of_length(mut secrets: Vec<Secret>, length: usize) -> Result<Vec<Secret>, CipherError> {
    let other = secrets.first().map(Secret::len);
    secrets.retain(|secret| secret.len() == length);
    match other {
        Some(actual) if secrets.is_empty() => Err(CipherError::KeyLength {
            expected: length,
            actual,
        }),
        _ => Ok(secrets),
    }
}

struct Found<'a, 'd> {
    keys: &'a [Element<'d>],
    resolver: &'a dyn Resolver,
    sources: Vec<Source<'d>>,
    /// The KeyName, where no EncryptedKey carries it.
    name: Option<String>,
}

impl<'d> Found<'_, 'd> {
    /// What one child of a KeyInfo says.
    fn add(&mut self, item: Element<'d>) -> Result<(), Error> {
        if self.keys.contains(&item) {
            self.add_key(item);
        } else if item.is(Namespace::XENC, "AgreementMethod") {
            self.sources.push(Source::Agreement(item));
        } else if item.is(Namespace::DS, "RetrievalMethod") {
            let key = referenced(item)?;
            if !self.keys.contains(&key) || item.first_child().is_some() {
                return Err(no_key_at(item));
            }
            self.add_key(key);
        } else if item.is(Namespace::DS, "KeyName") {
            let name = fields::text(item, &[])?.into_owned();
            let carriers: Vec<_> = self.keys.iter().filter(|key| carries(**key, &name)).collect();
            if carriers.is_empty() {
                self.name = Some(name);
            }
            for key in carriers {
                self.add_key(*key);
            }
        } else if let Some(key) = self.resolver.referred(item)
            && self.keys.contains(&key)
        {
            self.add_key(key);
        }
        Ok(())
    }

    fn add_key(&mut self, key: Element<'d>) {
        let known = |source: &Source<'d>| matches!(source, Source::Key(other) if *other == key);
        if !self.sources.iter().any(known) {
            self.sources.push(Source::Key(key));
        }
    }
}

/// Whether the ReferenceList of `key` names `data`.
fn lists(key: Element<'_>, data: Element<'_>) -> bool {
    let list = key.child(Namespace::XENC, "ReferenceList");
    let Some(id) = data.id() else {
        return false;
    };
    list.iter().flat_map(|list| list.children()).any(|reference| {
        let uri = reference.attribute("URI");
        reference.is(Namespace::XENC, "DataReference")
            && uri.as_deref().and_then(|uri| uri.strip_prefix('#')) == Some(&id)
    })
}

/// Whether `key` goes by `name`.
fn carries(key: Element<'_>, name: &str) -> bool {
    let carried = key.child(Namespace::XENC, "CarriedKeyName");
    carried.is_some_and(|carried| fields::text(carried, &[]).is_ok_and(|text| text == name))
}

/// The element that the URI of `item` refers to, within the document.
fn referenced(item: Element<'_>) -> Result<Element<'_>, Error> {
    let target = item.attribute("URI").and_then(|uri| Target::parse(&uri));
    let found = target.and_then(|target| target.resolve(item.document()));
    found.ok_or_else(|| no_key_at(item))
}

fn no_key_at(item: Element<'_>) -> Error {
    let uri = item.attribute("URI").unwrap_or_default().into_owned();
    Error::at(item, ErrorKind::Reference(uri))
}
