use memchr::memmem::Finder;

use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::xml::Limit;

/// Takes a multipart body apart (RFC 2046 §5.1.1), piece by piece and in one way only: what another reader could take for a
/// boundary and is none, or the other way round, is refused.
#[derive(Debug)]
pub(super) struct Splitter {
    /// `--` and the boundary.
    dash_boundary: Vec<u8>,
    finder: Finder<'static>,
    state: State,
    /// What has come and was not yet given on.
    held: Vec<u8>,
}

/// Takes the parts.
pub(super) trait Parts {
    /// A part begins, with this header.
    fn begin(&mut self, head: &[u8]) -> Result<(), Error>;
    /// Further content of it.
    fn content(&mut self, octets: &[u8]) -> Result<(), Error>;
    /// It ends.
    fn end(&mut self) -> Result<(), Error>;
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Before the first boundary.
    Start,
    /// In the header of a part.
    Head,
    /// At the first octet of the content of a part.
    ContentStart,
    /// In the content of a part.
    Content,
    /// After the final boundary.
    Closed,
}

/// Whether there is more to be read in what is held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Next {
    Go,
    Wait,
}

/// As much is looked at in one go.
const PIECE: usize = 64 * 1024;
/// The longest header of a part.
pub(super) const LONGEST_HEAD: usize = 8 * 1024;
const CRLF: &[u8] = b"\r\n";

impl Splitter {
    pub(super) fn new(boundary: &str) -> Self {
        let dash_boundary = [b"--", boundary.as_bytes()].concat();
        Self {
            finder: Finder::new(&dash_boundary).into_owned(),
            dash_boundary,
            state: State::Start,
            held: Vec::new(),
        }
    }

    /// Takes further octets of the body.
    pub(super) fn push(&mut self, octets: &[u8], parts: &mut impl Parts) -> Result<(), Error> {
        for piece in octets.chunks(PIECE) {
            self.held.extend_from_slice(piece);
            while self.step(parts)? == Next::Go {}
        }
        Ok(())
    }

    /// The body has ended.
    pub(super) fn finish(&self) -> Result<(), Error> {
        match self.state {
            State::Closed if self.held.is_empty() || self.held == CRLF => Ok(()),
            State::Closed => refuse("something stands after the final boundary"),
            State::Start | State::Head | State::ContentStart | State::Content => {
                refuse("the final boundary is missing")
            }
        }
    }

    fn step(&mut self, parts: &mut impl Parts) -> Result<Next, Error> {
        match self.state {
            State::Start => self.start(),
            State::Head => self.head(parts),
            State::ContentStart | State::Content => self.content(parts),
            // A line end may follow, and is nothing.
            State::Closed if CRLF.starts_with(&self.held) => Ok(Next::Wait),
            State::Closed => refuse("something stands after the final boundary"),
        }
    }

    fn start(&mut self) -> Result<Next, Error> {
        // CRLF before the first boundary is a preamble of nothing, which some stacks write.
        let skipped = if self.held.starts_with(CRLF) {
            CRLF.len()
        } else {
            0
        };
        let needed = self
            .dash_boundary
            .len()
            .saturating_add(skipped)
            .saturating_add(CRLF.len());
        if self.held.len() < needed {
            return Ok(Next::Wait);
        }
        let rest = self.held.get(skipped..needed).unwrap_or_default();
        if rest.strip_prefix(self.dash_boundary.as_slice()) != Some(CRLF) {
            return refuse("it does not begin with its boundary");
        }
        self.consume(needed);
        self.state = State::Head;
        Ok(Next::Go)
    }

