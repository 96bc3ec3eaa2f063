//! Asks servers by HTTP/1.1 (RFC 9110, RFC 9112), strictly: an answer is one if everybody reads it in the same way and it came to the end that it said it has.
//!
//! No redirect is followed, no proxy heeded, nothing compressed or decompressed, and nothing sent twice.

mod answer;
mod chunks;
mod client;
mod connection;
mod error;
mod head;
mod pool;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use answer::Answer;
pub(crate) use client::HttpClient;
pub(crate) use client::Times;
pub(crate) use error::Error;
pub(crate) use head::Fields;
pub(crate) use request::Body;
pub(crate) use request::Request;
pub(crate) use request::port;
