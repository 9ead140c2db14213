//! Views of any bytes, and headers that are written and read again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::Ipv4Addr;

use model::ethernet::{EthernetFrame, EthernetRepr};
use model::flow_hash::{SOURCE_PORT_FIRST, source_port};
use model::ipv4::{Ipv4Packet, Ipv4Repr};
use model::ipv6::Ipv6Packet;
use model::outer::OuterHeader;
use model::tcp::TcpHeader;
use model::udp::{UdpDatagram, UdpRepr};
use model::vlan::{Tag, tagged, untag};
use model::vxlan::{VxlanPacket, VxlanRepr};
use model::{Mac, Ttl, VlanId, Vni};
use proptest::collection::vec;
use proptest::prelude::*;

fn macs() -> impl Strategy<Value = Mac> {
    any::<[u8; 6]>().prop_map(Mac::new)
}

fn vnis() -> impl Strategy<Value = Vni> {
    (0..1_u32 << 24).prop_map(|vni| Vni::new(vni).unwrap())
}

fn addresses() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from)
}

proptest! {
    #[test]
    fn any_bytes_can_be_looked_at(bytes in vec(any::<u8>(), 0..128)) {
        if let Ok(frame) = EthernetFrame::new_checked(&bytes) {
            let _ = (EthernetRepr::parse(&frame), frame.is_tagged(), frame.payload());
        }
        if let Ok(tag) = Tag::new_checked(&bytes) {
            let _ = (tag.vid(), tag.priority(), tag.is_drop_eligible(), tag.ethertype(), tag.payload());
        }
        if let Ok(packet) = Ipv4Packet::new_checked(&bytes) {
            let _ = (packet.options(), packet.payload(), packet.has_valid_checksum(), Ipv4Repr::parse(&packet));
        }
        if let Ok(packet) = Ipv6Packet::new_checked(&bytes) {
            let _ = (packet.source(), packet.destination(), packet.next_header(), packet.payload());
        }
        if let Ok(datagram) = UdpDatagram::new_checked(&bytes) {
            let _ = (UdpRepr::parse(&datagram), datagram.is_empty());
        }
        if let Ok(packet) = VxlanPacket::new_checked(&bytes) {
            let _ = (VxlanRepr::parse(&packet), packet.inner());
        }
        let _ = TcpHeader::new_checked(&bytes).map(|header| header.header_len());
        let _ = untag(&bytes);
    }

    #[test]
    fn any_bytes_have_a_source_port_of_the_dynamic_range(bytes in vec(any::<u8>(), 0..128)) {
        prop_assert!(source_port(&bytes) >= SOURCE_PORT_FIRST);
    }

    #[test]
    fn ip_bytes_have_a_source_port_too(
        version in prop_oneof![Just([0x08, 0x00]), Just([0x86, 0xdd])],
        rest in vec(any::<u8>(), 0..80),
    ) {
        let bytes = [&[2; 12], version.as_slice(), &rest].concat();
        prop_assert!(source_port(&bytes) >= SOURCE_PORT_FIRST);
    }

    #[test]
    fn an_ethernet_header_is_read_as_it_was_written(
        destination in macs(), source in macs(), ethertype: u16, payload in vec(any::<u8>(), 0..32),
    ) {
        let repr = EthernetRepr { destination, source, ethertype };
        let mut bytes = Vec::new();
        repr.emit(&mut bytes);
        bytes.extend(&payload);
        let frame = EthernetFrame::new_checked(&bytes).unwrap();
        prop_assert_eq!(EthernetRepr::parse(&frame), repr);
        prop_assert_eq!(frame.payload(), payload);
    }

    #[test]
    fn a_pushed_tag_is_popped_again(
        destination in macs(), source in macs(), ethertype: u16, vlan in 1..4095_u16,
        payload in vec(any::<u8>(), 0..32),
    ) {
        let mut bytes = Vec::new();
        EthernetRepr { destination, source, ethertype }.emit(&mut bytes);
        bytes.extend(payload);
        let vlan = VlanId::new(vlan).unwrap();
        let untagged = untag(&tagged(&EthernetFrame::new_checked(&bytes).unwrap(), vlan)).unwrap();
        prop_assert_eq!((untagged.vlan, untagged.inner), (vlan, bytes));
    }

    #[test]
    fn an_ipv4_header_is_read_as_it_was_written(
        source in addresses(), destination in addresses(), protocol: u8, ttl in 1..=u8::MAX,
        payload in vec(any::<u8>(), 0..32),
    ) {
        let payload_len = u16::try_from(payload.len()).unwrap();
        let repr = Ipv4Repr { source, destination, protocol, ttl: Ttl::new(ttl).unwrap(), payload_len };
        let mut bytes = Vec::new();
        repr.emit(&mut bytes);
        bytes.extend(payload);
        let packet = Ipv4Packet::new_checked(&bytes).unwrap();
        prop_assert!(packet.has_valid_checksum());
        prop_assert_eq!(Ipv4Repr::parse(&packet), Some(repr));
    }

    #[test]
    fn a_udp_header_is_read_as_it_was_written(source_port: u16, destination_port: u16, payload in vec(any::<u8>(), 0..32)) {
        let payload_len = u16::try_from(payload.len()).unwrap();
        let repr = UdpRepr { source_port, destination_port, payload_len };
        let mut bytes = Vec::new();
        repr.emit(&mut bytes);
        bytes.extend(payload);
        prop_assert_eq!(UdpRepr::parse(&UdpDatagram::new_checked(&bytes).unwrap()), Some(repr));
    }

    #[test]
    fn a_vxlan_header_is_read_as_it_was_written(vni in vnis()) {
        let mut bytes = Vec::new();
        VxlanRepr { vni }.emit(&mut bytes);
        prop_assert_eq!(VxlanRepr::parse(&VxlanPacket::new_checked(&bytes).unwrap()), Some(VxlanRepr { vni }));
    }

    #[test]
    fn a_tunnel_packet_is_read_as_it_was_written(
        source_mac in macs(), destination_mac in macs(), local in addresses(), remote in addresses(), vni in vnis(),
        inner in vec(any::<u8>(), 14..200),
    ) {
        let header = OuterHeader { source_mac, destination_mac, local, remote, vni };
        let bytes = header.encapsulate(&inner).unwrap();
        let frame = EthernetFrame::new_checked(&bytes).unwrap();
        let ipv4 = Ipv4Packet::new_checked(frame.payload()).unwrap();
        let udp = UdpDatagram::new_checked(ipv4.payload().unwrap()).unwrap();
        let vxlan = VxlanPacket::new_checked(udp.payload()).unwrap();
        prop_assert_eq!((frame.source(), frame.destination()), (source_mac, destination_mac));
        let ipv4_repr = Ipv4Repr::parse(&ipv4).unwrap();
        prop_assert_eq!((ipv4_repr.source, ipv4_repr.destination), (local, remote));
        prop_assert_eq!(UdpRepr::parse(&udp).unwrap().source_port, source_port(&inner));
        prop_assert_eq!((vxlan.vni(), vxlan.inner()), (Some(vni), inner.as_slice()));
    }
}
