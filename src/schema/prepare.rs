use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::SchemaFile;
use super::error::{Error, ErrorKind};
use crate::xml::{self, Document, Element, Limits, Namespace, Position, escape_attribute};

/// Schemas as libxml2 is given them.
#[derive(Debug)]
#[cfg_attr(not(feature = "xsd"), expect(dead_code, reason = "only checked"))]
pub(super) struct Prepared {
    /// The URL of the schema to which all others belong.
    pub(super) root: String,
    /// All of them, by their URLs.
    pub(super) documents: Vec<(String, Vec<u8>)>,
    /// The patterns of values in them.
    pub(super) patterns: Vec<String>,
}

/// The URL by which libxml2 knows the file at `path`. It leads nowhere.
pub(super) fn url_of(path: &str) -> String {
    let mut url = String::from("sealgate-schema:///files");
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte))
            }
            // Writing to a String cannot fail.
            _ => drop(write!(url, "%{byte:02X}")),
        }
    }
    url
}

/// Reads `files` with our own reader, and writes the schemas that hold them together: a Body of SOAP 1.1 or 1.2 with any elements that
/// the files declare. What is imported is found by its namespace: where it is said to be is taken out.
pub(super) fn prepare(files: &[SchemaFile]) -> Result<Prepared, Error> {
    if files.is_empty() {
        return Err(Error::nowhere(ErrorKind::NoFile));
    }
    let mut read = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let document = xml::to_utf8(file.content.clone())
            .and_then(|content| Document::parse(content, &Limits::archive()))
            .map_err(|error| {
                let position = error.position().unwrap_or(Position { line: 1, column: 1 });
                Error::new(ErrorKind::Xml(error), Some(index), position)
            })?;
        let root = document.root();
        let refuse = |kind| Err(Error::new(kind, Some(index), root.position()));
        if !root.is(Namespace::XS, "schema") {
            return refuse(ErrorKind::NotASchema(root.name().to_owned()));
        }
        let namespace = root.attribute("targetNamespace").unwrap_or_default().into_owned();
        if is_soap(&namespace) {
            return refuse(ErrorKind::OfSoap);
        }
        read.push((namespace, url_of(&file.path), document));
    }
    let mut namespaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (namespace, url, _) in &read {
        namespaces.entry(namespace).or_default().push(url);
    }
    for (index, (_, _, document)) in read.iter().enumerate() {
        for import in imports(document) {
            let namespace = import.attribute("namespace").unwrap_or_default();
            if !namespaces.contains_key(namespace.as_ref()) {
                let kind = ErrorKind::ImportMissing(namespace.into_owned());
                return Err(Error::new(kind, Some(index), import.position()));
            }
        }
    }
    let is_pattern = |element: &Element<'_>| element.is(Namespace::XS, "pattern");
    let patterns = read
        .iter()
        .flat_map(|(_, _, document)| document.root().descendants().filter(is_pattern));
    let patterns = patterns.filter_map(|pattern| pattern.attribute("value").map(|value| value.into_owned()));
    let patterns = patterns.collect();
    let (root, mut documents) = around(&namespaces);
    documents.extend(
        read.iter()
            .map(|(_, url, document)| (url.clone(), without_places(document))),
    );
    Ok(Prepared {
        root,
        documents,
        patterns,
    })
}

fn is_soap(namespace: &str) -> bool {
    [Namespace::SOAP11.uri(), Namespace::SOAP12.uri()].contains(&namespace)
}

fn imports(document: &Document) -> impl Iterator<Item = Element<'_>> {
    let children = document.root().children();
    children.filter(|child| child.is(Namespace::XS, "import"))
}

/// The schema with blanks where its imports say where to find what they import, so that lines stay what they are.
fn without_places(document: &Document) -> Vec<u8> {
    let mut bytes = document.bytes().to_vec();
    for import in imports(document) {
        for attribute in import
            .attributes()
            .filter(|attribute| attribute.is(Namespace::NONE, "schemaLocation"))
        {
            for byte in bytes.get_mut(attribute.span()).unwrap_or_default() {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
    }
    bytes
}

/// The schemas of the two Bodies, and one for each namespace: all that imports them then finds all of it.
fn around(namespaces: &BTreeMap<&str, Vec<&str>>) -> (String, Vec<(String, Vec<u8>)>) {
    let mut documents = Vec::new();
    let mut add = |name: &str, namespace: &str, content: &str| {
        let target = match namespace {
            "" => String::new(),
            name => format!(" targetNamespace=\"{}\"", escape_attribute(name)),
        };
        let text = format!(
            "<xs:schema xmlns:xs=\"{}\"{target}>{content}</xs:schema>",
            Namespace::XS.uri()
        );
        let url = format!("sealgate-schema:///around/{name}");
        documents.push((url.clone(), text.into_bytes()));
        url
    };
    let import = |namespace: &str, url: &str| {
        let namespace = match namespace {
            "" => String::new(),
            name => format!(" namespace=\"{}\"", escape_attribute(name)),
        };
        format!("<xs:import{namespace} schemaLocation=\"{url}\"/>")
    };
    let body = "<xs:element name=\"Body\"><xs:complexType><xs:sequence>\
        <xs:any processContents=\"strict\" minOccurs=\"0\" maxOccurs=\"unbounded\"/></xs:sequence>\
        <xs:anyAttribute processContents=\"lax\"/></xs:complexType></xs:element>";
    let soap12 = Namespace::SOAP12.uri();
    let mut imports = import(soap12, &add("soap12", soap12, body));
    for (index, (namespace, urls)) in namespaces.iter().enumerate() {
        let includes = urls
            .iter()
            .map(|url| format!("<xs:include schemaLocation=\"{url}\"/>"));
        let url = add(&index.to_string(), namespace, &includes.collect::<String>());
        imports.push_str(&import(namespace, &url));
    }
    let root = add("soap11", Namespace::SOAP11.uri(), &(imports + body));
    (root, documents)
}
