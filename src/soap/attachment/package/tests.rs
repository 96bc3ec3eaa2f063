#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use proptest::prelude::*;

use super::*;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::{digest, encode_base64};
use crate::dsig::{AttachmentScope, SignedAttachment};
use crate::soap::attachment::{InMemory, Stored};

const SWA: &str = "multipart/related; type=\"text/xml\"; start=\"<root@x>\"; boundary=b";
const MTOM: &str = "multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"; boundary=b; start=\"<root@x>\"";
const ROOT: &str = "Content-Type: text/xml; charset=utf-8\r\nContent-ID: <root@x>";
const XOP_ROOT: &str =
    "Content-Type: application/xop+xml; charset=utf-8; type=\"text/xml\"\r\nContent-ID: <root@x>";

fn body(parts: &[(&str, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(head, content)| format!("--b\r\n{head}\r\n\r\n{content}\r\n"))
        .collect();
    format!("{parts}--b--\r\n")
}

fn read_pieces(field: &str, body: &[u8], limits: &Limits, piece: usize) -> Result<Packaged, Error> {
    let mut package = Package::new(Related::parse(field).unwrap(), limits, Arc::new(InMemory));
    for piece in body.chunks(piece) {
        package.push(piece)?;
    }
    package.finish()
}

fn read(field: &str, parts: &[(&str, &str)]) -> Result<Packaged, &'static str> {
    let read = read_pieces(field, body(parts).as_bytes(), &Limits::default(), usize::MAX);
    read.map_err(|error| error.code())
}

fn content(attachment: &Attachment) -> String {
    let mut content = Vec::new();
    attachment
        .read(|octets| content.extend_from_slice(octets))
        .unwrap();
    String::from_utf8(content).unwrap()
}

/// The envelope, then Content-ID and content of each attachment; or the code.
fn told(read: Result<Packaged, Error>) -> Result<Vec<String>, &'static str> {
    let read = read.map_err(|error| error.code())?;
    let attachments = read.attachments.iter();
    let attachments = attachments.flat_map(|attachment| [attachment.id().to_owned(), content(attachment)]);
    let envelope = String::from_utf8_lossy(&read.envelope).into_owned();
    Ok(std::iter::once(envelope).chain(attachments).collect())
}

#[test]
fn attachments_wait_in_the_form_that_is_signed() {
    let parts = [
        (ROOT, "<a/>"),
        ("Content-Type: image/png\r\nContent-ID: <png@x>", "\n\r"),
        ("Content-Type: text/plain\r\nContent-ID: <text@x>", "a\nb\r\nc\r"),
        (
            "Content-Type: application/xml\r\nContent-ID: <xml@x>",
            "<?xml version='1.0'?><b d='1' c='2'><!-- c --></b>",
        ),
    ];
    let read = read(SWA, &parts).unwrap();
    assert_eq!(read.envelope, "<a/>");
    let contents: Vec<String> = read.attachments.iter().map(content).collect();
    assert_eq!(contents, ["\n\r", "a\r\nb\r\nc\r\n", "<b c=\"2\" d=\"1\"></b>"]);
    let lengths: Vec<u64> = read.attachments.iter().map(Attachment::length).collect();
    assert_eq!(lengths, [2, 9, 19]);
}

#[test]
fn canonical_text_is_in_the_charset_that_its_media_type_has() {
    let code = |media_type: &str, content: &str| {
        let head = format!("Content-Type: {media_type}\r\nContent-ID: <p@x>");
        read(SWA, &[(ROOT, "<a/>"), (&head, content)]).map(|read| content_of(&read))
    };
    for (media_type, content, expected) in [
        ("text/xml", "<b>&#233;</b>", Ok("<b>é</b>")),
        ("text/xml; charset=UTF-8", "<b>&#233;</b>", Ok("<b>é</b>")),
        ("text/xml; charset=US-ASCII", "<b>&#65;</b>", Ok("<b>A</b>")),
        ("text/xml; charset=us-ascii", "<b>&#233;</b>", Err("soap.charset")),
        ("application/xml; charset=iso-8859-1", "<b/>", Err("soap.charset")),
        (
            "text/xml; charset=utf-7",
            "<b>+ADw-c/+AD4-</b>",
            Err("soap.charset"),
        ),
        ("text/plain; charset=ISO-8859-1", "a\n", Ok("a\r\n")),
        ("text/plain; charset=utf-16le", "a", Err("soap.charset")),
        ("text/plain; charset=ibm037", "a", Err("soap.charset")),
        ("image/png; charset=utf-16", "a", Ok("a")),
    ] {
        assert_eq!(
            code(media_type, content),
            expected.map(str::to_owned),
            "{media_type}"
        );
    }
}

