use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::cli::args::SamlTraceArguments;
use crate::cli::console::{Console, Style, Tone};
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs;
use crate::cli::report::{Format, Report, plain};
use crate::cli::source::{Source, distinct};
use crate::login::{
    Login, LoginContext, Message, Problem, Recording, RecordingError, Step, Unsolicited, follow,
};
use crate::rejection::Verdict;
use crate::verifier::escaped;
use crate::xml::{Limits, quoted};

/// `sealgate saml trace`: logins that a browser recorded, followed from message to message.
pub(in crate::cli) fn run(arguments: SamlTraceArguments, console: &mut Console) -> Result<Exit, Stop> {
    let policy = inputs::policy(&arguments.policy)?;
    let trust = inputs::trust_with_metadata(&arguments.trust, &arguments.metadata, &policy, arguments.at)?;
    let keyring = arguments.keys.files(&arguments.trust.password).keyring()?;
    let context = LoginContext {
        audience: arguments.audience.as_deref(),
        unsolicited: match arguments.allow_unsolicited {
            true => Unsolicited::Allowed,
            false => Unsolicited::Refused,
        },
        at: arguments.at,
        ..LoginContext::new(&policy, &trust.store, &trust.issuers, &keyring)
    };
    distinct(&arguments.files)?;
    let (limit, format) = (Limits::archive().bytes, arguments.output.format);
    let mut exit = Exit::Passed;
    for source in arguments.files {
        let bytes = match source.read(limit) {
            Ok(bytes) => bytes,
            Err(error) => {
                let report = Report::unreadable(source, &error);
                exit = exit.max(report.exit());
                report.print(format, console);
                continue;
            }
        };
        let traced = traced(&bytes, limit, &context);
        let passed = matches!(&traced, Ok(login) if login.first_problem().is_none());
        exit = exit.max(if passed { Exit::Passed } else { Exit::Refused });
        let written = match format {
            Format::Text => text(&source, &traced, console.style()),
            Format::Json => json_line(&source, &traced),
        };
        console.print(written);
        console.flush();
    }
    Ok(exit)
}

/// Why there is no login to follow.
struct Unfollowed {
    code: &'static str,
    message: String,
}

fn traced(bytes: &Bytes, limit: u32, context: &LoginContext<'_>) -> Result<Login, Unfollowed> {
    if u32::try_from(bytes.len()).map_or(true, |length| length > limit) {
        return Err(Unfollowed {
            code: "limit.bytes",
            message: format!("the recording has more than {limit} bytes"),
        });
    }
    match Recording::read(bytes) {
        Ok(recording) => Ok(follow(&recording, context)),
        Err(error) => Err(unfollowed(&error)),
    }
}

fn unfollowed(error: &RecordingError) -> Unfollowed {
    Unfollowed {
        code: error.code(),
        message: error.to_string(),
    }
}

