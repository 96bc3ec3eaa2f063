use crate::algorithm::DigestAlgorithm;
use crate::cli::args::DsigSignArguments;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs::OwnKey;
use crate::cli::report::Report;
use crate::dsig::{Place, ReferenceToSign, SignatureRequest, put, x509_data};
use crate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use crate::policy::Profile;
use crate::rejection::Rejection;
use crate::verifier::{Reason, Verdict};
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::quoted;

/// `sealgate dsig sign`: the document on standard output, with a signature as the last child of its root.
pub(in crate::cli) fn run(arguments: DsigSignArguments, console: &mut Console) -> Result<Exit, Stop> {
    let own = match &arguments.hmac_key {
        Some(path) => OwnKey::of_secret(path)?,
        None => OwnKey::of(&arguments.key.paths, &arguments.key.password)?,
    };
    let method = match arguments.algorithm {
        Some(name) => name.0,
        None => own.default_algorithm()?,
    };
    let limits = Limits::archive();
    let report = match arguments.file.read(limits.bytes) {
        Err(error) => Report::unreadable(arguments.file, &error),
        Ok(bytes) => {
            let signed = Document::parse_with_ids(bytes, &limits, &arguments.ids.id_attributes)
                .map_err(|error| Reason::from(&error))
                .and_then(|document| {
                    let references = references(&document, &arguments.ids_to_sign)?;
                    let request = SignatureRequest {
                        method,
                        digest_algorithm: DigestAlgorithm::Sha256,
                        references,
                        key_info: x509_data(&own.certificates),
                        id: None,
                    };
                    let signature = crate::dsig::sign(&request, &own.key).map_err(|error| {
                        let rejection = Rejection::from(error);
                        Reason::from(&rejection)
                    })?;
                    Ok(put(&signature, document.root(), Place::Last))
                });
            match signed {
                Ok(signed) => {
                    check(&signed, &own, &arguments.ids.id_attributes)?;
                    console.print(signed);
                    return Ok(Exit::Passed);
                }
                Err(reason) => Report::refused(arguments.file, reason),
            }
        }
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}

/// What to sign: the elements with these IDs, or without any the root, by its ID if it has one.
fn references<'d>(document: &'d Document, ids: &[String]) -> Result<Vec<ReferenceToSign<'d>>, Reason> {
    let root = document.root();
    if ids.is_empty() {
        let id = root.id().map(std::borrow::Cow::into_owned);
        return Ok(vec![ReferenceToSign {
            element: root,
            id,
            enveloped: true,
        }]);
    }
    let reference = |id: &String| match document.element_by_id(id) {
        None => Err(Reason {
            verdict: Verdict::Failed,
            stage: Some("xml"),
            code: "xml.no_such_id",
            message: format!("no element carries the ID {}; see --id-attr", quoted(id)),
            position: None,
            clause: None,
        }),
        Some(element) => Ok(ReferenceToSign {
            element,
            id: Some(id.clone()),
            enveloped: element == root,
        }),
    };
    ids.iter().map(reference).collect()
}

/// What leaves here verifies: anything else is our own mistake, and is not written.
fn check(signed: &str, own: &OwnKey, id_attributes: &[String]) -> Result<(), Stop> {
    let key = own.key.verifying_key();
    let policy = Profile::ArchiveVerify.policy();
    let rules = DocumentRules {
        policy: &policy,
        keys: DocumentKeys::Given(&key),
        id_attributes,
    };
    let judgement = judge_document(signed.to_owned().into(), &rules);
    // Signatures by others that were in the document are none of our business, the last one is ours.
    let ours = judgement.findings.signatures.last();
    match ours {
        Some(found) if found.trusted => Ok(()),
        _ => {
            let why = judgement.verdict.err();
            let why = why.map_or_else(String::new, |error| error.to_string());
            Err(Stop::failed(format_args!(
                "the signed document does not verify: {why}"
            )))
        }
    }
}
