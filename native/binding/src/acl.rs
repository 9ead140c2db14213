//! Access control lists as they cross the boundary.

use datapath::Error;
use model::{
    Direction,
    acl::{Action, Flags, Masked, Ports, Rule},
};
use napi_derive::napi;

use crate::convert::{invalid, ip, mac, vlan};

/// The rules of a port and VLAN in one direction, first match first; VLAN 0 is the whole port, whatever the tag.
#[napi(object)]
pub struct AclSpec {
    pub netdev: String,
    pub vlan: u32,
    #[napi(ts_type = "'ingress' | 'egress'")]
    pub direction: String,
    pub rules: Vec<AclRule>,
}

/// A place that an ACL can be at.
#[napi(object)]
pub struct AclPlace {
    pub netdev: String,
    pub vlan: u32,
    #[napi(ts_type = "'ingress' | 'egress'")]
    pub direction: String,
}

/// What is not named may be anything.
#[napi(object)]
pub struct AclRule {
    #[napi(ts_type = "'permit' | 'deny'")]
    pub action: String,
    pub source_mac: Option<String>,
    pub dest_mac: Option<String>,
    pub ethertype: Option<u32>,
    pub source: Option<MaskedAddress>,
    pub dest: Option<MaskedAddress>,
    pub protocol: Option<u32>,
    pub source_ports: Option<PortRange>,
    pub dest_ports: Option<PortRange>,
    pub tcp_flags: Option<TcpFlags>,
    pub icmp_type: Option<u32>,
    pub icmp_code: Option<u32>,
}

/// Both of one family; the address has no bits that the mask leaves out.
#[napi(object)]
pub struct MaskedAddress {
    pub address: String,
    pub mask: String,
}

/// Both ends are in it.
#[napi(object)]
pub struct PortRange {
    pub first: u32,
    pub last: u32,
}

/// FIN is bit 0; the value has no bits that the mask leaves out.
#[napi(object)]
pub struct TcpFlags {
    pub value: u32,
    pub mask: u32,
}

pub fn direction(text: &str) -> Result<Direction, Error> {
    match text {
        "ingress" => Ok(Direction::Ingress),
        "egress" => Ok(Direction::Egress),
        other => Err(Error::Invalid(format!(
            "direction {other:?} is neither ingress nor egress"
        ))),
    }
}

impl TryFrom<AclSpec> for datapath::AclSpec {
    type Error = Error;

    fn try_from(spec: AclSpec) -> Result<Self, Error> {
        Ok(Self {
            netdev: spec.netdev,
            vlan: vlan(spec.vlan)?,
            direction: direction(&spec.direction)?,
            rules: spec
                .rules
                .into_iter()
                .map(Rule::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<AclRule> for Rule {
    type Error = Error;

    fn try_from(rule: AclRule) -> Result<Self, Error> {
        let action = match rule.action.as_str() {
            "permit" => Action::Permit,
            "deny" => Action::Deny,
            other => {
                return Err(Error::Invalid(format!(
                    "action {other:?} is neither permit nor deny"
                )));
            }
        };
        Ok(Self {
            action,
            source_mac: rule.source_mac.as_deref().map(mac).transpose()?,
            destination_mac: rule.dest_mac.as_deref().map(mac).transpose()?,
            ethertype: small(rule.ethertype)?,
            source: rule.source.map(Masked::try_from).transpose()?,
            destination: rule.dest.map(Masked::try_from).transpose()?,
            protocol: small(rule.protocol)?,
            source_ports: rule.source_ports.map(Ports::try_from).transpose()?,
            destination_ports: rule.dest_ports.map(Ports::try_from).transpose()?,
            tcp_flags: rule.tcp_flags.map(Flags::try_from).transpose()?,
            icmp_type: small(rule.icmp_type)?,
            icmp_code: small(rule.icmp_code)?,
        })
    }
}

impl TryFrom<MaskedAddress> for Masked {
    type Error = Error;

    fn try_from(masked: MaskedAddress) -> Result<Self, Error> {
        Self::new(ip(&masked.address)?, ip(&masked.mask)?).ok_or_else(|| {
            Error::Invalid(format!(
                "{} and its mask {} are of two families",
                masked.address, masked.mask
            ))
        })
    }
}

impl TryFrom<PortRange> for Ports {
    type Error = Error;

    fn try_from(range: PortRange) -> Result<Self, Error> {
        Ok(Self {
            first: u16::try_from(range.first).map_err(invalid)?,
            last: u16::try_from(range.last).map_err(invalid)?,
        })
    }
}

impl TryFrom<TcpFlags> for Flags {
    type Error = Error;

    fn try_from(flags: TcpFlags) -> Result<Self, Error> {
        Ok(Self::new(
            u16::try_from(flags.value).map_err(invalid)?,
            u16::try_from(flags.mask).map_err(invalid)?,
        ))
    }
}

impl From<datapath::AclSpec> for AclSpec {
    fn from(spec: datapath::AclSpec) -> Self {
        let direction = match spec.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        Self {
            netdev: spec.netdev,
            vlan: spec.vlan.into(),
            direction: direction.to_owned(),
            rules: spec.rules.into_iter().map(AclRule::from).collect(),
        }
    }
}

impl From<Rule> for AclRule {
    fn from(rule: Rule) -> Self {
        let action = match rule.action {
            Action::Permit => "permit",
            Action::Deny => "deny",
        };
        Self {
            action: action.to_owned(),
            source_mac: rule.source_mac.map(|mac| mac.to_string()),
            dest_mac: rule.destination_mac.map(|mac| mac.to_string()),
            ethertype: rule.ethertype.map(u32::from),
            source: rule.source.map(MaskedAddress::from),
            dest: rule.destination.map(MaskedAddress::from),
            protocol: rule.protocol.map(u32::from),
            source_ports: rule.source_ports.map(PortRange::from),
            dest_ports: rule.destination_ports.map(PortRange::from),
            tcp_flags: rule.tcp_flags.map(TcpFlags::from),
            icmp_type: rule.icmp_type.map(u32::from),
            icmp_code: rule.icmp_code.map(u32::from),
        }
    }
}

impl From<Masked> for MaskedAddress {
    fn from(masked: Masked) -> Self {
        Self {
            address: masked.address().to_string(),
            mask: masked.mask().to_string(),
        }
    }
}

impl From<Ports> for PortRange {
    fn from(ports: Ports) -> Self {
        Self {
            first: ports.first.into(),
            last: ports.last.into(),
        }
    }
}

impl From<Flags> for TcpFlags {
    fn from(flags: Flags) -> Self {
        Self {
            value: flags.value().into(),
            mask: flags.mask().into(),
        }
    }
}

fn small<T: TryFrom<u32, Error: std::fmt::Display>>(
    number: Option<u32>,
) -> Result<Option<T>, Error> {
    number.map(T::try_from).transpose().map_err(invalid)
}
