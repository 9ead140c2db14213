//! What the control plane and the data plane tell each other: devices by name, switches by UUID, tunnels by address.

use std::net::IpAddr;

use ::bfd::Status;
use model::{Direction, Locator, Mac, SwitchId, acl::Rule};

use crate::{layout::BindingCounters, macs::Reason, tunnels::Obstacle};

/// (port, VLAN) -> logical switch. VLAN 0 is untagged and priority-tagged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindingSpec {
    /// Device of the port.
    pub netdev: String,
    /// 0..=4094.
    pub vlan: u16,
    /// Where its frames belong.
    pub switch_id: SwitchId,
}

/// A remote VTEP and our address towards it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelSpec {
    /// The peer.
    pub remote: IpAddr,
    /// Outer source address.
    pub local: IpAddr,
}

/// A MAC that the controller gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMacSpec {
    /// Its logical switch.
    pub switch_id: SwitchId,
    /// The MAC.
    pub mac: Mac,
    /// The end point behind which it is.
    pub locator: Locator,
}

/// Where a switch's frames to unknown destinations go, beside its bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloodSpec {
    /// The logical switch.
    pub switch_id: SwitchId,
    /// The end points.
    pub locators: Vec<Locator>,
    /// They are those of its remote MACs, for want of another answer: such frames are counted.
    pub is_of_macs: bool,
}

/// Where frames to one group go, beside the bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// Its logical switch.
    pub switch_id: SwitchId,
    /// The group.
    pub mac: Mac,
    /// In place of those of the flood list; may be none.
    pub locators: Vec<Locator>,
}

/// Whose the frames are that come from a locator's VTEP in the locator's own VNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginSpec {
    /// With a VNI.
    pub locator: Locator,
    /// The logical switch.
    pub switch_id: SwitchId,
}

/// An address that the programs answer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourSpec {
    /// Its logical switch.
    pub switch_id: SwitchId,
    /// The address.
    pub address: IpAddr,
    /// The remote MAC that has it.
    pub mac: Mac,
}

/// The rules of a port and VLAN in one direction; VLAN 0 is the whole port, whatever the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclSpec {
    /// Device of the port.
    pub netdev: String,
    /// 0..=4094.
    pub vlan: u16,
    /// Which way.
    pub direction: Direction,
    /// The first that matches decides; what none matches passes.
    pub rules: Vec<Rule>,
}

/// A MAC that was learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMacSpec {
    /// Its logical switch.
    pub switch_id: SwitchId,
    /// The MAC.
    pub mac: Mac,
    /// Device of the port.
    pub netdev: String,
    /// VLAN of the binding.
    pub vlan: u16,
    /// Since a frame of it was seen, to a second.
    pub age_ms: u64,
}

/// Whose local MACs have a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MacHolder {
    /// All together.
    Table,
    /// A logical switch.
    Switch(SwitchId),
    /// A port, by its device.
    Port(String),
}

/// Use of a limit of local MACs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacUse {
    /// Whose.
    pub holder: MacHolder,
    /// How many there are.
    pub held: u32,
    /// How many there may be.
    pub limit: u32,
    /// MACs were refused a moment ago, or have been and there still is no room for them.
    pub is_exhausted: bool,
}

/// All that the kernel holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Devices of the ports.
    pub ports: Vec<String>,
    /// Switches and their VNIs, where they have one.
    pub switches: Vec<(SwitchId, Option<u32>)>,
    /// Bindings.
    pub bindings: Vec<BindingSpec>,
    /// Tunnels.
    pub tunnels: Vec<TunnelSpec>,
    /// Remote MACs.
    pub remote_macs: Vec<RemoteMacSpec>,
    /// Addresses of remote MACs.
    pub neighbours: Vec<NeighbourSpec>,
    /// Flood lists; switches without any end points are left out.
    pub floods: Vec<FloodSpec>,
    /// Flood lists of groups.
    pub groups: Vec<GroupSpec>,
    /// VNIs of locators.
    pub origins: Vec<OriginSpec>,
    /// Local MACs.
    pub local_macs: Vec<LocalMacSpec>,
    /// Access control lists.
    pub acls: Vec<AclSpec>,
}

/// State of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortStatus {
    /// The device.
    pub netdev: String,
    /// Administratively up.
    pub is_up: bool,
    /// The far end is there.
    pub has_carrier: bool,
    /// Largest layer-3 packet.
    pub mtu: u32,
    /// The XDP shortcut is on it.
    pub is_xdp: bool,
    /// The bridge or bond that it belongs to.
    pub controller: Option<String>,
}

/// State of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelStatus {
    /// Its ends.
    pub spec: TunnelSpec,
    /// Underlay device and next hop, or why there is none.
    pub path: Result<(String, [u8; 6]), Obstacle>,
    /// Largest inner layer-3 packet.
    pub inner_mtu: u32,
    /// The XDP shortcut leads there.
    pub is_xdp: bool,
}

impl TunnelStatus {
    /// The MTU that a route said; without one only the programs have a number, of an ordinary Ethernet.
    #[must_use]
    pub fn known_mtu(&self) -> Option<u32> {
        (self.path != Err(Obstacle::NoRoute)).then_some(self.inner_mtu)
    }
}

/// What a binding has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingCount {
    /// The binding's port.
    pub netdev: String,
    /// The binding's VLAN.
    pub vlan: u16,
    /// Packets and bytes, both ways.
    pub counters: BindingCounters,
}

/// What was dropped, or counted beside forwarding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropCount {
    /// Device of the port; empty: the overlay side.
    pub netdev: String,
    /// Stable name of the reason.
    pub reason: &'static str,
    /// For people.
    pub explanation: &'static str,
    /// Whether the frames were forwarded all the same.
    pub is_note: bool,
    /// How many.
    pub packets: u64,
}

/// What the data plane tells the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A MAC was learned.
    Learned(LocalMacSpec),
    /// A MAC moved to another port or VLAN of its switch.
    Moved(LocalMacSpec),
    /// A MAC was forgotten.
    Forgotten(LocalMacSpec, Reason),
    /// A remote MAC was seen on an access port and not learned.
    Refused(LocalMacSpec),
    /// A port appeared, changed or vanished, an address of the box came or went, or a tunnel has another path. Bindings of a device that vanished are
    /// gone from the tables.
    Links,
    /// A limit of local MACs is exhausted, or is so no more.
    MacRoom,
    /// The BFD session of a tunnel has another status.
    Bfd {
        /// The remote VTEP.
        remote: IpAddr,
        /// How the session stands now.
        status: Status,
    },
    /// Something of the gateway's had been taken out of the kernel, and is back.
    Repaired(String),
    /// Something failed on the worker's side.
    Failed(String),
}
