//! What nobody signed, written anew: elements and attributes of ours, with values that were proven or that led to what was.

use super::bounded::Bounded;
use super::named::Named;
use super::proven::Proven;
use super::start::{declared, named};
use super::{Described, not_kept, not_known, not_needed};
use crate::c14n::{self, Sink as _};
use crate::crypto::{Certificate, encode_base64, same_name};
use crate::dsig::Covered;
use crate::policy::{NotKept, Unmet};
use crate::token::x509::{BASE64_BINARY, ValueType, X509Token, base64_of};
use crate::token::{X509Hint, username, x509_data};
use crate::trust::Owner;
use crate::wss::{self, Pointer, SamlVersion, TokenReference};
use crate::xml::{Element, Namespace, escape_attribute, escape_text};

/// Writes one after the other.
pub(super) struct Anew<'a> {
    pub(super) proven: &'a Proven,
    pub(super) named: &'a Named,
    pub(super) octets: &'a mut Bounded,
}

impl Anew<'_> {
    fn put(&mut self, text: &str) {
        self.octets.put(text.as_bytes());
    }

    /// `<prefix:local xmlns:prefix="…"`, with `attributes`.
    fn open(&mut self, own: Prefix<'_>, local: &str, attributes: &[Attribute<'_>]) {
        self.put(&format!("<{}", named(own.0, local)));
        let mut prefixes = vec![own];
        for (prefix, _, _) in attributes {
            prefixes.extend(prefix.filter(|prefix| !prefixes.contains(prefix)));
        }
        for (prefix, namespace) in prefixes {
            self.put(&format!(" {}", declared(prefix, namespace.uri())));
        }
        for (prefix, local, value) in attributes {
            let name = named(prefix.map_or("", |(prefix, _)| prefix), local);
            self.put(&format!(" {name}=\"{}\"", escape_attribute(value)));
        }
        self.put(">");
    }

    fn leaf(&mut self, own: Prefix<'_>, local: &str, attributes: &[Attribute<'_>], text: &str) {
        self.open(own, local, attributes);
        self.put(&escape_text(text));
        self.close(own.0, local);
    }

    fn close(&mut self, prefix: &str, local: &str) {
        self.put(&format!("</{}>", named(prefix, local)));
    }

    /// The ds:Signature of `covered`: its SignedInfo in the octets that were signed, its value, and what led to the key of `owner`, if anything there did.
    ///
    /// # Errors
    /// Its KeyInfo says more.
    pub(super) fn signature(&mut self, covered: &Covered<'_>, owner: &Owner) -> Result<(), Unmet> {
        let (signed_info, form) = covered.signed_info();
        // That of what was signed, which forms of canonicalization that are not exclusive would else find beside it.
        let prefix = signed_info.prefix();
        let id = self.named.id(covered.signature());
        let attributes: Vec<Attribute<'_>> = id.iter().map(|id| (None, "Id", id.as_str())).collect();
        self.open((prefix, Namespace::DS), "Signature", &attributes);
        let written = c14n::element(signed_info, form, None, self.octets);
        written.map_err(|_| not_kept(covered.signature(), NotKept::TooLong(self.octets.most())))?;
        let value = encode_base64(covered.value());
        self.leaf((prefix, Namespace::DS), "SignatureValue", &[], &value);
        if let Some(key_info) = covered.signature().child(Namespace::DS, "KeyInfo") {
            let proven = Proven::of_one(owner);
            let mut own = Anew {
                proven: &proven,
                named: self.named,
                octets: &mut *self.octets,
            };
            own.key_info(key_info, Described::by(owner))?;
        }
        self.close(prefix, "Signature");
        Ok(())
    }

    fn key_info(&mut self, key_info: Element<'_>, described: Described) -> Result<(), Unmet> {
        let mut children = key_info.children();
        let Some(child) = children.next() else {
            return Ok(());
        };
        if let Some(second) = children.next() {
            return Err(not_needed(second));
        }
        self.open(DS, "KeyInfo", &[]);
        if child.is(Namespace::DS, "X509Data") {
            let hint = x509_data(child).map_err(|_| not_needed(child))?;
            self.x509_data(child, &hint, described)?;
        } else if child.is(Namespace::WSSE, "SecurityTokenReference") && described == Described::Followed {
            let reference = TokenReference::read(child, &mut Vec::new()).map_err(|_| not_needed(child))?;
            self.reference(&reference, described)?;
        } else {
            return Err(not_needed(child));
        }
        self.close(DS.0, "KeyInfo");
        Ok(())
    }

    /// A SecurityTokenReference, if it is one way to a key or token that was `described`.
    ///
    /// # Errors
    /// It says more.
    pub(super) fn reference(
        &mut self,
        reference: &TokenReference<'_>,
        described: Described,
    ) -> Result<(), Unmet> {
        let element = reference.element();
        let id = self.named.id(element);
        let mut attributes: Vec<Attribute<'_>> = Vec::new();
        attributes.extend(id.iter().map(|id| (Some(WSU), "Id", id.as_str())));
        if let Some(token_type) = reference.token_type() {
            let known = token_types().find(|known| *known == token_type);
            attributes.push((
                Some(WSSE11),
                "TokenType",
                known.ok_or_else(|| not_needed(element))?,
            ));
        }
        self.open(WSSE, "SecurityTokenReference", &attributes);
        match reference.pointer() {
            Pointer::Direct { id, value_type } => {
                let uri = format!("#{id}");
                let mut attributes: Vec<Attribute<'_>> = vec![(None, "URI", uri.as_str())];
                if let Some(value_type) = value_type {
                    let known = token_types().find(|known| known == value_type);
                    attributes.push((None, "ValueType", known.ok_or_else(|| not_needed(element))?));
                }
                self.leaf(WSSE, "Reference", &attributes, "");
            }
            Pointer::SamlId { version, id } => {
                let attributes = [(None, "ValueType", version.identifier_type())];
                self.leaf(WSSE, "KeyIdentifier", &attributes, id);
            }
            Pointer::Certificate(der) if self.proven.knows(std::slice::from_ref(der)) => {
                self.key_identifier(ValueType::X509v3.uri(), der);
            }
            Pointer::Certificate(_) => return Err(not_known(element)),
            Pointer::X509Data(hint) => self.x509_data(element, hint, described)?,
            Pointer::SubjectKeyIdentifier(identifier) if described == Described::Followed => {
                self.key_identifier(wss::SUBJECT_KEY_IDENTIFIER, identifier);
            }
            Pointer::ThumbprintSha1(thumbprint) if described == Described::Followed => {
                self.key_identifier(wss::THUMBPRINT_SHA1, thumbprint);
            }
            Pointer::SubjectKeyIdentifier(_)
            | Pointer::ThumbprintSha1(_)
            | Pointer::EncryptedKeySha1(_)
            | Pointer::Embedded(_) => return Err(not_needed(element)),
        }
        self.close(WSSE.0, "SecurityTokenReference");
        Ok(())
    }

    fn key_identifier(&mut self, value_type: &str, value: &[u8]) {
        let attributes = [
            (None, "ValueType", value_type),
            (None, "EncodingType", BASE64_BINARY),
        ];
        self.leaf(WSSE, "KeyIdentifier", &attributes, &encode_base64(value));
    }

    /// Certificates of a path that was trusted, or one description of a certificate that was `described`.
    fn x509_data(
        &mut self,
        element: Element<'_>,
        hint: &X509Hint,
        described: Described,
    ) -> Result<(), Unmet> {
        let descriptions = hint
            .subject_key_identifiers
            .len()
            .saturating_add(hint.digests.len())
            .saturating_add(hint.issuer_serials.len())
            .saturating_add(hint.subjects.len());
        // Which of two counts, readers need not agree.
        let several = descriptions > 1 || descriptions == 1 && !hint.certificates.is_empty();
        let crl = element
            .descendants()
            .any(|child| child.is(Namespace::DS, "X509CRL"));
        let asked = described == Described::Followed || descriptions == 0;
        if several || crl || !asked {
            return Err(not_needed(element));
        }
        // Readers that ask for no order take the first for the signer's.
        let certificates = self.proven.in_order(&hint.certificates);
        let certificates = certificates.ok_or_else(|| not_known(element))?;
        self.open(DS, "X509Data", &[]);
        for der in certificates {
            self.leaf(DS, "X509Certificate", &[], &encode_base64(der));
        }
        for identifier in &hint.subject_key_identifiers {
            self.leaf(DS, "X509SKI", &[], &encode_base64(identifier));
        }
        for (algorithm, digest) in &hint.digests {
            let attributes = [(None, "Algorithm", algorithm.uri())];
            self.leaf(DSIG11, "X509Digest", &attributes, &encode_base64(digest));
        }
        // Names are written in many ways: in that of the certificate (XML Signature 1.1 §4.5.4.1).
        for known in &hint.issuer_serials {
            let meant = |certificate: &Certificate| {
                certificate.serial() == known.serial && same_name(&known.issuer, certificate.issuer())
            };
            let certificate = self.proven.find(meant).ok_or_else(|| not_known(element))?;
            self.open(DS, "X509IssuerSerial", &[]);
            self.leaf(DS, "X509IssuerName", &[], certificate.issuer());
            self.leaf(DS, "X509SerialNumber", &[], certificate.serial());
            self.close(DS.0, "X509IssuerSerial");
        }
        for subject in &hint.subjects {
            let certificate = self.proven.find(|one| same_name(subject, one.subject()));
            let certificate = certificate.ok_or_else(|| not_known(element))?;
            self.leaf(DS, "X509SubjectName", &[], certificate.subject());
        }
        self.close(DS.0, "X509Data");
        Ok(())
    }

    /// A BinarySecurityToken that something refers to, if it holds certificates of a path that was trusted and nothing more.
    ///
    /// # Errors
    /// Nothing refers to it, or it holds more.
    pub(super) fn token(&mut self, token: &X509Token<'_>) -> Result<(), Unmet> {
        let element = token.element();
        let Some(id) = self.named.id(element) else {
            return Err(not_needed(element));
        };
        let of_certificates = matches!(token.value_type(), ValueType::X509v3 | ValueType::X509PkiPathV1);
        let known = of_certificates && self.proven.knows(token.certificates());
        // A path stands there whole.
        let value = base64_of(element).ok().filter(|_| known);
        let value = value.ok_or_else(|| not_known(element))?;
        if token.value_type() == ValueType::X509PkiPathV1 && !self.proven.are_path(token.certificates()) {
            return Err(not_kept(element, NotKept::PathOrder(element.path())));
        }
        let attributes = [
            (Some(WSU), "Id", id.as_str()),
            (None, "ValueType", token.value_type().uri()),
            (None, "EncodingType", BASE64_BINARY),
        ];
        let value = encode_base64(&value);
        self.leaf(WSSE, "BinarySecurityToken", &attributes, &value);
        Ok(())
    }
}

/// A prefix and what it means.
type Prefix<'a> = (&'a str, Namespace);

/// An attribute: its prefix if it has a namespace, its local name and its value.
type Attribute<'a> = (Option<Prefix<'static>>, &'a str, &'a str);

const DS: Prefix<'_> = ("ds", Namespace::DS);
const DSIG11: Prefix<'_> = ("dsig11", Namespace::DSIG11);
const WSSE: Prefix<'_> = ("wsse", Namespace::WSSE);
const WSSE11: Prefix<'_> = ("wsse11", Namespace::WSSE11);
const WSU: Prefix<'_> = ("wsu", Namespace::WSU);

/// What a reference may say that it leads to.
fn token_types() -> impl Iterator<Item = &'static str> {
    let certificates = [ValueType::X509v3, ValueType::X509PkiPathV1, ValueType::Pkcs7];
    let assertions = [SamlVersion::Saml11, SamlVersion::Saml20];
    let certificates = certificates.into_iter().map(ValueType::uri);
    certificates
        .chain(assertions.into_iter().map(SamlVersion::token_type))
        .chain([username::TOKEN_TYPE])
}
