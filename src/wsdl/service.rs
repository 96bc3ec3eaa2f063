use bytes::Bytes;

use super::error::{Error, ErrorKind};
use super::names::{WSDL_SOAP, expanded, is_policy, is_policy_element, is_wsdl};
use super::{OPERATIONS, Wanted};
use crate::xml::{self, Document, Element, Limits, Position};

/// The descriptions of services in one file and in those that it imports.
#[derive(Debug)]
pub struct Wsdl {
    documents: Vec<Document>,
    /// The names of the files that it imports.
    imported: Vec<String>,
}

/// A place in one of the files.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The file: 0 for the WSDL itself, then what it imports, as given.
    pub file: usize,
    /// Where in it.
    pub position: Position,
}

/// Requests for one operation at one port.
#[derive(Debug)]
pub(super) struct Request<'d> {
    /// The port, or the binding that no port has.
    pub(super) port: String,
    /// The operation.
    pub(super) operation: String,
    /// The binding.
    pub(super) binding: Element<'d>,
    /// What policies of requests may be attached to.
    subjects: Vec<Element<'d>>,
    /// What policies of answers may be attached to.
    pub(super) answers: Vec<Element<'d>>,
    /// What should be a subject, and is in no file: who names it.
    pub(super) missing: Vec<Element<'d>>,
}

/// A port, with its binding and its service; or a binding alone.
pub(super) struct Port<'d> {
    name: String,
    /// The service and the port, if it is one.
    pub(super) around: Vec<Element<'d>>,
    pub(super) binding: Element<'d>,
}

impl Wsdl {
    /// Reads a WSDL, and the files that it imports, each with its name: further WSDLs, or documents with policies. They may be in any
    /// encoding that the archive's limits and reader take; a DOCTYPE is refused.
    ///
    /// # Errors
    /// [`Error`]: a file is no such XML, or the first is no WSDL 1.1.
    pub fn read(wsdl: Bytes, imported: impl IntoIterator<Item = (String, Bytes)>) -> Result<Self, Error> {
        let mut documents = Vec::new();
        let (names, imported): (Vec<String>, Vec<Bytes>) = imported.into_iter().unzip();
        for (file, bytes) in std::iter::once(wsdl).chain(imported).enumerate() {
            let document = xml::to_utf8(bytes).and_then(|bytes| Document::parse(bytes, &Limits::archive()));
            documents.push(document.map_err(|error| {
                let position = error.position().unwrap_or(Position { line: 1, column: 1 });
                Error::new(ErrorKind::Xml(error), Place { file, position })
            })?);
        }
        let imported = names;
        let wsdl = Self { documents, imported };
        if let Some(document) = wsdl.documents.first()
            && !is_wsdl(document.root(), "definitions")
        {
            let root = document.root();
            let kind = ErrorKind::NotWsdl(root.name().to_owned());
            return Err(Error::new(kind, wsdl.place(root)));
        }
        Ok(wsdl)
    }

    /// Where `element` stands.
    pub(super) fn place(&self, element: Element<'_>) -> Place {
        let mut documents = self.documents.iter();
        let file = documents.position(|document| std::ptr::eq(document, element.document()));
        Place {
            file: file.unwrap_or_default(),
            position: element.position(),
        }
    }

