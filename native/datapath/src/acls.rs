//! Access control lists of ports and VLANs.
//!
//! A list is replaced as a whole: its rules are written beside the old ones, and one entry is pointed at them. The
//! entry is there before the flag that has the programs look for it.

mod store;

use std::collections::HashMap;

use aya::{
    Ebpf,
    maps::{Array, MapData},
};
use model::{Direction, acl::Rule};

use crate::{
    error::Error,
    layout::{
        BindingKey,
        acl::{ACLS_MAX, AclKey, AclList},
    },
    table::{Table, take},
};
use store::{CLOSED, Store};

/// The tables of ACLs.
pub struct Acls {
    by_key: HashMap<AclKey, AclList>,
    table: Table<AclKey, AclList>,
    store: Store,
    directions: Array<MapData, u32>,
}

impl Acls {
    /// Opens the tables and reads back what they hold. Lists of devices that are gone go.
    pub fn adopt(ebpf: &mut Ebpf, is_there: impl Fn(u32) -> bool) -> Result<Self, Error> {
        let mut table: Table<AclKey, AclList> = Table::take(ebpf, "acls", "ACLs", ACLS_MAX)?;
        let mut store = Store::open(ebpf)?;
        let mut by_key = HashMap::new();
        for (key, list) in table.entries()? {
            if is_there(key.ifindex) {
                store.adopt(list)?;
                by_key.insert(key, list);
            } else {
                table.remove(&key)?;
            }
        }
        Ok(Self {
            by_key,
            table,
            store,
            directions: Array::try_from(take(ebpf, "binding_acls")?)?,
        })
    }

    /// All lists with their rules.
    pub fn entries(&self) -> impl Iterator<Item = (AclKey, &[Rule])> + '_ {
        self.by_key
            .iter()
            .map(|(key, list)| (*key, self.store.rules(*list)))
    }

    /// Replaces a list. One that has no room beside the former one takes that one's place, and nothing passes meanwhile.
    /// When that fails nothing passes from then on: what is not kept back must not depend on what was in force before.
    pub fn put(&mut self, key: AclKey, rules: &[Rule]) -> Result<(), Error> {
        if rules.is_empty() {
            return self.remove(key);
        }
        let former = self.by_key.get(&key).copied();
        if former.is_some_and(|former| former != CLOSED && self.store.rules(former) == rules) {
            return Ok(());
        }
        let list = if let Ok(list) = self.store.acquire(rules) {
            list
        } else {
            self.point(key, CLOSED)?;
            self.store.acquire(rules)?
        };
        self.point(key, list)
            .inspect_err(|_| self.store.release(list))
    }

    fn point(&mut self, key: AclKey, list: AclList) -> Result<(), Error> {
        self.table.put(key, list)?;
        if let Some(former) = self.by_key.insert(key, list) {
            self.store.release(former);
        }
        Ok(())
    }

    /// Removes a list; nothing is filtered there then.
    pub fn remove(&mut self, key: AclKey) -> Result<(), Error> {
        self.table.remove(&key)?;
        if let Some(former) = self.by_key.remove(&key) {
            self.store.release(former);
        }
        Ok(())
    }

    /// Names the lists that wait to be freed; `None`: there are none.
    pub fn retired(&self) -> Option<u64> {
        self.store.retired()
    }

    /// Frees the lists that a mark names. All programs that ran then must have ended.
    pub fn free_retired(&mut self, mark: u64) {
        self.store.free_retired(mark);
    }

    /// Removes the lists of a device.
    pub fn forget_device(&mut self, ifindex: u32) -> Result<(), Error> {
        let gone: Vec<AclKey> = self
            .by_key
            .keys()
            .copied()
            .filter(|key| key.ifindex == ifindex)
            .collect();
        gone.into_iter().try_for_each(|key| self.remove(key))
    }

    /// Tells the programs in which directions a binding has a list.
    pub fn mark(&mut self, binding: BindingKey, slot: u32) -> Result<(), Error> {
        let has = |direction| {
            let key = |vlan| AclKey {
                ifindex: binding.ifindex,
                vlan,
                direction,
            };
            self.by_key.contains_key(&key(0)) || self.by_key.contains_key(&key(binding.vlan))
        };
        let mut directions = 0;
        for direction in [Direction::Ingress, Direction::Egress].map(AclKey::number_of) {
            if has(direction) {
                directions |= 1 << direction;
            }
        }
        Ok(self.directions.set(slot, directions, 0)?)
    }
}
