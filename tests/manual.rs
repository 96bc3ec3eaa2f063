//! The manual lists what the code says, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sealgate::threat::{Kind, Rule};

const STAGES: [&str; 18] = [
    "threat", "audit", "fetch", "bearer", "grant", "relay", "xml", "soap", "wss", "dsig", "xmlenc", "token",
    "saml", "trust", "policy", "replay", "limit", "wsdl",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// What stands between `mark`s in `text` and looks like a code.
fn codes(text: &str, mark: char) -> BTreeSet<String> {
    let is_code = |piece: &&str| {
        piece.split_once('.').is_some_and(|(stage, reason)| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            STAGES.contains(&stage) && !reason.is_empty() && reason.chars().all(plain)
        })
    };
    text.split(mark).filter(is_code).map(str::to_owned).collect()
}

#[test]
fn every_code_is_in_the_manual_and_the_manual_invents_none() {
    let mut said = BTreeSet::new();
    for file in rust_files(&root().join("src")) {
        if file.components().any(|part| part.as_os_str() == "manual") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        // What the rules for threats name, others refuse.
        if !file.ends_with("tests.rs") && !file.ends_with("threat/refusal.rs") {
            said.extend(codes(code, '"'));
        }
    }
    let page = |name: &str| fs::read_to_string(root().join("src/manual").join(name)).unwrap();
    let mut listed = codes(&page("codes.rs"), '`');
    listed.extend(codes(&page("gateway_codes.rs"), '`'));
    listed.extend(
        codes(&page("threats.rs"), '`')
            .into_iter()
            .filter(|code| code.starts_with("threat.")),
    );
    let missing: Vec<_> = said.difference(&listed).collect();
    let invented: Vec<_> = listed.difference(&said).collect();
    assert!(missing.is_empty(), "not in src/manual/codes.rs: {missing:?}");
    assert!(invented.is_empty(), "no code says: {invented:?}");
}

#[test]
fn every_threat_rule_is_in_the_manual_with_what_it_does_and_a_message_that_it_applies_to() {
    let text = fs::read_to_string(root().join("src/manual/threats.rs")).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `threat."));
    let mut listed = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let [name, mode, about, example] = cells.as_slice() else {
            unreachable!("{row}")
        };
        let name = name.trim_end_matches('`');
        let rule = Rule::named(name).unwrap();
        assert_eq!(*mode, rule.default_mode().name(), "{name}");
        assert_eq!(*about, rule.about(), "{name}");
        let folder = root().join("fixtures").join(example.trim_matches('`'));
        let expected = fs::read_to_string(folder.join("expect.toml")).unwrap();
        let expected: toml::Table = toml::from_str(&expected).unwrap();
        let code = expected.get("code").and_then(toml::Value::as_str);
        match (rule, rule.kind()) {
            // Nothing is wrong with it but that it comes again.
            (Rule::ReplayBurst, _) => assert_eq!(code, None),
            (_, Kind::Content) => assert_eq!(code, Some(rule.code())),
            (_, Kind::Refusal | Kind::Burst) => {
                assert_eq!(code.and_then(Rule::of_refusal), Some(rule), "{name}");
            }
        }
        listed.push(rule);
    }
    assert_eq!(listed, Rule::all().collect::<Vec<_>>());
    assert!(listed.len() >= 20);
}

