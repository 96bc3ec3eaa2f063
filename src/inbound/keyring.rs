use super::signer::described;
use crate::crypto::{Certificate, PrivateKey, PublicKey, Reserved, Secret, Unavailable};
use crate::token::x509::X509Token;
use crate::token::{HeldKey, KeyInfoItem, X509Hint, held_keys, key_info_items, key_value};
use crate::trust::{TrustSources, TrustStore};
use crate::wss::{Pointer, TokenReference, has_digest};
use crate::xml::{Element, Namespace};
use crate::xmlenc::Resolver;

/// Our keys for what was encrypted to us. It shows nothing of them, not even to `{:?}`.
#[derive(Debug)]
pub struct Keyring {
    private: Vec<OwnKey>,
    secrets: Vec<NamedSecret>,
    originators: Vec<PublicKey>,
}

#[derive(Debug)]
struct OwnKey {
    key: PrivateKey,
    /// The certificates of this key, if we know any, to be compared with what a message says.
    certificates: Option<TrustStore>,
}

/// A secret that both sides know.
#[derive(Clone, Debug)]
pub struct NamedSecret {
    /// The KeyName it goes by; without one it may be used for every name.
    pub name: Option<String>,
    /// The secret.
    pub secret: Secret,
}

/// What a KeyInfo says about a key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Ours,
    Another,
    Unsaid,
}

impl Keyring {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            private: Vec::new(),
            secrets: Vec::new(),
            originators: Vec::new(),
        }
    }

    /// Adds a private key; those of `certificates` that are of this key help to tell what is encrypted to it.
    pub fn add_private(&mut self, key: PrivateKey, certificates: &[Certificate]) {
        let mut own = certificates
            .iter()
            .filter(|certificate| certificate.public_key() == key.public())
            .peekable();
        let certificates = own.peek().is_some().then(|| {
            let mut sources = TrustSources::new();
            // They are compared, and trusted for nothing.
            own.for_each(|certificate| sources.untrusted(certificate.clone()));
            sources.build()
        });
        self.private.push(OwnKey { key, certificates });
    }

    /// Adds a shared secret.
    pub fn add_secret(&mut self, secret: NamedSecret) {
        self.secrets.push(secret);
    }

    /// Adds the public key of a sender, for messages that agree on a key with it and only name it.
    pub fn add_originator(&mut self, key: PublicKey) {
        self.originators.push(key);
    }

    /// Whether others hold one of its keys for us, whom each use of it is waited for.
    pub fn has_held_key(&self) -> bool {
        self.private.iter().any(|own| own.key.is_held())
    }

    /// A use of each key that others hold for us, kept for whoever has this.
    ///
    /// # Errors
    /// A key is in a token that is lost, or has promised as much as it can do.
    pub fn reserve(&self) -> Result<Vec<Reserved>, Unavailable> {
        let held = self.private.iter().filter(|own| own.key.is_held());
        held.map(|own| own.key.reserve()).collect()
    }

    /// Whether there is nothing to decrypt with.
    pub fn is_empty(&self) -> bool {
        self.private.is_empty() && self.secrets.is_empty()
    }
}

impl Default for Keyring {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver for Keyring {
    fn private_keys(&self, key_info: Option<Element<'_>>) -> Vec<PrivateKey> {
        let fits: Vec<(Fit, &OwnKey)> = self
            .private
            .iter()
            .map(|own| (key_info.map_or(Fit::Unsaid, |info| own.fit(info)), own))
            .collect();
        let with = |wanted| {
            let fitting = fits.iter().filter(move |(fit, _)| *fit == wanted);
            fitting.map(|(_, own)| own.key.clone()).collect::<Vec<_>>()
        };
        let ours = with(Fit::Ours);
        if ours.is_empty() { with(Fit::Unsaid) } else { ours }
    }

    fn secrets(&self, name: Option<&str>) -> Vec<Secret> {
        let with = |wanted: Option<&str>| {
            let fitting = self
                .secrets
                .iter()
                .filter(move |known| known.name.as_deref() == wanted);
            fitting.map(|known| known.secret.clone()).collect::<Vec<_>>()
        };
        let named = name.map_or_else(Vec::new, |name| with(Some(name)));
        if named.is_empty() { with(None) } else { named }
    }

    fn originator(&self, key_info: Element<'_>) -> Option<PublicKey> {
        let held = held_keys(key_info).ok()?;
        match held.into_iter().next() {
            Some(HeldKey { key, .. }) => Some(key),
            // Only named: it is the one that we were told of.
            None => match self.originators.as_slice() {
                [key] => Some(key.clone()),
                _ => None,
            },
        }
    }

