//! The tables of the model, put into the maps of the host as `datapath` puts them into the kernel's.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use datapath::{
    header::outer_v4,
    layout::{
        ANY, Address, Binding, BindingKey, FloodKey, FloodList, FloodMember, FloodMemberKey,
        LOCAL_MACS_MAX, LocalMac, LogicalSwitch, MacKey, MacLimit, MacScope, MacUsage, Neighbour,
        NeighbourKey, Origin, PORT_XDP, Port, RemoteMac, Settings, TUNNEL_HEADER_MAX, TUNNEL_XDP,
        Tunnel, VTEP_OWN_VNIS, Vtep,
        acl::{AclKey, AclList, AclRule, asks},
    },
};
use model::{FdbKey, Locator, PortMode, SharedLimit, SwitchId, Tables, acl::Rule};

use crate::host::Host;

/// Index of the kernel's VXLAN device.
pub const VXLAN: u32 = 30;
/// Of a tunnel that no table has.
const NO_TUNNEL: u32 = 8191;
const NANOS: u64 = 1_000_000;

/// Which number each thing has in the maps.
pub struct Scene {
    switches: BTreeMap<SwitchId, u32>,
    bindings: BTreeMap<model::BindingKey, u32>,
    tunnels: BTreeMap<IpAddr, u32>,
}

impl Scene {
    /// Fills the maps of the host.
    pub fn put(host: &mut Host, tables: &Tables) -> Self {
        let bound = tables.bindings.iter().map(|(_, switch)| *switch);
        let known = tables.switches.iter().map(|(id, _)| *id);
        let keyed = tables.local_macs.iter().map(|(key, _)| key.switch);
        let remote = tables.remote_macs.iter().map(|(key, _)| key.switch);
        let neighbour = tables.neighbours.iter().map(|(key, _)| key.switch);
        let switches = bound.chain(known).chain(keyed).chain(remote);
        let this = Self {
            switches: numbered(switches.chain(neighbour)),
            bindings: numbered(tables.bindings.iter().map(|(key, _)| *key)),
            tunnels: numbered(tables.tunnels.iter().map(|(remote, _)| *remote)),
        };
        let settings = Settings {
            vxlan_ifindex: VXLAN,
            ..Settings::default()
        };
        host.put("settings", &0_u32, &settings);
        this.put_tunnels(host, tables);
        this.put_switches(host, tables);
        this.put_floods(host, tables);
        this.put_macs(host, tables);
        this.put_mac_room(host, tables);
        this.put_acls(host, tables);
        this
    }

    /// The key of a MAC.
    pub fn mac_key(&self, key: &FdbKey) -> MacKey {
        MacKey {
            switch_slot: self.switches[&key.switch],
            mac: key.mac.octets(),
            zero: 0,
        }
    }

    /// The slot of a binding.
    pub fn slot(&self, at: model::BindingKey) -> u32 {
        self.bindings[&at]
    }

    fn tunnel(&self, remote: IpAddr) -> u32 {
        self.tunnels.get(&remote).copied().unwrap_or(NO_TUNNEL)
    }

    fn put_tunnels(&self, host: &mut Host, tables: &Tables) {
        for (port, mode) in tables.ports.iter() {
            let flags = match mode.mode {
                PortMode::Xdp => PORT_XDP,
                PortMode::Tc => 0,
            };
            host.put("ports", &port.get(), &Port { flags });
        }
        for (remote, tunnel) in tables.tunnels.iter() {
            let number = self.tunnels[remote];
            let mut header = [0; TUNNEL_HEADER_MAX];
            let mut header_len = 0;
            if let Some(next_hop) = tunnel.next_hop {
                let (from, to) = (next_hop.source_mac, next_hop.destination_mac);
                let outer = outer_v4(from.octets(), to.octets(), v4(tunnel.local), v4(*remote));
                header[..outer.len()].copy_from_slice(&outer);
                header_len = u32::try_from(outer.len()).unwrap();
            }
            let port = tunnel.next_hop.map(|next_hop| next_hop.port);
            let is_xdp = port.is_some_and(|port| tables.is_xdp_port(port));
            let entry = Tunnel {
                remote: Address::from(*remote),
                local: Address::from(tunnel.local),
                inner_mtu: tunnel.mtu,
                ifindex: port.map_or(0, model::PortId::get),
                flags: if is_xdp { TUNNEL_XDP } else { 0 },
                header_len,
                header,
            };
            host.put("tunnels", &number, &entry);
            let is_keyed = tables.origins.iter().any(|(at, _)| at.remote == *remote);
            let vtep = Vtep {
                tunnel: number,
                flags: if is_keyed { VTEP_OWN_VNIS } else { 0 },
            };
            host.put("vteps", &Address::from(*remote), &vtep);
            host.put("local_addresses", &Address::from(tunnel.local), &1_u32);
        }
    }

