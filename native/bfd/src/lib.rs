//! Bidirectional Forwarding Detection (RFC 5880) over VXLAN tunnels, as the `Tunnel` table of `hardware_vtep` asks for
//! it and Open vSwitch speaks it.
//!
//! [`Session`] is a value: packets and the time go in, packets to send and changes of status come out. It knows no
//! socket and no clock, and what it does at random follows from a seed. [`Envelope`] is the frame around a packet.
//!
//! Asynchronous mode only: no Echo function, no authentication, no Demand mode of our own (the remote's is heeded).

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails")
)]

mod activity;
mod config;
mod diagnostic;
mod envelope;
mod instant;
mod jitter;
mod packet;
mod refusal;
mod remote;
mod session;
mod state;
mod status;

pub use config::{Config, Endpoint, INTERVAL_MIN};
pub use diagnostic::Diagnostic;
pub use envelope::{BFD_PORT, Envelope, EnvelopeError, FRAME_LEN, over_vxlan};
pub use instant::Instant;
pub use packet::{ControlPacket, ControlRepr, PACKET_LEN, PacketError};
pub use refusal::Refusal;
pub use remote::Remote;
pub use session::{Effect, MULTIPLIER, Saved, Session};
pub use state::State;
pub use status::Status;
