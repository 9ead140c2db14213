//! Limits of local MACs: who is refused, who makes room, and that the counts are right.

use std::collections::BTreeSet;

use datapath::{
    MacHolder, Mode, Notice, Reason,
    layout::{EVENT_FULL, EVENT_MOVED, LOCAL_MACS_MAX},
};
use model::{
    BindingKey, FdbKey, Mac, MacLimits, Note, PortId, SharedLimit, Switch, SwitchId, Tables,
    VlanId, Vni,
};

use crate::{effects::Told, rig::Rig};

const SWITCH: SwitchId = SwitchId::new(1);
const OTHER_SWITCH: SwitchId = SwitchId::new(2);
const AMPLE: u32 = LOCAL_MACS_MAX;
const HOUR_NS: u64 = 3_600_000_000_000;

/// The three ports untagged in one logical switch, the first and the second with VLAN 7 in another.
fn rig(mode: Mode, mac_limits: MacLimits) -> (Rig, Tables) {
    let mut rig = Rig::new(mode);
    let mut tables = Tables::new(&rig.scope.limits);
    let ports = rig.scope.access.clone();
    for (switch, vni) in [(SWITCH, 5001), (OTHER_SWITCH, 5002)] {
        let vni = Vni::new(vni).unwrap();
        tables
            .switches
            .insert(
                switch,
                Switch {
                    vni: Some(vni),
                    ..Switch::default()
                },
            )
            .unwrap();
        tables.floods.insert(switch, BTreeSet::new()).unwrap();
    }
    for port in &ports {
        tables.bindings.insert(at(*port, 0), SWITCH).unwrap();
    }
    for port in &ports[..2] {
        tables.bindings.insert(at(*port, 7), OTHER_SWITCH).unwrap();
    }
    tables.mac_limits = mac_limits;
    let tables = rig.realizable(tables);
    rig.apply(&tables);
    (rig, tables)
}

fn limits(port: u32, switch: u32, table: u32) -> MacLimits {
    MacLimits {
        port,
        switch,
        table,
    }
}

fn at(port: PortId, vlan: u16) -> BindingKey {
    let vlan = VlanId::new(vlan).unwrap();
    BindingKey { port, vlan }
}

fn station(switch: SwitchId, group: u8, number: u32) -> FdbKey {
    let [_, b, c, d] = number.to_be_bytes();
    let mac = Mac::new([2, group, 0, b, c, d]);
    FdbKey { switch, mac }
}

fn held(rig: &mut Rig, holder: &MacHolder) -> u32 {
    let uses = rig.tables().mac_uses(0).unwrap();
    uses.iter().find(|one| one.holder == *holder).unwrap().held
}

fn of_group(rig: &mut Rig, group: u8) -> usize {
    let macs = rig.counted().local_macs.into_keys();
    macs.filter(|key| key.mac.octets()[1] == group).count()
}

/// Refusals are told once a second.
fn flood_until_told(rig: &mut Rig, from: u32, at: BindingKey) {
    rig.events();
    for number in from.. {
        rig.teach(station(SWITCH, 0, number), at);
        if rig.events().iter().any(|event| event.kind == EVENT_FULL) {
            return;
        }
    }
}

#[test]
fn a_full_table_of_local_macs_is_counted_and_forwards_all_the_same() {
    const MORE: u32 = 3;
    let (mut rig, _) = rig(Mode::Tc, limits(AMPLE, AMPLE, AMPLE));
    let ports = rig.scope.access.clone();
    let room = SharedLimit::new(LOCAL_MACS_MAX, 3);
    for number in 0..room.unreserved() + MORE {
        rig.teach(station(SWITCH, 0, number), at(ports[0], 0));
    }
    for number in 0..room.reserve {
        rig.teach(station(SWITCH, 1, number), at(ports[1], 0));
    }
    rig.told();
    let before = rig.counted();
    assert_eq!(before.local_macs.len(), LOCAL_MACS_MAX as usize);
    let full = |port: usize| (Some(ports[port]), Note::LearnSwitchFull.name());
    assert_eq!(before.reasons.get(&full(0)), Some(&u64::from(MORE)));
    assert_eq!(before.reasons.get(&full(1)), None);

    let newcomer = [[0xff; 6], [2, 9, 0, 0, 0, 0]].concat();
    rig.run_tc(ports[2], &[&newcomer[..], &[0x88, 0xb5]].concat(), 0);
    let others = [at(ports[0], 0), at(ports[1], 0)];
    assert_eq!(rig.told(), others.map(Told::ToPort));
    let moved = rig.counted().since(&before).reasons;
    assert_eq!(moved, [(full(2), 1)].into());
}

#[test]
fn a_flood_on_one_port_displaces_its_own_macs_alone_and_others_learn_at_once() {
    for limits in [limits(AMPLE, 96, AMPLE), limits(AMPLE, AMPLE, 96)] {
        let (mut rig, _) = rig(Mode::Tc, limits);
        let ports = rig.scope.access.clone();
        for number in 0..5 {
            rig.teach(station(SWITCH, 1, number), at(ports[1], 0));
        }
        let room = SharedLimit::new(96, 3);
        let mut evicted = BTreeSet::new();
        for wave in 0..4 {
            for number in 0..200 {
                rig.teach(station(SWITCH, 0, 1000 * wave + number), at(ports[0], 0));
            }
            assert_eq!(held(&mut rig, &MacHolder::Table), room.unreserved());
            rig.teach(station(SWITCH, 2, wave), at(ports[2], 0));
            assert_eq!(of_group(&mut rig, 2), wave as usize + 1, "learned at once");
            flood_until_told(&mut rig, 1000 * wave + 500, at(ports[0], 0));
            for notice in rig.tables().make_room(0).unwrap() {
                if let Notice::Forgotten(spec, reason) = notice {
                    assert_eq!(reason, Reason::Evicted);
                    evicted.insert(spec.netdev);
                }
            }
            assert!(held(&mut rig, &MacHolder::Table) < room.unreserved());
        }
        assert_eq!(of_group(&mut rig, 1), 5);
        assert_eq!(of_group(&mut rig, 2), 4);
        // What was evicted before it was ever reported is not reported as forgotten.
        assert!(evicted.is_empty() || evicted == BTreeSet::from([String::from("a0")]));
    }
}

