//! The frame around a control packet in a tunnel: Ethernet, IPv4 and UDP (RFC 5881 sections 4 and 5, adapted to VXLAN as
//! Open vSwitch does: see RFC 8971 for the same idea with other addresses).

use std::net::Ipv4Addr;

use model::{
    Mac, Vni, WireError,
    ethernet::{self, EthernetFrame, EthernetRepr},
    ipv4::{self, Ipv4Packet, checksum},
    udp::{self, UdpDatagram, UdpRepr},
    vxlan::{self, VxlanRepr},
};

use crate::{
    config::{Config, Endpoint},
    packet::{ControlPacket, ControlRepr, PACKET_LEN},
    refusal::Refusal,
};

/// UDP port of control packets (RFC 5881 section 4).
pub const BFD_PORT: u16 = 3784;
/// Bytes of a frame with a control packet.
pub const FRAME_LEN: usize = ethernet::HEADER_LEN + ipv4::HEADER_LEN + udp::HEADER_LEN + PACKET_LEN;

/// Network control (RFC 4594 section 3.1), as Open vSwitch marks BFD.
const NETWORK_CONTROL: u8 = 0xc0;
/// Nobody between the ends has forwarded the packet (RFC 5881 section 5, RFC 5082).
const TTL: u8 = 255;

/// Why a frame does not carry a control packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A header is cut off, or is another protocol's.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Neither a tag nor another ethertype than IPv4's belongs here.
    #[error("ethertype {0:#06x} is not IPv4")]
    Ethertype(u16),
    /// The header's lengths do not fit the frame, or its checksum is wrong.
    #[error("the IPv4 header is malformed")]
    Ipv4,
    /// A fragment, or another protocol than UDP.
    #[error("the IPv4 packet is no whole UDP datagram")]
    Protocol,
    /// The packet came through a router.
    #[error("TTL {0} is not 255")]
    Ttl(u8),
    /// The length does not fit, or the checksum is wrong.
    #[error("the UDP header is malformed")]
    Udp,
    /// Not BFD.
    #[error("UDP port {0} is not 3784")]
    Port(u16),
}

/// Addresses of a frame with a control packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Inner source MAC.
    pub source_mac: Mac,
    /// Inner destination MAC.
    pub destination_mac: Mac,
    /// Inner source address.
    pub source_ip: Ipv4Addr,
    /// Inner destination address.
    pub destination_ip: Ipv4Addr,
    /// 49152 to 65535 in what we send, the same for all packets of a session (RFC 5881 section 4).
    pub source_port: u16,
}

impl Envelope {
    /// Checks a frame and takes it apart.
    ///
    /// # Errors
    /// The first rule that the frame or the packet breaks.
    pub fn open(frame: &[u8]) -> Result<(Self, ControlRepr), Refusal> {
        let (envelope, payload) = Self::headers(frame)?;
        let packet = ControlPacket::new_checked(payload)?;
        Ok((envelope, ControlRepr::parse(&packet)?))
    }

