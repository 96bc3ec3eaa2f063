use super::address::{address, extension};
use super::error::{Error, ErrorKind};
use super::names::{WSDL_SOAP, expanded};
use super::service::{Place, Port, Wsdl, children};
use super::{OPERATIONS, Wanted};
use crate::soap::{QName, is_addressing_action, soap_action};
use crate::xml::Element;

/// What a gateway's route needs to know of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Served {
    /// The path that the service is called at; "/" for a binding that no port has, and for a port whose address is not clear: it is served apart.
    pub path: String,
    /// The URLs with that path, as on other hosts and by other schemes, each once.
    pub locations: Vec<String>,
    /// What may be asked for, each once.
    pub operations: Vec<Requested>,
    /// Operations that cannot be told from each other or from none by the body, or not be named, and addresses that are none, have more than a host
    /// and a path, or share their path with another that has other operations; why.
    pub unclear: Vec<(Place, &'static str)>,
}

/// An operation, as its requests name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requested {
    /// SOAPAction, where it is not empty.
    pub action: Option<String>,
    /// The action of WS-Addressing where there is no SOAPAction: what the WSDL says, or its default (WS-Addressing 1.0 Metadata §4.4.4).
    pub addressing_action: Option<String>,
    /// The element in the Body.
    pub body: QName,
    /// Whether nothing is answered.
    pub one_way: bool,
}

impl Wsdl {
    /// What is served at each URL, as far as ports and operations are `wanted`.
    ///
    /// # Errors
    /// [`Error`]: nothing is called so, or there are too many ports, bindings or operations.
    pub fn served(&self, wanted: &Wanted) -> Result<Vec<Served>, Error> {
        let mut at_urls: Vec<(Place, Served)> = Vec::new();
        let mut apart: Vec<Served> = Vec::new();
        let mut count: usize = 0;
        for port in self.wanted_ports(wanted)? {
            let at = port.around.last().copied();
            let place = self.place(at.unwrap_or(port.binding));
            let address = at.map(address).transpose();
            let (location, path) = address.clone().ok().flatten().unzip();
            let mut here = Served {
                path: path.unwrap_or_else(|| "/".to_owned()),
                locations: location.into_iter().collect(),
                operations: Vec::new(),
                unclear: Vec::new(),
            };
            here.unclear
                .extend(address.as_ref().err().map(|why| (place, *why)));
            for operation in children(port.binding, "operation") {
                let name = operation.attribute("name").unwrap_or_default();
                if wanted.operation.as_ref().is_some_and(|wanted| *wanted != *name) {
                    continue;
                }
                count = count.saturating_add(1);
                if count > OPERATIONS {
                    return Err(Error::new(ErrorKind::TooManyOperations, self.place(operation)));
                }
                match self.requested(&port, operation) {
                    Ok(requested) => here.add(requested, self.place(operation)),
                    Err(why) => here.unclear.push((self.place(operation), why)),
                }
            }
            // What has no such address is in no route with what has one.
            if address.is_err() {
                apart.push(here);
                continue;
            }
            let is_there = |known: &&mut (Place, Served)| known.1.locations == here.locations;
            match at_urls.iter_mut().find(is_there) {
                Some((_, served)) => served.join(here, place),
                None => at_urls.push((place, here)),
            }
        }
        if count == 0 {
            let kind = ErrorKind::NoOperation(wanted.operation.clone());
            return Err(Error::nowhere(kind));
        }
        let mut served = by_path(at_urls);
        served.append(&mut apart);
        Ok(served)
    }

    fn requested<'d>(&'d self, port: &Port<'d>, operation: Element<'d>) -> Result<Requested, &'static str> {
        let abstractly = self.abstract_operations(port, operation);
        let abstractly = abstractly.iter().find_map(|operation| {
            let input = children(*operation, "input").next()?;
            Some((*operation, input))
        });
        let (abstractly, input) =
            abstractly.ok_or("its port type is in no file, or has no input for it; see --import")?;
        let of_soap = extension(operation, "operation");
        let action = of_soap.and_then(|element| element.attribute("soapAction"));
        let action = action.filter(|action| !action.is_empty());
        let addressing = input.attributes().find(|attribute| {
            attribute.local_name() == "Action" && ADDRESSING.contains(&attribute.namespace())
        });
        let addressing = addressing.map(|attribute| attribute.value());
        if let (Some(one), Some(other)) = (&action, &addressing)
            && one != other
        {
            return Err("its SOAPAction and its action of WS-Addressing differ");
        }
        if let Some(action) = &action
            && soap_action(action) != Ok(Some(action.to_string()))
        {
            return Err("its SOAPAction is no URI");
        }
        let addressing_action = match (&action, addressing) {
            (Some(_), _) => None,
            (None, Some(said)) => Some(said.into_owned()),
            (None, None) => Some(default_action(abstractly, input)),
        };
        if addressing_action
            .as_deref()
            .is_some_and(|action| !is_addressing_action(action))
        {
            return Err("its action of WS-Addressing is no IRI");
        }
        let action = action.map(|action| action.into_owned());
        let style = |element: Option<Element<'_>>| element?.attribute("style").map(|style| style == "rpc");
        let is_rpc = style(of_soap)
            .or_else(|| style(extension(port.binding, "binding")))
            .unwrap_or(false);
        let bound = children(operation, "input").next().and_then(soap_body);
        let body = if is_rpc {
            let body = bound.ok_or("its request has not exactly one soap:body")?;
            let namespace = body.attribute("namespace");
            QName {
                namespace: namespace.unwrap_or_default().into_owned(),
                local: operation.attribute("name").unwrap_or_default().into_owned(),
            }
        } else {
            self.document_body(input, bound)?
        };
        if QName::parse(&body.to_string()).as_ref() != Some(&body) {
            return Err("its Body has no name that an element can have");
        }
        Ok(Requested {
            action,
            addressing_action,
            body,
            one_way: children(abstractly, "output").next().is_none(),
        })
    }

    /// The one element that the parts of the message declare for the Body.
    fn document_body<'d>(
        &'d self,
        input: Element<'d>,
        bound: Option<Element<'d>>,
    ) -> Result<QName, &'static str> {
        let message = self.named(input, "message", "message");
        let message = message.ok_or("its message is in no file; see --import")?;
        let listed = bound.and_then(|body| body.attribute("parts"));
        let is_listed = |part: &Element<'_>| {
            let name = part.attribute("name").unwrap_or_default();
            listed
                .as_ref()
                .is_none_or(|listed| listed.split_ascii_whitespace().any(|part| part == name))
        };
        let mut parts = children(message, "part").filter(is_listed);
        let (Some(part), None) = (parts.next(), parts.next()) else {
            return Err("its Body has not exactly one part");
        };
        let element = part
            .attribute("element")
            .ok_or("its Body is of a type, and names no element")?;
        let (namespace, local) = expanded(part, &element);
        Ok(QName { namespace, local })
    }
}