fn content_of(read: &Packaged) -> String {
    read.attachments.iter().map(content).collect()
}

#[test]
fn a_complete_attachment_is_digested_with_its_header() {
    let part = (
        "Content-ID: <p@x>\r\nContent-Type: Text/PLAIN; charset=US-ascii",
        "hello",
    );
    let read = read(SWA, &[(ROOT, "<a/>"), part]).unwrap();
    let attachment = read.attachments.get("p@x").unwrap();
    let digested = |scope| {
        let value = attachment.digest(scope, DigestAlgorithm::Sha256).unwrap();
        value.as_bytes().to_vec()
    };
    let expected = |octets: &str| {
        digest(DigestAlgorithm::Sha256, octets.as_bytes())
            .unwrap()
            .as_bytes()
            .to_vec()
    };
    assert_eq!(digested(AttachmentScope::Content), expected("hello"));
    let complete = "Content-ID:<p@x>\r\nContent-Type:text/plain;charset=\"us-ascii\"\r\n\r\nhello";
    assert_eq!(digested(AttachmentScope::Complete), expected(complete));
    let odd = (
        "Content-ID: <p@x>\r\nContent-Type: a/b\r\nContent-Description: =?utf-8?q?a?=",
        "",
    );
    let read = super::tests::read(SWA, &[(ROOT, "<a/>"), odd]).unwrap();
    let attachment = read.attachments.get("p@x").unwrap();
    assert!(
        attachment
            .digest(AttachmentScope::Content, DigestAlgorithm::Sha256)
            .is_ok()
    );
    assert_eq!(
        attachment
            .digest(AttachmentScope::Complete, DigestAlgorithm::Sha256)
            .err(),
        Some(crate::dsig::AttachmentError::Header)
    );
}

/// Wants one digest of envelopes that say so.
#[derive(Debug)]
struct Wants(PlannedDigest);

impl Plan for Wants {
    fn digests(&self, envelope: Bytes) -> Vec<PlannedDigest> {
        if envelope == "<signed/>" {
            vec![self.0.clone()]
        } else {
            Vec::new()
        }
    }
}

#[test]
fn only_what_is_planned_is_digested_while_it_comes() {
    let algorithm = DigestAlgorithm::Sha512;
    let scope = AttachmentScope::Complete;
    let wanted = |id: &str| PlannedDigest {
        id: id.to_owned(),
        scope,
        algorithm,
    };
    let part = ("Content-ID: <p@x>\r\nContent-Type: a/b", "hello");
    let known = |plan: Option<PlannedDigest>, root: &str| {
        let related = Related::parse(SWA).unwrap();
        let mut package = Package::new(related, &Limits::default(), Arc::new(InMemory));
        if let Some(plan) = plan {
            package = package.digested_by(Arc::new(Wants(plan)));
        }
        package.push(body(&[(ROOT, root), part]).as_bytes()).unwrap();
        let read = package.finish().unwrap();
        read.attachments.get("p@x").unwrap().known_digests().to_vec()
    };
    assert!(known(None, "<signed/>").is_empty());
    assert!(known(Some(wanted("p@x")), "<unsigned/>").is_empty());
    assert!(known(Some(wanted("other@x")), "<signed/>").is_empty());
    let known = known(Some(wanted("p@x")), "<signed/>");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].of, ToDigest { scope, algorithm });
    let octets = "Content-ID:<p@x>\r\nContent-Type:a/b\r\n\r\nhello";
    let expected = digest(DigestAlgorithm::Sha512, octets.as_bytes()).unwrap();
    assert_eq!(known[0].value.as_bytes(), expected.as_bytes());
}

