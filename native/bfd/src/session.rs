//! The session (RFC 5880 section 6.8).

mod negotiation;
mod saved;
mod transitions;

use std::{num::NonZeroU32, time::Duration};

use crate::{
    activity::Activity, config::Config, diagnostic::Diagnostic, instant::Instant, jitter::Jitter,
    packet::ControlRepr, refusal::Refusal, remote::Remote, state::State, status::Status,
};

use negotiation::Negotiation;
pub use saved::Saved;

/// After how many of our intervals without a packet the remote system takes us for lost (`bfd.DetectMult`).
pub const MULTIPLIER: u8 = 3;

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this packet now.
    Transmit(ControlRepr),
    /// The status is another one than that told last.
    Changed(Status),
}

/// One BFD session: a value that is told of packets and time.
#[derive(Clone, Debug)]
pub struct Session {
    config: Config,
    discriminator: NonZeroU32,
    state: State,
    diagnostic: Diagnostic,
    remote: Remote,
    negotiation: Negotiation,
    activity: Activity,
    jitter: Jitter,
    heard_at: Option<Instant>,
    sent_at: Option<Instant>,
    sent: Option<ControlRepr>,
    is_final_due: bool,
    is_forwarding: bool,
    told: Option<Status>,
}

impl Session {
    /// A new session. `discriminator` must be unlike that of every other session of the gateway, and better not easy
    /// to guess (RFC 5880 section 6.8.1). The random part of the intervals follows from `seed`.
    #[must_use]
    pub fn new(config: Config, discriminator: NonZeroU32, seed: u64) -> Self {
        let (state, diagnostic) = if config.is_enabled {
            (State::Down, Diagnostic::NONE)
        } else {
            (State::AdminDown, Diagnostic::ADMINISTRATIVELY_DOWN)
        };
        Self {
            config,
            discriminator,
            state,
            diagnostic,
            remote: Remote::default(),
            negotiation: Negotiation::new(negotiation::wanted(&config, state, false)),
            activity: Activity::default(),
            jitter: Jitter::new(seed),
            heard_at: None,
            sent_at: None,
            sent: None,
            is_final_due: false,
            is_forwarding: false,
            told: None,
        }
    }

