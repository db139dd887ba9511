//! An accelerometer recording made up from a seed.
//!
//! It looks like a person carrying a three-axis sensor at about 98.9 Hz: no header line, four columns (time in
//! seconds from an arbitrary start, X, Y, Z in G), six decimals each. Standing still, walking and running take
//! turns, each axis is a whole number of sensor steps and cut off at the sensor's range, and the sampling jitters: a
//! late sample is followed by an early one. The first four rows are always the same.

use std::io::{self, Read};

/// The number of rows that make a recording as long as the modelled one, just under two minutes.
pub const LOOKALIKE_ROWS: u64 = 11_857;

/// One step of the sensor, in G.
const STEP_G: f64 = 0.018_112_182_616;
/// The sensor's range in steps.
const RANGE: f64 = 128.0;
/// The mean time between samples, in seconds.
const MEAN_GAP_S: f64 = 0.010_112_7;

/// The rows that every recording starts with: microseconds, and steps on the three axes.
const FIRST: [(u64, [i32; 3]); 4] = [
    (9_656_196_248, [-50, -11, 8]),
    (9_656_206_375, [-50, -9, 10]),
    (9_656_217_099, [-51, -7, 12]),
    (9_656_226_533, [-50, -5, 8]),
];

/// The time between samples, in microseconds, at so many normal deviations from the median: the modelled
/// recording's 1st, 5th, 25th, 50th, 75th, 95th and 99th percentile, between its shortest and its longest.
const GAPS: [(f64, f64); 11] = [
    (-3.9, 4_600.0),
    (-3.2, 7_900.0),
    (-2.326, 8_805.0),
    (-1.645, 9_727.0),
    (-0.674, 10_022.0),
    (0.0, 10_108.0),
    (0.674, 10_194.0),
    (1.645, 10_547.0),
    (2.326, 11_317.0),
    (3.2, 12_600.0),
    (3.9, 17_776.0),
];
/// How much of a sample's delay the next gap makes up for.
const GIVEN_BACK: f64 = 0.21;

