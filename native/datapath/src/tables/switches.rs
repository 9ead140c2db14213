//! Logical switches, with all that goes with them.

use std::collections::HashSet;

use model::SwitchId;

use super::Tables;
use crate::{
    error::Error,
    layout::{Binding, BindingKey},
    spec::Notice,
};

impl Tables {
    /// Adds a logical switch or changes its VNI; without one it has those of its locators.
    ///
    /// # Errors
    /// VNI out of range; table full.
    pub fn put_switch(&mut self, id: SwitchId, vni: impl Into<Option<u32>>) -> Result<(), Error> {
        let put = self.put_switches(&[(id, vni.into())]);
        put.into_iter().collect()
    }

    /// The same for many at once: they may trade their VNIs.
    pub fn put_switches(&mut self, specs: &[(SwitchId, Option<u32>)]) -> Vec<Result<(), Error>> {
        self.switches.put(specs)
    }

    /// Removes logical switches with all that belongs to them. None of them forwards when the first table is read, which
    /// takes a while; each is read once for all.
    ///
    /// # Errors
    /// The kernel's answer. All of them are still there then.
    pub fn remove_switches(&mut self, ids: &[SwitchId]) -> Result<Vec<Notice>, Error> {
        let slots: HashSet<u32> = ids
            .iter()
            .filter_map(|id| self.switches.slot(*id).ok())
            .collect();
        if slots.is_empty() {
            return Ok(Vec::new());
        }
        let result = self.remove_stopped(ids, &slots);
        if result.is_err() {
            for id in ids {
                // What the kernel refuses here, too, is put back by the next process, or tried to be removed again before.
                let _ = self.switches.resume(*id);
            }
        }
        result
    }

    /// An earlier process ended while it removed switches.
    pub(super) fn finish_removals(&mut self) -> Result<(), Error> {
        let stopped = self.switches.stopped();
        self.remove_switches(&stopped).map(drop)
    }

    fn remove_stopped(
        &mut self,
        ids: &[SwitchId],
        slots: &HashSet<u32>,
    ) -> Result<Vec<Notice>, Error> {
        ids.iter().try_for_each(|id| self.switches.stop(*id))?;
        self.forget_origins(slots)?;
        let is_bound = |(_, binding): &(BindingKey, Binding)| slots.contains(&binding.switch_slot);
        let bound: Vec<BindingKey> = self
            .bindings
            .entries()
            .filter(is_bound)
            .map(|(key, _)| key)
            .collect();
        let mut notices = self.remove_bindings_at(&bound)?;
        let changes = self.macs.forget_switches(slots)?;
        notices.extend(self.notices(changes));
        self.neighbours.forget_switches(slots)?;
        self.floods.forget_switches(slots)?;
        ids.iter().try_for_each(|id| self.switches.remove(*id))?;
        Ok(notices)
    }
}
