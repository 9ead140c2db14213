//! How much the tables hold.

use crate::mac_limits::MacLimits;

/// How many entries each table may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Access ports and underlay devices.
    pub ports: usize,
    /// (Port, VLAN) pairs.
    pub bindings: usize,
    /// Logical switches; as many flood lists.
    pub switches: usize,
    /// Remote VTEPs.
    pub tunnels: usize,
    /// MACs that the controller gave.
    pub remote_macs: usize,
    /// Addresses of remote MACs.
    pub neighbours: usize,
    /// Flood lists of groups.
    pub groups: usize,
    /// VNIs of locators by VTEP.
    pub origins: usize,
    /// MACs that were learned.
    pub local_macs: usize,
    /// Which of them are learned no more.
    pub mac_limits: MacLimits,
    /// ACLs by port, VLAN and direction.
    pub acls: usize,
}

impl Default for Limits {
    /// Room for a large site; the kernel's maps have limits of their own.
    fn default() -> Self {
        Self {
            ports: 256,
            bindings: 4096,
            switches: 4096,
            tunnels: 1024,
            remote_macs: 65536,
            neighbours: 65536,
            groups: 65536,
            origins: 65536,
            local_macs: 65536,
            mac_limits: MacLimits {
                port: 65536,
                switch: 65536,
                table: 65536,
            },
            acls: 65536,
        }
    }
}
