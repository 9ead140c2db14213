//! The frames of a measurement, as a list that the generator goes through again and again.
//!
//! Stations and logical switches are numbers. Station `n` is in the logical switch `n % switches`, so that MACs, flows and
//! logical switches vary together and a list is as long as the largest of their numbers.

use std::net::Ipv4Addr;

use model::{
    Mac, VlanId, Vni,
    ethernet::{self, EthernetFrame, EthernetRepr},
    ipv4::{self, Ipv4Repr},
    number::Ttl,
    outer::{self, OuterHeader},
    udp::{self, UdpRepr},
    vlan,
};
use serde::Deserialize;

/// Frames that a list may hold.
pub const FRAMES_MAX: u32 = 65_536;
/// In each frame, behind its UDP header.
pub const MARK: u64 = u64::from_le_bytes(*b"vtepload");
/// An Ethernet frame's check sequence: part of its length as RFC 2544 counts it, not of the bytes in a buffer.
const FCS_LEN: usize = 4;
const UDP_HEADER_END: usize = ethernet::HEADER_LEN + ipv4::HEADER_LEN + udp::HEADER_LEN;

/// Which frames.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Pattern {
    /// Of the server's frame without tag, in bytes, check sequence included (RFC 2544 section 9).
    pub length: usize,
    /// Pairs of UDP end points.
    pub flows: u32,
    /// Stations that frames go to; of a list for learning, those that they come from.
    pub stations: u32,
    /// Logical switches.
    pub switches: u32,
    /// Where they enter.
    pub side: Side,
}

/// Where frames enter the gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "kind"
)]
pub enum Side {
    /// On an access port: to remote stations, in VLAN `1 + switch` or untagged.
    Access {
        /// Whether they are tagged.
        is_tagged: bool,
        /// From each local station once, so that the gateway knows them all.
        is_learning: bool,
    },
    /// On the underlay: to local stations, in VXLAN with VNI `first_vni + switch`.
    Underlay {
        /// MAC of the gateway's underlay device.
        gateway_mac: [u8; 6],
        /// Tunnel address of the gateway.
        gateway_ip: Ipv4Addr,
        /// The remote VTEP.
        vtep_ip: Ipv4Addr,
        /// VNI of the first logical switch.
        first_vni: u32,
        /// Whether the gateway adds a tag, which moves the mark.
        is_tagged: bool,
    },
}

/// Why a pattern is none.
#[derive(Debug)]
pub struct PatternError(pub String);

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

/// The MAC of a station behind a remote VTEP.
#[must_use]
pub fn remote_mac(number: u32) -> Mac {
    numbered_mac(0x0b, number)
}

/// The MAC of a station behind an access port.
#[must_use]
pub fn local_mac(number: u32) -> Mac {
    numbered_mac(0x0a, number)
}

const fn tag_len(is_tagged: bool) -> usize {
    if is_tagged { 4 } else { 0 }
}

fn numbered_mac(kind: u8, number: u32) -> Mac {
    let [_, high, middle, low] = number.to_be_bytes();
    Mac::new([0x02, 0, kind, high, middle, low])
}

impl Pattern {
    /// Where the mark is when a frame goes in.
    #[must_use]
    pub const fn mark_offset_in(&self) -> usize {
        match self.side {
            Side::Access { is_tagged, .. } => UDP_HEADER_END + tag_len(is_tagged),
            Side::Underlay { .. } => outer::HEADER_LEN + UDP_HEADER_END,
        }
    }

    /// Where the mark is when the gateway has put the frame out.
    #[must_use]
    pub const fn mark_offset_out(&self) -> usize {
        match self.side {
            Side::Access { .. } => outer::HEADER_LEN + UDP_HEADER_END,
            Side::Underlay { is_tagged, .. } => UDP_HEADER_END + tag_len(is_tagged),
        }
    }

    /// What the generator writes of each frame, in bytes: all up to the end of the mark.
    #[must_use]
    pub const fn header_len(&self) -> usize {
        self.mark_offset_in() + size_of::<u64>()
    }

