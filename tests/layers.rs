//! The order of `mod` lines in `src/lib.rs` is the architecture: a module uses only modules declared above it, in its
//! tests too. Every way to name another module is followed: `crate::`, chains of `super`, `$crate` in macros. Ways that
//! hide what is named (groups and aliases of the root, names re-exported by it, `#[path]`) are refused.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use source::{Kind, Token, package, rust_files, tokens};

#[test]
fn modules_use_only_modules_declared_above_them() {
    let src = package().join("src");
    let order = declared_modules(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let mut complaints = Vec::new();
    let mut found = BTreeSet::new();
    for file in rust_files(&src) {
        let path = module_path(file.strip_prefix(&src).unwrap());
        let Some(top) = path.first() else {
            continue; // lib.rs and main.rs sit above every layer.
        };
        found.insert(top.clone());
        let text = fs::read_to_string(&file).unwrap();
        for (line, complaint) in complaints_about(&path, &text, &order) {
            complaints.push(format!("{}:{line}: {complaint}", source::relative(&file)));
        }
    }
    let declared: BTreeSet<String> = order.into_iter().collect();
    assert_eq!(
        found, declared,
        "modules with files, and modules that lib.rs declares"
    );
    assert!(
        complaints.is_empty(),
        "the layers of src/lib.rs are broken:\n{}",
        complaints.join("\n")
    );
}

#[test]
fn the_house_has_a_place_for_every_module() {
    let lib = fs::read_to_string(package().join("src/lib.rs")).unwrap();
    let told = fs::read_to_string(package().join("CONTRIBUTING.md")).unwrap();
    let rows: Vec<&str> = told.lines().filter(|line| line.starts_with("| `")).collect();
    let mut order = declared_modules(&lib);
    order.retain(|module| !rows.iter().any(|row| row.contains(&format!("`{module}`"))));
    assert_eq!(order, [""; 0], "modules that CONTRIBUTING.md does not name");
}

/// T30, I1: what is verified and what is used are read by one parser, because there is no other. Those of the second opinion and of
/// schemas come with features.
#[test]
fn no_other_parser_of_xml_is_linked() {
    let parsers = |edges: &str| -> Vec<String> {
        let linked = linked(edges);
        assert!(linked.contains("openssl") && linked.len() > 100, "{linked:?}");
        linked.into_iter().filter(|name| reads_xml(name)).collect()
    };
    assert_eq!(parsers("normal"), [""; 0]);
    assert_eq!(parsers("normal,dev"), ["quick-xml"], "the oracle of the tests");
}

/// The packages that the library and the program are made of, without optional features, by the kinds of dependencies in `edges`.
fn linked(edges: &str) -> BTreeSet<String> {
    let mut list = Command::new(env!("CARGO"));
    list.args(["tree", "--locked", "--offline", "--package", "sealgate"]);
    list.args(["--no-default-features", "--edges", edges]);
    list.args(["--prefix", "none", "--format", "{lib}"]);
    let output = list.current_dir(package()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let listed = String::from_utf8(output.stdout).unwrap();
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    names.map(|name| name.replace('_', "-")).collect()
}

/// Whether the package `name` reads XML or HTML, as far as names tell; those that do not tell are listed.
fn reads_xml(name: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "samael",
        "minidom",
        "sxd-document",
        "xot",
        "html5ever",
        "expat-sys",
        "elementtree",
        "scraper",
    ];
    name.contains("xml") || OTHERS.contains(&name)
}

/// The modules that `lib` declares, in order.
fn declared_modules(lib: &str) -> Vec<String> {
    let tokens = tokens(lib);
    let mut order = Vec::new();
    for window in tokens.windows(3) {
        if window[0].word() == Some("mod") && window[2].kind == Kind::Mark(';') {
            order.extend(window[1].word().map(str::to_owned));
        }
    }
    order
}

/// The module that a file, relative to `src`, holds.
fn module_path(file: &Path) -> Vec<String> {
    let mut path: Vec<String> = file
        .with_extension("")
        .components()
        .map(|component| component.as_os_str().to_string_lossy().into_owned())
        .collect();
    let last = path.last().map(String::as_str);
    if last == Some("mod") || (path.len() == 1 && matches!(last, Some("lib" | "main"))) {
        path.pop();
    }
    path
}

/// What the file `text` of module `path` names that it may not, with lines.
fn complaints_about(path: &[String], text: &str, order: &[String]) -> Vec<(usize, String)> {
    let rank = |name: &str| order.iter().position(|module| module == name);
    let own = rank(&path[0]);
    let tokens = tokens(text);
    let mut complaints = Vec::new();
    for (line, name) in names_at_root(path, &tokens) {
        let complaint = match (&name, own) {
            (Name::Module(name), Some(own)) => match rank(name) {
                Some(other) if other <= own => continue,
                Some(_) => format!("{} uses {name}, which is declared below it", path[0]),
                None => format!("`{name}` at the root is no module: name where it is defined"),
            },
            (Name::Module(_), None) => format!("{} is not declared in lib.rs", path[0]),
            (Name::Hidden(how), _) => format!("{how} hides which module is used: one path for one module"),
        };
        complaints.push((line, complaint));
    }
    complaints
}

/// What stands behind a path that reaches the root of the crate.
enum Name {
    Module(String),
    Hidden(String),
}

fn names_at_root(path: &[String], tokens: &[Token]) -> Vec<(usize, Name)> {
    let mut names = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let token = &tokens[index];
        let follows = |offset: usize| tokens.get(index + offset).map(|token| &token.kind);
        let within_path = index > 0 && tokens[index - 1].kind == Kind::PathSeparator;
        match token.word() {
            Some("crate") if follows(1) == Some(&Kind::Mark(')')) => {} // pub(crate)
            Some("crate") => names.extend(name_after(tokens, index + 1)),
            Some("super") if !within_path || tokens[index - 2].word() == Some("self") => {
                let (count, end) = supers(tokens, index);
                let visibility = tokens.get(end).map(|token| &token.kind) == Some(&Kind::Mark(')'));
                if count >= path.len() + token.inside.len() && !visibility {
                    names.extend(name_after(tokens, end));
                }
                index = end;
                continue;
            }
            Some("path" | "extern") if is_escape(tokens, index) => {
                names.push((
                    token.line,
                    Name::Hidden(format!("`{}`", token.word().unwrap_or_default())),
                ));
            }
            Some("include") if follows(1) == Some(&Kind::Mark('!')) => {
                names.push((token.line, Name::Hidden("`include!`".to_owned())));
            }
            _ => {}
        }
        index += 1;
    }
    names
}

