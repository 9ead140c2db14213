//! What the setters refuse, and what `detach` leaves: nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod lab;
#[path = "lab/specs.rs"]
mod specs;

use datapath::{
    Error, GroupSpec, Mode, NeighbourSpec, OriginSpec, RemoteMacSpec, Tables, detach, gateway_here,
    layout::NEIGHBOURS_MAX,
};
use model::{Locator, Mac, SwitchId};

use specs::{SWITCH, binding, code, flood, locator, remote, tunnel};

const GROUP: [u8; 6] = [0x01, 0x00, 0x5e, 0, 0, 0xfb];

fn open(mode: Mode) -> Tables {
    lab::enter_namespace();
    lab::veth("a0", "pa0");
    lab::veth("u0", "pu0");
    lab::ip("addr add 192.0.2.1/24 dev u0\nroute add 10.1.0.0/16 dev u0");
    let (mut tables, _) = Tables::open("tables", mode, false).unwrap();
    tables.put_port("a0").unwrap();
    tables
}

#[test]
fn what_refers_to_nothing_is_refused() {
    let mut tables = open(Mode::Tc);
    let stranger = SwitchId::new(2);
    let mac = RemoteMacSpec {
        switch_id: SWITCH,
        mac: Mac::new([2, 0, 0, 0, 0, 1]),
        locator: locator(1),
    };
    assert_eq!(code(tables.put_switch(SWITCH, 5001)), "ok");
    assert_eq!(code(tables.put_switch(SWITCH, 0)), "invalid");
    assert_eq!(code(tables.put_switch(SWITCH, 1 << 24)), "invalid");
    assert_eq!(code(tables.put_port("nowhere")), "no_such_device");
    assert_eq!(
        code(tables.put_binding(&binding("u0", 0, SWITCH))),
        "no_such_device"
    );
    assert_eq!(
        code(tables.put_binding(&binding("a0", 0, stranger))),
        "no_such_switch"
    );
    assert_eq!(code(tables.put_remote_mac(&mac)), "no_such_tunnel");
    assert_eq!(
        code(tables.put_flood(&flood(SWITCH, &[locator(1)]))),
        "no_such_tunnel"
    );
    let v6 = tunnel("2001:db8::1".parse().unwrap());
    let results = tables.put_tunnels(&[v6, tunnel(remote(1))]);
    assert_eq!(
        results.into_iter().map(code).collect::<Vec<_>>(),
        ["invalid", "ok"]
    );
    assert_eq!(
        code(tables.put_flood(&flood(stranger, &[locator(1)]))),
        "no_such_switch"
    );
    let absent = RemoteMacSpec {
        switch_id: stranger,
        ..mac
    };
    assert_eq!(code(tables.put_remote_mac(&absent)), "no_such_switch");
    assert_eq!(code(tables.put_remote_mac(&mac)), "ok");
}

#[test]
fn a_full_table_of_neighbours_refuses_new_ones_and_replaces_old_ones() {
    let mut tables = open(Mode::Tc);
    tables.put_switch(SWITCH, 5001).unwrap();
    let neighbour = |number: u32, last: u8| NeighbourSpec {
        switch_id: SWITCH,
        address: std::net::Ipv4Addr::from_bits(number).into(),
        mac: Mac::new([2, 0, 0, 0, 0, last]),
    };
    for number in 0..NEIGHBOURS_MAX {
        tables.put_neighbour(&neighbour(number, 1)).unwrap();
    }
    let more = neighbour(NEIGHBOURS_MAX, 1);
    assert_eq!(code(tables.put_neighbour(&more)), "table_full");
    assert_eq!(code(tables.put_neighbour(&neighbour(7, 2))), "ok");
    tables
        .remove_neighbour(SWITCH, neighbour(8, 1).address)
        .unwrap();
    assert_eq!(code(tables.put_neighbour(&more)), "ok");
    let held = tables.snapshot(0).unwrap().neighbours;
    assert_eq!(held.len(), NEIGHBOURS_MAX as usize);
    assert!(held.contains(&neighbour(7, 2)) && !held.contains(&neighbour(8, 1)));
    tables.remove_switches(&[SWITCH]).unwrap();
    assert_eq!(tables.snapshot(0).unwrap().neighbours, []);
    let stranger = tables.put_neighbour(&more);
    assert_eq!(code(stranger), "no_such_switch");
}

