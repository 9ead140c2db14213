//! Addresses of remote MACs, which the programs answer for.

use std::collections::HashSet;

use aya::Ebpf;
use model::Mac;

use crate::{
    error::Error,
    layout::{NEIGHBOURS_MAX, Neighbour, NeighbourKey},
    table::Table,
};

/// The table of neighbours.
pub struct Neighbours {
    table: Table<NeighbourKey, Neighbour>,
}

impl Neighbours {
    /// Opens the table with what it holds.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let table = Table::take(ebpf, "neighbours", "neighbours", NEIGHBOURS_MAX)?;
        Ok(Self { table })
    }

    /// All entries.
    pub fn entries(&self) -> Result<Vec<(NeighbourKey, Mac)>, Error> {
        let entries = self.table.entries()?.into_iter();
        Ok(entries
            .map(|(key, entry)| (key, Mac::new(entry.mac)))
            .collect())
    }

    /// Adds an entry or gives the address to another MAC.
    pub fn put(&mut self, key: NeighbourKey, mac: Mac) -> Result<(), Error> {
        let mac = mac.octets();
        self.table.put(key, Neighbour { mac, zero: 0 })
    }

    /// Removes an entry.
    pub fn remove(&mut self, key: &NeighbourKey) -> Result<(), Error> {
        self.table.remove(key)
    }

    /// Removes all entries of logical switches.
    pub fn forget_switches(&mut self, slots: &HashSet<u32>) -> Result<(), Error> {
        for (key, _) in self.table.entries()? {
            if slots.contains(&key.switch_slot) {
                self.table.remove(&key)?;
            }
        }
        Ok(())
    }
}
