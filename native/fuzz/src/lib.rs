//! Fuzzing of all that reads bytes from the wire. A target is a function of bytes that panics when something is wrong:
//! the binary hands it what libFuzzer makes up, and the tests what was found before.
//!
//! The eBPF programs run on the host, compiled from `native/bpf` with the helpers and maps of `host/`, and every verdict,
//! copy, counter and lesson is held against the model.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a target tells of a finding"
)]

mod effects;
mod host;
mod input;
mod scene;
pub mod seeds;
mod targets;

pub use targets::{TARGETS, Target};
