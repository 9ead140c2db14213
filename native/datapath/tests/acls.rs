//! The table of ACLs: what it takes, what it refuses, and what is in force then.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the lab")]

mod lab;

use datapath::{AclSpec, Error, Mode, Tables};
use model::{
    Direction,
    acl::{Action, Masked, Ports, Rule},
};

const LONGEST: u16 = 4096;

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

#[test]
fn where_there_is_no_room_the_former_list_stays_or_nothing_passes() {
    let mut tables = open();
    for vlan in 1..=15 {
        put(&mut tables, vlan, rules(vlan, LONGEST)).unwrap();
    }
    let full = put(&mut tables, 16, rules(16, LONGEST)).unwrap_err();
    assert_eq!(full.code(), "table_full");
    assert_eq!(rules_at(&tables, 16), Some(vec![Rule::new(Action::Deny)]));
    let full = put(&mut tables, 15, rules(17, LONGEST)).unwrap_err();
    assert_eq!(full.code(), "table_full");
    assert_eq!(rules_at(&tables, 15), Some(rules(15, LONGEST)));
    tables.remove_acl("a0", 1, Direction::Ingress).unwrap();
    put(&mut tables, 16, rules(16, LONGEST)).unwrap();
    assert_eq!(rules_at(&tables, 16), Some(rules(16, LONGEST)));
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
