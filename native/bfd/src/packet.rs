//! The BFD control packet (RFC 5880 section 4.1).

use std::{num::NonZeroU32, time::Duration};

use crate::{diagnostic::Diagnostic, state::State};

/// Bytes of a packet without authentication.
pub const PACKET_LEN: usize = 24;

const VERSION: u8 = 1;
/// Bytes of the shortest packet with an authentication section.
const AUTHENTICATED_LEN_MIN: usize = 26;

mod field {
    pub const VERSION_DIAGNOSTIC: usize = 0;
    pub const STATE_FLAGS: usize = 1;
    pub const MULTIPLIER: usize = 2;
    pub const LENGTH: usize = 3;
    pub const MY_DISCRIMINATOR: usize = 4;
    pub const YOUR_DISCRIMINATOR: usize = 8;
    pub const DESIRED_MIN_TX: usize = 12;
    pub const REQUIRED_MIN_RX: usize = 16;
    pub const REQUIRED_MIN_ECHO_RX: usize = 20;
}

mod flag {
    pub const POLL: u8 = 0x20;
    pub const FINAL: u8 = 0x10;
    pub const CONTROL_PLANE_INDEPENDENT: u8 = 0x08;
    pub const AUTHENTICATION: u8 = 0x04;
    pub const DEMAND: u8 = 0x02;
    pub const MULTIPOINT: u8 = 0x01;
}

/// Why bytes are not a packet that may be looked at: the rules of RFC 5880 section 6.8.6 that need no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Fewer bytes than the mandatory section, or than the length field says.
    #[error("the packet ends after {0} bytes")]
    Truncated(usize),
    /// Another protocol version.
    #[error("version {0} is not 1")]
    Version(u8),
    /// A length field that cannot be.
    #[error("length {0} is too short")]
    Length(u8),
    /// Detect Mult is 0.
    #[error("the detection multiplier is 0")]
    Multiplier,
    /// Multipoint is reserved.
    #[error("the multipoint bit is set")]
    Multipoint,
    /// My Discriminator is 0.
    #[error("the sender's discriminator is 0")]
    MyDiscriminator,
    /// Your Discriminator is 0 in a state that the sender reaches only by hearing us.
    #[error("our discriminator is 0 in state {0}")]
    YourDiscriminator(State),
    /// No authentication is in use.
    #[error("the packet is authenticated, and no authentication is in use")]
    Authentication,
}

/// View of a control packet.
#[derive(Clone, Copy, Debug)]
pub struct ControlPacket<'a> {
    bytes: &'a [u8; PACKET_LEN],
}

impl<'a> ControlPacket<'a> {
    /// Checks the rules of RFC 5880 section 6.8.6, in their order; what follows the packet in `bytes` is ignored.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let packet = Self {
            bytes: bytes
                .first_chunk()
                .ok_or(PacketError::Truncated(bytes.len()))?,
        };
        let version = packet.bytes[field::VERSION_DIAGNOSTIC] >> 5;
        if version != VERSION {
            return Err(PacketError::Version(version));
        }
        let length = packet.bytes[field::LENGTH];
        let shortest = if packet.has(flag::AUTHENTICATION) {
            AUTHENTICATED_LEN_MIN
        } else {
            PACKET_LEN
        };
        if usize::from(length) < shortest {
            return Err(PacketError::Length(length));
        }
        if usize::from(length) > bytes.len() {
            return Err(PacketError::Truncated(bytes.len()));
        }
        if packet.multiplier() == 0 {
            return Err(PacketError::Multiplier);
        }
        if packet.has(flag::MULTIPOINT) {
            return Err(PacketError::Multipoint);
        }
        if packet.number::<{ field::MY_DISCRIMINATOR }>() == 0 {
            return Err(PacketError::MyDiscriminator);
        }
        let state = packet.state();
        if packet.your_discriminator().is_none() && !matches!(state, State::Down | State::AdminDown)
        {
            return Err(PacketError::YourDiscriminator(state));
        }
        if packet.has(flag::AUTHENTICATION) {
            return Err(PacketError::Authentication);
        }
        Ok(packet)
    }

    /// Why the sender last changed its state.
    #[must_use]
    pub const fn diagnostic(&self) -> Diagnostic {
        Diagnostic::from_number(self.bytes[field::VERSION_DIAGNOSTIC])
    }

    /// The sender's state.
    #[must_use]
    pub const fn state(&self) -> State {
        State::from_number(self.bytes[field::STATE_FLAGS] >> 6)
    }

    /// The sender asks for an answer at once (section 6.5).
    #[must_use]
    pub const fn is_poll(&self) -> bool {
        self.has(flag::POLL)
    }

    /// The answer to a poll (section 6.5).
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.has(flag::FINAL)
    }

    /// The sender's BFD outlives its control plane.
    #[must_use]
    pub const fn is_control_plane_independent(&self) -> bool {
        self.has(flag::CONTROL_PLANE_INDEPENDENT)
    }

    /// The sender wants no periodic packets (section 6.6).
    #[must_use]
    pub const fn is_demand(&self) -> bool {
        self.has(flag::DEMAND)
    }

    /// After how many intervals without a packet the sender is lost.
    #[must_use]
    pub const fn multiplier(&self) -> u8 {
        self.bytes[field::MULTIPLIER]
    }

    /// The sender's number for the session.
    #[must_use]
    pub fn my_discriminator(&self) -> u32 {
        self.number::<{ field::MY_DISCRIMINATOR }>()
    }

    /// The receiver's number for the session, if the sender has heard it.
    #[must_use]
    pub fn your_discriminator(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.number::<{ field::YOUR_DISCRIMINATOR }>())
    }

    /// The shortest interval at which the sender would send.
    #[must_use]
    pub fn desired_min_tx(&self) -> Duration {
        self.interval::<{ field::DESIRED_MIN_TX }>()
    }

    /// The shortest interval at which the sender can receive; zero: it wants none.
    #[must_use]
    pub fn required_min_rx(&self) -> Duration {
        self.interval::<{ field::REQUIRED_MIN_RX }>()
    }

    /// As `required_min_rx`, for Echo packets; zero: none.
    #[must_use]
    pub fn required_min_echo_rx(&self) -> Duration {
        self.interval::<{ field::REQUIRED_MIN_ECHO_RX }>()
    }

    const fn has(self, flag: u8) -> bool {
        self.bytes[field::STATE_FLAGS] & flag != 0
    }

    fn number<const OFFSET: usize>(self) -> u32 {
        const { assert!(OFFSET + 4 <= PACKET_LEN, "the field lies in the packet") };
        self.bytes
            .iter()
            .skip(OFFSET)
            .take(4)
            .fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    fn interval<const OFFSET: usize>(self) -> Duration {
        Duration::from_micros(self.number::<OFFSET>().into())
    }
}

