use std::borrow::Cow;

use crate::soap::Envelope;
use crate::soap::HeaderBlock;
use crate::soap::Roles;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::Multiple;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::quoted;

/// The one Security header for us. Two for the same other receiver are refused as well, as it is no use to relay a
/// message that its next receiver must refuse.
pub(super) fn find<'d>(envelope: &'d Envelope, roles: &Roles) -> Result<Element<'d>, Error> {
    let security = |block: &HeaderBlock<'_>| block.element().is(Namespace::WSSE, "Security");
    let named = |block: HeaderBlock<'_>| block.role().map(Cow::into_owned);
    let mut ours: Option<HeaderBlock<'d>> = None;
    let mut others = Vec::new();
    for block in envelope.header_blocks().filter(security) {
        let multiple = if block.targets(roles) {
            let first = ours.replace(block);
            first.map(|first| Multiple::Ours([named(first), named(block)]))
        } else {
            let role = block.role();
            let twice = others.contains(&role);
            others.push(role);
            let many = others.len() > MOST_RECEIVERS;
            if twice {
                Some(Multiple::Same(named(block).unwrap_or_default()))
            } else {
                many.then_some(Multiple::TooMany(MOST_RECEIVERS))
            }
        };
        if let Some(multiple) = multiple {
            return Err(Error::at(ErrorKind::MultipleHeaders(multiple), block.element()));
        }
    }
    let ours = ours.map(|block| block.element());
    ours.ok_or_else(|| {
        let others = others
            .iter()
            .map(|role| quoted(role.as_deref().unwrap_or_default()));
        let others = others.collect();
        let place = envelope.header().unwrap_or(envelope.root());
        Error::at(ErrorKind::HeaderMissing { others }, place)
    })
}

/// More receivers than a message passes by, each with its own Security header.
pub(super) const MOST_RECEIVERS: usize = 16;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Limits;

    #[test]
    fn it_is_said_whom_two_headers_are_for() {
        let roles = Roles::new(vec!["urn:us".to_owned()]);
        let said = |blocks: &[&str]| {
            let blocks: String = blocks
                .iter()
                .map(|actor| format!("<w:Security xmlns:w='{}' {actor}/>", Namespace::WSSE.uri()))
                .collect();
            let soap = Namespace::SOAP11.uri();
            let text =
                format!("<s:Envelope xmlns:s='{soap}'><s:Header>{blocks}</s:Header><s:Body/></s:Envelope>");
            let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
            find(&envelope, &roles).unwrap_err().to_string()
        };
        let (us, other) = ("s:actor='urn:us'", "s:actor='urn:other'");
        for (blocks, expected) in [
            (
                ["", us],
                "two Security headers are for us, one for the last receiver and one for \"urn:us\"",
            ),
            ([other, other], "two Security headers are for \"urn:other\""),
        ] {
            assert_eq!(said(&blocks), expected);
        }
        let many: Vec<String> = (0..=MOST_RECEIVERS)
            .map(|n| format!("s:actor='urn:{n}'"))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            said(&many),
            "Security headers are for more than 16 other receivers"
        );
    }
}
