use bytes::Bytes;

use crate::soap::AddressingVersion;
use crate::soap::Envelope;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::escape_text;

/// `envelope` with a `wsa:RelatesTo` of the message `message_id` as its first header block. Everything else stays as it is.
pub(super) fn with_relates_to(envelope: &Envelope, version: AddressingVersion, message_id: &str) -> Bytes {
    let block = format!(
        "<wsa:RelatesTo xmlns:wsa=\"{}\">{}</wsa:RelatesTo>",
        version.namespace().uri(),
        escape_text(message_id)
    );
    let bytes = envelope.document().bytes();
    let (from, to, text) = match envelope.header() {
        None => {
            let root = envelope.root();
            let colon = if root.prefix().is_empty() { "" } else { ":" };
            let name = format!("{}{colon}Header", root.prefix());
            let at = root.content_span().start;
            (at, at, format!("<{name}>{block}</{name}>"))
        }
        Some(header) => {
            let end = header.span().end;
            let slash = end.saturating_sub(2);
            if bytes.get(slash..end) == Some(b"/>") {
                (slash, end, format!(">{block}</{}>", header.name()))
            } else {
                let at = header.content_span().start;
                (at, at, block)
            }
        }
    };
    let before = bytes.get(..from).unwrap_or_default();
    let after = bytes.get(to..).unwrap_or_default();
    [before, text.as_bytes(), after].concat().into()
}

/// The RelatesTo blocks that `envelope` has, with their versions of WS-Addressing; a text that is none has no value.
pub(super) fn relates_to(
    envelope: &Envelope,
) -> impl Iterator<Item = (AddressingVersion, Option<String>)> + '_ {
    let blocks = envelope.header_blocks().map(|block| block.element());
    blocks.filter(|block| is_relates_to(*block)).filter_map(|block| {
        let text = || block.text().ok().map(|text| text.value.trim().to_owned());
        addressing_version(block).map(|version| (version, text()))
    })
}

pub(super) fn is_relates_to(block: Element<'_>) -> bool {
    addressing_version(block).is_some() && block.local_name() == "RelatesTo"
}

/// The version of WS-Addressing that `block` is of.
pub(super) fn addressing_version(block: Element<'_>) -> Option<AddressingVersion> {
    match block.namespace_id() {
        Namespace::WSA => Some(AddressingVersion::Wsa10),
        Namespace::WSA2004 => Some(AddressingVersion::Wsa200408),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Limits;

    #[test]
    fn the_block_comes_first_wherever_headers_stand() {
        let soap = Namespace::SOAP11.uri();
        let wsa = Namespace::WSA.uri();
        let block = format!("<wsa:RelatesTo xmlns:wsa=\"{wsa}\">a&lt;b</wsa:RelatesTo>");
        for (before, after) in [
            ("<s:Body/>", format!("<s:Header>{block}</s:Header><s:Body/>")),
            (
                "<s:Header/><s:Body/>",
                format!("<s:Header>{block}</s:Header><s:Body/>"),
            ),
            (
                "<s:Header ></s:Header><s:Body/>",
                format!("<s:Header >{block}</s:Header><s:Body/>"),
            ),
            (
                "\n<s:Header>\n<h xmlns='urn:h'/></s:Header><s:Body/>",
                format!("\n<s:Header>{block}\n<h xmlns='urn:h'/></s:Header><s:Body/>"),
            ),
        ] {
            let text = |content: &str| {
                format!("<?xml version='1.0'?><s:Envelope xmlns:s='{soap}'>{content}</s:Envelope>\n")
            };
            let envelope = Envelope::parse(text(before).into(), &Limits::default()).unwrap();
            let written = with_relates_to(&envelope, AddressingVersion::Wsa10, "a<b");
            assert_eq!(written, text(&after));
            let read = Envelope::parse(written, &Limits::default()).unwrap();
            let found: Vec<_> = relates_to(&read).collect();
            assert_eq!(found, [(AddressingVersion::Wsa10, Some("a<b".to_owned()))]);
        }
        let text = format!("<Envelope xmlns='{soap}'><Body/></Envelope>");
        let envelope = Envelope::parse(text.into(), &Limits::default()).unwrap();
        let written = with_relates_to(&envelope, AddressingVersion::Wsa10, "x");
        assert_eq!(
            relates_to(&Envelope::parse(written, &Limits::default()).unwrap()).count(),
            1
        );
    }
}
