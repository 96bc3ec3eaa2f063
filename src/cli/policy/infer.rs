use crate::algorithm::{Set, SetMember};
use crate::cli::args::VerifyArguments;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::report::Report;
use crate::cli::verify::Reading;
use crate::inbound::{AsOf, Gate, Received};
use crate::policy::{Part, Policy, Profile, SignedParts};
use crate::soap::Envelope;
use crate::verifier::Setup;

/// `sealgate policy infer`: the tightest policy that the messages meet, as TOML.
///
/// The judgement itself is asked again and again, each time with one thing taken away from the policy: what the messages do not need
/// stays away. So what is printed can only be tighter than where it starts, and every message still passes under it.
pub(crate) fn infer(arguments: VerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let as_of = arguments.gate.judging.at.as_of();
    let mut gate = Setup::from(&arguments.gate).verifier()?.gate;
    let reading = Reading::of(&arguments, &gate.policy)?;
    let mut samples = Vec::new();
    for source in &arguments.files {
        match reading.received(source, &gate.policy, &mut None) {
            Ok(sample) => samples.push(sample),
            Err(reason) => {
                let report = Report::refused(source.clone(), reason);
                report.print(arguments.output.format, console);
                return Ok(report.exit());
            }
        }
    }
    for (source, sample) in arguments.files.iter().zip(&samples) {
        let judgement = gate.judge(sample.clone(), as_of);
        if judgement.verdict.is_err() {
            // Nothing can be tightened for a message that does not pass as it is.
            let report = Report::of(source.clone(), judgement.verdict, judgement.findings);
            report.print(arguments.output.format, console);
            return Ok(report.exit());
        }
    }
    let mut tightening = Tightening {
        gate: &mut gate,
        samples: &samples,
        as_of,
    };
    tightening.all();
    gate.policy.name = format!("{}-inferred", gate.policy.name);
    console.print(toml::to_string(&gate.policy).map_err(Stop::failed)?);
    Ok(Exit::Passed)
}

struct Tightening<'a> {
    gate: &'a mut Gate,
    samples: &'a [Received],
    as_of: AsOf,
}

impl Tightening<'_> {
    fn all(&mut self) {
        self.like_strict();
        self.parts();
        self.algorithms();
        for reference in self.gate.policy.key_references.clone() {
            self.keep_if_all_pass(|policy| policy.key_references.retain(|kept| *kept != reference));
        }
        for age in [60, 120, 300] {
            self.keep_if_all_pass(|policy| {
                policy.timestamp.max_age = policy.timestamp.max_age.min(age);
            });
        }
    }

    /// Takes over from `strict` each setting that the messages meet.
    fn like_strict(&mut self) {
        let strict = Profile::Strict.policy();
        let settings: [fn(&mut Policy, Policy); 9] = [
            |policy, strict| policy.unsigned_headers = strict.unsigned_headers,
            |policy, strict| policy.interrupted_text = strict.interrupted_text,
            |policy, strict| policy.clock_skew = policy.clock_skew.min(strict.clock_skew),
            |policy, strict| policy.basic_security_profile = strict.basic_security_profile,
            |policy, strict| policy.timestamp.presence = strict.timestamp.presence,
            |policy, strict| policy.timestamp.expires = strict.timestamp.expires,
            |policy, strict| policy.certificates = strict.certificates,
            |policy, strict| policy.saml = strict.saml,
            |policy, strict| policy.username_token = strict.username_token,
        ];
        for setting in settings {
            self.keep_if_all_pass(|policy| setting(policy, strict.clone()));
        }
    }

    /// Asks for every part that all messages have signed.
    fn parts(&mut self) {
        let mut parts = vec![
            Part::Body,
            Part::Timestamp,
            Part::Addressing,
            Part::Assertion,
            Part::UsernameToken,
            Part::Tokens,
            Part::Attachments,
        ];
        let first = self.samples.first().cloned();
        let envelope = first.and_then(|sample| Envelope::parse(sample.bytes, &self.gate.policy.limits).ok());
        let blocks = envelope.iter().flat_map(Envelope::header_blocks);
        parts.extend(blocks.map(|block| Part::Header {
            namespace: block.element().namespace().to_owned(),
            local: block.element().local_name().to_owned(),
        }));
        for part in parts {
            self.keep_if_all_pass(|policy| {
                let others = policy
                    .signed
                    .iter()
                    .filter(|other| **other != part && **other != Part::Anything);
                policy.signed = SignedParts::new(part.clone(), others.cloned().collect::<Vec<_>>());
            });
        }
    }

    fn algorithms(&mut self) {
        self.set(|policy| &mut policy.algorithms.signatures);
        self.set(|policy| &mut policy.algorithms.digests);
        self.set(|policy| &mut policy.algorithms.canonicalizations);
        self.set(|policy| &mut policy.algorithms.transforms);
        self.set(|policy| &mut policy.algorithms.references);
        for bits in [2048, 3072, 4096] {
            self.keep_if_all_pass(|policy| {
                policy.algorithms.rsa_min_bits = policy.algorithms.rsa_min_bits.max(bits);
            });
        }
    }

    /// Takes out of a set what no message needs.
    fn set<T: SetMember + PartialEq>(&mut self, of: fn(&mut Policy) -> &mut Set<T>) {
        let members: Vec<T> = of(&mut self.gate.policy).iter().collect();
        for member in members {
            self.keep_if_all_pass(|policy| {
                let set = of(policy);
                *set = set.iter().filter(|other| *other != member).collect();
            });
        }
    }

    fn keep_if_all_pass(&mut self, tighten: impl FnOnce(&mut Policy)) {
        let before = self.gate.policy.clone();
        tighten(&mut self.gate.policy);
        let passes = |sample: &Received| self.gate.judge(sample.clone(), self.as_of).verdict.is_ok();
        if !self.samples.iter().all(passes) {
            self.gate.policy = before;
        }
    }
}
