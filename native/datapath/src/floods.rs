//! Flood lists: the bindings of a logical switch, and the tunnels to which frames to unknown destinations or to one group
//! go. A change of bindings leaves the lists of tunnels alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use aya::Ebpf;

use crate::{
    error::Error,
    layout::{
        FLOOD_FAN_OUT_MAX, FLOOD_GROUP, FLOOD_LISTS_MAX, FLOOD_MEMBERS_MAX, FLOOD_PORTS,
        FLOOD_UNKNOWN, FloodKey, FloodList, FloodMember, FloodMemberKey,
    },
    table::Table,
};

/// A member of a flood list, as it is in the table.
pub type Member = FloodMember;

struct List {
    number: u32,
    members: BTreeSet<Member>,
}

/// The tables of flood lists.
pub struct Floods {
    lists: HashMap<FloodKey, List>,
    used_numbers: HashSet<u32>,
    next_number: u32,
    /// In how many lists each tunnel is.
    uses: HashMap<u32, usize>,
    table: Table<FloodKey, FloodList>,
    members: Table<FloodMemberKey, FloodMember>,
}

impl Floods {
    /// Opens the tables and reads the lists back; members of no list (left by a process that was killed while it wrote
    /// one) go.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let mut this = Self {
            lists: HashMap::new(),
            used_numbers: HashSet::new(),
            next_number: 0,
            uses: HashMap::new(),
            table: Table::take(ebpf, "flood_lists", "flood lists", FLOOD_LISTS_MAX)?,
            members: Table::take(
                ebpf,
                "flood_members",
                "flood list members",
                FLOOD_MEMBERS_MAX,
            )?,
        };
        let mut counts = HashMap::new();
        let mut members: HashMap<u32, BTreeSet<Member>> = HashMap::new();
        let entries = this.table.entries()?;
        for (_, list) in &entries {
            counts.insert(list.number, list.count);
        }
        for (key, member) in this.members.entries()? {
            if counts
                .get(&key.list)
                .is_some_and(|count| key.index < *count)
            {
                members.entry(key.list).or_default().insert(member);
            } else {
                this.members.remove(&key)?;
            }
        }
        for (key, FloodList { number, .. }) in entries {
            let members = members.remove(&number).unwrap_or_default();
            this.next_number = this.next_number.max(number.wrapping_add(1));
            this.used_numbers.insert(number);
            this.count_uses(key, &members, |uses| uses + 1);
            this.lists.insert(key, List { number, members });
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

    /// Replaces a list: the new one is written beside the old one, readers are pointed at it, and only then the old one
    /// is removed.
    pub fn put(&mut self, key: FloodKey, members: BTreeSet<Member>) -> Result<(), Error> {
        let old = self.lists.get(&key);
        if old.is_some_and(|old| old.members == members) {
            return Ok(());
        }
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        if count > FLOOD_FAN_OUT_MAX {
            return Err(Error::TableFull {
                table: "members of one flood list",
                limit: FLOOD_FAN_OUT_MAX,
            });
        }
        let number = self.free_number();
        let written = (0..)
            .zip(&members)
            .try_for_each(|(index, member)| {
                let at = FloodMemberKey {
                    list: number,
                    index,
                };
                self.members.put(at, *member)
            })
            .and_then(|()| self.table.put(key, FloodList { number, count }));
        if let Err(error) = written {
            self.forget_members(number, count)?;
            return Err(error);
        }
        self.used_numbers.insert(number);
        self.count_uses(key, &members, |uses| uses + 1);
        match self.lists.insert(key, List { number, members }) {
            Some(old) => self.forget(key, &old),
            None => Ok(()),
        }
    }

    /// Removes a list.
    pub fn remove(&mut self, key: FloodKey) -> Result<(), Error> {
        self.table.remove(&key)?;
        match self.lists.remove(&key) {
            Some(old) => self.forget(key, &old),
            None => Ok(()),
        }
    }

    /// Removes all lists of a logical switch.
    pub fn forget_switch(&mut self, switch_slot: u32) -> Result<(), Error> {
        let keys: Vec<FloodKey> = self
            .lists
            .keys()
            .filter(|key| key.switch_slot == switch_slot)
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

    /// Takes a binding out of that list.
    pub fn remove_port(&mut self, switch_slot: u32, port: Member) -> Result<(), Error> {
        let key = FloodKey::ports(switch_slot);
        let mut members = self.get(key).cloned().unwrap_or_default();
        members.remove(&port);
        if members.is_empty() {
            self.remove(key)
        } else {
            self.put(key, members)
        }
    }

    fn forget(&mut self, key: FloodKey, old: &List) -> Result<(), Error> {
        self.count_uses(key, &old.members, |uses| uses - 1);
        self.used_numbers.remove(&old.number);
        self.forget_members(
            old.number,
            u32::try_from(old.members.len()).unwrap_or(u32::MAX),
        )
    }

    fn forget_members(&mut self, list: u32, count: u32) -> Result<(), Error> {
        (0..count).try_for_each(|index| self.members.remove(&FloodMemberKey { list, index }))
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

    /// A reader may be on its way through a list that was removed: its number comes again only after all others.
    fn free_number(&mut self) -> u32 {
        while self.used_numbers.contains(&self.next_number) {
            self.next_number = self.next_number.wrapping_add(1);
        }
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
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
