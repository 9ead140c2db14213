//! A packet socket on the far end of a device.

use std::{
    io, mem,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

use crate::lab;

/// Sends and receives whole frames; it says which tag the kernel has put into the metadata.
pub fn packet_socket(netdev: &str) -> io::Result<OwnedFd> {
    let protocol = u16::try_from(libc::ETH_P_ALL).unwrap().to_be();
    // SAFETY: no pointers; the descriptor is nobody else's.
    let socket = unsafe {
        let descriptor = libc::socket(
            libc::AF_PACKET,
            libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC,
            0,
        );
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(descriptor)
    };
    let on: libc::c_int = 1;
    // SAFETY: an all-zero address is a valid one.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).unwrap();
    address.sll_protocol = protocol;
    address.sll_ifindex = i32::try_from(lab::ifindex(netdev)).unwrap();
    // SAFETY: option and address live through the calls and have the lengths that are said.
    let results = unsafe {
        [
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_AUXDATA,
                (&raw const on).cast(),
                length_of(&on),
            ),
            libc::bind(
                socket.as_raw_fd(),
                (&raw const address).cast(),
                length_of(&address),
            ),
        ]
    };
    if results == [0, 0] {
        Ok(socket)
    } else {
        Err(io::Error::last_os_error())
    }
}

fn length_of<T>(_: &T) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap()
}

/// A short frame of no protocol, from one station.
pub fn frame(destination: [u8; 6]) -> [u8; 64] {
    let mut frame = [0x5a; 64];
    frame[..6].copy_from_slice(&destination);
    frame[6..14].copy_from_slice(&[2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
    frame
}

/// Sends a frame out of a device.
pub fn send(netdev: &str, frame: &[u8]) {
    let socket = packet_socket(netdev).unwrap();
    // SAFETY: the bytes live through the call.
    let sent = unsafe { libc::send(socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0) };
    assert_eq!(usize::try_from(sent), Ok(frame.len()));
}
