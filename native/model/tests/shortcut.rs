//! What XDP takes and what it passes up, on one small site.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the site")]

mod site;

use std::net::Ipv4Addr;

use model::outer::OuterHeader;
use model::{
    Effect, Frame, Instant, Learn, LearnKind, LocalEntry, Mac, Port, PortMode, Shortcut, Tables,
    Vni, process_access_xdp, process_underlay_xdp,
};
use site::{
    BROADCAST, HOP_MAC, LOCAL, NEWCOMER, NOBODY, NOW, OUR_MAC, REMOTE_1, REMOTE_2, SERVER_1,
    SERVER_2, VM_1, VM_2, binding, frame, key, port, site, vni,
};

const TAG_7: [u8; 4] = [0x81, 0x00, 0x00, 7];
const TAG_100: [u8; 4] = [0x81, 0x00, 0x00, 100];

fn outer(vni: Vni) -> OuterHeader {
    let (source_mac, destination_mac) = (Mac::new(OUR_MAC), Mac::new(HOP_MAC));
    OuterHeader {
        source_mac,
        destination_mac,
        local: LOCAL,
        remote: REMOTE_1,
        vni,
    }
}

fn from_peer(vni: Vni, inner: &[u8]) -> Vec<u8> {
    let header = OuterHeader {
        local: REMOTE_1,
        remote: LOCAL,
        ..outer(vni)
    };
    header.encapsulate(inner).unwrap()
}

fn access(tables: &Tables, ingress: u32, bytes: &[u8]) -> Shortcut {
    process_access_xdp(tables, port(ingress), bytes.into(), NOW)
}

fn underlay(tables: &Tables, bytes: &[u8]) -> Shortcut {
    process_underlay_xdp(tables, bytes.into())
}

#[test]
fn known_unicast_leaves_with_the_whole_outer_header() {
    let tagged = frame(VM_1, SERVER_2, &TAG_100, 64);
    let inner = frame(VM_1, SERVER_2, &[], 60);
    let at = binding(12, 100);
    let entry = LocalEntry { at, last_seen: NOW };
    let effect = Effect::FromLocal {
        at,
        bytes: 60,
        learn: Learn {
            kind: LearnKind::Refresh,
            key: key(SERVER_2),
            entry,
        },
    };
    let bytes = outer(vni(5001)).encapsulate(&inner).unwrap();
    assert_eq!(bytes.len(), 110);
    assert_eq!(
        access(&site(), 12, &tagged),
        Shortcut::Redirect {
            port: port(21),
            bytes,
            effect
        }
    );
}

#[test]
fn all_but_known_unicast_goes_up_from_an_access_port() {
    let cases = [
        ("no binding", 11, frame(VM_1, SERVER_1, &TAG_100, 64)),
        (
            "a service tag",
            11,
            frame(VM_1, SERVER_1, &[0x88, 0xa8, 0, 0], 64),
        ),
        (
            "a source that is not learned",
            11,
            frame(VM_1, NEWCOMER, &[], 60),
        ),
        ("a source that moved", 13, frame(VM_1, SERVER_1, &[], 60)),
        (
            "a local destination",
            11,
            frame(SERVER_2, SERVER_1, &[], 60),
        ),
        (
            "an unknown destination",
            11,
            frame(NOBODY, SERVER_1, &[], 60),
        ),
        ("a broadcast", 11, frame(BROADCAST, SERVER_1, &[], 60)),
        ("an unresolved next hop", 11, frame(VM_2, SERVER_1, &[], 60)),
        (
            "a frame that is too long",
            11,
            frame(VM_1, SERVER_1, &[], 1465),
        ),
        (
            "a second tag",
            12,
            frame(VM_1, SERVER_2, &[TAG_100, TAG_7].concat(), 68),
        ),
        ("no room for a tag", 11, frame(VM_1, SERVER_1, &[], 17)),
        ("half a header", 11, frame(VM_1, SERVER_1, &[], 13)),
    ];
    for (sentence, ingress, bytes) in cases {
        assert_eq!(
            access(&site(), ingress, &bytes),
            Shortcut::Pass,
            "{sentence}"
        );
    }
    let shortest = frame(VM_1, SERVER_1, &[], 18);
    assert_ne!(access(&site(), 11, &shortest), Shortcut::Pass);
    let longest = frame(VM_1, SERVER_1, &[], 1464);
    assert_ne!(access(&site(), 11, &longest), Shortcut::Pass);
    let super_frame = Frame {
        bytes: &longest,
        gso_size: 1400,
    };
    assert_eq!(
        process_access_xdp(&site(), port(11), super_frame, NOW),
        Shortcut::Pass
    );
}

