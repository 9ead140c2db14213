//! What a session needs in order to go on in another process.

use std::{num::NonZeroU32, time::Duration};

use super::{
    Session,
    negotiation::{Negotiation, Offer},
};
use crate::{
    config::Config, diagnostic::Diagnostic, instant::Instant, remote::Remote, state::State,
};

/// State of a session that outlives the process. It changes only when the session's state or intervals do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Our number for the session.
    pub discriminator: NonZeroU32,
    /// Our state.
    pub state: State,
    /// Why it last changed.
    pub diagnostic: Diagnostic,
    /// What the remote system last said.
    pub remote: Remote,
    /// `bfd.DesiredMinTxInterval`, as our timers go by it.
    pub min_tx: Duration,
    /// `bfd.RequiredMinRxInterval`, as our timers go by it.
    pub min_rx: Duration,
}

impl Session {
    /// What `resume` needs.
    #[must_use]
    pub const fn save(&self) -> Saved {
        let in_use = self.negotiation.in_use();
        Saved {
            discriminator: self.discriminator,
            state: self.state,
            diagnostic: self.diagnostic,
            remote: self.remote,
            min_tx: in_use.min_tx,
            min_rx: in_use.min_rx,
        }
    }

    /// Goes on where another process stopped: the remote system hears the same session, and has a whole detection time
    /// to be heard. What the configuration asks for meanwhile is negotiated as for any session that is up.
    #[must_use]
    pub fn resume(config: Config, saved: &Saved, seed: u64, now: Instant) -> Self {
        let mut session = Self::new(config, saved.discriminator, seed);
        if !config.is_enabled || saved.state == State::AdminDown {
            return session;
        }
        session.state = saved.state;
        session.diagnostic = saved.diagnostic;
        session.remote = saved.remote;
        session.heard_at = saved.remote.discriminator.map(|_| now);
        session.negotiation = Negotiation::new(Offer {
            min_tx: saved.min_tx,
            min_rx: saved.min_rx,
        });
        session
            .activity
            .restart(saved.state == State::Up, &config, now);
        session.renegotiate();
        session.is_forwarding = session.may_forward(now);
        session
    }
}
