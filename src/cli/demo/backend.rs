use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::xml::Document;
use crate::xml::Limits;

use super::http;

/// A legacy orders service: it takes an envelope, writes down the order, and answers. It knows nothing of
/// WS-Security, and believes whatever it is told.
pub(super) struct Backend {
    address: SocketAddr,
    orders: Arc<Mutex<Vec<String>>>,
}

impl Backend {
    /// Starts it on a free port of the loopback interface, for as long as the process lives.
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let orders = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&orders);
        thread::Builder::new().name("orders".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away in the middle is not missed.
                let _ = serve(stream, &book);
            }
        })?;
        Ok(Self { address, orders })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The orders that came since it was last asked.
    pub(super) fn take_orders(&self) -> Vec<String> {
        std::mem::take(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(mut stream: TcpStream, book: &Mutex<Vec<String>>) -> io::Result<()> {
    let request = http::Message::read(&mut stream)?;
    let Some((namespace, order)) = read_order(&request.body) else {
        return http::write(&mut stream, "HTTP/1.1 400 Bad Request", &[], b"");
    };
    let who = ["x-saml-name-id", "x-signer-subject"]
        .into_iter()
        .find_map(|name| request.field(name))
        // All that it knows of names is that the first part is the nicest.
        .and_then(|who| who.split(',').next());
    book.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(format!("{order} for {}", who.unwrap_or("nobody")));
    let answer = format!(
        "<s:Envelope xmlns:s=\"{namespace}\"><s:Body><o:PlaceOrderResponse xmlns:o=\"urn:example:orders\">\
         <o:Number>4711</o:Number></o:PlaceOrderResponse></s:Body></s:Envelope>"
    );
    let media_type = match namespace.as_str() {
        "http://www.w3.org/2003/05/soap-envelope" => "application/soap+xml; charset=utf-8",
        _ => "text/xml; charset=utf-8",
    };
    let fields = [("Content-Type", media_type)];
    http::write(&mut stream, "HTTP/1.1 200 OK", &fields, answer.as_bytes())
}

/// The namespace of the envelope, and the order in it.
fn read_order(body: &[u8]) -> Option<(String, String)> {
    let document = Document::parse(bytes::Bytes::copy_from_slice(body), &Limits::default()).ok()?;
    let root = document.root();
    let text = |local: &str| {
        let mut all = root.descendants();
        let found = all.find(|element| element.local_name() == local)?;
        Some(found.text().ok()?.value.into_owned())
    };
    let order = format!("{} × {}", text("Quantity")?, text("Item")?);
    Some((root.namespace().to_owned(), order))
}
