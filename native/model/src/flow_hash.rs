//! The hash of an inner flow, from which the UDP source port of the outer header comes, so that the fabric
//! spreads flows over its paths and one flow stays on one path (RFC 7348 section 5).
//!
//! The eBPF programs compute exactly the same. A flow is always four `u32` words, each loaded big-endian
//! (`bpf_ntohl`, `bpf_ntohs` of the field). `inner` is the frame without the tag of its binding, and offsets
//! count from its destination MAC:
//!
//! | inner frame | word 0 | word 1 | word 2 | word 3 |
//! |---|---|---|---|---|
//! | IPv4 | source | destination | ports | `0x0800 << 16 \| protocol` |
//! | IPv6 | source, folded | destination, folded | ports | `0x86dd << 16 \| next header` |
//! | any other | bytes 0..4 | bytes 4..8 | bytes 8..12 | `ethertype << 16` |
//!
//! * IPv4: ethertype 0x0800, at least 34 bytes, version nibble 4. Nothing else of the header is judged.
//! * IPv6: ethertype 0x86dd, at least 54 bytes, version nibble 6. An address is folded by exclusive-or of its
//!   four words. Extension headers are not walked: the next header is that of the fixed header.
//! * ports: `source port << 16 | destination port` when the protocol is TCP (6) or UDP (17) and the frame holds
//!   all four bytes; otherwise 0. In IPv4 also: header length exactly 20 (IHL 5), and neither more-fragments
//!   nor an offset (`fragment field & 0x3fff == 0`), so that all fragments of a packet hash alike.
//!   The ports are at 34..38 (IPv4) and 54..58 (IPv6).
//! * any other: the two MACs and the ethertype, also for a frame that still has a tag (ethertype 0x8100).
//!
//! The words are mixed by `MurmurHash3_x86_32` with seed 0; a word is one block (a byte-oriented
//! implementation gets the words in little-endian order).

use std::net::Ipv6Addr;

use crate::ethernet::{self, EthernetFrame};
use crate::ipv4::{self, Ipv4Packet, TCP, UDP};
use crate::ipv6::Ipv6Packet;

/// First of the UDP source ports: the dynamic range of RFC 6335 section 6, as RFC 7348 section 5 recommends.
pub const SOURCE_PORT_FIRST: u16 = 49152;

/// The bits of the hash that choose among the 16384 ports of the dynamic range.
pub const SOURCE_PORT_MASK: u32 = 0x3fff;

/// The UDP source port for an inner frame without the tag of its binding.
#[must_use]
pub fn source_port(inner: &[u8]) -> u16 {
    let low = hash(&flow_words(inner)) & SOURCE_PORT_MASK;
    // 14 bits always fit.
    SOURCE_PORT_FIRST + u16::try_from(low).unwrap_or(0)
}

/// The four words that name the flow of an inner frame; zeros for what is no frame at all.
#[must_use]
pub fn flow_words(inner: &[u8]) -> [u32; 4] {
    let Ok(frame) = EthernetFrame::new_checked(inner) else {
        return [0; 4];
    };
    let words = match frame.ethertype() {
        ethernet::IPV4 => ipv4_words(&frame),
        ethernet::IPV6 => ipv6_words(&frame),
        _ => None,
    };
    words.unwrap_or_else(|| mac_words(&frame))
}

/// `MurmurHash3_x86_32` of whole words, seed 0.
#[must_use]
pub fn hash(words: &[u32]) -> u32 {
    let mut state: u32 = 0;
    let mut length: u32 = 0;
    for &word in words {
        let block = word
            .wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593);
        state = (state ^ block)
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
        length = length.wrapping_add(4);
    }
    state ^= length;
    state = (state ^ (state >> 16)).wrapping_mul(0x85eb_ca6b);
    state = (state ^ (state >> 13)).wrapping_mul(0xc2b2_ae35);
    state ^ (state >> 16)
}

fn ipv4_words(frame: &EthernetFrame<'_>) -> Option<[u32; 4]> {
    let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
    let has_ports = packet.header_len() == ipv4::HEADER_LEN && !packet.is_fragment();
    let ports = packet
        .payload()
        .filter(|_| has_ports)
        .map_or(0, |payload| ports(packet.protocol(), payload));
    Some([
        packet.source().into(),
        packet.destination().into(),
        ports,
        kind(frame, packet.protocol()),
    ])
}

fn ipv6_words(frame: &EthernetFrame<'_>) -> Option<[u32; 4]> {
    let packet = Ipv6Packet::new_checked(frame.payload()).ok()?;
    let ports = ports(packet.next_header(), packet.payload());
    Some([
        folded(packet.source()),
        folded(packet.destination()),
        ports,
        kind(frame, packet.next_header()),
    ])
}

