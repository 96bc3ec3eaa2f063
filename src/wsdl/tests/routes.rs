use super::*;

fn requested(operation: &str, input: &str, parts: &str, body: &str) -> Result<Requested, &'static str> {
    let text = format!(
        "{START}<wsdl:message name='M'>{parts}</wsdl:message><wsdl:portType name='P'><wsdl:operation name='O'>\
         <wsdl:input xmlns:wsam='http://www.w3.org/2007/05/addressing/metadata' {input} message='t:M'/></wsdl:operation>\
         </wsdl:portType><wsdl:binding name='B' type='t:P'><soap:binding/><wsdl:operation name='O'><soap:operation {operation}/>\
         <wsdl:input><soap:body {body}/></wsdl:input></wsdl:operation></wsdl:binding></wsdl:definitions>"
    );
    let served = Wsdl::read(text.into(), [])
        .unwrap()
        .served(&Wanted::default())
        .unwrap();
    assert_eq!((served.len(), served[0].locations.as_slice()), (1, &[][..]));
    match served[0].unclear.first() {
        Some((_, why)) => Err(why),
        None => Ok(served[0].operations[0].clone()),
    }
}

#[test]
fn an_operation_is_told_by_its_action_and_the_element_in_its_body() {
    let part = "<wsdl:part name='p' element='t:E'/>";
    let named = |action: Option<&str>, addressing: Option<&str>, body: &str| {
        Ok(Requested {
            action: action.map(str::to_owned),
            addressing_action: addressing.map(str::to_owned),
            body: crate::soap::QName::parse(body).unwrap(),
            one_way: true,
        })
    };
    let soap = "soapAction='urn:s'";
    let addressing = "wsam:Action='urn:a'";
    assert_eq!(
        requested(soap, "", part, ""),
        named(Some("urn:s"), None, "{urn:t}E")
    );
    assert_eq!(
        requested("soapAction=''", addressing, part, ""),
        named(None, Some("urn:a"), "{urn:t}E")
    );
    assert_eq!(
        requested("", "", part, ""),
        named(None, Some("urn:t:P:O"), "{urn:t}E")
    );
    assert_eq!(
        requested(soap, "wsam:Action='urn:s'", part, ""),
        named(Some("urn:s"), None, "{urn:t}E")
    );
    assert!(
        requested(soap, addressing, part, "")
            .unwrap_err()
            .contains("differ")
    );
    let two = format!("{part}<wsdl:part name='q' element='t:F'/>");
    assert!(requested(soap, "", &two, "").unwrap_err().contains("exactly one"));
    assert!(requested(soap, "", "", "").unwrap_err().contains("exactly one"));
    assert_eq!(
        requested(soap, "", &two, "parts='q'"),
        named(Some("urn:s"), None, "{urn:t}F")
    );
    assert!(
        requested(soap, "", "<wsdl:part name='p' type='t:E'/>", "")
            .unwrap_err()
            .contains("type")
    );
    let rpc = "soapAction='urn:s' style='rpc'";
    assert_eq!(
        requested(rpc, "", &two, "namespace='urn:r'"),
        named(Some("urn:s"), None, "{urn:r}O")
    );
}

#[test]
fn ports_at_one_url_are_one_route() {
    let port = |name: &str| {
        format!("<wsdl:port name='{name}' binding='t:B'><soap:address location='http://h/p'/></wsdl:port>")
    };
    let service = format!("<wsdl:service name='S'>{}{}</wsdl:service>", port("A"), port("B"));
    let text = wsdl(&service, "").replace(
        "<wsdl:message name='M'/>",
        "<wsdl:message name='M'><wsdl:part name='p' element='t:E'/></wsdl:message>",
    );
    let served = Wsdl::read(text.into(), [])
        .unwrap()
        .served(&Wanted::default())
        .unwrap();
    assert_eq!((served.len(), served[0].operations.len()), (1, 1));
    assert_eq!(
        (served[0].path.as_str(), served[0].locations.as_slice()),
        ("/p", &["http://h/p".to_owned()][..])
    );
}

#[test]
fn an_action_that_is_not_said_is_that_of_addressing_metadata() {
    let action = |target: &str, operation: &str| {
        let text = format!(
            "<wsdl:definitions xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/' xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' \
             xmlns:t='{target}' targetNamespace='{target}'><wsdl:message name='M'><wsdl:part name='p' element='t:E'/></wsdl:message>\
             <wsdl:portType name='P'><wsdl:operation name='O'>{operation}</wsdl:operation></wsdl:portType><wsdl:binding name='B' type='t:P'>\
             <soap:binding/><wsdl:operation name='O'><soap:operation/><wsdl:input><soap:body/></wsdl:input></wsdl:operation></wsdl:binding>\
             </wsdl:definitions>"
        );
        let served = Wsdl::read(text.into(), []).unwrap();
        let served = served.served(&Wanted::default()).unwrap().remove(0);
        let requested = served.operations.first().cloned().unwrap();
        (requested.addressing_action.unwrap(), requested.one_way)
    };
    let (input, output) = ("<wsdl:input message='t:M'/>", "<wsdl:output message='t:M'/>");
    let both = format!("{input}{output}");
    let named = format!("<wsdl:input name='In' message='t:M'/>{output}");
    for (target, operation, expected) in [
        ("urn:t", both.as_str(), ("urn:t:P:ORequest", false)),
        ("URN:t", input, ("URN:t:P:O", true)),
        ("http://t", &both, ("http://t/P/ORequest", false)),
        ("http://t/", &both, ("http://t/P/ORequest", false)),
        ("http://t/", &named, ("http://t/P/In", false)),
    ] {
        let (action, one_way) = action(target, operation);
        assert_eq!((action.as_str(), one_way), expected);
    }
}

#[test]
fn the_namespace_of_rpc_is_that_of_the_one_soap_body_also_in_a_mime_part() {
    let requested = |input: &str| {
        let text = format!(
            "{START}<wsdl:message name='M'/><wsdl:portType name='P'><wsdl:operation name='O'><wsdl:input message='t:M'/>\
             </wsdl:operation></wsdl:portType><wsdl:binding name='B' type='t:P'><soap:binding style='rpc'/><wsdl:operation name='O'>\
             <wsdl:input xmlns:mime='http://schemas.xmlsoap.org/wsdl/mime/'>{input}</wsdl:input></wsdl:operation></wsdl:binding>\
             </wsdl:definitions>"
        );
        let wsdl = Wsdl::read(text.into(), []).unwrap();
        let served = wsdl.served(&Wanted::default()).unwrap().remove(0);
        let body = served.operations.first().map(|one| one.body.to_string());
        body.ok_or_else(|| served.unclear[0].1)
    };
    let related = |parts: &str| format!("<mime:multipartRelated>{parts}</mime:multipartRelated>");
    let body = "<mime:part><soap:body namespace='urn:n'/></mime:part>";
    let file = "<mime:part><mime:content part='f'/></mime:part>";
    let named = Ok("{urn:n}O".to_owned());
    assert_eq!(requested("<soap:body namespace='urn:n'/>"), named);
    assert_eq!(requested(&related(&format!("{file}{body}"))), named);
    let none = Err("its request has not exactly one soap:body");
    assert_eq!(requested(""), none);
    assert_eq!(requested(&related(file)), none);
    assert_eq!(requested(&related(&body.repeat(2))), none);
    assert_eq!(
        requested(&format!("<soap:body namespace='urn:m'/>{}", related(body))),
        none
    );
}
