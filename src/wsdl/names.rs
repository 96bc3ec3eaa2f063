use crate::xml::Element;

/// WSDL 1.1.
pub(super) const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";

/// SOAP 1.1 and 1.2 in WSDL 1.1.
pub(super) const WSDL_SOAP: [&str; 2] = [
    "http://schemas.xmlsoap.org/wsdl/soap/",
    "http://schemas.xmlsoap.org/wsdl/soap12/",
];

/// The suites with AES in GCM that CXF knows.
pub(super) const CXF: &str = "http://cxf.apache.org/custom/security-policy";

/// WS-Policy 1.2, a draft of 1.5 that stacks wrote, and 1.5.
const POLICY: [&str; 3] = [
    "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "http://www.w3.org/2006/07/ws-policy",
    "http://www.w3.org/ns/ws-policy",
];

/// WS-SecurityPolicy 1.1; 1.2 and 1.3; what 1.3 added.
const SECURITY_POLICY: [&str; 3] = [
    "http://schemas.xmlsoap.org/ws/2005/07/securitypolicy",
    "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702",
    "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200802",
];

/// Assertions of other specifications that no message has to prove anything for.
const HARMLESS: [(&str, &str); 5] = [
    ("http://www.w3.org/2007/05/addressing/metadata", "Addressing"),
    ("http://www.w3.org/2006/05/addressing/wsdl", "UsingAddressing"),
    ("http://www.w3.org/2006/02/addressing/wsdl", "UsingAddressing"),
    (
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/policy",
        "UsingAddressing",
    ),
    (
        "http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization",
        "OptimizedMimeSerialization",
    ),
];

/// Whether `namespace` is one of WS-Policy.
pub(super) fn is_policy(namespace: &str) -> bool {
    POLICY.contains(&namespace)
}

/// Whether `namespace` is one of WS-SecurityPolicy.
pub(super) fn is_security_policy(namespace: &str) -> bool {
    SECURITY_POLICY.contains(&namespace)
}

/// Whether `element` is called `local` in WS-Policy.
pub(super) fn is_policy_element(element: Element<'_>, local: &str) -> bool {
    is_policy(element.namespace()) && element.local_name() == local
}

/// Whether `element` is called `local` in WSDL.
pub(super) fn is_wsdl(element: Element<'_>, local: &str) -> bool {
    element.namespace() == WSDL && element.local_name() == local
}

/// Whether `element` is an assertion that no message has to prove anything for.
pub(super) fn is_harmless(element: Element<'_>) -> bool {
    HARMLESS.contains(&(element.namespace(), element.local_name()))
}

/// Whether the attribute `local` of WS-Policy is true on `element`.
pub(super) fn policy_flag(element: Element<'_>, local: &str) -> bool {
    element.attributes().any(|attribute| {
        is_policy(attribute.namespace())
            && attribute.local_name() == local
            && matches!(attribute.value().trim(), "true" | "1")
    })
}

/// What the QName `value` means on `element`.
pub(super) fn expanded(element: Element<'_>, value: &str) -> (String, String) {
    let (prefix, local) = value.trim().split_once(':').unwrap_or(("", value.trim()));
    let namespace = element.namespace_of(prefix).unwrap_or_default();
    (namespace.to_owned(), local.to_owned())
}
