//! BFD in tunnels: the sessions (crate `bfd`) with their thread, their packets on the wire, and what of them outlives
//! the process.
//!
//! The thread hears control packets through the ring buffer `punts` and sends by UDP sockets. Each change of a session
//! goes into the map `bfd_sessions`, from which the programs answer the remote system while no daemon runs, and from
//! which the next daemon goes on.

mod driver;
mod record;
mod sender;
mod sessions;

use std::{
    net::IpAddr,
    os::fd::{AsRawFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use ::bfd::{Config, Status};

use crate::{error::Error, layout::BFD_SESSIONS_MAX, spec::Notice};

pub use driver::Parts;
use driver::{Driver, now};
use sessions::Sessions;

/// How the thread tells of changes.
pub type Notify = Arc<dyn Fn(Vec<Notice>) + Send + Sync>;

/// What the thread and its owner share.
#[derive(Debug)]
pub struct Shared {
    sessions: Mutex<Sessions>,
    wake: OwnedFd,
}

impl Shared {
    /// The sessions are values: a panic elsewhere leaves them as they were before or after a step.
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        static ONE: u64 = 1;
        // SAFETY: eight bytes to a descriptor that is open.
        unsafe {
            libc::write(
                self.wake.as_raw_fd(),
                (&raw const ONE).cast(),
                size_of::<u64>(),
            )
        };
    }
}

/// The sessions and their thread.
pub struct Bfd {
    shared: Arc<Shared>,
    ends: crate::tunnels::Ends,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bfd {
    /// Goes on with the sessions of an earlier process and starts the thread. `wake` is an event descriptor.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn start(parts: Parts, wake: OwnedFd, notify: Notify) -> Result<Self, Error> {
        let opened = now();
        let mut sessions = Sessions::default();
        let mut written = std::collections::HashMap::new();
        for (address, record) in parts.records.entries()? {
            if let Some((config, saved)) = record::from_record(&record) {
                sessions.resume(address.into(), config, &saved, opened);
                written.insert(address.into(), record);
            }
        }
        let shared = Arc::new(Shared {
            sessions: Mutex::new(sessions),
            wake,
        });
        let stop = Arc::new(AtomicBool::new(false));
        let ends = parts.ends.clone();
        let driver = Driver {
            parts,
            shared: Arc::clone(&shared),
            stop: Arc::clone(&stop),
            notify,
            sender: sender::Sender::default(),
            written,
            opened,
            beat: None,
            next_beat: opened,
            refused: 0,
            next_count: opened,
        };
        let thread = thread::Builder::new()
            .name("vtep-bfd".into())
            .spawn(move || driver.run())
            .map_err(|error| Error::kernel("start the BFD thread", error))?;
        Ok(Self {
            shared,
            ends,
            stop,
            thread: Some(thread),
        })
    }

    /// Begins a session, changes its configuration, or ends it where that is not enabled.
    ///
    /// # Errors
    /// No tunnel leads there; there are too many sessions.
    pub fn put(&self, remote: IpAddr, config: Config) -> Result<(), Error> {
        if !config.is_enabled {
            self.remove(remote);
            return Ok(());
        }
        if config.min_rx.is_zero() || config.min_tx.is_zero() {
            return Err(Error::Invalid(format!(
                "BFD with {remote}: min_rx and min_tx are at least 1 ms"
            )));
        }
        if self.ends.get(remote).is_none() {
            return Err(Error::NoSuchTunnel(remote.to_string()));
        }
        if !self.shared.sessions().put(remote, config, now()) {
            return Err(Error::TableFull {
                table: "BFD sessions",
                limit: BFD_SESSIONS_MAX,
            });
        }
        self.shared.wake();
        Ok(())
    }

    /// Ends a session. The remote system hears that it was switched off.
    pub fn remove(&self, remote: IpAddr) {
        self.shared.sessions().remove(remote, now());
        self.shared.wake();
    }

    /// The sessions with their configuration.
    pub fn configs(&self) -> Vec<(IpAddr, Config)> {
        let sessions = self.shared.sessions();
        sessions
            .wanted()
            .map(|(remote, entry)| (remote, *entry.config()))
            .collect()
    }

    /// The status of every session.
    pub fn status(&self) -> Vec<(IpAddr, Status)> {
        let sessions = self.shared.sessions();
        sessions
            .wanted()
            .map(|(remote, entry)| (remote, entry.status()))
            .collect()
    }

    /// Ends the thread. The programs go on answering for the sessions.
    pub fn close(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.stop.store(true, Ordering::Release);
            self.shared.wake();
            let _ = thread.join();
        }
    }
}

impl Drop for Bfd {
    fn drop(&mut self) {
        self.close();
    }
}
