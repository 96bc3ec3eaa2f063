use serde_json::Value;
use serde_json::json;

use crate::crypto::Certificate;
use crate::crypto::Curve;
use crate::crypto::KeyKind;
use crate::crypto::PublicKey;
use crate::crypto::encode_base64_url;

/// The public keys of tokens, for those who take them: a JWK Set (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JwkSet(Vec<Value>);

impl JwkSet {
    /// The keys of `certificates`, each once, called as tokens call them: by the SHA-256 of its certificate.
    ///
    /// # Errors
    /// The subject of a certificate whose key signs no tokens.
    pub fn of<'c>(certificates: impl IntoIterator<Item = &'c Certificate>) -> Result<Self, String> {
        let mut keys: Vec<Value> = Vec::new();
        for certificate in certificates {
            let key = jwk(certificate).ok_or_else(|| certificate.subject_name().as_str().to_owned())?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(Self(keys))
    }

    /// As `application/jwk-set+json`.
    pub fn to_json(&self) -> String {
        json!({ "keys": self.0 }).to_string()
    }
}

fn jwk(certificate: &Certificate) -> Option<Value> {
    let mut jwk = members(certificate.public_key())?;
    let thumbprint = encode_base64_url(certificate.sha256());
    let members = jwk.as_object_mut()?;
    members.insert("use".to_owned(), json!("sig"));
    members.insert("kid".to_owned(), json!(thumbprint));
    members.insert("x5t#S256".to_owned(), json!(thumbprint));
    Some(jwk)
}

/// A public key (RFC 7518 §6, RFC 8037 §2), with the one algorithm that tokens are signed by with it.
fn members(key: &PublicKey) -> Option<Value> {
    Some(match key.kind() {
        KeyKind::Rsa { .. } => {
            let (modulus, exponent) = key.modulus_exponent()?;
            json!({
                "kty": "RSA",
                "alg": "RS256",
                "n": encode_base64_url(&modulus),
                "e": encode_base64_url(&exponent),
            })
        }
        KeyKind::Ec(curve) => {
            let (name, algorithm) = match curve {
                Curve::P256 => ("P-256", "ES256"),
                Curve::P384 => ("P-384", "ES384"),
                Curve::P521 => ("P-521", "ES512"),
            };
            // Uncompressed: 4, x and y.
            let (_, [4, point @ ..]) = key.ec_point()? else {
                return None;
            };
            let (x, y) = point.split_at_checked(point.len().div_euclid(2))?;
            json!({
                "kty": "EC",
                "alg": algorithm,
                "crv": name,
                "x": encode_base64_url(x),
                "y": encode_base64_url(y),
            })
        }
        // The key is the last 32 octets of its SubjectPublicKeyInfo (RFC 8410 §4).
        KeyKind::Ed25519 => json!({
            "kty": "OKP",
            "alg": "EdDSA",
            "crv": "Ed25519",
            "x": encode_base64_url(key.spki().last_chunk::<32>()?),
        }),
        KeyKind::Dsa { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use crate::trust::TokenKeys;

    fn certificate(name: &str) -> Certificate {
        let file = format!("{}/fixtures/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        Certificate::from_pem_bundle(&std::fs::read(file).unwrap())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn keys_of_every_kind_are_read_again_and_none_is_private() {
        let certificates = ["alice", "bob", "carol", "dave"].map(certificate);
        let set = JwkSet::of(certificates.iter().chain(&certificates)).unwrap();
        TokenKeys::read(set.to_json().as_bytes()).unwrap();
        assert_eq!(set.0.len(), 4, "each once");
        for (key, certificate) in set.0.iter().zip(&certificates) {
            assert_eq!(key["kid"], encode_base64_url(certificate.sha256()));
            let mut members = key.as_object().unwrap().keys();
            let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "x5t#S256", "y"];
            assert!(members.all(|name| public.contains(&name.as_str())), "{key}");
        }
        // No fixture is a certificate of Ed25519.
        let pem = std::fs::read(format!(
            "{}/fixtures/keys/ed25519.pub.pem",
            env!("CARGO_MANIFEST_DIR")
        ));
        let key = members(&PublicKey::from_pem(&pem.unwrap()).unwrap()).unwrap();
        TokenKeys::read(JwkSet(vec![key]).to_json().as_bytes()).unwrap();
    }
}
