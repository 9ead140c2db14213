//! What the control plane asks of a session: `bfd_params`, `bfd_config_local` and `bfd_config_remote` of the `Tunnel`
//! table.

use std::{net::Ipv4Addr, time::Duration};

use model::Mac;

/// The shortest interval that is offered for either direction. The schema lets a controller ask for a millisecond;
/// offering more than that is what RFC 5880 section 6.8.3 leaves to every system.
pub const INTERVAL_MIN: Duration = Duration::from_millis(50);
/// The longest interval that a packet can name: 71 minutes.
const INTERVAL_MAX: Duration = Duration::from_micros(u32::MAX as u64);

/// Inner addresses of BFD packets towards one end of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `bfd_dst_mac`.
    pub mac: Mac,
    /// `bfd_dst_ip`.
    pub ip: Ipv4Addr,
}

impl Endpoint {
    /// Destination MAC of all BFD packets in tunnels, unless configured otherwise.
    pub const DEFAULT_MAC: Mac = Mac::new([0x00, 0x23, 0x20, 0x00, 0x00, 0x01]);
    /// Defaults of `bfd_config_local`.
    pub const DEFAULT_LOCAL: Self = Self {
        mac: Self::DEFAULT_MAC,
        ip: Ipv4Addr::new(169, 254, 1, 0),
    };
    /// Defaults of `bfd_config_remote`.
    pub const DEFAULT_REMOTE: Self = Self {
        mac: Self::DEFAULT_MAC,
        ip: Ipv4Addr::new(169, 254, 1, 1),
    };
}

/// Configuration of a session.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the schema, and no two exclude each other"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// `enable`: false holds the session in `AdminDown`.
    pub is_enabled: bool,
    /// `min_rx`: the shortest interval at which packets are received.
    pub min_rx: Duration,
    /// `min_tx`: the shortest interval at which packets are sent.
    pub min_tx: Duration,
    /// `decay_min_rx`: the interval that takes the place of `min_rx` while the tunnel has no data to speak of; zero:
    /// never. Below `min_rx` it is not used.
    pub decay_min_rx: Duration,
    /// `forwarding_if_rx`: data from the tunnel, too, is a sign that the tunnel forwards.
    pub forwarding_if_rx: bool,
    /// `cpath_down`: the remote system is told not to send traffic here.
    pub cpath_down: bool,
    /// `check_tnl_key`: only packets with VNI 0 are accepted.
    pub check_tnl_key: bool,
    /// Where the remote system sends its packets.
    pub local: Endpoint,
    /// Where our packets are sent.
    pub remote: Endpoint,
}

impl Default for Config {
    /// The schema's defaults, but for `enable`.
    fn default() -> Self {
        Self {
            is_enabled: true,
            min_rx: Duration::from_secs(1),
            min_tx: Duration::from_millis(100),
            decay_min_rx: Duration::ZERO,
            forwarding_if_rx: false,
            cpath_down: false,
            check_tnl_key: false,
            local: Endpoint::DEFAULT_LOCAL,
            remote: Endpoint::DEFAULT_REMOTE,
        }
    }
}

impl Config {
    pub(crate) fn offered_min_rx(&self) -> Duration {
        offered(self.min_rx)
    }

    pub(crate) fn offered_min_tx(&self) -> Duration {
        offered(self.min_tx)
    }

    /// The interval of an idle tunnel, where that is configured and makes sense.
    pub(crate) fn decayed_min_rx(&self) -> Option<Duration> {
        (!self.decay_min_rx.is_zero() && self.decay_min_rx >= self.min_rx)
            .then(|| offered(self.decay_min_rx))
    }
}

fn offered(interval: Duration) -> Duration {
    interval.clamp(INTERVAL_MIN, INTERVAL_MAX)
}
