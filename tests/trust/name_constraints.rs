//! Name constraints on whole paths (T142). How single names compare is tested beside the code.

use openssl::nid::Nid;

use crate::authority::Party;
use crate::authority::Plan;
use crate::authority::directory;
use crate::authority::dns;
use crate::authority::email;
use crate::authority::ip;
use crate::authority::names;
use crate::authority::plan;
use crate::authority::sequence;
use crate::authority::tlv;
use crate::authority::uri;
use crate::trusting;
use crate::verdict;

const REFUSED: &str = "trust.name_constraints";

fn ca(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Party {
    plan("CA")
        .ca(None)
        .name_constraints(permitted, excluded)
        .self_signed()
}

fn below(ca: &Party, leaf: Plan) -> &'static str {
    verdict(&trusting(&[ca]), &leaf.issued_by(ca), &[])
}

#[test]
fn permitted_names_bind_names_of_their_kind() {
    let ca = ca(&[dns("partner.example"), dns("other.example")], &[]);
    let orders = || plan("orders");
    assert_eq!(below(&ca, orders().names(&[dns("a.partner.example")])), "passed");
    assert_eq!(
        below(&ca, orders().names(&[dns("a.other.example"), uri("urn:x")])),
        "passed"
    );
    assert_eq!(below(&ca, orders()), "passed");
    assert_eq!(below(&ca, orders().names(&[dns("evil.test")])), REFUSED);
    assert_eq!(
        below(&ca, orders().names(&[dns("a.partner.example"), dns("evil.test")])),
        REFUSED
    );
}

#[test]
fn excluded_names_are_refused() {
    let ca = ca(&[], &[dns("partner.example"), ip(&[10, 0, 0, 0, 255, 0, 0, 0])]);
    let orders = || plan("orders");
    assert_eq!(below(&ca, orders().names(&[dns("evil.test")])), "passed");
    assert_eq!(below(&ca, orders().names(&[dns("a.partner.example")])), REFUSED);
    assert_eq!(below(&ca, orders().names(&[dns("*.example")])), REFUSED);
    assert_eq!(below(&ca, orders().names(&[ip(&[10, 1, 1, 1])])), REFUSED);
    assert_eq!(below(&ca, orders().names(&[ip(&[11, 1, 1, 1])])), "passed");
}

#[test]
fn directory_names_bind_the_subject() {
    let country = (Nid::COUNTRYNAME, "DE");
    let organization = (Nid::ORGANIZATIONNAME, "Partner");
    let ca = ca(&[directory(&names(&[country, organization]))], &[]);
    let named = |entries: &[(Nid, &str)]| plan("x").subject(names(entries));
    assert_eq!(
        below(&ca, named(&[country, organization, (Nid::COMMONNAME, "orders")])),
        "passed"
    );
    assert_eq!(
        below(
            &ca,
            named(&[
                country,
                (Nid::ORGANIZATIONNAME, "partner"),
                (Nid::COMMONNAME, "x")
            ])
        ),
        "passed"
    );
    assert_eq!(
        below(&ca, named(&[country, (Nid::COMMONNAME, "orders")])),
        REFUSED
    );
    assert_eq!(
        below(&ca, named(&[organization, country, (Nid::COMMONNAME, "orders")])),
        REFUSED
    );
    // A certificate without a subject has no directory name to bind.
    assert_eq!(below(&ca, named(&[]).names(&[dns("a.example")])), "passed");
    assert_eq!(
        below(&ca, named(&[]).names(&[directory(&names(&[country]))])),
        REFUSED
    );
}

#[test]
fn e_mail_addresses_in_the_subject_are_bound() {
    let ca = ca(&[email("partner.example")], &[]);
    let with_email = |address| {
        plan("x").subject(names(&[
            (Nid::COMMONNAME, "x"),
            (Nid::PKCS9_EMAILADDRESS, address),
        ]))
    };
    assert_eq!(below(&ca, with_email("a@partner.example")), "passed");
    assert_eq!(below(&ca, with_email("a@evil.test")), REFUSED);
    assert_eq!(below(&ca, plan("x").names(&[email("a@evil.test")])), REFUSED);
}