    fn referred<'d>(&self, item: Element<'d>) -> Option<Element<'d>> {
        if !item.is(Namespace::WSSE, "SecurityTokenReference") {
            return None;
        }
        let reference = TokenReference::read(item, &mut Vec::new()).ok()?;
        if let Pointer::EncryptedKeySha1(digest) = reference.pointer() {
            let mut all = item.document().root().descendants();
            return all.find(|key| key.is(Namespace::XENC, "EncryptedKey") && has_digest(*key, digest));
        }
        item.document().element_by_id(direct(&reference)?)
    }

    fn recipient(&self) -> Option<&str> {
        None
    }

    fn is_ours(&self, _: Element<'_>) -> bool {
        true
    }

    /// Here nobody verifies signatures.
    fn is_signed(&self, _: Element<'_>) -> bool {
        false
    }

    /// A header that is encrypted whole stands in an EncryptedHeader (WSS 1.1 §9.3).
    fn place<'d>(&self, data: Element<'d>) -> Element<'d> {
        let holder = data
            .parent()
            .filter(|parent| parent.is(Namespace::WSSE11, "EncryptedHeader"));
        holder.unwrap_or(data)
    }
}

impl OwnKey {
    /// What `key_info` says about this key. What cannot be read or compared says nothing: it is only a hint.
    fn fit(&self, key_info: Element<'_>) -> Fit {
        let Ok(items) = key_info_items(key_info) else {
            return Fit::Unsaid;
        };
        let fits = items.into_iter().map(|item| match item {
            KeyInfoItem::X509Data(hint) => self.fit_x509(&hint),
            KeyInfoItem::KeyValue(element) => key_value(element).map_or(Fit::Unsaid, |key| self.same(&key)),
            KeyInfoItem::TokenReference(element) => self.fit_reference(element),
            KeyInfoItem::KeyName(_) | KeyInfoItem::Other(_) => Fit::Unsaid,
        });
        fits.fold(Fit::Unsaid, |all, one| match (all, one) {
            (Fit::Ours, _) | (_, Fit::Ours) => Fit::Ours,
            (Fit::Another, _) | (_, Fit::Another) => Fit::Another,
            (Fit::Unsaid, Fit::Unsaid) => Fit::Unsaid,
        })
    }

    fn fit_x509(&self, hint: &X509Hint) -> Fit {
        if hint.certificates.is_empty() {
            return match &self.certificates {
                None => Fit::Unsaid,
                Some(known) if described(known, hint).is_empty() => Fit::Another,
                Some(_) => Fit::Ours,
            };
        }
        let read = |der: &bytes::Bytes| Certificate::from_der(der).ok();
        let read: Vec<Certificate> = hint.certificates.iter().filter_map(read).collect();
        if read.iter().any(|one| one.public_key() == self.key.public()) {
            Fit::Ours
        } else if read.len() == hint.certificates.len() {
            Fit::Another
        } else {
            Fit::Unsaid
        }
    }

    fn same(&self, key: &PublicKey) -> Fit {
        if key == self.key.public() {
            Fit::Ours
        } else {
            Fit::Another
        }
    }

    fn fit_reference(&self, element: Element<'_>) -> Fit {
        let Ok(reference) = TokenReference::read(element, &mut Vec::new()) else {
            return Fit::Unsaid;
        };
        let token = || {
            let id = direct(&reference)?;
            let token = X509Token::read(element.document().element_by_id(id)?).ok()?;
            Some(token.hint())
        };
        match reference.pointer().described().or_else(token) {
            Some(hint) => self.fit_x509(&hint),
            None => Fit::Unsaid,
        }
    }
}

