//! TCP header (RFC 9293 section 3.1), as far as segments are measured by it.

use crate::wire::{WireError, be16, split};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

mod field {
    pub const DATA_OFFSET: usize = 12;
}

/// View of a TCP header.
#[derive(Clone, Copy, Debug)]
pub struct TcpHeader<'a> {
    header: &'a [u8; HEADER_LEN],
}

impl<'a> TcpHeader<'a> {
    /// # Errors
    ///
    /// `Truncated` below 20 bytes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, _) = split("TCP", bytes)?;
        Ok(Self { header })
    }

    /// Bytes of the header with its options, as the data offset states them: 0 to 60, valid from 20 on.
    #[must_use]
    pub fn header_len(&self) -> usize {
        usize::from(self.header[field::DATA_OFFSET] >> 4) * 4
    }

    /// The flags with the reserved bits before them: FIN is bit 0.
    #[must_use]
    pub fn flags(&self) -> u16 {
        be16::<{ field::DATA_OFFSET }, HEADER_LEN>(self.header) & 0x0fff
    }
}
