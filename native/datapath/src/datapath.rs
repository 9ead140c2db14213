//! The data plane with its worker thread.

use std::{
    net::IpAddr,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    sync::{Arc, Mutex, MutexGuard},
    thread::{self, JoinHandle},
    time::Duration,
};

use ::bfd::{Config, Status};
use model::MacLimits;

use crate::{
    bfd::Bfd,
    error::Error,
    netlink::{Netlink, watch::Watch},
    ports::{self, Mode},
    programs,
    spec::{DropCount, MacUse, Notice, Snapshot},
    tables::Tables,
    underlay,
    worker::{Worker, lock, monotonic_ns},
};

/// How to open the data plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the `Physical_Switch`; marks what the gateway makes in the kernel.
    pub switch_name: String,
    /// XDP or tc.
    pub mode: Mode,
    /// How long a local MAC lives without being seen.
    pub ageing: Duration,
    /// How many local MACs there may be.
    pub mac_limits: MacLimits,
}

/// The data plane. Dropping it leaves forwarding in place.
pub struct Datapath {
    tables: Arc<Mutex<Tables>>,
    bfd: Bfd,
    notify: Arc<dyn Fn(Vec<Notice>) + Send + Sync>,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl Datapath {
    /// Loads the programs, adopts what an earlier process left, and starts the worker.
    ///
    /// # Errors
    /// See [`Tables::open`].
    pub fn open(
        options: &Options,
        notify: impl Fn(Vec<Notice>) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let watch =
            Watch::open().map_err(|error| Error::kernel("watch links and routes", error))?;
        let (mut tables, ring) = Tables::open(&options.switch_name, options.mode, false)?;
        tables.put_mac_limits(options.mac_limits)?;
        let notify: Arc<dyn Fn(Vec<Notice>) + Send + Sync> = Arc::new(notify);
        let bfd = Bfd::start(
            tables.bfd_parts()?,
            event_descriptor()?,
            Arc::clone(&notify),
        )?;
        let tables = Arc::new(Mutex::new(tables));
        let stop = event_descriptor()?;
        let worker = Worker {
            tables: Arc::clone(&tables),
            ring,
            watch,
            stop: stop
                .try_clone()
                .map_err(|error| Error::kernel("copy a descriptor", error))?,
            ageing_ns: u64::try_from(options.ageing.as_nanos()).unwrap_or(u64::MAX),
            notify: Arc::clone(&notify),
        };
        let thread = thread::Builder::new()
            .name("vtep-datapath".into())
            .spawn(move || worker.run())
            .map_err(|error| Error::kernel("start the worker", error))?;
        Ok(Self {
            tables,
            bfd,
            notify,
            stop,
            thread: Some(thread),
        })
    }

    /// The tables, for the time of the guard. The worker waits meanwhile.
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        lock(&self.tables)
    }

    /// Reads everything back.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        self.tables().snapshot(monotonic_ns())
    }

    /// Use of the limits of local MACs.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn mac_uses(&self) -> Result<Vec<MacUse>, Error> {
        self.tables().mac_uses(monotonic_ns())
    }

    /// What was dropped and why, by the programs and by the kernel after them.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn drop_counts(&self) -> Result<Vec<DropCount>, Error> {
        let mut tables = self.tables();
        let mut counts = tables.drop_counts()?;
        counts.extend(tables.lost_in_underlay()?);
        Ok(counts)
    }

    /// Tells what a change brought about by the same way as what the worker finds.
    pub fn notify(&self, notices: Vec<Notice>) {
        if !notices.is_empty() {
            (self.notify)(notices);
        }
    }

    /// Begins BFD on a tunnel, changes its configuration, or ends it where that is not enabled. Repeats are no news.
    ///
    /// # Errors
    /// No tunnel leads there; an interval is zero; there are too many sessions.
    pub fn put_bfd(&self, remote: IpAddr, config: Config) -> Result<(), Error> {
        self.bfd.put(remote, config)
    }

    /// Ends BFD on a tunnel, before the tunnel is removed: the remote system is told.
    pub fn remove_bfd(&self, remote: IpAddr) {
        self.bfd.remove(remote);
    }

    /// The tunnels with BFD and how it is configured, those of an earlier process included.
    #[must_use]
    pub fn bfd_configs(&self) -> Vec<(IpAddr, Config)> {
        self.bfd.configs()
    }

    /// How every session stands.
    #[must_use]
    pub fn bfd_status(&self) -> Vec<(IpAddr, Status)> {
        self.bfd.status()
    }

    /// Ends the threads. Forwarding stays, and the programs answer for BFD sessions that are up.
    pub fn close(&mut self) {
        self.bfd.close();
        if let Some(thread) = self.thread.take() {
            // SAFETY: eight bytes to a descriptor that is open.
            unsafe {
                libc::write(
                    self.stop.as_raw_fd(),
                    (&raw const ONE).cast(),
                    size_of::<u64>(),
                )
            };
            let _ = thread.join();
        }
    }
}

static ONE: u64 = 1;

impl Drop for Datapath {
    fn drop(&mut self) {
        self.close();
    }
}

/// Removes everything that the gateway put into the kernel: programs, VXLAN device, and with them the maps. Devices
/// that were its ports are as they were made: not promiscuous, with IPv6. Returns whether there was anything.
///
/// # Errors
/// The kernel's answer; `InUse` when the gateway of this network namespace is another one. Without a name it is
/// whatever gateway is there.
pub fn detach(switch_name: Option<&str>) -> Result<bool, Error> {
    let mut netlink = open_netlink()?;
    match switch_name {
        Some(name) => underlay::refuse_other_owner(&mut netlink, name)?,
        None => underlay::owner(&mut netlink).map(drop)?,
    }
    let mut is_found = false;
    let mut result = Ok(());
    for link in underlay::links(&mut netlink)?.into_values() {
        let released = if underlay::is_vxlan_device(&link) {
            Ok(true)
        } else {
            ports::release(&mut netlink, &link)
        };
        is_found |= *released.as_ref().unwrap_or(&true);
        // An underlay device has an XDP program alone.
        let freed = programs::detach_xdp(&mut netlink, &link);
        result = result.and(released.map(drop)).and(freed);
    }
    result.and(underlay::remove_vxlan_device(&mut netlink))?;
    Ok(is_found)
}

/// The name of the switch whose gateway is in this network namespace.
///
/// # Errors
/// The kernel's answer; `InUse` when the name of the VXLAN device is taken by a device of somebody else.
pub fn gateway_here() -> Result<Option<String>, Error> {
    underlay::owner(&mut open_netlink()?)
}

/// The addresses of the network namespace with the names of their devices.
///
/// # Errors
/// The kernel's answer.
pub fn local_addresses() -> Result<Vec<(String, IpAddr)>, Error> {
    let mut netlink = open_netlink()?;
    let links = underlay::links(&mut netlink)?;
    let addresses = netlink
        .addresses()
        .map_err(|error| Error::kernel("list the addresses", error))?;
    Ok(addresses
        .into_iter()
        .filter_map(|(ifindex, address)| {
            links.get(&ifindex).map(|link| (link.name.clone(), address))
        })
        .collect())
}

fn open_netlink() -> Result<Netlink, Error> {
    Netlink::open().map_err(|error| Error::kernel("open a netlink socket", error))
}

fn event_descriptor() -> Result<OwnedFd, Error> {
    // SAFETY: no pointers.
    let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    if descriptor < 0 {
        return Err(Error::kernel("eventfd", std::io::Error::last_os_error()));
    }
    // SAFETY: the kernel has just given the descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
