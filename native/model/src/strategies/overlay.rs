//! Inner frames that come out of tunnels.

use std::net::IpAddr;

use proptest::prelude::*;

use super::inner::inner_frames;
use super::{Scope, pool};
use crate::mac::Mac;
use crate::overlay::Origin;
use crate::tables::Tables;

/// An inner frame, and what the outer header said.
#[derive(Clone, Debug)]
pub struct OverlayArrival {
    /// VNI and outer source address.
    pub origin: Origin,
    /// The inner frame.
    pub frame: Vec<u8>,
}

/// Inner frames for these tables: mostly from known VTEPs, to stations that the tables know.
pub fn overlay_arrivals(tables: &Tables, scope: &Scope) -> BoxedStrategy<OverlayArrival> {
    let tables = tables.clone();
    let min_len = scope.min_len;
    origins(&tables)
        .prop_flat_map(move |origin| {
            let inner = (destinations(&tables, &origin), sources()).prop_flat_map({
                let tables = tables.clone();
                move |(destination, source)| inner_frames(&tables, destination, source)
            });
            (
                Just(origin),
                inner,
                proptest::option::weighted(0.03, min_len..=16),
            )
        })
        .prop_map(|(origin, mut frame, cut)| {
            if let Some(length) = cut {
                frame.truncate(length);
            }
            OverlayArrival { origin, frame }
        })
        .boxed()
}

fn origins(tables: &Tables) -> BoxedStrategy<Origin> {
    let known_vnis = tables
        .switches
        .iter()
        .filter_map(|(_, switch)| switch.vni)
        .collect();
    let known_remotes: Vec<IpAddr> = tables.tunnels.iter().map(|(&remote, _)| remote).collect();
    let vnis = pool::one_of(vec![
        (16, known_vnis),
        (1, pool::unknown_vnis()),
        (1, pool::own_vnis()),
    ]);
    let remotes = pool::one_of(vec![(16, known_remotes), (1, vec![pool::stranger()])]);
    let any = (vnis, remotes).prop_map(|(vni, remote)| Origin { vni, remote });
    let own: Vec<Origin> = tables.origins.iter().map(|(&origin, _)| origin).collect();
    if own.is_empty() {
        return any.boxed();
    }
    prop_oneof![2 => any, 1 => pool::one_of(vec![(1, own)])].boxed()
}

fn destinations(tables: &Tables, origin: &Origin) -> BoxedStrategy<Mac> {
    let switch = tables.switch_of(origin);
    let locals = tables
        .local_macs
        .iter()
        .filter(|(key, _)| Some(key.switch) == switch)
        .map(|(key, _)| key.mac);
    pool::one_of(vec![
        (8, locals.collect()),
        (3, pool::known_stations()),
        (2, pool::unknown_stations()),
        (3, pool::groups()),
        (1, pool::link_locals()),
    ])
}

/// Nothing is learned from them, so any will do.
fn sources() -> BoxedStrategy<Mac> {
    pool::one_of(vec![
        (8, pool::known_stations()),
        (2, pool::unknown_stations()),
        (1, pool::groups()),
    ])
}
