//! Certificates, CRLs and OCSP responses made for a test, with whatever is wrong with them.

use chrono::DateTime;
use chrono::Utc;
use openssl::asn1::Asn1Integer;
use openssl::asn1::Asn1Object;
use openssl::asn1::Asn1OctetString;
use openssl::asn1::Asn1Time;
use openssl::asn1::Asn1Type;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::Id;
use openssl::pkey::PKey;
use openssl::pkey::Private;
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::X509;
use openssl::x509::X509Builder;
use openssl::x509::X509Extension;
use openssl::x509::X509Name;
use openssl::x509::X509NameBuilder;
use sealgate::crypto::Certificate;
use sealgate::crypto::Crl;
use sealgate::crypto::OcspResponse;

/// Somebody with a key and a certificate.
pub struct Party {
    pub certificate: Certificate,
    pub key: PKey<Private>,
    pub name: X509Name,
}

/// What a certificate will say.
pub struct Plan {
    subject: X509Name,
    serial: BigNum,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    extensions: Vec<X509Extension>,
    hash: MessageDigest,
    version: i32,
    key: PKey<Private>,
}

pub fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// The time that tests judge at if time is not what they are about.
pub fn now() -> DateTime<Utc> {
    at("2026-06-01T00:00:00Z")
}

/// `CN=…,O=Test`
pub fn common_name(name: &str) -> X509Name {
    names(&[(Nid::ORGANIZATIONNAME, "Test"), (Nid::COMMONNAME, name)])
}

pub fn names(entries: &[(Nid, &str)]) -> X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    for (nid, value) in entries {
        builder
            .append_entry_by_nid_with_type(*nid, value, Asn1Type::UTF8STRING)
            .unwrap();
    }
    builder.build()
}

pub fn plan(name: &str) -> Plan {
    Plan {
        subject: common_name(name),
        serial: BigNum::from_u32(4711).unwrap(),
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2026-12-31T23:59:59Z"),
        extensions: Vec::new(),
        hash: MessageDigest::sha256(),
        version: 2,
        key: PKey::ec_gen("P-256").unwrap(),
    }
}

/// A CA of that name with its own signature.
pub fn root(name: &str) -> Party {
    plan(name).ca(None).self_signed()
}

impl Plan {
    pub fn subject(mut self, subject: X509Name) -> Self {
        self.subject = subject;
        self
    }

    pub fn serial(mut self, serial: i32) -> Self {
        self.serial = BigNum::from_u32(serial.unsigned_abs()).unwrap();
        self.serial.set_negative(serial < 0);
        self
    }

    pub fn long_serial(mut self, serial: &[u8]) -> Self {
        self.serial = BigNum::from_slice(serial).unwrap();
        self
    }

    pub fn valid(mut self, not_before: &str, not_after: &str) -> Self {
        (self.not_before, self.not_after) = (at(not_before), at(not_after));
        self
    }

    pub fn hash(mut self, hash: MessageDigest) -> Self {
        self.hash = hash;
        self
    }

    /// As in the certificate: one less than what people say.
    pub fn version(mut self, version: i32) -> Self {
        self.version = version;
        self
    }

    pub fn rsa(mut self, bits: u32) -> Self {
        self.key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        self
    }

    pub fn key_of(mut self, party: &Party) -> Self {
        self.key = party.key.clone();
        self
    }

    pub fn key(mut self, key: PKey<Private>) -> Self {
        self.key = key;
        self
    }

    pub fn extension(mut self, oid: &str, critical: bool, value: &[u8]) -> Self {
        let oid = Asn1Object::from_str(oid).unwrap();
        let value = Asn1OctetString::new_from_bytes(value).unwrap();
        self.extensions
            .push(X509Extension::new_from_der(&oid, critical, &value).unwrap());
        self
    }

    pub fn ca(self, path_length: Option<u8>) -> Self {
        let length = path_length
            .map(|length| vec![0x02, 1, length])
            .unwrap_or_default();
        let value = sequence(&[&[0x01, 1, 0xff], &*length]);
        self.extension("2.5.29.19", true, &value)
    }

    /// keyUsage, the first bit being the highest of the first byte.
    pub fn key_usage(self, bits: u8) -> Self {
        self.extension("2.5.29.15", true, &tlv(0x03, &[0, bits]))
    }

