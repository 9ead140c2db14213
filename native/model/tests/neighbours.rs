//! Questions for MACs in one small site: which are answered, how, and which are flooded all the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the site")]

mod site;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::acl::{Action, Rule};
use model::arp::{self, ArpRepr};
use model::ethernet::{self, EthernetRepr};
use model::ndp::{self, Kind, NeighbourRepr};
use model::neighbours::reply;
use model::{AclKey, Direction, Mac, NeighbourKey, Output, Tables, process_access};
use site::{
    BLUE, BROADCAST, NOW, RED, REMOTE_1, SERVER_1, SERVER_2, VM_1, VM_2, binding, key, port, site,
    tell,
};

const ASKING: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const ASKED: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 101);
const ASKING_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);
const ASKED_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0xff, 0xfe01);

const FLOODED: &str = "refresh 02:00:00:00:00:01, count 11/0 42, to 12/100 46, to 13/0 42, \
                       to 198.51.100.1 vni 5001 42, to 198.51.100.2 vni 5001 42";
const ANSWERED: &str =
    "refresh 02:00:00:00:00:01, note neighbour_answered, count 11/0 42, to 11/0 42";

/// The site, where VM 1 has the addresses that are asked for.
fn known() -> Tables {
    let mut tables = site();
    put(&mut tables, ASKED.into(), VM_1);
    put(&mut tables, ASKED_6.into(), VM_1);
    tables
}

fn put(tables: &mut Tables, address: IpAddr, mac: [u8; 6]) {
    let switch = RED;
    let key = NeighbourKey { switch, address };
    tables.neighbours.insert(key, Mac::new(mac)).unwrap();
}

fn told(tables: &Tables, frame: &[u8]) -> String {
    tell(&process_access(tables, port(11), frame.into(), NOW))
}

fn ethernet(destination: Mac, source: [u8; 6], ethertype: u16) -> Vec<u8> {
    let mut frame = Vec::new();
    let source = Mac::new(source);
    EthernetRepr {
        destination,
        source,
        ethertype,
    }
    .emit(&mut frame);
    frame
}

fn request(change: impl Fn(&mut ArpRepr)) -> Vec<u8> {
    request_to(Mac::BROADCAST, change)
}

fn request_to(destination: Mac, change: impl Fn(&mut ArpRepr)) -> Vec<u8> {
    let mut frame = ethernet(destination, SERVER_1, ethernet::ARP);
    let mut repr = ArpRepr {
        operation: arp::REQUEST,
        sender_mac: Mac::new(SERVER_1),
        sender: ASKING,
        target_mac: Mac::new([0; 6]),
        target: ASKED,
    };
    change(&mut repr);
    repr.emit(&mut frame);
    frame
}

fn solicitation(change: impl Fn(&mut NeighbourRepr)) -> Vec<u8> {
    solicitation_to(ndp::group_mac(ndp::solicited_node(ASKED_6)), change)
}

fn solicitation_to(destination: Mac, change: impl Fn(&mut NeighbourRepr)) -> Vec<u8> {
    let mut frame = ethernet(destination, SERVER_1, ethernet::IPV6);
    let mut repr = NeighbourRepr {
        kind: Kind::Solicitation,
        source: ASKING_6,
        destination: ndp::solicited_node(ASKED_6),
        flags: 0,
        target: ASKED_6,
        mac: Mac::new(SERVER_1),
    };
    change(&mut repr);
    repr.emit(&mut frame);
    frame
}

fn answer(frame: &[u8]) -> Option<Vec<u8>> {
    reply(frame, |address| {
        [ASKED.into(), ASKED_6.into()]
            .contains(&address)
            .then_some(Mac::new(VM_1))
    })
}

#[test]
fn a_request_is_answered_in_the_name_of_the_owner() {
    let mut expected = ethernet(Mac::new(SERVER_1), VM_1, ethernet::ARP);
    ArpRepr {
        operation: arp::REPLY,
        sender_mac: Mac::new(VM_1),
        sender: ASKED,
        target_mac: Mac::new(SERVER_1),
        target: ASKING,
    }
    .emit(&mut expected);
    assert_eq!(answer(&request(|_| {})), Some(expected.clone()));
    // Padding stays.
    let padded = |mut frame: Vec<u8>| {
        frame.resize(60, 0);
        frame
    };
    assert_eq!(answer(&padded(request(|_| {}))), Some(padded(expected)));
}

