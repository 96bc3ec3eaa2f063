//! Families of documents that cost other readers the square of their length or worse, and what is done with each.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "shared by a measurement and a test, which may panic"
)]

use std::fmt::Write;

use bytes::Bytes;
use sealgate::algorithm::CanonicalizationAlgorithm as Algorithm;
use sealgate::c14n::{self, Canonicalization};
use sealgate::inbound::Received;
use sealgate::xml::{Document, Limits};

use crate::support;

/// What is done with a document.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Read it.
    Parse,
    /// Read it and write it canonically; where prefixes are listed, with as many as a PrefixList may have.
    Canonicalize(Algorithm),
    /// Judge it as a message to a gate with the strict policy.
    Judge,
}

pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    /// How many pieces the smallest document has.
    pub(crate) first: usize,
    pub(crate) make: fn(usize) -> String,
}

pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "T51 prefixes listed",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 500,
        make: prefixes,
    },
    Family {
        name: "T51 PrefixList of a message",
        work: Work::Judge,
        first: 2_000,
        make: prefix_list,
    },
    Family {
        name: "T55 content of a transform",
        work: Work::Judge,
        first: 400,
        make: wide_transform,
    },
    Family {
        name: "T56 transforms",
        work: Work::Judge,
        first: 200,
        make: transforms,
    },
    Family {
        name: "T56 references",
        work: Work::Judge,
        first: 100,
        make: references,
    },
    Family {
        name: "T131 entities",
        work: Work::Parse,
        first: 1_000,
        make: entities,
    },
    Family {
        name: "T132 depth",
        work: Work::Parse,
        first: 500,
        make: deep,
    },
    Family {
        name: "T132 depth, exclusive",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 500,
        make: deep,
    },
    Family {
        name: "T132 depth of a message",
        work: Work::Judge,
        first: 2_000,
        make: deep_header,
    },
    Family {
        name: "T133 attributes",
        work: Work::Parse,
        first: 500,
        make: attributes,
    },
    Family {
        name: "T133 attributes, exclusive",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 500,
        make: attributes,
    },
    Family {
        name: "T133 attributes with prefixes",
        work: Work::Parse,
        first: 500,
        make: prefixed_attributes,
    },
    Family {
        name: "T134 namespaces",
        work: Work::Parse,
        first: 250,
        make: namespaces,
    },
    Family {
        name: "T134 namespaces, inclusive",
        work: Work::Canonicalize(Algorithm::Inclusive10),
        first: 250,
        make: namespaces,
    },
    Family {
        name: "T134 namespaces, exclusive",
        work: Work::Canonicalize(Algorithm::ExclusiveWithComments),
        first: 250,
        make: namespaces,
    },
    Family {
        name: "T134 namespaces down, inclusive",
        work: Work::Canonicalize(Algorithm::Inclusive10),
        first: 300,
        make: namespaces_down,
    },
    Family {
        name: "T134 namespaces down, exclusive",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 300,
        make: namespaces_down,
    },
    Family {
        name: "T134 declared by each, inclusive",
        work: Work::Canonicalize(Algorithm::Inclusive11),
        first: 250,
        make: namespaces_beside,
    },
    Family {
        name: "T135 IDs",
        work: Work::Parse,
        first: 500,
        make: ids,
    },
    Family {
        name: "T135 IDs alike",
        work: Work::Parse,
        first: 500,
        make: alike_ids,
    },
    Family {
        name: "T135 prefixes alike",
        work: Work::Parse,
        first: 500,
        make: alike_prefixes,
    },
    Family {
        name: "T136 text",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 4_000,
        make: text,
    },
    Family {
        name: "T136 references in text",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 4_000,
        make: escapes,
    },
    Family {
        name: "T136 comments",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 2_000,
        make: comments,
    },
    Family {
        name: "T136 CDATA sections",
        work: Work::Canonicalize(Algorithm::Inclusive10),
        first: 2_000,
        make: cdata,
    },
    Family {
        name: "T136 values",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 2_000,
        make: values,
    },
    Family {
        name: "T136 elements",
        work: Work::Canonicalize(Algorithm::Exclusive),
        first: 2_000,
        make: elements,
    },
    Family {
        name: "T136 lines before an error",
        work: Work::Parse,
        first: 10_000,
        make: lines,
    },
    Family {
        name: "T137 body of a message",
        work: Work::Judge,
        first: 500,
        make: body,
    },
    Family {
        name: "T137 header blocks",
        work: Work::Judge,
        first: 300,
        make: headers,
    },
    Family {
        name: "T137 Security headers",
        work: Work::Judge,
        first: 200,
        make: securities,
    },
    Family {
        name: "T137 tokens",
        work: Work::Judge,
        first: 200,
        make: tokens,
    },
    Family {
        name: "T137 signatures",
        work: Work::Judge,
        first: 20,
        make: signatures,
    },
    Family {
        name: "T137 certificates in KeyInfo",
        work: Work::Judge,
        first: 200,
        make: certificates,
    },
    Family {
        name: "T137 lines in SignatureValue",
        work: Work::Judge,
        first: 4_000,
        make: signature_lines,
    },
];

