use std::fmt;
use std::io;

/// Where the content of attachments is kept until the verdict: the caller says whether that is memory or a disk.
pub trait Spool: fmt::Debug + Send + Sync {
    /// An empty place for one attachment. What is dropped is gone.
    ///
    /// # Errors
    /// There is none to be had.
    fn create(&self) -> io::Result<Box<dyn Stored>>;
}

/// The content of an attachment, in a place that nobody else can write to.
pub trait Stored: fmt::Debug + Send + Sync {
    /// Keeps further octets.
    ///
    /// # Errors
    /// They could not be kept.
    fn append(&mut self, octets: &[u8]) -> io::Result<()>;

    /// Copies octets from `offset` on, and says how many; none at the end only.
    ///
    /// # Errors
    /// They could not be read.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// An empty place for another form of the same content, as [`Spool::create`] gives one.
    ///
    /// # Errors
    /// There is none to be had.
    fn another(&self) -> io::Result<Box<dyn Stored>>;
}

/// A spool in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl Spool for InMemory {
    fn create(&self) -> io::Result<Box<dyn Stored>> {
        Ok(Box::<Memory>::default())
    }
}

/// Octets in memory. How many they are is all that is shown of them.
#[derive(Default)]
struct Memory(Vec<u8>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.0.len()).finish()
    }
}

impl Stored for Memory {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(octets);
        Ok(())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.0.get(offset..));
        rest.map_or(Ok(0), |mut rest| io::Read::read(&mut rest, into))
    }

    fn another(&self) -> io::Result<Box<dyn Stored>> {
        InMemory.create()
    }
}
