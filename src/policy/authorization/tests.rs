#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use serde_json::json;

use super::*;
use crate::policy::saml::{AttributeClaim, NameClaim};

const ROLE: &str = "role";

fn certificate(name: &str) -> Certificate {
    let file = format!("{}/fixtures/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let found = Certificate::from_pem_bundle(&std::fs::read(file).unwrap());
    found.unwrap().remove(0)
}

fn name(local: &str) -> QName {
    QName {
        namespace: "urn:example".to_owned(),
        local: local.to_owned(),
    }
}

fn role(format: Option<&str>) -> AttributeName {
    AttributeName {
        saml_attribute: ROLE.to_owned(),
        name_format: format.unwrap_or(AttributeName::UNSPECIFIED).to_owned(),
    }
}

fn claims() -> Claims {
    Claims {
        issuer: "https://idp.example".to_owned(),
        assertion_id: "_1".to_owned(),
        name_id: Some(NameClaim {
            value: "carol".to_owned(),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
        }),
        confirmation: String::new(),
        authn: None,
        attributes: vec![AttributeClaim {
            name: ROLE.to_owned(),
            name_format: None,
            values: vec!["clerk".to_owned(), "buyer".to_owned()],
        }],
        not_on_or_after: None,
        issued: DateTime::UNIX_EPOCH,
    }
}

fn at(time: &str) -> DateTime<Utc> {
    // A Wednesday.
    format!("2026-11-25T{time}Z").parse().unwrap()
}

fn hours(from: &str, to: &str) -> Option<Hours> {
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    Some(Hours { from, to })
}

#[test]
fn every_condition_of_a_rule_has_to_fit() {
    let (alice, bob) = (certificate("alice"), certificate("bob"));
    let (place, cancel) = (name("Place"), name("Cancel"));
    let carol = claims();
    let rule = AuthorizationRule {
        operations: vec![place.clone()],
        signer: Some(Constraint::new(&["O=Example,CN=alice"], &[]).unwrap()),
        saml_issuers: vec!["https://idp.example".to_owned()],
        saml_subjects: vec!["carol".to_owned()],
        saml_attributes: vec![(role(None), vec!["buyer".to_owned()])],
        users: vec!["dora".to_owned()],
        token_subjects: vec!["ann".to_owned()],
        token_scopes: vec!["orders.all".to_owned(), "orders.write".to_owned()],
        token_claims: vec![("tenant".to_owned(), vec!["south".to_owned()])],
        days: vec![Weekday::Wed],
        hours: hours("08:00:00", "18:00:00"),
    };
    let ann =
        BearerClaims::of_test(&json!({ "scope": "orders.read orders.write", "tenant": ["north", "south"] }));
    let reader = BearerClaims::of_test(&json!({ "scope": "orders.read", "tenant": ["north", "south"] }));
    let elsewhere = BearerClaims::of_test(&json!({ "scope": "orders.write", "tenant": "east" }));
    let good = Asking {
        operation: Some(&place),
        signer: Some(&alice),
        claims: Some(&carol),
        user: Some("dora"),
        bearer: Some(&ann),
        client: None,
        at: at("08:00:00"),
    };
    let stranger = Claims {
        issuer: "https://other.example".to_owned(),
        ..claims()
    };
    let nobody = Claims {
        name_id: None,
        ..claims()
    };
    let clerk = Claims {
        attributes: vec![AttributeClaim {
            name: ROLE.to_owned(),
            name_format: Some("urn:other".to_owned()),
            values: vec!["buyer".to_owned()],
        }],
        ..claims()
    };
    let mut seller = claims();
    seller.attributes[0].values = vec!["seller".to_owned(), "Buyer".to_owned()];
    assert_eq!(rule.misfit(good), None);
    for (asking, condition) in [
        (
            Asking {
                operation: Some(&cancel),
                ..good
            },
            Condition::Operation,
        ),
        (
            Asking {
                operation: None,
                ..good
            },
            Condition::Operation,
        ),
        (
            Asking {
                signer: Some(&bob),
                ..good
            },
            Condition::Signer,
        ),
        (Asking { signer: None, ..good }, Condition::Signer),
        (
            Asking {
                claims: Some(&stranger),
                ..good
            },
            Condition::SamlIssuer,
        ),
        (Asking { claims: None, ..good }, Condition::SamlIssuer),
        (
            Asking {
                claims: Some(&nobody),
                ..good
            },
            Condition::SamlSubject,
        ),
        (
            Asking {
                claims: Some(&clerk),
                ..good
            },
            Condition::SamlAttribute,
        ),
        (
            Asking {
                claims: Some(&seller),
                ..good
            },
            Condition::SamlAttribute,
        ),
        (
            Asking {
                user: Some("eve"),
                ..good
            },
            Condition::User,
        ),
        (Asking { user: None, ..good }, Condition::User),
        (Asking { bearer: None, ..good }, Condition::TokenSubject),
        (
            Asking {
                bearer: Some(&reader),
                ..good
            },
            Condition::TokenScope,
        ),
        (
            Asking {
                bearer: Some(&elsewhere),
                ..good
            },
            Condition::TokenClaim,
        ),
        (
            Asking {
                at: at("08:00:00") + chrono::TimeDelta::days(1),
                ..good
            },
            Condition::Day,
        ),
        (
            Asking {
                at: at("07:59:59"),
                ..good
            },
            Condition::Hour,
        ),
        (
            Asking {
                at: at("18:00:00"),
                ..good
            },
            Condition::Hour,
        ),
    ] {
        assert_eq!(rule.misfit(asking), Some(condition), "{asking:?}");
    }
}

#[test]
fn a_night_begins_on_one_day_and_ends_on_the_next() {
    let night = hours("22:00:00", "06:00:00").unwrap();
    for (time, fits) in [
        ("22:00:00", true),
        ("23:59:59", true),
        ("05:59:59", true),
        ("06:00:00", false),
        ("12:00:00", false),
    ] {
        assert_eq!(night.have(time.parse().unwrap()), fits, "{time}");
    }
}

#[test]
fn one_rule_that_fits_is_enough_and_none_is_not() {
    let (place, cancel) = (name("Place"), name("Cancel"));
    let asking = |operation| Asking {
        operation: Some(operation),
        signer: None,
        claims: None,
        user: None,
        bearer: None,
        client: None,
        at: at("12:00:00"),
    };
    let of = |name: &QName| AuthorizationRule {
        operations: vec![name.clone()],
        ..AuthorizationRule::default()
    };
    let users = AuthorizationRule {
        users: vec!["dora".to_owned()],
        ..AuthorizationRule::default()
    };
    assert_eq!(Authorization::default().check(asking(&place)), Ok(()));
    let rules = Authorization {
        rules: vec![users, of(&place)],
        ..Authorization::default()
    };
    assert_eq!(rules.check(asking(&place)), Ok(()));
    let refused = rules.check(asking(&cancel)).unwrap_err().to_string();
    let told =
        "no rule allows \"Cancel\" for this sender now: rule 1 not by its user, rule 2 not by its operation";
    assert_eq!(refused, told);
}

#[test]
fn a_client_may_have_to_show_the_certificate_that_signed() {
    let (alice, bob) = (certificate("alice"), certificate("bob"));
    let bound = Authorization {
        client: ClientCertificate::Signer,
        rules: Vec::new(),
    };
    let shown = |signer, client: Option<&Certificate>| {
        bound.check(Asking {
            operation: None,
            signer,
            claims: None,
            user: None,
            bearer: None,
            client: client.map(|client| *client.sha256()),
            at: at("12:00:00"),
        })
    };
    assert_eq!(shown(Some(&alice), Some(&alice)), Ok(()));
    for (signer, client) in [
        (Some(&alice), Some(&bob)),
        (Some(&alice), None),
        (None, Some(&alice)),
        (None, None),
    ] {
        let refused = shown(signer, client).unwrap_err();
        assert_eq!(refused.code(), "policy.client_certificate");
    }
}