impl Family {
    /// Does the work of this family on `input`; `gate` judges.
    pub(crate) fn work(&self, gate: &support::Case, input: &Bytes) {
        match self.work {
            Work::Parse => drop(std::hint::black_box(Document::parse(input.clone(), &lifted()))),
            Work::Canonicalize(algorithm) => {
                let document = Document::parse(input.clone(), &lifted()).unwrap();
                let listed = if self.name.contains("listed") {
                    Limits::default().prefixes
                } else {
                    0
                };
                let method = Canonicalization {
                    algorithm,
                    prefixes: (0..listed).map(|number| format!("p{number}")).collect(),
                };
                let mut count = Count(0);
                c14n::document(&document, &method, None, &mut count).unwrap();
                assert!(count.0 > 0);
            }
            Work::Judge => {
                let received = Received::from(input.clone());
                let _ = std::hint::black_box(gate.gate.verify(received, gate.at));
            }
        }
    }
}

/// Takes octets as a digest does, without keeping them.
struct Count(usize);

impl c14n::Sink for Count {
    fn put(&mut self, octets: &[u8]) {
        self.0 += octets.len();
    }
}

/// No limit but what fits the index.
fn lifted() -> Limits {
    Limits {
        bytes: u32::MAX >> 1,
        elements: u32::MAX >> 1,
        depth: 60_000,
        attributes: 60_000,
        namespaces: 60_000,
        namespaces_in_scope: 60_000,
        attribute_value: u32::MAX >> 1,
        ids: u32::MAX >> 1,
        ..Limits::archive()
    }
}

/// A good message with all that it is judged by.
pub(crate) fn good(name: &str) -> support::Case {
    support::soap_cases(&format!("cases/good/{name}")).pop().unwrap()
}

/// `before`, as many pieces, `after`.
fn row(count: usize, before: &str, piece: impl Fn(usize) -> String, after: &str) -> String {
    let mut out = before.to_owned();
    (0..count).for_each(|number| out.push_str(&piece(number)));
    out + after
}

/// The good message with `pieces` put in before, or after, the first place where `at` stands.
fn message(at: &str, after: bool, pieces: &str) -> String {
    let mut text = String::from_utf8(good("soap11").received.bytes.to_vec()).unwrap();
    let place = text.find(at).unwrap() + if after { at.len() } else { 0 };
    text.insert_str(place, pieces);
    text
}

fn prefixes(count: usize) -> String {
    row(
        count,
        "<r xmlns:p0='urn:p0' xmlns:p1='urn:p1'>",
        |n| format!("<p{}:e xmlns:p7='urn:{n}'/>", n % 2),
        "</r>",
    )
}

fn prefix_list(count: usize) -> String {
    let list = row(
        count,
        "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"",
        |n| format!("p{n} "),
        "\"/>",
    );
    let text = message("<ds:CanonicalizationMethod", false, "");
    let start = text.find("<ds:CanonicalizationMethod").unwrap();
    let end = start + text[start..].find("/>").unwrap();
    [
        &text[..end],
        ">",
        &list,
        "</ds:CanonicalizationMethod>",
        &text[end + 2..],
    ]
    .concat()
}

fn wide_transform(count: usize) -> String {
    let open = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\">";
    let pieces = row(
        count,
        open,
        |_| "<x:t xmlns:x='urn:x'/>".to_owned(),
        "</ds:Transform>",
    );
    message("<ds:Transforms>", true, &pieces)
}

fn transforms(count: usize) -> String {
    let one = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    message("<ds:Transforms>", true, &one.repeat(count))
}

fn references(count: usize) -> String {
    let text = message("<ds:Reference", false, "");
    let start = text.find("<ds:Reference").unwrap();
    let end = start + text[start..].find("</ds:Reference>").unwrap() + "</ds:Reference>".len();
    let one = text[start..end].to_owned();
    message("</ds:SignedInfo>", false, &one.repeat(count))
}

fn entities(count: usize) -> String {
    row(
        count,
        "<!DOCTYPE r [",
        |n| format!("<!ENTITY e{} '&e{n};&e{n};'>", n + 1),
        "]><r>&e1;</r>",
    )
}

fn deep(count: usize) -> String {
    "<a>".repeat(count) + &"</a>".repeat(count)
}

fn deep_header(count: usize) -> String {
    message(
        "<soap:Body",
        false,
        &("<x>".repeat(count) + &"</x>".repeat(count)),
    )
}

