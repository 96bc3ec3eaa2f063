use chrono::Utc;
use serde_json::json;

use crate::config;
use crate::config::Examined;
use crate::config::Problem;
use crate::config::Problems;

use super::args::ConfigCheckArguments;
use super::console::{Console, Style, Tone};
use super::exit::Exit;
use super::report::{Format, plain};

/// `sealgate config check`: everything that is wrong at once.
pub(crate) fn check(arguments: &ConfigCheckArguments, console: &mut Console) -> Exit {
    let file = plain(&arguments.file.to_string_lossy());
    let checked = config::examine(&arguments.file, Utc::now());
    let text = match arguments.output.format {
        Format::Text => text(&file, &checked, console.style()),
        Format::Json => json(&file, &checked),
    };
    console.print(text);
    match checked {
        Ok(_) => Exit::Passed,
        Err(_) => Exit::WrongConfiguration,
    }
}

/// `sealgate config schema`.
pub(crate) fn schema(console: &mut Console) -> Exit {
    console.print(format!("{:#}\n", config::schema()));
    Exit::Passed
}

/// `sealgate config reference`.
pub(crate) fn reference(console: &mut Console) -> Exit {
    console.print(config::reference());
    Exit::Passed
}

/// `sealgate config init`.
pub(crate) fn init(console: &mut Console) -> Exit {
    console.print(config::init());
    Exit::Passed
}

fn text(file: &str, checked: &Result<Examined, Problems>, style: Style) -> String {
    match checked {
        Ok(checked) => {
            let listeners = counted(checked.listeners, "listener");
            let routes = counted(checked.routes, "route");
            let word = style.paint(Tone::Good, "right");
            let mut text = format!(
                "{word}  {}  {listeners}, {routes}\n",
                style.paint(Tone::Strong, file)
            );
            for warning in &checked.warnings {
                text.push_str(&style.paint(Tone::Doubtful, "warning\n"));
                text.push_str(&described(warning, style));
            }
            for note in &checked.notes {
                text.push_str(&style.paint(Tone::Faint, "note\n"));
                text.push_str(&described(note, style));
            }
            text
        }
        Err(problems) => {
            let word = style.paint(Tone::Bad, "wrong");
            let mut text = format!("{word}  {}\n", style.paint(Tone::Strong, file));
            for problem in problems.iter() {
                text.push_str(&described(problem, style));
            }
            text
        }
    }
}

fn described(problem: &Problem, style: Style) -> String {
    let file = plain(&problem.file.to_string_lossy());
    let place = problem
        .position
        .map_or_else(|| file.clone(), |position| format!("{file}:{position}"));
    let key = match problem.key.as_str() {
        "" => String::new(),
        key => format!("{}: ", style.paint(Tone::Strong, key)),
    };
    let instead = style.paint(Tone::Faint, &problem.instead);
    format!("  {place}: {key}{}\n    {instead}\n", problem.what)
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn json(file: &str, checked: &Result<Examined, Problems>) -> String {
    let problems: Vec<_> = checked
        .as_ref()
        .err()
        .into_iter()
        .flat_map(Problems::iter)
        .map(problem)
        .collect();
    let warnings = checked.iter().flat_map(|checked| &checked.warnings);
    let warnings: Vec<_> = warnings.map(problem).collect();
    let notes = checked.iter().flat_map(|checked| &checked.notes);
    let notes: Vec<_> = notes.map(problem).collect();
    let verdict = if checked.is_ok() { "right" } else { "wrong" };
    format!(
        "{}\n",
        json!({"file": file, "verdict": verdict, "problems": problems, "warnings": warnings, "notes": notes})
    )
}

fn problem(problem: &Problem) -> serde_json::Value {
    let position = problem
        .position
        .map(|position| json!({"line": position.line, "column": position.column}));
    json!({
        "file": problem.file.to_string_lossy(),
        "position": position,
        "key": problem.key,
        "what": problem.what,
        "instead": problem.instead,
    })
}
