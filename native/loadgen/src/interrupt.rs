//! Ends a system call that would go on for longer.

use std::{
    mem, ptr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

const AGAIN: Duration = Duration::from_millis(1);

/// Runs a task whose system calls are interrupted from the deadline on, again and again until it has ended: one that begins late must
/// not miss it.
pub fn run_until<R>(deadline: Instant, task: impl FnOnce() -> R) -> R {
    let is_over = AtomicBool::new(false);
    install_handler();
    // SAFETY: no arguments.
    let thread = unsafe { libc::pthread_self() };
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(deadline.saturating_duration_since(Instant::now()));
            while !is_over.load(Ordering::Acquire) {
                // SAFETY: the thread waits for this one at the end of the scope, so it exists.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
                thread::sleep(AGAIN);
            }
        });
        let result = task();
        is_over.store(true, Ordering::Release);
        result
    })
}

/// The signal does nothing but interrupt.
fn install_handler() {
    extern "C" fn ignore(_: libc::c_int) {}
    // SAFETY: all zeros are a valid structure without flags; the handler only returns. The call cannot fail for SIGUSR1.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = ignore as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut());
    }
}
