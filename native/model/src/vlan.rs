//! 802.1Q tag: what stands between the addresses and the ethertype of a tagged frame (IEEE 802.1Q section 9.6).

use crate::drop_reason::DropReason;
use crate::ethernet::{self, EthernetFrame, EthernetRepr};
use crate::number::VlanId;
use crate::wire::{WireError, be16, split};

/// Bytes that a tag adds to a frame.
pub const TAG_LEN: usize = 4;

mod field {
    pub const CONTROL: usize = 0;
    pub const ETHERTYPE: usize = 2;
}

/// View of a tag: the bytes after ethertype 0x8100.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'a> {
    header: &'a [u8; TAG_LEN],
    payload: &'a [u8],
}

impl<'a> Tag<'a> {
    /// # Errors
    ///
    /// `Truncated` below 4 bytes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, payload) = split("802.1Q", bytes)?;
        Ok(Self { header, payload })
    }

    /// The VLAN identifier as it is on the wire: 12 bits, 0 in a priority tag, 4095 reserved.
    #[must_use]
    pub fn vid(&self) -> u16 {
        self.control() & 0x0fff
    }

    /// The priority code point: 3 bits.
    #[must_use]
    pub const fn priority(&self) -> u8 {
        self.header[field::CONTROL] >> 5
    }

    /// Whether the frame may be dropped first.
    #[must_use]
    pub fn is_drop_eligible(&self) -> bool {
        self.control() & 0x1000 != 0
    }

    /// The ethertype that the tag displaced.
    #[must_use]
    pub fn ethertype(&self) -> u16 {
        be16::<{ field::ETHERTYPE }, TAG_LEN>(self.header)
    }

    /// What follows the ethertype.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    fn control(&self) -> u16 {
        be16::<{ field::CONTROL }, TAG_LEN>(self.header)
    }
}

/// A frame from an access port, without the tag that names its binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untagged {
    /// The VLAN that the tag named; untagged also for a priority tag.
    pub vlan: VlanId,
    /// The frame without that tag. A second tag is still in it.
    pub inner: Vec<u8>,
}

/// Takes the tag off a frame that comes in on an access port.
///
/// # Errors
///
/// `Truncated`, `UnsupportedTag` for an 802.1ad tag, `UnboundVlan` for VLAN 4095, which no binding can have.
pub fn untag(frame: &[u8]) -> Result<Untagged, DropReason> {
    let ethernet = EthernetFrame::new_checked(frame).map_err(|_| DropReason::Truncated)?;
    match ethernet.ethertype() {
        ethernet::SERVICE_TAG => Err(DropReason::UnsupportedTag),
        ethernet::TAG => {
            let tag = Tag::new_checked(ethernet.payload()).map_err(|_| DropReason::Truncated)?;
            let vlan = VlanId::new(tag.vid()).map_err(|_| DropReason::UnboundVlan)?;
            let header = EthernetRepr {
                ethertype: tag.ethertype(),
                ..EthernetRepr::parse(&ethernet)
            };
            Ok(Untagged {
                vlan,
                inner: joined(header, &[], tag.payload()),
            })
        }
        _ => Ok(Untagged {
            vlan: VlanId::UNTAGGED,
            inner: frame.to_vec(),
        }),
    }
}

/// The frame as it leaves a binding: with a tag of priority 0, or as it is for VLAN 0.
#[must_use]
pub fn tagged(inner: &EthernetFrame<'_>, vlan: VlanId) -> Vec<u8> {
    let header = EthernetRepr::parse(inner);
    if !vlan.is_tagged() {
        return joined(header, &[], inner.payload());
    }
    let [vid_high, vid_low] = vlan.get().to_be_bytes();
    let [type_high, type_low] = header.ethertype.to_be_bytes();
    let outer = EthernetRepr {
        ethertype: ethernet::TAG,
        ..header
    };
    joined(
        outer,
        &[vid_high, vid_low, type_high, type_low],
        inner.payload(),
    )
}

fn joined(header: EthernetRepr, tag: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(ethernet::HEADER_LEN + tag.len() + payload.len());
    header.emit(&mut frame);
    frame.extend(tag);
    frame.extend(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::{Tag, tagged, untag};
    use crate::drop_reason::DropReason;
    use crate::ethernet::EthernetFrame;
    use crate::number::VlanId;

    fn frame(after_macs: &[u8]) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        frame.extend(after_macs);
        frame
    }

    #[test]
    fn the_fields_of_a_tag_are_read() {
        let tag = Tag::new_checked(&[0xb1, 0x23, 0x08, 0x06, 9]).unwrap();
        assert_eq!(
            (tag.priority(), tag.is_drop_eligible(), tag.vid()),
            (5, true, 0x123)
        );
        assert_eq!((tag.ethertype(), tag.payload()), (0x0806, &[9][..]));
    }

    #[test]
    fn the_outer_tag_is_taken_off_and_names_the_vlan() {
        let cases: [(&[u8], u16, &[u8]); 5] = [
            (&[0x08, 0x06, 7], 0, &[0x08, 0x06, 7]),
            (
                &[0x81, 0x00, 0x00, 0x64, 0x08, 0x06, 7],
                100,
                &[0x08, 0x06, 7],
            ),
            (
                &[0x81, 0x00, 0xe0, 0x00, 0x08, 0x06, 7],
                0,
                &[0x08, 0x06, 7],
            ),
            (
                &[0x81, 0x00, 0x00, 0x64, 0x81, 0x00, 0x00, 0xc8, 8, 6],
                100,
                &[0x81, 0x00, 0x00, 0xc8, 8, 6],
            ),
            (&[0x81, 0x00, 0x0f, 0xfe, 0x88, 0xa8], 4094, &[0x88, 0xa8]),
        ];
        for (wire, vlan, inner) in cases {
            let untagged = untag(&frame(wire)).unwrap();
            assert_eq!((untagged.vlan.get(), untagged.inner), (vlan, frame(inner)));
        }
    }

    #[test]
    fn frames_that_name_no_vlan_are_refused() {
        let cases: [(&[u8], DropReason); 5] = [
            (&[], DropReason::Truncated),
            (&[0x08], DropReason::Truncated),
            (&[0x81, 0x00, 0x00, 0x64, 0x08], DropReason::Truncated),
            (&[0x88, 0xa8], DropReason::UnsupportedTag),
            (
                &[0x81, 0x00, 0x0f, 0xff, 0x08, 0x00],
                DropReason::UnboundVlan,
            ),
        ];
        for (wire, reason) in cases {
            assert_eq!(untag(&frame(wire)), Err(reason));
        }
    }

    #[test]
    fn a_tag_is_pushed_for_every_vlan_but_zero() {
        let inner = frame(&[0x08, 0x06, 7]);
        let view = EthernetFrame::new_checked(&inner).unwrap();
        assert_eq!(tagged(&view, VlanId::UNTAGGED), inner);
        assert_eq!(
            tagged(&view, VlanId::new(0x123).unwrap()),
            frame(&[0x81, 0x00, 0x01, 0x23, 0x08, 0x06, 7])
        );
    }
}
