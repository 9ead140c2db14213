//! What a device's driver can do in XDP (generic netlink family `netdev`, Linux 6.3 and newer).

use std::io;

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_GENERIC};

const HEADER: usize = 16;
const GENERIC_HEADER: usize = 4;
const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const NETDEV_CMD_DEV_GET: u8 = 1;
const NETDEV_A_DEV_IFINDEX: u16 = 1;
const NETDEV_A_DEV_XDP_FEATURES: u16 = 3;
/// `NETDEV_XDP_ACT_NDO_XMIT`: frames can be redirected to the device.
const NDO_XMIT: u64 = 1 << 2;
const NLM_F_REQUEST: u16 = 1;

/// Whether an XDP redirect to the device delivers. A veth whose far end has neither GRO nor an XDP program
/// takes such frames and loses them. `None` when the kernel does not tell (before 6.3).
///
/// # Errors
/// The kernel's answer.
pub fn can_be_redirected_to(ifindex: u32) -> io::Result<Option<bool>> {
    let mut socket = Socket::new(NETLINK_GENERIC)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let family = ask(
        &socket,
        GENL_ID_CTRL,
        CTRL_CMD_GETFAMILY,
        CTRL_ATTR_FAMILY_NAME,
        b"netdev\0",
    )?
    .and_then(|answer| {
        attribute(&answer, CTRL_ATTR_FAMILY_ID)?
            .first_chunk()
            .copied()
    })
    .map(u16::from_ne_bytes);
    let Some(family) = family else {
        return Ok(None);
    };
    let features = ask(
        &socket,
        family,
        NETDEV_CMD_DEV_GET,
        NETDEV_A_DEV_IFINDEX,
        &ifindex.to_ne_bytes(),
    )?
    .and_then(|answer| {
        attribute(&answer, NETDEV_A_DEV_XDP_FEATURES)?
            .first_chunk()
            .copied()
    })
    .map(u64::from_ne_bytes);
    Ok(features.map(|features| features & NDO_XMIT != 0))
}

/// Sends a command with one attribute; returns the attributes of the answer, `None` for an error from the kernel.
fn ask(
    socket: &Socket,
    family: u16,
    command: u8,
    kind: u16,
    value: &[u8],
) -> io::Result<Option<Vec<u8>>> {
    let attribute_length = 4 + value.len();
    let length = HEADER + GENERIC_HEADER + attribute_length.next_multiple_of(4);
    let mut request = Vec::with_capacity(length);
    request.extend(u32::try_from(length).unwrap_or(0).to_ne_bytes());
    request.extend(family.to_ne_bytes());
    request.extend(NLM_F_REQUEST.to_ne_bytes());
    request.extend([0; 8]);
    request.extend([command, 1, 0, 0]);
    request.extend(u16::try_from(attribute_length).unwrap_or(0).to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend(value);
    request.resize(length, 0);
    socket.send(&request, 0)?;
    let (answer, _) = socket.recv_from_full()?;
    let answered = answer
        .get(4..6)
        .and_then(|bytes| bytes.first_chunk().copied())
        .map(u16::from_ne_bytes);
    Ok((answered == Some(family)).then(|| {
        answer
            .get(HEADER + GENERIC_HEADER..)
            .unwrap_or_default()
            .to_vec()
    }))
}

/// The payload of the first attribute of a kind.
fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    const KIND_MASK: u16 = 0x3fff;
    loop {
        let length = usize::from(u16::from_ne_bytes(*attributes.first_chunk()?));
        let kind = u16::from_ne_bytes(*attributes.get(2..)?.first_chunk()?) & KIND_MASK;
        if kind == wanted {
            return attributes.get(4..length);
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
}
