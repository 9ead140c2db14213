//! What all views of bytes from outside have in common.

use thiserror::Error;

/// Why bytes are not the header that a view is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// The bytes end before the fixed part of the header does.
    #[error("{header} header needs {needed} bytes, {got} are there")]
    Truncated {
        /// The header's protocol.
        header: &'static str,
        /// Bytes of the fixed part.
        needed: usize,
        /// Bytes that are there.
        got: usize,
    },
    /// The version field has another protocol's value.
    #[error("{header} header has version {version}")]
    Version {
        /// The header's protocol.
        header: &'static str,
        /// What the version field says.
        version: u8,
    },
}

/// Splits the fixed part of a header from what follows.
pub(crate) fn split<'a, const N: usize>(
    header: &'static str,
    bytes: &'a [u8],
) -> Result<(&'a [u8; N], &'a [u8]), WireError> {
    let truncated = WireError::Truncated {
        header,
        needed: N,
        got: bytes.len(),
    };
    bytes.split_first_chunk().ok_or(truncated)
}

/// The `N` octets at `OFFSET` of a header of `LEN`. An offset beyond the header does not compile.
pub(crate) fn octets<const OFFSET: usize, const N: usize, const LEN: usize>(
    header: &[u8; LEN],
) -> [u8; N] {
    const { assert!(OFFSET + N <= LEN, "the field lies in the header") };
    let mut field = [0; N];
    for (octet, &byte) in field.iter_mut().zip(header.iter().skip(OFFSET)) {
        *octet = byte;
    }
    field
}

/// The big-endian number at `OFFSET`.
pub(crate) fn be16<const OFFSET: usize, const LEN: usize>(header: &[u8; LEN]) -> u16 {
    u16::from_be_bytes(octets::<OFFSET, 2, LEN>(header))
}
