use chrono::DateTime;
use chrono::Utc;

use super::problem::Problem;
use super::recording::Recording;
use super::recording::Sent;
use super::step::Message;
use super::step::Step;
use super::step::shown;
use crate::crypto::Certificate;
use crate::inbound::AsOf;
use crate::inbound::Keyring;
use crate::inbound::SamlContext;
use crate::inbound::VerifiedSaml;
use crate::inbound::verify_saml;
use crate::policy::Policy;
use crate::policy::saml::ExpectedRequest;
use crate::policy::saml::RelyingParty;
use crate::rejection::Rejection;
use crate::token::held_keys;
use crate::token::saml;
use crate::token::saml::Artifact;
use crate::trust::Issuers;
use crate::trust::Signer;
use crate::trust::TrustStore;
use crate::xml::Document;
use crate::xml::Namespace;
use crate::xml::quoted;

/// What a login is judged by.
#[derive(Clone, Copy, Debug)]
pub struct LoginContext<'c> {
    /// What messages must prove.
    pub policy: &'c Policy,
    /// Whom we trust, where no metadata says whose key it is.
    pub trust: &'c TrustStore,
    /// Whose keys are whose.
    pub issuers: &'c Issuers,
    /// The keys of the service, for what is encrypted to it.
    pub keyring: &'c Keyring,
    /// The audience of assertions; without it, whoever issued the request that they answer.
    pub audience: Option<&'c str>,
    /// Whether an answer may come unasked.
    pub unsolicited: Unsolicited,
    /// As of when; without it, as of when each message was sent, or its own time where the recording does not say.
    pub at: Option<DateTime<Utc>>,
}

impl<'c> LoginContext<'c> {
    /// With nothing more known: no audience, no answers unasked, each message as of when it was sent.
    pub fn new(
        policy: &'c Policy,
        trust: &'c TrustStore,
        issuers: &'c Issuers,
        keyring: &'c Keyring,
    ) -> Self {
        Self {
            policy,
            trust,
            issuers,
            keyring,
            audience: None,
            unsolicited: Unsolicited::Refused,
            at: None,
        }
    }
}

/// Whether an identity provider may begin a login.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unsolicited {
    /// No.
    #[default]
    Refused,
    /// Yes.
    Allowed,
}

/// A login that was followed.
#[derive(Debug)]
pub struct Login {
    /// The SAML messages in the order in which they were sent; at least one.
    pub steps: Vec<Step>,
    /// The requests of the recording that could not be read, by their places from 1.
    pub passed_over: Vec<usize>,
}

impl Login {
    /// Where it breaks first: the request of the recording, from 1, and how. Where no step does, a request that was passed over may have
    /// carried a message that does.
    pub fn first_problem(&self) -> Option<(usize, Problem)> {
        let mut all = self.steps.iter();
        let broken = all.find_map(|step| Some((step.number, step.problems.first()?.clone())));
        broken.or_else(|| Some((*self.passed_over.first()?, Problem::PassedOver)))
    }
}

/// Follows the login that was recorded.
pub fn follow(recording: &Recording, context: &LoginContext<'_>) -> Login {
    let mut steps: Vec<Step> = Vec::with_capacity(recording.sent.len());
    for sent in &recording.sent {
        let mut step = Step::of(sent, context.policy);
        if let Some(message) = step.message.clone() {
            match &message.artifact {
                Some(artifact) => check_artifact(&mut step, artifact, sent, &steps, context.issuers),
                None => check(&mut step, &message, sent, &steps, context),
            }
        }
        steps.push(step);
    }
    take_back_unknown(&mut steps, recording);
    check_answered(&mut steps, recording);
    Login {
        steps,
        passed_over: recording.passed_over.clone(),
    }
}

/// Compares a message with how it was sent and with what it answers, and has it judged.
fn check(step: &mut Step, message: &Message, sent: &Sent, before: &[Step], context: &LoginContext<'_>) {
    let asked = requests(before);
    let said = message.in_response_to.as_deref();
    let request = asked
        .iter()
        .copied()
        .find(|request| Some(request.id.as_str()) == said);
    let request = request.filter(|_| step.is_answer());
    let judged = judge(message, sent, request, context);
    step.judged = judged.is_some();
    if let (Some(Ok(VerifiedSaml::Assertion { claims, .. })), Some(message)) = (&judged, &mut step.message) {
        message.assertion_id = Some(claims.assertion_id.clone());
        message.assertion_issuer = Some(claims.issuer.clone());
    }
    let address = address(message, request, sent);
    if let Some(said) = message.destination.as_ref().filter(|said| *said != address) {
        step.problems.push(Problem::Destination {
            said: said.clone(),
            sent_to: address.to_owned(),
        });
    }
    if step.is_answer() {
        let unsolicited = said.is_none() && context.unsolicited == Unsolicited::Allowed;
        let used = step
            .message
            .as_ref()
            .and_then(|message| used_before(message, before));
        step.problems.extend(used);
        match request {
            Some(request) => step.problems.extend(answered(request, message, address)),
            None if unsolicited => {}
            None => step.problems.push(Problem::UnknownRequest {
                said: message.in_response_to.clone(),
                requests: asked.iter().map(|request| request.id.clone()).collect(),
            }),
        }
    }
    if let Some(Err(refused)) = judged
        && step.problems.iter().all(|said| said.code() != refused.code())
    {
        step.problems.push(refused);
    }
}

