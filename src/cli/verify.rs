use crate::inbound::{Received, Request, answered_request};
use crate::policy::Policy;
use crate::policy::Transport;
use crate::verifier::entity::NoMessage;
use crate::verifier::hashed::Hashed;
use crate::verifier::{Kind, Reason, Setup, decoded};

use super::args::{MessageVerifyArguments, VerifyArguments};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::report::{self, Destination, Report, Results};
use super::source::Source;

/// `sealgate verify`: SOAP messages, judged as the gateway would judge them, and nothing remembered of them.
pub(crate) fn run(arguments: MessageVerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let MessageVerifyArguments {
        verify: arguments,
        validation_report,
    } = arguments;
    let destination = Destination::of(validation_report, &arguments.files)?;
    let mut gate = Setup::from(&arguments.gate).verifier()?.gate;
    gate.threats = Some(arguments.threats.into());
    let reading = Reading::of(&arguments, &gate.policy)?;
    let at = arguments.gate.judging.at;
    let files = arguments.files;
    let results = Results::of(&arguments.output, destination, Kind::Soap, &gate.policy, at)?;
    report::each_unread(files, &results, console, |source| {
        let mut sha256 = None;
        let report = match reading.received(&source, &gate.policy, &mut sha256) {
            Ok(received) => {
                let judgement = gate.judge(received, at.as_of());
                Report::of(source, judgement.verdict, judgement.findings)
            }
            Err(reason) => Report::refused(source, reason),
        };
        Report { sha256, ..report }
    })
}

/// How the messages came.
pub(super) struct Reading {
    transport: Transport,
    action: Option<String>,
    content_type: Option<String>,
    request: Option<Request>,
}

impl Reading {
    /// As `arguments` say, for messages that `policy` judges.
    pub(super) fn of(arguments: &VerifyArguments, policy: &Policy) -> Result<Self, Stop> {
        let request = arguments.request.as_ref();
        let request = request.map(|source| {
            let received = source.received(None, &policy.limits)?;
            answered_request(received.bytes, &policy.limits).map_err(NoMessage::Refused)
        });
        let request = request.transpose().map_err(|error| match error {
            NoMessage::Unreadable(error) => Stop::usage(format!("--request: {error}")),
            NoMessage::Refused(rejection) => Stop::usage(format!("--request: {rejection}")),
        })?;
        Ok(Self {
            transport: arguments.gate.transport(),
            action: arguments.action.clone(),
            content_type: arguments.content_type.content_type.clone(),
            request,
        })
    }

    /// A message, to be judged by `policy`; of its bytes as given SHA-256 is put into `sha256`, where all are read.
    pub(super) fn received(
        &self,
        source: &Source,
        policy: &Policy,
        sha256: &mut Option<String>,
    ) -> Result<Received, Reason> {
        let received = self.as_it_came(source, policy, sha256)?;
        Ok(Received {
            bytes: decoded(received.bytes, policy)?,
            ..received
        })
    }

    /// As [`received`](Self::received), in the encoding in which it came.
    pub(super) fn as_it_came(
        &self,
        source: &Source,
        policy: &Policy,
        sha256: &mut Option<String>,
    ) -> Result<Received, Reason> {
        let mut input = source.open().map_err(|error| Reason::unreadable(&error))?;
        let hashed = Hashed::read(&mut *input, self.content_type.as_deref(), &policy.limits);
        *sha256 = hashed.sha256;
        let received = hashed.received.map_err(|why| Reason::from(&why))?;
        Ok(Received {
            action: self.action.clone().or(received.action),
            transport: self.transport,
            request: self.request.clone(),
            ..received
        })
    }
}
