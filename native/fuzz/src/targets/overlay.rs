//! `overlay_tc` against `process_overlay`.

use model::{Frame, Origin, process_overlay};

use super::access::{NANOS, NOW_MS, assert_verdict};
use crate::{
    effects::Effects,
    host::{Arrival, Host, Outer},
    input::{Input, tables},
    scene::{Scene, VXLAN, v4},
};

pub fn run(bytes: &[u8]) {
    let Some(input) = Input::parse(bytes).filter(Input::is_received) else {
        return;
    };
    let tables = tables(input.scene);
    let mut host = Host::new(NOW_MS * NANOS);
    let scene = Scene::put(&mut host, &tables);
    let (vni, remote) = input.tunnel(&tables);
    let remote = remote.into();
    let origin = Origin { vni, remote };
    let frame = Frame {
        bytes: input.frame,
        gso_size: input.gso_size(),
    };
    let outcome = process_overlay(&tables, origin, frame);
    let local = tables
        .tunnels
        .get(&remote)
        .map_or(0, |tunnel| v4(tunnel.local).to_bits());
    let arrival = Arrival {
        is_untagged: true,
        gso_size: frame.gso_size,
        outer: Outer {
            is_present: 1,
            vni: vni.get(),
            remote: v4(remote).to_bits(),
            local,
        },
        ..Arrival::new(input.frame, VXLAN)
    };
    let (verdict, copies) = host.run("overlay_tc", &arrival);
    assert_eq!(
        Effects::of_run(&host, copies),
        Effects::of_outcome(&scene, &tables, None, &outcome)
    );
    assert_verdict(verdict, &outcome);
}
