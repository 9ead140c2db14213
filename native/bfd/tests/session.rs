//! Sessions in virtual time: every transition of the scripts is printed and compared.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod lab;

use bfd::{Config, State};
use lab::{A, B, Lab, every, ms};

#[test]
fn two_sessions_come_up_slowly_and_then_speed_up_by_a_poll() {
    let mut lab = Lab::new(every(100, 300), every(100, 1000));
    assert_eq!(
        lab.run(ms(3000)),
        "\
1000 a is down (No Diagnostic), remote down (No Diagnostic)
1000 b is down (No Diagnostic), remote down (No Diagnostic)
1001 a is init (No Diagnostic), remote down (No Diagnostic)
1001 b is init (No Diagnostic), remote down (No Diagnostic)
1002 a sends poll, tx 100 rx 300
1002 a is up (No Diagnostic), forwards, remote init (No Diagnostic)
1002 b sends poll, tx 100 rx 1000
1002 b is up (No Diagnostic), forwards, remote init (No Diagnostic)
1003 a sends final, tx 100 rx 300
1003 a is up (No Diagnostic), forwards, remote up (No Diagnostic)
1003 b sends final, tx 100 rx 1000
1003 b is up (No Diagnostic), forwards, remote up (No Diagnostic)
"
    );
}

#[test]
fn what_is_lost_for_three_intervals_is_down_with_diagnostic_one() {
    let mut lab = Lab::new(every(300, 300), every(300, 300));
    lab.run(ms(5000));
    lab.is_cut[B] = true;
    assert_eq!(
        lab.run(ms(4000)),
        "\
6728 a is down (Control Detection Time Expired), remote down (No Diagnostic)
6729 b is down (Neighbor Signaled Session Down), remote down (Control Detection Time Expired)
7579 b is init (Neighbor Signaled Session Down), remote down (Control Detection Time Expired)
"
    );
    lab.is_cut[B] = false;
    assert_eq!(
        lab.run(ms(3000)),
        "\
10100 a sends poll, tx 300 rx 300
10100 a is up (Control Detection Time Expired), forwards, remote init (Neighbor Signaled Session Down)
10101 b sends final, tx 300 rx 300
10101 b is up (Neighbor Signaled Session Down), forwards, remote up (Control Detection Time Expired)
10101 b sends poll, tx 300 rx 300
10102 a sends final, tx 300 rx 300
10102 a is up (Control Detection Time Expired), forwards, remote up (Neighbor Signaled Session Down)
"
    );
}

#[test]
fn slower_sending_waits_for_the_answer_to_the_poll() {
    let mut lab = Lab::new(every(300, 300), every(300, 300));
    lab.run(ms(5000));
    lab.configure(A, |config| config.min_tx = ms(2000));
    lab.is_cut[B] = true;
    let changed = lab.now;
    assert_eq!(
        lab.run(ms(400)),
        "\
6000 a sends poll, tx 2000 rx 300
6001 b sends final, tx 300 rx 300
6249 a sends poll, tx 2000 rx 300
6250 b sends final, tx 300 rx 300
"
    );
    assert!(
        lab.sent_since(A, changed) >= 1,
        "goes on at the old interval"
    );
    assert_eq!(lab.sessions[A].transmit_interval(), ms(300));
    lab.is_cut[B] = false;
    assert_eq!(
        lab.run(ms(5000)),
        "\
6528 a sends poll, tx 2000 rx 300
6529 b sends final, tx 300 rx 300
"
    );
    assert_eq!(lab.sessions[A].transmit_interval(), ms(2000));
    assert_eq!(lab.sessions[B].detection_time(), ms(6000));
}

#[test]
fn faster_receiving_waits_for_the_answer_to_the_poll() {
    let mut lab = Lab::new(every(300, 2000), every(300, 300));
    lab.run(ms(8000));
    lab.configure(A, |config| config.min_rx = ms(300));
    assert_eq!(lab.sessions[A].detection_time(), ms(6000));
    assert_eq!(
        lab.run(ms(3000)),
        "\
9000 a sends poll, tx 300 rx 300
9001 b sends final, tx 300 rx 300
"
    );
    assert_eq!(lab.sessions[A].detection_time(), ms(900));
    assert_eq!(lab.sessions[B].transmit_interval(), ms(300));
}

