//! BFD: the frame around a control packet, the packet, and a session that hears whatever packets at whatever times.

use std::{num::NonZeroU32, time::Duration};

use bfd::{
    Config, ControlPacket, ControlRepr, Effect, Envelope, FRAME_LEN, INTERVAL_MIN, Instant,
    PACKET_LEN, Session, State,
};

/// A frame, and the same bytes as a packet alone.
pub fn run_packet(bytes: &[u8]) {
    if let Ok((envelope, packet)) = Envelope::open(bytes) {
        let sealed = envelope.seal(&packet);
        assert_eq!(sealed.len(), FRAME_LEN);
        assert_eq!(Envelope::open(&sealed), Ok((envelope, packet)));
    }
    let _ = read(bytes);
}

fn read(bytes: &[u8]) -> Option<ControlRepr> {
    let packet = ControlPacket::new_checked(bytes).ok()?;
    let repr = ControlRepr::parse(&packet).ok()?;
    let mut again = Vec::new();
    repr.emit(&mut again);
    assert_eq!(again.len(), PACKET_LEN);
    let view = ControlPacket::new_checked(&again).expect("what we send is a packet");
    assert_eq!(ControlRepr::parse(&view), Ok(repr));
    Some(repr)
}

const DISCRIMINATOR: u32 = 0x0a0b_0c0d;
/// What one step reads: what to do, how much time passes before, and a packet.
const STEP: usize = 4 + PACKET_LEN;
/// As many packets as follow at once from one event: an answer, a new state, a poll.
const AT_ONCE_MAX: usize = 8;

/// A session's life: packets, data, other parameters, other processes.
pub fn run_session(bytes: &[u8]) {
    let seed = u64::try_from(bytes.len()).unwrap();
    let mine = NonZeroU32::new(DISCRIMINATOR).unwrap();
    let mut session = Session::new(Config::default(), mine, seed);
    let mut now = Instant::new(Duration::from_secs(1));
    let mut data = 0_u64;
    settle(&mut session, now);
    for step in bytes.chunks_exact(STEP) {
        let (&[what, count, high, low], packet) = step.split_first_chunk().unwrap();
        let until = now + Duration::from_millis(u16::from_be_bytes([high, low]).into());
        run_until(&mut session, now, until);
        now = until;
        match what % 8 {
            0..=3 => {
                if let Some(packet) = read(packet) {
                    let is_for_us = packet.your_discriminator.is_none_or(|to| to == mine);
                    assert_eq!(session.process(&packet, now).is_ok(), is_for_us);
                }
            }
            4 => {
                data = data.saturating_add(count.into());
                session.count_data(data, now);
            }
            5 | 6 => session.configure(config(count, packet), now),
            _ => {
                let saved = session.save();
                session = Session::resume(*session.config(), &saved, seed, now);
            }
        }
        settle(&mut session, now);
    }
}

/// Does what is due until there is nothing more to do at this time.
fn settle(session: &mut Session, now: Instant) {
    for _ in 0..AT_ONCE_MAX {
        for effect in session.poll(now) {
            check(session, &effect);
        }
        if session.deadline(now).is_none_or(|at| at > now) {
            assert!(session.detection_time() <= Duration::from_secs(u64::MAX));
            return;
        }
    }
    panic!("the session is never done: {session:?}");
}

/// Calls the session at each of its deadlines, which come no faster than the shortest interval allows.
fn run_until(session: &mut Session, from: Instant, until: Instant) {
    let mut now = from;
    let most = until.since(from).as_millis() / (INTERVAL_MIN.as_millis() / 2) * 4 + 16;
    for _ in 0..most {
        match session.deadline(now) {
            Some(at) if at <= until => {
                now = at.max(now);
                settle(session, now);
            }
            _ => return,
        }
    }
    panic!("the session is due too often: {session:?}");
}

fn check(session: &Session, effect: &Effect) {
    match effect {
        Effect::Transmit(packet) => {
            assert!(!(packet.is_poll && packet.is_final));
            assert_eq!(packet.my_discriminator, session.discriminator());
            assert!(packet.desired_min_tx >= INTERVAL_MIN);
            assert_eq!(
                session.config().is_enabled,
                packet.state != State::AdminDown
            );
            let mut bytes = Vec::new();
            packet.emit(&mut bytes);
            assert!(ControlPacket::new_checked(&bytes).is_ok());
        }
        Effect::Changed(status) => assert_eq!(*status, session.status()),
    }
}

fn config(flags: u8, bytes: &[u8]) -> Config {
    let millis = |at: usize| {
        let number = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        Duration::from_millis(number.into())
    };
    Config {
        is_enabled: flags & 1 == 0,
        min_rx: millis(0),
        min_tx: millis(2),
        decay_min_rx: millis(4),
        forwarding_if_rx: flags & 2 != 0,
        cpath_down: flags & 4 != 0,
        check_tnl_key: flags & 8 != 0,
        ..Config::default()
    }
}
