//! Packets and frames: the rules that each must keep, on examples and on anything at all.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use std::{num::NonZeroU32, time::Duration};

use bfd::{
    Config, ControlPacket, ControlRepr, Diagnostic, Endpoint, Envelope, EnvelopeError, FRAME_LEN,
    PACKET_LEN, PacketError, Refusal, State, over_vxlan,
};
use model::Mac;
use proptest::prelude::*;

/// A frame as Open vSwitch 3.1 sends it in the state Up; MAC, port and discriminators are examples.
const EXAMPLE: [u8; FRAME_LEN] = [
    0x00, 0x23, 0x20, 0x00, 0x00, 0x01, 0x4e, 0x3b, 0x5d, 0x0a, 0x7c, 0x42, 0x08,
    0x00, // Ethernet
    0x45, 0xc0, 0x00, 0x34, 0x00, 0x00, 0x00, 0x00, 0xff, 0x11, 0x64, 0xfb, 0xa9, 0xfe, 0x01, 0x01,
    0xa9, 0xfe, 0x01, 0x00, // IPv4
    0xc0, 0x01, 0x0e, 0xc8, 0x00, 0x20, 0x00, 0x00, // UDP
    0x20, 0xc0, 0x03, 0x18, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x00, 0x01, 0x86, 0xa0,
    0x00, 0x0f, 0x42, 0x40, 0x00, 0x00, 0x00, 0x00,
];

const ENVELOPE: Envelope = Envelope {
    source_mac: Mac::new([0x4e, 0x3b, 0x5d, 0x0a, 0x7c, 0x42]),
    destination_mac: Endpoint::DEFAULT_MAC,
    source_ip: Endpoint::DEFAULT_REMOTE.ip,
    destination_ip: Endpoint::DEFAULT_LOCAL.ip,
    source_port: 0xc001,
};

fn packet() -> ControlRepr {
    ControlRepr {
        diagnostic: Diagnostic::NONE,
        state: State::Up,
        is_poll: false,
        is_final: false,
        is_demand: false,
        multiplier: 3,
        my_discriminator: NonZeroU32::new(0x1234_5678).unwrap(),
        your_discriminator: NonZeroU32::new(0x9abc_def0),
        desired_min_tx: Duration::from_millis(100),
        required_min_rx: Duration::from_secs(1),
    }
}

/// The example with one byte changed; the IPv4 checksum is made right again.
fn changed(offset: usize, value: u8) -> Vec<u8> {
    let mut frame = Vec::from(EXAMPLE);
    frame[offset] = value;
    frame[24..26].fill(0);
    let sum = model::ipv4::checksum(frame[14..34].iter()).to_be_bytes();
    frame[24..26].copy_from_slice(&sum);
    frame
}

#[test]
fn a_frame_is_what_open_vswitch_sends() {
    assert_eq!(ENVELOPE.seal(&packet()), EXAMPLE);
    assert_eq!(Envelope::open(&EXAMPLE), Ok((ENVELOPE, packet())));
}

