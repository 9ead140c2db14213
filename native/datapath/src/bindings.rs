//! Bindings of (port, VLAN) to a logical switch, and their counters.

use std::collections::{HashMap, HashSet};

use aya::{
    Ebpf,
    maps::{MapData, PerCpuArray, PerCpuValues},
    util::nr_cpus,
};

use crate::{
    error::Error,
    layout::{BINDINGS_MAX, Binding, BindingCounters, BindingKey},
    spec::BindingSpec,
    table::{Table, take},
};

/// The table of bindings. One that leaves it keeps its slot, and with it what it counted to the last frame, until it comes
/// back or is given up.
pub struct Bindings {
    by_key: HashMap<BindingKey, Binding>,
    used: Vec<bool>,
    /// Slots of bindings that are not in the table now.
    parked: HashMap<BindingSpec, u32>,
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
            parked: HashMap::new(),
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

    /// A slot for a binding that is not there yet: the one that it had, else one with its counters at zero.
    pub fn reserve(&mut self, spec: &BindingSpec) -> Result<u32, Error> {
        if let Some(slot) = self.parked.get(spec) {
            return Ok(*slot);
        }
        if self.by_key.len() + self.parked.len() >= self.used.len() {
            self.give_up(|_| true);
        }
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

    /// Adds or replaces a binding, in a slot that was reserved for it.
    pub fn put(&mut self, key: BindingKey, binding: Binding) -> Result<(), Error> {
        self.table.put(key, binding)?;
        self.by_key.insert(key, binding);
        if let Some(used) = self.used.get_mut(binding.slot as usize) {
            *used = true;
        }
        Ok(())
    }

    /// Removes a binding; `spec` is what it was, where that is known.
    pub fn remove(&mut self, key: BindingKey, spec: Option<BindingSpec>) -> Result<(), Error> {
        self.table.remove(&key)?;
        if let Some(binding) = self.by_key.remove(&key) {
            self.park(binding.slot, spec);
        }
        Ok(())
    }

    /// Keeps the slot of a binding that is in the table no more.
    pub fn park(&mut self, slot: u32, spec: Option<BindingSpec>) {
        let given_up = match spec {
            Some(spec) => self
                .parked
                .insert(spec, slot)
                .filter(|former| *former != slot),
            None => Some(slot),
        };
        if let Some(slot) = given_up {
            self.release(slot);
        }
    }

    /// A binding that is in the table again.
    pub fn unpark(&mut self, spec: &BindingSpec) {
        self.parked.remove(spec);
    }

    /// The slots of bindings that are not in the table.
    pub fn parked(&self) -> impl Iterator<Item = (&BindingSpec, u32)> + '_ {
        self.parked.iter().map(|(spec, slot)| (spec, *slot))
    }

    /// Gives up what was counted for all others than these.
    pub fn keep_counts(&mut self, bound: &[BindingSpec]) {
        if !self.parked.is_empty() {
            let bound: HashSet<&BindingSpec> = bound.iter().collect();
            self.give_up(|spec| !bound.contains(spec));
        }
    }

    fn give_up(&mut self, is_over: impl Fn(&BindingSpec) -> bool) {
        let over: Vec<u32> = self
            .parked
            .extract_if(|spec, _| is_over(spec))
            .map(|(_, slot)| slot)
            .collect();
        for slot in over {
            self.release(slot);
        }
    }

    fn release(&mut self, slot: u32) {
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
