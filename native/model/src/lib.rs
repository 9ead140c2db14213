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
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

pub mod drop_reason;
pub mod ethernet;
pub mod flow_hash;
pub mod ipv4;
pub mod ipv6;
pub mod mac;
pub mod number;
pub mod outer;
pub mod switch_id;
pub mod tcp;
pub mod udp;
pub mod vlan;
pub mod vxlan;
mod wire;

pub use drop_reason::{DropReason, Note};
pub use mac::Mac;
pub use number::{OutOfRange, PortId, Ttl, VlanId, Vni};
pub use switch_id::SwitchId;
pub use wire::WireError;
