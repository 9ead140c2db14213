//! `access_tc` against `process_access`.

use model::{DropReason, Frame, Instant, Mac, PortId, process_access};

use crate::{
    effects::Effects,
    host::{Arrival, Host},
    input::{Input, tables},
    scene::Scene,
};

pub const NOW_MS: u64 = 105_000;
pub const NANOS: u64 = 1_000_000;
const SHOT: i32 = 2;
const STOLEN: i32 = 4;
const REDIRECT: i32 = 7;

pub fn run(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes) else {
        return;
    };
    let tables = tables(input.scene);
    let mut host = Host::new(NOW_MS * NANOS);
    let scene = Scene::put(&mut host, &tables);
    let port = PortId::new(input.access()).unwrap();
    let frame = Frame {
        bytes: input.frame,
        gso_size: input.gso_size(),
    };
    let outcome = process_access(&tables, port, frame, Instant::from_millis(NOW_MS));
    let arrival = Arrival {
        is_untagged: input.is_untagged(),
        gso_size: frame.gso_size,
        ..Arrival::new(input.frame, port.get())
    };
    let (verdict, copies) = host.run("access_tc", &arrival);
    let source = Mac::new(*input.frame[6..].first_chunk().unwrap());
    let mut expected = Effects::of_outcome(&scene, &tables, Some((port, source)), &outcome);
    if verdict == REDIRECT {
        expected = expected.redirected(&tables, frame.gso_size, &outcome);
    }
    assert_eq!(Effects::of_run(&host, copies), expected);
    assert_verdict(verdict, &outcome);
}

/// A frame goes on itself, or clones of it do, or it was refused.
pub fn assert_verdict(verdict: i32, outcome: &model::Outcome) {
    match outcome.outputs() {
        [] => assert!(
            verdict == SHOT
                || verdict == STOLEN && !outcome.drops.contains(&DropReason::NoDestination)
        ),
        [_] => assert!(verdict == REDIRECT || verdict == STOLEN),
        _ => assert_eq!(verdict, STOLEN),
    }
}
