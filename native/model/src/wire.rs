//! Big-endian loads from bytes that came from outside.

/// The `u16` at `offset`, or nothing when the bytes end before.
pub(crate) fn be16(bytes: &[u8], offset: usize) -> Option<u16> {
    load(bytes, offset).map(u16::from_be_bytes)
}

/// The `u32` at `offset`, or nothing when the bytes end before.
pub(crate) fn be32(bytes: &[u8], offset: usize) -> Option<u32> {
    load(bytes, offset).map(u32::from_be_bytes)
}

fn load<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}
