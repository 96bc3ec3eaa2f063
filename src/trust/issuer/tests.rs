#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
use super::*;

const MODULUS: &str =
    "x+oSKsyk8fIOHSfqwqGWzHXd6Ohi5lVOk0v0hCO7QXgBuvQLcJfPS5jEu3qPRVVTRYgEjY5ebL8u3ObmXDJGUQ==";
const OTHER: &str =
    "y+oSKsyk8fIOHSfqwqGWzHXd6Ohi5lVOk0v0hCO7QXgBuvQLcJfPS5jEu3qPRVVTRYgEjY5ebL8u3ObmXDJGUQ==";

fn key_value(modulus: &str) -> String {
    format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    )
}

fn key(key_use: &str, modulus: &str) -> String {
    format!(
        "<KeyDescriptor{key_use}><ds:KeyInfo>{}</ds:KeyInfo></KeyDescriptor>",
        key_value(modulus)
    )
}

fn entity(attributes: &str, roles: &str) -> String {
    format!(
        "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' \
         xmlns:ds='http://www.w3.org/2000/09/xmldsig#' {attributes}>{roles}</EntityDescriptor>"
    )
}

fn issuers(metadata: &[String]) -> Result<Issuers, IssuerError> {
    let mut issuers = Issuers::new();
    for text in metadata {
        issuers.add(text.clone().into())?;
    }
    Ok(issuers)
}

fn at(text: &str) -> DateTime<Utc> {
    crate::token::datetime::parse(text).unwrap()
}