#[test]
fn the_vxlan_header_has_vni_zero() {
    let payload = over_vxlan(&EXAMPLE);
    assert_eq!(payload[..8], [0x08, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(payload[8..], EXAMPLE);
}

#[test]
fn each_rule_of_the_headers_refuses_what_breaks_it() {
    let cases = [
        (
            12,
            0x86,
            Refusal::Envelope(EnvelopeError::Ethertype(0x8600)),
        ),
        (14, 0x44, Refusal::Envelope(EnvelopeError::Ipv4)),
        (17, 0xff, Refusal::Envelope(EnvelopeError::Ipv4)),
        (20, 0x20, Refusal::Envelope(EnvelopeError::Protocol)),
        (23, 6, Refusal::Envelope(EnvelopeError::Protocol)),
        (22, 254, Refusal::Envelope(EnvelopeError::Ttl(254))),
        (37, 0xc9, Refusal::Envelope(EnvelopeError::Port(0x0ec9))),
        (39, 0x21, Refusal::Envelope(EnvelopeError::Udp)),
        (41, 1, Refusal::Envelope(EnvelopeError::Udp)),
        (39, 0x1f, Refusal::Packet(PacketError::Truncated(23))),
    ];
    for (offset, value, refusal) in cases {
        assert_eq!(Envelope::open(&changed(offset, value)), Err(refusal));
    }
    let mut broken = EXAMPLE;
    broken[25] ^= 1;
    let refusal = Refusal::Envelope(EnvelopeError::Ipv4);
    assert_eq!(Envelope::open(&broken), Err(refusal));
}

#[test]
fn a_right_udp_checksum_is_accepted() {
    let mut frame = Vec::from(EXAMPLE);
    let pseudo = [&frame[26..34], &[0, 17, 0, 32]].concat();
    let sum = model::ipv4::checksum(pseudo.iter().chain(&frame[34..]));
    frame[40..42].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(Envelope::open(&frame), Ok((ENVELOPE, packet())));
}

#[test]
fn each_rule_of_the_packet_refuses_what_breaks_it() {
    let good = &EXAMPLE[FRAME_LEN - PACKET_LEN..];
    let cases: [(&[(usize, u8)], PacketError); 9] = [
        (&[(0, 0x40)], PacketError::Version(2)),
        (&[(3, 23)], PacketError::Length(23)),
        (&[(1, 0xc4)], PacketError::Length(24)),
        (&[(3, 25)], PacketError::Truncated(24)),
        (&[(2, 0)], PacketError::Multiplier),
        (&[(1, 0xc1)], PacketError::Multipoint),
        (
            &[(4, 0), (5, 0), (6, 0), (7, 0)],
            PacketError::MyDiscriminator,
        ),
        (
            &[(8, 0), (9, 0), (10, 0), (11, 0)],
            PacketError::YourDiscriminator(State::Up),
        ),
        (
            &[(8, 0), (9, 0), (10, 0), (11, 0), (1, 0x80)],
            PacketError::YourDiscriminator(State::Init),
        ),
    ];
    for (changes, error) in cases {
        let mut bytes = Vec::from(good);
        for (offset, value) in changes {
            bytes[*offset] = *value;
        }
        let result = ControlPacket::new_checked(&bytes).map(|packet| packet.state());
        assert_eq!(result, Err(error), "{changes:?}");
    }
    let mut authenticated = Vec::from(good);
    authenticated[1] = 0xc4;
    authenticated[3] = 26;
    authenticated.extend([1, 2]);
    let result = ControlPacket::new_checked(&authenticated).map(|packet| packet.state());
    assert_eq!(result, Err(PacketError::Authentication));
    assert!(ControlPacket::new_checked(&good[..23]).is_err());
}

#[test]
fn a_session_that_is_down_may_not_know_our_discriminator() {
    let unknown = ControlRepr {
        state: State::Down,
        your_discriminator: None,
        ..packet()
    };
    assert_eq!(
        Envelope::open(&ENVELOPE.seal(&unknown)),
        Ok((ENVELOPE, unknown))
    );
}

#[test]
fn addresses_and_keys_are_checked_against_the_configuration() {
    let config = Config::default();
    assert_eq!(ENVELOPE.check(7, &config), Ok(()));
    let strict = Config {
        check_tnl_key: true,
        ..config
    };
    assert_eq!(ENVELOPE.check(0, &strict), Ok(()));
    assert_eq!(ENVELOPE.check(7, &strict), Err(Refusal::Vni(7)));
    let mac = Mac::new([2, 0, 0, 0, 0, 9]);
    let other_mac = Config {
        local: Endpoint {
            mac,
            ..config.local
        },
        ..config
    };
    let refusal = Refusal::DestinationMac(Endpoint::DEFAULT_MAC);
    assert_eq!(ENVELOPE.check(0, &other_mac), Err(refusal));
    let ip = "10.1.1.1".parse().unwrap();
    let other_ip = Config {
        local: Endpoint { ip, ..config.local },
        ..config
    };
    let refusal = Refusal::DestinationIp(Endpoint::DEFAULT_LOCAL.ip);
    assert_eq!(ENVELOPE.check(0, &other_ip), Err(refusal));
    let to_default_of_remote = Envelope {
        destination_ip: Endpoint::DEFAULT_REMOTE.ip,
        ..ENVELOPE
    };
    assert_eq!(to_default_of_remote.check(0, &config), Ok(()));
}

prop_compose! {
    fn any_packet()(
        diagnostic in 0u8..32,
        state in 0u8..4,
        flags in any::<[bool; 3]>(),
        multiplier in 1u8..,
        mine in 1u32..,
        yours in 1u32..,
        tx in any::<u32>(),
        rx in any::<u32>(),
    ) -> ControlRepr {
        ControlRepr {
            diagnostic: Diagnostic::from_number(diagnostic),
            state: State::from_number(state),
            is_poll: flags[0],
            is_final: flags[1],
            is_demand: flags[2],
            multiplier,
            my_discriminator: NonZeroU32::new(mine).unwrap(),
            your_discriminator: NonZeroU32::new(yours),
            desired_min_tx: Duration::from_micros(tx.into()),
            required_min_rx: Duration::from_micros(rx.into()),
        }
    }
}

proptest! {
    #[test]
    fn what_is_emitted_is_parsed_to_the_same(packet in any_packet()) {
        prop_assert_eq!(Envelope::open(&ENVELOPE.seal(&packet)), Ok((ENVELOPE, packet)));
    }

    #[test]
    fn any_bytes_are_refused_or_are_a_packet_that_is_emitted_as_it_came(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Ok(packet) = ControlPacket::new_checked(&bytes) {
            let repr = ControlRepr::parse(&packet).unwrap();
            let mut emitted = Vec::new();
            repr.emit(&mut emitted);
            let again = ControlPacket::new_checked(&emitted).unwrap();
            prop_assert_eq!(ControlRepr::parse(&again), Ok(repr));
        }
    }

    #[test]
    fn a_frame_with_damage_is_refused_or_opened_but_never_a_panic(
        offset in 0..FRAME_LEN,
        value in any::<u8>(),
        length in 0..=FRAME_LEN,
    ) {
        let mut frame = EXAMPLE;
        frame[offset] = value;
        let _ = Envelope::open(&frame[..length]);
        prop_assert!(length == FRAME_LEN || Envelope::open(&EXAMPLE[..length]).is_err());
    }

    #[test]
    fn a_session_survives_any_packets_at_any_times(
        packets in proptest::collection::vec((any_packet(), 0u64..3000, any::<bool>()), 0..60),
        seed in any::<u64>(),
    ) {
        let mine = NonZeroU32::new(7).unwrap();
        let mut session = bfd::Session::new(Config::default(), mine, seed);
        let mut now = bfd::Instant::new(Duration::from_secs(1));
        for (mut packet, later, is_ours) in packets {
            now = now + Duration::from_millis(later);
            if is_ours {
                packet.your_discriminator = Some(mine);
            }
            let is_taken = session.process(&packet, now).is_ok();
            prop_assert_eq!(is_taken, packet.your_discriminator == Some(mine));
            for _ in 0..4 {
                for effect in session.poll(now) {
                    if let bfd::Effect::Transmit(sent) = effect {
                        prop_assert!(!(sent.is_poll && sent.is_final));
                        let is_slow = sent.desired_min_tx >= Duration::from_secs(1);
                        prop_assert!(sent.state == State::Up || is_slow);
                    }
                }
            }
            prop_assert!(session.deadline(now).is_none_or(|at| at > now), "nothing is left to do");
        }
    }
}
