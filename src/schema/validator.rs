use super::error::{Error, ErrorKind};
use super::prepare::{Prepared, prepare, url_of};
use super::{Invalid, InvalidKind, SchemaFile, TIME, VALUE_UNDER_PATTERNS};
use crate::xml::Position;

/// The schemas of a service, checked.
#[derive(Clone, Debug)]
pub struct Schemas {
    inner: sealgate_xsd::Schemas,
    bounds: sealgate_xsd::Bounds,
}

impl Schemas {
    /// Reads the schemas in `files`, which may include and import each other.
    ///
    /// # Errors
    /// [`Error`]: a file is no schema, or they do not belong together.
    pub fn new(files: &[SchemaFile]) -> Result<Self, Error> {
        let Prepared {
            root,
            documents,
            patterns,
        } = prepare(files)?;
        let inner = sealgate_xsd::Schemas::new(&root, documents).map_err(|error| {
            let is_of = |file: &SchemaFile| error.url.as_deref() == Some(url_of(&file.path).as_str());
            let file = files.iter().position(is_of);
            let position = Position {
                line: error.line.max(1),
                column: 1,
            };
            Error::new(ErrorKind::Schema(error.message), file, position)
        })?;
        let deterministic = patterns
            .iter()
            .all(|pattern| sealgate_xsd::is_deterministic(pattern));
        let bounds = sealgate_xsd::Bounds {
            time: TIME,
            piece: if deterministic {
                usize::MAX
            } else {
                VALUE_UNDER_PATTERNS
            },
        };
        Ok(Self { inner, bounds })
    }

    /// Whether `body`, the Body element in octets that stand alone, is valid.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn validate(&self, body: &[u8]) -> Result<(), Invalid> {
        self.inner
            .validate(body, self.bounds)
            .map_err(|invalid| match invalid {
                sealgate_xsd::Invalid::Content { element, message } => Invalid {
                    element,
                    kind: InvalidKind::Content(message),
                },
                sealgate_xsd::Invalid::Length { element } => Invalid {
                    element,
                    kind: InvalidKind::Limit(
                        "bytes of a value, as the schema has patterns that can be tried in many ways",
                    ),
                },
                sealgate_xsd::Invalid::Time => Invalid {
                    element: 0,
                    kind: InvalidKind::Limit("time"),
                },
                sealgate_xsd::Invalid::Malformed | sealgate_xsd::Invalid::Unavailable => Invalid {
                    element: 0,
                    kind: InvalidKind::Unavailable,
                },
            })
    }
}
