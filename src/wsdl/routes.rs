use super::error::{Error, ErrorKind};
use super::names::{WSDL_SOAP, expanded, is_wsdl};
use super::service::{Place, Port, Wsdl, children};
use super::{OPERATIONS, Wanted};
use crate::soap::QName;
use crate::xml::Element;

/// What a gateway's route needs to know of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Served {
    /// The URL of HTTP that the service is called at; `None` for a binding that no port has, or where the address is none.
    pub location: Option<String>,
    /// What may be asked for, each once.
    pub operations: Vec<Requested>,
    /// Operations that cannot be told from each other or from none by the body, and addresses that are no URL of HTTP; why.
    pub unclear: Vec<(Place, &'static str)>,
}

/// An operation, as its requests name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requested {
    /// SOAPAction, or the action of WS-Addressing where there is no SOAPAction.
    pub action: Option<String>,
    /// The element in the Body.
    pub body: QName,
}

impl Wsdl {
    /// What is served at each URL, as far as ports and operations are `wanted`.
    ///
    /// # Errors
    /// [`Error`]: nothing is called so, or there are too many operations.
    pub fn served(&self, wanted: &Wanted) -> Result<Vec<Served>, Error> {
        let mut all: Vec<Served> = Vec::new();
        let mut count: usize = 0;
        for port in self.wanted_ports(wanted)? {
            let address = port.around.last().and_then(|port| location(*port));
            let location = address.clone().filter(|url| is_http(url));
            let no_url = address.is_some() && location.is_none();
            let place = all.iter().position(|served| served.location == location);
            let mut served = place.map_or_else(
                || Served {
                    location,
                    operations: Vec::new(),
                    unclear: Vec::new(),
                },
                |place| all.remove(place),
            );
            if let (true, Some(port)) = (no_url, port.around.last()) {
                let why = "its address is no URL of HTTP";
                served.unclear.push((self.place(*port), why));
            }
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
                    Ok(requested) if served.operations.contains(&requested) => {}
                    Ok(requested) => served.operations.push(requested),
                    Err(why) => served.unclear.push((self.place(operation), why)),
                }
            }
            all.push(served);
        }
        if count == 0 {
            let kind = ErrorKind::NoOperation(wanted.operation.clone());
            return Err(Error::nowhere(kind));
        }
        Ok(all)
    }

    fn requested<'d>(&'d self, port: &Port<'d>, operation: Element<'d>) -> Result<Requested, &'static str> {
        let abstractly = self.abstract_operations(port, operation);
        let input = abstractly
            .iter()
            .find_map(|operation| children(*operation, "input").next());
        let input = input.ok_or("its port type is in no file, or has no input for it; see --import")?;
        let of_soap = extension(operation, "operation");
        let soap_action = of_soap.and_then(|element| element.attribute("soapAction"));
        let soap_action = soap_action.filter(|action| !action.is_empty());
        let addressing = input.attributes().find(|attribute| {
            attribute.local_name() == "Action" && ADDRESSING.contains(&attribute.namespace())
        });
        let addressing = addressing.map(|attribute| attribute.value());
        if let (Some(one), Some(other)) = (&soap_action, &addressing)
            && one != other
        {
            return Err("its SOAPAction and its action of WS-Addressing differ, and a route has one action");
        }
        let action = soap_action.or(addressing).map(|action| action.into_owned());
        let style = |element: Option<Element<'_>>| element?.attribute("style").map(|style| style == "rpc");
        let is_rpc = style(of_soap)
            .or_else(|| style(extension(port.binding, "binding")))
            .unwrap_or(false);
        let bound = children(operation, "input")
            .next()
            .and_then(|input| extension(input, "body"));
        let body = if is_rpc {
            let namespace = bound.and_then(|body| body.attribute("namespace"));
            QName {
                namespace: namespace.unwrap_or_default().into_owned(),
                local: operation.attribute("name").unwrap_or_default().into_owned(),
            }
        } else {
            self.document_body(input, bound)?
        };
        Ok(Requested { action, body })
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

/// The namespaces of the attribute Action on an input (WS-Addressing 1.0 Metadata §4.4.1, and the draft before it).
const ADDRESSING: [&str; 2] = [
    "http://www.w3.org/2007/05/addressing/metadata",
    "http://www.w3.org/2006/05/addressing/wsdl",
];

fn location(port: Element<'_>) -> Option<String> {
    let address = extension(port, "address").filter(|_| is_wsdl(port, "port"))?;
    address
        .attribute("location")
        .map(|location| location.into_owned())
}

fn is_http(url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let known = ["http", "https"];
    known.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !rest.is_empty()
}

/// The child of `element` that SOAP in WSDL 1.1 calls `local`.
fn extension<'d>(element: Element<'d>, local: &str) -> Option<Element<'d>> {
    let mut children = element.children();
    children.find(|child| child.local_name() == local && WSDL_SOAP.contains(&child.namespace()))
}
