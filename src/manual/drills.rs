//! Drills: what a gateway does under fault, measured. `make drills` runs all, `make drill-backends` one; each prints its row.
//!
//! | drill | load | others | answers | breaker |
//! |---|---|---|---|---|
//! | B16, `make drill-backends DRILL_SECONDS=1`, debug build on two cores shared with other work | 9 faults, 2465 messages, 3491 on the other route | p99 of the other route 22.5 ms, 17.0 ms during faults | slowest bad answer 2.01 s of 2 s | opened after 4.1 s at most, closed after 2.1 s |
//!
//! The faults of B16 are made by a TCP proxy before the server: reset at once, taken and never read, read and never answered, reset in the answer, cut off,
//! no HTTP, too long, an octet at a time, and 503. The operation is not idempotent. While a breaker is open the failing route costs
//! nothing, so that the two figures of the other route are not of one load.
