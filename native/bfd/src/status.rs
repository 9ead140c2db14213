//! What a session tells the control plane: `bfd_status` of the `Tunnel` table.

use crate::{diagnostic::Diagnostic, state::State};

/// Status of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `enabled`: false where the gateway cannot run the session; `info` then says why.
    pub is_enabled: bool,
    /// `state`.
    pub state: State,
    /// `forwarding`: the tunnel may be used for traffic.
    pub is_forwarding: bool,
    /// `diagnostic`.
    pub diagnostic: Diagnostic,
    /// `remote_state`.
    pub remote_state: State,
    /// `remote_diagnostic`.
    pub remote_diagnostic: Diagnostic,
    /// `info`.
    pub info: Option<String>,
}
