//! What single rules match, and what lists make of frames that hide something.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod packets;

use std::net::IpAddr;

use model::Mac;
use model::acl::{Action, Flags, Masked, Ports, Rule, flow::Flow, is_permitted};
use packets::{
    PEER, STATION, arp, behind, ethernet, fragment6, icmp, icmpv6, ip4, ip6, ipv4, ipv4_fragment,
    ipv6, sctp, tcp, udp, with_tag,
};

const PERMIT: Rule = Rule::new(Action::Permit);
const DENY: Rule = Rule::new(Action::Deny);
const SYN: u16 = 2;
const ACK: u16 = 16;

const DENY_TCP_22: Rule = Rule {
    protocol: Some(6),
    destination_ports: Some(range(22, 22)),
    ..DENY
};
const PERMIT_UDP_53: Rule = Rule {
    action: Action::Permit,
    protocol: Some(17),
    destination_ports: Some(range(53, 53)),
    ..DENY
};
const DENY_TCP: Rule = Rule {
    protocol: Some(6),
    ..DENY
};

fn masked(address: &str, mask: &str) -> Option<Masked> {
    let address: IpAddr = address.parse().unwrap();
    Masked::new(address, mask.parse().unwrap())
}

const fn range(first: u16, last: u16) -> Ports {
    Ports { first, last }
}

fn permits(rules: &[Rule], frame: &[u8]) -> bool {
    is_permitted(rules, &Flow::read(frame))
}

/// Which frames a rule matches, and which it does not.
macro_rules! matching {
    ($($sentence:ident: $rule:expr => [$($hit:expr),+ $(,)?], not [$($miss:expr),* $(,)?];)+) => { $(
        #[test]
        fn $sentence() {
            let rules = [$rule];
            $( assert!(!permits(&rules, &$hit), "{}", stringify!($hit)); )+
            $( assert!(permits(&rules, &$miss), "{}", stringify!($miss)); )*
        }
    )+ };
}

