use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::net::ToSocketAddrs;
use std::time::Duration;

use redis::Cmd;
use redis::Parser;
use redis::Value;

use crate::crypto::TlsClient;

/// The octets of all answers that are taken at once: ours are short.
const ANSWERS: u64 = 1024 * 1024;

/// A connection to a Redis. It is of no use any more after an error.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    parser: Parser,
    time: Duration,
    /// How often it was asked.
    asked: u64,
}

trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

impl Connection {
    /// Connects to `port` of `host`. No single step takes longer than `time`.
    pub(super) fn open(host: &str, port: u16, tls: Option<&TlsClient>, time: Duration) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "has no address");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, time) {
                Ok(stream) => return Self::over(stream, host, tls, time),
                Err(error) => last = in_time(error, "connecting", time),
            }
        }
        Err(last)
    }

    fn over(stream: TcpStream, host: &str, tls: Option<&TlsClient>, time: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(time))?;
        stream.set_write_timeout(Some(time))?;
        let stream: Box<dyn Stream> = match tls {
            Some(tls) => {
                let connected = tls.connect(host, stream);
                Box::new(connected.map_err(|error| in_time(error, "the TLS handshake", time))?)
            }
            None => Box::new(stream),
        };
        Ok(Self {
            stream,
            parser: Parser::new(),
            time,
            asked: 0,
        })
    }

    /// Sends a command, and takes its answer. An error that the server tells is an error.
    pub(super) fn ask(&mut self, command: &Cmd) -> io::Result<Value> {
        let answers = self.ask_all(std::slice::from_ref(command))?;
        match answers.into_iter().next() {
            Some(Value::ServerError(error)) => Err(io::Error::other(error.to_string())),
            Some(answer) => Ok(answer),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Hands a script to the server; the name that it has there.
    pub(crate) fn load(&mut self, script: &str) -> io::Result<String> {
        let name = self.ask(redis::cmd("SCRIPT").arg("LOAD").arg(script))?;
        redis::from_redis_value(name).map_err(|error| io::Error::other(error.to_string()))
    }

    /// Sends all commands at once, and takes an answer for each, which may be an error that the server tells.
    pub(crate) fn ask_all(&mut self, commands: &[Cmd]) -> io::Result<Vec<Value>> {
        self.asked = self.asked.wrapping_add(1);
        let number = self.asked.to_string();
        // Said back at the end: one answer too many, and each would be taken for that of the command after it.
        let end = redis::cmd("PING").arg(&number).get_packed_command();
        let commands_only = commands.iter().flat_map(Cmd::get_packed_command);
        let octets: Vec<u8> = commands_only.chain(end).collect();
        self.stream.write_all(&octets)?;
        self.stream.flush()?;
        let mut rest = (&mut self.stream).take(ANSWERS);
        let mut answer = || {
            self.parser.parse_value(&mut rest).map_err(|error| {
                if error.is_timeout() {
                    return in_time(io::ErrorKind::TimedOut.into(), "an answer", self.time);
                }
                io::Error::other(error.to_string())
            })
        };
        let answers: Vec<Value> = commands.iter().map(|_| answer()).collect::<io::Result<_>>()?;
        let end = answer()?;
        if end == Value::BulkString(number.into_bytes()) {
            return Ok(answers);
        }
        let all = answers.into_iter().chain([end]);
        let error = all.filter_map(|answer| answer.extract_error().err()).next();
        Err(match error {
            Some(error) => io::Error::other(error.to_string()),
            None => io::Error::other("an answer that belongs to no question"),
        })
    }
}

/// `error`, or where it is that a step waited for `time`: which step, and how long.
fn in_time(error: io::Error, step: &str, time: Duration) -> io::Error {
    if error.kind() != io::ErrorKind::TimedOut {
        return error;
    }
    let what = format!("{step} timed out after {} ms", time.as_millis());
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::net::TcpListener;

    use super::*;
    use crate::crypto::Certificate;

    #[test]
    fn an_answer_too_many_is_none_to_what_is_asked_next() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            for answers in [
                "+OK\r\n$1\r\n1\r\n",
                ":1\r\n:2\r\n$1\r\n2\r\n",
                ":3\r\n$1\r\n3\r\n",
            ] {
                assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
                stream.write_all(answers.as_bytes()).unwrap();
            }
        });
        let mut connection = Connection::open("127.0.0.1", port, None, Duration::from_secs(5)).unwrap();
        let mut ask = || connection.ask(&redis::cmd("GET"));
        assert_eq!(ask().unwrap(), Value::Okay);
        assert!(ask().is_err());
        assert!(ask().is_err());
        serving.join().unwrap();
    }

    #[test]
    fn a_server_that_is_silent_is_said_to_be_that() {
        let file = format!("{}/fixtures/keys/ca.pem", env!("CARGO_MANIFEST_DIR"));
        let anchors = Certificate::from_pem_bundle(&std::fs::read(file).unwrap()).unwrap();
        let tls = TlsClient::new(&anchors, None).unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let error = Connection::open("127.0.0.1", port, Some(&tls), Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.to_string(), "the TLS handshake timed out after 50 ms");
    }
}
