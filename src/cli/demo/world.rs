use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::exit::Stop;
use crate::crypto::Certificate;
use crate::crypto::CertificateRole;
use crate::crypto::Curve;
use crate::crypto::NewCertificate;
use crate::crypto::PrivateKey;
use crate::crypto::SigningKey;
use crate::crypto::issue;

use super::saml;

/// Everybody in the demonstration, with keys that were made for it.
pub(super) struct World {
    /// Whom the gateway trusts to name partners.
    pub(super) authority: Party,
    /// A partner with an RSA key.
    pub(super) alpha: Party,
    /// A partner with an elliptic-curve key.
    pub(super) beta: Party,
    /// Issues assertions; the gateway has its metadata.
    pub(super) identity_provider: Party,
    /// Somebody whom only the identity provider knows.
    pub(super) carol: Party,
    /// The gateway itself.
    pub(super) gateway: Party,
    /// Has alpha's name, from an authority of the same name as ours, which nobody trusts.
    pub(super) stranger: Party,
}

/// A key and its certificate.
pub(super) struct Party {
    pub(super) certificate: Certificate,
    pub(super) key: PrivateKey,
}

impl Party {
    /// What it signs with.
    pub(super) fn signing_key(&self) -> SigningKey {
        self.key.clone().into()
    }
}

impl World {
    /// Makes all keys and certificates, good from an hour before `now` for a year.
    pub(super) fn make(now: DateTime<Utc>) -> Result<Self, Stop> {
        let maker = Maker {
            not_before: now.checked_sub_signed(TimeDelta::hours(2)).unwrap_or(now),
            not_after: now.checked_add_signed(TimeDelta::days(365)).unwrap_or(now),
        };
        let authority = maker.party(
            "Demo CA",
            "Sealgate Demo",
            CertificateRole::Authority,
            rsa()?,
            None,
        )?;
        let false_authority = maker.party(
            "Demo CA",
            "Sealgate Demo",
            CertificateRole::Authority,
            ec()?,
            None,
        )?;
        let signed = |name, organization, key| {
            maker.party(name, organization, CertificateRole::Signer, key, Some(&authority))
        };
        let alone =
            |name, organization, key| maker.party(name, organization, CertificateRole::Signer, key, None);
        Ok(Self {
            alpha: signed("alpha.example", "Alpha", rsa()?)?,
            beta: signed("beta.example", "Beta", ec()?)?,
            identity_provider: alone("idp.example", "Identity", rsa()?)?,
            carol: alone("carol", "Nobody", ec()?)?,
            gateway: maker.party(
                "gateway.example",
                "Sealgate Demo",
                CertificateRole::Server,
                rsa()?,
                Some(&authority),
            )?,
            stranger: maker.party(
                "alpha.example",
                "Alpha",
                CertificateRole::Signer,
                ec()?,
                Some(&false_authority),
            )?,
            authority,
        })
    }

    /// Writes what the gateway, and whoever explores, needs as files.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Stop> {
        let keys = folder.join("keys");
        fs::create_dir_all(&keys).map_err(|error| failed(&keys, &error))?;
        let parties = [
            ("ca", &self.authority),
            ("alpha", &self.alpha),
            ("beta", &self.beta),
            ("idp", &self.identity_provider),
            ("carol", &self.carol),
            ("gateway", &self.gateway),
            ("stranger", &self.stranger),
        ];
        for (name, party) in parties {
            write(
                &keys.join(format!("{name}.pem")),
                party.certificate.to_pem().as_bytes(),
            )?;
            write(
                &keys.join(format!("{name}.key.pem")),
                &party.key.to_pem().map_err(Stop::failed)?,
            )?;
        }
        let metadata = saml::metadata(&self.identity_provider);
        write(&keys.join("idp-metadata.xml"), metadata.as_bytes())
    }
}

struct Maker {
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

impl Maker {
    fn party(
        &self,
        common_name: &str,
        organization: &str,
        role: CertificateRole,
        key: PrivateKey,
        issuer: Option<&Party>,
    ) -> Result<Party, Stop> {
        let new = NewCertificate {
            common_name,
            organization,
            role,
            hosts: match role {
                CertificateRole::Server => &["localhost", "127.0.0.1"],
                CertificateRole::Authority | CertificateRole::Signer => &[],
            },
            not_before: self.not_before,
            not_after: self.not_after,
        };
        let issuer = issuer.map(|issuer| (&issuer.certificate, &issuer.key));
        let certificate = issue(&new, &key, issuer).map_err(Stop::failed)?;
        Ok(Party { certificate, key })
    }
}

fn rsa() -> Result<PrivateKey, Stop> {
    PrivateKey::generate_rsa(2048).map_err(Stop::failed)
}

fn ec() -> Result<PrivateKey, Stop> {
    PrivateKey::generate_ec(Curve::P256).map_err(Stop::failed)
}

/// Writes a new file that nobody else may read, as there are keys among them. What is there already is left alone.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(path)
        .and_then(|mut file| io::Write::write_all(&mut file, bytes));
    written.map_err(|error| failed(path, &error))
}

pub(super) fn failed(path: &Path, error: &io::Error) -> Stop {
    Stop::failed(format_args!("{}: {error}", path.display()))
}
