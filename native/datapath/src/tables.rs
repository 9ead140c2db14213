//! The gateway's tables as the control plane speaks of them: devices by name, switches by UUID, tunnels by address.

use std::{collections::HashMap, net::IpAddr};

use aya::{
    maps::{Array, MapData, RingBuf},
    programs::Program,
};
use model::{DropReason, Mac, Note, SwitchId};

use crate::{
    bindings::Bindings,
    drops::Drops,
    error::Error,
    header::OVERHEAD_V4,
    layout::{Binding, BindingCounters, BindingKey, MacKey, Settings},
    macs::{Change, Macs, Place, Reason},
    netlink::{Netlink, link::Link, watch::Changes},
    ports::{Mode, Ports},
    programs::Programs,
    switches::{Member, Switches},
    table::take,
    tunnels::Tunnels,
    underlay::{self, Underlay, VXLAN_DEVICE},
};

/// (port, VLAN) -> logical switch. VLAN 0 is untagged and priority-tagged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingSpec {
    /// Device of the port.
    pub netdev: String,
    /// 0..=4094.
    pub vlan: u16,
    /// Where its frames belong.
    pub switch_id: SwitchId,
}

/// A remote VTEP and our address towards it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelSpec {
    /// The peer.
    pub remote: IpAddr,
    /// Outer source address.
    pub local: IpAddr,
}

/// A MAC that the controller gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteMacSpec {
    /// Its logical switch.
    pub switch_id: SwitchId,
    /// The MAC.
    pub mac: Mac,
    /// The VTEP behind which it is.
    pub remote: IpAddr,
}

/// A MAC that was learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMacSpec {
    /// Its logical switch.
    pub switch_id: SwitchId,
    /// The MAC.
    pub mac: Mac,
    /// Device of the port.
    pub netdev: String,
    /// VLAN of the binding.
    pub vlan: u16,
    /// Since a frame of it was seen, to a second.
    pub age_ms: u64,
}

/// All that the kernel holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Devices of the ports.
    pub ports: Vec<String>,
    /// Switches and their VNIs.
    pub switches: Vec<(SwitchId, u32)>,
    /// Bindings.
    pub bindings: Vec<BindingSpec>,
    /// Tunnels.
    pub tunnels: Vec<TunnelSpec>,
    /// Remote MACs.
    pub remote_macs: Vec<RemoteMacSpec>,
    /// The remote VTEPs of each switch's flood list; switches without any are left out.
    pub floods: Vec<(SwitchId, Vec<IpAddr>)>,
    /// Local MACs.
    pub local_macs: Vec<LocalMacSpec>,
}

/// State of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortStatus {
    /// The device.
    pub netdev: String,
    /// It exists.
    pub is_present: bool,
    /// Administratively up.
    pub is_up: bool,
    /// The far end is there.
    pub has_carrier: bool,
    /// Largest layer-3 packet.
    pub mtu: u32,
    /// The XDP shortcut is on it.
    pub is_xdp: bool,
}

/// State of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelStatus {
    /// Its ends.
    pub spec: TunnelSpec,
    /// Underlay device and next hop, when resolved.
    pub path: Option<(String, [u8; 6])>,
    /// Largest inner layer-3 packet.
    pub inner_mtu: u32,
    /// The XDP shortcut leads there.
    pub is_xdp: bool,
}

/// What a binding has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingCount {
    /// The binding's port.
    pub netdev: String,
    /// The binding's VLAN.
    pub vlan: u16,
    /// Packets and bytes, both ways.
    pub counters: BindingCounters,
}

/// What was dropped, or counted beside forwarding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropCount {
    /// Device of the port; empty: the overlay side.
    pub netdev: String,
    /// Stable name of the reason.
    pub reason: &'static str,
    /// For people.
    pub explanation: &'static str,
    /// Whether the frames were forwarded all the same.
    pub is_note: bool,
    /// How many.
    pub packets: u64,
}

/// What the data plane tells the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A MAC was learned.
    Learned(LocalMacSpec),
    /// A MAC moved to another port or VLAN of its switch.
    Moved(LocalMacSpec),
    /// A MAC was forgotten.
    Forgotten(LocalMacSpec, Reason),
    /// A remote MAC was seen on an access port and not learned.
    Refused(LocalMacSpec),
    /// A port appeared, changed or vanished, or a tunnel has another path. Bindings of a device that vanished are
    /// gone from the tables.
    Links,
    /// Something failed on the worker's side.
    Failed(String),
}