#[test]
fn kinds_that_are_not_supported_are_refused_where_both_sides_have_them() {
    let other_name = tlv(
        0xa0,
        &[&[0x06, 2, 0x2a, 3][..], &tlv(0xa0, &[0x0c, 1, b'x'])].concat(),
    );
    let bound = ca(&[], &[other_name.clone()]);
    assert_eq!(below(&bound, plan("x").names(&[dns("a.example")])), "passed");
    assert_eq!(below(&bound, plan("x").names(&[other_name.clone()])), REFUSED);
    let free = ca(&[dns("a.example")], &[]);
    assert_eq!(below(&free, plan("x").names(&[other_name])), "passed");
    // A base that cannot be compared is no reason to look at the next.
    let unclear = ca(&[dns("*.partner.example"), dns("partner.example")], &[]);
    assert_eq!(
        below(&unclear, plan("x").names(&[dns("a.partner.example")])),
        REFUSED
    );
    // A name that is not written as it has to be.
    assert_eq!(below(&free, plan("x").names(&[dns("a\0.example")])), REFUSED);
    assert_eq!(
        below(
            &ca(&[uri("partner.example")], &[]),
            plan("x").names(&[uri("urn:partner")])
        ),
        REFUSED
    );
}

#[test]
fn minimum_and_maximum_are_refused() {
    let subtree = |extra: &[u8]| sequence(&[&tlv(0xa0, &sequence(&[&dns("example"), extra]))]);
    let ca = |extra: &[u8]| {
        plan("CA")
            .ca(None)
            .extension("2.5.29.30", true, &subtree(extra))
            .self_signed()
    };
    let leaf = || plan("x").names(&[dns("a.example")]);
    assert_eq!(below(&ca(&[]), leaf()), "passed");
    assert_eq!(below(&ca(&[0x80, 1, 0]), leaf()), "passed");
    assert_eq!(below(&ca(&[0x80, 1, 1]), leaf()), REFUSED);
    assert_eq!(below(&ca(&[0x81, 1, 9]), leaf()), REFUSED);
    assert_eq!(below(&ca(&[0x81, 1, 9]), plan("x")), "passed");
}

#[test]
fn every_ca_binds_all_that_stand_below() {
    let top = ca(&[dns("partner.example")], &[]);
    let middle = plan("middle")
        .ca(None)
        .name_constraints(&[dns("example")], &[])
        .issued_by(&top);
    let wide = plan("orders").names(&[dns("other.example")]).issued_by(&middle);
    let narrow = plan("orders")
        .names(&[dns("a.partner.example")])
        .issued_by(&middle);
    let store = trusting(&[&top]);
    assert_eq!(verdict(&store, &wide, &[&middle]), REFUSED);
    assert_eq!(verdict(&store, &narrow, &[&middle]), "passed");
    // The names of a CA in between count as well.
    let named = plan("middle").ca(None).names(&[dns("evil.test")]).issued_by(&top);
    let leaf = plan("orders").issued_by(&named);
    assert_eq!(verdict(&store, &leaf, &[&named]), REFUSED);
    // An intermediate's own constraint binds its signers only.
    let store = trusting(&[&middle]);
    assert_eq!(verdict(&store, &wide, &[]), "passed");
}

#[test]
fn a_cas_certificate_for_itself_is_not_bound_and_a_signer_is() {
    let subject = names(&[(Nid::COMMONNAME, "CA")]);
    let ca = plan("CA").subject(subject.to_owned().unwrap()).ca(None);
    let ca = ca.name_constraints(&[], &[directory(&subject)]).self_signed();
    let rolled = plan("CA")
        .subject(subject.to_owned().unwrap())
        .ca(None)
        .issued_by(&ca);
    let store = trusting(&[&ca]);
    assert_eq!(
        verdict(&store, &plan("orders").issued_by(&rolled), &[&rolled]),
        "passed"
    );
    let signer = plan("CA").subject(subject).issued_by(&ca);
    assert_eq!(verdict(&store, &signer, &[]), REFUSED);
}
