//! A TCP proxy before a good server, that makes the faults it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing bad.
    None,
    /// It is taken and ended at once, with a reset.
    Reset,
    /// It is taken, and nobody ever reads or answers.
    Stall,
    /// The request is read, and nobody answers; the other side is not told of an end.
    HalfOpen,
    /// The answer begins, and ends with a reset.
    ResetMidAnswer,
    /// The answer begins, and ends as if it were whole.
    Truncated,
    /// What comes back is not HTTP.
    Garbage,
    /// The answer is longer than anybody can want.
    Huge,
    /// The answer comes, an octet at a time.
    Drip,
    /// A gateway says that there is nobody behind it.
    Unavailable,
    /// An interim answer comes, and the answer later.
    EarlyHints,
    /// The answer says nothing of its end, which is that of the connection.
    Endless,
}

/// A proxy whose fault can be changed.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    /// The connections that were begun, each of which may have carried one request.
    begun: Arc<Mutex<usize>>,
    /// Those that octets of a request came by.
    asked: Arc<Mutex<usize>>,
}

impl Proxy {
    /// A proxy before `server`.
    pub(crate) fn before(server: SocketAddr, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            fault: Arc::new(Mutex::new(fault)),
            begun: Arc::default(),
            asked: Arc::default(),
        };
        let (fault, begun, asked) = (
            Arc::clone(&proxy.fault),
            Arc::clone(&proxy.begun),
            Arc::clone(&proxy.asked),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                *begun.lock().unwrap() += 1;
                let (fault, asked) = (*fault.lock().unwrap(), Arc::clone(&asked));
                std::thread::spawn(move || {
                    // A connection that breaks is what this is for.
                    let _ = serve(stream, server, fault, &asked);
                });
            }
        });
        proxy
    }

    /// From the next connection on.
    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    pub(crate) fn begun(&self) -> usize {
        *self.begun.lock().unwrap()
    }

    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

/// One request a connection, so that a fault is never that of an earlier one.
fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    fault: Fault,
    asked: &Mutex<usize>,
) -> std::io::Result<()> {
    let forever = Duration::from_secs(30);
    let ask = |client: &mut TcpStream| {
        let request = whole(client)?;
        *asked.lock().unwrap() += 1;
        Ok::<_, std::io::Error>(request)
    };
    let answer = |client: &mut TcpStream| {
        let request = ask(client)?;
        let mut backend = TcpStream::connect(server)?;
        backend.write_all(&request)?;
        whole(&mut backend)
    };
    match fault {
        Fault::Reset => reset(&client)?,
        Fault::Stall => std::thread::sleep(forever),
        Fault::HalfOpen => {
            ask(&mut client)?;
            std::thread::sleep(forever);
        }
        Fault::Garbage => {
            ask(&mut client)?;
            client.write_all(b"\x16\x03\x01 what? \r\n\r\n\r\n")?;
        }
        Fault::Unavailable => {
            ask(&mut client)?;
            let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            client.write_all(head.as_bytes())?;
        }
        Fault::EarlyHints => {
            let answer = answer(&mut client)?;
            client.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n")?;
            std::thread::sleep(Duration::from_millis(600));
            client.write_all(&answer)?;
        }
        Fault::Endless => {
            ask(&mut client)?;
            let head = "HTTP/1.1 202 Accepted\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n";
            client.write_all(head.as_bytes())?;
            client.write_all(b"<fault/>")?;
        }
        Fault::Huge => {
            ask(&mut client)?;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000000000\r\n\r\n";
            client.write_all(head.as_bytes())?;
            // Until nobody listens any more.
            while client.write_all(&[b'<'; 65536]).is_ok() {}
        }
        Fault::ResetMidAnswer => {
            let answer = answer(&mut client)?;
            client.write_all(&answer[..answer.len() - 20])?;
            std::thread::sleep(Duration::from_millis(50));
            reset(&client)?;
        }
        Fault::Truncated => {
            let answer = answer(&mut client)?;
            client.write_all(&answer[..answer.len() - 20])?;
        }
        Fault::Drip => {
            for octet in answer(&mut client)? {
                client.write_all(&[octet])?;
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        Fault::None => {
            let answer = answer(&mut client)?;
            client.write_all(&answer)?;
        }
    }
    Ok(())
}

/// A message of HTTP with a Content-Length.
fn whole(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        if let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= head + 4 + length {
                return Ok(bytes);
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A connection that ends with RST when it is dropped.
fn reset(stream: &TcpStream) -> std::io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
