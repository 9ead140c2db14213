//! A BPF file system that nobody else sees: the place where the loader finds the maps of an earlier process.
//!
//! Nothing of the gateway depends on a mount. Programs attached to devices keep their maps alive, in whatever mount
//! namespace the process ran: under `ip netns exec` a mount would end with the process, and its pins with it.

use std::{
    ffi::CStr,
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    path::PathBuf,
    ptr,
};

const FSCONFIG_CMD_CREATE: libc::c_uint = 6;

/// The file system; it ends when this is dropped.
pub struct BpfFs {
    mount: OwnedFd,
}

impl BpfFs {
    /// Makes one (`fsopen`, Linux 5.2 and newer).
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn open() -> io::Result<Self> {
        let name: &CStr = c"bpf";
        // SAFETY: the name is NUL-terminated; the other calls take descriptors and no pointers but null.
        unsafe {
            let context = descriptor(libc::syscall(libc::SYS_fsopen, name.as_ptr(), 0))?;
            let null = ptr::null::<libc::c_char>();
            if libc::syscall(
                libc::SYS_fsconfig,
                context.as_raw_fd(),
                FSCONFIG_CMD_CREATE,
                null,
                null,
                0,
            ) != 0
            {
                return Err(io::Error::last_os_error());
            }
            let mount = descriptor(libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), 0, 0))?;
            Ok(Self { mount })
        }
    }

    /// Where a map is pinned.
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.mount.as_raw_fd()))
    }
}

/// SAFETY: `result` must be the answer of a call that gives a new descriptor.
unsafe fn descriptor(result: libc::c_long) -> io::Result<OwnedFd> {
    match i32::try_from(result) {
        // SAFETY: the kernel has just given it, and nobody else has it.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
