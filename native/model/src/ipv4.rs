//! IPv4 header (RFC 791 section 3.1).

use std::net::Ipv4Addr;

use crate::number::Ttl;
use crate::wire::{WireError, be16, octets, split};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

/// TCP (RFC 9293).
pub const TCP: u8 = 6;
/// UDP (RFC 768).
pub const UDP: u8 = 17;

const DONT_FRAGMENT: u16 = 0x4000;
/// More-fragments and the fragment offset: nonzero in every fragment.
const FRAGMENT_BITS: u16 = 0x3fff;
const OFFSET_BITS: u16 = 0x1fff;

mod field {
    pub const VERSION_IHL: usize = 0;
    pub const TOTAL_LENGTH: usize = 2;
    pub const FRAGMENT: usize = 6;
    pub const TTL: usize = 8;
    pub const PROTOCOL: usize = 9;
    pub const SOURCE: usize = 12;
    pub const DESTINATION: usize = 16;
}

/// View of an IPv4 packet. The lengths that the header states are the caller's to judge.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    rest: &'a [u8],
}

impl<'a> Ipv4Packet<'a> {
    /// # Errors
    ///
    /// `Truncated` below 20 bytes, `Version` unless 4.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, rest) = split("IPv4", bytes)?;
        let version = header[field::VERSION_IHL] >> 4;
        if version != 4 {
            return Err(WireError::Version {
                header: "IPv4",
                version,
            });
        }
        Ok(Self { header, rest })
    }

    /// Bytes of the header with its options, as the IHL field states them: 0 to 60, valid from 20 on.
    #[must_use]
    pub fn header_len(&self) -> usize {
        usize::from(self.header[field::VERSION_IHL] & 0x0f) * 4
    }

    /// Bytes of header and payload, as the header states them.
    #[must_use]
    pub fn total_len(&self) -> usize {
        usize::from(be16::<{ field::TOTAL_LENGTH }, HEADER_LEN>(self.header))
    }

    /// Whether the packet is one fragment of a larger one.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        be16::<{ field::FRAGMENT }, HEADER_LEN>(self.header) & FRAGMENT_BITS != 0
    }

    /// Where the fragment's payload begins in that of the whole packet, in units of eight bytes.
    #[must_use]
    pub fn fragment_offset(&self) -> u16 {
        be16::<{ field::FRAGMENT }, HEADER_LEN>(self.header) & OFFSET_BITS
    }

    /// Whether routers may not fragment it.
    #[must_use]
    pub fn is_unfragmentable(&self) -> bool {
        be16::<{ field::FRAGMENT }, HEADER_LEN>(self.header) & DONT_FRAGMENT != 0
    }

    /// Hops that are left.
    #[must_use]
    pub const fn ttl(&self) -> u8 {
        self.header[field::TTL]
    }

    /// What the payload is.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        self.header[field::PROTOCOL]
    }

    /// Where the packet is from.
    #[must_use]
    pub fn source(&self) -> Ipv4Addr {
        Ipv4Addr::from(octets::<{ field::SOURCE }, 4, HEADER_LEN>(self.header))
    }

    /// Where the packet goes.
    #[must_use]
    pub fn destination(&self) -> Ipv4Addr {
        Ipv4Addr::from(octets::<{ field::DESTINATION }, 4, HEADER_LEN>(self.header))
    }

    /// The options, or nothing when the stated header length is below 20 or beyond the bytes.
    #[must_use]
    pub fn options(&self) -> Option<&'a [u8]> {
        self.rest.get(..self.header_len().checked_sub(HEADER_LEN)?)
    }

    /// What follows the options up to the end of the bytes, or nothing as for `options`.
    #[must_use]
    pub fn payload(&self) -> Option<&'a [u8]> {
        self.rest.get(self.header_len().checked_sub(HEADER_LEN)?..)
    }

    /// Whether the header sums up (RFC 791 section 3.1, RFC 1071).
    #[must_use]
    pub fn has_valid_checksum(&self) -> bool {
        self.options()
            .is_some_and(|options| checksum(self.header.iter().chain(options)) == 0)
    }
}

/// Values of the header that a tunnel packet has: no options, TOS 0, identification 0, DF set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Repr {
    /// Where the packet is from.
    pub source: Ipv4Addr,
    /// Where the packet goes.
    pub destination: Ipv4Addr,
    /// What the payload is.
    pub protocol: u8,
    /// Hops that it may take.
    pub ttl: Ttl,
    /// Bytes of the payload; with the header at most 65535.
    pub payload_len: u16,
}

