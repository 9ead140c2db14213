//! What many sessions cost. The far ends are sessions of the crate `bfd` behind plain sockets.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    num::NonZeroU32,
    os::fd::AsRawFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bfd::{Effect, Endpoint, Envelope, Session};
use datapath::{BfdState, TunnelSpec};

use crate::{
    every,
    site::{Gateway, Site, until},
};

const SESSIONS: u16 = 256;
const INTERVAL_MS: u64 = 300;
const MEASURED: Duration = Duration::from_secs(10);
const TICKS_PER_SECOND: f64 = 100.0;

#[test]
#[ignore = "a measurement: make bench B=bfd"]
fn two_hundred_and_fifty_six_sessions_at_300_ms_use_little_of_one_core() {
    let sites = Site::pair();
    sites[0].ip("addr add 10.0.0.1/16 dev u0");
    let remotes: Vec<IpAddr> = (0..SESSIONS).map(remote).collect();
    for remote in &remotes {
        sites[1].ip(&format!("addr add {remote}/16 dev u0"));
    }
    let gateway = Gateway::open(&sites[0], remotes[0]);
    let local = sites[0].address;
    let specs: Vec<_> = remotes
        .iter()
        .map(|remote| TunnelSpec {
            remote: *remote,
            local,
        })
        .collect();
    for result in gateway.datapath.tables().put_tunnels(&specs) {
        result.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let far_ends = sites[1].run({
        let (remotes, stop) = (remotes.clone(), Arc::clone(&stop));
        move || thread::spawn(move || run_far_ends(&remotes, &stop))
    });
    for remote in &remotes {
        let config = every(INTERVAL_MS, INTERVAL_MS);
        gateway.datapath.put_bfd(*remote, config).unwrap();
    }
    let up = || {
        let all = gateway.datapath.bfd_status();
        let up = all
            .iter()
            .filter(|(_, status)| status.remote_state == BfdState::Up);
        up.count()
    };
    let all_up = || match up() {
        count if count == usize::from(SESSIONS) => Ok(()),
        count => Err(count),
    };
    until("all sessions are up", all_up);
    gateway.told_states();
    let (before, began) = (cpu_ticks(), Instant::now());
    thread::sleep(MEASURED);
    let seconds = (cpu_ticks() - before) / TICKS_PER_SECOND;
    let share = seconds / began.elapsed().as_secs_f64();
    println!(
        "{SESSIONS} sessions at {INTERVAL_MS} ms: {:.1} % of a core",
        share * 100.0
    );
    assert_eq!(all_up(), Ok(()));
    assert_eq!(gateway.told_states(), [""; 0], "no session flapped");
    assert!(share < 0.15, "{share}");
    stop.store(true, Ordering::Release);
    far_ends.join().unwrap();
}

fn remote(number: u16) -> IpAddr {
    let [high, low] = (number + 0x0101).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
}

/// User and system time of the thread that runs the sessions, in clock ticks.
fn cpu_ticks() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let stat = tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok())
        .find(|stat| stat.contains("(vtep-bfd)"))
        .unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()
}

struct FarEnd {
    socket: UdpSocket,
    session: Session,
}

fn run_far_ends(remotes: &[IpAddr], stop: &AtomicBool) {
    let mut ends: Vec<FarEnd> = remotes
        .iter()
        .zip(1..)
        .map(|(remote, number)| {
            let socket = UdpSocket::bind((*remote, 4789)).unwrap();
            socket.set_nonblocking(true).unwrap();
            let config = every(INTERVAL_MS, INTERVAL_MS);
            let session = Session::new(config, NonZeroU32::new(number).unwrap(), number.into());
            FarEnd { socket, session }
        })
        .collect();
    let began = Instant::now();
    let mut entries: Vec<libc::pollfd> = ends
        .iter()
        .map(|end| libc::pollfd {
            fd: end.socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    while !stop.load(Ordering::Acquire) {
        let now = bfd::Instant::new(began.elapsed() + Duration::from_secs(1));
        for (end, entry) in ends.iter_mut().zip(&entries) {
            if entry.revents != 0 {
                end.hear(now);
            }
            if entry.revents != 0 || end.session.deadline(now).is_some_and(|at| at <= now) {
                end.speak(now);
            }
        }
        let count = entries.len() as libc::nfds_t;
        // SAFETY: the entries live through the call.
        unsafe { libc::poll(entries.as_mut_ptr(), count, 5) };
    }
}

impl FarEnd {
    fn hear(&mut self, now: bfd::Instant) {
        let mut bytes = [0; 128];
        while let Ok(length) = self.socket.recv(&mut bytes) {
            let (_, packet) = Envelope::open(&bytes[8..length]).unwrap();
            let _ = self.session.process(&packet, now);
        }
    }

    fn speak(&mut self, now: bfd::Instant) {
        let envelope = Envelope {
            source_mac: Endpoint::DEFAULT_MAC,
            destination_mac: Endpoint::DEFAULT_MAC,
            source_ip: Endpoint::DEFAULT_REMOTE.ip,
            destination_ip: Endpoint::DEFAULT_LOCAL.ip,
            source_port: 49152,
        };
        for effect in self.session.poll(now) {
            if let Effect::Transmit(packet) = effect {
                let payload = bfd::over_vxlan(&envelope.seal(&packet));
                self.socket.send_to(&payload, "10.0.0.1:4789").unwrap();
            }
        }
    }
}
