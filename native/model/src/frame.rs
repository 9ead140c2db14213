//! A frame as the kernel hands it over.

use crate::ethernet::{self, EthernetFrame};
use crate::ipv4::{Ipv4Packet, TCP, UDP};
use crate::ipv6::{self, Ipv6Packet};
use crate::tcp::TcpHeader;
use crate::udp;
use crate::vlan::Tag;

/// A frame from outside. A GSO super-frame is one TCP or UDP packet that a device or the kernel cuts into segments
/// later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// From the destination MAC to the end of the payload, without FCS, tags inline.
    pub bytes: &'a [u8],
    /// Payload bytes of each segment (`gso_size` of the kernel); 0 for a frame that is sent as it is.
    pub gso_size: u16,
}

impl<'a> From<&'a [u8]> for Frame<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self { bytes, gso_size: 0 }
    }
}

/// What a frame is on the wire, where a super-frame is its segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// How many frames.
    pub packets: usize,
    /// Bytes of all of them together.
    pub bytes: usize,
    /// Bytes of the longest.
    pub longest: usize,
}

impl Frame<'_> {
    /// The frame by itself, or its segments, each with the headers of the whole. A super-frame whose headers are
    /// not those of TCP or UDP counts as one frame.
    #[must_use]
    pub fn measure(&self) -> Measure {
        let length = self.bytes.len();
        let whole = Measure {
            packets: 1,
            bytes: length,
            longest: length,
        };
        let segment = usize::from(self.gso_size);
        let (Some(headers), 1..) = (headers_len(self.bytes), segment) else {
            return whole;
        };
        let payload = length.saturating_sub(headers);
        let packets = payload.div_ceil(segment).max(1);
        Measure {
            packets,
            bytes: length + (packets - 1) * headers,
            longest: length.min(headers + segment),
        }
    }
}

/// The tag of a binding, and one of the server's own.
const TAGS_MAX: usize = 2;

/// Bytes up to the payload of TCP or UDP, with two tags at the most and IPv4 options, but without extension headers.
fn headers_len(bytes: &[u8]) -> Option<usize> {
    let frame = EthernetFrame::new_checked(bytes).ok()?;
    let (mut ethertype, mut packet) = (frame.ethertype(), frame.payload());
    for _ in 0..TAGS_MAX {
        if matches!(ethertype, ethernet::TAG | ethernet::SERVICE_TAG) {
            let tag = Tag::new_checked(packet).ok()?;
            (ethertype, packet) = (tag.ethertype(), tag.payload());
        }
    }
    let link_len = bytes.len() - packet.len();
    let (network_len, protocol, payload) = match ethertype {
        ethernet::IPV4 => {
            let packet = Ipv4Packet::new_checked(packet).ok()?;
            (packet.header_len(), packet.protocol(), packet.payload()?)
        }
        ethernet::IPV6 => {
            let packet = Ipv6Packet::new_checked(packet).ok()?;
            (ipv6::HEADER_LEN, packet.next_header(), packet.payload())
        }
        _ => return None,
    };
    let transport_len = match protocol {
        TCP => TcpHeader::new_checked(payload).ok()?.header_len(),
        UDP => udp::HEADER_LEN,
        _ => return None,
    };
    Some(link_len + network_len + transport_len)
}

#[cfg(test)]
mod tests {
    use super::{Frame, Measure};

    fn super_frame(link: &[u8], network: &[u8], data_offset: u8) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        frame.extend(link);
        frame.extend(network);
        let mut tcp = [0; 20];
        tcp[12] = data_offset << 4;
        frame.extend(tcp);
        frame.resize(9000, 0);
        frame
    }

    #[test]
    fn a_super_frame_counts_as_its_segments() {
        let mut ipv4 = [0; 24];
        ipv4[0] = 0x45;
        ipv4[9] = 6;
        let plain = super_frame(&[0x08, 0x00], &ipv4[..20], 8);
        let tagged = super_frame(&[0x81, 0x00, 0, 7, 0x08, 0x00], &ipv4[..20], 8);
        let twice = super_frame(
            &[0x88, 0xa8, 0, 7, 0x81, 0x00, 0, 8, 0x08, 0x00],
            &ipv4[..20],
            8,
        );
        ipv4[0] = 0x46;
        let options = super_frame(&[0x08, 0x00], &ipv4, 5);
        let mut ipv6 = [0; 40];
        ipv6[0] = 0x60;
        ipv6[6] = 17;
        let udp = super_frame(&[0x86, 0xdd], &ipv6, 0);
        let arp = super_frame(&[0x08, 0x06], &[], 0);
        let cases = [
            (&plain, 0, 1, 9000, 9000),
            // 8934 bytes of payload behind 66 bytes of headers.
            (&plain, 1448, 7, 9000 + 6 * 66, 66 + 1448),
            (&plain, 4467, 2, 9000 + 66, 66 + 4467),
            (&plain, 9000, 1, 9000, 9000),
            (&tagged, 1448, 7, 9000 + 6 * 70, 70 + 1448),
            (&twice, 1448, 7, 9000 + 6 * 74, 74 + 1448),
            (&options, 1448, 7, 9000 + 6 * 58, 58 + 1448),
            (&udp, 1400, 7, 9000 + 6 * 62, 62 + 1400),
            (&arp, 1400, 1, 9000, 9000),
        ];
        for (bytes, gso_size, packets, total, longest) in cases {
            let expected = Measure {
                packets,
                bytes: total,
                longest,
            };
            assert_eq!(Frame { bytes, gso_size }.measure(), expected);
        }
    }
}
