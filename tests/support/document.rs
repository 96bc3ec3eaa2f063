use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sealgate::algorithm::CanonicalizationAlgorithm;
use sealgate::c14n::{self, Canonicalization};
use sealgate::crypto::{PublicKey, Secret, VerifyingKey, decode_base64};
use sealgate::inbound::AsOf;
use sealgate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use sealgate::policy::{Policy, Profile};
use sealgate::trust::{TrustSources, TrustStore};
use sealgate::xml::{Document, Limits, Namespace};

/// A fixture of `sealgate dsig verify` with all that it is judged by.
pub(crate) struct SignedDocument {
    pub(crate) folder: PathBuf,
    pub(crate) bytes: Bytes,
    policy: Policy,
    trust: TrustStore,
    given: Option<VerifyingKey>,
    id_attributes: Vec<String>,
    at: DateTime<Utc>,
}

impl SignedDocument {
    /// What `folder` says; `None` if it is of another command, or nothing in it is trusted.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let settings: toml::Table = fs::read_to_string(folder.join("gate.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let text = |key: &str| settings.get(key).and_then(toml::Value::as_str);
        if text("command") != Some("dsig verify") || settings.contains_key("embedded_key") {
            return None;
        }
        let list = |key: &str| -> Vec<String> {
            let listed = settings.get(key).and_then(toml::Value::as_array);
            let listed = listed.into_iter().flatten();
            listed.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let mut sources = TrustSources::new();
        for path in list("trust") {
            sources.trust_path(&folder.join(path), None, None).unwrap();
        }
        for path in list("untrusted") {
            sources.untrusted_path(&folder.join(path), None).unwrap();
        }
        let file = |key: &str| text(key).map(|path| fs::read(folder.join(path)).unwrap());
        let public = file("public_key").map(|pem| PublicKey::from_pem(&pem).unwrap().into());
        let shared = file("hmac_key").map(|key| VerifyingKey::Hmac(Secret::new(key)));
        Some(Self {
            folder: folder.to_owned(),
            bytes: fs::read(folder.join("message.xml")).unwrap().into(),
            policy: Profile::named(text("policy")?)?.policy(),
            trust: sources.build(),
            given: public.or(shared),
            id_attributes: list("id_attr"),
            at: text("at")?.parse().unwrap(),
        })
    }

    /// What signatures in `bytes` are found to sign, in exclusive canonical form, or decoded where they sign the text only; `None` if they are refused.
    pub(crate) fn signed(&self, bytes: Bytes) -> Option<BTreeSet<Vec<u8>>> {
        let keys = match &self.given {
            Some(key) => DocumentKeys::Given(key),
            None => DocumentKeys::Trusted(&self.trust, AsOf::Time(self.at)),
        };
        let rules = DocumentRules {
            policy: &self.policy,
            keys,
            id_attributes: &self.id_attributes,
        };
        let judgement = judge_document(bytes.clone(), &rules);
        judgement.verdict.ok()?;
        // Archives are in other encodings, too.
        let text = sealgate::xml::to_utf8(bytes).unwrap();
        let document = Document::parse_with_ids(text, &Limits::archive(), &self.id_attributes).unwrap();
        let method = Canonicalization {
            algorithm: CanonicalizationAlgorithm::Exclusive,
            prefixes: Vec::new(),
        };
        let mut signed = BTreeSet::new();
        for reference in judgement
            .findings
            .signatures
            .iter()
            .flat_map(|found| &found.references)
        {
            let path = reference.element.as_ref().unwrap();
            let mut elements = document.root().descendants();
            let element = elements.find(|element| element.path() == *path).unwrap();
            let enveloped = element
                .descendants()
                .find(|inside| inside.is(Namespace::DS, "Signature"));
            let mut octets = Vec::new();
            if judgement.findings.warnings.contains(&"only_text_covered") {
                octets = decode_base64(&element.text().unwrap().value).unwrap();
            } else {
                c14n::element(element, &method, enveloped, &mut octets).unwrap();
            }
            signed.insert(octets);
        }
        Some(signed)
    }
}
