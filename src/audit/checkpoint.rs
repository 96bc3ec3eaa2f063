use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;
use serde::Deserialize;
use serde::Serialize;

use super::entry::rfc3339;
use super::frame::Chain;
use super::frame::inside;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::SigningKey;
use crate::crypto::VerifyingKey;
use crate::crypto::decode_base64;
use crate::crypto::encode_base64;

/// A signature over the number and hash of a record, and so over all records up to it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// Which log.
    pub chain: String,
    /// The number of the last record that it speaks of.
    pub last: u64,
    /// The hash of that record.
    pub hash: String,
    /// When it was made.
    #[serde(serialize_with = "rfc3339")]
    pub time: DateTime<Utc>,
    /// The URI of the signature algorithm.
    pub algorithm: String,
    /// The signature, in base64.
    pub signature: String,
}

impl Checkpoint {
    /// Signs where `chain` has come to.
    pub(super) fn sign(
        id: &str,
        chain: &Chain,
        time: DateTime<Utc>,
        key: &SigningKey,
    ) -> Result<Self, std::io::Error> {
        let algorithm = key.default_algorithm().ok_or(std::io::ErrorKind::Unsupported)?;
        let mut checkpoint = Self {
            chain: id.to_owned(),
            last: chain.seq,
            hash: chain.hash.clone(),
            time,
            algorithm: algorithm.uri().to_owned(),
            signature: String::new(),
        };
        let signature = crate::crypto::sign(algorithm, key, checkpoint.text().as_bytes());
        checkpoint.signature = encode_base64(&signature.map_err(std::io::Error::other)?);
        Ok(checkpoint)
    }

    /// Appends it as a record, which the log has after the last one that it speaks of.
    pub(super) fn append_to(&self, chain: &mut Chain, octets: &mut Vec<u8>) -> std::io::Result<()> {
        let json = serde_json::to_string(self)?;
        let members = format!("\"kind\":\"checkpoint\",{}", inside(&json));
        chain.append(&members, octets)
    }

    /// Whether a segment may begin after `archived`, as far as this checkpoint says.
    pub(super) fn lets_begin_after(&self, archived: &Chain) -> bool {
        let mut own = Chain {
            seq: self.last,
            hash: self.hash.clone(),
        };
        // Its own record follows, in the same segment, and its hash can be told from what is kept elsewhere.
        if own.seq == archived.seq {
            return false;
        }
        let appended = self.append_to(&mut own, &mut Vec::new());
        appended.is_ok() && (own.seq != archived.seq || own.hash == archived.hash)
    }

    /// Whether the key of one of `certificates` signed it.
    pub fn is_signed_by(&self, certificates: &[Certificate]) -> bool {
        let (Some(algorithm), Ok(signature)) = (
            SignatureAlgorithm::from_uri(&self.algorithm),
            decode_base64(&self.signature),
        ) else {
            return false;
        };
        let text = self.text();
        certificates.iter().any(|certificate| {
            let key = VerifyingKey::from(certificate.public_key().clone());
            crate::crypto::verify(algorithm, &key, text.as_bytes(), &signature).is_ok()
        })
    }

    /// The name of the file that checkpoints of the log `chain` are exported to.
    pub fn file_name(chain: &str) -> String {
        format!("checkpoints-{chain}.jsonl")
    }

    /// Whether checkpoints of some log are exported to a file of that name.
    pub(super) fn is_file_name(name: &str) -> bool {
        let chain = name
            .strip_prefix("checkpoints-")
            .and_then(|name| name.strip_suffix(".jsonl"));
        chain.is_some()
    }

    /// Appends it to the exported checkpoints in `folder`, durably.
    pub(super) fn export(&self, folder: &Path) -> std::io::Result<()> {
        let path = folder.join(Self::file_name(&self.chain));
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    /// What is signed.
    fn text(&self) -> String {
        format!(
            "sealgate audit checkpoint\n{}\n{}\n{}\n{}\n",
            self.chain,
            self.last,
            self.hash,
            self.time.to_rfc3339_opts(SecondsFormat::Millis, true)
        )
    }
}
