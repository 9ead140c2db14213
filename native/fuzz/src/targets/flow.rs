//! `read_flow` of `bpf/flow.h`, by the readers of tc and of XDP, against `Flow::read`.

use std::net::IpAddr;

use datapath::layout::acl::{FLOW_NETWORK, FLOW_PROTOCOL, FLOW_TRANSPORT};
use model::{
    Mac,
    acl::flow::{Flow, Unreadable},
};

use crate::{
    host::{self, Arrival, Host},
    input::Input,
};

const HAS_PORTS: u8 = 1;
const HAS_TCP_FLAGS: u8 = 2;
const HAS_ICMP: u8 = 4;
const NO_PROTOCOL: u16 = 0xffff;

pub fn run(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes) else {
        return;
    };
    let expected = Flow::read(input.frame);
    let mut host = Host::new(0);
    for program in ["flow_tc", "flow_xdp"] {
        let arrival = Arrival {
            is_untagged: input.is_untagged(),
            linear: input.linear(),
            ..Arrival::new(input.frame, 1)
        };
        host.run(program, &arrival);
        assert_eq!(of_host(&host.flow()), expected, "{program}");
    }
}

fn of_host(flow: &host::Flow) -> Flow {
    let address = |octets: [u8; 16]| {
        if flow.family == 4 {
            let [.., a, b, c, d] = octets;
            IpAddr::from([a, b, c, d])
        } else {
            IpAddr::from(octets)
        }
    };
    let has = |bit, value| (flow.has & bit != 0).then_some(value);
    let protocol = |number| {
        (number != NO_PROTOCOL).then(|| u8::try_from(number).expect("a protocol has one byte"))
    };
    Flow {
        source_mac: Some(Mac::new(flow.source_mac)),
        destination_mac: Some(Mac::new(flow.destination_mac)),
        outer_type: Some(flow.outer_type),
        ethertype: Some(flow.ethertype),
        addresses: (flow.family != 0).then(|| model::acl::flow::Addresses {
            source: address(flow.source),
            destination: address(flow.destination),
        }),
        protocol: protocol(flow.protocol),
        next_header: protocol(flow.next_header),
        source_port: has(HAS_PORTS, flow.source_port),
        destination_port: has(HAS_PORTS, flow.destination_port),
        tcp_flags: has(HAS_TCP_FLAGS, flow.tcp_flags),
        icmp_type: (flow.has & HAS_ICMP != 0).then_some(flow.icmp_type),
        icmp_code: (flow.has & HAS_ICMP != 0).then_some(flow.icmp_code),
        is_later_fragment: flow.is_later_fragment != 0,
        unreadable: unreadable(flow.unreadable.into()),
    }
}

fn unreadable(bits: u32) -> Unreadable {
    const PROTOCOL: u32 = FLOW_PROTOCOL | FLOW_TRANSPORT;
    const NETWORK: u32 = FLOW_NETWORK | PROTOCOL;
    match bits {
        0 => Unreadable::Nothing,
        FLOW_TRANSPORT => Unreadable::Transport,
        PROTOCOL => Unreadable::Protocol,
        NETWORK => Unreadable::Network,
        _ => panic!("no frame hides {bits:#b} alone"),
    }
}
