use bytes::Bytes;

use crate::cli::args::VerifyArguments;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::report::Report;
use crate::cli::source::Source;
use crate::cli::toml_text;
use crate::cli::verify::Reading;
use crate::inbound::{AsOf, Gate, Judgement, Received, SamlContext, judge_saml};
use crate::policy::{Part, Policy, Tightening};
use crate::soap::Envelope;
use crate::soap::attachment::Attachment;
use crate::verifier::{Kind, Reason, Setup, decoded};
use crate::xml::{Element, Limits, Namespace};

/// `sealgate policy infer`: the tightest policy that the messages meet, as TOML.
///
/// The judgement itself is asked again and again, each time with one thing taken away from the policy: what the messages do not need
/// stays away. So what is printed can only be tighter than where it starts, and every message still passes under it.
pub(crate) fn infer(arguments: VerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let as_of = arguments.gate.judging.at.as_of();
    let gate = Setup::from(&arguments.gate).verifier()?.gate;
    let reading = Reading::of(&arguments, &gate.policy)?;
    let refused = |report: Report, console: &mut Console| {
        report.note(arguments.output.format, console);
        Ok(report.exit())
    };
    let mut samples = Vec::new();
    for source in &arguments.files {
        match Sample::read(&reading, source, &gate.policy) {
            Ok(sample) => samples.push(sample),
            Err(reason) => return refused(Report::refused(source.clone(), reason), console),
        }
    }
    for (source, sample) in arguments.files.iter().zip(&samples) {
        // Nothing can be tightened for a message that does not pass as it is.
        let report = match sample.judged(&gate, as_of) {
            Ok(judgement) if judgement.verdict.is_ok() => continue,
            Ok(judgement) => Report::of(source.clone(), judgement.verdict, judgement.findings),
            Err(reason) => Report::refused(source.clone(), reason),
        };
        return refused(report, console);
    }
    let signed = signed(&samples, &gate.policy);
    let encrypted = encrypted(&samples, &gate.policy, &signed);
    let steps = gate.policy.tightenings(&signed, &encrypted);
    let mut policy = tightened(gate, &samples, as_of, &steps);
    policy.name = format!("{}-inferred", policy.name);
    console.print(toml_text::document(&policy)?);
    Ok(Exit::Passed)
}

/// The policy of `gate` after every one of `steps` under which all samples pass, until there is none.
fn tightened(mut gate: Gate, samples: &[Sample], as_of: AsOf, steps: &[Tightening]) -> Policy {
    let mut again = true;
    while again {
        again = false;
        for step in steps {
            while is_kept(step, &mut gate, samples, as_of) {
                again = true;
            }
        }
    }
    gate.policy
}

/// Whether `step` changes the policy and all samples pass then; otherwise it is undone.
fn is_kept(step: &Tightening, gate: &mut Gate, samples: &[Sample], as_of: AsOf) -> bool {
    let before = gate.policy.clone();
    step(&mut gate.policy);
    if gate.policy == before {
        return false;
    }
    let passes = |sample: &Sample| {
        let judged = sample.judged(gate, as_of);
        sample.is_within(&gate.policy.limits) && judged.is_ok_and(|judgement| judgement.verdict.is_ok())
    };
    let all_pass = samples.iter().all(passes);
    if !all_pass {
        gate.policy = before;
    }
    all_pass
}

/// Something that passes.
enum Sample {
    /// A SOAP message, in the encoding in which it came.
    Message(Received),
    /// A SAML document.
    Document(Bytes),
}

impl Sample {
    fn read(reading: &Reading, source: &Source, policy: &Policy) -> Result<Self, Reason> {
        let received = reading.as_it_came(source, policy, &mut None)?;
        let decoded = decoded(received.bytes.clone(), policy)?;
        let is_saml = match Kind::of(&decoded) {
            _ if !received.attachments.is_empty() => false,
            Kind::Saml => true,
            Kind::Soap => {
                Envelope::parse(decoded, &policy.limits).is_ok_and(|envelope| carries_saml(&envelope))
            }
            Kind::Xml => false,
        };
        Ok(if is_saml {
            Self::Document(received.bytes)
        } else {
            Self::Message(received)
        })
    }

