//! The two messages by which IPv6 finds the MAC of a neighbour (RFC 4861 sections 4.3 and 4.4), in the form that they
//! have on Ethernet: right behind the fixed header, with a link-layer address as their only option.

use std::net::Ipv6Addr;

use crate::ipv4;
use crate::ipv6::{self, Ipv6Packet};
use crate::mac::Mac;
use crate::wire::{be16, octets, split};

/// Bytes of a message: `ICMPv6` header, target and option.
pub const MESSAGE_LEN: usize = 32;
/// Bytes of a packet with a message.
pub const PACKET_LEN: usize = ipv6::HEADER_LEN + MESSAGE_LEN;

/// Advertisement: it answers a solicitation.
pub const SOLICITED: u32 = 0x4000_0000;
/// Advertisement: the MAC replaces one that is known.
pub const OVERRIDE: u32 = 0x2000_0000;

const ICMPV6: u8 = 58;
/// No router has passed it on (RFC 4861 section 7.1).
const HOP_LIMIT: u8 = 255;
/// In units of eight bytes.
const OPTION_LEN: u8 = 1;

mod field {
    pub const TYPE: usize = 0;
    pub const CODE: usize = 1;
    pub const CHECKSUM: usize = 2;
    pub const FLAGS: usize = 4;
    pub const TARGET: usize = 8;
    pub const OPTION_TYPE: usize = 24;
    pub const OPTION_LEN: usize = 25;
    pub const OPTION_MAC: usize = 26;
}

/// Which message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks for the MAC of the target; its option says the sender's.
    Solicitation,
    /// Says the MAC of the target.
    Advertisement,
}

impl Kind {
    const fn icmp_type(self) -> u8 {
        match self {
            Self::Solicitation => 135,
            Self::Advertisement => 136,
        }
    }

    /// Source or target link-layer address (RFC 4861 section 4.6.1).
    const fn option_type(self) -> u8 {
        match self {
            Self::Solicitation => 1,
            Self::Advertisement => 2,
        }
    }
}

/// Values of a packet with such a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourRepr {
    /// Which message it is.
    pub kind: Kind,
    /// Where the packet is from.
    pub source: Ipv6Addr,
    /// Where the packet goes.
    pub destination: Ipv6Addr,
    /// `SOLICITED`, `OVERRIDE`; reserved in a solicitation, where a receiver ignores them.
    pub flags: u32,
    /// Whose MAC it is about.
    pub target: Ipv6Addr,
    /// What the option says.
    pub mac: Mac,
}

impl NeighbourRepr {
    /// The values, when the packet fills the bytes and a receiver would take it (RFC 4861 section 7.1). A message without
    /// the option, or with others, is not read.
    #[must_use]
    pub fn parse(kind: Kind, bytes: &[u8]) -> Option<Self> {
        let packet = Ipv6Packet::new_checked(bytes).ok()?;
        let (message, []) = split::<MESSAGE_LEN>("ICMPv6", packet.payload()).ok()? else {
            return None;
        };
        let (source, destination) = (packet.source(), packet.destination());
        let is_meant = packet.payload_len() == MESSAGE_LEN
            && packet.next_header() == ICMPV6
            && packet.hop_limit() == HOP_LIMIT
            && message[field::TYPE] == kind.icmp_type()
            && message[field::CODE] == 0
            && message[field::OPTION_TYPE] == kind.option_type()
            && message[field::OPTION_LEN] == OPTION_LEN
            && checksum(source, destination, message) == 0;
        let [flags_high, flags_low] = [
            be16::<{ field::FLAGS }, MESSAGE_LEN>(message),
            be16::<{ field::FLAGS + 2 }, MESSAGE_LEN>(message),
        ];
        is_meant.then(|| Self {
            kind,
            source,
            destination,
            flags: u32::from(flags_high) << 16 | u32::from(flags_low),
            target: octets::<{ field::TARGET }, 16, MESSAGE_LEN>(message).into(),
            mac: Mac::new(octets::<{ field::OPTION_MAC }, 6, MESSAGE_LEN>(message)),
        })
    }

