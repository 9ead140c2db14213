//! The XDP programs.

use datapath::Mode;
use model::{
    PortId, Shortcut, Tables, process_access_xdp, process_underlay_xdp,
    strategies::{access_arrivals, scenes, underlay_packets},
};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseResult};

use crate::{agree, effects::Effects, rig::Rig};

const XDP_PASS: u32 = 2;
const XDP_REDIRECT: u32 = 4;

/// Frames on each set of tables: a shortcut changes none of them.
const FRAMES: usize = 6;

#[test]
fn the_shortcut_into_a_tunnel_does_what_the_model_does() {
    let rig = Rig::new(Mode::Xdp);
    let scope = rig.scope.clone();
    let cases = scenes(&scope).prop_flat_map(move |tables| {
        let arrivals = vec(access_arrivals(&tables, &scope), FRAMES);
        (Just(tables), arrivals)
    });
    agree(rig, &cases, |rig, (tables, arrivals)| {
        let tables = rig.realizable(tables);
        rig.apply(&tables);
        for arrival in arrivals {
            let (port, now) = (arrival.port, arrival.now);
            let shortcut = process_access_xdp(&tables, port, arrival.frame.as_slice().into(), now);
            check(
                rig,
                &tables,
                ("access_xdp", port),
                &arrival.frame,
                &shortcut,
            )?;
        }
        Ok(())
    });
}

#[test]
fn the_shortcut_out_of_a_tunnel_does_what_the_model_does() {
    let rig = Rig::new(Mode::Xdp);
    let scope = rig.scope.clone();
    let cases = scenes(&scope).prop_flat_map(move |tables| {
        let packets = vec(underlay_packets(&tables, &scope), FRAMES);
        (Just(tables), packets, 0..4_usize)
    });
    agree(rig, &cases, |rig, (tables, packets, by)| {
        let tables = Rig::rotated(rig.realizable(tables), by);
        rig.apply(&tables);
        for packet in packets {
            let shortcut = process_underlay_xdp(&tables, packet.as_slice().into());
            let port = rig.underlay();
            check(rig, &tables, ("underlay_xdp", port), &packet, &shortcut)?;
        }
        Ok(())
    });
}

/// A frame that is passed up is as it came, a redirected one is the model's to the last bit.
fn check(
    rig: &mut Rig,
    tables: &Tables,
    (program, port): (&str, PortId),
    frame: &[u8],
    shortcut: &Shortcut,
) -> TestCaseResult {
    let before = rig.counted();
    let outcome = rig.run_xdp(program, port, frame);
    let observed = Effects {
        told: rig.told(),
        counted: rig.counted().since(&before),
    };
    let expected = match shortcut {
        Shortcut::Pass => (XDP_PASS, frame.to_vec()),
        Shortcut::Redirect { bytes, .. } => (XDP_REDIRECT, bytes.clone()),
    };
    prop_assert_eq!(outcome, expected);
    prop_assert_eq!(observed, Effects::of_shortcut(tables, shortcut));
    Ok(())
}
