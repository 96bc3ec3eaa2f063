use std::env;
use std::io::{self, IsTerminal, Write};

/// The two streams of the process. A reader that has gone away is no error: what it no longer wants is dropped,
/// and the exit code still tells the verdict. Any other error of standard output is kept for the exit code.
pub(crate) struct Console {
    out: Stream,
    err: Stream,
}

struct Stream {
    writer: Box<dyn Write>,
    style: Style,
    state: io::Result<()>,
}

/// Whether text may carry colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A terminal that wants them.
    Coloured,
    /// Everything else.
    Plain,
}

/// What a piece of text means; its colour follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It holds.
    Good,
    /// It does not hold.
    Bad,
    /// It is open, or worth a look.
    Doubtful,
    /// It leads the eye.
    Strong,
    /// It stands back.
    Faint,
}

impl Console {
    /// Standard output and standard error of this process.
    pub(crate) fn of_process() -> Self {
        let out = io::stdout();
        let err = io::stderr();
        let (out_style, err_style) = (Style::of(&out), Style::of(&err));
        Self {
            out: Stream::new(Box::new(io::BufWriter::new(out)), out_style),
            err: Stream::new(Box::new(err), err_style),
        }
    }

    /// Writes what the command is asked for to standard output.
    pub(crate) fn print(&mut self, bytes: impl AsRef<[u8]>) {
        self.out.write(bytes.as_ref());
    }

    /// Writes what is said about it to standard error.
    pub(crate) fn note(&mut self, text: &str) {
        self.err.write(text.as_bytes());
    }

    /// How text on standard output may look.
    pub(crate) fn style(&self) -> Style {
        self.out.style
    }

    /// How text on standard error may look.
    pub(crate) fn note_style(&self) -> Style {
        self.err.style
    }

    /// Whether standard output took everything, or its reader did not want it.
    ///
    /// # Errors
    ///
    /// The first error of standard output that is not a closed pipe.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.flush();
        match self.out.state {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Hands on what was written so far, so that a reader sees each result when it is there.
    pub(crate) fn flush(&mut self) {
        self.out.flush();
    }
}

impl Stream {
    fn new(writer: Box<dyn Write>, style: Style) -> Self {
        Self {
            writer,
            style,
            state: Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.state.is_ok() {
            self.state = self.writer.write_all(bytes);
        }
    }

    fn flush(&mut self) {
        if self.state.is_ok() {
            self.state = self.writer.flush();
        }
    }
}

impl Style {
    fn of(stream: &impl IsTerminal) -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        if stream.is_terminal() && !refused && !dumb {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// `text` in the colour of its meaning.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) => return text.to_owned(),
            (Self::Coloured, Tone::Good) => "32",
            (Self::Coloured, Tone::Bad) => "31",
            (Self::Coloured, Tone::Doubtful) => "33",
            (Self::Coloured, Tone::Strong) => "1",
            (Self::Coloured, Tone::Faint) => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    struct Fails(io::ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn console(out: impl Write + 'static) -> Console {
        Console {
            out: Stream::new(Box::new(out), Style::Plain),
            err: Stream::new(Box::new(io::sink()), Style::Plain),
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
        for (kind, ok) in [
            (io::ErrorKind::BrokenPipe, true),
            (io::ErrorKind::StorageFull, false),
        ] {
            let mut console = console(Fails(kind));
            console.print("a");
            console.print("b");
            assert_eq!(console.finish().is_ok(), ok, "{kind}");
        }
    }

    #[test]
    fn plain_text_carries_no_colour() {
        assert_eq!(Style::Plain.paint(Tone::Bad, "no"), "no");
        assert_eq!(Style::Coloured.paint(Tone::Bad, "no"), "\u{1b}[31mno\u{1b}[0m");
    }
}
