//! `access_tc`: all rules for frames from servers, clones and all.

use std::{cell::Cell, net::IpAddr};

use datapath::Mode;
use model::{
    BindingKey, FdbKey, Frame, Mac, Note, Outcome, Output, PortId, Tables, neighbours,
    outer::tunnel_packet,
    process_access,
    strategies::{AccessArrival, access_cases, question_cases},
    vlan,
};
use proptest::{prelude::*, sample::select};

use crate::{
    agree,
    effects::Effects,
    rig::{Rig, UNDERLAY},
    wire::{Copy, Wires, ends_within_headers},
};

const STOLEN: u32 = 4;
pub const SHOT: u32 = 2;
const REDIRECT: u32 = 7;

#[test]
fn a_frame_from_a_server_goes_where_the_model_sends_it() {
    let rig = Rig::new(Mode::Tc);
    let wires = Wires::open();
    let cases = access_cases(&rig.scope);
    agree(rig, &cases, |rig, (tables, mut arrival)| {
        make_runnable(&mut arrival.frame);
        let tables = rig.realizable(tables);
        rig.apply(&tables);
        let was_flooded = check(rig, &tables, &arrival, 0, Some(&wires))?;
        prop_assert!(was_flooded || wires.drain().is_empty());
        Ok(())
    });
}

#[test]
fn a_question_for_a_mac_is_answered_just_where_the_model_answers_it() {
    let rig = Rig::new(Mode::Tc);
    let wires = Wires::open();
    let cases = question_cases(&rig.scope);
    let answered = Cell::new(0);
    agree(rig, &cases, |rig, (tables, mut arrival)| {
        make_runnable(&mut arrival.frame);
        let tables = rig.realizable(tables);
        rig.apply(&tables);
        let before = rig.counted();
        check(rig, &tables, &arrival, 0, Some(&wires))?;
        let reasons = rig.counted().since(&before).reasons;
        let key = (Some(arrival.port), Note::NeighbourAnswered.name());
        answered.set(answered.get() + reasons.get(&key).unwrap_or(&0));
        Ok(())
    });
    assert!(answered.get() > 0);
}

/// A test run refuses what ends within its IP header, but not behind a tag; and one of VLAN 0 changes nothing else.
fn make_runnable(frame: &mut Vec<u8>) {
    let is_untagged = !matches!(frame[12..14], [0x81, 0x00] | [0x88, 0xa8]);
    if is_untagged && ends_within_headers(frame) {
        frame.splice(12..12, [0x81, 0x00, 0xe0, 0x00]);
    }
}

/// None is flooded here: the kernel clones only what a device or a socket has declared to be a super-frame.
#[test]
fn a_super_frame_counts_as_the_model_counts_it() {
    let rig = Rig::new(Mode::Tc);
    let sizes = prop_oneof![1..64_u16, select(vec![500_u16, 1448, 9000])];
    let cases = (access_cases(&rig.scope), sizes, 0..2000_usize, 4..8_u8);
    agree(
        rig,
        &cases,
        |rig, ((tables, mut arrival), gso_size, more, data_offset)| {
            lengthen(&mut arrival.frame, more, data_offset);
            make_runnable(&mut arrival.frame);
            let tables = rig.realizable(tables);
            rig.apply(&tables);
            let frame = Frame {
                bytes: &arrival.frame,
                gso_size,
            };
            let outcome = process_access(&tables, arrival.port, frame, arrival.now);
            if !is_flooded(&tables, &arrival, gso_size, &outcome) {
                check(rig, &tables, &arrival, gso_size, None)?;
            }
            Ok(())
        },
    );
}

/// Payload for several segments, and a TCP header length that is one.
fn lengthen(frame: &mut Vec<u8>, more: usize, data_offset: u8) {
    frame.resize(frame.len() + more, 0x5a);
    for byte in frame.iter_mut().skip(14 + 20 + 12).take(9).step_by(4) {
        *byte = data_offset << 4;
    }
}

/// Returns whether the frame was flooded.
fn check(
    rig: &mut Rig,
    tables: &Tables,
    arrival: &AccessArrival,
    gso_size: u16,
    wires: Option<&Wires>,
) -> Result<bool, TestCaseError> {
    let frame = Frame {
        bytes: &arrival.frame,
        gso_size,
    };
    let outcome = process_access(tables, arrival.port, frame, arrival.now);
    wires.map(Wires::drain);
    let before = rig.counted();
    let (verdict, bytes) = rig.run_tc(arrival.port, &arrival.frame, gso_size);
    let observed = Effects {
        told: rig.told(),
        counted: rig.counted().since(&before),
    };
    prop_assert_eq!(observed, expected_effects(tables, arrival, &outcome));
    let is_flooded = is_flooded(tables, arrival, gso_size, &outcome);
    let expected_verdict = match outcome.outputs() {
        _ if is_flooded && !outcome.drops.contains(&model::DropReason::NoDestination) => STOLEN,
        [] => SHOT,
        _ => REDIRECT,
    };
    prop_assert_eq!(verdict, expected_verdict);
    match outcome.outputs() {
        [output] if verdict == REDIRECT => {
            prop_assert_eq!(bytes, redirected(tables, gso_size, output));
        }
        outputs => {
            if let Some(wires) = wires {
                let mut expected: Vec<Copy> = outputs
                    .iter()
                    .filter_map(|output| copy(rig, tables, output))
                    .filter(is_taken_by_vxlan)
                    .collect();
                expected.sort();
                let mut seen = wires.copies(expected.len());
                seen.retain(is_taken_by_vxlan);
                prop_assert_eq!(seen, expected);
            }
        }
    }
    Ok(is_flooded)
}

