//! The far ends of the devices: what comes out there, and packets sent in.

use std::{
    collections::BTreeSet,
    io, mem,
    net::IpAddr,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    ptr,
    time::{Duration, Instant},
};

use model::{
    Mac, Vni,
    ethernet::{self, EthernetFrame},
    ipv4::{self, Ipv4Packet},
    udp::{self, UdpDatagram},
    vxlan::VxlanPacket,
};

use crate::{packet_socket::packet_socket, rig};

/// How long the kernel may take to deliver a frame over a veth.
const LIMIT: Duration = Duration::from_secs(2);

/// A frame that came out of a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Copy {
    /// Out of an access port, as it is on the wire.
    Plain {
        netdev: &'static str,
        bytes: Vec<u8>,
    },
    /// Out of an underlay device.
    Tunnel {
        netdev: &'static str,
        next_hop: Mac,
        local: IpAddr,
        remote: IpAddr,
        vni: Vni,
        inner: Vec<u8>,
    },
}

/// Packet sockets on all far ends.
pub struct Wires {
    sockets: Vec<(&'static str, OwnedFd)>,
}

impl Wires {
    pub fn open() -> Self {
        stay_on_one_cpu();
        let underlay = rig::UNDERLAY
            .iter()
            .map(|(name, _)| *name)
            .zip(rig::UNDERLAY_PEERS);
        let ends = rig::ACCESS
            .into_iter()
            .zip(rig::ACCESS_PEERS)
            .chain(underlay);
        let sockets = ends.map(|(name, peer)| (name, packet_socket(peer).unwrap()));
        Self {
            sockets: sockets.collect(),
        }
    }

    /// Puts a packet on the wire to the first underlay device.
    pub fn send_to_underlay(&self, packet: &[u8]) {
        let name = rig::UNDERLAY[0].0;
        let (_, socket) = self
            .sockets
            .iter()
            .find(|(device, _)| *device == name)
            .unwrap();
        // SAFETY: the bytes live through the call.
        let sent =
            unsafe { libc::send(socket.as_raw_fd(), packet.as_ptr().cast(), packet.len(), 0) };
        assert_eq!(
            usize::try_from(sent),
            Ok(packet.len()),
            "{}",
            io::Error::last_os_error()
        );
    }

    /// All that has come out, waiting until there is as much as expected.
    pub fn copies(&self, expected: usize) -> Vec<Copy> {
        let mut copies = self.drain();
        wait(|| {
            copies.extend(self.drain());
            copies.len() >= expected
        });
        copies.sort();
        copies
    }

    /// All that has come out until now. What is no tunnel packet on the underlay is the kernel's own affair.
    pub fn drain(&self) -> Vec<Copy> {
        let mut copies = Vec::new();
        let underlay: BTreeSet<&str> = rig::UNDERLAY.iter().map(|(name, _)| *name).collect();
        for (netdev, socket) in &self.sockets {
            while let Some(bytes) = receive(socket.as_raw_fd()) {
                if underlay.contains(netdev) {
                    copies.extend(tunnelled(netdev, &bytes));
                } else {
                    copies.push(Copy::Plain { netdev, bytes });
                }
            }
        }
        copies
    }
}

/// Each CPU has a backlog of its own: only on one of them do frames keep the order in which they were sent.
fn stay_on_one_cpu() {
    // SAFETY: an all-zero set is an empty one, and the calls write to and read from nothing else.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(usize::try_from(libc::sched_getcpu()).unwrap(), &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(result, 0);
}

/// Looks until it is so, or the limit is over.
pub fn wait(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() && Instant::now() < end {
        std::thread::yield_now();
    }
}

/// Whether a frame ends within its tags or its IP header, which a VXLAN device takes in neither direction.
pub fn ends_within_headers(frame: &[u8]) -> bool {
    let frame = EthernetFrame::new_checked(frame).unwrap();
    let (mut ethertype, mut rest) = (frame.ethertype(), frame.payload());
    while let (ethernet::TAG | ethernet::SERVICE_TAG, [_, _, high, low, _, _, ..]) =
        (ethertype, rest)
    {
        ethertype = u16::from_be_bytes([*high, *low]);
        rest = &rest[4..];
    }
    let needed = match ethertype {
        ethernet::IPV4 => 20,
        ethernet::IPV6 => 40,
        ethernet::TAG | ethernet::SERVICE_TAG => 6,
        _ => 0,
    };
    rest.len() < needed
}

/// A packet as the gateway makes them: don't-fragment, TTL 64, no options, no UDP checksum. `None` for what is no
/// such packet.
fn tunnelled(netdev: &'static str, bytes: &[u8]) -> Option<Copy> {
    let frame = EthernetFrame::new_checked(bytes).ok()?;
    let packet = Ipv4Packet::new_checked(frame.payload())
        .ok()
        .filter(|_| frame.ethertype() == ethernet::IPV4)?;
    let is_plain = packet.header_len() == ipv4::HEADER_LEN
        && packet.is_unfragmentable()
        && packet.ttl() == 64
        && packet.has_valid_checksum();
    let datagram = UdpDatagram::new_checked(packet.payload()?).ok()?;
    let is_vxlan =
        is_plain && datagram.checksum() == 0 && datagram.destination_port() == udp::VXLAN_PORT;
    let vxlan = VxlanPacket::new_checked(datagram.payload())
        .ok()
        .filter(|_| is_vxlan)?;
    Some(Copy::Tunnel {
        netdev,
        next_hop: frame.destination(),
        local: packet.source().into(),
        remote: packet.destination().into(),
        vni: vxlan.vni()?,
        inner: vxlan.inner().to_vec(),
    })
}

/// A frame that came in, with the tag that the kernel has put into the metadata back in its place.
fn receive(socket: RawFd) -> Option<Vec<u8>> {
    let mut bytes = vec![0_u8; 65536];
    let mut control = [0_u64; 16];
    // SAFETY: all-zero values are valid for both.
    let (mut from, mut message): (libc::sockaddr_ll, libc::msghdr) =
        unsafe { (mem::zeroed(), mem::zeroed()) };
    let mut vector = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    message.msg_name = (&raw mut from).cast();
    message.msg_namelen = libc::socklen_t::try_from(mem::size_of_val(&from)).unwrap();
    message.msg_iov = &raw mut vector;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = mem::size_of_val(&control);
    // SAFETY: all that the message points to lives through the call.
    let received = unsafe { libc::recvmsg(socket, &raw mut message, 0) };
    bytes.truncate(usize::try_from(received).ok()?);
    if from.sll_pkttype == libc::PACKET_OUTGOING {
        return receive(socket);
    }
    // SAFETY: the kernel has filled the control buffer, and the macros stay within it.
    let auxiliary = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (!header.is_null() && (*header).cmsg_type == libc::PACKET_AUXDATA)
            .then(|| ptr::read_unaligned(libc::CMSG_DATA(header).cast::<libc::tpacket_auxdata>()))
    };
    if let Some(auxiliary) =
        auxiliary.filter(|auxiliary| auxiliary.tp_status & libc::TP_STATUS_VLAN_VALID != 0)
    {
        let tag = [
            auxiliary.tp_vlan_tpid.to_be_bytes(),
            auxiliary.tp_vlan_tci.to_be_bytes(),
        ]
        .concat();
        bytes.splice(12..12, tag);
    }
    Some(bytes)
}
