//! A legacy orders service that knows nothing of WS-Security, and remembers what reached it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as the backend saw it.
#[derive(Clone)]
pub(crate) struct Request {
    /// Start line and headers, in lower case up to each colon, as they came.
    pub(crate) head: Vec<String>,
    /// What followed.
    pub(crate) body: String,
}

impl Request {
    /// The value of the header `name`, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    }
}

/// A running backend; it ends with the test program.
pub(crate) struct Backend {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Backend {
    /// Starts one on a free port of the loopback interface.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let sink = Arc::clone(&sink);
                thread::spawn(move || serve(&connection, &sink));
            }
        });
        Self { address, seen }
    }

    /// What reached it so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(connection: &TcpStream, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(connection);
    while let Some(request) = read_request(&mut reader) {
        let answer = answer_to(&request);
        let content_type = request
            .header("content-type")
            .unwrap_or("text/xml")
            .split(';')
            .next()
            .unwrap_or_default();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        seen.lock().unwrap().push(request);
        let mut writer = connection;
        if writer
            .write_all(head.as_bytes())
            .and_then(|()| writer.write_all(answer.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) => head.push(format!("{}:{value}", name.to_ascii_lowercase())),
            None => head.push(line.to_owned()),
        }
    }
    let mut request = Request {
        head,
        body: String::new(),
    };
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = u64::from_str_radix(size.trim(), 16).ok()?;
            reader.by_ref().take(size).read_to_end(&mut body).ok()?;
            reader.read_line(&mut String::new()).ok()?;
            if size == 0 {
                break;
            }
        }
    } else {
        let length = request
            .header("content-length")
            .map_or(Some(0), |length| length.parse().ok())?;
        reader.by_ref().take(length).read_to_end(&mut body).ok()?;
    }
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

fn answer_to(request: &Request) -> String {
    let soap = [
        "http://www.w3.org/2003/05/soap-envelope",
        "http://schemas.xmlsoap.org/soap/envelope/",
    ]
    .into_iter()
    .find(|namespace| request.body.contains(namespace))
    .unwrap_or_default();
    format!(
        "<s:Envelope xmlns:s=\"{soap}\">\n  <s:Body>\n    <o:PlaceOrderResponse xmlns:o=\"urn:example:orders\">\
         <o:orderNumber>Größe &lt;4711&gt;</o:orderNumber></o:PlaceOrderResponse>\n  </s:Body>\n</s:Envelope>"
    )
}
