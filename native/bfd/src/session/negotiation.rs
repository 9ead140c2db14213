//! Our intervals and the Poll Sequences that change them (RFC 5880 sections 6.5 and 6.8.3).

use std::time::Duration;

use crate::{config::Config, state::State};

/// The fastest that a session which is not up may send (section 6.8.3).
const SLOW: Duration = Duration::from_secs(1);

/// The intervals of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `bfd.DesiredMinTxInterval`.
    pub min_tx: Duration,
    /// `bfd.RequiredMinRxInterval`.
    pub min_rx: Duration,
}

/// The intervals that configuration, state and traffic ask for.
pub fn wanted(config: &Config, state: State, is_idle: bool) -> Offer {
    let min_tx = config.offered_min_tx();
    Offer {
        min_tx: if state == State::Up {
            min_tx
        } else {
            min_tx.max(SLOW)
        },
        min_rx: config
            .decayed_min_rx()
            .filter(|_| is_idle)
            .unwrap_or(config.offered_min_rx()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Poll {
    None,
    Unsent,
    Sent,
}

/// What was offered, and what holds until the remote system has confirmed it.
#[derive(Clone, Debug)]
pub struct Negotiation {
    offered: Offer,
    in_use: Offer,
    poll: Poll,
}

impl Negotiation {
    pub const fn new(offer: Offer) -> Self {
        Self {
            offered: offer,
            in_use: offer,
            poll: Poll::None,
        }
    }

    /// What packets say.
    pub const fn offered(&self) -> Offer {
        self.offered
    }

    /// What our timers go by.
    pub const fn in_use(&self) -> Offer {
        self.in_use
    }

    /// A Poll Sequence is under way.
    pub fn is_polling(&self) -> bool {
        self.poll != Poll::None
    }

    /// A Poll Sequence has begun, and no packet has said so yet.
    pub fn is_poll_unsent(&self) -> bool {
        self.poll == Poll::Unsent
    }

    /// Whether the packet that is about to be sent carries the poll bit.
    pub fn send_poll(&mut self) -> bool {
        if self.poll == Poll::Unsent {
            self.poll = Poll::Sent;
        }
        self.poll == Poll::Sent
    }

    /// The remote system has answered a poll. An answer to a poll that was not sent yet means another one.
    pub fn conclude(&mut self) {
        if self.poll == Poll::Sent {
            self.poll = Poll::None;
            self.in_use = self.offered;
        }
    }

    /// Offers other intervals. While the session is up, what would make either side too impatient waits for the end of
    /// the Poll Sequence: sending more slowly, and expecting packets faster. A second change waits for the end of the
    /// first one's sequence, so that its answer cannot be taken for the second one's.
    pub fn offer(&mut self, wanted: Offer, state: State) {
        if state != State::Up {
            *self = Self::new(wanted);
            return;
        }
        if wanted == self.offered || self.poll == Poll::Sent {
            return;
        }
        self.offered = wanted;
        self.in_use = Offer {
            min_tx: wanted.min_tx.min(self.in_use.min_tx),
            min_rx: wanted.min_rx.max(self.in_use.min_rx),
        };
        self.poll = Poll::Unsent;
    }
}
