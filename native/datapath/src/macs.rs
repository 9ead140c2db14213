//! The FDB: MACs learned on access ports, and the controller's.

use std::collections::HashMap;

use aya::Ebpf;

use crate::{
    error::Error,
    layout::{LOCAL_MACS_MAX, LocalMac, MacKey, REMOTE_MACS_MAX, RemoteMac},
    table::Table,
};

/// Where a local MAC is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        }
    }
}

/// The tables of MACs. The programs learn local MACs; `known` is what has been reported of them.
pub struct Macs {
    local: Table<MacKey, LocalMac>,
    remote: Table<MacKey, RemoteMac>,
    known: HashMap<MacKey, Place>,
}

impl Macs {
    /// Opens the tables. Local MACs that they hold count as reported: the snapshot reports them.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
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
        })
    }

    /// All local MACs.
    pub fn local(&self) -> Result<Vec<(MacKey, LocalMac)>, Error> {
        self.local.entries()
    }

    /// All remote MACs.
    pub fn remote(&self) -> Result<Vec<(MacKey, RemoteMac)>, Error> {
        self.remote.entries()
    }

    /// Adds or redirects a remote MAC. A local MAC of the same name is forgotten: the controller knows better.
    pub fn put_remote(&mut self, key: MacKey, tunnel: u32) -> Result<Option<Change>, Error> {
        self.remote.put(
            key,
            RemoteMac {
                refused_ns: 0,
                tunnel,
                zero: 0,
            },
        )?;
        if self.known.contains_key(&key) || self.local.get(&key)?.is_some() {
            return self.forget(key, Reason::Remote);
        }
        Ok(None)
    }

    /// Removes a remote MAC.
    pub fn remove_remote(&mut self, key: &MacKey) -> Result<(), Error> {
        self.remote.remove(key)
    }

    /// Looks at one MAC that the programs told about. What they tell is a hint; the table is the truth.
    pub fn look(&mut self, key: MacKey) -> Result<Option<Change>, Error> {
        match self.local.get(&key)? {
            Some(entry) => self.note(key, entry.place()),
            None => Ok(None),
        }
    }

    /// Looks at the whole table: finds what the ring buffer lost, and forgets what is older than `ageing_ns` or
    /// not at a place that `reason_to_forget` accepts.
    pub fn sweep(
        &mut self,
        now_ns: u64,
        ageing_ns: u64,
        reason_to_forget: impl Fn(&MacKey, Place) -> Option<Reason>,
    ) -> Result<Vec<Change>, Error> {
        let entries = self.local.entries()?;
        let mut changes = Vec::new();
        for (key, entry) in &entries {
            let is_old = now_ns.saturating_sub(entry.last_seen_ns) > ageing_ns;
            let reason = reason_to_forget(key, entry.place()).or(is_old.then_some(Reason::Aged));
            changes.extend(match reason {
                Some(reason) => self.forget(*key, reason)?,
                None => self.note(*key, entry.place())?,
            });
        }
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
        Ok(changes)
    }

    fn forget(&mut self, key: MacKey, reason: Reason) -> Result<Option<Change>, Error> {
        self.local.remove(&key)?;
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
            vlan: self.vlan,
        }
    }
}
