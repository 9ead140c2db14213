//! Neighbours as the control plane speaks of them.

use std::net::IpAddr;

use model::SwitchId;

use super::Tables;
use crate::{error::Error, layout::NeighbourKey, spec::NeighbourSpec};

impl Tables {
    /// Adds an address that the programs answer for, or gives it to another MAC. It is answered for as long as the MAC
    /// is a remote one.
    ///
    /// # Errors
    /// The switch was not put; table full.
    pub fn put_neighbour(&mut self, spec: &NeighbourSpec) -> Result<(), Error> {
        let key = self.neighbour_key(spec.switch_id, spec.address)?;
        self.neighbours.put(key, spec.mac)
    }

    /// Removes an address.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_neighbour(&mut self, switch_id: SwitchId, address: IpAddr) -> Result<(), Error> {
        match self.neighbour_key(switch_id, address) {
            Ok(key) => self.neighbours.remove(&key),
            Err(_) => Ok(()),
        }
    }

    /// All addresses that the programs answer for.
    pub(super) fn neighbours(&self) -> Result<Vec<NeighbourSpec>, Error> {
        let entries = self.neighbours.entries()?.into_iter();
        Ok(entries
            .filter_map(|(key, mac)| {
                Some(NeighbourSpec {
                    switch_id: self.switches.id(key.switch_slot)?,
                    address: key.address.into(),
                    mac,
                })
            })
            .collect())
    }

    fn neighbour_key(&self, switch_id: SwitchId, address: IpAddr) -> Result<NeighbourKey, Error> {
        Ok(NeighbourKey {
            switch_slot: self.switches.slot(switch_id)?,
            address: address.into(),
        })
    }
}