    pub fn purposes(self, oids: &[&str]) -> Self {
        let oids: Vec<Vec<u8>> = oids.iter().map(|text| oid(text)).collect();
        let oids: Vec<&[u8]> = oids.iter().map(Vec::as_slice).collect();
        self.extension("2.5.29.37", false, &sequence(&oids))
    }

    /// subjectAltName with these GeneralNames.
    pub fn names(self, names: &[Vec<u8>]) -> Self {
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        self.extension("2.5.29.17", false, &sequence(&names))
    }

    pub fn name_constraints(self, permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Self {
        let side = |tag, names: &[Vec<u8>]| {
            let subtrees: Vec<u8> = names.iter().flat_map(|name| sequence(&[name])).collect();
            if names.is_empty() {
                Vec::new()
            } else {
                tlv(tag, &subtrees)
            }
        };
        let value = sequence(&[&side(0xa0, permitted), &side(0xa1, excluded)]);
        self.extension("2.5.29.30", true, &value)
    }

    /// cRLDistributionPoints with one URI.
    pub fn crl_at(self, uri: &str) -> Self {
        self.extension("2.5.29.31", false, &sequence(&[&sequence(&[&point(uri)])]))
    }

    pub fn ocsp_at(self, url: &str) -> Self {
        let description = sequence(&[&oid("1.3.6.1.5.5.7.48.1"), &uri(url)]);
        self.extension("1.3.6.1.5.5.7.1.1", false, &sequence(&[&description]))
    }

    pub fn key_identifier(self, identifier: &[u8]) -> Self {
        self.extension("2.5.29.14", false, &tlv(0x04, identifier))
    }

    pub fn authority_key_identifier(self, identifier: &[u8]) -> Self {
        self.extension("2.5.29.35", false, &sequence(&[&tlv(0x80, identifier)]))
    }

    pub fn self_signed(self) -> Party {
        let (name, key) = (self.subject.to_owned().unwrap(), self.key.clone());
        self.issued(&name, &key)
    }

    pub fn issued_by(self, issuer: &Party) -> Party {
        self.issued(&issuer.name, &issuer.key)
    }

    pub fn issued(self, issuer: &openssl::x509::X509NameRef, issuer_key: &PKey<Private>) -> Party {
        let x509 = self.build(issuer, issuer_key);
        Party {
            certificate: Certificate::from_der(&x509.to_der().unwrap()).unwrap(),
            key: self.key,
            name: self.subject,
        }
    }

    /// The bytes alone, for certificates that are refused when they are read.
    pub fn der(&self) -> Vec<u8> {
        self.build(&self.subject, &self.key).to_der().unwrap()
    }

    fn build(&self, issuer: &openssl::x509::X509NameRef, issuer_key: &PKey<Private>) -> X509 {
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(self.version).unwrap();
        builder
            .set_serial_number(&Asn1Integer::from_bn(&self.serial).unwrap())
            .unwrap();
        builder.set_subject_name(&self.subject).unwrap();
        builder.set_issuer_name(issuer).unwrap();
        builder
            .set_not_before(&Asn1Time::from_unix(self.not_before.timestamp()).unwrap())
            .unwrap();
        builder
            .set_not_after(&Asn1Time::from_unix(self.not_after.timestamp()).unwrap())
            .unwrap();
        builder.set_pubkey(&self.key).unwrap();
        for extension in &self.extensions {
            builder.append_extension2(extension).unwrap();
        }
        builder.sign(issuer_key, self.hash).unwrap();
        builder.build()
    }
}

/// What a CRL will say.
#[derive(Clone)]
pub struct CrlPlan {
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    entries: Vec<u8>,
    extensions: Vec<u8>,
    hash: MessageDigest,
}

pub fn crl(this_update: &str, next_update: &str) -> CrlPlan {
    CrlPlan {
        this_update: at(this_update),
        next_update: Some(at(next_update)),
        entries: Vec::new(),
        extensions: Vec::new(),
        hash: MessageDigest::sha256(),
    }
}

/// A CRL that is good for the month around [`now`].
pub fn current_crl() -> CrlPlan {
    crl("2026-05-15T00:00:00Z", "2026-06-15T00:00:00Z")
}

impl CrlPlan {
    pub fn revoking(self, party: &Party, since: &str) -> Self {
        self.entry(party.certificate.serial_bytes(), since, &[])
    }

