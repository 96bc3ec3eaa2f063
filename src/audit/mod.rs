//! What was decided, on the disk before anybody is told, in a chain that shows when it was changed.
//!
//! # The log
//!
//! A folder of segments, `audit-000000000001.log` and so on, by the number of their first record. A record is its length and its CRC-32 (four octets each,
//! the greater first), and then JSON: `{"seq", "prev", "kind", "time", …}`. `prev` is the SHA-256 of the JSON of the record before it, over all segments.
//!
//! | kind | what it says |
//! |---|---|
//! | `segment` | the first of a segment: which log it belongs to (`chain`) |
//! | `accepted` | a message was verified, and may now go to its backend: who sent it, what came, what goes on |
//! | `answered`, `failed` | what became of it; with `client` `gone` where that had gone before there was an answer, which nobody has then |
//! | `refused` | a message was refused, and why |
//! | `begun_anew` | the log begins though checkpoints of another one, by the same key, were exported: `last` is what the last of them speaks of |
//! | `recovered` | after a crash, so many octets that were no whole record were set aside |
//! | `checkpoint` | a signature over the number and hash of the record before it, by a key that is used for nothing else |
//!
//! A message is accepted after its record is on the disk, and an answer leaves after its own is. Records that wait at the same time share one
//! `fdatasync`. After an error nothing is tried again on the same file: it is cut back to what is known to be there, and the next record begins another segment,
//! so that a full disk refuses messages with 503 until there is room.
//!
//! # What it shows
//!
//! Whoever changes, removes, inserts or swaps records breaks the chain at that place ([`verify`]). Whoever writes all records anew cannot sign the
//! checkpoints. Whoever cuts off the end is found out by checkpoints that were exported: at most 1,000 records or 60 seconds can go unnoticed (T151).
//!
//! Whoever takes all of it away leaves nothing in its folder that could tell. Where checkpoints are exported, the log that then begins says so in its first records,
//! signed as everything (`begun_anew`), and the gateway and `config check` do (`audit.begins_anew`); it goes on all the same. A gateway that exports none, or has got
//! another key too, begins in silence: then only who kept the checkpoints, or another copy of the log, can know.
//!
//! # Archiving
//!
//! While it serves, the gateway reads and writes the last segment alone, so that older ones may leave: copy them to where nobody changes them, verify the whole
//! log once more, and remove them here, the oldest first and never the last. The number in the name of the first one that is left is the record that the
//! log begins with from now on:
//!
//! ```text
//! sealgate audit verify audit --certificate audit.pem --checkpoints /mnt/elsewhere --from 4711
//! ```
//!
//! Without `--from` such a log is broken, whoever removed its beginning, and with it no record after that number may be missing. Nobody but the operator knows
//! that number: keep it where the checkpoints are. A checkpoint that was kept elsewhere must speak of what is left: it speaks of all before
//! it too, so that nobody can put another beginning there. To verify all, put the segments into one folder again; links do.

mod checkpoint;
mod ends;
mod entry;
mod export;
mod folder;
mod frame;
mod log;
mod recover;
mod segment;
mod verify;
mod writer;

pub use checkpoint::Checkpoint;
pub use ends::gone;
pub use ends::is_folder;
pub use entry::Entry;
pub use entry::Kind;
pub use entry::Octets;
pub use entry::SamlFacts;
pub use entry::SignerFacts;
pub use folder::Record;
pub use folder::chain;
pub use folder::records;
pub use log::Log;
pub use log::NotRecorded;
pub use log::OpenError;
pub use log::Settings;
pub use verify::Broken;
pub use verify::Evidence;
pub use verify::Intact;
pub use verify::verify;

pub use crate::worker::NotEnded;
