//! Pauses between attempts.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// In how many parts half a pause is cut.
const SHARES: u32 = 1_000;

/// The pause before the next attempt: each is twice as long as the one before, up to 10 s. With a seed, a random share
/// of the second half of each is left out, so that workers which lost one server do not come back together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BackOff {
    failures: u32,
    /// The state of the random numbers; 0 without them.
    random: u64,
}

impl BackOff {
    /// One whose pauses differ from those of others.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { failures: 0, random: seed | 1 }
    }

    /// The pause after another failure.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause.saturating_sub(pause / 2 * self.share() / SHARES)
    }

    /// A random number below `SHARES`, by Marsaglia's xorshift.
    fn share(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32) as u32 % SHARES
    }

    /// An attempt went well.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let mut back_off = BackOff::default();
        let pauses: Vec<_> = (0..9).map(|_| back_off.next().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        back_off.reset();
        assert_eq!(back_off.next(), FIRST);
    }

    #[test]
    fn with_a_seed_pauses_differ_by_up_to_half() {
        let of = |seed| {
            let mut back_off = BackOff::seeded(seed);
            [(); 8].map(|()| back_off.next())
        };
        let whole = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000].map(Duration::from_millis);
        assert_ne!(of(1), of(2));
        for (pause, whole) in (0..50).flat_map(|seed| of(seed).into_iter().zip(whole)) {
            assert!(pause <= whole && pause * 100 > whole * 49, "{pause:?} of {whole:?}");
        }
    }
}
