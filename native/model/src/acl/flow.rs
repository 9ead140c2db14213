//! The fields of a frame that rules match, and what of it cannot be read. `bpf/flow.h` reads the same.

use std::net::IpAddr;

use super::Rule;
use crate::ethernet::{self, EthernetFrame};
use crate::ipv4::{self, Ipv4Packet, TCP, UDP};
use crate::ipv6::Ipv6Packet;
use crate::mac::Mac;
use crate::tcp;
use crate::udp;
use crate::vlan::Tag;

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;

/// Extension headers that are walked.
const EXTENSIONS_MAX: usize = 8;

const SCTP_HEADER_LEN: usize = 12;
const ICMP_HEADER_LEN: usize = 8;
const ICMPV6_HEADER_LEN: usize = 4;

/// What a frame hides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing that its protocols have.
    #[default]
    Nothing,
    /// The transport header: a whole packet or a first fragment that ends before it does, or a fragment of TCP at
    /// offset 1, which can overwrite its flags (RFC 3128).
    Transport,
    /// The transport header and its protocol: the chain of extension headers ends early, is too long, has two fragment
    /// headers, or goes on behind that of a later fragment.
    Protocol,
    /// Everything behind the ethertype: a bad IP header, or more than one inner tag.
    Network,
}

impl Unreadable {
    /// Whether it hides what a rule asks for.
    #[must_use]
    pub const fn hides_from(self, rule: &Rule) -> bool {
        let transport = rule.asks_transport();
        let protocol = transport || rule.protocol.is_some();
        match self {
            Self::Nothing => false,
            Self::Transport => transport,
            Self::Protocol => protocol,
            Self::Network => protocol || rule.asks_network(),
        }
    }
}

/// Both addresses of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Where it is from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
}

/// What rules look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Source MAC.
    pub source_mac: Option<Mac>,
    /// Destination MAC.
    pub destination_mac: Option<Mac>,
    /// Ethertype of the frame without the tag of its binding.
    pub outer_type: Option<u16>,
    /// The ethertype behind one inner tag.
    pub ethertype: Option<u16>,
    /// Of a readable IP header.
    pub addresses: Option<Addresses>,
    /// The upper-layer protocol, behind all extension headers.
    pub protocol: Option<u8>,
    /// What the fixed header says.
    pub next_header: Option<u8>,
    /// Of TCP, UDP, SCTP.
    pub source_port: Option<u16>,
    /// Of TCP, UDP, SCTP.
    pub destination_port: Option<u16>,
    /// Of TCP: twelve bits.
    pub tcp_flags: Option<u16>,
    /// Of ICMP in IPv4, of `ICMPv6` in IPv6.
    pub icmp_type: Option<u8>,
    /// Beside that.
    pub icmp_code: Option<u8>,
    /// A fragment but the first: it has no transport header.
    pub is_later_fragment: bool,
    /// What the frame hides.
    pub unreadable: Unreadable,
}

impl Flow {
    /// Reads a frame without the tag of its binding. Whatever the bytes are, there is a flow.
    #[must_use]
    pub fn read(frame: &[u8]) -> Self {
        let Ok(frame) = EthernetFrame::new_checked(frame) else {
            return Self {
                unreadable: Unreadable::Network,
                ..Self::default()
            };
        };
        let mut flow = Self {
            source_mac: Some(frame.source()),
            destination_mac: Some(frame.destination()),
            outer_type: Some(frame.ethertype()),
            ethertype: Some(frame.ethertype()),
            ..Self::default()
        };
        let packet = if frame.is_tagged() {
            let Ok(tag) = Tag::new_checked(frame.payload()) else {
                flow.unreadable = Unreadable::Network;
                return flow;
            };
            flow.ethertype = Some(tag.ethertype());
            tag.payload()
        } else {
            frame.payload()
        };
        let is_read = match flow.ethertype {
            Some(ethernet::IPV4) => flow.read_ipv4(packet).is_some(),
            Some(ethernet::IPV6) => flow.read_ipv6(packet).is_some(),
            Some(ethernet::TAG | ethernet::SERVICE_TAG) => false,
            _ => true,
        };
        if !is_read {
            flow.unreadable = Unreadable::Network;
        }
        flow
    }

