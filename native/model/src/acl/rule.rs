//! One rule: what it asks for, and what it does with frames that have it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::flow::{Addresses, Flow};
use crate::mac::Mac;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The frame goes on.
    Permit,
    /// The frame is dropped.
    Deny,
}

/// Addresses that agree in the bits of a mask, which need not be the first ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Masked {
    address: IpAddr,
    mask: IpAddr,
}

impl Masked {
    /// The address without the bits that the mask leaves out; `None` when one is IPv4 and the other IPv6.
    #[must_use]
    pub fn new(address: IpAddr, mask: IpAddr) -> Option<Self> {
        let address = match (address, mask) {
            (IpAddr::V4(address), IpAddr::V4(mask)) => {
                IpAddr::from(Ipv4Addr::from_bits(address.to_bits() & mask.to_bits()))
            }
            (IpAddr::V6(address), IpAddr::V6(mask)) => {
                IpAddr::from(Ipv6Addr::from_bits(address.to_bits() & mask.to_bits()))
            }
            _ => return None,
        };
        Some(Self { address, mask })
    }

    /// The bits to find.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Which bits are looked at.
    #[must_use]
    pub const fn mask(&self) -> IpAddr {
        self.mask
    }

    fn contains(&self, address: IpAddr) -> bool {
        Self::new(address, self.mask).is_some_and(|masked| masked.address == self.address)
    }
}

/// A range of ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ports {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl Ports {
    fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// TCP flags that agree in the bits of a mask; FIN is bit 0 (RFC 9293 section 3.1), the reserved bits are up to 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flags {
    value: u16,
    mask: u16,
}

impl Flags {
    /// The value without the bits that the mask leaves out; of both, twelve bits count.
    #[must_use]
    pub const fn new(value: u16, mask: u16) -> Self {
        let mask = mask & 0x0fff;
        Self {
            value: value & mask,
            mask,
        }
    }

    /// The bits to find.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.value
    }

    /// Which bits are looked at.
    #[must_use]
    pub const fn mask(self) -> u16 {
        self.mask
    }
}

/// A rule. What it does not name may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What it does.
    pub action: Action,
    /// Source MAC.
    pub source_mac: Option<Mac>,
    /// Destination MAC.
    pub destination_mac: Option<Mac>,
    /// Of the frame without the tag of its binding: of its inner tag, or of what is behind that.
    pub ethertype: Option<u16>,
    /// Source address.
    pub source: Option<Masked>,
    /// Destination address.
    pub destination: Option<Masked>,
    /// Upper-layer protocol behind all extension headers, or the next header of the fixed IPv6 header.
    pub protocol: Option<u8>,
    /// Source ports of TCP, UDP, SCTP.
    pub source_ports: Option<Ports>,
    /// Destination ports of TCP, UDP, SCTP.
    pub destination_ports: Option<Ports>,
    /// TCP flags.
    pub tcp_flags: Option<Flags>,
    /// Type of ICMP in IPv4, of `ICMPv6` in IPv6.
    pub icmp_type: Option<u8>,
    /// Code beside that type.
    pub icmp_code: Option<u8>,
}

impl Rule {
    /// A rule that every frame matches.
    #[must_use]
    pub const fn new(action: Action) -> Self {
        Self {
            action,
            source_mac: None,
            destination_mac: None,
            ethertype: None,
            source: None,
            destination: None,
            protocol: None,
            source_ports: None,
            destination_ports: None,
            tcp_flags: None,
            icmp_type: None,
            icmp_code: None,
        }
    }

    /// Whether it asks for addresses.
    #[must_use]
    pub const fn asks_network(&self) -> bool {
        self.source.is_some() || self.destination.is_some()
    }

    /// Whether it asks for addresses that no packet has together.
    #[must_use]
    pub fn is_of_both_families(&self) -> bool {
        self.source
            .zip(self.destination)
            .is_some_and(|(a, b)| a.address.is_ipv4() != b.address.is_ipv4())
    }

    /// Whether it asks for what stands in the transport header.
    #[must_use]
    pub const fn asks_transport(&self) -> bool {
        self.source_ports.is_some()
            || self.destination_ports.is_some()
            || self.tcp_flags.is_some()
            || self.icmp_type.is_some()
            || self.icmp_code.is_some()
    }

    /// Whether a frame has all that the rule asks for. Of a later fragment, which has no transport header, a rule that
    /// asks for that permits what the rest of it matches, and denies nothing: the first fragment was judged in full.
    #[must_use]
    pub fn matches(&self, flow: &Flow) -> bool {
        self.matches_link(flow)
            && self.matches_network(flow)
            && match (self.asks_transport(), flow.is_later_fragment) {
                (false, _) => true,
                (true, true) => self.action == Action::Permit,
                (true, false) => self.matches_transport(flow),
            }
    }

    fn matches_link(&self, flow: &Flow) -> bool {
        holds(self.source_mac, |mac| flow.source_mac == Some(mac))
            && holds(self.destination_mac, |mac| {
                flow.destination_mac == Some(mac)
            })
            && holds(self.ethertype, |ethertype| {
                flow.ethertype == Some(ethertype) || flow.outer_type == Some(ethertype)
            })
    }

    fn matches_network(&self, flow: &Flow) -> bool {
        let any = |choose: fn(&Addresses) -> IpAddr, masked: Masked| {
            let address = flow.addresses.as_ref().map(choose);
            address.is_some_and(|address| masked.contains(address))
        };
        holds(self.source, |masked| any(|both| both.source, masked))
            && holds(self.destination, |masked| {
                any(|both| both.destination, masked)
            })
            && holds(self.protocol, |protocol| {
                flow.protocol == Some(protocol) || flow.next_header == Some(protocol)
            })
    }

    fn matches_transport(&self, flow: &Flow) -> bool {
        let port = |port: Option<u16>, ports: Ports| port.is_some_and(|port| ports.contains(port));
        holds(self.source_ports, |ports| port(flow.source_port, ports))
            && holds(self.destination_ports, |ports| {
                port(flow.destination_port, ports)
            })
            && holds(self.tcp_flags, |flags| {
                flow.tcp_flags
                    .is_some_and(|found| found & flags.mask == flags.value)
            })
            && holds(self.icmp_type, |icmp_type| {
                flow.icmp_type == Some(icmp_type)
            })
            && holds(self.icmp_code, |icmp_code| {
                flow.icmp_code == Some(icmp_code)
            })
    }
}

fn holds<T>(asked: Option<T>, has: impl FnOnce(T) -> bool) -> bool {
    asked.is_none_or(has)
}
