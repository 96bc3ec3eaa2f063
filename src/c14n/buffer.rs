use super::Sink;

/// How many octets are collected before they are passed on.
const SIZE: usize = 4096;
/// From which length on octets are passed on by themselves.
const LONG: usize = 1024;

/// Collects small pieces, so that a digest is not called for each.
pub struct Buffered<'s, S: Sink> {
    sink: &'s mut S,
    octets: [u8; SIZE],
    length: usize,
}

impl<'s, S: Sink> Buffered<'s, S> {
    /// A buffer before `sink`.
    pub fn new(sink: &'s mut S) -> Self {
        Self {
            sink,
            octets: [0; SIZE],
            length: 0,
        }
    }

    fn flush(&mut self) {
        self.sink.put(self.octets.get(..self.length).unwrap_or_default());
        self.length = 0;
    }

    /// Passes on what is left.
    pub fn finish(mut self) {
        self.flush();
    }
}

impl<S: Sink> Sink for Buffered<'_, S> {
    #[inline]
    fn put(&mut self, octets: &[u8]) {
        if octets.len() >= LONG || self.length.wrapping_add(octets.len()) > SIZE {
            self.flush();
        }
        if octets.len() >= LONG {
            self.sink.put(octets);
            return;
        }
        let end = self.length.wrapping_add(octets.len());
        if let Some(room) = self.octets.get_mut(self.length..end) {
            room.copy_from_slice(octets);
            self.length = end;
        }
    }
}

/// Counts octets on their way.
pub struct Counted<'s, S: Sink> {
    sink: &'s mut S,
    count: u64,
}

impl<'s, S: Sink> Counted<'s, S> {
    /// A counter before `sink`.
    pub fn new(sink: &'s mut S) -> Self {
        Self { sink, count: 0 }
    }

    /// How many octets have passed.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl<S: Sink> Sink for Counted<'_, S> {
    #[inline]
    fn put(&mut self, octets: &[u8]) {
        self.count = self
            .count
            .saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        self.sink.put(octets);
    }
}
