//! Tables that belong together.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::acls::acls;
use super::{Scope, pool};
use crate::local_fdb::{Instant, LocalEntry};
use crate::locator::Locator;
use crate::mac::Mac;
use crate::mac_limits::MacLimits;
use crate::number::PortId;
use crate::overlay::Origin;
use crate::switch_id::SwitchId;
use crate::tables::{
    BindingKey, FdbKey, NeighbourKey, NextHop, Port, PortMode, Switch, Tables, Tunnel,
};

/// Before every arrival, in milliseconds.
pub(super) const NEWEST_SEEN_MS: u64 = 100_000;

/// Choices as plain numbers, each taken modulo what there is to choose from: so a scene is cheap to generate and
/// shrinks well, towards nothing.
#[derive(Clone, Debug)]
struct Draft {
    switches: usize,
    absent_switch: bool,
    modes: Vec<u8>,
    bindings: Vec<u8>,
    tunnels: Vec<u16>,
    stations: Vec<u16>,
    keyless: Vec<u8>,
    lists: Vec<(u16, u8)>,
    origins: Vec<u8>,
    neighbours: Vec<u8>,
    mac_limits: u16,
}

/// Flood lists of a logical switch: for unknown destinations, and for two groups.
const LISTS: usize = 3;

const TUNNEL_MTUS: [u32; 4] = [60, 100, 150, 1450];

/// The next choice among `count` out of a number, which loses it.
fn choose(number: &mut u16, count: u16) -> u16 {
    let choice = number.checked_rem(count).unwrap_or(0);
    *number = number.checked_div(count).unwrap_or(0);
    choice
}

/// Tables: up to four logical switches on up to four VLANs of each access port, up to four tunnels. Every MAC of a
/// logical switch is local, remote or unknown. Every second scene has ACLs. Tunnel MTUs are small enough for generated frames to exceed them.
pub fn scenes(scope: &Scope) -> impl Strategy<Value = Tables> + use<> {
    let scope = scope.clone();
    (drafts(&scope), acls(&scope)).prop_map(move |(draft, acls)| Tables {
        acls,
        ..build(&draft, &scope)
    })
}

fn drafts(scope: &Scope) -> impl Strategy<Value = Draft> + use<> {
    let most = pool::vnis().len();
    let ports = scope.access.len() + 1;
    let bindings = scope.access.len() * pool::BOUND_VLANS.len();
    let stations = most * usize::from(pool::KNOWN_STATIONS);
    let absent = if scope.dangling { 0.2 } else { 0.0 };
    (
        1..=most,
        proptest::bool::weighted(absent),
        vec(any::<u8>(), ports),
        vec(any::<u8>(), bindings),
        vec(any::<u16>(), pool::remotes().len()),
        vec(any::<u16>(), stations),
        vec(any::<u8>(), most),
        vec((any::<u16>(), any::<u8>()), most * LISTS),
        vec(any::<u8>(), pool::remotes().len() * pool::own_vnis().len()),
        vec(any::<u8>(), most * pool::addresses().len()),
        any::<u16>(),
    )
        .prop_map(
            |(
                switches,
                absent_switch,
                modes,
                bindings,
                tunnels,
                stations,
                keyless,
                lists,
                origins,
                neighbours,
                mac_limits,
            )| {
                Draft {
                    switches,
                    absent_switch,
                    modes,
                    bindings,
                    tunnels,
                    stations,
                    keyless,
                    lists,
                    origins,
                    neighbours,
                    mac_limits,
                }
            },
        )
}

fn build(draft: &Draft, scope: &Scope) -> Tables {
    let mut tables = Tables::new(&scope.limits);
    tables.mac_limits = mac_limits(draft.mac_limits, scope.limits.mac_limits);
    let switches: Vec<SwitchId> = (0..draft.switches).map(pool::switch_id).collect();
    put_ports(&mut tables, draft, scope);
    for ((&id, vni), &keyless) in switches
        .iter()
        .zip(pool::vnis())
        .zip(&draft.keyless)
        .skip(usize::from(draft.absent_switch))
    {
        let mut number = u16::from(keyless);
        let vni = (choose(&mut number, 5) > 0).then_some(vni);
        let switch = Switch {
            vni,
            floods_to_macs: choose(&mut number, 2) > 0,
        };
        let _ = tables.switches.insert(id, switch);
    }
    put_tunnels(&mut tables, draft, scope.underlay);
    put_bindings(&mut tables, draft, scope, &switches);
    put_origins(&mut tables, draft, scope, &switches);
    let locators = locators_of(&tables, scope);
    for (&switch, stations) in switches
        .iter()
        .zip(draft.stations.chunks(usize::from(pool::KNOWN_STATIONS)))
    {
        put_stations(&mut tables, switch, stations, &locators);
    }
    for (&switch, lists) in switches.iter().zip(draft.lists.chunks(LISTS)) {
        put_lists(&mut tables, switch, lists, &locators);
    }
    for (&switch, owners) in switches
        .iter()
        .zip(draft.neighbours.chunks(pool::addresses().len()))
    {
        put_neighbours(&mut tables, switch, owners);
    }
    tables
}

/// Whatever the station behind an address is: remote, local or unknown.
fn put_neighbours(tables: &mut Tables, switch: SwitchId, owners: &[u8]) {
    let stations = pool::known_stations();
    for (address, &owner) in pool::addresses().into_iter().zip(owners) {
        let mut number = u16::from(owner);
        let present = choose(&mut number, 5) > 0;
        if let (true, Some(&mac)) = (present, nth(&stations, number)) {
            let key = NeighbourKey { switch, address };
            let _ = tables.neighbours.insert(key, mac);
        }
    }
}

