//! Three access ports, two underlay devices, and the gateway's tables on them, filled as the model's are.

mod apply;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use aya::{
    maps::{MapData, MapInfo, RingBuf},
    programs::{Program, TestRun, TestRunOptions},
};
use datapath::{
    MacHolder, Mode, Tables,
    layout::{EVENT_FULL, EVENT_MOVED, Event},
};
use model::{
    BindingKey, FdbKey, Locator, Mac, NextHop, Port, PortId, PortMode, VlanId, Vni,
    strategies::Scope,
};

use crate::{
    effects::{Counted, Told},
    lab,
};

const SWITCH_NAME: &str = "agreement";
/// Names of the access ports; the far ends have the names of [`ACCESS_PEERS`].
pub const ACCESS: [&str; 3] = ["a0", "a1", "a2"];
pub const ACCESS_PEERS: [&str; 3] = ["pa0", "pa1", "pa2"];
/// Names of the underlay devices, with their MACs.
pub const UNDERLAY: [(&str, Mac); 2] = [
    ("u0", Mac::new([0x02, 0xcd, 0, 0, 0, 0])),
    ("u1", Mac::new([0x02, 0xcd, 0, 0, 0, 1])),
];
pub const UNDERLAY_PEERS: [&str; 2] = ["pu0", "pu1"];
/// The tunnel to this address leaves by the second underlay device, all others by the first.
const BEHIND_SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
/// In XDP mode frames can be redirected to all devices but the last access port and the second underlay device.
const FAR_ENDS_WITH_GRO: [&str; 3] = ["pa0", "pa1", "pu0"];
/// Where `BPF_PROG_TEST_RUN` wants the ingress device in `struct __sk_buff`, and where the segment size.
const SKB_LENGTH: usize = 192;
const SKB_IFINDEX: usize = 40;
const SKB_GSO_SIZE: usize = 176;

/// The devices and the tables.
pub struct Rig {
    pub scope: Scope,
    underlay: [PortId; 2],
    mode: Mode,
    tables: Tables,
    ring: RingBuf<MapData>,
    applied: model::Tables,
    paths: BTreeMap<IpAddr, (u32, Option<NextHop>)>,
}

impl Rig {
    /// In a network namespace of its own.
    pub fn new(mode: Mode) -> Self {
        lab::enter_namespace();
        let access = ACCESS.iter().zip(ACCESS_PEERS);
        let access = access.map(|(name, peer)| port_id(lab::veth(name, peer)));
        let access = access.collect();
        let underlay = [0, 1].map(|index| {
            let (name, mac) = UNDERLAY[index];
            let ifindex = lab::veth(name, UNDERLAY_PEERS[index]);
            let peer = UNDERLAY_PEERS[index];
            lab::ip(&format!(
                "link set {name} address {mac} mtu 9000\nlink set {peer} mtu 9000"
            ));
            port_id(ifindex)
        });
        for local in ["192.0.2.1", "192.0.2.129", "192.0.2.200"] {
            lab::ip(&format!("addr add {local}/32 dev {}", UNDERLAY[0].0));
        }
        if mode == Mode::Xdp {
            for peer in FAR_ENDS_WITH_GRO {
                lab::output(&format!("ethtool -K {peer} gro on"));
            }
        }
        let (mut tables, ring) = Tables::open(SWITCH_NAME, mode, true).unwrap();
        for name in ACCESS {
            tables.put_port(name).unwrap();
        }
        let mut scope = Scope::new(access, underlay[0]);
        scope.dangling = true;
        Self {
            applied: model::Tables::new(&scope.limits),
            scope,
            underlay,
            mode,
            tables,
            ring,
            paths: BTreeMap::new(),
        }
    }

