//! Which local MACs make room.

use std::collections::HashMap;

use crate::layout::{LocalMac, MacKey};

/// The keys of so many entries, or of all if there are fewer: again and again the oldest of the port that holds most at that
/// moment, so that a flood on one port displaces its own.
pub(super) fn oldest_of_fullest(entries: &[&(MacKey, LocalMac)], count: u32) -> Vec<MacKey> {
    let mut by_port: HashMap<u32, Vec<(u64, MacKey)>> = HashMap::new();
    for (key, entry) in entries {
        let of_port = by_port.entry(entry.ifindex).or_default();
        of_port.push((entry.last_seen_ns, *key));
    }
    for of_port in by_port.values_mut() {
        of_port.sort_unstable_by_key(|(last_seen, key)| (std::cmp::Reverse(*last_seen), key.mac));
    }
    (0..count)
        .filter_map(|_| {
            let fullest = by_port
                .iter_mut()
                .max_by_key(|(ifindex, of_port)| (of_port.len(), std::cmp::Reverse(**ifindex)));
            fullest.and_then(|(_, of_port)| of_port.pop())
        })
        .map(|(_, key)| key)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LocalMac, MacKey, oldest_of_fullest};

    fn entry(number: u8, ifindex: u32, last_seen_ns: u64) -> (MacKey, LocalMac) {
        let key = MacKey {
            switch_slot: 0,
            mac: [2, 0, 0, 0, 0, number],
            zero: 0,
        };
        let entry = LocalMac {
            ifindex,
            vlan: 0,
            binding_slot: 0,
            last_seen_ns,
            moved_ns: 0,
        };
        (key, entry)
    }

    #[test]
    fn the_port_that_holds_most_gives_up_its_oldest_until_another_holds_as_many() {
        let entries = [
            entry(1, 7, 50),
            entry(2, 7, 10),
            entry(3, 7, 30),
            entry(4, 7, 20),
            entry(5, 8, 1),
            entry(6, 8, 2),
        ];
        let evicted = oldest_of_fullest(&entries.iter().collect::<Vec<_>>(), 4);
        let numbers: Vec<u8> = evicted.iter().map(|key| key.mac[5]).collect();
        assert_eq!(numbers, [2, 4, 3, 5]);
    }

    #[test]
    fn more_than_there_are_is_all_of_them() {
        let entries = [entry(1, 7, 1), entry(2, 8, 2)];
        assert_eq!(
            oldest_of_fullest(&entries.iter().collect::<Vec<_>>(), 9).len(),
            2
        );
        assert!(oldest_of_fullest(&[], 9).is_empty());
    }
}
