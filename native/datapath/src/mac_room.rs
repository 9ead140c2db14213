//! How many local MACs there are and may be: of each port, in each logical switch, in all. The programs count what they
//! add and keep the limits, with or without a daemon; this side counts what it takes out, and makes room.

mod census;
mod eviction;
mod scopes;

use std::collections::{HashMap, HashSet};

use aya::Ebpf;
use model::MacLimits;

use crate::{
    error::Error,
    layout::{ANY, LOCAL_MACS_MAX, LocalMac, MAC_SCOPES_MAX, MacKey, MacLimit, MacScope, MacUsage},
    table::Table,
};
pub use census::Census;
use eviction::oldest_of_fullest;
use scopes::{Scopes, TABLE, own_scope, scopes_of};

/// How long after the last refusal a scope still counts as exhausted. The programs note one a second.
const EXHAUSTED_NS: u64 = 5_000_000_000;

/// Limits of a gateway that was told none: a port cannot take the room of all others.
pub const DEFAULT_LIMITS: MacLimits = MacLimits {
    port: 16384,
    switch: 32768,
    table: LOCAL_MACS_MAX,
};

/// Use of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeUse {
    /// Whose MACs.
    pub scope: MacScope,
    /// How many there are.
    pub held: u32,
    /// How many there may be.
    pub limit: u32,
    /// MACs are or were refused a moment ago, and there still is no room for them.
    pub is_exhausted: bool,
}

/// Limits and counts.
pub struct MacRoom {
    limits: MacLimits,
    limit_table: Table<MacScope, MacLimit>,
    usage_table: Table<MacScope, MacUsage>,
    written: HashMap<MacScope, MacLimit>,
    /// Scopes whose count of what was removed is still to be written.
    unwritten: HashSet<MacScope>,
    scopes: Scopes,
    exhausted: HashSet<MacScope>,
    /// Refusals that are over, by the time that the programs noted.
    over: HashMap<MacScope, u64>,
    /// Refusals that room was made for.
    answered: HashMap<MacScope, u64>,
    /// Differences between count and table that the last look found.
    suspected: HashMap<MacScope, u32>,
}

impl MacRoom {
    /// Opens the tables and reads back what they hold. `bindings` are the logical switch and port of each binding.
    pub fn adopt(ebpf: &mut Ebpf, bindings: impl Iterator<Item = MacScope>) -> Result<Self, Error> {
        let limit_table = Table::take(ebpf, "mac_limits", "limits of local MACs", MAC_SCOPES_MAX)?;
        let usage_table = Table::take(ebpf, "mac_usages", "counts of local MACs", MAC_SCOPES_MAX)?;
        let mut this = Self {
            limits: DEFAULT_LIMITS,
            written: limit_table.entries()?.into_iter().collect(),
            limit_table,
            usage_table,
            unwritten: HashSet::new(),
            scopes: Scopes::default(),
            exhausted: HashSet::new(),
            over: HashMap::new(),
            answered: HashMap::new(),
            suspected: HashMap::new(),
        };
        for (scope, entry) in &this.written {
            match (scope.switch_slot, scope.ifindex) {
                (ANY, ANY) => this.limits.table = entry.limit,
                (ANY, _) => this.limits.port = entry.limit,
                (_, ANY) => this.limits.switch = entry.limit,
                _ => {}
            }
        }
        for own in bindings {
            this.scopes.add(own);
        }
        // An earlier process may have ended between a binding and its scopes.
        for own in this.scopes.bound() {
            this.write_scopes_of(own)?;
        }
        this.write(TABLE)?;
        let scopes: Vec<MacScope> = this.written.keys().copied().collect();
        for scope in scopes {
            this.remove_unused(scope)?;
        }
        Ok(this)
    }

