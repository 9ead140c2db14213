//! Access ports: devices that carry the access programs.

use std::collections::HashMap;

use aya::Ebpf;

use crate::{
    device,
    error::Error,
    layout::{PORT_XDP, PORTS_MAX, Port},
    netlink::{Netlink, features::can_be_redirected_to, link::Link},
    programs::{Programs, TcProgram, XdpProgram, detach_tc, detach_xdp},
    table::Table,
};

/// Which programs forward the frames of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// XDP where the device is physical and its driver supports it, tc elsewhere.
    Auto,
    /// XDP on every device; one that cannot is an error.
    Xdp,
    /// tc on every device.
    Tc,
}

impl Mode {
    /// Whether an XDP program belongs on a device.
    #[must_use]
    pub fn wants_xdp(self, netdev: &str) -> bool {
        match self {
            Self::Auto => device::is_physical(netdev),
            Self::Xdp => true,
            Self::Tc => false,
        }
    }
}

/// The access ports, by interface index.
pub struct Ports {
    table: Table<u32, Port>,
    by_ifindex: HashMap<u32, AccessPort>,
}

/// An access port.
#[derive(Clone, Debug)]
pub struct AccessPort {
    /// Name of the device.
    pub netdev: String,
    /// The XDP program is on it.
    pub is_xdp: bool,
    /// Frames can be redirected to it in XDP.
    pub takes_redirects: bool,
}

impl Ports {
    /// Opens the table; ports whose device is gone are removed from it.
    pub fn adopt(ebpf: &mut Ebpf, links: &HashMap<u32, Link>) -> Result<Self, Error> {
        let mut table: Table<u32, Port> = Table::take(ebpf, "ports", "ports", PORTS_MAX)?;
        let mut by_ifindex = HashMap::new();
        for (ifindex, _) in table.entries()? {
            if let Some(link) = links.get(&ifindex) {
                let port = AccessPort {
                    netdev: link.name.clone(),
                    is_xdp: false,
                    takes_redirects: false,
                };
                by_ifindex.insert(ifindex, port);
            } else {
                table.remove(&ifindex)?;
            }
        }
        Ok(Self { table, by_ifindex })
    }

    /// All ports.
    pub fn entries(&self) -> impl Iterator<Item = (u32, &AccessPort)> + '_ {
        self.by_ifindex
            .iter()
            .map(|(ifindex, port)| (*ifindex, port))
    }

    /// The index of the device of a port.
    pub fn ifindex(&self, netdev: &str) -> Result<u32, Error> {
        self.by_ifindex
            .iter()
            .find_map(|(ifindex, port)| (port.netdev == netdev).then_some(*ifindex))
            .ok_or_else(|| Error::NoSuchDevice(netdev.to_owned()))
    }

    /// Name of the device of a port.
    pub fn netdev(&self, ifindex: u32) -> Option<&str> {
        self.by_ifindex
            .get(&ifindex)
            .map(|port| port.netdev.as_str())
    }

    /// Makes a device an access port, or brings one up to date.
    pub fn put(
        &mut self,
        programs: &mut Programs,
        netlink: &mut Netlink,
        link: &Link,
        mode: Mode,
    ) -> Result<(), Error> {
        device::prepare_access_port(netlink, link)?;
        programs.attach_tc(TcProgram::Access, &link.name)?;
        let mut refused = None;
        let mut is_xdp = false;
        if mode.wants_xdp(&link.name) {
            device::keep_vlan_tags_inline(&link.name);
            match programs.attach_xdp(XdpProgram::Access, netlink, link) {
                Ok(()) => is_xdp = true,
                Err(error) if mode == Mode::Xdp => refused = Some(error),
                Err(_) => {}
            }
        }
        if !is_xdp {
            detach_xdp(netlink, link)?;
        }
        let port = AccessPort {
            netdev: link.name.clone(),
            is_xdp,
            takes_redirects: false,
        };
        self.by_ifindex.insert(link.ifindex, port);
        self.table.put(link.ifindex, Port { flags: 0 })?;
        self.look_at_features(link.ifindex)?;
        refused.map_or(Ok(()), Err)
    }

    /// Takes the programs off a device; it is nobody's port then.
    pub fn remove(&mut self, netlink: &mut Netlink, link: &Link) -> Result<(), Error> {
        release(netlink, link)?;
        self.forget(link.ifindex)
    }

    /// A device that is gone from the box took its programs with it.
    pub fn forget(&mut self, ifindex: u32) -> Result<(), Error> {
        self.by_ifindex.remove(&ifindex);
        self.table.remove(&ifindex)
    }

    /// Asks the driver again whether XDP redirects to the device are delivered: on a veth that depends on the far end.
    pub fn look_at_features(&mut self, ifindex: u32) -> Result<(), Error> {
        let Some(port) = self.by_ifindex.get_mut(&ifindex) else {
            return Ok(());
        };
        let takes_redirects =
            port.is_xdp && can_be_redirected_to(ifindex).ok().flatten() != Some(false);
        if takes_redirects != port.takes_redirects {
            port.takes_redirects = takes_redirects;
            let flags = if takes_redirects { PORT_XDP } else { 0 };
            self.table.put(ifindex, Port { flags })?;
        }
        Ok(())
    }
}

/// Takes the programs off an access port and gives the device back as a device is made: not promiscuous, with IPv6.
/// A device that is no access port is left as it is. Returns whether it was one.
pub fn release(netlink: &mut Netlink, link: &Link) -> Result<bool, Error> {
    if !detach_tc(netlink, link)? {
        return Ok(false);
    }
    detach_xdp(netlink, link)?;
    device::release_access_port(netlink, link)?;
    Ok(true)
}
