//! The table of ACLs: what it takes, what it refuses, and what is in force then.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the lab")]

mod lab;
#[path = "lab/packet_socket.rs"]
mod packet_socket;
#[path = "lab/specs.rs"]
mod specs;

use std::{
    thread,
    time::{Duration, Instant},
};

use datapath::{AclSpec, Error, Mode, Tables};
use model::{
    Direction, DropReason,
    acl::{Action, Masked, Ports, Rule},
};

use packet_socket::{frame, send};
use specs::{SWITCH, binding};

const LONGEST: u16 = 4096;
const FRAMES: u64 = 10;
/// How long the kernel may take for them, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn open() -> Tables {
    lab::enter_namespace();
    lab::veth("a0", "pa0");
    let (mut tables, _) = Tables::open("acls", Mode::Tc, false).unwrap();
    tables.put_port("a0").unwrap();
    tables
}

/// As many rules as `count`, unlike those of another seed.
fn rules(seed: u16, count: u16) -> Vec<Rule> {
    let rule = |index| Rule {
        protocol: Some(17),
        source_ports: Some(Ports {
            first: index,
            last: index,
        }),
        destination_ports: Some(Ports {
            first: seed,
            last: seed,
        }),
        ..Rule::new(Action::Deny)
    };
    (0..count).map(rule).collect()
}

fn put(tables: &mut Tables, vlan: u16, rules: Vec<Rule>) -> Result<(), Error> {
    tables.put_acl(&AclSpec {
        netdev: "a0".to_owned(),
        vlan,
        direction: Direction::Ingress,
        rules,
    })
}

fn rules_at(tables: &Tables, vlan: u16) -> Option<Vec<Rule>> {
    let acls = tables.snapshot(0).unwrap().acls;
    let found = acls.into_iter().find(|spec| spec.vlan == vlan);
    found.map(|spec| spec.rules)
}

#[test]
fn a_list_is_replaced_over_and_over() {
    let mut tables = open();
    for seed in 0..40 {
        put(&mut tables, 7, rules(seed, LONGEST)).unwrap();
        assert_eq!(rules_at(&tables, 7), Some(rules(seed, LONGEST)));
    }
    put(&mut tables, 7, Vec::new()).unwrap();
    assert_eq!(rules_at(&tables, 7), None);
}

#[test]
fn lists_of_the_same_rules_take_their_room_once() {
    let mut tables = open();
    for vlan in 1..=100 {
        put(&mut tables, vlan, rules(1, LONGEST)).unwrap();
    }
    for vlan in 1..=99 {
        tables.remove_acl("a0", vlan, Direction::Ingress).unwrap();
    }
    assert_eq!(rules_at(&tables, 100), Some(rules(1, LONGEST)));
}

/// All room but for one rule less than the longest list has.
fn fill(tables: &mut Tables) {
    for vlan in 1..=15 {
        put(tables, vlan, rules(vlan, LONGEST)).unwrap();
    }
}

#[test]
fn a_list_without_room_beside_the_former_one_takes_its_place() {
    let mut tables = open();
    fill(&mut tables);
    put(&mut tables, 15, rules(17, LONGEST)).unwrap();
    assert_eq!(rules_at(&tables, 15), Some(rules(17, LONGEST)));
}

#[test]
fn where_there_is_no_room_nothing_passes_whatever_passed_before() {
    let closed = Some(vec![Rule::new(Action::Deny)]);
    let mut tables = open();
    tables.put_switch(SWITCH, 5001).unwrap();
    tables.put_binding(&binding("a0", 0, SWITCH)).unwrap();
    let any = Rule::new(Action::Permit);
    put(&mut tables, 0, vec![any]).unwrap();
    fill(&mut tables);
    let full = put(&mut tables, 16, rules(16, LONGEST)).unwrap_err();
    assert_eq!(full.code(), "table_full");
    assert_eq!(rules_at(&tables, 16), closed);

    assert_eq!(denied(&mut tables), 0, "the list that is there permits all");
    let full = put(&mut tables, 0, rules(17, LONGEST)).unwrap_err();
    assert_eq!(full.code(), "table_full");
    assert_eq!(rules_at(&tables, 0), closed);
    assert_eq!(denied(&mut tables), FRAMES);

    tables.remove_acl("a0", 1, Direction::Ingress).unwrap();
    put(&mut tables, 0, rules(17, LONGEST)).unwrap();
    assert_eq!(rules_at(&tables, 0), Some(rules(17, LONGEST)));
    assert_eq!(
        denied(&mut tables),
        0,
        "none of the frames is what the new list denies"
    );
}

/// How many of some frames that come in by the port are denied.
fn denied(tables: &mut Tables) -> u64 {
    let count = |tables: &Tables| -> u64 {
        let counts = tables.drop_counts().unwrap().into_iter();
        counts.map(|count| count.packets).sum()
    };
    let before = count(tables);
    let denied_before = denials(tables);
    for _ in 0..FRAMES {
        send("pa0", &frame([0xff; 6]));
    }
    // With nobody else there each frame is dropped, for one reason or another.
    let end = Instant::now() + PATIENCE;
    while count(tables) < before + FRAMES && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(count(tables), before + FRAMES);
    denials(tables) - denied_before
}

fn denials(tables: &Tables) -> u64 {
    let counts = tables.drop_counts().unwrap().into_iter();
    counts
        .filter(|count| count.reason == DropReason::AclDenied.name())
        .map(|count| count.packets)
        .sum()
}

#[test]
fn a_list_that_is_too_long_is_refused() {
    let mut tables = open();
    let refusal = put(&mut tables, 0, rules(1, LONGEST + 1)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the table of rules of one ACL is full (4096 entries)"
    );
    assert_eq!(rules_at(&tables, 0), Some(vec![Rule::new(Action::Deny)]));
}

#[test]
fn a_device_that_is_no_port_has_no_acls() {
    let mut tables = open();
    lab::veth("b0", "pb0");
    let spec = AclSpec {
        netdev: "b0".to_owned(),
        vlan: 0,
        direction: Direction::Egress,
        rules: rules(1, 1),
    };
    let refusal = tables.put_acl(&spec).unwrap_err();
    assert_eq!(refusal.code(), "no_such_device");
    tables.remove_acl("b0", 0, Direction::Egress).unwrap();
}

#[test]
fn a_rule_of_both_families_is_refused() {
    let mut tables = open();
    let masked =
        |address: &str, mask: &str| Masked::new(address.parse().unwrap(), mask.parse().unwrap());
    let rule = Rule {
        source: masked("10.0.0.0", "255.0.0.0"),
        destination: masked("2001:db8::", "ffff:ffff::"),
        ..Rule::new(Action::Permit)
    };
    let refusal = put(&mut tables, 0, vec![rule]).unwrap_err();
    assert_eq!(refusal.code(), "invalid");
    assert_eq!(rules_at(&tables, 0), Some(vec![Rule::new(Action::Deny)]));
}