#[test]
fn an_underlay_device_without_xdp_is_not_redirected_to() {
    let mut tables = site();
    tables
        .ports
        .insert(port(21), Port { mode: PortMode::Tc })
        .unwrap();
    assert_eq!(
        access(&tables, 11, &frame(VM_1, SERVER_1, &[], 60)),
        Shortcut::Pass
    );
}

#[test]
fn a_tunnel_packet_for_a_local_station_leaves_without_the_outer_header() {
    for (station, inner_tag, at, out) in [
        (
            SERVER_1,
            &[][..],
            binding(11, 0),
            frame(SERVER_1, VM_1, &[], 60),
        ),
        (
            SERVER_2,
            &[][..],
            binding(12, 100),
            frame(SERVER_2, VM_1, &TAG_100, 64),
        ),
        (
            SERVER_2,
            &TAG_7[..],
            binding(12, 100),
            frame(SERVER_2, VM_1, &[TAG_100, TAG_7].concat(), 64),
        ),
    ] {
        let inner = frame(station, VM_1, inner_tag, 60);
        let effect = Effect::ToLocal { at, bytes: 60 };
        let expected = Shortcut::Redirect {
            port: at.port,
            bytes: out,
            effect,
        };
        assert_eq!(underlay(&site(), &from_peer(vni(5001), &inner)), expected);
    }
}

#[test]
fn outer_macs_tos_source_port_and_reserved_bits_are_ignored() {
    let plain = from_peer(vni(5001), &frame(SERVER_1, VM_1, &[], 60));
    for (offset, value) in [(0, 0x04), (42, 0xff), (43, 0x80), (45, 1), (49, 7), (34, 0)] {
        let mut packet = plain.clone();
        packet[offset] = value;
        assert_ne!(underlay(&site(), &packet), Shortcut::Pass, "byte {offset}");
    }
    // TOS 0xb8, and the checksum one's complement less.
    let mut packet = plain;
    packet[15] = 0xb8;
    let sum = u16::from_be_bytes([packet[24], packet[25]]) - 0xb8;
    packet[24..26].copy_from_slice(&sum.to_be_bytes());
    assert_ne!(underlay(&site(), &packet), Shortcut::Pass);
}

