//! The gateway as its partners meet it: real sockets, real TLS, real signatures, and a backend that knows nothing of
//! WS-Security and remembers every byte that it got.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "../trust/authority.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    clippy::as_conversions,
    reason = "of many certificates and lists few are made here"
)]
mod authority;
mod backend;
mod client;
mod collector;
mod dead_disk;
mod gateway;
mod lists;
mod load;
mod message;
mod process;
mod proxy;
mod site;
#[path = "../redis/mod.rs"]
mod redis;
mod sink;

mod admin;
mod answer_signers;
mod answering;
mod answers;
mod archive;
mod attachments;
mod audit;
mod authorization;
mod backends;
mod bearer;
mod drills;
mod edge;
mod encrypted;
mod encrypted_answers;
mod ending;
mod exceptions;
mod exchange;
mod faults;
mod fetch;
mod flood;
mod gone;
mod handed_on;
mod hsm;
mod hsm_objects;
mod kept;
mod key_info_anew;
mod life;
mod readiness;
mod refusing;
mod signed_answers;
mod slow_token;
mod stalled_token;
mod reload;
mod replay;
mod service_manager;
mod shared_keys;
#[cfg(feature = "xsd")]
mod schema;
mod threats;
mod throttle;
mod token_pin;
mod token_turns;
mod traces;
mod users;
mod whole;
mod wire;
mod wrapped_module;
mod written_anew;
