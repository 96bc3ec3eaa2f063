//! The address for operators does what its description says.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use serde_json::Value;

use crate::backend::orders;
use crate::client::{connect, request, send};
use crate::gateway::{Gateway, configuration};

fn description() -> Value {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/admin.openapi.json"));
    serde_json::from_str(text).unwrap()
}

/// That `value` is as `schema` has it, as far as the description uses JSON Schema.
fn fits(value: &Value, schema: &Value, document: &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        return fits(value, document.pointer(&reference[1..]).unwrap(), document);
    }
    if let Some(only) = schema.get("const") {
        assert_eq!(value, only);
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{value} is none of {values:?}");
    }
    let good = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some(other) => panic!("{other}"),
    };
    assert!(good, "{value} is not as {schema}");
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            value.get(name.as_str().unwrap()).is_some(),
            "no {name} in {value}"
        );
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => fits(inner, schema, document),
            None => assert!(schema["additionalProperties"] != false, "{name} of {value}"),
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        fits(inner, &schema["items"], document);
    }
}

#[test]
fn each_answer_is_as_it_is_described() {
    let gateway = Gateway::before(orders().address);
    let document = description();
    let answer = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let answer = send(gateway.admin(), &request(method, path, headers, ""));
        let described = &document["paths"][path][method.to_ascii_lowercase()]["responses"];
        let described = &described[answer.status.to_string()];
        assert!(described.is_object(), "{method} {path}: {answer:?}");
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap();
        match described["content"].as_object() {
            None => assert_eq!(answer.body, "", "{path}"),
            Some(kinds) => {
                let schema = &kinds.get(kind).unwrap_or_else(|| panic!("{path}: {kind}"))["schema"];
                if kind == "application/json" {
                    fits(&serde_json::from_str(&answer.body).unwrap(), schema, &document);
                }
            }
        }
        answer
    };
    for path in ["/healthz", "/readyz", "/metrics", "/backends", "/openapi.json"] {
        assert_eq!(answer("GET", path, &[]).status, 200, "{path}");
        let mut probe = connect(gateway.admin());
        let head = request("HEAD", path, &[("Connection", "close")], "");
        probe.write_all(head.as_bytes()).unwrap();
        let probed = std::io::read_to_string(probe).unwrap();
        assert!(
            probed.starts_with("HTTP/1.1 200") && probed.ends_with("\r\n\r\n"),
            "{probed}"
        );
    }
    let served = answer("GET", "/openapi.json", &[]);
    assert_eq!(serde_json::from_str::<Value>(&served.body).unwrap(), document);
    assert_eq!(
        answer("POST", "/reload", &[("Origin", "http://elsewhere")]).status,
        403
    );
    assert_eq!(answer("POST", "/reload", &[]).status, 200);
    let file = gateway.folder.path().join("sealgate.toml");
    std::fs::write(file, "").unwrap();
    assert_eq!(answer("POST", "/reload", &[]).status, 409);
    assert_eq!(document["paths"].as_object().unwrap().len(), 6);
}

#[test]
#[allow(clippy::print_stderr, reason = "it says why it does not run")]
fn other_machines_read_and_order_nothing() {
    // No octet is sent: this only asks by which address of ours others would be reached.
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let Some(own) = own.ok().filter(|own| !own.ip().is_loopback()) else {
        eprintln!("skipped: this machine has no address but the loopback");
        return;
    };
    let backend = format!("http://{}/legacy", orders().address);
    let open = configuration(&backend).replace(
        "[admin]\naddress = \"127.0.0.1:0\"",
        "[admin]\naddress = \"0.0.0.0:0\"\nopen = true",
    );
    let gateway = Gateway::configured(&open);
    let port = gateway.admin().port();
    let from_elsewhere = SocketAddr::new(own.ip(), port);
    let from_here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    let order = |address| send(address, &request("POST", "/reload", &[], "")).status;
    assert_eq!(
        send(from_elsewhere, &request("GET", "/readyz", &[], "")).status,
        200
    );
    assert_eq!(order(from_elsewhere), 403);
    assert_eq!(order(from_here), 200);
}
