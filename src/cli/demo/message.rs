use chrono::{DateTime, TimeDelta, Utc};

use crate::algorithm::DigestAlgorithm;
use crate::cli::exit::Stop;
use crate::crypto::encode_base64;
use crate::crypto::random_bytes;
use crate::dsig::{ReferenceToSign, SignatureRequest, sign};
use crate::soap::Envelope;
use crate::soap::Version;
use crate::wss::write::{self, Ids, KeyToken, Plan, Understanding, Unsigned};
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;
use crate::xml::escape_text;

use super::world::Party;

/// An order, in an envelope that nobody has signed.
pub(super) fn order(version: Version, item: &str, quantity: u32) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{}\"><s:Header></s:Header><s:Body><o:PlaceOrder xmlns:o=\"urn:example:orders\">\
         <o:Item>{}</o:Item><o:Quantity>{quantity}</o:Quantity></o:PlaceOrder></s:Body></s:Envelope>",
        version.namespace().uri(),
        escape_text(item)
    )
}

/// How a message names the key that signs it, and what comes along.
pub(super) enum Signing<'s> {
    /// The certificate, in the message.
    Certificate,
    /// The key itself, in the message, and no certificate.
    BareKey,
    /// The key that this assertion names.
    AssertionKey {
        /// The assertion.
        assertion: &'s str,
        /// Its ID.
        id: &'s str,
    },
    /// The certificate, and this assertion, which is signed too.
    Vouching {
        /// The assertion.
        assertion: &'s str,
        /// Its ID.
        id: &'s str,
    },
    /// The certificate, and this assertion as it is.
    Bringing {
        /// The assertion.
        assertion: &'s str,
    },
}

/// `envelope` with a Timestamp of `created`, it and the Body signed by `signer`.
pub(super) fn signed(
    envelope: &str,
    signer: &Party,
    signing: &Signing<'_>,
    created: DateTime<Utc>,
) -> Result<String, Stop> {
    let envelope = Envelope::parse(envelope.to_owned().into(), &Limits::default()).map_err(Stop::failed)?;
    let expires = created.checked_add_signed(TimeDelta::minutes(5));
    let with_certificate = match signing {
        Signing::BareKey | Signing::AssertionKey { .. } => None,
        Signing::Certificate | Signing::Vouching { .. } | Signing::Bringing { .. } => {
            Some(KeyToken::X509v3(&signer.certificate))
        }
    };
    let plan = Plan {
        role: None,
        understanding: Understanding::Required,
        timestamp: Some((created, expires)),
        key: with_certificate,
        confirmations: None,
        parts: vec![envelope.body()],
    };
    let mut random = [0; 16];
    random.copy_from_slice(&random_bytes(16).map_err(Stop::failed)?);
    let unsigned = write::write(&envelope, &plan, &mut Ids::new(random)).map_err(Stop::failed)?;
    let (assertion, further) = match signing {
        Signing::Certificate | Signing::BareKey => ("", None),
        Signing::AssertionKey { assertion, .. } | Signing::Bringing { assertion } => (*assertion, None),
        Signing::Vouching { assertion, id } => (*assertion, Some(*id)),
    };
    let key_info = match signing {
        Signing::BareKey => bare_key(signer),
        Signing::AssertionKey { id, .. } => assertion_reference(id),
        Signing::Certificate | Signing::Vouching { .. } | Signing::Bringing { .. } => {
            unsigned.key_info().to_owned()
        }
    };
    let signature = signature(&unsigned, assertion, further, key_info, signer)?;
    text(unsigned.with_signature(&format!("{assertion}{signature}")))
}

/// The signature over what `unsigned` asks for, and over the element with the ID `further`, in a header with `assertion`.
fn signature(
    unsigned: &Unsigned,
    assertion: &str,
    further: Option<&str>,
    key_info: String,
    signer: &Party,
) -> Result<String, Stop> {
    let complete = unsigned.clone().with_signature(assertion);
    let document = Document::parse(complete.into(), &Limits::default()).map_err(Stop::failed)?;
    let ids = unsigned.ids().iter().map(String::as_str).chain(further);
    let reference = |id: &str| {
        Some(ReferenceToSign {
            element: document.element_by_id(id)?,
            id: Some(id.to_owned()),
            enveloped: false,
        })
    };
    let key = signer.signing_key();
    let request = SignatureRequest {
        method: key
            .default_algorithm()
            .ok_or_else(|| Stop::failed("no algorithm fits"))?,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: ids.filter_map(reference).collect(),
        key_info,
        id: None,
    };
    sign(&request, &key).map_err(Stop::failed)
}

