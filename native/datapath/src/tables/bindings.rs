//! Bindings as the control plane speaks of them.

use std::collections::HashMap;

use super::Tables;
use crate::{
    error::Error,
    floods::Member,
    layout::{Binding, BindingKey},
    macs::Place,
    spec::{BindingSpec, Notice},
};

/// What became of each of many entries.
type Outcomes = Vec<Result<(), Error>>;

impl Tables {
    /// Binds a port and VLAN to a logical switch, or moves it to another.
    ///
    /// # Errors
    /// The device is no port, the switch was not put, a table is full.
    pub fn put_binding(&mut self, spec: &BindingSpec) -> Result<Vec<Notice>, Error> {
        let left: Vec<(u32, Place)> = self.bind(spec)?.into_iter().collect();
        let changes = self.macs.end_bindings(&left)?;
        Ok(self.notices(changes))
    }

    /// The same for many: the MACs of those that move are forgotten together. Answers for each what became of it.
    ///
    /// # Errors
    /// The kernel's answer when the MACs of those that moved were to be forgotten.
    pub fn put_bindings(
        &mut self,
        specs: &[BindingSpec],
    ) -> Result<(Outcomes, Vec<Notice>), Error> {
        let mut left = Vec::new();
        let results = specs
            .iter()
            .map(|spec| {
                left.extend(self.bind(spec)?);
                Ok(())
            })
            .collect();
        let changes = self.macs.end_bindings(&left)?;
        Ok((results, self.notices(changes)))
    }

    /// Answers what the place has left, whose MACs are still known.
    fn bind(&mut self, spec: &BindingSpec) -> Result<Option<(u32, Place)>, Error> {
        let key = self.binding_key(&spec.netdev, spec.vlan)?;
        let switch_slot = self.switches.slot(spec.switch_id)?;
        let old = self.bindings.get(key);
        if old.is_some_and(|old| old.switch_slot == switch_slot) {
            return Ok(None);
        }
        let slot = self.bindings.reserve(spec)?;
        self.acls.mark(key, slot)?;
        self.macs.begin_binding(switch_slot, key.ifindex)?;
        if let Err(error) = self.enter(key, Binding { switch_slot, slot }, old) {
            self.macs.end_bindings(&[(switch_slot, place(key))])?;
            return Err(error);
        }
        self.bindings.unpark(spec);
        Ok(old.map(|old| {
            let was = self.binding_spec(key, old);
            self.bindings.park(old.slot, was);
            (old.switch_slot, place(key))
        }))
    }

    /// A flood list that has no room for the binding leaves all as it was.
    fn enter(
        &mut self,
        key: BindingKey,
        binding: Binding,
        old: Option<Binding>,
    ) -> Result<(), Error> {
        let member = flood_port(key, binding.slot);
        self.floods.add_port(binding.switch_slot, member)?;
        let left = old.map_or(Ok(()), |old| {
            self.floods
                .remove_ports(old.switch_slot, &[flood_port(key, old.slot)])
        });
        left.and_then(|()| self.bindings.put(key, binding))
            .or_else(|error| {
                self.floods.remove_ports(binding.switch_slot, &[member])?;
                Err(error)
            })
    }

    /// Removes bindings; their MACs are forgotten.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_bindings(
        &mut self,
        places: &[(impl AsRef<str>, u16)],
    ) -> Result<Vec<Notice>, Error> {
        let keys: Vec<BindingKey> = places
            .iter()
            .filter_map(|(netdev, vlan)| self.binding_key(netdev.as_ref(), *vlan).ok())
            .collect();
        self.remove_bindings_at(&keys)
    }

    pub(super) fn remove_bindings_at(&mut self, keys: &[BindingKey]) -> Result<Vec<Notice>, Error> {
        let bound: Vec<(BindingKey, Binding)> = keys
            .iter()
            .filter_map(|key| Some((*key, self.bindings.get(*key)?)))
            .collect();
        self.leave_flood_lists(&bound)?;
        for (key, binding) in &bound {
            let spec = self.binding_spec(*key, *binding);
            self.bindings.remove(*key, spec)?;
        }
        let ended: Vec<(u32, Place)> = bound
            .iter()
            .map(|(key, binding)| (binding.switch_slot, place(*key)))
            .collect();
        let changes = self.macs.end_bindings(&ended)?;
        Ok(self.notices(changes))
    }

    /// Goes first when bindings go, since it may fail: they are then still there to be removed again.
    fn leave_flood_lists(&mut self, bound: &[(BindingKey, Binding)]) -> Result<(), Error> {
        let mut leaving: HashMap<u32, Vec<Member>> = HashMap::new();
        for (key, binding) in bound {
            let members = leaving.entry(binding.switch_slot).or_default();
            members.push(flood_port(*key, binding.slot));
        }
        leaving
            .into_iter()
            .try_for_each(|(switch_slot, members)| self.floods.remove_ports(switch_slot, &members))
    }

    /// Gives up what bindings counted that are in the kernel no more, but for these: they may come back.
    pub fn keep_counts(&mut self, bound: &[BindingSpec]) {
        self.bindings.keep_counts(bound);
    }

    /// A binding as the control plane speaks of it, where its device and its logical switch are known.
    pub(super) fn binding_spec(&self, key: BindingKey, binding: Binding) -> Option<BindingSpec> {
        Some(BindingSpec {
            netdev: self.ports.netdev(key.ifindex)?.to_owned(),
            vlan: u16::try_from(key.vlan).ok()?,
            switch_id: self.switches.id(binding.switch_slot)?,
        })
    }

    fn binding_key(&self, netdev: &str, vlan: u16) -> Result<BindingKey, Error> {
        Ok(BindingKey {
            ifindex: self.ports.ifindex(netdev)?,
            vlan: u32::from(vlan),
        })
    }
}

const fn place(key: BindingKey) -> Place {
    Place {
        ifindex: key.ifindex,
        vlan: key.vlan,
    }
}

const fn flood_port(key: BindingKey, binding_slot: u32) -> Member {
    Member {
        target: key.ifindex,
        vni: 0,
        vlan: key.vlan,
        binding_slot,
    }
}
