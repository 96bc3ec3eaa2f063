//! Name constraints (RFC 5280 §4.2.1.10; T142): what a CA may certify. What cannot be compared is refused.

use crate::crypto::Certificate;
use crate::crypto::Distances;
use crate::crypto::GeneralName;
use crate::crypto::NameConstraints;
use crate::trust::Error;
use crate::trust::Refusal;
use crate::trust::path::Work;

/// Checks every certificate on a path against every CA above it. `below` goes from the leaf to the certificate that `anchor` issued.
pub(super) fn check(below: &[&Certificate], anchor: &Certificate, work: &mut Work) -> Result<(), Error> {
    let intermediates = below.iter().copied().enumerate().skip(1);
    for (position, ca) in intermediates.chain([(below.len(), anchor)]) {
        let Some(constraints) = ca.name_constraints() else {
            continue;
        };
        for (index, certificate) in below.iter().take(position).enumerate() {
            // A CA's certificate for itself is not bound (RFC 5280 §6.1.3 (b)).
            if index > 0 && certificate.is_self_issued() {
                continue;
            }
            for name in names(certificate) {
                work.compare(
                    constraints
                        .permitted
                        .len()
                        .saturating_add(constraints.excluded.len()),
                )?;
                judge(&name, constraints).map_err(|why| {
                    let (ca, subject) = (ca.subject().to_owned(), certificate.subject().to_owned());
                    Error::from(Refusal::NameConstraints {
                        ca,
                        subject,
                        why: format!("{name} {why}"),
                    })
                })?;
            }
        }
    }
    Ok(())
}

/// All names of a certificate: the subject, e-mail addresses in it, and the alternative names.
fn names(certificate: &Certificate) -> Vec<GeneralName> {
    let subject = certificate.subject_name();
    let mut names = certificate.subject_alternative_names().to_vec();
    names.extend(
        subject
            .email_addresses()
            .map(|address| GeneralName::Email(address.to_owned())),
    );
    if !subject.is_empty() {
        names.push(GeneralName::Directory(subject.clone()));
    }
    names
}

/// What comparing a name with a base says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Within {
    Yes,
    No,
    /// One of them is not written as it has to be, or its kind is not supported.
    Unclear,
}

fn judge(name: &GeneralName, constraints: &NameConstraints) -> Result<(), &'static str> {
    let of_kind = |base: &&GeneralName| base.kind() == name.kind();
    let excluded: Vec<&GeneralName> = constraints.excluded.iter().filter(of_kind).collect();
    let permitted: Vec<&GeneralName> = constraints.permitted.iter().filter(of_kind).collect();
    if excluded.is_empty() && permitted.is_empty() {
        return Ok(());
    }
    if constraints.distances == Distances::Used {
        return Err("is under a constraint with a minimum or maximum");
    }
    for base in &excluded {
        match within(name, base, Side::Excluded) {
            Within::Yes => return Err("is excluded"),
            Within::Unclear => return Err("cannot be compared with what is excluded"),
            Within::No => {}
        }
    }
    let mut allowed = permitted.is_empty();
    for base in &permitted {
        match within(name, base, Side::Permitted) {
            Within::Yes => allowed = true,
            Within::Unclear => return Err("cannot be compared with what is permitted"),
            Within::No => {}
        }
    }
    if allowed {
        Ok(())
    } else {
        Err("is not among what is permitted")
    }
}

/// On which side doubt has to fall: a name that may be meant is excluded, and is not permitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Permitted,
    Excluded,
}

fn within(name: &GeneralName, base: &GeneralName, side: Side) -> Within {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => dns_within(name, base, side),
        (GeneralName::Email(name), GeneralName::Email(base)) => email_within(name, base, side),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => uri_within(name, base),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip_within(name, base),
        (GeneralName::Directory(name), GeneralName::Directory(base)) => yes_if(name.is_within(base)),
        _ => Within::Unclear,
    }
}

const fn yes_if(condition: bool) -> Within {
    if condition { Within::Yes } else { Within::No }
}