fn mac_words(frame: &EthernetFrame<'_>) -> [u32; 4] {
    let [d0, d1, d2, d3, d4, d5] = frame.destination().octets();
    let [s0, s1, s2, s3, s4, s5] = frame.source().octets();
    [
        u32::from_be_bytes([d0, d1, d2, d3]),
        u32::from_be_bytes([d4, d5, s0, s1]),
        u32::from_be_bytes([s2, s3, s4, s5]),
        kind(frame, 0),
    ]
}

fn kind(frame: &EthernetFrame<'_>, protocol: u8) -> u32 {
    u32::from(frame.ethertype()) << 16 | u32::from(protocol)
}

/// Both ports stand first in a TCP and in a UDP header.
fn ports(protocol: u8, payload: &[u8]) -> u32 {
    match (protocol, payload.first_chunk()) {
        (TCP | UDP, Some(&ports)) => u32::from_be_bytes(ports),
        _ => 0,
    }
}

fn folded(address: Ipv6Addr) -> u32 {
    let bits = address.to_bits();
    let halves = bits ^ (bits >> 64);
    // Only the low 32 bits of the fold are meant.
    u32::try_from((halves ^ (halves >> 32)) & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{flow_words, hash, source_port};

    fn tcp4() -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00];
        frame.extend([
            0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        ]);
        frame.extend([0x9c, 0x40, 0x00, 0x50]);
        frame.extend([0; 16]);
        frame
    }

    fn udp6() -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd];
        frame.extend([0x60, 0, 0, 0, 0, 8, 17, 64]);
        frame.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        frame.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        frame.extend([0x13, 0x88, 0x00, 0x35, 0, 8, 0, 0]);
        frame
    }

    #[test]
    fn the_mixing_is_murmur3() {
        // Published vectors of MurmurHash3_x86_32 with seed 0.
        assert_eq!(hash(&[]), 0);
        assert_eq!(hash(&[u32::from_le_bytes(*b"test")]), 0xba6b_d213);
    }

    #[test]
    fn an_ipv4_flow_is_its_addresses_ports_and_protocol() {
        assert_eq!(
            flow_words(&tcp4()),
            [0x0a00_0001, 0x0a00_0002, 0x9c40_0050, 0x0800_0006]
        );
    }

    #[test]
    fn an_ipv6_flow_is_its_folded_addresses_ports_and_next_header() {
        assert_eq!(
            flow_words(&udp6()),
            [0xfd00_0001, 0xfd00_0102, 0x1388_0035, 0x86dd_0011]
        );
    }

    #[test]
    fn all_fragments_of_a_packet_hash_alike() {
        let mut first = tcp4();
        first[20] = 0x20;
        let mut last = tcp4();
        last[20] = 0x00;
        last[21] = 0xb9;
        last[34] = 0x77;
        assert_eq!(
            flow_words(&first),
            [0x0a00_0001, 0x0a00_0002, 0, 0x0800_0006]
        );
        assert_eq!(flow_words(&first), flow_words(&last));
    }

    #[test]
    fn ports_behind_ipv4_options_are_not_looked_for() {
        let mut frame = tcp4();
        frame[14] = 0x46;
        assert_eq!(flow_words(&frame)[2], 0);
    }

    #[test]
    fn other_protocols_have_no_ports() {
        let mut frame = tcp4();
        frame[23] = 1;
        assert_eq!(
            flow_words(&frame),
            [0x0a00_0001, 0x0a00_0002, 0, 0x0800_0001]
        );
    }

    #[test]
    fn a_frame_that_is_not_ip_is_its_macs_and_ethertype() {
        let mut frame = tcp4();
        frame[12] = 0x81;
        assert_eq!(
            flow_words(&frame),
            [0x0200_0000, 0x0002_0200, 0x0000_0001, 0x8100_0000]
        );
    }

    #[test]
    fn an_ip_ethertype_on_other_bytes_falls_back_to_the_macs() {
        let mut wrong_version = tcp4();
        wrong_version[14] = 0x55;
        let short4 = &tcp4()[..33];
        let short6 = &udp6()[..53];
        assert_eq!(flow_words(&wrong_version)[0], 0x0200_0000);
        assert_eq!(flow_words(short4)[3], 0x0800_0000);
        assert_eq!(flow_words(short6)[3], 0x86dd_0000);
    }

    #[test]
    fn ports_that_the_frame_lacks_are_zero() {
        assert_eq!(flow_words(&tcp4()[..37])[2], 0);
        assert_eq!(flow_words(&udp6()[..57])[2], 0);
        assert_eq!(flow_words(&udp6()[..58])[2], 0x1388_0035);
    }

    #[test]
    fn golden_hashes_for_the_ebpf_programs() {
        assert_eq!(hash(&flow_words(&tcp4())), 0x9def_4898);
        assert_eq!(source_port(&tcp4()), 51352);
        assert_eq!(hash(&flow_words(&udp6())), 0x786c_2c05);
        assert_eq!(source_port(&udp6()), 60421);
    }
}
