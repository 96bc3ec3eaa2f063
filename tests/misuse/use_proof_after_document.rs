//! A proof about nodes is used after their document was taken apart.

use sealgate::dsig::{Covered, Rules, Signature, verify};
use sealgate::crypto::VerifyingKey;
use sealgate::xml::Document;

fn verify_and_take_apart(document: Document, key: &VerifyingKey, rules: Rules<'_>, read: fn(&Document) -> Signature<'_>) {
    let signature = read(&document);
    let covered: Covered<'_> = verify(&signature, key, rules, &mut Vec::new()).unwrap();
    drop(document);
    println!("{}", covered.elements().count());
}

fn main() {
    let _ = verify_and_take_apart;
}