/// The base itself and everything below it; with a leading dot, only what is below.
fn dns_within(name: &str, base: &str, side: Side) -> Within {
    if base.is_empty() {
        return Within::Yes;
    }
    let (only_below, base) = base.strip_prefix('.').map_or((false, base), |base| (true, base));
    let (Some(labels), Some(base)) = (labels(name), labels(base)) else {
        return Within::Unclear;
    };
    if base.iter().any(|label| label.contains('*')) {
        return Within::Unclear;
    }
    let depth = labels.len().checked_sub(base.len());
    let below = labels.ends_with(&base) && !(only_below && depth == Some(0));
    // *.example.com also stands for excluded.example.com.
    let covers = match labels.split_first() {
        Some((first, rest)) if first.contains('*') => side == Side::Excluded && base.ends_with(rest),
        _ => false,
    };
    yes_if(below || covers)
}

/// The labels of a host name in lower case; `None` if it has none, or empty ones.
fn labels(name: &str) -> Option<Vec<String>> {
    let labels: Vec<String> = name.split('.').map(str::to_ascii_lowercase).collect();
    labels.iter().all(|label| !label.is_empty()).then_some(labels)
}

/// A mailbox, all mailboxes of a host, or with a leading dot those of all hosts below a domain.
fn email_within(name: &str, base: &str, side: Side) -> Within {
    let Some((local, host)) = name.rsplit_once('@').filter(|(local, _)| !local.is_empty()) else {
        return Within::Unclear;
    };
    let Some((base_local, base_host)) = base.rsplit_once('@') else {
        return host_within(host, base);
    };
    // Local parts may differ by case alone; that does not help against an exclusion.
    let same_local =
        local == base_local || (side == Side::Excluded && local.eq_ignore_ascii_case(base_local));
    match host_within(host, base_host) {
        Within::Yes => yes_if(same_local),
        refused @ (Within::No | Within::Unclear) => refused,
    }
}

/// The host of a URI; one without a host, or with an address for it, cannot be compared.
fn uri_within(name: &str, base: &str) -> Within {
    let Some((_, rest)) = name.split_once("://") else {
        return Within::Unclear;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return Within::Unclear;
    }
    host_within(host, base)
}

/// Exactly that host; with a leading dot, the hosts below it.
fn host_within(host: &str, base: &str) -> Within {
    let (below, base) = base.strip_prefix('.').map_or((false, base), |base| (true, base));
    let (Some(host), Some(base)) = (labels(host), labels(base)) else {
        return Within::Unclear;
    };
    yes_if(if below {
        host.len() > base.len() && host.ends_with(&base)
    } else {
        host == base
    })
}