#[test]
fn a_port_at_its_limit_learns_again_when_its_macs_have_aged() {
    let (mut rig, _) = rig(Mode::Tc, limits(4, AMPLE, AMPLE));
    let ports = rig.scope.access.clone();
    for number in 0..9 {
        rig.teach(station(SWITCH, 0, number), at(ports[0], 0));
        rig.teach(station(OTHER_SWITCH, 1, number), at(ports[0], 7));
    }
    let first = MacHolder::Port(String::from("a0"));
    assert_eq!(held(&mut rig, &first), 4);
    rig.teach(station(SWITCH, 2, 0), at(ports[1], 0));
    assert_eq!(of_group(&mut rig, 2), 1);
    assert_eq!(rig.tables().make_room(HOUR_NS).unwrap(), [Notice::MacRoom]);
    assert_eq!(held(&mut rig, &first), 4, "others need no room");
    let is_exhausted = |rig: &mut Rig, now| {
        let uses = rig.tables().mac_uses(now).unwrap();
        uses.iter().any(|one| one.is_exhausted)
    };
    assert!(
        is_exhausted(&mut rig, HOUR_NS),
        "no room for those that were refused"
    );

    let notices = rig.tables().sweep(u64::MAX / 2, HOUR_NS).unwrap();
    assert_eq!(notices.last(), Some(&Notice::MacRoom));
    assert!(!is_exhausted(&mut rig, u64::MAX / 2));
    assert_eq!(held(&mut rig, &first), 0);
    rig.teach(station(SWITCH, 0, 100), at(ports[0], 0));
    assert_eq!(held(&mut rig, &first), 1);
}

#[test]
fn a_mac_that_moves_to_a_port_at_its_limit_is_forgotten_by_the_next_sweep() {
    let (mut rig, _) = rig(Mode::Tc, limits(1, AMPLE, AMPLE));
    let ports = rig.scope.access.clone();
    let (mover, resident) = (station(SWITCH, 0, 1), station(SWITCH, 1, 1));
    rig.teach(mover, at(ports[0], 0));
    rig.teach(resident, at(ports[1], 0));
    rig.teach(mover, at(ports[1], 0));
    assert_eq!(rig.counted().local_macs.get(&mover), Some(&at(ports[0], 0)));
    rig.tables()
        .sweep(HOUR_NS * 24 * 365, HOUR_NS * 24 * 365 - 1)
        .unwrap();
    let left: Vec<FdbKey> = rig.counted().local_macs.into_keys().collect();
    assert_eq!(left, [resident]);
}

#[test]
fn a_mac_that_flaps_between_ports_is_counted_each_time_and_told_once_a_second() {
    let (mut rig, _) = rig(Mode::Tc, limits(AMPLE, AMPLE, AMPLE));
    let ports = rig.scope.access.clone();
    let flapping = station(SWITCH, 0, 1);
    rig.teach(flapping, at(ports[0], 0));
    rig.events();
    for number in 1..=100 {
        rig.teach(flapping, at(ports[number % 2], 0));
    }
    let told = rig
        .events()
        .into_iter()
        .filter(|event| event.kind == EVENT_MOVED);
    assert_eq!(told.count(), 1);
    let reasons = rig.counted().reasons;
    for port in &ports[..2] {
        let moved = (Some(*port), Note::MacMoved.name());
        assert_eq!(reasons.get(&moved), Some(&50));
    }
    let table = held(&mut rig, &MacHolder::Table);
    let first = held(&mut rig, &MacHolder::Port(String::from("a0")));
    assert_eq!((table, first), (1, 1));
}

#[test]
fn a_refusal_is_told_once_a_second_and_counted_each_time() {
    let (mut rig, _) = rig(Mode::Tc, limits(2, AMPLE, AMPLE));
    let port = rig.scope.access[0];
    for number in 0..50 {
        rig.teach(station(SWITCH, 0, number), at(port, 0));
    }
    let told = rig
        .events()
        .into_iter()
        .filter(|event| event.kind == EVENT_FULL);
    assert_eq!(told.count(), 1);
    let refused = (Some(port), Note::LearnPortFull.name());
    assert_eq!(rig.counted().reasons.get(&refused), Some(&48));
}

#[test]
fn limits_and_counts_outlive_the_process_that_put_them() {
    let (mut rig, _) = rig(Mode::Tc, limits(3, AMPLE, AMPLE));
    let port = rig.scope.access[0];
    for number in 0..2 {
        rig.teach(station(SWITCH, 0, number), at(port, 0));
    }
    rig.reopen();
    for number in 0..9 {
        rig.teach(station(SWITCH, 0, number), at(port, 0));
    }
    assert_eq!(held(&mut rig, &MacHolder::Port(String::from("a0"))), 3);
}

#[test]
fn limits_that_the_table_has_no_room_for_are_refused() {
    let (mut rig, _) = rig(Mode::Tc, limits(3, 3, 3));
    for wrong in [
        limits(0, 1, 1),
        limits(1, 0, 1),
        limits(1, 1, LOCAL_MACS_MAX + 1),
    ] {
        let error = rig.tables().put_mac_limits(wrong).unwrap_err();
        assert_eq!(error.code(), "invalid");
    }
}
