//! The objects that cross the boundary.

use datapath::{MacHolder, Notice};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use crate::{acl::AclSpec, bfd::BfdStatus};

#[napi(object)]
pub struct OpenOptions {
    /// Name of the `Physical_Switch` row.
    pub switch_name: String,
    #[napi(ts_type = "'auto' | 'xdp' | 'tc'")]
    pub mode: String,
    /// How long a local MAC lives without being seen.
    pub ageing_ms: f64,
    pub mac_limits: MacLimits,
}

/// Local MACs at the most: of one port, in one logical switch, in all.
#[napi(object)]
pub struct MacLimits {
    pub port: u32,
    #[napi(js_name = "switch")]
    pub logical_switch: u32,
    pub table: u32,
}

/// Use of a limit: that of a port where `netdev` is there, of a logical switch where `switchId` is, else of the table.
#[napi(object)]
pub struct MacUse {
    pub netdev: Option<String>,
    pub switch_id: Option<String>,
    pub held: u32,
    pub limit: u32,
    pub exhausted: bool,
}

#[napi(object)]
pub struct PortSpec {
    pub netdev: String,
}

#[napi(object)]
pub struct SwitchSpec {
    /// UUID of the `Logical_Switch` row.
    pub id: String,
    /// 1..16777215; absent: frames have the VNIs of the locators.
    pub vni: Option<u32>,
}

#[napi(object)]
pub struct BindingSpec {
    pub netdev: String,
    /// 0: untagged and priority-tagged frames.
    pub vlan: u32,
    pub switch_id: String,
}

#[napi(object)]
pub struct TunnelSpec {
    pub remote_ip: String,
    pub local_ip: String,
}

#[napi(object)]
pub struct RemoteMacSpec {
    pub switch_id: String,
    pub mac: String,
    /// Address of the remote VTEP, with "#" and a VNI where the end point has one of its own.
    pub locator: String,
}

/// An address that ARP requests and neighbour solicitations are answered for.
#[napi(object)]
pub struct NeighbourSpec {
    pub switch_id: String,
    /// IPv4 or IPv6.
    pub address: String,
    pub mac: String,
}

#[napi(object)]
pub struct FloodSpec {
    pub switch_id: String,
    pub locators: Vec<String>,
    /// They are those of its remote MACs, for want of another answer.
    pub is_of_macs: bool,
}

/// Where frames to one group go in place of the flood list.
#[napi(object)]
pub struct GroupSpec {
    pub switch_id: String,
    pub mac: String,
    pub locators: Vec<String>,
}

/// Whose the frames are that come from a locator's VTEP in the locator's own VNI.
#[napi(object)]
pub struct OriginSpec {
    pub locator: String,
    pub switch_id: String,
}

/// An entry of a setter's argument that did not succeed.
#[napi(object)]
pub struct Failure {
    pub index: u32,
    #[napi(
        ts_type = "'no_such_device' | 'no_such_switch' | 'no_such_tunnel' | 'table_full' | 'invalid' | 'kernel'"
    )]
    pub code: String,
    pub message: String,
}

#[napi(object)]
pub struct LocalMac {
    pub switch_id: String,
    pub mac: String,
    pub netdev: String,
    pub vlan: u32,
    pub age_ms: f64,
}

#[napi(object)]
pub struct Snapshot {
    pub ports: Vec<PortSpec>,
    pub switches: Vec<SwitchSpec>,
    pub bindings: Vec<BindingSpec>,
    pub tunnels: Vec<TunnelSpec>,
    pub remote_macs: Vec<RemoteMacSpec>,
    pub neighbours: Vec<NeighbourSpec>,
    pub floods: Vec<FloodSpec>,
    pub groups: Vec<GroupSpec>,
    pub origins: Vec<OriginSpec>,
    pub local_macs: Vec<LocalMac>,
    pub acls: Vec<AclSpec>,
}

/// `links`: a port or a path changed; bindings of a device that vanished are gone from the tables. `bfd`: the session of a
/// tunnel has another status. `macRoom`: a limit of local MACs is exhausted, or is so no more. `repaired`, `failed`: `reason` says
/// what. All others name a MAC; `forgotten` says why.
#[napi(object)]
pub struct DatapathEvent {
    #[napi(
        ts_type = "'learned' | 'moved' | 'forgotten' | 'refused' | 'bfd' | 'macRoom' | 'links' | 'repaired' | 'failed'"
    )]
    pub kind: String,
    pub switch_id: Option<String>,
    pub mac: Option<String>,
    pub netdev: Option<String>,
    pub vlan: Option<u32>,
    pub reason: Option<String>,
    /// `bfd`: the status.
    pub bfd: Option<BfdStatus>,
}

