//! Bodies are validated against the schemas of their route, in the octets that are relayed, and nothing is read for it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

mod support;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sealgate::inbound::VerifiedMessage;
use sealgate::policy::Profile;
use sealgate::rejection::{Rejection, Stage};
use sealgate::schema::{Check, ErrorKind, InvalidKind, Mode, SchemaFile, Schemas};
use sealgate::soap::Fault;
use sealgate::trust::ReplayStore;
use support::Case;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/xsd");

const ORDERS: [&str; 3] = ["orders.xsd", "types/cancel.xsd", "types/types.xsd"];

fn file(name: &str) -> SchemaFile {
    let path = Path::new(FOLDER).join(name);
    SchemaFile {
        content: std::fs::read(&path).unwrap().into(),
        path: path.to_str().unwrap().to_owned(),
    }
}

fn orders() -> Vec<SchemaFile> {
    ORDERS.map(file).to_vec()
}

fn changed(files: Vec<SchemaFile>, from: &str, to: &str) -> Vec<SchemaFile> {
    let change = |file: SchemaFile| {
        let text = String::from_utf8(file.content.to_vec()).unwrap();
        SchemaFile {
            content: text.replace(from, to).into(),
            ..file
        }
    };
    files.into_iter().map(change).collect()
}

fn soap(version: &str, content: &str) -> String {
    format!("<s:Body xmlns:s=\"{version}\" xmlns:u=\"urn:u\" u:Id=\"body\">{content}</s:Body>")
}

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

fn order(item: &str, quantity: &str) -> String {
    format!(
        "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Item>{item}</o:Item><o:Quantity>{quantity}</o:Quantity></o:PlaceOrder>"
    )
}

#[test]
fn files_include_and_import_each_other_in_any_order() {
    for turn in 0..3 {
        let mut files = orders();
        files.rotate_left(turn);
        let schemas = Schemas::new(&files).unwrap();
        for version in [SOAP11, SOAP12] {
            let valid = |content: &str| schemas.validate(soap(version, content).as_bytes());
            assert_eq!(valid(&order("bolt", "1")), Ok(()));
            assert_eq!(
                valid("<CancelOrder xmlns='urn:example:orders'>1</CancelOrder>"),
                Ok(())
            );
            assert_eq!(valid(""), Ok(()));
            for (content, element) in [
                (order("bolt", "0"), 3),
                (order(&"x".repeat(41), "1"), 2),
                (format!("{}<other/>", order("bolt", "1")), 4),
                ("<Unheard xmlns='urn:example:orders'/>".to_owned(), 1),
                ("<PlaceOrder/>".to_owned(), 1),
            ] {
                let invalid = valid(&content).unwrap_err();
                assert_eq!(invalid.element, element, "{content}: {invalid:?}");
                assert!(matches!(invalid.kind, InvalidKind::Content(_)));
            }
        }
    }
}

#[test]
fn schemas_that_do_not_belong_together_are_refused() {
    let kind = |files: &[SchemaFile]| Schemas::new(files).unwrap_err();
    assert_eq!(kind(&[]).kind(), &ErrorKind::NoFile);
    let without_types = kind(&[file("orders.xsd"), file("types/cancel.xsd")]);
    assert_eq!(
        without_types.kind(),
        &ErrorKind::ImportMissing("urn:example:types".to_owned())
    );
    assert_eq!(without_types.position().unwrap().line, 5);
    let without_cancel = kind(&[file("types/types.xsd"), file("orders.xsd")]);
    assert!(
        matches!(without_cancel.kind(), ErrorKind::Schema(_)),
        "{without_cancel:?}"
    );
    assert_eq!(
        (without_cancel.file(), without_cancel.position().unwrap().line),
        (Some(1), 4)
    );
    let wrong = kind(&changed(orders(), "t:Item", "t:Missing"));
    assert_eq!(
        (wrong.file(), wrong.position().unwrap().line),
        (Some(0), 9),
        "{wrong}"
    );
    let doctype = kind(&changed(
        orders(),
        "<xs:schema ",
        "<!DOCTYPE xs:schema><xs:schema ",
    ));
    assert!(matches!(doctype.kind(), ErrorKind::Xml(error) if error.code() == "xml.dtd"));
    let other = kind(&changed(orders(), "xs:schema", "xs:scheme"));
    assert_eq!(other.kind(), &ErrorKind::NotASchema("xs:scheme".to_owned()));
    let soap = kind(&changed(
        orders(),
        "\"urn:example:types\"",
        &format!("\"{SOAP12}\""),
    ));
    assert_eq!(soap.kind(), &ErrorKind::OfSoap);
}

#[test]
fn a_namespace_may_be_in_several_files_and_a_file_in_none() {
    let text = |path: &str, target: &str, content: &str| SchemaFile {
        path: path.to_owned(),
        content: format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' {target}>{content}</xs:schema>"
        )
        .into(),
    };
    let files = [
        text(
            "/s/a b.xsd",
            "targetNamespace='urn:a'",
            "<xs:import/><xs:element name='a' type='T'/>",
        ),
        text(
            "/s/c.xsd",
            "targetNamespace='urn:a'",
            "<xs:element name='c' type='xs:int'/>",
        ),
        text(
            "/s/none.xsd",
            "",
            "<xs:simpleType name='T'><xs:restriction base='xs:int'/></xs:simpleType>",
        ),
    ];
    let schemas = Schemas::new(&files).unwrap();
    for (content, is_valid) in [
        ("<a xmlns='urn:a'>1</a><c xmlns='urn:a'>1</c>", true),
        ("<a xmlns='urn:a'>x</a>", false),
        ("<c xmlns='urn:a'>x</c>", false),
    ] {
        let found = schemas.validate(soap(SOAP11, content).as_bytes());
        assert_eq!(found.is_ok(), is_valid, "{content}: {found:?}");
    }
}

