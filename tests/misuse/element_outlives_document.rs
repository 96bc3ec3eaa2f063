//! An element is read after its document is gone.

use sealgate::xml::{Document, Limits};

fn main() {
    let document = Document::parse("<a/>".into(), &Limits::default()).unwrap();
    let root = document.root();
    drop(document);
    println!("{}", root.local_name());
}
