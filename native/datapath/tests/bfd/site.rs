//! Network namespaces of the test's own, each with its thread; and gateways in them.

use std::{
    fmt::Debug,
    io::Write,
    net::IpAddr,
    process::{Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use datapath::{BfdStatus, Datapath, Mode, Notice, Options, TunnelSpec};

type Task = Box<dyn FnOnce() + Send>;

/// A network namespace; it ends with its thread and the processes that were started in it.
pub struct Site {
    tasks: mpsc::Sender<Task>,
    /// The thread, as `ip link ... netns` wants it.
    thread: i32,
    /// Our address in the underlay.
    pub address: IpAddr,
}

impl Site {
    /// A namespace with nothing but a loopback device.
    fn new(address: &str) -> Self {
        let (tasks, queue) = mpsc::channel::<Task>();
        let (told, answer) = mpsc::channel();
        thread::spawn(move || {
            // SAFETY: no pointers.
            let result = unsafe { libc::unshare(libc::CLONE_NEWNET) };
            let error = std::io::Error::last_os_error();
            assert_eq!(result, 0, "these tests need root: unshare: {error}");
            // SAFETY: no arguments.
            told.send(unsafe { libc::gettid() }).unwrap();
            for task in queue {
                task();
            }
        });
        let site = Self {
            tasks,
            thread: answer.recv().unwrap(),
            address: address.parse().unwrap(),
        };
        site.ip("link set lo up");
        site
    }

    /// Two namespaces with a wire between them: device `u0` of both.
    pub fn pair() -> [Self; 2] {
        let sites = [Self::new("10.0.0.1"), Self::new("10.0.0.2")];
        let other = sites[1].thread;
        sites[0].ip(&format!("link add u0 type veth peer name u0 netns {other}"));
        for site in &sites {
            site.ip("link set u0 up");
        }
        sites
    }

    /// Gives the wire our address.
    pub fn address_on(&self, device: &str) {
        let address = self.address;
        self.ip(&format!("addr add {address}/24 dev {device}"));
    }

    /// Runs a task in the namespace.
    pub fn run<R: Send + 'static>(&self, task: impl FnOnce() -> R + Send + 'static) -> R {
        let (told, answer) = mpsc::channel();
        let task = Box::new(move || drop(told.send(task())));
        self.tasks.send(task).unwrap();
        answer.recv().unwrap()
    }

    /// Runs a command of `ip`.
    pub fn ip(&self, command: &str) {
        let command = command.to_owned();
        self.run(move || {
            let mut ip = Command::new("ip")
                .args(["-batch", "-"])
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            writeln!(ip.stdin.take().unwrap(), "{command}").unwrap();
            assert!(ip.wait().unwrap().success(), "ip {command}");
        });
    }
}

/// A gateway in a namespace, with a tunnel to the other one.
pub struct Gateway {
    pub datapath: Datapath,
    pub remote: IpAddr,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl Gateway {
    pub fn open(site: &Site, remote: IpAddr) -> Self {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        let datapath = site.run(move || {
            let options = Options {
                switch_name: String::from("bfd"),
                mode: Mode::Tc,
                ageing: Duration::from_secs(300),
                mac_limits: datapath::DEFAULT_MAC_LIMITS,
            };
            Datapath::open(&options, move |more| heard.lock().unwrap().extend(more)).unwrap()
        });
        let spec = TunnelSpec {
            remote,
            local: site.address,
        };
        for result in datapath.tables().put_tunnels(&[spec]) {
            result.unwrap();
        }
        Self {
            datapath,
            remote,
            notices,
        }
    }

    /// The status of the session.
    pub fn status(&self) -> Option<BfdStatus> {
        let all = self.datapath.bfd_status();
        all.into_iter()
            .find(|(remote, _)| *remote == self.remote)
            .map(|(_, status)| status)
    }

    /// Waits for a status.
    pub fn await_status(&self, what: &str, is_it: impl Fn(&BfdStatus) -> bool) -> BfdStatus {
        until(what, || match self.status() {
            Some(status) if is_it(&status) => Ok(status),
            other => Err(other),
        })
    }

    /// The states that were told since this was last asked.
    pub fn told_states(&self) -> Vec<String> {
        let mut states: Vec<String> = std::mem::take(&mut *self.notices.lock().unwrap())
            .into_iter()
            .filter_map(|notice| match notice {
                Notice::Bfd { status, .. } => Some(status.state.to_string()),
                _ => None,
            })
            .collect();
        states.dedup();
        states
    }

    /// How many packets were dropped on the overlay side under a reason.
    pub fn dropped(&self, reason: &str) -> u64 {
        let counts = self.datapath.tables().drop_counts().unwrap();
        counts
            .iter()
            .filter(|count| count.netdev.is_empty() && count.reason == reason)
            .map(|count| count.packets)
            .sum()
    }
}

/// Waits for a condition; answers what the probe found, or fails with what it saw last.
pub fn until<R, E: Debug>(what: &str, probe: impl Fn() -> Result<R, E>) -> R {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        match probe() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < limit, "{what}; last seen: {seen:?}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}
