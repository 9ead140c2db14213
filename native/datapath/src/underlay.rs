//! The underlay: the VXLAN device, the devices that tunnels leave by, and the path to every remote VTEP.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{IpAddr, Ipv4Addr},
};

use netlink_packet_route::link::LinkFlags;

use crate::{
    device,
    error::Error,
    header::OVERHEAD_V4,
    netlink::{Netlink, features::can_be_redirected_to, link::Link, route::Route},
    ports::Mode,
    programs::{Programs, TcProgram, XdpProgram, detach_xdp},
    tunnels::{Obstacle, Path, Tunnels},
};

/// Name of the collect-metadata VXLAN device. A network namespace has one owner of UDP 4789, so it needs no number.
const VXLAN_DEVICE: &str = "vtep-vxlan";
/// What the alias of the device begins with; the name of the switch follows.
const ALIAS: &str = "vtep-gateway ";
const VXLAN_PORT: u16 = 4789;
/// The device itself never judges the size of a frame: the programs do, by tunnel. The kernel allows this much.
const VXLAN_MTU: u32 = 65_000;
/// An MTU for tunnels to which no route leads.
const ETHERNET_MTU: u32 = 1500;

/// Underlay devices that carry the XDP program, and the next hops in use.
#[derive(Debug, Default)]
pub struct Underlay {
    attached: HashMap<u32, bool>,
    next_hops: HashSet<(u32, IpAddr)>,
    unresolved: HashSet<(u32, IpAddr)>,
}

/// Makes or adopts the VXLAN device and puts the overlay program on it. Returns its index.
pub fn own_vxlan_device(
    netlink: &mut Netlink,
    programs: &mut Programs,
    switch_name: &str,
) -> Result<u32, Error> {
    refuse_other_owner(netlink, switch_name)?;
    let alias = format!("{ALIAS}{switch_name}");
    let found = links(netlink)?.into_values().find(is_vxlan_device);
    match &found {
        Some(link) if link.alias.as_deref() == Some(&alias) => {}
        // A process was killed between making it and naming it.
        Some(link) if link.alias.is_none() && link.kind.as_deref() == Some("vxlan") => {
            name_vxlan_device(netlink, link.ifindex, &alias)?;
        }
        Some(link) => return Err(foreign(link.alias.as_deref().unwrap_or_default())),
        None => create_vxlan_device(netlink, &alias)?,
    }
    let link = links(netlink)?
        .into_values()
        .find(is_vxlan_device)
        .ok_or_else(|| Error::NoSuchDevice(VXLAN_DEVICE.to_owned()))?;
    netlink
        .set_flags(link.ifindex, LinkFlags::Up, LinkFlags::Up)
        .map_err(|error| Error::kernel(format!("bring {VXLAN_DEVICE} up"), error))?;
    device::disable_ipv6(VXLAN_DEVICE)
        .map_err(|error| Error::kernel(format!("switch off IPv6 on {VXLAN_DEVICE}"), error))?;
    programs.attach_tc(TcProgram::Overlay, VXLAN_DEVICE)?;
    Ok(link.ifindex)
}

/// Whether a device has the name of the gateway's VXLAN device.
pub fn is_vxlan_device(link: &Link) -> bool {
    link.name == VXLAN_DEVICE
}

/// The name of the gateway of this network namespace. The ports carry none; the VXLAN device says whose they are.
pub fn owner(netlink: &mut Netlink) -> Result<Option<String>, Error> {
    let device = links(netlink)?.into_values().find(is_vxlan_device);
    let Some(alias) = device.and_then(|link| link.alias) else {
        return Ok(None);
    };
    match alias.strip_prefix(ALIAS) {
        Some(name) => Ok(Some(name.to_owned())),
        None => Err(foreign(&alias)),
    }
}

/// There is one gateway in each network namespace.
pub fn refuse_other_owner(netlink: &mut Netlink, switch_name: &str) -> Result<(), Error> {
    match owner(netlink)? {
        Some(other) if other != switch_name => Err(Error::InUse(format!(
            "the gateway of this network namespace is «{other}», not «{switch_name}»: `vtep datapath detach` removes it"
        ))),
        _ => Ok(()),
    }
}

fn foreign(alias: &str) -> Error {
    Error::InUse(format!(
        "the device {VXLAN_DEVICE} of this network namespace is not the gateway's (alias «{alias}»)"
    ))
}

/// Removes the VXLAN device.
pub fn remove_vxlan_device(netlink: &mut Netlink) -> Result<(), Error> {
    for link in links(netlink)?.into_values() {
        if is_vxlan_device(&link) {
            netlink
                .remove_link(link.ifindex)
                .map_err(|error| Error::kernel(format!("remove {VXLAN_DEVICE}"), error))?;
        }
    }
    Ok(())
}

/// All devices of the network namespace, by index.
pub fn links(netlink: &mut Netlink) -> Result<HashMap<u32, Link>, Error> {
    let links = netlink
        .links()
        .map_err(|error| Error::kernel("list the network devices", error))?;
    Ok(links.into_iter().map(|link| (link.ifindex, link)).collect())
}

