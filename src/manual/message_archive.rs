//! The message archive: `[message_archive]`, off unless it is there.
//!
//! ```toml
//! [message_archive]
//! folder = "messages"      # of this gateway alone, chmod 700
//! keep = "all"             # or "passed", "refused"
//! on_loss = "refuse"       # or "warn"
//! message_bytes = 16777216 # of a longer one the envelope alone is kept, or only what is known of it
//! file_bytes = 134217728   # a file ends after so many, before they are compressed,
//! file_minutes = 60        # or after this time
//! free_bytes = 1073741824  # of the disk
//! days = 90                # files are removed when all their messages are as old, damaged journals too; for ever without it
//! ```
//!
//! **It holds everything that senders sent, as they sent it**: personal data of bodies, assertions that may still be used elsewhere, and passwords that are no
//! digests (PasswordText). A configuration that has a route with users where PasswordText is taken is refused unless `passwords = "keep"`; what a sender
//! sends unasked is kept all the same. What is encrypted stays encrypted. Files are readable by their owner alone (0600), and a folder that is open to
//! others is refused; who may read the folder, and for how long it is kept, has to be decided as for the backend's own data.
//!
//! # What is in it
//!
//! A row a message; [`archive`](crate::archive) has the columns and how they are written. The octets are those of the body of the request, of all its parts. The
//! chain is that by which the signer was trusted, and `revocation` names what cleared it: CRLs and OCSP responses, each once in the folder `.revocation`, so that
//! messages can be judged again when nobody publishes them any more. Of a refused message nobody is trusted, and there is none. What has no row: requests without a
//! message or with an action that the route does not have, parts that make no message, bodies that did not come whole, what nobody had time for, and what comes to token endpoints. `incident` joins a row to the log and to the audit log, which is what
//! shows that nothing was changed: the archive itself proves nothing of that, but its `sha256` is what the audit log has under `received`.
//!
//! `passed` means that the message could go to its backend, and not that the backend or the client got anything of it. Where a row was on the disk and the
//! gateway ended, or did not learn of it in time, there may be one whose sender was told to come back later.
//!
//! # What becomes of a message that cannot be kept
//!
//! A row is on the disk before the message goes on, or before its refusal is told; a request waits 0.9 seconds for that at most. With `refuse` it goes
//! no further then, its sender is answered with 503 (`archive.unavailable`), and `/readyz` says 503. With `warn` it goes on, and the log and
//! `sealgate_archive_failures_total` say so. The disk is full where fewer than `free_bytes` are free. Nothing waits in memory for the disk, but the rows of
//! requests that wait. A message of several parts is held in memory as it came, up to `message_bytes`, which counts as `gateway.spool_bytes`.
//!
//! | metric | |
//! |---|---|
//! | `sealgate_archive_rows_total` | messages that are on the disk |
//! | `sealgate_archive_bytes_total` | their bytes, before they are compressed |
//! | `sealgate_archive_failures_total` | messages that are not, or not known to be, and files that could not be made at an attempt: worth an alert |
//! | `sealgate_archive_files_total` | files that were made |
//!
//! # Reading it
//!
//! ```text
//! sealgate batch verify --trust ca.pem --crl messages/.revocation --policy archive-verify --at message --out report messages/
//! ```
//!
//! [`batch verify`](super::archives) needs no option to find the messages, passes over what is no file yet, and judges each anew: `verdict` of a row counts for nothing.
//! `--name-column incident` calls them by their incident. What only a gateway knows is not judged: whether its SOAP version is that of the request, routes, operations, what was used before, clients and
//! tokens beside the message. A message that is not kept whole is `indeterminate`. In Python:
//!
//! ```text
//! import pyarrow.parquet as pq
//! pq.read_table("messages", columns=["received", "incident", "verdict", "code", "message"])
//! ```
//!
//! Files are in the folder when they are whole, so they can be moved or copied away at any time. Of what a gateway leaves when it ends,
//! by a crash or because it was told to stop, the next start makes files: nothing of it is lost. Where the disk has damaged that, what is whole before and
//! behind the damage comes into the file (`chain` is empty where a certificate is not), the rest stays in `.journal` under a name that ends in `.damaged`, and the log says
//! `archive.damaged`.