#[test]
fn a_second_change_waits_for_the_end_of_the_first_poll_sequence() {
    let mut lab = Lab::new(every(300, 300), every(300, 300));
    lab.run(ms(5000));
    lab.configure(A, |config| config.min_tx = ms(500));
    lab.run(ms(0));
    lab.configure(A, |config| config.min_tx = ms(700));
    assert_eq!(
        lab.run(ms(2000)),
        "\
6001 b sends final, tx 300 rx 300
6002 a sends poll, tx 700 rx 300
6003 b sends final, tx 300 rx 300
"
    );
}

#[test]
fn cpath_down_is_told_without_going_down_and_taken_back() {
    let mut lab = Lab::new(every(300, 300), every(300, 300));
    lab.run(ms(5000));
    lab.configure(A, |config| config.cpath_down = true);
    assert_eq!(
        lab.run(ms(1000)),
        "\
6000 a is up (Concatenated Path Down), forwards, remote up (No Diagnostic)
6001 b is up (No Diagnostic), remote up (Concatenated Path Down)
"
    );
    lab.configure(A, |config| config.cpath_down = false);
    assert_eq!(
        lab.run(ms(1000)),
        "\
7000 a is up (No Diagnostic), forwards, remote up (No Diagnostic)
7001 b is up (No Diagnostic), forwards, remote up (No Diagnostic)
"
    );
}

#[test]
fn disabling_tells_the_remote_system_and_enabling_brings_the_session_back() {
    let mut lab = Lab::new(every(300, 300), every(300, 300));
    lab.run(ms(5000));
    lab.configure(A, |config| config.is_enabled = false);
    assert_eq!(
        lab.run(ms(3000)),
        "\
6000 a is admin_down (Administratively Down), remote up (No Diagnostic)
6001 b is down (Neighbor Signaled Session Down), remote admin_down (Administratively Down)
6002 a is admin_down (Administratively Down), remote down (Neighbor Signaled Session Down)
"
    );
    lab.configure(A, |config| config.is_enabled = true);
    assert_eq!(
        lab.run(ms(3000)),
        "\
9000 a is down (No Diagnostic), remote down (Neighbor Signaled Session Down)
9001 b is init (Neighbor Signaled Session Down), remote down (No Diagnostic)
9002 a sends poll, tx 300 rx 300
9002 a is up (No Diagnostic), forwards, remote init (Neighbor Signaled Session Down)
9003 b sends final, tx 300 rx 300
9003 b is up (Neighbor Signaled Session Down), forwards, remote up (No Diagnostic)
9003 b sends poll, tx 300 rx 300
9004 a sends final, tx 300 rx 300
9004 a is up (No Diagnostic), forwards, remote up (Neighbor Signaled Session Down)
"
    );
}

#[test]
fn an_idle_tunnel_decays_and_data_ends_the_decay() {
    let decaying = Config {
        decay_min_rx: ms(4000),
        ..every(300, 1000)
    };
    let mut lab = Lab::new(decaying, every(300, 300));
    assert!(lab.sessions[A].wants_data_count());
    lab.sessions[A].count_data(0, lab.now);
    assert_eq!(
        lab.run(ms(10_000)),
        "\
1000 a is down (No Diagnostic), remote down (No Diagnostic)
1000 b is down (No Diagnostic), remote down (No Diagnostic)
1001 a is init (No Diagnostic), remote down (No Diagnostic)
1001 b is init (No Diagnostic), remote down (No Diagnostic)
1002 a sends poll, tx 300 rx 1000
1002 a is up (No Diagnostic), forwards, remote init (No Diagnostic)
1002 b sends poll, tx 300 rx 300
1002 b is up (No Diagnostic), forwards, remote init (No Diagnostic)
1003 a sends final, tx 300 rx 1000
1003 a is up (No Diagnostic), forwards, remote up (No Diagnostic)
1003 b sends final, tx 300 rx 300
1003 b is up (No Diagnostic), forwards, remote up (No Diagnostic)
5002 a sends poll, tx 300 rx 4000
5003 b sends final, tx 300 rx 300
"
    );
    assert_eq!(lab.sessions[B].transmit_interval(), ms(4000));
    for total in 1..200 {
        lab.sessions[A].count_data(total, lab.now);
        lab.run(ms(30));
    }
    assert_eq!(lab.sessions[B].transmit_interval(), ms(1000));
}

#[test]
fn decay_below_min_rx_is_not_used_and_said_so() {
    let nonsense = Config {
        decay_min_rx: ms(500),
        ..every(300, 1000)
    };
    let mut lab = Lab::new(nonsense, every(300, 300));
    lab.run(ms(20_000));
    assert_eq!(lab.sessions[B].transmit_interval(), ms(1000));
    let info = lab.sessions[A].status().info;
    assert_eq!(
        info.as_deref(),
        Some("decay_min_rx 500 is below min_rx 1000 and not used")
    );
}