impl Ipv4Repr {
    /// The values, when the header is one that `emit` writes but for its TOS and identification, and the packet ends
    /// where the bytes do.
    #[must_use]
    pub fn parse(packet: &Ipv4Packet<'_>) -> Option<Self> {
        let whole = packet.header_len() == HEADER_LEN
            && packet.total_len() == HEADER_LEN + packet.rest.len();
        if !whole
            || packet.is_fragment()
            || !packet.is_unfragmentable()
            || !packet.has_valid_checksum()
        {
            return None;
        }
        Some(Self {
            source: packet.source(),
            destination: packet.destination(),
            protocol: packet.protocol(),
            ttl: Ttl::new(packet.ttl()).ok()?,
            payload_len: u16::try_from(packet.rest.len()).ok()?,
        })
    }

    /// Appends the header with its checksum. A total length beyond 65535 is written as 65535.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let total = self.payload_len.saturating_add(20);
        let mut header = Vec::with_capacity(HEADER_LEN);
        header.extend([0x45, 0]);
        header.extend(total.to_be_bytes());
        header.extend([0, 0]);
        header.extend(DONT_FRAGMENT.to_be_bytes());
        header.extend([self.ttl.get(), self.protocol]);
        let mut addresses = Vec::from(self.source.octets());
        addresses.extend(self.destination.octets());
        let sum = checksum(header.iter().chain(&addresses));
        out.extend(header);
        out.extend(sum.to_be_bytes());
        out.extend(addresses);
    }
}

/// One's complement of the one's complement sum of 16-bit words (RFC 1071).
#[must_use]
pub fn checksum<'a>(bytes: impl Iterator<Item = &'a u8>) -> u16 {
    let mut sum: u32 = 0;
    for (index, &byte) in bytes.enumerate() {
        let shift = if index % 2 == 0 { 8 } else { 0 };
        sum += u32::from(byte) << shift;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    // The fold above leaves 16 bits.
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Ipv4Packet;
    use crate::wire::WireError;

    /// The example of RFC 1071's many explanations: 192.168.0.1 to 192.168.0.199, checksum 0xb861.
    const EXAMPLE: [u8; 20] = [
        0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00,
        0x01, 0xc0, 0xa8, 0x00, 0xc7,
    ];

    #[test]
    fn the_fields_of_a_header_are_read() {
        let packet = Ipv4Packet::new_checked(&EXAMPLE).unwrap();
        assert_eq!((packet.header_len(), packet.total_len()), (20, 0x73));
        assert_eq!((packet.ttl(), packet.protocol()), (64, 17));
        assert_eq!(packet.source().to_string(), "192.168.0.1");
        assert_eq!(packet.destination().to_string(), "192.168.0.199");
        assert!(packet.is_unfragmentable() && !packet.is_fragment() && packet.has_valid_checksum());
    }

    #[test]
    fn a_flipped_bit_spoils_the_checksum() {
        for bit in 8..160 {
            let mut bytes = EXAMPLE;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !Ipv4Packet::new_checked(&bytes)
                    .unwrap()
                    .has_valid_checksum(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn first_middle_and_last_fragments_are_fragments() {
        for (bits, fragment) in [
            (0x2000_u16, true),
            (0x2010, true),
            (0x0010, true),
            (0x4000, false),
            (0, false),
        ] {
            let mut bytes = EXAMPLE;
            bytes[6..8].copy_from_slice(&bits.to_be_bytes());
            assert_eq!(
                Ipv4Packet::new_checked(&bytes).unwrap().is_fragment(),
                fragment,
                "{bits:#x}"
            );
        }
    }

    #[test]
    fn options_are_there_only_when_the_bytes_hold_them() {
        let mut bytes = [EXAMPLE.as_slice(), &[1, 1, 1, 0, 9]].concat();
        bytes[0] = 0x46;
        let packet = Ipv4Packet::new_checked(&bytes).unwrap();
        assert_eq!(
            (packet.options(), packet.payload()),
            (Some(&[1, 1, 1, 0][..]), Some(&[9][..]))
        );
        for ihl in [0x44, 0x47] {
            bytes[0] = ihl;
            let packet = Ipv4Packet::new_checked(&bytes).unwrap();
            assert_eq!((packet.options(), packet.payload()), (None, None));
            assert!(!packet.has_valid_checksum());
        }
    }

    #[test]
    fn other_versions_and_short_headers_are_refused() {
        assert_eq!(
            Ipv4Packet::new_checked(&EXAMPLE[..19]).unwrap_err(),
            WireError::Truncated {
                header: "IPv4",
                needed: 20,
                got: 19
            }
        );
        let mut bytes = EXAMPLE;
        bytes[0] = 0x65;
        assert_eq!(
            Ipv4Packet::new_checked(&bytes).unwrap_err(),
            WireError::Version {
                header: "IPv4",
                version: 6
            }
        );
    }
}