    /// Generated tables as these devices and the setters allow them: what a port can do and where a tunnel leaves is
    /// for the devices to say, and only a remote MAC may name a tunnel that is not there.
    pub fn realizable(&self, mut tables: model::Tables) -> model::Tables {
        for (ports, without) in [(&self.scope.access[..], 2), (&self.underlay[..], 1)] {
            for (index, port) in ports.iter().enumerate() {
                let is_xdp = self.mode == Mode::Xdp && index != without;
                let mode = if is_xdp { PortMode::Xdp } else { PortMode::Tc };
                tables.ports.insert(*port, Port { mode }).unwrap();
            }
        }
        let switches = tables.switches.clone();
        tables
            .bindings
            .retain(|_, switch| switches.contains(switch));
        tables
            .remote_macs
            .retain(|key, _| switches.contains(&key.switch));
        tables
            .neighbours
            .retain(|key, _| switches.contains(&key.switch));
        tables
            .local_macs
            .retain(|key, _| switches.contains(&key.switch));
        tables.floods.retain(|switch, _| switches.contains(switch));
        tables.tunnels.retain(|remote, tunnel| {
            let index = usize::from(*remote == BEHIND_SECOND);
            if let Some(next_hop) = &mut tunnel.next_hop {
                next_hop.port = self.underlay[index];
                next_hop.source_mac = UNDERLAY[index].1;
            }
            true
        });
        let tunnels = tables.tunnels.clone();
        let keep = |list: &mut BTreeSet<Locator>| {
            list.retain(|locator| tunnels.contains(&locator.remote));
        };
        tables.floods.retain(|_, list| {
            keep(list);
            true
        });
        tables.groups.retain(|key, list| {
            keep(list);
            switches.contains(&key.switch)
        });
        tables
            .origins
            .retain(|origin, switch| switches.contains(switch) && tunnels.contains(&origin.remote));
        tables
    }

    /// The same tables with the VNIs of the logical switches exchanged.
    pub fn rotated(mut tables: model::Tables, by: usize) -> model::Tables {
        let vnis: Vec<Option<Vni>> = tables
            .switches
            .iter()
            .map(|(_, switch)| switch.vni)
            .collect();
        let mut rotated = vnis.into_iter().cycle().skip(by);
        tables.switches.retain(|_, switch| {
            switch.vni = rotated.next().unwrap();
            true
        });
        tables
    }

    /// Another process takes over.
    pub fn reopen(&mut self) {
        let (tables, ring) = Tables::open(SWITCH_NAME, self.mode, true).unwrap();
        self.tables = tables;
        self.ring = ring;
    }

    /// The maps of the programs by name.
    pub fn maps(&mut self) -> BTreeMap<String, MapData> {
        let Program::SchedClassifier(program) = self.tables.program("access_tc").unwrap() else {
            panic!("access_tc is a tc program");
        };
        let ids = program.info().unwrap().map_ids().unwrap().unwrap();
        let maps = ids.into_iter().map(|id| {
            let name = MapInfo::from_id(id)
                .unwrap()
                .name_as_str()
                .unwrap()
                .to_owned();
            (name, MapData::from_id(id).unwrap())
        });
        maps.collect()
    }

    /// Runs `access_tc` on a frame; returns its verdict and the frame as it is then, but for a tag in the metadata.
    pub fn run_tc(&mut self, port: PortId, frame: &[u8], gso_size: u16) -> (u32, Vec<u8>) {
        let mut context = [0; SKB_LENGTH];
        put_u32(&mut context, SKB_IFINDEX, port.get());
        put_u32(&mut context, SKB_GSO_SIZE, gso_size.into());
        self.run("access_tc", frame, &context)
    }

    /// Runs `overlay_tc` on a frame that came through no tunnel; returns its verdict.
    pub fn run_overlay(&mut self, frame: &[u8]) -> u32 {
        self.run("overlay_tc", frame, &[0; SKB_LENGTH]).0
    }

    /// Runs an XDP program on a frame; returns its verdict and the frame as it is then.
    pub fn run_xdp(&mut self, program: &str, port: PortId, frame: &[u8]) -> (u32, Vec<u8>) {
        // struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex
        let mut context = [0; 24];
        put_u32(&mut context, 4, u32::try_from(frame.len()).unwrap());
        put_u32(&mut context, 12, port.get());
        self.run(program, frame, &context)
    }