/// Compares an artifact with the request before it, as the message that says which one it answers is not there, and with those who may
/// have issued it.
fn check_artifact(step: &mut Step, artifact: &Artifact, sent: &Sent, before: &[Step], issuers: &Issuers) {
    let issuer = issuers.entity_ids().find(|known| artifact.is_of(known));
    let issuer = issuer.map(str::to_owned);
    let told = match (&issuer, issuers.is_empty()) {
        (None, false) => Problem::ArtifactIssuer {
            known: issuers.entity_ids().count(),
        },
        _ => Problem::ArtifactNotResolved {
            issuer: issuer.clone(),
            endpoint_index: artifact.endpoint_index,
        },
    };
    if let Some(message) = &mut step.message {
        let request = requests(before).last().copied();
        let compared =
            request.map(|request| answered(request, message, address(message, Some(request), sent)));
        step.problems.extend(compared.into_iter().flatten());
        message.issuer = issuer;
    }
    step.problems.push(told);
}

/// Where the message was sent: as a message names it, with its own query string; and otherwise without what only servers should
/// know.
fn address<'s>(message: &'s Message, request: Option<&'s Message>, sent: &'s Sent) -> &'s str {
    let is_it = |named: &&String| match sent.url.strip_prefix(named.as_str()) {
        Some("") => true,
        // HTTP-Redirect adds its parameters.
        Some(rest) => named.contains('?') && rest.starts_with('&'),
        None => false,
    };
    let asked = request.and_then(|request| request.answer_to.as_ref());
    let mut named = message.destination.iter().chain(asked);
    named.find(is_it).map_or(shown(&sent.url), String::as_str)
}

/// The requests of `before`.
fn requests(before: &[Step]) -> Vec<&Message> {
    let requests = before.iter().filter(|step| !step.is_answer());
    requests.filter_map(|step| step.message.as_ref()).collect()
}

/// What does not fit between `request` and its answer `message`, which was sent to `address`.
fn answered(request: &Message, message: &Message, address: &str) -> Vec<Problem> {
    let elsewhere = request.answer_to.as_ref().filter(|asked| *asked != address);
    let elsewhere = elsewhere.map(|asked| Problem::AnsweredElsewhere {
        asked: asked.clone(),
        sent_to: address.to_owned(),
    });
    let lost = request.relay_state.as_ref();
    let lost = lost.filter(|sent| message.relay_state.as_ref() != Some(sent));
    let lost = lost.map(|sent| Problem::RelayState {
        sent: sent.clone(),
        returned: message.relay_state.clone(),
    });
    elsewhere.into_iter().chain(lost).collect()
}

/// The step before that has used up what `message` brings: its assertion, or itself where that cannot be read (T101); the request that it
/// answers (T94).
fn used_before(message: &Message, before: &[Step]) -> Option<Problem> {
    let mut answers = before
        .iter()
        .filter(|step| step.is_answer())
        .filter_map(|step| Some((step.number, step.message.as_ref()?)));
    answers.find_map(|(number, known)| {
        // What is around an assertion need not be signed, so anybody may give it another ID and issuer.
        let is_same = match (&known.assertion_id, &message.assertion_id) {
            (Some(used), Some(said)) => used == said && known.assertion_issuer == message.assertion_issuer,
            _ => known.id == message.id && known.issuer == message.issuer,
        };
        let answered = message.in_response_to.as_ref();
        let answered = answered.filter(|said| known.in_response_to.as_ref() == Some(*said));
        match (is_same, answered) {
            (true, _) => Some(Problem::Replayed { before: number }),
            (false, Some(request)) => Some(Problem::AnsweredBefore {
                request: request.clone(),
                before: number,
            }),
            (false, None) => None,
        }
    })
}

