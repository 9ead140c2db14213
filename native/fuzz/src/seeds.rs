//! Inputs to begin with: frames that mean something to the tables that they meet, from the strategies of the model.

use std::net::IpAddr;

use model::strategies::{access_arrivals, inner_frames, overlay_arrivals, underlay_packets};

use crate::{
    input::{ACCESS, Input, generate, scope, tables},
    targets::own_frame,
};

/// How many frames each scene gets.
const PER_SCENE: u32 = 8;

/// Inputs for a target, the same each time.
#[must_use]
pub fn seeds(target: &str, scenes: u8) -> Vec<Vec<u8>> {
    match target {
        "bfd_packet" => vec![own_frame(), own_frame()[42..].to_vec()],
        "bfd_session" => vec![session(0), session(5)],
        "bfd_tc" => (0..scenes).map(bfd).collect(),
        "parsers" => frames(target, scenes)
            .map(|(.., frame)| frame)
            .flat_map(|frame| [frame.get(14..).unwrap_or_default().to_vec(), frame])
            .collect(),
        _ => frames(target, scenes)
            .map(|(scene, port, origin, frame)| Input::emit(scene, port, origin, &frame))
            .collect(),
    }
}

type Seed = (u8, u8, (u8, u8), Vec<u8>);

fn frames(target: &str, scenes: u8) -> impl Iterator<Item = Seed> {
    let target = target.to_owned();
    (0..scenes).flat_map(move |scene| {
        let target = target.clone();
        (0..PER_SCENE).map(move |seed| frame(&target, scene, seed))
    })
}

fn frame(target: &str, scene: u8, seed: u32) -> Seed {
    let (tables, scope) = (tables(scene), scope());
    let seed = u32::from(scene) << 8 | seed;
    match target {
        "access_tc" | "access_xdp" | "parsers" => {
            let arrival = generate(&access_arrivals(&tables, &scope), seed);
            let port = ACCESS.iter().position(|port| *port == arrival.port.get());
            let port = u8::try_from(port.unwrap()).unwrap();
            (scene, port, (0, 0), arrival.frame)
        }
        "overlay_tc" => {
            let arrival = generate(&overlay_arrivals(&tables, &scope), seed);
            let vni = tables
                .switches
                .iter()
                .filter_map(|(_, switch)| switch.vni)
                .position(|vni| vni == arrival.origin.vni);
            let remote = tables
                .tunnels
                .iter()
                .position(|(remote, _)| *remote == IpAddr::clone(&arrival.origin.remote));
            let origin = (index(vni), index(remote));
            (scene, 0, origin, arrival.frame)
        }
        "underlay_xdp" => {
            let packet = generate(&underlay_packets(&tables, &scope), seed);
            (scene, 0, (0, 0), packet)
        }
        _ => {
            let mac = model::Mac::new([2, 0, 0, 0, 0, 1]);
            let frame = generate(&inner_frames(&tables, mac, mac), seed);
            (scene, 0, (0, 0), frame)
        }
    }
}

fn index(found: Option<usize>) -> u8 {
    found.map_or(u8::MAX, |index| u8::try_from(index).unwrap())
}

/// The other end of the session: discriminators exchanged, as a poll every second time.
fn bfd(scene: u8) -> Vec<u8> {
    let mut frame = own_frame();
    for at in 46..50 {
        frame.swap(at, at + 4);
    }
    if scene % 2 == 1 {
        frame[43] |= 0x20;
    }
    Input::emit(scene, scene / 2, (0, 0), &frame)
}

/// Three packets, between which the session comes up.
fn session(what: u8) -> Vec<u8> {
    let own = own_frame();
    let mut bytes = Vec::new();
    for state in [1_u8, 2, 3] {
        let mut packet = own[42..].to_vec();
        packet[1] = state << 6;
        packet[4..8].copy_from_slice(&[1, 2, 3, 4]);
        packet[8..12].copy_from_slice(&[0x0a, 0x0b, 0x0c, 0x0d]);
        bytes.extend([what, 0, 0, 100]);
        bytes.extend(&packet);
        bytes.extend([4, 1, 0, 10]);
        bytes.extend(&packet);
    }
    bytes
}
