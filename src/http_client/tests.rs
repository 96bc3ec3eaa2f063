#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http::Uri;

use super::Body;
use super::Error;
use super::HttpClient;
use super::Request;
use super::Times;
use crate::crypto::Certificate;
use crate::crypto::TlsClient;

const SECOND: Duration = Duration::from_secs(1);

/// A server that does this with its connections, one after the other.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/a?b", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
    uri.parse().unwrap()
}

/// Reads a head, and octets that have come with it.
fn head(stream: &mut TcpStream) -> String {
    let mut come = vec![0; 4096];
    let read = stream.read(&mut come).unwrap();
    String::from_utf8_lossy(&come[..read]).into_owned()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

fn post(uri: &Uri, body: Body) -> Request<'_> {
    Request {
        method: "POST",
        uri,
        fields: vec![("x-y", "z".to_owned())],
        body,
    }
}

/// 64 MiB, more than any connection takes that nobody reads from.
fn long() -> Body {
    let piece = Bytes::from(vec![0; 1 << 20]);
    let pieces = stream::iter((0..64).map(move |_| Ok(piece.clone())));
    Body::Pieces {
        length: 64 << 20,
        pieces: pieces.boxed_local(),
    }
}

async fn sent(uri: &Uri, body: Body) -> Result<(u16, Bytes), Error> {
    let client = HttpClient::keeping(SECOND, None);
    let mut answer = client.send(post(uri, body), Times::of(SECOND * 2)).await?;
    Ok((answer.status, answer.whole(100).await?))
}