fn expected_effects(tables: &Tables, arrival: &AccessArrival, outcome: &Outcome) -> Effects {
    let effects = Effects::of_outcome(tables, Some(arrival.port), outcome);
    match outcome.received {
        Some(at) if outcome.notes.contains(&Note::RemoteMacOnAccess) => {
            effects.with_refused(source(&arrival.frame), at)
        }
        _ => effects,
    }
}

/// Also where an ACL denies the answer.
fn is_answered(
    tables: &Tables,
    arrival: &AccessArrival,
    at: BindingKey,
    outcome: &Outcome,
) -> bool {
    let switch = *tables.bindings.get(&at).unwrap();
    let question = vlan::untag(&arrival.frame).unwrap().inner;
    let mac_of = |address| tables.neighbour(switch, address);
    outcome.learn.is_some() && neighbours::reply(&question, mac_of).is_some()
}

fn is_flooded(tables: &Tables, arrival: &AccessArrival, gso_size: u16, outcome: &Outcome) -> bool {
    let Some(at) = outcome.received else {
        return false;
    };
    if gso_size == 0 && is_answered(tables, arrival, at, outcome) {
        return false;
    }
    let mac = destination(&arrival.frame);
    let key = FdbKey {
        switch: *tables.bindings.get(&at).unwrap(),
        mac,
    };
    let is_known = tables.local_macs.contains(&key)
        || tables.remote_macs.contains(&key)
        || outcome.learn.is_some_and(|learn| learn.key == key);
    mac.is_group() || !is_known
}

/// The bytes of a redirected frame: what goes to a tunnel has its outer header where the next hop is known and the kernel
/// can make room for it, which it does in IP packets only, and not in the super-frames of a test run, which are not
/// declared as TCP or UDP.
fn redirected(tables: &Tables, gso_size: u16, output: &Output) -> Vec<u8> {
    let bytes = without_metadata(output);
    let Output::ToTunnel {
        remote, vni, inner, ..
    } = output
    else {
        return bytes;
    };
    if gso_size > 0 || !matches!(inner[12..14], [0x08, 0x00] | [0x86, 0xdd]) {
        return bytes;
    }
    tunnel_packet(tables, *remote, *vni, inner).map_or(bytes, |(_, packet)| packet)
}

/// The bytes of a frame. Its outermost tag is in the metadata, and the test run does not show it.
fn without_metadata(output: &Output) -> Vec<u8> {
    let (Output::ToPort { bytes, .. } | Output::ToTunnel { inner: bytes, .. }) = output;
    match bytes[12..14] {
        [0x81, 0x00] | [0x88, 0xa8] => [&bytes[..12], &bytes[16..]].concat(),
        _ => bytes.clone(),
    }
}

/// What must come out at a far end; nothing for a tunnel whose next hop is not known.
pub fn copy(rig: &Rig, tables: &Tables, output: &Output) -> Option<Copy> {
    match output {
        Output::ToPort { port, bytes, .. } => Some(Copy::Plain {
            netdev: rig.name(*port),
            bytes: bytes.clone(),
        }),
        Output::ToTunnel {
            remote,
            local,
            vni,
            inner,
        } => {
            let next_hop = tables.tunnels.get(remote)?.next_hop?;
            Some(Copy::Tunnel {
                netdev: underlay_name(rig, next_hop.port),
                next_hop: next_hop.destination_mac,
                local: *local,
                remote: IpAddr::clone(remote),
                vni: *vni,
                inner: inner.clone(),
            })
        }
    }
}

/// Older kernels send what newer ones refuse to put into a tunnel.
fn is_taken_by_vxlan(copy: &Copy) -> bool {
    match copy {
        Copy::Plain { .. } => true,
        Copy::Tunnel { inner, .. } => !ends_within_headers(inner),
    }
}

fn underlay_name(rig: &Rig, port: PortId) -> &'static str {
    UNDERLAY[usize::from(port != rig.underlay())].0
}

fn destination(frame: &[u8]) -> Mac {
    Mac::new(frame[..6].try_into().unwrap())
}

fn source(frame: &[u8]) -> Mac {
    Mac::new(frame[6..12].try_into().unwrap())
}
