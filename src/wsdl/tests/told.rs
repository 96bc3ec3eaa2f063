use super::*;

#[test]
fn what_restricts_and_is_not_held_is_told() {
    let both = |kind: &str, token: &str| supporting(kind, &format!("<sp:{token}/>"));
    let parts = |name: &str, inside: &str| format!("{}<sp:{name}>{inside}</sp:{name}>", asymmetric(""));
    for (fragment, name, outcome) in [
        (
            both("EndorsingSupportingTokens", "X509Token"),
            "X509Token",
            Outcome::NotEnforced,
        ),
        (
            both("EndorsingSupportingTokens", "UsernameToken"),
            "UsernameToken",
            Outcome::NotEnforced,
        ),
        (
            both("SignedSupportingTokens", "X509Token"),
            "X509Token",
            Outcome::NotEnforced,
        ),
        (
            both("SupportingTokens", "IssuedToken"),
            "IssuedToken",
            Outcome::NotUnderstood,
        ),
        (
            both("SupportingTokens", "KerberosToken"),
            "KerberosToken",
            Outcome::NotUnderstood,
        ),
        (
            initiator("<sp:SecureConversationToken/>"),
            "SecureConversationToken",
            Outcome::NotUnderstood,
        ),
        (asymmetric("<sp:Unheard/>"), "Unheard", Outcome::NotUnderstood),
        (
            asymmetric("<sp:Layout><wsp:Policy><sp:Loose/></wsp:Policy></sp:Layout>"),
            "Loose",
            Outcome::NotUnderstood,
        ),
        (
            symmetric("<sp:SecureConversationToken/>", ""),
            "SecureConversationToken",
            Outcome::NotUnderstood,
        ),
        (
            symmetric(
                "<sp:X509Token><wsp:Policy><sp:Unheard/></wsp:Policy></sp:X509Token>",
                "",
            ),
            "Unheard",
            Outcome::NotUnderstood,
        ),
        ("<t:Unheard/>".to_owned(), "t:Unheard", Outcome::NotUnderstood),
        (
            "<sp:Wss11><wsp:Policy><sp:Unheard/></wsp:Policy></sp:Wss11>".to_owned(),
            "Unheard",
            Outcome::NotUnderstood,
        ),
        (
            parts("EncryptedParts", "<sp:Header Namespace=\"urn:h\"/>"),
            "Header",
            Outcome::NotEnforced,
        ),
        (
            parts("EncryptedElements", "<sp:XPath>/a</sp:XPath>"),
            "XPath",
            Outcome::NotUnderstood,
        ),
        (
            parts("EncryptedElements", "<sp:XPath>/s:Envelope/s:Body</sp:XPath>"),
            "XPath",
            Outcome::NotUnderstood,
        ),
        (
            parts(
                "ContentEncryptedElements",
                "<sp:XPath>/s:Envelope/s:Header/wsse:Security/wsu:Timestamp</sp:XPath>",
            ),
            "XPath",
            Outcome::NotUnderstood,
        ),
        (
            parts(
                "SignedElements",
                "<sp:XPath xmlns:ds='http://www.w3.org/2000/09/xmldsig#'>/s:Envelope/s:Header/wsse:Security/ds:Signature</sp:XPath>",
            ),
            "XPath",
            Outcome::NotUnderstood,
        ),
        (
            parts("RequiredElements", "<sp:XPath>/a</sp:XPath>"),
            "XPath",
            Outcome::NotEnforced,
        ),
        (
            parts("SignedElements", "<sp:XPath>//*[1]</sp:XPath>"),
            "XPath",
            Outcome::NotUnderstood,
        ),
        (parts("SignedParts", "<sp:Foot/>"), "Foot", Outcome::NotUnderstood),
        (
            parts("RequiredParts", "<sp:Header Namespace='urn:a'/>"),
            "Header",
            Outcome::NotUnderstood,
        ),
        (
            parts("RequiredParts", "<sp:Header Name='a b' Namespace='urn:a'/>"),
            "Header",
            Outcome::NotUnderstood,
        ),
        (
            parts("SignedParts", "<sp:Header Name='a}b{' Namespace='urn:a'/>"),
            "Header",
            Outcome::NotUnderstood,
        ),
        (
            parts("EncryptedParts", "<sp:Header Name='a:b' Namespace='urn:a'/>"),
            "Header",
            Outcome::NotUnderstood,
        ),
        (
            asymmetric("<sp:IncludeTimestamp><t:More/></sp:IncludeTimestamp>"),
            "t:More",
            Outcome::NotUnderstood,
        ),
        (
            "<sp:TransportBinding><wsp:Policy><sp:TransportToken><wsp:Policy><sp:HttpsToken><wsp:Policy>\
             <sp:RequireClientCertificate/></wsp:Policy></sp:HttpsToken></wsp:Policy></sp:TransportToken>\
             </wsp:Policy></sp:TransportBinding>"
                .to_owned(),
            "RequireClientCertificate",
            Outcome::NotEnforced,
        ),
    ] {
        let one = imported(&fragment, Profile::Bsp11);
        assert!(
            outcomes(&one, name).contains(&outcome),
            "{fragment}: {:?}",
            one.entries
        );
        assert!(!one.is_whole(), "{fragment}");
    }
    let attribute = imported(&asymmetric("<sp:IncludeTimestamp more='1'/>"), Profile::Bsp11);
    assert!(outcomes(&attribute, "IncludeTimestamp").contains(&Outcome::NotUnderstood));
    let elsewhere = policies(&wsdl("<wsp:PolicyAttachment/>", &asymmetric("")), Profile::Bsp11).unwrap();
    assert_eq!(
        outcomes(&elsewhere[0], "PolicyAttachment"),
        [Outcome::NotUnderstood]
    );
    let ignorable = imported("<t:Unheard wsp:Ignorable='true'/>", Profile::Bsp11);
    assert_eq!(outcomes(&ignorable, "t:Unheard"), [Outcome::Noted]);
}

#[test]
fn what_a_profile_forbids_is_told_where_it_is_stated() {
    let wss = |option: &str| {
        format!(
            "{}<sp:Wss11><wsp:Policy><sp:{option}/></wsp:Policy></sp:Wss11>",
            asymmetric("<sp:IncludeTimestamp/>")
        )
    };
    for (fragment, name, outcome) in [
        (
            wss("MustSupportRefExternalURI"),
            "MustSupportRefExternalURI",
            Outcome::NotPermitted,
        ),
        (
            wss("MustSupportRefIssuerSerial"),
            "MustSupportRefIssuerSerial",
            Outcome::NotPermitted,
        ),
        (
            wss("MustSupportRefThumbprint"),
            "MustSupportRefThumbprint",
            Outcome::Noted,
        ),
        (
            wss("RequireSignatureConfirmation"),
            "RequireSignatureConfirmation",
            Outcome::Taken,
        ),
        (asymmetric(""), "AsymmetricBinding", Outcome::NotPermitted),
        (
            "<sp:TransportBinding/>".to_owned(),
            "TransportBinding",
            Outcome::NotPermitted,
        ),
        ("<sp:Trust13/>".to_owned(), "wsdl:binding", Outcome::NotPermitted),
    ] {
        let one = imported(&fragment, Profile::Strict);
        assert!(
            outcomes(&one, name).contains(&outcome),
            "{fragment}: {:?}",
            one.entries
        );
    }
}
