//! Tunnels: a remote VTEP, our address towards it, and the path that the underlay has for it.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use aya::Ebpf;

use crate::{
    error::Error,
    header,
    layout::{Address, TUNNEL_HEADER_MAX, TUNNEL_XDP, TUNNELS_MAX, Tunnel, VTEP_OWN_VNIS, Vtep},
    table::Table,
};

/// The path to a remote VTEP, when the next hop is resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Underlay device.
    pub ifindex: u32,
    /// Its name.
    pub netdev: String,
    /// Its MAC.
    pub source_mac: [u8; 6],
    /// The next hop's MAC.
    pub next_hop_mac: [u8; 6],
    /// Frames may be redirected to the device in XDP.
    pub is_xdp: bool,
}

/// Why frames for a tunnel get no prepared header. The kernel's VXLAN device is given them; unless the underlay is no
/// Ethernet, it can only lose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No route leads to the remote VTEP from our address, or the box does not have that address.
    NoRoute,
    /// The underlay device is down, or its cable is out.
    DeviceDown,
    /// The next hop does not answer ARP.
    NoAnswer,
    /// The underlay device has no Ethernet header.
    NotEthernet,
}

impl Obstacle {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRoute => "no_route",
            Self::DeviceDown => "device_down",
            Self::NoAnswer => "no_answer",
            Self::NotEthernet => "not_ethernet",
        }
    }
}

/// A tunnel as it is in the table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Number by which the FDB and the flood lists name it.
    pub number: u32,
    /// Our end.
    pub local: IpAddr,
    /// Largest inner layer-3 packet, in bytes.
    pub inner_mtu: u32,
    /// Where frames leave, or why they have no prepared header.
    pub path: Result<Path, Obstacle>,
    /// Some of the VTEP's frames have VNIs of its own.
    pub has_own_vnis: bool,
}

impl Entry {
    const fn vtep(&self) -> Vtep {
        Vtep {
            tunnel: self.number,
            flags: if self.has_own_vnis { VTEP_OWN_VNIS } else { 0 },
        }
    }

    const fn end(&self) -> End {
        End {
            number: self.number,
            local: self.local,
        }
    }
}

/// What others than the owner of the tables have to know of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Number by which the programs count its packets.
    pub number: u32,
    /// Our end.
    pub local: IpAddr,
}

/// The tunnels by their remote VTEPs, for readers that must not wait for the tables.
#[derive(Clone, Debug, Default)]
pub struct Ends(Arc<Mutex<HashMap<IpAddr, End>>>);

impl Ends {
    /// The tunnel to a remote VTEP.
    pub fn get(&self, remote: IpAddr) -> Option<End> {
        self.with(|ends| ends.get(&remote).copied())
    }

