//! Notifications: something about links, addresses, routes or neighbours has changed.

use std::{
    io,
    os::fd::{AsRawFd, RawFd},
};

use netlink_packet_core::NetlinkPayload;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::{link::Link, socket::messages};

/// A socket that hears of changes. Read it when it is readable.
#[derive(Debug)]
pub struct Watch {
    socket: Socket,
}

/// What a burst of notifications was about.
#[derive(Debug, Default)]
pub struct Changes {
    /// Devices that appeared or changed, as they are now.
    pub links: Vec<Link>,
    /// Devices that are gone, by index.
    pub removed_links: Vec<u32>,
    /// An address of the box came or went.
    pub addresses: bool,
    /// Notifications were lost: the devices must be listed again.
    pub is_incomplete: bool,
    /// A route, a neighbour, an address or a link changed, so next hops must be looked up again.
    pub paths: bool,
}

impl Watch {
    /// Subscribes in the network namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, 0))?;
        for group in [
            libc::RTNLGRP_LINK,
            libc::RTNLGRP_NEIGH,
            libc::RTNLGRP_IPV4_IFADDR,
            libc::RTNLGRP_IPV4_ROUTE,
        ] {
            socket.add_membership(group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self { socket })
    }

    /// Reads all that has arrived.
    ///
    /// # Errors
    /// The kernel's answer. A queue that ran over is no error: everything is then taken as changed.
    pub fn read(&self) -> io::Result<Changes> {
        let mut changes = Changes::default();
        loop {
            match self.socket.recv_from_full() {
                Ok((datagram, _)) => {
                    for message in messages(&datagram).flatten() {
                        if let NetlinkPayload::InnerMessage(inner) = message.payload {
                            changes.note(&inner);
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(changes),
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    changes.is_incomplete = true;
                    changes.addresses = true;
                    changes.paths = true;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsRawFd for Watch {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Changes {
    fn note(&mut self, message: &RouteNetlinkMessage) {
        self.paths = true;
        match message {
            // What a bridge tells of its ports: that one is removed from it, for instance.
            RouteNetlinkMessage::NewLink(link) | RouteNetlinkMessage::DelLink(link)
                if link.header.interface_family == AddressFamily::Bridge => {}
            RouteNetlinkMessage::NewLink(link) => self.links.push(Link::from_message(link)),
            RouteNetlinkMessage::DelLink(link) => self.removed_links.push(link.header.index),
            RouteNetlinkMessage::NewAddress(_) | RouteNetlinkMessage::DelAddress(_) => {
                self.addresses = true;
            }
            _ => {}
        }
    }
}
