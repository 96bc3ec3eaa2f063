//! The vectors of Project Wycheproof, through the public interface of `crypto`.
//!
//! They lie beside the project, in `../shared/corpora/wycheproof`, or under the folder that `SEALGATE_CORPORA` names. Where they
//! are absent the test says so and passes; where they are, every file has to be known here and every vector has to
//! come out as it says.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]
#![allow(
    clippy::print_stdout,
    reason = "figures and reasons are for whoever runs the test"
)]

mod suites;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;

use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::rsa::Padding;
use openssl::rsa::Rsa;
use sealgate::algorithm::DataEncryptionAlgorithm;
use sealgate::algorithm::DigestAlgorithm;
use sealgate::algorithm::KeyWrapAlgorithm;
use sealgate::algorithm::MaskGeneration;
use sealgate::algorithm::PssParameters;
use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::Oaep;
use sealgate::crypto::PrivateKey;
use sealgate::crypto::PublicKey;
use sealgate::crypto::Secret;
use sealgate::crypto::VerifyingKey;
use sealgate::crypto::decrypt_data;
use sealgate::crypto::decrypt_oaep;
use sealgate::crypto::decrypt_rsa_1_5;
use sealgate::crypto::unwrap_key;
use sealgate::crypto::verify;
use sealgate::crypto::verify_pss;
use sealgate::crypto::verify_truncated_hmac;
use sealgate::crypto::wrap_key;
use serde_json::Value;