    /// The list, at least one frame long; all are of one length.
    ///
    /// # Errors
    /// A number is out of range.
    pub fn frames(&self) -> Result<Vec<Vec<u8>>, PatternError> {
        let count = self.flows.max(self.stations).max(self.switches);
        let least = UDP_HEADER_END + size_of::<u64>() + FCS_LEN;
        if self.flows == 0 || self.stations == 0 || self.switches == 0 || count > FRAMES_MAX {
            return Err(PatternError(format!(
                "flows, stations and switches are numbers from 1 to {FRAMES_MAX}"
            )));
        }
        if self.length < least {
            return Err(PatternError(format!(
                "length {}: a frame has {least} bytes at least",
                self.length
            )));
        }
        (0..count).map(|number| self.frame(number)).collect()
    }

    fn frame(&self, number: u32) -> Result<Vec<u8>, PatternError> {
        let station = number % self.stations;
        let switch = station % self.switches;
        let flow = number % self.flows;
        match self.side {
            Side::Access {
                is_tagged,
                is_learning,
            } => {
                let (from, to) = if is_learning {
                    (local_mac(station), remote_mac(switch))
                } else {
                    (local_mac(switch), remote_mac(station))
                };
                let inner = self.inner(from, to, flow)?;
                if !is_tagged {
                    return Ok(inner);
                }
                let vlan = u16::try_from(1 + switch)
                    .ok()
                    .and_then(|vid| VlanId::new(vid).ok())
                    .ok_or_else(|| {
                        PatternError(format!("{} switches: VLANs end at 4094", self.switches))
                    })?;
                let view = EthernetFrame::new_checked(&inner)
                    .map_err(|error| PatternError(error.to_string()))?;
                Ok(vlan::tagged(&view, vlan))
            }
            Side::Underlay {
                gateway_mac,
                gateway_ip,
                vtep_ip,
                first_vni,
                ..
            } => {
                let header = OuterHeader {
                    source_mac: remote_mac(0),
                    destination_mac: Mac::new(gateway_mac),
                    local: vtep_ip,
                    remote: gateway_ip,
                    vni: Vni::new(first_vni + switch)
                        .map_err(|error| PatternError(error.to_string()))?,
                };
                let inner = self.inner(remote_mac(switch), local_mac(station), flow)?;
                header
                    .encapsulate(&inner)
                    .ok_or_else(|| PatternError(format!("length {}: too long", self.length)))
            }
        }
    }

