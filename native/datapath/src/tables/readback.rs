//! Reading the tables: everything, states, counters.

use std::collections::BTreeSet;

use model::{DropReason, Locator, Mac, Note, Vni};

use super::Tables;
use crate::{
    error::Error,
    floods::Member,
    layout::{ANY, Binding, BindingKey, FloodKey, MacScope},
    spec::{
        BindingCount, BindingSpec, DropCount, FloodSpec, GroupSpec, MacHolder, MacUse, OriginSpec,
        PortStatus, RemoteMacSpec, Snapshot, TunnelSpec, TunnelStatus,
    },
};

impl Tables {
    /// Reads everything back.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn snapshot(&self, now_ns: u64) -> Result<Snapshot, Error> {
        let remotes = self.tunnels.remotes_by_number();
        let locator = |tunnel: u32, vni: u32| {
            Some(Locator {
                remote: *remotes.get(&tunnel)?,
                vni: Vni::new(vni).ok().filter(|vni| vni.get() != 0),
            })
        };
        let list = |members: &BTreeSet<Member>| -> Vec<Locator> {
            let members = members.iter();
            members
                .filter_map(|member| locator(member.target, member.vni))
                .collect()
        };
        let floods = self.switches.entries().filter_map(|(id, _)| {
            let slot = self.switches.slot(id).ok()?;
            let members = self.floods.get(FloodKey::unknown(slot))?;
            Some(FloodSpec {
                switch_id: id,
                locators: list(members),
                is_of_macs: self.switches.floods_to_macs(id),
            })
        });
        let groups = self.floods.groups().filter_map(|(key, members)| {
            Some(GroupSpec {
                switch_id: self.switches.id(key.switch_slot)?,
                mac: Mac::new(key.mac),
                locators: list(members),
            })
        });
        let origins = self.origins.entries().filter_map(|(origin, slot)| {
            Some(OriginSpec {
                locator: locator(origin.tunnel, origin.vni)?,
                switch_id: self.switches.id(slot)?,
            })
        });
        let remote_macs = self.macs.remote()?.into_iter().filter_map(|(key, entry)| {
            Some(RemoteMacSpec {
                switch_id: self.switches.id(key.switch_slot)?,
                mac: Mac::new(key.mac),
                locator: locator(entry.tunnel, entry.vni)?,
            })
        });
        let local_macs = self.macs.local()?.into_iter().filter_map(|(key, entry)| {
            let mut spec = self.local_mac(&key, entry.place())?;
            spec.age_ms = now_ns.saturating_sub(entry.last_seen_ns) / 1_000_000;
            Some(spec)
        });
        Ok(Snapshot {
            ports: self
                .ports
                .entries()
                .map(|(_, port)| port.netdev.clone())
                .collect(),
            switches: self.switches.entries().collect(),
            bindings: self
                .bindings
                .entries()
                .filter_map(|(key, binding)| self.binding(key, binding))
                .collect(),
            tunnels: self
                .tunnels
                .entries()
                .map(|(remote, entry)| TunnelSpec {
                    remote,
                    local: entry.local,
                })
                .collect(),
            remote_macs: remote_macs.collect(),
            neighbours: self.neighbours()?,
            floods: floods.collect(),
            groups: groups.collect(),
            origins: origins.collect(),
            local_macs: local_macs.collect(),
            acls: self.acls(),
        })
    }

    /// Use of the limits of local MACs.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn mac_uses(&mut self, now_ns: u64) -> Result<Vec<MacUse>, Error> {
        let uses = self.macs.uses(now_ns)?;
        let told = uses.into_iter().filter_map(|one| {
            let holder = match one.scope {
                MacScope {
                    switch_slot: ANY,
                    ifindex: ANY,
                } => MacHolder::Table,
                MacScope {
                    switch_slot: ANY,
                    ifindex,
                } => MacHolder::Port(self.ports.netdev(ifindex)?.to_owned()),
                MacScope { switch_slot, .. } => MacHolder::Switch(self.switches.id(switch_slot)?),
            };
            Some(MacUse {
                holder,
                held: one.held,
                limit: one.limit,
                is_exhausted: one.is_exhausted,
            })
        });
        Ok(told.collect())
    }

    /// State of every port.
    #[must_use]
    pub fn port_status(&self) -> Vec<PortStatus> {
        self.ports
            .entries()
            .map(|(ifindex, port)| {
                let link = self.links.get(&ifindex);
                PortStatus {
                    netdev: port.netdev.clone(),
                    is_up: link.is_some_and(|link| link.up),
                    has_carrier: link.is_some_and(|link| link.carrier),
                    mtu: link.map_or(0, |link| link.mtu),
                    is_xdp: port.is_xdp,
                    controller: link
                        .and_then(|link| self.links.get(&link.controller?))
                        .map(|link| link.name.clone()),
                }
            })
            .collect()
    }

    /// State of every tunnel.
    #[must_use]
    pub fn tunnel_status(&self) -> Vec<TunnelStatus> {
        self.tunnels
            .entries()
            .map(|(remote, entry)| TunnelStatus {
                spec: TunnelSpec {
                    remote,
                    local: entry.local,
                },
                path: entry
                    .path
                    .as_ref()
                    .map(|path| (path.netdev.clone(), path.next_hop_mac))
                    .map_err(|obstacle| *obstacle),
                inner_mtu: entry.inner_mtu,
                is_xdp: entry.path.as_ref().is_ok_and(|path| path.is_xdp),
            })
            .collect()
    }

    /// Counters of every binding, after those of bindings that are not in the kernel now.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn binding_counts(&self) -> Result<Vec<BindingCount>, Error> {
        let live = self
            .bindings
            .entries()
            .filter_map(|(key, binding)| Some((self.binding_spec(key, binding)?, binding.slot)));
        self.bindings
            .parked()
            .map(|(spec, slot)| (spec.clone(), slot))
            .chain(live)
            .map(|(BindingSpec { netdev, vlan, .. }, slot)| {
                let counters = self.bindings.counters(slot)?;
                Ok(BindingCount {
                    netdev,
                    vlan,
                    counters,
                })
            })
            .collect()
    }

    /// Counters of drops and notes, by port and reason.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn drop_counts(&self) -> Result<Vec<DropCount>, Error> {
        let entries = self
            .drops
            .entries()?
            .into_iter()
            .filter_map(|(key, packets)| {
                let netdev = match key.ifindex {
                    0 => String::new(),
                    ifindex => self.ports.netdev(ifindex)?.to_owned(),
                };
                let (reason, explanation, is_note) = match (
                    DropReason::from_number(key.reason),
                    Note::from_number(key.reason),
                ) {
                    (Some(reason), _) => (reason.name(), reason.explanation(), false),
                    (_, Some(note)) => (note.name(), note.explanation(), true),
                    _ => return None,
                };
                Some(DropCount {
                    netdev,
                    reason,
                    explanation,
                    is_note,
                    packets,
                })
            });
        Ok(entries.collect())
    }

    fn binding(&self, key: BindingKey, binding: Binding) -> Option<BindingSpec> {
        Some(BindingSpec {
            netdev: self.ports.netdev(key.ifindex)?.to_owned(),
            vlan: u16::try_from(key.vlan).ok()?,
            switch_id: self.switches.id(binding.switch_slot)?,
        })
    }
}
