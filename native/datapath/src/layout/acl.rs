//! The keys and values of the maps of ACLs, as `bpf/acl_layout.h` and `bpf/flow.h` define them.

use std::mem::{offset_of, size_of};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{
    Direction, Mac,
    acl::{Action, Flags, Masked, Ports, Rule},
};

pub const ACL_INGRESS: u32 = 0;
pub const ACL_EGRESS: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AclKey {
    pub ifindex: u32,
    pub vlan: u32,
    pub direction: u32,
}

pub const FLOW_NETWORK: u32 = 1;
pub const FLOW_PROTOCOL: u32 = 2;
pub const FLOW_TRANSPORT: u32 = 4;

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclList {
    pub first: u32,
    pub count: u32,
    pub asks: u32,
}

const PERMIT: u32 = 0x0001;
const SOURCE_MAC: u32 = 0x0002;
const DESTINATION_MAC: u32 = 0x0004;
const ETHERTYPE: u32 = 0x0008;
const IPV4: u32 = 0x0010;
const IPV6: u32 = 0x0020;
const SOURCE: u32 = 0x0040;
const DESTINATION: u32 = 0x0080;
const PROTOCOL: u32 = 0x0100;
const SOURCE_PORT: u32 = 0x0200;
const DESTINATION_PORT: u32 = 0x0400;
const TCP_FLAGS: u32 = 0x0800;
const ICMP_TYPE: u32 = 0x1000;
const ICMP_CODE: u32 = 0x2000;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AclRule {
    pub asked: u32,
    pub source_mac: [u8; 6],
    pub destination_mac: [u8; 6],
    pub source: [u8; 16],
    pub source_mask: [u8; 16],
    pub destination: [u8; 16],
    pub destination_mask: [u8; 16],
    pub source_port_first: u16,
    pub source_port_last: u16,
    pub destination_port_first: u16,
    pub destination_port_last: u16,
    pub tcp_flags: u16,
    pub tcp_flags_mask: u16,
    pub ethertype: u16,
    pub protocol: u8,
    pub icmp_type: u8,
    pub icmp_code: u8,
    pub zero: [u8; 3],
}

pub const ACLS_MAX: u32 = 65536;
pub const ACL_RULES_MAX: u32 = 65536;

// SAFETY: `repr(C)`, only integers and arrays of them, and no padding, which the assertions below hold.
unsafe impl aya::Pod for AclKey {}
// SAFETY: as above.
unsafe impl aya::Pod for AclList {}
// SAFETY: as above.
unsafe impl aya::Pod for AclRule {}

const _: () = {
    assert!(size_of::<AclKey>() == 12);
    assert!(size_of::<AclList>() == 12);
    assert!(size_of::<AclRule>() == 100 && offset_of!(AclRule, source) == 16);
    assert!(offset_of!(AclRule, source_port_first) == 80 && offset_of!(AclRule, protocol) == 94);
};

impl AclKey {
    /// As the programs number directions.
    #[must_use]
    pub const fn number_of(direction: Direction) -> u32 {
        match direction {
            Direction::Ingress => ACL_INGRESS,
            Direction::Egress => ACL_EGRESS,
        }
    }

    /// The direction, of which there are two.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self.direction {
            ACL_INGRESS => Direction::Ingress,
            _ => Direction::Egress,
        }
    }
}