/// What whoever received the message makes of it; `None` if nobody can judge it. Of requests and logouts only those are judged whose
/// issuer is known: the metadata of both sides is rarely at hand.
fn judge(
    message: &Message,
    sent: &Sent,
    request: Option<&Message>,
    context: &LoginContext<'_>,
) -> Option<Result<VerifiedSaml, Problem>> {
    let issuer = message.issuer.as_deref();
    let is_known = issuer.is_some_and(|issuer| context.issuers.describe(issuer));
    if message.name != "Response" && !is_known {
        return None;
    }
    let requested = match (request, &message.in_response_to) {
        (Some(request), _) => ExpectedRequest::RequestOrUnsolicited(request.id.clone()),
        // That no such request was sent has been said.
        (None, Some(said)) => ExpectedRequest::RequestOrUnsolicited(said.clone()),
        (None, None) => ExpectedRequest::Unsolicited,
    };
    let audience = context.audience.or_else(|| request?.issuer.as_deref());
    let party = RelyingParty {
        audience: audience.map(str::to_owned),
        recipient: Some(address(message, request, sent).to_owned()),
        request: requested,
        resolution: ExpectedRequest::NotSaid,
    };
    let context = SamlContext {
        policy: context.policy,
        trust: context.trust,
        issuers: context.issuers,
        party: &party,
        keyring: context.keyring,
        as_of: context.at.or(sent.at).map_or(AsOf::Message, AsOf::Time),
    };
    let verdict = verify_saml(sent.parameters.clone().into(), &context);
    Some(verdict.map_err(|rejection| {
        let hint = hint(&rejection, issuer, sent, &context);
        Problem::Refused { rejection, hint }
    }))
}

/// What people take for a broken signature: the issuer signs with another key than its metadata has.
fn hint(
    rejection: &Rejection,
    issuer: Option<&str>,
    sent: &Sent,
    context: &SamlContext<'_>,
) -> Option<String> {
    if rejection.code() != "dsig.signature_mismatch" {
        return None;
    }
    let AsOf::Time(at) = context.as_of else {
        return None;
    };
    let issuer = issuer?;
    let named = Signer::from(&named_certificate(sent, context)?);
    let known = context.issuers.keys(issuer, Issuers::ASSERTING, at).ok()?;
    let known: Vec<Signer> = known
        .iter()
        .filter_map(|key| key.certificate.as_ref())
        .map(Signer::from)
        .collect();
    if known.iter().any(|known| known.sha256 == named.sha256) {
        return None;
    }
    let described = |signer: &Signer| format!("{} (SHA-256 {})", quoted(&signer.subject), signer.sha256);
    let known: Vec<String> = known.iter().map(described).collect();
    Some(format!(
        "it names the certificate {}, and the metadata of {} has {}: if the issuer has a new key, its metadata is to be fetched anew",
        described(&named),
        quoted(issuer),
        known.join(", ")
    ))
}

/// The certificate that a signature in the message says it was made with. Anybody may say so.
fn named_certificate(sent: &Sent, context: &SamlContext<'_>) -> Option<Certificate> {
    let decoded = saml::decode(sent.parameters.clone().into()).ok()?;
    let document = Document::parse(decoded.xml, &context.policy.limits).ok()?;
    let mut key_infos = document
        .root()
        .descendants()
        .filter(|one| one.is(Namespace::DS, "KeyInfo"));
    key_infos.find_map(|key_info| {
        let held = held_keys(key_info).ok()?;
        held.into_iter().find_map(|key| key.certificate)
    })
}

/// Takes back that an answer is to no request, where one that was not read may be that request: it has its own problem.
fn take_back_unknown(steps: &mut [Step], recording: &Recording) {
    let mut is_hidden = !recording.passed_over.is_empty();
    for step in steps {
        let is_taken_back = |problem: &Problem| {
            let names_one = matches!(problem, Problem::UnknownRequest { said: Some(_), .. });
            is_hidden && names_one
        };
        step.problems.retain(|problem| !is_taken_back(problem));
        is_hidden |= step.message.is_none();
    }
}

/// Notes the requests that nothing answers: after which no answer was sent at all, or none that says so. One that was not read may do so.
fn check_answered(steps: &mut [Step], recording: &Recording) {
    if !recording.passed_over.is_empty() {
        return;
    }
    let may_answer = |(step, sent): (&Step, &Sent)| {
        step.is_answer() || (step.message.is_none() && sent.parameters.split('&').any(saml::is_answer))
    };
    let last_answer = steps.iter().zip(&recording.sent).rposition(may_answer);
    for (index, (step, sent)) in steps.iter_mut().zip(&recording.sent).enumerate() {
        let waits = step.message.is_some() && !step.is_answer();
        if waits && last_answer.is_none_or(|answer| answer < index) {
            let page = recording.pages.iter().find(|page| page.order >= sent.order);
            step.problems.push(Problem::NotAnswered {
                page: page.map(|page| page.number),
            });
        }
    }
}