#[test]
fn an_attachment_has_an_id_of_its_own() {
    for head in [
        "Content-Type: a/b",
        "Content-Type: a/b\r\nContent-ID: <root@x>",
        "Content-Type: a/b\r\nContent-ID: <ONE@x>",
    ] {
        let parts = [
            (ROOT, "<a/>"),
            ("Content-Type: a/b\r\nContent-ID: <one@x>", ""),
            (head, ""),
        ];
        assert_eq!(read(SWA, &parts).unwrap_err(), "soap.content_id", "{head}");
    }
}

#[test]
fn the_envelope_comes_first() {
    let other = ("Content-Type: image/png\r\nContent-ID: <a@x>", "x");
    assert_eq!(read(SWA, &[other, (ROOT, "<a/>")]).unwrap_err(), "soap.root_part");
    let unnamed = "multipart/related; type=\"text/xml\"; boundary=b";
    assert_eq!(
        read(unnamed, &[other, (ROOT, "<a/>")]).unwrap_err(),
        "soap.content_type"
    );
}

#[test]
fn attachments_are_limited_in_number_and_length_and_the_envelope_too() {
    let limits = Limits {
        attachments: 2,
        attachment_bytes: 4,
        bytes: 8,
        ..Limits::default()
    };
    let code = |root: &str, contents: &[&str]| {
        let heads: Vec<String> = (0..contents.len())
            .map(|number| format!("Content-Type: a/b\r\nContent-ID: <p{number}@x>"))
            .collect();
        let parts = heads.iter().map(String::as_str).zip(contents.iter().copied());
        let parts: Vec<_> = std::iter::once((ROOT, root)).chain(parts).collect();
        let read = read_pieces(SWA, body(&parts).as_bytes(), &limits, 3);
        read.map_err(|error| error.code()).err()
    };
    assert_eq!(code("<abcde/>", &["1234", "1234"]), None);
    assert_eq!(code("<abcdef/>", &[]), Some("limit.bytes"));
    assert_eq!(code("<a/>", &["12345"]), Some("limit.attachment_bytes"));
    assert_eq!(code("<a/>", &["", "", ""]), Some("limit.attachments"));
    let long = ("Content-Type: text/xml\r\nContent-ID: <p@x>", "<abcdef/>");
    let wide = Limits {
        attachment_bytes: 100,
        ..limits
    };
    let read = read_pieces(SWA, body(&[(ROOT, "<a/>"), long]).as_bytes(), &wide, 3);
    assert_eq!(read.unwrap_err().code(), "limit.bytes");
}

#[test]
fn what_is_kept_of_an_attachment_is_limited_as_what_comes() {
    let limits = Limits {
        attachment_bytes: 20,
        ..Limits::default()
    };
    let code = |kind: &str, content: &str| {
        let head = format!("Content-Type: {kind}\r\nContent-ID: <p@x>");
        let body = body(&[(ROOT, "<a/>"), (&head, content)]);
        let read = read_pieces(SWA, body.as_bytes(), &limits, 3);
        read.map_err(|error| error.code()).err()
    };
    assert_eq!(code("text/plain", &"\n".repeat(10)), None);
    assert_eq!(
        code("text/plain", &"\n".repeat(11)),
        Some("limit.attachment_bytes")
    );
    assert_eq!(
        code("text/xml", "<a><b/><b/><b/></a>"),
        Some("limit.attachment_bytes")
    );
    assert_eq!(code("text/xml", "<a><b/></a>"), None);
}

#[test]
fn xml_is_read_as_strictly_as_any_other() {
    for (content, code) in [("<!DOCTYPE a><a/>", "xml.doctype"), ("<a>", "xml.unclosed")] {
        let part = ("Content-Type: image/svg+xml\r\nContent-ID: <p@x>", content);
        let refused = read(SWA, &[(ROOT, "<a/>"), part]).unwrap_err();
        assert!(refused.starts_with("xml."), "{refused} for {code}");
    }
}

