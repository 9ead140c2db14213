//! Open vSwitch with the user-space data path, in a namespace: a bridge on the wire, and a tunnel port beside it.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::site::{Site, until};

const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";

/// The daemons; they end with this.
pub struct OpenVswitch {
    directory: PathBuf,
    daemons: Vec<Child>,
}

impl OpenVswitch {
    /// Starts the daemons and makes the tunnel port `vx` to a remote VTEP.
    pub fn start(site: &Site, remote: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("vtep-bfd-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let database = directory.join("conf.db");
        let create = Command::new("ovsdb-tool")
            .arg("create")
            .args([&database, &PathBuf::from(SCHEMA)])
            .status();
        assert!(create.unwrap().success());
        let mut ovs = Self {
            directory,
            daemons: Vec::new(),
        };
        let remote_option = format!("--remote=punix:{}", ovs.socket());
        ovs.daemon(
            site,
            "ovsdb-server",
            &[&remote_option, database.to_str().unwrap()],
        );
        until("ovsdb-server listens", || {
            fs::metadata(ovs.socket()).map_err(|error| error.kind())
        });
        ovs.vsctl("--no-wait init");
        let connect = format!("unix:{}", ovs.socket());
        ovs.daemon(site, "ovs-vswitchd", &[&connect]);
        ovs.vsctl("add-br br-phy -- set bridge br-phy datapath_type=netdev -- add-port br-phy u0");
        site.ip("link set br-phy up");
        site.address_on("br-phy");
        ovs.vsctl("add-br br-int -- set bridge br-int datapath_type=netdev");
        ovs.vsctl(&format!(
            "add-port br-int vx -- set interface vx type=vxlan options:remote_ip={remote} options:key=flow"
        ));
        ovs
    }

    /// Sets a key of the interface's `bfd` column.
    pub fn set(&self, key: &str, value: &str) {
        self.vsctl(&format!("set interface vx bfd:{key}={value}"));
    }

    /// A key of `bfd_status`.
    pub fn status(&self, key: &str) -> String {
        let answer = self.vsctl(&format!("--if-exists get interface vx bfd_status:{key}"));
        answer.trim().trim_matches('"').to_owned()
    }

    /// Waits until a key of `bfd_status` has a value.
    pub fn await_status(&self, key: &str, value: &str) {
        until(&format!("OVS says {key} {value}"), || {
            match self.status(key) {
                seen if seen == value => Ok(()),
                seen => Err((seen, self.vsctl("get interface vx bfd_status"))),
            }
        });
    }

    /// A line of `bfd/show`.
    pub fn shown(&self, label: &str) -> String {
        let control = self.directory.join("ovs-vswitchd.ctl");
        let output = Command::new("ovs-appctl")
            .arg("-t")
            .arg(control)
            .args(["bfd/show", "vx"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_default()
            .trim_start_matches(':')
            .trim()
            .to_owned()
    }

    fn vsctl(&self, command: &str) -> String {
        let output = Command::new("ovs-vsctl")
            .arg(format!("--db=unix:{}", self.socket()))
            .arg("--timeout=20")
            .args(command.split_whitespace())
            .output()
            .unwrap();
        assert!(output.status.success(), "ovs-vsctl {command}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn socket(&self) -> String {
        self.directory.join("db.sock").to_str().unwrap().to_owned()
    }

    fn daemon(&mut self, site: &Site, name: &'static str, arguments: &[&str]) {
        let directory = self.directory.clone();
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let daemon = site.run(move || {
            Command::new(name)
                .args(arguments)
                .arg(format!("--unixctl={}/{name}.ctl", directory.display()))
                .arg(format!("--log-file={}/{name}.log", directory.display()))
                .args(["-vsyslog:off", "-vconsole:off"])
                .env("OVS_RUNDIR", &directory)
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        });
        self.daemons.push(daemon);
    }
}

impl Drop for OpenVswitch {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}