    /// Appends the packet with its checksum.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let mut message = Vec::with_capacity(MESSAGE_LEN);
        message.extend([self.kind.icmp_type(), 0, 0, 0]);
        message.extend(self.flags.to_be_bytes());
        message.extend(self.target.octets());
        message.extend([self.kind.option_type(), OPTION_LEN]);
        message.extend(self.mac.octets());
        let sum = checksum(self.source, self.destination, &message);
        let length = u16::try_from(MESSAGE_LEN).unwrap_or(0);
        out.extend([0x60, 0, 0, 0]);
        out.extend(length.to_be_bytes());
        out.extend([ICMPV6, HOP_LIMIT]);
        out.extend(self.source.octets());
        out.extend(self.destination.octets());
        for (at, byte) in (0..).zip(message) {
            out.push(match at {
                field::CHECKSUM => sum.to_be_bytes()[0],
                _ if at == field::CHECKSUM + 1 => sum.to_be_bytes()[1],
                _ => byte,
            });
        }
    }
}

/// The group that a station with this address listens to (RFC 4291 section 2.7.1).
#[must_use]
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c].into()
}

/// The MAC that frames to an IPv6 group go to (RFC 2464 section 7).
#[must_use]
pub fn group_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac::new([0x33, 0x33, a, b, c, d])
}

/// Checksum of an `ICMPv6` message (RFC 4443 section 2.3); 0 for one that has the right checksum in it.
#[must_use]
pub fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let length = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
    let (source, destination) = (source.octets(), destination.octets());
    let pseudo = source.iter().chain(&destination).chain(&length);
    ipv4::checksum(pseudo.chain(&[0, 0, 0, ICMPV6]).chain(message))
}

#[cfg(test)]
mod tests {
    use super::{Kind, NeighbourRepr, PACKET_LEN, group_mac, solicited_node};
    use crate::mac::Mac;

    /// `fd00::1` at 02:00:00:00:00:01 asks who has `fd00::65`, as the kernel of Linux sends it.
    const EXAMPLE: [u8; PACKET_LEN] = [
        0x60, 0, 0, 0, 0, 32, 58, 255, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 2,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0x65, 135, 0, 0x7c, 0xd1, 0, 0, 0, 0, 0xfd, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x65, 1, 1, 2, 0, 0, 0, 0, 1,
    ];

    #[test]
    fn a_message_is_written_as_it_is_read() {
        let repr = NeighbourRepr::parse(Kind::Solicitation, &EXAMPLE).unwrap();
        let target = "fd00::65".parse().unwrap();
        let expected = NeighbourRepr {
            kind: Kind::Solicitation,
            source: "fd00::1".parse().unwrap(),
            destination: solicited_node(target),
            flags: 0,
            target,
            mac: Mac::new([2, 0, 0, 0, 0, 1]),
        };
        assert_eq!(repr, expected);
        let mut out = Vec::new();
        repr.emit(&mut out);
        assert_eq!(out, EXAMPLE);
    }

    #[test]
    fn a_message_with_any_bit_wrong_is_refused() {
        // Traffic class and flow label mean nothing here, and no checksum covers them.
        for bit in (0..4).chain(32..PACKET_LEN * 8) {
            let mut packet = EXAMPLE;
            packet[bit / 8] ^= 0x80 >> (bit % 8);
            let repr = NeighbourRepr::parse(Kind::Solicitation, &packet);
            assert_eq!(repr, None, "bit {bit}");
        }
    }

    #[test]
    fn a_message_of_another_kind_or_length_is_refused() {
        assert_eq!(NeighbourRepr::parse(Kind::Advertisement, &EXAMPLE), None);
        let longer = [EXAMPLE.as_slice(), &[0]].concat();
        for bytes in [&EXAMPLE[..PACKET_LEN - 1], &EXAMPLE[..39], &longer] {
            assert_eq!(NeighbourRepr::parse(Kind::Solicitation, bytes), None);
        }
    }

    #[test]
    fn groups_are_made_of_the_last_bytes() {
        let group = solicited_node("2001:db8::1:2ab:cdef".parse().unwrap());
        assert_eq!(group.to_string(), "ff02::1:ffab:cdef");
        assert_eq!(group_mac(group).to_string(), "33:33:ff:ab:cd:ef");
    }
}