#[test]
fn a_request_is_written_as_it_is() {
    let uri = server(|mut stream| {
        let head = head(&mut stream);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len());
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let (_, said) = run(sent(&uri, Body::Octets(Bytes::from_static(b"body")))).unwrap();
    let host = uri.authority().unwrap();
    assert_eq!(
        said,
        format!("POST /a?b HTTP/1.1\r\nhost: {host}\r\nx-y: z\r\ncontent-length: 4\r\n\r\nbody")
    );
}

#[test]
fn a_field_with_a_line_in_it_is_not_sent() {
    let uri = server(|_| {});
    for (name, value) in [
        ("x", "y\r\nz: 1"),
        ("x", "y\nz"),
        ("x: y\r\nz", "1"),
        ("x", "\0"),
        ("", "y"),
    ] {
        let request = Request {
            fields: vec![(name, value.to_owned())],
            ..post(&uri, Body::None)
        };
        let client = HttpClient::closing(SECOND, None);
        let refused = run(client.send(request, Times::of(SECOND))).err();
        assert!(matches!(refused, Some(Error::Broken(_))), "{name:?} {value:?}");
    }
}

#[test]
fn a_server_may_refuse_before_it_has_everything() {
    let uri = server(|mut stream| {
        head(&mut stream);
        let refusal = b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nlong";
        stream.write_all(refusal).unwrap();
        thread::sleep(SECOND * 5);
    });
    assert_eq!(run(sent(&uri, long())), Ok((500, Bytes::from_static(b"long"))));
}

#[test]
fn a_server_may_begin_to_answer_before_it_has_everything() {
    let uri = server(|mut stream| {
        head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            .unwrap();
        thread::sleep(SECOND / 5);
        let rest = (&mut stream).take(64 << 20);
        let read = io::copy(&mut rest.take((64 << 20) - 4096), &mut io::sink()).unwrap();
        assert_eq!(read, (64 << 20) - 4096);
        stream.write_all(b"done").unwrap();
        thread::sleep(SECOND);
    });
    assert_eq!(run(sent(&uri, long())), Ok((200, Bytes::from_static(b"done"))));
}

#[test]
fn a_server_that_goes_away_has_not_answered() {
    let uri = server(|mut stream| {
        head(&mut stream);
    });
    assert!(matches!(run(sent(&uri, long())), Err(Error::Broken(_))));
    assert!(matches!(run(sent(&uri, Body::None)), Err(Error::Broken(_))));
}

#[test]
fn without_a_connection_or_tls_nothing_was_sent() {
    let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys/ca.pem");
    let ca = Certificate::from_pem_bundle(&std::fs::read(ca).unwrap()).unwrap();
    let tls = || Some(TlsClient::new(&ca, None).unwrap());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_at = silent.local_addr().unwrap();
    let plain = server(|mut stream| {
        let mut come = [0; 1000];
        let _ = stream.read(&mut come);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let plain_at = plain.authority().unwrap();
    let asked = |uri: String, tls| {
        let uri = uri.parse().unwrap();
        let client = HttpClient::keeping(SECOND / 5, tls);
        run(client.send(post(&uri, Body::None), Times::of(SECOND * 5))).err()
    };
    assert!(matches!(
        asked(format!("http://{nobody}/"), None),
        Some(Error::Unreachable(_))
    ));
    assert!(matches!(
        asked(format!("https://{plain_at}/"), tls()),
        Some(Error::Unreachable(_))
    ));
    assert_eq!(
        asked(format!("https://{silent_at}/"), tls()),
        Some(Error::ConnectTimeout)
    );
    // Nothing goes without TLS where it should, nor the other way round.
    assert!(matches!(
        asked(format!("http://{silent_at}/"), tls()),
        Some(Error::Unreachable(_))
    ));
    assert!(matches!(
        asked(format!("https://{silent_at}/"), None),
        Some(Error::Unreachable(_))
    ));
}

#[test]
fn connections_are_used_again_and_closed_when_nobody_does() {
    let (told, tell) = std::sync::mpsc::channel();
    let uri = server(move |mut stream| {
        let mut requests = 0;
        while let Ok(1..) = stream.read(&mut [0; 4096]) {
            requests += 1;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
        }
        told.send(requests).unwrap();
    });
    let client = HttpClient::keeping(SECOND, None);
    let begun = Instant::now();
    let requests = run(async {
        for _ in 0..3 {
            let mut answer = client
                .send(post(&uri, Body::None), Times::of(SECOND))
                .await
                .unwrap();
            assert!(answer.whole(0).await.unwrap().is_empty());
        }
        tokio::task::spawn_blocking(move || tell.recv_timeout(SECOND * 10))
            .await
            .unwrap()
    });
    assert_eq!(requests, Ok(3));
    assert!(begun.elapsed() > SECOND * 3, "not at once");
}

#[test]
fn who_does_not_read_to_the_end_leaves_no_connection() {
    let uri = server(|mut stream| {
        head(&mut stream);
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n0\r\n\r\n";
        stream.write_all(answer).unwrap();
    });
    // It says how long it is, and then nothing.
    let silent = server(|mut stream| {
        head(&mut stream);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n";
        stream.write_all(answer).unwrap();
        head(&mut stream);
    });
    run(async {
        let client = HttpClient::keeping(SECOND, None);
        for uri in [&uri, &silent, &uri] {
            let mut answer = client
                .send(post(uri, Body::None), Times::of(SECOND))
                .await
                .unwrap();
            assert_eq!(answer.whole(7).await, Err(Error::TooLarge(7)));
            assert!(answer.piece().await.is_err(), "what was broken off has no end");
        }
    });
}

#[test]
fn what_comes_after_an_answer_is_none_to_the_next_request_however_late_it_comes() {
    let uri = server(|mut stream| {
        let said = |text: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{text}");
        while let Ok(1..) = stream.read(&mut [0; 4096]) {
            stream.write_all(said("right").as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(50));
            let _ = stream.write_all(said("wrong").as_bytes());
        }
    });
    run(async {
        let client = HttpClient::keeping(SECOND, None);
        for _ in 0..3 {
            let sent = client.send(post(&uri, Body::None), Times::of(SECOND));
            let body = sent.await.unwrap().whole(5).await.unwrap();
            assert_eq!(body, "right");
            // The runtime has other work, as with a message to verify, and does not look.
            thread::sleep(Duration::from_millis(150));
        }
    });
}

#[test]
fn a_server_that_never_stops_is_not_waited_for() {
    let uri = server(|mut stream| {
        head(&mut stream);
        let begin = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunks = format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(64);
        let _ = stream.write_all(begin);
        while stream.write_all(chunks.as_bytes()).is_ok() {}
    });
    let begun = Instant::now();
    let read = run(async {
        let client = HttpClient::closing(SECOND, None);
        let mut answer = client.send(post(&uri, Body::None), Times::of(SECOND)).await?;
        answer.whole(usize::MAX).await
    });
    assert_eq!(read, Err(Error::Timeout));
    assert!(begun.elapsed() < SECOND * 10);
}
