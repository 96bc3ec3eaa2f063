//! The text of what is encrypted. Every value is base64, an ID of ours, a URI of ours, or escaped.

use super::encrypt::Portion;
use crate::algorithm::{
    DataEncryptionAlgorithm, DigestAlgorithm, KeyAgreementAlgorithm, KeyDerivationAlgorithm,
    KeyTransportAlgorithm, KeyWrapAlgorithm, MaskGeneration,
};
use crate::crypto::{Oaep, PublicKey, encode_base64};
use crate::xml::{Element, Namespace, escape_attribute};

/// The text of `element`, with every prefix declared that is bound there.
pub(super) fn standalone(element: Element<'_>) -> String {
    let text = element.document().as_str();
    let span = element.span();
    let name_end = span.start.saturating_add(1).saturating_add(element.name().len());
    let own: Vec<&str> = element
        .declarations()
        .map(|declaration| declaration.prefix())
        .collect();
    let inherited = element.parent().map(|parent| declarations(parent, &own));
    [
        text.get(span.start..name_end).unwrap_or_default(),
        inherited.as_deref().unwrap_or_default(),
        text.get(name_end..span.end).unwrap_or_default(),
    ]
    .concat()
}

/// What stands between the tags of `element`, with every prefix declared on each element that is bound there.
pub(super) fn standalone_content(element: Element<'_>) -> String {
    let text = element.document().as_str();
    let content = element.content_span();
    let mut out = String::new();
    let mut at = content.start;
    for child in element.children() {
        let span = child.span();
        out.push_str(text.get(at..span.start).unwrap_or_default());
        out.push_str(&standalone(child));
        at = span.end;
    }
    out.push_str(text.get(at..content.end).unwrap_or_default());
    out
}

/// Declarations, each after a blank, of every prefix that is bound inside `element`, except those in `known`.
pub(super) fn declarations(element: Element<'_>, known: &[&str]) -> String {
    let mut seen = known.to_vec();
    let mut out = String::new();
    for element in std::iter::once(element).chain(element.ancestors()) {
        for declaration in element.declarations() {
            let prefix = declaration.prefix();
            if seen.contains(&prefix) || prefix == "xml" {
                continue;
            }
            seen.push(prefix);
            out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            out.push_str(prefix);
            out.push_str("=\"");
            out.push_str(&escape_attribute(declaration.namespace()));
            out.push('"');
        }
    }
    out
}

/// Where `text` goes for a portion of `element`, and with what around it: an element without an end tag is given one.
pub(crate) fn replacement(element: Element<'_>, portion: Portion, text: &str) -> (usize, usize, String) {
    let (span, content) = (element.span(), element.content_span());
    let source = element.document().as_str();
    let is_empty_tag = source.get(span.clone()).is_some_and(|tag| tag.ends_with("/>"));
    match portion {
        Portion::Element => (span.start, span.end, text.to_owned()),
        Portion::Content if is_empty_tag => {
            let end = format!(">{text}</{}>", element.name());
            (span.end.saturating_sub(2), span.end, end)
        }
        Portion::Content => (content.start, content.end, text.to_owned()),
    }
}

pub(super) fn encrypted_data(
    id: &str,
    kind: &str,
    algorithm: DataEncryptionAlgorithm,
    key_info: &str,
    ciphertext: &[u8],
) -> String {
    format!(
        "<xenc:EncryptedData xmlns:xenc=\"{}\" Id=\"{id}\" Type=\"{kind}\"><xenc:EncryptionMethod Algorithm=\"{}\"></xenc:EncryptionMethod>\
         {}{}</xenc:EncryptedData>",
        Namespace::XENC.uri(),
        algorithm.uri(),
        key_info_element(key_info),
        cipher_data(ciphertext)
    )
}

/// An EncryptedKey, in parts.
pub(super) struct EncryptedKeyText<'t> {
    pub(super) id: &'t str,
    /// The EncryptionMethod.
    pub(super) method: String,
    pub(super) key_info: String,
    pub(super) ciphertext: Vec<u8>,
    /// The IDs of what is encrypted with it.
    pub(super) references: &'t [String],
}

impl EncryptedKeyText<'_> {
    pub(super) fn write(&self) -> String {
        let references: String = self
            .references
            .iter()
            .map(|id| format!("<xenc:DataReference URI=\"#{id}\"></xenc:DataReference>"))
            .collect();
        let list = if references.is_empty() {
            references
        } else {
            format!("<xenc:ReferenceList>{references}</xenc:ReferenceList>")
        };
        format!(
            "<xenc:EncryptedKey xmlns:xenc=\"{}\" Id=\"{}\">{}{}{}{list}</xenc:EncryptedKey>",
            Namespace::XENC.uri(),
            self.id,
            self.method,
            key_info_element(&self.key_info),
            cipher_data(&self.ciphertext)
        )
    }
}

