//! A frame as the kernel hands it over.

use crate::ethernet::{self, EthernetFrame};
use crate::ipv4::{Ipv4Packet, TCP, UDP};
use crate::ipv6::{self, Ipv6Packet};
use crate::tcp::{self, TcpHeader};
use crate::udp;

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

/// Length of the longest frame that goes over the wire for an inner frame: its own, or that of a full segment, which
/// has the headers of the whole. A super-frame whose headers are not those of TCP or UDP is judged as a whole.
#[must_use]
pub fn wire_len(inner: &[u8], gso_size: u16) -> usize {
    if gso_size == 0 {
        return inner.len();
    }
    match headers_len(inner) {
        Some(headers) => inner.len().min(headers + usize::from(gso_size)),
        None => inner.len(),
    }
}

/// Bytes up to the payload of TCP or UDP, with options but without extension headers.
fn headers_len(inner: &[u8]) -> Option<usize> {
    let frame = EthernetFrame::new_checked(inner).ok()?;
    let (network_len, protocol, payload) = match frame.ethertype() {
        ethernet::IPV4 => {
            let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
            (packet.header_len(), packet.protocol(), packet.payload()?)
        }
        ethernet::IPV6 => {
            let packet = Ipv6Packet::new_checked(frame.payload()).ok()?;
            (ipv6::HEADER_LEN, packet.next_header(), packet.payload())
        }
        _ => return None,
    };
    let transport_len = match protocol {
        TCP => TcpHeader::new_checked(payload)
            .ok()?
            .header_len()
            .max(tcp::HEADER_LEN),
        UDP => udp::HEADER_LEN,
        _ => return None,
    };
    Some(ethernet::HEADER_LEN + network_len + transport_len)
}

#[cfg(test)]
mod tests {
    use super::wire_len;

    fn super_frame(ethertype: u16, network: &[u8], data_offset: u8) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        frame.extend(ethertype.to_be_bytes());
        frame.extend(network);
        let mut tcp = [0; 20];
        tcp[12] = data_offset << 4;
        frame.extend(tcp);
        frame.resize(9000, 0);
        frame
    }

    #[test]
    fn a_super_frame_is_as_long_as_a_full_segment() {
        let mut ipv4 = [0; 24];
        ipv4[0] = 0x45;
        ipv4[9] = 6;
        let plain = super_frame(0x0800, &ipv4[..20], 8);
        ipv4[0] = 0x46;
        let options = super_frame(0x0800, &ipv4, 5);
        let mut ipv6 = [0; 40];
        ipv6[0] = 0x60;
        ipv6[6] = 17;
        let udp = super_frame(0x86dd, &ipv6, 0);
        let arp = super_frame(0x0806, &[], 0);
        let cases = [
            (&plain, 0, 9000),
            (&plain, 1448, 14 + 20 + 32 + 1448),
            (&plain, 9000, 9000),
            (&options, 1448, 14 + 24 + 20 + 1448),
            (&udp, 1400, 14 + 40 + 8 + 1400),
            (&arp, 1400, 9000),
        ];
        for (frame, gso_size, expected) in cases {
            assert_eq!(wire_len(frame, gso_size), expected);
        }
    }
}
