//! VXLAN header (RFC 7348 section 5).

use crate::number::Vni;
use crate::wire::{WireError, octets, split};

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;

const VALID_VNI: u8 = 0x08;

mod field {
    pub const FLAGS: usize = 0;
    pub const VNI: usize = 4;
}

/// View of a VXLAN packet.
#[derive(Clone, Copy, Debug)]
pub struct VxlanPacket<'a> {
    header: &'a [u8; HEADER_LEN],
    inner: &'a [u8],
}

impl<'a> VxlanPacket<'a> {
    /// # Errors
    ///
    /// `Truncated` below 8 bytes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, inner) = split("VXLAN", bytes)?;
        Ok(Self { header, inner })
    }

    /// The VNI, if the I flag says that there is one. All other flags and the reserved octets are ignored, as the
    /// RFC demands of a receiver.
    #[must_use]
    pub fn vni(&self) -> Option<Vni> {
        if self.header[field::FLAGS] & VALID_VNI == 0 {
            return None;
        }
        let [high, middle, low] = octets::<{ field::VNI }, 3, HEADER_LEN>(self.header);
        Vni::new(u32::from_be_bytes([0, high, middle, low])).ok()
    }

    /// The frame in the packet.
    #[must_use]
    pub const fn inner(&self) -> &'a [u8] {
        self.inner
    }
}

/// Values of a VXLAN header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VxlanRepr {
    /// The logical switch on the wire.
    pub vni: Vni,
}

impl VxlanRepr {
    /// The values, if the packet has a VNI.
    #[must_use]
    pub fn parse(packet: &VxlanPacket<'_>) -> Option<Self> {
        packet.vni().map(|vni| Self { vni })
    }

    /// Appends the header: the I flag, the VNI, everything else zero.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let [_, high, middle, low] = self.vni.get().to_be_bytes();
        out.extend([VALID_VNI, 0, 0, 0, high, middle, low, 0]);
    }
}

#[cfg(test)]
mod tests {
    use super::VxlanPacket;

    #[test]
    fn only_the_i_flag_and_the_vni_are_looked_at() {
        let vni = |bytes: &[u8; 8]| {
            VxlanPacket::new_checked(bytes)
                .unwrap()
                .vni()
                .map(super::Vni::get)
        };
        assert_eq!(
            vni(&[0x08, 0, 0, 0, 0x01, 0x02, 0x03, 0]),
            Some(0x0001_0203)
        );
        assert_eq!(
            vni(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Some(0x00ff_ffff)
        );
        assert_eq!(vni(&[0xf7, 0, 0, 0, 0x01, 0x02, 0x03, 0]), None);
    }
}
