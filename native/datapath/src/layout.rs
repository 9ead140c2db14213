//! The keys and values of the maps, as `bpf/layout.h` defines them. Sizes and offsets are asserted on both sides at
//! compile time; opening a map compares the sizes with the kernel's.

#![expect(
    missing_docs,
    reason = "the fields are documented in bpf/layout.h, which they mirror"
)]

pub mod acl;

use std::{
    mem::{offset_of, size_of},
    net::{IpAddr, Ipv6Addr},
};

use model::SwitchId;

macro_rules! plain {
    ($($name:ident),+) => { $(
        // SAFETY: `repr(C)`, only integers and arrays of them, and no padding, which the assertions below hold.
        unsafe impl aya::Pod for $name {}
    )+ };
}

/// A port and a VLAN on it; VLAN 0 stands for untagged and priority-tagged frames.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BindingKey {
    pub ifindex: u32,
    pub vlan: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    pub switch_slot: u32,
    pub slot: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogicalSwitch {
    pub id: [u8; 16],
    pub vni: u32,
    pub flags: u32,
}

pub const SWITCH_ACTIVE: u32 = 1;
/// Zero where a process wrote the entry that knew of no such lists.
pub const SWITCH_FLOODS_TO_MACS: u32 = 2;

impl LogicalSwitch {
    /// One that forwards.
    #[must_use]
    pub const fn active(id: SwitchId, vni: u32, floods_to_macs: bool) -> Self {
        let flooding = if floods_to_macs {
            SWITCH_FLOODS_TO_MACS
        } else {
            0
        };
        Self {
            id: id.get().to_be_bytes(),
            vni,
            flags: SWITCH_ACTIVE | flooding,
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacKey {
    pub switch_slot: u32,
    pub mac: [u8; 6],
    pub zero: u16,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMac {
    pub ifindex: u32,
    pub vlan: u16,
    pub binding_slot: u16,
    pub last_seen_ns: u64,
    pub moved_ns: u64,
}

/// In [`MacScope`]: all logical switches, or all ports.
pub const ANY: u32 = u32::MAX;

/// Whose local MACs are counted.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MacScope {
    pub switch_slot: u32,
    pub ifindex: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MacLimit {
    pub limit: u32,
    pub reserve: u32,
    pub share: u32,
    pub removed: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MacUsage {
    pub refused_ns: u64,
    pub added: u32,
    pub zero: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMac {
    pub refused_ns: u64,
    pub tunnel: u32,
    pub vni: u32,
}

/// An IP address; IPv4 is v4-mapped.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub bytes: [u8; 16],
}

/// An address that the controller gave with a remote MAC.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NeighbourKey {
    pub switch_slot: u32,
    pub address: Address,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub mac: [u8; 6],
    pub zero: u16,
}

pub const TUNNEL_HEADER_MAX: usize = 80;
pub const TUNNEL_XDP: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    pub remote: Address,
    pub local: Address,
    pub inner_mtu: u32,
    pub ifindex: u32,
    pub flags: u32,
    pub header_len: u32,
    pub header: [u8; TUNNEL_HEADER_MAX],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vtep {
    pub tunnel: u32,
    pub flags: u32,
}

pub const VTEP_OWN_VNIS: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub tunnel: u32,
    pub vni: u32,
}

pub const PORT_XDP: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    pub flags: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FloodKey {
    pub switch_slot: u32,
    pub mac: [u8; 6],
    pub kind: u16,
}

pub const FLOOD_PORTS: u16 = 0;
pub const FLOOD_UNKNOWN: u16 = 1;
pub const FLOOD_GROUP: u16 = 2;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloodList {
    pub number: u32,
    pub count: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FloodMemberKey {
    pub list: u32,
    pub index: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FloodMember {
    pub target: u32,
    pub vni: u32,
    pub vlan: u32,
    pub binding_slot: u32,
}

/// Frames as they are without the tag of the binding and without the frame check sequence; super-frames count as
/// the frames they become.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BindingCounters {
    pub packets_from_local: u64,
    pub bytes_from_local: u64,
    pub packets_to_local: u64,
    pub bytes_to_local: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DropKey {
    pub ifindex: u32,
    pub reason: u32,
}

pub const EVENT_LEARNED: u32 = 1;
pub const EVENT_MOVED: u32 = 2;
pub const EVENT_REFUSED: u32 = 3;
pub const EVENT_FULL: u32 = 4;
/// Only from traced programs: a frame, or one copy of it, was dropped.
pub const EVENT_DROPPED: u32 = 16;
/// Only from traced programs: a frame, or one copy of it, left by a port.
pub const EVENT_TO_PORT: u32 = 17;
/// Only from traced programs: a frame, or one copy of it, left by a tunnel.
pub const EVENT_TO_TUNNEL: u32 = 18;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: u32,
    pub switch_slot: u32,
    pub ifindex: u32,
    pub vlan: u32,
    pub mac: [u8; 6],
    pub zero: u16,
    pub value: u32,
}

pub const PUNT_FRAME_MAX: usize = 96;

/// A frame for user space.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Punt {
    pub remote: Address,
    pub received_ns: u64,
    pub vni: u32,
    pub length: u32,
    pub frame: [u8; PUNT_FRAME_MAX],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PuntMeter {
    pub second_ns: u64,
    pub count: u64,
}

pub const BFD_FRAME_LENGTH: usize = 66;
pub const BFD_FORWARDING_IF_RX: u32 = 1;
pub const BFD_CPATH_DOWN: u32 = 2;
pub const BFD_CHECK_TNL_KEY: u32 = 4;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BfdSession {
    pub answer_after_ns: u64,
    pub min_tx_us: u32,
    pub min_rx_us: u32,
    pub remote_min_tx_us: u32,
    pub remote_min_rx_us: u32,
    pub config_min_tx_ms: u32,
    pub config_min_rx_ms: u32,
    pub config_decay_min_rx_ms: u32,
    pub config_flags: u32,
    pub local_ip: [u8; 4],
    pub remote_ip: [u8; 4],
    pub local_mac: [u8; 6],
    pub remote_mac: [u8; 6],
    pub state: u8,
    pub diagnostic: u8,
    pub remote_state: u8,
    pub remote_diagnostic: u8,
    pub remote_multiplier: u8,
    pub remote_is_demand: u8,
    pub zero: [u8; 2],
    pub discriminator: u32,
    pub remote_discriminator: u32,
    pub frame: [u8; BFD_FRAME_LENGTH],
    pub pad: [u8; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub vxlan_ifindex: u32,
    pub layout: u32,
}

/// To be raised whenever a field or a limit changes its meaning: maps of another layout are not adopted.
pub const LAYOUT: u32 = 5;

pub const BINDINGS_MAX: u32 = 32768;
pub const SWITCHES_MAX: u32 = 8192;
pub const LOCAL_MACS_MAX: u32 = 65536;
pub const MAC_SCOPES_MAX: u32 = BINDINGS_MAX + SWITCHES_MAX + PORTS_MAX + 1;
pub const REMOTE_MACS_MAX: u32 = 262_144;
pub const NEIGHBOURS_MAX: u32 = 262_144;
pub const TUNNELS_MAX: u32 = 8192;
pub const PORTS_MAX: u32 = 256;
pub const ORIGINS_MAX: u32 = 65536;
pub const FLOOD_LISTS_MAX: u32 = 65536;
pub const FLOOD_MEMBERS_MAX: u32 = 262_144;
pub const FLOOD_FAN_OUT_MAX: u32 = 1024;
pub const BFD_SESSIONS_MAX: u32 = 1024;

plain!(
    BindingKey,
    Binding,
    LogicalSwitch,
    MacKey,
    LocalMac,
    MacScope,
    MacLimit,
    MacUsage,
    RemoteMac,
    Address,
    NeighbourKey,
    Neighbour,
    Tunnel,
    Port,
    Vtep,
    Origin,
    FloodKey,
    FloodList,
    FloodMemberKey,
    FloodMember,
    BindingCounters,
    DropKey,
    BfdSession,
    Settings
);

const _: () = {
    assert!(size_of::<BindingKey>() == 8);
    assert!(size_of::<Binding>() == 8);
    assert!(size_of::<LogicalSwitch>() == 24 && offset_of!(LogicalSwitch, vni) == 16);
    assert!(size_of::<MacKey>() == 12 && offset_of!(MacKey, mac) == 4);
    assert!(size_of::<LocalMac>() == 24 && offset_of!(LocalMac, last_seen_ns) == 8);
    assert!(offset_of!(LocalMac, binding_slot) == 6);
    assert!(size_of::<MacScope>() == 8);
    assert!(size_of::<MacLimit>() == 16 && offset_of!(MacLimit, removed) == 12);
    assert!(size_of::<MacUsage>() == 16 && offset_of!(MacUsage, added) == 8);
    assert!(size_of::<RemoteMac>() == 16 && offset_of!(RemoteMac, tunnel) == 8);
    assert!(size_of::<NeighbourKey>() == 20 && offset_of!(NeighbourKey, address) == 4);
    assert!(size_of::<Neighbour>() == 8);
    assert!(size_of::<Tunnel>() == 128 && offset_of!(Tunnel, header) == 48);
    assert!(size_of::<Vtep>() == 8);
    assert!(size_of::<Origin>() == 8);
    assert!(size_of::<FloodKey>() == 12 && offset_of!(FloodKey, kind) == 10);
    assert!(size_of::<FloodList>() == 8);
    assert!(size_of::<FloodMemberKey>() == 8);
    assert!(size_of::<FloodMember>() == 16);
    assert!(size_of::<BindingCounters>() == 32);
    assert!(size_of::<Punt>() == 128 && offset_of!(Punt, frame) == 32);
    assert!(size_of::<PuntMeter>() == 16);
    assert!(size_of::<BfdSession>() == 144 && offset_of!(BfdSession, frame) == 76);
    assert!(size_of::<Event>() == 28 && offset_of!(Event, value) == 24);
};

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        let v6 = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        Self { bytes: v6.octets() }
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        Ipv6Addr::from(address.bytes).to_canonical()
    }
}

impl Event {
    /// Reads an event from the ring buffer; `None` for a record of another size.
    #[must_use]
    pub fn parse(record: &[u8]) -> Option<Self> {
        let word = |offset: usize| Some(u32::from_ne_bytes(*record.get(offset..)?.first_chunk()?));
        (record.len() == size_of::<Self>()).then_some(())?;
        Some(Self {
            kind: word(offset_of!(Self, kind))?,
            switch_slot: word(offset_of!(Self, switch_slot))?,
            ifindex: word(offset_of!(Self, ifindex))?,
            vlan: word(offset_of!(Self, vlan))?,
            mac: *record.get(offset_of!(Self, mac)..)?.first_chunk()?,
            zero: 0,
            value: word(offset_of!(Self, value))?,
        })
    }
}

impl Punt {
    /// Reads a record of the ring buffer: the remote VTEP, when the frame was received, its VNI and its bytes; `None`
    /// for a record of another size.
    #[must_use]
    pub fn parse(record: &[u8]) -> Option<(IpAddr, u64, u32, &[u8])> {
        (record.len() == size_of::<Self>()).then_some(())?;
        let word = |offset: usize| Some(u32::from_ne_bytes(*record.get(offset..)?.first_chunk()?));
        let remote = Address {
            bytes: *record.get(offset_of!(Self, remote)..)?.first_chunk()?,
        };
        let received = record.get(offset_of!(Self, received_ns)..)?.first_chunk()?;
        let length = usize::try_from(word(offset_of!(Self, length))?).ok()?;
        let frame = record.get(offset_of!(Self, frame)..)?.get(..length)?;
        Some((
            remote.into(),
            u64::from_ne_bytes(*received),
            word(offset_of!(Self, vni))?,
            frame,
        ))
    }
}
