//! The outer header of a tunnel packet: Ethernet, IPv4, UDP and VXLAN (RFC 7348 section 5, figure 1).

use std::net::{IpAddr, Ipv4Addr};

use crate::ethernet::{self, EthernetRepr};
use crate::flow_hash;
use crate::ipv4::{self, Ipv4Repr};
use crate::mac::Mac;
use crate::number::{PortId, Ttl, Vni};
use crate::tables::Tables;
use crate::udp::{self, UdpRepr};
use crate::vxlan::{self, VxlanRepr};

/// Bytes of the outer header.
pub const HEADER_LEN: usize =
    ethernet::HEADER_LEN + ipv4::HEADER_LEN + udp::HEADER_LEN + vxlan::HEADER_LEN;

/// What of the outer header differs between tunnels and logical switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OuterHeader {
    /// MAC of the underlay device.
    pub source_mac: Mac,
    /// MAC of the next hop.
    pub destination_mac: Mac,
    /// Our tunnel address.
    pub local: Ipv4Addr,
    /// The peer's tunnel address.
    pub remote: Ipv4Addr,
    /// The logical switch on the wire.
    pub vni: Vni,
}

impl OuterHeader {
    /// The tunnel packet around an inner frame, or nothing when it would exceed 65535 bytes.
    #[must_use]
    pub fn encapsulate(&self, inner: &[u8]) -> Option<Vec<u8>> {
        let udp_payload_len = u16::try_from(vxlan::HEADER_LEN + inner.len()).ok()?;
        let ip_payload_len = u16::try_from(udp::HEADER_LEN)
            .ok()?
            .checked_add(udp_payload_len)?;
        u16::try_from(ipv4::HEADER_LEN)
            .ok()?
            .checked_add(ip_payload_len)?;
        let mut packet = Vec::with_capacity(HEADER_LEN + inner.len());
        let ethernet = EthernetRepr {
            destination: self.destination_mac,
            source: self.source_mac,
            ethertype: ethernet::IPV4,
        };
        let ipv4 = Ipv4Repr {
            source: self.local,
            destination: self.remote,
            protocol: ipv4::UDP,
            ttl: Ttl::TUNNEL,
            payload_len: ip_payload_len,
        };
        let udp = UdpRepr {
            source_port: flow_hash::source_port(inner),
            destination_port: udp::VXLAN_PORT,
            payload_len: udp_payload_len,
        };
        ethernet.emit(&mut packet);
        ipv4.emit(&mut packet);
        udp.emit(&mut packet);
        VxlanRepr { vni: self.vni }.emit(&mut packet);
        packet.extend(inner);
        Some(packet)
    }
}

/// The tunnel packet around an inner frame and the device that it leaves by, where the next hop of the tunnel is
/// resolved and the packet does not exceed 65535 bytes.
#[must_use]
pub fn tunnel_packet(
    tables: &Tables,
    remote: IpAddr,
    vni: Vni,
    inner: &[u8],
) -> Option<(PortId, Vec<u8>)> {
    let tunnel = tables.tunnels.get(&remote)?;
    let next_hop = tunnel.next_hop?;
    let (IpAddr::V4(local), IpAddr::V4(remote)) = (tunnel.local, remote) else {
        return None;
    };
    let header = OuterHeader {
        source_mac: next_hop.source_mac,
        destination_mac: next_hop.destination_mac,
        local,
        remote,
        vni,
    };
    Some((next_hop.port, header.encapsulate(inner)?))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{HEADER_LEN, OuterHeader};
    use crate::mac::Mac;
    use crate::number::Vni;

    fn header() -> OuterHeader {
        OuterHeader {
            source_mac: Mac::new([2, 0, 0, 0, 0, 0xa]),
            destination_mac: Mac::new([2, 0, 0, 0, 0, 0xb]),
            local: Ipv4Addr::new(192, 168, 0, 1),
            remote: Ipv4Addr::new(192, 168, 0, 199),
            vni: Vni::new(0x0001_0203).unwrap(),
        }
    }

    #[test]
    fn the_outer_header_is_fifty_bytes_of_known_values() {
        let inner = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x06];
        let packet = header().encapsulate(&inner).unwrap();
        assert_eq!(packet.len(), HEADER_LEN + 14);
        assert_eq!(
            packet[..14],
            [2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa, 0x08, 0x00]
        );
        assert_eq!(packet[14..24], [0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17]);
        assert_eq!(packet[26..34], [192, 168, 0, 1, 192, 168, 0, 199]);
        // The example header of 0x73 bytes has checksum 0xb861; this one is 0x41 shorter.
        assert_eq!(packet[24..26], [0xb8, 0xa2]);
        assert_eq!(packet[36..42], [0x12, 0xb5, 0, 30, 0, 0]);
        assert!(
            packet[34] >= 0xc0,
            "the source port is in the dynamic range"
        );
        assert_eq!(packet[42..50], [8, 0, 0, 0, 1, 2, 3, 0]);
        assert_eq!(packet[50..], inner);
    }

    #[test]
    fn a_frame_that_fits_no_ip_packet_is_refused() {
        assert!(header().encapsulate(&vec![0; 65535 - 36]).is_some());
        assert!(header().encapsulate(&vec![0; 65535 - 35]).is_none());
    }
}