    fn read_ipv4(&mut self, bytes: &[u8]) -> Option<()> {
        let packet = Ipv4Packet::new_checked(bytes).ok()?;
        let payload = within(bytes, packet.total_len())?.get(packet.header_len()..)?;
        if packet.header_len() < ipv4::HEADER_LEN {
            return None;
        }
        self.addresses = Some(Addresses {
            source: packet.source().into(),
            destination: packet.destination().into(),
        });
        self.next_header = Some(packet.protocol());
        self.read_transport(packet.protocol(), packet.fragment_offset(), payload);
        Some(())
    }

    fn read_ipv6(&mut self, bytes: &[u8]) -> Option<()> {
        let packet = Ipv6Packet::new_checked(bytes).ok()?;
        self.addresses = Some(Addresses {
            source: packet.source().into(),
            destination: packet.destination().into(),
        });
        self.next_header = Some(packet.next_header());
        let payload = within(packet.payload(), packet.payload_len())?;
        match walk(packet.next_header(), payload) {
            Some((protocol, fragment, payload)) => self.read_transport(protocol, fragment, payload),
            None => self.unreadable = Unreadable::Protocol,
        }
        Some(())
    }

    /// `fragment`: the offset in units of eight bytes; 0 for a first fragment or a whole packet.
    fn read_transport(&mut self, protocol: u8, fragment: u16, payload: &[u8]) {
        self.protocol = Some(protocol);
        if fragment != 0 {
            self.is_later_fragment = true;
            if protocol == TCP && fragment == 1 {
                self.unreadable = Unreadable::Transport;
            }
            return;
        }
        let is_ipv4 = matches!(
            self.addresses,
            Some(Addresses {
                source: IpAddr::V4(_),
                ..
            })
        );
        let needed = match protocol {
            TCP => tcp::HEADER_LEN,
            UDP => udp::HEADER_LEN,
            SCTP => SCTP_HEADER_LEN,
            ICMP if is_ipv4 => ICMP_HEADER_LEN,
            ICMPV6 if !is_ipv4 => ICMPV6_HEADER_LEN,
            _ => return,
        };
        let (Some(_), &[a, b, c, d, ..]) = (payload.get(..needed), payload) else {
            self.unreadable = Unreadable::Transport;
            return;
        };
        if matches!(protocol, ICMP | ICMPV6) {
            self.icmp_type = Some(a);
            self.icmp_code = Some(b);
            return;
        }
        self.source_port = Some(u16::from_be_bytes([a, b]));
        self.destination_port = Some(u16::from_be_bytes([c, d]));
        if protocol == TCP {
            self.tcp_flags = tcp::TcpHeader::new_checked(payload)
                .ok()
                .map(|header| header.flags());
        }
    }
}

/// The bytes up to a length that a header states. A super-frame beyond 64 KiB has no length there.
fn within(bytes: &[u8], stated: usize) -> Option<&[u8]> {
    let length = if stated == 0 { bytes.len() } else { stated };
    bytes.get(..length.min(bytes.len()))
}

/// Walks the extension headers of RFC 8200 section 4; what is behind ESP cannot be read, and AH counts as an upper
/// layer. Answers the upper-layer protocol, the offset of the fragment, and what follows.
fn walk(first: u8, payload: &[u8]) -> Option<(u8, u16, &[u8])> {
    let (mut next, mut rest) = (first, payload);
    let (mut fragment, mut is_fragment) = (0, false);
    for _ in 0..EXTENSIONS_MAX {
        if !is_extension(next) {
            break;
        }
        if fragment != 0 || (is_fragment && next == FRAGMENT) {
            return None;
        }
        let &[following, length, high, low, _, _, _, _, ..] = rest else {
            return None;
        };
        let length = if next == FRAGMENT {
            is_fragment = true;
            fragment = u16::from_be_bytes([high, low]) >> 3;
            8
        } else {
            (usize::from(length) + 1) * 8
        };
        rest = rest.get(length..)?;
        next = following;
    }
    (!is_extension(next)).then_some((next, fragment, rest))
}

const fn is_extension(header: u8) -> bool {
    matches!(
        header,
        HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS
    )
}
