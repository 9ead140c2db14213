//! Generators for property tests: tables that belong together, and frames that mean something to them.
//!
//! A case is tables and one arrival: [`access_cases`], [`question_cases`], [`overlay_cases`], [`underlay_cases`]. The small pools
//! behind them make frames and tables meet often; each rule of the model is met within a few hundred cases.

mod access;
mod acls;
mod inner;
mod overlay;
mod pool;
mod questions;
mod scene;
mod underlay;

use proptest::prelude::*;

pub use access::{AccessArrival, access_arrivals, question_arrivals};
pub use inner::inner_frames;
pub use overlay::{OverlayArrival, overlay_arrivals};
pub use scene::scenes;
pub use underlay::underlay_packets;

use crate::limits::Limits;
use crate::number::PortId;
use crate::tables::Tables;

/// What the generated tables and frames may hold.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The access ports; at least one.
    pub access: Vec<PortId>,
    /// The underlay device.
    pub underlay: PortId,
    /// Limits of the tables. Entries beyond them are left out, so that small limits make full tables.
    pub limits: Limits,
    /// Whether keys may refer to what is not there: bindings to absent logical switches, remote MACs and flood
    /// lists to absent tunnels.
    pub dangling: bool,
    /// Bytes that a frame has at least: 14 for `BPF_PROG_TEST_RUN`, which takes no shorter one.
    pub min_len: usize,
}

impl Scope {
    /// Consistent tables of ample size on these devices, and whole Ethernet headers.
    #[must_use]
    pub fn new(access: Vec<PortId>, underlay: PortId) -> Self {
        Self {
            access,
            underlay,
            limits: Limits::default(),
            dangling: false,
            min_len: 14,
        }
    }
}

/// Tables and a frame on one of their access ports.
pub fn access_cases(scope: &Scope) -> impl Strategy<Value = (Tables, AccessArrival)> + use<> {
    let scope = scope.clone();
    scenes(&scope).prop_flat_map(move |tables| {
        let arrivals = access_arrivals(&tables, &scope);
        (Just(tables), arrivals)
    })
}

/// Tables and a frame on one of their access ports that asks for a MAC, or nearly.
pub fn question_cases(scope: &Scope) -> impl Strategy<Value = (Tables, AccessArrival)> + use<> {
    let scope = scope.clone();
    scenes(&scope).prop_flat_map(move |tables| {
        let arrivals = question_arrivals(&tables, &scope);
        (Just(tables), arrivals)
    })
}

/// Tables and an inner frame out of a tunnel.
pub fn overlay_cases(scope: &Scope) -> impl Strategy<Value = (Tables, OverlayArrival)> + use<> {
    let scope = scope.clone();
    scenes(&scope).prop_flat_map(move |tables| {
        let arrivals = overlay_arrivals(&tables, &scope);
        (Just(tables), arrivals)
    })
}

/// Tables and a packet on the underlay device: most are tunnel packets, many with something odd about them.
pub fn underlay_cases(scope: &Scope) -> impl Strategy<Value = (Tables, Vec<u8>)> + use<> {
    let scope = scope.clone();
    scenes(&scope).prop_flat_map(move |tables| {
        let packets = underlay_packets(&tables, &scope);
        (Just(tables), packets)
    })
}
