use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;
use memchr::memmem;

use super::FetchError;
use crate::crypto::CertificateError;
use crate::crypto::Crl;
use crate::crypto::Fingerprint;
use crate::crypto::OcspAnswer;
use crate::crypto::OcspResponse;
use crate::crypto::OcspStatus;
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

/// When `bytes`, which were fetched at `fetched`, cease to count, if they say so: the nextUpdate of a CRL (RFC 5280 §5.1.2.5) or OCSP answer (RFC 6960 §4.2.2.1), validUntil and
/// cacheDuration of metadata (SAML Metadata §2.3.1). JWK Sets say nothing.
pub fn until(bytes: &Bytes, fetched: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match kind(bytes) {
        Kind::Keys => None,
        Kind::Revocation => {
            let records = records(bytes).ok()?;
            records.iter().filter_map(|record| record.until).min()
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

/// Whether `new` may take the place of `known` at `at`. Of revocation lists it must have one of each series that is known, of OCSP
/// answers those about the same certificates, be they over, and none from before one that is known: in an older one a certificate is good that was revoked since. They
/// count at `at`, and by themselves. Metadata of one entity goes on describing it.
///
/// Whether metadata is older is asked where it is read (T108), and who signed a list, too; of a JWK Set nobody can say.
///
/// # Errors
/// [`FetchError`]: why not.
pub fn check(new: &Bytes, known: Option<&Bytes>, at: DateTime<Utc>) -> Result<(), FetchError> {
    check_but(Absent::Refused, new, known, at)
}

/// As [`check`], where the operator has let go of what is known: it may be missing. What is there must still be no older.
///
/// # Errors
/// [`FetchError`]: why not.
pub fn check_what_is_there(new: &Bytes, known: Option<&Bytes>, at: DateTime<Utc>) -> Result<(), FetchError> {
    check_but(Absent::LetGo, new, known, at)
}

/// What becomes of what is known and not in what came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    Refused,
    LetGo,
}

fn check_but(
    absent: Absent,
    new: &Bytes,
    known: Option<&Bytes>,
    at: DateTime<Utc>,
) -> Result<(), FetchError> {
    match (kind(new), known.map(|known| kind(known))) {
        (Kind::Revocation, _) | (_, Some(Kind::Revocation)) => {
            let known = known.and_then(|known| records(known).ok());
            check_records(absent, &records(new)?, &known.unwrap_or_default(), at)
        }
        (Kind::Metadata, Some(Kind::Metadata)) if absent == Absent::Refused => {
            match known.and_then(sole_entity) {
                Some(entity) if !entities(new).any(|one| one == entity) => Err(FetchError::Missing(entity)),
                Some(_) | None => Ok(()),
            }
        }
        (Kind::Metadata | Kind::Keys, _) => Ok(()),
    }
}

fn check_records(
    absent: Absent,
    new: &[Record],
    known: &[Record],
    at: DateTime<Utc>,
) -> Result<(), FetchError> {
    for record in new {
        if let Some(end) = record.until.filter(|end| *end <= at) {
            return Err(FetchError::Over(end));
        }
        if record.from > at {
            return Err(FetchError::Ahead(record.from));
        }
    }
    for one in known {
        let series: Vec<&Record> = new.iter().filter(|record| record.series == one.series).collect();
        if series.is_empty() {
            if absent == Absent::LetGo {
                continue;
            }
            return Err(FetchError::Missing(one.about.clone()));
        }
        // An older one may stand beside the latest, if it did before.
        let older = |record: &&&Record| record.is_older(one);
        let brought_back = series
            .iter()
            .find(|record| older(record) && !known.contains(record));
        let oldest = series
            .iter()
            .find(older)
            .filter(|_| series.iter().all(|record| record.is_older(one)));
        if let Some(record) = brought_back.or(oldest) {
            return Err(FetchError::Older {
                from: record.from,
                known: one.from,
            });
        }
    }
    Ok(())
}

/// What a CRL or OCSP response says, and from when.
#[derive(PartialEq)]
struct Record {
    /// The issuer of the CRL, or the serial number of the certificate.
    about: String,
    /// Of these a later one takes the place of another.
    series: Vec<u8>,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    rank: Rank,
}

/// What decides between two of the same time.
#[derive(PartialEq)]
enum Rank {
    /// The number of a CRL as it stands there, and which it is.
    List(Option<(usize, Vec<u8>)>, Fingerprint),
    /// Whether an answer says that the certificate is revoked.
    Answer(bool),
}

/// The one entity that `metadata` describes, if it is one.
fn sole_entity(metadata: &Bytes) -> Option<String> {
    let mut entities = entities(metadata);
    entities.next().filter(|_| entities.next().is_none())
}

fn entities(metadata: &Bytes) -> impl Iterator<Item = String> {
    let split = Metadata::split(metadata.clone()).ok();
    split.into_iter().flat_map(|split| {
        (0..split.len()).filter_map(move |number| {
            let part = Document::parse(split.part(number), &Limits::archive()).ok()?;
            let entity = Metadata::read(part.root()).ok()?.entities.into_iter().next()?;
            Some(entity.entity_id.into_owned())
        })
    })
}

/// The CRLs in `bytes`, or the answers of the OCSP response.
fn records(bytes: &[u8]) -> Result<Vec<Record>, FetchError> {
    let no_record = |error: &CertificateError| FetchError::Revocation(error.to_string());
    let records: Vec<Record> = if OcspResponse::is_one(bytes) {
        let response = OcspResponse::from_der(bytes).map_err(|error| no_record(&error))?;
        response.answers().iter().map(Record::of_answer).collect()
    } else {
        let crls = match bytes.first() {
            Some(0x30) => Crl::from_der(bytes).map(|crl| vec![crl]),
            _ if memmem::find(bytes, b"-----BEGIN").is_none() => return Err(FetchError::Unknown),
            _ => Crl::from_pem_bundle(bytes),
        };
        let crls = crls.map_err(|error| no_record(&error))?;
        if crls.iter().any(|crl| crl.is_delta() || crl.is_indirect()) {
            let why = "a delta CRL, or an indirect one, clears nobody";
            return Err(FetchError::Revocation(why.to_owned()));
        }
        crls.iter().map(Record::of_crl).collect()
    };
    if records.is_empty() {
        return Err(FetchError::Revocation("there is none in it".to_owned()));
    }
    if records.iter().any(|record| record.until.is_none()) {
        return Err(FetchError::Revocation(
            "without nextUpdate it clears nobody".to_owned(),
        ));
    }
    Ok(records)
}

impl Record {
    /// Whether it is from before `known`, of the same series, or of the same time and not seen to be later.
    fn is_older(&self, known: &Self) -> bool {
        let loses = match (&self.rank, &known.rank) {
            (Rank::List(number, list), Rank::List(other, known)) => list != known && number <= other,
            (Rank::Answer(revoked), Rank::Answer(known)) => *known && !revoked,
            (Rank::List(..), Rank::Answer(_)) | (Rank::Answer(_), Rank::List(..)) => true,
        };
        self.from < known.from || self.from == known.from && loses
    }

    fn of_crl(crl: &Crl) -> Self {
        Self {
            series: [crl.issuer_name().as_str().as_bytes(), &[0], crl.part()].concat(),
            about: crl.issuer_name().as_str().to_owned(),
            from: crl.this_update(),
            until: crl.next_update(),
            rank: Rank::List(crl.number(), *crl.sha256()),
        }
    }

    fn of_answer(answer: &OcspAnswer) -> Self {
        let digits = answer.serial_bytes().iter().map(|byte| format!("{byte:02x}"));
        Self {
            series: answer.serial_bytes().to_vec(),
            about: format!("serial {}", digits.collect::<String>()),
            from: answer.this_update(),
            until: answer.next_update(),
            rank: Rank::Answer(matches!(answer.status(), OcspStatus::Revoked { .. })),
        }
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
    fn what_is_nothing_that_is_fetched_is_not_said_to_be_a_list() {
        let at = datetime::parse("2026-11-15T00:00:00Z").unwrap();
        for text in ["", "Not found", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"] {
            let came = check(&Bytes::from(text), None, at);
            assert_eq!(came, Err(FetchError::Unknown), "{text}");
        }
        let cut = check(&Bytes::from("-----BEGIN X509 CRL-----"), None, at);
        assert!(matches!(cut, Err(FetchError::Revocation(_))), "{cut:?}");
    }

    #[test]
    fn a_list_takes_the_place_of_one_that_is_no_newer_and_counts() {
        let at = datetime::parse("2026-11-15T00:00:00Z").unwrap();
        let (list, stale, future) = (
            key_file("ca.crl.pem"),
            key_file("ca-stale.crl.pem"),
            key_file("ca-future.crl.pem"),
        );
        let code = |new: &Bytes, known: Option<&Bytes>| check(new, known, at).map_err(|error| error.code());
        let text = |text: &'static str| Bytes::from_static(text.as_bytes());
        assert_eq!(code(&list, None), Ok(()));
        assert_eq!(code(&list, Some(&list)), Ok(()));
        assert_eq!(code(&list, Some(&stale)), Ok(()));
        assert_eq!(code(&list, Some(&future)), Err("fetch.older"));
        assert_eq!(code(&stale, None), Err("fetch.over"));
        assert_eq!(code(&future, None), Err("fetch.ahead"));
        // One that is over does not make way for what says nothing of the same.
        assert_eq!(
            code(&key_file("crl-named.ocsp.der"), Some(&stale)),
            Err("fetch.missing")
        );
        assert_eq!(code(&text("<html/>"), Some(&list)), Err("fetch.revocation"));
        assert_eq!(code(&text("{}"), Some(&list)), Err("fetch.revocation"));
        assert_eq!(code(&text("nothing"), None), Err("fetch.revocation"));
        // What others read, and judge.
        assert_eq!(code(&text("{}"), None), Ok(()));
        assert_eq!(code(&text(" <x/>"), Some(&text("<y/>"))), Ok(()));
    }

    #[test]
    fn an_ocsp_answer_takes_the_place_of_one_that_is_no_newer_and_counts() {
        let at = datetime::parse("2026-11-15T00:00:00Z").unwrap();
        let (good, stale) = (
            key_file("crl-named.ocsp.der"),
            key_file("crl-named-stale.ocsp.der"),
        );
        let code = |new: &Bytes, known: Option<&Bytes>| check(new, known, at).map_err(|error| error.code());
        assert_eq!(code(&good, Some(&stale)), Ok(()));
        assert_eq!(code(&stale, None), Err("fetch.over"));
        let summer = datetime::parse("2026-06-15T00:00:00Z").unwrap();
        assert_eq!(check(&good, None, summer).unwrap_err().code(), "fetch.ahead");
        let older = check(&stale, Some(&good), summer).unwrap_err();
        assert_eq!(older.code(), "fetch.older");
        assert_eq!(code(&key_file("ca.crl.pem"), Some(&good)), Err("fetch.missing"));
        let end = until(&good, at).map(|end| end.to_rfc3339());
        assert_eq!(end.as_deref(), Some("2026-12-01T00:00:00+00:00"));
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