/// What the carrier does, over and over.
const ACTIVITIES: [Activity; 12] = {
    use Activity::{Run, Still, Walk};
    [Walk, Still, Walk, Run, Still, Walk, Walk, Walk, Still, Walk, Run, Walk]
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Activity {
    Still,
    Walk,
    Run,
}

/// How an axis moves; in sensor steps, for the swings of an easy walk.
struct Axis {
    still: f64,
    moving: f64,
    /// At the pace of the gait, and at twice that.
    swings: [f64; 2],
    noise: f64,
    /// How much of the noise stays from one sample to the next.
    memory: f64,
}

const AXES: [Axis; 3] = [
    Axis { still: -50.0, moving: -50.0, swings: [39.0, 10.0], noise: 9.5, memory: 0.4 },
    Axis { still: 17.0, moving: 10.0, swings: [16.5, 21.5], noise: 6.2, memory: 0.4 },
    Axis { still: 2.0, moving: -8.5, swings: [20.5, 18.0], noise: 12.8, memory: 0.3 },
];

/// Writes the recording as CSV text, row by row.
#[derive(Clone, Debug)]
pub struct Lookalike {
    random: Random,
    rows_left: u64,
    row: u64,
    micros: u64,
    /// The delay of the last sample, in deviations.
    delay: f64,
    block: Block,
    noise: [f64; 3],
    text: Vec<u8>,
    read: usize,
}

/// A period of one activity.
#[derive(Clone, Debug)]
struct Block {
    /// The place of the next activity in [`ACTIVITIES`].
    next: usize,
    samples_left: u64,
    activity: Activity,
    /// Steps a second.
    gait_hz: f64,
    /// How much larger than an easy walk's the swings are.
    vigour: f64,
    /// Turns of the gait so far.
    turns: f64,
}

impl Lookalike {
    /// The recording of `rows` rows that belongs to `seed`.
    pub fn new(seed: u64, rows: u64) -> Self {
        let block = Block {
            next: 0,
            samples_left: 0,
            activity: Activity::Still,
            gait_hz: 2.0,
            vigour: 0.0,
            turns: 0.0,
        };
        Self {
            random: Random(seed),
            rows_left: rows,
            row: 0,
            micros: 0,
            delay: 0.0,
            block,
            noise: [0.0; 3],
            text: Vec::new(),
            read: 0,
        }
    }

    fn next_row(&mut self) {
        use std::io::Write as _;
        let steps = if let Some(&(micros, steps)) = FIRST.get(self.row as usize) {
            self.micros = micros;
            steps
        } else {
            self.micros += self.next_gap();
            self.next_steps()
        };
        self.row += 1;
        self.rows_left -= 1;
        self.text.clear();
        self.read = 0;
        let [x, y, z] = steps.map(|step| f64::from(step) * STEP_G);
        let (seconds, micros) = (self.micros / 1_000_000, self.micros % 1_000_000);
        // Writing to a vector does not fail.
        let _ = writeln!(self.text, "{seconds}.{micros:06},{x:.6},{y:.6},{z:.6}");
    }

    /// Microseconds to the next sample.
    fn next_gap(&mut self) -> u64 {
        let delay = self.random.normal();
        let deviations = (delay - GIVEN_BACK * self.delay) / (1.0 + GIVEN_BACK * GIVEN_BACK).sqrt();
        self.delay = delay;
        let above = GAPS.iter().position(|&(at, _)| at > deviations).unwrap_or(GAPS.len() - 1).max(1);
        let ((from, low), (to, high)) = (GAPS[above - 1], GAPS[above]);
        let share = ((deviations - from) / (to - from)).clamp(0.0, 1.0);
        (low + share * (high - low)).round() as u64
    }

    fn next_steps(&mut self) -> [i32; 3] {
        if self.block.samples_left == 0 {
            self.next_block();
        }
        self.block.samples_left -= 1;
        self.block.turns = (self.block.turns + self.block.gait_hz * MEAN_GAP_S).fract();
        let Block { activity, vigour, turns, .. } = self.block;
        let mut steps = [0; 3];
        for (index, axis) in AXES.iter().enumerate() {
            let fresh = self.random.normal();
            let noise = axis.memory * self.noise[index] + (1.0 - axis.memory * axis.memory).sqrt() * fresh;
            self.noise[index] = noise;
            let exact = if activity == Activity::Still {
                axis.still + 1.2 * noise
            } else {
                // The axes swing a little after one another.
                let turns = turns + 0.15 * index as f64;
                let swing = axis.swings[0] * wave(turns) + axis.swings[1] * wave(2.0 * turns + 0.1);
                axis.moving + vigour * (swing + axis.noise * noise)
            };
            steps[index] = exact.round().clamp(-RANGE, RANGE) as i32;
        }
        steps
    }

    fn next_block(&mut self) {
        let activity = ACTIVITIES[self.block.next];
        let (shortest, longest, easy, hard) = match activity {
            Activity::Still => (550.0, 800.0, 0.0, 0.0),
            Activity::Walk => (850.0, 1_350.0, 0.5, 1.0),
            Activity::Run => (850.0, 1_150.0, 2.0, 2.6),
        };
        self.block = Block {
            next: (self.block.next + 1) % ACTIVITIES.len(),
            samples_left: self.random.between(shortest, longest) as u64,
            activity,
            gait_hz: self.random.between(1.6, 2.4),
            vigour: self.random.between(easy, hard),
            turns: self.block.turns,
        };
    }
}

/// A sine near enough, of so many turns. Plain arithmetic: libraries differ in the last digit of theirs, and a seed
/// means the same recording everywhere.
fn wave(turns: f64) -> f64 {
    let turn = turns - turns.floor();
    let half = |share: f64| {
        let arch = 4.0 * share * (1.0 - share);
        arch * (0.775 + 0.225 * arch)
    };
    if turn < 0.5 { half(turn * 2.0) } else { -half(turn * 2.0 - 1.0) }
}

impl Read for Lookalike {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() {
            if self.read == self.text.len() {
                if self.rows_left == 0 {
                    break;
                }
                self.next_row();
            }
            let length = (self.text.len() - self.read).min(buffer.len() - written);
            buffer[written..written + length].copy_from_slice(&self.text[self.read..self.read + length]);
            self.read += length;
            written += length;
        }
        Ok(written)
    }
}

/// `SplitMix64`: small, and the same for ever, so that a seed always means the same recording.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly between 0 and 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between `low` and `high`.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// Normal with mean 0 and deviation 1, near enough: the sum of twelve even numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
#[path = "lookalike_tests.rs"]
mod tests;
