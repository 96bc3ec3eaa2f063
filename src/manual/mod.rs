//! The manual. Pages of text; nothing here is code.
//!
//! | page | for whom |
//! |---|---|
//! | [`life_of_a_message`] | who wants to know what happens between the socket and the backend, and what each type proves |
//! | [`defaults`] | operators: profiles, limits, times, and how to change them |
//! | [`configuration`] | operators: every key of the configuration, made from the types that read it |
//! | [`installing`] | operators: packages, the unit of systemd, containers, probes, upgrades |
//! | [`operating`] | operators: health, metrics, a new configuration without a restart |
//! | [`tokens`] | operators: keys in a hardware security module, through PKCS#11 |
//! | [`identity`] | operators: what a backend is told about the sender, and bearer tokens of clients |
//! | [`token_endpoint`] | operators: where an assertion is exchanged for a token |
//! | [`backends`] | operators: several servers, health, time limits, what is sent twice and what is not |
//! | [`drills`] | operators: what happens under fault, in figures |
//! | [`exceptions`] | operators: what one partner may still use, why, and until when |
//! | [`attachments`] | integrators: MTOM and SOAP with Attachments, and what becomes of them |
//! | [`algorithms`] | integrators: what is taken, what never is, and under which policy |
//! | [`commands`] | who writes scripts: exit codes, and what programs may rely on in the output |
//! | [`metrics`] | operators: every metric, its labels, and what it says |
//! | [`message_archive`] | operators: what came, kept as it came, and what becomes of it |
//! | [`archives`] | auditors: `batch verify`, from sources to reports, and what happens when it is killed |
//! | [`validation_reports`] | auditors: reports in XML by ETSI TS 119 102-2, and verdicts in its words |
//! | [`clusters`] | auditors with a cluster: archives in Parquet on Spark, and when that pays |
//! | [`codes`] | everybody with a refusal in hand: each stable code, what it means, what to do |
//! | [`gateway_codes`] | operators: those of bearer tokens and token endpoints, and of what is fetched |
//! | [`attacks`] | security reviewers: each known attack, and the code that stops it |
//! | [`threats`] | operators: rules for threats, what each is about, and which refuse |
//! | [`threat_model`] | security reviewers: who the attacker is, what is promised, what is not |
//! | [`basic_security_profile`] | integrators: each rule of the Basic Security Profile 1.1, and what becomes of it |
//! | [`schemas`] | partners: XML Schemas of what is accepted, to validate with before sending |
//! | [`interop`] | integrators: which other stacks were tried, with what, and what came of it |

pub mod algorithms;
pub mod archives;
pub mod attachments;
pub mod attacks;
pub mod backends;
pub mod basic_security_profile;
pub mod clusters;
pub mod codes;
pub mod commands;
#[doc = include_str!("configuration.md")]
pub mod configuration {}
pub mod defaults;
pub mod drills;
pub mod exceptions;
pub mod gateway_codes;
pub mod identity;
pub mod installing;
pub mod interop;
pub mod life_of_a_message;
pub mod message_archive;
pub mod metrics;
pub mod operating;
pub mod schemas;
pub mod threat_model;
pub mod threats;
pub mod token_endpoint;
pub mod tokens;
pub mod validation_reports;
