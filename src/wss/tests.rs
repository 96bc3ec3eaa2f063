//! Whole messages of other stacks and of the fixtures, read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::soap::Addressing;
use crate::soap::Envelope;
use crate::soap::Roles;
use crate::wss::Header;
use crate::wss::KeyForm;
use crate::wss::resolve;
use crate::xml::Limits;
use crate::xml::Namespace;

/// Reads all that this module reads; gives the forms in which keys are named, or the code of the refusal.
fn read(file: &Path) -> Result<Vec<KeyForm>, String> {
    let (roles, limits) = (Roles::default(), Limits::default());
    let soap = |error: crate::soap::Error| error.code().to_owned();
    let wss = |error: crate::wss::Error| error.code().to_owned();
    let envelope = Envelope::parse(fs::read(file).unwrap().into(), &limits).map_err(soap)?;
    envelope.check_understood(&roles, &[]).map_err(soap)?;
    Addressing::read(&envelope, &roles).map_err(soap)?;
    let header = Header::read(&envelope, &roles, &limits).map_err(wss)?;
    header.check_decrypted().map_err(wss)?;
    let mut deviations = header.deviations().to_vec();
    let mut forms = Vec::new();
    for signature in header.signatures() {
        let key = resolve(signature.child(Namespace::DS, "KeyInfo"), &header).map_err(wss)?;
        forms.push(key.form);
        deviations.extend(key.deviations);
    }
    deviations
        .first()
        .map_or(Ok(forms), |deviation| Err(deviation.code().to_owned()))
}

fn fixtures(below: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(below);
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders
}

#[test]
fn messages_of_other_stacks_are_read_and_break_no_rule() {
    for (stack, expected) in [
        (
            "interop/zeep",
            [
                KeyForm::BinarySecurityToken,
                KeyForm::X509Data,
                KeyForm::BinarySecurityToken,
            ],
        ),
        ("interop/node-soap", [KeyForm::BinarySecurityToken; 3]),
    ] {
        let forms: Vec<KeyForm> = fixtures(stack)
            .iter()
            .map(|folder| read(&folder.join("request.xml")))
            .flat_map(|forms| forms.unwrap())
            .collect();
        assert_eq!(forms, expected, "{stack}");
    }
}

#[test]
fn every_good_message_is_read_and_breaks_no_rule() {
    let mut count = 0_usize;
    for folder in fixtures("cases/good") {
        let gate = fs::read_to_string(folder.join("gate.toml")).unwrap();
        // Those that end so break one where that only warns; those that begin so are decrypted first.
        let name = folder.file_name().unwrap().to_string_lossy();
        if name.ends_with("-warned")
            || name.starts_with("encrypted-")
            || name.starts_with("symmetric-encrypted-")
            || !gate.contains("command = \"verify\"")
        {
            continue;
        }
        let message = folder.join("message.xml");
        if !message.exists() {
            // A message of several parts, of which the envelope is one.
            continue;
        }
        let forms = read(&message);
        assert!(forms.is_ok_and(|forms| !forms.is_empty()), "{}", folder.display());
        count = count.saturating_add(1);
    }
    assert!(count > 50, "{count} messages");
}