    fn put_switches(&self, host: &mut Host, tables: &Tables) {
        for (key, switch) in tables.bindings.iter() {
            let binding = Binding {
                switch_slot: self.switches[switch],
                slot: self.bindings[key],
            };
            host.put("bindings", &binding_key(*key), &binding);
        }
        for (id, switch) in tables.switches.iter() {
            let slot = self.switches[id];
            let vni = switch.vni.map_or(0, model::Vni::get);
            let entry = LogicalSwitch::active(*id, vni, switch.floods_to_macs);
            host.put("switches", &slot, &entry);
            if vni != 0 {
                host.put("vnis", &vni, &slot);
            }
        }
        for (origin, switch) in tables.origins.iter() {
            let at = Origin {
                tunnel: self.tunnel(origin.remote),
                vni: origin.vni.get(),
            };
            if let Some(slot) = self.switches.get(switch) {
                host.put("origins", &at, slot);
            }
        }
    }

    fn put_floods(&self, host: &mut Host, tables: &Tables) {
        let member = |locator: &Locator| FloodMember {
            target: self.tunnel(locator.remote),
            vni: locator.vni.map_or(0, model::Vni::get),
            vlan: 0,
            binding_slot: 0,
        };
        let mut lists: Vec<(FloodKey, Vec<FloodMember>)> = Vec::new();
        for (id, _) in tables.switches.iter() {
            let slot = self.switches[id];
            let ports = tables.bindings_of(*id).map(|at| FloodMember {
                target: at.port.get(),
                vni: 0,
                vlan: at.vlan.get().into(),
                binding_slot: self.bindings[&at],
            });
            lists.push((FloodKey::ports(slot), ports.collect()));
            let unknown = tables.floods.get(id).into_iter().flatten();
            lists.push((FloodKey::unknown(slot), unknown.map(member).collect()));
        }
        for (key, list) in tables.groups.iter() {
            if let Some(slot) = self.switches.get(&key.switch) {
                let at = FloodKey::group(*slot, key.mac.octets());
                lists.push((at, list.iter().map(member).collect()));
            }
        }
        for (number, (key, members)) in (7..).zip(lists) {
            for (index, member) in (0..).zip(&members) {
                let at = FloodMemberKey {
                    list: number,
                    index,
                };
                host.put("flood_members", &at, member);
            }
            let count = u32::try_from(members.len()).unwrap();
            host.put("flood_lists", &key, &FloodList { number, count });
        }
    }

    fn put_macs(&self, host: &mut Host, tables: &Tables) {
        for (key, entry) in tables.local_macs.iter() {
            let seen = entry.last_seen.since(model::Instant::default());
            let local = LocalMac {
                last_seen_ns: u64::try_from(seen.as_millis()).unwrap() * NANOS,
                ifindex: entry.at.port.get(),
                vlan: entry.at.vlan.get(),
                binding_slot: u16::try_from(self.bindings[&entry.at]).unwrap(),
                moved_ns: 0,
            };
            host.put("local_macs", &self.mac_key(key), &local);
        }
        for (key, locator) in tables.remote_macs.iter() {
            let entry = RemoteMac {
                refused_ns: 0,
                tunnel: self.tunnel(locator.remote),
                vni: locator.vni.map_or(0, model::Vni::get),
            };
            host.put("remote_macs", &self.mac_key(key), &entry);
        }
        for (key, mac) in tables.neighbours.iter() {
            let at = NeighbourKey {
                switch_slot: self.switches[&key.switch],
                address: Address::from(key.address),
            };
            let entry = Neighbour {
                mac: mac.octets(),
                zero: 0,
            };
            host.put("neighbours", &at, &entry);
        }
    }