    /// Changes the configuration. Intervals change by a Poll Sequence while the session is up (section 6.8.3).
    pub fn configure(&mut self, config: Config, now: Instant) {
        let old = std::mem::replace(&mut self.config, config);
        if (old.min_rx, old.decay_min_rx) != (config.min_rx, config.decay_min_rx) {
            self.activity.restart(self.state == State::Up, &config, now);
        }
        match (old.is_enabled, config.is_enabled) {
            (true, false) => self.go(State::AdminDown, Diagnostic::ADMINISTRATIVELY_DOWN, now),
            (false, true) => self.go(State::Down, Diagnostic::NONE, now),
            _ => self.renegotiate(),
        }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Our number for the session (`bfd.LocalDiscr`).
    #[must_use]
    pub const fn discriminator(&self) -> NonZeroU32 {
        self.discriminator
    }

    /// Our state (`bfd.SessionState`).
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the remote system last said.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Takes a packet from the remote system (section 6.8.6). What follows from it is what `poll` then answers.
    ///
    /// # Errors
    /// `Discriminator` when the packet is for another session than this.
    pub fn process(&mut self, packet: &ControlRepr, now: Instant) -> Result<(), Refusal> {
        if let Some(mine) = packet.your_discriminator
            && mine != self.discriminator
        {
            return Err(Refusal::Discriminator(mine));
        }
        self.remote = Remote::of(packet);
        self.heard_at = Some(now);
        self.activity.control(&self.config, now);
        if packet.is_final {
            self.negotiation.conclude();
        }
        self.is_final_due |= packet.is_poll && self.state != State::AdminDown;
        if let Some((state, diagnostic)) = transitions::on_packet(self.state, packet.state) {
            self.go(state, diagnostic.unwrap_or(self.diagnostic), now);
        }
        self.renegotiate();
        Ok(())
    }

    /// Whether `count_data` is of any use.
    #[must_use]
    pub const fn wants_data_count(&self) -> bool {
        Activity::is_wanted(&self.config)
    }

    /// Tells how many data packets have come out of the tunnel so far, before `poll`.
    pub fn count_data(&mut self, total: u64, now: Instant) {
        let sign_of_life = self.receive_interval() * u32::from(MULTIPLIER);
        self.activity.count(total, sign_of_life, now);
    }

    /// Does what is due. To be called after every other call, and at the `deadline`.
    pub fn poll(&mut self, now: Instant) -> Vec<Effect> {
        self.detect_loss(now);
        self.activity.judge(&self.config, now);
        self.renegotiate();
        self.is_forwarding = self.may_forward(now);
        let mut effects = Vec::new();
        if self.is_transmission_due(now) {
            effects.push(Effect::Transmit(self.transmit(now)));
        }
        let status = self.status();
        if self.told.as_ref() != Some(&status) {
            self.told = Some(status.clone());
            effects.push(Effect::Changed(status));
        }
        effects
    }

    /// When `poll` has something to do next, if no packet comes before.
    #[must_use]
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        [
            self.next_transmission(),
            self.lost_at(),
            self.activity.deadline(&self.config, now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The status as of the last `poll`.
    #[must_use]
    pub fn status(&self) -> Status {
        let info = (!self.config.decay_min_rx.is_zero() && self.config.decayed_min_rx().is_none())
            .then(|| {
                format!(
                    "decay_min_rx {} is below min_rx {} and not used",
                    self.config.decay_min_rx.as_millis(),
                    self.config.min_rx.as_millis()
                )
            });
        Status {
            is_enabled: true,
            state: self.state,
            is_forwarding: self.is_forwarding,
            diagnostic: self.shown_diagnostic(),
            remote_state: self.remote.state,
            remote_diagnostic: self.remote.diagnostic,
            info,
        }
    }

    /// The packet as it stands, neither poll nor final: what may be sent on behalf of the session while nobody runs it.
    #[must_use]
    pub fn packet(&self) -> ControlRepr {
        ControlRepr {
            diagnostic: self.shown_diagnostic(),
            state: self.state,
            is_poll: false,
            is_final: false,
            is_demand: false,
            multiplier: MULTIPLIER,
            my_discriminator: self.discriminator,
            your_discriminator: self.remote.discriminator,
            desired_min_tx: self.negotiation.offered().min_tx,
            required_min_rx: self.negotiation.offered().min_rx,
        }
    }

    /// The interval of periodic transmission before the random reduction (section 6.8.7).
    #[must_use]
    pub fn transmit_interval(&self) -> Duration {
        self.negotiation
            .in_use()
            .min_tx
            .max(self.remote.required_min_rx)
    }

    /// The interval at which the remote system sends at the slowest.
    #[must_use]
    pub fn receive_interval(&self) -> Duration {
        self.negotiation
            .in_use()
            .min_rx
            .max(self.remote.desired_min_tx)
    }

    /// After how long without a packet the remote system is lost (section 6.8.4).
    #[must_use]
    pub fn detection_time(&self) -> Duration {
        self.receive_interval() * u32::from(self.remote.multiplier)
    }

    /// `cpath_down` is told as long as the remote system believes that traffic could flow (section 6.8.17); otherwise
    /// the reason for being down is what it should know.
    fn shown_diagnostic(&self) -> Diagnostic {
        let is_free =
            matches!(self.state, State::Init | State::Up) || self.diagnostic == Diagnostic::NONE;
        if self.config.cpath_down && is_free {
            return Diagnostic::CONCATENATED_PATH_DOWN;
        }
        self.diagnostic
    }

    fn may_forward(&self, now: Instant) -> bool {
        let is_alive = self.state == State::Up || self.activity.shows_life(&self.config, now);
        is_alive && self.config.is_enabled && !self.remote.diagnostic.forbids_forwarding()
    }

    fn lost_at(&self) -> Option<Instant> {
        Some(self.heard_at? + self.detection_time())
    }

    /// Sections 6.8.4 and 6.8.1: after a detection time without a packet the session is down, and what the remote
    /// system said is void.
    fn detect_loss(&mut self, now: Instant) {
        if self.lost_at().is_none_or(|at| now < at) {
            return;
        }
        self.heard_at = None;
        self.is_final_due = false;
        self.remote = Remote::default();
        if matches!(self.state, State::Init | State::Up) {
            self.go(State::Down, Diagnostic::DETECTION_TIME_EXPIRED, now);
        }
    }

    fn go(&mut self, state: State, diagnostic: Diagnostic, now: Instant) {
        let was_up = self.state == State::Up;
        self.state = state;
        self.diagnostic = diagnostic;
        if was_up != (state == State::Up) {
            self.activity.restart(!was_up, &self.config, now);
        }
        self.renegotiate();
    }

    fn renegotiate(&mut self) {
        let wanted = negotiation::wanted(&self.config, self.state, self.activity.is_idle());
        self.negotiation.offer(wanted, self.state);
    }

    /// Section 6.8.7. A packet whose content is new goes at once; periodic ones are held back from a remote system
    /// that does not want any.
    fn next_transmission(&self) -> Option<Instant> {
        let (Some(sent_at), Some(sent)) = (self.sent_at, self.sent) else {
            return Some(Instant::default());
        };
        let is_new = sent != self.packet() || self.is_final_due;
        if is_new || self.negotiation.is_poll_unsent() {
            return Some(Instant::default());
        }
        let is_unwanted = self.remote.required_min_rx.is_zero()
            || (self.remote.is_demand
                && self.state == State::Up
                && self.remote.state == State::Up
                && !self.negotiation.is_polling());
        (!is_unwanted).then(|| sent_at + self.jitter.reduce(self.transmit_interval()))
    }

    fn is_transmission_due(&self, now: Instant) -> bool {
        self.next_transmission().is_some_and(|at| now >= at)
    }

    /// A packet is never poll and final at once (section 6.5): the answer goes first, the poll with the next packet.
    fn transmit(&mut self, now: Instant) -> ControlRepr {
        let packet = self.packet();
        let is_final = std::mem::take(&mut self.is_final_due);
        let is_poll = !is_final && self.negotiation.send_poll();
        self.sent = Some(packet);
        self.sent_at = Some(now);
        self.jitter.draw();
        ControlRepr {
            is_poll,
            is_final,
            ..packet
        }
    }
}