#[napi(object)]
pub struct PortStatus {
    pub netdev: String,
    pub up: bool,
    pub carrier: bool,
    pub mtu: u32,
    #[napi(ts_type = "'xdp' | 'tc'")]
    pub mode: String,
    /// The bridge or bond that it belongs to.
    pub controller: Option<String>,
}

#[napi(object)]
pub struct TunnelStatus {
    pub remote_ip: String,
    pub local_ip: String,
    /// Why frames leave with no prepared header; absent where they do.
    #[napi(ts_type = "'no_route' | 'device_down' | 'no_answer' | 'not_ethernet'")]
    pub obstacle: Option<String>,
    pub netdev: Option<String>,
    pub next_hop_mac: Option<String>,
    /// Largest inner layer-3 packet, in bytes; absent where there is no route.
    pub mtu: Option<u32>,
    #[napi(ts_type = "'xdp' | 'tc'")]
    pub mode: String,
}

/// Frames without the tag of the binding and without the frame check sequence.
#[napi(object)]
pub struct BindingCounters {
    pub netdev: String,
    pub vlan: u32,
    pub packets_from_local: BigInt,
    pub bytes_from_local: BigInt,
    pub packets_to_local: BigInt,
    pub bytes_to_local: BigInt,
}

#[napi(object)]
pub struct DropCounter {
    /// Empty: the overlay side.
    pub netdev: String,
    pub reason: String,
    /// One line for people.
    pub explanation: String,
    /// Counted, but the frame was forwarded all the same.
    pub note: bool,
    pub packets: BigInt,
}

#[napi(object)]
pub struct LocalAddress {
    pub netdev: String,
    pub address: String,
}

impl From<datapath::LocalMacSpec> for LocalMac {
    fn from(spec: datapath::LocalMacSpec) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of an age stay far below 2^53"
        )]
        let age_ms = spec.age_ms as f64;
        Self {
            switch_id: spec.switch_id.to_string(),
            mac: spec.mac.to_string(),
            netdev: spec.netdev,
            vlan: spec.vlan.into(),
            age_ms,
        }
    }
}

impl From<datapath::Snapshot> for Snapshot {
    fn from(snapshot: datapath::Snapshot) -> Self {
        Self {
            ports: snapshot
                .ports
                .into_iter()
                .map(|netdev| PortSpec { netdev })
                .collect(),
            switches: snapshot
                .switches
                .into_iter()
                .map(|(id, vni)| SwitchSpec {
                    id: id.to_string(),
                    vni,
                })
                .collect(),
            bindings: snapshot
                .bindings
                .into_iter()
                .map(|spec| BindingSpec {
                    netdev: spec.netdev,
                    vlan: spec.vlan.into(),
                    switch_id: spec.switch_id.to_string(),
                })
                .collect(),
            tunnels: snapshot.tunnels.into_iter().map(TunnelSpec::from).collect(),
            remote_macs: snapshot
                .remote_macs
                .into_iter()
                .map(|spec| RemoteMacSpec {
                    switch_id: spec.switch_id.to_string(),
                    mac: spec.mac.to_string(),
                    locator: spec.locator.to_string(),
                })
                .collect(),
            neighbours: snapshot
                .neighbours
                .into_iter()
                .map(NeighbourSpec::from)
                .collect(),
            floods: snapshot
                .floods
                .into_iter()
                .map(|spec| FloodSpec {
                    switch_id: spec.switch_id.to_string(),
                    locators: spec.locators.iter().map(ToString::to_string).collect(),
                    is_of_macs: spec.is_of_macs,
                })
                .collect(),
            groups: snapshot
                .groups
                .into_iter()
                .map(|spec| GroupSpec {
                    switch_id: spec.switch_id.to_string(),
                    mac: spec.mac.to_string(),
                    locators: spec.locators.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            origins: snapshot
                .origins
                .into_iter()
                .map(|spec| OriginSpec {
                    locator: spec.locator.to_string(),
                    switch_id: spec.switch_id.to_string(),
                })
                .collect(),
            local_macs: snapshot
                .local_macs
                .into_iter()
                .map(LocalMac::from)
                .collect(),
            acls: snapshot.acls.into_iter().map(AclSpec::from).collect(),
        }
    }
}

impl From<datapath::NeighbourSpec> for NeighbourSpec {
    fn from(spec: datapath::NeighbourSpec) -> Self {
        Self {
            switch_id: spec.switch_id.to_string(),
            address: spec.address.to_string(),
            mac: spec.mac.to_string(),
        }
    }
}

impl From<datapath::TunnelSpec> for TunnelSpec {
    fn from(spec: datapath::TunnelSpec) -> Self {
        Self {
            remote_ip: spec.remote.to_string(),
            local_ip: spec.local.to_string(),
        }
    }
}

impl From<Notice> for DatapathEvent {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Learned(spec) => Self::of_mac("learned", spec, None),
            Notice::Moved(spec) => Self::of_mac("moved", spec, None),
            Notice::Forgotten(spec, reason) => Self::of_mac("forgotten", spec, Some(reason.name())),
            Notice::Refused(spec) => Self::of_mac("refused", spec, None),
            Notice::Bfd { remote, status } => Self {
                bfd: Some((remote, status).into()),
                ..Self::of_kind("bfd", None)
            },
            Notice::MacRoom => Self::of_kind("macRoom", None),
            Notice::Links => Self::of_kind("links", None),
            Notice::Repaired(reason) => Self::of_kind("repaired", Some(reason)),
            Notice::Failed(reason) => Self::of_kind("failed", Some(reason)),
        }
    }
}

