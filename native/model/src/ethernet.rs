//! Ethernet II header (IEEE 802.3 section 3.2).

use crate::mac::Mac;
use crate::vlan;
use crate::wire::{WireError, be16, octets, split};

/// Bytes of the header: two addresses and the ethertype.
pub const HEADER_LEN: usize = 14;

/// IPv4 (RFC 894).
pub const IPV4: u16 = 0x0800;
/// ARP (RFC 826).
pub const ARP: u16 = 0x0806;
/// IPv6 (RFC 2464).
pub const IPV6: u16 = 0x86dd;
/// 802.1Q customer tag.
pub const TAG: u16 = 0x8100;
/// 802.1ad service tag.
pub const SERVICE_TAG: u16 = 0x88a8;

mod field {
    pub const DESTINATION: usize = 0;
    pub const SOURCE: usize = 6;
    pub const ETHERTYPE: usize = 12;
}

/// View of an Ethernet frame.
#[derive(Clone, Copy, Debug)]
pub struct EthernetFrame<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> EthernetFrame<'a> {
    /// # Errors
    ///
    /// `Truncated` below 14 bytes. The minimum frame size of the wire is not asked for.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, payload) = split("Ethernet", bytes)?;
        Ok(Self { header, payload })
    }

    /// Where the frame goes.
    #[must_use]
    pub fn destination(&self) -> Mac {
        Mac::new(octets::<{ field::DESTINATION }, 6, HEADER_LEN>(self.header))
    }

    /// Where the frame is from.
    #[must_use]
    pub fn source(&self) -> Mac {
        Mac::new(octets::<{ field::SOURCE }, 6, HEADER_LEN>(self.header))
    }

    /// The type of the payload, or of the tag that stands before it.
    #[must_use]
    pub fn ethertype(&self) -> u16 {
        be16::<{ field::ETHERTYPE }, HEADER_LEN>(self.header)
    }

    /// Whether the ethertype is that of an 802.1Q or 802.1ad tag.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        matches!(self.ethertype(), TAG | SERVICE_TAG)
    }

    /// Whether the frame has a tag and ends before it does: the kernel takes no such frame.
    #[must_use]
    pub fn ends_within_tag(&self) -> bool {
        self.is_tagged() && self.payload.len() < vlan::TAG_LEN
    }

    /// What follows the ethertype.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Values of an Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EthernetRepr {
    /// Where the frame goes.
    pub destination: Mac,
    /// Where the frame is from.
    pub source: Mac,
    /// The type of the payload.
    pub ethertype: u16,
}

impl EthernetRepr {
    /// The values of a frame's header.
    #[must_use]
    pub fn parse(frame: &EthernetFrame<'_>) -> Self {
        Self {
            destination: frame.destination(),
            source: frame.source(),
            ethertype: frame.ethertype(),
        }
    }

    /// Appends the header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.destination.octets());
        out.extend(self.source.octets());
        out.extend(self.ethertype.to_be_bytes());
    }
}
