use super::EmbeddedToken;
use super::SamlVersion;
use super::unadorned;
use crate::token::x509::Encoding;
use crate::token::x509::X509Token;
use crate::wss::Deviation;
use crate::wss::Error;
use crate::wss::Rule;
use crate::xml::Element;
use crate::xml::Namespace;

/// Reads `wsse:Embedded` (WSS 1.1 §7.4).
pub(super) fn read<'d>(
    element: Element<'d>,
    deviations: &mut Vec<Deviation>,
) -> Result<EmbeddedToken<'d>, Error> {
    const ONE_TOKEN: &str = "BSP 1.1 R3060";
    unadorned(element, &["ValueType"])?;
    if element.stray_text().is_some() {
        return Err(Error::reference(element, "text stands in Embedded", ONE_TOKEN));
    }
    let mut children = element.children();
    let (Some(token), None) = (children.next(), children.next()) else {
        return Err(Error::reference(
            element,
            "Embedded does not hold one token",
            ONE_TOKEN,
        ));
    };
    let (found, kind) = if token.is(Namespace::WSSE, "BinarySecurityToken") {
        let found = X509Token::read(token)?;
        if found.encoding() == Encoding::Implied {
            Deviation::note(deviations, Rule::TokenEncodingType, token);
        }
        let kind = found.value_type().uri();
        (EmbeddedToken::X509(found), kind)
    } else if let Some(version) = SamlVersion::of(token) {
        (EmbeddedToken::Assertion(version, token), version.token_type())
    } else {
        let why = "Embedded holds something other than a token that is read";
        return Err(Error::reference_value(token, why, "BSP 1.1 R3056", token.name()));
    };
    match element.attribute("ValueType") {
        Some(value_type) if value_type != kind => {
            let why = "Embedded says another ValueType than its token has";
            Err(Error::reference_value(element, why, "WSS 1.1 §7.4", &value_type))
        }
        _ => Ok(found),
    }
}
