//! Where the rules of lists lie. Lists of the same rules lie there once: an ACL is often bound to many ports and VLANs.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use aya::{
    Ebpf,
    maps::{Array, MapData},
};
use model::acl::{Action, Rule};

use crate::{
    error::Error,
    grace::Retired,
    layout::acl::{ACL_RULES_MAX, AclList, AclRule, asks},
    table::take,
};

/// The rules of one list are looked at one by one for a frame that matches none.
const LIST_MAX: u32 = 4096;

/// The list that denies everything. Its rule is always there.
pub const CLOSED: AclList = AclList {
    first: 0,
    count: 1,
    asks: 0,
};

const CLOSED_RULES: [Rule; 1] = [Rule::new(Action::Deny)];

struct Stored {
    rules: Arc<[Rule]>,
    users: u32,
}

/// The table of rules.
pub struct Store {
    table: Array<MapData, AclRule>,
    by_first: HashMap<u32, Stored>,
    by_rules: HashMap<Arc<[Rule]>, u32>,
    /// First index and count of all that is taken, retired lists included.
    taken: BTreeMap<u32, u32>,
    /// First indices of lists that no entry points at any more.
    retired: Retired<u32>,
}

impl Store {
    /// Opens the table. Rules that nobody adopts are free.
    pub fn open(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let mut table = Array::try_from(take(ebpf, "acl_rules")?)?;
        for rule in &CLOSED_RULES {
            table.set(CLOSED.first, AclRule::from(rule), 0)?;
        }
        Ok(Self {
            table,
            by_first: HashMap::new(),
            by_rules: HashMap::new(),
            taken: BTreeMap::from([(CLOSED.first, CLOSED.count)]),
            retired: Retired::default(),
        })
    }

    /// Reads back a list that an entry points at.
    pub fn adopt(&mut self, list: AclList) -> Result<(), Error> {
        if list == CLOSED {
            return Ok(());
        }
        if let Some(stored) = self.by_first.get_mut(&list.first) {
            stored.users += 1;
            return Ok(());
        }
        let rules = (list.first..list.first.saturating_add(list.count))
            .map(|index| Ok(Rule::from(&self.table.get(&index, 0)?)))
            .collect::<Result<Arc<[Rule]>, Error>>()?;
        self.insert(list.first, rules);
        Ok(())
    }

    /// The rules of a list.
    pub fn rules(&self, list: AclList) -> &[Rule] {
        match self.by_first.get(&list.first) {
            Some(stored) => &stored.rules,
            None => &CLOSED_RULES,
        }
    }

    /// A list of these rules, written if it is not there yet.
    pub fn acquire(&mut self, rules: &[Rule]) -> Result<AclList, Error> {
        let count = u32::try_from(rules.len()).unwrap_or(u32::MAX);
        if count > LIST_MAX {
            return Err(Error::TableFull {
                table: "rules of one ACL",
                limit: LIST_MAX,
            });
        }
        if rules.iter().any(Rule::is_of_both_families) {
            return Err(Error::Invalid(String::from(
                "a rule asks for an IPv4 and an IPv6 address",
            )));
        }
        let list = |first| AclList {
            first,
            count,
            asks: asks(rules),
        };
        let known = self.by_rules.get(rules).copied();
        if let Some(stored) = known.and_then(|first| self.by_first.get_mut(&first)) {
            stored.users += 1;
            return Ok(list(known.unwrap_or_default()));
        }
        let first = self.room_for(count)?;
        for (index, rule) in (first..).zip(rules) {
            self.table.set(index, AclRule::from(rule), 0)?;
        }
        self.insert(first, rules.into());
        Ok(list(first))
    }

    /// Gives a list back that an entry no longer points at.
    pub fn release(&mut self, list: AclList) {
        let Some(stored) = self.by_first.get_mut(&list.first) else {
            return;
        };
        stored.users -= 1;
        if stored.users > 0 {
            return;
        }
        if self.by_rules.get(&stored.rules) == Some(&list.first) {
            self.by_rules.remove(&stored.rules);
        }
        self.by_first.remove(&list.first);
        self.retired.put(list.first);
    }

    /// Names the lists that wait to be freed; `None`: there are none.
    pub fn retired(&self) -> Option<u64> {
        self.retired.mark()
    }

    /// Frees the lists that a mark names. All programs that ran then must have ended.
    pub fn free_retired(&mut self, mark: u64) {
        let lists = self.retired.before(mark);
        self.free(lists);
    }

    fn free(&mut self, lists: Vec<u32>) {
        for first in lists {
            self.taken.remove(&first);
        }
    }

    fn insert(&mut self, first: u32, rules: Arc<[Rule]>) {
        let count = u32::try_from(rules.len()).unwrap_or(u32::MAX);
        self.taken.insert(first, count);
        self.by_rules.insert(Arc::clone(&rules), first);
        self.by_first.insert(first, Stored { rules, users: 1 });
    }

    fn room_for(&mut self, count: u32) -> Result<u32, Error> {
        if let Some(first) = self.gap_of(count) {
            return Ok(first);
        }
        let lists = self.retired.after_grace();
        self.free(lists);
        self.gap_of(count).ok_or(Error::TableFull {
            table: "rules of ACLs",
            limit: ACL_RULES_MAX,
        })
    }

    fn gap_of(&self, count: u32) -> Option<u32> {
        let mut first = 0;
        for (&taken, &length) in &self.taken {
            if taken - first >= count {
                return Some(first);
            }
            first = taken + length;
        }
        (ACL_RULES_MAX - first >= count).then_some(first)
    }
}