/// The tables and what is needed to change them.
pub struct Tables {
    mode: Mode,
    netlink: Netlink,
    programs: Programs,
    switches: Switches,
    bindings: Bindings,
    tunnels: Tunnels,
    macs: Macs,
    ports: Ports,
    drops: Drops,
    underlay: Underlay,
    links: HashMap<u32, Link>,
}

impl Tables {
    /// Loads the programs and adopts what an earlier process left. Nothing that forwards is taken away.
    ///
    /// # Errors
    /// When the kernel refuses the programs, or another gateway owns the network namespace.
    pub fn open(
        switch_name: &str,
        mode: Mode,
        is_traced: bool,
    ) -> Result<(Self, RingBuf<MapData>), Error> {
        let mut netlink =
            Netlink::open().map_err(|error| Error::kernel("open a netlink socket", error))?;
        let before = underlay::links(&mut netlink)?;
        let mut programs = Programs::load(&mut netlink, before.into_keys(), is_traced)?;
        let vxlan_ifindex = underlay::own_vxlan_device(&mut netlink, &mut programs, switch_name)?;
        let links = underlay::links(&mut netlink)?;
        let ebpf = programs.ebpf();
        let mut settings: Array<MapData, Settings> = Array::try_from(take(ebpf, "settings")?)?;
        settings.set(
            0,
            Settings {
                vxlan_ifindex,
                zero: 0,
            },
            0,
        )?;
        let ring = RingBuf::try_from(take(ebpf, "events")?)?;
        let mut this = Self {
            mode,
            netlink,
            switches: Switches::adopt(ebpf)?,
            bindings: Bindings::adopt(ebpf)?,
            tunnels: Tunnels::adopt(ebpf)?,
            macs: Macs::adopt(ebpf)?,
            ports: Ports::adopt(ebpf, &links)?,
            drops: Drops::adopt(ebpf)?,
            underlay: Underlay::default(),
            programs,
            links,
        };
        this.adopt_ports()?;
        this.resolve()?;
        this.tunnels.rewrite()?;
        Ok((this, ring))
    }

    /// A loaded program, for `BPF_PROG_TEST_RUN`.
    pub fn program(&mut self, name: &str) -> Option<&mut Program> {
        self.programs.ebpf().program_mut(name)
    }

    /// The new programs in the place of the old ones, port by port; bindings of devices that are gone are removed.
    fn adopt_ports(&mut self) -> Result<(), Error> {
        let adopted: Vec<u32> = self.ports.entries().map(|(ifindex, _)| ifindex).collect();
        for ifindex in adopted {
            if let Some(link) = self.links.get(&ifindex) {
                match self
                    .ports
                    .put(&mut self.programs, &mut self.netlink, link, self.mode)
                {
                    // The control plane puts the port again and hears of it then.
                    Ok(()) | Err(_) => {}
                }
            }
        }
        let orphans: Vec<BindingKey> = self
            .bindings
            .entries()
            .map(|(key, _)| key)
            .filter(|key| self.ports.netdev(key.ifindex).is_none())
            .collect();
        orphans
            .into_iter()
            .try_for_each(|key| self.remove_binding_at(key).map(drop))
    }

    /// Makes a device an access port.
    ///
    /// # Errors
    /// No such device; the programs cannot be attached.
    pub fn put_port(&mut self, netdev: &str) -> Result<(), Error> {
        self.links = underlay::links(&mut self.netlink)?;
        let link = self.links.values().find(|link| link.name == netdev);
        let link = link.ok_or_else(|| Error::NoSuchDevice(netdev.to_owned()))?;
        self.ports
            .put(&mut self.programs, &mut self.netlink, link, self.mode)
    }