    /// Changes the limits. What is known beyond them stays until it ages.
    pub fn put_limits(&mut self, limits: MacLimits) -> Result<(), Error> {
        let range = 1..=LOCAL_MACS_MAX;
        for limit in [limits.port, limits.switch, limits.table] {
            if !range.contains(&limit) {
                return Err(Error::Invalid(format!(
                    "a limit of {limit} local MACs is not in 1..{LOCAL_MACS_MAX}"
                )));
            }
        }
        self.limits = limits;
        let scopes: Vec<MacScope> = self.written.keys().copied().collect();
        scopes.into_iter().try_for_each(|scope| self.write(scope))
    }

    /// Makes a port's scopes in a logical switch, before its binding is put.
    pub fn bind(&mut self, switch_slot: u32, ifindex: u32) -> Result<(), Error> {
        let own = MacScope {
            switch_slot,
            ifindex,
        };
        if self.scopes.add(own) {
            self.write_scopes_of(own)?;
        }
        Ok(())
    }

    /// After a binding was removed and its MACs were forgotten.
    pub fn unbind(&mut self, switch_slot: u32, ifindex: u32) -> Result<(), Error> {
        let own = MacScope {
            switch_slot,
            ifindex,
        };
        if !self.scopes.remove(own) {
            return Ok(());
        }
        for scope in scopes_of(own) {
            self.remove_unused(scope)?;
        }
        // Those that stay have another number of ports to share with.
        for scope in scopes_of(own) {
            if self.written.contains_key(&scope) {
                self.write(scope)?;
            }
        }
        Ok(())
    }

    /// How many local MACs a port has in a logical switch; one that is about to be learned counts.
    pub fn held(&self, switch_slot: u32, ifindex: u32) -> Result<u32, Error> {
        let own = MacScope {
            switch_slot,
            ifindex,
        };
        let usage = self.usage_table.get(&own)?;
        Ok(usage.map_or(0, |usage| self.held_by(own, usage)))
    }

    /// An entry was taken out of the table. To be followed by [`Self::flush`].
    pub fn count_removal(&mut self, key: &MacKey, entry: &LocalMac) {
        for scope in scopes_of(own_scope(key, entry)) {
            if let Some(limit) = self.written.get_mut(&scope) {
                limit.removed = limit.removed.wrapping_add(1);
                self.unwritten.insert(scope);
            }
        }
    }

    /// Writes what was counted.
    pub fn flush(&mut self) -> Result<(), Error> {
        for scope in std::mem::take(&mut self.unwritten) {
            if let Some(limit) = self.written.get(&scope) {
                self.limit_table.put(scope, *limit)?;
            }
        }
        Ok(())
    }

    /// To be begun before the table of local MACs is read.
    pub fn begin_census(&self) -> Result<Census, Error> {
        Ok(Census::new(self.usage_table.entries()?))
    }

    /// Compares the counts with the table and mends them where it was quiet: a move that met a removal is counted at the
    /// wrong port. One look may meet a frame on its way, two do not meet the same.
    pub fn end_census(
        &mut self,
        census: &Census,
        entries: &[(MacKey, LocalMac)],
    ) -> Result<(), Error> {
        let removed = |scope| self.written.get(&scope).map(|limit| limit.removed);
        let usages = self.usage_table.entries()?;
        let mut suspected = census.differences(usages, entries, removed);
        for (scope, difference) in suspected.clone() {
            if self.suspected.get(&scope) != Some(&difference) {
                continue;
            }
            if let Some(limit) = self.written.get_mut(&scope) {
                limit.removed = limit.removed.wrapping_add(difference);
                self.unwritten.insert(scope);
            }
            suspected.remove(&scope);
        }
        self.suspected = suspected;
        self.flush()
    }

    /// Use of all limits. A single port in a single logical switch has none of its own.
    pub fn uses(&mut self, now_ns: u64) -> Result<Vec<ScopeUse>, Error> {
        let mut uses = Vec::new();
        for (scope, usage) in self.usage_table.entries()? {
            if scope.switch_slot != ANY && scope.ifindex != ANY {
                continue;
            }
            let Some(limit) = self.written.get(&scope).copied() else {
                continue;
            };
            let held = self.held_by(scope, usage);
            let is_refused = usage.refused_ns != 0
                && self.over.get(&scope) != Some(&usage.refused_ns)
                && (now_ns.saturating_sub(usage.refused_ns) < EXHAUSTED_NS
                    || held >= limit.limit.saturating_sub(limit.reserve));
            if !is_refused && usage.refused_ns != 0 {
                self.over.insert(scope, usage.refused_ns);
            }
            uses.push(ScopeUse {
                scope,
                held,
                limit: limit.limit,
                is_exhausted: is_refused,
            });
        }
        Ok(uses)
    }

