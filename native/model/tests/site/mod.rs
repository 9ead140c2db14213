//! One small site that the tests with fixed frames share.
//!
//! Logical switch red (VNI 5001): server 1 on port 11 untagged, server 2 on port 12 VLAN 100, port 13 untagged with
//! tc only, VM 1 behind 198.51.100.1 and VM 2 behind 198.51.100.2, whose next hop is not resolved.
//! Logical switch blue (VNI 5002): port 11 VLAN 7, alone.

use std::net::Ipv4Addr;

use model::{
    BindingKey, FdbKey, Instant, LearnKind, Limits, LocalEntry, Locator, Mac, NextHop, Outcome,
    Output, Port, PortId, PortMode, Switch, SwitchId, Tables, Tunnel, Verdict, VlanId, Vni,
};

pub const RED: SwitchId = SwitchId::new(0xed);
pub const BLUE: SwitchId = SwitchId::new(0xb1);
pub const SERVER_1: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];
pub const SERVER_2: [u8; 6] = [0x02, 0, 0, 0, 0, 0x02];
pub const NEWCOMER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0e];
pub const VM_1: [u8; 6] = [0x02, 0, 0, 0, 0, 0x11];
pub const VM_2: [u8; 6] = [0x02, 0, 0, 0, 0, 0x12];
pub const NOBODY: [u8; 6] = [0x02, 0, 0, 0, 0, 0xff];
pub const BROADCAST: [u8; 6] = [0xff; 6];
pub const OUR_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x0a, 0];
pub const HOP_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x0a, 1];
pub const LOCAL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub const REMOTE_1: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
pub const REMOTE_2: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
pub const NOW: Instant = Instant::from_millis(60_000);

pub fn port(index: u32) -> PortId {
    PortId::new(index).unwrap()
}

pub fn vni(number: u32) -> Vni {
    Vni::new(number).unwrap()
}

pub fn binding(port: u32, vlan: u16) -> BindingKey {
    BindingKey {
        port: PortId::new(port).unwrap(),
        vlan: VlanId::new(vlan).unwrap(),
    }
}

pub fn site() -> Tables {
    let mut tables = Tables::new(&Limits::default());
    for (index, mode) in [
        (11, PortMode::Xdp),
        (12, PortMode::Xdp),
        (13, PortMode::Tc),
        (21, PortMode::Xdp),
    ] {
        tables.ports.insert(port(index), Port { mode }).unwrap();
    }
    for (id, number) in [(RED, 5001), (BLUE, 5002)] {
        let switch = Switch {
            vni: Some(vni(number)),
            ..Switch::default()
        };
        tables.switches.insert(id, switch).unwrap();
    }
    for (at, switch) in [
        (binding(11, 0), RED),
        (binding(11, 7), BLUE),
        (binding(12, 100), RED),
        (binding(13, 0), RED),
    ] {
        tables.bindings.insert(at, switch).unwrap();
    }
    let next_hop = NextHop {
        source_mac: Mac::new(OUR_MAC),
        destination_mac: Mac::new(HOP_MAC),
        port: port(21),
    };
    for (remote, next_hop) in [(REMOTE_1, Some(next_hop)), (REMOTE_2, None)] {
        tables
            .tunnels
            .insert(
                remote.into(),
                Tunnel {
                    local: LOCAL.into(),
                    mtu: 1450,
                    next_hop,
                },
            )
            .unwrap();
    }
    for (mac, remote) in [(VM_1, REMOTE_1), (VM_2, REMOTE_2)] {
        tables.remote_macs.insert(key(mac), remote.into()).unwrap();
    }
    for (mac, at) in [(SERVER_1, binding(11, 0)), (SERVER_2, binding(12, 100))] {
        tables
            .local_macs
            .insert(
                key(mac),
                LocalEntry {
                    at,
                    last_seen: Instant::default(),
                },
            )
            .unwrap();
    }
    tables
        .floods
        .insert(RED, [REMOTE_1, REMOTE_2].map(Locator::from).into())
        .unwrap();
    tables
}

pub fn key(mac: [u8; 6]) -> FdbKey {
    FdbKey {
        switch: RED,
        mac: Mac::new(mac),
    }
}

/// A frame of `length` bytes: the addresses, `tag` (ethertypes and controls), ARP and zeros.
pub fn frame(destination: [u8; 6], source: [u8; 6], tag: &[u8], length: usize) -> Vec<u8> {
    let mut frame = [&destination, &source, tag, &[0x08, 0x06]].concat();
    frame.resize(length, 0);
    frame
}

/// Every effect of a frame in one line.
pub fn tell(outcome: &Outcome) -> String {
    let mut words = Vec::new();
    if let Some(learn) = &outcome.learn {
        words.push(match learn.kind {
            LearnKind::New => format!("learn {}", learn.key.mac),
            LearnKind::Expire => format!("expire {}", learn.key.mac),
            LearnKind::Refresh => format!("refresh {}", learn.key.mac),
            LearnKind::Move { from } => {
                format!("move {} from {}/{}", learn.key.mac, from.port, from.vlan)
            }
        });
    }
    words.extend(outcome.notes.iter().map(|note| format!("note {note}")));
    if let Some(at) = outcome.received {
        words.push(format!(
            "count {}/{} {}",
            at.port, at.vlan, outcome.measure.bytes
        ));
    }
    words.extend(outcome.drops.iter().map(|reason| format!("drop {reason}")));
    words.extend(outcome.outputs().iter().map(|output| match output {
        Output::ToPort { port, vlan, bytes } => format!("to {port}/{vlan} {}", bytes.len()),
        Output::ToTunnel {
            remote, vni, inner, ..
        } => format!("to {remote} vni {vni} {}", inner.len()),
    }));
    if let Verdict::Drop(reason) = outcome.verdict {
        assert_eq!(outcome.drops.first(), Some(&reason));
    }
    words.join(", ")
}