#[test]
fn a_qname_in_xml_whose_prefix_is_not_signed_is_noted() {
    let found = |content: &str| {
        let head = "Content-Type: application/xml\r\nContent-ID: <p@x>";
        let read = read(SWA, &[(ROOT, "<e/>"), (head, content)]).unwrap();
        let attachment = read.attachments.get("p@x").unwrap();
        attachment.uncovered_qname().map(str::to_owned)
    };
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let a = format!("<a {xsi} xmlns:x='urn:x'><b xsi:type='x:T'/></a>");
    assert_eq!(found(&a).as_deref(), Some("x:T"));
    let used = format!("<x:a {xsi} xmlns:x='urn:x'><b xsi:type='x:T'/></x:a>");
    assert_eq!(found(&used), None);
}

/// A spool that is full after so many octets, and cannot be read.
#[derive(Clone, Copy, Debug)]
struct Failing(usize);

impl Spool for Failing {
    fn create(&self) -> std::io::Result<Box<dyn Stored>> {
        Ok(Box::new(*self))
    }
}

impl Stored for Failing {
    fn append(&mut self, octets: &[u8]) -> std::io::Result<()> {
        let left = self.0.checked_sub(octets.len());
        self.0 = left.ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(())
    }

    fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::Other.into())
    }

    fn another(&self) -> std::io::Result<Box<dyn Stored>> {
        self.create()
    }
}

#[test]
fn a_spool_that_fails_refuses_the_message_and_says_that_it_is_ours() {
    let part = ("Content-Type: a/b\r\nContent-ID: <p@x>", "1234");
    let read = |size: usize| {
        let spool = Arc::new(Failing(size));
        let mut package = Package::new(Related::parse(SWA).unwrap(), &Limits::default(), spool);
        package.push(body(&[(ROOT, "<a/>"), part]).as_bytes())?;
        package.finish()
    };
    let full = read(3).unwrap_err();
    assert_eq!((full.code(), full.is_ours()), ("soap.spool", true));
    let kept = read(4).unwrap();
    let attachment = kept.attachments.get("p@x").unwrap();
    let unreadable = attachment.digest(AttachmentScope::Content, DigestAlgorithm::Sha256);
    assert!(matches!(
        unreadable,
        Err(crate::dsig::AttachmentError::Unreadable(_))
    ));
}

const INCLUDE: &str = "<x:Include xmlns:x='http://www.w3.org/2004/08/xop/include'";
const PART: (&str, &str) = ("Content-Type: image/png\r\nContent-ID: <p@x>", "\u{1}\u{2}more");

#[test]
fn xml_is_not_longer_in_canonical_form_than_a_message_may_be() {
    let namespace = format!("urn:{}", "n".repeat(5_000));
    let content = |count: usize| format!("<a xmlns:p=\"{namespace}\">{}</a>", "<p:b/>".repeat(count));
    let code = |count| {
        read(
            SWA,
            &[
                (ROOT, "<e/>"),
                ("Content-Type: text/xml\r\nContent-ID: <a@x>", &content(count)),
            ],
        )
    };
    assert_eq!(code(10_000).err(), Some("limit.bytes"));
    assert_eq!(code(100).err(), None);
}

#[test]
fn what_an_include_stands_for_takes_its_place() {
    let root = format!("<a><b>{INCLUDE} href='cid:p%40x'/></b> <c/></a>");
    let read = read(MTOM, &[(XOP_ROOT, &root), PART]).unwrap();
    assert_eq!(
        read.envelope,
        format!("<a><b>{}</b> <c/></a>", encode_base64(PART.1.as_bytes()))
    );
    assert!(read.attachments.is_empty());
    let none = super::tests::read(MTOM, &[(XOP_ROOT, "<a/>")]).unwrap();
    assert_eq!(none.envelope, "<a/>");
}

