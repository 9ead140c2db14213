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
    /// The MAC was known at another port and has come to one that may hold no more: it is forgotten at once.
    Expire,
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

/// What a frame teaches, and what is counted about that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lesson {
    pub learn: Option<Learn>,
    pub note: Option<Note>,
}

impl Tables {
    /// What a frame from `mac` on a binding teaches. Nothing where the controller has the MAC elsewhere or a limit
    /// is reached. A move within a port needs no room.
    pub(crate) fn lesson(
        &self,
        switch: SwitchId,
        mac: Mac,
        at: BindingKey,
        now: Instant,
    ) -> Lesson {
        let key = FdbKey { switch, mac };
        if self.remote_macs.contains(&key) {
            return Lesson {
                learn: None,
                note: Some(Note::RemoteMacOnAccess),
            };
        }
        let learn = |kind, at, last_seen| Learn {
            kind,
            key,
            entry: LocalEntry { at, last_seen },
        };
        match self.local_macs.get(&key) {
            None => {
                let note = self.refusal(switch, at.port);
                Lesson {
                    learn: note.is_none().then(|| learn(LearnKind::New, at, now)),
                    note,
                }
            }
            Some(known) if known.at == at => Lesson {
                learn: Some(learn(LearnKind::Refresh, at, now)),
                note: None,
            },
            Some(known) if known.at.port != at.port && self.is_port_full(at.port) => Lesson {
                learn: Some(learn(LearnKind::Expire, known.at, Instant::default())),
                note: Some(Note::LearnPortFull),
            },
            Some(known) => Lesson {
                learn: Some(learn(LearnKind::Move { from: known.at }, at, now)),
                note: Some(Note::MacMoved),
            },
        }
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
    use crate::limits::Limits;
    use crate::mac::Mac;
    use crate::mac_limits::MacLimits;
    use crate::number::{PortId, VlanId};
    use crate::switch_id::SwitchId;
    use crate::tables::{BindingKey, FdbKey, Tables};

    type Told = (Option<LearnKind>, Option<Note>);

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

    fn script(tables: &mut Tables, arrivals: &[(u64, Mac, BindingKey)]) -> Vec<Told> {
        let mut script = Vec::new();
        for &(second, mac, at) in arrivals {
            let lesson = tables.lesson(SWITCH, mac, at, seconds(second));
            if let Some(learn) = &lesson.learn {
                tables.learn(learn).unwrap();
            }
            script.push((lesson.learn.map(|learn| learn.kind), lesson.note));
        }
        script
    }

    #[test]
    fn a_mac_is_learned_refreshed_moved_and_aged() {
        let mut tables = Tables::new(&Limits {
            local_macs: 1,
            ..Limits::default()
        });
        let script = script(
            &mut tables,
            &[
                (0, SERVER, binding(1, 0)),
                (10, SERVER, binding(1, 0)),
                (20, OTHER, binding(2, 0)),
                (30, SERVER, binding(1, 7)),
            ],
        );
        let from = binding(1, 0);
        assert_eq!(
            script,
            [
                (Some(LearnKind::New), None),
                (Some(LearnKind::Refresh), None),
                (None, Some(Note::LearnTableFull)),
                (Some(LearnKind::Move { from }), Some(Note::MacMoved)),
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
    fn a_port_at_its_limit_learns_no_more_and_takes_no_mac_over() {
        let mut tables = Tables::new(&Limits {
            mac_limits: MacLimits {
                port: 1,
                switch: 9,
                table: 9,
            },
            ..Limits::default()
        });
        let third = Mac::new([2, 0, 0, 0, 0, 3]);
        let script = script(
            &mut tables,
            &[
                (1, SERVER, binding(1, 0)),
                (1, OTHER, binding(2, 0)),
                (2, third, binding(1, 7)),
                (3, OTHER, binding(1, 0)),
                (4, SERVER, binding(1, 7)),
            ],
        );
        let from = binding(1, 0);
        assert_eq!(
            script,
            [
                (Some(LearnKind::New), None),
                (Some(LearnKind::New), None),
                (None, Some(Note::LearnPortFull)),
                (Some(LearnKind::Expire), Some(Note::LearnPortFull)),
                (Some(LearnKind::Move { from }), Some(Note::MacMoved)),
            ]
        );
        let gone = tables.age(seconds(4), Duration::from_secs(4));
        assert_eq!(gone.iter().map(|key| key.mac).collect::<Vec<_>>(), [OTHER]);
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
            .insert(key, std::net::Ipv4Addr::new(192, 0, 2, 1).into())
            .unwrap();
        let lesson = tables.lesson(SWITCH, SERVER, binding(1, 0), seconds(0));
        assert_eq!(lesson.learn, None);
        assert_eq!(lesson.note, Some(Note::RemoteMacOnAccess));
        let elsewhere = tables.lesson(SwitchId::new(2), SERVER, binding(1, 0), seconds(0));
        assert_eq!(
            elsewhere.learn.map(|learn| learn.kind),
            Some(LearnKind::New)
        );
        tables.remote_macs.remove(&key);
        let later = tables.lesson(SWITCH, SERVER, binding(1, 0), seconds(1));
        assert_eq!(later.learn.map(|learn| learn.kind), Some(LearnKind::New));
    }

    #[test]
    fn a_binding_that_goes_takes_its_macs_with_it() {
        let mut tables = Tables::new(&Limits::default());
        for (mac, at) in [(SERVER, binding(1, 0)), (OTHER, binding(1, 7))] {
            let learn = tables.lesson(SWITCH, mac, at, seconds(0)).learn;
            tables.learn(&learn.unwrap()).unwrap();
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