#[test]
fn what_threat_rules_name_is_a_code_that_the_manual_has() {
    let refusals = fs::read_to_string(root().join("src/threat/refusal.rs")).unwrap();
    let page = |name: &str| fs::read_to_string(root().join("src/manual").join(name)).unwrap();
    let manual = page("codes.rs") + &page("gateway_codes.rs");
    let named = codes(refusals.split("#[cfg(test)]").next().unwrap_or_default(), '"');
    let listed = codes(&manual, '`');
    assert!(named.len() > 80, "{named:?}");
    let unknown: Vec<_> = named.difference(&listed).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The forms of messages, as the manual names them, with how names of folders begin and with their root elements.
const FORMS: [(&str, &str, &[&str]); 6] = [
    ("SOAP 1.1", "soap11", &[]),
    ("SOAP 1.2", "soap12", &[]),
    ("Response", "saml-response", &["Response"]),
    ("Assertion", "saml-assertion", &["Assertion"]),
    ("LogoutRequest", "saml-logout-request", &["LogoutRequest"]),
    (
        "metadata",
        "saml-metadata",
        &["EntityDescriptor", "EntitiesDescriptor"],
    ),
];

/// The form of the message in `folder`: by its name, or else by its root element.
fn form(folder: &Path) -> Option<&'static str> {
    let name = folder.file_name().unwrap().to_string_lossy();
    let named = |start: &str| {
        let rest = name.strip_prefix(start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if let Some((form, _, _)) = FORMS.iter().find(|(_, start, _)| named(start)) {
        return Some(form);
    }
    let message = fs::read(folder.join("message.xml")).unwrap_or_default();
    let text = String::from_utf8_lossy(&message);
    let root = text
        .split(['<', '\n'])
        .find(|tag| tag.starts_with(char::is_alphabetic))?;
    let local = root.split([' ', '>']).next()?.rsplit(':').next()?;
    if local == "Envelope" {
        let is_12 = root.contains("http://www.w3.org/2003/05/soap-envelope");
        return Some(if is_12 { "SOAP 1.2" } else { "SOAP 1.1" });
    }
    let found = FORMS.iter().find(|(_, _, roots)| roots.contains(&local))?;
    Some(found.0)
}

#[test]
fn every_attack_is_tried_in_every_form_or_the_manual_says_why_it_cannot_be() {
    let text = fs::read_to_string(root().join("src/manual/attacks.rs")).unwrap();
    let section = text.split("# Where an attack cannot be").nth(1).unwrap();
    let section = section.split("//! # ").next().unwrap();
    let mut excused = BTreeSet::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("//! | T")) {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let [attacks, forms, reason] = cells.as_slice() else {
            unreachable!("{row}")
        };
        assert!(!reason.is_empty());
        for attack in format!("T{attacks}").split(' ') {
            for form in forms.split(", ") {
                assert!(FORMS.iter().any(|(known, _, _)| *known == form), "{form}");
                assert!(
                    excused.insert((attack.to_owned(), form.to_owned())),
                    "{attack} {form} twice"
                );
            }
        }
    }
    let mut attacks = BTreeSet::new();
    let mut tried = BTreeSet::new();
    for attack in fs::read_dir(root().join("fixtures/attacks")).unwrap() {
        let attack = attack.unwrap();
        let name = attack.file_name().to_string_lossy().into_owned();
        let number = name.split('-').next().unwrap().to_owned();
        for folder in fs::read_dir(attack.path()).unwrap() {
            if let Some(form) = form(&folder.unwrap().path()) {
                tried.insert((number.clone(), form.to_owned()));
            }
        }
        attacks.insert(number);
    }
    let all = attacks
        .iter()
        .flat_map(|attack| FORMS.map(|(form, _, _)| (attack.clone(), form.to_owned())));
    let open: Vec<_> = all
        .filter(|each| !tried.contains(each) && !excused.contains(each))
        .collect();
    assert!(open.is_empty(), "neither a message nor a reason: {open:?}");
    let both: Vec<_> = tried.intersection(&excused).collect();
    assert!(
        both.is_empty(),
        "a reason why there is none, and a message: {both:?}"
    );
}

/// The number that an attack's row and folder begin with, as "T101".
fn attack_number(name: &str) -> Option<String> {
    let digits: String = name
        .strip_prefix('T')?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (!digits.is_empty()).then(|| format!("T{digits}"))
}

#[test]
fn every_attack_has_the_codes_that_refuse_it_in_the_manual() {
    let mut refused: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for attack in fs::read_dir(root().join("fixtures/attacks")).unwrap() {
        let attack = attack.unwrap();
        let number = attack_number(&attack.file_name().to_string_lossy()).unwrap();
        for folder in fs::read_dir(attack.path()).unwrap() {
            let expected = fs::read_to_string(folder.unwrap().path().join("expect.toml")).unwrap();
            let expected: toml::Table = expected.parse().unwrap();
            let code = expected.get("code").unwrap().as_str().unwrap().to_owned();
            refused.entry(number.clone()).or_default().insert(code);
        }
    }
    let text = fs::read_to_string(root().join("src/manual/attacks.rs")).unwrap();
    let tables = text.split("# Where an attack cannot be").next().unwrap();
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in tables.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        if let Some(number) = attack_number(row) {
            let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            listed.entry(number).or_default().extend(codes(last, '`'));
        }
    }
    listed.retain(|_, codes| !codes.is_empty());
    for (attack, codes) in &refused {
        assert_eq!(listed.get(attack), Some(codes), "{attack}");
    }
    assert_eq!(listed.len(), refused.len(), "codes without files");
}