#[test]
fn long_values_are_refused_where_a_pattern_can_be_tried_in_many_ways() {
    let with = |pattern: &str| {
        let pattern = format!("<xs:maxLength value=\"5000\"/><xs:pattern value=\"{pattern}\"/>");
        Schemas::new(&changed(orders(), "<xs:maxLength value=\"40\"/>", &pattern)).unwrap()
    };
    let long = soap(SOAP11, &order(&"x".repeat(4500), "1"));
    assert_eq!(with("x*").validate(long.as_bytes()), Ok(()));
    let refused = with("(x|xx)*").validate(long.as_bytes()).unwrap_err();
    assert!(matches!(refused.kind, InvalidKind::Limit(_)), "{refused:?}");
    assert_eq!(refused.element, 2);
    let short = soap(SOAP11, &order("xxx", "1"));
    assert_eq!(with("(x|xx)*").validate(short.as_bytes()), Ok(()));
}

/// A good message whose schemas are `files`.
fn case(files: &[SchemaFile], mode: Mode) -> Case {
    let cases = support::cases("cases/good").into_iter();
    let mut case = cases
        .into_iter()
        .find(|case| case.folder.ends_with("bsp11-plain"))
        .unwrap();
    case.gate.policy = Profile::Bsp11.policy();
    case.gate.schema = Some(Check {
        schemas: Schemas::new(files).unwrap(),
        mode,
    });
    case
}

fn verify(case: &Case) -> Result<VerifiedMessage, Rejection> {
    case.gate.verify(case.received.clone(), case.at)
}

#[test]
fn a_body_that_is_not_valid_is_refused_at_its_place_and_does_not_use_up_the_message() {
    let strict = changed(
        orders(),
        "<xs:maxLength value=\"40\"/>",
        "<xs:maxLength value=\"3\"/>",
    );
    let store = |at: DateTime<Utc>| Arc::new(ReplayStore::in_memory(1000, at - chrono::TimeDelta::hours(1)));
    let mut case = case(&strict, Mode::Enforce);
    case.gate.replay = Some(store(case.at));
    let refused = verify(&case).unwrap_err();
    assert_eq!(
        (refused.code(), refused.stage()),
        ("policy.schema", Stage::Policy)
    );
    assert_eq!(refused.fault(), Fault::FailedCheck);
    let text = std::str::from_utf8(&case.received.bytes).unwrap();
    let column = text.lines().next().unwrap().find("<o:Item>").unwrap() + 1;
    let position = refused.position().unwrap();
    assert_eq!(
        (position.line, position.column),
        (1, u32::try_from(column).unwrap())
    );
    // As it was refused for its body only, it is not used.
    case.gate.schema.as_mut().unwrap().mode = Mode::Observe;
    let relayed = verify(&case).unwrap();
    assert_eq!(relayed.invalid().unwrap().code(), "policy.schema");
    case.gate.schema.as_mut().unwrap().mode = Mode::Off;
    assert_eq!(verify(&case).unwrap_err().code(), "replay.message");
    case.gate.replay = Some(store(case.at));
    assert!(verify(&case).unwrap().invalid().is_none());
}

#[test]
fn a_signature_that_does_not_hold_is_told_before_a_body_that_is_not_valid() {
    let strict = changed(
        orders(),
        "<xs:maxLength value=\"40\"/>",
        "<xs:maxLength value=\"3\"/>",
    );
    let mut case = case(&strict, Mode::Enforce);
    let text = String::from_utf8(case.received.bytes.to_vec()).unwrap();
    case.received.bytes = Bytes::from(text.replace("bolt M8", "bolt M9"));
    assert_eq!(verify(&case).unwrap_err().code(), "dsig.digest_mismatch");
}

#[test]
fn good_orders_are_valid_however_they_are_written() {
    let check = Check {
        schemas: Schemas::new(&orders()).unwrap(),
        mode: Mode::Enforce,
    };
    let (mut valid, mut invalid) = (0, 0);
    for mut case in support::cases("cases/good") {
        let Ok(before) = verify(&case) else {
            continue;
        };
        let plain = String::from_utf8_lossy(&before.body().to_vec()).contains(PLACED);
        case.gate.schema = Some(check.clone());
        match verify(&case) {
            Ok(_) => valid += 1,
            Err(error) if !plain && error.code() == "policy.schema" => invalid += 1,
            Err(error) => panic!("{}: {error}", case.folder.display()),
        }
    }
    assert!(valid > 60 && invalid > 0, "{valid} {invalid}");
}

/// What most good messages ask for.
const PLACED: &str = "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Item>bolt M8</o:Item><o:Quantity>100</o:Quantity></o:PlaceOrder>";
