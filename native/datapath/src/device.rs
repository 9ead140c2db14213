//! What a device needs before it can be an access port, and what its driver can do.

use std::{fs, io, mem, os::fd::AsRawFd, path::Path};

use netlink_packet_route::link::LinkFlags;

use crate::{
    error::Error,
    netlink::{Netlink, link::Link},
};

const SIOCETHTOOL: libc::c_ulong = 0x8946;
const ETHTOOL_GFLAGS: u32 = 0x25;
const ETHTOOL_SFLAGS: u32 = 0x26;
const ETH_FLAG_RXVLAN: u32 = 1 << 8;
const ETH_FLAG_LRO: u32 = 1 << 15;

/// Makes a device an access port: it hears all frames, the box itself neither speaks nor listens on it.
pub fn prepare_access_port(netlink: &mut Netlink, link: &Link) -> Result<(), Error> {
    let failed = |what: &str, error| Error::kernel(format!("{what} {}", link.name), error);
    disable_ipv6(&link.name).map_err(|error| failed("switch off IPv6 on", error))?;
    let flags = LinkFlags::Promisc | LinkFlags::Up;
    netlink
        .set_flags(link.ifindex, flags, flags)
        .map_err(|error| failed("set promiscuous and up", error))?;
    // LRO merges frames beyond repair. Drivers without it refuse the request.
    let _ = clear_flags(&link.name, ETH_FLAG_LRO);
    Ok(())
}

/// Undoes what makes a device deaf and promiscuous; it stays up.
pub fn release_access_port(netlink: &mut Netlink, link: &Link) -> Result<(), Error> {
    netlink
        .set_flags(link.ifindex, LinkFlags::empty(), LinkFlags::Promisc)
        .map_err(|error| Error::kernel(format!("set {} to not promiscuous", link.name), error))?;
    set_disable_ipv6(&link.name, "0")
        .map_err(|error| Error::kernel(format!("switch on IPv6 on {}", link.name), error))
}

/// Makes the VLAN tags of a device visible to XDP, which does not see those that the hardware strips.
pub fn keep_vlan_tags_inline(netdev: &str) {
    let _ = clear_flags(netdev, ETH_FLAG_RXVLAN | ETH_FLAG_LRO);
}

/// A device with hardware (or a hypervisor's) behind it. On veth, tap and the like XDP switches off the far end's
/// offloads and costs TCP throughput, so that `auto` leaves them to tc.
pub fn is_physical(netdev: &str) -> bool {
    Path::new("/sys/class/net")
        .join(netdev)
        .join("device")
        .exists()
}

/// A VXLAN or access device must not take part in IPv6 (RFC 4862 would have it multicast of itself).
pub fn disable_ipv6(netdev: &str) -> io::Result<()> {
    set_disable_ipv6(netdev, "1")
}

fn set_disable_ipv6(netdev: &str, value: &str) -> io::Result<()> {
    match fs::write(
        format!("/proc/sys/net/ipv6/conf/{netdev}/disable_ipv6"),
        value,
    ) {
        // A kernel without IPv6 has nothing to disable.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

fn clear_flags(netdev: &str, flags: u32) -> io::Result<()> {
    let mut value = EthtoolValue {
        command: ETHTOOL_GFLAGS,
        data: 0,
    };
    ethtool(netdev, &mut value)?;
    if value.data & flags == 0 {
        return Ok(());
    }
    ethtool(
        netdev,
        &mut EthtoolValue {
            command: ETHTOOL_SFLAGS,
            data: value.data & !flags,
        },
    )
}

fn ethtool(netdev: &str, value: &mut EthtoolValue) -> io::Result<()> {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    // SAFETY: an all-zero ifreq is a valid one.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    if netdev.len() >= request.ifr_name.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    for (to, from) in request.ifr_name.iter_mut().zip(netdev.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    request.ifr_ifru.ifru_data = (&raw mut *value).cast();
    // SAFETY: the request names a device and points to a value that lives through the call.
    let failed = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) < 0 };
    if failed {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
