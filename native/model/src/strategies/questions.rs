//! Frames that ask for the MAC of an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::pool;
use crate::arp::{self, ArpRepr};
use crate::ethernet::{self, EthernetRepr};
use crate::mac::Mac;
use crate::ndp::{self, Kind, NeighbourRepr};

/// Requests of ARP and neighbour solicitations from a station: to everybody or to one, for an address that tables may
/// know or for another, probes and announcements among them; some longer or shorter than they should be, or with one
/// byte changed.
pub fn questions(source: Mac) -> impl Strategy<Value = Vec<u8>> {
    let whole = prop_oneof![requests(source), solicitations(source)];
    (whole, changes()).prop_map(|(mut frame, change)| {
        change.make(&mut frame);
        frame
    })
}

#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Byte(Index, u8),
    Length(i8),
    Padding,
}

/// What an odd frame has in place of a MAC or an address is often that of another.
fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => Just(Change::Nothing),
        3 => (any::<Index>(), prop_oneof![any::<u8>(), 0..4_u8])
            .prop_map(|(at, value)| Change::Byte(at, value)),
        1 => (-4..8_i8).prop_map(Change::Length),
        1 => Just(Change::Padding),
    ]
}

impl Change {
    fn make(&self, frame: &mut Vec<u8>) {
        match self {
            Self::Nothing => {}
            Self::Byte(at, value) => {
                let at = at.index(frame.len());
                if let Some(byte) = frame.get_mut(at) {
                    *byte = *value;
                }
            }
            Self::Length(by) => {
                let length = frame.len().saturating_add_signed(isize::from(*by));
                frame.resize(length, 0x5a);
            }
            Self::Padding => frame.resize(frame.len().max(60), 0),
        }
    }
}

fn requests(source: Mac) -> impl Strategy<Value = Vec<u8>> {
    let addresses = || ipv4s().boxed();
    (destinations(vec![Mac::BROADCAST]), addresses(), addresses()).prop_map(
        move |(destination, sender, target)| {
            let mut frame = header(destination, source, ethernet::ARP);
            ArpRepr {
                operation: arp::REQUEST,
                sender_mac: source,
                sender,
                target_mac: Mac::new([0; 6]),
                target,
            }
            .emit(&mut frame);
            frame
        },
    )
}

/// With a right checksum, whatever else is odd.
fn solicitations(source: Mac) -> impl Strategy<Value = Vec<u8>> {
    (ipv6s(), ipv6s(), any::<u8>(), any::<u32>()).prop_flat_map(
        move |(from, target, odd, flags)| {
            let group = ndp::solicited_node(target);
            let to = match odd % 16 {
                0 => target,
                1 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
                _ => group,
            };
            destinations(vec![ndp::group_mac(group)]).prop_map(move |destination| {
                let mut frame = header(destination, source, ethernet::IPV6);
                NeighbourRepr {
                    kind: if odd / 16 == 0 {
                        Kind::Advertisement
                    } else {
                        Kind::Solicitation
                    },
                    source: from,
                    destination: to,
                    flags,
                    target,
                    mac: source,
                }
                .emit(&mut frame);
                frame
            })
        },
    )
}

fn destinations(usual: Vec<Mac>) -> BoxedStrategy<Mac> {
    pool::one_of(vec![
        (12, usual),
        (1, pool::known_stations()),
        (1, pool::groups()),
    ])
}

fn ipv4s() -> impl Strategy<Value = Ipv4Addr> {
    let known = pool::addresses()
        .into_iter()
        .filter_map(|address| match address {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        });
    prop_oneof![
        8 => select(known.collect::<Vec<_>>()),
        2 => Just(Ipv4Addr::new(10, 0, 0, 1)),
        1 => Just(Ipv4Addr::UNSPECIFIED),
    ]
}

fn ipv6s() -> impl Strategy<Value = Ipv6Addr> {
    let known = pool::addresses()
        .into_iter()
        .filter_map(|address| match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some(v6),
        });
    prop_oneof![
        8 => select(known.collect::<Vec<_>>()),
        2 => Just(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
        1 => Just(Ipv6Addr::UNSPECIFIED),
        1 => Just(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)),
    ]
}

fn header(destination: Mac, source: Mac, ethertype: u16) -> Vec<u8> {
    let mut frame = Vec::new();
    EthernetRepr {
        destination,
        source,
        ethertype,
    }
    .emit(&mut frame);
    frame
}
