use bytes::Bytes;
use chrono::Utc;

use crate::algorithm::CanonicalizationAlgorithm;
use crate::c14n;
use crate::cli::args::{BenchArguments, Operation};
use crate::cli::exit::Stop;
use crate::cli::inputs::{self, OwnKey};
use crate::cli::sign::Signer;
use crate::inbound::document::{DocumentKeys, DocumentRules, judge_document};
use crate::inbound::{AsOf, Gate, Received, SenderHeader};
use crate::inbound::{SamlContext, verify_saml};
use crate::policy::Part;
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::soap::Roles;
use crate::trust::Passwords;
use crate::verifier::{At, KeyFiles, Reason, entity};
use crate::xml::Document;
use crate::xml::Limits;

/// What is done to a message, and with what.
pub(super) struct Job {
    operation: Operation,
    /// Trust, policy and the like: as of the gateway.
    pub(super) gate: Gate,
    at: At,
    content_type: Option<String>,
    id_attributes: Vec<String>,
    signer: Option<Signer>,
    cold: bool,
}

impl Job {
    /// What `arguments` ask for, checked.
    pub(super) fn of(arguments: &BenchArguments) -> Result<Self, Stop> {
        let (policy, trust) =
            inputs::policy_and_trust(&arguments.judging, &arguments.trust, &arguments.party)?;
        let signer = match arguments.operation {
            Operation::Sign => {
                let own = OwnKey::of(&arguments.own, &arguments.trust.password)?;
                Some(Signer::of(arguments.signing.clone(), own)?)
            }
            Operation::Verify | Operation::Dsig | Operation::Saml | Operation::C14n | Operation::Parse => {
                None
            }
        };
        Ok(Self {
            operation: arguments.operation,
            gate: Gate {
                passwords: Passwords::default(),
                keyring: decryption_keys(arguments).keyring()?,
                trust: trust.store,
                issuers: trust.issuers,
                policy,
                party: arguments.party.relying_party(),
                roles: Roles::default(),
                understood: Vec::new(),
                destination: None,
                schema: None,
                threats: None,
                sender_header: SenderHeader::TakenOut,
                exceptions: Vec::new(),
                replay: None,
            },
            at: arguments.judging.at,
            content_type: arguments.content_type.content_type.clone(),
            id_attributes: arguments.ids.id_attributes.clone(),
            signer,
            cold: arguments.cold,
        })
    }

    /// The operation.
    pub(super) fn operation(&self) -> Operation {
        self.operation
    }

    /// As of when signers are trusted.
    pub(super) fn time(&self) -> chrono::DateTime<Utc> {
        match self.at.as_of() {
            AsOf::Time(time) => time,
            AsOf::Message => Utc::now(),
        }
    }

    /// Forgets what was remembered of certificates, if that is wanted.
    pub(super) fn forget(&self) {
        if self.cold {
            self.gate.trust.forget();
        }
    }

    /// Once, from the bytes.
    pub(super) fn run(&self, bytes: Bytes) -> Result<(), Reason> {
        self.forget();
        match self.operation {
            Operation::Verify => self.verify(bytes),
            Operation::Dsig => self.dsig(bytes).map_err(|rejection| Reason::from(&rejection)),
            Operation::Saml => self.saml(bytes).map_err(|rejection| Reason::from(&rejection)),
            Operation::Sign => self.sign(bytes).map_err(|rejection| Reason::from(&rejection)),
            Operation::C14n => canonicalize(bytes).map_err(|rejection| Reason::from(&rejection)),
            Operation::Parse => parse(bytes).map_err(|rejection| Reason::from(&rejection)),
        }
    }

    /// A message of several parts is taken apart each time.
    fn verify(&self, bytes: Bytes) -> Result<(), Reason> {
        let field = self.content_type.as_deref();
        let received = entity::of_bytes(bytes, field, &self.gate.policy.limits);
        let received = received.map_err(|why| Reason::from(&why))?;
        self.judge(received).map_err(|rejection| Reason::from(&rejection))
    }

    fn judge(&self, received: Received) -> Result<(), Rejection> {
        match self.at.as_of() {
            AsOf::Time(time) if asks_for_the_body(&self.gate.policy) => {
                drop(std::hint::black_box(self.gate.verify(received, time)?));
                Ok(())
            }
            as_of @ (AsOf::Time(_) | AsOf::Message) => self.gate.judge(received, as_of).verdict,
        }
    }

    fn dsig(&self, bytes: Bytes) -> Result<(), Rejection> {
        let rules = DocumentRules {
            policy: &self.gate.policy,
            keys: DocumentKeys::Trusted(&self.gate.trust, self.at.as_of()),
            id_attributes: &self.id_attributes,
        };
        judge_document(bytes, &rules).verdict
    }

    fn saml(&self, bytes: Bytes) -> Result<(), Rejection> {
        let context = SamlContext {
            policy: &self.gate.policy,
            trust: &self.gate.trust,
            issuers: &self.gate.issuers,
            party: &self.gate.party,
            keyring: &self.gate.keyring,
            as_of: self.at.as_of(),
        };
        std::hint::black_box(verify_saml(bytes, &context)?);
        Ok(())
    }

    fn sign(&self, bytes: Bytes) -> Result<(), Rejection> {
        if let Some(signer) = &self.signer {
            std::hint::black_box(signer.sign(bytes, self.time())?);
        }
        Ok(())
    }
}

/// Whether what passes could be relayed, so that the gateway's own judgement fits.
fn asks_for_the_body(policy: &Policy) -> bool {
    policy.signed.contains(&Part::Body)
}

fn canonicalize(bytes: Bytes) -> Result<(), Rejection> {
    let length = bytes.len();
    let document = Document::parse(bytes, &Limits::archive())?;
    let mut octets = Vec::with_capacity(length);
    let exclusive = CanonicalizationAlgorithm::Exclusive.into();
    c14n::document(&document, &exclusive, None, &mut octets).map_err(|error| {
        crate::dsig::Error::at(document.root(), crate::dsig::ErrorKind::Canonicalization(error))
    })?;
    std::hint::black_box(octets);
    Ok(())
}

fn parse(bytes: Bytes) -> Result<(), Rejection> {
    std::hint::black_box(Document::parse(bytes, &Limits::archive())?);
    Ok(())
}

/// The keys for what is encrypted: where something is signed, the same options name the key that signs.
fn decryption_keys(arguments: &BenchArguments) -> KeyFiles {
    let own = &arguments.own;
    match arguments.operation {
        Operation::Verify | Operation::Saml => KeyFiles {
            keys: own.key.iter().cloned().collect(),
            certs: own.cert.iter().cloned().collect(),
            password_file: arguments.trust.password.password_file.clone(),
            secret_keys: Vec::new(),
        },
        Operation::Sign | Operation::Dsig | Operation::C14n | Operation::Parse => KeyFiles::default(),
    }
}
