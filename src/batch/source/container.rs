use std::cell::{Cell, RefCell};
use std::io;
use std::path::{Path, PathBuf};

use super::magic::{is_apple_double, may_be_apple_double};
use super::names::Names;
use super::{Body, Ended, Item, PassedOver, Reading, Sink, Stamp, broken, in_words};

/// So many messages any file may hold, and one more for each [`BYTES_EACH`] of its bytes: a signature alone takes more, however a
/// file is compressed, and each message costs as much in the results as one that is long.
const FREE: u64 = 100_000;
const BYTES_EACH: u64 = 16;
/// So many bytes the messages of any file may have together, and so many more for each of its own: deflate makes no more of them. A
/// dictionary of Parquet does, in which one value is that of every row.
pub(super) const FREE_BYTES: u64 = 1 << 30;
pub(super) const BYTES_OF_ONE: u64 = 1_000;

/// A file of many messages that is being read.
pub(super) struct Container<'c> {
    /// What it is called.
    pub(super) path: &'c Path,
    /// Where it can be opened.
    pub(super) place: PathBuf,
    pub(super) stamp: Stamp,
    pub(super) reading: &'c Reading,
    /// How many messages have been offered.
    offered: Cell<u64>,
    /// How many bytes they had.
    handed: Cell<u64>,
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
            place: path.to_owned(),
            stamp,
            reading,
            offered: Cell::new(0),
            handed: Cell::new(0),
            names: RefCell::default(),
        }
    }

    /// The most messages that the file may hold.
    pub(super) const fn most(&self) -> u64 {
        FREE.saturating_add(self.stamp.length / BYTES_EACH)
    }

    /// The most bytes that are made of those of the file.
    pub(super) const fn most_bytes(&self) -> u64 {
        FREE_BYTES.saturating_add(self.stamp.length.saturating_mul(BYTES_OF_ONE))
    }

    /// Takes note of a message of `bytes` bytes.
    fn hand_on(&self, bytes: u64) -> Result<(), Ended> {
        let handed = self.handed.get().saturating_add(bytes);
        self.handed.set(handed);
        if handed > self.most_bytes() {
            return Err(too_many_bytes().into());
        }
        Ok(())
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
            return self.hand_on(sink.known());
        }
        let body = read().unwrap_or_else(|error| Body::Unreadable(in_words(error)));
        self.hand_on(body.held())?;
        sink.take(Item {
            path,
            stamp: self.stamp,
            body,
        })
    }

    /// The same of an entry of an archive, unless it is what macOS puts beside a file: for that it is read, whether it is wanted or not.
    pub(super) fn offer_entry(
        &self,
        name: &str,
        sink: &mut dyn Sink,
        read: impl FnOnce() -> io::Result<Body>,
    ) -> Result<(), Ended> {
        if !may_be_apple_double(name) {
            return self.offer('!', Name::Given(name), sink, read);
        }
        let body = read();
        match &body {
            Ok(Body::Bytes(bytes)) if is_apple_double(bytes) => {
                sink.passed_over(PassedOver::AppleDouble);
                Ok(())
            }
            _ => self.offer('!', Name::Given(name), sink, || body),
        }
    }
}

pub(super) fn too_many_bytes() -> io::Error {
    broken("more bytes come out of the file than its own explain")
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

    /// Counts messages, those that it wants and those that it knows, which all have as many bytes.
    struct Count {
        wants: bool,
        count: u64,
    }

    impl Sink for Count {
        fn wants(&mut self, _: &str, _: Stamp) -> bool {
            self.count = self.count.saturating_add(u64::from(!self.wants));
            self.wants
        }

        fn known(&self) -> u64 {
            1 << 26
        }

        fn take(&mut self, _: Item) -> Result<(), Ended> {
            self.count = self.count.saturating_add(1);
            Ok(())
        }

        fn passed_over(&mut self, _: PassedOver) {}

        fn advanced(&mut self, _: u64) {}
    }

    #[test]
    fn no_more_bytes_come_out_of_a_file_than_its_own_explain() {
        let one = bytes::Bytes::from(vec![b' '; 1 << 26]);
        let reading = Taken::reading(u32::MAX);
        for (length, most) in [(0, 16), (1 << 20, 31)] {
            let stamp = Stamp {
                length,
                ..Stamp::default()
            };
            // Also where an earlier process has judged them.
            for wants in [true, false] {
                let container = Container::new(Path::new("c"), stamp, &reading);
                let mut sink = Count { wants, count: 0 };
                let ended = (1..100).try_for_each(|number| {
                    let read = || Ok(Body::Bytes(one.clone()));
                    container.offer('#', Name::Place(number), &mut sink, read)
                });
                let told = format!("{ended:?}");
                assert!(told.contains("more bytes come out of the file"), "{told}");
                assert_eq!(sink.count, most + u64::from(!wants), "{length} {wants}");
            }
        }
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
