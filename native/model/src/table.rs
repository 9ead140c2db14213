//! A map that knows how much it may hold, as the kernel's maps do.

use std::collections::BTreeMap;

use thiserror::Error;

/// The table holds as many entries as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the table is full: {limit} entries")]
pub struct TableFull {
    limit: usize,
}

/// Ordered map with a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<K, V> {
    entries: BTreeMap<K, V>,
    limit: usize,
}

impl<K: Ord, V> Table<K, V> {
    /// An empty table for at most `limit` entries.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            limit,
        }
    }

    /// Adds or replaces an entry; gives back the value that it replaces.
    ///
    /// # Errors
    ///
    /// `TableFull` when the key is new and the limit is reached.
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, TableFull> {
        if self.is_full() && !self.entries.contains_key(&key) {
            return Err(TableFull { limit: self.limit });
        }
        Ok(self.entries.insert(key, value))
    }

    /// Removes an entry; gives back its value if there was one.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key)
    }

    /// Keeps the entries that `keep` says yes to.
    pub fn retain(&mut self, keep: impl FnMut(&K, &mut V) -> bool) {
        self.entries.retain(keep);
    }

    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// Whether there is an entry under the key.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// All entries in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries there may be.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether a new key would be refused.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn a_full_table_refuses_new_keys_and_replaces_old_ones() {
        let mut table = Table::new(2);
        assert_eq!(table.insert(1, 'a'), Ok(None));
        assert_eq!(table.insert(2, 'b'), Ok(None));
        assert_eq!(
            table.insert(3, 'c').map_err(|e| e.to_string()),
            Err("the table is full: 2 entries".into())
        );
        assert_eq!(table.insert(2, 'd'), Ok(Some('b')));
        assert_eq!(table.remove(&1), Some('a'));
        assert_eq!(table.insert(3, 'c'), Ok(None));
        assert_eq!((table.len(), table.limit(), table.is_full()), (2, 2, true));
    }
}
