//! Packets on the underlay device.

use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use proptest::sample::select;

use super::overlay::{OverlayArrival, overlay_arrivals};
use super::{Scope, pool};
use crate::ipv4;
use crate::mac::Mac;
use crate::outer::{HEADER_LEN, OuterHeader};
use crate::tables::Tables;

mod field {
    pub const VERSION_IHL: usize = 14;
    pub const IPV4_TOTAL_LENGTH: usize = 16;
    pub const IPV4_FRAGMENT: usize = 20;
    pub const IPV4_PROTOCOL: usize = 23;
    pub const IPV4_CHECKSUM: usize = 24;
    pub const IPV4_END: usize = 34;
    pub const UDP_DESTINATION: usize = 36;
    pub const UDP_LENGTH: usize = 38;
    pub const UDP_CHECKSUM: usize = 40;
    pub const VXLAN_FLAGS: usize = 42;
    pub const VXLAN_RESERVED: usize = 49;
}

/// What is odd about a packet. The IPv4 checksum is made right again where the oddity lies in the IPv4 header.
#[derive(Clone, Debug)]
enum Oddity {
    None,
    /// Any bit of the outer header is flipped, and no checksum made right.
    Bit(usize),
    Ipv4(usize, Vec<u8>),
    Ipv4Options,
    Other(usize, Vec<u8>),
    Longer(usize),
    Shorter(usize),
    OuterTag,
}

/// Tunnel packets from the VTEPs of these tables to their tunnel addresses, and what is like them: fragments, options,
/// UDP checksums, wrong ports, flags, lengths, checksums, padding, tags, truncated packets.
pub fn underlay_packets(tables: &Tables, scope: &Scope) -> BoxedStrategy<Vec<u8>> {
    let known: Vec<IpAddr> = tables
        .tunnels
        .iter()
        .map(|(_, tunnel)| tunnel.local)
        .collect();
    let other = [
        pool::locals().map(IpAddr::from).to_vec(),
        vec![Ipv4Addr::new(192, 0, 2, 77).into()],
    ]
    .concat();
    let locals = pool::one_of(vec![(12, known), (1, other)]);
    let min_len = scope.min_len;
    (overlay_arrivals(tables, scope), locals, oddities())
        .prop_map(move |(arrival, local, oddity)| {
            let packet = spoil(packet(&arrival, local), &oddity);
            if packet.len() < min_len {
                [packet, vec![0; min_len]].concat()
            } else {
                packet
            }
        })
        .boxed()
}

fn packet(arrival: &OverlayArrival, to: IpAddr) -> Vec<u8> {
    let (IpAddr::V4(from), IpAddr::V4(to)) = (arrival.origin.remote, to) else {
        return Vec::new();
    };
    let header = OuterHeader {
        source_mac: Mac::new([0x02, 0xef, 0, 0, 0, 0]),
        destination_mac: Mac::new([0x02, 0xcd, 0, 0, 0, 0]),
        local: from,
        remote: to,
        vni: arrival.origin.vni,
    };
    header.encapsulate(&arrival.frame).unwrap_or_default()
}

fn oddities() -> BoxedStrategy<Oddity> {
    let bytes = |number: u16| number.to_be_bytes().to_vec();
    let fragments = select(vec![0x2000_u16, 0x0001, 0x2001, 0x0000, 0x8000, 0xc000]);
    let lengths = prop_oneof![0..70_u16, any::<u16>()];
    prop_oneof![
        12 => Just(Oddity::None),
        3 => (0..HEADER_LEN * 8).prop_map(Oddity::Bit),
        2 => fragments.prop_map(move |bits| Oddity::Ipv4(field::IPV4_FRAGMENT, bytes(bits))),
        1 => lengths.clone().prop_map(move |length| Oddity::Ipv4(field::IPV4_TOTAL_LENGTH, bytes(length))),
        1 => select(vec![1_u8, 6, 4]).prop_map(|protocol| Oddity::Ipv4(field::IPV4_PROTOCOL, vec![protocol])),
        1 => Just(Oddity::Ipv4(field::IPV4_TOTAL_LENGTH - 1, vec![0xb8])),
        1 => Just(Oddity::Ipv4Options),
        1 => select(vec![8472_u16, 4790, 53]).prop_map(move |port| Oddity::Other(field::UDP_DESTINATION, bytes(port))),
        1 => lengths.prop_map(move |length| Oddity::Other(field::UDP_LENGTH, bytes(length))),
        1 => any::<u16>().prop_map(move |sum| Oddity::Other(field::UDP_CHECKSUM, bytes(sum))),
        2 => any::<[u8; 4]>().prop_map(|flags| Oddity::Other(field::VXLAN_FLAGS, flags.to_vec())),
        1 => any::<u8>().prop_map(|reserved| Oddity::Other(field::VXLAN_RESERVED, vec![reserved])),
        1 => (1..20_usize).prop_map(Oddity::Longer),
        1 => (0..70_usize).prop_map(Oddity::Shorter),
        1 => Just(Oddity::OuterTag),
    ]
    .boxed()
}

fn spoil(mut packet: Vec<u8>, oddity: &Oddity) -> Vec<u8> {
    match oddity {
        Oddity::None => {}
        Oddity::Bit(bit) => {
            if let Some(byte) = packet.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Oddity::Ipv4(offset, bytes) => {
            overwrite(&mut packet, *offset, bytes);
            sum_up(&mut packet, field::IPV4_END);
        }
        Oddity::Ipv4Options => lengthen_header(&mut packet),
        Oddity::Other(offset, bytes) => overwrite(&mut packet, *offset, bytes),
        Oddity::Longer(padding) => packet.extend(vec![0; *padding]),
        Oddity::Shorter(length) => packet.truncate(*length),
        Oddity::OuterTag => insert(&mut packet, 12, &[0x81, 0x00, 0x00, 0x64]),
    }
    packet
}

/// One word of no-operation options, with both lengths and the checksum in step.
fn lengthen_header(packet: &mut Vec<u8>) {
    insert(packet, field::IPV4_END, &[1, 1, 1, 0]);
    let total = u16::try_from(packet.len().saturating_sub(field::VERSION_IHL)).unwrap_or(0);
    overwrite(packet, field::VERSION_IHL, &[0x46]);
    overwrite(packet, field::IPV4_TOTAL_LENGTH, &total.to_be_bytes());
    sum_up(packet, field::IPV4_END + 4);
}

fn sum_up(packet: &mut [u8], end: usize) {
    overwrite(packet, field::IPV4_CHECKSUM, &[0, 0]);
    let header = packet.get(field::VERSION_IHL..end).unwrap_or_default();
    let sum = ipv4::checksum(header.iter());
    overwrite(packet, field::IPV4_CHECKSUM, &sum.to_be_bytes());
}

fn overwrite(packet: &mut [u8], offset: usize, bytes: &[u8]) {
    for (byte, &value) in packet.iter_mut().skip(offset).zip(bytes) {
        *byte = value;
    }
}

fn insert(packet: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let offset = offset.min(packet.len());
    packet.splice(offset..offset, bytes.iter().copied());
}
