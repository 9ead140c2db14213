//! Frames that the programs gave to the kernel's VXLAN device, and that it could not send.

use super::Tables;
use crate::{error::Error, spec::DropCount, underlay};

impl Tables {
    /// The kernel's count of them; it begins anew with the device. Frames that wait for a next hop which never answers count as
    /// sent.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn lost_in_underlay(&mut self) -> Result<Option<DropCount>, Error> {
        let Some(device) = self
            .links
            .values()
            .find(|link| underlay::is_vxlan_device(link))
        else {
            return Ok(None);
        };
        let packets = self
            .netlink
            .unsent_packets(device.ifindex)
            .map_err(|error| {
                Error::kernel(format!("read the statistics of {}", device.name), error)
            })?;
        Ok((packets > 0).then_some(DropCount {
            netdev: String::new(),
            reason: "no_path",
            explanation: "the kernel found no way to the VTEP: see vtep show tunnels",
            is_note: false,
            packets,
        }))
    }
}
