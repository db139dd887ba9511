//! An accelerometer recording made up from a seed.
//!
//! It looks like a person carrying a three-axis sensor at about 98.9 Hz: no header line, four columns (time in
//! seconds from an arbitrary start, X, Y, Z in G), six decimals each. Periods of standing still and of walking take
//! turns, each axis is a whole number of sensor steps, and the sampling jitters: a late sample is followed by an
//! early one. The first four rows are always the same.

use std::f64::consts::TAU;
use std::io::{self, Read};

/// How many rows make a recording as long as the modelled one, just under two minutes.
pub const LOOKALIKE_ROWS: u64 = 11_857;

/// One step of the sensor, in G.
const STEP_G: f64 = 0.018_112_182_616;
/// The sensor's range in steps.
const RANGE: f64 = 128.0;
/// The mean time between samples, in microseconds.
const MEAN_STEP_MICROS: f64 = 10_112.7;
const LONGEST_STEP_MICROS: f64 = 17_776.0;

/// The rows that every recording starts with: microseconds, and steps on the three axes.
const FIRST: [(u64, [i32; 3]); 4] = [
    (9_656_196_248, [-50, -11, 8]),
    (9_656_206_375, [-50, -9, 10]),
    (9_656_217_099, [-51, -7, 12]),
    (9_656_226_533, [-50, -5, 8]),
];

/// Writes the recording as CSV text, row by row.
#[derive(Clone, Debug)]
pub struct Lookalike {
    random: Random,
    rows_left: u64,
    row: u64,
    micros: u64,
    /// How far the last sample was from its even place, in microseconds.
    jitter: f64,
    activity: Activity,
    axes: [f64; 3],
    text: Vec<u8>,
    read: usize,
}

/// What the carrier is doing.
#[derive(Clone, Debug)]
struct Activity {
    samples_left: u64,
    walking: bool,
    /// Steps a second.
    gait_hz: f64,
    /// Of the swing, in sensor steps.
    amplitude: [f64; 3],
    phase: f64,
}

impl Lookalike {
    /// The recording of `rows` rows that belongs to `seed`.
    pub fn new(seed: u64, rows: u64) -> Self {
        Self {
            random: Random(seed),
            rows_left: rows,
            row: 0,
            micros: 0,
            jitter: 0.0,
            activity: Activity {
                samples_left: 800,
                walking: false,
                gait_hz: 2.0,
                amplitude: [0.0; 3],
                phase: 0.0,
            },
            axes: [-50.0, -5.0, 8.0],
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

    /// Microseconds to the next sample: mostly within a tenth of a millisecond of even, now and then far off.
    fn next_gap(&mut self) -> u64 {
        let spread = match self.random.unit() {
            share if share < 0.78 => 1.0,
            share if share < 0.97 => 4.5,
            _ => 15.0,
        };
        let wander = self.random.normal() * spread * 72.0;
        let jitter = self.random.normal() * spread * 33.0;
        let gap = MEAN_STEP_MICROS + wander + jitter - self.jitter;
        self.jitter = jitter;
        gap.clamp(1_000.0, LONGEST_STEP_MICROS).round() as u64
    }

    fn next_steps(&mut self) -> [i32; 3] {
        if self.activity.samples_left == 0 {
            self.next_activity();
        }
        self.activity.samples_left -= 1;
        let activity = &mut self.activity;
        activity.phase += TAU * activity.gait_hz * MEAN_STEP_MICROS / 1e6;
        let rest = [-50.0, 12.0, -6.0];
        let mut steps = [0; 3];
        for axis in 0..3 {
            let swing = activity.amplitude[axis] * (activity.phase * [1.0, 0.5, 2.0][axis]).sin();
            let (memory, noise) = if activity.walking { (0.75, 9.0) } else { (0.6, 0.9) };
            let aim = rest[axis] + swing;
            self.axes[axis] += (aim - self.axes[axis]) * (1.0 - memory) + self.random.normal() * noise;
            steps[axis] = self.axes[axis].round().clamp(-RANGE, RANGE) as i32;
        }
        steps
    }

    fn next_activity(&mut self) {
        let walking = !self.activity.walking || self.random.unit() < 0.6;
        let vigour = if walking { 0.5 + self.random.unit() * 2.2 } else { 0.0 };
        self.activity = Activity {
            samples_left: 500 + (self.random.unit() * 1_500.0) as u64,
            walking,
            gait_hz: 1.6 + 0.8 * self.random.unit(),
            amplitude: [48.0, 34.0, 44.0].map(|steps| steps * vigour),
            phase: self.activity.phase,
        };
    }
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

    /// Normal with mean 0 and deviation 1, near enough: the sum of twelve even numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(seed: u64) -> Vec<[f64; 4]> {
        let mut text = String::new();
        Lookalike::new(seed, LOOKALIKE_ROWS).read_to_string(&mut text).unwrap();
        text.lines()
            .map(|line| {
                let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
                cells.try_into().unwrap()
            })
            .collect()
    }

    fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn it_starts_with_the_four_known_rows() {
        let mut text = String::new();
        Lookalike::new(7, 4).read_to_string(&mut text).unwrap();
        let known = "9656.196248,-0.905609,-0.199234,0.144897\n9656.206375,-0.905609,-0.163010,0.181122\n\
            9656.217099,-0.923721,-0.126785,0.217346\n9656.226533,-0.905609,-0.090561,0.144897\n";
        assert_eq!(text, known);
    }

    #[test]
    fn the_same_seed_gives_the_same_recording() {
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
    }

    #[test]
    fn sampling_jitters_like_the_modelled_one() {
        let rows = rows(1001);
        let gaps: Vec<f64> = rows.windows(2).map(|pair| (pair[1][0] - pair[0][0]) * 1e6).collect();
        let (mean, deviation) = mean_and_deviation(&gaps);
        assert!((mean - MEAN_STEP_MICROS).abs() < 15.0, "mean {mean}");
        assert!((250.0..500.0).contains(&deviation), "deviation {deviation}");
        assert!(gaps.iter().all(|gap| *gap > 0.0 && *gap < LONGEST_STEP_MICROS + 1.0));
        let products: Vec<f64> = gaps.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).collect();
        let correlation = mean_and_deviation(&products).0 / deviation.powi(2);
        assert!((-0.3..-0.03).contains(&correlation), "correlation {correlation}");
    }

    #[test]
    fn the_axes_move_like_a_person_walking_and_standing() {
        let rows = rows(1001);
        for (axis, mean, deviation) in [(1, -0.884, 0.586), (2, 0.207, 0.420), (3, -0.121, 0.479)] {
            let values: Vec<f64> = rows.iter().map(|row| row[axis]).collect();
            let found = mean_and_deviation(&values);
            assert!((found.0 - mean).abs() < 0.15, "mean of axis {axis}: {}", found.0);
            assert!((found.1 / deviation - 1.0).abs() < 0.5, "deviation of axis {axis}: {}", found.1);
            assert!(values.iter().all(|value| value.abs() <= RANGE * STEP_G + 1e-6));
        }
    }
}
