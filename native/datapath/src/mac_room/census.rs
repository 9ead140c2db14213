//! Whether the counts are what the table of local MACs holds.

use std::collections::HashMap;

use super::scopes::{own_scope, scopes_of};
use crate::layout::{LocalMac, MacKey, MacScope, MacUsage};

/// The counts of the programs as they were before the table was read.
pub struct Census {
    before: HashMap<MacScope, MacUsage>,
}

impl Census {
    pub(super) fn new(usages: Vec<(MacScope, MacUsage)>) -> Self {
        Self {
            before: usages.into_iter().collect(),
        }
    }

    /// By how much each scope counts more than there is (or less: the number wraps), where no program counted meanwhile.
    /// `removed` says what was taken out of a scope; those without an answer are left out.
    pub(super) fn differences(
        &self,
        after: Vec<(MacScope, MacUsage)>,
        entries: &[(MacKey, LocalMac)],
        removed: impl Fn(MacScope) -> Option<u32>,
    ) -> HashMap<MacScope, u32> {
        let mut counted: HashMap<MacScope, u32> = HashMap::new();
        for (key, entry) in entries {
            for scope in scopes_of(own_scope(key, entry)) {
                *counted.entry(scope).or_default() += 1;
            }
        }
        let is_quiet = |scope: MacScope, usage: MacUsage| {
            self.before.get(&scope).map(|before| before.added) == Some(usage.added)
        };
        let after = after.into_iter();
        let quiet = after.filter(|(scope, usage)| is_quiet(*scope, *usage));
        quiet
            .filter_map(|(scope, usage)| {
                let held = usage.added.wrapping_sub(removed(scope)?);
                Some((
                    scope,
                    held.wrapping_sub(counted.get(&scope).copied().unwrap_or(0)),
                ))
            })
            .filter(|(_, difference)| *difference != 0)
            .collect()
    }
}