#[test]
fn groups_and_vnis_of_locators_refer_to_what_was_put_and_go_with_their_switch() {
    let mut tables = open(Mode::Tc);
    let own: Locator = format!("{}#7001", remote(1)).parse().unwrap();
    let group = |mac: [u8; 6], locators: &[Locator]| GroupSpec {
        switch_id: SWITCH,
        mac: Mac::new(mac),
        locators: locators.to_vec(),
    };
    let origin = |locator| OriginSpec {
        locator,
        switch_id: SWITCH,
    };
    assert_eq!(code(tables.put_group(&group(GROUP, &[]))), "no_such_switch");
    assert_eq!(code(tables.put_origin(&origin(own))), "no_such_switch");
    tables.put_switch(SWITCH, None).unwrap();
    assert_eq!(
        code(tables.put_group(&group(GROUP, &[own]))),
        "no_such_tunnel"
    );
    assert_eq!(code(tables.put_origin(&origin(own))), "no_such_tunnel");
    for result in tables.put_tunnels(&[tunnel(remote(1))]) {
        result.unwrap();
    }
    assert_eq!(
        code(tables.put_group(&group([2, 0, 0, 0, 0, 1], &[]))),
        "invalid"
    );
    assert_eq!(code(tables.put_origin(&origin(locator(1)))), "invalid");
    assert_eq!(code(tables.put_group(&group(GROUP, &[own]))), "ok");
    assert_eq!(code(tables.put_origin(&origin(own))), "ok");
    let snapshot = tables.snapshot(0).unwrap();
    assert_eq!(snapshot.switches, [(SWITCH, None)]);
    assert_eq!(snapshot.groups, [group(GROUP, &[own])]);
    assert_eq!(snapshot.origins, [origin(own)]);
    assert_eq!(code(tables.remove_tunnel(remote(1))), "invalid");
    tables.put_group(&group(GROUP, &[])).unwrap();
    assert_eq!(
        tables.snapshot(0).unwrap().groups,
        [group(GROUP, &[])],
        "an empty list is a list"
    );
    assert_eq!(
        code(tables.remove_tunnel(remote(1))),
        "invalid",
        "its VNI is in use"
    );
    tables.remove_switches(&[SWITCH]).unwrap();
    let snapshot = tables.snapshot(0).unwrap();
    assert_eq!((snapshot.groups, snapshot.origins), (vec![], vec![]));
    assert_eq!(code(tables.remove_tunnel(remote(1))), "ok");
}

#[test]
fn another_gateway_in_the_same_network_namespace_is_refused() {
    let _tables = open(Mode::Tc);
    assert_eq!(code(Tables::open("another", Mode::Tc, false)), "in_use");
}

fn detaching_leaves_nothing(mode: Mode, mark: &str) {
    let mut tables = open(mode);
    tables.put_switch(SWITCH, 5001).unwrap();
    tables.put_binding(&binding("a0", 7, SWITCH)).unwrap();
    for result in tables.put_tunnels(&[tunnel(remote(1))]) {
        result.unwrap();
    }
    let kernel = || {
        lab::output("ip -details link")
            + &lab::output("tc qdisc")
            + &lab::output("tc filter show dev a0 ingress")
    };
    for is_there in ["vtep-vxlan", "clsact", "access_tc", "promiscuity 1", mark] {
        assert!(kernel().contains(is_there), "{is_there}: {}", kernel());
    }
    drop(tables);
    assert!(
        kernel().contains("access_tc"),
        "closing leaves forwarding in place"
    );
    assert!(matches!(detach(Some("another")), Err(Error::InUse(_))));
    assert_eq!(gateway_here().unwrap().as_deref(), Some("tables"));
    assert!(detach(Some("tables")).unwrap());
    assert_eq!(gateway_here().unwrap(), None);
    assert!(!detach(None).unwrap(), "nothing is left");
    for gone in ["vxlan", "clsact", "access_tc", "promiscuity 1", "xdp"] {
        assert!(!kernel().contains(gone), "{gone}: {}", kernel());
    }
}

#[test]
fn detaching_from_tc_leaves_nothing() {
    detaching_leaves_nothing(Mode::Tc, "a0");
}

#[test]
fn detaching_from_xdp_leaves_nothing() {
    detaching_leaves_nothing(Mode::Xdp, "prog/xdp");
}
