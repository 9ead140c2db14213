//! Control packets on their way into the underlay: VXLAN by plain UDP sockets, one for each local address.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, UdpSocket},
    os::fd::AsRawFd,
};

const VXLAN_PORT: u16 = 4789;
/// RFC 7348 section 5: the dynamic range is recommended for source ports.
const SOURCE_PORTS: std::ops::RangeInclusive<u16> = 49152..=65535;
/// Internetwork control (RFC 4594): what keeps the tunnels alive goes before what they carry.
const PRECEDENCE: libc::c_int = 0xc0;

/// The sockets.
#[derive(Debug, Default)]
pub struct Sender {
    sockets: HashMap<IpAddr, UdpSocket>,
}

impl Sender {
    /// Sends the payload of a VXLAN packet. Nobody waits: what there is no room for is lost, as on the wire.
    ///
    /// # Errors
    /// The kernel's answer. The socket is made anew for the next packet.
    pub fn send(&mut self, local: IpAddr, remote: IpAddr, payload: &[u8]) -> io::Result<()> {
        let socket = match self.sockets.remove(&local) {
            Some(socket) => socket,
            None => open(local)?,
        };
        match socket.send_to(payload, (remote, VXLAN_PORT)) {
            Err(error) if !is_congestion(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        self.sockets.insert(local, socket);
        Ok(())
    }
}

fn is_congestion(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

fn open(local: IpAddr) -> io::Result<UdpSocket> {
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for port in SOURCE_PORTS {
        match UdpSocket::bind((local, port)) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                // DF: a fragment of a VXLAN packet may be dropped (RFC 7348 section 4.3).
                set(
                    &socket,
                    libc::IPPROTO_IP,
                    libc::IP_MTU_DISCOVER,
                    libc::IP_PMTUDISC_DO,
                )?;
                set(&socket, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1)?;
                set(&socket, libc::IPPROTO_IP, libc::IP_TOS, PRECEDENCE)?;
                return Ok(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => refused = error,
            Err(error) => return Err(error),
        }
    }
    Err(refused)
}

fn set(
    socket: &UdpSocket,
    level: libc::c_int,
    option: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the socket is open, and the option takes an int that lives through the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const value).cast(),
            size,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
