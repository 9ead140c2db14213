//! Session states (RFC 5880 section 4.1, field Sta).

use std::fmt;

/// State of a session, ours or the remote system's. The numbers are those of the wire.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Held down on purpose.
    AdminDown = 0,
    /// Nothing is heard, or the remote system does not hear us.
    #[default]
    Down = 1,
    /// We hear the remote system; it does not say that it hears us.
    Init = 2,
    /// Both hear each other.
    Up = 3,
}

impl State {
    /// The state with this number; only the lowest two bits count.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0b11 {
            0 => Self::AdminDown,
            1 => Self::Down,
            2 => Self::Init,
            _ => Self::Up,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name in `bfd_status:state` and `bfd_status:remote_state`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdminDown => "admin_down",
            Self::Down => "down",
            Self::Init => "init",
            Self::Up => "up",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
