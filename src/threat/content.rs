use std::fmt;

use super::rule::Rule;
use super::value;
use crate::xml::{Element, Namespace, Position};

/// The most bytes of one text, levels of content, children and attributes of an element that pass unnoticed.
const TEXT: usize = 64 * 1024;
const DEPTH: u16 = 32;
const CHILDREN: usize = 10_000;
const ATTRIBUTES: usize = 64;

/// The namespaces of XInclude 1.0 and of its drafts.
const XINCLUDE: [&str; 3] = [
    "http://www.w3.org/2001/XInclude",
    "http://www.w3.org/2003/XInclude",
    "http://www.w3.org/1999/XML/xinclude",
];

/// A threat that was found in content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Threat {
    rule: Rule,
    path: String,
    position: Position,
}

impl Threat {
    /// The rule that it was found by.
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The stable code, `threat.<name>`.
    pub const fn code(&self) -> &'static str {
        self.rule.code()
    }

    /// Where the element begins.
    pub const fn position(&self) -> Position {
        self.position
    }
}

impl fmt::Display for Threat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stands in {}", self.rule.about(), self.path)
    }
}

impl std::error::Error for Threat {}

/// Looks through `parts` with all rules for content and tells the first place that each applies to. What was not verified does not
/// belong in `parts`.
pub fn inspect<'d>(parts: impl IntoIterator<Item = Element<'d>>) -> Vec<Threat> {
    let mut found = Found::default();
    for part in parts {
        let top = part.record().depth;
        for element in part.descendants() {
            look_at_shape(element, top, &mut found);
            for attribute in element.attributes() {
                look_at_value(&attribute.value(), element, &mut found);
            }
            let text = element.own_text();
            if text.len() > TEXT {
                found.note(Rule::OversizedValue, element);
            }
            look_at_value(&text, element, &mut found);
        }
    }
    found.0
}

/// The first element of XInclude in `part`, which some readers put another document in the place of.
pub fn inclusion(part: Element<'_>) -> Option<Threat> {
    let is_named = |name: &&str| part.document().namespace_called(name).is_some();
    if !XINCLUDE.iter().any(is_named) {
        return None;
    }
    let element = part.descendants().find(|element| is_inclusion(*element))?;
    let mut found = Found::default();
    found.note(Rule::ExternalInclusion, element);
    found.0.pop()
}

fn is_inclusion(element: Element<'_>) -> bool {
    element.local_name() == "include" && XINCLUDE.contains(&element.namespace())
}

#[derive(Default)]
struct Found(Vec<Threat>);

impl Found {
    fn note(&mut self, rule: Rule, element: Element<'_>) {
        if self.0.iter().all(|threat| threat.rule != rule) {
            self.0.push(Threat {
                rule,
                path: element.path(),
                position: element.position(),
            });
        }
    }
}

fn look_at_value(value: &str, element: Element<'_>, found: &mut Found) {
    value::look_at(value, |rule| found.note(rule, element));
}

fn look_at_shape(element: Element<'_>, top: u16, found: &mut Found) {
    if element.record().depth.saturating_sub(top) > DEPTH {
        found.note(Rule::NestedContent, element);
    }
    if element.children().nth(CHILDREN).is_some() {
        found.note(Rule::SiblingFlood, element);
    }
    if element.attributes().nth(ATTRIBUTES).is_some() {
        found.note(Rule::AttributeLoad, element);
    }
    if is_inclusion(element) {
        found.note(Rule::ExternalInclusion, element);
    }
    let names_schemas = |name| element.attribute_ns(Namespace::XSI, name).is_some();
    if names_schemas("schemaLocation") || names_schemas("noNamespaceSchemaLocation") {
        found.note(Rule::SchemaPoisoning, element);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::{Document, Limits};

    fn found(xml: &str) -> Vec<(Rule, String)> {
        let document = Document::parse(xml.to_owned().into(), &Limits::default()).unwrap();
        let threats = inspect([document.root()]);
        threats
            .into_iter()
            .map(|threat| (threat.rule, threat.path))
            .collect()
    }

    #[test]
    fn what_is_within_bounds_is_not_told_and_what_is_beyond_is() {
        let nested = |levels| format!("<a>{}{}</a>", "<b>".repeat(levels), "</b>".repeat(levels));
        let children = |number| format!("<a>{}</a>", "<b/>".repeat(number));
        let text = |bytes| format!("<a>{}</a>", "A".repeat(bytes));
        let attributes = |number| {
            let all: String = (0..number).map(|number| format!(" a{number}=''")).collect();
            format!("<a{all}/>")
        };
        for (rule, within, beyond) in [
            (Rule::NestedContent, nested(32), nested(33)),
            (Rule::SiblingFlood, children(10_000), children(10_001)),
            (Rule::OversizedValue, text(65_536), text(65_537)),
            (Rule::AttributeLoad, attributes(64), attributes(65)),
        ] {
            assert_eq!(found(&within), [], "{rule:?}");
            let rules: Vec<_> = found(&beyond).into_iter().map(|(rule, _)| rule).collect();
            assert_eq!(rules, [rule]);
        }
    }

    #[test]
    fn values_are_found_in_attributes_in_mixed_content_and_across_comments() {
        for xml in [
            "<a><b c=\"x' or 1=1 --\"/></a>",
            "<a><b>x' or <c/>1=1 --</b></a>",
            "<a><b>x' o<!-- -->r 1=1 --</b></a>",
            "<a><b><![CDATA[x' or 1=1 --]]></b></a>",
        ] {
            assert_eq!(found(xml), [(Rule::SqlPattern, "/a/b".to_owned())], "{xml}");
        }
    }

    #[test]
    fn markup_that_makes_readers_fetch_something_is_found_by_its_namespace() {
        for namespace in XINCLUDE {
            let include = format!("<a><b xmlns='{namespace}'><include href='x'/></b></a>");
            let expected = [(Rule::ExternalInclusion, "/a/b/include".to_owned())];
            assert_eq!(found(&include), expected, "{namespace}");
        }
        assert_eq!(found("<a><include href='x'/></a>"), []);
        let xsi = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'";
        for name in ["schemaLocation", "noNamespaceSchemaLocation"] {
            let xml = format!("<a><b {xsi} i:{name}='http://evil.example/x.xsd'/></a>");
            assert_eq!(found(&xml), [(Rule::SchemaPoisoning, "/a/b".to_owned())]);
        }
        assert_eq!(found(&format!("<a {xsi} i:nil='true' schemaLocation='x'/>")), []);
    }

    #[test]
    fn each_rule_is_told_once_at_its_first_place() {
        let xml = "<a><b>../../x</b><b>../../y</b><b>&lt;script></b></a>";
        let expected = [(Rule::PathTraversal, "/a/b[1]"), (Rule::ScriptPattern, "/a/b[3]")];
        assert_eq!(found(xml), expected.map(|(rule, path)| (rule, path.to_owned())));
    }
}