/// Runs one vector.
type Run = fn(&Case<'_>) -> Outcome;

/// What became of a vector.
#[derive(PartialEq)]
enum Outcome {
    Accepted,
    Refused,
    /// It asks for something that our interface cannot express, with the reason.
    OutOfScope(&'static str),
}

/// A vector with what it shares with others of its group and of its file.
struct Case<'a> {
    suite: &'a Value,
    group: &'a Value,
    vector: &'a Value,
}

/// What is run, by the schema of a file.
const SCHEMAS: [(&str, Run); 9] = [
    ("rsassa_pkcs1_verify_schema_v1.json", rsa_pkcs1),
    ("rsassa_pss_verify_schema_v1.json", rsa_pss),
    ("ecdsa_p1363_verify_schema_v1.json", ecdsa),
    ("mac_test_schema_v1.json", hmac),
    ("aead_test_schema_v1.json", gcm),
    ("ind_cpa_test_schema_v1.json", cbc),
    ("keywrap_test_schema_v1.json", key_wrap),
    ("rsaes_oaep_decrypt_schema_v1.json", oaep),
    ("rsaes_pkcs1_decrypt_schema_v1.json", rsa_1_5),
];

/// "Acceptable" vectors by flag, and what we do with them.
const ACCEPTABLE: [(&str, Outcome); 2] = [
    // A DigestInfo without NULL is not the encoding of RFC 8017 §9.2: one message has one encoding.
    ("MissingNull", Outcome::Refused),
    // RFC 3394 §2 wraps two blocks or more.
    ("ShortKey", Outcome::Refused),
];

#[test]
fn every_vector_comes_out_as_it_says() {
    let Some(folder) = corpus() else { return };
    let mut figures: BTreeMap<String, usize> = BTreeMap::new();
    let mut out_of_scope: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files(&folder) {
        let suite: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let schema = suite["schema"].as_str().unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        let Some((_, run)) = SCHEMAS.iter().find(|(other, _)| *other == schema) else {
            panic!("{name} has the schema {schema}, which nothing here knows");
        };
        for group in suite["testGroups"].as_array().unwrap() {
            for vector in group["tests"].as_array().unwrap() {
                match run(&Case {
                    suite: &suite,
                    group,
                    vector,
                }) {
                    Outcome::OutOfScope(why) => {
                        *out_of_scope.entry((schema.to_owned(), why)).or_default() += 1
                    }
                    outcome @ (Outcome::Accepted | Outcome::Refused) => {
                        if outcome != expected(vector) {
                            wrong.push(format!("{name} {}: {}", vector["tcId"], vector["comment"]));
                        }
                        *figures.entry(schema.to_owned()).or_default() += 1;
                    }
                }
            }
        }
    }
    println!("vectors run: {figures:#?}\nout of scope: {out_of_scope:#?}");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(
        SCHEMAS
            .iter()
            .all(|(schema, _)| figures.get(*schema).is_some_and(|&count| count > 0))
    );
}

fn corpus() -> Option<PathBuf> {
    suites::folder().map(|folder| folder.join("wycheproof"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

fn expected(vector: &Value) -> Outcome {
    match vector["result"].as_str().unwrap() {
        "valid" => Outcome::Accepted,
        "invalid" => Outcome::Refused,
        "acceptable" => {
            let flags = vector["flags"].as_array().unwrap();
            let known = ACCEPTABLE
                .into_iter()
                .find(|(flag, _)| flags.iter().any(|other| other == flag));
            known.unwrap_or_else(|| panic!("decide on {vector}")).1
        }
        other => panic!("unknown result {other}"),
    }
}

fn accepted(whether: bool) -> Outcome {
    if whether {
        Outcome::Accepted
    } else {
        Outcome::Refused
    }
}

fn rsa_pkcs1(case: &Case<'_>) -> Outcome {
    let algorithm = match case.group["sha"].as_str().unwrap() {
        "SHA-1" => SignatureAlgorithm::RsaSha1,
        "SHA-256" => SignatureAlgorithm::RsaSha256,
        "SHA-384" => SignatureAlgorithm::RsaSha384,
        "SHA-512" => SignatureAlgorithm::RsaSha512,
        other => panic!("unknown digest {other}"),
    };
    verifies(algorithm, case)
}

/// By the parameters that the file gives, and where an algorithm has these fixed, by that too.
fn rsa_pss(case: &Case<'_>) -> Outcome {
    let digest = |field: &str| match case.group[field].as_str().unwrap() {
        "SHA-1" => (DigestAlgorithm::Sha1, SignatureAlgorithm::RsaPssSha1),
        "SHA-256" => (DigestAlgorithm::Sha256, SignatureAlgorithm::RsaPssSha256),
        "SHA-384" => (DigestAlgorithm::Sha384, SignatureAlgorithm::RsaPssSha384),
        "SHA-512" => (DigestAlgorithm::Sha512, SignatureAlgorithm::RsaPssSha512),
        other => panic!("unknown digest {other}"),
    };
    let parameters = PssParameters {
        digest: digest("sha").0,
        mask_digest: digest("mgfSha").0,
        salt_length: u32::try_from(case.group["sLen"].as_u64().unwrap()).unwrap(),
    };
    let (key, message, signature) = public(case);
    let outcome = accepted(verify_pss(parameters, &key, &message, &signature).is_ok());
    if parameters == PssParameters::of(parameters.digest) {
        assert!(outcome == verifies(digest("sha").1, case), "{}", case.vector);
    }
    outcome
}

fn ecdsa(case: &Case<'_>) -> Outcome {
    let algorithm = match case.group["sha"].as_str().unwrap() {
        "SHA-256" => SignatureAlgorithm::EcdsaSha256,
        "SHA-384" => SignatureAlgorithm::EcdsaSha384,
        "SHA-512" => SignatureAlgorithm::EcdsaSha512,
        other => panic!("unknown digest {other}"),
    };
    verifies(algorithm, case)
}

fn verifies(algorithm: SignatureAlgorithm, case: &Case<'_>) -> Outcome {
    let (key, message, signature) = public(case);
    accepted(verify(algorithm, &key, &message, &signature).is_ok())
}

/// Key, message and signature value.
fn public(case: &Case<'_>) -> (VerifyingKey, Vec<u8>, Vec<u8>) {
    let key = PublicKey::from_der(&hex(&case.group["publicKeyDer"])).unwrap();
    (
        VerifyingKey::Public(key),
        hex(&case.vector["msg"]),
        hex(&case.vector["sig"]),
    )
}

fn hmac(case: &Case<'_>) -> Outcome {
    let (key, message, tag) = (
        hex(&case.vector["key"]),
        hex(&case.vector["msg"]),
        hex(&case.vector["tag"]),
    );
    let algorithm = match case.suite["algorithm"].as_str().unwrap() {
        "HMACSHA1" => SignatureAlgorithm::HmacSha1,
        "HMACSHA256" => SignatureAlgorithm::HmacSha256,
        "HMACSHA384" => SignatureAlgorithm::HmacSha384,
        "HMACSHA512" => SignatureAlgorithm::HmacSha512,
        other => panic!("unknown algorithm {other}"),
    };
    let bits = u32::try_from(case.group["tagSize"].as_u64().unwrap()).unwrap();
    let key = VerifyingKey::Hmac(Secret::new(key));
    let result = if tag.len() == algorithm.digest().unwrap().size() {
        verify(algorithm, &key, &message, &tag)
    } else {
        verify_truncated_hmac(algorithm, &key, &message, &tag, bits)
    };
    accepted(result.is_ok())
}

fn gcm(case: &Case<'_>) -> Outcome {
    if case.group["ivSize"] != 96 {
        return Outcome::OutOfScope("the initialization vector of XML Encryption has 96 bits");
    }
    if case.vector["aad"] != "" {
        return Outcome::OutOfScope("XML Encryption has no additional data");
    }
    let algorithm = match case.group["keySize"].as_u64().unwrap() {
        128 => DataEncryptionAlgorithm::Aes128Gcm,
        192 => DataEncryptionAlgorithm::Aes192Gcm,
        256 => DataEncryptionAlgorithm::Aes256Gcm,
        other => panic!("unknown key size {other}"),
    };
    let parts = ["iv", "ct", "tag"].map(|part| hex(&case.vector[part]));
    let decrypted = decrypt_data(algorithm, &secret(case, "key"), &parts.concat());
    accepted(decrypted.is_ok_and(|plaintext| plaintext == hex(&case.vector["msg"])))
}

fn cbc(case: &Case<'_>) -> Outcome {
    let (algorithm, cipher) = match case.group["keySize"].as_u64().unwrap() {
        128 => (DataEncryptionAlgorithm::Aes128Cbc, Cipher::aes_128_cbc()),
        192 => (DataEncryptionAlgorithm::Aes192Cbc, Cipher::aes_192_cbc()),
        256 => (DataEncryptionAlgorithm::Aes256Cbc, Cipher::aes_256_cbc()),
        other => panic!("unknown key size {other}"),
    };
    let [key, iv, ciphertext] = ["key", "iv", "ct"].map(|part| hex(&case.vector[part]));
    let decrypted = decrypt_data(algorithm, &secret(case, "key"), &[&iv[..], &ciphertext].concat());
    if case.vector["flags"]
        .as_array()
        .unwrap()
        .iter()
        .any(|flag| flag == "BadPadding")
    {
        let mut context = CipherCtx::new().unwrap();
        context.decrypt_init(Some(cipher), Some(&key), Some(&iv)).unwrap();
        context.set_padding(false);
        let mut plaintext = Vec::new();
        context.cipher_update_vec(&ciphertext, &mut plaintext).unwrap();
        let padding = usize::from(*plaintext.last().unwrap());
        let expected = (1..=16)
            .contains(&padding)
            .then(|| plaintext[..plaintext.len().strict_sub(padding)].to_vec());
        assert_eq!(decrypted.ok(), expected, "{}", case.vector);
        return Outcome::OutOfScope(
            "of the padding XML Encryption checks the last byte only, which was tested",
        );
    }
    accepted(decrypted.is_ok_and(|plaintext| plaintext == hex(&case.vector["msg"])))
}

fn key_wrap(case: &Case<'_>) -> Outcome {
    let algorithm = match case.group["keySize"].as_u64().unwrap() {
        128 => KeyWrapAlgorithm::Aes128,
        192 => KeyWrapAlgorithm::Aes192,
        256 => KeyWrapAlgorithm::Aes256,
        other => panic!("unknown key size {other}"),
    };
    let (key, message, wrapped) = (secret(case, "key"), secret(case, "msg"), hex(&case.vector["ct"]));
    let is_right = unwrap_key(algorithm, &key, &wrapped).is_ok_and(|unwrapped| unwrapped == message);
    if case.vector["result"] == "valid" {
        assert_eq!(wrap_key(algorithm, &key, &message).unwrap(), wrapped);
    }
    accepted(is_right)
}

fn oaep(case: &Case<'_>) -> Outcome {
    let digest = |name: &Value| match name.as_str().unwrap() {
        "SHA-1" => (DigestAlgorithm::Sha1, MaskGeneration::Mgf1Sha1),
        "SHA-256" => (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha256),
        "SHA-384" => (DigestAlgorithm::Sha384, MaskGeneration::Mgf1Sha384),
        "SHA-512" => (DigestAlgorithm::Sha512, MaskGeneration::Mgf1Sha512),
        other => panic!("unknown digest {other}"),
    };
    let parameters = Oaep {
        digest: digest(&case.group["sha"]).0,
        mask: digest(&case.group["mgfSha"]).1,
        label: hex(&case.vector["label"]),
    };
    let message = secret(case, "msg");
    let decrypted = decrypt_oaep(&private_key(case), &parameters, &hex(&case.vector["ct"]));
    let is_right = |decrypted: Secret| decrypted == message || (decrypted.is_empty() && message.is_empty());
    accepted(decrypted.is_ok_and(is_right))
}

/// What was not decrypted shows by a key that is not the end of what RSA gives.
fn rsa_1_5(case: &Case<'_>) -> Outcome {
    let (message, ciphertext) = (hex(&case.vector["msg"]), hex(&case.vector["ct"]));
    if message.is_empty() {
        return Outcome::OutOfScope("an empty key decrypts nothing");
    }
    let Ok(decrypted) = decrypt_rsa_1_5(&private_key(case), &ciphertext, message.len()) else {
        return Outcome::Refused;
    };
    let rsa = Rsa::private_key_from_pem(case.group["privateKeyPem"].as_str().unwrap().as_bytes()).unwrap();
    let mut encoded = vec![0; ciphertext.len()];
    rsa.private_decrypt(&ciphertext, &mut encoded, Padding::NONE)
        .unwrap();
    let end = &encoded[encoded.len().strict_sub(message.len())..];
    assert!(case.vector["result"] != "valid" || end == message);
    accepted(decrypted == Secret::new(end.to_vec()))
}

/// Loading a key checks it at length, so every one is loaded once.
fn private_key(case: &Case<'_>) -> PrivateKey {
    static KEYS: Mutex<BTreeMap<String, PrivateKey>> = Mutex::new(BTreeMap::new());
    let pem = case.group["privateKeyPem"].as_str().unwrap();
    let mut keys = KEYS.lock().unwrap();
    let load = || PrivateKey::from_pem(pem.as_bytes(), None).unwrap();
    keys.entry(pem.to_owned()).or_insert_with(load).clone()
}

fn secret(case: &Case<'_>, field: &str) -> Secret {
    Secret::new(hex(&case.vector[field]))
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