matching! {
    a_rule_that_asks_for_nothing_matches_every_frame: DENY
        => [arp(), ip4(&udp(1, 2)), ip6(&udp(1, 2)), ethernet(&[0x88, 0xb5], &[])], not [];
    a_source_mac_is_matched: Rule { source_mac: Some(Mac::new(STATION)), ..DENY }
        => [arp(), ip6(&udp(1, 2))], not [[&STATION, &PEER, &arp()[12..]].concat()];
    a_destination_mac_is_matched: Rule { destination_mac: Some(Mac::new(PEER)), ..DENY }
        => [arp(), ip6(&udp(1, 2))], not [[&STATION, &PEER, &arp()[12..]].concat()];
    an_ethertype_is_found_behind_an_inner_tag: Rule { ethertype: Some(0x0806), ..DENY }
        => [arp(), with_tag(&arp())], not [ip4(&udp(1, 2)), with_tag(&ip4(&udp(1, 2)))];
    an_inner_tag_has_an_ethertype_too: Rule { ethertype: Some(0x8100), ..DENY }
        => [with_tag(&arp())], not [arp()];
    a_source_address_is_matched_under_any_mask: Rule { source: masked("10.9.2.9", "255.0.255.0"), ..DENY }
        => [ip4(&udp(1, 2)), with_tag(&ip4(&udp(1, 2)))],
        not [ipv4("10.1.3.3", "10.1.2.3", &udp(1, 2)), ip6(&udp(1, 2)), arp()];
    a_destination_address_is_matched: Rule { destination: masked("10.4.5.6", "255.255.255.255"), ..DENY }
        => [ip4(&udp(1, 2))], not [ipv4("10.4.5.6", "10.4.5.7", &udp(1, 2))];
    an_ipv6_address_is_matched_under_its_mask: Rule { source: masked("2001:db8::", "ffff:ffff::"), ..DENY }
        => [ip6(&udp(1, 2))], not [ip4(&udp(1, 2)), ipv6("2001:db9::1", "2001:db8::1", &udp(1, 2))];
    an_ipv4_rule_matches_no_mapped_ipv6_address: Rule { source: masked("10.1.2.3", "0.0.0.0"), ..DENY }
        => [ip4(&udp(1, 2))], not [ipv6("::ffff:10.1.2.3", "::1", &udp(1, 2))];
    a_protocol_is_matched_in_both_families: Rule { protocol: Some(17), ..DENY }
        => [ip4(&udp(1, 2)), ip6(&udp(1, 2))], not [ip4(&tcp(1, 2, SYN)), arp()];
    a_protocol_is_found_behind_extension_headers: DENY_TCP
        => [ip6(&behind(0, 8, &behind(60, 24, &behind(43, 16, &fragment6(0, false, &tcp(1, 2, SYN))))))],
        not [ip6(&behind(0, 8, &udp(1, 2)))];
    an_extension_header_right_behind_the_fixed_one_is_a_protocol_too: Rule { protocol: Some(43), ..DENY }
        => [ip6(&behind(43, 24, &udp(1, 2)))], not [ip6(&udp(1, 2))];
    ports_are_ranges_with_both_ends: Rule { protocol: Some(17), destination_ports: Some(range(53, 55)), ..DENY }
        => [ip4(&udp(9, 53)), ip6(&udp(9, 55))], not [ip4(&udp(53, 52)), ip4(&udp(9, 56)), ip4(&tcp(9, 53, SYN))];
    source_ports_are_told_from_destination_ports: Rule { protocol: Some(132), source_ports: Some(range(7, 7)), ..DENY }
        => [ip4(&sctp(7, 8))], not [ip4(&sctp(8, 7))];
    tcp_flags_are_matched_under_their_mask: Rule { protocol: Some(6), tcp_flags: Some(Flags::new(SYN, SYN | ACK)), ..DENY }
        => [ip4(&tcp(1, 2, SYN)), ip6(&tcp(1, 2, SYN | 0x0c0))],
        not [ip4(&tcp(1, 2, SYN | ACK)), ip4(&tcp(1, 2, ACK)), ip4(&udp(1, 2))];
    icmp_is_matched_by_type_and_code: Rule { protocol: Some(1), icmp_type: Some(3), icmp_code: Some(4), ..DENY }
        => [ip4(&icmp(3, 4))], not [ip4(&icmp(3, 3)), ip4(&icmp(8, 4)), ip6(&icmpv6(3, 4))];
    icmpv6_is_matched_by_type: Rule { protocol: Some(58), icmp_type: Some(135), ..DENY }
        => [ip6(&icmpv6(135, 0))], not [ip6(&icmpv6(136, 0)), ip4(&(58, icmp(135, 0).1))];

    a_tcp_header_that_is_cut_is_denied_where_ports_are_asked_for: DENY_TCP_22
        => [ip4(&cut(tcp(1, 80, SYN), 19)), ip6(&cut(tcp(1, 80, SYN), 8)), ip4(&(6, vec![]))],
        not [ip4(&tcp(1, 80, SYN)), ip4(&cut(udp(1, 80), 8))];
    a_header_that_is_cut_is_denied_whatever_its_protocol: DENY_TCP_22
        => [ip4(&cut(udp(1, 53), 7)), ip4(&cut(sctp(1, 53), 11)), ip4(&cut(icmp(8, 0), 7)), ip6(&cut(icmpv6(1, 0), 3))],
        not [ip4(&(47, vec![]))];
    padding_behind_the_packet_is_no_header: DENY_TCP_22
        => [padded(ip4(&cut(tcp(1, 80, SYN), 8))), padded(ip6(&cut(tcp(1, 80, SYN), 8)))], not [padded(ip4(&tcp(1, 80, SYN)))];
    a_first_fragment_that_is_too_short_is_denied: DENY_TCP_22
        => [ipv4_fragment(0, true, &cut(tcp(1, 80, SYN), 16)), ip6(&fragment6(0, true, &cut(tcp(1, 80, SYN), 16)))],
        not [ipv4_fragment(0, true, &tcp(1, 80, SYN)), ip6(&fragment6(0, true, &tcp(1, 80, SYN)))];
    a_first_fragment_is_judged_in_full: DENY_TCP_22
        => [ipv4_fragment(0, true, &tcp(1, 22, SYN)), ip6(&fragment6(0, true, &tcp(1, 22, SYN)))], not [];
    a_tcp_fragment_that_overwrites_flags_is_denied: DENY_TCP_22
        => [ipv4_fragment(1, true, &tcp(1, 80, SYN)), ip6(&fragment6(1, false, &tcp(1, 80, SYN)))],
        not [ipv4_fragment(2, true, &tcp(1, 22, SYN)), ipv4_fragment(1, true, &udp(1, 22)), ip6(&fragment6(3, false, &tcp(1, 22, SYN)))];
    a_chain_that_cannot_be_read_is_denied_where_a_protocol_is_asked_for: DENY_TCP
        => [
            ip6(&(0, vec![6, 0])), ip6(&(60, vec![6, 9, 0, 0, 0, 0, 0, 0])),
            ip6(&fragment6(0, false, &fragment6(0, false, &udp(1, 2)))),
            ip6(&fragment6(1, false, &behind(60, 8, &udp(1, 2)))),
            ip6(&(0..9).fold(udp(1, 2), |payload, _| behind(60, 8, &payload))),
        ],
        not [ip6(&(0..8).fold(udp(1, 2), |payload, _| behind(60, 8, &payload))), ip6(&(50, vec![]))];
    an_ip_header_that_cannot_be_read_is_denied_where_addresses_are_asked_for:
        Rule { source: masked("192.0.2.1", "255.255.255.255"), ..DENY }
        => [
            with_byte(14, 0x44, ip4(&udp(1, 2))), with_byte(14, 0x4f, ip4(&udp(1, 2))), with_byte(14, 0x65, ip4(&udp(1, 2))),
            with_byte(17, 19, ip4(&udp(1, 2))), ended(33, ip4(&udp(1, 2))), ended(53, ip6(&udp(1, 2))),
            with_byte(14, 0x40, ip6(&udp(1, 2))),
        ],
        not [ip4(&udp(1, 2)), ip6(&udp(1, 2)), arp()];
    more_than_one_inner_tag_is_denied_where_addresses_are_asked_for:
        Rule { destination: masked("2001:db8::", "ffff::"), ..DENY }
        => [with_tag(&with_tag(&arp())), ended(15, with_tag(&arp()))], not [with_tag(&arp())];
}