impl Served {
    /// Adds what may be asked for, at `place`, unless nothing tells it from what already may.
    fn add(&mut self, requested: Requested, place: Place) {
        let same = |known: &&Requested| {
            let told =
                known.action.is_some() && requested.action.is_some() && known.action != requested.action;
            known.body == requested.body && !told
        };
        match self.operations.iter().find(same) {
            None => self.operations.push(requested),
            Some(known) if *known == requested => {}
            Some(_) => {
                let why = "another operation has the same Body, and no SOAPAction tells which is meant";
                self.unclear.push((place, why));
            }
        }
    }

    /// Adds what is served at the same URL or path by the port at `place`.
    fn join(&mut self, other: Self, place: Place) {
        for location in other.locations {
            if !self.locations.contains(&location) {
                self.locations.push(location);
            }
        }
        for operation in other.operations {
            self.add(operation, place);
        }
        self.unclear.extend(other.unclear);
    }
}

/// One for each path, of what is served at each URL by all of its ports, the first of which has the place.
fn by_path(at_urls: Vec<(Place, Served)>) -> Vec<Served> {
    let mut routes: Vec<Served> = Vec::new();
    for (place, mut here) in at_urls {
        let Some(route) = routes.iter_mut().find(|route| route.path == here.path) else {
            routes.push(here);
            continue;
        };
        let known = |operation: &Requested| route.operations.contains(operation);
        if route.operations.len() != here.operations.len() || !here.operations.iter().all(known) {
            let why = "its address has the path of another, and its operations are not the same";
            here.unclear.insert(0, (place, why));
        }
        route.join(here, place);
    }
    routes
}

/// The action of an input for which none is said (WS-Addressing 1.0 Metadata §4.4.4; WSDL 1.1 §2.4.5 for the name of the input).
fn default_action(operation: Element<'_>, input: Element<'_>) -> String {
    let port_type = operation.parent();
    let definitions = port_type.and_then(|port_type| port_type.parent());
    let name = |element: Element<'_>| element.attribute("name").unwrap_or_default().into_owned();
    let target = definitions.and_then(|definitions| definitions.attribute("targetNamespace"));
    let target = target.unwrap_or_default();
    let is_urn = target
        .get(..4)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
    let delimiter = if is_urn { ":" } else { "/" };
    let start = match target.ends_with('/') {
        true => target.into_owned(),
        false => format!("{target}{delimiter}"),
    };
    let is_answered = children(operation, "output").next().is_some();
    let input = input.attribute("name").map_or_else(
        || format!("{}{}", name(operation), if is_answered { "Request" } else { "" }),
        |name| name.into_owned(),
    );
    format!(
        "{start}{}{delimiter}{input}",
        port_type.map(name).unwrap_or_default()
    )
}

/// The namespaces of the attribute Action on an input (WS-Addressing 1.0 Metadata §4.4.1, and the draft before it).
const ADDRESSING: [&str; 2] = [
    "http://www.w3.org/2007/05/addressing/metadata",
    "http://www.w3.org/2006/05/addressing/wsdl",
];

/// The one `soap:body` of an input, or of the parts of its MIME package (WSDL 1.1 §5).
fn soap_body(input: Element<'_>) -> Option<Element<'_>> {
    let of_mime =
        |element: Element<'_>, local: &str| element.namespace() == MIME && element.local_name() == local;
    let packages = input
        .children()
        .filter(|child| of_mime(*child, "multipartRelated"));
    let parts = packages.flat_map(|package| package.children().filter(|child| of_mime(*child, "part")));
    let holders = std::iter::once(input).chain(parts);
    let is_body =
        |child: &Element<'_>| child.local_name() == "body" && WSDL_SOAP.contains(&child.namespace());
    let mut bodies = holders.flat_map(|holder| holder.children().filter(is_body));
    let only = bodies.next()?;
    bodies.next().is_none().then_some(only)
}

/// The namespace of MIME in WSDL 1.1.
const MIME: &str = "http://schemas.xmlsoap.org/wsdl/mime/";
