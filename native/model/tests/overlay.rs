//! Inner frames that come out of the tunnels of one small site.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the site")]

mod site;

use std::net::Ipv4Addr;

use model::{Origin, Output, Tables, VlanId, process_overlay};
use site::{
    BROADCAST, NEWCOMER, NOBODY, REMOTE_1, REMOTE_2, SERVER_1, SERVER_2, VM_1, VM_2, binding,
    frame, key, port, site, tell, vni,
};

const STRANGER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 99);
const TAG_7: [u8; 4] = [0x81, 0x00, 0x00, 7];

fn told(tables: &Tables, number: u32, remote: Ipv4Addr, bytes: &[u8]) -> String {
    let origin = Origin {
        vni: vni(number),
        remote: remote.into(),
    };
    tell(&process_overlay(tables, origin, bytes.into()))
}

/// One test for each rule: VNI and outer source address, the frame, and everything that it brings about.
macro_rules! rules {
    ($($sentence:ident: $vni:literal, $remote:expr, $frame:expr => $told:expr;)+) => {
        $( #[test] fn $sentence() { assert_eq!(told(&site(), $vni, $remote, &$frame), $told); } )+
    };
}

rules! {
    a_known_local_station_is_reached_on_its_port: 5001, REMOTE_1, frame(SERVER_1, VM_1, &[], 60)
        => "to 11/0 60";
    a_tagged_binding_pushes_its_tag: 5001, REMOTE_2, frame(SERVER_2, VM_2, &[], 60)
        => "to 12/100 64";
    a_group_address_is_no_source: 5001, REMOTE_1, frame(SERVER_1, BROADCAST, &[], 60)
        => "drop invalid_source";
    link_local_frames_are_not_forwarded: 5001, REMOTE_1, frame([0x01, 0x80, 0xc2, 0, 0, 0x0e], VM_1, &[], 60)
        => "drop link_local";
    any_known_vtep_may_send_for_any_station: 5001, REMOTE_2, frame(SERVER_1, VM_1, &[], 60)
        => "to 11/0 60";
    a_broadcast_goes_to_all_bindings_and_to_no_tunnel: 5001, REMOTE_1, frame(BROADCAST, VM_1, &[], 60)
        => "to 11/0 60, to 12/100 64, to 13/0 60";
    an_unknown_station_is_looked_for_on_all_bindings: 5001, REMOTE_1, frame(NOBODY, VM_1, &[], 60)
        => "to 11/0 60, to 12/100 64, to 13/0 60";
    a_frame_from_a_tunnel_is_not_sent_to_another_tunnel: 5001, REMOTE_1, frame(VM_2, VM_1, &[], 60)
        => "drop split_horizon";
    a_vni_without_a_logical_switch_is_dropped: 5003, REMOTE_1, frame(SERVER_1, VM_1, &[], 60)
        => "drop unknown_vni";
    vni_0_is_nobodys: 0, REMOTE_1, frame(SERVER_1, VM_1, &[], 60)
        => "drop unknown_vni";
    a_vtep_without_a_tunnel_is_refused: 5001, STRANGER, frame(SERVER_1, VM_1, &[], 60)
        => "drop unknown_vtep";
    the_vni_is_looked_at_before_the_vtep: 5003, STRANGER, frame(SERVER_1, VM_1, &[], 60)
        => "drop unknown_vni";
    a_tagged_frame_does_not_hop_vlans: 5001, REMOTE_1, frame(SERVER_1, VM_1, &TAG_7, 64)
        => "drop inner_vlan";
    a_tagged_frame_passes_through_a_tagged_binding: 5001, REMOTE_1, frame(SERVER_2, VM_1, &TAG_7, 64)
        => "to 12/100 68";
    a_tagged_broadcast_passes_where_it_may: 5001, REMOTE_1, frame(BROADCAST, VM_1, &TAG_7, 64)
        => "drop inner_vlan, drop inner_vlan, to 12/100 68";
    thirteen_bytes_are_no_frame: 5001, REMOTE_1, frame(SERVER_1, VM_1, &[], 13)
        => "drop truncated";
    the_length_is_not_judged_here: 5001, REMOTE_1, frame(SERVER_1, VM_1, &[], 9014)
        => "to 11/0 9014";
}

#[test]
fn nothing_is_learned_from_the_overlay() {
    let tables = site();
    let bytes = frame(SERVER_1, NEWCOMER, &[], 60);
    let origin = Origin {
        vni: vni(5001),
        remote: REMOTE_1.into(),
    };
    let outcome = process_overlay(&tables, origin, bytes.as_slice().into());
    assert_eq!(
        (outcome.learn, outcome.notes, outcome.received),
        (None, vec![], None)
    );
    assert!(!tables.local_macs.contains(&key(NEWCOMER)));
}

#[test]
fn a_logical_switch_without_bindings_has_no_destination() {
    let mut tables = site();
    tables.bindings.remove(&binding(11, 7));
    let bytes = frame(BROADCAST, VM_1, &[], 60);
    assert_eq!(told(&tables, 5002, REMOTE_1, &bytes), "drop no_destination");
}

#[test]
fn the_tag_is_pushed_between_the_addresses_and_the_ethertype() {
    let bytes = frame(SERVER_2, VM_1, &[], 60);
    let origin = Origin {
        vni: vni(5001),
        remote: REMOTE_1.into(),
    };
    let outcome = process_overlay(&site(), origin, bytes.as_slice().into());
    let out = frame(SERVER_2, VM_1, &[0x81, 0x00, 0x00, 100], 64);
    let vlan = VlanId::new(100).unwrap();
    assert_eq!(
        outcome.outputs(),
        [Output::ToPort {
            port: port(12),
            vlan,
            bytes: out
        }]
    );
}
