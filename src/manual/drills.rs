//! Drills: what a gateway does under fault and load, measured. `make drills` runs all, `make drill-NAME` one; each asserts its bar against a release build and
//! prints its row. A slice of each runs in `make test`, where no time is judged. The bars are those that the project has set itself.
//!
//! These rows are of a machine with two cores that other builds kept busy most of the time (its load, as of `uptime`, stands beside each), which makes
//! every time longer than it would be on a machine of its own. But for B16 the gateway was a release build, and what drove it a debug build. Rows marked with
//! a star ran at a higher priority than what else ran there.
//!
//! | drill | what was done, and what came of it | load |
//! |---|---|---|
//! | B11 *, `make drill-junk` | 160 messages of 10 MiB and 2 MB: 20 ms of CPU at most, no private key used | 15.8 |
//! | B12, `make drill-calls` | 6628 messages: no file opened, 1 connection, to the backend | 8.9 |
//! | B14, `make drill-overload` | 2,396 messages a second fit; of 23,963 at twice that, 2,396 to be refused, 11,084 were answered: 92 % of what fits; 11,743 × 503, p50 3.2 ms, p99 7.0 ms | 1.11 |
//! | B15 *, `make drill-idle` | 9800 idle and 9800 slow clients: 11.5 KiB each, p99 7.0 ms before and 13.2 ms with them | 11 |
//! | B16, `make drill-backends DRILL_SECONDS=1`, debug build | 9 faults, 2465 messages, 3491 on the other route; p99 of the other route 22.5 ms, 17.0 ms during faults; slowest bad answer 2.01 s of 2 s; breaker opened after 4.1 s at most, closed after 2.1 s | not noted |
//! | B18, `make drill-kills` | 200 kills, 9359 answers told, all of them in the log; none accepted twice | 11.5 |
//! | B19, `make drill-power` | 8072 losses of power at 2018 moments, nothing told was lost; 3843 messages sent again, none accepted | 8.8 |
//! | B20, `make drill-reload` | 100 reloads, 20 of them bad and kept out; 18972 messages, none lost, 9291 by one configuration and 9681 by the other, none mixed; who is trusted no more was out 1772 ms after SIGHUP at most, where one second is wanted | 12.65 |
//! | B21, `make drill-drain` | 16 uploads of 5 MiB in work: not ready 0 ms after SIGTERM, all answered, ended after 3.0 s; with a backend of 40 s ended 0.0 s after a second SIGTERM | 3.31 |
//! | B22, `make drill-disk` | a full disk 5 times, 1251 messages: 503 after 0.05 s at most, 200 again after 0.22 s at most; the log is whole | 14.90 |
//! | B23, `make drill-clock` | 13 steps of the clock, none accepted twice; a head that does not come ended after 9.8 s | 9.5 |
//! | B24, `make drill-certificates` | the certificate of a sender ended: 1129 messages, refused 1.01 s after it; our own: 750 messages, refused 0.00 s after it; a revocation list: 776 messages, refused 0.00 s after it; that of a listener was exchanged before it ended: 60 handshakes, all good | 13.32 |
//! | B25, `make drill-copies` | 50 messages, each 100 times in parallel at each of two gateways with one Redis: each accepted once | 14.50 |
//! | B25, a million uses in one file | p99 0.2 ms, 21 MiB | 5.4 |
//! | B26, `make drill-store` | a Redis killed, stalled and flushed 10 times each: 5423 messages accepted, none twice, though 200 were sent again; 13584 × 503, p99 206.4 ms, 319.1 ms at most; 46 refused that were older than the store | 15.19 |
//!
//! Drills without a row were not run at full length for this page.
//!
//! # What is done, and how
//!
//! | drill | bar | how |
//! |---|---|---|
//! | `drill-junk` | B11 | what nobody trusted has sent, in a form that costs most; a library before the gateway counts what is digested, and uses of keys |
//! | `drill-calls` | B12 | every message of the fixtures, while `strace` looks for files that are opened and connections that are made |
//! | `drill-soak` | B13 | messages of all sizes, at distances that are random, for `SOAK_SECONDS`: an hour if it is not said. Not part of `make drills` |
//! | `drill-overload` | B14 | twice as many messages as fit, of which every tenth was changed |
//! | `drill-idle` | B15 | as many clients as the limit of open files lets a process have, up to 10,000 that say nothing and 10,000 that say an octet a second |
//! | `drill-backends` | B16 | faults are made by a TCP proxy before the server: reset at once, taken and never read, read and never answered, reset in the answer, cut off, no HTTP, too long, an octet at a time, and 503. The operation is not idempotent. While a breaker is open the failing route costs nothing, so that the two figures of the other route are not of one load |
//! | `drill-kills` | B18 | `kill -9` under load; then the log is verified, and what was accepted is sent again |
//! | `drill-power` | B19 | a library notes every write and sync of the log and the store of uses; for each moment the files are made anew as a disk has them that lost what was not synced: all of it, any of it by sectors of 512 octets, or nothing; names too. Not simulated: disks that lie about syncs, syncs that fail, the journal of a file system |
//! | `drill-reload` | B20 | two configurations with marks of their own take turns, bad ones between them; who is trusted no more is timed |
//! | `drill-drain` | B21 | SIGTERM while uploads are half sent; a second one while a backend takes its time |
//! | `drill-disk` | B22 | a file system in memory under the log, filled and emptied; nothing is done where this user may mount none |
//! | `drill-clock` | B23 | a library before the gateway moves its clock |
//! | `drill-certificates` | B24 | certificates and a list that end within seconds |
//! | `drill-copies` | B25 | the same message in parallel at two gateways with one Redis; a file with `USES` uses |
//! | `drill-store` | B26 | a Redis is killed and started again, stopped and let go on, and flushed, under load |
//! | `drill-tamper` | B29 | each record of a log of `RECORDS` is flipped, rewritten, removed, doubled, swapped, cut off and torn, and the log verified each time |
//!
//! After a clock that went ahead and back, messages are refused (`replay.forgotten`) whose uses would have ended before the latest that was forgotten
//! while it was ahead: after an hour ahead, for up to an hour and their validity.
//!
//! # Speed
//!
//! `make bench-gateway` measures a gateway on one core beside a proxy of actix-web and awc that does nothing but hand on. The prediction is what that proxy, the
//! verification of the message as `sealgate bench` measures it, and a bare signature need together.
//!
//! | figure | measured | wanted |
//! |---|---|---|
//! | bare proxy | 28,421 requests a core, 35.2 µs each | |
//! | predicted | 2,880 requests a core: that, verification 37.1 µs, RSA-2048 signature 274.9 µs | |
//! | gateway, audit off, 6,709 octets | 2,278 requests a core, 438.9 µs each, 100 % of the core in use: 79 % of the prediction | ≥ 85 % |
//! | gateway, audit on | 2,007 requests a core, 498.1 µs each, 93 % of the core in use: 70 % | ≥ 85 % |
//! | memory of each of 10,000 idle connections | 11.6 KiB before the first request, 11.8 KiB after it | ≤ 16 KiB |
//! | a signed attachment of 250 MiB | 20.6 MiB of memory at most | ≤ 64 MiB |
//!
//! Measured while nothing else ran on the machine (load 1.1); runs before came to 81 % and 72 %. The two first bars are missed. The
//! prediction adds up what its parts need when they are done over and over. A proxy that waits between requests needs two to three times as much for each (90.7 µs, asked as often as that gateway answers: with it in the place of the 35.2 µs the gateway comes to 92 %), which may be what a part of the rest
//! is too. With another allocator (mimalloc) the gateway needed about 10 µs less, and 19.7 KiB for an idle connection, so that it has none.
//!
//! How long answers take at 80 % of the load could not be told on that machine. With random distances, one thread and an equal time for each message, the 99th percentile is 4.9
//! times the median in theory (M/D/1, simulated), so that a bar of 4 times cannot be met there however fast a message is.
