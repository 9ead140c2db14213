//! Everything that a frame brings about, as the model says it and as the maps of the host show it.

use std::collections::BTreeMap;

use datapath::layout::{
    BindingCounters, DropKey, EVENT_FULL, EVENT_LEARNED, EVENT_MOVED, EVENT_REFUSED, Event,
    LocalMac, MacKey,
};
use model::{LearnKind, Mac, Note, Outcome, Output, PortId, Tables, outer::tunnel_packet};

use crate::{
    host::{Copy, Host, Outer},
    scene::{Scene, VXLAN, v4},
};

/// What is counted, told and learned, and what leaves.
#[derive(Debug, PartialEq, Eq)]
pub struct Effects {
    pub copies: Vec<Copy>,
    /// By port (0: the overlay side) and number of the reason.
    pub reasons: BTreeMap<(u32, u32), u64>,
    /// By slot: packets and bytes from and to the local side.
    pub bindings: BTreeMap<u32, [u64; 4]>,
    /// By slot of the logical switch: where each MAC is.
    pub local_macs: BTreeMap<(u32, [u8; 6]), (u32, u32)>,
    /// Kind, MAC, port, VLAN.
    pub told: Vec<(u32, [u8; 6], u32, u32)>,
}

impl Effects {
    /// As the maps show it after a run.
    pub fn of_run(host: &Host, copies: Vec<Copy>) -> Self {
        let reasons = host.entries::<DropKey, u64>("drops").into_iter();
        let reasons = reasons.map(|(key, count)| ((key.ifindex, key.reason), count));
        let bindings = host.entries::<u32, BindingCounters>("binding_counts");
        let bindings = bindings.into_iter().map(|(slot, counts)| {
            let counts = [
                counts.packets_from_local,
                counts.bytes_from_local,
                counts.packets_to_local,
                counts.bytes_to_local,
            ];
            (slot, counts)
        });
        let macs = host.entries::<MacKey, LocalMac>("local_macs").into_iter();
        let macs = macs.map(|(key, at)| ((key.switch_slot, key.mac), (at.ifindex, at.vlan.into())));
        let events = host.records("events").into_iter();
        let told = events.map(|record| {
            let event = Event::parse(&record).expect("an event");
            (event.kind, event.mac, event.ifindex, event.vlan)
        });
        // Told once a second, which the model knows nothing of.
        let told = told.filter(|(kind, ..)| *kind != EVENT_FULL);
        Self {
            copies: sorted(copies),
            reasons: reasons.collect(),
            bindings: bindings.collect(),
            local_macs: macs.collect(),
            told: told.collect(),
        }
    }

    /// Of a frame that changes nothing.
    pub fn none(scene: &Scene, tables: &Tables) -> Self {
        let macs = tables.local_macs.iter().map(|(key, entry)| {
            let key = scene.mac_key(key);
            let at = (entry.at.port.get(), entry.at.vlan.get().into());
            ((key.switch_slot, key.mac), at)
        });
        Self {
            copies: Vec::new(),
            reasons: BTreeMap::new(),
            bindings: BTreeMap::new(),
            local_macs: macs.collect(),
            told: Vec::new(),
        }
    }

    /// The same where the frame itself left, not clones of it: what went to a tunnel has its outer header where the next
    /// hop is known and the kernel makes room for it, which it does in IP packets that are no super-frames.
    pub fn redirected(mut self, tables: &Tables, gso_size: u16, outcome: &Outcome) -> Self {
        let [
            Output::ToTunnel {
                remote, vni, inner, ..
            },
        ] = outcome.outputs()
        else {
            return self;
        };
        if gso_size == 0 && matches!(inner[12..14], [0x08, 0x00] | [0x86, 0xdd]) {
            let packet = tunnel_packet(tables, *remote, *vni, inner).map(|(port, bytes)| Copy {
                ifindex: port.get(),
                outer: Outer::default(),
                bytes,
            });
            self.copies = packet.map_or(self.copies, |packet| vec![packet]);
        }
        self
    }

    /// As the model says it of a frame from `source` on an access port, or (`None`) from a tunnel.
    pub fn of_outcome(
        scene: &Scene,
        tables: &Tables,
        port: Option<(PortId, Mac)>,
        outcome: &Outcome,
    ) -> Self {
        let mut this = Self::none(scene, tables);
        let ifindex = port.map_or(0, |(port, _)| port.get());
        let packets = u64::try_from(outcome.measure.packets).unwrap();
        let bytes = u64::try_from(outcome.measure.bytes).unwrap();
        for reason in &outcome.drops {
            *this.reasons.entry((ifindex, reason.number())).or_default() += packets;
        }
        for output in outcome.outputs() {
            this.copies.push(copy(output));
            if let Output::ToPort { port, vlan, .. } = output {
                let at = model::BindingKey {
                    port: *port,
                    vlan: *vlan,
                };
                let counts = this.bindings.entry(scene.slot(at)).or_default();
                counts[2] += packets;
                counts[3] += bytes;
            }
        }
        this.copies = sorted(this.copies);
        if let Some(at) = outcome.received {
            let counts = this.bindings.entry(scene.slot(at)).or_default();
            counts[0] += packets;
            counts[1] += bytes;
        }
        if let Some(learn) = outcome.learn {
            let key = scene.mac_key(&learn.key);
            let at = (
                learn.entry.at.port.get(),
                u32::from(learn.entry.at.vlan.get()),
            );
            this.local_macs.insert((key.switch_slot, key.mac), at);
            let kind = match learn.kind {
                LearnKind::New => Some(EVENT_LEARNED),
                LearnKind::Move { .. } => Some(EVENT_MOVED),
                LearnKind::Refresh | LearnKind::Expire => None,
            };
            this.told
                .extend(kind.map(|kind| (kind, key.mac, at.0, at.1)));
        }
        for note in &outcome.notes {
            *this.reasons.entry((ifindex, note.number())).or_default() += packets;
        }
        let is_refused = outcome.notes.contains(&Note::RemoteMacOnAccess);
        if let (true, Some(at), Some((_, source))) = (is_refused, outcome.received, port) {
            let (port, vlan) = (at.port.get(), at.vlan.get().into());
            this.told.push((EVENT_REFUSED, source.octets(), port, vlan));
        }
        this
    }
}

fn copy(output: &Output) -> Copy {
    match output {
        Output::ToPort { port, bytes, .. } => Copy {
            ifindex: port.get(),
            outer: Outer::default(),
            bytes: bytes.clone(),
        },
        Output::ToTunnel {
            remote,
            local,
            vni,
            inner,
        } => Copy {
            ifindex: VXLAN,
            outer: Outer {
                is_present: 1,
                vni: vni.get(),
                remote: v4(*remote).to_bits(),
                local: v4(*local).to_bits(),
            },
            bytes: inner.clone(),
        },
    }
}

fn sorted(mut copies: Vec<Copy>) -> Vec<Copy> {
    copies.sort();
    copies
}
