//! The way of a frame that comes out of a tunnel.

use std::net::IpAddr;

use crate::delivery::Delivery;
use crate::drop_reason::DropReason;
use crate::frame::Frame;
use crate::number::Vni;
use crate::outcome::Outcome;
use crate::tables::{FdbKey, Tables};

/// What the outer header said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The logical switch on the wire.
    pub vni: Vni,
    /// The outer source address.
    pub remote: IpAddr,
}

/// Sends an inner frame to its access port or to all bindings of the logical switch, never to a tunnel (split
/// horizon). Nothing is learned: the controller says where remote MACs are. So no time is asked for.
#[must_use]
pub fn process_overlay(tables: &Tables, origin: Origin, inner: Frame<'_>) -> Outcome {
    judge(tables, origin, inner).unwrap_or_else(|reason| Outcome::refused(reason, inner.measure()))
}

fn judge(tables: &Tables, origin: Origin, inner: Frame<'_>) -> Result<Outcome, DropReason> {
    let switch = tables.switch_of(&origin).ok_or(DropReason::UnknownVni)?;
    if !tables.tunnels.contains(&origin.remote) {
        return Err(DropReason::UnknownVtep);
    }
    let mut delivery = Delivery::new(tables, switch, inner)?;
    if !delivery.inner().source().is_valid_source() {
        return Err(DropReason::InvalidSource);
    }
    let mac = delivery.inner().destination();
    if mac.is_link_local() {
        return Err(DropReason::LinkLocal);
    }
    let key = FdbKey { switch, mac };
    if mac.is_group() {
        delivery.flood(None, std::iter::empty());
    } else if let Some(entry) = tables.local_macs.get(&key) {
        delivery.send_to_binding(entry.at);
    } else if tables.remote_macs.contains(&key) {
        delivery.refuse(DropReason::SplitHorizon);
    } else {
        delivery.flood(None, std::iter::empty());
    }
    Ok(delivery.finish())
}