#[test]
fn what_no_rule_asks_for_may_be_hidden() {
    let rules = [
        Rule {
            source_mac: Some(Mac::new(PEER)),
            ..DENY
        },
        Rule {
            source: masked("192.0.2.1", "255.255.255.255"),
            ..DENY
        },
    ];
    for frame in [
        ip4(&(6, vec![])),
        ipv4_fragment(1, false, &tcp(1, 2, SYN)),
        ip6(&(60, vec![6])),
    ] {
        assert!(permits(&rules, &frame));
    }
    assert!(permits(&rules[..1], &with_byte(14, 0x44, arp_as_ip())));
    assert!(!permits(&rules, &with_byte(14, 0x44, arp_as_ip())));
}

#[test]
fn a_later_fragment_passes_where_its_first_one_may_have() {
    let later = ipv4_fragment(10, false, &(17, vec![0; 8]));
    assert!(permits(&[PERMIT_UDP_53, DENY], &later));
    let other = ipv4_fragment(10, false, &(6, vec![0; 8]));
    assert!(!permits(&[PERMIT_UDP_53, DENY], &other));
    assert!(permits(&[DENY_TCP_22], &other));
    assert!(!permits(&[DENY_TCP], &other));
    let v6 = ip6(&fragment6(10, false, &(17, vec![0; 8])));
    assert!(permits(&[PERMIT_UDP_53, DENY], &v6));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let frame = ip4(&udp(1, 53));
    assert!(permits(&[PERMIT_UDP_53, DENY], &frame));
    assert!(!permits(&[DENY, PERMIT_UDP_53], &frame));
    assert!(!permits(&[DENY_TCP_22, DENY, PERMIT], &frame));
}

#[test]
fn what_no_rule_matches_is_permitted() {
    assert!(permits(&[], &arp()));
    assert!(permits(&[DENY_TCP_22, DENY_TCP], &arp()));
}

#[test]
fn a_super_frame_without_a_length_is_read_to_its_end() {
    let four = with_byte(17, 0, ip4(&tcp(1, 22, SYN)));
    let six = with_byte(19, 0, ip6(&tcp(1, 22, SYN)));
    for frame in [four, six] {
        assert!(!permits(&[DENY_TCP_22], &frame));
        assert!(permits(
            &[DENY_TCP_22],
            &with_byte(frame.len() - 17, 80, frame.clone())
        ));
    }
}

#[test]
fn a_mask_is_of_the_family_of_its_address() {
    assert_eq!(masked("10.0.0.1", "ffff::"), None);
    assert_eq!(masked("2001:db8::1", "255.0.0.0"), None);
}

fn cut((protocol, mut bytes): (u8, Vec<u8>), length: usize) -> (u8, Vec<u8>) {
    bytes.truncate(length);
    (protocol, bytes)
}

fn ended(length: usize, mut frame: Vec<u8>) -> Vec<u8> {
    frame.truncate(length);
    frame
}

fn padded(mut frame: Vec<u8>) -> Vec<u8> {
    frame.resize(frame.len() + 40, 0);
    frame
}

fn with_byte(index: usize, byte: u8, mut frame: Vec<u8>) -> Vec<u8> {
    frame[index] = byte;
    frame
}

fn arp_as_ip() -> Vec<u8> {
    ethernet(&[0x08, 0x00], &[0; 28])
}