/// Few enough for the stations of a scene to reach them, every other time.
fn mac_limits(mut number: u16, ample: MacLimits) -> MacLimits {
    if choose(&mut number, 2) == 0 {
        return ample;
    }
    let mut among = |count| u32::from(choose(&mut number, count)) + 1;
    MacLimits {
        port: among(6),
        switch: among(8),
        table: among(12),
    }
}

fn put_ports(tables: &mut Tables, draft: &Draft, scope: &Scope) {
    let devices = scope.access.iter().chain([&scope.underlay]);
    for (&port, &number) in devices.zip(&draft.modes) {
        let mode = if number % 6 == 0 {
            PortMode::Tc
        } else {
            PortMode::Xdp
        };
        let _ = tables.ports.insert(port, Port { mode });
    }
}

fn put_tunnels(tables: &mut Tables, draft: &Draft, underlay: PortId) {
    for (index, (remote, &number)) in (0..).zip(pool::remotes().into_iter().zip(&draft.tunnels)) {
        let mut number = number;
        let next_hop = NextHop {
            source_mac: Mac::new([0x02, 0xcd, 0, 0, 0, 0]),
            destination_mac: Mac::new([0x02, 0xef, 0, 0, 0, index]),
            port: underlay,
        };
        let present = choose(&mut number, 6) > 0;
        let next_hop = (choose(&mut number, 6) > 0).then_some(next_hop);
        let mtu = TUNNEL_MTUS.get(usize::from(choose(&mut number, 4)));
        let local = pool::locals()
            .get(usize::from(choose(&mut number, 2)))
            .copied();
        if let (true, Some(&mtu), Some(local)) = (present, mtu, local) {
            let _ = tables.tunnels.insert(
                remote.into(),
                Tunnel {
                    local: local.into(),
                    mtu,
                    next_hop,
                },
            );
        }
    }
}

fn put_bindings(tables: &mut Tables, draft: &Draft, scope: &Scope, switches: &[SwitchId]) {
    let keys = scope
        .access
        .iter()
        .flat_map(|&port| pool::bound_vlans().map(move |vlan| BindingKey { port, vlan }));
    for (key, &number) in keys.zip(&draft.bindings) {
        let mut number = u16::from(number);
        let bound = choose(&mut number, 4) > 0;
        if let (true, Some(&switch)) = (bound, nth(switches, number)) {
            let _ = tables.bindings.insert(key, switch);
        }
    }
}

fn put_stations(tables: &mut Tables, switch: SwitchId, stations: &[u16], locators: &[Locator]) {
    let bindings: Vec<BindingKey> = tables.bindings_of(switch).collect();
    for (&number, mac) in stations.iter().zip(pool::known_stations()) {
        let key = FdbKey { switch, mac };
        let last_seen = Instant::from_millis(u64::from(number) % NEWEST_SEEN_MS);
        let mut number = number;
        match choose(&mut number, 7) {
            0 => {}
            1..=3 => {
                if let Some(&at) = nth(&bindings, number) {
                    let _ = tables.local_macs.insert(key, LocalEntry { at, last_seen });
                }
            }
            _ => {
                if let Some(&locator) = nth(locators, number) {
                    let _ = tables.remote_macs.insert(key, locator);
                }
            }
        }
    }
}

/// The first list is that for unknown destinations; those of groups are often not there. Nobody is named twice, as the
/// control plane sees to it.
fn put_lists(tables: &mut Tables, switch: SwitchId, lists: &[(u16, u8)], locators: &[Locator]) {
    let own = tables.switches.get(&switch).and_then(|switch| switch.vni);
    let groups = pool::groups().into_iter().map(Some);
    for (group, &(chosen, number)) in std::iter::once(None).chain(groups).zip(lists) {
        let mut number = u16::from(number);
        let present = choose(&mut number, 2) > 0;
        let chosen = if choose(&mut number, 4) > 0 {
            chosen
        } else {
            0
        };
        let list: BTreeSet<Locator> = locators
            .iter()
            .enumerate()
            .filter(|(bit, _)| chosen >> bit & 1 == 1)
            .map(|(_, &locator)| locator)
            .filter(|locator| locator.vni.is_none() || locator.vni != own)
            .collect();
        match group {
            None => drop(tables.floods.insert(switch, list)),
            Some(mac) if present => drop(tables.groups.insert(FdbKey { switch, mac }, list)),
            Some(_) => {}
        }
    }
}

fn put_origins(tables: &mut Tables, draft: &Draft, scope: &Scope, switches: &[SwitchId]) {
    let own: Vec<_> = locators_of(tables, scope)
        .into_iter()
        .filter(|locator| tables.tunnels.contains(&locator.remote))
        .filter_map(|locator| locator.vni.map(|vni| (locator.remote, vni)))
        .collect();
    for ((remote, vni), &number) in own.into_iter().zip(&draft.origins) {
        let mut number = u16::from(number);
        let present = choose(&mut number, 3) > 0;
        // They go before their logical switch and their tunnel do.
        let switch = nth(switches, number).filter(|switch| tables.switches.contains(switch));
        if let (true, Some(&switch)) = (present, switch) {
            let _ = tables.origins.insert(Origin { vni, remote }, switch);
        }
    }
}

fn locators_of(tables: &Tables, scope: &Scope) -> Vec<Locator> {
    let stranger = scope.dangling.then(pool::stranger);
    let remotes = tables.tunnels.iter().map(|(&remote, _)| remote);
    remotes
        .chain(stranger)
        .flat_map(|remote| {
            let own = pool::own_vnis().into_iter().map(Some);
            let vnis = std::iter::once(None).chain(own);
            vnis.map(move |vni| Locator { remote, vni })
        })
        .collect()
}

fn nth<T>(list: &[T], number: u16) -> Option<&T> {
    list.get(usize::from(number).checked_rem(list.len())?)
}
