//! What XDP does of it: known unicast between devices that it can redirect to. Everything else goes up to the
//! kernel unchanged, where `process_access` or the kernel's own receive path and then `process_overlay` see it.
//!
//! What an ACL denies goes up, too, and is dropped and counted there.
//!
//! It does not ask whether the source is a remote MAC: a MAC of a logical switch is either local or remote.

use crate::acl::Direction;
use crate::ethernet::{self, EthernetFrame};
use crate::frame::Frame;
use crate::ipv4::{self, Ipv4Packet};
use crate::local_fdb::{Instant, Learn, LearnKind, LocalEntry};
use crate::number::PortId;
use crate::outer;
use crate::overlay::Origin;
use crate::tables::{BindingKey, FdbKey, Tables};
use crate::udp::{self, UdpDatagram};
use crate::vlan;
use crate::vxlan::VxlanPacket;

/// Whether the shortcut is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// The frame goes up unchanged; nothing is counted or learned.
    Pass,
    /// The frame leaves here.
    Redirect {
        /// The device that it leaves by.
        port: PortId,
        /// The frame as it leaves.
        bytes: Vec<u8>,
        /// What else moves.
        effect: Effect,
    },
}

/// What a redirected frame brings about beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// From an access port: the counter of the binding, and the source's last-seen time.
    FromLocal {
        /// The binding.
        at: BindingKey,
        /// Length of the frame without the tag of the binding.
        bytes: usize,
        /// Always a refresh.
        learn: Learn,
    },
    /// From the underlay: the counter of the binding that the frame leaves by.
    ToLocal {
        /// The binding.
        at: BindingKey,
        /// Length of the frame without the tag of the binding.
        bytes: usize,
    },
}

/// An Ethernet header with a tag: XDP reads so much at once, and passes shorter frames up.
const SHORTEST: usize = ethernet::HEADER_LEN + vlan::TAG_LEN;

/// The shortcut on an access port. It is taken when the binding is found, no second tag is there, the source is known
/// right here, the destination is a remote MAC and no local one, and the frame fits into a tunnel whose next hop is
/// resolved.
#[must_use]
pub fn process_access_xdp(
    tables: &Tables,
    port: PortId,
    frame: Frame<'_>,
    now: Instant,
) -> Shortcut {
    encapsulate(tables, port, frame, now).unwrap_or(Shortcut::Pass)
}

/// The shortcut on an underlay device. It is taken for a plain VXLAN packet from a known VTEP to a tunnel address
/// of ours, whose inner source is a station and whose inner destination is a local MAC.
#[must_use]
pub fn process_underlay_xdp(tables: &Tables, frame: Frame<'_>) -> Shortcut {
    decapsulate(tables, frame).unwrap_or(Shortcut::Pass)
}

fn encapsulate(tables: &Tables, port: PortId, frame: Frame<'_>, now: Instant) -> Option<Shortcut> {
    if frame.gso_size != 0 {
        return None;
    }
    let untagged = vlan::untag(frame.bytes).ok()?;
    let at = BindingKey {
        port,
        vlan: untagged.vlan,
    };
    let switch = *tables.bindings.get(&at)?;
    if !tables.switches.contains(&switch) {
        return None;
    }
    let inner = EthernetFrame::new_checked(&untagged.inner).ok()?;
    if inner.is_tagged() || frame.bytes.len() < SHORTEST {
        return None;
    }
    let source = FdbKey {
        switch,
        mac: inner.source(),
    };
    if tables.local_macs.get(&source)?.at != at {
        return None;
    }
    let entry = LocalEntry { at, last_seen: now };
    let learn = Learn {
        kind: LearnKind::Refresh,
        key: source,
        entry,
    };
    let key = FdbKey {
        switch,
        mac: inner.destination(),
    };
    if key.mac.is_group() || tables.local_macs.contains(&key) {
        return None;
    }
    let locator = tables.remote_macs.get(&key)?;
    let vni = tables.vni_to(switch, locator)?;
    let tunnel = tables.tunnels.get(&locator.remote)?;
    let next_hop = tunnel.next_hop?;
    if tunnel.is_exceeded_by(untagged.inner.len()) || !tables.is_xdp_port(next_hop.port) {
        return None;
    }
    if !tables.is_permitted(at, Direction::Ingress, &untagged.inner) {
        return None;
    }
    let (port, bytes) = outer::tunnel_packet(tables, locator.remote, vni, &untagged.inner)?;
    let effect = Effect::FromLocal {
        at,
        bytes: untagged.inner.len(),
        learn,
    };
    Some(Shortcut::Redirect {
        port,
        bytes,
        effect,
    })
}

fn decapsulate(tables: &Tables, frame: Frame<'_>) -> Option<Shortcut> {
    if frame.gso_size != 0 {
        return None;
    }
    let packet = outer_packet(tables, frame.bytes)?;
    let vxlan = VxlanPacket::new_checked(udp_payload(&packet)?).ok()?;
    let origin = Origin {
        vni: vxlan.vni()?,
        remote: packet.source().into(),
    };
    let switch = tables.switch_of(&origin)?;
    if !tables.tunnels.contains(&origin.remote) {
        return None;
    }
    let inner = EthernetFrame::new_checked(vxlan.inner()).ok()?;
    let key = FdbKey {
        switch,
        mac: inner.destination(),
    };
    if key.mac.is_group() || !inner.source().is_valid_source() {
        return None;
    }
    let at = tables.local_macs.get(&key)?.at;
    if !tables.is_xdp_port(at.port)
        || (inner.is_tagged() && !at.vlan.is_tagged())
        || inner.ends_within_tag()
    {
        return None;
    }
    if !tables.is_permitted(at, Direction::Egress, vxlan.inner()) {
        return None;
    }
    let effect = Effect::ToLocal {
        at,
        bytes: vxlan.inner().len(),
    };
    Some(Shortcut::Redirect {
        port: at.port,
        bytes: vlan::tagged(&inner, at.vlan),
        effect,
    })
}

/// An IPv4 packet to a tunnel address of ours: no options, a right checksum, no fragment, and not a byte of
/// Ethernet padding behind it.
fn outer_packet<'a>(tables: &Tables, bytes: &'a [u8]) -> Option<Ipv4Packet<'a>> {
    let frame = EthernetFrame::new_checked(bytes).ok()?;
    if frame.ethertype() != ethernet::IPV4 {
        return None;
    }
    let packet = Ipv4Packet::new_checked(frame.payload()).ok()?;
    let plain = packet.header_len() == ipv4::HEADER_LEN
        && packet.has_valid_checksum()
        && !packet.is_fragment();
    let whole = packet.total_len() == frame.payload().len();
    let ours = tables.is_tunnel_address(packet.destination().into());
    (plain && whole && ours && packet.protocol() == ipv4::UDP).then_some(packet)
}

/// The payload of a VXLAN datagram without a checksum: one with a checksum goes up, where the kernel verifies it.
fn udp_payload<'a>(packet: &Ipv4Packet<'a>) -> Option<&'a [u8]> {
    let bytes = packet.payload()?;
    let datagram = UdpDatagram::new_checked(bytes).ok()?;
    let vxlan = datagram.destination_port() == udp::VXLAN_PORT;
    (vxlan && datagram.checksum() == 0 && datagram.len() == bytes.len())
        .then_some(datagram.payload())
}
