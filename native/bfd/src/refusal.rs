//! Why a frame that carries BFD does not reach its session.

use std::{net::Ipv4Addr, num::NonZeroU32};

use model::Mac;

use crate::{envelope::EnvelopeError, packet::PacketError};

/// The rule that a received frame broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The frame is not one of BFD in VXLAN.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The packet breaks a rule of RFC 5880 section 6.8.6.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// `bfd_params:check_tnl_key` wants VNI 0.
    #[error("VNI {0} is not 0")]
    Vni(u32),
    /// Not the MAC of `bfd_config_local:bfd_dst_mac`.
    #[error("destination {0} is not what bfd_config_local says")]
    DestinationMac(Mac),
    /// Not the address of `bfd_config_local:bfd_dst_ip`.
    #[error("destination {0} is not what bfd_config_local says")]
    DestinationIp(Ipv4Addr),
    /// The discriminator is that of no session with this remote system (RFC 5880 section 6.8.6).
    #[error("discriminator {0:#010x} is not the session's")]
    Discriminator(NonZeroU32),
}
