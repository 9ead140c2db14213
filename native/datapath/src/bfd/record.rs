//! Sessions in the map that outlives the process.

use std::{net::Ipv4Addr, num::NonZeroU32, time::Duration};

use ::bfd::{Config, Diagnostic, Endpoint, Remote, Saved, Session, State};
use model::Mac;

use crate::layout::{
    BFD_CHECK_TNL_KEY, BFD_CPATH_DOWN, BFD_FORWARDING_IF_RX, BFD_FRAME_LENGTH, BfdSession,
};

const _: () = assert!(BFD_FRAME_LENGTH == ::bfd::FRAME_LEN);

/// What is to be kept of a session, and the frame that is sent for it while no daemon runs.
pub fn to_record(session: &Session, frame: &[u8]) -> BfdSession {
    let saved = session.save();
    let config = session.config();
    let flags = [
        (config.forwarding_if_rx, BFD_FORWARDING_IF_RX),
        (config.cpath_down, BFD_CPATH_DOWN),
        (config.check_tnl_key, BFD_CHECK_TNL_KEY),
    ];
    let mut record = BfdSession {
        answer_after_ns: answer_after_ns(session),
        min_tx_us: micros(saved.min_tx),
        min_rx_us: micros(saved.min_rx),
        remote_min_tx_us: micros(saved.remote.desired_min_tx),
        remote_min_rx_us: micros(saved.remote.required_min_rx),
        config_min_tx_ms: millis(config.min_tx),
        config_min_rx_ms: millis(config.min_rx),
        config_decay_min_rx_ms: millis(config.decay_min_rx),
        config_flags: flags
            .iter()
            .filter(|(is_set, _)| *is_set)
            .fold(0, |all, (_, flag)| all | flag),
        local_ip: config.local.ip.octets(),
        remote_ip: config.remote.ip.octets(),
        local_mac: config.local.mac.octets(),
        remote_mac: config.remote.mac.octets(),
        state: saved.state.number(),
        diagnostic: saved.diagnostic.number(),
        remote_state: saved.remote.state.number(),
        remote_diagnostic: saved.remote.diagnostic.number(),
        remote_multiplier: saved.remote.multiplier,
        remote_is_demand: u8::from(saved.remote.is_demand),
        zero: [0; 2],
        discriminator: saved.discriminator.get(),
        remote_discriminator: saved.remote.discriminator.map_or(0, NonZeroU32::get),
        frame: [0; BFD_FRAME_LENGTH],
        pad: [0; 2],
    };
    for (to, from) in record.frame.iter_mut().zip(frame) {
        *to = *from;
    }
    record
}

/// The configuration and the state that a record holds; `None` for a record that no daemon has written.
pub fn from_record(record: &BfdSession) -> Option<(Config, Saved)> {
    let has = |flag: u32| record.config_flags & flag != 0;
    let endpoint = |mac: [u8; 6], ip: [u8; 4]| Endpoint {
        mac: Mac::new(mac),
        ip: Ipv4Addr::from(ip),
    };
    let config = Config {
        is_enabled: true,
        min_rx: Duration::from_millis(record.config_min_rx_ms.into()),
        min_tx: Duration::from_millis(record.config_min_tx_ms.into()),
        decay_min_rx: Duration::from_millis(record.config_decay_min_rx_ms.into()),
        forwarding_if_rx: has(BFD_FORWARDING_IF_RX),
        cpath_down: has(BFD_CPATH_DOWN),
        check_tnl_key: has(BFD_CHECK_TNL_KEY),
        local: endpoint(record.local_mac, record.local_ip),
        remote: endpoint(record.remote_mac, record.remote_ip),
    };
    let saved = Saved {
        discriminator: NonZeroU32::new(record.discriminator)?,
        state: State::from_number(record.state),
        diagnostic: Diagnostic::from_number(record.diagnostic),
        remote: Remote {
            discriminator: NonZeroU32::new(record.remote_discriminator),
            state: State::from_number(record.remote_state),
            diagnostic: Diagnostic::from_number(record.remote_diagnostic),
            multiplier: record.remote_multiplier,
            desired_min_tx: Duration::from_micros(record.remote_min_tx_us.into()),
            required_min_rx: Duration::from_micros(record.remote_min_rx_us.into()),
            is_demand: record.remote_is_demand != 0,
        },
        min_tx: Duration::from_micros(record.min_tx_us.into()),
        min_rx: Duration::from_micros(record.min_rx_us.into()),
    };
    Some((config, saved))
}

/// Half an interval without a daemon, so that the last packet of a daemon that died and the first answer of the
/// programs are less than two intervals apart: the remote system waits for three.
fn answer_after_ns(session: &Session) -> u64 {
    match session.state() {
        State::Up => u64::try_from(session.transmit_interval().as_nanos() / 2).unwrap_or(0),
        _ => 0,
    }
}

fn micros(interval: Duration) -> u32 {
    u32::try_from(interval.as_micros()).unwrap_or(u32::MAX)
}

fn millis(interval: Duration) -> u32 {
    u32::try_from(interval.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_leads_back_to_the_session() {
        let config = Config {
            min_rx: Duration::from_millis(300),
            decay_min_rx: Duration::from_secs(4),
            forwarding_if_rx: true,
            check_tnl_key: true,
            remote: Endpoint {
                mac: Mac::new([2, 0, 0, 0, 0, 1]),
                ip: Ipv4Addr::new(10, 0, 0, 1),
            },
            ..Config::default()
        };
        let session = Session::new(config, NonZeroU32::MAX, 1);
        let record = to_record(&session, &[7; BFD_FRAME_LENGTH]);
        assert_eq!(record.frame, [7; BFD_FRAME_LENGTH]);
        assert_eq!(from_record(&record), Some((config, session.save())));
    }
}
