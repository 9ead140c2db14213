//! Where the members of flood lists are. A list never changes: its next version is written under a number of its own.

use std::collections::{BTreeSet, HashMap, HashSet};

use aya::Ebpf;

use super::Member;
use crate::{
    error::Error,
    grace::Retired,
    layout::{FLOOD_FAN_OUT_MAX, FLOOD_MEMBERS_MAX, FloodList, FloodMember, FloodMemberKey},
    table::Table,
};

/// So many members of lists that were replaced may wait for the programs to be through with them.
const RETIRED_MEMBERS_MAX: u32 = FLOOD_MEMBERS_MAX / 4;

/// A list is longer than the programs go through.
pub const fn too_many_members() -> Error {
    Error::TableFull {
        table: "members of one flood list",
        limit: FLOOD_FAN_OUT_MAX,
    }
}

/// The table of members.
pub struct Store {
    table: Table<FloodMemberKey, FloodMember>,
    /// Numbers of lists, retired ones included.
    used_numbers: HashSet<u32>,
    next_number: u32,
    /// Lists that no entry names any more.
    retired: Retired<FloodList>,
    retired_members: u32,
}

impl Store {
    /// Opens the table and reads back the members of the lists that entries name. Others (of a list that was replaced, or
    /// left by a process that was killed while it wrote one) go.
    pub fn adopt(
        ebpf: &mut Ebpf,
        lists: &[FloodList],
    ) -> Result<(Self, HashMap<u32, BTreeSet<Member>>), Error> {
        let mut table: Table<FloodMemberKey, FloodMember> = Table::take(
            ebpf,
            "flood_members",
            "flood list members",
            FLOOD_MEMBERS_MAX,
        )?;
        let counts: HashMap<u32, u32> =
            lists.iter().map(|list| (list.number, list.count)).collect();
        let mut found: HashMap<u32, BTreeSet<Member>> = HashMap::new();
        for (key, member) in table.entries()? {
            if counts
                .get(&key.list)
                .is_some_and(|count| key.index < *count)
            {
                found.entry(key.list).or_default().insert(member);
            } else {
                table.remove(&key)?;
            }
        }
        let highest = counts.keys().max();
        let this = Self {
            table,
            next_number: highest.map_or(0, |number| number.wrapping_add(1)),
            used_numbers: counts.into_keys().collect(),
            retired: Retired::default(),
            retired_members: 0,
        };
        Ok((this, found))
    }

    /// Writes a list that no entry names yet.
    pub fn write(&mut self, members: &BTreeSet<Member>) -> Result<FloodList, Error> {
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        if count > FLOOD_FAN_OUT_MAX {
            return Err(too_many_members());
        }
        if self.retired_members > RETIRED_MEMBERS_MAX {
            self.free_all_retired()?;
        }
        let number = self.free_number();
        let list = FloodList { number, count };
        match self.write_members(list, members) {
            Err(_) if !self.retired.is_empty() => {
                self.free_all_retired()?;
                self.write_members(list, members)?;
            }
            result => result?,
        }
        self.used_numbers.insert(number);
        Ok(list)
    }

    /// Removes a list that no entry has ever named.
    pub fn discard(&mut self, list: FloodList) -> Result<(), Error> {
        self.used_numbers.remove(&list.number);
        self.remove_members(list)
    }

    /// Gives a list back that no entry names any more. Programs on their way through it find all of it.
    pub fn retire(&mut self, list: FloodList) {
        self.retired_members += list.count;
        self.retired.put(list);
    }

    /// Names the lists that wait to be freed; `None`: there are none.
    pub fn retired(&self) -> Option<u64> {
        self.retired.mark()
    }

    /// Frees the lists that a mark names. All programs that ran then must have ended.
    pub fn free_retired(&mut self, mark: u64) -> Result<(), Error> {
        let lists = self.retired.before(mark);
        self.free(lists)
    }

    fn free_all_retired(&mut self) -> Result<(), Error> {
        let lists = self.retired.after_grace();
        self.free(lists)
    }

    fn free(&mut self, lists: Vec<FloodList>) -> Result<(), Error> {
        lists.into_iter().try_for_each(|list| {
            self.retired_members -= list.count;
            self.discard(list)
        })
    }

    /// Leaves nothing where that fails.
    fn write_members(&mut self, list: FloodList, members: &BTreeSet<Member>) -> Result<(), Error> {
        let written = (0..).zip(members).try_for_each(|(index, member)| {
            let list = list.number;
            self.table.put(FloodMemberKey { list, index }, *member)
        });
        if let Err(error) = written {
            self.remove_members(list)?;
            return Err(error);
        }
        Ok(())
    }

    fn remove_members(&mut self, FloodList { number, count }: FloodList) -> Result<(), Error> {
        let list = number;
        (0..count).try_for_each(|index| self.table.remove(&FloodMemberKey { list, index }))
    }

    fn free_number(&mut self) -> u32 {
        while self.used_numbers.contains(&self.next_number) {
            self.next_number = self.next_number.wrapping_add(1);
        }
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }
}
