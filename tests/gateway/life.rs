//! Start, health, load and end.

use std::any::Any;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use rustix::process::Signal;
use sealgate::soap::Version;
use serde_json::Value;

use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{Answer, connect, post, request, send, try_send};
use crate::gateway::{Gateway, configuration, logged_code, prepared};
use crate::message::Message;
use crate::process::{Process, program};
use crate::reload::metric;
use crate::site::wait_until;

fn get(gateway: &Gateway, path: &str) -> Answer {
    send(gateway.admin(), &request("GET", path, &[], ""))
}

fn order(gateway: &Gateway) -> Answer {
    send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &Message::default().signed()),
    )
}

#[test]
fn connections_are_counted_by_listener_while_they_are_open() {
    let gateway = Gateway::before(orders().address);
    for listener in [gateway.plain(), gateway.tls()] {
        let open = |count| {
            let line = format!("sealgate_connections{{listener=\"{listener}\"}} {count}");
            wait_until(&line, || metric(&gateway, &line));
        };
        open(0);
        let connected = || -> Box<dyn Any> {
            let stream = connect(listener);
            if listener == gateway.plain() {
                return Box::new(stream);
            }
            let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
            connector.set_verify(SslVerifyMode::NONE);
            Box::new(connector.build().connect("gateway.example", stream).unwrap())
        };
        let (one, other) = (connected(), connected());
        open(2);
        drop(one);
        open(1);
        drop(other);
        open(0);
    }
}

#[test]
fn operators_can_ask_how_it_is() {
    let gateway = Gateway::before(orders().address);
    assert_eq!(get(&gateway, "/healthz").status, 200);
    assert_eq!(get(&gateway, "/readyz").status, 200);
    assert_eq!(order(&gateway).status, 200);
    assert_eq!(
        send(gateway.plain(), &post(Version::Soap11, "urn:place", "<a/>")).status,
        500
    );
    let metrics = get(&gateway, "/metrics");
    assert_eq!(metrics.status, 200);
    for line in [
        "sealgate_requests_total{route=\"/orders\",outcome=\"answered\",code=\"none\"} 1",
        "sealgate_requests_total{route=\"/orders\",outcome=\"refused\",code=\"soap.not_an_envelope\"} 1",
        "sealgate_step_seconds_count{route=\"/orders\",step=\"verify\"} 2",
        "sealgate_step_seconds_count{route=\"/orders\",step=\"seal\"} 1",
        "sealgate_messages_in_work 0",
        "sealgate_body_bytes_held 0",
        "sealgate_certificate_ends_timestamp_seconds",
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
}

#[test]
fn operators_are_told_when_certificates_and_lists_end() {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    // Of one issuer the last list counts.
    let lists = "[route.trust]\ncrls = [\"ca.crl.pem\", \"ca-stale.crl.pem\"]\n\n[[route.trust.anchor]]";
    let gateway = Gateway::configured(&text.replacen("[[route.trust.anchor]]", lists, 1));
    let metrics = get(&gateway, "/metrics").body;
    for line in [
        "sealgate_certificates_end_timestamp_seconds{use=\"listener\"} 2398377600\n",
        "sealgate_certificates_end_timestamp_seconds{use=\"signing\"} 2398377600\n",
        "sealgate_certificates_end_timestamp_seconds{use=\"anchor\"} 2398377600\n",
        "sealgate_certificates_end_timestamp_seconds{use=\"audit\"} inf\n",
        "sealgate_crl_next_update_timestamp_seconds 1798761600\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[test]
fn operators_and_partners_have_doors_of_their_own() {
    let gateway = Gateway::before(orders().address);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(
            send(gateway.plain(), &request("GET", path, &[], "")).status,
            404,
            "{path}"
        );
    }
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.admin(), &message).status, 404);
}

#[test]
fn too_much_at_a_time_is_told_to_come_back() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let text = configuration(&format!("http://{}/", backend.address));
    let gateway = Gateway::configured(&text.replace("workers = 2", "workers = 2\nmessages = 1"));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| order(&gateway));
        backend.wait_for(1);
        let second = order(&gateway);
        assert_eq!(
            (second.status, second.header("retry-after")),
            (503, Some("1")),
            "{second:?}"
        );
        assert!(
            second.body.contains("<faultcode>soap:Server</faultcode>"),
            "{second:?}"
        );
        assert_eq!(logged_code(second.incident()), "http.overload");
        assert!(!first.is_finished());
        assert_eq!(first.join().unwrap().status, 200);
    });
    assert_eq!(order(&gateway).status, 200);
}

