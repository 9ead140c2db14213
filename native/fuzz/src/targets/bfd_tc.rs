//! `overlay_tc` on BFD control packets: what it hands to user space, and what it answers while nobody is there.

use std::{net::Ipv4Addr, num::NonZeroU32};

use bfd::{Config, Envelope, FRAME_LEN, Session, State};
use datapath::layout::{Address, BFD_FRAME_LENGTH, BfdSession, Punt};
use model::{DropReason, Origin};

use super::access::{NANOS, NOW_MS};
use crate::{
    effects::Effects,
    host::{Arrival, Copy, Host, Outer},
    input::{Input, tables},
    scene::{Scene, VXLAN, v4},
};

const SHOT: i32 = 2;
const STOLEN: i32 = 4;
const REDIRECT: i32 = 7;
const FINAL: u8 = 0x10;
const POLL: u8 = 0x20;
const STATE_FLAGS: usize = 43;
const UP: u8 = 0xc0;
/// No logical switch has it.
const FREE_VNI: u32 = 0;

/// What a frame on the way out has of its session: up, and known to the other end.
pub fn own_frame() -> Vec<u8> {
    let session = Session::new(Config::default(), NonZeroU32::new(0x0a0b_0c0d).unwrap(), 1);
    let mut packet = session.packet();
    packet.state = State::Up;
    packet.your_discriminator = NonZeroU32::new(0x0102_0304);
    let config = session.config();
    let envelope = Envelope {
        source_mac: config.local.mac,
        destination_mac: config.remote.mac,
        source_ip: config.local.ip,
        destination_ip: Ipv4Addr::new(169, 254, 1, 1),
        source_port: 49999,
    };
    envelope.seal(&packet)
}

pub fn run(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes).filter(Input::is_received) else {
        return;
    };
    let tables = tables(input.scene);
    let mut host = Host::new(NOW_MS * NANOS);
    let scene = Scene::put(&mut host, &tables);
    let (_, remote) = input.tunnel(&tables);
    let own = own_frame();
    // Odd ones: the thread of user space still lives.
    let is_abandoned = input.port % 2 == 0;
    let beat = (NOW_MS - if is_abandoned { 1000 } else { 10 }) * NANOS;
    host.put("bfd_heartbeat", &0_u32, &beat);
    host.put(
        "bfd_sessions",
        &Address::from(std::net::IpAddr::from(remote)),
        &record(&own),
    );
    let arrival = Arrival {
        is_untagged: true,
        outer: Outer {
            is_present: 1,
            vni: FREE_VNI,
            remote: remote.to_bits(),
            local: 0,
        },
        ..Arrival::new(input.frame, VXLAN)
    };
    let (verdict, copies) = host.run("overlay_tc", &arrival);
    let punts = host.records("punts");
    let reasons = Effects::of_run(&host, Vec::new()).reasons;
    let unchanged = Effects::none(&scene, &tables);
    assert_eq!(
        Effects::of_run(&host, Vec::new()).local_macs,
        unchanged.local_macs
    );
    let unknown = ((0, DropReason::UnknownVni.number()), 1);
    if punts.is_empty() {
        assert_eq!((verdict, reasons), (SHOT, [unknown].into()));
        // What user space would take has to reach it.
        let is_known = tables.tunnels.contains(&remote.into());
        let opened = Envelope::open(input.frame);
        assert!(!(is_known && opened.is_ok()), "{opened:?} is withheld");
        return;
    }
    assert!(reasons.is_empty());
    let [record] = punts.as_slice() else {
        panic!("one frame was handed over {} times", punts.len());
    };
    let (from, _, vni, frame) = Punt::parse(record).expect("a punt");
    let origin = Origin {
        vni: model::Vni::new(vni).unwrap(),
        remote: from,
    };
    assert_eq!((v4(origin.remote), vni), (remote, FREE_VNI));
    assert_eq!(frame, &input.frame[..frame.len()]);
    match verdict {
        STOLEN => assert!(copies.is_empty()),
        REDIRECT => assert_answer(&input, is_abandoned, &own, &copies),
        other => panic!("verdict {other}"),
    }
}

/// The session's last packet, final if this was a poll, and only for the peer that the session is up with.
fn assert_answer(input: &Input<'_>, is_abandoned: bool, own: &[u8], copies: &[Copy]) {
    assert!(is_abandoned);
    let state_flags = input.frame[STATE_FLAGS];
    assert_eq!(state_flags & UP, UP);
    let mut expected = own.to_vec();
    if state_flags & POLL != 0 {
        expected[STATE_FLAGS] |= FINAL;
    }
    let [copy] = copies else {
        panic!("{} answers", copies.len());
    };
    assert_eq!(copy.bytes, expected);
    assert_eq!((copy.ifindex, copy.outer.is_present), (VXLAN, 1));
    assert_eq!(input.frame[46..50], own[50..54]);
    assert_eq!(input.frame[50..54], own[46..50]);
}

fn record(own: &[u8]) -> BfdSession {
    const { assert!(BFD_FRAME_LENGTH == FRAME_LEN) };
    BfdSession {
        answer_after_ns: 50 * NANOS,
        min_tx_us: 0,
        min_rx_us: 0,
        remote_min_tx_us: 0,
        remote_min_rx_us: 0,
        config_min_tx_ms: 0,
        config_min_rx_ms: 0,
        config_decay_min_rx_ms: 0,
        config_flags: 0,
        local_ip: [0; 4],
        remote_ip: [0; 4],
        local_mac: [0; 6],
        remote_mac: [0; 6],
        state: 0,
        diagnostic: 0,
        remote_state: 0,
        remote_diagnostic: 0,
        remote_multiplier: 0,
        remote_is_demand: 0,
        zero: [0; 2],
        discriminator: 0,
        remote_discriminator: 0,
        frame: own.try_into().expect("of this length"),
        pad: [0; 2],
    }
}
