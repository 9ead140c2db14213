//! The XDP programs against the shortcuts of the model.

use model::{Effect, Instant, PortId, Shortcut, Tables, process_access_xdp, process_underlay_xdp};

use super::access::{NANOS, NOW_MS};
use crate::{
    effects::Effects,
    host::{Arrival, Host},
    input::{FRAME_MIN, Input, UNDERLAY, tables},
    scene::Scene,
};

const PASS: i32 = 2;
const REDIRECT: i32 = 4;
/// Where the hash of the inner flow is: what lies in fragments has no part in it.
const OUTER_SOURCE_PORT: std::ops::Range<usize> = 34..36;

pub fn run_access(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes) else {
        return;
    };
    let tables = tables(input.scene);
    let port = PortId::new(input.access()).unwrap();
    let now = Instant::from_millis(NOW_MS);
    let shortcut = process_access_xdp(&tables, port, input.frame.into(), now);
    check(&input, &tables, ("access_xdp", port.get()), &shortcut);
}

pub fn run_underlay(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes) else {
        return;
    };
    let tables = tables(input.scene);
    let shortcut = process_underlay_xdp(&tables, input.frame.into());
    check(&input, &tables, ("underlay_xdp", UNDERLAY), &shortcut);
}

/// A frame that is passed up is as it came, a redirected one is the model's to the last bit. What lies in fragments
/// may be passed up instead.
fn check(input: &Input<'_>, tables: &Tables, (program, ifindex): (&str, u32), shortcut: &Shortcut) {
    let mut host = Host::new(NOW_MS * NANOS);
    let scene = Scene::put(&mut host, tables);
    let is_fragmented = input.linear() < input.frame.len();
    let arrival = Arrival {
        linear: input.linear().max(FRAME_MIN),
        ..Arrival::new(input.frame, ifindex)
    };
    let (verdict, mut copies) = host.run(program, &arrival);
    let mut seen = copies.pop().unwrap();
    let observed = Effects::of_run(&host, Vec::new());
    let mut expected = Effects::none(&scene, tables);
    match shortcut {
        Shortcut::Redirect {
            port,
            bytes,
            effect,
        } if verdict == REDIRECT || !is_fragmented => {
            let (at, counts) = counted(effect);
            expected.bindings.insert(scene.slot(at), counts);
            let mut bytes = bytes.clone();
            if is_fragmented && matches!(effect, Effect::FromLocal { .. }) {
                seen.bytes[OUTER_SOURCE_PORT].fill(0);
                bytes[OUTER_SOURCE_PORT].fill(0);
            }
            assert_eq!(
                (verdict, seen.ifindex, seen.bytes),
                (REDIRECT, port.get(), bytes)
            );
        }
        _ => assert_eq!(
            (verdict, seen.ifindex, seen.bytes.as_slice()),
            (PASS, 0, input.frame)
        ),
    }
    assert_eq!(observed, expected);
}

fn counted(effect: &Effect) -> (model::BindingKey, [u64; 4]) {
    let count = |bytes: usize| u64::try_from(bytes).unwrap();
    match *effect {
        Effect::FromLocal { at, bytes, .. } => (at, [1, count(bytes), 0, 0]),
        Effect::ToLocal { at, bytes } => (at, [0, 0, 1, count(bytes)]),
    }
}
