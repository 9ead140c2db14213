//! Which scopes there are: those of each port and each logical switch that has a binding, and of all together.

use std::collections::HashMap;

use model::{MacLimits, SharedLimit};

use crate::layout::{ANY, LOCAL_MACS_MAX, LocalMac, MacKey, MacScope};

/// All local MACs.
pub(super) const TABLE: MacScope = MacScope {
    switch_slot: ANY,
    ifindex: ANY,
};

/// The bindings, counted.
#[derive(Default)]
pub(super) struct Scopes {
    /// Bindings of each port in each logical switch.
    bindings: HashMap<MacScope, u32>,
    /// In how many logical switches each port is.
    switches_of: HashMap<u32, u32>,
    /// How many ports each logical switch has.
    ports_of: HashMap<u32, u32>,
}

impl Scopes {
    /// Counts a binding; returns whether it is the first of its port in its logical switch.
    pub(super) fn add(&mut self, own: MacScope) -> bool {
        let count = self.bindings.entry(own).or_default();
        *count += 1;
        let is_first = *count == 1;
        if is_first {
            *self.switches_of.entry(own.ifindex).or_default() += 1;
            *self.ports_of.entry(own.switch_slot).or_default() += 1;
        }
        is_first
    }

    /// Takes a binding back; returns whether it was the last of its port in its logical switch.
    pub(super) fn remove(&mut self, own: MacScope) -> bool {
        let is_last = take_one(&mut self.bindings, own);
        if is_last {
            take_one(&mut self.switches_of, own.ifindex);
            take_one(&mut self.ports_of, own.switch_slot);
        }
        is_last
    }

    /// Each port in each logical switch.
    pub(super) fn bound(&self) -> Vec<MacScope> {
        self.bindings.keys().copied().collect()
    }

    /// Whether a binding needs the scope.
    pub(super) fn contains(&self, scope: MacScope) -> bool {
        match (scope.switch_slot, scope.ifindex) {
            (ANY, ANY) => true,
            (ANY, ifindex) => self.switches_of.contains_key(&ifindex),
            (slot, ANY) => self.ports_of.contains_key(&slot),
            _ => self.bindings.contains_key(&scope),
        }
    }

    /// How a scope's ports share its limit.
    pub(super) fn share(&self, scope: MacScope, limits: MacLimits) -> SharedLimit {
        match (scope.switch_slot, scope.ifindex) {
            (ANY, ANY) => SharedLimit::new(limits.table, self.switches_of.len()),
            (ANY, _) => SharedLimit::new(limits.port, 1),
            (slot, ANY) => {
                let ports = self.ports_of.get(&slot).copied().unwrap_or(0);
                SharedLimit::new(limits.switch, ports as usize)
            }
            _ => SharedLimit::new(LOCAL_MACS_MAX, 1),
        }
    }
}

/// Returns whether it was the last one.
fn take_one<K: Copy + Eq + std::hash::Hash>(counts: &mut HashMap<K, u32>, key: K) -> bool {
    let Some(count) = counts.get_mut(&key) else {
        return false;
    };
    *count -= 1;
    let is_last = *count == 0;
    if is_last {
        counts.remove(&key);
    }
    is_last
}

/// Where an entry counts: at its port in its logical switch, and in all that this is part of.
pub(super) const fn scopes_of(own: MacScope) -> [MacScope; 4] {
    let of_port = MacScope {
        switch_slot: ANY,
        ifindex: own.ifindex,
    };
    let of_switch = MacScope {
        switch_slot: own.switch_slot,
        ifindex: ANY,
    };
    [own, of_port, of_switch, TABLE]
}

/// The port of an entry, in its logical switch.
pub(super) const fn own_scope(key: &MacKey, entry: &LocalMac) -> MacScope {
    MacScope {
        switch_slot: key.switch_slot,
        ifindex: entry.ifindex,
    }
}