/// For people.
fn text(source: &Source, traced: &Result<Login, Unfollowed>, style: Style) -> String {
    let source = style.paint(Tone::Strong, &source.to_string());
    let login = match traced {
        Ok(login) => login,
        Err(error) => {
            let word = style.paint(Tone::Bad, "failed");
            let code = style.paint(Tone::Strong, error.code);
            return format!("{word}  {source}\n  {code}: {}\n", error.message);
        }
    };
    let first = login.first_problem();
    let mut lines = vec![match first.as_ref().map(|(_, problem)| problem.verdict()) {
        None => format!("{}  {source}", style.paint(Tone::Good, "passed")),
        Some(Verdict::Failed) => format!("{}  {source}", style.paint(Tone::Bad, "failed")),
        Some(Verdict::Indeterminate) => format!("{}  {source}", style.paint(Tone::Doubtful, "indeterminate")),
    }];
    for step in &login.steps {
        lines.push(String::new());
        let (mark, tone) = match (step.problems.is_empty(), step.judged) {
            (true, true) => ("✓", Tone::Good),
            (true, false) => ("·", Tone::Faint),
            (false, _) => ("✗", Tone::Bad),
        };
        let name = step
            .message
            .as_ref()
            .map_or("(not read)".to_owned(), |message| plain(&message.name));
        lines.push(format!(
            "  {} {}  {}, request {} to {}",
            style.paint(tone, mark),
            style.paint(Tone::Strong, &name),
            step.binding.name(),
            step.number,
            plain(&step.sent_to)
        ));
        let at = step
            .at
            .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        let facts = step.message.as_ref().map(facts).unwrap_or_default();
        let facts = at.map(|at| ("sent", at)).into_iter().chain(facts);
        lines.extend(facts.map(|(name, value)| format!("      {name:<12} {}", plain(&value))));
        for problem in &step.problems {
            let code = style.paint(Tone::Strong, problem.code());
            lines.push(format!("      {} {code}: {problem}", style.paint(Tone::Bad, "✗")));
            lines.extend(problem.hint().map(|hint| format!("        {hint}")));
        }
    }
    if login
        .steps
        .iter()
        .any(|step| step.problems.is_empty() && !step.judged)
    {
        lines.push(String::new());
        let note = "· only compared with the others: no metadata of its issuer was given";
        lines.push(format!("  {}", style.paint(Tone::Faint, note)));
    }
    if !login.passed_over.is_empty() {
        lines.push(String::new());
        let numbers: Vec<String> = login.passed_over.iter().map(ToString::to_string).collect();
        let code = style.paint(Tone::Strong, Problem::PassedOver.code());
        let note = format!("request {}: {}", numbers.join(", "), Problem::PassedOver);
        lines.push(format!("  {code}: {}", style.paint(Tone::Doubtful, &note)));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What a message says of itself.
fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let told = [
        ("id", Some(&message.id).filter(|id| !id.is_empty())),
        ("issuer", message.issuer.as_ref()),
        ("destination", message.destination.as_ref()),
        ("answers", message.in_response_to.as_ref()),
        ("answer to", message.answer_to.as_ref()),
        ("relay state", message.relay_state.as_ref()),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    told.map(|(name, value)| (name, quoted(value))).collect()
}

/// One object, for programs.
fn json_line(source: &Source, traced: &Result<Login, Unfollowed>) -> String {
    let mut object = Map::new();
    object.insert("source".to_owned(), source.typed().into());
    match traced {
        Err(error) => object.extend(outcome(
            "failed",
            Some("saml"),
            Some(error.code),
            Some(&error.message),
        )),
        Ok(login) => {
            let first = login.first_problem();
            let problem = first.as_ref().map(|(_, problem)| problem);
            object.extend(outcome(
                verdict(problem),
                problem.map(Problem::stage),
                problem.map(Problem::code),
                problem.map(ToString::to_string).as_deref(),
            ));
            let request = first.as_ref().map(|(request, _)| *request);
            object.insert("breaks_at".to_owned(), request.into());
            let steps: Vec<Value> = login.steps.iter().map(step_json).collect();
            object.insert("steps".to_owned(), steps.into());
            object.insert("passed_over".to_owned(), login.passed_over.clone().into());
        }
    }
    let mut line = escaped(&Value::Object(object).to_string());
    line.push('\n');
    line
}

fn outcome(
    verdict: &str,
    stage: Option<&str>,
    code: Option<&str>,
    message: Option<&str>,
) -> [(String, Value); 4] {
    let facts = [
        ("verdict", Some(verdict)),
        ("stage", stage),
        ("code", code),
        ("message", message),
    ];
    facts.map(|(name, value)| (name.to_owned(), value.into()))
}

fn verdict(problem: Option<&Problem>) -> &'static str {
    match problem.map(Problem::verdict) {
        None => "passed",
        Some(Verdict::Failed) => "failed",
        Some(Verdict::Indeterminate) => "indeterminate",
    }
}

fn step_json(step: &Step) -> Value {
    let problems: Vec<Value> = step
        .problems
        .iter()
        .map(|problem| {
            let position = problem.position();
            json!({
                "verdict": verdict(Some(problem)),
                "stage": problem.stage(),
                "code": problem.code(),
                "message": problem.to_string(),
                "hint": problem.hint(),
                "position": position.map(|at| json!({"line": at.line, "column": at.column})),
            })
        })
        .collect();
    let message = step.message.as_ref();
    let told = |value: fn(&Message) -> Option<&String>| message.and_then(value);
    json!({
        "request": step.number,
        "at": step.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        "binding": step.binding.name(),
        "sent_to": step.sent_to,
        "message": message.map(|message| message.name.as_str()),
        "id": told(|message| Some(&message.id).filter(|id| !id.is_empty())),
        "issuer": told(|message| message.issuer.as_ref()),
        "destination": told(|message| message.destination.as_ref()),
        "in_response_to": told(|message| message.in_response_to.as_ref()),
        "answer_to": told(|message| message.answer_to.as_ref()),
        "relay_state": told(|message| message.relay_state.as_ref()),
        "judged": step.judged,
        "problems": problems,
    })
}
