//! The thread that runs the sessions: it hears punted frames, sends what is due, and tells of changes.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::bfd::{Envelope, Instant, Refusal, over_vxlan};
use aya::maps::{Array, MapData, PerCpuArray, RingBuf};
use model::DropReason;

use super::{Notify, Shared, record, sender::Sender};
use crate::{
    drops::Drops,
    error::Error,
    layout::{Address, BfdSession, Punt},
    spec::Notice,
    table::Table,
    tunnels::Ends,
    worker::monotonic_ns,
};

/// The heart beats so often within the shortest interval of a session that is up.
const BEATS: u32 = 6;
const BEAT_MAX: Duration = Duration::from_millis(500);
/// How often refused packets are added to the counters.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// Frames that are heard in one pass, so that nobody who sends many keeps the sessions from what is due.
const HEARD_MAX: usize = 256;
/// The thread goes before ordinary ones: being late means being lost.
const NICENESS: libc::c_int = -10;
const IDLE: Duration = Duration::from_secs(60);

/// The maps and the tunnels that sessions work with.
pub struct Parts {
    /// Frames from the programs.
    pub punts: RingBuf<MapData>,
    /// What outlives the process.
    pub records: Table<Address, BfdSession>,
    /// When this thread last ran.
    pub heartbeat: Array<MapData, u64>,
    /// Data packets by tunnel.
    pub received: PerCpuArray<MapData, u64>,
    /// Counters of what is refused.
    pub drops: Drops,
    /// The tunnels.
    pub ends: Ends,
}

/// What the thread works with.
pub struct Driver {
    pub parts: Parts,
    pub shared: Arc<Shared>,
    pub stop: Arc<AtomicBool>,
    pub notify: Notify,
    pub sender: Sender,
    pub written: HashMap<IpAddr, BfdSession>,
    pub opened: Instant,
    pub beat: Option<Duration>,
    pub next_beat: Instant,
    pub refused: u64,
    pub next_count: Instant,
}

/// Now, by the clock that the programs stamp frames with.
pub fn now() -> Instant {
    Instant::new(Duration::from_nanos(monotonic_ns()))
}

impl Driver {
    /// Runs until it is stopped.
    pub fn run(mut self) {
        // SAFETY: no pointers. Where it is not permitted, the thread runs as others do.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
        while !self.stop.load(Ordering::Acquire) {
            let mut notices = Vec::new();
            self.hear();
            self.run_due(&mut notices);
            self.beat(&mut notices);
            self.count_refused(&mut notices);
            if !notices.is_empty() {
                (self.notify)(notices);
            }
            if let Err(error) = self.wait() {
                (self.notify)(vec![Notice::Failed(format!(
                    "wait for BFD packets: {error}"
                ))]);
                std::thread::sleep(BEAT_MAX);
            }
        }
    }

    /// Frames that came before this process are not for it: they tell the past.
    fn hear(&mut self) {
        for _ in 0..HEARD_MAX {
            let Some(record) = self.parts.punts.next() else {
                break;
            };
            let Some((remote, received_ns, vni, frame)) = Punt::parse(&record) else {
                continue;
            };
            let received = Instant::new(Duration::from_nanos(received_ns));
            if received < self.opened {
                continue;
            }
            if process(&self.shared, remote, vni, frame).is_err() {
                self.refused += 1;
            }
        }
    }