/// The ID that `reference` leads to, if it is a direct one.
fn direct<'r>(reference: &'r TokenReference<'_>) -> Option<&'r str> {
    if let Pointer::Direct { id, .. } = reference.pointer() {
        Some(id)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::crypto::{CertificateRole, Curve, NewCertificate, encode_base64, issue};
    use crate::xml::{Document, Limits};

    fn certificate(key: &PrivateKey, common_name: &str) -> Certificate {
        let new = NewCertificate {
            common_name,
            organization: "Example",
            role: CertificateRole::Signer,
            hosts: &[],
            not_before: chrono::DateTime::UNIX_EPOCH,
            not_after: "2046-01-01T00:00:00Z".parse().unwrap(),
        };
        issue(&new, key, None).unwrap()
    }

    fn in_key_info<T>(content: &str, look: impl Fn(Element<'_>) -> T) -> T {
        let text = format!(
            "<ds:KeyInfo xmlns:ds='{}' xmlns:wsse='{}' xmlns:dsig11='{}'>{content}</ds:KeyInfo>",
            Namespace::DS.uri(),
            Namespace::WSSE.uri(),
            Namespace::DSIG11.uri()
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        look(document.root())
    }

    #[test]
    fn what_is_said_about_the_recipient_chooses_among_our_keys() {
        let [one, other, third] = [(); 3].map(|()| PrivateKey::generate_ec(Curve::P256).unwrap());
        let (own, foreign) = (certificate(&one, "one"), certificate(&third, "third"));
        let mut keyring = Keyring::new();
        keyring.add_private(one.clone(), std::slice::from_ref(&own));
        // Of this one we have no certificate.
        keyring.add_private(other.clone(), std::slice::from_ref(&foreign));
        let chosen = |content: &str| {
            let keys = in_key_info(content, |info| keyring.private_keys(Some(info)));
            let keys: Vec<PublicKey> = keys.iter().map(|key| key.public().clone()).collect();
            (keys.contains(one.public()), keys.contains(other.public()))
        };
        let x509 = |content: &str| format!("<ds:X509Data>{content}</ds:X509Data>");
        let carried = |one: &Certificate| {
            x509(&format!(
                "<ds:X509Certificate>{}</ds:X509Certificate>",
                encode_base64(one.der())
            ))
        };
        let subject = |name: &str| x509(&format!("<ds:X509SubjectName>{name}</ds:X509SubjectName>"));
        let value = |key: &PrivateKey| {
            let spki = encode_base64(key.public().spki());
            format!("<dsig11:DEREncodedKeyValue>{spki}</dsig11:DEREncodedKeyValue>")
        };
        let thumbprint = |one: &Certificate| {
            let digest = encode_base64(one.sha1_thumbprint());
            format!(
                "<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType='http://docs.oasis-open.org/wss/\
                 oasis-wss-soap-message-security-1.1#ThumbprintSHA1'>{digest}</wsse:KeyIdentifier></wsse:SecurityTokenReference>"
            )
        };
        assert_eq!(chosen(&carried(&own)), (true, false));
        assert_eq!(chosen(&carried(&foreign)), (false, false));
        assert_eq!(chosen(&value(&other)), (false, true));
        assert_eq!(chosen(&value(&third)), (false, false));
        assert_eq!(chosen(&subject(own.subject())), (true, false));
        assert_eq!(chosen(&thumbprint(&own)), (true, false));
        // It may be the key that we know no certificate of.
        assert_eq!(chosen(&subject(foreign.subject())), (false, true));
        assert_eq!(chosen(&thumbprint(&foreign)), (false, true));
        // Names are not compared, and what cannot be read says nothing.
        for unsaid in [
            "",
            "<ds:KeyName>one</ds:KeyName>",
            "<ds:X509Data/>",
            &x509("<ds:X509SKI>!</ds:X509SKI>"),
        ] {
            assert_eq!(chosen(unsaid), (true, true), "{unsaid}");
        }
        assert_eq!(keyring.private_keys(None).len(), 2);
    }

    #[test]
    fn secrets_go_by_their_name_and_those_without_for_all_others() {
        let mut keyring = Keyring::new();
        let secret = |byte| Secret::new(vec![byte; 16]);
        let add = |keyring: &mut Keyring, name: Option<&str>, byte| {
            let name = name.map(str::to_owned);
            keyring.add_secret(NamedSecret {
                name,
                secret: secret(byte),
            });
        };
        add(&mut keyring, Some("a"), 1);
        assert!(!keyring.is_empty());
        assert_eq!(keyring.secrets(Some("a")), [secret(1)]);
        assert_eq!(keyring.secrets(Some("b")), []);
        assert_eq!(keyring.secrets(None), []);
        add(&mut keyring, None, 2);
        assert_eq!(keyring.secrets(Some("a")), [secret(1)]);
        assert_eq!(keyring.secrets(Some("b")), [secret(2)]);
        assert_eq!(keyring.secrets(None), [secret(2)]);
        assert!(!format!("{keyring:?}").contains('2'), "{keyring:?}");
    }

    #[test]
    fn a_sender_is_known_from_its_key_or_from_what_we_were_told() {
        let [one, other] = [(); 2].map(|()| PrivateKey::generate_ec(Curve::P256).unwrap());
        let mut keyring = Keyring::new();
        let spki = encode_base64(one.public().spki());
        let value = format!("<dsig11:DEREncodedKeyValue>{spki}</dsig11:DEREncodedKeyValue>");
        let name = "<ds:KeyName>sender</ds:KeyName>";
        assert_eq!(
            in_key_info(&value, |info| keyring.originator(info)),
            Some(one.public().clone())
        );
        assert_eq!(in_key_info(name, |info| keyring.originator(info)), None);
        keyring.add_originator(other.public().clone());
        assert_eq!(
            in_key_info(&value, |info| keyring.originator(info)),
            Some(one.public().clone())
        );
        assert_eq!(
            in_key_info(name, |info| keyring.originator(info)),
            Some(other.public().clone())
        );
    }
}