    /// The requests that are `wanted`.
    pub(super) fn requests(&self, wanted: &Wanted) -> Result<Vec<Request<'_>>, Error> {
        let ports = self.wanted_ports(wanted)?;
        let mut requests = Vec::new();
        for port in &ports {
            for operation in children(port.binding, "operation") {
                let name = operation.attribute("name").unwrap_or_default();
                if wanted.operation.as_ref().is_some_and(|wanted| *wanted != *name) {
                    continue;
                }
                if requests.len() >= OPERATIONS {
                    return Err(Error::new(ErrorKind::TooManyOperations, self.place(operation)));
                }
                requests.push(self.request(port, operation));
            }
        }
        if requests.is_empty() {
            let kind = ErrorKind::NoOperation(wanted.operation.clone());
            return Err(Error::nowhere(kind));
        }
        Ok(requests)
    }

    /// Policies that stand beside what they are for (WS-Policy 1.5 Attachment §3.4).
    pub(super) fn external_attachments(&self) -> impl Iterator<Item = Element<'_>> {
        let roots = self.documents.iter().map(Document::root);
        let beside = roots.flat_map(|root| std::iter::once(root).chain(root.children()));
        beside.filter(|element| is_policy_element(*element, "PolicyAttachment"))
    }

    /// The ports that are `wanted`: at least one.
    pub(super) fn wanted_ports(&self, wanted: &Wanted) -> Result<Vec<Port<'_>>, Error> {
        let mut ports = self.ports()?;
        if let Some(name) = &wanted.port {
            ports.retain(|port| port.name == *name);
        }
        if ports.is_empty() {
            return Err(self.no_port(wanted.port.clone()));
        }
        Ok(ports)
    }

    /// There is no port; perhaps it, or its binding, is in a file that was not given.
    fn no_port(&self, name: Option<String>) -> Error {
        let is_given = |import: &Element<'_>| {
            let namespace = import.attribute("namespace").unwrap_or_default();
            let others = self
                .documents
                .iter()
                .filter(|other| !std::ptr::eq(*other, import.document()));
            let targets = others.filter_map(|other| other.root().attribute("targetNamespace"));
            targets.into_iter().any(|target| target == namespace)
        };
        let not_given = self.all("import").find(|import| !is_given(import));
        let location = not_given.map(|import| import.attribute("location").unwrap_or_default().into_owned());
        let kind = ErrorKind::NoPort {
            name,
            not_given: location,
        };
        match not_given {
            Some(import) => Error::new(kind, self.place(import)),
            None => Error::nowhere(kind),
        }
    }

    /// The policy that a PolicyReference names.
    pub(super) fn policy_referred_to<'d>(&'d self, reference: Element<'d>) -> Result<Element<'d>, Error> {
        self.policy(reference, &reference.attribute("URI").unwrap_or_default())
    }

    /// The policy that `uri` names on `referrer`: by an ID in the same file, by its Name, by an ID in exactly one other file, or as the
    /// root of the one file that is called so.
    fn policy<'d>(&'d self, referrer: Element<'d>, uri: &str) -> Result<Element<'d>, Error> {
        let is_policy = |element: &Element<'_>| is_policy_element(*element, "Policy");
        let missing = || Error::new(ErrorKind::PolicyMissing(uri.to_owned()), self.place(referrer));
        if let Some(id) = uri.strip_prefix('#') {
            let found = referrer.document().element_by_id(id);
            return found.filter(is_policy).ok_or_else(missing);
        }
        let named = |element: &Element<'_>| {
            is_policy(element) && element.attribute("Name").is_some_and(|name| name == uri)
        };
        let mut elements = self
            .documents
            .iter()
            .flat_map(|document| document.root().descendants());
        if let Some(found) = elements.find(named) {
            return Ok(found);
        }
        let Some((_, id)) = uri.split_once('#') else {
            let files = self.imported.iter().zip(self.documents.iter().skip(1));
            let called = files.filter(|(name, _)| last_step(name) == last_step(uri));
            let mut found = called.map(|(_, document)| document.root()).filter(is_policy);
            return match (found.next(), found.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(missing()),
            };
        };
        let others = self
            .documents
            .iter()
            .filter(|other| !std::ptr::eq(*other, referrer.document()));
        let mut found = others.filter_map(|other| other.element_by_id(id).filter(is_policy));
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(missing()),
        }
    }

    /// The ports whose binding is for SOAP, and such bindings that no port has.
    fn ports(&self) -> Result<Vec<Port<'_>>, Error> {
        // A binding is looked for among all, for each port.
        let all = self.all("service").flat_map(|service| children(service, "port"));
        if let Some(element) = all
            .skip(OPERATIONS)
            .chain(self.all("binding").skip(OPERATIONS))
            .next()
        {
            return Err(Error::new(ErrorKind::TooManyOperations, self.place(element)));
        }
        let mut ports = Vec::new();
        let mut bound = Vec::new();
        for service in self.all("service") {
            for port in children(service, "port") {
                let Some(binding) = self.named(port, "binding", "binding") else {
                    continue;
                };
                bound.push(binding);
                if is_for_soap(binding) {
                    ports.push(Port {
                        name: port.attribute("name").unwrap_or_default().into_owned(),
                        around: vec![service, port],
                        binding,
                    });
                }
            }
        }
        let alone = self
            .all("binding")
            .filter(|binding| is_for_soap(*binding) && !bound.contains(binding));
        ports.extend(alone.map(|binding| Port {
            name: binding.attribute("name").unwrap_or_default().into_owned(),
            around: Vec::new(),
            binding,
        }));
        Ok(ports)
    }

    fn request<'d>(&'d self, port: &Port<'d>, operation: Element<'d>) -> Request<'d> {
        let name = operation.attribute("name").unwrap_or_default();
        let mut request = Request {
            port: port.name.clone(),
            operation: name.to_string(),
            binding: port.binding,
            subjects: port.around.clone(),
            answers: Vec::new(),
            missing: Vec::new(),
        };
        request.subjects.extend([port.binding, operation]);
        request.add_messages(operation);
        let Some(port_type) = self.named(port.binding, "type", "portType") else {
            request.missing.push(port.binding);
            return request;
        };
        request.subjects.push(port_type);
        for operation in self.abstract_operations(port, operation) {
            request.subjects.push(operation);
            request.add_messages(operation);
            for input in children(operation, "input") {
                match self.named(input, "message", "message") {
                    Some(message) => request.subjects.push(message),
                    None => request.missing.push(input),
                }
            }
            let answers = children(operation, "output").chain(children(operation, "fault"));
            request
                .answers
                .extend(answers.filter_map(|answer| self.named(answer, "message", "message")));
        }
        request
    }

    /// The operations of the port type that `operation` of the binding may be.
    pub(super) fn abstract_operations<'d>(
        &'d self,
        port: &Port<'d>,
        operation: Element<'d>,
    ) -> Vec<Element<'d>> {
        let name = operation.attribute("name").unwrap_or_default();
        let is_same = |other: &Element<'_>| {
            other.attribute("name").unwrap_or_default() == name && inputs_agree(*other, operation)
        };
        let port_type = self.named(port.binding, "type", "portType");
        let operations = port_type
            .into_iter()
            .flat_map(|port_type| children(port_type, "operation"));
        operations.filter(is_same).collect()
    }

    /// The component `kind` that `attribute` of `element` names.
    pub(super) fn named<'d>(
        &'d self,
        element: Element<'d>,
        attribute: &str,
        kind: &'static str,
    ) -> Option<Element<'d>> {
        let (namespace, local) = expanded(element, &element.attribute(attribute)?);
        self.all(kind).find(|component| {
            let target = component
                .parent()
                .and_then(|parent| parent.attribute("targetNamespace"));
            target.unwrap_or_default() == namespace
                && component.attribute("name").unwrap_or_default() == local
        })
    }

    /// All components of a kind.
    fn all<'d>(&'d self, kind: &'static str) -> impl Iterator<Item = Element<'d>> {
        let roots = self.documents.iter().map(Document::root);
        roots
            .filter(|root| is_wsdl(*root, "definitions"))
            .flat_map(move |root| children(root, kind))
    }
}

