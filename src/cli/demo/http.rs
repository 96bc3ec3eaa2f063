//! As much of HTTP/1.1 as a demonstration needs: one request and one answer on a connection.

use std::io::{self, Read, Write};

/// A request or an answer.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// The request line or the status line.
    pub(super) start: String,
    /// Header fields, names in lower case.
    fields: Vec<(String, String)>,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// The most bytes that are read of one message.
const MOST: usize = 4 << 20;

impl Message {
    /// Reads one, with a body as long as Content-Length says.
    pub(super) fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 8192];
        loop {
            if let Some(message) = Self::parse(&bytes) {
                return Ok(message);
            }
            let length = stream.read(&mut buffer)?;
            if length == 0 || bytes.len() > MOST {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let mut message = Self {
            start,
            fields: lines.filter_map(field).collect(),
            body: Vec::new(),
        };
        let length: usize = message
            .field("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let begin = end.checked_add(4)?;
        message.body = bytes.get(begin..begin.checked_add(length)?)?.to_vec();
        Some(message)
    }

    /// The value of the field called `name`, in lower case.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Writes a message, and says that the connection ends after it.
pub(super) fn write(
    stream: &mut impl Write,
    start: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut head = format!("{start}\r\n");
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!(
        "Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    ));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}