fn attributes(count: usize) -> String {
    row(count, "<r", |n| format!(" a{:05}=\"v\"", count - n), "/>")
}

fn prefixed_attributes(count: usize) -> String {
    row(
        count,
        "<r xmlns:p='urn:p' xmlns:q='urn:q'",
        |n| format!(" {}:a{}=\"v\"", ["p", "q"][n % 2], n / 2),
        "/>",
    )
}

fn namespaces(count: usize) -> String {
    let declared = row(count, "<r", |n| format!(" xmlns:p{n}=\"urn:{n}\""), ">");
    row(count, &declared, |n| format!("<p{n}:e/>"), "</r>")
}

fn namespaces_down(count: usize) -> String {
    let open = row(count, "", |n| format!("<p{n}:e xmlns:p{n}=\"urn:{n}\">"), "");
    row(count, &open, |n| format!("</p{}:e>", count - n - 1), "")
}

fn namespaces_beside(count: usize) -> String {
    row(
        count,
        "<r>",
        |n| format!("<p{n}:e xmlns:p{n}=\"urn:{n}\"><p{n}:f/></p{n}:e>"),
        "</r>",
    )
}

fn ids(count: usize) -> String {
    row(
        count,
        "<r>",
        |n| format!("<e xml:id=\"i{}\"/>", n * 7_919 % 1_000_003),
        "</r>",
    )
}

/// Values that differ at their ends only.
fn alike_ids(count: usize) -> String {
    let same = "i".repeat(64);
    row(count, "<r>", |n| format!("<e xml:id=\"{same}{n:08}\"/>"), "</r>")
}

fn alike_prefixes(count: usize) -> String {
    let same = "p".repeat(24);
    row(
        count,
        "<r>",
        |n| format!("<{same}{n:08}:e xmlns:{same}{n:08}=\"urn:x\"/>"),
        "</r>",
    )
}

fn text(count: usize) -> String {
    row(count, "<r>", |_| "text and more, ".to_owned(), "</r>")
}

fn escapes(count: usize) -> String {
    row(count, "<r>", |_| "&amp;&#x41;\r\n>".to_owned(), "</r>")
}

fn comments(count: usize) -> String {
    row(count, "<r>", |_| "a<!-- c -->".to_owned(), "</r>")
}

fn cdata(count: usize) -> String {
    row(count, "<r>", |_| "<![CDATA[<&>]]>b".to_owned(), "</r>")
}

fn values(count: usize) -> String {
    row(count, "<r a='", |_| "v&lt;\t\"".to_owned(), "'/>")
}

fn elements(count: usize) -> String {
    row(count, "<r>", |n| format!("<e b='{n}' a=\"1\"/>"), "</r>")
}

/// The position of what is wrong is counted in lines and characters.
fn lines(count: usize) -> String {
    row(count, "<r>", |_| "\né".to_owned(), "<r>")
}

fn body(count: usize) -> String {
    message(
        "</soap:Body>",
        false,
        &row(
            count,
            "<o xmlns='urn:o'>",
            |n| format!("<item n=\"{n}\">x</item>"),
            "</o>",
        ),
    )
}

fn headers(count: usize) -> String {
    message("<soap:Body", false, "").replacen(
        "</soap:Header>",
        &row(
            count,
            "",
            |n| format!("<x:h{n} xmlns:x=\"urn:x\" soap:actor=\"urn:other\"/>"),
            "</soap:Header>",
        ),
        1,
    )
}

fn securities(count: usize) -> String {
    message("<soap:Body", false, "").replacen(
        "</soap:Header>",
        &row(
            count,
            "",
            |n| format!("<wsse:Security soap:actor=\"urn:other:{n}\"/>"),
            "</soap:Header>",
        ),
        1,
    )
}

fn tokens(count: usize) -> String {
    let one = |n| format!("<wsse:BinarySecurityToken wsu:Id=\"t{n}\">MIIB</wsse:BinarySecurityToken>");
    message("</wsse:Security>", false, &row(count, "", one, ""))
}

fn signatures(count: usize) -> String {
    let text = message("<ds:Signature", false, "");
    let start = text.find("<ds:Signature").unwrap();
    let end = start + text[start..].find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let one = text[start..end].to_owned();
    message("</wsse:Security>", false, &one.repeat(count))
}

fn certificates(count: usize) -> String {
    let mut pieces = String::from("<ds:X509Data>");
    for _ in 0..count {
        write!(
            pieces,
            "<ds:X509Certificate>{}</ds:X509Certificate>",
            "MIIB".repeat(40)
        )
        .unwrap();
    }
    message("<ds:KeyInfo>", true, &(pieces + "</ds:X509Data>"))
}

fn signature_lines(count: usize) -> String {
    message("<ds:SignatureValue>", true, &"\n ".repeat(count))
}
