//! What holds for all tables and frames; and that the generated ones meet every rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use model::arp::ArpRepr;
use model::ethernet::{self, EthernetFrame};
use model::ndp::{Kind, NeighbourRepr};
use model::outer::{HEADER_LEN, OuterHeader};
use model::strategies::{
    AccessArrival, Scope, access_cases, overlay_cases, question_cases, underlay_cases,
};
use model::vlan::untag;
use model::{
    BindingKey, Effect, FdbKey, LearnKind, Limits, Note, Origin, Outcome, Output, PortId, Shortcut,
    Tables, Verdict, Vni, process_access, process_access_xdp, process_overlay,
    process_underlay_xdp,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

fn scope() -> Scope {
    let access = [11, 12, 13]
        .map(|index| PortId::new(index).unwrap())
        .to_vec();
    Scope::new(access, PortId::new(21).unwrap())
}

/// Everything that may be odd: dangling references, frames of no length, tables that are full.
fn wild() -> Scope {
    let limits = Limits {
        local_macs: 5,
        bindings: 6,
        ..Limits::default()
    };
    Scope {
        dangling: true,
        min_len: 0,
        limits,
        ..scope()
    }
}

fn access(tables: &Tables, arrival: &AccessArrival) -> Outcome {
    process_access(
        tables,
        arrival.port,
        arrival.frame.as_slice().into(),
        arrival.now,
    )
}

fn assert_accounted(outcome: &Outcome) -> Result<(), TestCaseError> {
    match &outcome.verdict {
        Verdict::Drop(reason) => prop_assert_eq!(outcome.drops.first(), Some(reason)),
        Verdict::Forward(outputs) => prop_assert!(!outputs.is_empty()),
    }
    let distinct: BTreeSet<&Output> = outcome.outputs().iter().collect();
    prop_assert_eq!(
        distinct.len(),
        outcome.outputs().len(),
        "no copy leaves twice"
    );
    Ok(())
}

/// Every copy that leaves a port has exactly the tag of its binding on top of the inner frame.
fn assert_tags(outcome: &Outcome, expected: &[u8]) -> Result<(), TestCaseError> {
    for output in outcome.outputs() {
        match output {
            Output::ToPort { vlan, bytes, .. } if vlan.is_tagged() => {
                let untagged = untag(bytes).unwrap();
                prop_assert_eq!(
                    (untagged.vlan, untagged.inner.as_slice()),
                    (*vlan, expected)
                );
            }
            Output::ToPort { bytes, .. } => {
                prop_assert_eq!(bytes, expected);
                prop_assert!(
                    !matches!(bytes[12..14], [0x81, 0x00] | [0x88, 0xa8]),
                    "no tag leaves untagged"
                );
            }
            Output::ToTunnel { inner, .. } => prop_assert_eq!(inner, expected),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 1000, ..Config::default() })]

    #[test]
    fn a_frame_from_an_access_port_is_accounted_for((tables, arrival) in access_cases(&wild())) {
        let outcome = access(&tables, &arrival);
        assert_accounted(&outcome)?;
        if let Ok(untagged) = untag(&arrival.frame) {
            assert_tags(&outcome, &untagged.inner)?;
            let from = BindingKey { port: arrival.port, vlan: untagged.vlan };
            for output in outcome.outputs() {
                if let Output::ToPort { port, vlan, .. } = output {
                    prop_assert_ne!(BindingKey { port: *port, vlan: *vlan }, from, "no frame goes back");
                }
            }
        }
        prop_assert!(outcome.received.is_some() || outcome.outputs().is_empty());
    }

    #[test]
    fn what_was_learned_is_refreshed_next_time((tables, arrival) in access_cases(&scope())) {
        if let Some(learn) = access(&tables, &arrival).learn {
            let mut tables = tables;
            tables.learn(&learn).unwrap();
            let again = access(&tables, &arrival);
            let kind = if learn.kind == LearnKind::Expire { LearnKind::Expire } else { LearnKind::Refresh };
            prop_assert_eq!(again.learn.map(|learn| learn.kind), Some(kind));
        }
    }

    #[test]
    fn an_answer_goes_back_alone_from_a_mac_behind_a_tunnel((tables, arrival) in question_cases(&wild())) {
        let outcome = access(&tables, &arrival);
        assert_accounted(&outcome)?;
        if !outcome.notes.contains(&Note::NeighbourAnswered) {
            return Ok(());
        }
        let question = untag(&arrival.frame).unwrap().inner;
        let question = EthernetFrame::new_checked(&question).unwrap();
        let [Output::ToPort { port, vlan, bytes }] = outcome.outputs() else {
            return Err(TestCaseError::fail(format!("{outcome:?}")));
        };
        prop_assert_eq!(Some(BindingKey { port: *port, vlan: *vlan }), outcome.received);
        let answer = untag(bytes).unwrap().inner;
        let answer = EthernetFrame::new_checked(&answer).unwrap();
        prop_assert_eq!(answer.destination(), question.source());
        prop_assert_eq!(answer.payload().len(), question.payload().len());
        let key = FdbKey { switch: tables.bindings.get(&outcome.received.unwrap()).copied().unwrap(), mac: answer.source() };
        prop_assert!(tables.remote_macs.contains(&key));
        let said = match ArpRepr::parse(answer.payload()) {
            Some(arp) if answer.ethertype() == ethernet::ARP => arp.sender_mac,
            _ => NeighbourRepr::parse(Kind::Advertisement, answer.payload()).unwrap().mac,
        };
        prop_assert_eq!(said, answer.source());
    }

    #[test]
    fn a_frame_from_a_tunnel_is_not_sent_to_a_tunnel((tables, arrival) in overlay_cases(&wild())) {
        let outcome = process_overlay(&tables, arrival.origin, arrival.frame.as_slice().into());
        assert_accounted(&outcome)?;
        assert_tags(&outcome, &arrival.frame)?;
        let to_port = |output: &Output| matches!(output, Output::ToPort { .. });
        prop_assert!(outcome.outputs().iter().all(to_port));
        prop_assert_eq!((outcome.learn, outcome.notes, outcome.received), (None, vec![], None));
    }

    #[test]
    fn the_access_shortcut_does_what_tc_would_have_done((tables, arrival) in access_cases(&scope())) {
        let frame = arrival.frame.as_slice().into();
        let Shortcut::Redirect { port, bytes: packet, effect } = process_access_xdp(&tables, arrival.port, frame, arrival.now)
        else {
            return Ok(());
        };
        let outcome = access(&tables, &arrival);
        let [Output::ToTunnel { remote, local, vni, inner }] = outcome.outputs() else {
            return Err(TestCaseError::fail(format!("tc: {outcome:?}")));
        };
        let next_hop = tables.tunnels.get(remote).and_then(|tunnel| tunnel.next_hop).unwrap();
        let (std::net::IpAddr::V4(local), std::net::IpAddr::V4(remote)) = (*local, *remote) else {
            return Err(TestCaseError::fail("only IPv4 is encapsulated"));
        };
        let header = OuterHeader {
            source_mac: next_hop.source_mac,
            destination_mac: next_hop.destination_mac,
            local,
            remote,
            vni: *vni,
        };
        prop_assert_eq!(header.encapsulate(inner).unwrap(), packet);
        prop_assert_eq!(port, next_hop.port);
        let Effect::FromLocal { at, bytes, learn } = effect else {
            return Err(TestCaseError::fail("counted on the wrong side"));
        };
        prop_assert_eq!((Some(at), Some(learn)), (outcome.received, outcome.learn));
        prop_assert_eq!(bytes, outcome.measure.bytes);
        prop_assert_eq!((outcome.drops, outcome.notes), (vec![], vec![]));
    }

    #[test]
    fn the_underlay_shortcut_does_what_tc_would_have_done((tables, packet) in underlay_cases(&wild())) {
        let Shortcut::Redirect { port, bytes, effect } = process_underlay_xdp(&tables, packet.as_slice().into()) else {
            return Ok(());
        };
        let vni = u32::from_be_bytes([0, packet[46], packet[47], packet[48]]);
        let remote = std::net::Ipv4Addr::new(packet[26], packet[27], packet[28], packet[29]);
        let origin = Origin { vni: Vni::new(vni).unwrap(), remote: remote.into() };
        let outcome = process_overlay(&tables, origin, packet[HEADER_LEN..].into());
        let [Output::ToPort { port: tc_port, vlan, bytes: tc_bytes }] = outcome.outputs() else {
            return Err(TestCaseError::fail(format!("tc: {outcome:?}")));
        };
        prop_assert_eq!((*tc_port, tc_bytes), (port, &bytes));
        let at = BindingKey { port, vlan: *vlan };
        prop_assert_eq!(effect, Effect::ToLocal { at, bytes: packet.len() - HEADER_LEN });
    }
}

