//! Frames that come in on access ports.

use proptest::prelude::*;
use proptest::sample::select;

use super::inner::inner_frames;
use super::questions::questions;
use super::scene::NEWEST_SEEN_MS;
use super::{Scope, pool};
use crate::ethernet;
use crate::local_fdb::Instant;
use crate::mac::Mac;
use crate::number::PortId;
use crate::switch_id::SwitchId;
use crate::tables::{BindingKey, Tables};

/// A frame on an access port.
#[derive(Clone, Debug)]
pub struct AccessArrival {
    /// The access port.
    pub port: PortId,
    /// The frame with its tag inline.
    pub frame: Vec<u8>,
    /// When it comes: not before anything in the tables.
    pub now: Instant,
}

/// The access port and the 12 bits of the tag; the logical switch if they are bound.
#[derive(Clone, Debug)]
struct Place {
    port: PortId,
    vid: u16,
    bound: Option<(BindingKey, SwitchId)>,
}

/// Frames for the access ports of these tables: mostly on bindings, from and to stations that the tables know, with
/// all that may be wrong with a frame now and then.
pub fn access_arrivals(tables: &Tables, scope: &Scope) -> BoxedStrategy<AccessArrival> {
    let known = tables.clone();
    arrivals(tables, scope, move |place| {
        let tables = known.clone();
        macs(&tables, place)
            .prop_flat_map(move |(destination, source)| inner_frames(&tables, destination, source))
            .boxed()
    })
}

/// Frames for the access ports of these tables that ask for the MAC of an address, as it should be or with one thing
/// odd about them.
pub fn question_arrivals(tables: &Tables, scope: &Scope) -> BoxedStrategy<AccessArrival> {
    let known = tables.clone();
    arrivals(tables, scope, move |place| {
        macs(&known, place)
            .prop_flat_map(|(_, source)| questions(source))
            .boxed()
    })
}

fn arrivals(
    tables: &Tables,
    scope: &Scope,
    frame_at: impl Fn(&Place) -> BoxedStrategy<Vec<u8>> + 'static,
) -> BoxedStrategy<AccessArrival> {
    let min_len = scope.min_len;
    let arrivals = places(tables, scope).prop_flat_map(move |place| {
        let frame = frame_at(&place);
        let times = NEWEST_SEEN_MS..NEWEST_SEEN_MS + 10_000;
        (
            Just(place.port),
            frame,
            tags(place.vid),
            proptest::option::weighted(0.05, min_len..=20),
            times,
        )
    });
    arrivals
        .prop_map(|(port, inner, tag, cut, now)| {
            let (macs, rest) = inner.split_at_checked(12).unwrap_or((&inner, &[]));
            let mut frame = [macs, &tag, rest].concat();
            if let Some(length) = cut {
                frame.truncate(length);
            }
            AccessArrival {
                port,
                frame,
                now: Instant::from_millis(now),
            }
        })
        .boxed()
}

fn places(tables: &Tables, scope: &Scope) -> BoxedStrategy<Place> {
    let place = |(&key, &switch): (&BindingKey, &SwitchId)| Place {
        port: key.port,
        vid: key.vlan.get(),
        bound: Some((key, switch)),
    };
    let bound = tables.bindings.iter().map(place).collect();
    let vids = || pool::BOUND_VLANS.iter().chain(&pool::UNBOUND_VLANS);
    let any = scope
        .access
        .iter()
        .flat_map(|&port| {
            vids().map(move |&vid| Place {
                port,
                vid,
                bound: None,
            })
        })
        .collect();
    pool::one_of(vec![(12, bound), (1, any)])
}

/// Destination and source.
fn macs(tables: &Tables, place: &Place) -> BoxedStrategy<(Mac, Mac)> {
    let in_switch = |switch| place.bound.is_some_and(|(_, bound)| bound == switch);
    let is_here = |at| place.bound.is_some_and(|(here, _)| here == at);
    let locals: Vec<_> = tables
        .local_macs
        .iter()
        .filter(|(key, _)| in_switch(key.switch))
        .collect();
    let here: Vec<Mac> = locals
        .iter()
        .filter(|(_, entry)| is_here(entry.at))
        .map(|(key, _)| key.mac)
        .collect();
    let locals: Vec<Mac> = locals.iter().map(|(key, _)| key.mac).collect();
    let remotes = tables
        .remote_macs
        .iter()
        .filter(|(key, _)| in_switch(key.switch));
    let remotes: Vec<Mac> = remotes.map(|(key, _)| key.mac).collect();
    let destinations = pool::one_of(vec![
        (10, remotes),
        (4, locals),
        (2, pool::known_stations()),
        (2, pool::unknown_stations()),
        (3, pool::groups()),
        (1, pool::link_locals()),
        (1, vec![Mac::new([0; 6])]),
    ]);
    let sources = pool::one_of(vec![
        (16, here),
        (4, pool::known_stations()),
        (4, pool::unknown_stations()),
        (1, [pool::groups(), vec![Mac::new([0; 6])]].concat()),
    ]);
    (destinations, sources).boxed()
}

/// The tag for a VLAN, or none, or one that names no binding.
fn tags(vid: u16) -> BoxedStrategy<Vec<u8>> {
    let tag =
        |tag_type: u16, control: u16| [tag_type.to_be_bytes(), control.to_be_bytes()].concat();
    let named = (0..16_u16).prop_map(move |priority| tag(ethernet::TAG, priority << 12 | vid));
    let usual = if vid == 0 {
        prop_oneof![2 => Just(Vec::new()), 1 => named].boxed()
    } else {
        named.boxed()
    };
    let service = select(vec![vid, 100]).prop_map(move |vid| tag(ethernet::SERVICE_TAG, vid));
    prop_oneof![16 => usual, 1 => service].boxed()
}