/// What refers to the EncryptedKey with this ID, in the KeyInfo of another EncryptedData.
pub(super) fn retrieval(id: &str) -> String {
    let xenc = Namespace::XENC.uri();
    format!("<ds:RetrievalMethod Type=\"{xenc}EncryptedKey\" URI=\"#{id}\"></ds:RetrievalMethod>")
}

pub(super) fn wrap_method(wrap: KeyWrapAlgorithm) -> String {
    method(wrap.uri(), "")
}

/// `rsa-oaep-mgf1p` where it says the same, as older stacks know nothing else.
pub(super) fn oaep_method(oaep: &Oaep) -> String {
    let label = match oaep.label.as_slice() {
        [] => String::new(),
        label => format!("<xenc:OAEPparams>{}</xenc:OAEPparams>", encode_base64(label)),
    };
    let digest = digest_method(oaep.digest);
    if oaep.mask == MaskGeneration::Mgf1Sha1 {
        return method(
            KeyTransportAlgorithm::RsaOaepMgf1p.uri(),
            &format!("{label}{digest}"),
        );
    }
    let mask = format!(
        "<xenc11:MGF xmlns:xenc11=\"{}\" Algorithm=\"{}\"></xenc11:MGF>",
        Namespace::XENC11.uri(),
        oaep.mask.uri()
    );
    method(
        KeyTransportAlgorithm::RsaOaep.uri(),
        &format!("{label}{digest}{mask}"),
    )
}

/// An AgreementMethod by ECDH-ES and ConcatKDF, with the key of the originator; `recipient` says whose the other is.
pub(super) fn agreement(
    originator: &PublicKey,
    digest: DigestAlgorithm,
    algorithm_id: &[u8],
    recipient: &str,
) -> String {
    // The first octet counts bits of padding (XML Encryption 1.1 §5.4.1).
    let algorithm_id: String = std::iter::once(&0)
        .chain(algorithm_id)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let key = originator.ec_point().map_or_else(String::new, |(curve, point)| {
        format!(
            "<dsig11:NamedCurve URI=\"{}\"></dsig11:NamedCurve><dsig11:PublicKey>{}</dsig11:PublicKey>",
            curve.uri(),
            encode_base64(point)
        )
    });
    format!(
        "<xenc:AgreementMethod Algorithm=\"{}\"><xenc11:KeyDerivationMethod xmlns:xenc11=\"{}\" Algorithm=\"{}\">\
         <xenc11:ConcatKDFParams AlgorithmID=\"{algorithm_id}\">{}</xenc11:ConcatKDFParams></xenc11:KeyDerivationMethod>\
         <xenc:OriginatorKeyInfo><ds:KeyValue><dsig11:ECKeyValue xmlns:dsig11=\"{}\">{key}</dsig11:ECKeyValue></ds:KeyValue>\
         </xenc:OriginatorKeyInfo><xenc:RecipientKeyInfo>{recipient}</xenc:RecipientKeyInfo></xenc:AgreementMethod>",
        KeyAgreementAlgorithm::EcdhEs.uri(),
        Namespace::XENC11.uri(),
        KeyDerivationAlgorithm::ConcatKdf.uri(),
        digest_method(digest),
        Namespace::DSIG11.uri(),
    )
}

fn method(uri: &str, parameters: &str) -> String {
    format!("<xenc:EncryptionMethod Algorithm=\"{uri}\">{parameters}</xenc:EncryptionMethod>")
}

fn digest_method(digest: DigestAlgorithm) -> String {
    format!(
        "<ds:DigestMethod xmlns:ds=\"{}\" Algorithm=\"{}\"></ds:DigestMethod>",
        Namespace::DS.uri(),
        digest.uri()
    )
}

fn key_info_element(content: &str) -> String {
    match content {
        "" => String::new(),
        content => format!(
            "<ds:KeyInfo xmlns:ds=\"{}\">{content}</ds:KeyInfo>",
            Namespace::DS.uri()
        ),
    }
}

fn cipher_data(ciphertext: &[u8]) -> String {
    let value = encode_base64(ciphertext);
    format!("<xenc:CipherData><xenc:CipherValue>{value}</xenc:CipherValue></xenc:CipherData>")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn what_is_encrypted_declares_every_prefix_that_is_bound_there() {
        let text = "<a xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:&quot;q'><b xmlns:p='urn:o' c='1'>t<p:x/><y xmlns=''/><!-- --></b></a>";
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let b = document.root().first_child().unwrap();
        assert_eq!(
            standalone(b),
            "<b xmlns=\"urn:d\" xmlns:q=\"urn:&quot;q\" xmlns:p='urn:o' c='1'>t<p:x/><y xmlns=''/><!-- --></b>"
        );
        assert_eq!(
            standalone_content(b),
            "t<p:x xmlns:p=\"urn:o\" xmlns=\"urn:d\" xmlns:q=\"urn:&quot;q\"/>\
             <y xmlns:p=\"urn:o\" xmlns:q=\"urn:&quot;q\" xmlns=''/><!-- -->"
        );
        assert_eq!(standalone(document.root()), text);
    }
}
