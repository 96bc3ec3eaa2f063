use samael::crypto::{CertificateDer, Crypto, CryptoError, CryptoProvider, ReduceMode};

use super::ErrorKind;
use super::libxmlsec1::start;
use crate::algorithm::CanonicalizationAlgorithm;
use crate::c14n::{self, Canonicalization};
use crate::crypto::{VerifyingKey, certificate_around, drop_library_errors};
use crate::dsig::Covered;
use crate::xml::Element;

/// What samael says of the Response or Assertion that `covered` is a signature of; `all` are the signatures that we counted.
pub(super) fn opinion(covered: &Covered<'_>, all: &[&Covered<'_>]) -> Result<(), ErrorKind> {
    start()?;
    let opinion = compare(covered, all);
    // TLS on this thread would take them for its own.
    drop_library_errors();
    opinion
}

fn compare(covered: &Covered<'_>, all: &[&Covered<'_>]) -> Result<(), ErrorKind> {
    let element = covered
        .elements()
        .next()
        .ok_or(ErrorKind::CannotJudge("a signature of nothing"))?;
    let ours = covered
        .octets(element)
        .ok_or(ErrorKind::CannotJudge("a signature of text"))?;
    let keys = all
        .iter()
        .map(|covered| carrier(covered))
        .collect::<Result<Vec<_>, _>>()?;
    let alone = alone(element)?;
    let text = std::str::from_utf8(&alone).map_err(|_| ErrorKind::CannotJudge("octets that are no text"))?;
    match Crypto::reduce_xml_to_signed(text, &keys, ReduceMode::PreDigest) {
        Ok(theirs) if theirs.as_bytes() == ours => Ok(()),
        Ok(_) => Err(ErrorKind::OtherContent),
        Err(CryptoError::InvalidSignature) => Err(ErrorKind::Disagrees),
        Err(_) => Err(ErrorKind::CannotJudge(
            "a signature with these algorithms and IDs",
        )),
    }
}

/// samael takes keys in certificates only.
fn carrier(covered: &Covered<'_>) -> Result<CertificateDer, ErrorKind> {
    let VerifyingKey::Public(key) = covered.key() else {
        return Err(ErrorKind::CannotJudge("a shared secret"));
    };
    let der = certificate_around(key).map_err(|_| ErrorKind::CannotJudge("a key of this kind"))?;
    Ok(CertificateDer::from(der))
}

/// `element` as a document of its own, as it was received or, out of a message, with the namespaces that it has there.
fn alone(element: Element<'_>) -> Result<Vec<u8>, ErrorKind> {
    if element.parent().is_none() {
        return Ok(element.document().bytes().to_vec());
    }
    let form = Canonicalization::from(CanonicalizationAlgorithm::Inclusive10WithComments);
    let mut octets = Vec::new();
    c14n::element(element, &form, None, &mut octets)
        .map_err(|_| ErrorKind::CannotJudge("an element without canonical form"))?;
    Ok(octets)
}
