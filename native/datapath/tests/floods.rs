//! Flood lists: what they may hold, and that nobody misses a frame when one is replaced.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the lab")]

mod lab;
#[path = "lab/packet_socket.rs"]
mod packet_socket;
#[path = "lab/specs.rs"]
mod specs;

use std::{
    collections::BTreeMap,
    fs, iter, thread,
    time::{Duration, Instant},
};

use datapath::{FloodSpec, GroupSpec, Mode, Tables, TunnelSpec, layout::FLOOD_MEMBERS_MAX};
use model::{Locator, Mac, SwitchId};

use packet_socket::{frame, send};
use specs::{SWITCH, binding, code, flood, locator, remote, tunnel};

const FRAMES: u64 = 400;
const MEMBERS: u16 = 512;
/// Members of the longest list.
const FAN_OUT: u16 = 1024;
/// How long the kernel may take for all frames, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A port, a logical switch that it is bound to, and tunnels by one next hop.
fn open(tunnels: u16) -> Tables {
    lab::enter_namespace();
    lab::veth("a0", "pa0");
    lab::veth("u0", "pu0");
    lab::ip(
        "addr add 192.0.2.1/24 dev u0\n\
         neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev u0 nud permanent\n\
         route add 10.1.0.0/16 via 192.0.2.9 dev u0",
    );
    let (mut tables, _) = Tables::open("floods", Mode::Tc, false).unwrap();
    tables.put_port("a0").unwrap();
    tables.put_switch(SWITCH, 5001).unwrap();
    tables.put_binding(&binding("a0", 0, SWITCH)).unwrap();
    let specs: Vec<TunnelSpec> = (1..=tunnels).map(|number| tunnel(remote(number))).collect();
    for result in tables.put_tunnels(&specs) {
        result.unwrap();
    }
    tables
}

/// Sends broadcasts into the port, and does something else over and over until the last one is sent and flooded.
fn flood_while(tables: &mut Tables, mut change: impl FnMut(&mut Tables)) {
    let sender = thread::spawn(|| {
        for _ in 0..FRAMES {
            send("pa0", &frame([0xff; 6]));
            thread::sleep(Duration::from_millis(1));
        }
    });
    while !sender.is_finished() {
        change(tables);
    }
    sender.join().unwrap();
    until(|| from_local(tables) == FRAMES);
}

fn until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() && Instant::now() < end {
        thread::sleep(Duration::from_millis(10));
    }
}

fn from_local(tables: &Tables) -> u64 {
    let counts = tables.binding_counts().unwrap();
    counts
        .iter()
        .map(|count| count.counters.packets_from_local)
        .sum()
}

/// What the VXLAN device was given, whatever became of it there.
fn into_tunnels() -> u64 {
    let devices = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let (_, counts) = devices.split_once("vtep-vxlan:").unwrap();
    let counts: Vec<u64> = counts
        .split_whitespace()
        .take(12)
        .map(|count| count.parse().unwrap())
        .collect();
    counts[9..].iter().sum()
}

fn drops(tables: &Tables) -> BTreeMap<&'static str, u64> {
    let counts = tables.drop_counts().unwrap().into_iter();
    counts
        .filter(|count| !count.is_note && count.packets > 0)
        .map(|count| (count.reason, count.packets))
        .collect()
}

#[test]
fn every_tunnel_gets_its_copy_while_the_list_is_replaced() {
    let mut tables = open(MEMBERS + 1);
    let all: Vec<Locator> = (1..=MEMBERS + 1).map(locator).collect();
    let lists = [&all[1..], &all[..all.len() - 1]];
    tables.put_flood(&flood(SWITCH, lists[0])).unwrap();
    let before = into_tunnels();
    let mut next = iter::repeat([lists[1], lists[0]]).flatten();
    flood_while(&mut tables, |tables| {
        tables
            .put_flood(&flood(SWITCH, next.next().unwrap()))
            .unwrap();
    });
    let expected = FRAMES * u64::from(MEMBERS);
    until(|| into_tunnels() - before >= expected);
    assert_eq!(drops(&tables), BTreeMap::new());
    assert_eq!(into_tunnels() - before, expected);
}