#[test]
fn a_solicitation_is_answered_as_solicited_and_overriding() {
    let mut expected = ethernet(Mac::new(SERVER_1), VM_1, ethernet::IPV6);
    NeighbourRepr {
        kind: Kind::Advertisement,
        source: ASKED_6,
        destination: ASKING_6,
        flags: 0x6000_0000,
        target: ASKED_6,
        mac: Mac::new(VM_1),
    }
    .emit(&mut expected);
    assert_eq!(answer(&solicitation(|_| {})), Some(expected));
}

#[test]
fn detection_of_duplicates_is_left_to_the_owner() {
    for frame in [
        request(|arp| arp.sender = Ipv4Addr::UNSPECIFIED),
        request(|arp| arp.sender = ASKED),
        solicitation(|nd| nd.source = Ipv6Addr::UNSPECIFIED),
        solicitation(|nd| nd.source = ASKED_6),
    ] {
        assert_eq!(answer(&frame), None, "{frame:02x?}");
    }
}

#[test]
fn a_question_to_one_station_is_for_that_station() {
    let vm = Mac::new(VM_1);
    for frame in [
        request_to(vm, |_| {}),
        solicitation_to(vm, |_| {}),
        solicitation_to(vm, |nd| nd.destination = ASKED_6),
    ] {
        assert_eq!(answer(&frame), None, "{frame:02x?}");
    }
    let told = told(&known(), &request_to(vm, |_| {}));
    assert_eq!(
        told,
        "refresh 02:00:00:00:00:01, count 11/0 42, to 198.51.100.1 vni 5001 42"
    );
}

#[test]
fn what_is_odd_is_not_answered() {
    let all_nodes = "ff02::1".parse().unwrap();
    for frame in [
        request(|arp| arp.operation = arp::REPLY),
        request(|arp| arp.sender_mac = Mac::new(SERVER_2)),
        request_to(Mac::new([1, 0, 0x5e, 0, 0, 1]), |_| {}),
        solicitation(|nd| nd.kind = Kind::Advertisement),
        solicitation(|nd| nd.mac = Mac::new(SERVER_2)),
        solicitation(|nd| nd.destination = all_nodes),
        solicitation(|nd| nd.source = all_nodes),
        solicitation_to(Mac::BROADCAST, |_| {}),
        solicitation_to(ndp::group_mac(all_nodes), |nd| nd.destination = all_nodes),
    ] {
        assert_eq!(answer(&frame), None, "{frame:02x?}");
    }
    let (arp, nd) = (request(|_| {}), solicitation(|_| {}));
    for cut in [&arp[..41], &nd[..85], &nd[..13], &arp[..14]] {
        assert_eq!(answer(cut), None, "{cut:02x?}");
    }
    // Ethernet header, fixed fields of ARP; version, lengths, ICMPv6 and its option.
    for byte in [12, 13, 14, 16, 18, 19, 20] {
        let mut frame = arp.clone();
        frame[byte] ^= 0x40;
        assert_eq!(answer(&frame), None, "byte {byte} of ARP");
    }
    for byte in (12..15).chain(18..86) {
        let mut frame = nd.clone();
        frame[byte] ^= if byte == 14 { 0x80 } else { 1 };
        assert_eq!(answer(&frame), None, "byte {byte} of ND");
    }
}

#[test]
fn what_is_not_known_is_flooded() {
    assert_eq!(told(&site(), &request(|_| {})), FLOODED);
    let unknown = request(|arp| arp.target = Ipv4Addr::new(10, 0, 0, 102));
    assert_eq!(told(&known(), &unknown), FLOODED);
}

#[test]
fn what_is_known_is_answered_and_flooded_to_nobody() {
    assert_eq!(told(&known(), &request(|_| {})), ANSWERED);
    assert_eq!(
        told(&known(), &solicitation(|_| {})),
        ANSWERED.replace("42", "86")
    );
}

