//! What the data plane knows: one table per noun, as in the kernel.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::acl::{AclKey, Rule};
use crate::ethernet;
use crate::limits::Limits;
use crate::local_fdb::LocalEntry;
use crate::locator::Locator;
use crate::mac::Mac;
use crate::mac_limits::MacLimits;
use crate::number::{PortId, VlanId, Vni};
use crate::overlay::Origin;
use crate::switch_id::SwitchId;
use crate::table::Table;

/// How frames enter and leave a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortMode {
    /// XDP may redirect to the device, and takes the shortcut where its program is attached.
    Xdp,
    /// tc only.
    Tc,
}

/// A device that the data plane sends to: an access port or an underlay device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// How frames enter and leave it.
    pub mode: PortMode,
}

/// What a binding is found by: the access port and the VLAN on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    /// The access port.
    pub port: PortId,
    /// The VLAN; 0 takes untagged and priority-tagged frames.
    pub vlan: VlanId,
}

/// What an FDB entry is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FdbKey {
    /// The logical switch.
    pub switch: SwitchId,
    /// The station in it.
    pub mac: Mac,
}

/// What a neighbour is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NeighbourKey {
    /// The logical switch.
    pub switch: SwitchId,
    /// The address in it.
    pub address: IpAddr,
}

/// A logical switch that forwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch {
    /// Its number on the wire, where a locator has none of its own.
    pub vni: Option<Vni>,
    /// Its flood list for unknown destinations is made of its remote MACs: nobody said where such frames go.
    pub floods_to_macs: bool,
}

/// Where the underlay wants a tunnel's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// MAC of our underlay device.
    pub source_mac: Mac,
    /// MAC of the next hop.
    pub destination_mac: Mac,
    /// The underlay device.
    pub port: PortId,
}

/// The way to a remote VTEP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// Our tunnel address.
    pub local: IpAddr,
    /// Largest inner IP packet in bytes: the underlay's MTU without the outer header.
    pub mtu: u32,
    /// Route and neighbour, when both are known.
    pub next_hop: Option<NextHop>,
}

impl Tunnel {
    /// Whether an inner frame of this length, without the tag of its binding, is too long for the underlay.
    #[must_use]
    pub fn is_exceeded_by(&self, frame_len: usize) -> bool {
        let payload_len = frame_len.saturating_sub(ethernet::HEADER_LEN);
        u32::try_from(payload_len).map_or(true, |len| len > self.mtu)
    }
}

/// All tables. Keys may refer to what is not there: every lookup copes with it. Who puts a remote MAC forgets the
/// local one, so that a MAC of a logical switch is either local or remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Devices that the data plane sends to.
    pub ports: Table<PortId, Port>,
    /// (Port, VLAN) -> logical switch.
    pub bindings: Table<BindingKey, SwitchId>,
    /// Logical switches that forward.
    pub switches: Table<SwitchId, Switch>,
    /// Remote address -> way there. These addresses are also the known VTEPs, from which frames are accepted.
    pub tunnels: Table<IpAddr, Tunnel>,
    /// Where the controller says that a MAC is.
    pub remote_macs: Table<FdbKey, Locator>,
    /// Whose an address is, as the controller says it.
    pub neighbours: Table<NeighbourKey, Mac>,
    /// Where a MAC was last seen on an access port.
    pub local_macs: Table<FdbKey, LocalEntry>,
    /// How many of them there may be.
    pub mac_limits: MacLimits,
    /// Where BUM frames of a logical switch go, beside its bindings.
    pub floods: Table<SwitchId, BTreeSet<Locator>>,
    /// Where frames to one group go instead. The key's MAC is that of the group.
    pub groups: Table<FdbKey, BTreeSet<Locator>>,
    /// Whose frames are whose VNI is a locator's own. They go before the VNIs of the logical switches.
    pub origins: Table<Origin, SwitchId>,
    /// What each port and VLAN lets through.
    pub acls: Table<AclKey, Vec<Rule>>,
}

impl Tables {
    /// Empty tables.
    #[must_use]
    pub const fn new(limits: &Limits) -> Self {
        Self {
            ports: Table::new(limits.ports),
            bindings: Table::new(limits.bindings),
            switches: Table::new(limits.switches),
            tunnels: Table::new(limits.tunnels),
            remote_macs: Table::new(limits.remote_macs),
            neighbours: Table::new(limits.neighbours),
            local_macs: Table::new(limits.local_macs),
            mac_limits: limits.mac_limits,
            floods: Table::new(limits.switches),
            groups: Table::new(limits.groups),
            origins: Table::new(limits.origins),
            acls: Table::new(limits.acls),
        }
    }

    /// The logical switch that a frame out of a tunnel belongs to.
    #[must_use]
    pub fn switch_of(&self, origin: &Origin) -> Option<SwitchId> {
        let with_vni = || {
            self.switches
                .iter()
                .find(|(_, switch)| switch.vni == Some(origin.vni))
                .map(|(&id, _)| id)
        };
        self.origins.get(origin).copied().or_else(with_vni)
    }

    /// The VNI of a logical switch's frames to an end point; `None`: neither has one.
    #[must_use]
    pub fn vni_to(&self, switch: SwitchId, locator: &Locator) -> Option<Vni> {
        let own = || self.switches.get(&switch).and_then(|switch| switch.vni);
        locator.vni.or_else(own)
    }

    /// The bindings of a logical switch, in order.
    pub fn bindings_of(&self, switch: SwitchId) -> impl Iterator<Item = BindingKey> {
        self.bindings
            .iter()
            .filter(move |&(_, &bound)| bound == switch)
            .map(|(&key, _)| key)
    }

    /// Where a frame to a destination that the FDB does not know goes beside the bindings, in order.
    pub fn flood_list_of(&self, key: FdbKey) -> impl Iterator<Item = Locator> {
        let group = self.groups.get(&key).filter(|_| key.mac.is_group());
        let list = group.or_else(|| self.floods.get(&key.switch));
        list.into_iter().flatten().copied()
    }

    /// Whether that list is one that is made of remote MACs, and anybody is on it.
    #[must_use]
    pub fn is_flooded_to_macs(&self, key: FdbKey) -> bool {
        let has_own_list = key.mac.is_group() && self.groups.contains(&key);
        let switch = self.switches.get(&key.switch);
        let is_of_macs = switch.is_some_and(|switch| switch.floods_to_macs);
        !has_own_list && is_of_macs && self.flood_list_of(key).next().is_some()
    }

    /// Whether an address is our end of some tunnel.
    #[must_use]
    pub fn is_tunnel_address(&self, address: IpAddr) -> bool {
        self.tunnels
            .iter()
            .any(|(_, tunnel)| tunnel.local == address)
    }

    /// Whether XDP may redirect to the device.
    #[must_use]
    pub fn is_xdp_port(&self, port: PortId) -> bool {
        self.ports
            .get(&port)
            .is_some_and(|port| port.mode == PortMode::Xdp)
    }
}