    fn run_due(&mut self, notices: &mut Vec<Notice>) {
        let shared = Arc::clone(&self.shared);
        let mut sessions = shared.sessions();
        let now = now();
        while let Some(remote) = sessions.next_due(now) {
            if let Some(entry) = sessions.get_mut(remote) {
                let end = self.parts.ends.get(remote);
                entry.follow(end);
                if let (true, Some(end)) = (entry.session().wants_data_count(), end) {
                    let counted = self.parts.received.get(&end.number, 0);
                    let total = counted.map_or(0, |counted| counted.iter().sum());
                    entry.session().count_data(total, now);
                }
            }
            let due = sessions.poll(remote, now);
            for (local, remote, frame) in due.frames {
                let result = self.sender.send(local, remote, &over_vxlan(&frame));
                if let Some(entry) = sessions.get_mut(remote) {
                    entry.set_trouble(result.err().map(|error| format!("cannot send: {error}")));
                }
            }
            let Some(entry) = sessions.get_mut(remote) else {
                continue;
            };
            if let Some(status) = entry.news() {
                notices.push(Notice::Bfd { remote, status });
            }
            let frame = entry.standing_frame();
            let record = (!entry.is_leaving()).then(|| record::to_record(entry.session(), &frame));
            if let Err(error) = self.keep(remote, record) {
                notices.push(Notice::Failed(format!(
                    "keep the BFD session with {remote}: {error}"
                )));
            }
        }
        self.beat = sessions
            .shortest_interval()
            .map(|interval| (interval / BEATS).min(BEAT_MAX));
    }

    /// Writes what outlives the process, where it changed.
    fn keep(&mut self, remote: IpAddr, record: Option<BfdSession>) -> Result<(), Error> {
        if self.written.get(&remote) == record.as_ref() {
            return Ok(());
        }
        if let Some(record) = record {
            self.parts.records.put(remote.into(), record)?;
            self.written.insert(remote, record);
        } else {
            self.parts.records.remove(&remote.into())?;
            self.written.remove(&remote);
        }
        Ok(())
    }

    fn beat(&mut self, notices: &mut Vec<Notice>) {
        let now = now();
        let Some(beat) = self.beat.filter(|_| now >= self.next_beat) else {
            return;
        };
        self.next_beat = now + beat;
        if let Err(error) = self.parts.heartbeat.set(0, monotonic_ns(), 0) {
            notices.push(Notice::Failed(format!("write the BFD heartbeat: {error}")));
        }
    }

    fn count_refused(&mut self, notices: &mut Vec<Notice>) {
        let now = now();
        if self.refused == 0 || now < self.next_count {
            return;
        }
        self.next_count = now + COUNT_INTERVAL;
        match self.parts.drops.add(DropReason::BfdRefused, self.refused) {
            Ok(()) => self.refused = 0,
            Err(error) => notices.push(Notice::Failed(format!("count BFD packets: {error}"))),
        }
    }

    fn wait(&self) -> io::Result<()> {
        let due = self.shared.sessions().deadline();
        let beat = self.beat.map(|_| self.next_beat);
        let count = (self.refused > 0).then_some(self.next_count);
        let timeout = [due, beat, count]
            .into_iter()
            .flatten()
            .min()
            .map_or(IDLE, |at| at.since(now()));
        let entry = |fd: RawFd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut entries = [
            entry(self.shared.wake.as_raw_fd()),
            entry(self.parts.punts.as_raw_fd()),
        ];
        let timeout_ms = timeout.min(IDLE).as_micros().div_ceil(1000);
        let timeout_ms = libc::c_int::try_from(timeout_ms).unwrap_or(1000);
        // SAFETY: two entries that live through the call.
        if unsafe { libc::poll(entries.as_mut_ptr(), 2, timeout_ms) } < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted {
                Ok(())
            } else {
                Err(error)
            };
        }
        if entries[0].revents != 0 {
            clear(&self.shared.wake);
        }
        Ok(())
    }
}

/// Hands a frame to its session.
fn process(shared: &Shared, remote: IpAddr, vni: u32, frame: &[u8]) -> Result<(), Refusal> {
    let (envelope, packet) = Envelope::open(frame)?;
    let mut sessions = shared.sessions();
    let now = now();
    // A session that was removed a moment ago has nothing to hear.
    if let Some(entry) = sessions.get_mut(remote) {
        envelope.check(vni, entry.session().config())?;
        entry.session().process(&packet, now)?;
        sessions.wake_at(remote, now);
    }
    Ok(())
}

fn clear(wake: &OwnedFd) {
    let mut count: u64 = 0;
    // SAFETY: eight bytes from an event descriptor that is open and does not block.
    unsafe { libc::read(wake.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) };
}
