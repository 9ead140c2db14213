//! What no entry points at any more but programs may still be looking at is kept until they have ended.

use std::{collections::VecDeque, thread, time::Duration};

/// How long programs are given where the kernel cannot tell that they have ended; the longest takes milliseconds.
const GRACE: Duration = Duration::from_millis(100);

const MEMBARRIER_CMD_GLOBAL: libc::c_long = 1;

/// Things in the order in which they were retired.
pub struct Retired<T> {
    items: VecDeque<T>,
    /// How many have been taken out.
    freed: u64,
}

impl<T> Default for Retired<T> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            freed: 0,
        }
    }
}

impl<T> Retired<T> {
    /// Keeps a thing that nothing points at from now on.
    pub fn put(&mut self, item: T) {
        self.items.push_back(item);
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Names all that is there now, for [`Self::before`]; `None`: there is nothing.
    pub fn mark(&self) -> Option<u64> {
        (!self.is_empty()).then(|| self.freed + self.items.len() as u64)
    }

    /// Takes out what was there at the mark. All programs that ran then must have ended.
    pub fn before(&mut self, mark: u64) -> Vec<T> {
        let count = usize::try_from(mark.saturating_sub(self.freed)).unwrap_or(usize::MAX);
        let count = count.min(self.items.len());
        self.freed += count as u64;
        self.items.drain(..count).collect()
    }

    /// Takes out all, after waiting where there is something to wait for.
    pub fn after_grace(&mut self) -> Vec<T> {
        let Some(mark) = self.mark() else {
            return Vec::new();
        };
        wait_for_programs();
        self.before(mark)
    }
}

/// Returns when every program has ended that runs now.
pub fn wait_for_programs() {
    // SAFETY: no pointers.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) };
    // Refused on machines with processors that the timer leaves alone (nohz_full).
    if result != 0 {
        thread::sleep(GRACE);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::Retired;

    #[test]
    fn what_was_retired_after_a_mark_stays() {
        let mut retired = Retired::default();
        retired.put('a');
        retired.put('b');
        let mark = retired.mark().unwrap();
        retired.put('c');
        assert_eq!(retired.before(mark), ['a', 'b']);
        assert_eq!(
            retired.before(mark),
            [],
            "a mark that is over frees nothing"
        );
        assert_eq!(retired.after_grace(), ['c']);
        assert!(retired.is_empty());
    }
}
