//! Tunnel keys of locators and lists of groups, in one small site.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the site")]

mod site;

use model::{FdbKey, Locator, Mac, Origin, Switch, Tables, process_access, process_overlay};
use site::{
    BLUE, BROADCAST, NOBODY, NOW, RED, REMOTE_1, REMOTE_2, SERVER_1, VM_1, frame, key, port, site,
    tell, vni,
};

const GROUP: [u8; 6] = [0x01, 0x00, 0x5e, 0, 0, 0xfb];

fn own(number: u32) -> Locator {
    Locator {
        remote: REMOTE_1.into(),
        vni: Some(vni(number)),
    }
}

/// A frame of server 1, which is known.
fn from_server(tables: &Tables, destination: [u8; 6]) -> String {
    let frame = frame(destination, SERVER_1, &[], 60);
    tell(&process_access(
        tables,
        port(11),
        frame.as_slice().into(),
        NOW,
    ))
}

/// A frame for server 1 from the first VTEP.
fn from_tunnel(tables: &Tables, number: u32) -> String {
    let origin = Origin {
        vni: vni(number),
        remote: REMOTE_1.into(),
    };
    let frame = frame(SERVER_1, VM_1, &[], 60);
    tell(&process_overlay(tables, origin, frame.as_slice().into()))
}

#[test]
fn the_key_of_a_locator_goes_before_that_of_the_logical_switch() {
    let mut tables = site();
    let before = from_server(&tables, VM_1);
    assert!(before.ends_with("to 198.51.100.1 vni 5001 60"), "{before}");
    tables.remote_macs.insert(key(VM_1), own(7001)).unwrap();
    let after = from_server(&tables, VM_1);
    assert!(after.ends_with("to 198.51.100.1 vni 7001 60"), "{after}");
}

#[test]
fn without_any_key_a_copy_has_no_tunnel() {
    let mut tables = site();
    tables.switches.insert(RED, Switch::default()).unwrap();
    assert!(from_server(&tables, VM_1).contains("drop no_tunnel"));
    let list = [Locator::from(REMOTE_2), own(7001)].into();
    tables.floods.insert(RED, list).unwrap();
    let told = from_server(&tables, BROADCAST);
    assert!(
        told.contains("drop no_tunnel") && told.ends_with("to 198.51.100.1 vni 7001 60"),
        "{told}"
    );
}

#[test]
fn a_frame_belongs_where_the_key_of_its_vtep_says_else_where_its_vni_says() {
    let mut tables = site();
    assert_eq!(from_tunnel(&tables, 5001), "to 11/0 60");
    assert_eq!(from_tunnel(&tables, 7001), "drop unknown_vni");
    let origin = |number, remote: std::net::Ipv4Addr| Origin {
        vni: vni(number),
        remote: remote.into(),
    };
    tables.origins.insert(origin(7001, REMOTE_2), RED).unwrap();
    assert_eq!(
        from_tunnel(&tables, 7001),
        "drop unknown_vni",
        "the key of another VTEP"
    );
    tables.origins.insert(origin(7001, REMOTE_1), RED).unwrap();
    assert_eq!(from_tunnel(&tables, 7001), "to 11/0 60");
    assert_eq!(from_tunnel(&tables, 5001), "to 11/0 60");
    tables.origins.insert(origin(5001, REMOTE_1), BLUE).unwrap();
    assert_eq!(from_tunnel(&tables, 5001), "to 11/7 64");
}

#[test]
fn a_list_for_a_group_goes_before_that_for_unknown_destinations_even_when_it_is_empty() {
    let mut tables = site();
    let in_red = |mac| FdbKey {
        switch: RED,
        mac: Mac::new(mac),
    };
    let to_tunnels = |told: &str| told.matches(" vni ").count();
    assert_eq!(to_tunnels(&from_server(&tables, GROUP)), 2);
    let list = [Locator::from(REMOTE_2)].into();
    tables.groups.insert(in_red(GROUP), list).unwrap();
    let told = from_server(&tables, GROUP);
    assert!(told.ends_with("to 198.51.100.2 vni 5001 60"), "{told}");
    assert_eq!(to_tunnels(&told), 1);
    assert!(told.contains("to 12/100"), "bindings all the same: {told}");
    assert_eq!(to_tunnels(&from_server(&tables, BROADCAST)), 2);
    tables.groups.insert(in_red(BROADCAST), [].into()).unwrap();
    assert_eq!(to_tunnels(&from_server(&tables, BROADCAST)), 0);
}

#[test]
fn a_copy_to_a_list_that_is_made_of_remote_macs_is_noted() {
    let mut tables = site();
    let is_noted = |told: &str| told.contains("note flooded_to_remote_macs");
    assert!(!is_noted(&from_server(&tables, BROADCAST)));
    tables.switches.retain(|_, switch| {
        switch.floods_to_macs = true;
        true
    });
    for destination in [BROADCAST, GROUP, NOBODY] {
        assert!(is_noted(&from_server(&tables, destination)));
    }
    assert!(!is_noted(&from_server(&tables, VM_1)), "known unicast");
    let flooded = frame(NOBODY, VM_1, &[], 60);
    let origin = Origin {
        vni: vni(5001),
        remote: REMOTE_1.into(),
    };
    let outcome = process_overlay(&tables, origin, flooded.as_slice().into());
    assert_eq!(outcome.notes, [], "from a tunnel");
    let group = FdbKey {
        switch: RED,
        mac: Mac::new(GROUP),
    };
    let list = [Locator::from(REMOTE_2)].into();
    tables.groups.insert(group, list).unwrap();
    let told = from_server(&tables, GROUP);
    assert!(told.contains(" vni ") && !is_noted(&told), "{told}");
    tables.floods.insert(RED, [].into()).unwrap();
    let told = from_server(&tables, BROADCAST);
    assert!(told.contains("to 12/100") && !is_noted(&told), "{told}");
}
