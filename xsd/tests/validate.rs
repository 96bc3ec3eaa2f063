//! What is valid, what is not and where, and that libxml2 reads nothing but what it was given.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use sealgate_xsd::{Bounds, Invalid, SchemaError, Schemas};

const START: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:a' targetNamespace='urn:a' \
    elementFormDefault='qualified'>";

const ORDER: &str = "<xs:element name='order'><xs:complexType><xs:sequence>\
    <xs:element name='item' type='xs:string' minOccurs='0' maxOccurs='unbounded'/>\
    <xs:element name='total' type='xs:decimal'/></xs:sequence><xs:attribute name='id' type='xs:int' use='required'/>\
    </xs:complexType></xs:element>";

const WIDE: Bounds = Bounds {
    time: Duration::from_secs(20),
    piece: usize::MAX,
};

fn with(documents: &[(&str, String)]) -> Result<Schemas, SchemaError> {
    let all = documents
        .iter()
        .map(|(url, text)| ((*url).to_owned(), text.clone().into_bytes()));
    Schemas::new(documents[0].0, all)
}

fn schema(content: &str) -> Result<Schemas, SchemaError> {
    with(&[("test:///a.xsd", format!("{START}{content}</xs:schema>"))])
}

fn validate(schemas: &Schemas, document: &str) -> Result<(), Invalid> {
    schemas.validate(document.as_bytes(), WIDE)
}

/// The element where `document` is not valid.
fn wrong_at(schemas: &Schemas, document: &str) -> usize {
    match validate(schemas, document) {
        Err(Invalid::Content { element, .. }) => element,
        other => panic!("{document}: {other:?}"),
    }
}

#[test]
fn what_the_schema_has_is_valid_and_all_else_is_told_with_its_element() {
    let schemas = schema(ORDER).unwrap();
    let order =
        |attributes: &str, content: &str| format!("<order xmlns='urn:a' {attributes}>{content}</order>");
    let total = "<total>1.5</total>";
    assert_eq!(validate(&schemas, &order("id='1'", total)), Ok(()));
    let items = "<item>a</item>".repeat(3);
    assert_eq!(
        validate(&schemas, &order("id='1'", &format!("{items}{total}\n"))),
        Ok(())
    );
    for (document, element) in [
        (order("", total), 0),
        (order("id='x'", total), 0),
        (order("id='1' more='1'", total), 0),
        (order("id='1'", ""), 0),
        (order("id='1'", &items), 0),
        (order("id='1'", &format!("{items}<total>x</total>")), 4),
        (order("id='1'", &format!("{items}<other/>{total}")), 4),
        (order("id='1'", &format!("{total}{items}")), 2),
        (order("id='1'", &format!("<item>a<item/></item>{total}")), 2),
        // Text is read together with the tag after it.
        (order("id='1'", &format!("text{total}")), 1),
        ("<order id='1'><total>1</total></order>".to_owned(), 0),
        ("<total xmlns='urn:a'>1</total>".to_owned(), 0),
    ] {
        assert_eq!(wrong_at(&schemas, &document), element, "{document}");
    }
}

#[test]
fn what_is_no_xml_or_has_a_doctype_is_malformed() {
    let schemas = schema("<xs:element name='a' type='xs:string'/>").unwrap();
    let bomb = "<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;'>]><a xmlns='urn:a'>&c;</a>";
    for document in [
        bomb,
        "",
        "text",
        "<a xmlns='urn:a'>",
        "</a>",
        "<a xmlns='urn:a'><b></a></b>",
    ] {
        let found = validate(&schemas, document);
        assert!(
            matches!(found, Err(Invalid::Malformed | Invalid::Content { .. })),
            "{document}: {found:?}"
        );
    }
    for document in [bomb, "", "text", "<a xmlns='urn:a'>"] {
        assert_eq!(
            validate(&schemas, document),
            Err(Invalid::Malformed),
            "{document}"
        );
    }
    assert!(validate(&schemas, "<a xmlns='urn:a'>&undefined;</a>").is_err());
    assert_eq!(validate(&schemas, "<a xmlns='urn:a'>&lt;</a>"), Ok(()));
}