    fn run(&mut self, program: &str, frame: &[u8], context: &[u8]) -> (u32, Vec<u8>) {
        let mut out = vec![0; 8192];
        let options = TestRunOptions {
            data_in: Some(frame),
            data_out: Some(&mut out),
            ctx_in: Some(context),
            ..TestRunOptions::default()
        };
        let result = match self.tables.program(program).unwrap() {
            Program::SchedClassifier(program) => program.test_run(options),
            Program::Xdp(program) => program.test_run(options),
            other => panic!("{other:?}"),
        };
        let result = result.unwrap();
        out.truncate(result.data_size_out as usize);
        (result.return_value, out)
    }

    /// What the programs told since the last time, but for what they tell once a second at the most.
    pub fn told(&mut self) -> Vec<Told> {
        let mut told: Vec<Told> = self
            .events()
            .iter()
            .filter(|event| !matches!(event.kind, EVENT_FULL | EVENT_MOVED))
            .map(|event| Told::from_event(event, |number| self.tables.remote_of(number)))
            .collect();
        told.sort();
        told
    }

    /// All that the programs told since the last time.
    pub fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(record) = self.ring.next() {
            events.push(Event::parse(&record).unwrap());
        }
        events
    }

    /// The tables themselves.
    pub fn tables(&mut self) -> &mut Tables {
        &mut self.tables
    }

    /// State of all counters and of the local FDB, whose entries are counted as they are.
    pub fn counted(&mut self) -> Counted {
        self.assert_mac_uses();
        let reasons = self.tables.drop_counts().unwrap().into_iter();
        let reasons = reasons.map(|count| {
            let port = (!count.netdev.is_empty()).then(|| self.port(&count.netdev));
            ((port, count.reason), count.packets)
        });
        let bindings = self.tables.binding_counts().unwrap().into_iter();
        let bindings =
            bindings.map(|count| (self.key(&count.netdev, count.vlan), count.counters.into()));
        Counted {
            reasons: reasons.collect(),
            bindings: bindings.collect(),
            local_macs: self.local_macs(),
        }
    }

    fn assert_mac_uses(&mut self) {
        let local_macs = self.local_macs();
        for one in self.tables.mac_uses(0).unwrap() {
            let is_held = |key: &FdbKey, at: &BindingKey| match &one.holder {
                MacHolder::Table => true,
                MacHolder::Switch(id) => key.switch == *id,
                MacHolder::Port(netdev) => at.port == self.port(netdev),
            };
            let held = local_macs.iter().filter(|(key, at)| is_held(key, at));
            assert_eq!(one.held as usize, held.count(), "{:?}", one.holder);
        }
    }

    fn local_macs(&self) -> BTreeMap<FdbKey, BindingKey> {
        let local_macs = self.tables.snapshot(0).unwrap().local_macs.into_iter();
        local_macs
            .map(|spec| {
                (
                    FdbKey {
                        switch: spec.switch_id,
                        mac: spec.mac,
                    },
                    self.key(&spec.netdev, spec.vlan),
                )
            })
            .collect()
    }

    pub fn underlay(&self) -> PortId {
        self.underlay[0]
    }

    fn key(&self, netdev: &str, vlan: u16) -> BindingKey {
        BindingKey {
            port: self.port(netdev),
            vlan: VlanId::new(vlan).unwrap(),
        }
    }

    fn port(&self, netdev: &str) -> PortId {
        let index = ACCESS.iter().position(|name| *name == netdev).unwrap();
        self.scope.access[index]
    }

    /// Name of an access port.
    pub fn name(&self, port: PortId) -> &'static str {
        let index = self.scope.access.iter().position(|access| *access == port);
        ACCESS[index.unwrap()]
    }
}

fn port_id(ifindex: u32) -> PortId {
    PortId::new(ifindex).unwrap()
}

fn put_u32(context: &mut [u8], offset: usize, value: u32) {
    context[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
}
