//! The thread that hears of learned MACs, links, routes and neighbours, and ages what is old. The event loop of the
//! control plane has no part in it.

use std::{
    collections::HashSet,
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aya::maps::{MapData, RingBuf};

use crate::{
    error::Error,
    grace::wait_for_programs,
    layout::{EVENT_FULL, EVENT_LEARNED, EVENT_MOVED, EVENT_REFUSED, Event, MacKey},
    macs::Place,
    netlink::watch::Watch,
    spec::Notice,
    tables::Tables,
};

const SWEEP: Duration = Duration::from_secs(1);
const KEEP: Duration = Duration::from_secs(5);
/// How often the programs are listened to at the most: a MAC that flaps between two ports tells of each frame, and is
/// looked at once for all of them.
const HEAR_INTERVAL: Duration = Duration::from_millis(5);
/// Bursts of route and neighbour changes are answered together.
const RESOLVE_INTERVAL: Duration = Duration::from_millis(20);

/// What the thread works with.
pub struct Worker {
    pub tables: Arc<Mutex<Tables>>,
    pub ring: RingBuf<MapData>,
    pub watch: Watch,
    pub stop: OwnedFd,
    pub ageing_ns: u64,
    pub notify: Arc<dyn Fn(Vec<Notice>) + Send + Sync>,
}

/// Locks the tables; a panic elsewhere left them as consistent as the kernel's own.
pub fn lock(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The clock of `bpf_ktime_get_coarse_ns`: `CLOCK_MONOTONIC`, in nanoseconds.
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}

impl Worker {
    /// Runs until the stop descriptor is readable.
    pub fn run(mut self) {
        let mut next_sweep = Instant::now();
        let mut next_keep = next_sweep + KEEP;
        let mut resolve_at: Option<Instant> = None;
        let mut hear_at = next_sweep;
        loop {
            let now = Instant::now();
            if now >= next_sweep {
                next_sweep = now + SWEEP;
                let ageing_ns = self.ageing_ns;
                self.work(|tables| tables.sweep(monotonic_ns(), ageing_ns));
                self.free_retired();
            }
            if now >= next_keep {
                next_keep = now + KEEP;
                resolve_at = Some(now);
                self.work(Tables::keep);
            }
            if resolve_at.is_some_and(|at| now >= at) {
                resolve_at = None;
                self.work(|tables| {
                    tables.resolve().map(|has_changed| {
                        has_changed.then_some(Notice::Links).into_iter().collect()
                    })
                });
            }
            let is_hearing = now >= hear_at;
            let mut wake = resolve_at.map_or(next_sweep, |at| at.min(next_sweep));
            if !is_hearing {
                wake = wake.min(hear_at);
            }
            match self.wait(wake.saturating_duration_since(Instant::now()), is_hearing) {
                Ok(Ready { stop: true, .. }) => return,
                Ok(ready) => {
                    if ready.ring {
                        self.hear_programs();
                        hear_at = Instant::now() + HEAR_INTERVAL;
                    }
                    if ready.watch && self.hear_kernel() {
                        resolve_at.get_or_insert(Instant::now() + RESOLVE_INTERVAL);
                    }
                }
                Err(error) => {
                    (self.notify)(vec![Notice::Failed(format!("wait for events: {error}"))]);
                    std::thread::sleep(SWEEP);
                }
            }
        }
    }

    fn work(&self, task: impl FnOnce(&mut Tables) -> Result<Vec<Notice>, Error>) {
        let result = task(&mut lock(&self.tables));
        match result {
            Ok(notices) if notices.is_empty() => {}
            Ok(notices) => (self.notify)(notices),
            Err(error) => (self.notify)(vec![Notice::Failed(error.to_string())]),
        }
    }

    /// Nobody waits for the tables while this waits for the programs.
    fn free_retired(&self) {
        let retired = lock(&self.tables).retired();
        if let Some(lists) = retired {
            wait_for_programs();
            self.work(|tables| tables.free_retired(lists).map(|()| Vec::new()));
        }
    }

    fn hear_programs(&mut self) {
        let mut learned = HashSet::new();
        let mut refused = Vec::new();
        let mut is_full = false;
        while let Some(record) = self.ring.next() {
            let Some(event) = Event::parse(&record) else {
                continue;
            };
            let key = MacKey {
                switch_slot: event.switch_slot,
                mac: event.mac,
                zero: 0,
            };
            match event.kind {
                EVENT_LEARNED | EVENT_MOVED => {
                    learned.insert(key);
                }
                EVENT_REFUSED => refused.push((
                    key,
                    Place {
                        ifindex: event.ifindex,
                        vlan: event.vlan,
                    },
                )),
                EVENT_FULL => is_full = true,
                _ => {}
            }
        }
        if is_full {
            self.work(|tables| tables.make_room(monotonic_ns()));
        }
        self.work(|tables| {
            let mut notices = tables.look(learned)?;
            notices.extend(
                refused
                    .into_iter()
                    .filter_map(|(key, place)| tables.refused(key, place)),
            );
            Ok(notices)
        });
    }

    /// Returns whether paths are to be looked up again.
    fn hear_kernel(&self) -> bool {
        match self.watch.read() {
            Ok(changes) => {
                let paths = changes.paths;
                self.work(|tables| Ok(tables.follow(changes)));
                paths
            }
            Err(error) => {
                (self.notify)(vec![Notice::Failed(format!(
                    "read netlink notifications: {error}"
                ))]);
                true
            }
        }
    }

    fn wait(&self, timeout: Duration, is_hearing: bool) -> io::Result<Ready> {
        let entry = |fd: RawFd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut entries = [
            entry(self.stop.as_raw_fd()),
            // poll passes over negative descriptors.
            entry(if is_hearing {
                self.ring.as_raw_fd()
            } else {
                -1
            }),
            entry(self.watch.as_raw_fd()),
        ];
        let timeout_ms = libc::c_int::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(1000);
        // SAFETY: three entries that live through the call.
        if unsafe { libc::poll(entries.as_mut_ptr(), 3, timeout_ms) } < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted {
                Ok(Ready::default())
            } else {
                Err(error)
            };
        }
        let [stop, ring, watch] = entries.map(|entry| entry.revents != 0);
        Ok(Ready { stop, ring, watch })
    }
}

#[derive(Default)]
struct Ready {
    stop: bool,
    ring: bool,
    watch: bool,
}
