//! Two sessions and the path between them, in virtual time. What happens is written down, a line for each change of
//! status and each packet of a Poll Sequence.

use std::{fmt::Write as _, num::NonZeroU32, time::Duration};

use bfd::{Config, ControlRepr, Effect, Instant, Session};

const LATENCY: Duration = Duration::from_millis(1);

/// The ends of the path.
pub const A: usize = 0;
pub const B: usize = 1;

pub struct Lab {
    pub sessions: [Session; 2],
    /// Packets that this end sends are lost.
    pub is_cut: [bool; 2],
    /// When each end sent a packet.
    pub sent: [Vec<Instant>; 2],
    /// This end is not run: its daemon is gone.
    pub is_away: [bool; 2],
    pub now: Instant,
    in_flight: Vec<(Instant, usize, ControlRepr)>,
    log: String,
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn discriminator(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}

/// A configuration with intervals in milliseconds.
pub fn every(min_tx: u64, min_rx: u64) -> Config {
    Config {
        min_tx: ms(min_tx),
        min_rx: ms(min_rx),
        ..Config::default()
    }
}

impl Lab {
    pub fn new(a: Config, b: Config) -> Self {
        Self {
            sessions: [
                Session::new(a, discriminator(0xa), 1),
                Session::new(b, discriminator(0xb), 2),
            ],
            is_cut: [false; 2],
            sent: [Vec::new(), Vec::new()],
            is_away: [false; 2],
            now: Instant::new(ms(1000)),
            in_flight: Vec::new(),
            log: String::new(),
        }
    }

    /// Runs both ends for a time; answers what happened.
    pub fn run(&mut self, time: Duration) -> String {
        let end = self.now + time;
        self.poll_both();
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.deliver();
            self.poll_both();
        }
        self.now = end;
        std::mem::take(&mut self.log)
    }

    /// Changes the configuration of one end.
    pub fn configure(&mut self, end: usize, change: impl FnOnce(&mut Config)) {
        let mut config = *self.sessions[end].config();
        change(&mut config);
        self.sessions[end].configure(config, self.now);
    }

    /// How many packets an end has sent since `earlier`.
    pub fn sent_since(&self, end: usize, earlier: Instant) -> usize {
        self.sent[end].iter().filter(|at| **at > earlier).count()
    }

    fn next_event(&self) -> Option<Instant> {
        let arrivals = self.in_flight.iter().map(|(at, ..)| *at);
        let deadlines = (0..2)
            .filter(|end| !self.is_away[*end])
            .filter_map(|end| self.sessions[end].deadline(self.now));
        arrivals.chain(deadlines).min()
    }

    fn deliver(&mut self) {
        let now = self.now;
        let (due, rest) = std::mem::take(&mut self.in_flight)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        self.in_flight = rest;
        for (_, to, packet) in due {
            if !self.is_away[to] {
                self.sessions[to]
                    .process(&packet, now)
                    .expect("for this session");
            }
        }
    }

    fn poll_both(&mut self) {
        for end in [A, B] {
            while !self.is_away[end] {
                for effect in self.sessions[end].poll(self.now) {
                    self.note(end, &effect);
                }
                let deadline = self.sessions[end].deadline(self.now);
                if deadline.is_none_or(|at| at > self.now) {
                    break;
                }
            }
        }
    }

    fn note(&mut self, end: usize, effect: &Effect) {
        let name = ["a", "b"][end];
        let time = self.now.since_start().as_millis();
        match effect {
            Effect::Transmit(packet) => {
                self.sent[end].push(self.now);
                if !self.is_cut[end] {
                    self.in_flight.push((self.now + LATENCY, 1 - end, *packet));
                }
                let kind = match (packet.is_poll, packet.is_final) {
                    (true, true) => "poll and final",
                    (true, false) => "poll",
                    (false, true) => "final",
                    (false, false) => return,
                };
                let (tx, rx) = (packet.desired_min_tx, packet.required_min_rx);
                writeln!(
                    self.log,
                    "{time} {name} sends {kind}, tx {} rx {}",
                    tx.as_millis(),
                    rx.as_millis()
                )
                .expect("a string");
            }
            Effect::Changed(status) => writeln!(
                self.log,
                "{time} {name} is {} ({}){}, remote {} ({})",
                status.state,
                status.diagnostic,
                if status.is_forwarding {
                    ", forwards"
                } else {
                    ""
                },
                status.remote_state,
                status.remote_diagnostic,
            )
            .expect("a string"),
        }
    }
}
