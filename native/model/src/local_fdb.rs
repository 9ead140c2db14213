//! Learning on access ports: what a frame teaches, and how long it is remembered.

use std::time::Duration;

use crate::drop_reason::Note;
use crate::mac::Mac;
use crate::number::{PortId, VlanId};
use crate::switch_id::SwitchId;
use crate::table::TableFull;
use crate::tables::{BindingKey, FdbKey, Tables};

/// A point in time: how long after a start that the caller chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Duration);

impl Instant {
    /// So many milliseconds after the start.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// How long after `earlier` this is; zero when it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where a local MAC is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalEntry {
    /// The access port and the VLAN on it.
    pub at: BindingKey,
    /// When a frame from the MAC came last.
    pub last_seen: Instant,
}

/// What a frame does to the local FDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LearnKind {
    /// The MAC was not known.
    New,
    /// The MAC was known where it is.
    Refresh,
    /// The MAC was known elsewhere.
    Move {
        /// Where it was.
        from: BindingKey,
    },
}

/// A source MAC, and where it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learn {
    /// What changes by it.
    pub kind: LearnKind,
    /// The logical switch and the MAC.
    pub key: FdbKey,
    /// Where it was seen, and when.
    pub entry: LocalEntry,
}

impl Tables {
    /// What a frame from `mac` on a binding teaches.
    ///
    /// # Errors
    ///
    /// The note to count when nothing may be learned: the controller has the MAC elsewhere, or the table is full.
    pub(crate) fn lesson(
        &self,
        switch: SwitchId,
        mac: Mac,
        at: BindingKey,
        now: Instant,
    ) -> Result<Learn, Note> {
        let key = FdbKey { switch, mac };
        if self.remote_macs.contains(&key) {
            return Err(Note::RemoteMacOnAccess);
        }
        let kind = match self.local_macs.get(&key) {
            None if self.local_macs.is_full() => return Err(Note::LearnTableFull),
            None => LearnKind::New,
            Some(known) if known.at == at => LearnKind::Refresh,
            Some(known) => LearnKind::Move { from: known.at },
        };
        Ok(Learn {
            kind,
            key,
            entry: LocalEntry { at, last_seen: now },
        })
    }

    /// Takes over what a frame taught.
    ///
    /// # Errors
    ///
    /// `TableFull` when the tables filled up since.
    pub fn learn(&mut self, learn: &Learn) -> Result<(), TableFull> {
        self.local_macs.insert(learn.key, learn.entry).map(drop)
    }

    /// Forgets the local MACs that were silent for `ageing` or longer; gives back which.
    pub fn age(&mut self, now: Instant, ageing: Duration) -> Vec<FdbKey> {
        self.forget(|entry| now.since(entry.last_seen) >= ageing)
    }

    /// Forgets the local MACs of a binding that went; gives back which.
    pub fn forget_binding(&mut self, port: PortId, vlan: VlanId) -> Vec<FdbKey> {
        self.forget(|entry| entry.at == BindingKey { port, vlan })
    }

    fn forget(&mut self, goes: impl Fn(&LocalEntry) -> bool) -> Vec<FdbKey> {
        let gone: Vec<FdbKey> = self
            .local_macs
            .iter()
            .filter(|(_, entry)| goes(entry))
            .map(|(&key, _)| key)
            .collect();
        self.local_macs.retain(|_, entry| !goes(entry));
        gone
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Instant, LearnKind};
    use crate::drop_reason::Note;
    use crate::mac::Mac;
    use crate::number::{PortId, VlanId};
    use crate::switch_id::SwitchId;
    use crate::tables::{BindingKey, FdbKey, Limits, Tables};

    const SWITCH: SwitchId = SwitchId::new(1);
    const SERVER: Mac = Mac::new([2, 0, 0, 0, 0, 1]);
    const OTHER: Mac = Mac::new([2, 0, 0, 0, 0, 2]);

    fn binding(port: u32, vlan: u16) -> BindingKey {
        BindingKey {
            port: PortId::new(port).unwrap(),
            vlan: VlanId::new(vlan).unwrap(),
        }
    }

    fn seconds(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn a_mac_is_learned_refreshed_moved_and_aged() {
        let mut tables = Tables::new(&Limits {
            local_macs: 1,
            ..Limits::default()
        });
        let mut script = Vec::new();
        for (second, mac, at) in [
            (0, SERVER, binding(1, 0)),
            (10, SERVER, binding(1, 0)),
            (20, OTHER, binding(2, 0)),
            (30, SERVER, binding(1, 7)),
        ] {
            let lesson = tables.lesson(SWITCH, mac, at, seconds(second));
            if let Ok(learn) = &lesson {
                tables.learn(learn).unwrap();
            }
            script.push(lesson.map(|learn| learn.kind));
        }
        assert_eq!(
            script,
            [
                Ok(LearnKind::New),
                Ok(LearnKind::Refresh),
                Err(Note::LearnTableFull),
                Ok(LearnKind::Move {
                    from: binding(1, 0)
                }),
            ]
        );
        let ageing = Duration::from_secs(300);
        assert_eq!(tables.age(seconds(329), ageing), []);
        assert_eq!(
            tables.age(seconds(330), ageing),
            [FdbKey {
                switch: SWITCH,
                mac: SERVER
            }]
        );
        assert!(tables.local_macs.is_empty());
    }

    #[test]
    fn a_mac_that_the_controller_gave_is_not_learned() {
        let mut tables = Tables::new(&Limits::default());
        let key = FdbKey {
            switch: SWITCH,
            mac: SERVER,
        };
        tables
            .remote_macs
            .insert(key, [192, 0, 2, 1].into())
            .unwrap();
        let lesson = tables.lesson(SWITCH, SERVER, binding(1, 0), seconds(0));
        assert_eq!(lesson, Err(Note::RemoteMacOnAccess));
        let elsewhere = tables.lesson(SwitchId::new(2), SERVER, binding(1, 0), seconds(0));
        assert_eq!(elsewhere.map(|learn| learn.kind), Ok(LearnKind::New));
    }

    #[test]
    fn a_binding_that_goes_takes_its_macs_with_it() {
        let mut tables = Tables::new(&Limits::default());
        for (mac, at) in [(SERVER, binding(1, 0)), (OTHER, binding(1, 7))] {
            let learn = tables.lesson(SWITCH, mac, at, seconds(0)).unwrap();
            tables.learn(&learn).unwrap();
        }
        let port = PortId::new(1).unwrap();
        assert_eq!(
            tables.forget_binding(port, VlanId::UNTAGGED),
            [FdbKey {
                switch: SWITCH,
                mac: SERVER
            }]
        );
        assert_eq!(tables.local_macs.len(), 1);
    }
}
