//! The schemas in `schemas/`: what passes is valid by them, what is refused for its structure is not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The message of a case, and the code that refuses it if one does.
struct Case {
    name: String,
    message: PathBuf,
    code: Option<String>,
}

/// Cases that pass and are not valid, as the manual says: what is let pass with a warning, and attributes that nobody heeds.
const STRICTER: [&str; 3] = [
    "good/attribute-on-envelope",
    "good/attribute-on-header",
    "good/bsp-r3029-warned",
];

/// Cases that are refused for what is only seen when they are decrypted.
const IN_CIPHERTEXT: [&str; 1] = ["wss/security-header-decrypted"];

/// Roots that the schemas do not have.
const OTHER_ROOTS: [&str; 2] = ["<md:EntityDescriptor", "<samlp1:Response"];

/// Reasons to refuse that a schema can always see.
const OF_STRUCTURE: [&str; 26] = [
    "dsig.hmac_truncated",
    "dsig.object_present",
    "limit.references",
    "limit.transforms",
    "saml.encrypted",
    "saml.name_id",
    "saml.signature_place",
    "saml.unknown_condition",
    "saml.version",
    "soap.body_missing",
    "soap.encoding_style",
    "soap.header_order",
    "soap.multiple_bodies",
    "soap.multiple_headers",
    "soap.not_an_envelope",
    "soap.text",
    "soap.unexpected_element",
    "soap.unqualified_header",
    "soap.version",
    "token.attribute",
    "token.key_value",
    "token.time",
    "wss.attribute",
    "wss.multiple_headers",
    "wss.text",
    "wss.unknown_item",
];

#[test]
fn what_passes_is_valid() {
    let cases = cases();
    let good: Vec<&Case> = cases.iter().filter(|case| case.code.is_none()).collect();
    assert_eq!(invalid(&good), STRICTER);
    assert!(good.len() > 150, "{}", good.len());
}

#[test]
fn what_is_refused_for_its_structure_is_not() {
    let cases = cases();
    let refused = |case: &&Case| {
        let code = case.code.as_deref();
        code.is_some_and(|code| OF_STRUCTURE.contains(&code))
    };
    let bad: Vec<&Case> = cases.iter().filter(refused).collect();
    let names = bad.iter().map(|case| case.name.as_str());
    let visible: Vec<&str> = names.filter(|name| !IN_CIPHERTEXT.contains(name)).collect();
    assert_eq!(invalid(&bad), visible);
    assert!(bad.len() > 40, "{}", bad.len());
    // Elements of a Signature in another order, twice, or missing; only comments in values are none of a schema's business.
    let structure = cases
        .iter()
        .filter(|case| case.code.as_deref() == Some("dsig.structure"));
    let structure: Vec<&Case> = structure.collect();
    assert!(invalid(&structure).len() >= 16);
}

/// Those of `cases` that xmllint finds invalid.
fn invalid<'c>(cases: &[&'c Case]) -> Vec<&'c str> {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--huge", "--schema"])
        .arg(format!("{root}/schemas/message.xsd"))
        .args(cases.iter().map(|case| &case.message))
        .output()
        .unwrap_or_else(|error| panic!("xmllint does not run ({error}): `make setup` installs it"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let verdicts: BTreeMap<&str, bool> = said
        .lines()
        .filter_map(|line| {
            let valid = line.strip_suffix(" validates").map(|file| (file, true));
            valid.or_else(|| line.strip_suffix(" fails to validate").map(|file| (file, false)))
        })
        .collect();
    let is_invalid = |case: &&&Case| {
        let verdict = verdicts.get(case.message.to_str().unwrap());
        !verdict.unwrap_or_else(|| panic!("nothing said of {}: {said}", case.name))
    };
    cases
        .iter()
        .filter(is_invalid)
        .map(|case| case.name.as_str())
        .collect()
}

/// The cases of messages and SAML documents that are XML as they stand, by their names.
fn cases() -> Vec<Case> {
    let root = format!("{}/fixtures/cases", env!("CARGO_MANIFEST_DIR"));
    let mut cases = Vec::new();
    for stage in fs::read_dir(&root).unwrap() {
        for folder in fs::read_dir(stage.unwrap().path()).unwrap() {
            let folder = folder.unwrap().path();
            let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
            let (gate, expected) = (read("gate.toml"), read("expect.toml"));
            let message = folder.join("message.xml");
            let text = read("message.xml");
            let text = text.trim_start_matches('\u{feff}');
            let judged = ["command = \"verify\"", "command = \"saml verify\""];
            let ours = judged.iter().any(|command| gate.contains(command))
                && text.trim_start().starts_with('<')
                && !OTHER_ROOTS.iter().any(|root| text.contains(root));
            if !ours {
                continue;
            }
            let expected: toml::Table = expected.parse().unwrap();
            let code = expected.get("code").and_then(toml::Value::as_str);
            cases.push(Case {
                name: folder.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
                message,
                code: code.map(str::to_owned),
            });
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}
