//! Frames of IP packets, as short as their headers allow.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Upper-layer protocol and its bytes.
pub type Payload = (u8, Vec<u8>);

pub const STATION: [u8; 6] = [0x02, 0, 0, 0, 0, 0x51];
pub const PEER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x52];

const MORE: u16 = 0x2000;

/// A frame with these bytes from the ethertype on.
pub fn ethernet(types: &[u8], payload: &[u8]) -> Vec<u8> {
    [&PEER, &STATION, types, payload].concat()
}

pub fn arp() -> Vec<u8> {
    ethernet(&[0x08, 0x06], &[0; 28])
}

/// The same frame with a tag behind the addresses.
pub fn with_tag(frame: &[u8]) -> Vec<u8> {
    [&frame[..12], &[0x81, 0x00, 0x00, 0x07], &frame[12..]].concat()
}

/// An IPv4 packet from 10.1.2.3 to 10.4.5.6.
pub fn ip4(payload: &Payload) -> Vec<u8> {
    ipv4("10.1.2.3", "10.4.5.6", payload)
}

/// An IPv6 packet from `2001:db8::1` to `2001:db8:1::2`.
pub fn ip6(payload: &Payload) -> Vec<u8> {
    ipv6("2001:db8::1", "2001:db8:1::2", payload)
}

pub fn ipv4(source: &str, destination: &str, (protocol, payload): &Payload) -> Vec<u8> {
    let mut header = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, *protocol, 0, 0];
    let total = u16::try_from(20 + payload.len()).unwrap();
    header[2..4].copy_from_slice(&total.to_be_bytes());
    header.extend(source.parse::<Ipv4Addr>().unwrap().octets());
    header.extend(destination.parse::<Ipv4Addr>().unwrap().octets());
    ethernet(&[0x08, 0x00], &[&header, &payload[..]].concat())
}

/// One fragment, which begins at `offset` in units of eight bytes.
pub fn ipv4_fragment(offset: u16, has_more: bool, payload: &Payload) -> Vec<u8> {
    let mut frame = ip4(payload);
    let bits = offset | if has_more { MORE } else { 0 };
    frame[20..22].copy_from_slice(&bits.to_be_bytes());
    frame
}

pub fn ipv6(source: &str, destination: &str, (protocol, payload): &Payload) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut header = vec![0x60, 0, 0, 0, length[0], length[1], *protocol, 64];
    header.extend(source.parse::<Ipv6Addr>().unwrap().octets());
    header.extend(destination.parse::<Ipv6Addr>().unwrap().octets());
    ethernet(&[0x86, 0xdd], &[&header, &payload[..]].concat())
}

/// The payload behind a hop-by-hop (0), routing (43) or destination options (60) header of `length` bytes.
pub fn behind(header: u8, length: u8, (protocol, payload): &Payload) -> Payload {
    let mut bytes = vec![*protocol, length / 8 - 1];
    bytes.resize(length.into(), 0);
    (header, [&bytes, &payload[..]].concat())
}

/// The payload in one fragment of IPv6.
pub fn fragment6(offset: u16, has_more: bool, (protocol, payload): &Payload) -> Payload {
    let [high, low] = (offset << 3 | u16::from(has_more)).to_be_bytes();
    let header = [*protocol, 0, high, low, 0, 0, 0, 1];
    (44, [&header, &payload[..]].concat())
}

pub fn tcp(source: u16, destination: u16, flags: u16) -> Payload {
    let mut header = ports(source, destination, 20);
    header[12..14].copy_from_slice(&(0x5000 | flags).to_be_bytes());
    (6, header)
}

pub fn udp(source: u16, destination: u16) -> Payload {
    (17, ports(source, destination, 8))
}

pub fn sctp(source: u16, destination: u16) -> Payload {
    (132, ports(source, destination, 12))
}

pub fn icmp(icmp_type: u8, code: u8) -> Payload {
    (1, vec![icmp_type, code, 0, 0, 0, 0, 0, 0])
}

pub fn icmpv6(icmp_type: u8, code: u8) -> Payload {
    (58, vec![icmp_type, code, 0, 0])
}

fn ports(source: u16, destination: u16, length: usize) -> Vec<u8> {
    let mut header = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    header.resize(length, 0);
    header
}