#[test]
fn what_is_included_is_found_among_what_was_given() {
    let include = |location: &str| {
        format!("{START}<xs:include schemaLocation='{location}'/><xs:element name='a' type='t'/></xs:schema>")
    };
    let types =
        format!("{START}<xs:simpleType name='t'><xs:restriction base='xs:int'/></xs:simpleType></xs:schema>");
    for location in ["types/t.xsd", "./types/../types/t.xsd", "test:///s/types/t.xsd"] {
        let schemas = with(&[
            ("test:///s/a.xsd", include(location)),
            ("test:///s/types/t.xsd", types.clone()),
        ])
        .unwrap();
        assert_eq!(validate(&schemas, "<a xmlns='urn:a'>1</a>"), Ok(()), "{location}");
        assert_eq!(wrong_at(&schemas, "<a xmlns='urn:a'>x</a>"), 0, "{location}");
    }
    let elsewhere = with(&[
        ("test:///s/a.xsd", include("t.xsd")),
        ("test:///s/types/t.xsd", types),
    ]);
    assert_eq!(elsewhere.unwrap_err().url.as_deref(), Some("test:///s/a.xsd"));
}

#[test]
fn what_libxml2_would_leave_out_with_a_warning_is_refused() {
    let b = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:b'/>";
    let import = |name: &str| format!("<xs:import namespace='urn:b' schemaLocation='{name}.xsd'/>");
    let a = |imports: String| {
        (
            "test:///a.xsd",
            format!("{START}{imports}<xs:element name='a'/></xs:schema>"),
        )
    };
    let others = [("test:///b.xsd", b.to_owned()), ("test:///c.xsd", b.to_owned())];
    assert!(with(&[&[a(import("b"))], &others[..]].concat()).is_ok());
    let twice = with(&[&[a(import("b") + &import("c"))], &others[..]].concat());
    assert!(twice.unwrap_err().message.contains("Skipping import"));
}

/// Whether nobody has connected.
fn nobody_came(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener
        .accept()
        .is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn neither_files_nor_the_network_are_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = format!("http://{}/t.xsd", listener.local_addr().unwrap());
    let file = std::env::temp_dir().join(format!("sealgate-xsd-{}.xsd", std::process::id()));
    let types =
        format!("{START}<xs:simpleType name='t'><xs:restriction base='xs:int'/></xs:simpleType></xs:schema>");
    std::fs::write(&file, &types).unwrap();
    let path = file.to_str().unwrap();
    for location in [
        http.as_str(),
        path,
        &format!("file://{path}"),
        "ftp://127.0.0.1/t.xsd",
        "test:///b.xsd",
    ] {
        for how in ["include", "redefine", "import namespace='urn:b'"] {
            let content = format!("<xs:{how} schemaLocation='{location}'/><xs:element name='a' type='t'/>");
            assert!(schema(&content).is_err(), "{how} {location}");
        }
        // A message may not name schemas either.
        let schemas = schema("<xs:element name='a'><xs:complexType><xs:sequence><xs:any processContents='lax'/></xs:sequence></xs:complexType></xs:element>").unwrap();
        let document = format!(
            "<a xmlns='urn:a' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:schemaLocation='urn:b {location}'>\
             <b xmlns='urn:b'/></a>"
        );
        assert_eq!(validate(&schemas, &document), Ok(()), "{location}");
    }
    assert!(Schemas::new(path, []).is_err());
    std::fs::remove_file(&file).unwrap();
    assert!(nobody_came(&listener));
}

#[test]
fn an_entity_of_a_schema_reads_nothing() {
    let secret = std::env::temp_dir().join(format!("sealgate-xsd-secret-{}", std::process::id()));
    std::fs::write(
        &secret,
        "<xs:element xmlns:xs='http://www.w3.org/2001/XMLSchema' name='leaked'/>",
    )
    .unwrap();
    let text = format!(
        "<!DOCTYPE xs:schema [<!ENTITY e SYSTEM 'file://{}'>]>{START}&e;<xs:element name='a'/></xs:schema>",
        secret.display()
    );
    let schemas = with(&[("test:///a.xsd", text)]);
    std::fs::remove_file(&secret).unwrap();
    if let Ok(schemas) = schemas {
        assert_eq!(wrong_at(&schemas, "<leaked xmlns='urn:a'/>"), 0);
    }
}

