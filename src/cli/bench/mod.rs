//! `sealgate bench`: how many of these messages this machine handles. Nothing about a message is remembered between rounds,
//! except parsed certificates and path verdicts, as the gateway does.

mod clock;
mod job;
mod stages;

use bytes::Bytes;
use serde_json::json;

use super::args::{BenchArguments, Operation};
use super::console::{Console, Style, Tone};
use super::exit::{Exit, Stop};
use super::report::{Format, Report};
use super::source::{Source, distinct};
use crate::xml::Limits;
use clock::{Memory, Sample};
use job::Job;
use stages::Stages;

/// Measures each file in turn. A message that does not pass is not measured: it would be quicker than one that does.
pub(super) fn run(arguments: &BenchArguments, console: &mut Console) -> Result<Exit, Stop> {
    distinct(&arguments.files)?;
    let job = Job::of(arguments)?;
    let mut exit = Exit::Passed;
    for source in &arguments.files {
        let report = match source.read(Limits::archive().bytes) {
            Err(error) => Report::unreadable(source.clone(), &error),
            Ok(bytes) => match measure(&job, source, bytes, arguments) {
                Ok(result) => {
                    console.print(result.render(arguments.output.format, console.style()));
                    console.flush();
                    continue;
                }
                Err(report) => *report,
            },
        };
        exit = exit.max(report.exit());
        report.note(arguments.output.format, console);
    }
    Ok(exit)
}

struct Measured {
    file: String,
    operation: &'static str,
    threads: u16,
    bytes: usize,
    sample: Sample,
    peak_growth_kib: Option<u64>,
    stages: Stages,
}

fn measure(
    job: &Job,
    source: &Source,
    bytes: Bytes,
    arguments: &BenchArguments,
) -> Result<Measured, Box<Report>> {
    let refused = |reason| Box::new(Report::refused(source.clone(), reason));
    let memory = Memory::before();
    job.run(bytes.clone()).map_err(refused)?;
    let peak_growth_kib = memory.growth_kib();
    let sample = clock::window(job, &bytes, arguments.threads, arguments.seconds).map_err(refused)?;
    Ok(Measured {
        file: source.typed(),
        operation: name(arguments.operation),
        threads: arguments.threads,
        bytes: bytes.len(),
        stages: stages::of(job, &bytes, sample.cpu_us(), arguments.seconds),
        sample,
        peak_growth_kib,
    })
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Verify => "verify",
        Operation::Dsig => "dsig",
        Operation::Saml => "saml",
        Operation::Sign => "sign",
        Operation::C14n => "c14n",
        Operation::Parse => "parse",
    }
}

impl Measured {
    fn render(&self, format: Format, style: Style) -> String {
        match format {
            Format::Json => self.json(),
            Format::Text => self.text(style),
        }
    }

    fn json(&self) -> String {
        let object = json!({
            "file": self.file,
            "operation": self.operation,
            "threads": self.threads,
            "messages": self.sample.messages,
            "bytes": self.bytes,
            "cpu_us_per_message": self.sample.cpu_us(),
            "wall_us_per_message": self.sample.wall_us(),
            "megabytes_per_second": self.sample.megabytes_per_second(self.bytes),
            "peak_rss_growth_kib": self.peak_growth_kib,
            "stages": self.stages.json(),
        });
        format!("{object}\n")
    }

    fn text(&self, style: Style) -> String {
        let file = style.paint(Tone::Strong, &super::report::plain(&self.file));
        let threads = match self.threads {
            1 => "1 thread".to_owned(),
            count => format!("{count} threads"),
        };
        let mut text = format!("{file}  {}, {threads}, {} bytes\n", self.operation, self.bytes);
        let (wall, rate) = (self.sample.wall_us(), self.sample.messages_per_second());
        let each = style.paint(Tone::Strong, &format!("{:.1} µs", self.sample.cpu_us()));
        text.push_str(&format!(
            "  {each} of CPU a message ({wall:.1} µs of time), {rate:.0} messages a second"
        ));
        text.push_str(&format!(
            ", {:.1} MB/s\n",
            self.sample.megabytes_per_second(self.bytes)
        ));
        if let Some(growth) = self.peak_growth_kib {
            text.push_str(&format!(
                "  {growth} KiB more memory at most for the first message\n"
            ));
        }
        let stages = self.stages.text();
        if !stages.is_empty() {
            text.push_str(&format!("  {stages}\n"));
        }
        text
    }
}
