//! Address resolution of IPv4 on Ethernet (RFC 826).

use std::net::Ipv4Addr;

use crate::ethernet;
use crate::mac::Mac;
use crate::wire::{be16, octets, split};

/// Bytes of a packet for Ethernet and IPv4.
pub const PACKET_LEN: usize = 28;

/// Asks for the MAC of the target.
pub const REQUEST: u16 = 1;
/// Says the MAC of the sender.
pub const REPLY: u16 = 2;

const HARDWARE_ETHERNET: u16 = 1;
const MAC_LEN: u8 = 6;
const IPV4_LEN: u8 = 4;

mod field {
    pub const HARDWARE: usize = 0;
    pub const PROTOCOL: usize = 2;
    pub const HARDWARE_LEN: usize = 4;
    pub const PROTOCOL_LEN: usize = 5;
    pub const OPERATION: usize = 6;
    pub const SENDER_MAC: usize = 8;
    pub const SENDER: usize = 14;
    pub const TARGET_MAC: usize = 18;
    pub const TARGET: usize = 24;
}

/// Values of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpRepr {
    /// `REQUEST` or `REPLY`, or an operation of another protocol of the family.
    pub operation: u16,
    /// MAC of the sender.
    pub sender_mac: Mac,
    /// Address of the sender; 0.0.0.0 in a probe (RFC 5227).
    pub sender: Ipv4Addr,
    /// MAC of the target; of no meaning in a request.
    pub target_mac: Mac,
    /// Address of the target.
    pub target: Ipv4Addr,
}

impl ArpRepr {
    /// The values of a packet for Ethernet and IPv4; `None` for all others, and for one that is cut. What follows it is
    /// padding.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (packet, _) = split::<PACKET_LEN>("ARP", bytes).ok()?;
        let is_ipv4_on_ethernet = be16::<{ field::HARDWARE }, PACKET_LEN>(packet)
            == HARDWARE_ETHERNET
            && be16::<{ field::PROTOCOL }, PACKET_LEN>(packet) == ethernet::IPV4
            && packet[field::HARDWARE_LEN] == MAC_LEN
            && packet[field::PROTOCOL_LEN] == IPV4_LEN;
        is_ipv4_on_ethernet.then(|| Self {
            operation: be16::<{ field::OPERATION }, PACKET_LEN>(packet),
            sender_mac: Mac::new(octets::<{ field::SENDER_MAC }, 6, PACKET_LEN>(packet)),
            sender: octets::<{ field::SENDER }, 4, PACKET_LEN>(packet).into(),
            target_mac: Mac::new(octets::<{ field::TARGET_MAC }, 6, PACKET_LEN>(packet)),
            target: octets::<{ field::TARGET }, 4, PACKET_LEN>(packet).into(),
        })
    }

    /// Appends the packet.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend(HARDWARE_ETHERNET.to_be_bytes());
        out.extend(ethernet::IPV4.to_be_bytes());
        out.extend([MAC_LEN, IPV4_LEN]);
        out.extend(self.operation.to_be_bytes());
        out.extend(self.sender_mac.octets());
        out.extend(self.sender.octets());
        out.extend(self.target_mac.octets());
        out.extend(self.target.octets());
    }
}

#[cfg(test)]
mod tests {
    use super::{ArpRepr, REQUEST};
    use crate::mac::Mac;

    /// 02:00:00:00:00:01 at 10.0.0.1 asks who has 10.0.0.101.
    const EXAMPLE: [u8; 28] = [
        0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 101,
    ];

    #[test]
    fn a_packet_is_written_as_it_is_read() {
        let repr = ArpRepr::parse(&EXAMPLE).unwrap();
        let expected = ArpRepr {
            operation: REQUEST,
            sender_mac: Mac::new([2, 0, 0, 0, 0, 1]),
            sender: [10, 0, 0, 1].into(),
            target_mac: Mac::new([0; 6]),
            target: [10, 0, 0, 101].into(),
        };
        assert_eq!(repr, expected);
        let mut out = Vec::new();
        repr.emit(&mut out);
        assert_eq!(out, EXAMPLE);
    }

    #[test]
    fn a_packet_that_is_cut_or_for_other_addresses_is_refused() {
        assert_eq!(ArpRepr::parse(&EXAMPLE[..27]), None);
        for byte in 0..6 {
            let mut packet = EXAMPLE;
            packet[byte] ^= 0x10;
            assert_eq!(ArpRepr::parse(&packet), None, "byte {byte}");
        }
    }
}