#[test]
fn what_another_logical_switch_knows_is_flooded() {
    let mut tables = site();
    let (switch, address) = (BLUE, ASKED.into());
    let key = NeighbourKey { switch, address };
    tables.neighbours.insert(key, Mac::new(VM_1)).unwrap();
    assert_eq!(told(&tables, &request(|_| {})), FLOODED);
}

#[test]
fn a_tagged_binding_gets_its_answer_tagged() {
    let mut frame = ethernet(Mac::BROADCAST, SERVER_2, ethernet::TAG);
    frame.extend([0xe0, 100, 0x08, 0x06]);
    frame.extend(&request(|arp| arp.sender_mac = Mac::new(SERVER_2))[14..]);
    let outcome = process_access(&known(), port(12), frame.as_slice().into(), NOW);
    assert_eq!(
        tell(&outcome),
        "refresh 02:00:00:00:00:02, note neighbour_answered, count 12/100 42, to 12/100 46"
    );
    let [Output::ToPort { bytes, .. }] = outcome.outputs() else {
        panic!("{outcome:?}");
    };
    assert_eq!(bytes[12..18], [0x81, 0, 0, 100, 0x08, 0x06]);
    // A second tag hides the question.
    frame.splice(12..12, [0x81, 0, 0, 100]);
    let outcome = process_access(&known(), port(12), frame.as_slice().into(), NOW);
    assert_eq!(outcome.notes, []);
}

#[test]
fn a_mac_that_is_not_behind_a_tunnel_is_not_answered_for() {
    let asked = request(|_| {});
    let mut local = known();
    let here = *local.local_macs.get(&key(SERVER_2)).unwrap();
    local.local_macs.insert(key(VM_1), here).unwrap();
    assert_eq!(told(&local, &asked), FLOODED);
    let mut gone = known();
    gone.remote_macs.remove(&key(VM_1));
    assert_eq!(told(&gone, &asked), FLOODED);
    let mut cut_off = known();
    cut_off.tunnels.remove(&REMOTE_1.into());
    let told = told(&cut_off, &asked);
    assert!(
        told.contains("to 12/100 46") && !told.contains("note"),
        "{told}"
    );
}

#[test]
fn a_station_that_asks_for_itself_is_not_answered() {
    let mut tables = known();
    put(&mut tables, ASKED.into(), SERVER_1);
    tables
        .remote_macs
        .insert(key(SERVER_1), REMOTE_1.into())
        .unwrap();
    assert!(!told(&tables, &request(|_| {})).contains("neighbour_answered"));
}

#[test]
fn a_station_that_is_not_learned_is_not_answered() {
    let mut frame = request(|arp| arp.sender_mac = Mac::new(VM_2));
    frame[6..12].copy_from_slice(&VM_2);
    let told = told(&known(), &frame);
    assert!(told.starts_with("note remote_mac_on_access"), "{told}");
    assert!(told.contains("to 198.51.100.1"), "{told}");
}

#[test]
fn acls_judge_the_question_and_the_answer() {
    for (direction, expected) in [
        (Direction::Ingress, "drop acl_denied"),
        (
            Direction::Egress,
            "refresh 02:00:00:00:00:01, count 11/0 42, drop acl_denied",
        ),
    ] {
        let mut tables = known();
        let rule = Rule {
            ethertype: Some(ethernet::ARP),
            ..Rule::new(Action::Deny)
        };
        let at = binding(11, 0);
        let key = AclKey {
            port: at.port,
            vlan: at.vlan,
            direction,
        };
        tables.acls.insert(key, vec![rule]).unwrap();
        assert_eq!(told(&tables, &request(|_| {})), expected, "{direction:?}");
        assert!(told(&tables, &solicitation(|_| {})).contains("neighbour_answered"));
    }
}

#[test]
fn a_super_frame_asks_nothing() {
    let bytes = request(|_| {});
    let frame = model::Frame {
        bytes: &bytes,
        gso_size: 10,
    };
    let outcome = process_access(&known(), port(11), frame, NOW);
    assert_eq!(tell(&outcome), FLOODED);
    assert_eq!(bytes[..6], BROADCAST);
}