#[test]
fn every_attack_that_is_kept_has_an_entry_in_the_manual() {
    let kept: BTreeSet<String> = fs::read_dir(root().join("fixtures/attacks"))
        .unwrap()
        .filter_map(|entry| attack_number(&entry.unwrap().file_name().to_string_lossy()))
        .collect();
    let text = fs::read_to_string(root().join("src/manual/attacks.rs")).unwrap();
    let mut listed = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let Some(attack) = attack_number(line) else {
            continue;
        };
        if !kept.contains(&attack) {
            assert!(names_a_test(line), "{attack} has neither files nor a test");
        }
        listed.insert(attack);
    }
    let missing: Vec<_> = kept.difference(&listed).collect();
    assert!(missing.is_empty(), "no entry for {missing:?}");
    let issued = (1..=122).chain(130..=147).map(|number| format!("T{number:02}"));
    let unlisted: Vec<_> = issued.filter(|attack| !listed.contains(attack)).collect();
    assert!(unlisted.is_empty(), "no entry for {unlisted:?}");
    assert!(kept.len() > 50, "{kept:?}");
}

/// Whether a piece of `row` is `FILE::FUNCTION`, and the file has that function.
fn names_a_test(row: &str) -> bool {
    row.split('`').any(|piece| {
        piece.split_once(".rs::").is_some_and(|(file, function)| {
            let text = fs::read_to_string(root().join(format!("{file}.rs"))).unwrap_or_default();
            text.contains(&format!("fn {function}("))
        })
    })
}

/// The numbers of rules of the Basic Security Profile in `text`: R, and four digits.
fn rules(text: &str) -> BTreeSet<String> {
    let pieces = text.split(|c: char| !c.is_ascii_alphanumeric());
    pieces
        .filter(|piece| {
            piece.strip_prefix('R').is_some_and(|digits| {
                digits.len() == 4
                    && digits.starts_with(['3', '4', '5', '6'])
                    && digits.bytes().all(|b| b.is_ascii_digit())
            })
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_rule_of_the_basic_security_profile_that_is_checked_is_in_its_table_as_such() {
    let mut enforced = BTreeSet::new();
    for file in rust_files(&root().join("src")) {
        if file.components().any(|part| part.as_os_str() == "manual") || file.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        enforced.extend(rules(text.split("#[cfg(test)]\nmod ").next().unwrap_or_default()));
    }
    let table = fs::read_to_string(root().join("src/manual/basic_security_profile.rs")).unwrap();
    let (mut as_such, mut all) = (BTreeSet::new(), BTreeSet::new());
    for row in table.lines().filter_map(|line| line.strip_prefix("//! | R")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [number, _, here] = cells.as_slice() else {
            unreachable!("{row}")
        };
        let number = format!("R{number}");
        assert!(all.insert(number.clone()), "{number} stands twice");
        let kinds = ["always", "by profile", "warned of", "replaced", "not asked"];
        let kind = kinds.iter().find(|kind| here.starts_with(**kind));
        if matches!(kind.unwrap(), &"always" | &"by profile" | &"warned of") {
            as_such.insert(number);
        }
    }
    assert_eq!(enforced, as_such);
    let fixtures = rules(&fs::read_to_string(root().join("fixtures/INDEX.md")).unwrap());
    let without: Vec<_> = as_such.difference(&fixtures).collect();
    assert!(without.is_empty(), "no fixture breaks {without:?}");
    assert!(all.len() > 50, "{all:?}");
}

#[test]
fn a_rule_that_counts_by_profile_is_a_deviation_and_the_other_way_round() {
    let table = fs::read_to_string(root().join("src/manual/basic_security_profile.rs")).unwrap();
    let by_profile = table
        .lines()
        .filter(|line| line.starts_with("//! | R") && line.contains("by profile"));
    let number = |line: &str| rules(line.strip_prefix("//! | ")?.split(' ').next()?).pop_first();
    let listed: BTreeSet<String> = by_profile.filter_map(number).collect();
    let code = fs::read_to_string(root().join("src/wss/deviation.rs")).unwrap();
    assert_eq!(rules(&code), listed);
}
