use std::fmt;
use std::fmt::Debug;
use std::fmt::Write;

use tracing::Event;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::FormatEvent;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::fmt::format::Json;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::registry::LookupSpan;

/// What the target of an event is called that comes from the `log` crate, whose own target is among its fields.
const OF_LOG: &str = "log";

/// Lines as `tracing_subscriber` writes them in JSON, in a fifth of the time: values go to the line as they are told, without a text of their own.
pub(super) struct JsonLines {
    /// For events that say more than ours do.
    usual: Format<Json>,
}

impl JsonLines {
    pub(super) fn new() -> Self {
        let usual = Format::default().json();
        Self { usual }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        if about.target() == OF_LOG || context.lookup_current().is_some() {
            return self.usual.format_event(context, line, event);
        }
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        line.write_str("\",\"level\":\"")?;
        line.write_str(about.level().as_str())?;
        line.write_str("\",\"fields\":{")?;
        let mut members = Members {
            line: &mut line,
            is_first: true,
            written: Ok(()),
        };
        event.record(&mut members);
        members.written?;
        line.write_str("},\"target\":\"")?;
        Escaped(&mut line).write_str(about.target())?;
        line.write_str("\"}\n")
    }
}

/// The members of an object, in the order in which they are told.
struct Members<'m, 'w> {
    line: &'m mut Writer<'w>,
    is_first: bool,
    written: fmt::Result,
}

impl Members<'_, '_> {
    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.written.is_ok() {
            self.written = self.try_member(field.name(), value);
        }
    }

    fn try_member(&mut self, name: &str, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) -> fmt::Result {
        self.line.write_str(if self.is_first { "\"" } else { ",\"" })?;
        self.is_first = false;
        Escaped(self.line).write_str(name.strip_prefix("r#").unwrap_or(name))?;
        self.line.write_str("\":")?;
        value(self.line)
    }

    fn text(&mut self, field: &Field, text: impl FnOnce(&mut Escaped<'_, '_>) -> fmt::Result) {
        self.member(field, |line| {
            line.write_char('"')?;
            text(&mut Escaped(line))?;
            line.write_char('"')
        });
    }
}

impl Visit for Members<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, |text| write!(text, "{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |text| text.write_str(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |line| write!(line, "{value}"));
    }
}

/// The inside of a JSON string (RFC 8259 §7).
struct Escaped<'e, 'w>(&'e mut Writer<'w>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '"' || c == '\\' || c < ' ') {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut characters = from.chars();
            match characters.next() {
                Some('"') => self.0.write_str("\\\"")?,
                Some('\\') => self.0.write_str("\\\\")?,
                Some(control) => write!(self.0, "\\u{:04x}", u32::from(control))?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::io;
    use std::sync::Arc;
    use std::sync::Mutex;

    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn events() {
        let hostile = "\"quoted\" \\ \u{0}\u{1f}\u{7f}\r\n\t\u{2028} ü 💥 </script>";
        tracing::info!("nothing but a message");
        tracing::warn!(code = "xml.syntax", reason = %hostile, "a message that is {}", hostile);
        tracing::error!(debug = ?hostile, text = hostile, none = None::<&str>, some = Some("text"), "values");
        tracing::info!(
            number = -7_i64,
            count = u64::MAX,
            is = true,
            status = 200_u16,
            r#type = "raw"
        );
        tracing::info!(target: "a \"target\"", { name.with.dots = 1, bytes = 3_usize }, "elsewhere");
        let span = tracing::info_span!("a span", within = 1);
        span.in_scope(|| tracing::info!("in a span"));
    }

    /// What `log` has as lines, without the time, which is at the same place in each.
    fn lines(log: impl FnOnce(Kept)) -> Vec<Value> {
        let kept = Kept::default();
        log(kept.clone());
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let parsed = text.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
            line
        });
        parsed.collect()
    }

    #[test]
    fn lines_are_those_of_the_usual_format() {
        let layer = || tracing_subscriber::fmt::layer().json();
        let usual = lines(|kept| {
            let layer = layer().with_writer(move || kept.clone());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), events);
        });
        let ours = lines(|kept| {
            let layer = layer()
                .event_format(JsonLines::new())
                .with_writer(move || kept.clone());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), events);
        });
        assert_eq!(usual.len(), 6);
        assert_eq!(ours, usual);
        let order = |lines: &[Value]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(order(&ours), order(&usual));
    }
}
