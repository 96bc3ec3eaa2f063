use crate::crypto::encode_base64;
use crate::xml::escaped_markup;

/// Writes XML, an element a line. Names are ours; values may be anything.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// A start tag.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// The end tag of what was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.end(name);
        }
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element with text in it.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.start(name, &[]);
        self.out.push('>');
        self.out.push_str(&escaped_markup(text));
        self.end(name);
    }

    /// An element that refers to objects by their `id`.
    pub(super) fn refer(&mut self, name: &'static str, id: &str) {
        self.empty(name, &[("VOReference", id)]);
    }

    /// A digest, in base64, with its algorithm.
    pub(super) fn digest(&mut self, name: &'static str, algorithm: &str, value: &str) {
        self.open(name, &[]);
        self.empty("ds:DigestMethod", &[("Algorithm", algorithm)]);
        self.text("ds:DigestValue", value);
        self.close();
    }

    /// An element with octets in it.
    pub(super) fn base64(&mut self, name: &'static str, octets: &[u8]) {
        self.text(name, &encode_base64(octets));
    }

    /// A value with the URI of what it is.
    pub(super) fn typed(&mut self, name: &'static str, kind: &str, value: &str) {
        self.open(name, &[]);
        self.text("Type", kind);
        self.text("Value", value);
        self.close();
    }

    /// The document.
    pub(super) fn finish(self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.out)
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            self.out
                .extend([" ", attribute, "=\"", &escaped_markup(value), "\""]);
        }
    }

    fn end(&mut self, name: &str) {
        self.out.extend(["</", name, ">\n"]);
    }

    fn indent(&mut self) {
        self.out.extend(self.open.iter().map(|_| "  "));
    }
}
