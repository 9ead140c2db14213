//! What the kernel counts of a device by itself.

use std::io;

use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{LinkAttribute, LinkMessage},
};

use super::Netlink;

impl Netlink {
    /// How many packets a device was given and could not send.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn unsent_packets(&mut self, ifindex: u32) -> io::Result<u64> {
        let mut message = LinkMessage::default();
        message.header.index = ifindex;
        let answer = self.get(RouteNetlinkMessage::GetLink(message))?;
        let attributes = answer.iter().flat_map(|message| match message {
            RouteNetlinkMessage::NewLink(link) => link.attributes.as_slice(),
            _ => &[],
        });
        Ok(attributes
            .filter_map(|attribute| match attribute {
                // tx_carrier_errors and the like say what some of tx_errors were.
                LinkAttribute::Stats64(counted) => {
                    Some(counted.tx_errors.wrapping_add(counted.tx_dropped))
                }
                _ => None,
            })
            .sum())
    }
}
