//! Diagnostic codes (RFC 5880 section 4.1, field Diag).

use std::fmt;

/// Why a session last changed its state: five bits on the wire.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Diagnostic(u8);

impl Diagnostic {
    /// Nothing to tell.
    pub const NONE: Self = Self(0);
    /// Nothing was heard for the detection time.
    pub const DETECTION_TIME_EXPIRED: Self = Self(1);
    /// The remote system said that it is down.
    pub const NEIGHBOR_DOWN: Self = Self(3);
    /// The path to the remote system is down.
    pub const PATH_DOWN: Self = Self(5);
    /// What lies behind the system that says so is not to be reached through it (`bfd_params:cpath_down`).
    pub const CONCATENATED_PATH_DOWN: Self = Self(6);
    /// Held down on purpose.
    pub const ADMINISTRATIVELY_DOWN: Self = Self(7);
    /// As 6, seen from the other end.
    pub const REVERSE_CONCATENATED_PATH_DOWN: Self = Self(8);

    /// The diagnostic with this number; only the lowest five bits count.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number & 0b1_1111)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The text of the RFC, as `bfd_status:diagnostic` and `bfd_status:remote_diagnostic` hold it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "No Diagnostic",
            1 => "Control Detection Time Expired",
            2 => "Echo Function Failed",
            3 => "Neighbor Signaled Session Down",
            4 => "Forwarding Plane Reset",
            5 => "Path Down",
            6 => "Concatenated Path Down",
            7 => "Administratively Down",
            8 => "Reverse Concatenated Path Down",
            _ => "Reserved",
        }
    }

    /// Whether a system that is up and says this wants no traffic.
    #[must_use]
    pub fn forbids_forwarding(self) -> bool {
        [
            Self::PATH_DOWN,
            Self::CONCATENATED_PATH_DOWN,
            Self::REVERSE_CONCATENATED_PATH_DOWN,
        ]
        .contains(&self)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.name())
    }
}