fn bare_key(signer: &Party) -> String {
    format!(
        "<d:DEREncodedKeyValue xmlns:d=\"{}\">{}</d:DEREncodedKeyValue>",
        Namespace::DSIG11.uri(),
        encode_base64(signer.key.public().spki())
    )
}

/// A reference to a SAML assertion in the header (WSS SAML Token Profile 1.1 §3.4).
fn assertion_reference(id: &str) -> String {
    format!(
        "<w:SecurityTokenReference xmlns:w=\"{}\" xmlns:x=\"{}\" x:TokenType=\"http://docs.oasis-open.org/wss/\
         oasis-wss-saml-token-profile-1.1#SAMLV2.0\"><w:KeyIdentifier ValueType=\"http://docs.oasis-open.org/wss/\
         oasis-wss-saml-token-profile-1.1#SAMLID\">{}</w:KeyIdentifier></w:SecurityTokenReference>",
        Namespace::WSSE.uri(),
        Namespace::WSSE11.uri(),
        escape_text(id)
    )
}

/// An attack on signed messages: the signed Body goes into a header that nobody reads, and another one takes its place.
pub(super) fn with_wrapped_body(message: &str) -> Result<String, Stop> {
    let parsed = parsed(message)?;
    let body = find(&parsed, "Body")?;
    let evil = "<s:Body><o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Item>gold bar</o:Item>\
                <o:Quantity>999</o:Quantity></o:PlaceOrder></s:Body>";
    let signed = slice(message, body.span());
    let moved = message.replacen(&signed, evil, 1);
    let wrapper = format!("<x:Wrapper xmlns:x=\"urn:example:wrapper\">{signed}</x:Wrapper></s:Header>");
    Ok(moved.replacen("</s:Header>", &wrapper, 1))
}

/// The same with the Timestamp: the signed one, expired, goes into a header that nobody reads, and a fresh one takes its place.
pub(super) fn with_moved_timestamp(message: &str, now: DateTime<Utc>) -> Result<String, Stop> {
    let parsed = parsed(message)?;
    let timestamp = find(&parsed, "Timestamp")?;
    let signed = slice(message, timestamp.span());
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let expires = now.checked_add_signed(TimeDelta::minutes(5)).unwrap_or(now);
    let fresh = format!(
        "<wsu:Timestamp wsu:Id=\"fresh\"><wsu:Created>{}</wsu:Created><wsu:Expires>{}</wsu:Expires></wsu:Timestamp>",
        time(now),
        time(expires)
    );
    let moved = message.replacen(&signed, &fresh, 1);
    let wrapper = format!(
        "<x:Wrapper xmlns:x=\"urn:example:wrapper\" xmlns:wsu=\"{}\">{signed}</x:Wrapper></s:Header>",
        Namespace::WSU.uri()
    );
    Ok(moved.replacen("</s:Header>", &wrapper, 1))
}

/// A document that would be a billion times as long for whoever expands its entities.
pub(super) fn bomb(message: &str) -> String {
    let mut doctype = "<!DOCTYPE s:Envelope [<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..=9_u8 {
        let below = format!("&a{};", level.saturating_sub(1)).repeat(10);
        doctype.push_str(&format!("<!ENTITY a{level} \"{below}\">"));
    }
    format!("{doctype}]>{}", message.replacen("bolt M8", "&a9;", 1))
}

fn parsed(message: &str) -> Result<Document, Stop> {
    Document::parse(message.to_owned().into(), &Limits::default()).map_err(Stop::failed)
}

fn find<'d>(document: &'d Document, local: &str) -> Result<Element<'d>, Stop> {
    let mut all = document.root().descendants();
    let found = all.find(|element| element.local_name() == local);
    found.ok_or_else(|| Stop::failed(format_args!("there is no {local}")))
}

fn slice(message: &str, range: std::ops::Range<usize>) -> String {
    message.get(range).unwrap_or_default().to_owned()
}

fn text(bytes: Vec<u8>) -> Result<String, Stop> {
    String::from_utf8(bytes).map_err(Stop::failed)
}