#[test]
fn data_counts_as_liveness_for_a_hundred_intervals_without_control_packets() {
    let lively = Config {
        forwarding_if_rx: true,
        ..every(300, 300)
    };
    let mut lab = Lab::new(lively, every(300, 300));
    lab.sessions[A].count_data(0, lab.now);
    lab.run(ms(5000));
    lab.is_cut[B] = true;
    let cut_at = lab.now;
    let mut log = String::new();
    for total in 1..400 {
        lab.sessions[A].count_data(total, lab.now);
        log += &lab.run(ms(100));
    }
    assert_eq!(
        log,
        "\
6728 a is down (Control Detection Time Expired), forwards, remote down (No Diagnostic)
6729 b is down (Neighbor Signaled Session Down), remote down (Control Detection Time Expired)
7579 b is init (Neighbor Signaled Session Down), remote down (Control Detection Time Expired)
35828 a is down (Control Detection Time Expired), remote down (No Diagnostic)
"
    );
    assert!(lab.now.since(cut_at) > ms(30_000));
}

#[test]
fn data_ceasing_ends_its_sign_of_life() {
    let lively = Config {
        forwarding_if_rx: true,
        ..every(300, 300)
    };
    let mut lab = Lab::new(lively, every(300, 300));
    lab.sessions[A].count_data(0, lab.now);
    lab.run(ms(5000));
    lab.is_cut[B] = true;
    lab.sessions[A].count_data(7, lab.now);
    assert_eq!(
        lab.run(ms(5000)),
        "\
6728 a is down (Control Detection Time Expired), forwards, remote down (No Diagnostic)
6729 b is down (Neighbor Signaled Session Down), remote down (Control Detection Time Expired)
7579 b is init (Neighbor Signaled Session Down), remote down (Control Detection Time Expired)
8000 a is down (Control Detection Time Expired), remote down (No Diagnostic)
"
    );
}

#[test]
fn a_session_goes_on_in_the_next_process() {
    let mut lab = Lab::new(every(100, 1000), every(100, 1000));
    lab.run(ms(5000));
    lab.is_away[A] = true;
    lab.run(ms(2000));
    let saved = lab.sessions[A].save();
    let config = *lab.sessions[A].config();
    lab.sessions[A] = bfd::Session::resume(config, &saved, 3, lab.now);
    assert!(
        lab.sessions[A].status().is_forwarding,
        "from the first moment"
    );
    lab.is_away[A] = false;
    assert_eq!(
        lab.run(ms(5000)),
        "\
8000 a is up (No Diagnostic), forwards, remote up (No Diagnostic)
"
    );
    assert_eq!(lab.sessions[B].state(), State::Up);
}

#[test]
fn a_session_that_resumes_to_silence_goes_down_after_a_detection_time() {
    let mut lab = Lab::new(every(100, 300), every(300, 300));
    lab.run(ms(5000));
    let saved = lab.sessions[A].save();
    lab.is_away = [false, true];
    lab.sessions[A] = bfd::Session::resume(*lab.sessions[A].config(), &saved, 3, lab.now);
    assert_eq!(
        lab.run(ms(2000)),
        "\
6000 a is up (No Diagnostic), forwards, remote up (No Diagnostic)
6900 a is down (Control Detection Time Expired), remote down (No Diagnostic)
"
    );
}

#[test]
fn a_remote_system_that_wants_no_packets_gets_none_but_answers() {
    let mut lab = Lab::new(every(100, 300), every(300, 300));
    lab.run(ms(5000));
    lab.is_away[B] = true;
    let mut packet = lab.sessions[B].packet();
    packet.required_min_rx = ms(0);
    lab.sessions[A].process(&packet, lab.now).unwrap();
    let before = lab.now;
    lab.run(ms(800));
    assert_eq!(lab.sent_since(A, before), 0);
    packet.is_poll = true;
    lab.sessions[A].process(&packet, lab.now).unwrap();
    let log = lab.run(ms(10));
    assert!(log.contains("a sends final"), "{log}");
}

#[test]
fn a_packet_for_another_session_changes_nothing() {
    let mut lab = Lab::new(every(100, 300), every(300, 300));
    lab.run(ms(5000));
    let mut packet = lab.sessions[B].packet();
    packet.your_discriminator = Some(lab::discriminator(0xdead));
    packet.state = State::Down;
    let before = lab.sessions[A].save();
    assert!(lab.sessions[A].process(&packet, lab.now).is_err());
    assert_eq!(lab.sessions[A].save(), before);
}
