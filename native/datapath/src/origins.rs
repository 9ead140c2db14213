//! Whose frames are whose VNI is a locator's own: (tunnel, VNI) to logical switch.

use std::collections::HashMap;

use aya::Ebpf;

use crate::{
    error::Error,
    layout::{ORIGINS_MAX, Origin},
    table::Table,
};

/// The table of such VNIs.
pub struct Origins {
    slots: HashMap<Origin, u32>,
    table: Table<Origin, u32>,
}

impl Origins {
    /// Opens the table and reads back what it holds.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let table = Table::take(ebpf, "origins", "VNIs of locators", ORIGINS_MAX)?;
        let slots = table.entries()?.into_iter().collect();
        Ok(Self { slots, table })
    }

    /// All entries with the slots of their logical switches.
    pub fn entries(&self) -> impl Iterator<Item = (Origin, u32)> + '_ {
        self.slots.iter().map(|(origin, slot)| (*origin, *slot))
    }

    /// Whether a tunnel has any.
    pub fn has(&self, tunnel: u32) -> bool {
        self.slots.keys().any(|origin| origin.tunnel == tunnel)
    }

    /// Adds an entry or gives it to another logical switch.
    pub fn put(&mut self, origin: Origin, switch_slot: u32) -> Result<(), Error> {
        self.table.put(origin, switch_slot)?;
        self.slots.insert(origin, switch_slot);
        Ok(())
    }

    /// Removes an entry.
    pub fn remove(&mut self, origin: Origin) -> Result<(), Error> {
        self.table.remove(&origin)?;
        self.slots.remove(&origin);
        Ok(())
    }
}
