//! Frames without the tag of a binding.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::acls::PROTOCOLS;
use crate::ethernet::{self, EthernetRepr};
use crate::mac::Mac;
use crate::tables::Tables;

/// An ethertype and what follows it.
type Payload = (u16, Vec<u8>);

/// Frames between these two: TCP, UDP, fragments and options in IPv4, IPv6 with and without extension headers, ARP,
/// ethertypes of no meaning, and frames that still have a tag or two. Some are as long as a tunnel of the tables
/// carries, or one byte off.
pub fn inner_frames(tables: &Tables, destination: Mac, source: Mac) -> BoxedStrategy<Vec<u8>> {
    (payloads(), lengths(tables))
        .prop_map(move |((ethertype, payload), length)| {
            let mut frame = Vec::new();
            EthernetRepr {
                destination,
                source,
                ethertype,
            }
            .emit(&mut frame);
            frame.extend(payload);
            if let Some(length) = length {
                frame.resize(length, 0xa5);
            }
            frame
        })
        .boxed()
}

fn lengths(tables: &Tables) -> BoxedStrategy<Option<usize>> {
    let mut edges: Vec<usize> = vec![ethernet::HEADER_LEN, 60];
    for (_, tunnel) in tables.tunnels.iter() {
        let longest = ethernet::HEADER_LEN + usize::try_from(tunnel.mtu).unwrap_or(0);
        edges.extend([longest - 1, longest, longest + 1]);
    }
    prop_oneof![3 => Just(None), 1 => select(edges).prop_map(Some)].boxed()
}

fn payloads() -> BoxedStrategy<Payload> {
    let plain = prop_oneof![4 => ipv4(), 3 => ipv6(), 1 => arp(), 1 => other()].boxed();
    let tag = (
        select(vec![ethernet::TAG, ethernet::SERVICE_TAG]),
        any::<u16>(),
        plain.clone(),
    );
    let tagged = tag.prop_map(|(tag_type, control, (ethertype, payload))| {
        let tag = [control.to_be_bytes(), ethertype.to_be_bytes()].concat();
        (tag_type, [tag, payload].concat())
    });
    prop_oneof![6 => plain, 1 => tagged].boxed()
}

fn ipv4() -> impl Strategy<Value = Payload> {
    (
        prop_oneof![6 => Just(0x45_u8), 1 => select(vec![0x46_u8, 0x4f, 0x44, 0x40, 0x65])],
        select(vec![
            0x4000_u16, 0x0000, 0x2000, 0x0001, 0x00b9, 0x20b9, 0x8000,
        ]),
        select(vec![6_u8, 17, 1, 132]),
        any::<[u8; 8]>(),
        rests(),
    )
        .prop_map(|(version, fragment, protocol, addresses, (rest, stated))| {
            let total = u16::try_from(20 + stated).unwrap_or(0).to_be_bytes();
            let [fragment_high, fragment_low] = fragment.to_be_bytes();
            let mut packet = vec![version, 0];
            packet.extend(total);
            packet.extend([0, 1, fragment_high, fragment_low, 64, protocol, 0, 0]);
            packet.extend(addresses);
            packet.extend(rest);
            (ethernet::IPV4, packet)
        })
}

fn ipv6() -> impl Strategy<Value = Payload> {
    (
        prop_oneof![8 => Just(0x60_u8), 1 => Just(0x45_u8)],
        select(PROTOCOLS.to_vec()),
        any::<[u8; 32]>(),
        prop_oneof![rests(), chains()],
    )
        .prop_map(|(version, next_header, addresses, (rest, stated))| {
            let mut packet = vec![version, 0, 0, 0];
            packet.extend(u16::try_from(stated).unwrap_or(0).to_be_bytes());
            packet.extend([next_header, 64]);
            packet.extend(addresses);
            packet.extend(rest);
            (ethernet::IPV6, packet)
        })
}

/// Bytes behind a fixed header, and how many of them it says there are: sometimes not all, or none.
fn rests() -> impl Strategy<Value = (Vec<u8>, usize)> {
    vec(prop_oneof![any::<u8>(), 0..4_u8], 0..48).prop_flat_map(stated)
}

/// Extension headers one behind the other, and what they lead to.
fn chains() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let offset = select(vec![0_u16, 0, 0, 1, 2]);
    let header = (select(PROTOCOLS.to_vec()), 0..2_u8, offset, any::<bool>());
    (vec(header, 0..10), rests()).prop_flat_map(|(headers, (rest, _))| {
        let mut bytes = Vec::new();
        for (next, length, offset, has_more) in headers {
            let [high, low] = (offset << 3 | u16::from(has_more)).to_be_bytes();
            bytes.extend([next, length, high, low]);
            bytes.resize(bytes.len() + 4 + 8 * usize::from(length), 0);
        }
        stated([bytes, rest].concat())
    })
}

fn stated(bytes: Vec<u8>) -> impl Strategy<Value = (Vec<u8>, usize)> {
    let length = bytes.len();
    let stated = prop_oneof![8 => Just(length), 1 => 0..=length, 1 => Just(0)];
    (Just(bytes), stated)
}

fn arp() -> impl Strategy<Value = Payload> {
    any::<[u8; 20]>().prop_map(|addresses| {
        let fixed = [0, 1, 0x08, 0x00, 6, 4, 0, 1];
        (ethernet::ARP, [fixed.as_slice(), &addresses].concat())
    })
}

/// Also IP ethertypes on bytes that are no IP packet, and 802.3 lengths in place of an ethertype.
fn other() -> impl Strategy<Value = Payload> {
    let ethertypes = prop_oneof![
        select(vec![ethernet::IPV4, ethernet::IPV6, 0x88cc, 0x9100, 0x0026]),
        any::<u16>()
    ];
    (ethertypes, vec(any::<u8>(), 0..64))
}
