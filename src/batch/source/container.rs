use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;

use super::names::Names;
use super::{Body, Ended, Item, Reading, Sink, Stamp};

/// So many messages any file may hold, and one more for each [`BYTES_EACH`] of its bytes: a signature alone takes more, however a
/// file is compressed, and each message costs as much in the results as one that is long.
const FREE: u64 = 100_000;
const BYTES_EACH: u64 = 16;

/// A file of many messages that is being read.
pub(super) struct Container<'c> {
    pub(super) path: &'c Path,
    pub(super) stamp: Stamp,
    pub(super) reading: &'c Reading,
    /// How many messages have been offered.
    offered: Cell<u64>,
    names: RefCell<Names>,
}

/// What a message is called in its container.
#[derive(Clone, Copy)]
pub(super) enum Name<'n> {
    /// By its place, which no other has.
    Place(u64),
    /// By the place of what it is a part of, and which part.
    Part(u64, &'static str),
    /// As somebody called it, who may have called another so.
    Given(&'n str),
}

impl<'c> Container<'c> {
    pub(super) fn new(path: &'c Path, stamp: Stamp, reading: &'c Reading) -> Self {
        Self {
            path,
            stamp,
            reading,
            offered: Cell::new(0),
            names: RefCell::default(),
        }
    }

    /// The most messages that the file may hold.
    pub(super) const fn most(&self) -> u64 {
        FREE.saturating_add(self.stamp.length / BYTES_EACH)
    }

    /// Hands on the message called `name` here, as `read` reads it; skips it where it is not wanted.
    pub(super) fn offer(
        &self,
        separator: char,
        name: Name<'_>,
        sink: &mut dyn Sink,
        read: impl FnOnce() -> io::Result<Body>,
    ) -> Result<(), Ended> {
        let number = self.offered.get().saturating_add(1);
        if number > self.most() {
            return Err(Ended::TooMany);
        }
        self.offered.set(number);
        let folder = self.path.to_string_lossy();
        let path = match name {
            Name::Place(place) => format!("{folder}{separator}{place}"),
            Name::Part(place, part) => format!("{folder}{separator}{place}.{part}"),
            Name::Given(name) => {
                let name = self.names.borrow_mut().told_apart(name, number);
                format!("{folder}{separator}{name}")
            }
        };
        if !sink.wants(&path, self.stamp) {
            return Ok(());
        }
        sink.take(Item {
            path,
            stamp: self.stamp,
            body: read().unwrap_or_else(Body::Unreadable),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Taken;
    use super::*;

    #[test]
    fn no_file_holds_more_messages_than_its_bytes_explain() {
        let (taken, ended) = Taken::of(10, |container, sink| {
            (0..=FREE)
                .try_for_each(|number| container.offer('#', Name::Place(number), sink, || Ok(Body::TooLong)))
        });
        assert!(matches!(ended, Err(Ended::TooMany)), "{ended:?}");
        assert_eq!(u64::try_from(taken.len()), Ok(FREE));
        let reading = Taken::reading(10);
        let stamp = Stamp {
            length: 1_600,
            ..Stamp::default()
        };
        assert_eq!(Container::new(Path::new("c"), stamp, &reading).most(), FREE + 100);
    }

    #[test]
    fn two_messages_of_one_name_are_told_apart() {
        let (taken, _) = Taken::of(10, |container, sink| {
            let mut offer = |name| container.offer('!', Name::Given(name), sink, || Ok(Body::TooLong));
            ["a", "b", "a", "a#3", "unwanted", "a"]
                .into_iter()
                .try_for_each(&mut offer)
        });
        let told: Vec<_> = taken.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(told, ["c!a", "c!b", "c!a#3", "c!a#3#4", "c!a#6"]);
    }
}
