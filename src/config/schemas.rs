use std::path::Path;

use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::schema::Check;
use crate::schema::ErrorKind;
use crate::schema::SchemaFile;
use crate::schema::Schemas;

/// The greatest file of a schema.
const FILE_BYTES: u64 = 16 << 20;

/// Loads the schemas of a route. `None` if anything is wrong, which is then noted.
pub(super) fn check(
    schema: Option<&typed::Schema>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<Check>> {
    let Some(schema) = schema else {
        return Some(None);
    };
    let at_files = path.key("files");
    let mut read = Vec::new();
    for (index, file) in schema.files.iter().enumerate() {
        let full = source.ask(file);
        match files::read(&full, FILE_BYTES) {
            Ok(content) => read.push(SchemaFile {
                path: absolute(&full),
                content: content.into(),
            }),
            Err(error) => files::unreadable(source, &at_files.entry(index), file, &error),
        }
    }
    if read.len() < schema.files.len() {
        return None;
    }
    match Schemas::new(&read) {
        Ok(schemas) => Some(Some(Check {
            schemas,
            mode: schema.mode,
        })),
        Err(error) => {
            let place = error
                .file()
                .and_then(|index| Some((index, schema.files.get(index)?)));
            let what = match place {
                Some((_, file)) => {
                    let line = error.position().map_or(1, |position| position.line);
                    format!("cannot be used: {}:{line}: {error}", file.display())
                }
                None => format!("cannot be used: {error}"),
            };
            let at = place.map_or(at_files.clone(), |(index, _)| at_files.entry(index));
            let instead = if matches!(error.kind(), ErrorKind::NotBuilt(_)) {
                "or leave it out"
            } else {
                "name every file that the schemas of the service are made of"
            };
            source.problem(&at, what, instead);
            None
        }
    }
}

/// The path from the root, with `.` and `..` worked out, as those that include it by a relative path come to it.
fn absolute(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut parts: Vec<std::borrow::Cow<'_, str>> = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::Normal(name) => parts.push(name.to_string_lossy()),
            std::path::Component::ParentDir => drop(parts.pop()),
            std::path::Component::CurDir
            | std::path::Component::RootDir
            | std::path::Component::Prefix(_) => {}
        }
    }
    format!("/{}", parts.join("/"))
}