    /// An entry with these extensions, each made by [`extension`].
    pub fn entry(mut self, serial: &[u8], since: &str, extensions: &[&[u8]]) -> Self {
        let list = if extensions.is_empty() {
            Vec::new()
        } else {
            sequence(extensions)
        };
        self.entries
            .extend(sequence(&[&tlv(2, serial), &time(at(since)), &list]));
        self
    }

    pub fn without_next_update(mut self) -> Self {
        self.next_update = None;
        self
    }

    pub fn hash(mut self, hash: MessageDigest) -> Self {
        self.hash = hash;
        self
    }

    pub fn extension(mut self, oid: &str, critical: bool, value: &[u8]) -> Self {
        self.extensions.extend(extension(oid, critical, value));
        self
    }

    pub fn signed_by(self, issuer: &Party) -> Crl {
        Crl::from_der(&self.der(issuer)).unwrap()
    }

    /// Written by hand, as the crypto library makes good CRLs only.
    pub fn der(&self, issuer: &Party) -> Vec<u8> {
        let algorithm = match (issuer.key.id(), self.hash.type_()) {
            (Id::EC, Nid::SHA256) => sequence(&[&oid("1.2.840.10045.4.3.2")]),
            (Id::RSA, Nid::SHA256) => sequence(&[&oid("1.2.840.113549.1.1.11"), &[5, 0]]),
            (Id::RSA, Nid::SHA1) => sequence(&[&oid("1.2.840.113549.1.1.5"), &[5, 0]]),
            (Id::RSA, Nid::MD5) => sequence(&[&oid("1.2.840.113549.1.1.4"), &[5, 0]]),
            other => panic!("{other:?}"),
        };
        let name = issuer.name.to_der().unwrap();
        let next = self.next_update.map(time).unwrap_or_default();
        let entries = if self.entries.is_empty() {
            Vec::new()
        } else {
            tlv(0x30, &self.entries)
        };
        let extensions = tlv(0xa0, &tlv(0x30, &self.extensions));
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            extensions
        };
        let tbs = [
            &[2, 1, 1],
            &*algorithm,
            &name,
            &time(self.this_update),
            &next,
            &entries,
            &extensions,
        ];
        let tbs = sequence(&tbs);
        let mut signer = Signer::new(self.hash, &issuer.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&tbs).unwrap();
        sequence(&[&tbs, &algorithm, &tlv(3, &[&[0][..], &signature].concat())])
    }
}

/// What an OCSP response with one answer will say.
#[derive(Clone)]
pub struct OcspPlan {
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    status: Vec<u8>,
    hash: MessageDigest,
    id_hash: MessageDigest,
    extensions: Vec<u8>,
    certificates: Vec<Vec<u8>>,
}

/// A good answer for the month around [`now`].
pub fn answer() -> OcspPlan {
    OcspPlan {
        this_update: at("2026-05-15T00:00:00Z"),
        next_update: Some(at("2026-06-15T00:00:00Z")),
        status: tlv(0x80, &[]),
        hash: MessageDigest::sha256(),
        id_hash: MessageDigest::sha1(),
        extensions: Vec::new(),
        certificates: Vec::new(),
    }
}

impl OcspPlan {
    pub fn valid(mut self, this_update: &str, next_update: Option<&str>) -> Self {
        (self.this_update, self.next_update) = (at(this_update), next_update.map(at));
        self
    }

    pub fn revoked(mut self, since: &str) -> Self {
        self.status = tlv(0xa1, &generalized(at(since)));
        self
    }

    /// With the reason certificateHold.
    pub fn held(self, since: &str) -> Self {
        self.revoked_for(6, since)
    }

    /// With the CRLReason of this number.
    pub fn revoked_for(mut self, reason: u8, since: &str) -> Self {
        let reason = tlv(0xa0, &[0x0a, 1, reason]);
        self.status = tlv(0xa1, &[generalized(at(since)), reason].concat());
        self
    }

    pub fn unknown(mut self) -> Self {
        self.status = tlv(0x82, &[]);
        self
    }

    pub fn hash(mut self, hash: MessageDigest) -> Self {
        self.hash = hash;
        self
    }

    pub fn id_hash(mut self, hash: MessageDigest) -> Self {
        self.id_hash = hash;
        self
    }

    /// An extension of the answer.
    pub fn extension(mut self, oid: &str, critical: bool, value: &[u8]) -> Self {
        self.extensions.extend(extension(oid, critical, value));
        self
    }

    /// The responder's certificate comes with it.
    pub fn with(mut self, party: &Party) -> Self {
        self.certificates.push(party.certificate.der().to_vec());
        self
    }

