//! Small pools of values, so that what is generated apart meets.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use crate::mac::Mac;
use crate::number::{VlanId, Vni};
use crate::switch_id::SwitchId;

/// VLANs that bindings may have.
pub(super) const BOUND_VLANS: [u16; 4] = [0, 1, 100, 4094];
/// VLANs of frames that no binding has.
pub(super) const UNBOUND_VLANS: [u16; 3] = [2, 999, 4095];
/// Stations that tables may know; more of them appear in frames.
pub(super) const KNOWN_STATIONS: u8 = 8;

const VNIS: [u32; 4] = [1, 5001, 0x0080_0000, 0x00ff_ffff];

/// One of several lists, by weight; empty lists are passed over. At least one has to hold something.
pub(super) fn one_of<T: Clone + Debug + 'static>(lists: Vec<(u32, Vec<T>)>) -> BoxedStrategy<T> {
    let choices = lists.into_iter().filter(|(_, list)| !list.is_empty());
    Union::new_weighted(
        choices
            .map(|(weight, list)| (weight, select(list)))
            .collect(),
    )
    .boxed()
}

pub(super) fn station(index: u8) -> Mac {
    Mac::new([0x02, 0xab, 0, 0, 0, index])
}

pub(super) fn known_stations() -> Vec<Mac> {
    (0..KNOWN_STATIONS).map(station).collect()
}

pub(super) fn unknown_stations() -> Vec<Mac> {
    vec![
        station(0x80),
        station(0x81),
        Mac::new([0x00, 0, 0, 0, 0, 1]),
        Mac::new([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ]
}

pub(super) fn groups() -> Vec<Mac> {
    vec![
        Mac::BROADCAST,
        Mac::new([0x01, 0x00, 0x5e, 0, 0, 0xfb]),
        Mac::new([0x33, 0x33, 0, 0, 0, 1]),
        Mac::new([0x01, 0x80, 0xc2, 0, 0, 0x10]),
        Mac::new([0x01, 0x80, 0xc2, 0, 1, 0x00]),
    ]
}

pub(super) fn link_locals() -> Vec<Mac> {
    [0x00, 0x02, 0x0e, 0x0f]
        .map(|last| Mac::new([0x01, 0x80, 0xc2, 0, 0, last]))
        .to_vec()
}

pub(super) fn vnis() -> Vec<Vni> {
    VNIS.iter().filter_map(|&vni| Vni::new(vni).ok()).collect()
}

/// VNIs that locators may have: one of theirs alone, and one that a logical switch has too.
pub(super) fn own_vnis() -> Vec<Vni> {
    [7001, 5001]
        .iter()
        .filter_map(|&vni| Vni::new(vni).ok())
        .collect()
}

pub(super) fn unknown_vnis() -> Vec<Vni> {
    [0, 2, 0x00ff_fffe]
        .iter()
        .filter_map(|&vni| Vni::new(vni).ok())
        .collect()
}

pub(super) fn switch_id(index: usize) -> SwitchId {
    SwitchId::new(0x5317_c4ed_0000_4000_8000_0000_0000_0000 | index as u128)
}

pub(super) fn bound_vlans() -> impl Iterator<Item = VlanId> {
    BOUND_VLANS
        .iter()
        .filter_map(|&vlan| VlanId::new(vlan).ok())
}

pub(super) fn locals() -> [Ipv4Addr; 2] {
    [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 129)]
}

/// Addresses that tunnels may lead to.
pub(super) fn remotes() -> [Ipv4Addr; 4] {
    [
        [198, 51, 100, 1],
        [198, 51, 100, 2],
        [203, 0, 113, 255],
        [10, 0, 0, 1],
    ]
    .map(Ipv4Addr::from)
}

/// Addresses of stations; others appear in frames.
pub(super) fn addresses() -> [IpAddr; 4] {
    [
        Ipv4Addr::new(10, 0, 0, 101).into(),
        Ipv4Addr::new(10, 0, 0, 102).into(),
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x65).into(),
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 2, 0xfeab, 0xcdef).into(),
    ]
}

/// An address that no tunnel leads to.
pub(super) fn stranger() -> IpAddr {
    Ipv4Addr::new(198, 51, 100, 99).into()
}