#[test]
fn an_include_that_names_no_part_for_itself_alone_is_refused() {
    let good = format!("{INCLUDE} href='cid:p@x'/>");
    for content in [
        format!("<b>{INCLUDE} href='http://x/'/></b>"),
        format!("<b>{INCLUDE} href='file:///etc/passwd'/></b>"),
        format!("<b>{INCLUDE} href='cid:other@x'/></b>"),
        format!("<b>{INCLUDE} href='cid:root@x'/></b>"),
        format!("<b>{INCLUDE} href='#p@x'/></b>"),
        format!("<b>{INCLUDE}/></b>"),
        format!("<b>{INCLUDE} href='cid:p@x' other='1'/></b>"),
        format!("<b>{INCLUDE} href='cid:p@x'> </x:Include></b>"),
        format!("<b> {good}</b>"),
        format!("<b>{good}<!-- c --></b>"),
        format!("<b>{good}<d/></b>"),
        format!("<b>{good}</b><c>{good}</c>"),
        "<b/>".to_owned(),
    ] {
        let root = format!("<a>{content}</a>");
        assert_eq!(
            read(MTOM, &[(XOP_ROOT, &root), PART]).unwrap_err(),
            "soap.xop_include",
            "{content}"
        );
    }
    let twice = format!("<a><b>{good}</b><c>{good}</c></a>");
    let other = ("Content-Type: a/b\r\nContent-ID: <other@x>", "");
    let parts = [(XOP_ROOT, twice.as_str()), PART, other];
    assert_eq!(read(MTOM, &parts).unwrap_err(), "soap.xop_include");
    let bare = good;
    assert_eq!(
        read(MTOM, &[(XOP_ROOT, &bare), PART]).unwrap_err(),
        "soap.xop_include"
    );
}

#[test]
fn what_is_put_in_place_counts_towards_the_limit_of_the_message() {
    let root = format!("<a>{INCLUDE} href='cid:p@x'/></a>");
    let parts = [
        (XOP_ROOT, root.as_str()),
        ("Content-Type: a/b\r\nContent-ID: <p@x>", "0123456789"),
    ];
    let code = |bytes: usize| {
        let limits = Limits {
            bytes: u32::try_from(bytes).unwrap(),
            ..Limits::default()
        };
        let read = read_pieces(MTOM, body(&parts).as_bytes(), &limits, usize::MAX);
        read.map_err(|error| error.code()).err()
    };
    assert_eq!(code(root.len() + 16), None);
    assert_eq!(code(root.len() + 15), Some("limit.bytes"));
}

proptest! {
    #[test]
    fn pieces_change_nothing(
        contents in proptest::collection::vec(
            (prop::sample::select(vec!["image/png", "text/plain", "text/xml"]), "[a\r\n<>/b-]{0,12}"),
            0..3,
        ),
        piece in 1_usize..40,
    ) {
        let heads: Vec<String> = contents
            .iter()
            .enumerate()
            .map(|(number, (kind, _))| format!("Content-Type: {kind}\r\nContent-ID: <p{number}@x>"))
            .collect();
        let parts = heads.iter().map(String::as_str).zip(contents.iter().map(|(_, content)| content.as_str()));
        let parts: Vec<_> = std::iter::once((ROOT, "<a/>")).chain(parts).collect();
        let body = body(&parts);
        let whole = told(read_pieces(SWA, body.as_bytes(), &Limits::default(), usize::MAX));
        prop_assert_eq!(told(read_pieces(SWA, body.as_bytes(), &Limits::default(), piece)), whole);
    }

    #[test]
    fn no_body_is_worse_than_refused(body in proptest::collection::vec(any::<u8>(), 0..200), field in "\\PC{0,40}") {
        let _ = read_pieces(SWA, &body, &Limits::default(), 7);
        let _ = read_pieces(MTOM, &[b"--b\r\n", body.as_slice()].concat(), &Limits::default(), 7);
        let _ = Related::parse(&format!("multipart/related;{field}"));
    }
}
