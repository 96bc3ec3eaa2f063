use super::*;

/// What is served at ports, each with what stands in it and the elements that it may be asked for.
fn served(ports: &[(&str, &[&str])]) -> Vec<Served> {
    let (mut text, mut service) = (START.to_owned(), String::new());
    for (index, (inside, operations)) in ports.iter().enumerate() {
        let (mut abstractly, mut bound) = (String::new(), String::new());
        for name in *operations {
            text.push_str(&format!(
                "<wsdl:message name='{name}{index}'><wsdl:part name='p' element='t:{name}'/></wsdl:message>"
            ));
            abstractly.push_str(&format!(
                "<wsdl:operation name='{name}'><wsdl:input message='t:{name}{index}'/></wsdl:operation>"
            ));
            bound.push_str(&format!(
                "<wsdl:operation name='{name}'><soap:operation soapAction='urn:{name}'/><wsdl:input><soap:body/></wsdl:input></wsdl:operation>"
            ));
        }
        text.push_str(&format!(
            "<wsdl:portType name='P{index}'>{abstractly}</wsdl:portType>\
             <wsdl:binding name='B{index}' type='t:P{index}'><soap:binding/>{bound}</wsdl:binding>"
        ));
        service.push_str(&format!(
            "<wsdl:port name='p{index}' binding='t:B{index}'>{inside}</wsdl:port>"
        ));
    }
    let text = format!("{text}<wsdl:service name='S'>{service}</wsdl:service></wsdl:definitions>");
    let wsdl = Wsdl::read(text.into(), []).unwrap();
    wsdl.served(&Wanted::default()).unwrap()
}

/// The path of each route, and the elements of its operations.
fn routes(served: &[Served]) -> Vec<(&str, Vec<&str>)> {
    let mut routes = Vec::new();
    for served in served {
        let bodies = served.operations.iter().map(|one| one.body.local.as_str());
        routes.push((served.path.as_str(), bodies.collect()));
    }
    routes
}

fn unclear(served: &[Served]) -> Vec<&'static str> {
    let all = served.iter().flat_map(|served| &served.unclear);
    all.map(|(_, why)| *why).collect()
}

const G: &str = "<soap:address location='http://g/p'/>";
const H: &str = "<soap:address location='http://h/p'/>";

#[test]
fn what_all_ports_of_one_url_serve_is_compared_with_other_urls_of_its_path() {
    for ports in [
        [(G, &["Read"][..]), (H, &["Read"]), (G, &["Adm"])],
        [(G, &["Read"]), (G, &["Adm"]), (H, &["Read"])],
        [(H, &["Read"]), (G, &["Read"]), (G, &["Read", "Adm"])],
    ] {
        let served = served(&ports);
        assert_eq!(
            unclear(&served),
            ["its address has the path of another, and its operations are not the same"]
        );
        assert_eq!(served.len(), 1);
    }
    let same = served(&[(G, &["Read"]), (H, &["Adm", "Read"]), (G, &["Adm"])]);
    assert_eq!(unclear(&same), [""; 0]);
    assert_eq!(routes(&same), [("/p", vec!["Read", "Adm"])]);
}

#[test]
fn a_port_without_a_soap_address_is_not_clear_and_in_no_other_route() {
    for inside in [
        "",
        "<soap:address/>",
        "<http:address xmlns:http='http://schemas.xmlsoap.org/wsdl/http/' location='http://h/'/>",
    ] {
        let root = "<soap:address location='http://h/'/>";
        for ports in [
            [(root, &["Read"][..]), (inside, &["Adm"])],
            [(inside, &["Adm"]), (root, &["Read"])],
        ] {
            let served = served(&ports);
            assert_eq!(unclear(&served), ["it has no address of SOAP"], "{inside}");
            assert_eq!(
                routes(&served),
                [("/", vec!["Read"]), ("/", vec!["Adm"])],
                "{inside}"
            );
        }
    }
}

#[test]
fn an_address_is_a_url_of_a_host_and_a_path_and_nothing_else() {
    const NO_URL: &str = "its address is no URL of HTTP";
    const MORE: &str = "its address has user information, a query or a fragment";
    for (address, why) in [
        ("REPLACE_WITH_ACTUAL_URL", NO_URL),
        ("/p", NO_URL),
        ("h:80", NO_URL),
        ("jms:queue:orders", NO_URL),
        ("ftp://h/p", NO_URL),
        ("http://", NO_URL),
        ("http:///p", NO_URL),
        ("http://:80/p", NO_URL),
        ("http:// h/p", NO_URL),
        ("http://\u{202e}h/p", NO_URL),
        ("http://[::1/p", NO_URL),
        ("http://[]/p", NO_URL),
        ("http://[h]/p", NO_URL),
        ("http://h:/p", NO_URL),
        ("http://h:99999/p", NO_URL),
        ("http://u:p@h/p", MORE),
        ("http://h?/p", MORE),
        ("http://?/p", NO_URL),
        ("http://h#/p", MORE),
        ("http://h/p?wsdl", MORE),
        ("http://h/p#", MORE),
        ("http://h/a%20b", "its address has a path that no route can have"),
    ] {
        let inside = format!("<soap:address location='{address}'/>");
        let served = served(&[(H, &["Read"]), (&inside, &["Adm"])]);
        assert_eq!(unclear(&served), [why], "{address}");
        assert_eq!(
            routes(&served),
            [("/p", vec!["Read"]), ("/", vec!["Adm"])],
            "{address}"
        );
        assert_eq!(served[1].locations, [""; 0], "{address}");
    }
    for address in ["https://h:8443/p", "HTTP://h/p", "http://[::1]:80/p"] {
        let inside = format!("<soap:address location='{address}'/>");
        let served = served(&[(&inside, &["Read"])]);
        assert_eq!((unclear(&served).len(), served[0].path.as_str()), (0, "/p"));
        assert_eq!(served[0].locations, [address]);
    }
}

#[test]
fn ports_and_bindings_are_counted_whether_they_have_operations_or_not() {
    let binding = "<wsdl:binding name='B' type='t:P'><soap:binding/></wsdl:binding>";
    let port = "<wsdl:port name='p' binding='t:B'/>";
    for (ports, bindings) in [(4097, 1), (1, 4097)] {
        let text = format!(
            "{START}{}<wsdl:service name='S'>{}</wsdl:service></wsdl:definitions>",
            binding.repeat(bindings),
            port.repeat(ports)
        );
        let wsdl = Wsdl::read(text.into(), []).unwrap();
        let code = wsdl.served(&Wanted::default()).unwrap_err().code();
        assert_eq!(code, "wsdl.too_many_operations");
    }
}
