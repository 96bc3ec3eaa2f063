use std::fmt;
use std::path::PathBuf;

use cryptoki::error::{Error as ModuleError, RvError};

use crate::crypto::{CertificateError, KeyError, Unavailable};

/// Why a key in a token cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The module is no C library that speaks PKCS#11.
    Module(PathBuf, String),
    /// No token is as the URI says.
    NoToken,
    /// Several are.
    ManyTokens,
    /// The token does not take the PIN, or takes none any more.
    Pin(String),
    /// No private key in the token is as the URI says.
    NoKey,
    /// Several are.
    ManyKeys,
    /// The token wants its PIN for every use of the key.
    AlwaysAsks,
    /// The token has neither a certificate nor a public key of the same CKA_ID, and no certificate was given.
    NoPublicHalf,
    /// The token has several certificates, or several public keys, of the CKA_ID of the key, and no certificate was given.
    ManyPublicHalves,
    /// The certificate in the token cannot be read.
    Certificate(CertificateError),
    /// The public key in the token cannot be used.
    PublicHalf(KeyError),
    /// What the key does is not undone by the public key of the certificate; or it does nothing that we could use.
    NotProved(String),
    /// Nothing came back in time.
    Silent,
    /// The module refuses something.
    Refused(String),
    /// Our own cryptography does not work.
    Unavailable(Unavailable),
}

impl Error {
    /// Whether trying again does harm: after some wrong PINs a token takes none any more.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Pin(_))
    }

    /// What would be right, for who writes the configuration.
    pub fn instead(&self) -> &'static str {
        match self {
            Self::Module(..) => "name the library of the token in module-path",
            Self::NoToken | Self::ManyTokens => "name one token that is there in token or serial",
            Self::Pin(_) => "write the PIN of the token into the file that pin-source names",
            Self::NoKey | Self::ManyKeys => "name one private key that the token has in object or id",
            Self::AlwaysAsks => "name a key that is used without the PIN each time (CKA_ALWAYS_AUTHENTICATE)",
            Self::NoPublicHalf | Self::ManyPublicHalves | Self::Certificate(_) | Self::PublicHalf(_) => {
                "name the PEM file of the key's certificate"
            }
            Self::NotProved(_) => "name the key of the certificate, or the certificate of the key",
            Self::Silent | Self::Refused(_) | Self::Unavailable(_) => "see that the token is there and works",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(path, why) => {
                write!(f, "the PKCS#11 module {} cannot be loaded: {why}", path.display())
            }
            Self::NoToken => f.write_str("no token is there that the URI names"),
            Self::ManyTokens => f.write_str("several tokens are there that the URI names"),
            Self::Pin(why) => write!(f, "the token does not take the PIN: {why}"),
            Self::NoKey => f.write_str("the token has no private key that the URI names"),
            Self::ManyKeys => f.write_str("the token has several private keys that the URI names"),
            Self::AlwaysAsks => f.write_str("the token asks for its PIN whenever the key is used"),
            Self::NoPublicHalf => {
                f.write_str("the token has neither certificate nor public key with the CKA_ID of the key")
            }
            Self::ManyPublicHalves => {
                f.write_str("the token has several certificates or public keys with the CKA_ID of the key")
            }
            Self::Certificate(error) => write!(f, "the certificate in the token: {error}"),
            Self::PublicHalf(error) => write!(f, "the public key in the token: {error}"),
            Self::NotProved(why) => write!(
                f,
                "the token does nothing with the key that its public half could check: {why}"
            ),
            Self::Silent => f.write_str("the token does not answer"),
            Self::Refused(why) => write!(f, "the token refuses: {why}"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<ModuleError> for Error {
    fn from(error: ModuleError) -> Self {
        let said = error.to_string();
        if matches!(
            error,
            ModuleError::Pkcs11(
                RvError::PinIncorrect
                    | RvError::PinInvalid
                    | RvError::PinLenRange
                    | RvError::PinExpired
                    | RvError::PinLocked
                    | RvError::UserPinNotInitialized,
                _
            )
        ) {
            Self::Pin(said)
        } else {
            Self::Refused(said)
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure.to_string())
    }
}

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// Why a token did not use a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It, or our session with it, is gone.
    Gone(String),
    /// It said no.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(why) | Self::Refused(why) => f.write_str(why),
        }
    }
}

impl From<ModuleError> for Failure {
    /// Only what no ciphertext can bring about counts as gone: modules are free in how they call a wrong one.
    fn from(error: ModuleError) -> Self {
        let said = error.to_string();
        if matches!(
            error,
            ModuleError::Pkcs11(
                RvError::CryptokiNotInitialized
                    | RvError::DeviceRemoved
                    | RvError::KeyHandleInvalid
                    | RvError::ObjectHandleInvalid
                    | RvError::SessionClosed
                    | RvError::SessionHandleInvalid
                    | RvError::SlotIdInvalid
                    | RvError::TokenNotPresent
                    | RvError::TokenNotRecognized
                    | RvError::UserNotLoggedIn,
                _
            )
        ) {
            Self::Gone(said)
        } else {
            Self::Refused(said)
        }
    }
}
