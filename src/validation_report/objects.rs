use super::writer::Writer;
use super::{Proof, Time};
use crate::algorithm::DigestAlgorithm;
use crate::crypto::{Certificate, Fingerprint, encode_base64};
use crate::trust::ClearedBy;

/// The ValidationObjects of a report, each once, in the order in which they are first referred to.
#[derive(Debug, Default)]
pub(super) struct Objects(Vec<Object>);

#[derive(Debug)]
struct Object {
    id: String,
    kind: &'static str,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Der(Vec<u8>),
    /// Of a CRL, which may have megabytes, and be the same for all messages of an archive.
    Sha256(Fingerprint),
}

impl Objects {
    /// The identifier of `certificate` in the report.
    pub(super) fn certificate(&mut self, certificate: &Certificate) -> String {
        let content = || Content::Der(certificate.der().to_vec());
        self.put("C", "certificate", certificate.sha256(), content)
    }

    /// The identifier of a CRL or an OCSP response in the report.
    pub(super) fn proof(&mut self, proof: &ClearedBy) -> String {
        let sha256 = proof.sha256();
        match proof {
            ClearedBy::Crl(_) => self.put("R", "CRL", sha256, || Content::Sha256(*sha256)),
            ClearedBy::Ocsp(response) => {
                let content = || Content::Der(response.der().to_vec());
                self.put("O", "OCSPResponse", sha256, content)
            }
        }
    }

    fn put(
        &mut self,
        prefix: &str,
        kind: &'static str,
        sha256: &Fingerprint,
        content: impl FnOnce() -> Content,
    ) -> String {
        let digits: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let id = format!("{prefix}-{digits}");
        if self.0.iter().all(|object| object.id != id) {
            let content = content();
            let id = id.clone();
            self.0.push(Object { id, kind, content });
        }
        id
    }

    /// SignatureValidationObjects. What is known of when the message was there is known of the objects too; what the message says of itself, is not.
    pub(super) fn write(&self, time: Option<&Time>, out: &mut Writer) {
        if self.0.is_empty() {
            return;
        }
        out.open("SignatureValidationObjects", &[]);
        for object in &self.0 {
            out.open("ValidationObject", &[("id", &object.id)]);
            out.text(
                "ObjectType",
                &format!("urn:etsi:019102:validationObject:{}", object.kind),
            );
            out.open("ValidationObjectRepresentation", &[]);
            match &object.content {
                Content::Der(der) => out.base64("base64", der),
                Content::Sha256(sha256) => {
                    let algorithm = DigestAlgorithm::Sha256.uri();
                    out.digest("DigestAlgAndValue", algorithm, &encode_base64(sha256));
                }
            }
            out.close();
            if let Some(time) = time.filter(|time| time.proof == Proof::Validation) {
                time.write("POE", out);
            }
            out.close();
        }
        out.close();
    }
}

impl Time {
    /// As a POEType.
    pub(super) fn write(&self, name: &'static str, out: &mut Writer) {
        out.open(name, &[]);
        out.text("POETime", &self.text);
        out.text("TypeOfProof", self.proof.uri());
        out.close();
    }
}