    /// Whether a session takes packets with these addresses.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self, vni: u32, config: &Config) -> Result<(), Refusal> {
        if config.check_tnl_key && vni != 0 {
            return Err(Refusal::Vni(vni));
        }
        if self.destination_mac != config.local.mac {
            return Err(Refusal::DestinationMac(self.destination_mac));
        }
        // The defaults of the schema do not fit each other: bfd_config_remote has 169.254.1.1 where the other end's
        // bfd_config_local has 169.254.1.0. So only an address that somebody configured is insisted upon, as Open
        // vSwitch does.
        let is_configured = config.local.ip != Endpoint::DEFAULT_LOCAL.ip;
        if is_configured && self.destination_ip != config.local.ip {
            return Err(Refusal::DestinationIp(self.destination_ip));
        }
        Ok(())
    }

    /// The frame with a packet.
    #[must_use]
    pub fn seal(&self, packet: &ControlRepr) -> Vec<u8> {
        let mut payload = Vec::with_capacity(PACKET_LEN);
        packet.emit(&mut payload);
        let mut frame = Vec::with_capacity(FRAME_LEN);
        EthernetRepr {
            destination: self.destination_mac,
            source: self.source_mac,
            ethertype: ethernet::IPV4,
        }
        .emit(&mut frame);
        frame.extend(self.ipv4_header(payload.len()));
        UdpRepr {
            source_port: self.source_port,
            destination_port: BFD_PORT,
            payload_len: u16::try_from(payload.len()).unwrap_or(u16::MAX),
        }
        .emit(&mut frame);
        frame.extend(payload);
        frame
    }

    fn headers(frame: &[u8]) -> Result<(Self, &[u8]), EnvelopeError> {
        let ethernet = EthernetFrame::new_checked(frame)?;
        if ethernet.ethertype() != ethernet::IPV4 {
            return Err(EnvelopeError::Ethertype(ethernet.ethertype()));
        }
        let ip = Ipv4Packet::new_checked(ethernet.payload())?;
        // What follows the packet is padding of the Ethernet frame.
        let whole = ethernet
            .payload()
            .get(..ip.total_len())
            .ok_or(EnvelopeError::Ipv4)?;
        let ip = Ipv4Packet::new_checked(whole)?;
        let payload = ip.payload().ok_or(EnvelopeError::Ipv4)?;
        if !ip.has_valid_checksum() {
            return Err(EnvelopeError::Ipv4);
        }
        if ip.is_fragment() || ip.protocol() != ipv4::UDP {
            return Err(EnvelopeError::Protocol);
        }
        if ip.ttl() != TTL {
            return Err(EnvelopeError::Ttl(ip.ttl()));
        }
        let datagram = payload
            .get(..UdpDatagram::new_checked(payload)?.len())
            .ok_or(EnvelopeError::Udp)?;
        let udp = UdpDatagram::new_checked(datagram)?;
        if !has_valid_checksum(&ip, &udp, datagram) {
            return Err(EnvelopeError::Udp);
        }
        if udp.destination_port() != BFD_PORT {
            return Err(EnvelopeError::Port(udp.destination_port()));
        }
        let envelope = Self {
            source_mac: ethernet.source(),
            destination_mac: ethernet.destination(),
            source_ip: ip.source(),
            destination_ip: ip.destination(),
            source_port: udp.source_port(),
        };
        Ok((envelope, udp.payload()))
    }

    fn ipv4_header(&self, payload_len: usize) -> [u8; ipv4::HEADER_LEN] {
        let total = ipv4::HEADER_LEN + udp::HEADER_LEN + payload_len;
        let [length_high, length_low] = u16::try_from(total).unwrap_or(u16::MAX).to_be_bytes();
        let [s0, s1, s2, s3] = self.source_ip.octets();
        let [d0, d1, d2, d3] = self.destination_ip.octets();
        let mut header = [
            0x45,
            NETWORK_CONTROL,
            length_high,
            length_low,
            0,
            0,
            0,
            0,
            TTL,
            ipv4::UDP,
            0,
            0,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ];
        let [high, low] = checksum(header.iter()).to_be_bytes();
        header[10] = high;
        header[11] = low;
        header
    }
}

/// A frame with its VXLAN header and VNI 0: what a UDP datagram to port 4789 carries.
#[must_use]
pub fn over_vxlan(frame: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(vxlan::HEADER_LEN + frame.len());
    // Zero is in the range of a VNI.
    if let Ok(vni) = Vni::new(0) {
        VxlanRepr { vni }.emit(&mut out);
    }
    out.extend(frame);
    out
}

/// RFC 768: over a pseudo header, the header and the payload; zero says that there is none.
fn has_valid_checksum(ip: &Ipv4Packet<'_>, udp: &UdpDatagram<'_>, datagram: &[u8]) -> bool {
    if udp.checksum() == 0 {
        return true;
    }
    let length = u16::try_from(datagram.len()).unwrap_or(u16::MAX);
    let mut pseudo = Vec::with_capacity(12);
    pseudo.extend(ip.source().octets());
    pseudo.extend(ip.destination().octets());
    pseudo.extend([0, ipv4::UDP]);
    pseudo.extend(length.to_be_bytes());
    checksum(pseudo.iter().chain(datagram)) == 0
}
