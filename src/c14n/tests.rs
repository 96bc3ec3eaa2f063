#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test may panic"
)]

use super::*;
use crate::xml::Limits;
use CanonicalizationAlgorithm::{
    Exclusive, ExclusiveWithComments, Inclusive10, Inclusive10WithComments, Inclusive11,
};

fn parse(input: &str) -> Document {
    Document::parse(input.to_owned().into(), &Limits::default()).unwrap()
}

fn find<'d>(document: &'d Document, local: &str) -> Element<'d> {
    document
        .root()
        .descendants()
        .find(|element| element.local_name() == local)
        .unwrap()
}

fn octets(apex: Element<'_>, algorithm: CanonicalizationAlgorithm, prefixes: &[&str]) -> String {
    let prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    let mut out = Vec::new();
    element(apex, &Canonicalization { algorithm, prefixes }, None, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_document_keeps_what_stands_beside_its_root() {
    let input = "\u{feff}<?xml version='1.0'?>\r\n<?p  a\rb ?><!--c-->\n<a>\r<!--d\r\n--><?q?></a> <!--e--> <?r s?>\n";
    let mut without = Vec::new();
    document(&parse(input), &Inclusive10.into(), None, &mut without).unwrap();
    assert_eq!(
        String::from_utf8(without).unwrap(),
        "<?p a\nb ?>\n<a>\n<?q?></a>\n<?r s?>"
    );
    let mut with = Vec::new();
    document(&parse(input), &Inclusive10WithComments.into(), None, &mut with).unwrap();
    let expected = "<?p a\nb ?>\n<!--c-->\n<a>\n<!--d\n--><?q?></a>\n<!--e-->\n<?r s?>";
    assert_eq!(String::from_utf8(with).unwrap(), expected);
}

#[test]
fn tags_and_text_are_rewritten() {
    let input = "<a  z='1' xmlns:b='urn:b' b:c = '&quot;&#9;\t&lt;>\r\n' xmlns='urn:a&amp;b'><x/>&gt;><![CDATA[<&\r\n]]>&#13;&quot;</a >";
    let expected = "<a xmlns=\"urn:a&amp;b\" xmlns:b=\"urn:b\" z=\"1\" b:c=\"&quot;&#x9; &lt;> \">\
                    <x></x>&gt;&gt;&lt;&amp;\n&#xD;\"</a>";
    let document = parse(input);
    assert_eq!(octets(document.root(), Exclusive, &[]), expected);
    assert_eq!(octets(document.root(), Inclusive10, &[]), expected);
}

#[test]
fn exclusive_declares_only_what_is_used_and_inclusive_everything_in_scope() {
    let input =
        "<r xmlns='urn:d' xmlns:a='urn:a' xmlns:b='urn:b' xml:lang='de'><a:x><b:y/><b:z/><w/></a:x></r>";
    let document = parse(input);
    let x = find(&document, "x");
    assert_eq!(
        octets(x, Exclusive, &[]),
        "<a:x xmlns:a=\"urn:a\"><b:y xmlns:b=\"urn:b\"></b:y><b:z xmlns:b=\"urn:b\"></b:z><w xmlns=\"urn:d\"></w></a:x>"
    );
    assert_eq!(
        octets(x, Exclusive, &["b", "", "nobody"]),
        "<a:x xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\"><b:y></b:y><b:z></b:z><w></w></a:x>"
    );
    let inclusive = "<a:x xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" xml:lang=\"de\"><b:y></b:y><b:z></b:z><w></w></a:x>";
    assert_eq!(octets(x, Inclusive10, &[]), inclusive);
    assert_eq!(octets(x, Inclusive11, &[]), inclusive);
}

#[test]
fn the_default_namespace_is_undeclared_where_it_was_in_force() {
    let document = parse("<r xmlns='urn:d'><a xmlns=''><b xmlns='urn:d'><c xmlns=''/></b></a></r>");
    let a = find(&document, "a");
    assert_eq!(
        octets(a, Exclusive, &[]),
        "<a><b xmlns=\"urn:d\"><c xmlns=\"\"></c></b></a>"
    );
    assert_eq!(
        octets(a, Inclusive10, &[]),
        "<a><b xmlns=\"urn:d\"><c xmlns=\"\"></c></b></a>"
    );
    let whole = "<r xmlns=\"urn:d\"><a xmlns=\"\"><b xmlns=\"urn:d\"><c xmlns=\"\"></c></b></a></r>";
    assert_eq!(octets(document.root(), Exclusive, &[]), whole);
}

#[test]
fn inclusive_takes_over_xml_attributes() {
    let input = "<r xml:base='http://h/a/b/' xml:id='i' xml:lang='de' xml:space='preserve'><m xml:base='../c' xml:lang='en'>\
                 <x xml:space='default' z='' xml:base='d'/><y/></m></r>";
    let document = parse(input);
    let (x, y) = (find(&document, "x"), find(&document, "y"));
    assert_eq!(
        octets(x, Inclusive10, &[]),
        "<x z=\"\" xml:base=\"d\" xml:id=\"i\" xml:lang=\"en\" xml:space=\"default\"></x>"
    );
    assert_eq!(
        octets(x, Inclusive11, &[]),
        "<x z=\"\" xml:base=\"http://h/a/d\" xml:lang=\"en\" xml:space=\"default\"></x>"
    );
    assert_eq!(
        octets(y, Inclusive11, &[]),
        "<y xml:base=\"http://h/a/c\" xml:lang=\"en\" xml:space=\"preserve\"></y>"
    );
    assert_eq!(octets(y, Exclusive, &[]), "<y></y>");
    // A base that there is none to join with is taken over as it stands.
    let document = parse("<r xml:base='.'><x/></r>");
    assert_eq!(
        octets(find(&document, "x"), Inclusive11, &[]),
        "<x xml:base=\".\"></x>"
    );
}

#[test]
fn the_enveloped_signature_is_left_out_and_nothing_else() {
    let document = parse("<a> <s>x<b/></s> <s>y</s><!--c--></a>");
    let signature = document.root().children().next().unwrap();
    for algorithm in [Exclusive, Inclusive10] {
        let mut out = Vec::new();
        element(document.root(), &algorithm.into(), Some(signature), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "<a>  <s>y</s></a>");
        let inner = signature.children().next().unwrap();
        let error = element(inner, &algorithm.into(), Some(signature), &mut Vec::new()).unwrap_err();
        assert_eq!(error.code(), "dsig.empty");
    }
}

#[test]
fn relative_namespace_names_in_scope_are_refused() {
    for input in [
        "<a xmlns='1'><b xmlns='urn:b'/></a>",
        "<a xmlns:p='../x'><b/></a>",
        "<a><b><c xmlns:p='%3A'/></b></a>",
    ] {
        let document = parse(input);
        let error = element(find(&document, "b"), &Exclusive.into(), None, &mut Vec::new()).unwrap_err();
        assert_eq!(error.code(), "xml.relative_namespace", "{input}");
    }
    let beside = parse("<a><b/><c xmlns='1'/></a>");
    assert!(element(find(&beside, "b"), &Exclusive.into(), None, &mut Vec::new()).is_ok());
    let error = token(beside.root(), &Exclusive.into(), &mut Vec::new()).unwrap_err();
    assert_eq!(error.code(), "xml.relative_namespace");
    assert!(token(find(&beside, "b"), &Exclusive.into(), &mut Vec::new()).is_ok());
}

#[test]
fn what_does_not_fit_is_no_canonical_form() {
    let input = parse("<a><b/></a>");
    let method = Canonicalization::from(Exclusive);
    for (most, fits) in [(14, true), (13, false), (0, false)] {
        let mut out = Vec::new();
        let done = element(input.root(), &method, None, &mut Counted::new(&mut out, most));
        assert_eq!(done.is_ok(), fits, "{most}");
        let mut out = Vec::new();
        // With `xmlns=""`, nine octets more.
        let done = token(input.root(), &method, &mut Counted::new(&mut out, most + 9));
        assert_eq!(
            done.map_err(|error| error.code()),
            if fits { Ok(()) } else { Err("limit.digested") }
        );
    }
    // Nor where only what stands beside the root does not.
    let beside = parse("<a/><?p?>");
    for (most, fits) in [(13, true), (12, false)] {
        let mut out = Vec::new();
        let done = document(&beside, &method, None, &mut Counted::new(&mut out, most));
        assert_eq!(done.is_ok(), fits, "{most}");
    }
}

#[test]
fn what_looks_like_a_reference_in_cdata_is_none() {
    let document = parse("<a><![CDATA[&lt;&#65;]]>&#65;</a>");
    for algorithm in [Exclusive, Inclusive10] {
        assert_eq!(
            octets(document.root(), algorithm, &[]),
            "<a>&amp;lt;&amp;#65;A</a>"
        );
    }
}

#[test]
fn a_base_that_stands_alone_stays_as_it_is() {
    let document = parse("<r><a xml:base='x/../y'><b/></a></r>");
    let own = octets(find(&document, "a"), Inclusive11, &[]);
    assert_eq!(own, "<a xml:base=\"x/../y\"><b></b></a>");
    let inherited = octets(find(&document, "b"), Inclusive11, &[]);
    assert_eq!(inherited, "<b xml:base=\"x/../y\"></b>");
}

#[test]
fn the_prefix_xml_is_never_declared() {
    let document = parse("<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>");
    assert_eq!(
        octets(document.root(), Exclusive, &["xml"]),
        "<a xml:lang=\"en\"></a>"
    );
}

/// A small generator: every choice comes from one number, so that a failure can be repeated.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn element(&mut self, depth: u64, out: &mut String) {
        let prefix = self.pick(&["", "", "p:", "q:"]);
        let name = format!("{prefix}{}", self.pick(&["a", "b"]));
        out.push_str(&format!("<{name}"));
        let mut declarations: Vec<String> = Vec::new();
        for prefix in ["", "p", "q"] {
            if depth != 0 && self.below(5) != 0 {
                continue;
            }
            let uris = if prefix.is_empty() {
                &["", "urn:1", "urn:2"][..]
            } else {
                &["urn:1", "urn:2"]
            };
            let uri = self.pick(uris);
            let colon = if prefix.is_empty() { "" } else { ":" };
            declarations.push(format!("xmlns{colon}{prefix}=\"{uri}\""));
        }
        if self.below(4) == 0 {
            declarations.reverse();
        }
        let mut attributes = declarations;
        for attribute in [
            "a=\"1\"",
            "b='x'",
            "p:c=\"&amp;\"",
            "q:d=\"&#9;\"",
            "xml:lang=\"de\"",
        ] {
            if self.below(6) == 0 {
                attributes.push(attribute.to_owned());
            }
        }
        for attribute in attributes {
            out.push_str(self.pick(&[" ", " ", " ", "\n"]));
            out.push_str(&attribute);
        }
        if self.below(6) == 0 {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for _ in 0..self.below(4) {
            out.push_str(self.pick(&[
                "t",
                "",
                "&lt;",
                ">",
                "<!--c-->",
                "<![CDATA[&]]>",
                "<?p  d?>",
                "\r\n",
            ]));
            if depth < 5 {
                self.element(depth + 1, out);
            }
        }
        out.push_str(&format!("</{name}{}>", self.pick(&["", "", "", " "])));
    }
}

#[test]
fn runs_of_the_input_are_what_the_general_form_writes() {
    let (mut marked, mut with_listed) = (0, 0);
    for seed in 1u64..4000 {
        let mut choices = Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut input = String::new();
        choices.element(0, &mut input);
        let document = parse(&input);
        for apex in document.root().descendants() {
            let except = apex.descendants().skip(1).find(|_| choices.below(8) == 0);
            for prefixes in [&[][..], &["p"], &["", "q"], &["p", "q", "xml", "r"]] {
                let prefixes: Vec<String> = prefixes
                    .iter()
                    .map(|prefix: &&str| (*prefix).to_owned())
                    .collect();
                let Some(listed) = exclusive::listed(apex, &prefixes) else {
                    continue;
                };
                with_listed += usize::from(!listed.is_empty());
                let (mut fast, mut slow) = (Vec::new(), Vec::new());
                exclusive::write(apex, &listed, except, &mut fast);
                let method = Canonicalization {
                    algorithm: Exclusive,
                    prefixes,
                };
                general::write(apex, &method, except, general::NoDefault::Implied, &mut slow);
                assert_eq!(
                    String::from_utf8(fast).unwrap(),
                    String::from_utf8(slow).unwrap(),
                    "{input}\n{apex:?}"
                );
            }
            marked += usize::from(apex.record().canonical >= apex.record().depth);
        }
    }
    assert!(marked > 2_000, "the marks are tried: {marked}");
    assert!(with_listed > 2_000, "listed prefixes are tried: {with_listed}");
}

#[test]
fn a_canonical_form_is_its_own_canonical_form() {
    for seed in 1u64..1000 {
        let mut input = String::new();
        Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).element(0, &mut input);
        for algorithm in [Exclusive, ExclusiveWithComments, Inclusive10, Inclusive11] {
            let once = octets(parse(&input).root(), algorithm, &[]);
            assert_eq!(octets(parse(&once).root(), algorithm, &[]), once, "{input}");
        }
    }
}