#[test]
fn every_binding_gets_its_copy_while_another_comes_and_goes() {
    let mut tables = open(0);
    let vlans = 1..=MEMBERS / 2;
    for vlan in vlans.clone() {
        tables.put_binding(&binding("a0", vlan, SWITCH)).unwrap();
    }
    flood_while(&mut tables, |tables| {
        tables.put_binding(&binding("a0", 4000, SWITCH)).unwrap();
        tables.remove_bindings(&[("a0", 4000)]).unwrap();
    });
    tables.keep_counts(&[]);
    let copies = |tables: &Tables| {
        let counts = tables.binding_counts().unwrap().into_iter();
        counts
            .filter(|count| count.vlan != 0)
            .map(|count| (count.vlan, count.counters.packets_to_local))
            .collect::<BTreeMap<_, _>>()
    };
    let expected: BTreeMap<u16, u64> = vlans.map(|vlan| (vlan, FRAMES)).collect();
    until(|| copies(&tables) == expected);
    assert_eq!(drops(&tables), BTreeMap::new());
    assert_eq!(copies(&tables), expected);
}

#[test]
fn lists_that_were_replaced_make_room_for_new_ones() {
    let mut tables = open(FAN_OUT + 1);
    let all: Vec<Locator> = (1..=FAN_OUT + 1).map(locator).collect();
    let lists = [&all[1..], &all[..all.len() - 1]];
    let most = FLOOD_MEMBERS_MAX / u32::from(FAN_OUT);
    // The binding of `open` is a member of a list, too.
    for number in 1..most {
        let id = SwitchId::new(number.into());
        tables.put_switch(id, number).unwrap();
        if number < most - 16 {
            tables.put_flood(&flood(id, lists[0])).unwrap();
        }
    }
    for round in 0..200_u32 {
        let id = SwitchId::new(u128::from(round % 7 + 1));
        tables
            .put_flood(&flood(id, lists[(round + 1) as usize % 2]))
            .unwrap();
    }
    let held = tables.snapshot(0).unwrap().floods;
    assert_eq!(held.len(), (most - 17) as usize);
    assert!(
        held.iter()
            .all(|spec| spec.locators.len() == usize::from(FAN_OUT))
    );
}

#[test]
fn a_tunnel_of_a_flood_list_stays_until_the_list_is_replaced() {
    let mut tables = open(2);
    tables.put_flood(&flood(SWITCH, &[locator(1)])).unwrap();
    assert_eq!(code(tables.remove_tunnel(remote(1))), "invalid");
    tables.put_flood(&flood(SWITCH, &[locator(2)])).unwrap();
    assert_eq!(code(tables.remove_tunnel(remote(1))), "ok");
    let snapshot = tables.snapshot(0).unwrap();
    assert_eq!(snapshot.floods, [flood(SWITCH, &[locator(2)])]);
    assert_eq!(snapshot.tunnels, [tunnel(remote(2))]);
}

#[test]
fn members_that_cannot_be_served_are_told_and_do_not_keep_back_the_others() {
    let mut tables = open(FAN_OUT + 1);
    let locators: Vec<Locator> = (1..=FAN_OUT + 1).map(locator).collect();
    let group = |locators: &[Locator]| GroupSpec {
        switch_id: SWITCH,
        mac: Mac::new([0x01, 0x00, 0x5e, 0, 0, 0xfb]),
        locators: locators.to_vec(),
    };
    let missing = [locator(2000), locator(2), locator(2001), locator(3)];
    let served = vec![locator(2), locator(3)];
    assert_eq!(
        code(tables.put_flood(&flood(SWITCH, &missing))),
        "no_such_tunnel"
    );
    assert_eq!(code(tables.put_group(&group(&missing))), "no_such_tunnel");
    let snapshot = tables.snapshot(0).unwrap();
    assert_eq!(snapshot.floods, [flood(SWITCH, &served)]);
    assert_eq!(snapshot.groups, [group(&served)]);

    assert_eq!(
        code(tables.put_flood(&flood(SWITCH, &locators))),
        "table_full"
    );
    assert_eq!(
        code(tables.put_binding(&binding("a0", 7, SWITCH))),
        "ok",
        "bindings are a list of their own"
    );
    let floods = tables.snapshot(0).unwrap().floods;
    assert_eq!(floods, [flood(SWITCH, &locators[..usize::from(FAN_OUT)])]);
}

#[test]
fn a_flood_list_is_made_of_macs_until_it_is_put_otherwise() {
    let mut tables = open(1);
    let said = flood(SWITCH, &[locator(1)]);
    let of_macs = FloodSpec {
        is_of_macs: true,
        ..said.clone()
    };
    tables.put_flood(&of_macs).unwrap();
    assert_eq!(
        tables.snapshot(0).unwrap().floods,
        std::slice::from_ref(&of_macs)
    );
    tables.put_switch(SWITCH, 5002).unwrap();
    assert_eq!(tables.snapshot(0).unwrap().floods, [of_macs]);
    tables.put_flood(&said).unwrap();
    assert_eq!(tables.snapshot(0).unwrap().floods, [said]);
}