/// What generated cases met, each word with its number of times.
fn census<T: std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
    words: impl Fn(&T) -> Vec<String>,
) -> BTreeSet<String> {
    let mut runner = TestRunner::deterministic();
    let mut met = BTreeSet::new();
    for _ in 0..8000 {
        met.extend(words(&strategy.new_tree(&mut runner).unwrap().current()));
    }
    met
}

fn words(outcome: &Outcome) -> Vec<String> {
    let mut words: Vec<String> = outcome.drops.iter().map(ToString::to_string).collect();
    words.extend(
        outcome
            .notes
            .iter()
            .copied()
            .map(Note::name)
            .map(String::from),
    );
    words.extend(outcome.learn.map(|learn| match learn.kind {
        LearnKind::New => "new".into(),
        LearnKind::Refresh => "refresh".into(),
        LearnKind::Move { .. } => "move".into(),
        LearnKind::Expire => "expire".into(),
    }));
    words.push(match outcome.outputs() {
        [] => "none".into(),
        [Output::ToPort { .. }] => "port".into(),
        [Output::ToTunnel { .. }] => "tunnel".into(),
        _ => "flood".into(),
    });
    words
}

fn expected(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(String::from).collect()
}

#[test]
fn generated_frames_on_access_ports_meet_every_rule() {
    let met = census(access_cases(&wild()), |(tables, arrival)| {
        words(&access(tables, arrival))
    });
    let all = "acl_denied expire flood flooded_to_remote_macs inner_vlan invalid_source learn_port_full learn_switch_full learn_table_full link_local
        mac_moved move new no_destination no_tunnel none oversize port refresh remote_mac_on_access same_port truncated tunnel unbound_vlan unknown_switch unsupported_tag";
    assert_eq!(met, expected(all));
}

