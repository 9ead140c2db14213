//! The kernel's tables are brought to the model's, step by step from whatever they were, and read back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::IpAddr,
};

use datapath::{
    AclSpec, BindingSpec, FloodSpec, GroupSpec, NeighbourSpec, OriginSpec, RemoteMacSpec, Snapshot,
    TunnelSpec,
};
use model::{AclKey, BindingKey, FdbKey, Locator, NeighbourKey, Origin, SwitchId, Vni};

use super::{BEHIND_SECOND, Rig, UNDERLAY};
use crate::{effects::Effects, lab};

impl Rig {
    /// Brings the kernel's tables to these, from whatever they were before.
    pub fn apply(&mut self, target: &model::Tables) {
        self.remove_acls();
        let ample = self.scope.limits.mac_limits;
        self.tables.put_mac_limits(ample).unwrap();
        self.make_paths(target);
        for (id, switch) in target.switches.iter() {
            self.tables
                .put_switch(*id, switch.vni.map(Vni::get))
                .unwrap();
        }
        self.put_tunnels(target);
        self.put_bindings(target);
        self.put_remote_macs(target);
        self.put_neighbours(target);
        self.put_lists(target);
        self.put_origins(target);
        for (id, _) in self.applied.switches.iter() {
            if !target.switches.contains(id) {
                self.tables.remove_switches(&[*id]).unwrap();
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
        self.tables.keep_counts(&[]);
        for (key, entry) in target.local_macs.iter() {
            self.teach(*key, entry.at);
        }
        self.put_acls(target);
        self.tables.put_mac_limits(target.mac_limits).unwrap();
        self.told();
        self.applied = target.clone();
        self.assert_applied();
    }

    fn put_lists(&mut self, target: &model::Tables) {
        for (id, switch) in target.switches.iter() {
            let list = target.floods.get(id).into_iter().flatten();
            let spec = FloodSpec {
                switch_id: *id,
                locators: list.copied().collect(),
                is_of_macs: switch.floods_to_macs,
            };
            self.tables.put_flood(&spec).unwrap();
        }
        for (key, _) in self.applied.groups.iter() {
            if !target.groups.contains(key) {
                self.tables.remove_group(key.switch, key.mac).unwrap();
            }
        }
        for (key, list) in target.groups.iter() {
            let spec = GroupSpec {
                switch_id: key.switch,
                mac: key.mac,
                locators: list.iter().copied().collect(),
            };
            self.tables.put_group(&spec).unwrap();
        }
    }

    fn put_origins(&mut self, target: &model::Tables) {
        for (origin, switch) in target.origins.iter() {
            let spec = OriginSpec {
                locator: locator_of(origin),
                switch_id: *switch,
            };
            self.tables.put_origin(&spec).unwrap();
        }
        for (origin, _) in self.applied.origins.iter() {
            if !target.origins.contains(origin) {
                self.tables.remove_origin(&locator_of(origin)).unwrap();
            }
        }
    }

    /// Before anything is taught: what an ACL denies is not learned.
    pub fn remove_acls(&mut self) {
        for (key, _) in self.applied.acls.iter() {
            let name = self.name(key.port);
            let vlan = key.vlan.get();
            self.tables.remove_acl(name, vlan, key.direction).unwrap();
        }
    }

    fn acl_key(&self, spec: &AclSpec) -> AclKey {
        let BindingKey { port, vlan } = self.key(&spec.netdev, spec.vlan);
        AclKey {
            port,
            vlan,
            direction: spec.direction,
        }
    }

    fn put_acls(&mut self, target: &model::Tables) {
        for (key, rules) in target.acls.iter() {
            let spec = AclSpec {
                netdev: self.name(key.port).to_owned(),
                vlan: key.vlan.get(),
                direction: key.direction,
                rules: rules.clone(),
            };
            self.tables.put_acl(&spec).unwrap();
        }
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
        let dangling = target.remote_macs.iter();
        let dangling = dangling.map(|(_, locator)| locator.remote);
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
                self.tables
                    .remove_bindings(&[(&name, key.vlan.get())])
                    .unwrap();
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
        for (key, locator) in target.remote_macs.iter() {
            let spec = RemoteMacSpec {
                switch_id: key.switch,
                mac: key.mac,
                locator: *locator,
            };
            self.tables.put_remote_mac(&spec).unwrap();
        }
    }

    fn put_neighbours(&mut self, target: &model::Tables) {
        for (key, _) in self.applied.neighbours.iter() {
            if !target.neighbours.contains(key) {
                self.tables
                    .remove_neighbour(key.switch, key.address)
                    .unwrap();
            }
        }
        for (key, &mac) in target.neighbours.iter() {
            let spec = NeighbourSpec {
                switch_id: key.switch,
                address: key.address,
                mac,
            };
            self.tables.put_neighbour(&spec).unwrap();
        }
    }

    /// A binding that goes takes its local MACs with it, so it goes and comes again.
    fn forget_elsewhere(&mut self, target: &model::Tables) {
        for (key, at) in self.local_macs() {
            if target.local_macs.get(&key).map(|entry| entry.at) != Some(at) {
                let name = self.name(at.port).to_owned();
                self.tables
                    .remove_bindings(&[(&name, at.vlan.get())])
                    .unwrap();
                self.put_binding(at, key.switch);
            }
        }
    }

    /// Has the program learn a MAC from a frame to itself, which goes nowhere.
    pub fn teach(&mut self, key: FdbKey, at: BindingKey) {
        let macs = [key.mac.octets(), key.mac.octets()].concat();
        let tag = if at.vlan.is_tagged() {
            [vec![0x81, 0x00], at.vlan.get().to_be_bytes().to_vec()].concat()
        } else {
            Vec::new()
        };
        let frame = [macs, tag, vec![0x88, 0xb5]].concat();
        self.run_tc(at.port, &frame, 0);
    }

    fn assert_lists(&self, snapshot: &Snapshot) {
        let target = &self.applied;
        let floods: BTreeMap<_, (BTreeSet<_>, _)> = snapshot
            .floods
            .iter()
            .map(|spec| {
                let list = spec.locators.iter().copied().collect();
                (spec.switch_id, (list, spec.is_of_macs))
            })
            .collect();
        let lists = target.floods.iter().filter(|(_, list)| !list.is_empty());
        let lists = lists.map(|(id, list)| {
            let switch = target.switches.get(id).unwrap();
            (*id, (list.clone(), switch.floods_to_macs))
        });
        assert_eq!(floods, lists.collect());
        let groups = snapshot.groups.iter().map(|spec| {
            let (switch, mac) = (spec.switch_id, spec.mac);
            let list: BTreeSet<Locator> = spec.locators.iter().copied().collect();
            (FdbKey { switch, mac }, list)
        });
        assert_eq!(
            groups.collect::<BTreeMap<_, _>>(),
            target
                .groups
                .iter()
                .map(|(key, list)| (*key, list.clone()))
                .collect()
        );
        let origins = snapshot.origins.iter().map(|spec| {
            let origin = Origin {
                vni: spec.locator.vni.unwrap(),
                remote: spec.locator.remote,
            };
            (origin, spec.switch_id)
        });
        assert_eq!(
            origins.collect::<BTreeMap<_, _>>(),
            target
                .origins
                .iter()
                .map(|(origin, id)| (*origin, *id))
                .collect()
        );
    }

    /// The kernel holds what was put, path by path and entry by entry.
    pub fn assert_applied(&self) {
        let target = &self.applied;
        let snapshot = self.tables.snapshot(0).unwrap();
        let switches: BTreeMap<_, _> = snapshot.switches.iter().copied().collect();
        assert_eq!(
            switches,
            target
                .switches
                .iter()
                .map(|(id, switch)| (*id, switch.vni.map(Vni::get)))
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
                spec.locator,
            )
        });
        let resolvable = target
            .remote_macs
            .iter()
            .filter(|(_, locator)| target.tunnels.contains(&locator.remote));
        assert_eq!(
            remote_macs.collect::<BTreeMap<_, _>>(),
            resolvable.map(|(key, locator)| (*key, *locator)).collect()
        );
        let neighbours = snapshot.neighbours.iter().map(|spec| {
            let (switch, address) = (spec.switch_id, spec.address);
            (NeighbourKey { switch, address }, spec.mac)
        });
        assert_eq!(
            neighbours.collect::<BTreeMap<_, _>>(),
            target
                .neighbours
                .iter()
                .map(|(key, mac)| (*key, *mac))
                .collect()
        );
        self.assert_lists(&snapshot);
        let acls = snapshot
            .acls
            .iter()
            .map(|spec| (self.acl_key(spec), &spec.rules));
        assert_eq!(
            acls.collect::<BTreeMap<_, _>>(),
            target
                .acls
                .iter()
                .map(|(key, rules)| (*key, rules))
                .collect()
        );
        assert_eq!(self.local_macs(), Effects::none(target).counted.local_macs);
        let tunnels = self.tables.tunnel_status().into_iter().map(|tunnel| {
            (
                tunnel.spec.remote,
                (
                    tunnel.spec.local,
                    tunnel.inner_mtu,
                    tunnel.path.ok(),
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
}

fn locator_of(origin: &Origin) -> Locator {
    Locator {
        remote: origin.remote,
        vni: Some(origin.vni),
    }
}
