//! Certificates of our own making, for demonstrations: nothing that faces anybody else should be trusted because of them.

use std::net::IpAddr;

use chrono::DateTime;
use chrono::Utc;
use openssl::asn1::Asn1Integer;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKeyRef;
use openssl::pkey::Private;
use openssl::x509::X509;
use openssl::x509::X509Builder;
use openssl::x509::X509Name;
use openssl::x509::X509NameBuilder;
use openssl::x509::extension::AuthorityKeyIdentifier;
use openssl::x509::extension::BasicConstraints;
use openssl::x509::extension::ExtendedKeyUsage;
use openssl::x509::extension::KeyUsage;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::extension::SubjectKeyIdentifier;

use super::Certificate;
#[cfg(feature = "second_opinion")]
use super::Curve;
use super::PrivateKey;
use super::PublicKey;
use super::Unavailable;
use super::random_bytes;

/// What a new certificate says.
#[derive(Clone, Copy, Debug)]
pub struct NewCertificate<'n> {
    /// The common name of the subject.
    pub common_name: &'n str,
    /// The organization of the subject.
    pub organization: &'n str,
    /// What the key is for.
    pub role: CertificateRole,
    /// Host names and IP addresses of the subject.
    pub hosts: &'n [&'n str],
    /// From when it holds.
    pub not_before: DateTime<Utc>,
    /// Until when it holds.
    pub not_after: DateTime<Utc>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateRole {
    /// It issues certificates.
    Authority,
    /// It signs messages.
    Signer,
    /// It is a TLS server's, and signs messages.
    Server,
}

/// Issues a certificate for `key`, signed by `issuer` with SHA-256, or by `key` itself.
///
/// # Errors
///
/// [`Unavailable`] when the crypto library fails.
pub fn issue(
    new: &NewCertificate<'_>,
    key: &PrivateKey,
    issuer: Option<(&Certificate, &PrivateKey)>,
) -> Result<Certificate, Unavailable> {
    let failed = |error| Unavailable::new("a certificate", error);
    let serial = random_bytes(16)?;
    let signer = issuer.map_or(key, |(_, key)| key).openssl()?;
    let issuer = issuer.map(|(certificate, _)| certificate);
    let der = build(new, key.public(), issuer, signer, &serial).map_err(failed)?;
    Certificate::from_der(&der).map_err(|_| failed(ErrorStack::get()))
}

fn build(
    new: &NewCertificate<'_>,
    key: &PublicKey,
    issuer: Option<&Certificate>,
    signer: &PKeyRef<Private>,
    serial: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = BigNum::from_slice(serial)?;
    // Positive, and of at most 20 octets (RFC 5280 §4.1.2.2).
    serial.set_bit(120)?;
    builder.set_serial_number(Asn1Integer::from_bn(&serial)?.as_ref())?;
    builder.set_not_before(Asn1Time::from_unix(new.not_before.timestamp())?.as_ref())?;
    builder.set_not_after(Asn1Time::from_unix(new.not_after.timestamp())?.as_ref())?;
    let subject = name(new)?;
    builder.set_subject_name(&subject)?;
    builder.set_pubkey(key.openssl())?;
    let issuer_x509 = issuer
        .map(|certificate| X509::from_der(certificate.der()))
        .transpose()?;
    builder.set_issuer_name(
        issuer_x509
            .as_ref()
            .map_or(&*subject, |issuer| issuer.subject_name()),
    )?;
    extend(&mut builder, new, issuer_x509.as_ref())?;
    builder.sign(signer, MessageDigest::sha256())?;
    builder.build().to_der()
}

