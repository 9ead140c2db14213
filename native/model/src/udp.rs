//! UDP header (RFC 768).

use crate::wire::{WireError, be16, split};

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;

/// Where VXLAN is listened for (RFC 7348 section 5).
pub const VXLAN_PORT: u16 = 4789;

mod field {
    pub const SOURCE: usize = 0;
    pub const DESTINATION: usize = 2;
    pub const LENGTH: usize = 4;
    pub const CHECKSUM: usize = 6;
}

/// View of a UDP datagram. The length that the header states is the caller's to judge.
#[derive(Clone, Copy, Debug)]
pub struct UdpDatagram<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> UdpDatagram<'a> {
    /// # Errors
    ///
    /// `Truncated` below 8 bytes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, payload) = split("UDP", bytes)?;
        Ok(Self { header, payload })
    }

    /// The port it is from.
    #[must_use]
    pub fn source_port(&self) -> u16 {
        be16::<{ field::SOURCE }, HEADER_LEN>(self.header)
    }

    /// The port it goes to.
    #[must_use]
    pub fn destination_port(&self) -> u16 {
        be16::<{ field::DESTINATION }, HEADER_LEN>(self.header)
    }

    /// Bytes of header and payload, as the header states them.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(be16::<{ field::LENGTH }, HEADER_LEN>(self.header))
    }

    /// Whether the header states a length without a payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() <= HEADER_LEN
    }

    /// The checksum; 0 means that the sender computed none.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        be16::<{ field::CHECKSUM }, HEADER_LEN>(self.header)
    }

    /// What follows the header, up to the end of the bytes.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Values of the header that a tunnel packet has: no checksum, which RFC 7348 section 5 asks for over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpRepr {
    /// The port it is from.
    pub source_port: u16,
    /// The port it goes to.
    pub destination_port: u16,
    /// Bytes of the payload; with the header at most 65535.
    pub payload_len: u16,
}

impl UdpRepr {
    /// The values, when the datagram has no checksum and ends where the bytes do.
    #[must_use]
    pub fn parse(datagram: &UdpDatagram<'_>) -> Option<Self> {
        if datagram.checksum() != 0 || datagram.len() != HEADER_LEN + datagram.payload().len() {
            return None;
        }
        Some(Self {
            source_port: datagram.source_port(),
            destination_port: datagram.destination_port(),
            payload_len: u16::try_from(datagram.payload().len()).ok()?,
        })
    }

    /// Appends the header. A length beyond 65535 is written as 65535.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.source_port.to_be_bytes());
        out.extend(self.destination_port.to_be_bytes());
        out.extend(self.payload_len.saturating_add(8).to_be_bytes());
        out.extend([0, 0]);
    }
}