    /// A UDP datagram between addresses that are set aside for benchmarks (RFC 2544 appendix C.2.2).
    fn inner(&self, from: Mac, to: Mac, flow: u32) -> Result<Vec<u8>, PatternError> {
        let length = self.length - FCS_LEN;
        let too_long = || PatternError(format!("length {}: too long", self.length));
        let ip_payload_len = u16::try_from(length - ethernet::HEADER_LEN - ipv4::HEADER_LEN)
            .map_err(|_| too_long())?;
        let [high, low] = u16::try_from(flow % 65_536)
            .map_err(|_| too_long())?
            .to_be_bytes();
        let mut frame = Vec::with_capacity(length);
        EthernetRepr {
            destination: to,
            source: from,
            ethertype: ethernet::IPV4,
        }
        .emit(&mut frame);
        Ipv4Repr {
            source: Ipv4Addr::new(198, 18, high, low),
            destination: Ipv4Addr::new(198, 19, high, low),
            protocol: ipv4::UDP,
            ttl: Ttl::TUNNEL,
            payload_len: ip_payload_len,
        }
        .emit(&mut frame);
        UdpRepr {
            source_port: 1024 + u16::from_be_bytes([high, low]) % 60_000,
            destination_port: 7,
            payload_len: ip_payload_len - 8,
        }
        .emit(&mut frame);
        frame.extend(MARK.to_le_bytes());
        frame.resize(length, 0);
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use model::{
        ethernet::EthernetFrame, ipv4::Ipv4Packet, outer, udp::UdpDatagram, vxlan::VxlanPacket,
    };

    use super::{MARK, Pattern, Side, UDP_HEADER_END, local_mac, remote_mac};

    fn pattern(side: Side) -> Pattern {
        Pattern {
            length: 64,
            flows: 3,
            stations: 10,
            switches: 4,
            side,
        }
    }

    fn is_marked(frame: &[u8], offset: usize) -> bool {
        frame[offset..offset + 8] == MARK.to_le_bytes()
    }

    #[test]
    fn frames_of_a_server_go_to_each_remote_station_in_its_logical_switch() {
        let side = Side::Access {
            is_tagged: true,
            is_learning: false,
        };
        let frames = pattern(side).frames().unwrap();
        assert_eq!(frames.len(), 10);
        for (number, frame) in (0..).zip(&frames) {
            assert_eq!(frame.len(), 64);
            let view = EthernetFrame::new_checked(frame).unwrap();
            assert_eq!(view.destination(), remote_mac(number));
            assert_eq!(view.source(), local_mac(number % 4));
            assert_eq!(
                frame[12..16],
                [0x81, 0, 0, 1 + u8::try_from(number % 4).unwrap()]
            );
            assert!(is_marked(frame, UDP_HEADER_END + 4));
        }
    }

    #[test]
    fn frames_for_learning_come_from_each_local_station() {
        let side = Side::Access {
            is_tagged: false,
            is_learning: true,
        };
        for (number, frame) in (0..).zip(&pattern(side).frames().unwrap()) {
            let view = EthernetFrame::new_checked(frame).unwrap();
            assert_eq!(view.source(), local_mac(number));
            assert_eq!(view.destination(), remote_mac(number % 4));
        }
    }

    #[test]
    fn frames_of_a_vtep_are_vxlan_with_right_lengths_and_checksums() {
        let side = Side::Underlay {
            gateway_mac: [2, 0, 0, 0, 0, 9],
            gateway_ip: [192, 0, 2, 1].into(),
            vtep_ip: [192, 0, 2, 2].into(),
            first_vni: 5000,
            is_tagged: false,
        };
        let frames = pattern(side).frames().unwrap();
        for (number, frame) in (0..).zip(&frames) {
            let outer = Ipv4Packet::new_checked(&frame[14..]).unwrap();
            assert!(outer.has_valid_checksum());
            let datagram = UdpDatagram::new_checked(outer.payload().unwrap()).unwrap();
            let vxlan = VxlanPacket::new_checked(datagram.payload()).unwrap();
            assert_eq!(vxlan.vni().unwrap().get(), 5000 + number % 4);
            let inner = EthernetFrame::new_checked(vxlan.inner()).unwrap();
            assert_eq!(inner.destination(), local_mac(number));
            let ip = Ipv4Packet::new_checked(inner.payload()).unwrap();
            assert!(ip.has_valid_checksum());
            assert!(is_marked(frame, outer::HEADER_LEN + UDP_HEADER_END));
        }
    }

    #[test]
    fn flows_have_addresses_and_ports_of_their_own() {
        let side = Side::Access {
            is_tagged: false,
            is_learning: false,
        };
        let many = Pattern {
            flows: 50_000,
            stations: 1,
            switches: 1,
            ..pattern(side)
        };
        let frames = many.frames().unwrap();
        let mut distinct: Vec<_> = frames.iter().map(|frame| &frame[26..36]).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 50_000);
    }

    #[test]
    fn what_makes_no_frames_is_refused() {
        let side = Side::Access {
            is_tagged: true,
            is_learning: false,
        };
        let base = pattern(side);
        for wrong in [
            Pattern {
                length: 53,
                ..base.clone()
            },
            Pattern {
                flows: 0,
                ..base.clone()
            },
            Pattern {
                stations: 65_537,
                ..base.clone()
            },
            Pattern {
                stations: 5000,
                switches: 5000,
                ..base
            },
        ] {
            wrong.frames().unwrap_err();
        }
    }
}