impl DatapathEvent {
    fn of_mac(kind: &str, spec: datapath::LocalMacSpec, reason: Option<&str>) -> Self {
        let mac = LocalMac::from(spec);
        Self {
            switch_id: Some(mac.switch_id),
            mac: Some(mac.mac),
            netdev: Some(mac.netdev),
            vlan: Some(mac.vlan),
            ..Self::of_kind(kind, reason.map(str::to_owned))
        }
    }

    fn of_kind(kind: &str, reason: Option<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            switch_id: None,
            mac: None,
            netdev: None,
            vlan: None,
            reason,
            bfd: None,
        }
    }
}

impl From<datapath::MacUse> for MacUse {
    fn from(one: datapath::MacUse) -> Self {
        let (netdev, switch_id) = match one.holder {
            MacHolder::Table => (None, None),
            MacHolder::Switch(id) => (None, Some(id.to_string())),
            MacHolder::Port(netdev) => (Some(netdev), None),
        };
        Self {
            netdev,
            switch_id,
            held: one.held,
            limit: one.limit,
            exhausted: one.is_exhausted,
        }
    }
}

impl From<datapath::PortStatus> for PortStatus {
    fn from(status: datapath::PortStatus) -> Self {
        Self {
            netdev: status.netdev,
            up: status.is_up,
            carrier: status.has_carrier,
            mtu: status.mtu,
            mode: mode(status.is_xdp),
            controller: status.controller,
        }
    }
}

impl From<datapath::TunnelStatus> for TunnelStatus {
    fn from(status: datapath::TunnelStatus) -> Self {
        let TunnelSpec {
            remote_ip,
            local_ip,
        } = status.spec.into();
        let obstacle = status
            .path
            .as_ref()
            .err()
            .map(|obstacle| obstacle.name().to_owned());
        let mtu = status.known_mtu();
        let (netdev, next_hop_mac) = status.path.ok().unzip();
        Self {
            remote_ip,
            local_ip,
            obstacle,
            netdev,
            next_hop_mac: next_hop_mac.map(|mac| model::Mac::new(mac).to_string()),
            mtu,
            mode: mode(status.is_xdp),
        }
    }
}

impl From<datapath::BindingCount> for BindingCounters {
    fn from(count: datapath::BindingCount) -> Self {
        Self {
            netdev: count.netdev,
            vlan: count.vlan.into(),
            packets_from_local: count.counters.packets_from_local.into(),
            bytes_from_local: count.counters.bytes_from_local.into(),
            packets_to_local: count.counters.packets_to_local.into(),
            bytes_to_local: count.counters.bytes_to_local.into(),
        }
    }
}

impl From<datapath::DropCount> for DropCounter {
    fn from(count: datapath::DropCount) -> Self {
        Self {
            netdev: count.netdev,
            reason: count.reason.to_owned(),
            explanation: count.explanation.to_owned(),
            note: count.is_note,
            packets: count.packets.into(),
        }
    }
}

fn mode(is_xdp: bool) -> String {
    if is_xdp { "xdp" } else { "tc" }.to_owned()
}
