use super::*;

#[test]
fn a_bearer_confirmation_ends_and_has_no_beginning() {
    let end = r#" NotOnOrAfter="2026-11-26T12:05:00Z" Recipient"#;
    for case in [sso(), archive()] {
        assert_eq!(case.code(&with(end, " Recipient")), "saml.bearer_without_end");
        let begins = with(end, &format!(r#" NotBefore="2026-11-26T12:00:00Z"{end}"#));
        assert_eq!(case.code(&begins), "saml.bearer_not_before");
        let empty = r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>"#;
        assert_eq!(case.code(&with(CONFIRMATION, empty)), "saml.confirmation_data");
    }
}

#[test]
fn holder_of_key_needs_the_key_itself() {
    let mut case = Case::new(Profile::Strict);
    case.way = Way::Soap;
    let text = holder_of_key(&format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"));
    assert_eq!(case.code(&text), "saml.holder_of_key");
    case.keys = vec![key(&replaced(KEY, "x+oS", "y+oS"))];
    assert_eq!(case.code(&text), "saml.holder_of_key");
    case.keys.push(key(KEY));
    assert_eq!(case.code(&text), "accepted");
    let named = holder_of_key("<ds:KeyInfo><ds:KeyName>a</ds:KeyName></ds:KeyInfo>");
    assert_eq!(case.code(&named), "saml.holder_of_key");
    assert_eq!(case.code(&holder_of_key("")), "saml.holder_of_key");
    let broken = holder_of_key("<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>");
    assert_eq!(case.code(&broken), "saml.holder_of_key");
    let data = holder_of_key(&format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"));
    let ended = replaced(
        &data,
        "<saml:SubjectConfirmationData>",
        r#"<saml:SubjectConfirmationData NotOnOrAfter="2026-11-26T12:00:00Z" Recipient="x">"#,
    );
    assert_eq!(case.code(&ended), "saml.expired");
    let elsewhere = ended.replacen("T12:00:00Z\" Recipient", "T12:30:00Z\" Recipient", 1);
    assert_eq!(case.code(&elsewhere), "saml.recipient");
}

#[test]
fn sender_vouches_needs_somebody_who_vouches() {
    let mut case = Case::new(Profile::Strict);
    case.way = Way::Soap;
    let confirmation =
        r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>"#;
    let text = with(CONFIRMATION, confirmation);
    assert_eq!(case.code(&text), "saml.sender_vouches");
    case.vouching = Vouching::AssertionAndBody;
    assert_eq!(case.code(&text), "accepted");
    assert_eq!(sso().code(&text), "saml.confirmation_method");
}

#[test]
fn one_allowed_confirmation_must_hold_in_full() {
    let unknown = r#"<saml:SubjectConfirmation Method="urn:x"/>"#;
    assert_eq!(
        sso().code(&with(CONFIRMATION, unknown)),
        "saml.confirmation_method"
    );
    assert_eq!(sso().code(&with(CONFIRMATION, "")), "saml.no_confirmation");
    let both = with(CONFIRMATION, &format!("{unknown}{CONFIRMATION}"));
    assert_eq!(sso().code(&both), "accepted");
    let bad = CONFIRMATION.replace("_r", "_x");
    assert_eq!(
        sso().code(&with(CONFIRMATION, &format!("{bad}{CONFIRMATION}"))),
        "accepted"
    );
    assert_eq!(sso().code(&with(CONFIRMATION, &bad)), "saml.in_response_to");
    // What counts in SSO does not count in SOAP.
    let mut soap = Case::new(Profile::Strict);
    soap.way = Way::Soap;
    assert_eq!(soap.code(&assertion_text()), "saml.confirmation_method");
}

#[test]
fn bearer_in_soap_may_name_the_audience_as_recipient_and_answers_nothing() {
    let mut case = Case::new(Profile::Bsp11);
    case.way = Way::Soap;
    case.party.recipient = None;
    case.party.request = ExpectedRequest::NotSaid;
    let text = with("https://sp.example/acs", "https://sp.example");
    assert_eq!(case.code(&text), "accepted");
    assert_eq!(case.code(&assertion_text()), "saml.recipient");
}

#[test]
fn what_holder_of_key_says_beyond_its_key_has_to_fit() {
    let mut holder = Case::new(Profile::Strict);
    holder.way = Way::Soap;
    holder.keys = vec![key(KEY)];
    let saying = |attributes: &str| {
        let text = holder_of_key(&format!("<ds:KeyInfo>{KEY}</ds:KeyInfo>"));
        let data = "<saml:SubjectConfirmationData";
        holder.code(&replaced(&text, data, &format!("{data} {attributes}")))
    };
    assert_eq!(saying(""), "accepted");
    assert_eq!(saying("InResponseTo='_r'"), "accepted");
    assert_eq!(saying("InResponseTo='_other'"), "saml.in_response_to");
    assert_eq!(saying("Recipient='https://sp.example/acs'"), "accepted");
    assert_eq!(saying("Recipient='https://other.example/acs'"), "saml.recipient");
    assert_eq!(saying("NotOnOrAfter='2026-11-26T11:59:00Z'"), "saml.expired");
}
