//! Revocation lists and OCSP responses from an address, whose owner must not choose which of them is in use.

use std::path::Path;

use sealgate::trust::TrustSources;

use crate::authority::Party;
use crate::authority::answer;
use crate::authority::common_name;
use crate::authority::current_crl;
use crate::authority::plan;
use crate::authority::root;

const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";

/// Whether what came from an address is taken where `ca` is trusted and `helpful` may help to find a path.
fn is_taken(ca: &Party, helpful: &Party, fetched: &[u8]) -> bool {
    let mut sources = TrustSources::new();
    sources.trust(ca.certificate.clone(), None);
    sources.untrusted(helpful.certificate.clone());
    sources.fetched_crl(Path::new("fetched"), fetched).is_ok()
}

#[test]
fn a_response_is_taken_from_a_ca_and_from_whom_one_left_its_answers_to() {
    let [ca, between, stranger] = ["CA", "Between", "Stranger"].map(root);
    let leaf = plan("orders").issued_by(&ca);
    let responder = |purpose: &str, issuer: &Party| plan("responder").purposes(&[purpose]).issued_by(issuer);
    for (what, signer, taken) in [
        ("signed by the CA", &ca, true),
        ("signed by a CA that helps to find a path", &between, true),
        ("by the CA's responder", &responder(OCSP_SIGNING, &ca), true),
        (
            "by that of a CA that helps",
            &responder(OCSP_SIGNING, &between),
            true,
        ),
        (
            "by whom the CA certified for something else",
            &responder(CODE_SIGNING, &ca),
            false,
        ),
        ("by whom the CA certified for nothing", &leaf, false),
        ("signed by a stranger", &stranger, false),
        (
            "by a stranger's responder",
            &responder(OCSP_SIGNING, &stranger),
            false,
        ),
    ] {
        let response = answer().with(signer).der(signer, &leaf, &ca);
        assert_eq!(is_taken(&ca, &between, &response), taken, "{what}");
    }
    // Somebody who is certified, and known, and no CA.
    for signer in [&leaf, &responder(OCSP_SIGNING, &leaf)] {
        let response = answer().with(signer).der(signer, &leaf, &ca);
        assert!(!is_taken(&ca, &leaf, &response));
    }
}

#[test]
fn a_list_is_taken_from_the_ca_that_it_names() {
    let [ca, between, stranger] = ["CA", "Between", "Stranger"].map(root);
    let leaf = plan("orders").issued_by(&ca);
    let same_name = root("CA");
    for (what, issuer, taken) in [
        ("of the CA", &ca, true),
        ("of a CA that helps to find a path", &between, true),
        ("of a stranger", &stranger, false),
        ("of a stranger by the name of the CA", &same_name, false),
        ("of somebody who is no CA", &leaf, false),
    ] {
        let list = current_crl().der(issuer);
        assert_eq!(is_taken(&ca, &between, &list), taken, "{what}");
    }
    assert!(!is_taken(&ca, &leaf, &current_crl().der(&leaf)));
    // Signed by a CA, in the name of another one.
    let pretended = Party {
        certificate: ca.certificate.clone(),
        key: between.key.clone(),
        name: common_name("CA"),
    };
    assert!(!is_taken(&ca, &between, &current_crl().der(&pretended)));
}
