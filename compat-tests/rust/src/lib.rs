//! Drives a queue service with the Azure SDK for Rust. Every test is named by the number of its
//! scenario in scenarios.md, one folder up.
//!
//! The SDK does not sign with the account's key: its users have tokens or shared access signatures.
//! So do the tests; the signatures are made in [`sas`].
#![cfg(test)]

mod check;
mod clients;
mod concurrency;
mod encodings;
mod endpoint;
mod errors;
mod messages;
mod metadata;
mod policies;
mod queues;
mod sas;
mod service;
mod signatures;
mod tokens;
