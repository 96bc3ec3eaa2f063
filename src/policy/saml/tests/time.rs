use super::*;

/// What comes of `text` one millisecond before `instant`, at it, and one after.
fn around(instant: &str, text: &str) -> [&'static str; 3] {
    let mut case = sso();
    [-1, 0, 1].map(|offset| {
        case.now = time(instant) + TimeDelta::milliseconds(offset);
        case.code(text)
    })
}

#[test]
fn times_hold_to_the_millisecond_with_60_seconds_of_skew() {
    // IssueInstant and NotBefore at 12:00:00; the bearer confirmation ends at 12:05:00.
    let begins = ["saml.not_yet_valid", "accepted", "accepted"];
    assert_eq!(around("2026-11-26T11:59:00Z", &assertion_text()), begins);
    let ends = ["accepted", "saml.expired", "saml.expired"];
    assert_eq!(around("2026-11-26T12:06:00Z", &assertion_text()), ends);
    // The conditions end first.
    let conditions = with("T12:10:00Z", "T12:02:00Z");
    assert_eq!(around("2026-11-26T12:03:00Z", &conditions), ends);
    // Only NotBefore is in the future.
    let later = with(
        r#"NotBefore="2026-11-26T12:00:00Z""#,
        r#"NotBefore="2026-11-26T12:03:00Z""#,
    );
    assert_eq!(around("2026-11-26T12:02:00Z", &later), begins);
    // Only IssueInstant is.
    let issued = with(
        r#"IssueInstant="2026-11-26T12:00:00Z""#,
        r#"IssueInstant="2026-11-26T12:03:00Z""#,
    );
    assert_eq!(around("2026-11-26T12:02:00Z", &issued), begins);
    let session = with("T20:00:00Z", "T12:02:00Z");
    assert_eq!(around("2026-11-26T12:03:00Z", &session), ends);
}

#[test]
fn an_assertion_that_never_holds_is_refused() {
    for end in ["2026-11-26T12:00:00Z", "2026-11-26T11:59:59Z"] {
        let text = with("2026-11-26T12:10:00Z", end);
        assert_eq!(sso().code(&text), "saml.empty_window", "{end}");
    }
}

#[test]
fn a_long_life_is_refused_except_in_an_archive() {
    let hour = with("T12:05:00Z", "T13:00:00Z").replace("T12:10:00Z", "T13:00:00Z");
    assert_eq!(sso().code(&hour), "accepted");
    let longer = with("T12:10:00Z", "T13:00:00.001Z");
    assert_eq!(sso().code(&longer), "saml.life_too_long");
    assert_eq!(archive().code(&longer), "accepted");
}

#[test]
fn an_assertion_without_end_ends_after_the_longest_life() {
    let endless = with(r#" NotOnOrAfter="2026-11-26T12:10:00Z""#, "").replace("T12:05:00Z", "T18:00:00Z");
    let ends = ["accepted", "saml.expired", "saml.expired"];
    assert_eq!(around("2026-11-26T13:01:00Z", &endless), ends);
    let usage = sso().judge(&endless).unwrap().usage;
    assert_eq!(usage.until, Some(time("2026-11-26T13:01:00Z")));
    let mut case = Case::new(Profile::Strict);
    case.way = Way::Soap;
    case.vouching = Vouching::AssertionAndBody;
    let vouched = endless
        .replace("cm:bearer", "cm:sender-vouches")
        .replace(r#" NotOnOrAfter="2026-11-26T18:00:00Z""#, "");
    let usage = case.judge(&vouched).unwrap().usage;
    assert_eq!(usage.until, Some(time("2026-11-26T13:01:00Z")));
    case.policy = Profile::ArchiveVerify.policy();
    assert_eq!(case.judge(&vouched).unwrap().usage.until, None);
    let later = CONFIRMATION.replace("T12:05:00Z", "T19:00:00Z");
    let two = endless.replace("</saml:Subject>", &format!("{later}</saml:Subject>"));
    let usage = archive().judge(&two).unwrap().usage;
    assert_eq!(usage.until, Some(time("2026-11-26T19:05:00Z")));
}
