//! What went over the wire, and what tshark makes of it.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::site::{Site, until};

/// A running capture of the wire.
pub struct Capture {
    file: PathBuf,
    tcpdump: Child,
}

impl Capture {
    pub fn start(site: &Site) -> Self {
        let file = std::env::temp_dir().join(format!("vtep-bfd-{}.pcap", std::process::id()));
        let path = file.clone();
        let tcpdump = site.run(move || {
            Command::new("tcpdump")
                .args(["-i", "u0", "-U", "--immediate-mode", "-w"])
                .arg(path)
                .args(["udp", "port", "4789"])
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        });
        // The header of the file is written when the capture has begun.
        until("tcpdump captures", || {
            let length = fs::metadata(&file).map_or(0, |file| file.len());
            if length > 0 { Ok(()) } else { Err(length) }
        });
        Self { file, tcpdump }
    }

    /// How many captured packets a filter of tshark selects.
    pub fn count(&self, filter: &str) -> usize {
        let output = Command::new("tshark")
            .arg("-r")
            .arg(&self.file)
            .args(["-o", "ip.check_checksum:TRUE", "-Y", filter])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().lines().count()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.tcpdump.kill();
        let _ = self.tcpdump.wait();
        let _ = fs::remove_file(&self.file);
    }
}