/// Values of a control packet as this gateway sends it: no authentication, no Demand mode, no Echo function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlRepr {
    /// Why the sender last changed its state.
    pub diagnostic: Diagnostic,
    /// The sender's state.
    pub state: State,
    /// Asks for an answer at once.
    pub is_poll: bool,
    /// Answers a poll. Never together with `is_poll` in what we send.
    pub is_final: bool,
    /// The sender wants no periodic packets.
    pub is_demand: bool,
    /// After how many intervals without a packet the sender is lost; not 0.
    pub multiplier: u8,
    /// The sender's number for the session.
    pub my_discriminator: NonZeroU32,
    /// The receiver's number for the session, if the sender has heard it.
    pub your_discriminator: Option<NonZeroU32>,
    /// The shortest interval at which the sender would send.
    pub desired_min_tx: Duration,
    /// The shortest interval at which the sender can receive.
    pub required_min_rx: Duration,
}

impl ControlRepr {
    /// The values of a packet.
    ///
    /// # Errors
    /// `MyDiscriminator` when it is zero, which `new_checked` has refused already.
    pub fn parse(packet: &ControlPacket<'_>) -> Result<Self, PacketError> {
        Ok(Self {
            diagnostic: packet.diagnostic(),
            state: packet.state(),
            is_poll: packet.is_poll(),
            is_final: packet.is_final(),
            is_demand: packet.is_demand(),
            multiplier: packet.multiplier(),
            my_discriminator: NonZeroU32::new(packet.my_discriminator())
                .ok_or(PacketError::MyDiscriminator)?,
            your_discriminator: packet.your_discriminator(),
            desired_min_tx: packet.desired_min_tx(),
            required_min_rx: packet.required_min_rx(),
        })
    }

    /// Appends the packet. Intervals beyond 2^32 - 1 microseconds (71 minutes) are written as that.
    pub fn emit(&self, out: &mut Vec<u8>) {
        let flags = [
            (self.is_poll, flag::POLL),
            (self.is_final, flag::FINAL),
            (self.is_demand, flag::DEMAND),
        ];
        let flags = flags
            .iter()
            .filter(|(is_set, _)| *is_set)
            .fold(0, |all, (_, flag)| all | flag);
        let length = 24;
        out.extend([
            VERSION << 5 | self.diagnostic.number(),
            self.state.number() << 6 | flags,
            self.multiplier,
            length,
        ]);
        out.extend(self.my_discriminator.get().to_be_bytes());
        let your_discriminator = self.your_discriminator.map_or(0, NonZeroU32::get);
        out.extend(your_discriminator.to_be_bytes());
        out.extend(micros(self.desired_min_tx).to_be_bytes());
        out.extend(micros(self.required_min_rx).to_be_bytes());
        let echo: u32 = 0;
        out.extend(echo.to_be_bytes());
    }
}

fn micros(interval: Duration) -> u32 {
    u32::try_from(interval.as_micros()).unwrap_or(u32::MAX)
}