#[test]
fn a_token_says_that_it_has_no_default_namespace_and_is_else_as_an_element() {
    let token = |text: &str| {
        let document = Document::parse(text.to_owned().into(), &Limits::default()).unwrap();
        let apex = document.root().first_child().unwrap();
        let mut octets = Vec::new();
        token(apex, &CanonicalizationAlgorithm::Exclusive.into(), &mut octets).unwrap();
        String::from_utf8(octets).unwrap()
    };
    let bare = "<e xmlns:w='urn:w'><w:t Id='a'><w:u/></w:t></e>";
    let expected = r#"<w:t xmlns="" xmlns:w="urn:w" Id="a"><w:u></w:u></w:t>"#;
    assert_eq!(token(bare), expected);
    // Already canonical where it stands, and undeclared there.
    assert_eq!(token(&format!("<e>{expected}</e>")), expected);
    assert_eq!(token(&format!("<e xmlns='urn:d'>{expected}</e>")), expected);
    // A default namespace that is there is written where it is used.
    let used = "<e xmlns='urn:d' xmlns:w='urn:w'><w:t><u/></w:t></e>";
    assert_eq!(token(used), r#"<w:t xmlns:w="urn:w"><u xmlns="urn:d"></u></w:t>"#);
    assert_eq!(token("<e xmlns='urn:d'><t/></e>"), r#"<t xmlns="urn:d"></t>"#);
    assert_eq!(
        token("<e><t><u xmlns='urn:d'/></t></e>"),
        r#"<t xmlns=""><u xmlns="urn:d"></u></t>"#
    );
}

/// What a prefix means in the canonical form, read from the form itself.
#[test]
fn meanings_are_those_that_a_reader_of_the_octets_finds() {
    let mut counts = [0; 2];
    for seed in 1u64..1500 {
        let mut choices = Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut input = String::new();
        choices.element(0, &mut input);
        let document = parse(&input);
        let listed = [&[][..], &["p"], &["", "q"]][choices.below(3) as usize];
        let apex = document.element(u32::try_from(choices.below(document.len() as u64)).unwrap());
        for algorithm in [Exclusive, Inclusive10, Inclusive11] {
            let canonical = parse(&octets(apex, algorithm, listed));
            let prefixes = listed.iter().map(|prefix| (*prefix).to_owned()).collect();
            let method = Canonicalization { algorithm, prefixes };
            let mut meanings = Meanings::new(apex, method.clone());
            for (place, written) in apex.descendants().zip(canonical.root().descendants()) {
                for prefix in ["", "p", "q", "xml", "unbound"] {
                    let (meant, found) = (place.namespace_of(prefix), written.namespace_of(prefix));
                    let keeps = meant == found && (prefix.is_empty() || found.is_some());
                    let said = meanings.keep(place, prefix);
                    assert_eq!(
                        said, keeps,
                        "{method:?}: {prefix} at {place:?} of {apex:?} in {input}"
                    );
                    counts[usize::from(keeps)] += 1;
                }
            }
        }
    }
    assert!(counts[0] > 2_000 && counts[1] > 20_000, "{counts:?}");
}
