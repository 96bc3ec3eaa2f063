//! The class `Verifier`.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use sealgate::batch::judge;
use sealgate::batch::source::{Body, Item, Stamp};
use sealgate::policy::saml::{ExpectedRequest, RelyingParty};
use sealgate::policy::{DatedGrant, Transport};
use sealgate::second_opinion::SecondOpinion;
use sealgate::verifier::{At, KeyFiles, MetadataFiles, Setup, TrustFiles, UserFiles};

use crate::batch::{Messages, Objects, columns};
use crate::capsule::{Columns, taken};
use crate::error::{batch_error, configuration_error};

/// Judges messages by one policy, one trust and one time. Its files are read when it is made, and not again.
///
/// It may be used from any number of threads, and judges without holding the GIL.
#[pyclass(frozen, module = "sealgate")]
pub(crate) struct Verifier(sealgate::verifier::Verifier);

/// One of something, or several.
#[derive(FromPyObject)]
enum Several<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> From<Several<T>> for Vec<T> {
    fn from(several: Several<T>) -> Self {
        match several {
            Several::One(one) => vec![one],
            Several::Many(many) => many,
        }
    }
}

/// A key for every use, or for a KeyName.
#[derive(FromPyObject)]
enum SecretKey {
    Named(String, PathBuf),
    Any(PathBuf),
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (
        policy = PathBuf::from("strict"), *, at = None, legacy_before = None, trust = None, trust_during = None, untrusted = None, crl = None, metadata = None,
        metadata_signer = None, audience = None, recipient = None, request_id = None, resolve_id = None, allow_unsolicited = false,
        key = None, cert = None, secret_keys = None, password_file = None, user_hashes = None, user_secrets = None,
        user_secrets_key = None, roles = None, tls = false, id_attributes = None, second_opinion = false
    ))]
    #[allow(clippy::too_many_arguments, reason = "in Python they have names")]
    fn new(
        policy: PathBuf,
        at: Option<&Bound<'_, PyAny>>,
        legacy_before: Option<Vec<(String, Bound<'_, PyAny>)>>,
        trust: Option<Several<PathBuf>>,
        trust_during: Option<Vec<(String, PathBuf)>>,
        untrusted: Option<Several<PathBuf>>,
        crl: Option<Several<PathBuf>>,
        metadata: Option<Several<PathBuf>>,
        metadata_signer: Option<PathBuf>,
        audience: Option<String>,
        recipient: Option<String>,
        request_id: Option<String>,
        resolve_id: Option<String>,
        allow_unsolicited: bool,
        key: Option<Several<PathBuf>>,
        cert: Option<Several<PathBuf>>,
        secret_keys: Option<Vec<SecretKey>>,
        password_file: Option<PathBuf>,
        user_hashes: Option<PathBuf>,
        user_secrets: Option<PathBuf>,
        user_secrets_key: Option<PathBuf>,
        roles: Option<Several<String>>,
        tls: bool,
        id_attributes: Option<Several<String>>,
        second_opinion: bool,
    ) -> PyResult<Self> {
        let policy = policy
            .into_os_string()
            .into_string()
            .map_err(|_| PyValueError::new_err("policy: the path is not UTF-8"))?;
        let secret_keys = secret_keys.unwrap_or_default().into_iter();
        let during = trust_during
            .unwrap_or_default()
            .into_iter()
            .map(|(period, path)| {
                let period = period.parse().map_err(|why: String| {
                    PyValueError::new_err(format!("trust_during: {period:?}: {why}"))
                })?;
                Ok((period, path))
            });
        let legacy_before = legacy_before.unwrap_or_default().into_iter();
        let request = ExpectedRequest::of(request_id);
        let setup = Setup {
            policy,
            legacy_before: legacy_before.map(dated).collect::<PyResult<_>>()?,
            second_opinion: if second_opinion {
                SecondOpinion::Required
            } else {
                SecondOpinion::NotAsked
            },
            trust: TrustFiles {
                trust: all(trust),
                during: during.collect::<PyResult<_>>()?,
                untrusted: all(untrusted),
                crl: all(crl),
                password_file: password_file.clone(),
            },
            metadata: MetadataFiles {
                metadata: all(metadata),
                signer: metadata_signer,
            },
            party: RelyingParty {
                audience,
                recipient,
                request: if allow_unsolicited {
                    request.or_unsolicited()
                } else {
                    request
                },
                resolution: ExpectedRequest::of(resolve_id),
            },
            keys: KeyFiles {
                keys: all(key),
                certs: all(cert),
                password_file,
                secret_keys: secret_keys
                    .map(|secret| match secret {
                        SecretKey::Named(name, path) => (Some(name), path),
                        SecretKey::Any(path) => (None, path),
                    })
                    .collect(),
            },
            users: UserFiles {
                hashes: user_hashes,
                secrets: user_secrets,
                secrets_key: user_secrets_key,
            },
            roles: all(roles),
            transport: if tls {
                Transport::Tls
            } else {
                Transport::Unprotected
            },
            id_attributes: all(id_attributes),
            at: at.map_or(Ok(At::Now), as_of)?,
        };
        let verifier = setup.verifier();
        Ok(Self(verifier.map_err(|unusable| configuration_error(&unusable))?))
    }

    /// Judges one message and gives its result, as `sealgate --format json` prints it.
    #[pyo3(signature = (message, *, source = "-".to_owned()))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        message: PyBackedBytes,
        source: String,
    ) -> PyResult<Bound<'py, PyAny>> {
        let judged = py.detach(|| {
            let item = Item {
                path: source,
                stamp: Stamp::default(),
                body: Body::Bytes(message.to_vec().into()),
            };
            judge(&self.0, None, item)
        });
        py.import("json")?.call_method1("loads", (judged.result,))
    }

    /// Judges a column of messages, and gives the columns of `results.parquet` as a `pyarrow.RecordBatch`.
    #[pyo3(signature = (batch, *, message = "message", source = None, objects = false))]
    fn verify_batch<'py>(
        &self,
        py: Python<'py>,
        batch: &Bound<'py, PyAny>,
        message: &str,
        source: Option<&str>,
        objects: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let messages = Messages::of(taken(batch)?, message, source)?;
        let objects = if objects { Objects::Column } else { Objects::None };
        let results = py.detach(|| columns(&messages.judged(&self.0), objects));
        let results = results.map_err(|error| batch_error("input.batch", &error))?;
        py.import("pyarrow")?
            .call_method1("record_batch", (Columns(results),))
    }

    /// The name of the policy.
    #[getter]
    fn policy(&self) -> &str {
        &self.0.gate.policy.name
    }

    /// As of when messages are judged, as it was asked.
    #[getter]
    fn at(&self) -> String {
        self.0.at.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Verifier(policy={:?}, at={:?})", self.policy(), self.at())
    }
}

fn all<T>(several: Option<Several<T>>) -> Vec<T> {
    several.map(Vec::from).unwrap_or_default()
}

/// `now`, `message`, a time as RFC 3339 has it, or a datetime with its offset.
fn as_of(at: &Bound<'_, PyAny>) -> PyResult<At> {
    let typed = time(at)?;
    typed
        .parse()
        .map_err(|why: String| PyValueError::new_err(format!("at: {typed:?} is {why}")))
}

/// An old algorithm, and the time before which a message has to have been signed.
fn dated((name, before): (String, Bound<'_, PyAny>)) -> PyResult<DatedGrant> {
    let typed = format!("{name}={}", time(&before)?);
    typed
        .parse()
        .map_err(|why: String| PyValueError::new_err(format!("legacy_before: {why}")))
}

/// A time as text, or a datetime.
fn time(given: &Bound<'_, PyAny>) -> PyResult<String> {
    match given.getattr_opt("isoformat")? {
        Some(isoformat) => isoformat.call0()?.extract(),
        None => given.extract(),
    }
}
