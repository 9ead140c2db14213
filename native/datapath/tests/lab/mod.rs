//! A network namespace of the test's own, and devices in it. It ends with the thread of the test.

use std::{
    ffi::CString,
    fs,
    io::Write,
    process::{Command, Stdio},
};

/// Moves the calling thread into a network namespace of its own. Processes that it starts are in it too.
pub fn enter_namespace() {
    // SAFETY: no pointers.
    let result = unsafe { libc::unshare(libc::CLONE_NEWNET) };
    let error = std::io::Error::last_os_error();
    assert_eq!(result, 0, "these tests need root: unshare: {error}");
    ip("link set lo up");
    for scope in ["all", "default"] {
        fs::write(format!("/proc/sys/net/ipv4/conf/{scope}/rp_filter"), "0").unwrap();
        fs::write(format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"), "1").unwrap();
    }
}

/// Runs commands of `ip`, one a line; all must succeed.
pub fn ip(commands: &str) {
    assert!(batch(&["-batch", "-"], commands), "ip: {commands}");
}

/// A veth pair, both ends up; returns the interface index of the first.
pub fn veth(name: &str, peer: &str) -> u32 {
    ip(&format!(
        "link add {name} type veth peer name {peer}\nlink set {name} up\nlink set {peer} up"
    ));
    ifindex(name)
}

/// Interface index of a device.
pub fn ifindex(name: &str) -> u32 {
    let text = CString::new(name).unwrap();
    // SAFETY: the name is NUL-terminated.
    let index = unsafe { libc::if_nametoindex(text.as_ptr()) };
    assert_ne!(index, 0, "{name}");
    index
}

/// Standard output of a command.
pub fn output(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn batch(arguments: &[&str], commands: &str) -> bool {
    let mut ip = Command::new("ip")
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(ip.stdin.take().unwrap(), "{commands}").unwrap();
    ip.wait().unwrap().success()
}
