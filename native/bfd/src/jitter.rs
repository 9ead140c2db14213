//! The random part of the transmission interval (RFC 5880 section 6.8.7).

use std::time::Duration;

/// A sequence of numbers that follows from a seed. Not for secrets.
#[derive(Clone, Debug)]
pub struct Jitter {
    state: u64,
    percent: u32,
}

impl Jitter {
    pub fn new(seed: u64) -> Self {
        let mut this = Self {
            // The generator has no way out of zero.
            state: seed | 1,
            percent: 100,
        };
        this.draw();
        this
    }

    /// 75 % to 100 % of an interval, by the share that was drawn last.
    pub fn reduce(&self, interval: Duration) -> Duration {
        interval * self.percent / 100
    }

    /// Draws another share, once for each packet sent (Marsaglia, "Xorshift RNGs", with the triple 13, 7, 17).
    pub fn draw(&mut self) {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.percent = 75 + u32::try_from((self.state >> 32) % 26).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_lie_between_three_quarters_and_the_whole_and_reach_both() {
        let mut jitter = Jitter::new(7);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1000 {
            jitter.draw();
            seen.insert(jitter.reduce(Duration::from_millis(100)).as_millis());
        }
        assert_eq!(seen.first(), Some(&75));
        assert_eq!(seen.last(), Some(&100));
    }
}
