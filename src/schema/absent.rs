use super::error::{Error, ErrorKind, NotBuilt};
use super::{Invalid, SchemaFile};

/// Schemas, which this program cannot have: there is no value of this type.
#[derive(Clone, Debug)]
pub enum Schemas {}

impl Schemas {
    /// Never: the program was built without the feature `xsd`.
    ///
    /// # Errors
    /// [`NotBuilt`], or what is wrong with a file before that.
    pub fn new(files: &[SchemaFile]) -> Result<Self, Error> {
        super::prepare::prepare(files)?;
        Err(Error::nowhere(ErrorKind::NotBuilt(NotBuilt)))
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn validate(&self, _: &[u8]) -> Result<(), Invalid> {
        match *self {}
    }
}
