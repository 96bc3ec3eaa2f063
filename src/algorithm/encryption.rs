//! Encryption algorithms: of data, and of the keys that data is encrypted with.

use super::DigestAlgorithm;
use super::algorithms;

algorithms! {
    /// An algorithm that encrypts data (XML Encryption 1.1 §5.2).
    pub enum DataEncryptionAlgorithm {
        /// AES-GCM with a key of 128 bits.
        Aes128Gcm = "aes128-gcm", "http://www.w3.org/2009/xmlenc11#aes128-gcm";
        /// AES-GCM with a key of 192 bits.
        Aes192Gcm = "aes192-gcm", "http://www.w3.org/2009/xmlenc11#aes192-gcm";
        /// AES-GCM with a key of 256 bits.
        Aes256Gcm = "aes256-gcm", "http://www.w3.org/2009/xmlenc11#aes256-gcm";
        /// AES-CBC with a key of 128 bits; proves nothing of the plaintext (T78).
        Aes128Cbc = "aes128-cbc", "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
        /// AES-CBC with a key of 192 bits; proves nothing of the plaintext (T78).
        Aes192Cbc = "aes192-cbc", "http://www.w3.org/2001/04/xmlenc#aes192-cbc";
        /// AES-CBC with a key of 256 bits; proves nothing of the plaintext (T78).
        Aes256Cbc = "aes256-cbc", "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
        /// Triple DES in CBC mode; proves nothing of the plaintext (T78).
        TripleDesCbc = "tripledes-cbc", "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
    }
}

impl DataEncryptionAlgorithm {
    /// Length of its key in bytes.
    pub const fn key_size(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes192Gcm | Self::Aes192Cbc | Self::TripleDesCbc => 24,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }

    /// Whether a ciphertext that was changed is noticed.
    pub const fn is_authenticated(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes192Gcm | Self::Aes256Gcm)
    }
}

algorithms! {
    /// An algorithm that encrypts a key with another symmetric key (XML Encryption 1.1 §5.7).
    pub enum KeyWrapAlgorithm {
        /// AES key wrap (RFC 3394) with a key of 128 bits.
        Aes128 = "kw-aes128", "http://www.w3.org/2001/04/xmlenc#kw-aes128";
        /// AES key wrap (RFC 3394) with a key of 192 bits.
        Aes192 = "kw-aes192", "http://www.w3.org/2001/04/xmlenc#kw-aes192";
        /// AES key wrap (RFC 3394) with a key of 256 bits.
        Aes256 = "kw-aes256", "http://www.w3.org/2001/04/xmlenc#kw-aes256";
        /// Triple DES key wrap (RFC 3217).
        TripleDes = "kw-tripledes", "http://www.w3.org/2001/04/xmlenc#kw-tripledes";
    }
}

impl KeyWrapAlgorithm {
    /// Length of the key that encrypts, in bytes.
    pub const fn key_size(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
        }
    }
}

algorithms! {
    /// An algorithm that encrypts a key to an RSA key (XML Encryption 1.1 §5.5).
    pub enum KeyTransportAlgorithm {
        /// RSAES-OAEP with the digest and mask generation function that the message names.
        RsaOaep = "rsa-oaep", "http://www.w3.org/2009/xmlenc11#rsa-oaep";
        /// RSAES-OAEP with MGF1 over SHA-1 and the digest that the message names.
        RsaOaepMgf1p = "rsa-oaep-mgf1p", "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
        /// RSAES-PKCS1-v1_5, which lends itself to oracles (T79); decrypted under legacy policies, never made.
        Rsa15 = "rsa-1_5", "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    }
}

algorithms! {
    /// The mask generation function of [`KeyTransportAlgorithm::RsaOaep`] (XML Encryption 1.1 §5.5.2).
    pub enum MaskGeneration {
        /// MGF1 over SHA-1.
        Mgf1Sha1 = "mgf1-sha1", "http://www.w3.org/2009/xmlenc11#mgf1sha1";
        /// MGF1 over SHA-224.
        Mgf1Sha224 = "mgf1-sha224", "http://www.w3.org/2009/xmlenc11#mgf1sha224";
        /// MGF1 over SHA-256.
        Mgf1Sha256 = "mgf1-sha256", "http://www.w3.org/2009/xmlenc11#mgf1sha256";
        /// MGF1 over SHA-384.
        Mgf1Sha384 = "mgf1-sha384", "http://www.w3.org/2009/xmlenc11#mgf1sha384";
        /// MGF1 over SHA-512.
        Mgf1Sha512 = "mgf1-sha512", "http://www.w3.org/2009/xmlenc11#mgf1sha512";
    }
}

impl MaskGeneration {
    /// The digest it is built on.
    pub const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::Mgf1Sha1 => DigestAlgorithm::Sha1,
            Self::Mgf1Sha224 => DigestAlgorithm::Sha224,
            Self::Mgf1Sha256 => DigestAlgorithm::Sha256,
            Self::Mgf1Sha384 => DigestAlgorithm::Sha384,
            Self::Mgf1Sha512 => DigestAlgorithm::Sha512,
        }
    }
}

algorithms! {
    /// An algorithm by which a key follows from our private key and another's public key (XML Encryption 1.1 §5.6). Finite
    /// field Diffie-Hellman is absent on purpose.
    pub enum KeyAgreementAlgorithm {
        /// Elliptic curve Diffie-Hellman with an ephemeral key of the sender.
        EcdhEs = "ecdh-es", "http://www.w3.org/2009/xmlenc11#ECDH-ES";
    }
}

algorithms! {
    /// How a key is made of a secret that was agreed on (XML Encryption 1.1 §5.4).
    pub enum KeyDerivationAlgorithm {
        /// The concatenation key derivation function of NIST SP 800-56A §5.8.1.
        ConcatKdf = "concat-kdf", "http://www.w3.org/2009/xmlenc11#ConcatKDF";
    }
}
