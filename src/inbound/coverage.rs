use super::Coverage;
use super::CoverageLine;
use crate::xml::Element;
use crate::xml::Namespace;

/// How many lines a report of coverage may have. What is left out is counted.
const LINES: usize = 400;

/// An element that a trusted signature covers, with all that is inside it.
#[derive(Clone, Copy, Debug)]
pub struct Covering<'d> {
    /// The element that was digested.
    pub element: Element<'d>,
    /// The enveloped signature that the digest left out.
    pub except: Option<Element<'d>>,
}

impl<'d> Covering<'d> {
    fn covers(&self, element: Element<'_>) -> bool {
        let left_out = |except: Element<'d>| element.is_within(except);
        element.is_within(self.element) && !self.except.is_some_and(left_out)
    }
}

/// The tree of `root` that shows what is covered, and how many lines were left out of it.
///
/// `signatures` are the `ds:Signature` elements that were verified: they are proof, not content.
pub fn coverage(
    root: Element<'_>,
    covered: &[Covering<'_>],
    signatures: &[Element<'_>],
) -> (Vec<CoverageLine>, usize) {
    let mut lines = Vec::new();
    let mut omitted = 0_usize;
    let mut waiting = vec![Next {
        path: format!("/{}", root.name()),
        element: root,
        depth: 0,
    }];
    while let Some(next) = waiting.pop() {
        if lines.len() >= LINES {
            omitted = omitted.saturating_add(waiting.len()).saturating_add(1);
            break;
        }
        let state = state(next.element, covered, signatures);
        if state == Coverage::Partly {
            let first = waiting.len();
            omitted = omitted.saturating_add(push_children(&next, &mut waiting));
            if let Some(children) = waiting.get_mut(first..) {
                children.reverse();
            }
        }
        lines.push(CoverageLine {
            path: next.path,
            name: next.element.name().to_owned(),
            depth: next.depth,
            covered: state,
        });
    }
    (lines, omitted)
}

struct Next<'d> {
    element: Element<'d>,
    path: String,
    depth: u16,
}

/// Pushes the children of `parent` in document order, and says how many were one too many. Paths are made here
/// and not by each child, whose way to count its siblings would make this quadratic.
fn push_children<'d>(parent: &Next<'d>, waiting: &mut Vec<Next<'d>>) -> usize {
    let mut names: std::collections::HashMap<&str, (usize, usize)> = std::collections::HashMap::new();
    for child in parent.element.children() {
        let (all, _) = names.entry(child.name()).or_default();
        *all = all.saturating_add(1);
    }
    let mut omitted = 0_usize;
    for (count, child) in parent.element.children().enumerate() {
        if count >= LINES {
            omitted = omitted.saturating_add(1);
            continue;
        }
        let name = child.name();
        let (all, before) = names.entry(name).or_default();
        *before = before.saturating_add(1);
        let path = if *all > 1 {
            format!("{}/{name}[{before}]", parent.path)
        } else {
            format!("{}/{name}", parent.path)
        };
        waiting.push(Next {
            element: child,
            path,
            depth: parent.depth.saturating_add(1),
        });
    }
    omitted
}

fn state(element: Element<'_>, covered: &[Covering<'_>], signatures: &[Element<'_>]) -> Coverage {
    let is_covered = |element: Element<'_>| covered.iter().any(|covering| covering.covers(element));
    let has_content = |signature: Element<'_>| objects(signature).any(|object| !is_covered(object));
    if is_covered(element) {
        let mut holes = covered.iter().filter_map(|covering| covering.except);
        let hole = holes.any(|except| except.is_within(element) && has_content(except));
        return if hole { Coverage::Partly } else { Coverage::Covered };
    }
    if covered.iter().any(|covering| covering.element.is_within(element)) {
        return Coverage::Partly;
    }
    let mut around = signatures
        .iter()
        .filter(|signature| element.is_within(**signature));
    match around.next_back() {
        Some(signature) if *signature == element && has_content(element) => Coverage::Partly,
        Some(signature) if !is_object(element, *signature) => Coverage::Signature,
        _ => Coverage::NotCovered,
    }
}

fn objects(signature: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    signature
        .children()
        .filter(|child| child.is(Namespace::DS, "Object"))
}

