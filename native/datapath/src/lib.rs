//! Owner of the kernel's tables: loads, pins and adopts the eBPF programs, fills their maps, follows links, routes and
//! neighbours, ages local MACs.
//!
//! [`Datapath`] is the whole of it with its worker thread; [`Tables`] is what both work on.

mod acls;
mod adoption;
mod bfd;
mod bindings;
mod bpffs;
mod datapath;
mod device;
mod drops;
mod error;
mod floods;
mod grace;
pub mod header;
pub mod layout;
mod mac_room;
mod macs;
mod neighbours;
mod netlink;
mod origins;
mod ports;
mod programs;
mod spec;
mod switches;
mod table;
mod tables;
mod tunnels;
mod underlay;
mod worker;

pub use ::bfd::{
    Config as BfdConfig, Diagnostic as BfdDiagnostic, Endpoint as BfdEndpoint, State as BfdState,
    Status as BfdStatus,
};
pub use datapath::{Datapath, Options, detach, gateway_here, local_addresses};
pub use error::Error;
pub use mac_room::DEFAULT_LIMITS as DEFAULT_MAC_LIMITS;
pub use macs::Reason;
pub use ports::Mode;
pub use spec::{
    AclSpec, BindingCount, BindingSpec, DropCount, FloodSpec, GroupSpec, LocalMacSpec, MacHolder,
    MacUse, NeighbourSpec, Notice, OriginSpec, PortStatus, RemoteMacSpec, Snapshot, TunnelSpec,
    TunnelStatus,
};
pub use tables::{RetiredLists, Tables};
pub use tunnels::Obstacle;
