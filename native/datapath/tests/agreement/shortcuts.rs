//! The XDP programs.

use std::net::{IpAddr, Ipv4Addr};

use datapath::Mode;
use model::{
    Shortcut,
    outer::HEADER_LEN,
    process_access_xdp, process_underlay_xdp,
    strategies::{access_cases, underlay_cases},
};
use proptest::{prop_assert_eq, test_runner::TestCaseResult};

use crate::{agree, effects::Effects, rig::Rig};

const XDP_PASS: u32 = 2;
const XDP_REDIRECT: u32 = 4;

#[test]
fn the_shortcut_into_a_tunnel_does_what_the_model_does() {
    let rig = Rig::new(Mode::Xdp);
    let cases = access_cases(&rig.scope);
    agree(rig, &cases, |rig, (tables, arrival)| {
        let tables = rig.realizable(tables);
        rig.apply(&tables);
        let frame = arrival.frame.as_slice();
        let shortcut = process_access_xdp(&tables, arrival.port, frame.into(), arrival.now);
        let remote = match &shortcut {
            Shortcut::Redirect { bytes, .. } => Some(outer_destination(bytes)),
            Shortcut::Pass => None,
        };
        let before = rig.counted();
        let outcome = rig.run_xdp("access_xdp", arrival.port, frame);
        let observed = Effects {
            told: rig.told(),
            counted: rig.counted().since(&before),
        };
        assert_frame(frame, &shortcut, outcome)?;
        prop_assert_eq!(observed, Effects::of_shortcut(&tables, remote, &shortcut));
        Ok(())
    });
}

#[test]
fn the_shortcut_out_of_a_tunnel_does_what_the_model_does() {
    let rig = Rig::new(Mode::Xdp);
    let cases = (underlay_cases(&rig.scope), 0..4_usize);
    agree(rig, &cases, |rig, ((tables, packet), by)| {
        let tables = Rig::rotated(rig.realizable(tables), by);
        rig.apply(&tables);
        let shortcut = process_underlay_xdp(&tables, packet.as_slice().into());
        let before = rig.counted();
        let outcome = rig.run_xdp("underlay_xdp", rig.underlay(), &packet);
        let observed = Effects {
            told: rig.told(),
            counted: rig.counted().since(&before),
        };
        assert_frame(&packet, &shortcut, outcome)?;
        prop_assert_eq!(observed, Effects::of_shortcut(&tables, None, &shortcut));
        Ok(())
    });
}

/// Verdict and bytes: a frame that is passed up is as it came, a redirected one is the model's to the last bit.
fn assert_frame(frame: &[u8], shortcut: &Shortcut, outcome: (u32, Vec<u8>)) -> TestCaseResult {
    let expected = match shortcut {
        Shortcut::Pass => (XDP_PASS, frame.to_vec()),
        Shortcut::Redirect { bytes, .. } => (XDP_REDIRECT, bytes.clone()),
    };
    prop_assert_eq!(outcome, expected);
    Ok(())
}

fn outer_destination(packet: &[u8]) -> IpAddr {
    assert!(packet.len() > HEADER_LEN);
    let octets: [u8; 4] = packet[30..34].try_into().unwrap();
    Ipv4Addr::from(octets).into()
}