    /// About the certificate of `about`, which `issuer` issued.
    pub fn signed_by(self, signer: &Party, about: &Party, issuer: &Party) -> OcspResponse {
        OcspResponse::from_der(&self.der(signer, about, issuer)).unwrap()
    }

    pub fn der(&self, signer: &Party, about: &Party, issuer: &Party) -> Vec<u8> {
        let digest = |bytes: &[u8]| tlv(4, &openssl::hash::hash(self.id_hash, bytes).unwrap());
        // The point is the end of the key of P-256.
        let spki = issuer.key.public_key_to_der().unwrap();
        let key = &spki[spki.len() - 65..];
        let id_hash = match self.id_hash.type_() {
            Nid::SHA1 => oid("1.3.14.3.2.26"),
            Nid::SHA256 => oid("2.16.840.1.101.3.4.2.1"),
            other => panic!("{other:?}"),
        };
        let id = sequence(&[
            &sequence(&[&id_hash, &[5, 0]]),
            &digest(&issuer.name.to_der().unwrap()),
            &digest(key),
            &tlv(2, about.certificate.serial_bytes()),
        ]);
        let wrapped = |tag: u8, contents: Vec<u8>| {
            if contents.is_empty() {
                contents
            } else {
                tlv(tag, &contents)
            }
        };
        let next = wrapped(0xa0, self.next_update.map(generalized).unwrap_or_default());
        let extensions = wrapped(0xa1, wrapped(0x30, self.extensions.clone()));
        let single = sequence(&[
            &id,
            &self.status,
            &generalized(self.this_update),
            &next,
            &extensions,
        ]);
        let responder = tlv(0xa1, &signer.name.to_der().unwrap());
        let data = sequence(&[&responder, &generalized(self.this_update), &sequence(&[&single])]);
        let algorithm = match (signer.key.id(), self.hash.type_()) {
            (Id::EC, Nid::SHA256) => sequence(&[&oid("1.2.840.10045.4.3.2")]),
            (Id::EC, Nid::SHA1) => sequence(&[&oid("1.2.840.10045.4.1")]),
            (Id::RSA, Nid::SHA256) => sequence(&[&oid("1.2.840.113549.1.1.11"), &[5, 0]]),
            other => panic!("{other:?}"),
        };
        let signature = Signer::new(self.hash, &signer.key)
            .unwrap()
            .sign_oneshot_to_vec(&data)
            .unwrap();
        let certificates = wrapped(0xa0, wrapped(0x30, self.certificates.concat()));
        let basic = sequence(&[
            &data,
            &algorithm,
            &tlv(3, &[&[0][..], &signature].concat()),
            &certificates,
        ]);
        let bytes = sequence(&[&oid("1.3.6.1.5.5.7.48.1.1"), &tlv(4, &basic)]);
        sequence(&[&tlv(0x0a, &[0]), &tlv(0xa0, &bytes)])
    }
}

fn generalized(time: DateTime<Utc>) -> Vec<u8> {
    tlv(0x18, time.format("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

/// A UTCTime.
fn time(time: DateTime<Utc>) -> Vec<u8> {
    tlv(0x17, time.format("%y%m%d%H%M%SZ").to_string().as_bytes())
}

/// An Extension in DER.
pub fn extension(name: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    sequence(&[&oid(name), flag, &tlv(4, value)])
}

/// A DistributionPointName's field [0] with a URI, as CRLs and certificates have it.
pub fn point(url: &str) -> Vec<u8> {
    tlv(0xa0, &tlv(0xa0, &uri(url)))
}

pub fn dns(name: &str) -> Vec<u8> {
    tlv(0x82, name.as_bytes())
}

pub fn email(name: &str) -> Vec<u8> {
    tlv(0x81, name.as_bytes())
}

pub fn uri(name: &str) -> Vec<u8> {
    tlv(0x86, name.as_bytes())
}

pub fn ip(bytes: &[u8]) -> Vec<u8> {
    tlv(0x87, bytes)
}

pub fn directory(name: &openssl::x509::X509NameRef) -> Vec<u8> {
    tlv(0xa4, &name.to_der().unwrap())
}

pub fn oid(text: &str) -> Vec<u8> {
    let object = Asn1Object::from_str(text).unwrap();
    tlv(0x06, object.as_slice())
}

pub fn sequence(values: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &values.concat())
}

pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let header = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, contents.to_vec()].concat()
}
