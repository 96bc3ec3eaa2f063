use std::net::Ipv6Addr;

use http::Uri;

use super::names::{WSDL_SOAP, is_wsdl};
use crate::policy::Destination;
use crate::xml::Element;

/// The URL that `port` is called at, as it is written, and its path.
///
/// # Errors
/// Why there is none that a route can have. Of such an address nothing is taken, and least of all a path.
pub(super) fn address(port: Element<'_>) -> Result<(String, String), &'static str> {
    let location = extension(port, "address")
        .filter(|_| is_wsdl(port, "port"))
        .and_then(|address| address.attribute("location"))
        .ok_or("it has no address of SOAP")?;
    let url: Uri = match location.split_once('#') {
        // What parses a URL drops its fragment.
        Some((before, _)) => before.parse(),
        None => location.parse(),
    }
    .map_err(|_| NO_URL)?;
    let known = matches!(url.scheme_str(), Some("http" | "https"));
    let authority = url.authority().filter(|_| known).ok_or(NO_URL)?;
    if authority.as_str().contains('@') || location.contains(['?', '#']) {
        return Err("its address has user information, a query or a fragment");
    }
    let host = authority.host();
    let has_port = authority.as_str().len() > host.len();
    if !is_host(host) || (has_port && authority.port_u16().is_none()) {
        return Err(NO_URL);
    }
    if !Destination::is_path(url.path()) {
        return Err("its address has a path that no route can have");
    }
    Ok((location.into_owned(), url.path().to_owned()))
}

const NO_URL: &str = "its address is no URL of HTTP";

/// Whether `host` is a name, or an address that is one where it stands in brackets (RFC 3986 §3.2.2).
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|inside| inside.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty(),
    }
}

/// The child of `element` that SOAP in WSDL 1.1 calls `local`.
pub(super) fn extension<'d>(element: Element<'d>, local: &str) -> Option<Element<'d>> {
    let mut children = element.children();
    children.find(|child| child.local_name() == local && WSDL_SOAP.contains(&child.namespace()))
}
