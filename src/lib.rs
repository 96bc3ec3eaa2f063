//! Sealgate reads SOAP and SAML, proves who signed what, and decides whether that is enough.
//!
//! Modules are declared in the order a message meets them; a module uses only modules declared
//! above it, and `tests/layers.rs` holds us to it.

// Reading bytes: no clock, no I/O, no async.
pub mod xml;
pub mod algorithm;
pub mod crypto;
pub mod c14n;
pub mod dsig;
pub mod xmlenc;
pub mod token;
pub mod soap;
pub mod wss;
mod har;

// Deciding.
pub mod trust;
pub mod second_opinion;
pub mod schema;
pub mod threat;
pub mod policy;
pub mod rejection;
pub mod inbound;

// Answering people.
pub mod explain;
pub mod login;
pub mod wsdl;

// Acting.
mod worker;
pub mod hsm;
mod durable;
pub mod replay;
pub mod spool;
pub mod mint;
pub mod trace;
mod http_client;
pub mod relay;
pub mod outbound;
pub mod audit;
pub mod archive;
pub mod throttle;
pub mod fetch;
pub mod config;
pub mod gateway;
pub mod verifier;
pub mod validation_report;
pub mod batch;
pub mod cli;
pub mod manual;
