//! IPv6 fixed header (RFC 8200 section 3), as far as a flow is named by it.

use std::net::Ipv6Addr;

use crate::wire::{WireError, be16, octets, split};

/// Bytes of the fixed header.
pub const HEADER_LEN: usize = 40;

mod field {
    pub const VERSION: usize = 0;
    pub const PAYLOAD_LENGTH: usize = 4;
    pub const NEXT_HEADER: usize = 6;
    pub const HOP_LIMIT: usize = 7;
    pub const SOURCE: usize = 8;
    pub const DESTINATION: usize = 24;
}

/// View of an IPv6 packet.
#[derive(Clone, Copy, Debug)]
pub struct Ipv6Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    payload: &'a [u8],
}

impl<'a> Ipv6Packet<'a> {
    /// # Errors
    ///
    /// `Truncated` below 40 bytes, `Version` unless 6.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, payload) = split("IPv6", bytes)?;
        let version = header[field::VERSION] >> 4;
        if version != 6 {
            return Err(WireError::Version {
                header: "IPv6",
                version,
            });
        }
        Ok(Self { header, payload })
    }

    /// Bytes behind the fixed header, as it states them; 0 in a jumbogram (RFC 2675).
    #[must_use]
    pub fn payload_len(&self) -> usize {
        usize::from(be16::<{ field::PAYLOAD_LENGTH }, HEADER_LEN>(self.header))
    }

    /// What follows the fixed header: an extension header or the payload.
    #[must_use]
    pub const fn next_header(&self) -> u8 {
        self.header[field::NEXT_HEADER]
    }

    /// Hops that are left.
    #[must_use]
    pub const fn hop_limit(&self) -> u8 {
        self.header[field::HOP_LIMIT]
    }

    /// Where the packet is from.
    #[must_use]
    pub fn source(&self) -> Ipv6Addr {
        Ipv6Addr::from(octets::<{ field::SOURCE }, 16, HEADER_LEN>(self.header))
    }

    /// Where the packet goes.
    #[must_use]
    pub fn destination(&self) -> Ipv6Addr {
        Ipv6Addr::from(octets::<{ field::DESTINATION }, 16, HEADER_LEN>(
            self.header,
        ))
    }

    /// What follows the fixed header, up to the end of the bytes.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}
