#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use bytes::Bytes;

use super::*;

fn parse(input: &str) -> Result<Document, Error> {
    Document::parse(input.to_owned().into(), &Limits::default())
}

fn code(input: &str) -> &'static str {
    parse(input).map_or_else(|error| error.code(), |_| "accepted")
}

#[test]
fn what_is_well_formed_is_read() {
    for good in [
        "<a/>",
        "\u{feff}<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<a></a >\n<!-- c --><?p i?>",
        "<a b='1' c = \"2\"\n\t/>",
        "<a xmlns:b='u' b:c='' c=''/>",
        "<a xmlns='u'><b xmlns=''/></a>",
        "<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600; ]] ></a>",
        "<a><![CDATA[<&]]]]><![CDATA[>]]></a>",
        "<a><!----><?x?><?x  y ?></a>",
        "<xml:a xml:lang='de'/>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a b='>'/>",
        "<é ü='ñ'>\u{7f}\u{85}\u{10ffff}</é>",
    ] {
        assert_eq!(code(good), "accepted", "{good}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused_by_name() {
    for (bad, expected) in [
        ("", "xml.empty"),
        (" \n", "xml.empty"),
        ("<!-- -->", "xml.empty"),
        ("<a>", "xml.malformed"),
        ("<a", "xml.malformed"),
        ("<", "xml.malformed"),
        ("<a></b>", "xml.mismatched_tag"),
        ("<a></a b>", "xml.malformed"),
        ("<a></ab>", "xml.malformed"),
        ("</a>", "xml.malformed"),
        ("<a/><b/>", "xml.trailing_content"),
        ("<a/>x", "xml.trailing_content"),
        ("x<a/>", "xml.malformed"),
        ("<a/><![CDATA[]]>", "xml.malformed"),
        ("<a b/>", "xml.malformed"),
        ("<a b=c/>", "xml.malformed"),
        ("<a b='1'c='2'/>", "xml.malformed"),
        ("<a b='<'/>", "xml.malformed"),
        ("<a b='1/>", "xml.malformed"),
        ("<a / >", "xml.malformed"),
        ("<1a/>", "xml.malformed"),
        ("< a/>", "xml.malformed"),
        ("<a>]]></a>", "xml.malformed"),
        ("<a><!-- -- --></a>", "xml.malformed"),
        ("<a><!-- ---></a>", "xml.malformed"),
        ("<a><!-x--></a>", "xml.malformed"),
        ("<a>&b;</a>", "xml.reference"),
        ("<a>&</a>", "xml.reference"),
        ("<a>&#0;</a>", "xml.reference"),
        ("<a b='&#xD800;'/>", "xml.reference"),
        ("<a>\u{1}</a>", "xml.forbidden_character"),
        ("<a>\u{ffff}</a>", "xml.forbidden_character"),
        ("<a\u{d7}/>", "xml.forbidden_character"),
        ("<!DOCTYPE a><a/>", "xml.dtd"),
        ("<a><!DOCTYPE a></a>", "xml.dtd"),
        ("<?xml version='1.1'?><a/>", "xml.version"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "xml.encoding"),
        ("<?xml encoding='UTF-8'?><a/>", "xml.declaration"),
        ("<?xml version='1.0' standalone='maybe'?><a/>", "xml.declaration"),
        (
            "<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>",
            "xml.declaration",
        ),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", "xml.malformed"),
        (" <?xml version='1.0'?><a/>", "xml.declaration"),
        ("<a><?xml version='1.0'?></a>", "xml.declaration"),
        ("<a><?XmL ?></a>", "xml.declaration"),
        ("<a><?p:q ?></a>", "xml.malformed"),
        ("<a><?p", "xml.malformed"),
        ("<a:b/>", "xml.unbound_prefix"),
        ("<a b:c='1'/>", "xml.unbound_prefix"),
        ("<a><b xmlns:c='u'/><c:d/></a>", "xml.unbound_prefix"),
        ("<xmlns:a/>", "xml.unbound_prefix"),
        ("<a xmlns:xmlns='u'/>", "xml.reserved_prefix"),
        ("<a xmlns:xml='u'/>", "xml.reserved_prefix"),
        (
            "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
            "xml.reserved_prefix",
        ),
        (
            "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
            "xml.reserved_prefix",
        ),
        (
            "<a xmlns:x='http://www.w3.org/2000/xmlns/'/>",
            "xml.reserved_prefix",
        ),
        ("<a xmlns:x=''/>", "xml.reserved_prefix"),
        ("<a xml:xmlns='u'/>", "xml.reserved_prefix"),
        ("<a a:b:c=''/>", "xml.malformed"),
        ("<a b='' b=''/>", "xml.duplicate_attribute"),
        ("<a b='' c='' b=''/>", "xml.duplicate_attribute"),
        (
            "<a xmlns:b='u' xmlns:c='u' b:d='' c:d=''/>",
            "xml.duplicate_attribute",
        ),
        ("<a xmlns:b='u' xmlns:b='u'/>", "xml.duplicate_attribute"),
    ] {
        assert_eq!(code(bad), expected, "{bad}");
    }
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bad in [
        &b"<a>\xc0\x80</a>"[..],
        b"<a>\xed\xa0\x80</a>",
        &utf16,
        b"\xff\xfe<\0a\0",
        b"<a>\xff</a>",
    ] {
        let error = Document::parse(Bytes::copy_from_slice(bad), &Limits::default()).unwrap_err();
        assert_eq!(error.code(), "xml.encoding");
    }
}

#[test]
fn no_attribute_stands_twice_however_many_there_are() {
    // Backwards, so that their order shows nothing.
    let read = |names: &[usize]| {
        let attributes: String = names.iter().rev().map(|name| format!(" a{name:02}=''")).collect();
        code(&format!("<a{attributes}/>"))
    };
    for count in 2..12 {
        let names: Vec<usize> = (0..count).collect();
        assert_eq!(read(&names), "accepted");
        for (one, other) in (0..count).flat_map(|other| (0..other).map(move |one| (one, other))) {
            let mut names = names.clone();
            names[other] = one;
            assert_eq!(read(&names), "xml.duplicate_attribute", "{names:?}");
        }
    }
}

#[test]
fn limits_are_kept_to_the_last_one() {
    let limits = Limits {
        bytes: 4096,
        elements: 8,
        depth: 4,
        attributes: 3,
        namespaces: 2,
        namespaces_in_scope: 4,
        name: 8,
        attribute_value: 5,
        ids: 2,
        ..Limits::default()
    };
    let ids = |count: usize| {
        let one = |n: usize| format!("<x xml:id='i{n}'/>");
        format!("<a>{}</a>", (0..count).map(one).collect::<String>())
    };
    for (good, bad, expected) in [
        (
            " ".repeat(4092) + "<a/>",
            " ".repeat(4093) + "<a/>",
            "limit.bytes",
        ),
        (
            format!("<a>{}</a>", "<b/>".repeat(7)),
            format!("<a>{}</a>", "<b/>".repeat(8)),
            "limit.elements",
        ),
        (
            "<a><b><c><d/></c></b></a>".into(),
            "<a><b><c><d><e/></d></c></b></a>".into(),
            "limit.depth",
        ),
        (
            "<a b='' c='' d=''/>".into(),
            "<a b='' c='' d='' e=''/>".into(),
            "limit.attributes",
        ),
        (
            "<a xmlns:b='1' xmlns:c='1'/>".into(),
            "<a xmlns:b='1' xmlns:c='1' xmlns:d='1'/>".into(),
            "limit.namespaces",
        ),
        (
            "<a xmlns:b='1' xmlns:c='1'><a xmlns:d='1' xmlns:e='1'/><a xmlns:f='1' xmlns:g='1'/></a>".into(),
            "<a xmlns:b='1' xmlns:c='1'><a xmlns:d='1' xmlns:e='1'><a xmlns:f='1'/></a></a>".into(),
            "limit.namespaces_in_scope",
        ),
        ("<abcdefgh/>".into(), "<abcdefghi/>".into(), "limit.name"),
        (
            "<a b='12345'/>".into(),
            "<a b='123456'/>".into(),
            "limit.attribute_value",
        ),
        (ids(2), ids(3), "limit.ids"),
    ] {
        assert!(Document::parse(good.clone().into(), &limits).is_ok(), "{good}");
        let error = Document::parse(bad.into(), &limits).unwrap_err();
        assert_eq!(error.code(), expected);
    }
}

#[test]
fn ids_of_every_kind_share_one_index() {
    const ALL: &str = "<r xmlns:wsu='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd' \
        xmlns:ds='http://www.w3.org/2000/09/xmldsig#' xmlns:s='urn:oasis:names:tc:SAML:2.0:assertion' \
        xmlns:o='urn:oasis:names:tc:SAML:1.0:assertion'>{}</r>";
    let with = |inner: &str| ALL.replace("{}", inner);
    let document = parse(&with(
        "<a wsu:Id='1'/><b xml:id='2'/><ds:Object Id='3'/><s:Assertion ID='4'/><o:Assertion AssertionID='5'/><c id='1' Id='2' ID='3'/>",
    ))
    .unwrap();
    let found: Vec<_> = "12345"
        .chars()
        .filter_map(|id| document.element_by_id(&id.to_string()))
        .collect();
    assert_eq!(
        found.iter().map(|e| e.local_name()).collect::<Vec<_>>(),
        ["a", "b", "Object", "Assertion", "Assertion"]
    );
    assert_eq!(found[3].id().as_deref(), Some("4"));
    assert!(document.element_by_id("6").is_none());
    for twice in [
        "<a wsu:Id='1'/><b wsu:Id='1'/>",
        "<a wsu:Id='1'/><b xml:id='&#49;'/>",
        "<ds:Object Id='1'/><s:Assertion ID='1'/>",
        "<o:Assertion AssertionID='1'/><a wsu:Id='1'/>",
    ] {
        assert_eq!(code(&with(twice)), "xml.duplicate_id", "{twice}");
    }
    for unclear in [
        "<s:Assertion ID='1' s:ID='2'/>",
        "<s:Assertion ID='1' wsu:Id='2'/>",
        "<s:Assertion id='1'/>",
        "<ds:Object ID='1'/>",
        "<a wsu:Id='1' xml:id='2'/>",
    ] {
        assert_eq!(code(&with(unclear)), "xml.ambiguous_id", "{unclear}");
    }
    let strayed = parse(&with("<ds:player id='1'/>")).unwrap();
    assert!(strayed.element_by_id("1").is_none());
    let named = ["ref".to_owned()];
    let document =
        Document::parse_with_ids("<a><b ref='x'/></a>".into(), &Limits::default(), &named).unwrap();
    assert_eq!(document.element_by_id("x").unwrap().local_name(), "b");
}

#[test]
fn elements_know_their_place() {
    let document = parse("<p:a xmlns:p='u' xmlns='d'>\n <b/><b c='&#10;ü'><p:e/></b>\n</p:a>").unwrap();
    let root = document.root();
    let second = root.children().nth(1).unwrap();
    let e = second
        .child(second.namespace_id(), "x")
        .or_else(|| second.children().next())
        .unwrap();
    assert_eq!(
        (root.prefix(), root.local_name(), root.namespace()),
        ("p", "a", "u")
    );
    assert_eq!(e.path(), "/p:a/b[2]/p:e");
    assert_eq!(e.position(), Position { line: 2, column: 20 });
    assert_eq!(second.attribute("c").unwrap(), "\nü");
    assert_eq!(second.namespace(), "d");
    assert_eq!(
        (e.namespace_of("p"), e.namespace_of(""), e.namespace_of("q")),
        (Some("u"), Some("d"), None)
    );
    assert!(e.is_within(root) && e.is_within(e) && !root.is_within(e));
    let other = parse("<p:a xmlns:p='u'/>").unwrap();
    assert_ne!(other.root(), root);
    assert_eq!(&document.as_str()[second.span()], "<b c='&#10;ü'><p:e/></b>");
}

#[test]
fn text_is_all_of_it() {
    let text = |input: &str| {
        parse(input)
            .unwrap()
            .root()
            .text()
            .map(|text| (text.value.into_owned(), text.interrupted))
    };
    assert_eq!(text("<a>x</a>").unwrap(), ("x".into(), false));
    assert_eq!(text("<a/>").unwrap(), (String::new(), false));
    assert_eq!(
        text("<a>x<!-- c -->y&amp;\r\nz<![CDATA[&lt;\r]]></a>").unwrap(),
        ("xy&\nz&lt;\n".into(), true)
    );
    assert_eq!(
        text("<a>admin<?p?>istrator</a>").unwrap(),
        ("administrator".into(), true)
    );
    assert_eq!(text("<a>x<b/>y</a>").unwrap_err().code(), "xml.element_in_text");
    let stray = |input: &str| {
        parse(input)
            .unwrap()
            .root()
            .stray_text()
            .map(|position| position.column)
    };
    assert_eq!(stray("<a> <b>x</b><!-- y --> </a>"), None);
    assert_eq!(stray("<a> <b/> y</a>"), Some(10));
    assert_eq!(stray("<a><b/><![CDATA[]]></a>"), Some(8));
    assert_eq!(stray("<a><!-- -->&#32;<b/></a>"), Some(12));
}