fn found(metadata: &str, id: &str, roles: &'static [Role]) -> Result<usize, &'static str> {
    let issuers = issuers(&[metadata.to_owned()]).unwrap();
    let keys = issuers.keys(id, roles, at("2026-11-26T00:00:00Z"));
    keys.map(|keys| keys.len()).map_err(|error| {
        assert!(!error.to_string().is_empty());
        error.code()
    })
}

#[test]
fn an_entity_speaks_with_its_own_keys_in_its_own_role() {
    let role = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", MODULUS));
    let text = entity("entityID='a'", &role);
    assert_eq!(found(&text, "a", Issuers::ASSERTING), Ok(1));
    assert_eq!(found(&text, "a", Issuers::IN_SESSION), Ok(1));
    assert_eq!(found(&text, "a", Issuers::REQUESTING), Err("trust.issuer_role"));
    for other in ["b", "A", "a ", "a/", ""] {
        assert_eq!(
            found(&text, other, Issuers::ASSERTING),
            Err("trust.issuer_unknown")
        );
    }
}

#[test]
fn a_key_for_encryption_never_verifies() {
    let both = format!(
        "<IDPSSODescriptor>{}{}</IDPSSODescriptor>",
        key(" use='encryption'", MODULUS),
        key(" use='signing'", OTHER)
    );
    assert_eq!(
        found(&entity("entityID='a'", &both), "a", Issuers::ASSERTING),
        Ok(1)
    );
    let one = format!(
        "<IDPSSODescriptor>{}</IDPSSODescriptor>",
        key(" use='encryption'", MODULUS)
    );
    let text = entity("entityID='a'", &one);
    assert_eq!(found(&text, "a", Issuers::ASSERTING), Err("trust.issuer_key"));
    let issuers = issuers(&[text]).unwrap();
    assert!(issuers.all_entity_keys(at("2026-11-26T00:00:00Z"), 9).is_empty());
}

#[test]
fn metadata_holds_before_its_end_and_not_at_it() {
    let role = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", MODULUS));
    let until = |end: &str| entity(&format!("entityID='a' validUntil='{end}'"), &role);
    let ask = |end: &str| found(&until(end), "a", Issuers::ASSERTING);
    assert_eq!(ask("2026-11-26T00:00:01Z"), Ok(1));
    assert_eq!(ask("2026-11-26T00:00:00Z"), Err("trust.metadata_expired"));
    let ended = issuers(&[until("2026-11-26T00:00:00Z")]).unwrap();
    assert!(ended.all_entity_keys(at("2026-11-26T00:00:00Z"), 9).is_empty());
}

#[test]
fn an_entity_that_is_described_twice_is_refused() {
    let text = entity("entityID='a'", "");
    let error = issuers(&[text.clone(), text]).unwrap_err();
    assert_eq!(error, IssuerError::DuplicateEntity("a".to_owned()));
}

#[test]
fn a_key_that_cannot_be_read_leaves_the_others() {
    let broken = key("", "A*");
    let role = |keys: &str| format!("<IDPSSODescriptor>{keys}</IDPSSODescriptor>");
    let with = entity("entityID='a'", &role(&format!("{broken}{}", key("", MODULUS))));
    assert_eq!(found(&with, "a", Issuers::ASSERTING), Ok(1));
    let without = entity("entityID='a'", &role(&broken));
    assert_eq!(found(&without, "a", Issuers::ASSERTING), Err("trust.issuer_key"));
}

#[test]
fn keys_are_counted_once_and_limited() {
    let role = |count: usize| {
        format!(
            "<IDPSSODescriptor>{}</IDPSSODescriptor>",
            key("", MODULUS).repeat(count)
        )
    };
    let text = entity("entityID='a'", &role(Issuers::MAX_KEYS));
    assert_eq!(found(&text, "a", Issuers::ASSERTING), Ok(1));
    let more = issuers(&[entity("entityID='a'", &role(Issuers::MAX_KEYS + 1))]).unwrap_err();
    assert_eq!(more.code(), "limit.issuer_keys");
    let in_one = key("", MODULUS).replace(
        "</ds:KeyInfo>",
        &format!("{}</ds:KeyInfo>", key_value(OTHER).repeat(Issuers::MAX_KEYS)),
    );
    let text = entity(
        "entityID='a'",
        &format!("<IDPSSODescriptor>{in_one}</IDPSSODescriptor>"),
    );
    assert_eq!(found(&text, "a", Issuers::ASSERTING), Err("limit.issuer_keys"));
}

#[test]
fn what_is_no_metadata_is_refused() {
    let code = |text: &str| issuers(&[text.to_owned()]).unwrap_err().code();
    assert_eq!(code("<a>"), "xml.malformed");
    assert_eq!(code("<!DOCTYPE a><a/>"), "xml.dtd");
    assert_eq!(code("<a/>"), "saml.not_supported");
}

fn aggregate(attributes: &str, content: &str) -> String {
    format!(
        "<m:EntitiesDescriptor xmlns:m='urn:oasis:names:tc:SAML:2.0:metadata' {attributes}>{content}</m:EntitiesDescriptor>"
    )
}

#[test]
fn the_entities_of_an_aggregate_are_found_one_by_one() {
    let role = |keys: &str| format!("<IDPSSODescriptor>{keys}</IDPSSODescriptor>");
    let both = role(&[key(" use='signing'", MODULUS), key("", OTHER)].concat());
    let inner = aggregate(
        "validUntil='2026-11-26T00:00:00Z'",
        &entity("entityID='b'", &role(&key("", MODULUS))),
    );
    let content = format!(
        "<m:Extensions><EntityDescriptor/></m:Extensions>{}\n{inner}<!-- {} -->{}",
        entity("entityID='a'", &both),
        entity("entityID='d'", ""),
        "<m:EntityDescriptor entityID='c'><m:IDPSSODescriptor/></m:EntityDescriptor>",
    );
    let text = aggregate("validUntil='2026-12-01T00:00:00Z'", &content);
    assert_eq!(found(&text, "a", Issuers::ASSERTING), Ok(2));
    // Its group has ended, and it has no keys.
    assert_eq!(
        found(&text, "b", Issuers::ASSERTING),
        Err("trust.metadata_expired")
    );
    assert_eq!(found(&text, "c", Issuers::ASSERTING), Err("trust.issuer_key"));
    assert_eq!(found(&text, "d", Issuers::ASSERTING), Err("trust.issuer_unknown"));
    let ids: usize = issuers(&[text]).unwrap().entity_ids().count();
    assert_eq!(ids, 3);
}

#[test]
fn an_aggregate_is_refused_with_the_place_of_the_entity_that_cannot_be_read() {
    let refused = |content: &str| {
        let error = issuers(&[aggregate("", content)]).unwrap_err();
        assert!(!error.to_string().is_empty());
        (error.code(), error.position().map(|position| position.line))
    };
    let good = entity("entityID='a'", "");
    let twice = format!("{good}\n{good}");
    assert_eq!(refused(&twice), ("trust.duplicate_entity", None));
    let nameless = format!("{good}\n{}", entity("", ""));
    assert_eq!(refused(&nameless), ("saml.structure", Some(2)));
    let broken = format!("{good}\n\n{}", entity("entityID='b'", "<a></b>"));
    assert_eq!(refused(&broken), ("xml.mismatched_tag", Some(3)));
    let foreign = "\n<x:EntityDescriptor xmlns:x='urn:x' entityID='b'/>";
    assert_eq!(refused(foreign), ("saml.structure", Some(2)));
    let stranger = format!("{good}\n<m:SPSSODescriptor/>");
    assert_eq!(refused(&stranger), ("saml.structure", Some(2)));
    assert_eq!(refused("<m:Extensions/>"), ("saml.not_supported", Some(1)));
    // What stands apart does not come together.
    let torn = format!("&am{good}p;");
    assert_eq!(refused(&torn).0, "xml.reference");
    let after = issuers(&[format!("{}<a/>", aggregate("", &good))]).unwrap_err();
    assert_eq!(after.code(), "xml.trailing_content");
}

#[test]
fn nothing_holds_longer_than_its_document() {
    let role = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", MODULUS));
    let mut issuers = Issuers::new();
    let text = aggregate("", &entity("entityID='a'", &role));
    let end = at("2026-11-26T00:00:00Z");
    let valid_until = at("2026-11-30T00:00:00Z");
    issuers
        .add_until(text.into(), Some(Holds { valid_until, end }))
        .unwrap();
    let code = |at| {
        issuers
            .keys("a", Issuers::ASSERTING, at)
            .map_or_else(|error| error.code(), |_| "found")
    };
    assert_eq!(code(end), "trust.metadata_expired");
    assert_eq!(code(at("2026-11-25T23:59:59Z")), "found");
}

#[test]
fn fetched_metadata_is_never_followed_by_an_older_one() {
    let role = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", MODULUS));
    let fetched = |entities: &[&str], valid_until: Option<&str>| {
        let mut issuers = Issuers::new();
        for id in entities {
            let text = aggregate("", &entity(&format!("entityID='{id}'"), &role));
            // Its cacheDuration counts from when a copy was put there, and says nothing of its age.
            let end = at("2026-11-25T00:00:00Z");
            let holds = valid_until.map(|valid_until| Holds {
                valid_until: at(valid_until),
                end,
            });
            issuers.add_until(text.into(), holds).unwrap();
        }
        issuers
    };
    let known = fetched(&["a", "b"], Some("2026-11-27T00:00:00Z"));
    let older = fetched(&["c", "b", "a"], Some("2026-11-26T23:59:59Z"));
    let found = older.older_than(&known).unwrap();
    assert_eq!(
        (found.entity_id.as_str(), found.valid_until, found.known),
        ("a", at("2026-11-26T23:59:59Z"), at("2026-11-27T00:00:00Z"))
    );
    for fine in [
        fetched(&["a"], Some("2026-11-27T00:00:00Z")),
        fetched(&["a"], Some("2026-11-28T00:00:00Z")),
        fetched(&["c"], Some("2026-11-25T00:00:00Z")),
        fetched(&["a"], None),
        Issuers::new(),
    ] {
        assert_eq!(fine.older_than(&known), None);
    }
    assert_eq!(older.older_than(&fetched(&["a"], None)), None);
    // What is not described for a while is remembered, for as long as an older copy would hold.
    let mut between = fetched(&["c"], Some("2026-11-29T00:00:00Z"));
    between.remember(&known, at("2026-11-26T00:00:00Z"));
    let back = fetched(&["a"], Some("2026-11-26T23:59:59Z"));
    assert!(back.older_than(&between).is_some());
    let mut much_later = fetched(&["c"], Some("2026-11-29T00:00:00Z"));
    much_later.remember(&known, at("2026-11-27T00:00:00Z"));
    assert_eq!(back.older_than(&much_later), None);
}

#[test]
fn of_all_keys_there_are_so_many_and_each_once() {
    let role = |modulus: &str| format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("", modulus));
    let all = [("c", MODULUS), ("b", OTHER), ("a", MODULUS)]
        .map(|(id, modulus)| entity(&format!("entityID='{id}'"), &role(modulus)));
    let issuers = issuers(&all).unwrap();
    let ids = |most: usize| {
        let keys = issuers.all_entity_keys(at("2026-11-26T00:00:00Z"), most);
        keys.iter().map(|key| key.entity().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(9), ["a", "b"]);
    assert_eq!(ids(2), ["a", "b"]);
    assert_eq!(ids(1), ["a"]);
    assert!(ids(0).is_empty());
    let both = format!(
        "<IDPSSODescriptor>{}{}</IDPSSODescriptor>",
        key("", MODULUS),
        key("", OTHER)
    );
    let one = self::issuers(&[entity("entityID='a'", &both)]).unwrap();
    assert_eq!(one.all_entity_keys(at("2026-11-26T00:00:00Z"), 1).len(), 1);
    assert!(issuers.describe("a") && !issuers.describe("A"));
}
