//! The messages that a gateway got, as they came, with what was decided about them: Parquet files that `sealgate batch verify` and
//! any tool for data read.
//!
//! # On the disk
//!
//! A row is appended to a journal, `.journal/journal-<time>-<mark>.log`, and is on the disk before its message goes on or its refusal is told; rows that wait at the same
//! time share one `fdatasync`. When a journal is long or old enough another one is begun, and a thread of its own makes `messages-<time>.parquet` of it,
//! under another name until it is whole and on the disk. What a crash leaves is a journal, of which the next start makes a file in the same way; what is no
//! whole row at its end was promised to nobody. Where a journal is damaged elsewhere, what is whole before and behind is read, and the journal stays beside the
//! file as `.damaged`: each record begins with the mark, which nobody who sends messages can know. The time in a name is that of the journal's beginning, in UTC.
//!
//! # The columns
//!
//! | column | type | what it is |
//! |---|---|---|
//! | `received` | timestamp in microseconds, UTC | when all of the message had come |
//! | `incident` | string | the name that the peer was told, and that log and audit log have |
//! | `route` | string | the path of the route |
//! | `verdict` | string | `passed`: it could go to its backend; `refused`; `undecided`: the gateway failed before |
//! | `stage`, `code` | string, or null | why not |
//! | `kept` | string | what `message` has: `whole`, `envelope` (the attachments were too long), `nothing` (the envelope was) |
//! | `media_type` | string | the Content-Type as it came, which tells the parts of a message apart |
//! | `soap_action` | string, or null | the SOAPAction, or the action parameter of the media type |
//! | `operation` | string, or null | what was asked for, where that was proven |
//! | `signer`, `signer_sha256` | string, or null | the subject and the SHA-256 of the certificate whose key signed it, where it is trusted |
//! | `chain` | list of binary | the certificates from the signer's to the anchor, in DER; empty where there is none |
//! | `revocation` | list of string | the names of what cleared these certificates: `<SHA-256>.crl` and `<SHA-256>.ocsp` in the folder `.revocation`, each there once, in DER |
//! | `bytes`, `sha256` | integer, string | of the envelope, as the audit log has them |
//! | `message` | binary, or null | the octets of the body of the request as they came |
//! | `legacy` | list of string | what its verdict needed that `strict` does not allow, as the audit log has it; not in files of older programs |
//!
//! The file says of itself `sealgate.message_archive = 1`.

mod journal;
mod keeper;
mod name;
mod pack;
mod parquet;
mod proofs;
mod record;
mod retention;
mod row;
mod writer;

pub use keeper::{Archive, Keep, NotKept, OnLoss, OpenError, Settings, Told};
pub use parquet::{MARK, MARKED};
pub use row::{Facts, Kept, Row, Verdict};

pub use crate::worker::NotEnded;

#[cfg(test)]
mod tests;
