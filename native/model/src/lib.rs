//! Pure forwarding model of the gateway.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

pub mod drop_reason;
pub mod flow_hash;
mod wire;

pub use drop_reason::{DropReason, Note};
