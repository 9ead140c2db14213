//! How many local MACs there may be, and who may have the last places.

use std::collections::BTreeSet;

use crate::drop_reason::Note;
use crate::number::PortId;
use crate::switch_id::SwitchId;
use crate::tables::{BindingKey, Tables};

/// Local MACs at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacLimits {
    /// Of one port.
    pub port: u32,
    /// In one logical switch.
    pub switch: u32,
    /// In all.
    pub table: u32,
}

/// The limit of what several ports fill together. The last places, one of sixteen, are for ports that hold less than
/// their share: so there is room for their next MACs at once, whatever another port sends, until the port that
/// holds most has given up its oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedLimit {
    /// So many MACs at the most.
    pub limit: u32,
    /// How many of these are kept for ports below their share.
    pub reserve: u32,
    /// The share of each port in the rest.
    pub share: u32,
}

impl SharedLimit {
    /// Among so many ports. Nothing is kept back from a port that is alone.
    #[must_use]
    pub fn new(limit: u32, ports: usize) -> Self {
        let ports = u32::try_from(ports).unwrap_or(u32::MAX).max(1);
        let reserve = match ports {
            1 => 0,
            _ => (limit / 16).max(1).min(limit.saturating_sub(1)),
        };
        let share = (limit.saturating_sub(reserve) / ports).max(1);
        Self {
            limit,
            reserve,
            share,
        }
    }

    /// How many MACs there may be while the port that holds most is to give up none.
    #[must_use]
    pub const fn unreserved(self) -> u32 {
        self.limit.saturating_sub(self.reserve)
    }

    /// Whether there may be one more where there are `held`, for a port that has `held_by_port` of them.
    #[must_use]
    pub const fn has_room(self, held: u32, held_by_port: u32) -> bool {
        let bound = if held_by_port < self.share {
            self.limit
        } else {
            self.unreserved()
        };
        held < bound
    }
}

impl Tables {
    /// Why a new MAC of a logical switch cannot be learned at a port, if it cannot.
    pub(crate) fn refusal(&self, switch: SwitchId, port: PortId) -> Option<Note> {
        let held = |is_meant: &dyn Fn(SwitchId, PortId) -> bool| {
            let entries = self.local_macs.iter();
            let meant = entries.filter(|(key, entry)| is_meant(key.switch, entry.at.port));
            u32::try_from(meant.count()).unwrap_or(u32::MAX)
        };
        let limits = self.mac_limits;
        let of_port = held(&|_, at| at == port);
        let of_port_in_switch = held(&|of, at| at == port && of == switch);
        let in_switch = SharedLimit::new(limits.switch, self.ports_with_bindings(Some(switch)));
        let in_table = SharedLimit::new(limits.table, self.ports_with_bindings(None));
        if of_port >= limits.port {
            Some(Note::LearnPortFull)
        } else if !in_switch.has_room(held(&|of, _| of == switch), of_port_in_switch) {
            Some(Note::LearnSwitchFull)
        } else if self.local_macs.is_full() || !in_table.has_room(held(&|_, _| true), of_port) {
            Some(Note::LearnTableFull)
        } else {
            None
        }
    }

    /// Whether a port may hold no more MACs.
    pub(crate) fn is_port_full(&self, port: PortId) -> bool {
        let held = self
            .local_macs
            .iter()
            .filter(|(_, entry)| entry.at.port == port);
        held.count() >= usize::try_from(self.mac_limits.port).unwrap_or(usize::MAX)
    }

    fn ports_with_bindings(&self, of: Option<SwitchId>) -> usize {
        let bound = self.bindings.iter();
        let meant = bound.filter(|&(_, &switch)| of.is_none_or(|of| of == switch));
        let ports: BTreeSet<PortId> = meant.map(|(&BindingKey { port, .. }, _)| port).collect();
        ports.len()
    }
}

#[cfg(test)]
mod tests {
    use super::SharedLimit;

    #[test]
    fn a_port_that_is_alone_may_have_all_of_a_limit() {
        for limit in [1, 2, 16, 65536] {
            let alone = SharedLimit::new(limit, 1);
            assert!(alone.has_room(limit - 1, limit - 1));
            assert!(!alone.has_room(limit, limit));
        }
    }

    #[test]
    fn the_last_places_are_for_ports_below_their_share() {
        let shared = SharedLimit::new(160, 3);
        assert_eq!((shared.reserve, shared.share), (10, 50));
        assert!(shared.has_room(149, 149));
        assert!(!shared.has_room(150, 50), "a port that has its share");
        assert!(shared.has_room(150, 49), "one below its share");
        assert!(!shared.has_room(160, 0), "the limit is the limit");
    }

    #[test]
    fn where_no_place_is_left_but_the_reserve_some_port_has_its_share() {
        for limit in 1..200 {
            for ports in 1..20 {
                let shared = SharedLimit::new(limit, ports);
                let below = (shared.share - 1) * u32::try_from(ports).unwrap();
                assert!(below <= shared.unreserved(), "{shared:?} of {ports} ports");
                assert!(shared.unreserved() > 0, "{shared:?}");
            }
        }
    }
}
