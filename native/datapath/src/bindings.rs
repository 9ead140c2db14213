//! Bindings of (port, VLAN) to a logical switch, and their counters.

use std::collections::HashMap;

use aya::{
    Ebpf,
    maps::{MapData, PerCpuArray, PerCpuValues},
    util::nr_cpus,
};

use crate::{
    error::Error,
    layout::{BINDINGS_MAX, Binding, BindingCounters, BindingKey},
    table::{Table, take},
};

/// The table of bindings.
pub struct Bindings {
    by_key: HashMap<BindingKey, Binding>,
    used: Vec<bool>,
    table: Table<BindingKey, Binding>,
    counters: PerCpuArray<MapData, BindingCounters>,
}

impl Bindings {
    /// Opens the table and reads back what it holds.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let table: Table<BindingKey, Binding> =
            Table::take(ebpf, "bindings", "bindings", BINDINGS_MAX)?;
        let by_key: HashMap<_, _> = table.entries()?.into_iter().collect();
        let mut used = vec![false; BINDINGS_MAX as usize];
        for binding in by_key.values() {
            if let Some(used) = used.get_mut(binding.slot as usize) {
                *used = true;
            }
        }
        Ok(Self {
            by_key,
            used,
            table,
            counters: PerCpuArray::try_from(take(ebpf, "binding_counts")?)?,
        })
    }

    /// The binding of a port and VLAN.
    pub fn get(&self, key: BindingKey) -> Option<Binding> {
        self.by_key.get(&key).copied()
    }

    /// All bindings.
    pub fn entries(&self) -> impl Iterator<Item = (BindingKey, Binding)> + '_ {
        self.by_key.iter().map(|(key, binding)| (*key, *binding))
    }

    /// A slot for a binding that is not there yet, its counters at zero.
    pub fn reserve(&mut self) -> Result<u32, Error> {
        let free = self
            .used
            .iter()
            .position(|used| !used)
            .and_then(|slot| u32::try_from(slot).ok());
        let slot = free.ok_or(Error::TableFull {
            table: "bindings",
            limit: BINDINGS_MAX,
        })?;
        let cpus = nr_cpus().map_err(|(what, error)| Error::kernel(what, error))?;
        self.counters.set(
            slot,
            PerCpuValues::try_from(vec![BindingCounters::default(); cpus])
                .map_err(|error| Error::kernel("per-CPU values", error))?,
            0,
        )?;
        Ok(slot)
    }

    /// Adds or replaces a binding.
    pub fn put(&mut self, key: BindingKey, binding: Binding) -> Result<(), Error> {
        self.table.put(key, binding)?;
        self.by_key.insert(key, binding);
        if let Some(used) = self.used.get_mut(binding.slot as usize) {
            *used = true;
        }
        Ok(())
    }

    /// Removes a binding and returns what it was.
    pub fn remove(&mut self, key: BindingKey) -> Result<Option<Binding>, Error> {
        self.table.remove(&key)?;
        let removed = self.by_key.remove(&key);
        if let Some(binding) = removed {
            self.release(binding.slot);
        }
        Ok(removed)
    }

    /// Gives a slot back that no binding uses any more.
    pub fn release(&mut self, slot: u32) {
        if let Some(used) = self.used.get_mut(slot as usize) {
            *used = false;
        }
    }

    /// What a binding has counted.
    pub fn counters(&self, slot: u32) -> Result<BindingCounters, Error> {
        let values = self.counters.get(&slot, 0)?;
        Ok(values
            .iter()
            .fold(BindingCounters::default(), |sum, one| BindingCounters {
                packets_from_local: sum.packets_from_local.wrapping_add(one.packets_from_local),
                bytes_from_local: sum.bytes_from_local.wrapping_add(one.bytes_from_local),
                packets_to_local: sum.packets_to_local.wrapping_add(one.packets_to_local),
                bytes_to_local: sum.bytes_to_local.wrapping_add(one.bytes_to_local),
            }))
    }
}