    /// Takes the programs off an access port.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_port(&mut self, netdev: &str) -> Result<(), Error> {
        let Some(link) = self
            .ports
            .ifindex(netdev)
            .ok()
            .and_then(|ifindex| self.links.get(&ifindex))
        else {
            return Ok(());
        };
        self.ports.remove(&mut self.netlink, link)
    }

    /// Adds a logical switch or changes its VNI.
    ///
    /// # Errors
    /// VNI out of range; table full.
    pub fn put_switch(&mut self, id: SwitchId, vni: u32) -> Result<(), Error> {
        self.switches.put(id, vni)
    }

    /// Removes a logical switch with all that belongs to it.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_switch(&mut self, id: SwitchId) -> Result<Vec<Notice>, Error> {
        let Ok(slot) = self.switches.slot(id) else {
            return Ok(Vec::new());
        };
        let mut notices = Vec::new();
        let bound: Vec<BindingKey> = self
            .bindings
            .entries()
            .filter(|(_, binding)| binding.switch_slot == slot)
            .map(|(key, _)| key)
            .collect();
        for key in bound {
            notices.extend(self.remove_binding_at(key)?);
        }
        let changes = self
            .macs
            .forget_where(Reason::Unbound, |key, _| key.switch_slot == slot)?;
        notices.extend(self.notices(changes));
        for (key, _) in self.macs.remote()? {
            if key.switch_slot == slot {
                self.macs.remove_remote(&key)?;
            }
        }
        self.switches.remove(id)?;
        Ok(notices)
    }

    /// Binds a port and VLAN to a logical switch, or moves it to another.
    ///
    /// # Errors
    /// The device is no port, the switch was not put, a table is full.
    pub fn put_binding(&mut self, spec: &BindingSpec) -> Result<Vec<Notice>, Error> {
        let key = BindingKey {
            ifindex: self.ports.ifindex(&spec.netdev)?,
            vlan: u32::from(spec.vlan),
        };
        let switch_slot = self.switches.slot(spec.switch_id)?;
        let old = self.bindings.get(&key);
        if old.is_some_and(|old| old.switch_slot == switch_slot) {
            return Ok(Vec::new());
        }
        let slot = self.bindings.reserve()?;
        self.bindings.put(key, Binding { switch_slot, slot })?;
        self.switches
            .add_flood_port(spec.switch_id, flood_port(key, slot))?;
        let Some(old) = old else {
            return Ok(Vec::new());
        };
        self.bindings.release(old.slot);
        self.leave_switch(key, old)
    }

    /// Removes a binding; its MACs are forgotten.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_binding(&mut self, netdev: &str, vlan: u16) -> Result<Vec<Notice>, Error> {
        match self.ports.ifindex(netdev) {
            Ok(ifindex) => self.remove_binding_at(BindingKey {
                ifindex,
                vlan: u32::from(vlan),
            }),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn remove_binding_at(&mut self, key: BindingKey) -> Result<Vec<Notice>, Error> {
        match self.bindings.remove(&key)? {
            Some(binding) => self.leave_switch(key, binding),
            None => Ok(Vec::new()),
        }
    }

    /// What a binding leaves behind in the switch it belonged to.
    fn leave_switch(&mut self, key: BindingKey, was: Binding) -> Result<Vec<Notice>, Error> {
        if let Some(id) = self.switches.id(was.switch_slot) {
            self.switches
                .remove_flood_port(id, flood_port(key, was.slot))?;
        }
        let place = Place {
            ifindex: key.ifindex,
            vlan: key.vlan,
        };
        let changes = self.macs.forget_where(Reason::Unbound, |mac, at| {
            mac.switch_slot == was.switch_slot && at == place
        })?;
        Ok(self.notices(changes))
    }

    /// Adds a tunnel or changes its local address.
    ///
    /// # Errors
    /// Not IPv4; table full.
    pub fn put_tunnels(&mut self, specs: &[TunnelSpec]) -> Vec<Result<(), Error>> {
        let results: Vec<_> = specs
            .iter()
            .map(|spec| {
                self.tunnels
                    .put(spec.remote, spec.local, 1500 - OVERHEAD_V4)
            })
            .collect();
        // A path that cannot be looked up leaves the tunnel to the kernel's routing; the worker tries again.
        let _ = self.resolve();
        results
    }

    /// Removes a tunnel. Remote MACs and flood lists must no longer name it.
    ///
    /// # Errors
    /// The kernel's answer; still in use.
    pub fn remove_tunnel(&mut self, remote: IpAddr) -> Result<(), Error> {
        let Ok(number) = self.tunnels.number(remote) else {
            return Ok(());
        };
        if self.switches.is_flooded_to(number) {
            return Err(Error::Invalid(format!(
                "the tunnel to {remote} is still in a flood list"
            )));
        }
        self.tunnels.remove(remote)
    }

    /// Adds or redirects a remote MAC.
    ///
    /// # Errors
    /// The switch or the tunnel was not put; table full.
    pub fn put_remote_mac(&mut self, spec: &RemoteMacSpec) -> Result<Vec<Notice>, Error> {
        let key = self.mac_key(spec.switch_id, spec.mac)?;
        let tunnel = self.tunnels.number(spec.remote)?;
        let change = self.macs.put_remote(key, tunnel)?;
        Ok(self.notices(change))
    }

    /// Removes a remote MAC.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_remote_mac(&mut self, switch_id: SwitchId, mac: Mac) -> Result<(), Error> {
        match self.mac_key(switch_id, mac) {
            Ok(key) => self.macs.remove_remote(&key),
            Err(_) => Ok(()),
        }
    }

    /// Replaces the remote VTEPs of a switch's flood list.
    ///
    /// # Errors
    /// The switch or a tunnel was not put; more members than a list may have.
    pub fn put_flood(&mut self, switch_id: SwitchId, remotes: &[IpAddr]) -> Result<(), Error> {
        let tunnels = remotes
            .iter()
            .map(|remote| self.tunnels.number(*remote))
            .collect::<Result<Vec<_>, _>>()?;
        self.switches.put_flood_tunnels(switch_id, &tunnels)
    }

    /// Reads everything back.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn snapshot(&self, now_ns: u64) -> Result<Snapshot, Error> {
        let remotes = self.tunnels.remotes_by_number();
        let mut floods: Vec<_> = Vec::new();
        for (id, _) in self.switches.entries() {
            let list: Vec<IpAddr> = self
                .switches
                .flood_tunnels(id)
                .filter_map(|number| remotes.get(&number).copied())
                .collect();
            if !list.is_empty() {
                floods.push((id, list));
            }
        }
        let remote_macs = self.macs.remote()?.into_iter().filter_map(|(key, entry)| {
            Some(RemoteMacSpec {
                switch_id: self.switches.id(key.switch_slot)?,
                mac: Mac::new(key.mac),
                remote: *remotes.get(&entry.tunnel)?,
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
            floods,
            local_macs: local_macs.collect(),
        })
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
                    is_present: link.is_some(),
                    is_up: link.is_some_and(|link| link.up),
                    has_carrier: link.is_some_and(|link| link.carrier),
                    mtu: link.map_or(0, |link| link.mtu),
                    is_xdp: port.is_xdp,
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
                    .map(|path| (path.netdev.clone(), path.next_hop_mac)),
                inner_mtu: entry.inner_mtu,
                is_xdp: entry.path.as_ref().is_some_and(|path| path.is_xdp),
            })
            .collect()
    }

    /// Counters of every binding.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn binding_counts(&self) -> Result<Vec<BindingCount>, Error> {
        self.bindings
            .entries()
            .filter_map(|(key, binding)| {
                let netdev = self.ports.netdev(key.ifindex)?.to_owned();
                let vlan = u16::try_from(key.vlan).ok()?;
                Some(
                    self.bindings
                        .counters(binding.slot)
                        .map(|counters| BindingCount {
                            netdev,
                            vlan,
                            counters,
                        }),
                )
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

    /// Looks at the MACs that the programs told about.
    pub(crate) fn look(
        &mut self,
        keys: impl IntoIterator<Item = MacKey>,
    ) -> Result<Vec<Notice>, Error> {
        let mut changes = Vec::new();
        for key in keys {
            changes.extend(self.macs.look(key)?);
        }
        Ok(self.notices(changes))
    }

    /// A remote MAC that was seen at a place.
    pub(crate) fn refused(&self, key: MacKey, place: Place) -> Option<Notice> {
        self.local_mac(&key, place).map(Notice::Refused)
    }

    /// Ages local MACs and finds what events were lost.
    pub(crate) fn sweep(&mut self, now_ns: u64, ageing_ns: u64) -> Result<Vec<Notice>, Error> {
        let bindings = &self.bindings;
        let changes = self.macs.sweep(now_ns, ageing_ns, |key, place| {
            let binding = bindings.get(&BindingKey {
                ifindex: place.ifindex,
                vlan: place.vlan,
            });
            (binding.map(|binding| binding.switch_slot) != Some(key.switch_slot))
                .then_some(Reason::Unbound)
        })?;
        Ok(self.notices(changes))
    }

    /// Follows devices that appeared, changed or vanished.
    pub(crate) fn follow(&mut self, changes: Changes) -> Result<Vec<Notice>, Error> {
        let mut notices = Vec::new();
        for link in changes.links {
            let ifindex = link.ifindex;
            let has_carrier = link.carrier;
            let known = self.links.insert(ifindex, link);
            if self.ports.netdev(ifindex).is_some() {
                self.ports.look_at_features(ifindex)?;
                if !has_carrier && known.is_none_or(|known| known.carrier) {
                    let down = self
                        .macs
                        .forget_where(Reason::LinkDown, |_, at| at.ifindex == ifindex)?;
                    notices.extend(self.notices(down));
                }
                notices.push(Notice::Links);
            } else if known.is_none() {
                notices.push(Notice::Links);
            }
        }
        for ifindex in changes.removed_links {
            if let Some(link) = self.links.remove(&ifindex) {
                if link.name == VXLAN_DEVICE {
                    notices.push(Notice::Failed(format!(
                        "device {VXLAN_DEVICE} was removed; nothing is decapsulated"
                    )));
                }
                notices.extend(self.forget_device(ifindex)?);
                notices.push(Notice::Links);
            }
        }
        notices.dedup();
        Ok(notices)
    }

    /// Looks up the path to every remote VTEP.
    pub(crate) fn resolve(&mut self) -> Result<bool, Error> {
        self.underlay.resolve(
            &mut self.netlink,
            &mut self.programs,
            &mut self.tunnels,
            self.mode,
        )
    }

    /// What is due now and then: neighbours in use are verified, drivers asked again what they can do.
    pub(crate) fn keep(&mut self) -> Result<(), Error> {
        self.underlay.keep_neighbours(&mut self.netlink);
        let ports: Vec<u32> = self.ports.entries().map(|(ifindex, _)| ifindex).collect();
        ports
            .into_iter()
            .try_for_each(|ifindex| self.ports.look_at_features(ifindex))
    }

    fn forget_device(&mut self, ifindex: u32) -> Result<Vec<Notice>, Error> {
        let bound: Vec<BindingKey> = self
            .bindings
            .entries()
            .map(|(key, _)| key)
            .filter(|key| key.ifindex == ifindex)
            .collect();
        let mut notices = Vec::new();
        for key in bound {
            notices.extend(self.remove_binding_at(key)?);
        }
        self.drops.forget_device(ifindex)?;
        self.ports.forget(ifindex)?;
        Ok(notices)
    }

    fn notices(&self, changes: impl IntoIterator<Item = Change>) -> Vec<Notice> {
        changes
            .into_iter()
            .filter_map(|change| match change {
                Change::Learned(key, place) => self.local_mac(&key, place).map(Notice::Learned),
                Change::Moved(key, place) => self.local_mac(&key, place).map(Notice::Moved),
                Change::Forgotten(key, place, reason) => self
                    .local_mac(&key, place)
                    .map(|spec| Notice::Forgotten(spec, reason)),
            })
            .collect()
    }

    fn local_mac(&self, key: &MacKey, place: Place) -> Option<LocalMacSpec> {
        Some(LocalMacSpec {
            switch_id: self.switches.id(key.switch_slot)?,
            mac: Mac::new(key.mac),
            netdev: self.ports.netdev(place.ifindex)?.to_owned(),
            vlan: u16::try_from(place.vlan).ok()?,
            age_ms: 0,
        })
    }

    fn binding(&self, key: BindingKey, binding: Binding) -> Option<BindingSpec> {
        Some(BindingSpec {
            netdev: self.ports.netdev(key.ifindex)?.to_owned(),
            vlan: u16::try_from(key.vlan).ok()?,
            switch_id: self.switches.id(binding.switch_slot)?,
        })
    }

    fn mac_key(&self, switch_id: SwitchId, mac: Mac) -> Result<MacKey, Error> {
        Ok(MacKey {
            switch_slot: self.switches.slot(switch_id)?,
            mac: mac.octets(),
            zero: 0,
        })
    }
}

const fn flood_port(key: BindingKey, binding_slot: u32) -> Member {
    Member::Port {
        ifindex: key.ifindex,
        vlan: key.vlan,
        binding_slot,
    }
}
