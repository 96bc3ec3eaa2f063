//! A backend that answers at once and keeps nothing, for much load.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::backend::placed;

/// One that serves until the program ends.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    taken: Arc<Taken>,
}

/// What it got.
#[derive(Default)]
struct Taken {
    requests: AtomicUsize,
    octets: AtomicUsize,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
        };
        let taken = Arc::clone(&sink.taken);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, taken) = (stream.unwrap(), Arc::clone(&taken));
                // Its client may go away at any time.
                std::thread::spawn(move || serve(stream, &taken).unwrap_or(()));
            }
        });
        sink
    }

    /// How many requests it got.
    pub(crate) fn requests(&self) -> usize {
        self.taken.requests.load(Ordering::Relaxed)
    }

    /// How many octets their bodies had.
    pub(crate) fn octets(&self) -> usize {
        self.taken.octets.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, taken: &Taken) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let answer = placed(false);
    let mut buffer = vec![0; 1 << 16];
    let mut head = Vec::new();
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..read]);
        let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let mut left = length.saturating_sub(head.len() - end - 4);
        while left > 0 {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                read => left = left.saturating_sub(read),
            }
        }
        taken.requests.fetch_add(1, Ordering::Relaxed);
        taken.octets.fetch_add(length, Ordering::Relaxed);
        head.clear();
        stream.write_all(&answer)?;
    }
}
