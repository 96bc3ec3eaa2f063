use crate::crypto::{Certificate, VerifyingKey};
use crate::dsig::Signature;
use crate::inbound::Keyring;
use crate::token::followed_held_keys;
use crate::token::x509::X509Token;
use crate::xml::{Element, Namespace};

/// Keys that a signature may have been made with. None of them is trusted for being here.
#[derive(Debug, Default)]
pub struct KeysAtHand {
    /// The key that the signature must be by, if somebody says so.
    pub given: Option<VerifyingKey>,
    /// Certificates from files.
    pub certificates: Vec<Certificate>,
    /// Our own, for what was encrypted to us after it was signed.
    pub keyring: Keyring,
}

/// A key with a name for people.
#[derive(Clone, Debug)]
pub(super) struct NamedKey {
    pub(super) name: String,
    pub(super) key: VerifyingKey,
}

/// The most keys of either kind: each is tried again and again.
const KEYS: usize = 8;

/// The keys for one signature.
pub(super) struct Candidates {
    /// Those that the signature means; all others may be tried to see whose it is.
    pub(super) meant: Vec<NamedKey>,
    pub(super) others: Vec<NamedKey>,
}

impl Candidates {
    pub(super) fn of(signature: &Signature<'_>, keys: &KeysAtHand) -> Self {
        let mut meant: Vec<NamedKey> = Vec::new();
        if let Some(key) = &keys.given {
            let name = "the key that was given".to_owned();
            meant.push(NamedKey {
                name,
                key: key.clone(),
            });
        } else if let Some(key_info) = signature.key_info {
            meant.extend(brought_along(key_info));
            meant.extend(referenced(key_info));
        }
        let mut others: Vec<NamedKey> = keys.certificates.iter().take(KEYS).map(certified).collect();
        let root = signature.element.document().root();
        for element in root.descendants() {
            if others.len() >= KEYS {
                break;
            }
            if element.is(Namespace::DS, "KeyInfo") {
                others.extend(brought_along(element));
            } else if element.is(Namespace::WSSE, "BinarySecurityToken") {
                others.extend(of_token(element));
            }
        }
        if meant.is_empty() {
            // Whoever the reference means, it is one of these or not at hand.
            std::mem::swap(&mut meant, &mut others);
        }
        let mut seen: Vec<VerifyingKey> = Vec::new();
        let mut is_new = |named: &NamedKey| {
            let new = !seen.contains(&named.key);
            if new {
                seen.push(named.key.clone());
            }
            new
        };
        meant.retain(&mut is_new);
        others.retain(&mut is_new);
        meant.truncate(KEYS);
        others.truncate(KEYS);
        Self { meant, others }
    }
}

fn certified(certificate: &Certificate) -> NamedKey {
    NamedKey {
        name: format!("the key of {}", certificate.subject()),
        key: certificate.public_key().clone().into(),
    }
}

/// Keys and certificates in a KeyInfo.
pub(super) fn brought_along(key_info: Element<'_>) -> Vec<NamedKey> {
    let held = followed_held_keys(key_info).unwrap_or_default().into_iter();
    held.map(|held| match &held.certificate {
        Some(certificate) => certified(certificate),
        None => NamedKey {
            name: "the KeyValue of the message".to_owned(),
            key: held.key.into(),
        },
    })
    .collect()
}

/// The token that a SecurityTokenReference points to.
fn referenced(key_info: Element<'_>) -> Vec<NamedKey> {
    let references = key_info
        .descendants()
        .filter(|element| element.is(Namespace::WSSE, "Reference"));
    let mut found = Vec::new();
    for reference in references {
        let uri = reference.attribute("URI").unwrap_or_default();
        let target = uri
            .strip_prefix('#')
            .and_then(|id| reference.document().element_by_id(id));
        found.extend(target.map(of_token).unwrap_or_default());
    }
    found
}

fn of_token(element: Element<'_>) -> Vec<NamedKey> {
    let Ok(token) = X509Token::read(element) else {
        return Vec::new();
    };
    let certificates = token.certificates().iter();
    certificates
        .filter_map(|der| Certificate::from_der(der).ok())
        .map(|certificate| certified(&certificate))
        .collect()
}
