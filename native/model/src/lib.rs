//! Pure forwarding model of the gateway: tables and a frame go in, what becomes of the frame comes out.
//!
//! * [`process_access`]: a frame that comes in on an access port (tc).
//! * [`process_overlay`]: an inner frame that comes out of a tunnel (tc).
//! * [`process_access_xdp`], [`process_underlay_xdp`]: the shortcut that XDP takes of both.
//!
//! The eBPF programs are held against it by property tests, and it answers `vtep trace`. It knows no socket and
//! no clock: time is an argument, and what a frame teaches is given back for the caller to apply.

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

pub mod access;
pub mod acl;
pub mod arp;
mod delivery;
pub mod drop_reason;
pub mod ethernet;
pub mod flow_hash;
pub mod frame;
pub mod ipv4;
pub mod ipv6;
pub mod limits;
pub mod local_fdb;
pub mod locator;
pub mod mac;
pub mod mac_limits;
pub mod ndp;
pub mod neighbours;
pub mod number;
pub mod outcome;
pub mod outer;
pub mod overlay;
pub mod shortcut;
#[cfg(feature = "strategies")]
pub mod strategies;
pub mod switch_id;
pub mod table;
pub mod tables;
pub mod tcp;
pub mod udp;
pub mod vlan;
pub mod vxlan;
mod wire;

pub use access::process_access;
pub use acl::{AclKey, Direction};
pub use drop_reason::{DropReason, Note};
pub use frame::{Frame, Measure};
pub use limits::Limits;
pub use local_fdb::{Instant, Learn, LearnKind, LocalEntry};
pub use locator::Locator;
pub use mac::Mac;
pub use mac_limits::{MacLimits, SharedLimit};
pub use number::{OutOfRange, PortId, Ttl, VlanId, Vni};
pub use outcome::{Outcome, Output, Verdict};
pub use overlay::{Origin, process_overlay};
pub use shortcut::{Effect, Shortcut, process_access_xdp, process_underlay_xdp};
pub use switch_id::SwitchId;
pub use table::{Table, TableFull};
pub use tables::{
    BindingKey, FdbKey, NeighbourKey, NextHop, Port, PortMode, Switch, Tables, Tunnel,
};
pub use wire::WireError;