#[test]
fn all_but_plain_tunnel_packets_go_up_from_the_underlay() {
    let inner = frame(SERVER_1, VM_1, &[], 60);
    let plain = from_peer(vni(5001), &inner);
    let with = |offset: usize, value: u8| {
        let mut packet = plain.clone();
        packet[offset] = value;
        packet
    };
    let other = |local, remote| {
        OuterHeader {
            local,
            remote,
            ..outer(vni(5001))
        }
        .encapsulate(&inner)
        .unwrap()
    };
    let cases = [
        ("another ethertype", with(12, 0x86)),
        ("options", with(14, 0x46)),
        ("a wrong checksum", with(24, plain[24] ^ 1)),
        ("another port", with(37, 0xb6)),
        ("a UDP checksum", with(41, 1)),
        ("no I flag", with(42, 0)),
        ("a short UDP length", with(39, plain[39] - 1)),
        ("padding", [plain.as_slice(), &[0]].concat()),
        ("a cut packet", plain[..plain.len() - 1].to_vec()),
        (
            "another destination",
            other(REMOTE_1, Ipv4Addr::new(192, 0, 2, 2)),
        ),
        (
            "an unknown VTEP",
            other(Ipv4Addr::new(198, 51, 100, 99), LOCAL),
        ),
        ("an unknown VNI", from_peer(vni(5003), &inner)),
        (
            "a broadcast",
            from_peer(vni(5001), &frame(BROADCAST, VM_1, &[], 60)),
        ),
        (
            "an unknown station",
            from_peer(vni(5001), &frame(NOBODY, VM_1, &[], 60)),
        ),
        (
            "a source that is no station",
            from_peer(vni(5001), &frame(SERVER_1, BROADCAST, &[], 60)),
        ),
        (
            "a remote station",
            from_peer(vni(5001), &frame(VM_2, VM_1, &[], 60)),
        ),
        (
            "a tag on the way to an untagged binding",
            from_peer(vni(5001), &frame(SERVER_1, VM_1, &TAG_7, 64)),
        ),
        ("half an inner header", from_peer(vni(5001), &inner[..13])),
        ("nothing", Vec::new()),
    ];
    assert_ne!(underlay(&site(), &plain), Shortcut::Pass);
    assert_ne!(underlay(&site(), &other(REMOTE_2, LOCAL)), Shortcut::Pass);
    for (sentence, packet) in cases {
        assert_eq!(underlay(&site(), &packet), Shortcut::Pass, "{sentence}");
    }
}

#[test]
fn a_station_on_a_port_without_xdp_is_reached_by_tc() {
    let mut tables = site();
    let entry = LocalEntry {
        at: binding(13, 0),
        last_seen: Instant::default(),
    };
    tables.local_macs.insert(key(NEWCOMER), entry).unwrap();
    let packet = from_peer(vni(5001), &frame(NEWCOMER, VM_1, &[], 60));
    assert_eq!(underlay(&tables, &packet), Shortcut::Pass);
}

#[test]
fn an_odd_ipv4_header_goes_up_though_its_checksum_is_right() {
    let plain = from_peer(vni(5001), &frame(SERVER_1, VM_1, &[], 60));
    let cases: [(&str, usize, u16); 6] = [
        ("nothing odd", 20, 0x4000),
        ("a first fragment", 20, 0x6000),
        ("a later fragment", 20, 0x0001),
        ("a packet shorter than the frame", 16, 95),
        ("a packet longer than the frame", 16, 97),
        ("another protocol", 22, 0x4006),
    ];
    for (sentence, offset, value) in cases {
        let mut packet = plain.clone();
        packet[offset..offset + 2].copy_from_slice(&value.to_be_bytes());
        sum_up(&mut packet);
        let taken = underlay(&site(), &packet) != Shortcut::Pass;
        assert_eq!(taken, sentence == "nothing odd", "{sentence}");
    }
}

fn sum_up(packet: &mut [u8]) {
    packet[24..26].fill(0);
    let words = packet[14..34]
        .chunks(2)
        .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
    let sum: u32 = words.sum();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    packet[24..26].copy_from_slice(&sum.to_be_bytes());
    let header = model::ipv4::Ipv4Packet::new_checked(&packet[14..]).unwrap();
    assert!(header.has_valid_checksum());
}

#[test]
fn a_mac_that_is_local_and_remote_at_once_is_reached_by_tc() {
    let mut tables = site();
    let entry = LocalEntry {
        at: binding(12, 100),
        last_seen: Instant::default(),
    };
    tables.local_macs.insert(key(VM_1), entry).unwrap();
    assert_eq!(
        access(&tables, 11, &frame(VM_1, SERVER_1, &[], 60)),
        Shortcut::Pass
    );
}
