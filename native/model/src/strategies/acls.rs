//! Access control lists whose rules meet generated frames about as often as not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Scope, pool};
use crate::acl::{AclKey, Action, Direction, Flags, Masked, Ports, Rule};
use crate::ethernet;
use crate::mac::Mac;
use crate::table::Table;

/// Upper layers and extension headers that generated packets have.
pub(super) const PROTOCOLS: [u8; 9] = [6, 17, 1, 58, 132, 0, 43, 44, 60];

/// Lists on some of the places where frames pass; often none at all.
pub(super) fn acls(scope: &Scope) -> impl Strategy<Value = Table<AclKey, Vec<Rule>>> + use<> {
    let ports = scope.access.clone();
    let vlans: Vec<_> = pool::bound_vlans().collect();
    let limit = scope.limits.acls;
    let directions = select(vec![Direction::Ingress, Direction::Egress]);
    let key =
        (select(ports), select(vlans), directions).prop_map(|(port, vlan, direction)| AclKey {
            port,
            vlan,
            direction,
        });
    let lists = vec((key, vec(rules(), 1..5)), 1..6);
    prop_oneof![1 => Just(Vec::new()), 1 => lists].prop_map(move |lists| {
        let mut table = Table::new(limit);
        for (key, rules) in lists {
            let _ = table.insert(key, rules);
        }
        table
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    let action = prop_oneof![Just(Action::Permit), Just(Action::Deny)];
    (action, link(), network(), transport())
        .prop_map(|(action, link, network, transport)| Rule {
            action,
            source_mac: link.source_mac,
            destination_mac: link.destination_mac,
            ethertype: link.ethertype,
            source: network.source,
            destination: network.destination,
            protocol: network.protocol,
            ..transport
        })
        .prop_filter("no packet has both", |rule| !rule.is_of_both_families())
}

fn link() -> impl Strategy<Value = Rule> {
    let mac = || weighted(0.1, select(macs()));
    let ethertypes = vec![ethernet::IPV4, ethernet::IPV6, ethernet::ARP, ethernet::TAG];
    (mac(), mac(), weighted(0.2, select(ethertypes))).prop_map(
        |(source_mac, destination_mac, ethertype)| Rule {
            source_mac,
            destination_mac,
            ethertype,
            ..Rule::new(Action::Deny)
        },
    )
}

fn macs() -> Vec<Mac> {
    [
        pool::known_stations(),
        pool::unknown_stations(),
        pool::groups(),
    ]
    .concat()
}

fn network() -> impl Strategy<Value = Rule> {
    let masked = || weighted(0.2, masked());
    (
        masked(),
        masked(),
        weighted(0.3, select(PROTOCOLS.to_vec())),
    )
        .prop_map(|(source, destination, protocol)| Rule {
            source,
            destination,
            protocol,
            ..Rule::new(Action::Deny)
        })
}

/// One bit or none of the mask is set, so that about every second address matches.
fn masked() -> impl Strategy<Value = Masked> {
    let v4 = (any::<u32>(), 0..=32_u32).prop_map(|(address, bit)| {
        let mask = 1_u32.checked_shl(bit).unwrap_or(0);
        (
            IpAddr::from(Ipv4Addr::from(address)),
            IpAddr::from(Ipv4Addr::from(mask)),
        )
    });
    let v6 = (any::<u128>(), 0..=128_u32).prop_map(|(address, bit)| {
        let mask = 1_u128.checked_shl(bit).unwrap_or(0);
        (
            IpAddr::from(Ipv6Addr::from(address)),
            IpAddr::from(Ipv6Addr::from(mask)),
        )
    });
    prop_oneof![2 => v4, 1 => v6]
        .prop_filter_map("one family", |(address, mask)| Masked::new(address, mask))
}

fn transport() -> impl Strategy<Value = Rule> {
    let flags = (any::<u16>(), 0..12_u32).prop_map(|(value, bit)| Flags::new(value, 1 << bit));
    let asked = (
        weighted(0.3, ports()),
        weighted(0.3, ports()),
        weighted(0.1, flags),
        weighted(0.1, 0..4_u8),
        weighted(0.1, 0..4_u8),
    );
    let rule = asked.prop_map(
        |(source_ports, destination_ports, tcp_flags, icmp_type, icmp_code)| Rule {
            source_ports,
            destination_ports,
            tcp_flags,
            icmp_type,
            icmp_code,
            ..Rule::new(Action::Deny)
        },
    );
    prop_oneof![2 => Just(Rule::new(Action::Deny)), 1 => rule]
}

fn ports() -> impl Strategy<Value = Ports> {
    (any::<u16>(), any::<u16>()).prop_map(|(a, b)| Ports {
        first: a.min(b),
        last: a.max(b),
    })
}