    /// As `verify` and `saml verify` judge it; `Err` if it is refused before.
    fn judged(&self, gate: &Gate, as_of: AsOf) -> Result<Judgement<()>, Reason> {
        let policy = &gate.policy;
        match self {
            Self::Message(received) => {
                let bytes = decoded(received.bytes.clone(), policy)?;
                let received = Received {
                    bytes,
                    ..received.clone()
                };
                Ok(gate.judge(received, as_of))
            }
            Self::Document(bytes) => {
                let context = SamlContext {
                    policy,
                    trust: &gate.trust,
                    issuers: &gate.issuers,
                    party: &gate.party,
                    keyring: &gate.keyring,
                    as_of,
                };
                let judgement = judge_saml(bytes.clone(), &context);
                Ok(Judgement {
                    verdict: judgement.verdict.map(drop),
                    findings: judgement.findings,
                })
            }
        }
    }

    /// Whether it is within the limits that hold while a message is read: it is not read again.
    fn is_within(&self, limits: &Limits) -> bool {
        let Self::Message(received) = self else {
            return true;
        };
        let count = received.attachments.iter().count();
        let mut lengths = received.attachments.iter().map(Attachment::length);
        count <= usize::from(limits.attachments)
            && lengths.all(|length| length <= limits.attachment_bytes.into())
    }

    /// The envelope as it came.
    fn envelope(&self, policy: &Policy) -> Option<Envelope> {
        match self {
            Self::Message(received) => {
                let bytes = decoded(received.bytes.clone(), policy).ok()?;
                Envelope::parse(bytes, &policy.limits).ok()
            }
            Self::Document(_) => None,
        }
    }
}

/// Whether the Body holds a message of SAML, and nothing of WS-Security says who sent the envelope (the binding of SAML to SOAP).
fn carries_saml(envelope: &Envelope) -> bool {
    let mut blocks = envelope.header_blocks().map(|block| block.element());
    let is_protocol =
        |element: Element<'_>| matches!(element.namespace_id(), Namespace::SAMLP | Namespace::SAMLP1);
    !blocks.any(|block| block.is(Namespace::WSSE, "Security")) && envelope.body().children().any(is_protocol)
}

/// The parts that may be signed in all samples.
fn signed(samples: &[Sample], policy: &Policy) -> Vec<Part> {
    let mut messages = samples.iter().filter_map(|sample| sample.envelope(policy));
    let Some(envelope) = messages.next() else {
        return vec![Part::Assertion];
    };
    let mut parts = vec![
        Part::Body,
        Part::Timestamp,
        Part::Addressing,
        Part::Assertion,
        Part::UsernameToken,
        Part::Tokens,
        Part::Attachments,
    ];
    parts.extend(envelope.header_blocks().map(|block| Part::Header {
        namespace: block.element().namespace().to_owned(),
        local: block.element().local_name().to_owned(),
    }));
    parts
}

/// The parts that may be encrypted in all samples: none if one of them holds no ciphertext. What a partner who encrypts nothing would
/// encrypt is not known.
fn encrypted(samples: &[Sample], policy: &Policy, signed: &[Part]) -> Vec<Part> {
    let is_encrypted = |sample: &Sample| {
        sample.envelope(policy).is_some_and(|envelope| {
            let mut elements = envelope.root().descendants();
            elements.any(|element| element.is(Namespace::XENC, "EncryptedData"))
        })
    };
    if !samples.iter().all(is_encrypted) {
        return Vec::new();
    }
    // A header that can be seen is in the clear, and the names of others cannot.
    let parts = signed.iter().filter(|part| !matches!(part, Part::Header { .. }));
    parts.cloned().chain([Part::Signature]).collect()
}
