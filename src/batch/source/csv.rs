//! CSV with a line of names (RFC 4180), separated by commas, semicolons or tabs.

use std::io::{self, BufRead};

use super::{Body, Container, Ended, Name, Sink, broken, column};

/// The most bytes of the line of names.
const MAX_NAMES: usize = 1 << 20;

/// Hands on the message of each record; they are counted from 1, without the line of names.
pub(super) fn each(
    input: &mut dyn BufRead,
    container: &Container<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    let wanted = &container.reading.column;
    let Some(names) = names(input)? else {
        return Ok(());
    };
    let (separator, index) = find(&names, wanted).map_err(|found| match found {
        NotOne::Several => broken(&format!("two columns are called {wanted:?}")),
        NotOne::Missing => {
            let names = String::from_utf8_lossy(&names);
            let there = column::there_are(names.split([',', ';', '\t']).map(unquoted), 0);
            broken(&format!("no column is called {wanted:?}: {there}"))
        }
    })?;
    let mut records = Records {
        input,
        separator,
        wanted: index,
        most: column::longest(container.reading.limit),
    };
    for number in 1_u64.. {
        let Some(field) = records.next()? else {
            break;
        };
        container.offer('#', Name::Place(number), sink, || match field {
            Field::Value(value) => Ok(column::message(value, container.reading.limit)),
            Field::TooLong => Ok(Body::TooLong),
            Field::Missing => Err(broken("the record is too short")),
        })?;
    }
    Ok(())
}

/// The bytes of the line of names.
fn names(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    match super::json_lines::line(input, MAX_NAMES, &mut line)? {
        super::json_lines::Line::End => Ok(None),
        super::json_lines::Line::TooLong => Err(broken("the line of names is too long")),
        super::json_lines::Line::Whole => {
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
            Ok(Some(line.to_vec()))
        }
    }
}

/// Why there is not one column of a name.
enum NotOne {
    Missing,
    Several,
}

fn unquoted(name: &str) -> &str {
    let name = name.trim();
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    inner.unwrap_or(name)
}

/// The separator, and the place of the only column of that name: of two, readers take one or the other.
fn find(names: &[u8], wanted: &str) -> Result<(u8, usize), NotOne> {
    let found = [b',', b';', b'\t'].into_iter().find_map(|separator| {
        let is_wanted = |name: &[u8]| {
            let name = name.trim_ascii();
            let name = name
                .strip_prefix(b"\"")
                .and_then(|name| name.strip_suffix(b"\""))
                .unwrap_or(name);
            name == wanted.as_bytes()
        };
        let columns = names.split(|byte| *byte == separator).enumerate();
        let mut places = columns
            .filter(|(_, name)| is_wanted(name))
            .map(|(place, _)| place);
        let first = places.next()?;
        Some((separator, first, places.next()))
    });
    match found {
        Some((separator, place, None)) => Ok((separator, place)),
        Some((_, _, Some(_))) => Err(NotOne::Several),
        None => Err(NotOne::Missing),
    }
}

struct Records<'r> {
    input: &'r mut dyn BufRead,
    separator: u8,
    /// The column that is kept.
    wanted: usize,
    most: usize,
}

enum Field {
    Value(Vec<u8>),
    TooLong,
    Missing,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the start of a field.
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted field: its end, or half of an escaped quote.
    Quote,
}

