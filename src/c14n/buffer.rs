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

    fn is_full(&self) -> bool {
        self.sink.is_full()
    }
}

/// Lets so many octets pass and no more.
pub struct Counted<'s, S: Sink> {
    sink: &'s mut S,
    left: u64,
    full: bool,
}

impl<'s, S: Sink> Counted<'s, S> {
    /// A counter before `sink` that lets `most` octets pass.
    pub fn new(sink: &'s mut S, most: u64) -> Self {
        Self {
            sink,
            left: most,
            full: false,
        }
    }

    /// How many octets may still pass.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl<S: Sink> Sink for Counted<'_, S> {
    #[inline]
    fn put(&mut self, octets: &[u8]) {
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        match self.left.checked_sub(length) {
            Some(left) if !self.full => {
                self.left = left;
                self.sink.put(octets);
            }
            _ => self.full = true,
        }
    }

    fn is_full(&self) -> bool {
        self.full
    }
}
