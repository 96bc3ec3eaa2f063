use crate::inbound::{SamlContext, judge_saml};
use crate::verifier::Kind;

use crate::cli::args::SamlVerifyArguments;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs;
use crate::cli::report::{self, Destination, Report, Results};

/// `sealgate saml verify`: SAML documents by themselves, judged as a relying party judges them.
pub(in crate::cli) fn run(arguments: SamlVerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let destination = Destination::of(arguments.validation_report, &arguments.files)?;
    let (policy, trust) = inputs::policy_and_trust(&arguments.judging, &arguments.trust, &arguments.party)?;
    let keyring = arguments.keys.files(&arguments.trust.password).keyring()?;
    let party = arguments.party.relying_party();
    let at = arguments.judging.at;
    let results = Results::of(&arguments.output, destination, Kind::Saml, &policy, at)?;
    report::each(
        arguments.files,
        policy.limits.bytes,
        &results,
        console,
        |source, bytes| {
            let context = SamlContext {
                policy: &policy,
                trust: &trust.store,
                issuers: &trust.issuers,
                party: &party,
                keyring: &keyring,
                as_of: at.as_of(),
            };
            let judgement = judge_saml(bytes, &context);
            Report::of(source, judgement.verdict.map(drop), judgement.findings)
        },
    )
}