#[test]
fn a_schema_that_is_wrong_or_ambiguous_is_told_with_its_line() {
    let wrong = schema("\n<xs:element name='a' type='missing'/>").unwrap_err();
    assert_eq!((wrong.url.as_deref(), wrong.line), (Some("test:///a.xsd"), 2));
    let ambiguous = "<xs:element name='a'><xs:complexType><xs:sequence><xs:element name='b' minOccurs='0'/>\
        <xs:element name='b'/></xs:sequence></xs:complexType></xs:element>";
    assert!(schema(ambiguous).unwrap_err().message.contains("determinist"));
}

#[test]
fn the_time_ends_what_takes_longer() {
    let many = "<xs:element name='a'><xs:complexType><xs:sequence><xs:element name='b' type='xs:string' \
        maxOccurs='unbounded'/></xs:sequence></xs:complexType></xs:element>";
    let schemas = schema(many).unwrap();
    let document = format!("<a xmlns='urn:a'>{}</a>", "<b/>".repeat(1000));
    let over = Bounds {
        time: Duration::ZERO,
        ..WIDE
    };
    assert_eq!(schemas.validate(document.as_bytes(), over), Err(Invalid::Time));
    assert_eq!(schemas.validate(document.as_bytes(), WIDE), Ok(()));
}

#[test]
fn a_value_that_is_too_long_for_a_pattern_is_not_tried() {
    let schemas = schema(
        "<xs:element name='a'><xs:complexType><xs:sequence><xs:element name='b'><xs:simpleType><xs:restriction base='xs:string'>\
         <xs:pattern value='(a|aa)*c'/></xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element>",
    )
    .unwrap();
    let bounds = Bounds { piece: 100, ..WIDE };
    let long = "a".repeat(60);
    for value in ["a".repeat(200), format!("{long}<?p?>{long}")] {
        let document = format!("<a xmlns='urn:a'><b>{value}</b></a>");
        let found = schemas.validate(document.as_bytes(), bounds);
        assert_eq!(found, Err(Invalid::Length { element: 1 }));
    }
    let document = "<a xmlns='urn:a'><b>aaac</b></a>";
    assert_eq!(schemas.validate(document.as_bytes(), bounds), Ok(()));
}

#[test]
fn depth_and_long_texts_are_no_danger() {
    let nested = schema("<xs:element name='a'><xs:complexType><xs:sequence><xs:element ref='a' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>").unwrap();
    let deep = |depth: usize| {
        format!(
            "<a xmlns='urn:a'>{}{}</a>",
            "<a>".repeat(depth),
            "</a>".repeat(depth)
        )
    };
    assert_eq!(validate(&nested, &deep(90)), Ok(()));
    assert_eq!(validate(&nested, &deep(100_000)), Ok(()));
    let text = schema("<xs:element name='a' type='xs:string'/>").unwrap();
    let long = format!("<a xmlns='urn:a'>{}</a>", "x".repeat(2 << 20));
    assert_eq!(validate(&text, &long), Ok(()));
}

#[test]
fn each_thread_has_its_own_schema() {
    let schemas = schema(ORDER).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let schemas = schemas.clone();
            scope.spawn(move || {
                let other = schema("<xs:element name='a' type='xs:int'/>").unwrap();
                for _ in 0..200 {
                    assert_eq!(
                        validate(&schemas, "<order xmlns='urn:a' id='1'><total>1</total></order>"),
                        Ok(())
                    );
                    assert_eq!(
                        wrong_at(&schemas, "<order xmlns='urn:a' id='1'><total/></order>"),
                        1
                    );
                    assert_eq!(validate(&other, "<a xmlns='urn:a'>1</a>"), Ok(()));
                    assert_eq!(wrong_at(&other, "<order xmlns='urn:a'/>"), 0);
                }
            });
        }
    });
}
