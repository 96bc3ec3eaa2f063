//! Patterns for distinguished names, as an operator writes them.

use crate::crypto::name::Attribute;
use crate::crypto::name::Name;
use crate::crypto::name::Rdn;
use crate::crypto::name::Value;
use crate::crypto::name_text::parse;

/// A distinguished name in which `*` stands for any run of characters inside a value, and a part `*` at one end
/// for any further parts: `CN=orders-*,O=Partner GmbH,C=DE`, `*,O=Partner GmbH,C=DE`.
///
/// Everything that is not `*` has to match, part for part, as in [`same_name`](crate::crypto::same_name); a literal star cannot be asked for.
#[derive(Clone, Debug)]
pub struct NamePattern {
    written: String,
    /// In a certificate's direction: the most general part first.
    rdns: Vec<Rdn>,
    further: Further,
}

/// Whether parts may follow those that a pattern names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Further {
    Allowed,
    Refused,
}

impl NamePattern {
    /// Reads a pattern in RFC 4514 order (most specific part first); `None` if it is none, or is nothing but stars.
    pub fn read(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let (further, named) = match trimmed.strip_prefix('*') {
            Some(rest) => (Further::Allowed, rest.trim_start().strip_prefix(',')?),
            None => (Further::Refused, trimmed),
        };
        let mut rdns = parse(named)?;
        rdns.reverse();
        let only_stars = |attribute: &Attribute| match &attribute.value {
            Value::Text { folded, .. } => folded.chars().all(|character| character == '*'),
            Value::Other(_) => false,
        };
        if rdns.iter().flatten().all(only_stars) {
            return None;
        }
        Some(Self {
            written: text.to_owned(),
            rdns,
            further,
        })
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether `name` fits.
    pub fn matches(&self, name: &Name) -> bool {
        let names = name.rdns();
        let length_fits = match self.further {
            Further::Allowed => names.len() > self.rdns.len(),
            Further::Refused => names.len() == self.rdns.len(),
        };
        length_fits
            && self
                .rdns
                .iter()
                .zip(names)
                .all(|(pattern, rdn)| rdn_matches(pattern, rdn))
    }
}

/// Whether `text` fits `pattern`, where `*` stands for any run of characters; linear but for retries at the last star.
pub(crate) fn wildcard_matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at.saturating_add(piece.len())..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn rdn_matches(pattern: &Rdn, rdn: &Rdn) -> bool {
    let fits = |(pattern, attribute): (&Attribute, &Attribute)| {
        pattern.oid == attribute.oid
            && match (&pattern.value, &attribute.value) {
                (Value::Text { folded: pattern, .. }, Value::Text { folded, .. }) => {
                    wildcard_matches(pattern, folded)
                }
                (pattern, value) => pattern == value,
            }
    };
    // Both are sorted by type first; a star may sort two attributes of one type apart, which then does not match.
    pattern.len() == rdn.len() && pattern.iter().zip(rdn).all(fits)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]

    use openssl::nid::Nid;
    use openssl::x509::X509NameBuilder;

    use super::*;

    #[test]
    fn patterns() {
        let mut builder = X509NameBuilder::new().unwrap();
        for (nid, value) in [
            (Nid::COUNTRYNAME, "DE"),
            (Nid::ORGANIZATIONNAME, "Partner GmbH"),
            (Nid::COMMONNAME, "orders-7"),
        ] {
            builder.append_entry_by_nid(nid, value).unwrap();
        }
        let name = Name::from_der(&builder.build().to_der().unwrap()).unwrap();
        for (pattern, fits) in [
            ("CN=orders-7,O=Partner GmbH,C=DE", true),
            ("cn=Orders-*, o=partner  gmbh, c=de", true),
            ("*,O=Partner GmbH,C=DE", true),
            ("* , C=DE", true),
            ("CN=*,O=Partner GmbH,C=DE", true),
            ("CN=*,O=Partner*,C=D*E", true),
            ("CN=*,O=artner GmbH,C=DE", false),
            ("CN=orders,O=Partner GmbH,C=DE", false),
            ("CN=orders-7,C=DE", false),
            ("CN=orders-7", false),
            ("*,CN=orders-7,O=Partner GmbH,C=DE", false),
            ("*,O=Partner GmbH", false),
            ("OU=orders-7,O=Partner GmbH,C=DE", false),
        ] {
            assert_eq!(
                NamePattern::read(pattern).unwrap().matches(&name),
                fits,
                "{pattern}"
            );
        }
        for nothing in ["", "*", "*,", "CN=*", "*,CN=**", "Partner"] {
            assert!(NamePattern::read(nothing).is_none(), "{nothing}");
        }
    }

    #[test]
    fn wildcards() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("*", "", true),
            ("a*", "a", true),
            ("*a", "ba", true),
            ("a*a", "a", false),
            ("a*b*c", "axbxc", true),
            ("a*b*c", "acb", false),
            ("ab", "abc", false),
            ("a**b", "ab", true),
            ("*.x", "y.x.z", false),
            ("aa*aa", "aaa", false),
        ] {
            assert_eq!(wildcard_matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
