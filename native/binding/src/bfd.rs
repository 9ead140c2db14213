//! BFD across the boundary: the columns of the `Tunnel` table as objects.

use std::{net::IpAddr, time::Duration};

use datapath::{BfdConfig, BfdEndpoint, Error};
use napi_derive::napi;

use crate::convert;

/// BFD of a tunnel: `bfd_params`, `bfd_config_local` and `bfd_config_remote`. What is left out is the schema's default,
/// but for `enable`, which is true.
#[napi(object)]
pub struct BfdSpec {
    /// The remote VTEP.
    pub remote_ip: String,
    /// False ends the session.
    pub enable: Option<bool>,
    /// Milliseconds, at least 1; the default is 1000.
    pub min_rx: Option<u32>,
    /// Milliseconds, at least 1; the default is 100.
    pub min_tx: Option<u32>,
    /// Milliseconds; 0, the default: never.
    pub decay_min_rx: Option<u32>,
    pub forwarding_if_rx: Option<bool>,
    pub cpath_down: Option<bool>,
    pub check_tnl_key: Option<bool>,
    /// `bfd_config_local:bfd_dst_mac`.
    pub local_dst_mac: Option<String>,
    /// `bfd_config_local:bfd_dst_ip`.
    pub local_dst_ip: Option<String>,
    /// `bfd_config_remote:bfd_dst_mac`.
    pub remote_dst_mac: Option<String>,
    /// `bfd_config_remote:bfd_dst_ip`.
    pub remote_dst_ip: Option<String>,
}

/// `bfd_status` of a tunnel whose BFD is enabled.
#[napi(object)]
pub struct BfdStatus {
    /// The remote VTEP.
    pub remote_ip: String,
    pub enabled: bool,
    #[napi(ts_type = "'admin_down' | 'down' | 'init' | 'up'")]
    pub state: String,
    pub forwarding: bool,
    /// Text of RFC 5880 section 4.1.
    pub diagnostic: String,
    #[napi(ts_type = "'admin_down' | 'down' | 'init' | 'up'")]
    pub remote_state: String,
    /// Text of RFC 5880 section 4.1.
    pub remote_diagnostic: String,
    pub info: Option<String>,
}

impl TryFrom<BfdSpec> for (IpAddr, BfdConfig) {
    type Error = Error;

    fn try_from(spec: BfdSpec) -> Result<Self, Error> {
        let default = BfdConfig::default();
        let millis = |given: Option<u32>, default: Duration| {
            given.map_or(default, |given| Duration::from_millis(given.into()))
        };
        let config = BfdConfig {
            is_enabled: spec.enable.unwrap_or(true),
            min_rx: millis(spec.min_rx, default.min_rx),
            min_tx: millis(spec.min_tx, default.min_tx),
            decay_min_rx: millis(spec.decay_min_rx, default.decay_min_rx),
            forwarding_if_rx: spec.forwarding_if_rx.unwrap_or(false),
            cpath_down: spec.cpath_down.unwrap_or(false),
            check_tnl_key: spec.check_tnl_key.unwrap_or(false),
            local: endpoint(spec.local_dst_mac, spec.local_dst_ip, default.local)?,
            remote: endpoint(spec.remote_dst_mac, spec.remote_dst_ip, default.remote)?,
        };
        Ok((convert::ip(&spec.remote_ip)?, config))
    }
}

impl From<(IpAddr, BfdConfig)> for BfdSpec {
    fn from((remote, config): (IpAddr, BfdConfig)) -> Self {
        let millis = |interval: Duration| u32::try_from(interval.as_millis()).ok();
        Self {
            remote_ip: remote.to_string(),
            enable: Some(config.is_enabled),
            min_rx: millis(config.min_rx),
            min_tx: millis(config.min_tx),
            decay_min_rx: millis(config.decay_min_rx),
            forwarding_if_rx: Some(config.forwarding_if_rx),
            cpath_down: Some(config.cpath_down),
            check_tnl_key: Some(config.check_tnl_key),
            local_dst_mac: Some(config.local.mac.to_string()),
            local_dst_ip: Some(config.local.ip.to_string()),
            remote_dst_mac: Some(config.remote.mac.to_string()),
            remote_dst_ip: Some(config.remote.ip.to_string()),
        }
    }
}

impl From<(IpAddr, datapath::BfdStatus)> for BfdStatus {
    fn from((remote, status): (IpAddr, datapath::BfdStatus)) -> Self {
        Self {
            remote_ip: remote.to_string(),
            enabled: status.is_enabled,
            state: status.state.name().to_owned(),
            forwarding: status.is_forwarding,
            diagnostic: status.diagnostic.name().to_owned(),
            remote_state: status.remote_state.name().to_owned(),
            remote_diagnostic: status.remote_diagnostic.name().to_owned(),
            info: status.info,
        }
    }
}

fn endpoint(
    mac: Option<String>,
    ip: Option<String>,
    default: BfdEndpoint,
) -> Result<BfdEndpoint, Error> {
    let mac = mac.map_or(Ok(default.mac), |mac| convert::mac(&mac))?;
    let ip = ip.map_or(Ok(IpAddr::V4(default.ip)), |ip| convert::ip(&ip))?;
    match ip {
        IpAddr::V4(ip) => Ok(BfdEndpoint { mac, ip }),
        IpAddr::V6(ip) => Err(Error::Invalid(format!("bfd_dst_ip {ip} is not IPv4"))),
    }
}
