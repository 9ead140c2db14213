//! Frames that come in on access ports of one small site.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the site")]

mod site;

use model::{Frame, Output, Tables, VlanId, process_access};
use site::{
    BLUE, BROADCAST, LOCAL, NEWCOMER, NOBODY, NOW, RED, REMOTE_1, SERVER_1, SERVER_2, VM_1, VM_2,
    binding, frame, key, port, site, tell, vni,
};

const TAG_7: [u8; 4] = [0x81, 0x00, 0x00, 7];
const TAG_100: [u8; 4] = [0x81, 0x00, 0x00, 100];
const TWO_TAGS: [u8; 8] = [0x81, 0x00, 0x00, 100, 0x81, 0x00, 0x00, 7];
const LLDP: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 0x0e];

fn told(tables: &Tables, ingress: u32, bytes: &[u8]) -> String {
    tell(&process_access(tables, port(ingress), bytes.into(), NOW))
}

/// One test for each rule: the ingress port, the frame, and everything that it brings about.
macro_rules! rules {
    ($($sentence:ident: $ingress:literal, $frame:expr => $told:expr;)+) => {
        $( #[test] fn $sentence() { assert_eq!(told(&site(), $ingress, &$frame), $told); } )+
    };
}

rules! {
    a_known_local_station_is_reached_on_its_port: 11, frame(SERVER_2, SERVER_1, &[], 60)
        => "refresh 02:00:00:00:00:01, count 11/0 60, to 12/100 64";
    a_tagged_frame_loses_its_tag: 12, frame(SERVER_1, SERVER_2, &TAG_100, 64)
        => "refresh 02:00:00:00:00:02, count 12/100 60, to 11/0 60";
    a_priority_tag_is_no_vlan: 11, frame(VM_1, SERVER_1, &[0x81, 0x00, 0xe0, 0x00], 64)
        => "refresh 02:00:00:00:00:01, count 11/0 60, to 198.51.100.1 vni 5001 60";
    a_remote_station_is_reached_through_its_tunnel: 11, frame(VM_1, SERVER_1, &[], 60)
        => "refresh 02:00:00:00:00:01, count 11/0 60, to 198.51.100.1 vni 5001 60";
    an_unresolved_next_hop_is_left_to_the_kernel: 11, frame(VM_2, SERVER_1, &[], 60)
        => "refresh 02:00:00:00:00:01, count 11/0 60, to 198.51.100.2 vni 5001 60";
    a_broadcast_goes_to_all_but_its_sender: 11, frame(BROADCAST, SERVER_1, &[], 60)
        => "refresh 02:00:00:00:00:01, count 11/0 60, to 12/100 64, to 13/0 60, \
            to 198.51.100.1 vni 5001 60, to 198.51.100.2 vni 5001 60";
    an_unknown_station_is_looked_for_everywhere: 11, frame(NOBODY, SERVER_1, &[], 60)
        => "refresh 02:00:00:00:00:01, count 11/0 60, to 12/100 64, to 13/0 60, \
            to 198.51.100.1 vni 5001 60, to 198.51.100.2 vni 5001 60";
    a_frame_to_a_station_beside_its_sender_is_not_sent_back: 11, frame(SERVER_1, NEWCOMER, &[], 60)
        => "learn 02:00:00:00:00:0e, count 11/0 60, drop same_port";
    a_frame_to_its_own_source_has_no_way_to_go: 11, frame(NEWCOMER, NEWCOMER, &[], 60)
        => "learn 02:00:00:00:00:0e, count 11/0 60, drop same_port";
    a_station_that_moves_is_learned_anew: 12, frame(VM_1, SERVER_1, &TAG_100, 64)
        => "move 02:00:00:00:00:01 from 11/0, note mac_moved, count 12/100 60, to 198.51.100.1 vni 5001 60";
    a_remote_mac_on_an_access_port_is_forwarded_and_not_learned: 11, frame(VM_1, VM_2, &[], 60)
        => "note remote_mac_on_access, count 11/0 60, to 198.51.100.1 vni 5001 60";
    a_lone_binding_has_nobody_to_flood_to: 11, frame(BROADCAST, SERVER_1, &TAG_7, 64)
        => "learn 02:00:00:00:00:01, count 11/7 60, drop no_destination";
    a_mac_in_two_logical_switches_is_two_stations: 11, frame(BROADCAST, VM_1, &TAG_7, 64)
        => "learn 02:00:00:00:00:11, count 11/7 60, drop no_destination";
    a_vlan_without_a_binding_is_dropped: 11, frame(VM_1, SERVER_1, &TAG_100, 64) => "drop unbound_vlan";
    an_untagged_frame_needs_an_untagged_binding: 12, frame(VM_1, SERVER_2, &[], 60) => "drop unbound_vlan";
    vlan_4095_is_never_bound: 11, frame(VM_1, SERVER_1, &[0x81, 0, 0x0f, 0xff], 64) => "drop unbound_vlan";
    a_service_tag_is_not_understood: 11, frame(VM_1, SERVER_1, &[0x88, 0xa8, 0, 7], 64) => "drop unsupported_tag";
    a_group_address_sends_nothing: 11, frame(VM_1, BROADCAST, &[], 60) => "drop invalid_source";
    the_zero_address_sends_nothing: 11, frame(VM_1, [0; 6], &[], 60) => "drop invalid_source";
    lldp_ends_here_and_teaches_nothing: 11, frame(LLDP, NEWCOMER, &[], 60) => "drop link_local";
    thirteen_bytes_are_no_frame: 11, frame(VM_1, SERVER_1, &[], 13) => "drop truncated";
    half_a_tag_is_no_tag: 11, frame(VM_1, SERVER_1, &TAG_7, 17) => "drop truncated";
    half_a_second_tag_is_no_tag: 11, frame(VM_1, SERVER_1, &[&TAG_7[..], &TAG_7[..]].concat(), 21) => "drop truncated";
    the_longest_frame_that_the_underlay_carries_is_sent: 11, frame(VM_1, SERVER_1, &[], 1464)
        => "refresh 02:00:00:00:00:01, count 11/0 1464, to 198.51.100.1 vni 5001 1464";
    one_byte_more_is_oversize: 11, frame(VM_1, SERVER_1, &[], 1465)
        => "refresh 02:00:00:00:00:01, count 11/0 1465, drop oversize";
    the_tag_of_the_binding_does_not_count_for_the_length: 12, frame(VM_1, SERVER_2, &TAG_100, 1468)
        => "refresh 02:00:00:00:00:02, count 12/100 1464, to 198.51.100.1 vni 5001 1464";
    a_second_tag_passes_into_the_tunnel: 12, frame(VM_1, SERVER_2, &TWO_TAGS, 68)
        => "refresh 02:00:00:00:00:02, count 12/100 64, to 198.51.100.1 vni 5001 64";
    a_second_tag_does_not_hop_vlans: 12, frame(SERVER_1, SERVER_2, &TWO_TAGS, 68)
        => "refresh 02:00:00:00:00:02, count 12/100 64, drop inner_vlan";
    each_refused_copy_of_a_flood_is_counted: 12, frame(BROADCAST, SERVER_2, &TWO_TAGS, 2000)
        => "refresh 02:00:00:00:00:02, count 12/100 1996, \
            drop inner_vlan, drop inner_vlan, drop oversize, drop oversize";
}

#[test]
fn a_frame_leaves_with_the_tag_of_its_binding_and_nothing_else_changed() {
    let bytes = frame(SERVER_2, SERVER_1, &[], 60);
    let outcome = process_access(&site(), port(11), bytes.as_slice().into(), NOW);
    let out = frame(SERVER_2, SERVER_1, &TAG_100, 64);
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

#[test]
fn a_frame_enters_the_tunnel_of_its_logical_switch_without_the_tag() {
    let bytes = frame(VM_1, SERVER_2, &TAG_100, 64);
    let outcome = process_access(&site(), port(12), bytes.as_slice().into(), NOW);
    let inner = frame(VM_1, SERVER_2, &[], 60);
    let expected = Output::ToTunnel {
        remote: REMOTE_1.into(),
        local: LOCAL.into(),
        vni: vni(5001),
        inner,
    };
    assert_eq!(outcome.outputs(), [expected]);
}

#[test]
fn two_vlans_of_one_port_in_one_logical_switch_reach_each_other() {
    let mut tables = site();
    tables.bindings.insert(binding(11, 100), RED).unwrap();
    let bytes = frame(SERVER_1, NEWCOMER, &TAG_100, 64);
    assert_eq!(
        told(&tables, 11, &bytes),
        "learn 02:00:00:00:00:0e, count 11/100 60, to 11/0 60"
    );
}

#[test]
fn a_full_table_of_local_macs_is_noted_and_the_frame_forwarded() {
    let mut tables = Tables {
        local_macs: model::Table::new(2),
        ..site()
    };
    for (key, entry) in site().local_macs.iter() {
        tables.local_macs.insert(*key, *entry).unwrap();
    }
    let bytes = frame(VM_1, NEWCOMER, &[], 60);
    let expected = "note learn_table_full, count 11/0 60, to 198.51.100.1 vni 5001 60";
    assert_eq!(told(&tables, 11, &bytes), expected);
    let known = frame(VM_1, SERVER_2, &[], 60);
    let expected = "move 02:00:00:00:00:02 from 12/100, note mac_moved, count 11/0 60, to 198.51.100.1 vni 5001 60";
    assert_eq!(told(&tables, 11, &known), expected);
}

#[test]
fn what_is_learned_is_used_for_the_way_back() {
    let mut tables = site();
    let request = frame(BROADCAST, NEWCOMER, &[], 60);
    let outcome = process_access(&tables, port(13), request.as_slice().into(), NOW);
    tables.learn(&outcome.learn.unwrap()).unwrap();
    assert_eq!(
        tables.local_macs.get(&key(NEWCOMER)).unwrap().at,
        binding(13, 0)
    );
    let reply = frame(NEWCOMER, SERVER_1, &[], 60);
    assert_eq!(
        told(&tables, 11, &reply),
        "refresh 02:00:00:00:00:01, count 11/0 60, to 13/0 60"
    );
}

#[test]
fn a_super_frame_is_judged_by_its_segments() {
    let mut bytes = [VM_1, SERVER_1].concat();
    bytes.extend([
        0x08, 0x00, 0x45, 0, 0x40, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]);
    bytes.extend([
        0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x10, 0, 0, 0, 0, 0, 0,
    ]);
    bytes.resize(16000, 0);
    for (gso_size, fits) in [(1398, true), (1399, false), (0, false)] {
        let outcome = process_access(
            &site(),
            port(11),
            Frame {
                bytes: &bytes,
                gso_size,
            },
            NOW,
        );
        assert_eq!(
            !outcome.outputs().is_empty(),
            fits,
            "segments of {gso_size}"
        );
    }
}

#[test]
fn tables_that_refer_to_what_is_gone_lose_no_more_than_that() {
    let mut tables = site();
    tables.tunnels.remove(&REMOTE_1.into());
    let s1 = "refresh 02:00:00:00:00:01, count 11/0 60";
    let to_vm = frame(VM_1, SERVER_1, &[], 60);
    assert_eq!(told(&tables, 11, &to_vm), format!("{s1}, drop no_tunnel"));
    let broadcast = frame(BROADCAST, SERVER_1, &[], 60);
    let expected =
        format!("{s1}, drop no_tunnel, to 12/100 64, to 13/0 60, to 198.51.100.2 vni 5001 60");
    assert_eq!(told(&tables, 11, &broadcast), expected);
    tables.switches.remove(&BLUE);
    assert_eq!(
        told(&tables, 11, &frame(VM_1, SERVER_1, &TAG_7, 64)),
        "drop unknown_switch"
    );
}