impl Records<'_> {
    /// The wanted field of the next record.
    fn next(&mut self) -> io::Result<Option<Field>> {
        let mut kept = Field::Missing;
        let (mut column, mut state, mut is_empty) = (0_usize, State::Start, true);
        loop {
            let held = self.input.fill_buf()?;
            if held.is_empty() {
                return match (is_empty, state) {
                    (true, _) => Ok(None),
                    (_, State::Quoted) => Err(broken("a quoted field of the CSV file has no end")),
                    _ => Ok(Some(kept)),
                };
            }
            let mut used = 0_usize;
            let mut ended = false;
            for byte in held {
                used = used.saturating_add(1);
                let is_end = *byte == b'\n' && state != State::Quoted;
                if is_end && is_empty {
                    continue;
                }
                if is_end {
                    ended = true;
                    break;
                }
                is_empty = is_empty && *byte == b'\r';
                if *byte == self.separator && state != State::Quoted {
                    (column, state) = (column.saturating_add(1), State::Start);
                    if column == self.wanted {
                        kept.keep(None, self.most);
                    }
                    continue;
                }
                let (next, content) = step(state, *byte)?;
                state = next;
                if column == self.wanted && !is_empty {
                    kept.keep(content, self.most);
                }
            }
            self.input.consume(used);
            if ended {
                return Ok(Some(kept));
            }
        }
    }
}

/// Where the byte leads, and whether it is content.
fn step(state: State, byte: u8) -> io::Result<(State, Option<u8>)> {
    match (state, byte) {
        (State::Start, b'"') => Ok((State::Quoted, None)),
        (State::Quoted, b'"') => Ok((State::Quote, None)),
        (State::Quoted, byte) => Ok((State::Quoted, Some(byte))),
        (State::Quote, b'"') => Ok((State::Quoted, Some(b'"'))),
        (State::Quote, b'\r') => Ok((State::Quote, None)),
        (State::Quote, _) => Err(broken("something follows a quoted field of the CSV file")),
        (State::Start | State::Plain, b'\r') => Ok((State::Plain, None)),
        (State::Start | State::Plain, byte) => Ok((State::Plain, Some(byte))),
    }
}

impl Field {
    fn keep(&mut self, byte: Option<u8>, most: usize) {
        match self {
            Self::TooLong => {}
            Self::Missing => *self = Self::Value(byte.into_iter().collect()),
            Self::Value(value) if value.len() >= most => *self = Self::TooLong,
            Self::Value(value) => value.extend(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Taken;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let (taken, ended) = Taken::of(20, |container, sink| each(&mut text.as_bytes(), container, sink));
        let mut told: Vec<String> = taken
            .into_iter()
            .map(|(path, body)| format!("{path} {body}"))
            .collect();
        told.extend(match ended {
            Err(Ended::Broken(error)) => Some(error.to_string()),
            _ => None,
        });
        told
    }

    #[test]
    fn quotes_line_ends_and_separators_are_read() {
        let text = "id,\"message\",more\r\n1,\"<a x=\"\"1\"\">\n,</a>\",z\r\n\r\n2,<b/>\r\n3,PGEvPg==,z\n4\n";
        assert_eq!(
            told(text),
            [
                "c#1 <a x=\"1\">\n,</a>",
                "c#2 <b/>",
                "c#3 <a/>",
                "c#4 unreadable: the record is too short"
            ]
        );
        assert_eq!(told("\u{feff}message;id\n<a/>;1"), ["c#1 <a/>"]);
        assert_eq!(told("id\tmessage\n1\t<a,b;c/>"), ["c#1 <a,b;c/>"]);
        assert_eq!(told(""), [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(
            told("id;\"soap\"\n1;2"),
            ["no column is called \"message\": there are \"id\", \"soap\""]
        );
        assert_eq!(
            told("message,id,\"message\"\n<a/>,1,<b/>"),
            ["two columns are called \"message\""]
        );
        assert_eq!(
            told("message\n\"<a/>"),
            ["a quoted field of the CSV file has no end"]
        );
        assert_eq!(
            told("message\n\"<a/>\"b"),
            ["something follows a quoted field of the CSV file"]
        );
        assert_eq!(told(&format!("message\n{}", "x".repeat(30))), ["c#1 too long"]);
        assert_eq!(
            told(&format!("message\n{}\n<a/>", "x".repeat(80_000))),
            ["c#1 too long", "c#2 <a/>"]
        );
    }
}
