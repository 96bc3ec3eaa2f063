use serde_json::{Value, json};

use crate::crypto::Certificate;
use crate::crypto::decode_base64;

/// What a certificate in base64 says, or why it is none.
pub(super) fn describe(base64: &str) -> Value {
    let Ok(der) = decode_base64(base64) else {
        return "not base64".into();
    };
    match Certificate::from_der(&der) {
        Ok(certificate) => facts(&certificate),
        Err(error) => format!("no certificate: {error}").into(),
    }
}

/// What the certificates of a PKIPath in base64 say, the signer's last, or why it is none.
pub(super) fn describe_path(base64: &str) -> Value {
    let Ok(der) = decode_base64(base64) else {
        return "not base64".into();
    };
    match Certificate::from_pki_path(&der) {
        Ok(certificates) => certificates.iter().map(facts).collect(),
        Err(error) => format!("no certificate path: {error}").into(),
    }
}

fn facts(certificate: &Certificate) -> Value {
    json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serial": certificate.serial(),
        "valid": format!(
            "{} to {}",
            certificate.not_before().format("%Y-%m-%dT%H:%M:%SZ"),
            certificate.not_after().format("%Y-%m-%dT%H:%M:%SZ"),
        ),
        "key": certificate.public_key().kind().to_string(),
        "sha256": certificate.sha256().iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    })
}