/// An address, and an address with a mask of leading ones.
fn ip_within(name: &[u8], base: &[u8]) -> Within {
    let (network, mask) = base.split_at_checked(base.len() / 2).unwrap_or_default();
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let whole = mask.iter().take_while(|byte| **byte == 0xff).count();
    let partial = mask.get(whole).map_or(0, |byte| byte.leading_ones());
    let contiguous =
        u32::try_from(whole).is_ok_and(|whole| whole.saturating_mul(8).saturating_add(partial) == ones);
    if !contiguous || !matches!(name.len(), 4 | 16) || !matches!(base.len(), 8 | 32) {
        return Within::Unclear;
    }
    let same = |((name, network), mask): ((&u8, &u8), &u8)| name & mask == network & mask;
    yes_if(name.len() == network.len() && name.iter().zip(network).zip(mask).all(same))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]

    use super::*;

    #[test]
    fn dns_names() {
        use Within::{No, Unclear, Yes};
        for (name, base, permitted, excluded) in [
            ("example.com", "example.com", Yes, Yes),
            ("a.B.example.com", "Example.com", Yes, Yes),
            ("badexample.com", "example.com", No, No),
            ("example.com", ".example.com", No, No),
            ("a.example.com", ".example.com", Yes, Yes),
            ("com", "example.com", No, No),
            ("anything", "", Yes, Yes),
            ("*.example.com", "example.com", Yes, Yes),
            ("*.example.com", "a.example.com", No, Yes),
            ("*.example.com", "a.b.example.com", No, Yes),
            ("*.example.com", "other.com", No, No),
            ("f*.example.com", "foo.example.com", No, Yes),
            ("example.com.", "example.com", Unclear, Unclear),
            ("a..example.com", "example.com", Unclear, Unclear),
            ("a.example.com", "*.example.com", Unclear, Unclear),
        ] {
            assert_eq!(
                dns_within(name, base, Side::Permitted),
                permitted,
                "{name} permitted by {base}"
            );
            assert_eq!(
                dns_within(name, base, Side::Excluded),
                excluded,
                "{name} excluded by {base}"
            );
        }
    }

    #[test]
    fn email_addresses() {
        use Within::{No, Unclear, Yes};
        for (name, base, permitted, excluded) in [
            ("a@example.com", "example.com", Yes, Yes),
            ("a@EXAMPLE.com", "example.COM", Yes, Yes),
            ("a@sub.example.com", "example.com", No, No),
            ("a@sub.example.com", ".example.com", Yes, Yes),
            ("a@sub.evil.example", ".example.com", No, No),
            ("a@example.com", ".example.com", No, No),
            ("a@example.com", "a@example.com", Yes, Yes),
            ("A@example.com", "a@example.com", No, Yes),
            ("b@example.com", "a@example.com", No, No),
            ("example.com", "example.com", Unclear, Unclear),
            ("@example.com", "example.com", Unclear, Unclear),
        ] {
            assert_eq!(
                email_within(name, base, Side::Permitted),
                permitted,
                "{name} permitted by {base}"
            );
            assert_eq!(
                email_within(name, base, Side::Excluded),
                excluded,
                "{name} excluded by {base}"
            );
        }
    }

    #[test]
    fn uris() {
        use Within::{No, Unclear, Yes};
        for (name, base, answer) in [
            ("https://host.example/a", "host.example", Yes),
            ("https://user:pw@host.example:8443?x", "host.example", Yes),
            ("https://host.example@evil.test/", "host.example", No),
            ("https://a.host.example/", "host.example", No),
            ("https://a.host.example/", ".host.example", Yes),
            ("https://host.example/", ".host.example", No),
            ("urn:partner:1", "host.example", Unclear),
            ("https://192.0.2.1/", "host.example", Unclear),
            ("https://[2001:db8::1]/", "host.example", Unclear),
            ("https:///x", "host.example", Unclear),
        ] {
            assert_eq!(uri_within(name, base), answer, "{name} {base}");
        }
    }

    #[test]
    fn addresses() {
        use Within::{No, Unclear, Yes};
        let ten = [10, 0, 0, 0, 255, 128, 0, 0];
        assert_eq!(ip_within(&[10, 1, 2, 3], &ten), Yes);
        assert_eq!(ip_within(&[10, 128, 2, 3], &ten), No);
        assert_eq!(ip_within(&[10, 1, 2, 3], &[10, 0, 0, 0, 0, 0, 0, 0]), Yes);
        assert_eq!(ip_within(&[10, 1, 2, 3], &[10, 1, 2, 3, 255, 255, 255, 255]), Yes);
        assert_eq!(ip_within(&[0; 16], &ten), No);
        assert_eq!(ip_within(&[0; 16], &[0; 32]), Yes);
        assert_eq!(ip_within(&[0; 4], &[0; 32]), No);
        assert_eq!(ip_within(&[0; 16], &[0; 8]), No);
        for mask in [
            [255, 0, 255, 0],
            [0, 255, 0, 0],
            [255, 129, 0, 0],
            [254, 255, 0, 0],
        ] {
            let base = [&[10, 0, 0, 0][..], &mask].concat();
            assert_eq!(ip_within(&[10, 1, 2, 3], &base), Unclear, "{mask:?}");
        }
        assert_eq!(ip_within(&ten, &ten), Unclear);
        assert_eq!(ip_within(&[10, 1, 2, 3], &[]), Unclear);
        assert_eq!(ip_within(&[10, 1, 2, 3], &[10, 1, 255, 255]), Unclear);
        assert_eq!(ip_within(&[10, 1, 2, 3], &[10, 1, 2, 3]), Unclear);
    }
}