/// Whether `element` is, or is in, a `ds:Object` of `signature`: content that came inside a signature.
fn is_object(element: Element<'_>, signature: Element<'_>) -> bool {
    std::iter::once(element)
        .chain(element.ancestors())
        .take_while(|ancestor| *ancestor != signature)
        .any(|ancestor| ancestor.is(Namespace::DS, "Object") && ancestor.parent() == Some(signature))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;

    fn lines(xml: &str, ids: &[&str]) -> Vec<(String, Coverage)> {
        let id_attributes = ["i".to_owned()];
        let document =
            Document::parse_with_ids(xml.to_owned().into(), &Limits::default(), &id_attributes).unwrap();
        let root = document.root();
        let signatures: Vec<_> = root
            .descendants()
            .filter(|element| element.is(Namespace::DS, "Signature"))
            .collect();
        let covering = |id: &&str| {
            let element = document.element_by_id(id).unwrap();
            let mut inside = signatures.iter().copied();
            Covering {
                element,
                except: inside.find(|signature| signature.is_within(element)),
            }
        };
        let covered: Vec<_> = ids.iter().map(covering).collect();
        let (lines, omitted) = coverage(root, &covered, &signatures);
        assert_eq!(omitted, 0);
        for line in &lines {
            let found = root
                .descendants()
                .find(|element| element.path() == line.path)
                .unwrap();
            assert_eq!(found.name(), line.name);
            assert_eq!(found.ancestors().count(), usize::from(line.depth));
        }
        lines.into_iter().map(|line| (line.path, line.covered)).collect()
    }

    #[test]
    fn a_covered_element_stands_for_all_inside_and_its_neighbours_are_not_covered() {
        use Coverage::{Covered, NotCovered, Partly};
        let found = lines(
            "<a><h><t i='t'><u/></t><x><y/></x><x/></h><b i='b'/></a>",
            &["t", "b"],
        );
        let wanted = [
            ("/a", Partly),
            ("/a/h", Partly),
            ("/a/h/t", Covered),
            ("/a/h/x[1]", NotCovered),
            ("/a/h/x[2]", NotCovered),
            ("/a/b", Covered),
        ];
        assert_eq!(found, wanted.map(|(path, state)| (path.to_owned(), state)));
    }

    #[test]
    fn without_any_signature_nothing_is_covered() {
        assert_eq!(
            lines("<a><b/></a>", &[]),
            [("/a".to_owned(), Coverage::NotCovered)]
        );
    }

    #[test]
    fn a_signature_is_proof_and_its_object_is_content() {
        let xml = "<s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'><s:SignedInfo/>\
                   <s:Object i='o'/><s:Object/></s:Signature>";
        let wanted = [
            ("/s:Signature", Coverage::Partly),
            ("/s:Signature/s:SignedInfo", Coverage::Signature),
            ("/s:Signature/s:Object[1]", Coverage::Covered),
            ("/s:Signature/s:Object[2]", Coverage::NotCovered),
        ];
        assert_eq!(
            lines(xml, &["o"]),
            wanted.map(|(path, state)| (path.to_owned(), state))
        );
    }

    #[test]
    fn an_enveloped_signature_is_no_hole_unless_something_was_put_into_it() {
        let signature = "<s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'><s:SignedInfo/>";
        let plain = format!("<a i='a'><b/>{signature}</s:Signature></a>");
        assert_eq!(lines(&plain, &["a"]), [("/a".to_owned(), Coverage::Covered)]);
        let forged = format!("<a i='a'><b/>{signature}<s:Object/></s:Signature></a>");
        let wanted = [
            ("/a", Coverage::Partly),
            ("/a/b", Coverage::Covered),
            ("/a/s:Signature", Coverage::Partly),
            ("/a/s:Signature/s:SignedInfo", Coverage::Signature),
            ("/a/s:Signature/s:Object", Coverage::NotCovered),
        ];
        assert_eq!(
            lines(&forged, &["a"]),
            wanted.map(|(path, state)| (path.to_owned(), state))
        );
    }

    #[test]
    fn a_document_of_many_siblings_is_cut_and_the_rest_counted() {
        let siblings = "<c/>".repeat(5_000);
        let xml = format!("<a>{siblings}<b i='b'/></a>");
        let document = Document::parse_with_ids(xml.into(), &Limits::default(), &["i".to_owned()]).unwrap();
        let covered = Covering {
            element: document.element_by_id("b").unwrap(),
            except: None,
        };
        let (lines, omitted) = coverage(document.root(), &[covered], &[]);
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines.len() + omitted, 5_002);
    }
}
