//! The precomputed outer headers of a tunnel: Ethernet, IPv4, UDP, VXLAN (RFC 7348 section 5).

use std::net::Ipv4Addr;

/// Bytes of the outer headers over IPv4.
pub const OUTER_V4: usize = 50;
/// What an inner layer-3 packet loses of the underlay's MTU: inner Ethernet, outer IPv4, UDP and VXLAN headers.
pub const OVERHEAD_V4: u32 = 50;

const ETHERTYPE_IPV4: u16 = 0x0800;
const UDP: u8 = 17;
const TTL: u8 = 64;
const DONT_FRAGMENT: u16 = 0x4000;
const VXLAN_PORT: u16 = 4789;
const VNI_VALID: u8 = 0x08;

/// The headers with lengths, UDP source port and VNI left zero; the programs fill these in per frame. The IPv4
/// checksum is that of the header with length zero, so that adding the length to it is all that is left (RFC 1624).
#[must_use]
pub fn outer_v4(
    source_mac: [u8; 6],
    next_hop_mac: [u8; 6],
    local: Ipv4Addr,
    remote: Ipv4Addr,
) -> [u8; OUTER_V4] {
    let mut ip = [0; 20];
    ip[0] = 0x45;
    ip[6..8].copy_from_slice(&DONT_FRAGMENT.to_be_bytes());
    ip[8] = TTL;
    ip[9] = UDP;
    ip[12..16].copy_from_slice(&local.octets());
    ip[16..20].copy_from_slice(&remote.octets());
    let checksum = ipv4_checksum(&ip);
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());

    let mut header = [0; OUTER_V4];
    header[0..6].copy_from_slice(&next_hop_mac);
    header[6..12].copy_from_slice(&source_mac);
    header[12..14].copy_from_slice(&ETHERTYPE_IPV4.to_be_bytes());
    header[14..34].copy_from_slice(&ip);
    header[36..38].copy_from_slice(&VXLAN_PORT.to_be_bytes());
    header[42] = VNI_VALID;
    header
}

/// RFC 791 section 3.1, over a header without options whose checksum field is zero.
fn ipv4_checksum(header: &[u8; 20]) -> u16 {
    let mut sum: u32 = header
        .chunks_exact(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_valid_header_of_length_zero() {
        let header = outer_v4(
            [2, 0, 0, 0, 0, 1],
            [2, 0, 0, 0, 0, 2],
            Ipv4Addr::new(10, 0, 0, 1),
            Ipv4Addr::new(10, 0, 0, 2),
        );
        assert_eq!(
            header[..14],
            [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00]
        );
        assert_eq!(header[14..24], [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17]);
        assert_eq!(header[26..34], [10, 0, 0, 1, 10, 0, 0, 2]);
        assert_eq!(
            header[34..50],
            [0, 0, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]
        );
        let mut ip = [0; 20];
        ip.copy_from_slice(&header[14..34]);
        let carried = u16::from_be_bytes([ip[10], ip[11]]);
        ip[10..12].fill(0);
        assert_eq!(carried, ipv4_checksum(&ip));
    }
}
