//! The parsers of the model on bytes of any kind: none panics, and what a view can say again it says as it read it.

use model::{
    Frame,
    ethernet::{EthernetFrame, EthernetRepr},
    flow_hash::source_port,
    ipv4::{Ipv4Packet, Ipv4Repr},
    ipv6::Ipv6Packet,
    tcp::TcpHeader,
    udp::{UdpDatagram, UdpRepr},
    vlan::{self, Tag},
    vxlan::{VxlanPacket, VxlanRepr},
};

pub fn run(bytes: &[u8]) {
    if let Ok(frame) = EthernetFrame::new_checked(bytes) {
        let mut again = Vec::new();
        EthernetRepr::parse(&frame).emit(&mut again);
        again.extend(frame.payload());
        assert_eq!(again, bytes);
        let same = vlan::tagged(&frame, model::VlanId::UNTAGGED);
        assert_eq!(same, bytes);
        let tagged = vlan::tagged(&frame, model::VlanId::new(7).unwrap());
        let untagged = vlan::untag(&tagged).expect("the tag is whole");
        assert_eq!((untagged.vlan.get(), untagged.inner), (7, bytes.to_vec()));
        let measure = Frame::from(bytes).measure();
        assert_eq!((measure.packets, measure.bytes), (1, bytes.len()));
        assert!(source_port(bytes) >= 49152);
    }
    if let Ok(untagged) = vlan::untag(bytes) {
        assert!(untagged.inner.len() <= bytes.len());
    }
    if let Ok(tag) = Tag::new_checked(bytes) {
        assert!(tag.vid() < 4096 && tag.priority() < 8);
    }
    read_ipv4(bytes);
    if let Ok(packet) = Ipv6Packet::new_checked(bytes) {
        assert_eq!(packet.payload().len() + 40, bytes.len());
    }
    if let Ok(header) = TcpHeader::new_checked(bytes) {
        assert!(header.header_len() <= 60 && header.flags() < 4096);
    }
    if let Ok(datagram) = UdpDatagram::new_checked(bytes) {
        assert!(datagram.payload().len() <= bytes.len());
        if let Some(repr) = UdpRepr::parse(&datagram) {
            let mut again = Vec::new();
            repr.emit(&mut again);
            assert_eq!(again[..6], bytes[..6]);
        }
    }
    if let Ok(packet) = VxlanPacket::new_checked(bytes)
        && let Some(repr) = VxlanRepr::parse(&packet)
    {
        let mut again = Vec::new();
        repr.emit(&mut again);
        let again = VxlanPacket::new_checked(&again).expect("the header is whole");
        assert_eq!(again.vni(), packet.vni());
    }
}

fn read_ipv4(bytes: &[u8]) {
    let Ok(packet) = Ipv4Packet::new_checked(bytes) else {
        return;
    };
    if let Some(payload) = packet.payload() {
        assert!(payload.len() + packet.header_len() <= bytes.len());
    }
    assert!(packet.options().is_none_or(|options| options.len() <= 40));
    if let Some(repr) = Ipv4Repr::parse(&packet) {
        let mut again = Vec::new();
        repr.emit(&mut again);
        let again = Ipv4Packet::new_checked(&again).expect("the header is whole");
        assert!(again.has_valid_checksum());
        assert_eq!(
            (again.source(), again.destination(), again.protocol()),
            (packet.source(), packet.destination(), packet.protocol())
        );
    }
}