/// How many `super` stand in a row from `start`, and the token after the last.
fn supers(tokens: &[Token], start: usize) -> (usize, usize) {
    let (mut count, mut end) = (1, start + 1);
    while tokens
        .get(end)
        .is_some_and(|token| token.kind == Kind::PathSeparator)
        && tokens.get(end + 1).and_then(Token::word) == Some("super")
    {
        count += 1;
        end += 2;
    }
    (count, end)
}

/// `#[path = …]` and `extern crate self`.
fn is_escape(tokens: &[Token], index: usize) -> bool {
    let kind = |index: usize| tokens.get(index).map(|token| &token.kind);
    let attribute =
        index > 1 && kind(index - 1) == Some(&Kind::Mark('[')) && kind(index - 2) == Some(&Kind::Mark('#'));
    match tokens[index].word() {
        Some("path") => attribute && kind(index + 1) == Some(&Kind::Mark('=')),
        _ => tokens.get(index + 1).and_then(Token::word) == Some("crate"),
    }
}

/// The first name of the path whose `::` stands at `separator`.
fn name_after(tokens: &[Token], separator: usize) -> Option<(usize, Name)> {
    let line = tokens.get(separator.min(tokens.len().checked_sub(1)?))?.line;
    let hidden = |how: &str| Some((line, Name::Hidden(how.to_owned())));
    if tokens.get(separator).map(|token| &token.kind) != Some(&Kind::PathSeparator) {
        return hidden("naming the root without a path");
    }
    match tokens.get(separator + 1).map(|token| &token.kind) {
        Some(Kind::Word(name)) => Some((line, Name::Module(name.clone()))),
        Some(Kind::Mark('{')) => hidden("a group of paths from the root"),
        _ => hidden("a glob of the root"),
    }
}

mod the_test_itself {
    use super::{complaints_about, declared_modules, module_path};
    use std::collections::BTreeSet;
    use std::path::Path;

    const LIB: &str = "pub mod low;\n// pub mod ghost;\npub(crate) mod middle;\nmod high;\n";

    fn lines(path: &[&str], text: &str) -> Vec<usize> {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let complaints = complaints_about(&path, text, &declared_modules(LIB));
        let lines: BTreeSet<usize> = complaints.into_iter().map(|(line, _)| line).collect();
        lines.into_iter().collect()
    }

    #[test]
    fn reads_the_order_and_the_paths_of_files() {
        assert_eq!(declared_modules(LIB), ["low", "middle", "high"]);
        assert_eq!(module_path(Path::new("low/mod.rs")), ["low"]);
        assert_eq!(module_path(Path::new("low/deep.rs")), ["low", "deep"]);
        assert_eq!(module_path(Path::new("middle.rs")), ["middle"]);
        assert!(module_path(Path::new("main.rs")).is_empty());
    }

    #[test]
    fn looking_down_or_beside_is_fine() {
        assert!(
            lines(
                &["middle"],
                "use crate::low::A;\nuse crate::middle::b;\nuse super::low;"
            )
            .is_empty()
        );
        assert!(
            lines(
                &["low", "deep"],
                "use super::Other;\npub(super) fn f() {}\npub(crate) fn g() {}"
            )
            .is_empty()
        );
        assert!(lines(&["low"], "mod tests { use super::*; use super::super::low::A; }").is_empty());
        assert!(lines(&["low"], "pub(super) fn f() {}").is_empty());
    }

    #[test]
    fn comments_strings_and_lifetimes_name_nothing() {
        let text = "// crate::high\n/* /* crate::high */ crate::high */\n\"crate::high\";\nr#\"\" crate::high\"#;\n'\"'; &'a str;";
        assert!(lines(&["low"], text).is_empty());
    }

    #[test]
    fn every_way_up_is_found_with_its_line() {
        for up in [
            "use crate::high::A;",
            "use crate :: high;",
            "fn f() { crate::high::g() }",
            "use super::high;",
            "mod tests { use super::super::high; }",
            "mod tests { use self::super::super::high; }",
            "macro_rules! m { () => { $crate::high::A } }",
            "use crate::{low, high};",
            "use super::{high};",
            "use crate as root;",
            "use super as root;",
            "use crate::*;",
            "use crate::Reexported;",
            "#[path = \"high.rs\"] mod h;",
            "extern crate self as me;",
            "include!(\"high.rs\");",
            "'\\''; \"\\\"\"; b\"\"; use crate::middle;",
        ] {
            assert_eq!(lines(&["low"], &format!("\n{up}\n")), [2], "{up}");
        }
        assert_eq!(lines(&["low", "deep"], "use super::super::middle;"), [1]);
        assert_eq!(lines(&["stray"], "use crate::low;"), [1]);
    }
}
