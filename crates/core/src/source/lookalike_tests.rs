use std::io::Read as _;

use super::*;

fn text(seed: u64, rows: u64) -> String {
    let mut text = String::new();
    Lookalike::new(seed, rows).read_to_string(&mut text).unwrap();
    text
}

/// Microseconds and sensor steps.
fn rows(seed: u64) -> Vec<[f64; 4]> {
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        [(cells[0] * 1e6).round(), cells[1] / STEP_G, cells[2] / STEP_G, cells[3] / STEP_G]
    };
    text(seed, LOOKALIKE_ROWS).lines().map(row).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// How much a value says of the one after it.
fn correlation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    products / values.len() as f64 / deviation(values).powi(2)
}

const SEEDS: [u64; 4] = [1, 2, 42, 1001];

#[test]
fn it_starts_with_the_four_known_rows() {
    let known = "9656.196248,-0.905609,-0.199234,0.144897\n9656.206375,-0.905609,-0.163010,0.181122\n\
        9656.217099,-0.923721,-0.126785,0.217346\n9656.226533,-0.905609,-0.090561,0.144897\n";
    assert_eq!(text(7, 4), known);
}

#[test]
fn a_seed_means_the_same_recording_for_ever() {
    let checksum = |seed| crc32c::crc32c(text(seed, LOOKALIKE_ROWS).as_bytes());
    assert_eq!(
        [1, 1001].map(checksum),
        [30_331_629, 565_575_737],
        "recordings made with older versions no longer match"
    );
    assert_ne!(text(1, 100), text(2, 100));
}

/// The four first rows are fixed, so each number of rows is a prefix of the next.
#[test]
fn fewer_rows_are_the_start_of_more() {
    let whole = text(5, 1_000);
    for rows in [0, 1, 4, 5, 999] {
        let part = text(5, rows);
        assert_eq!(part.lines().count() as u64, rows);
        assert!(whole.starts_with(&part), "{rows} rows");
    }
}

#[test]
fn sampling_jitters_like_the_modelled_one() {
    for seed in SEEDS {
        let rows = rows(seed);
        let mut gaps: Vec<f64> = rows.windows(2).map(|pair| pair[1][0] - pair[0][0]).collect();
        assert!((mean(&gaps) - 10_112.7).abs() < 10.0, "seed {seed}: mean {}", mean(&gaps));
        assert!((deviation(&gaps) - 368.0).abs() < 30.0, "seed {seed}: deviation {}", deviation(&gaps));
        let delayed = correlation(&gaps);
        assert!((-0.19..-0.11).contains(&delayed), "seed {seed}: correlation {delayed}");
        gaps.sort_by(f64::total_cmp);
        for (percent, wanted, within) in [
            (1, 8_805.0, 150.0),
            (5, 9_727.0, 40.0),
            (25, 10_022.0, 15.0),
            (50, 10_108.0, 10.0),
            (75, 10_194.0, 15.0),
            (95, 10_547.0, 40.0),
            (99, 11_317.0, 150.0),
        ] {
            let found = gaps[gaps.len() * percent / 100];
            assert!(
                (found - wanted).abs() < within,
                "seed {seed}: {percent} % of the gaps are below {found}"
            );
        }
        let (shortest, longest) = (gaps[0], gaps[gaps.len() - 1]);
        assert!(
            shortest > 4_000.0 && (13_000.0..17_777.0).contains(&longest),
            "seed {seed}: {shortest}, {longest}"
        );
    }
}

#[test]
fn the_axes_move_like_a_person_carrying_the_sensor() {
    for seed in SEEDS {
        let rows = rows(seed);
        let mut clipped = 0;
        for (axis, g, deviation_g, smooth) in
            [(1, -0.884, 0.586, 0.93), (2, 0.207, 0.420, 0.92), (3, -0.121, 0.479, 0.78)]
        {
            let steps: Vec<f64> = rows.iter().map(|row| row[axis]).collect();
            let found = (mean(&steps) * STEP_G, deviation(&steps) * STEP_G, correlation(&steps));
            assert!((found.0 - g).abs() < 0.02, "seed {seed}, axis {axis}: mean {}", found.0);
            assert!((found.1 - deviation_g).abs() < 0.04, "seed {seed}, axis {axis}: deviation {}", found.1);
            assert!((found.2 - smooth).abs() < 0.03, "seed {seed}, axis {axis}: correlation {}", found.2);
            // A whole number of steps within the range.
            assert!(steps.iter().all(|step| (step - step.round()).abs() < 1e-3 && step.abs() < 128.001));
            clipped += steps.iter().filter(|step| step.abs() > 126.5).count();
        }
        assert!((300..800).contains(&clipped), "seed {seed}: {clipped} samples are cut off");
    }
}

#[test]
fn standing_walking_and_running_take_turns() {
    let rows = rows(1001);
    let blocks = |wanted: fn(f64) -> bool| {
        let spread = |rows: &[[f64; 4]]| deviation(&rows.iter().map(|row| row[1]).collect::<Vec<_>>());
        // Two seconds at a time; a still block lasts more than five.
        let still: Vec<bool> = rows.chunks(198).map(|rows| wanted(spread(rows))).collect();
        still.chunk_by(|a, b| a == b).filter(|block| block[0] && block.len() > 1).count()
    };
    assert_eq!(blocks(|spread| spread < 1.7), 3, "periods of standing still");
    assert_eq!(blocks(|spread| (10.0..45.0).contains(&spread)), 5, "periods of walking");
    assert_eq!(blocks(|spread| spread > 45.0), 2, "periods of running");

    let still =
        rows.chunks(198).find(|rows| deviation(&rows.iter().map(|row| row[1]).collect::<Vec<_>>()) < 1.7);
    for (axis, at) in [(1, -50.0), (2, 17.0), (3, 2.0)] {
        let steps: Vec<f64> = still.unwrap().iter().map(|row| row[axis]).collect();
        assert!((mean(&steps) - at).abs() < 0.5, "axis {axis} rests at {}", mean(&steps));
        assert!((1.0..1.7).contains(&deviation(&steps)), "axis {axis} trembles by {}", deviation(&steps));
    }
}

/// Counted as the upward crossings of the mean, smoothed over a fifth of a second.
#[test]
fn a_walk_has_the_pace_of_a_gait() {
    let rows = rows(42);
    let strength = |row: &[f64; 4]| row[1..].iter().map(|steps| steps * steps).sum::<f64>().sqrt();
    let strengths: Vec<f64> = rows[..800].iter().map(strength).collect();
    let smooth: Vec<f64> = strengths.windows(21).map(mean).collect();
    let middle = mean(&smooth);
    let crossings = smooth.windows(2).filter(|pair| pair[0] < middle && pair[1] >= middle).count();
    let hertz = crossings as f64 / (smooth.len() as f64 * MEAN_GAP_S);
    assert!((1.5..2.5).contains(&hertz), "{hertz} steps a second");
}
