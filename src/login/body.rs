use crate::token::saml::is_message;
use crate::token::saml::is_of_saml;
use crate::token::saml::leniently_decoded;

/// Those of `pairs` that are of SAML, if a message is among them. Whatever else was sent is nobody's business.
pub(super) fn parameters(pairs: &str) -> Option<String> {
    // That two readers may differ is told at the step.
    let of_saml: Vec<&str> = pairs.split('&').filter(|pair| is_of_saml(pair)).collect();
    of_saml
        .iter()
        .any(|pair| is_message(pair))
        .then(|| of_saml.join("&"))
}

/// Whether two ways in which the same fields are recorded have the same of SAML: `fields` as [`form`](crate::har::form) writes them, which
/// may escape what was escaped.
pub(super) fn agree(fields: &str, sent: &str) -> bool {
    let of_saml = |pairs: &str| {
        let pairs = pairs.split('&').filter(|pair| is_of_saml(pair));
        let mut read: Vec<(String, String)> = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (leniently_decoded(name), leniently_decoded(value))
            })
            .collect();
        // Who groups values by name keeps the order of those of one name.
        read.sort_by(|one, other| one.0.cmp(&other.0));
        read
    };
    let (fields, sent) = (of_saml(fields), of_saml(sent));
    let is_same = |(field, sent): (&(String, String), &(String, String))| {
        field.0 == sent.0 && (field.1 == sent.1 || leniently_decoded(&field.1) == sent.1)
    };
    fields.len() == sent.len() && fields.iter().zip(&sent).all(is_same)
}

/// Whether a body that is said to be no form may be one all the same: whatever a text quotes is behind what no form has in a name.
pub(super) fn begins_as_form(body: &str) -> bool {
    let name = body.trim_start().split(['=', '&']).next().unwrap_or_default();
    let never = |character: char| character.is_whitespace() || "\"'<>{}:/?\\".contains(character);
    !name.contains(never)
}

/// Whether a body may hold a message that is not read: one in parts (multipart/form-data) that names one, or a name in another writing
/// (RFC 2231).
pub(super) fn is_in_parts(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    let names = ["samlrequest", "samlresponse", "samlart", "name*"];
    body.contains("content-disposition") && names.iter().any(|name| body.contains(name))
}
