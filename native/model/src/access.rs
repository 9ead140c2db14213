//! The way of a frame that comes in on an access port.

use crate::acl::Direction;
use crate::delivery::Delivery;
use crate::drop_reason::{DropReason, Note};
use crate::frame::Frame;
use crate::local_fdb::{Instant, Learn, Lesson};
use crate::locator::Locator;
use crate::mac::Mac;
use crate::neighbours;
use crate::number::{PortId, VlanId};
use crate::outcome::Outcome;
use crate::switch_id::SwitchId;
use crate::tables::{BindingKey, FdbKey, Tables};
use crate::vlan;

/// Finds the binding, learns the source, and answers, or sends to port, tunnel or everybody. The tables change only when the
/// caller has them take over `Outcome::learn`.
#[must_use]
pub fn process_access(tables: &Tables, port: PortId, frame: Frame<'_>, now: Instant) -> Outcome {
    judge(tables, port, frame, now)
        .unwrap_or_else(|reason| Outcome::refused(reason, frame.measure()))
}

fn judge(
    tables: &Tables,
    port: PortId,
    frame: Frame<'_>,
    now: Instant,
) -> Result<Outcome, DropReason> {
    let untagged = vlan::untag(frame.bytes)?;
    let from = BindingKey {
        port,
        vlan: untagged.vlan,
    };
    let switch = *tables.bindings.get(&from).ok_or(DropReason::UnboundVlan)?;
    if !tables.switches.contains(&switch) {
        return Err(DropReason::UnknownSwitch);
    }
    let inner = Frame {
        bytes: &untagged.inner,
        ..frame
    };
    let mut delivery = Delivery::new(tables, switch, inner)?;
    if untagged.vlan == VlanId::UNTAGGED && delivery.inner().is_tagged() {
        return Err(DropReason::InnerVlan);
    }
    let (source, destination) = (delivery.inner().source(), delivery.inner().destination());
    if !source.is_valid_source() {
        return Err(DropReason::InvalidSource);
    }
    if destination.is_link_local() {
        return Err(DropReason::LinkLocal);
    }
    // What is denied teaches nothing.
    if !tables.is_permitted(from, Direction::Ingress, inner.bytes) {
        return Err(DropReason::AclDenied);
    }
    let Lesson { learn, note } = tables.lesson(switch, source, from, now);
    let mut notes: Vec<Note> = note.into_iter().collect();
    // The answer goes where frames to its receiver go, so to a station that is known to be here.
    let answer = learn
        .filter(|learn| frame.gso_size == 0 && learn.entry.at == from)
        .and_then(|_| neighbours::reply(inner.bytes, |ip| tables.neighbour(switch, ip)));
    if let Some(bytes) = answer {
        let mut delivery = Delivery::new(tables, switch, Frame::from(bytes.as_slice()))?;
        delivery.send_to_binding(from);
        let outcome = delivery.finish();
        notes.extend((!outcome.outputs().is_empty()).then_some(Note::NeighbourAnswered));
        return Ok(Outcome {
            received: Some(from),
            learn,
            notes,
            ..outcome
        });
    }
    match look_up(tables, switch, destination, learn.as_ref()) {
        Destination::Local(at) if at == from => delivery.refuse(DropReason::SamePort),
        Destination::Local(at) => delivery.send_to_binding(at),
        Destination::Remote(remote) => delivery.send_to_tunnel(remote),
        Destination::Everybody => {
            let key = FdbKey {
                switch,
                mac: destination,
            };
            delivery.flood(Some(from), tables.flood_list_of(key));
            let is_told = tables.is_flooded_to_macs(key);
            notes.extend(is_told.then_some(Note::FloodedToRemoteMacs));
        }
    }
    Ok(Outcome {
        received: Some(from),
        learn,
        notes,
        ..delivery.finish()
    })
}

enum Destination {
    Local(BindingKey),
    Remote(Locator),
    Everybody,
}

/// The local FDB goes first, as it is after `learn`: a frame to its own source has no way to go.
fn look_up(tables: &Tables, switch: SwitchId, mac: Mac, learn: Option<&Learn>) -> Destination {
    if mac.is_group() {
        return Destination::Everybody;
    }
    let key = FdbKey { switch, mac };
    let just_learned = learn
        .filter(|learn| learn.key == key)
        .map(|learn| learn.entry);
    if let Some(entry) = just_learned.or_else(|| tables.local_macs.get(&key).copied()) {
        return Destination::Local(entry.at);
    }
    match tables.remote_macs.get(&key) {
        Some(&remote) => Destination::Remote(remote),
        None => Destination::Everybody,
    }
}
