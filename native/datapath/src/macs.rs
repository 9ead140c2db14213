//! The FDB: MACs learned on access ports, and the controller's.

use std::collections::{HashMap, HashSet};

use aya::Ebpf;
use model::MacLimits;

use crate::{
    error::Error,
    layout::{LOCAL_MACS_MAX, LocalMac, MacKey, MacScope, REMOTE_MACS_MAX, RemoteMac},
    mac_room::{MacRoom, ScopeUse},
    table::Table,
};

/// Where a local MAC is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The port.
    pub ifindex: u32,
    /// VLAN of the binding.
    pub vlan: u32,
}

/// What became of a local MAC between two looks at the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not known before.
    Learned(MacKey, Place),
    /// Known at another place before.
    Moved(MacKey, Place),
    /// Known before, and gone.
    Forgotten(MacKey, Place, Reason),
}

/// Why a local MAC was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not seen for the ageing time.
    Aged,
    /// Its binding is gone.
    Unbound,
    /// The link of its port is down.
    LinkDown,
    /// The controller says that it is remote.
    Remote,
    /// Others needed its place in the table more.
    Evicted,
}

impl Reason {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aged => "aged",
            Self::Unbound => "unbound",
            Self::LinkDown => "link_down",
            Self::Remote => "remote",
            Self::Evicted => "evicted",
        }
    }
}

/// The tables of MACs. The programs learn local MACs; `known` is what has been reported of them.
pub struct Macs {
    local: Table<MacKey, LocalMac>,
    remote: Table<MacKey, RemoteMac>,
    known: HashMap<MacKey, Place>,
    room: MacRoom,
}

impl Macs {
    /// Opens the tables. Local MACs that they hold count as reported: the snapshot reports them. `bindings` are the logical
    /// switch and port of each binding.
    pub fn adopt(ebpf: &mut Ebpf, bindings: impl Iterator<Item = MacScope>) -> Result<Self, Error> {
        let local: Table<MacKey, LocalMac> =
            Table::take(ebpf, "local_macs", "local MACs", LOCAL_MACS_MAX)?;
        let known = local
            .entries()?
            .into_iter()
            .map(|(key, entry)| (key, entry.place()))
            .collect();
        Ok(Self {
            local,
            remote: Table::take(ebpf, "remote_macs", "remote MACs", REMOTE_MACS_MAX)?,
            known,
            room: MacRoom::adopt(ebpf, bindings)?,
        })
    }

    /// Changes how many local MACs there may be.
    pub fn put_limits(&mut self, limits: MacLimits) -> Result<(), Error> {
        self.room.put_limits(limits)
    }

    /// Lets a port learn in a logical switch, before its binding is put.
    pub fn begin_binding(&mut self, switch_slot: u32, ifindex: u32) -> Result<(), Error> {
        self.room.bind(switch_slot, ifindex)
    }

    /// Ends what [`Self::begin_binding`] began, after bindings (the slots of their switches, and where) were removed; the
    /// MACs that they taught are forgotten.
    pub fn end_bindings(&mut self, ended: &[(u32, Place)]) -> Result<Vec<Change>, Error> {
        let mut taught = HashSet::new();
        for &(switch_slot, at) in ended {
            if self.room.held(switch_slot, at.ifindex)? > 0 {
                taught.insert((switch_slot, at));
            }
        }
        let changes = if taught.is_empty() {
            Vec::new()
        } else {
            self.forget_where(Reason::Unbound, |key, at| {
                taught.contains(&(key.switch_slot, at))
            })?
        };
        for &(switch_slot, at) in ended {
            self.room.unbind(switch_slot, at.ifindex)?;
        }
        Ok(changes)
    }

    /// Forgets all MACs of logical switches.
    pub fn forget_switches(&mut self, slots: &HashSet<u32>) -> Result<Vec<Change>, Error> {
        for (key, _) in self.remote.entries()? {
            if slots.contains(&key.switch_slot) {
                self.remote.remove(&key)?;
            }
        }
        self.forget_where(Reason::Unbound, |key, _| slots.contains(&key.switch_slot))
    }

    /// Use of the limits.
    pub fn uses(&mut self, now_ns: u64) -> Result<Vec<ScopeUse>, Error> {
        self.room.uses(now_ns)
    }

    /// Whether other limits are exhausted than when this was last asked.
    pub fn has_news_of_room(&mut self, now_ns: u64) -> Result<bool, Error> {
        self.room.has_news(now_ns)
    }