    fn head(&mut self, parts: &mut impl Parts) -> Result<Next, Error> {
        if self.held.starts_with(CRLF) {
            return Err(Error::of_transport(ErrorKind::PartHeader("it has none")));
        }
        let end = memchr::memmem::find(&self.held, b"\r\n\r\n");
        let head = self
            .held
            .get(..end.unwrap_or(self.held.len()))
            .unwrap_or_default();
        if head.len() > LONGEST_HEAD {
            let allowed = u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX);
            return Err(Error::of_limit(Limit::PartHeader, allowed));
        }
        if end.is_none() {
            return Ok(Next::Wait);
        }
        if self.finder.find(head).is_some() {
            return refuse("the boundary stands in the header of a part");
        }
        parts.begin(head)?;
        self.consume(head.len().saturating_add(b"\r\n\r\n".len()));
        self.state = State::ContentStart;
        Ok(Next::Go)
    }

    fn content(&mut self, parts: &mut impl Parts) -> Result<Next, Error> {
        let mut from = 0;
        while let Some(at) = self.find(from) {
            let before = self.held.get(..at).unwrap_or_default();
            let line_start = match before.last() {
                None => self.state == State::ContentStart,
                Some(last) => matches!(last, b'\r' | b'\n'),
            };
            if !line_start {
                from = at.saturating_add(1);
                continue;
            }
            let Some(content) = before.strip_suffix(CRLF) else {
                return refuse("the boundary stands at the start of a line that it does not end");
            };
            let after = at.saturating_add(self.dash_boundary.len());
            let Some(mark) = self.held.get(after..after.saturating_add(2)) else {
                let kept = content.len();
                self.give(kept, parts)?;
                return Ok(Next::Wait);
            };
            let next = match mark {
                CRLF => State::Head,
                b"--" => State::Closed,
                _ => return refuse("something follows the boundary in its line"),
            };
            let given = content.len();
            self.give(given, parts)?;
            parts.end()?;
            self.consume(self.dash_boundary.len().saturating_add(b"\r\n\r\n".len()));
            self.state = next;
            return Ok(Next::Go);
        }
        // The start of a boundary may be at the end of what has come, with the line end before it.
        let kept = self.dash_boundary.len().saturating_add(1);
        self.give(self.held.len().saturating_sub(kept), parts)?;
        Ok(Next::Wait)
    }

    fn find(&self, from: usize) -> Option<usize> {
        let rest = self.held.get(from..)?;
        self.finder.find(rest).map(|at| from.saturating_add(at))
    }

    /// Gives the first `count` octets on as content.
    fn give(&mut self, count: usize, parts: &mut impl Parts) -> Result<(), Error> {
        if count > 0 {
            parts.content(self.held.get(..count).unwrap_or_default())?;
            self.consume(count);
            self.state = State::Content;
        }
        Ok(())
    }

    fn consume(&mut self, count: usize) {
        self.held.drain(..count.min(self.held.len()));
    }
}

