//! What the data of the tunnel tells: `decay_min_rx` and `forwarding_if_rx` of `bfd_params`.

use std::time::Duration;

use crate::{config::Config, instant::Instant};

/// The shortest time over which a tunnel is judged to be idle, or data to be a sign of life.
const WINDOW_MIN: Duration = Duration::from_secs(2);
/// `forwarding_if_rx` wants one control packet in so many times `min_rx`.
const CONTROL_INTERVALS: u32 = 100;

/// Data and control packets of a tunnel in our direction.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    counted: Option<u64>,
    data_until: Option<Instant>,
    control_until: Option<Instant>,
    window_end: Option<Instant>,
    window_data: u64,
    window_control: u64,
    is_idle: bool,
}

impl Activity {
    /// Whether anything follows from the data of the tunnel.
    pub const fn is_wanted(config: &Config) -> bool {
        config.forwarding_if_rx || !config.decay_min_rx.is_zero()
    }

    /// The number of data packets that came so far. `sign_of_life`: how long data counts as one.
    pub fn count(&mut self, total: u64, sign_of_life: Duration, now: Instant) {
        let known = self.counted.replace(total);
        let more = known.map_or(0, |known| total.saturating_sub(known));
        if more > 0 {
            self.data_until = Some(now + sign_of_life.max(WINDOW_MIN));
            self.window_data = self.window_data.saturating_add(more);
        }
    }

    /// A control packet came.
    pub fn control(&mut self, config: &Config, now: Instant) {
        self.control_until = Some(now + config.min_rx * CONTROL_INTERVALS);
        self.window_control = self.window_control.saturating_add(1);
    }

    /// Begins to judge anew: the session came up or went down, or its intervals were configured.
    pub fn restart(&mut self, is_up: bool, config: &Config, now: Instant) {
        self.is_idle = false;
        self.window_end = None;
        if is_up {
            self.open_window(config, now);
        }
    }

    /// Judges the tunnel where a window is over: idle is one whose data does not outnumber its control packets, which
    /// is what a few stray broadcasts come to.
    pub fn judge(&mut self, config: &Config, now: Instant) {
        if self.window_end.is_some_and(|end| now >= end) {
            self.is_idle = self.window_data <= self.window_control;
            self.open_window(config, now);
        }
    }

    /// Whether `decay_min_rx` is in force.
    pub const fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Whether data says that the tunnel forwards.
    pub fn shows_life(&self, config: &Config, now: Instant) -> bool {
        let is_before = |until: Option<Instant>| until.is_some_and(|until| now < until);
        config.forwarding_if_rx && is_before(self.data_until) && is_before(self.control_until)
    }

    /// When to look again, at the latest.
    pub fn deadline(&self, config: &Config, now: Instant) -> Option<Instant> {
        let life = self
            .shows_life(config, now)
            .then(|| self.data_until.min(self.control_until))
            .flatten();
        self.window_end.into_iter().chain(life).min()
    }

    fn open_window(&mut self, config: &Config, now: Instant) {
        self.window_end = config
            .decayed_min_rx()
            .map(|interval| now + interval.max(WINDOW_MIN));
        self.window_data = 0;
        self.window_control = 0;
    }
}