    /// Evicts what has to make room for others.
    pub fn make_room(&mut self) -> Result<Vec<Change>, Error> {
        let entries = self.local.entries()?;
        self.make_room_among(&entries)
    }

    /// All local MACs.
    pub fn local(&self) -> Result<Vec<(MacKey, LocalMac)>, Error> {
        self.local.entries()
    }

    /// All remote MACs.
    pub fn remote(&self) -> Result<Vec<(MacKey, RemoteMac)>, Error> {
        self.remote.entries()
    }

    /// Adds or redirects a remote MAC; `vni` is the locator's own, or 0. A local MAC of the same name is forgotten: the controller knows better.
    pub fn put_remote(
        &mut self,
        key: MacKey,
        tunnel: u32,
        vni: u32,
    ) -> Result<Option<Change>, Error> {
        self.remote.put(
            key,
            RemoteMac {
                refused_ns: 0,
                tunnel,
                vni,
            },
        )?;
        if self.known.contains_key(&key) || self.local.get(&key)?.is_some() {
            let change = self.forget(key, Reason::Remote)?;
            self.room.flush()?;
            return Ok(change);
        }
        Ok(None)
    }

    /// Removes a remote MAC.
    pub fn remove_remote(&mut self, key: &MacKey) -> Result<(), Error> {
        self.remote.remove(key)
    }

    /// Looks at one MAC that the programs told about. What they tell is a hint; the table is the truth.
    pub fn look(&mut self, key: MacKey) -> Result<Option<Change>, Error> {
        let change = match self.local.get(&key)? {
            Some(entry) => self.note(key, entry.place())?,
            None => None,
        };
        self.room.flush()?;
        Ok(change)
    }

    /// Looks at the whole table: finds what the ring buffer lost, mends counts, makes room, and forgets what is older than
    /// `ageing_ns` or not at a place that `reason_to_forget` accepts.
    pub fn sweep(
        &mut self,
        now_ns: u64,
        ageing_ns: u64,
        reason_to_forget: impl Fn(&MacKey, Place) -> Option<Reason>,
    ) -> Result<Vec<Change>, Error> {
        let census = self.room.begin_census()?;
        let entries = self.local.entries()?;
        self.room.end_census(&census, &entries)?;
        let mut changes = Vec::new();
        let mut staying = Vec::new();
        for (key, entry) in entries {
            let is_old = now_ns.saturating_sub(entry.last_seen_ns) > ageing_ns;
            let reason = reason_to_forget(&key, entry.place()).or(is_old.then_some(Reason::Aged));
            changes.extend(if let Some(reason) = reason {
                self.forget(key, reason)?
            } else {
                staying.push((key, entry));
                self.note(key, entry.place())?
            });
        }
        changes.extend(self.make_room_among(&staying)?);
        self.room.flush()?;
        Ok(changes)
    }

    /// Forgets all local MACs that `is_meant` names.
    pub fn forget_where(
        &mut self,
        reason: Reason,
        is_meant: impl Fn(&MacKey, Place) -> bool,
    ) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for (key, entry) in self.local.entries()? {
            if is_meant(&key, entry.place()) {
                changes.extend(self.forget(key, reason)?);
            }
        }
        self.room.flush()?;
        Ok(changes)
    }

    fn make_room_among(&mut self, entries: &[(MacKey, LocalMac)]) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for key in self.room.choose_evicted(entries)? {
            changes.extend(self.forget(key, Reason::Evicted)?);
        }
        self.room.flush()?;
        Ok(changes)
    }

    /// To be followed by [`MacRoom::flush`].
    fn forget(&mut self, key: MacKey, reason: Reason) -> Result<Option<Change>, Error> {
        if let Some(entry) = self.local.take_out(&key)? {
            self.room.count_removal(&key, &entry);
        }
        Ok(self
            .known
            .remove(&key)
            .map(|place| Change::Forgotten(key, place, reason)))
    }

    /// A MAC that was learned while the controller gave it is forgotten again: remote MACs go first.
    fn note(&mut self, key: MacKey, place: Place) -> Result<Option<Change>, Error> {
        let old = self.known.get(&key).copied();
        if old == Some(place) {
            return Ok(None);
        }
        if self.remote.get(&key)?.is_some() {
            return self.forget(key, Reason::Remote);
        }
        self.known.insert(key, place);
        Ok(Some(if old.is_none() {
            Change::Learned(key, place)
        } else {
            Change::Moved(key, place)
        }))
    }
}

impl LocalMac {
    /// Where the MAC is.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place {
            ifindex: self.ifindex,
            vlan: self.vlan as u32,
        }
    }
}
