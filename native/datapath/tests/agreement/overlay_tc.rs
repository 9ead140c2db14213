//! `overlay_tc`: all rules for frames from tunnels. It needs the metadata of a tunnel, which a test run cannot give,
//! so packets are put on the wire of the underlay and the kernel's VXLAN device takes them apart.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use datapath::Mode;
use model::{
    AclKey, BindingKey, DropReason, Mac, Origin, PortId, Switch, SwitchId, Tables, Tunnel, VlanId,
    Vni, outer::OuterHeader, process_overlay, strategies::overlay_cases,
};
use proptest::prop_assert_eq;

use crate::{
    access_tc::{SHOT, copy},
    agree,
    effects::{Effects, Told},
    rig::{Rig, UNDERLAY},
    wire::{Copy, Wires, ends_within_headers, wait},
};

const LOCAL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// An address of the underlay device that no tunnel starts from.
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 200);
/// The last frame of each case goes through a logical switch of its own; after it nothing else is to come.
const LAST_SWITCH: SwitchId = SwitchId::new(u128::MAX);
const LAST_VNI: u32 = 7777;
const LAST_VLAN: u16 = 3000;
const LAST_REMOTE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 250);
const LAST_FRAME: [u8; 14] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x77, 0x88, 0xb5,
];

#[test]
fn a_frame_from_a_tunnel_goes_where_the_model_sends_it() {
    let rig = Rig::new(Mode::Tc);
    let wires = Wires::open();
    let last = BindingKey {
        port: rig.scope.access[0],
        vlan: VlanId::new(LAST_VLAN).unwrap(),
    };
    let cases = overlay_cases(&rig.scope);
    agree(rig, &cases, |rig, (tables, arrival)| {
        let tables = with_last(rig.realizable(tables), last.port);
        rig.apply(&tables);
        wires.drain();
        let outcome = process_overlay(&tables, arrival.origin, arrival.frame.as_slice().into());
        let mut expected = Effects::of_outcome(&tables, None, &outcome);
        let mut copies: Vec<Copy> = outcome
            .outputs()
            .iter()
            .filter_map(|output| copy(rig, &tables, output))
            .collect();

        let before = rig.counted();
        let mut told = Vec::new();
        wires.send_to_underlay(&packet(arrival.origin, &arrival.frame));
        if !may_be_refused(&arrival.frame) {
            wait(|| {
                told.extend(rig.told());
                told.len() >= expected.told.len()
            });
        }
        let vni = Vni::new(LAST_VNI).unwrap();
        wires.send_to_underlay(&packet(
            Origin {
                vni,
                remote: LAST_REMOTE.into(),
            },
            &LAST_FRAME,
        ));
        wait(|| {
            told.extend(rig.told());
            told.contains(&Told::ToPort(last))
        });
        told.sort();
        let mut observed = Effects {
            told,
            counted: rig.counted().since(&before),
        };
        observed.told.retain(|told| *told != Told::ToPort(last));
        observed.counted.bindings.remove(&last);
        if may_be_refused(&arrival.frame) && observed.told.is_empty() {
            expected = Effects::none(&tables);
            copies.clear();
        }
        prop_assert_eq!(observed, expected);
        let mut seen = wires.copies(copies.len() + 1);
        let is_last = |copy: &Copy| matches!(copy, Copy::Plain { bytes, .. } if bytes[6..12] == LAST_FRAME[6..12]);
        seen.retain(|copy| !is_last(copy));
        copies.sort();
        prop_assert_eq!(seen, copies);
        Ok(())
    });
}

fn with_last(mut tables: Tables, port: PortId) -> Tables {
    let vni = Vni::new(LAST_VNI).unwrap();
    let tunnel = Tunnel {
        local: LOCAL.into(),
        mtu: 1450,
        next_hop: None,
    };
    let is_in_the_way = |key: &AclKey| key.port == port && key.vlan == VlanId::UNTAGGED;
    tables.acls.retain(|key, _| !is_in_the_way(key));
    let vlan = VlanId::new(LAST_VLAN).unwrap();
    tables
        .switches
        .insert(
            LAST_SWITCH,
            Switch {
                vni: Some(vni),
                ..Switch::default()
            },
        )
        .unwrap();
    tables.tunnels.insert(LAST_REMOTE.into(), tunnel).unwrap();
    tables
        .bindings
        .insert(BindingKey { port, vlan }, LAST_SWITCH)
        .unwrap();
    tables.floods.insert(LAST_SWITCH, BTreeSet::new()).unwrap();
    tables
}

#[test]
fn a_frame_that_came_through_no_tunnel_is_dropped() {
    let mut rig = Rig::new(Mode::Tc);
    let before = rig.counted();
    assert_eq!(rig.run_overlay(&LAST_FRAME), SHOT);
    let reason = (None, DropReason::NoTunnelKey.name());
    assert_eq!(rig.counted().since(&before).reasons, [(reason, 1)].into());
}

#[test]
fn a_tunnel_packet_to_another_address_of_the_box_is_dropped() {
    let mut rig = Rig::new(Mode::Tc);
    let wires = Wires::open();
    let port = rig.scope.access[0];
    rig.apply(&with_last(Tables::new(&rig.scope.limits), port));
    let vni = Vni::new(LAST_VNI).unwrap();
    let remote = LAST_REMOTE.into();
    wires.send_to_underlay(&packet_to(OTHER, Origin { vni, remote }, &LAST_FRAME));
    let mut told = Vec::new();
    wait(|| {
        told.extend(rig.told());
        !told.is_empty()
    });
    assert_eq!(told, [Told::Dropped(None, "foreign_address")]);
}

fn packet(origin: Origin, inner: &[u8]) -> Vec<u8> {
    packet_to(LOCAL, origin, inner)
}

fn packet_to(to: Ipv4Addr, origin: Origin, inner: &[u8]) -> Vec<u8> {
    let IpAddr::V4(remote) = origin.remote else {
        panic!("{} is not IPv4", origin.remote);
    };
    let header = OuterHeader {
        source_mac: Mac::new([2, 0, 0, 0, 0, 1]),
        destination_mac: UNDERLAY[0].1,
        local: remote,
        remote: to,
        vni: origin.vni,
    };
    header.encapsulate(inner).unwrap()
}

/// The VXLAN device itself throws some frames away: on newer kernels also those with an invalid source.
fn may_be_refused(inner: &[u8]) -> bool {
    let source = Mac::new(inner[6..12].try_into().unwrap());
    !source.is_valid_source() || ends_within_headers(inner)
}
