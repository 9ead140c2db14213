//! Work inside another network namespace.

use std::{fs::File, io, os::fd::AsRawFd, path::Path, thread};

/// Runs a task on a thread of its own in the network namespace of this path, for example `/run/netns/NAME`.
///
/// # Errors
/// There is no such namespace, or it may not be entered.
pub fn run_inside<R: Send>(path: &Path, task: impl FnOnce() -> R + Send) -> io::Result<R> {
    let namespace = File::open(path)?;
    thread::scope(|scope| {
        let inside = scope.spawn(move || {
            // SAFETY: the descriptor is open; the call changes this thread only.
            if unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } != 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(task())
        });
        inside
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread ended early")))
    })
}

/// Keeps the calling thread on one processor.
///
/// # Errors
/// There is no such processor.
pub fn stay_on(cpu: usize) -> io::Result<()> {
    // SAFETY: an all-zero set is an empty one, and the calls write to nothing else; CPU_SET ignores what exceeds it.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Interface index of a device in the namespace of the calling thread.
///
/// # Errors
/// There is no such device.
pub fn ifindex(name: &str) -> io::Result<u32> {
    let text = std::ffi::CString::new(name)?;
    // SAFETY: the name is NUL-terminated.
    match unsafe { libc::if_nametoindex(text.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}
