//! Everything that a frame brings about, as the model says it and as the kernel's tables show it.

use std::{collections::BTreeMap, net::IpAddr};

use datapath::layout::{
    BindingCounters, EVENT_DROPPED, EVENT_LEARNED, EVENT_MOVED, EVENT_REFUSED, EVENT_TO_PORT,
    EVENT_TO_TUNNEL, Event,
};
use model::{
    BindingKey, DropReason, Effect, FdbKey, LearnKind, Mac, Outcome, Output, PortId, Shortcut,
    Tables, VlanId,
};

/// What a traced program tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Dropped(Option<PortId>, &'static str),
    ToPort(BindingKey),
    ToTunnel(Option<IpAddr>),
    Learned(Mac, BindingKey),
    Moved(Mac, BindingKey),
    Refused(Mac, BindingKey),
    Unknown(u32),
}

/// Packets and bytes of a binding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub from_local: (u64, u64),
    pub to_local: (u64, u64),
}

/// State of the counters and of the local FDB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// By port (none: the overlay side) and reason.
    pub reasons: BTreeMap<(Option<PortId>, &'static str), u64>,
    pub bindings: BTreeMap<BindingKey, Counts>,
    pub local_macs: BTreeMap<FdbKey, BindingKey>,
}

/// What moved, what was told, and the local FDB afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    pub told: Vec<Told>,
    pub counted: Counted,
}

impl Told {
    /// What an event says; `remote_of` knows the tunnels by number.
    pub fn from_event(event: &Event, remote_of: impl Fn(u32) -> Option<IpAddr>) -> Self {
        let mac = Mac::new(event.mac);
        let port = PortId::new(event.ifindex);
        let vlan = u16::try_from(event.vlan).ok().map(VlanId::new);
        let at = match (port, vlan) {
            (Ok(port), Some(Ok(vlan))) => Some(BindingKey { port, vlan }),
            _ => None,
        };
        match (event.kind, at) {
            (EVENT_DROPPED, _) => Self::Dropped(
                port.ok(),
                DropReason::from_number(event.value).map_or("no reason", DropReason::name),
            ),
            (EVENT_TO_TUNNEL, _) => Self::ToTunnel(remote_of(event.value)),
            (EVENT_TO_PORT, Some(at)) => Self::ToPort(at),
            (EVENT_LEARNED, Some(at)) => Self::Learned(mac, at),
            (EVENT_MOVED, Some(at)) => Self::Moved(mac, at),
            (EVENT_REFUSED, Some(at)) => Self::Refused(mac, at),
            (kind, _) => Self::Unknown(kind),
        }
    }
}

impl Counted {
    /// By how much the counters moved since `before`; the local FDB as it is now.
    pub fn since(self, before: &Self) -> Self {
        let minus = |now: (u64, u64), then: (u64, u64)| (now.0 - then.0, now.1 - then.1);
        let reasons = self.reasons.into_iter().map(|(key, now)| {
            let then = before.reasons.get(&key).copied().unwrap_or_default();
            (key, now - then)
        });
        let bindings = self.bindings.into_iter().map(|(key, now)| {
            let then = before.bindings.get(&key).copied().unwrap_or_default();
            let moved = Counts {
                from_local: minus(now.from_local, then.from_local),
                to_local: minus(now.to_local, then.to_local),
            };
            (key, moved)
        });
        Self {
            reasons: reasons.filter(|(_, packets)| *packets != 0).collect(),
            bindings: bindings
                .filter(|(_, moved)| *moved != Counts::default())
                .collect(),
            local_macs: self.local_macs,
        }
    }
}

impl From<BindingCounters> for Counts {
    fn from(counters: BindingCounters) -> Self {
        Self {
            from_local: (counters.packets_from_local, counters.bytes_from_local),
            to_local: (counters.packets_to_local, counters.bytes_to_local),
        }
    }
}

impl Effects {
    /// A frame that has none.
    pub fn none(tables: &Tables) -> Self {
        let local_macs = tables.local_macs.iter();
        Self {
            told: Vec::new(),
            counted: Counted {
                local_macs: local_macs.map(|(key, entry)| (*key, entry.at)).collect(),
                ..Counted::default()
            },
        }
    }

    /// What the model says of a frame from an access port, or (`None`) from a tunnel.
    pub fn of_outcome(tables: &Tables, port: Option<PortId>, outcome: &Outcome) -> Self {
        let mut this = Self::none(tables);
        let packets = u64::try_from(outcome.measure.packets).unwrap();
        let measure = (packets, u64::try_from(outcome.measure.bytes).unwrap());
        for reason in &outcome.drops {
            this.told.push(Told::Dropped(port, reason.name()));
            *this.count(port, reason.name()) += packets;
        }
        for output in outcome.outputs() {
            match output {
                Output::ToPort { port, vlan, .. } => {
                    let (port, vlan) = (*port, *vlan);
                    let at = BindingKey { port, vlan };
                    this.told.push(Told::ToPort(at));
                    this.binding(at).to_local = measure;
                }
                Output::ToTunnel { remote, .. } => this.told.push(Told::ToTunnel(Some(*remote))),
            }
        }
        if let Some(at) = outcome.received {
            this.binding(at).from_local = measure;
        }
        if let Some(learn) = outcome.learn {
            let (mac, at) = (learn.key.mac, learn.entry.at);
            this.counted.local_macs.insert(learn.key, at);
            this.told.extend(match learn.kind {
                LearnKind::New => Some(Told::Learned(mac, at)),
                // Told once a second only.
                LearnKind::Move { .. } | LearnKind::Refresh | LearnKind::Expire => None,
            });
        }
        for note in &outcome.notes {
            *this.count(port, note.name()) += packets;
        }
        this.told.sort();
        this
    }

    /// What the model says of a frame that XDP sees.
    pub fn of_shortcut(tables: &Tables, shortcut: &Shortcut) -> Self {
        let mut this = Self::none(tables);
        let Shortcut::Redirect { effect, bytes, .. } = shortcut else {
            return this;
        };
        let outer_destination = bytes
            .get(30..34)
            .and_then(|octets| <[u8; 4]>::try_from(octets).ok())
            .map(IpAddr::from);
        match *effect {
            Effect::FromLocal { at, bytes, .. } => {
                this.told.push(Told::ToTunnel(outer_destination));
                this.binding(at).from_local = (1, u64::try_from(bytes).unwrap());
            }
            Effect::ToLocal { at, bytes } => {
                this.told.push(Told::ToPort(at));
                this.binding(at).to_local = (1, u64::try_from(bytes).unwrap());
            }
        }
        this
    }

    /// Adds that a remote MAC on an access port was reported.
    pub fn with_refused(mut self, mac: Mac, at: BindingKey) -> Self {
        self.told.push(Told::Refused(mac, at));
        self.told.sort();
        self
    }

    fn binding(&mut self, at: BindingKey) -> &mut Counts {
        self.counted.bindings.entry(at).or_default()
    }

    fn count(&mut self, port: Option<PortId>, reason: &'static str) -> &mut u64 {
        self.counted.reasons.entry((port, reason)).or_default()
    }
}
