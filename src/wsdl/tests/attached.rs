use super::*;

#[test]
fn a_policy_is_found_by_id_by_name_and_in_files_that_were_given() {
    let reference = "<wsp:PolicyReference URI='#p'/>";
    let policy =
        |id: &str| format!("<wsp:Policy {id}><sp:SignedParts><sp:Body/></sp:SignedParts></wsp:Policy>");
    let whole = wsdl(&policy("wsu:Id='p'"), reference);
    assert_eq!(
        outcomes(&policies(&whole, Profile::Bsp11).unwrap()[0], "sp:Body"),
        [Outcome::Taken]
    );
    let named = wsdl(&policy("Name='urn:p'"), "<wsp:PolicyReference URI='urn:p'/>");
    assert_eq!(
        outcomes(&policies(&named, Profile::Bsp11).unwrap()[0], "sp:Body"),
        [Outcome::Taken]
    );
    for missing in [
        reference,
        "<wsp:PolicyReference URI='urn:p'/>",
        "<wsp:PolicyReference URI='p.xml#p'/>",
    ] {
        let error = policies(&wsdl("<t:Policy wsu:Id='p'/>", missing), Profile::Bsp11).unwrap_err();
        assert_eq!(
            (error.code(), error.place().unwrap().file),
            ("wsdl.policy_missing", 0),
            "{missing}"
        );
    }
    let other = format!("{START}{}</wsdl:definitions>", policy("wsu:Id='p'"));
    let outside = wsdl("", "<wsp:PolicyReference URI='p.xml#p'/>");
    let read = |imports: Vec<String>| {
        let imports = imports.into_iter().map(|text| ("p.xml".to_owned(), text.into()));
        let read = Wsdl::read(outside.clone().into(), imports).unwrap();
        read.policies(&Profile::Bsp11.policy(), &Wanted::default())
    };
    let body = read(vec![other.clone()]).unwrap().remove(0);
    assert_eq!(body.entries.last().unwrap().place.file, 1);
    assert_eq!(
        read(vec![other.clone(), other]).unwrap_err().code(),
        "wsdl.policy_missing"
    );
}

#[test]
fn what_is_attached_to_any_subject_of_a_request_counts() {
    let policy = |local: &str| {
        format!(
            "<wsp:Policy><sp:SignedParts><sp:Header Name='{local}' Namespace='urn:a'/></sp:SignedParts></wsp:Policy>"
        )
    };
    let text = format!(
        "{START}<wsp:Policy wsu:Id='g'>{}</wsp:Policy><wsdl:message name='M'>{}</wsdl:message>\
         <wsdl:portType name='P' wsp:PolicyURIs='#g'><wsdl:operation name='O'>{}<wsdl:input message='t:M'>{}</wsdl:input>\
         </wsdl:operation></wsdl:portType><wsdl:binding name='B' type='t:P'><soap:binding/>{}<wsdl:operation name='O'>{}\
         <wsdl:input>{}</wsdl:input></wsdl:operation></wsdl:binding>\
         <wsdl:service name='S'>{}<wsdl:port name='Q' binding='t:B'>{}</wsdl:port></wsdl:service></wsdl:definitions>",
        policy("g"),
        policy("a"),
        policy("b"),
        policy("c"),
        policy("d"),
        policy("e"),
        policy("f"),
        policy("h"),
        policy("i"),
    );
    let all = policies(&text, Profile::Bsp11).unwrap();
    assert_eq!((all.len(), all[0].port.as_str()), (1, "Q"));
    for local in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        let part = Part::HeaderIfThere {
            namespace: "urn:a".to_owned(),
            local: local.to_owned(),
        };
        assert!(all[0].policy.signed.contains(&part), "{local}");
    }
    // What cannot be found may have policies.
    for lost in ["<wsdl:message name='N'>", "<wsdl:portType name='N' "] {
        let name = lost.replace("'N'", if lost.contains("message") { "'M'" } else { "'P'" });
        let all = policies(&text.replace(&name, lost), Profile::Bsp11).unwrap();
        assert!(!all[0].is_whole(), "{lost}");
    }
}

