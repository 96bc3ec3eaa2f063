use std::borrow::Cow;

use crate::soap::Envelope;
use crate::soap::HeaderBlock;
use crate::soap::Roles;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::quoted;

/// The one Security header for us. Two for the same other receiver are refused as well, as it is no use to relay a
/// message that its next receiver must refuse.
pub(super) fn find<'d>(envelope: &'d Envelope, roles: &Roles) -> Result<Element<'d>, Error> {
    let security = |block: &HeaderBlock<'_>| block.element().is(Namespace::WSSE, "Security");
    let mut ours = None;
    let mut others = Vec::new();
    for block in envelope.header_blocks().filter(security) {
        let twice = if block.targets(roles) {
            ours.replace(block.element()).is_some()
        } else {
            let role = block.role();
            let twice = others.contains(&role);
            others.push(role);
            twice
        };
        if twice || others.len() > MOST_RECEIVERS {
            let role = block.role().map(Cow::into_owned);
            return Err(Error::at(ErrorKind::MultipleHeaders { role }, block.element()));
        }
    }
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