    /// Each binding has four scopes; those that bindings share are put anew with the same values.
    fn put_mac_room(&self, host: &mut Host, tables: &Tables) {
        for (at, switch) in tables.bindings.iter() {
            for (of_port, of_switch) in [(true, true), (true, false), (false, true), (false, false)]
            {
                let is_port = |port| !of_port || port == at.port;
                let is_switch = |id: &SwitchId| !of_switch || id == switch;
                let bound = tables.bindings.iter().filter(|(_, id)| is_switch(id));
                let ports: BTreeSet<_> = bound.map(|(key, _)| key.port).collect();
                let shared = match (of_port, of_switch) {
                    (true, true) => SharedLimit::new(LOCAL_MACS_MAX, 1),
                    (true, false) => SharedLimit::new(tables.mac_limits.port, 1),
                    (false, true) => SharedLimit::new(tables.mac_limits.switch, ports.len()),
                    (false, false) => SharedLimit::new(tables.mac_limits.table, ports.len()),
                };
                let held = tables.local_macs.iter();
                let held =
                    held.filter(|(key, entry)| is_switch(&key.switch) && is_port(entry.at.port));
                let scope = MacScope {
                    switch_slot: if of_switch {
                        self.switches[switch]
                    } else {
                        ANY
                    },
                    ifindex: if of_port { at.port.get() } else { ANY },
                };
                let limit = MacLimit {
                    limit: shared.limit,
                    reserve: shared.reserve,
                    share: shared.share,
                    removed: 0,
                };
                let usage = MacUsage {
                    added: u32::try_from(held.count()).unwrap(),
                    ..MacUsage::default()
                };
                host.put("mac_limits", &scope, &limit);
                host.put("mac_usages", &scope, &usage);
            }
        }
    }

    fn put_acls(&self, host: &mut Host, tables: &Tables) {
        let mut first = 0;
        let mut marks: BTreeMap<u32, u32> = BTreeMap::new();
        for (key, rules) in tables.acls.iter() {
            put_rules(host, first, rules);
            let count = u32::try_from(rules.len()).unwrap();
            let list = AclList {
                first,
                count,
                asks: asks(rules),
            };
            first += count;
            let direction = AclKey::number_of(key.direction);
            let entry = AclKey {
                ifindex: key.port.get(),
                vlan: key.vlan.get().into(),
                direction,
            };
            host.put("acls", &entry, &list);
            let judged = self.bindings.iter().filter(|(at, _)| {
                at.port == key.port && (at.vlan == key.vlan || !key.vlan.is_tagged())
            });
            for (_, slot) in judged {
                *marks.entry(*slot).or_default() |= 1 << direction;
            }
        }
        for (slot, directions) in marks {
            host.put("binding_acls", &slot, &directions);
        }
    }
}

fn put_rules(host: &mut Host, first: u32, rules: &[Rule]) {
    for (slot, rule) in (first..).zip(rules) {
        host.put("acl_rules", &slot, &AclRule::from(rule));
    }
}

fn binding_key(key: model::BindingKey) -> BindingKey {
    BindingKey {
        ifindex: key.port.get(),
        vlan: key.vlan.get().into(),
    }
}

fn numbered<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u32> {
    let sorted: std::collections::BTreeSet<K> = keys.collect();
    sorted.into_iter().zip(1..).collect()
}

/// The one address family of the underlay.
pub fn v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => panic!("{v6} is no address of a tunnel"),
    }
}
