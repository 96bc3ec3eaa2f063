use crate::inbound::{Gate, Received};
use crate::policy::Transport;
use crate::soap::Roles;

use super::args::VerifyArguments;
use super::console::Console;
use super::entity::{self, NoMessage};
use super::exit::{Exit, Stop};
use super::inputs;
use super::keyring;
use super::report::{self, Reason, Report};

/// `sealgate verify`: SOAP messages, judged as the gateway would judge them, and nothing remembered of them.
pub(crate) fn run(arguments: VerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let gate = gate(&arguments)?;
    let transport = transport(&arguments);
    let (action, at) = (arguments.action, arguments.judging.at);
    let field = arguments.content_type.as_deref();
    report::each_unread(arguments.files, arguments.output.format, console, |source| {
        let received = match entity::received(&source, field, &gate.policy.limits) {
            Ok(received) => received,
            Err(NoMessage::Unreadable(error)) => return Report::unreadable(source, &error),
            Err(NoMessage::Refused(rejection)) => return Report::refused(source, Reason::from(&rejection)),
        };
        let bytes = match inputs::decoded(received.bytes, &gate.policy) {
            Ok(bytes) => bytes,
            Err(reason) => return Report::refused(source, reason),
        };
        let received = Received {
            bytes,
            action: action.clone().or(received.action),
            transport,
            ..received
        };
        let judgement = gate.judge(received, at.as_of());
        Report::of(source, judgement.verdict, judgement.findings)
    })
}

/// The gate that `arguments` describe. It remembers nothing.
pub(super) fn gate(arguments: &VerifyArguments) -> Result<Gate, Stop> {
    let policy = inputs::judging_policy(&arguments.judging)?;
    let trust = inputs::trust_with_metadata(
        &arguments.trust,
        &arguments.party.metadata,
        &policy,
        arguments.judging.at.time(),
    )?;
    Ok(Gate {
        trust: trust.store,
        issuers: trust.issuers,
        passwords: inputs::passwords(&arguments.users)?,
        keyring: keyring::keyring(&arguments.keys, &arguments.trust.password)?,
        policy,
        party: arguments.party.relying_party(),
        roles: Roles::new(arguments.role.clone()),
        understood: Vec::new(),
        destination: None,
        schema: None,
        replay: None,
    })
}

/// How the messages came.
pub(super) const fn transport(arguments: &VerifyArguments) -> Transport {
    if arguments.tls {
        Transport::Tls
    } else {
        Transport::Unprotected
    }
}
