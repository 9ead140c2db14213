//! Flood lists: the bindings of a logical switch, and the tunnels to which frames to unknown destinations or to one group
//! go. A change of bindings leaves the lists of tunnels alone.

mod store;

use std::collections::{BTreeSet, HashMap, HashSet};

use aya::Ebpf;

use crate::{
    error::Error,
    layout::{
        FLOOD_GROUP, FLOOD_LISTS_MAX, FLOOD_PORTS, FLOOD_UNKNOWN, FloodKey, FloodList, FloodMember,
    },
    table::Table,
};
use store::Store;
pub use store::too_many_members;

/// A member of a flood list, as it is in the table.
pub type Member = FloodMember;

struct List {
    written: FloodList,
    members: BTreeSet<Member>,
}

/// The tables of flood lists.
pub struct Floods {
    lists: HashMap<FloodKey, List>,
    /// In how many lists each tunnel is.
    uses: HashMap<u32, usize>,
    table: Table<FloodKey, FloodList>,
    store: Store,
}

impl Floods {
    /// Opens the tables and reads the lists back.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let table: Table<FloodKey, FloodList> =
            Table::take(ebpf, "flood_lists", "flood lists", FLOOD_LISTS_MAX)?;
        let entries = table.entries()?;
        let lists: Vec<FloodList> = entries.iter().map(|(_, list)| *list).collect();
        let (store, mut members) = Store::adopt(ebpf, &lists)?;
        let mut this = Self {
            lists: HashMap::new(),
            uses: HashMap::new(),
            table,
            store,
        };
        for (key, written) in entries {
            let members = members.remove(&written.number).unwrap_or_default();
            this.count_uses(key, &members, |uses| uses + 1);
            this.lists.insert(key, List { written, members });
        }
        Ok(this)
    }

    /// The members of a list; `None`: there is none.
    pub fn get(&self, key: FloodKey) -> Option<&BTreeSet<Member>> {
        self.lists.get(&key).map(|list| &list.members)
    }

    /// The lists of groups.
    pub fn groups(&self) -> impl Iterator<Item = (FloodKey, &BTreeSet<Member>)> + '_ {
        self.lists
            .iter()
            .filter(|(key, _)| key.kind == FLOOD_GROUP)
            .map(|(key, list)| (*key, &list.members))
    }

    /// Whether any list names a tunnel.
    pub fn is_flooded_to(&self, tunnel: u32) -> bool {
        self.uses.contains_key(&tunnel)
    }

    /// Replaces a list: the new one is written beside the old one, readers are pointed at it, and the old one goes when those
    /// are through that are still in it.
    pub fn put(&mut self, key: FloodKey, members: BTreeSet<Member>) -> Result<(), Error> {
        let old = self.lists.get(&key);
        if old.is_some_and(|old| old.members == members) {
            return Ok(());
        }
        let written = self.store.write(&members)?;
        if let Err(error) = self.table.put(key, written) {
            self.store.discard(written)?;
            return Err(error);
        }
        self.count_uses(key, &members, |uses| uses + 1);
        if let Some(old) = self.lists.insert(key, List { written, members }) {
            self.retire(key, &old);
        }
        Ok(())
    }

    /// Removes a list.
    pub fn remove(&mut self, key: FloodKey) -> Result<(), Error> {
        self.table.remove(&key)?;
        if let Some(old) = self.lists.remove(&key) {
            self.retire(key, &old);
        }
        Ok(())
    }

    /// Names the lists that wait to be freed; `None`: there are none.
    pub fn retired(&self) -> Option<u64> {
        self.store.retired()
    }

    /// Frees the lists that a mark names. All programs that ran then must have ended.
    pub fn free_retired(&mut self, mark: u64) -> Result<(), Error> {
        self.store.free_retired(mark)
    }

    /// Removes all lists of logical switches.
    pub fn forget_switches(&mut self, slots: &HashSet<u32>) -> Result<(), Error> {
        let keys: Vec<FloodKey> = self
            .lists
            .keys()
            .filter(|key| slots.contains(&key.switch_slot))
            .copied()
            .collect();
        keys.into_iter().try_for_each(|key| self.remove(key))
    }

    /// Adds a binding to the list of bindings of its logical switch.
    pub fn add_port(&mut self, switch_slot: u32, port: Member) -> Result<(), Error> {
        let key = FloodKey::ports(switch_slot);
        let mut members = self.get(key).cloned().unwrap_or_default();
        members.insert(port);
        self.put(key, members)
    }

    /// Takes bindings out of that list.
    pub fn remove_ports(&mut self, switch_slot: u32, ports: &[Member]) -> Result<(), Error> {
        let key = FloodKey::ports(switch_slot);
        let mut members = self.get(key).cloned().unwrap_or_default();
        for port in ports {
            members.remove(port);
        }
        if members.is_empty() {
            self.remove(key)
        } else {
            self.put(key, members)
        }
    }

    fn retire(&mut self, key: FloodKey, old: &List) {
        self.count_uses(key, &old.members, |uses| uses - 1);
        self.store.retire(old.written);
    }

    fn count_uses(
        &mut self,
        key: FloodKey,
        members: &BTreeSet<Member>,
        change: impl Fn(usize) -> usize,
    ) {
        if key.kind == FLOOD_PORTS {
            return;
        }
        for member in members {
            let uses = change(self.uses.get(&member.target).copied().unwrap_or(0));
            if uses == 0 {
                self.uses.remove(&member.target);
            } else {
                self.uses.insert(member.target, uses);
            }
        }
    }
}

impl FloodKey {
    /// The bindings of a logical switch.
    #[must_use]
    pub const fn ports(switch_slot: u32) -> Self {
        Self {
            switch_slot,
            mac: [0; 6],
            kind: FLOOD_PORTS,
        }
    }

    /// Where frames to unknown destinations go.
    #[must_use]
    pub const fn unknown(switch_slot: u32) -> Self {
        Self {
            switch_slot,
            mac: [0; 6],
            kind: FLOOD_UNKNOWN,
        }
    }

    /// Where frames to a group go.
    #[must_use]
    pub const fn group(switch_slot: u32, mac: [u8; 6]) -> Self {
        Self {
            switch_slot,
            mac,
            kind: FLOOD_GROUP,
        }
    }
}