impl<'d> Request<'d> {
    /// The policies of its subjects (WS-Policy 1.5 Attachment §4.1).
    pub(super) fn policies(&self, wsdl: &'d Wsdl) -> Result<Vec<Element<'d>>, Error> {
        let mut policies = Vec::new();
        for subject in &self.subjects {
            policies.extend(attached(*subject, wsdl)?);
        }
        Ok(policies)
    }

    fn add_messages(&mut self, operation: Element<'d>) {
        self.subjects.extend(children(operation, "input"));
        self.answers.extend(children(operation, "output"));
        self.answers.extend(children(operation, "fault"));
    }
}

/// The policies that are attached to `subject`: in it, by references in it, and by the attribute PolicyURIs.
pub(super) fn attached<'d>(subject: Element<'d>, wsdl: &'d Wsdl) -> Result<Vec<Element<'d>>, Error> {
    let mut policies = Vec::new();
    for child in subject.children().filter(|child| is_policy(child.namespace())) {
        match child.local_name() {
            "Policy" => policies.push(child),
            "PolicyReference" => policies.push(wsdl.policy_referred_to(child)?),
            _ => {}
        }
    }
    for attribute in subject.attributes() {
        if is_policy(attribute.namespace()) && attribute.local_name() == "PolicyURIs" {
            for uri in attribute.value().split_ascii_whitespace() {
                policies.push(wsdl.policy(subject, uri)?);
            }
        }
    }
    Ok(policies)
}

pub(super) fn children<'d>(element: Element<'d>, local: &'static str) -> impl Iterator<Item = Element<'d>> {
    element.children().filter(move |child| is_wsdl(*child, local))
}

/// The last step of a path.
fn last_step(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn is_for_soap(binding: Element<'_>) -> bool {
    let mut children = binding.children();
    children.any(|child| child.local_name() == "binding" && WSDL_SOAP.contains(&child.namespace()))
}

/// Whether two operations of one name may be the same: where both name their input, it is the same name (WSDL 1.1 §2.5).
fn inputs_agree(one: Element<'_>, other: Element<'_>) -> bool {
    let name = |operation: Element<'_>| {
        let input = children(operation, "input").next()?;
        input.attribute("name").map(|name| name.into_owned())
    };
    match (name(one), name(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}
