//! Archives: `sealgate batch verify SOURCE… --out FOLDER`.
//!
//! ```text
//! sealgate demo --archive 10000 DIR       # an archive to try it on; it prints the command
//! sealgate batch verify --trust ca.pem --crl crls/ --policy archive-verify --at message --out report archive/ 2019.tar.gz
//! ```
//!
//! Each message is judged by the code of [`verify`, `saml verify` or `dsig verify`](super::commands), and by the options of `verify`: a SOAP envelope
//! is what has that root in a namespace of SOAP, a SAML document what has a root that `saml verify` is for (or is no XML, but what a browser
//! carried one in), and everything else is XML with signatures. What is encrypted is decrypted with whichever of all `--key` and `--secret-key` it is encrypted to. Nothing is remembered of
//! a message: a second copy is judged as the first was, and listed in `copies.csv`.
//!
//! # Sources
//!
//! | | |
//! |---|---|
//! | a file | one message, unless its name ends as below. Of another name than `….xml` its first bytes say whether it is gzip, Zstandard, tar, zip or Parquet all the same |
//! | a folder | every file in it and in its folders, by name; not those whose names begin with a dot, which are counted. A link to a folder is not followed, and reported |
//! | `'in/**/*.xml'` | the files that match: `*`, `?` and `[…]` in a name, `**` for folders in folders. Links to folders as in a folder |
//! | neither | a pipe, a device or a socket, however it is named, is reported and not read |
//! | `@FILE`, `--list FILE` | a path a line, each a file or a folder |
//! | `.tar`, `.zip` | every file in it. What cannot be read (a link, a damaged or encrypted entry) is reported, and so is an archive that is cut off or goes on after its end, and one in which two entries have the same bytes, and a tar archive with a global pax header that names files. A folder among them with a length, of which readers differ what follows it, is reported too. What macOS puts beside files, `._NAME`, is passed over if it is that (AppleDouble) |
//! | `.jsonl`, `.ndjson` | an object a line; `--column NAME` (`message`) is the member with the message, as it is or in base64 |
//! | `.csv`, `.tsv` | the same, with a line of names; separated by commas, semicolons or tabs |
//! | `.parquet` | the same: a column of bytes or text, once a row, in Parquet without compression or with Snappy, gzip or Zstandard, and no other. `--name-column NAME` is the column by which messages are called. Files of a gateway's [message archive](super::message_archive) say that they are, and are read with the media type of each message, so that its parts are found |
//! | `.har` | of each entry what the request and the response carried, if it is XML, a SOAP message of several parts or a form with SAML; called `trace.har#7.request`. A form may be given by its `params` alone; an `encoding` other than base64 and an entry that is not as HAR has it are reported |
//! | `.http`, `.mbox` | HTTP/1 as it was written down, requests and responses one after the other, with lines `From …` between them or without; the same of it are messages, without gzip and chunks. Where two lengths or types are given, a first line can be read in two ways or a body is cut off, the file ends with an error |
//! | `.gz`, `.zst`, `.tgz`, `.tzst` | one of these, or one message, compressed. A tar archive in `.gz` or `.zst` is known without `.tar` |
//! | `.xz`, `.bz2`, `.7z`, `.rar`, `.lz4` and the like | reported and not read: decompress them, or take gzip or Zstandard |
//! | `s3://bucket/prefix` | that object, or else every object below it, in the order of their names, each what its name or its first bytes say as above. In programs built with the Cargo feature `s3`: `cargo build --release --locked --features s3` |
//!
//! What is passed over is counted: as `passed_over` in `summary.json`, where it is 0 too, in `summary.html`, and on standard output where there was any.
//!
//! | reason | |
//! |---|---|
//! | `hidden` | a file or folder, in a folder that is walked, whose name begins with a dot; what is in such a folder is not looked at |
//! | `results` | the folder of `--out`, where it lies in a source |
//! | `folder` | a folder among the entries of an archive or the objects of a store: what is in it has entries of its own |
//! | `apple_double` | `._NAME` in an archive, if it is what macOS puts there |
//! | `other_content` | what HTTP carried in HAR and `.http` beside messages: pages, pictures, forms without SAML |
//!
//! Everything else that a source leads to has a result; names that a pattern does not match, empty lines, and requests and responses without a body are not counted.
//!
//! A store is any that speaks S3. Region, endpoint and credentials are those of the environment: `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_SESSION_TOKEN`; no service of the machine is asked for them. The store is asked by https, or at an IP address of the loopback; redirects are not followed, and no proxy is asked. What it says of an error
//! is not repeated, but for its status and code. It lists names in their order, as S3 does: one that does not, or lists one twice, is not read on. An object is the one that was listed, by its entity tag, or its
//! date, and its length: one that was written anew meanwhile, or is longer or shorter, is reported. Objects are read piece by piece; zip archives and Parquet wait in a temporary file. One whose name does not say what it is is asked for its first 512 bytes when it is listed, also where an earlier process has judged it, and for the rest when it is read. As many are
//! fetched at a time as there are `--threads`, which may be more than cores.
//!
//! Nothing in a container is a container. Of each, one message at a time is in memory; one over the policy's limit (`limit.bytes`) is reported and
//! not read. In a container that limit counts for messages with attachments as a whole; as files of their own, their attachments wait in temporary files.
//! A message in a container is called `archive.tar!name` or `lines.jsonl#7`. Where another of the container may have been called so before, its place among them comes after
//! its name: `archive.tar!name#7`. Of a Parquet file pages stand in memory besides: where they would take over 512 MiB, or have
//! over four million values, the file ends with an error before anything of them is read, and so does a footer over 16 MiB, one with over 256 groups of columns or two row groups of the same pages, and everything that is
//! damaged; what was read before that stays judged. A file that holds over 100,000 messages and one more for each 16 of its bytes ends likewise, as `limit.archive`: rows without content cost
//! nothing in a file and as much as others in the reports. And so does one out of which more bytes come, decompressed or by a dictionary, than 1 GiB and a thousand for each of its own. The job judges the rest of the archive and ends with 3.
//!
//! # As of when
//!
//! As everywhere, `--at` is `now` unless it says otherwise; `now` is when the job began, also for a process that goes on with it. For an archive
//! `--at message` is what is meant: certificates, paths, algorithms and time limits are judged as of the signed time of each message. Of
//! all `--crl` (a folder of everything that was ever published, for instance, CRLs and OCSP responses together; a folder in it, or a compressed file, is an error, as what is passed over revokes nobody) those clear that were current then: from thisUpdate until
//! before nextUpdate; one that says that a certificate had been revoked by then counts from whatever time it is and with whatever hash it is signed, but for a hold, which is lifted at times. An OCSP answer counts if the issuer of the certificate signed it, or a responder that this issuer itself certified for it (RFC 6960 §4.2.2.2), is valid then, and
//! is not to be checked (id-pkix-ocsp-nocheck) or cleared by a CRL; a nonce is not asked for. `--trust-during FROM/UNTIL=PATH` trusts a CA or a
//! certificate as `--trust` does, for messages of that time only (`trust.not_trusted_then` otherwise). A message that does not sign its time, and plain
//! XML, is `indeterminate` (`policy.no_message_time`); where neither a CRL nor an answer of that time is there, `trust.revocation_unknown`: the last before and the first after are told, and up to three that would not decide at any time. What was broken is `failed` all the same: the signature is checked with the key of the certificate whose revocation is not known.
//!
//! `fixtures/archive` in the source is an archive of such messages, with what was published about their certificates:
//!
//! ```text
//! cd fixtures/archive
//! sealgate batch verify --trust keys/ca.pem --crl published --policy archive-verify --at message --out report messages
//! sealgate batch verify --trust keys/ca.pem --crl published --policy archive-verify --out report-now messages
//! ```
//!
//! | message | as of its own time | as of now |
//! |---|---|---|
//! | `good` | passes | passes |
//! | `expired-since`: the certificate ended half a year later | passes | `trust.expired` |
//! | `revoked-later`: the certificate was revoked eight months later | passes | `trust.revoked` |
//! | `revoked-before`: it had been revoked | `trust.revoked` | `trust.revoked` |
//! | `answered`: of that time there is an OCSP response alone | passes | passes |
//! | `unanswered`: there is nothing of that time | passes with the warning `revocation_unknown`, as `archive-verify` has it; by `strict` `trust.revocation_unknown` | passes by the last CRL |
//! | `sha1`, `sha1-late`: of 2014 and of 2020 | pass, with `legacy` | pass, with `legacy` |
//! | `short-key`: RSA with 1024 bits, a certificate with SHA-1 | passes, with `legacy` | `trust.expired` |
//! | `altered` | `dsig.digest_mismatch` | `dsig.digest_mismatch` |
//! | `time-not-signed`, `sha1-undated` | `policy.no_message_time` | passes |
//!
//! # Algorithms of their time
//!
//! `archive-verify` takes SHA-1 and short keys however young a message is. `--legacy-before NAME=TIME`, with `--at message` alone, takes them where another
//! policy refuses them, of messages that were signed before that time:
//!
//! ```text
//! sealgate batch verify --trust keys/ca.pem --crl published --policy bsp11 --at message --out report-dated messages \
//!   --legacy-before sha1=2016-01-01T00:00:00Z --legacy-before rsa-sha1=2016-01-01T00:00:00Z
//! ```
//!
//! `sha1` are digests, `rsa-sha1` signatures, `certificate-sha1` certificates and revocation lists, `certificate-rsa-1024` RSA keys from 1024 bits, and `c14n10` is inclusive
//! canonicalization. What passes for its age has the warning `legacy_by_age` and says in `legacy` what it needed; what is refused and would have passed if it were
//! older has `legacy_too_late`. A message that does not sign its time is refused whatever it claims: `policy.no_message_time`, or `policy.timestamp_not_signed` by a policy that asks for a signed Timestamp. What is encrypted has no age: its algorithms are those of the policy. A policy
//! in TOML has the same as `[[legacy]]` with `allow = "sha1"` and `signed_before = 2016-01-01T00:00:00Z` in quotes; as of another time than the message's own it counts
//! for nothing, and `config check` refuses it for a route, for what its backend answers and for a token endpoint. In Python it is
//! `legacy_before=[("sha1", "2016-01-01T00:00:00Z")]`.
//!
//! The time is the signer's word. Whoever can forge a signature by an old algorithm today can let it say any day: dates keep out those who went on with
//! the algorithm, and only what guards the archive keeps out who comes later.
//!
//! # Killed, interrupted, continued
//!
//! Results are appended to `results.jsonl` in the order of the sources, and beside them a short line a result to `journal.jsonl`. A process may be
//! killed at any time; the same command goes on where the journal ends, and cuts off what was half written. Each line of the journal has a checksum (CRC-32) at its end, so that what has become another octet there becomes no verdict; `results.jsonl` has none. A journal that is damaged as no crash damages it, in its first line or as whole lines follow, or that ends
//! within a result, is refused (3) and left as it is. It finds that place by the journal and the
//! length and change time of each file, without reading messages again. From the first file that is another than it was, or is not there any more, everything is judged anew. What
//! is in the folder is the job's: with other sources, options, trust or another version the command is refused (2), as is a second process (3). Nor is it a message: where the folder lies in a source it
//! is passed over; a source in it is refused (2), and what a list or a link leads to there is told as unreadable. Every second all is forced
//! to the disk. Whoever may write to the folder may write verdicts: it has to be trusted as the reports are. Ctrl-C ends it when what is under way is written (3); twice, at once.
//!
//! The order, and so every byte of every report, is the same for any `--threads`. Under way are at most 128 messages a thread, or 64 MiB; the memory does
//! not grow with the archive, but for the names in a single folder, which are sorted, and the directory of `results.parquet`, two kilobytes for each 16,384 messages. The reports hold so many
//! messages at a time; copies are looked for among a quarter of a million hashes at a time, in 10 MiB, and of a copy that was found, of which 100,000 are listed, 16 bytes are held. A container
//! takes up to 18 MiB for the names that it has given, until its end.
//!
//! # Results
//!
//! | file | |
//! |---|---|
//! | `results.jsonl` | the [object of each message](super::commands#json), with `sha256` of the message, `kind` (`soap`, `saml`, `xml`) and `judged_at` besides. Of what is refused as of a time that nobody trusted is seen to have signed, the warning `time_not_signed` says so |
//! | `results.csv` | the same in short. A value that a spreadsheet could take for a formula has `'` before it, and invisible characters are written `\u{202e}`. Of the signer's name 256 characters are in it and in what follows, of what is said 1,024 |
//! | `results.parquet` | the same as in `results.csv`, for Spark and its like; compressed by Snappy |
//! | `summary.json` | what was judged and by what: sources, policy, CAs and pins, how many CRLs and OCSP responses, when the job began; and counts by verdict, kind, cause, signer, day, exception and warning, and of what was passed over |
//! | `summary.html` | the same for people, with charts and the first thousand messages that did not pass. It needs no network, and forbids itself every script but its own; `summary.html#words` opens filtered |
//! | `junit.xml` | a test case a message; what is `indeterminate` is an error |
//! | `results.sarif` | SARIF 2.1.0: a result for each message that did not pass |
//! | `copies.csv` | messages with the octets of an earlier one |
//! | `runs.jsonl` | when processes worked at the job: a line with `event` `began`, `at` and `threads`, and one with `ended`, `at`, how many messages it `judged`, how many `messages` have a result and whether the job is `done`, with its reports. A process that was killed has no end. No report says how long a job took, as each is the same whatever became of its processes |
//! | `validation-reports.zip` | with `--validation-reports`: of each message a [report](super::validation_reports) by ETSI TS 119 102-2. It has a directory, and can be opened, when the job is done |
//!
//! A cause is a code with what is said of it, without the values: one line on standard output, with a count and an example. The exit code is that of
//! [all commands](super::commands#exit-codes); where no message is found at all, that is said on standard error.
//!
//! # Speed
//!
//! `make bench-batch BATCH=100000` measures archives against what `sealgate bench` makes of the same messages, which it judges over and over, with
//! nothing read or written: by the CPU of one core, and on two threads at once, which on cores that share a socket are less than two.
//!
//! | figure | measured | wanted |
//! |---|---|---|
//! | `sealgate bench`, one core | 91 µs of CPU a message in the mean, 10,973 a second | |
//! | `sealgate bench --threads 2` | 19,622 a second: 1.79 times one core | |
//! | 70,000 messages in ten tars, `--threads 1` | 7,454 a second, 126 µs of CPU each, 40 MiB at most | |
//! | the same, `--threads 2` | 12,180 a second: 1.11 times one core, 62 % of `sealgate bench` on two; 129 µs, 41 MiB | ≥ 1.8 times one core |
//! | 700,000 in ten tars, `--threads 2` | 12,923 a second, 1.18 times one core: 14,130 while they were judged, the rest of the 54 s for the reports; 120 µs, 47 MiB | |
//!
//! The bar is missed. These are of a machine with two cores that other builds kept busy (load 17), at a higher priority than theirs; another run came to 1.08 times,
//! where `sealgate bench` on two threads made 1.56 of it. Of the CPU 89 % was the workers', who judge, hash the message and write the line of its result, 5 % the
//! thread's that puts results in order and reads them again for the reports, 3 % the one's that reads the tars, and 3 % the reports'.
