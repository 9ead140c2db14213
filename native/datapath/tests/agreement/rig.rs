//! Three access ports, two underlay devices, and the gateway's tables on them, filled as the model's are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

use aya::{
    maps::{MapData, RingBuf},
    programs::{Program, TestRun, TestRunOptions},
};
use datapath::{BindingSpec, Mode, RemoteMacSpec, Tables, TunnelSpec, layout::Event};
use model::{
    BindingKey, FdbKey, Mac, NextHop, Port, PortId, PortMode, SwitchId, VlanId, strategies::Scope,
};

use crate::{
    effects::{Counted, Effects, Told},
    lab,
};

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
        let (mut tables, ring) = Tables::open("agreement", mode, true).unwrap();
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
        tables.floods.retain(|_, remotes| {
            remotes.retain(|remote| tunnels.contains(remote));
            true
        });
        tables
    }

    /// Brings the kernel's tables to these, from whatever they were before.
    pub fn apply(&mut self, target: &model::Tables) {
        self.make_paths(target);
        for (id, switch) in target.switches.iter() {
            self.tables.put_switch(*id, switch.vni.get()).unwrap();
        }
        self.put_tunnels(target);
        self.put_bindings(target);
        self.put_remote_macs(target);
        for (id, _) in target.switches.iter() {
            let remotes: Vec<IpAddr> = target.flood_list_of(*id).collect();
            self.tables.put_flood(*id, &remotes).unwrap();
        }
        for (id, _) in self.applied.switches.iter() {
            if !target.switches.contains(id) {
                self.tables.remove_switch(*id).unwrap();
            }
        }
        let known: BTreeSet<IpAddr> = self
            .tables
            .tunnel_status()
            .iter()
            .map(|tunnel| tunnel.spec.remote)
            .collect();
        for remote in known {
            if !target.tunnels.contains(&remote) {
                self.tables.remove_tunnel(remote).unwrap();
            }
        }
        self.forget_elsewhere(target);
        for (key, entry) in target.local_macs.iter() {
            self.teach(*key, entry.at);
        }
        self.told();
        self.applied = target.clone();
        self.assert_applied();
    }

    fn make_paths(&mut self, target: &model::Tables) {
        let mut commands = String::new();
        for (remote, tunnel) in target.tunnels.iter() {
            let path = (tunnel.mtu, tunnel.next_hop);
            if self.paths.insert(*remote, path) == Some(path) {
                continue;
            }
            let device = UNDERLAY[usize::from(*remote == BEHIND_SECOND)].0;
            let mtu = tunnel.mtu + datapath::header::OVERHEAD_V4;
            writeln!(commands, "route replace {remote}/32 dev {device} mtu {mtu}").unwrap();
            // An entry that does not resolve is as good as none, and whatever waits for it is dropped.
            writeln!(commands, "neigh replace {remote} dev {device} nud failed").unwrap();
            if let Some(next_hop) = tunnel.next_hop {
                let mac = next_hop.destination_mac;
                writeln!(
                    commands,
                    "neigh replace {remote} lladdr {mac} dev {device} nud permanent"
                )
                .unwrap();
            }
        }
        if !commands.is_empty() {
            lab::ip(&commands);
        }
    }

    fn put_tunnels(&mut self, target: &model::Tables) {
        let local = IpAddr::from([192, 0, 2, 1]);
        let known = target.tunnels.iter().map(|(&remote, tunnel)| TunnelSpec {
            remote,
            local: tunnel.local,
        });
        // A remote MAC may name a tunnel that is removed again afterwards.
        let dangling = target.remote_macs.iter().map(|(_, &remote)| remote);
        let dangling = dangling.filter(|remote| !target.tunnels.contains(remote));
        let specs: Vec<_> = known
            .chain(dangling.map(|remote| TunnelSpec { remote, local }))
            .collect();
        for result in self.tables.put_tunnels(&specs) {
            result.unwrap();
        }
    }

    fn put_bindings(&mut self, target: &model::Tables) {
        for (key, _) in self.applied.bindings.iter() {
            if !target.bindings.contains(key) {
                let name = self.name(key.port).to_owned();
                self.tables.remove_binding(&name, key.vlan.get()).unwrap();
            }
        }
        for (key, switch) in target.bindings.iter() {
            self.put_binding(*key, *switch);
        }
    }

    fn put_binding(&mut self, key: BindingKey, switch_id: SwitchId) {
        let spec = BindingSpec {
            netdev: self.name(key.port).to_owned(),
            vlan: key.vlan.get(),
            switch_id,
        };
        self.tables.put_binding(&spec).unwrap();
    }

    fn put_remote_macs(&mut self, target: &model::Tables) {
        for (key, _) in self.applied.remote_macs.iter() {
            if !target.remote_macs.contains(key) {
                self.tables.remove_remote_mac(key.switch, key.mac).unwrap();
            }
        }
        for (key, remote) in target.remote_macs.iter() {
            let spec = RemoteMacSpec {
                switch_id: key.switch,
                mac: key.mac,
                remote: *remote,
            };
            self.tables.put_remote_mac(&spec).unwrap();
        }
    }

    /// A binding that goes takes its local MACs with it, so it goes and comes again.
    fn forget_elsewhere(&mut self, target: &model::Tables) {
        for (key, at) in self.local_macs() {
            if target.local_macs.get(&key).map(|entry| entry.at) != Some(at) {
                let name = self.name(at.port).to_owned();
                self.tables.remove_binding(&name, at.vlan.get()).unwrap();
                self.put_binding(at, key.switch);
            }
        }
    }

    /// Has the program learn a MAC from a frame to itself, which goes nowhere.
    fn teach(&mut self, key: FdbKey, at: BindingKey) {
        let macs = [key.mac.octets(), key.mac.octets()].concat();
        let tag = if at.vlan.is_tagged() {
            [vec![0x81, 0x00], at.vlan.get().to_be_bytes().to_vec()].concat()
        } else {
            Vec::new()
        };
        let frame = [macs, tag, vec![0x88, 0xb5]].concat();
        self.run_tc(at.port, &frame, 0);
    }

    /// The kernel holds what was put, path by path and entry by entry.
    fn assert_applied(&self) {
        let target = &self.applied;
        let snapshot = self.tables.snapshot(0).unwrap();
        let switches: BTreeMap<_, _> = snapshot.switches.into_iter().collect();
        assert_eq!(
            switches,
            target
                .switches
                .iter()
                .map(|(id, switch)| (*id, switch.vni.get()))
                .collect()
        );
        let bindings = snapshot
            .bindings
            .iter()
            .map(|spec| (self.key(&spec.netdev, spec.vlan), spec.switch_id));
        assert_eq!(
            bindings.collect::<BTreeMap<_, _>>(),
            target
                .bindings
                .iter()
                .map(|(key, id)| (*key, *id))
                .collect()
        );
        let remote_macs = snapshot.remote_macs.iter().map(|spec| {
            (
                FdbKey {
                    switch: spec.switch_id,
                    mac: spec.mac,
                },
                spec.remote,
            )
        });
        let resolvable = target
            .remote_macs
            .iter()
            .filter(|(_, remote)| target.tunnels.contains(remote));
        assert_eq!(
            remote_macs.collect::<BTreeMap<_, _>>(),
            resolvable.map(|(key, remote)| (*key, *remote)).collect()
        );
        let floods: BTreeMap<_, BTreeSet<_>> = snapshot
            .floods
            .into_iter()
            .map(|(id, list)| (id, list.into_iter().collect()))
            .collect();
        let lists = target.floods.iter().filter(|(_, list)| !list.is_empty());
        assert_eq!(
            floods,
            lists.map(|(id, list)| (*id, list.clone())).collect()
        );
        assert_eq!(self.local_macs(), Effects::none(target).counted.local_macs);
        let tunnels = self.tables.tunnel_status().into_iter().map(|tunnel| {
            (
                tunnel.spec.remote,
                (
                    tunnel.spec.local,
                    tunnel.inner_mtu,
                    tunnel.path,
                    tunnel.is_xdp,
                ),
            )
        });
        let expected = target.tunnels.iter().map(|(remote, tunnel)| {
            let path = tunnel.next_hop.map(|next_hop| {
                let name = UNDERLAY[usize::from(next_hop.port == self.underlay[1])].0;
                (name.to_owned(), next_hop.destination_mac.octets())
            });
            let is_xdp = tunnel
                .next_hop
                .is_some_and(|next_hop| target.is_xdp_port(next_hop.port));
            (*remote, (tunnel.local, tunnel.mtu, path, is_xdp))
        });
        assert_eq!(tunnels.collect::<BTreeMap<_, _>>(), expected.collect());
    }

    /// Runs `access_tc` on a frame; returns its verdict and the frame as it is then, but for a tag in the metadata.
    pub fn run_tc(&mut self, port: PortId, frame: &[u8], gso_size: u16) -> (u32, Vec<u8>) {
        let mut context = [0; SKB_LENGTH];
        put_u32(&mut context, SKB_IFINDEX, port.get());
        put_u32(&mut context, SKB_GSO_SIZE, gso_size.into());
        self.run("access_tc", frame, &context)
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

    /// What the programs told since the last time.
    pub fn told(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        while let Some(record) = self.ring.next() {
            let event = Event::parse(&record).unwrap();
            told.push(Told::from_event(&event, |number| {
                self.tables.remote_of(number)
            }));
        }
        told.sort();
        told
    }

    /// State of all counters and of the local FDB.
    pub fn counted(&self) -> Counted {
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
