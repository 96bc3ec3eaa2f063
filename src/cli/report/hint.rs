/// What helps most often with a refusal of this code, or what a warning of this name means; none where we do not
/// know better than the message.
pub(super) fn for_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "dsig.digest_mismatch" => {
            "this element is not what was signed; look between signer and here for what re-indents, \
             re-encodes or rewrites XML"
        }
        "dsig.signature_mismatch" => {
            "SignedInfo is not what was signed, or another key signed it; compare the signer above with the \
             partner's certificate"
        }
        "dsig.missing" => "nothing here is signed",
        "trust.no_anchor" => "name whom you trust: --trust FILE, with a CA or the signer's certificate",
        "xml.dtd" => "a DOCTYPE is never read; remove it where the message is made, before it is signed",
        _ => return None,
    })
}

/// What a warning of this name means.
pub(super) fn for_warning(name: &str) -> Option<&'static str> {
    Some(match name {
        "unconstrained_ca" => "whomever this CA certifies may sign",
        _ => return None,
    })
}
