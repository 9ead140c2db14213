//! What many removals at once do, and in which order.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the lab")]

mod lab;
#[path = "lab/specs.rs"]
mod specs;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use aya::{
    Pod,
    maps::{Array, HashMap, Map, MapData, MapInfo},
    programs::Program,
};
use datapath::{
    Mode, RemoteMacSpec, Tables,
    layout::{Binding, BindingKey, LogicalSwitch, MacKey, RemoteMac, SWITCH_ACTIVE},
};
use model::{Mac, SwitchId};

use specs::{binding, code, flood, locator, remote, tunnel};

const SWITCHES: u16 = 200;
const MACS_EACH: u8 = 100;

fn id(number: u16) -> SwitchId {
    SwitchId::new(number.into())
}

/// Switches with a binding and remote MACs each; one more than those that will go.
fn open() -> Tables {
    lab::enter_namespace();
    lab::veth("a0", "pa0");
    let (mut tables, _) = Tables::open("removal", Mode::Tc, false).unwrap();
    tables.put_port("a0").unwrap();
    for result in tables.put_tunnels(&[tunnel(remote(1))]) {
        result.unwrap();
    }
    for number in 1..=SWITCHES + 1 {
        tables.put_switch(id(number), u32::from(number)).unwrap();
        tables
            .put_binding(&binding("a0", number, id(number)))
            .unwrap();
        tables.put_flood(&flood(id(number), &[locator(1)])).unwrap();
        for last in 0..MACS_EACH {
            let spec = RemoteMacSpec {
                switch_id: id(number),
                mac: Mac::new([2, 0, 0, 0, 0, last]),
                locator: locator(1),
            };
            tables.put_remote_mac(&spec).unwrap();
        }
    }
    tables
}

/// A map of the programs, opened a second time.
fn map(tables: &mut Tables, name: &str) -> MapData {
    let Program::SchedClassifier(program) = tables.program("access_tc").unwrap() else {
        panic!("access_tc is a tc program");
    };
    let ids = program.info().unwrap().map_ids().unwrap().unwrap();
    let is_named = |id: &u32| MapInfo::from_id(*id).unwrap().name_as_str() == Some(name);
    MapData::from_id(ids.into_iter().find(is_named).unwrap()).unwrap()
}

fn table<K: Pod, V: Pod>(tables: &mut Tables, name: &str) -> HashMap<MapData, K, V> {
    Map::HashMap(map(tables, name)).try_into().unwrap()
}

#[test]
fn none_of_the_switches_that_go_forwards_when_the_first_table_is_looked_through() {
    let mut tables = open();
    let switches: Array<MapData, LogicalSwitch> =
        Map::Array(map(&mut tables, "switches")).try_into().unwrap();
    let bindings: HashMap<MapData, BindingKey, Binding> = table(&mut tables, "bindings");
    let macs: HashMap<MapData, MacKey, RemoteMac> = table(&mut tables, "remote_macs");
    let vnis: HashMap<MapData, u32, u32> = table(&mut tables, "vnis");
    let going: Vec<SwitchId> = (1..=SWITCHES).map(id).collect();
    let ifindex = lab::ifindex("a0");
    let is_over = AtomicBool::new(false);
    // Slots are given out in the order of the numbers.
    let forwards = |number: u16| {
        let entry = switches.get(&u32::from(number - 1), 0).unwrap();
        entry.flags & SWITCH_ACTIVE != 0 || vnis.get(&u32::from(number), 0).is_ok()
    };
    let has_lost = |number: u16| {
        let at = BindingKey {
            ifindex,
            vlan: number.into(),
        };
        let key = |last| MacKey {
            switch_slot: u32::from(number - 1),
            mac: [2, 0, 0, 0, 0, last],
            zero: 0,
        };
        bindings.get(&at, 0).is_err() || (0..MACS_EACH).any(|last| macs.get(&key(last), 0).is_err())
    };
    assert!((1..=SWITCHES).all(&forwards) && !(1..=SWITCHES).any(&has_lost));
    thread::scope(|scope| {
        let observer = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                // First what was lost, then who forwards: what is true of the second was true at the first.
                if (1..=SWITCHES).any(&has_lost) {
                    let late: Vec<u16> =
                        (1..=SWITCHES).filter(|number| forwards(*number)).collect();
                    assert_eq!(late, [], "still forward while others are cleared away");
                }
            }
        });
        tables.remove_switches(&going).unwrap();
        is_over.store(true, Ordering::Relaxed);
        observer.join().unwrap();
    });
    let left = tables.snapshot(0).unwrap();
    assert_eq!(
        left.switches,
        [(id(SWITCHES + 1), Some(u32::from(SWITCHES + 1)))]
    );
    assert_eq!(
        left.bindings,
        [binding("a0", SWITCHES + 1, id(SWITCHES + 1))]
    );
    assert_eq!(left.remote_macs.len(), usize::from(MACS_EACH));
    assert_eq!(left.floods.len(), 1);
    assert!(forwards(SWITCHES + 1) && !has_lost(SWITCHES + 1));
}

#[test]
fn a_removal_that_a_process_did_not_finish_is_finished_by_the_next_one() {
    let mut tables = open();
    let mut switches: Array<MapData, LogicalSwitch> =
        Map::Array(map(&mut tables, "switches")).try_into().unwrap();
    let mut stopped = switches.get(&0, 0).unwrap();
    stopped.flags = 0;
    switches.set(0, stopped, 0).unwrap();
    drop(tables);
    let (tables, _) = Tables::open("removal", Mode::Tc, false).unwrap();
    let left = tables.snapshot(0).unwrap();
    assert_eq!(left.switches.len(), usize::from(SWITCHES));
    assert_eq!(left.bindings.len(), usize::from(SWITCHES));
    assert!(!left.remote_macs.iter().any(|spec| spec.switch_id == id(1)));
    assert!(!left.floods.iter().any(|spec| spec.switch_id == id(1)));
}

#[test]
fn bindings_that_move_or_go_together_are_each_answered() {
    let mut tables = open();
    let moved: Vec<_> = (1..=3).map(|vlan| binding("a0", vlan, id(4))).collect();
    let mut specs = moved.clone();
    specs.insert(1, binding("nowhere", 1, id(1)));
    let (results, _) = tables.put_bindings(&specs).unwrap();
    assert_eq!(
        results.into_iter().map(code).collect::<Vec<_>>(),
        ["ok", "no_such_device", "ok", "ok"]
    );
    let held = tables.snapshot(0).unwrap().bindings;
    assert!(moved.iter().all(|spec| held.contains(spec)));
    tables
        .remove_bindings(&[("a0", 1), ("nowhere", 1), ("a0", 2)])
        .unwrap();
    let held = tables.snapshot(0).unwrap().bindings;
    assert_eq!(held.len(), usize::from(SWITCHES) + 1 - 2);
    assert!(held.contains(&binding("a0", 3, id(4))));
}
