use std::sync::LazyLock;

use libxml::parser::{Parser, ParserOptions};
use samael::crypto::{CertificateDer, Crypto, CryptoProvider};
use xmlsec::{
    XmlDocument, XmlNode, XmlSecDocumentExt, XmlSecKey, XmlSecKeyFormat, XmlSecSignatureContext,
    XmlXPathContext,
};

use super::ErrorKind;
use crate::crypto::{Curve, PrivateKey, VerifyingKey, certificate_around, drop_library_errors};
use crate::dsig::Covered;
use crate::xml::{Element, Namespace};

/// Both crates start the C libraries when they are first used, each behind a lock of its own, and starting twice is only safe
/// while nobody works. So all of it happens here, before anything else.
static STARTED: LazyLock<bool> = LazyLock::new(|| {
    drop(XmlSecSignatureContext::new());
    let key = PrivateKey::generate_ec(Curve::P256).map(|key| certificate_around(key.public()));
    let Ok(Ok(key)) = key else {
        return false;
    };
    // It starts for a key, and then finds that nothing is signed.
    let started = Crypto::verify_signed_xml("<a/>", &CertificateDer::from(key), None);
    drop_library_errors();
    started.is_err()
});

/// Makes sure that the C libraries run.
pub(super) fn start() -> Result<(), ErrorKind> {
    match *STARTED {
        true => Ok(()),
        false => Err(ErrorKind::CannotJudge("anything: it did not start")),
    }
}

/// What libxmlsec1 says of the signature that `covered` was made from.
///
/// Everything it works with is made here and stays on this thread.
pub(super) fn opinion(covered: &Covered<'_>) -> Result<(), ErrorKind> {
    start()?;
    let opinion = verify(covered);
    // TLS on this thread would take them for its own.
    drop_library_errors();
    opinion
}

fn verify(covered: &Covered<'_>) -> Result<(), ErrorKind> {
    let VerifyingKey::Public(key) = covered.key() else {
        return Err(ErrorKind::CannotJudge("a shared secret"));
    };
    let signature = covered.signature();
    if signature
        .descendants()
        .any(|element| element.is(Namespace::DS, "Manifest"))
    {
        // It would follow what is in it, files among them.
        return Err(ErrorKind::CannotJudge("a Manifest"));
    }
    if !covered.attachments().is_empty() {
        // It would look for them in files and on the network.
        return Err(ErrorKind::CannotJudge("attachments"));
    }
    let document = parse(signature.document().bytes())?;
    for element in covered.elements() {
        if let Some(id) = element.id_attribute() {
            // It looks attributes up by their local name alone.
            let registered = document.specify_idattr(&place(element), id.local_name(), None);
            registered.map_err(|_| ErrorKind::CannotJudge("an ID"))?;
        }
    }
    let node =
        find(&document, signature).ok_or(ErrorKind::CannotJudge("a signature that it does not find"))?;
    let key = XmlSecKey::from_memory(key.spki(), XmlSecKeyFormat::Der, None)
        .map_err(|_| ErrorKind::CannotJudge("a key of this kind"))?;
    let mut context = XmlSecSignatureContext::new();
    // With a key of its own it does not look into KeyInfo.
    drop(context.insert_key(key));
    match context.verify_node(&node) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ErrorKind::Disagrees),
        Err(_) => Err(ErrorKind::CannotJudge(
            "a signature with these algorithms and references",
        )),
    }
}

/// Reads what we have read. There is no DOCTYPE in it, so no entity and nothing to fetch.
fn parse(bytes: &[u8]) -> Result<XmlDocument, ErrorKind> {
    let options = ParserOptions {
        recover: false,
        no_net: true,
        ..ParserOptions::default()
    };
    Parser::default()
        .parse_string_with_options(bytes, options)
        .map_err(|_| ErrorKind::CannotJudge("a document that its parser refuses"))
}

/// The element that stands in `document` where `element` stands in ours.
fn find(document: &XmlDocument, element: Element<'_>) -> Option<XmlNode> {
    let found = XmlXPathContext::new(document)
        .ok()?
        .evaluate(&place(element))
        .ok()?;
    found.get_nodes_as_vec().into_iter().next()
}

/// Where `element` stands, by numbers: an XPath that no name in a message can have a part in.
fn place(element: Element<'_>) -> String {
    let mut steps: Vec<String> = std::iter::once(element)
        .chain(element.ancestors())
        .map(|element| {
            let siblings = element.parent().map(Element::children);
            let before = siblings
                .into_iter()
                .flatten()
                .take_while(|other| *other != element)
                .count();
            format!("/*[{}]", before.saturating_add(1))
        })
        .collect();
    steps.reverse();
    steps.concat()
}
