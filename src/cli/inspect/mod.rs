//! `sealgate inspect`: what is in a message, as it says of itself. Nothing is verified, and the output says so.

mod certificate;
mod saml;
mod security;
mod signature;

use serde_json::{Map, Value, json};

use crate::soap::attachment::Attachment;
use crate::verifier::{Reason, escaped};
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;
use crate::xml::to_utf8;

use super::args::InspectArguments;
use super::console::{Console, Style, Tone};
use super::exit::{Exit, Stop};
use super::report::{Format, Report, outline};
use super::source::{Source, distinct};

/// How many of one kind of thing are listed.
const LISTED: usize = 100;

/// Shows each file; one that is no XML we would read is reported as refused.
pub(crate) fn run(arguments: InspectArguments, console: &mut Console) -> Result<Exit, Stop> {
    distinct(&arguments.files)?;
    let format = arguments.output.format;
    let field = arguments.content_type.content_type.as_deref();
    let mut exit = Exit::Passed;
    for source in arguments.files {
        match inspect(&source, field, &arguments.ids.id_attributes) {
            Ok(found) => console.print(render(&source, found, format, console.style())),
            Err(report) => {
                exit = exit.max(report.exit());
                report.print(format, console);
            }
        }
        console.flush();
    }
    Ok(exit)
}

/// What is in the message of `source`; `field` is its Content-Type if that is known.
pub(super) fn inspect(
    source: &Source,
    field: Option<&str>,
    id_attributes: &[String],
) -> Result<Map<String, Value>, Box<Report>> {
    let limits = Limits::archive();
    let refused = |reason| Box::new(Report::refused(source.clone(), reason));
    let received = source
        .received(field, &limits)
        .map_err(|why| refused(Reason::from(&why)))?;
    let document = to_utf8(received.bytes)
        .and_then(|bytes| Document::parse_with_ids(bytes, &limits, id_attributes))
        .map_err(|error| refused(Reason::from(&error)))?;
    let mut found = describe(&document);
    if !received.attachments.is_empty() {
        let attachments = received.attachments.iter().map(attachment);
        found.insert("attachments".to_owned(), attachments.collect());
    }
    Ok(found)
}

/// An attachment, by what its header says of it and the length that is signed.
fn attachment(attachment: &Attachment) -> Value {
    let lines = attachment.header().unwrap_or_default();
    let media_type = lines.iter().find_map(|line| line.strip_prefix("Content-Type:"));
    let mut facts = Map::new();
    facts.insert("kind".to_owned(), media_type.unwrap_or("attachment").into());
    facts.insert("id".to_owned(), attachment.id().into());
    facts.insert("bytes".to_owned(), attachment.length().into());
    facts.into()
}

fn render(source: &Source, found: Map<String, Value>, format: Format, style: Style) -> String {
    match format {
        Format::Json => {
            let mut object = Map::new();
            object.insert("source".to_owned(), source.typed().into());
            object.insert("verified".to_owned(), false.into());
            object.extend(found);
            escaped(&Value::Object(object).to_string()) + "\n"
        }
        Format::Text => {
            let source = style.paint(Tone::Strong, &source.to_string());
            let caution = style.paint(Tone::Doubtful, "nothing here is verified");
            format!("{source}  {caution}\n{}", outline(&found, 2, style))
        }
    }
}

/// All that we know how to describe.
fn describe(document: &Document) -> Map<String, Value> {
    let root = document.root();
    let mut found = Map::new();
    let mut add = |name: &str, value: Value| {
        if !value.is_null() {
            found.insert(name.to_owned(), value);
        }
    };
    add("bytes", document.bytes().len().into());
    add("elements", document.len().into());
    match soap_namespace(root) {
        Some((version, namespace)) => {
            add("soap", version.into());
            let body = root.child(namespace, "Body");
            add("body", body.map_or(Value::Null, body_content));
            let header = root.child(namespace, "Header");
            add("headers", header.map_or(Value::Null, headers));
            let items = header.map(|header| {
                header
                    .children()
                    .filter(|item| item.is(Namespace::WSSE, "Security"))
            });
            add(
                "security",
                items.map_or(Value::Null, |items| list(items, security::describe)),
            );
        }
        None => {
            add("document", qualified_name(root).into());
            add("protocol", saml::describe_protocol(root));
        }
    }
    let all = || root.descendants();
    add(
        "signatures",
        list(
            all().filter(|element| element.is(Namespace::DS, "Signature")),
            signature::describe,
        ),
    );
    add(
        "assertions",
        list(
            all().filter(|element| saml::is_assertion(*element)),
            saml::describe,
        ),
    );
    add(
        "encrypted",
        list(all().filter(|element| is_encrypted(*element)), |element| {
            element.path().into()
        }),
    );
    found
}

fn soap_namespace(root: Element<'_>) -> Option<(&'static str, Namespace)> {
    [("1.1", Namespace::SOAP11), ("1.2", Namespace::SOAP12)]
        .into_iter()
        .find(|(_, namespace)| root.is(*namespace, "Envelope"))
}

fn body_content(body: Element<'_>) -> Value {
    let mut content = Map::new();
    add_text(&mut content, "id", body.id());
    content.insert(
        "content".to_owned(),
        list(body.children(), |child| qualified_name(child).into()),
    );
    content.into()
}

fn headers(header: Element<'_>) -> Value {
    list(header.children(), |block| {
        let mut facts = Map::new();
        facts.insert("name".to_owned(), qualified_name(block).into());
        add_text(&mut facts, "id", block.id());
        for attribute in block.attributes() {
            let soap = [Namespace::SOAP11, Namespace::SOAP12].contains(&attribute.namespace_id());
            if soap {
                facts.insert(attribute.local_name().to_owned(), attribute.value().into());
            }
        }
        let addressing = [Namespace::WSA, Namespace::WSA2004].contains(&block.namespace_id());
        if addressing && let Ok(text) = block.text() {
            add_text(&mut facts, "value", Some(text.value.trim()));
        }
        facts.into()
    })
}

fn is_encrypted(element: Element<'_>) -> bool {
    element.is(Namespace::XENC, "EncryptedData") || element.is(Namespace::XENC, "EncryptedKey")
}

/// `{namespace}local`.
fn qualified_name(element: Element<'_>) -> String {
    match element.namespace() {
        "" => element.local_name().to_owned(),
        namespace => format!("{{{namespace}}}{}", element.local_name()),
    }
}

/// A list of what `describe` says of each; nothing where there is none.
fn list<'d>(elements: impl Iterator<Item = Element<'d>>, describe: impl Fn(Element<'d>) -> Value) -> Value {
    let mut elements = elements.peekable();
    let mut values: Vec<Value> = elements.by_ref().take(LISTED).map(describe).collect();
    if elements.peek().is_some() {
        values.push(json!(format!("… and {} more", elements.count())));
    }
    if values.is_empty() {
        Value::Null
    } else {
        values.into()
    }
}

fn add_text(object: &mut Map<String, Value>, name: &str, value: Option<impl AsRef<str>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.as_ref().into());
    }
}

/// The text of a child, without the white space around it.
fn child_text(parent: Element<'_>, namespace: Namespace, local: &str) -> Option<String> {
    let text = parent.child(namespace, local)?.text().ok()?;
    Some(text.value.trim().to_owned())
}
