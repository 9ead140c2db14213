//! The sessions of all tunnels with what is due when.

use std::{
    collections::{BTreeSet, HashMap, HashSet, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    time::Duration,
};

use ::bfd::{Config, Effect, Envelope, Instant, MULTIPLIER, Saved, Session, State, Status};
use model::Mac;

use crate::{layout::BFD_SESSIONS_MAX, tunnels::End};

/// For how long a remote system is told that a session was switched off, if it says no other interval.
const FAREWELL: Duration = Duration::from_secs(3);

/// A session and what belongs to it.
#[derive(Debug)]
pub struct Entry {
    session: Session,
    end: Option<End>,
    trouble: Option<String>,
    told: Option<Status>,
    deadline: Option<Instant>,
    leaves_at: Option<Instant>,
}

/// What `Sessions::poll` leaves to do.
#[derive(Debug, Default)]
pub struct Due {
    /// The frame to send, our end of the tunnel and the remote VTEP.
    pub frames: Vec<(IpAddr, IpAddr, Vec<u8>)>,
    /// The session is over: nothing of it is to be kept.
    pub is_over: bool,
}

/// The sessions, one for each remote VTEP.
#[derive(Debug, Default)]
pub struct Sessions {
    by_remote: HashMap<IpAddr, Entry>,
    deadlines: BTreeSet<(Instant, IpAddr)>,
    random: RandomState,
    drawn: u64,
}

impl Sessions {
    /// Begins a session or changes the configuration of one. Returns whether there is room for it.
    pub fn put(&mut self, remote: IpAddr, config: Config, now: Instant) -> bool {
        if let Some(entry) = self.by_remote.get_mut(&remote) {
            entry.leaves_at = None;
            if *entry.session.config() != config {
                entry.session.configure(config, now);
            }
        } else {
            if self.by_remote.len() >= BFD_SESSIONS_MAX as usize {
                return false;
            }
            let session = Session::new(config, self.free_discriminator(), self.draw());
            self.by_remote.insert(remote, Entry::new(session));
        }
        self.wake_at(remote, now);
        true
    }

    /// Goes on with a session of an earlier process.
    pub fn resume(&mut self, remote: IpAddr, config: Config, saved: &Saved, now: Instant) {
        let session = Session::resume(config, saved, self.draw(), now);
        self.by_remote.insert(remote, Entry::new(session));
        self.wake_at(remote, now);
    }

    /// Switches a session off; the remote system is told so for a while (RFC 5880 section 6.8.16).
    pub fn remove(&mut self, remote: IpAddr, now: Instant) {
        let Some(entry) = self.by_remote.get_mut(&remote) else {
            return;
        };
        let config = Config {
            is_enabled: false,
            ..*entry.session.config()
        };
        entry.session.configure(config, now);
        let interval = entry.session.transmit_interval();
        let farewell = (interval * u32::from(MULTIPLIER)).clamp(FAREWELL, FAREWELL * 10);
        entry.leaves_at.get_or_insert(now + farewell);
        self.wake_at(remote, now);
    }

    /// The sessions that were put and not removed.
    pub fn wanted(&self) -> impl Iterator<Item = (IpAddr, &Entry)> + '_ {
        self.by_remote
            .iter()
            .filter(|(_, entry)| entry.leaves_at.is_none())
            .map(|(remote, entry)| (*remote, entry))
    }

    /// The session with a remote VTEP.
    pub fn get_mut(&mut self, remote: IpAddr) -> Option<&mut Entry> {
        self.by_remote.get_mut(&remote)
    }

    /// Has `poll` called for a session soon.
    pub fn wake_at(&mut self, remote: IpAddr, at: Instant) {
        if let Some(entry) = self.by_remote.get_mut(&remote) {
            if let Some(old) = entry.deadline.replace(at) {
                self.deadlines.remove(&(old, remote));
            }
            self.deadlines.insert((at, remote));
        }
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// A session for which something is due.
    pub fn next_due(&self, now: Instant) -> Option<IpAddr> {
        self.deadlines
            .first()
            .filter(|(at, _)| *at <= now)
            .map(|(_, remote)| *remote)
    }

    /// Does what is due for a session.
    pub fn poll(&mut self, remote: IpAddr, now: Instant) -> Due {
        let mut due = Due::default();
        let Some(entry) = self.by_remote.get_mut(&remote) else {
            return due;
        };
        for effect in entry.session.poll(now) {
            if let (Effect::Transmit(packet), Some(end)) = (effect, entry.end) {
                let frame = entry.envelope().seal(&packet);
                due.frames.push((end.local, remote, frame));
            }
        }
        let next = [entry.session.deadline(now), entry.leaves_at]
            .into_iter()
            .flatten()
            .min();
        if let Some(old) = entry.deadline.take() {
            self.deadlines.remove(&(old, remote));
        }
        due.is_over = entry.leaves_at.is_some_and(|at| now >= at);
        if due.is_over {
            self.by_remote.remove(&remote);
        } else if let Some(next) = next {
            self.wake_at(remote, next);
        }
        due
    }

    /// The shortest interval at which a session that is up sends.
    pub fn shortest_interval(&self) -> Option<Duration> {
        self.wanted()
            .filter(|(_, entry)| entry.session.state() == State::Up)
            .map(|(_, entry)| entry.session.transmit_interval())
            .min()
    }

    /// A number that cannot be guessed from outside, which RFC 5880 section 6.8.1 recommends.
    fn free_discriminator(&mut self) -> NonZeroU32 {
        let used: HashSet<NonZeroU32> = self
            .by_remote
            .values()
            .map(|entry| entry.session.discriminator())
            .collect();
        loop {
            let drawn = u32::try_from(self.draw() >> 32)
                .ok()
                .and_then(NonZeroU32::new);
            if let Some(free) = drawn.filter(|drawn| !used.contains(drawn)) {
                return free;
            }
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut hasher = self.random.build_hasher();
        hasher.write_u64(self.drawn);
        hasher.finish()
    }
}

impl Entry {
    const fn new(session: Session) -> Self {
        Self {
            session,
            end: None,
            trouble: None,
            told: None,
            deadline: None,
            leaves_at: None,
        }
    }

    /// What the session was put with.
    pub const fn config(&self) -> &Config {
        self.session.config()
    }

    /// The session.
    pub const fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Whether the session was switched off and is only being wound up.
    pub const fn is_leaving(&self) -> bool {
        self.leaves_at.is_some()
    }

    /// The tunnel as it is now. A session that is being wound up uses the one that it had.
    pub fn follow(&mut self, end: Option<End>) {
        if end.is_some() || self.leaves_at.is_none() {
            self.end = end;
        }
        if self.end.is_none() {
            self.trouble = Some(String::from("no tunnel leads to the remote VTEP"));
        }
    }

    /// Why packets do not go out, or that they do.
    pub fn set_trouble(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
    }

    /// Status with what only the sender knows.
    pub fn status(&self) -> Status {
        let status = self.session.status();
        Status {
            info: self.trouble.clone().or(status.info),
            ..status
        }
    }

    /// The status, if it is another one than that answered last.
    pub fn news(&mut self) -> Option<Status> {
        let status = self.status();
        if self.is_leaving() || self.told.as_ref() == Some(&status) {
            return None;
        }
        self.told = Some(status.clone());
        Some(status)
    }

    /// The frame that says how the session stands.
    pub fn standing_frame(&self) -> Vec<u8> {
        self.envelope().seal(&self.session.packet())
    }

    /// RFC 5881 section 4: the same source port for all packets of a session. Our end's address makes the source MAC,
    /// locally administered, so that it stays the same over restarts.
    fn envelope(&self) -> Envelope {
        let config = self.session.config();
        let local = match self.end.map(|end| end.local) {
            Some(IpAddr::V4(local)) => local,
            _ => Ipv4Addr::UNSPECIFIED,
        };
        let [a, b, c, d] = local.octets();
        let port = self.session.discriminator().get() % 16384;
        Envelope {
            source_mac: Mac::new([0x02, 0x23, a, b, c, d]),
            destination_mac: config.remote.mac,
            source_ip: config.local.ip,
            destination_ip: config.remote.ip,
            source_port: 49152 + u16::try_from(port).unwrap_or(0),
        }
    }
}