#[test]
fn messages_in_work_end_before_the_gateway_does() {
    let backend = Backend::start(Behaviour::Late(Duration::from_millis(1500), placed(false)));
    let gateway = Gateway::before(backend.address);
    let (plain, admin) = (gateway.plain(), gateway.admin());
    let request_text = post(Version::Soap11, "urn:place", &Message::default().signed());
    let in_work = std::thread::spawn(move || send(plain, &request_text));
    backend.wait_for(1);
    gateway.stopper().stop();
    std::thread::sleep(Duration::from_millis(200));
    // Not ready any more, and still alive.
    let ready = try_send(admin, &request("GET", "/readyz", &[], "")).unwrap();
    assert_eq!((ready.status, ready.body.as_str()), (503, "stopping\n"));
    assert_eq!(in_work.join().unwrap().status, 200);
    gateway.stop();
    assert!(TcpStream::connect(plain).is_err());
    assert!(TcpStream::connect(admin).is_err());
}

#[test]
fn an_idle_gateway_stops_at_once() {
    let gateway = Gateway::before(orders().address);
    assert_eq!(order(&gateway).status, 200);
    let _idle = crate::client::connect(gateway.plain());
    let started = Instant::now();
    gateway.stop();
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn an_address_in_use_is_told() {
    let backend = orders();
    let text = configuration(&format!("http://{}/", backend.address));
    let gateway = Gateway::configured(&text);
    let taken = text.replacen("127.0.0.1:0", &gateway.plain().to_string(), 1);
    let file = gateway.folder.path().join("taken.toml");
    std::fs::write(&file, taken).unwrap();
    let checked = sealgate::config::load(&file, chrono::Utc::now()).unwrap();
    let refused = sealgate::gateway::start(checked, sealgate::gateway::Signals::Ignored).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains(&format!("cannot listen on {}", gateway.plain())),
        "{refused}"
    );
}

#[test]
fn in_json_every_line_of_standard_error_is_an_object() {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let (_folder, file) = prepared(&text);
    let objects = |said: &[String]| -> Vec<Value> {
        let parsed = said.iter().map(|line| serde_json::from_str(line));
        let parsed = parsed.collect::<Result<Vec<Value>, _>>();
        parsed.unwrap_or_else(|error| panic!("{error}: {said:?}"))
    };
    let mut gateway = Process::start(&file).unwrap();
    assert_eq!(
        send(gateway.plain, &post(Version::Soap11, "urn:place", "<a/>")).status,
        500
    );
    wait_until("a line about it", || {
        let lines = objects(&gateway.said());
        lines
            .iter()
            .any(|line| line["fields"]["code"] == "soap.not_an_envelope")
    });
    let lines = objects(&gateway.said());
    let serving = lines
        .iter()
        .find(|line| line["fields"]["message"] == "serving")
        .unwrap();
    let urls = format!("http://{} https://{}", gateway.plain, gateway.tls());
    assert_eq!(serving["fields"]["addresses"], urls.as_str());
    assert_eq!(serving["fields"]["admin"], format!("http://{}", gateway.admin));
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());
    // Nor does it end otherwise where it does not start: a file is missing, or somebody else has its address.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("[admin]\naddress = \"{}\"", taken.local_addr().unwrap());
    for (from, to, expected) in [
        ("\"ca.pem\"", "\"none.pem\"", "cannot be read: none.pem"),
        ("[admin]\naddress = \"127.0.0.1:0\"", address.as_str(), "in use"),
    ] {
        assert!(text.contains(from));
        std::fs::write(&file, text.replace(from, to)).unwrap();
        let said = Process::start(&file).err().unwrap();
        let said: Vec<String> = said.lines().map(str::to_owned).collect();
        let last = objects(&said).pop().unwrap();
        let reason = last["fields"]["reason"].as_str().unwrap();
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn wrong_options_are_told_as_the_log_would_have_been_written() {
    for (options, in_json) in [
        ("serve", true),
        ("serve --config x.toml --log-lines many", true),
        ("serve --config x.toml --log xml", true),
        ("serve --log text", false),
        ("serve --nothing --log=text", false),
        ("verify --nothing", false),
    ] {
        let output = Command::new(program()).args(options.split(' ')).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{options}");
        let said = String::from_utf8(output.stderr).unwrap();
        let Ok(line) = serde_json::from_str::<Value>(&said) else {
            assert!(!in_json && said.starts_with("error: "), "{options}: {said}");
            continue;
        };
        let fields = &line["fields"];
        assert_eq!(fields["message"], "the gateway has ended");
        let reason = fields["reason"].as_str().unwrap();
        assert!(in_json && reason.starts_with("error: "), "{options}: {said}");
    }
}
