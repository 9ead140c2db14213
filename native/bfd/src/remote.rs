//! What the remote system last said (RFC 5880 section 6.8.1).

use std::{num::NonZeroU32, time::Duration};

use crate::{diagnostic::Diagnostic, packet::ControlRepr, state::State};

/// The remote system, as its last packet described it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its number for the session (`bfd.RemoteDiscr`); none: nothing was heard for a detection time.
    pub discriminator: Option<NonZeroU32>,
    /// Its state (`bfd.RemoteSessionState`).
    pub state: State,
    /// Why it changed its state.
    pub diagnostic: Diagnostic,
    /// After how many of its intervals it is lost.
    pub multiplier: u8,
    /// The shortest interval at which it would send.
    pub desired_min_tx: Duration,
    /// The shortest interval at which it can receive (`bfd.RemoteMinRxInterval`); zero: it wants no periodic packets.
    pub required_min_rx: Duration,
    /// It wants no periodic packets while both are up (`bfd.RemoteDemandMode`).
    pub is_demand: bool,
}

impl Default for Remote {
    fn default() -> Self {
        Self {
            discriminator: None,
            state: State::Down,
            diagnostic: Diagnostic::NONE,
            multiplier: crate::session::MULTIPLIER,
            desired_min_tx: Duration::ZERO,
            required_min_rx: Duration::from_micros(1),
            is_demand: false,
        }
    }
}

impl Remote {
    pub(crate) const fn of(packet: &ControlRepr) -> Self {
        Self {
            discriminator: Some(packet.my_discriminator),
            state: packet.state,
            diagnostic: packet.diagnostic,
            multiplier: packet.multiplier,
            desired_min_tx: packet.desired_min_tx,
            required_min_rx: packet.required_min_rx,
            is_demand: packet.is_demand,
        }
    }
}
