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

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use sealgate::algorithm::SignatureAlgorithm;
use sealgate::crypto::PublicKey;
use sealgate::crypto::Secret;
use sealgate::crypto::VerifyingKey;
use sealgate::crypto::verify;
use sealgate::crypto::verify_truncated_hmac;
use serde_json::Value;

/// Runs one vector: whether we accepted it.
type Run = fn(&Case<'_>) -> bool;

/// A vector with what it shares with others of its group and of its file.
struct Case<'a> {
    suite: &'a Value,
    group: &'a Value,
    vector: &'a Value,
}

/// What is run, by the schema of a file.
const SCHEMAS: [(&str, Run); 4] = [
    ("rsassa_pkcs1_verify_schema_v1.json", rsa_pkcs1),
    ("rsassa_pss_verify_schema_v1.json", rsa_pss),
    ("ecdsa_p1363_verify_schema_v1.json", ecdsa),
    ("mac_test_schema_v1.json", hmac),
];

/// What is not run yet, and why.
const NOT_YET: [(&str, &str); 5] = [
    ("aead_test_schema_v1.json", "AES-GCM comes with XML Encryption"),
    ("ind_cpa_test_schema_v1.json", "AES-CBC comes with XML Encryption"),
    (
        "keywrap_test_schema_v1.json",
        "AES key wrap comes with XML Encryption",
    ),
    (
        "rsaes_oaep_decrypt_schema_v1.json",
        "RSA-OAEP comes with XML Encryption",
    ),
    (
        "rsaes_pkcs1_decrypt_schema_v1.json",
        "RSA 1.5 key transport comes with XML Encryption",
    ),
];

/// "Acceptable" vectors by flag, and what we do with them.
const ACCEPTABLE: [(&str, bool); 1] = [
    // A DigestInfo without NULL is not the encoding of RFC 8017 §9.2: one message has one encoding.
    ("MissingNull", false),
];

#[test]
fn every_vector_comes_out_as_it_says() {
    let Some(folder) = corpus() else { return };
    let mut figures: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for file in files(&folder) {
        let suite: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let schema = suite["schema"].as_str().unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        if let Some((_, why)) = NOT_YET.iter().find(|(other, _)| *other == schema) {
            println!("not run: {name}: {why}");
            continue;
        }
        let Some((_, run)) = SCHEMAS.iter().find(|(other, _)| *other == schema) else {
            panic!("{name} has the schema {schema}, which nothing here knows");
        };
        for group in suite["testGroups"].as_array().unwrap() {
            for vector in group["tests"].as_array().unwrap() {
                let accepted = run(&Case {
                    suite: &suite,
                    group,
                    vector,
                });
                if accepted != expected(vector) {
                    wrong.push(format!(
                        "{name} {}: {} accepted={accepted}",
                        vector["tcId"], vector["comment"]
                    ));
                }
                *figures.entry(schema.to_owned()).or_default() += 1;
            }
        }
    }
    println!("vectors run: {figures:?}");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(
        SCHEMAS
            .iter()
            .all(|(schema, _)| figures.get(*schema).is_some_and(|&count| count > 0))
    );
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SEALGATE_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join("wycheproof");
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "skipped: {} is absent; set SEALGATE_CORPORA to the folder that holds it",
        folder.display()
    );
    None
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

fn expected(vector: &Value) -> bool {
    match vector["result"].as_str().unwrap() {
        "valid" => true,
        "invalid" => false,
        "acceptable" => {
            let flags = vector["flags"].as_array().unwrap();
            let known = ACCEPTABLE
                .iter()
                .find(|(flag, _)| flags.iter().any(|other| other == flag));
            known.unwrap_or_else(|| panic!("decide on {vector}")).1
        }
        other => panic!("unknown result {other}"),
    }
}

fn rsa_pkcs1(case: &Case<'_>) -> bool {
    let algorithm = match case.group["sha"].as_str().unwrap() {
        "SHA-1" => SignatureAlgorithm::RsaSha1,
        "SHA-256" => SignatureAlgorithm::RsaSha256,
        "SHA-384" => SignatureAlgorithm::RsaSha384,
        "SHA-512" => SignatureAlgorithm::RsaSha512,
        other => panic!("unknown digest {other}"),
    };
    verifies(algorithm, case)
}

fn rsa_pss(case: &Case<'_>) -> bool {
    assert_eq!(case.group["sha"], case.group["mgfSha"]);
    let algorithm = match case.group["sha"].as_str().unwrap() {
        "SHA-1" => SignatureAlgorithm::RsaPssSha1,
        "SHA-256" => SignatureAlgorithm::RsaPssSha256,
        "SHA-384" => SignatureAlgorithm::RsaPssSha384,
        "SHA-512" => SignatureAlgorithm::RsaPssSha512,
        other => panic!("unknown digest {other}"),
    };
    verifies(algorithm, case)
}

fn ecdsa(case: &Case<'_>) -> bool {
    let algorithm = match case.group["sha"].as_str().unwrap() {
        "SHA-256" => SignatureAlgorithm::EcdsaSha256,
        "SHA-384" => SignatureAlgorithm::EcdsaSha384,
        "SHA-512" => SignatureAlgorithm::EcdsaSha512,
        other => panic!("unknown digest {other}"),
    };
    verifies(algorithm, case)
}

fn verifies(algorithm: SignatureAlgorithm, case: &Case<'_>) -> bool {
    let key = PublicKey::from_der(&hex(&case.group["publicKeyDer"])).unwrap();
    let key = VerifyingKey::Public(key);
    verify(
        algorithm,
        &key,
        &hex(&case.vector["msg"]),
        &hex(&case.vector["sig"]),
    )
    .is_ok()
}

fn hmac(case: &Case<'_>) -> bool {
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
    if tag.len() == algorithm.digest().unwrap().size() {
        verify(algorithm, &key, &message, &tag).is_ok()
    } else {
        verify_truncated_hmac(algorithm, &key, &message, &tag, bits).is_ok()
    }
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
