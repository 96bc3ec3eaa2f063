//! What stands around the items of a Security header that is written anew.

use super::super::gate::Weighed;
use super::super::message::Relayable;
use super::proofs;
use crate::dsig::Covered;
use crate::soap::Envelope;
use crate::trust::Signed;
use crate::wss;
use crate::xml::{Element, Namespace};

/// The start and end tags of an envelope, its Header and its Security header. They have the prefixes of the old ones, which forms of canonicalization
/// that are not exclusive digest with every part, and declare no others where such a form would find them.
pub(super) struct Start<'d> {
    soap: &'static str,
    /// The prefix of the Envelope.
    root: &'d str,
    /// The prefix of the Security header.
    security: &'d str,
    /// The prefix by which mustUnderstand is SOAP's at the Security header.
    understand: &'d str,
}

impl<'d> Start<'d> {
    pub(super) fn of(envelope: &'d Envelope, header: &wss::Header<'d>, weighed: &Weighed<'d>) -> Self {
        let soap = envelope.version().namespace().uri();
        let element = header.element();
        let (security, understand) = prefixes(element, soap, proofs(weighed).all(is_exclusive));
        Self {
            soap,
            root: envelope.root().prefix(),
            security,
            understand,
        }
    }

    /// An envelope of at most `most` bytes with the items `security` in its Security header.
    pub(super) fn around(&self, security: &[u8], relayable: &Relayable, most: usize) -> Option<Vec<u8>> {
        let Self {
            soap,
            root,
            security: prefix,
            understand,
        } = *self;
        // That of the Envelope holds here too, unless the Security header has it.
        let declared_above = understand == root && understand != prefix;
        let more = if declared_above {
            String::new()
        } else {
            format!(" {}", declared(understand, soap))
        };
        let start = format!(
            "<{} {}><{}><{} {}{more} {understand}:mustUnderstand=\"1\">",
            named(root, "Envelope"),
            declared(root, soap),
            named(root, "Header"),
            named(prefix, "Security"),
            declared(prefix, Namespace::WSSE.uri()),
        );
        let ends = ["Security", "Header", "Envelope"].map(|local| {
            format!(
                "</{}>",
                named(if local == "Security" { prefix } else { root }, local)
            )
        });
        let [security_end, header_end, end] = ends;
        let mut pieces = vec![start.as_bytes(), security, security_end.as_bytes()];
        pieces.extend(relayable.headers().iter().flat_map(|octets| octets.pieces()));
        pieces.push(header_end.as_bytes());
        pieces.extend(relayable.body().pieces());
        pieces.push(end.as_bytes());
        let length = pieces
            .iter()
            .fold(0, |sum: usize, piece| sum.saturating_add(piece.len()));
        (length <= most).then(|| pieces.concat())
    }
}

fn named(prefix: &str, local: &str) -> String {
    match prefix {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    }
}

fn declared(prefix: &str, namespace: &str) -> String {
    match prefix {
        "" => format!("xmlns=\"{namespace}\""),
        prefix => format!("xmlns:{prefix}=\"{namespace}\""),
    }
}

/// The prefix of a Security header `element`, and one for its mustUnderstand: an attribute has its namespace by a prefix only. One that means that there already;
/// else, as what is not `exclusive` finds a prefix that was not there before, one that each of the items declares for itself because it was in scope. If that is
/// only its own, it does with the default namespace, which was in scope as well.
fn prefixes<'d>(element: Element<'d>, soap: &str, exclusive: bool) -> (&'d str, &'d str) {
    let own = element.prefix();
    let around = std::iter::once(element).chain(element.ancestors());
    let in_scope: Vec<&str> = around
        .flat_map(Element::declarations)
        .map(|declaration| declaration.prefix())
        .filter(|prefix| !["", "xml", own].contains(prefix))
        .collect();
    let is_soap = |prefix: &&&str| element.namespace_of(prefix) == Some(soap);
    let fresh = if own == "soap" { "env" } else { "soap" };
    let known = in_scope.iter().find(is_soap).copied();
    let other = in_scope.first().copied().filter(|_| !exclusive);
    match known.or(other) {
        Some(prefix) => (own, prefix),
        None if !exclusive && !own.is_empty() && element.namespace_of("").is_some() => ("", own),
        None => (own, fresh),
    }
}

/// Whether nothing that `proof` digested depends on what is declared around it.
fn is_exclusive(proof: &Signed<'_>) -> bool {
    proof.covered().is_some_and(|covered: &Covered<'_>| {
        let digested = covered.digested().filter_map(|digested| digested.form);
        let mut forms = digested.chain([covered.signed_info().1]);
        forms.all(|form| form.algorithm.is_exclusive() && form.prefixes.is_empty())
    })
}