#[test]
fn an_optional_assertion_makes_two_alternatives() {
    let optional = "<sp:Trust13 wsp:Optional='true'/>";
    assert_eq!(policies(&wsdl("", optional), Profile::Bsp11).unwrap().len(), 2);
    let nested = asymmetric("<wsp:ExactlyOne><sp:IncludeTimestamp/><sp:ProtectTokens/></wsp:ExactlyOne>");
    assert_eq!(policies(&wsdl("", &nested), Profile::Bsp11).unwrap().len(), 2);
    let none = policies(&wsdl("", "<wsp:ExactlyOne/>"), Profile::Bsp11).unwrap_err();
    assert_eq!(none.code(), "wsdl.no_alternative");
}

#[test]
fn what_is_no_policy_is_refused() {
    for (further, policy, code) in [
        (
            "<wsp:Policy wsu:Id='p'><wsp:PolicyReference URI='#p'/></wsp:Policy>",
            "<wsp:PolicyReference URI='#p'/>",
            "wsdl.circular_policy",
        ),
        ("", "<wsp:OneOrMore/>", "wsdl.unknown_operator"),
    ] {
        assert_eq!(
            policies(&wsdl(further, policy), Profile::Bsp11)
                .unwrap_err()
                .code(),
            code
        );
    }
    let without = wsdl("", "").replace("<wsp:Policy></wsp:Policy>", "");
    assert_eq!(
        policies(&without, Profile::Bsp11).unwrap_err().code(),
        "wsdl.no_policy"
    );
    let http = wsdl("", "").replace("<soap:binding/>", "");
    assert_eq!(
        policies(&http, Profile::Bsp11).unwrap_err().code(),
        "wsdl.no_port"
    );
    let code = |text: &'static str| Wsdl::read(text.into(), []).unwrap_err().code();
    assert_eq!(code("<definitions/>"), "wsdl.not_wsdl");
    assert_eq!(code("<!DOCTYPE a><a/>"), "xml.dtd");
}

#[test]
fn a_reference_without_an_id_is_to_the_file_of_that_name() {
    let alone = |root: &str| {
        format!(
            "<wsp:{root} xmlns:wsp='http://www.w3.org/ns/ws-policy' \
             xmlns:sp='http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702'><sp:SignedParts><sp:Body/></sp:SignedParts></wsp:{root}>"
        )
    };
    let read = |uri: &str, imports: &[(&str, String)]| {
        let imports = imports
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.clone().into()));
        let text = wsdl("", &format!("<wsp:PolicyReference URI='{uri}'/>"));
        let wsdl = Wsdl::read(text.into(), imports).unwrap();
        let all = wsdl.policies(&Profile::Bsp11.policy(), &Wanted::default());
        all.map(|all| outcomes(&all[0], "sp:Body"))
    };
    let policy = || alone("Policy");
    for (uri, name) in [
        ("p.xml", "p.xml"),
        ("http://h/policies/p.xml", "p.xml"),
        ("p.xml", "saved/p.xml"),
    ] {
        assert_eq!(read(uri, &[(name, policy())]).unwrap(), [Outcome::Taken], "{uri}");
    }
    for imports in [
        vec![("q.xml", policy())],
        vec![("p.xml", alone("All"))],
        vec![("a/p.xml", policy()), ("b/p.xml", policy())],
    ] {
        let error = read("p.xml", &imports).unwrap_err();
        assert_eq!(error.code(), "wsdl.policy_missing", "{imports:?}");
    }
}

#[test]
fn an_import_that_was_not_given_is_named_where_a_port_is_missing() {
    let import = "<wsdl:import namespace='urn:a' location='http://h/s?wsdl=wsdl0'/>";
    let split = format!(
        "{START}{import}<wsdl:service name='S'><wsdl:port name='P' binding='t:B'/></wsdl:service></wsdl:definitions>"
    );
    let error = |text: &str, imports: &[String]| {
        let imports = imports
            .iter()
            .map(|text| ("a.wsdl".to_owned(), text.clone().into()));
        let wsdl = Wsdl::read(text.to_owned().into(), imports).unwrap();
        wsdl.policies(&Profile::Bsp11.policy(), &Wanted::default())
            .unwrap_err()
    };
    let missing = error(&split, &[]);
    assert_eq!(
        (missing.code(), missing.place().unwrap().file),
        ("wsdl.no_port", 0)
    );
    assert!(missing.to_string().contains("http://h/s?wsdl=wsdl0"), "{missing}");
    let given = format!(
        "{}</wsdl:definitions>",
        START.replace("targetNamespace='urn:t'", "targetNamespace='urn:a'")
    );
    let without_port = error(&split, &[given]);
    assert!(!without_port.to_string().contains("--import"), "{without_port}");
}