#[test]
fn generated_questions_are_answered_flooded_and_denied() {
    let met = census(question_cases(&scope()), |(tables, arrival)| {
        words(&access(tables, arrival))
    });
    let all = expected("acl_denied flood neighbour_answered no_destination");
    assert!(met.is_superset(&all), "{met:?}");
}

#[test]
fn generated_frames_from_tunnels_meet_every_rule() {
    let met = census(overlay_cases(&wild()), |(tables, arrival)| {
        words(&process_overlay(
            tables,
            arrival.origin,
            arrival.frame.as_slice().into(),
        ))
    });
    let all = "acl_denied flood inner_vlan invalid_source link_local no_destination none port split_horizon truncated \
               unknown_vni unknown_vtep";
    assert_eq!(met, expected(all));
}

#[test]
fn generated_frames_take_both_shortcuts_often_enough() {
    let taken = |shortcut: &Shortcut| usize::from(*shortcut != Shortcut::Pass);
    let mut runner = TestRunner::deterministic();
    let (accesses, underlays) = (access_cases(&scope()), underlay_cases(&scope()));
    let (mut encapsulated, mut decapsulated) = (0, 0);
    for _ in 0..1000 {
        let (tables, arrival) = accesses.new_tree(&mut runner).unwrap().current();
        let frame = arrival.frame.as_slice().into();
        encapsulated += taken(&process_access_xdp(
            &tables,
            arrival.port,
            frame,
            arrival.now,
        ));
        let (tables, packet) = underlays.new_tree(&mut runner).unwrap().current();
        decapsulated += taken(&process_underlay_xdp(&tables, packet.as_slice().into()));
    }
    assert!(
        encapsulated >= 50 && decapsulated >= 50,
        "{encapsulated} and {decapsulated} of 1000"
    );
}
