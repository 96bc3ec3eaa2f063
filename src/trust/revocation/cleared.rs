use std::fmt;

use crate::crypto::{Crl, Fingerprint, OcspResponse};

/// What cleared a certificate: proof that was current at the time, and not the only one there may be. Or, where a certificate was revoked, what says so.
#[derive(Clone)]
pub enum ClearedBy {
    /// A CRL that covers it and does not list it.
    Crl(Crl),
    /// An OCSP response that calls it good.
    Ocsp(OcspResponse),
}

impl ClearedBy {
    /// SHA-256 of its DER.
    pub fn sha256(&self) -> &Fingerprint {
        match self {
            Self::Crl(crl) => crl.sha256(),
            Self::Ocsp(response) => response.sha256(),
        }
    }

    /// Its DER. `None` if the crypto library cannot write it.
    pub fn der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Crl(crl) => crl.der(),
            Self::Ocsp(response) => Some(response.der().to_vec()),
        }
    }
}

impl fmt::Debug for ClearedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Crl(_) => "Crl",
            Self::Ocsp(_) => "Ocsp",
        };
        f.debug_tuple(kind).field(self.sha256()).finish()
    }
}

impl PartialEq for ClearedBy {
    fn eq(&self, other: &Self) -> bool {
        self.sha256() == other.sha256()
    }
}

impl Eq for ClearedBy {}