    /// Whether other limits are exhausted than when this was last asked.
    pub fn has_news(&mut self, now_ns: u64) -> Result<bool, Error> {
        let uses = self.uses(now_ns)?.into_iter();
        let exhausted = uses.filter(|one| one.is_exhausted).map(|one| one.scope);
        let before = std::mem::replace(&mut self.exhausted, exhausted.collect());
        Ok(before != self.exhausted)
    }

    /// The entries that are to go, so that ports below their share find room: in each logical switch and in all, the port
    /// that holds most gives up its oldest, again and again. A port's own limit makes nobody give up anything.
    pub fn choose_evicted(
        &mut self,
        entries: &[(MacKey, LocalMac)],
    ) -> Result<HashSet<MacKey>, Error> {
        let mut evicted = HashSet::new();
        // A logical switch that gives up some may be enough for all.
        let usages = self.usage_table.entries()?.into_iter();
        let (tables, switches): (Vec<_>, Vec<_>) = usages
            .filter(|(scope, _)| scope.ifindex == ANY)
            .partition(|(scope, _)| *scope == TABLE);
        for (scope, usage) in switches.into_iter().chain(tables) {
            let Some(limit) = self.written.get(&scope).copied() else {
                continue;
            };
            let meant: Vec<_> = entries
                .iter()
                .filter(|(key, _)| !evicted.contains(key))
                .filter(|(key, _)| scope == TABLE || key.switch_slot == scope.switch_slot)
                .collect();
            let held = u32::try_from(meant.len()).unwrap_or(u32::MAX);
            let unreserved = limit.limit.saturating_sub(limit.reserve);
            let is_new = usage.refused_ns != 0
                && self.answered.insert(scope, usage.refused_ns) != Some(usage.refused_ns);
            let wanted = if is_new {
                unreserved.saturating_sub((limit.limit / 16).max(1))
            } else {
                unreserved
            };
            let count = held.saturating_sub(wanted);
            if count > 0 {
                evicted.extend(oldest_of_fullest(&meant, count));
            }
        }
        Ok(evicted)
    }

    fn held_by(&self, scope: MacScope, usage: MacUsage) -> u32 {
        let removed = self.written.get(&scope).map_or(0, |limit| limit.removed);
        // The programs take a place before they know whether it was the last one.
        let held = usage.added.wrapping_sub(removed);
        if held > u32::MAX / 2 { 0 } else { held }
    }

    fn write_scopes_of(&mut self, own: MacScope) -> Result<(), Error> {
        scopes_of(own)
            .into_iter()
            .try_for_each(|scope| self.write(scope))
    }

    fn write(&mut self, scope: MacScope) -> Result<(), Error> {
        let shared = self.scopes.share(scope, self.limits);
        let entry = MacLimit {
            limit: shared.limit,
            reserve: shared.reserve,
            share: shared.share,
            removed: self.written.get(&scope).map_or(0, |old| old.removed),
        };
        // The usage first: a program asks for both.
        if self.usage_table.get(&scope)?.is_none() {
            self.usage_table.put(scope, MacUsage::default())?;
        }
        if self.written.get(&scope) != Some(&entry) {
            self.limit_table.put(scope, entry)?;
            self.written.insert(scope, entry);
        }
        Ok(())
    }

    fn remove_unused(&mut self, scope: MacScope) -> Result<(), Error> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        self.limit_table.remove(&scope)?;
        self.usage_table.remove(&scope)?;
        self.written.remove(&scope);
        self.unwritten.remove(&scope);
        self.over.remove(&scope);
        self.answered.remove(&scope);
        Ok(())
    }
}