/// A certificate around `key`, for software that takes keys in no other form. It says nothing: nobody's name, a second of
/// validity, and the signature of a key that nobody keeps.
///
/// # Errors
///
/// [`Unavailable`] when the crypto library fails.
#[cfg(feature = "second_opinion")]
pub(crate) fn certificate_around(key: &PublicKey) -> Result<Vec<u8>, Unavailable> {
    let failed = |error| Unavailable::new("a certificate", error);
    let passing = PrivateKey::generate_ec(Curve::P256).map_err(|error| Unavailable::new("a key", error))?;
    let signer = passing.openssl()?;
    let build = || {
        let mut builder = X509Builder::new()?;
        builder.set_version(2)?;
        builder.set_serial_number(Asn1Integer::from_bn(BigNum::from_u32(1)?.as_ref())?.as_ref())?;
        builder.set_not_before(Asn1Time::from_unix(0)?.as_ref())?;
        builder.set_not_after(Asn1Time::from_unix(1)?.as_ref())?;
        builder.set_pubkey(key.openssl())?;
        builder.sign(signer, MessageDigest::sha256())?;
        builder.build().to_der()
    };
    build().map_err(failed)
}

fn name(new: &NewCertificate<'_>) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("O", new.organization)?;
    name.append_entry_by_text("CN", new.common_name)?;
    Ok(name.build())
}

fn extend(
    builder: &mut X509Builder,
    new: &NewCertificate<'_>,
    issuer: Option<&X509>,
) -> Result<(), ErrorStack> {
    let mut constraints = BasicConstraints::new();
    let mut usage = KeyUsage::new();
    constraints.critical();
    usage.critical();
    if new.role == CertificateRole::Authority {
        constraints.ca();
        usage.key_cert_sign().crl_sign();
    } else {
        usage.digital_signature();
    }
    builder.append_extension(constraints.build()?)?;
    builder.append_extension(usage.build()?)?;
    if new.role == CertificateRole::Server {
        builder.append_extension(ExtendedKeyUsage::new().server_auth().client_auth().build()?)?;
    }
    let context = builder.x509v3_context(issuer.map(|issuer| &**issuer), None);
    let own = SubjectKeyIdentifier::new().build(&context)?;
    builder.append_extension(own)?;
    if issuer.is_some() {
        let context = builder.x509v3_context(issuer.map(|issuer| &**issuer), None);
        let authority = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(authority)?;
    }
    if !new.hosts.is_empty() {
        let mut names = SubjectAlternativeName::new();
        for host in new.hosts {
            match host.parse::<IpAddr>() {
                Ok(_) => names.ip(host),
                Err(_) => names.dns(host),
            };
        }
        let context = builder.x509v3_context(issuer.map(|issuer| &**issuer), None);
        let names = names.build(&context)?;
        builder.append_extension(names)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::crypto::Curve;

    fn new(common_name: &str, role: CertificateRole) -> NewCertificate<'_> {
        NewCertificate {
            common_name,
            organization: "Example",
            role,
            hosts: &["localhost", "127.0.0.1"],
            not_before: DateTime::UNIX_EPOCH,
            not_after: "2046-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_certificate_says_what_was_asked_for_and_leads_to_its_issuer() {
        let (ca_key, key) = (
            PrivateKey::generate_ec(Curve::P256).unwrap(),
            PrivateKey::generate_ec(Curve::P256).unwrap(),
        );
        let ca = issue(&new("CA", CertificateRole::Authority), &ca_key, None).unwrap();
        let server = issue(&new("s", CertificateRole::Server), &key, Some((&ca, &ca_key))).unwrap();
        assert!(ca.is_ca() && ca.is_self_issued() && !server.is_ca());
        assert_eq!(server.subject(), "CN=s,O=Example");
        assert_eq!(server.issuer(), "CN=CA,O=Example");
        assert_eq!(server.public_key(), key.public());
        assert!(server.is_signed_by(ca_key.public()) && !server.is_signed_by(key.public()));
        assert_eq!(server.authority_key_identifier(), ca.subject_key_identifier());
        assert_eq!(server.subject_alternative_names().len(), 2);
        assert!(server.has_positive_serial() && server.serial() != ca.serial());
        assert_eq!(server.not_before(), DateTime::UNIX_EPOCH);
    }
}
