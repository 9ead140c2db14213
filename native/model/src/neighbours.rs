//! Suppression of ARP and neighbour discovery: a broadcast question for the MAC of a remote station is answered here,
//! where the controller said whose the address is (`Ucast_Macs_Remote.ipaddr`), and is flooded to nobody.
//!
//! What is asked otherwise goes its way, because its sender wants to hear from the owner itself, or from nobody:
//!
//! * Duplicate address detection: an ARP probe (sender 0.0.0.0, RFC 5227 section 2.1), a gratuitous ARP (sender is
//!   target) and a solicitation from `::` (RFC 4862 section 5.4). The owner defends its address; an answer of ours would
//!   deny an address whose owner is gone, and keep back the question from stations that the controller does not know.
//! * Questions to one station (RFC 1122 section 2.3.2.1, RFC 4861 section 7.3): whether the neighbour is still there is
//!   for the neighbour to say.
//! * All that is not just as RFC 826, RFC 4861 and Ethernet have it.

use std::net::{IpAddr, Ipv4Addr};

use crate::arp::{self, ArpRepr};
use crate::ethernet::{self, EthernetFrame, EthernetRepr};
use crate::mac::Mac;
use crate::ndp::{self, Kind, NeighbourRepr};
use crate::switch_id::SwitchId;
use crate::tables::{FdbKey, NeighbourKey, Tables};

/// The frame that answers a frame which asks for a MAC that `mac_of` knows: as long as the question, and sent from the MAC
/// that was asked for. `None` for all other frames.
pub fn reply(question: &[u8], mac_of: impl Fn(IpAddr) -> Option<Mac>) -> Option<Vec<u8>> {
    let frame = EthernetFrame::new_checked(question).ok()?;
    let mac_of = |address| mac_of(address).filter(|&mac| mac != frame.source());
    match frame.ethertype() {
        ethernet::ARP => reply_arp(&frame, mac_of),
        ethernet::IPV6 => reply_solicitation(&frame, mac_of),
        _ => None,
    }
}

fn reply_arp(frame: &EthernetFrame<'_>, mac_of: impl Fn(IpAddr) -> Option<Mac>) -> Option<Vec<u8>> {
    let question = ArpRepr::parse(frame.payload())?;
    let is_asked_of_all = frame.destination() == Mac::BROADCAST
        && question.operation == arp::REQUEST
        && question.sender_mac == frame.source()
        && question.sender != Ipv4Addr::UNSPECIFIED
        && question.sender != question.target;
    if !is_asked_of_all {
        return None;
    }
    let mac = mac_of(question.target.into())?;
    let mut out = header(frame, mac);
    ArpRepr {
        operation: arp::REPLY,
        sender_mac: mac,
        sender: question.target,
        target_mac: question.sender_mac,
        target: question.sender,
    }
    .emit(&mut out);
    out.extend(frame.payload().iter().skip(arp::PACKET_LEN));
    Some(out)
}

/// The owner would say the same: solicited, and overriding what is known (RFC 4861 section 7.2.4). Not that it is a
/// router, which nobody tells us: hosts know routers by their link-local addresses, so none of those may be in the table.
fn reply_solicitation(
    frame: &EthernetFrame<'_>,
    mac_of: impl Fn(IpAddr) -> Option<Mac>,
) -> Option<Vec<u8>> {
    let question = NeighbourRepr::parse(Kind::Solicitation, frame.payload())?;
    let group = ndp::solicited_node(question.target);
    let is_asked_of_group = frame.destination() == ndp::group_mac(group)
        && question.destination == group
        && question.mac == frame.source()
        && !question.source.is_unspecified()
        && !question.source.is_multicast()
        && question.source != question.target;
    if !is_asked_of_group {
        return None;
    }
    let mac = mac_of(question.target.into())?;
    let mut out = header(frame, mac);
    NeighbourRepr {
        kind: Kind::Advertisement,
        source: question.target,
        destination: question.source,
        flags: ndp::SOLICITED | ndp::OVERRIDE,
        target: question.target,
        mac,
    }
    .emit(&mut out);
    Some(out)
}

fn header(question: &EthernetFrame<'_>, source: Mac) -> Vec<u8> {
    let mut out = Vec::new();
    EthernetRepr {
        destination: question.source(),
        source,
        ethertype: question.ethertype(),
    }
    .emit(&mut out);
    out
}

impl Tables {
    /// The MAC behind an address, as long as frames to it go into a tunnel: not when it is known here by now, nor when its
    /// way has gone.
    #[must_use]
    pub fn neighbour(&self, switch: SwitchId, address: IpAddr) -> Option<Mac> {
        let mac = *self.neighbours.get(&NeighbourKey { switch, address })?;
        let key = FdbKey { switch, mac };
        let locator = self.remote_macs.get(&key)?;
        let is_remote = !self.local_macs.contains(&key) && self.tunnels.contains(&locator.remote);
        is_remote.then_some(mac)
    }
}