fn refuse<T>(why: &'static str) -> Result<T, Error> {
    Err(Error::of_transport(ErrorKind::Multipart(why)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Seen(Vec<(String, String, bool)>);

    impl Parts for Seen {
        fn begin(&mut self, head: &[u8]) -> Result<(), Error> {
            let head = String::from_utf8_lossy(head).into_owned();
            self.0.push((head, String::new(), false));
            Ok(())
        }

        fn content(&mut self, octets: &[u8]) -> Result<(), Error> {
            self.0
                .last_mut()
                .unwrap()
                .1
                .push_str(&String::from_utf8_lossy(octets));
            Ok(())
        }

        fn end(&mut self) -> Result<(), Error> {
            self.0.last_mut().unwrap().2 = true;
            Ok(())
        }
    }

    /// The parts of `body`, or why there are none; pushed in pieces of these lengths, and then the rest.
    fn split(body: &str, pieces: &[usize]) -> Result<Vec<(String, String)>, Error> {
        let mut splitter = Splitter::new("b");
        let mut seen = Seen::default();
        let mut rest = body.as_bytes();
        for length in pieces {
            let (piece, after) = rest.split_at(rest.len().min(*length));
            splitter.push(piece, &mut seen)?;
            rest = after;
        }
        splitter.push(rest, &mut seen)?;
        splitter.finish()?;
        assert!(seen.0.iter().all(|(_, _, ended)| *ended));
        Ok(seen
            .0
            .into_iter()
            .map(|(head, content, _)| (head, content))
            .collect())
    }

    fn parts(body: &str) -> Vec<(String, String)> {
        split(body, &[]).unwrap()
    }

    fn code(body: &str) -> &'static str {
        split(body, &[]).unwrap_err().code()
    }

    fn pair(head: &str, content: &str) -> (String, String) {
        (head.to_owned(), content.to_owned())
    }

    #[test]
    fn parts_are_what_stands_between_boundaries() {
        let two = [pair("a: b", "one\r\n--\r\n-b--b"), pair("c: d\r\ne: f", "")];
        for (start, end) in [("", ""), ("\r\n", ""), ("", "\r\n")] {
            let body = format!(
                "{start}--b\r\na: b\r\n\r\none\r\n--\r\n-b--b\r\n--b\r\nc: d\r\ne: f\r\n\r\n\r\n--b--{end}"
            );
            assert_eq!(parts(&body), two);
        }
    }

    #[test]
    fn before_between_and_after_the_parts_stands_nothing() {
        for body in [
            "",
            "--b",
            "preamble\r\n--b\r\na: b\r\n\r\n\r\n--b--",
            "\r\n\r\n--b\r\na: b\r\n\r\n\r\n--b--",
            "\n--b\r\na: b\r\n\r\n\r\n--b--",
            "--b \r\na: b\r\n\r\n\r\n--b--",
            "--b\na: b\n\n\n--b--",
            "--b--\r\n",
            "--b\r\na: b\r\n\r\nx\r\n--b--\r\n\r\n",
            "--b\r\na: b\r\n\r\nx\r\n--b--x",
            "--b\r\na: b\r\n\r\nx\r\n--b--\r",
            "--b\r\na: b\r\n\r\nx\r\n--b-- ",
            "--b\r\na: b\r\n\r\nx\r\n--b--\r\n--b\r\na: b\r\n\r\ny\r\n--b--",
        ] {
            assert_eq!(code(body), "soap.multipart", "{body:?}");
        }
    }

    #[test]
    fn a_message_that_breaks_off_is_refused_wherever_it_does() {
        let body = "--b\r\na: b\r\n\r\nx\r\n--b\r\nc: d\r\n\r\ny\r\n--b--";
        for end in 0..body.len() {
            assert_eq!(code(body.get(..end).unwrap()), "soap.multipart", "{end}");
        }
        assert_eq!(parts(body).len(), 2);
    }

    #[test]
    fn what_could_be_a_boundary_and_is_none_is_refused() {
        for content in [
            "x\n--b\r\n",
            "x\r--b\r\n",
            "x\n--bc",
            "x\r\n--bc",
            "x\r\n--b c",
            "x\r\n--b-",
            "x\r\n--b-x",
            "x\r\n--b\rx",
            "--b\r\n",
            "--bc",
            "\n--b",
            "x\r\n--b \r\n",
        ] {
            let body = format!("--b\r\na: b\r\n\r\n{content}\r\n--b--");
            assert_eq!(code(&body), "soap.multipart", "{content:?}");
        }
        let in_line = "--b\r\na: b\r\n\r\nx--b\r\ny - --b--\r\n--b--";
        assert_eq!(parts(in_line), [pair("a: b", "x--b\r\ny - --b--")]);
    }

    #[test]
    fn headers_are_there_end_and_hold_no_boundary() {
        assert_eq!(code("--b\r\n\r\nx\r\n--b--"), "soap.part_header");
        assert_eq!(code("--b\r\na: b\r\n--b: c\r\n\r\nx\r\n--b--"), "soap.multipart");
        let long = format!("--b\r\na: {}", "x".repeat(LONGEST_HEAD));
        assert_eq!(code(&long), "limit.part_header");
    }

    proptest! {
        #[test]
        fn pieces_change_nothing(
            text in proptest::collection::vec(
                prop::sample::select(vec!["\r\n", "--b", "\r", "\n", "-", "b", "x", "\r\n--b\r\n", "a: b\r\n\r\n", "--"]),
                0..16,
            ),
            pieces in proptest::collection::vec(1_usize..9, 0..24),
        ) {
            let body = format!("--b\r\na: b\r\n\r\n{}\r\n--b--", text.concat());
            let told = |result: Result<Vec<(String, String)>, Error>| result.map_err(|error| error.code());
            let whole = told(split(&body, &[]));
            prop_assert_eq!(told(split(&body, &pieces)), whole.clone());
            let single: Vec<usize> = vec![1; body.len()];
            prop_assert_eq!(told(split(&body, &single)), whole);
        }

        #[test]
        fn what_is_written_is_read(contents in proptest::collection::vec("[a-z\r\n-]{0,40}", 1..4)) {
            prop_assume!(contents.iter().all(|content| !content.contains("--b")));
            let parts: String = contents.iter().map(|content| format!("--b\r\na: b\r\n\r\n{content}\r\n")).collect();
            let read = split(&format!("{parts}--b--\r\n"), &[]).unwrap();
            let read: Vec<String> = read.into_iter().map(|(_, content)| content).collect();
            prop_assert_eq!(read, contents);
        }
    }
}
