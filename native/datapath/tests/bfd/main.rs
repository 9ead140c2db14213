//! BFD with real peers: Open vSwitch, and another gateway.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test that cannot go on fails"
)]

mod capture;
mod ovs;
mod scale;
mod site;

use std::{
    net::UdpSocket,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use bfd::{ControlRepr, Envelope};
use capture::Capture;
use datapath::{BfdConfig, BfdDiagnostic, BfdEndpoint, BfdState};
use model::{Mac, SwitchId};
use ovs::OpenVswitch;
use site::{Gateway, Site, until};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn every(min_tx: u64, min_rx: u64) -> BfdConfig {
    BfdConfig {
        min_tx: ms(min_tx),
        min_rx: ms(min_rx),
        ..BfdConfig::default()
    }
}

/// A gateway and Open vSwitch, both with BFD at 300 ms and up.
fn gateway_and_ovs() -> ([Site; 2], Gateway, OpenVswitch) {
    let sites = Site::pair();
    sites[0].address_on("u0");
    let gateway = Gateway::open(&sites[0], sites[1].address);
    let ovs = OpenVswitch::start(&sites[1], "10.0.0.1");
    gateway
        .datapath
        .put_bfd(gateway.remote, every(300, 300))
        .unwrap();
    ovs.set("min_rx", "300");
    ovs.set("min_tx", "300");
    ovs.set("enable", "true");
    gateway.await_status("the session comes up", |status| {
        status.is_forwarding && status.remote_state == BfdState::Up
    });
    ovs.await_status("state", "up");
    ovs.await_status("forwarding", "true");
    (sites, gateway, ovs)
}

#[test]
fn open_vswitch_and_the_gateway_understand_each_other() {
    let (sites, gateway, ovs) = gateway_and_ovs();
    let capture = Capture::start(&sites[0]);

    // Poll Sequences, from our side and from theirs.
    let slower = every(300, 900);
    gateway.datapath.put_bfd(gateway.remote, slower).unwrap();
    until("OVS sends every 900 ms", || {
        let shown = (
            ovs.shown("TX Interval"),
            ovs.shown("Remote Minimum RX Interval"),
        );
        if shown.0.contains("900ms") {
            Ok(())
        } else {
            Err(shown)
        }
    });
    ovs.set("min_tx", "1500");
    ovs.set("min_rx", "500");
    until("OVS has agreed to its own intervals", || {
        let shown = [
            ovs.shown("Local Minimum TX Interval"),
            ovs.shown("RX Interval"),
            ovs.shown("Local Flags"),
        ];
        if shown[0].contains("1500ms") && shown[1].contains("500ms") && shown[2] == "none" {
            Ok(())
        } else {
            Err(shown)
        }
    });

    // Concatenated path down, both ways; the sessions stay up.
    let cpath_down = BfdConfig {
        cpath_down: true,
        ..slower
    };
    gateway
        .datapath
        .put_bfd(gateway.remote, cpath_down)
        .unwrap();
    ovs.await_status("remote_diagnostic", "Concatenated Path Down");
    ovs.await_status("forwarding", "false");
    gateway.datapath.put_bfd(gateway.remote, slower).unwrap();
    ovs.await_status("forwarding", "true");
    ovs.set("cpath_down", "true");
    gateway.await_status("OVS tells that it wants no traffic", |status| {
        !status.is_forwarding && status.remote_diagnostic == BfdDiagnostic::CONCATENATED_PATH_DOWN
    });
    ovs.set("cpath_down", "false");
    gateway.await_status("OVS wants traffic again", |status| status.is_forwarding);
    assert_eq!(ovs.status("state"), "up");
    assert_eq!(gateway.told_states().last().unwrap(), "up");

    // Switched off: OVS hears so, and does not have to find out.
    gateway.datapath.remove_bfd(gateway.remote);
    ovs.await_status("diagnostic", "Neighbor Signaled Session Down");
    assert_eq!(gateway.status(), None);

    assert!(capture.count("bfd") > 10);
    assert!(capture.count("bfd.flags.p == 1 && ip.src == 10.0.0.1") > 0);
    assert!(capture.count("bfd.flags.f == 1 && ip.src == 10.0.0.1") > 0);
    let ours = "ip.src == 10.0.0.1";
    let exact = "vxlan.vni == 0 && ip.ttl == 255 && ip.dsfield == 0xc0 && udp.dstport == 3784 && eth.dst == 00:23:20:00:00:01 && ip.flags.df == 1 && udp.checksum == 0";
    assert_eq!(capture.count(&format!("{ours} && bfd && !({exact})")), 0);
    // What the crate takes for granted of Open vSwitch.
    let theirs = "ip.src == 10.0.0.2 && bfd";
    let known = "vxlan.vni == 0 && ip.ttl == 255 && ip.dsfield == 0xc0 && ip.src == 169.254.1.1 && ip.dst == 169.254.1.0 && eth.dst == 00:23:20:00:00:01 && bfd.detect_time_multiplier == 3 && udp.checksum == 0";
    assert_eq!(capture.count(&format!("{theirs} && !({known})")), 0);
    assert!(capture.count(theirs) > 0);
    assert_eq!(capture.count("_ws.malformed || ip.checksum.status == 0"), 0);
}

#[test]
fn a_cut_is_detected_in_time_and_healed() {
    let (sites, gateway, ovs) = gateway_and_ovs();
    gateway.told_states();
    sites[1].ip("link set u0 down");
    let cut_at = Instant::now();
    let status = gateway.await_status("the cut is seen", |status| status.state == BfdState::Down);
    let detection = cut_at.elapsed();
    assert!(
        detection < ms(1200),
        "three times 300 ms and a little: {detection:?}"
    );
    assert_eq!(status.diagnostic, BfdDiagnostic::DETECTION_TIME_EXPIRED);
    assert!(!status.is_forwarding);
    ovs.await_status("diagnostic", "Control Detection Time Expired");
    sites[1].ip("link set u0 up");
    gateway.await_status("the session is up again", |status| status.is_forwarding);
    ovs.await_status("state", "up");
    let told = gateway.told_states();
    assert!(told.starts_with(&[String::from("down")]), "{told:?}");
    assert_eq!(told.last().unwrap(), "up");
}

#[test]
fn a_fast_session_survives_a_gap_between_two_daemons() {
    let (sites, gateway, ovs) = gateway_and_ovs();
    let flaps = ovs.status("flap_count");
    gateway
        .datapath
        .put_bfd(gateway.remote, every(300, 300))
        .unwrap();
    drop(gateway);
    let gone_at = Instant::now();
    // More than six detection times of the remote system; then a change in its intervals makes it poll.
    while gone_at.elapsed() < ms(6000) {
        assert_eq!(ovs.status("state"), "up", "after {:?}", gone_at.elapsed());
        std::thread::sleep(ms(100));
    }
    ovs.set("min_tx", "400");
    until("the poll is answered by the programs", || {
        let shown = (
            ovs.shown("Local Minimum TX Interval"),
            ovs.shown("Local Flags"),
        );
        if shown.0.contains("400ms") && shown.1 == "none" {
            Ok(())
        } else {
            Err(shown)
        }
    });
    let gateway = Gateway::open(&sites[0], sites[1].address);
    assert_eq!(
        gateway.datapath.bfd_configs(),
        [(gateway.remote, every(300, 300))]
    );
    gateway.await_status("the session goes on", |status| status.is_forwarding);
    gateway
        .datapath
        .put_bfd(gateway.remote, every(300, 300))
        .unwrap();
    let resumed_at = Instant::now();
    while resumed_at.elapsed() < ms(3000) {
        assert_eq!(
            ovs.status("state"),
            "up",
            "after {:?}",
            resumed_at.elapsed()
        );
        std::thread::sleep(ms(100));
    }
    assert_eq!(ovs.status("flap_count"), flaps);
    assert_eq!(gateway.told_states(), ["up"]);
    assert_eq!(gateway.dropped("bfd_refused"), 0);

    // The programs speak for the session only while nobody else does, and only as long as both ends are up.
    sites[1].ip("link set u0 down");
    gateway.await_status("the cut is seen", |status| status.state == BfdState::Down);
}

#[test]
fn two_gateways_monitor_each_other() {
    let sites = Site::pair();
    let gateways = [0, 1].map(|here| {
        sites[here].address_on("u0");
        let gateway = Gateway::open(&sites[here], sites[1 - here].address);
        let config = BfdConfig {
            forwarding_if_rx: here == 0,
            ..every(200, 200)
        };
        gateway.datapath.put_bfd(gateway.remote, config).unwrap();
        gateway
    });
    for gateway in &gateways {
        gateway.await_status("both are up", |status| {
            status.is_forwarding && status.remote_state == BfdState::Up
        });
    }
    // BFD ends on one side, data goes on: with forwarding_if_rx the tunnel is still good.
    let vni = 5001;
    gateways[0]
        .datapath
        .tables()
        .put_switch(SwitchId::new(7), vni)
        .unwrap();
    gateways[1].datapath.remove_bfd(gateways[1].remote);
    gateways[0].await_status("the other side switched it off", |status| {
        status.remote_state == BfdState::AdminDown
    });
    let socket = sites[1].run(|| UdpSocket::bind("10.0.0.2:0").unwrap());
    let data = over_vxlan(vni, &ethernet([2, 0, 0, 0, 0, 9]));
    gateways[0].await_status("data is a sign of life", |status| {
        socket.send_to(&data, "10.0.0.1:4789").unwrap();
        status.state == BfdState::Down && status.is_forwarding
    });
    gateways[0].await_status("no data is none", |status| !status.is_forwarding);
    assert_eq!(gateways[0].dropped("bfd_refused"), 0);
}

#[test]
fn frames_that_are_not_the_sessions_are_counted_and_change_nothing() {
    let (sites, gateway, ovs) = gateway_and_ovs();
    gateway.told_states();
    let socket = sites[1].run(|| UdpSocket::bind("10.0.0.2:0").unwrap());
    let send = |payload: &[u8]| assert!(socket.send_to(payload, "10.0.0.1:4789").is_ok());
    let unknown = gateway.dropped("unknown_vni");
    let packet = ControlRepr {
        diagnostic: BfdDiagnostic::NONE,
        state: BfdState::Down,
        is_poll: false,
        is_final: false,
        is_demand: false,
        multiplier: 3,
        my_discriminator: NonZeroU32::new(1).unwrap(),
        your_discriminator: NonZeroU32::new(0xdead_beef),
        desired_min_tx: ms(300),
        required_min_rx: ms(300),
    };
    let envelope = Envelope {
        source_mac: Mac::new([2, 0, 0, 0, 0, 1]),
        destination_mac: BfdEndpoint::DEFAULT_MAC,
        source_ip: BfdEndpoint::DEFAULT_REMOTE.ip,
        destination_ip: BfdEndpoint::DEFAULT_LOCAL.ip,
        source_port: 49152,
    };
    let stranger = envelope.seal(&packet);
    let mut hops = stranger.clone();
    hops[22] = 254;
    let mut long = stranger.clone();
    long.extend([0; 200]);
    let mut authenticated = stranger.clone();
    authenticated[43] |= 4;
    // To another session, through a router, longer than is looked at, authenticated: four are refused.
    for frame in [&stranger, &hops, &long, &authenticated] {
        send(&over_vxlan(0, frame));
    }
    // Not BFD at all, and cut off: two are of an unknown VNI.
    send(&over_vxlan(0, &ethernet([2, 0, 0, 0, 0, 9])));
    send(&over_vxlan(0, &stranger[..60]));
    until("all are counted", || {
        let counts = (
            gateway.dropped("bfd_refused"),
            gateway.dropped("unknown_vni") - unknown,
        );
        if counts == (4, 2) {
            Ok(())
        } else {
            Err(counts)
        }
    });
    assert_eq!(gateway.dropped("punt_full"), 0);
    assert_eq!(gateway.told_states(), [""; 0]);
    assert_eq!(ovs.status("state"), "up");
}

#[test]
fn one_vtep_cannot_fill_the_queue_of_all() {
    let sites = Site::pair();
    for site in &sites {
        site.address_on("u0");
    }
    let gateway = Gateway::open(&sites[0], sites[1].address);
    gateway
        .datapath
        .put_bfd(gateway.remote, every(300, 300))
        .unwrap();
    gateway.await_status("the session is there", |status| {
        status.state == BfdState::Down
    });
    let socket = sites[1].run(|| UdpSocket::bind("10.0.0.2:0").unwrap());
    let mut garbage = vec![0; 66];
    garbage[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
    garbage[23] = 17;
    garbage[36..38].copy_from_slice(&3784_u16.to_be_bytes());
    let sent = 3000;
    for _ in 0..sent {
        socket
            .send_to(&over_vxlan(0, &garbage), "10.0.0.1:4789")
            .unwrap();
    }
    let refused = until("all are counted", || {
        let counts =
            ["bfd_refused", "punt_full", "unknown_vni"].map(|reason| gateway.dropped(reason));
        if counts.iter().sum::<u64>() == sent {
            Ok(counts[0])
        } else {
            Err(counts)
        }
    });
    assert!(
        (100..1000).contains(&refused),
        "a hundred a second: {refused}"
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let sites = Site::pair();
    sites[0].address_on("u0");
    let gateway = Gateway::open(&sites[0], sites[1].address);
    let put = |remote: &str, config| {
        let result = gateway.datapath.put_bfd(remote.parse().unwrap(), config);
        result.map_err(|error| error.code())
    };
    assert_eq!(put("10.0.0.9", every(300, 300)), Err("no_such_tunnel"));
    assert_eq!(put("10.0.0.2", every(0, 300)), Err("invalid"));
    assert_eq!(put("10.0.0.2", every(300, 300)), Ok(()));
    sites[0].ip("addr del 10.0.0.1/24 dev u0");
    gateway.await_status("it says why nothing is sent", |status| {
        status
            .info
            .as_ref()
            .is_some_and(|info| info.starts_with("cannot send: "))
    });
    let disabled = BfdConfig {
        is_enabled: false,
        ..every(300, 300)
    };
    assert_eq!(put("10.0.0.2", disabled), Ok(()));
    assert_eq!(gateway.datapath.bfd_status(), []);
    assert_eq!(gateway.datapath.bfd_configs(), []);
}

fn over_vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    let mut payload = bfd::over_vxlan(frame);
    payload[4..8].copy_from_slice(&(vni << 8).to_be_bytes());
    payload
}

/// A broadcast of some protocol.
fn ethernet(source: [u8; 6]) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend(source);
    frame.extend([0x88, 0xb5]);
    frame.resize(80, 0);
    frame
}