impl From<&Rule> for AclRule {
    fn from(rule: &Rule) -> Self {
        let mut entry = Self::default();
        let asked = &mut entry.asked;
        if rule.action == Action::Permit {
            *asked |= PERMIT;
        }
        if let Some(mac) = rule.source_mac {
            *asked |= SOURCE_MAC;
            entry.source_mac = mac.octets();
        }
        if let Some(mac) = rule.destination_mac {
            *asked |= DESTINATION_MAC;
            entry.destination_mac = mac.octets();
        }
        if let Some(ethertype) = rule.ethertype {
            *asked |= ETHERTYPE;
            entry.ethertype = ethertype;
        }
        if let Some(masked) = rule.source {
            *asked |= SOURCE | family(masked);
            (entry.source, entry.source_mask) = words(masked);
        }
        if let Some(masked) = rule.destination {
            *asked |= DESTINATION | family(masked);
            (entry.destination, entry.destination_mask) = words(masked);
        }
        if let Some(protocol) = rule.protocol {
            *asked |= PROTOCOL;
            entry.protocol = protocol;
        }
        if let Some(ports) = rule.source_ports {
            *asked |= SOURCE_PORT;
            (entry.source_port_first, entry.source_port_last) = (ports.first, ports.last);
        }
        if let Some(ports) = rule.destination_ports {
            *asked |= DESTINATION_PORT;
            (entry.destination_port_first, entry.destination_port_last) = (ports.first, ports.last);
        }
        if let Some(flags) = rule.tcp_flags {
            *asked |= TCP_FLAGS;
            (entry.tcp_flags, entry.tcp_flags_mask) = (flags.value(), flags.mask());
        }
        if let Some(icmp_type) = rule.icmp_type {
            *asked |= ICMP_TYPE;
            entry.icmp_type = icmp_type;
        }
        if let Some(icmp_code) = rule.icmp_code {
            *asked |= ICMP_CODE;
            entry.icmp_code = icmp_code;
        }
        entry
    }
}

impl From<&AclRule> for Rule {
    fn from(entry: &AclRule) -> Self {
        let asks = |bit| entry.asked & bit != 0;
        let masked = |address, mask| {
            let is_ipv4 = asks(IPV4);
            Masked::new(address_of(is_ipv4, address), address_of(is_ipv4, mask))
        };
        let action = if asks(PERMIT) {
            Action::Permit
        } else {
            Action::Deny
        };
        Self {
            action,
            source_mac: asks(SOURCE_MAC).then(|| Mac::new(entry.source_mac)),
            destination_mac: asks(DESTINATION_MAC).then(|| Mac::new(entry.destination_mac)),
            ethertype: asks(ETHERTYPE).then_some(entry.ethertype),
            source: asks(SOURCE)
                .then(|| masked(entry.source, entry.source_mask))
                .flatten(),
            destination: asks(DESTINATION)
                .then(|| masked(entry.destination, entry.destination_mask))
                .flatten(),
            protocol: asks(PROTOCOL).then_some(entry.protocol),
            source_ports: asks(SOURCE_PORT).then_some(Ports {
                first: entry.source_port_first,
                last: entry.source_port_last,
            }),
            destination_ports: asks(DESTINATION_PORT).then_some(Ports {
                first: entry.destination_port_first,
                last: entry.destination_port_last,
            }),
            tcp_flags: asks(TCP_FLAGS).then(|| Flags::new(entry.tcp_flags, entry.tcp_flags_mask)),
            icmp_type: asks(ICMP_TYPE).then_some(entry.icmp_type),
            icmp_code: asks(ICMP_CODE).then_some(entry.icmp_code),
        }
    }
}

/// What any of the rules has to see to be judged.
#[must_use]
pub fn asks(rules: &[Rule]) -> u32 {
    let bit = |asks: bool, bit| if asks { bit } else { 0 };
    rules.iter().fold(0, |asked, rule| {
        asked
            | bit(rule.asks_network(), FLOW_NETWORK)
            | bit(rule.protocol.is_some(), FLOW_PROTOCOL)
            | bit(rule.asks_transport(), FLOW_TRANSPORT)
    })
}

const fn family(masked: Masked) -> u32 {
    match masked.address() {
        IpAddr::V4(_) => IPV4,
        IpAddr::V6(_) => IPV6,
    }
}

fn words(masked: Masked) -> ([u8; 16], [u8; 16]) {
    (octets(masked.address()), octets(masked.mask()))
}

/// IPv4 in the last four bytes.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()).to_be_bytes(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

fn address_of(is_ipv4: bool, octets: [u8; 16]) -> IpAddr {
    let v6 = Ipv6Addr::from(octets);
    match u32::try_from(v6.to_bits()) {
        Ok(v4) if is_ipv4 => Ipv4Addr::from_bits(v4).into(),
        _ => v6.into(),
    }
}
