//! The gateway's tables as the control plane speaks of them: devices by name, switches by UUID, tunnels by address.

mod acls;
mod bindings;
mod follow;
mod losses;
mod neighbours;
mod overlay;
mod readback;
mod retired;
mod switches;

use std::{collections::HashMap, net::IpAddr};

use aya::{
    maps::{Array, MapData, PerCpuArray, RingBuf},
    programs::Program,
};
use model::{Mac, MacLimits, SwitchId};

use crate::{
    acls::Acls,
    bfd::Parts,
    bindings::Bindings,
    drops::Drops,
    error::Error,
    floods::Floods,
    header::OVERHEAD_V4,
    layout::{BFD_SESSIONS_MAX, BindingKey, LAYOUT, MacKey, MacScope, Settings},
    macs::{Change, Macs, Place},
    neighbours::Neighbours,
    netlink::{Netlink, link::Link},
    origins::Origins,
    ports::{self, Mode, Ports},
    programs::{Programs, TcProgram},
    spec::{LocalMacSpec, Notice, TunnelSpec},
    switches::Switches,
    table::{Table, take},
    tunnels::Tunnels,
    underlay::{self, Underlay},
};

pub use retired::RetiredLists;

/// The tables and what is needed to change them.
pub struct Tables {
    switch_name: String,
    mode: Mode,
    netlink: Netlink,
    programs: Programs,
    switches: Switches,
    floods: Floods,
    origins: Origins,
    bindings: Bindings,
    acls: Acls,
    tunnels: Tunnels,
    macs: Macs,
    neighbours: Neighbours,
    ports: Ports,
    drops: Drops,
    underlay: Underlay,
    links: HashMap<u32, Link>,
    settings: Array<MapData, Settings>,
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
        let mut settings = Array::try_from(take(programs.ebpf(), "settings")?)?;
        own_vxlan_device(&mut netlink, &mut programs, &mut settings, switch_name)?;
        let links = underlay::links(&mut netlink)?;
        let ebpf = programs.ebpf();
        let ring = RingBuf::try_from(take(ebpf, "events")?)?;
        let bindings = Bindings::adopt(ebpf)?;
        let bound = bindings.entries().map(|(key, binding)| MacScope {
            switch_slot: binding.switch_slot,
            ifindex: key.ifindex,
        });
        let mut this = Self {
            switch_name: switch_name.to_owned(),
            mode,
            netlink,
            switches: Switches::adopt(ebpf)?,
            floods: Floods::adopt(ebpf)?,
            origins: Origins::adopt(ebpf)?,
            acls: Acls::adopt(ebpf, |ifindex| links.contains_key(&ifindex))?,
            tunnels: Tunnels::adopt(ebpf)?,
            macs: Macs::adopt(ebpf, bound)?,
            bindings,
            neighbours: Neighbours::adopt(ebpf)?,
            ports: Ports::adopt(ebpf, &links)?,
            drops: Drops::adopt(ebpf)?,
            underlay: Underlay::default(),
            programs,
            links,
            settings,
        };
        this.finish_removals()?;
        this.adopt_ports()?;
        this.mark_all_bindings()?;
        this.resolve()?;
        this.tunnels.rewrite()?;
        Ok((this, ring))
    }

    /// Puts back what was taken from under the gateway: its VXLAN device, its programs on it and on the ports.
    pub(crate) fn repair(&mut self) -> Result<Vec<Notice>, Error> {
        let mut notices = Vec::new();
        let is_there = |link: &Link| underlay::is_vxlan_device(link) && link.up;
        if !self.links.values().any(is_there) {
            own_vxlan_device(
                &mut self.netlink,
                &mut self.programs,
                &mut self.settings,
                &self.switch_name,
            )?;
            self.links = underlay::links(&mut self.netlink)?;
        }
        for link in self.links.values() {
            let which = match self.ports.netdev(link.ifindex) {
                Some(_) => TcProgram::Access,
                None if underlay::is_vxlan_device(link) => TcProgram::Overlay,
                None => {
                    // Left by a process whose tables were of another layout, and nobody's port since.
                    ports::release(&mut self.netlink, link)?;
                    continue;
                }
            };
            if self.programs.ensure_tc(which, &mut self.netlink, link)? {
                notices.push(Notice::Repaired(format!(
                    "the program of {} had been removed",
                    link.name
                )));
            }
        }
        Ok(notices)
    }

    /// What BFD sessions work with. Only the first call succeeds.
    pub(crate) fn bfd_parts(&mut self) -> Result<Parts, Error> {
        let ebpf = self.programs.ebpf();
        Ok(Parts {
            punts: RingBuf::try_from(take(ebpf, "punts")?)?,
            records: Table::take(ebpf, "bfd_sessions", "BFD sessions", BFD_SESSIONS_MAX)?,
            heartbeat: Array::try_from(take(ebpf, "bfd_heartbeat")?)?,
            received: PerCpuArray::try_from(take(ebpf, "tunnel_counts")?)?,
            drops: self.drops.again()?,
            ends: self.tunnels.ends(),
        })
    }

    /// A loaded program, for `BPF_PROG_TEST_RUN`.
    pub fn program(&mut self, name: &str) -> Option<&mut Program> {
        self.programs.ebpf().program_mut(name)
    }

    /// The remote VTEP of a tunnel, which traced programs tell by its number.
    #[must_use]
    pub fn remote_of(&self, tunnel: u32) -> Option<IpAddr> {
        self.tunnels.remotes_by_number().get(&tunnel).copied()
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
        self.remove_bindings_at(&orphans).map(drop)
    }

    /// Makes a device an access port.
    ///
    /// # Errors
    /// No such device; the programs cannot be attached.
    pub fn put_port(&mut self, netdev: &str) -> Result<(), Error> {
        let mut links = underlay::links(&mut self.netlink)?.into_values();
        let link = links.find(|link| link.name == netdev);
        let link = link.ok_or_else(|| Error::NoSuchDevice(netdev.to_owned()))?;
        // What the device is bound to under its former name goes first, as soon as the worker hears of the new one.
        if let Some(former) = self.ports.netdev(link.ifindex)
            && former != netdev
        {
            return Err(Error::Invalid(format!(
                "network device {netdev} is the port {former} until its new name is known"
            )));
        }
        self.ports
            .put(&mut self.programs, &mut self.netlink, &link, self.mode)?;
        self.links.insert(link.ifindex, link);
        Ok(())
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

    /// Changes how many local MACs there may be. What is known beyond that stays until it ages or is evicted.
    ///
    /// # Errors
    /// A limit is 0 or more than the table holds.
    pub fn put_mac_limits(&mut self, limits: MacLimits) -> Result<(), Error> {
        self.macs.put_limits(limits)
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
        if self.floods.is_flooded_to(number) || self.origins.has(number) {
            return Err(Error::Invalid(format!(
                "the tunnel to {remote} is still in a flood list, or has VNIs of its own"
            )));
        }
        self.tunnels.remove(remote)
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

    fn mac_key(&self, switch_id: SwitchId, mac: Mac) -> Result<MacKey, Error> {
        Ok(MacKey {
            switch_slot: self.switches.slot(switch_id)?,
            mac: mac.octets(),
            zero: 0,
        })
    }
}

fn own_vxlan_device(
    netlink: &mut Netlink,
    programs: &mut Programs,
    settings: &mut Array<MapData, Settings>,
    switch_name: &str,
) -> Result<(), Error> {
    let vxlan_ifindex = underlay::own_vxlan_device(netlink, programs, switch_name)?;
    let value = Settings {
        vxlan_ifindex,
        layout: LAYOUT,
    };
    Ok(settings.set(0, value, 0)?)
}
