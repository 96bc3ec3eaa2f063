//! What stands around the items of a Security header that is written anew.

use super::super::gate::Weighed;
use super::super::message::Relayable;
use super::proofs;
use crate::policy::NotKept;
use crate::soap::Envelope;
use crate::trust::Signed;
use crate::wss;
use crate::xml::{Element, Namespace};

/// The start and end tags of an envelope, its Header and its Security header. Where everything is canonicalized exclusively, their prefixes are ours. Other
/// forms of canonicalization digest with each part what is declared around it: for them the prefixes are those that the sender signed so, and no others are
/// declared where such a form would find them.
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
    /// # Errors
    /// [`NotKept::NoPrefix`]: there is none by which mustUnderstand would be SOAP's.
    pub(super) fn of(
        envelope: &'d Envelope,
        header: &wss::Header<'d>,
        weighed: &Weighed<'d>,
    ) -> Result<Self, NotKept> {
        let soap = envelope.version().namespace().uri();
        let element = header.element();
        let forms = Forms::of(proofs(weighed));
        let root = if forms.depend_on(envelope.root()) {
            envelope.root().prefix()
        } else {
            forms.unlisted(["soap", "env"], "")
        };
        let (security, understand) = if forms.depend_on(element) {
            signed_prefixes(element, soap).ok_or(NotKept::NoPrefix)?
        } else {
            let security = if forms.tokens_have_default() {
                ""
            } else {
                forms.unlisted(["wsse", "sec"], root)
            };
            let understand = if root.is_empty() {
                forms.unlisted(["soap", "env"], security)
            } else {
                root
            };
            (security, understand)
        };
        Ok(Self {
            soap,
            root,
            security,
            understand,
        })
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

/// `local` with `prefix`, if that is one.
pub(super) fn named(prefix: &str, local: &str) -> String {
    match prefix {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    }
}

/// What declares that `prefix`, or none, means `namespace`.
pub(super) fn declared(prefix: &str, namespace: &str) -> String {
    match prefix {
        "" => format!("xmlns=\"{namespace}\""),
        prefix => format!("xmlns:{prefix}=\"{namespace}\""),
    }
}

/// The prefix of a Security header `element`, and one for its mustUnderstand, where what stands around an item was digested with it: an attribute has its
/// namespace by a prefix only, and one that was not there before would change what was digested. One that means SOAP there already; else one that each of the
/// items declares for itself because it was in scope. If that is only its own, it does with the default namespace, which was in scope as well.
fn signed_prefixes<'d>(element: Element<'d>, soap: &str) -> Option<(&'d str, &'d str)> {
    let own = element.prefix();
    let around = std::iter::once(element).chain(element.ancestors());
    let in_scope: Vec<&str> = around
        .flat_map(Element::declarations)
        .map(|declaration| declaration.prefix())
        .filter(|prefix| !["", "xml", own].contains(prefix))
        .collect();
    let is_soap = |prefix: &&&str| element.namespace_of(prefix) == Some(soap);
    let known = in_scope.iter().find(is_soap).or(in_scope.first());
    match known {
        Some(prefix) => Some((own, *prefix)),
        None => (!own.is_empty() && element.namespace_of("").is_some()).then_some(("", own)),
    }
}

/// The canonical forms in which something was signed.
#[derive(Default)]
struct Forms<'w, 'd> {
    /// What was digested in a form that takes what is declared around it along.
    inclusive: Vec<Element<'d>>,
    /// The prefixes that an exclusive form treats so, wherever they are declared.
    listed: Vec<&'w str>,
    /// What was digested in the place of what refers to it.
    tokens: Vec<Element<'d>>,
}

impl<'w, 'd: 'w> Forms<'w, 'd> {
    fn of(proofs: impl Iterator<Item = &'w Signed<'d>>) -> Self {
        let mut forms = Self::default();
        for covered in proofs.filter_map(Signed::covered) {
            let tokens = covered.digested().filter(|digested| digested.form.is_none());
            forms.tokens.extend(tokens.map(|digested| digested.apex));
            let digested = covered.digested();
            let digested = digested.filter_map(|digested| digested.form.map(|form| (digested.apex, form)));
            for (apex, form) in digested.chain([covered.signed_info()]) {
                if form.algorithm.is_exclusive() {
                    forms.listed.extend(form.prefixes.iter().map(String::as_str));
                } else {
                    forms.inclusive.push(apex);
                }
            }
        }
        forms
    }

    /// Whether something was digested together with what `around` declares.
    fn depend_on(&self, around: Element<'d>) -> bool {
        let mut all = self.inclusive.iter();
        all.any(|apex| apex.ancestors().any(|ancestor| ancestor == around))
    }

    /// Whether a token was digested where a default namespace was declared: under the STR-Transform it says else that there is none (WSS 1.1 §8.3).
    fn tokens_have_default(&self) -> bool {
        let mut all = self.tokens.iter();
        all.any(|token| token.namespace_of("").is_some())
    }

    /// The one of these prefixes that is not `taken` and that no PrefixList names.
    fn unlisted(&self, [first, second]: [&'static str; 2], taken: &str) -> &'static str {
        let listed = second != taken && self.listed.contains(&first);
        if first == taken || listed { second } else { first }
    }
}
