//! Where a packet to a remote VTEP goes: route and neighbour.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
};

use netlink_packet_core::NLM_F_CREATE;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    neighbour::{
        NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
    },
    route::{RouteAddress, RouteAttribute, RouteMessage, RouteMetric, RouteType, RouteVia},
};

use super::Netlink;

/// The kernel's choice for one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Device that the packet leaves by.
    pub ifindex: u32,
    /// Next hop: the gateway, or the destination itself when it is on link.
    pub next_hop: IpAddr,
    /// Path MTU or locked MTU of the route, when it has one.
    pub mtu: Option<u32>,
}

impl Netlink {
    /// The route to `destination` for packets from `source`; `None` when there is no unicast route.
    ///
    /// # Errors
    /// The kernel's answer, but for "no route".
    pub fn route(&mut self, destination: Ipv4Addr, source: Ipv4Addr) -> io::Result<Option<Route>> {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.destination_prefix_length = 32;
        message.header.source_prefix_length = 32;
        message.attributes = vec![
            RouteAttribute::Destination(RouteAddress::Inet(destination)),
            RouteAttribute::Source(RouteAddress::Inet(source)),
        ];
        match self.get(RouteNetlinkMessage::GetRoute(message)) {
            Ok(answer) => Ok(answer.iter().find_map(|message| match message {
                RouteNetlinkMessage::NewRoute(route) if route.header.kind == RouteType::Unicast => {
                    unicast_route(route, destination)
                }
                _ => None,
            })),
            Err(error) if is_no_route(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The link-layer address of a neighbour, when the kernel has resolved it.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn neighbour(&mut self, ifindex: u32, address: IpAddr) -> io::Result<Option<[u8; 6]>> {
        let request = neighbour_message(ifindex, address, NeighbourFlags::empty());
        match self.get(RouteNetlinkMessage::GetNeighbour(request)) {
            Ok(answer) => Ok(answer.iter().find_map(|message| match message {
                RouteNetlinkMessage::NewNeighbour(neighbour) => usable_address(neighbour),
                _ => None,
            })),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells the kernel that a neighbour is in use: it resolves one that is unknown and verifies one that is stale,
    /// as it would for its own traffic. Frames forwarded in XDP never touch its neighbour table.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn use_neighbour(&mut self, ifindex: u32, address: IpAddr) -> io::Result<()> {
        let request = neighbour_message(ifindex, address, NeighbourFlags::Use);
        self.change(RouteNetlinkMessage::NewNeighbour(request), NLM_F_CREATE)
    }
}

fn neighbour_message(ifindex: u32, address: IpAddr, flags: NeighbourFlags) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.ifindex = ifindex;
    message.header.flags = flags;
    let destination = match address {
        IpAddr::V4(v4) => {
            message.header.family = AddressFamily::Inet;
            NeighbourAddress::Inet(v4)
        }
        IpAddr::V6(v6) => {
            message.header.family = AddressFamily::Inet6;
            NeighbourAddress::Inet6(v6)
        }
    };
    message.attributes = vec![NeighbourAttribute::Destination(destination)];
    message
}

fn usable_address(neighbour: &NeighbourMessage) -> Option<[u8; 6]> {
    use NeighbourState::{Delay, Permanent, Probe, Reachable, Stale};
    if !matches!(
        neighbour.header.state,
        Reachable | Stale | Delay | Probe | Permanent
    ) {
        return None;
    }
    neighbour
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            NeighbourAttribute::LinkLayerAddress(address) => address.as_slice().try_into().ok(),
            _ => None,
        })
}

fn unicast_route(message: &RouteMessage, destination: Ipv4Addr) -> Option<Route> {
    let mut ifindex = None;
    let mut next_hop = IpAddr::V4(destination);
    let mut mtu = None;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => ifindex = Some(*index),
            RouteAttribute::Gateway(RouteAddress::Inet(gateway))
            | RouteAttribute::Via(RouteVia::Inet(gateway)) => {
                next_hop = IpAddr::V4(*gateway);
            }
            RouteAttribute::Gateway(RouteAddress::Inet6(gateway))
            | RouteAttribute::Via(RouteVia::Inet6(gateway)) => {
                next_hop = IpAddr::V6(*gateway);
            }
            RouteAttribute::Metrics(metrics) => {
                mtu = metrics.iter().find_map(|metric| match metric {
                    RouteMetric::Mtu(mtu) => Some(*mtu),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    ifindex.map(|ifindex| Route {
        ifindex,
        next_hop,
        mtu,
    })
}

fn is_no_route(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ESRCH | libc::EINVAL | libc::EACCES)
    )
}
