use std::collections::HashMap;

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::FetchError;
use crate::crypto::Crl;
use crate::crypto::Name;
use crate::token::saml::Metadata;
use crate::xml::Document;
use crate::xml::Limits;

/// What something is that was fetched, by how it begins. Whether it is good is for others to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Keys,
    Metadata,
    Revocation,
}

/// Whether it is XML, so that it may be SAML metadata: how long that counts depends on when it was fetched.
pub fn is_metadata(bytes: &[u8]) -> bool {
    kind(bytes) == Kind::Metadata
}

/// When `bytes`, which were fetched at `fetched`, cease to count, if they say so: the nextUpdate of a CRL (RFC 5280 §5.1.2.5), validUntil and
/// cacheDuration of metadata (SAML Metadata §2.3.1). JWK Sets say nothing.
pub fn until(bytes: &Bytes, fetched: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match kind(bytes) {
        Kind::Keys => None,
        Kind::Revocation => {
            let crls = crls(bytes).ok()?;
            crls.iter().filter_map(Crl::next_update).min()
        }
        Kind::Metadata => {
            let split = Metadata::split(bytes.clone()).ok()?;
            let rest = Document::parse(split.rest(), &Limits::archive()).ok()?;
            let metadata = Metadata::read(rest.root()).ok()?;
            let cached = metadata
                .cache_duration
                .and_then(|duration| duration.after(fetched));
            [metadata.valid_until, cached].into_iter().flatten().min()
        }
    }
}

/// Whether `new` may take the place of `known` at `at`. Of revocation lists it must have those of the same issuers, none from before those that are known: in an
/// older one a certificate is not listed that was revoked since. They count at `at`.
///
/// Whether metadata is older is asked where it is read (T108); of a JWK Set nobody can say.
///
/// # Errors
/// [`FetchError`]: why not.
pub fn check(new: &[u8], known: Option<&[u8]>, at: DateTime<Utc>) -> Result<(), FetchError> {
    let was_revocation = known.is_some_and(|known| kind(known) == Kind::Revocation);
    if kind(new) != Kind::Revocation && !was_revocation {
        return Ok(());
    }
    let new = crls(new)?;
    if let Some(end) = new.iter().filter_map(Crl::next_update).find(|end| *end <= at) {
        return Err(FetchError::Over(end));
    }
    if let Some(from) = new.iter().map(Crl::this_update).find(|from| *from > at) {
        return Err(FetchError::Ahead(from));
    }
    let (new, known) = (latest(&new), known.and_then(|known| crls(known).ok()));
    for (issuer, known) in latest(&known.unwrap_or_default()) {
        match new.get(&issuer) {
            None => return Err(FetchError::Missing(issuer.as_str().to_owned())),
            Some(from) if *from < known => return Err(FetchError::Older { from: *from, known }),
            Some(_) => {}
        }
    }
    Ok(())
}

/// The latest thisUpdate of each issuer.
fn latest(crls: &[Crl]) -> HashMap<Name, DateTime<Utc>> {
    let mut latest = HashMap::new();
    for crl in crls {
        let known = latest
            .entry(crl.issuer_name().clone())
            .or_insert(crl.this_update());
        *known = (*known).max(crl.this_update());
    }
    latest
}

fn crls(bytes: &[u8]) -> Result<Vec<Crl>, FetchError> {
    let read = match bytes.first() {
        Some(0x30) => Crl::from_der(bytes).map(|crl| vec![crl]),
        _ => Crl::from_pem_bundle(bytes),
    };
    let read = read.map_err(|error| FetchError::Revocation(error.to_string()))?;
    match read.is_empty() {
        true => Err(FetchError::Revocation("there is none in it".to_owned())),
        false => Ok(read),
    }
}

fn kind(bytes: &[u8]) -> Kind {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match text.trim_ascii_start().first() {
        Some(b'{') => Kind::Keys,
        Some(b'<') => Kind::Metadata,
        _ => Kind::Revocation,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::token::datetime;

    fn key_file(name: &str) -> Bytes {
        let file = format!("{}/fixtures/keys/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(file).unwrap().into()
    }

    #[test]
    fn a_list_takes_the_place_of_one_that_is_no_newer_and_counts() {
        let at = datetime::parse("2026-11-15T00:00:00Z").unwrap();
        let (list, stale, future) = (
            key_file("ca.crl.pem"),
            key_file("ca-stale.crl.pem"),
            key_file("ca-future.crl.pem"),
        );
        let code = |new: &[u8], known: Option<&[u8]>| check(new, known, at).map_err(|error| error.code());
        assert_eq!(code(&list, None), Ok(()));
        assert_eq!(code(&list, Some(&list)), Ok(()));
        assert_eq!(code(&list, Some(&stale)), Ok(()));
        assert_eq!(code(&list, Some(&future)), Err("fetch.older"));
        assert_eq!(code(&stale, None), Err("fetch.over"));
        assert_eq!(code(&future, None), Err("fetch.ahead"));
        assert_eq!(code(b"<html/>", Some(&list)), Err("fetch.revocation"));
        assert_eq!(code(b"{}", Some(&list)), Err("fetch.revocation"));
        assert_eq!(code(b"nothing", None), Err("fetch.revocation"));
        // What others read, and judge.
        assert_eq!(code(b"{}", None), Ok(()));
        assert_eq!(code(b" <x/>", Some(b"<y/>")), Ok(()));
    }

    #[test]
    fn it_is_known_until_when_something_counts() {
        let fetched = datetime::parse("2026-11-26T12:00:00Z").unwrap();
        let until = |bytes: Bytes| until(&bytes, fetched).map(|end| end.to_rfc3339());
        assert_eq!(
            until(key_file("ca.crl.pem")).as_deref(),
            Some("2027-01-01T00:00:00+00:00")
        );
        assert_eq!(until("{}".into()), None);
        assert_eq!(until("<html/>".into()), None);
        let metadata = |attributes: &str| {
            let text = format!(
                "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='a' {attributes}/>"
            );
            until(text.into())
        };
        assert_eq!(metadata(""), None);
        let both = "validUntil='2026-12-01T00:00:00Z' cacheDuration='PT1H'";
        assert_eq!(metadata(both).as_deref(), Some("2026-11-26T13:00:00+00:00"));
        let valid = "validUntil='2026-12-01T00:00:00Z'";
        assert_eq!(metadata(valid).as_deref(), Some("2026-12-01T00:00:00+00:00"));
    }
}