    fn with<R>(&self, task: impl FnOnce(&mut HashMap<IpAddr, End>) -> R) -> R {
        task(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The tables of tunnels.
pub struct Tunnels {
    by_remote: HashMap<IpAddr, Entry>,
    next_number: u32,
    ends: Ends,
    table: Table<u32, Tunnel>,
    vteps: Table<Address, Vtep>,
    local_addresses: Table<Address, u32>,
}

impl Tunnels {
    /// Opens the tables and reads back what they hold. Paths are looked up anew.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let table: Table<u32, Tunnel> = Table::take(ebpf, "tunnels", "tunnels", TUNNELS_MAX)?;
        let vteps: Table<Address, Vtep> = Table::take(ebpf, "vteps", "remote VTEPs", TUNNELS_MAX)?;
        let own_vnis: HashSet<u32> = vteps
            .entries()?
            .into_iter()
            .filter(|(_, vtep)| vtep.flags & VTEP_OWN_VNIS != 0)
            .map(|(_, vtep)| vtep.tunnel)
            .collect();
        let by_remote: HashMap<IpAddr, Entry> = table
            .entries()?
            .into_iter()
            .map(|(number, tunnel)| {
                let entry = Entry {
                    number,
                    local: tunnel.local.into(),
                    inner_mtu: tunnel.inner_mtu,
                    path: Err(Obstacle::NoRoute),
                    has_own_vnis: own_vnis.contains(&number),
                };
                (tunnel.remote.into(), entry)
            })
            .collect();
        let ends = Ends::default();
        ends.with(|ends| {
            ends.extend(
                by_remote
                    .iter()
                    .map(|(remote, entry)| (*remote, entry.end())),
            );
        });
        let next_number = by_remote
            .values()
            .map(|entry| entry.number + 1)
            .max()
            .unwrap_or(0)
            % TUNNELS_MAX;
        Ok(Self {
            by_remote,
            next_number,
            ends,
            table,
            vteps,
            local_addresses: Table::take(ebpf, "local_addresses", "tunnel addresses", 64)?,
        })
    }

    /// The tunnels, as they are from now on.
    pub fn ends(&self) -> Ends {
        self.ends.clone()
    }

    /// The number of the tunnel to a remote VTEP.
    pub fn number(&self, remote: IpAddr) -> Result<u32, Error> {
        self.by_remote
            .get(&remote)
            .map(|entry| entry.number)
            .ok_or_else(|| Error::NoSuchTunnel(remote.to_string()))
    }

    /// The remote VTEP of a tunnel.
    pub fn remotes_by_number(&self) -> HashMap<u32, IpAddr> {
        self.by_remote
            .iter()
            .map(|(remote, entry)| (entry.number, *remote))
            .collect()
    }

    /// All tunnels.
    pub fn entries(&self) -> impl Iterator<Item = (IpAddr, &Entry)> + '_ {
        self.by_remote
            .iter()
            .map(|(remote, entry)| (*remote, entry))
    }

    /// Adds a tunnel or changes its local address; the path is `set_path`'s.
    pub fn put(&mut self, remote: IpAddr, local: IpAddr, inner_mtu: u32) -> Result<(), Error> {
        let (IpAddr::V4(_), IpAddr::V4(_)) = (remote, local) else {
            return Err(Error::Invalid(format!(
                "tunnel {local} -> {remote}: the underlay is IPv4 (vxlan_over_ipv4)"
            )));
        };
        let known = self.by_remote.get(&remote);
        let (number, has_own_vnis) = match known {
            Some(entry) if entry.local == local => return Ok(()),
            Some(entry) => (entry.number, entry.has_own_vnis),
            None => (self.free_number()?, false),
        };
        self.local_addresses.put(local.into(), 1)?;
        let entry = Entry {
            number,
            local,
            inner_mtu,
            path: Err(Obstacle::NoRoute),
            has_own_vnis,
        };
        self.write(remote, &entry)?;
        self.vteps.put(remote.into(), entry.vtep())?;
        self.ends.with(|ends| ends.insert(remote, entry.end()));
        self.by_remote.insert(remote, entry);
        self.forget_unused_addresses()
    }

    /// Removes a tunnel: from now on nothing is accepted from that VTEP.
    pub fn remove(&mut self, remote: IpAddr) -> Result<(), Error> {
        let Some(entry) = self.by_remote.remove(&remote) else {
            return Ok(());
        };
        self.ends.with(|ends| ends.remove(&remote));
        self.vteps.remove(&remote.into())?;
        self.table.remove(&entry.number)?;
        self.forget_unused_addresses()
    }

    /// Says whether some frames of a VTEP have VNIs of its own, which are then looked up first.
    pub fn mark_own_vnis(&mut self, remote: IpAddr, has_own_vnis: bool) -> Result<(), Error> {
        let Some(entry) = self.by_remote.get_mut(&remote) else {
            return Err(Error::NoSuchTunnel(remote.to_string()));
        };
        if entry.has_own_vnis == has_own_vnis {
            return Ok(());
        }
        entry.has_own_vnis = has_own_vnis;
        self.vteps.put(remote.into(), entry.vtep())
    }

    /// Sets the path and the MTU that the underlay has now. Returns whether anything changed.
    pub fn set_path(
        &mut self,
        remote: IpAddr,
        path: Result<Path, Obstacle>,
        inner_mtu: u32,
    ) -> Result<bool, Error> {
        let Some(entry) = self.by_remote.get(&remote) else {
            return Ok(false);
        };
        if entry.path == path && entry.inner_mtu == inner_mtu {
            return Ok(false);
        }
        let entry = Entry {
            inner_mtu,
            path,
            ..entry.clone()
        };
        self.write(remote, &entry)?;
        self.by_remote.insert(remote, entry);
        Ok(true)
    }

    /// Writes every tunnel again, so that what an earlier process knew of paths is gone.
    pub fn rewrite(&mut self) -> Result<(), Error> {
        let all: Vec<_> = self
            .by_remote
            .iter()
            .map(|(remote, entry)| (*remote, entry.clone()))
            .collect();
        all.iter()
            .try_for_each(|(remote, entry)| self.write(*remote, entry))
    }

    fn write(&mut self, remote: IpAddr, entry: &Entry) -> Result<(), Error> {
        let mut value = Tunnel {
            remote: remote.into(),
            local: entry.local.into(),
            inner_mtu: entry.inner_mtu,
            ifindex: 0,
            flags: 0,
            header_len: 0,
            header: [0; TUNNEL_HEADER_MAX],
        };
        if let (Ok(path), IpAddr::V4(local), IpAddr::V4(remote)) =
            (&entry.path, entry.local, remote)
        {
            let outer = header::outer_v4(path.source_mac, path.next_hop_mac, local, remote);
            value.ifindex = path.ifindex;
            value.flags = if path.is_xdp { TUNNEL_XDP } else { 0 };
            value.header_len = u32::try_from(outer.len()).unwrap_or(0);
            value.header[..outer.len()].copy_from_slice(&outer);
        }
        self.table.put(entry.number, value)
    }

    fn forget_unused_addresses(&mut self) -> Result<(), Error> {
        for (address, _) in self.local_addresses.entries()? {
            if !self
                .by_remote
                .values()
                .any(|entry| Address::from(entry.local) == address)
            {
                self.local_addresses.remove(&address)?;
            }
        }
        Ok(())
    }

    /// A number that was given back is not given out again soon: a MAC that still names it finds no tunnel then, and
    /// not somebody else's.
    fn free_number(&mut self) -> Result<u32, Error> {
        let used: HashSet<u32> = self.by_remote.values().map(|entry| entry.number).collect();
        let number = (self.next_number..TUNNELS_MAX)
            .chain(0..self.next_number)
            .find(|number| !used.contains(number))
            .ok_or(Error::TableFull {
                table: "tunnels",
                limit: TUNNELS_MAX,
            })?;
        self.next_number = (number + 1) % TUNNELS_MAX;
        Ok(number)
    }
}