impl Underlay {
    /// Looks up the path to every remote VTEP. Returns whether any changed.
    pub fn resolve(
        &mut self,
        netlink: &mut Netlink,
        programs: &mut Programs,
        tunnels: &mut Tunnels,
        mode: Mode,
    ) -> Result<bool, Error> {
        let links = links(netlink)?;
        // A program that somebody took off is put back.
        self.attached.retain(|ifindex, is_attached| {
            links
                .get(ifindex)
                .is_some_and(|link| !*is_attached || link.xdp_program.is_some())
        });
        let mut has_changed = false;
        let mut next_hops = HashSet::new();
        let mut unresolved = HashSet::new();
        let ends: Vec<_> = tunnels
            .entries()
            .map(|(remote, entry)| (remote, entry.local))
            .collect();
        for (remote, local) in ends {
            let (IpAddr::V4(remote_v4), IpAddr::V4(local_v4)) = (remote, local) else {
                continue;
            };
            let route = route(netlink, remote_v4, local_v4)?;
            let link = route.and_then(|route| links.get(&route.ifindex));
            let mtu = route
                .and_then(|route| route.mtu)
                .or(link.map(|link| link.mtu))
                .unwrap_or(ETHERNET_MTU);
            let path = match (route, link) {
                (Some(route), Some(link)) => self.path(netlink, programs, route, link, mode)?,
                _ => Err(Obstacle::NoRoute),
            };
            match (&path, route) {
                (Err(Obstacle::NoAnswer), Some(route)) => {
                    unresolved.insert((route.ifindex, route.next_hop));
                }
                (Ok(path), Some(route)) if path.is_xdp => {
                    next_hops.insert((route.ifindex, route.next_hop));
                }
                _ => {}
            }
            has_changed |= tunnels.set_path(remote, path, mtu.saturating_sub(OVERHEAD_V4))?;
        }
        for (ifindex, next_hop) in unresolved.difference(&self.unresolved) {
            let _ = netlink.use_neighbour(*ifindex, *next_hop);
        }
        self.next_hops = next_hops;
        self.unresolved = unresolved;
        Ok(has_changed)
    }

    fn path(
        &mut self,
        netlink: &mut Netlink,
        programs: &mut Programs,
        route: Route,
        link: &Link,
        mode: Mode,
    ) -> Result<Result<Path, Obstacle>, Error> {
        if !link.carrier {
            return Ok(Err(Obstacle::DeviceDown));
        }
        let Some(source_mac) = link.mac else {
            return Ok(Err(Obstacle::NotEthernet));
        };
        let neighbour = netlink
            .neighbour(route.ifindex, route.next_hop)
            .map_err(|error| {
                Error::kernel(format!("look up neighbour {}", route.next_hop), error)
            })?;
        Ok(neighbour
            .map(|next_hop_mac| Path {
                ifindex: link.ifindex,
                netdev: link.name.clone(),
                source_mac,
                next_hop_mac,
                is_xdp: self.is_xdp(programs, netlink, link, mode),
            })
            .ok_or(Obstacle::NoAnswer))
    }

    /// Has the kernel verify the next hops that only XDP uses, and try again those that did not answer.
    pub fn keep_neighbours(&self, netlink: &mut Netlink) {
        for (ifindex, next_hop) in self.next_hops.iter().chain(&self.unresolved) {
            let _ = netlink.use_neighbour(*ifindex, *next_hop);
        }
    }

    /// Attaches the XDP program to an underlay device where the mode wants it; whether tunnels may use it.
    fn is_xdp(
        &mut self,
        programs: &mut Programs,
        netlink: &mut Netlink,
        link: &Link,
        mode: Mode,
    ) -> bool {
        let is_attached = *self.attached.entry(link.ifindex).or_insert_with(|| {
            let wanted = mode.wants_xdp(&link.name);
            if wanted {
                device::keep_vlan_tags_inline(&link.name);
            }
            let attached = wanted
                && programs
                    .attach_xdp(XdpProgram::Underlay, netlink, link)
                    .is_ok();
            if !attached {
                let _ = detach_xdp(netlink, link);
            }
            attached
        });
        is_attached && can_be_redirected_to(link.ifindex).ok().flatten() != Some(false)
    }
}

fn create_vxlan_device(netlink: &mut Netlink, alias: &str) -> Result<(), Error> {
    netlink.create_vxlan(VXLAN_DEVICE, VXLAN_PORT, VXLAN_MTU).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::AlreadyExists => Error::InUse(format!(
            "another device or program of this network namespace owns UDP port {VXLAN_PORT}: {error}"
        )),
        _ => Error::kernel(format!("create {VXLAN_DEVICE}"), error),
    })?;
    let link = links(netlink)?.into_values().find(is_vxlan_device);
    let ifindex = link
        .ok_or_else(|| Error::NoSuchDevice(VXLAN_DEVICE.to_owned()))?
        .ifindex;
    name_vxlan_device(netlink, ifindex, alias)
}

fn name_vxlan_device(netlink: &mut Netlink, ifindex: u32, alias: &str) -> Result<(), Error> {
    netlink
        .set_alias(ifindex, alias)
        .map_err(|error| Error::kernel(format!("name {VXLAN_DEVICE}"), error))
}

fn route(netlink: &mut Netlink, remote: Ipv4Addr, local: Ipv4Addr) -> Result<Option<Route>, Error> {
    netlink
        .route(remote, local)
        .map_err(|error| Error::kernel(format!("look up the route to {remote}"), error))
}
