//! What was promised and what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::seal::Sealed;
use crate::source::TimeColumn;

/// The fate of the records that a sink accepted.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    /// Records whose durability the sink vouches for.
    pub acknowledged: u64,
    /// The sink was told to ask for no acknowledgements: `acknowledged` counts what it sent.
    pub unconfirmed: bool,
    /// Records the sink gave up on.
    pub failed: u64,
    /// Bytes of keys and bodies of the acknowledged records.
    pub bytes: u64,
    /// How long after their due time records were acknowledged; only where due times exist.
    pub arrival_lateness: Lateness,
    /// How often the sink sent something again; `None` where it cannot tell.
    pub retries: Option<u64>,
    /// Acknowledged records by topic and partition.
    pub topics: BTreeMap<String, BTreeMap<i32, u64>>,
    /// The checksum over all bodies, of sinks that take one.
    pub crc32c: Option<u32>,
    /// What was sealed of the accepted records, by lane.
    pub sealed: BTreeMap<u32, Sealed>,
    /// Why the first record was given up that was.
    pub first_failure: Option<Fault>,
}

/// A distribution of lateness, kept in fixed memory with three significant digits.
///
/// The histogram takes a third of a megabyte and is made with the first value.
#[derive(Clone, Debug, Default)]
pub struct Lateness(Option<Box<Histogram<u64>>>);

/// How much greater the bound of a bucket is than the one before: eight of them make a factor of ten.
const GROWTH: f64 = 1.333_521_432_163_324;
/// What a lateness beyond a day counts as.
const LONGEST_NANOS: u64 = 86_400_000_000_000;

impl Lateness {
    /// Adds one record's lateness.
    pub fn record(&mut self, lateness: Duration) {
        self.record_many(lateness, 1);
    }

    /// Adds the lateness of `count` records that left together.
    pub fn record_many(&mut self, lateness: Duration, count: u64) {
        let histogram = self.0.get_or_insert_with(|| {
            Box::new(Histogram::new_with_bounds(100, LONGEST_NANOS, 3).expect("the bounds are valid"))
        });
        let nanos = u64::try_from(lateness.as_nanos()).unwrap_or(LONGEST_NANOS);
        histogram.saturating_record_n(nanos, count);
    }

    /// Counts the records that were added.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.len())
    }

    /// The lateness that a share `quantile` (0 to 1) of the records did not exceed.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let histogram = self.0.as_ref().filter(|histogram| !histogram.is_empty())?;
        Some(Duration::from_nanos(histogram.value_at_quantile(quantile).min(histogram.max())))
    }

    /// How many records there are up to each of many bounds, which grow by about a third each, from a microsecond on.
    /// Those behind the last record are left out.
    pub fn buckets(&self) -> Vec<(Duration, u64)> {
        let Some(histogram) = &self.0 else { return Vec::new() };
        let bucket = |value: hdrhistogram::iterators::IterationValue<u64>| {
            (Duration::from_nanos(value.value_iterated_to()), value.count_since_last_iteration())
        };
        histogram.iter_log(1_000, GROWTH).map(bucket).collect()
    }

    /// The percentiles of the report; `None` without records.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let micros = |quantile| {
            let nanos = self.quantile(quantile)?.as_nanos() as f64;
            Some((nanos / 100.0).round() / 10.0)
        };
        Some(Percentiles {
            p50: micros(0.5)?,
            p90: micros(0.9)?,
            p99: micros(0.99)?,
            p999: micros(0.999)?,
            max: micros(1.0)?,
        })
    }
}

/// Percentiles of a lateness, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

/// The growth of lateness over a run, from evenly spaced records and in fixed memory.
///
/// Skew is the median lateness of the last 5 % of records minus that of the first 5 %, over the ideal length: drift,
/// not one late record.
#[derive(Clone, Debug, Default)]
pub struct Skew {
    /// The lateness in nanoseconds of each `stride`th record.
    samples: Vec<u64>,
    stride: u64,
    seen: u64,
}

/// Beyond this many samples every other one is given up.
const MOST_SAMPLES: usize = 1 << 17;
/// Each 5 % must hold this many records for a skew to mean anything.
const FEWEST_IN_A_TWENTIETH: u64 = 100;

impl Skew {
    /// Adds the next record's lateness.
    pub fn record(&mut self, lateness: Duration) {
        self.stride = self.stride.max(1);
        if self.seen.is_multiple_of(self.stride) {
            if self.samples.len() == MOST_SAMPLES {
                let mut index = 0;
                self.samples.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.samples.push(u64::try_from(lateness.as_nanos()).unwrap_or(u64::MAX));
            }
        }
        self.seen += 1;
    }

    /// The skew in percent of a run of `ideal` length; `None` where there are too few records to tell.
    pub fn percent(&self, ideal: Duration) -> Option<f64> {
        if self.seen / 20 < FEWEST_IN_A_TWENTIETH || ideal.is_zero() {
            return None;
        }
        let twentieth = self.samples.len() / 20;
        let first = median(&self.samples[..twentieth])?;
        let last = median(&self.samples[self.samples.len() - twentieth..])?;
        Some((last - first) / ideal.as_nanos() as f64 * 100.0)
    }
}

fn median(values: &[u64]) -> Option<f64> {
    let mut values = values.to_vec();
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(middle).1 as f64)
}

/// The report of a replay. Names may be added, never changed; what does not apply is null.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The verb that ran.
    pub verb: &'static str,
    /// Records handed to the sink.
    pub accepted: u64,
    /// Records whose durability the sink vouches for; null where nobody was asked to.
    pub acknowledged: Option<u64>,
    /// Bytes of keys and bodies of the records that were acknowledged, or sent where nobody was asked to.
    pub bytes: u64,
    /// Records the sink gave up on.
    pub failed: u64,
    /// Whether somebody stopped the run before its end.
    pub interrupted: bool,
    /// From the first record's due time to the end of the last flush, in seconds.
    pub elapsed_s: f64,
    /// How long the schedule says from the first record to the last, in seconds; null when unpaced.
    pub ideal_s: Option<f64>,
    /// How much lateness grew over the run, in percent of its ideal length.
    pub skew_percent: Option<f64>,
    /// Hand-over minus due.
    pub lateness_us: Option<Percentiles>,
    /// Acknowledged minus due.
    pub arrival_lateness_us: Option<Percentiles>,
    /// Records later than the tolerance; null when unpaced.
    pub missed: Option<u64>,
    /// How often something was sent again.
    pub retries: Option<u64>,
    /// Acknowledged records by topic and partition; sent ones where nobody was asked.
    pub topics: BTreeMap<String, BTreeMap<i32, u64>>,
    /// The checksum over all bodies, where the sink takes one, as eight hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crc32c: Option<String>,
    /// The column with the event times; null where they are not needed.
    pub time_column: Option<TimeColumn>,
    /// Columns in which numbers and texts mix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mixed_columns: Vec<String>,
    /// What cut the run short or kept it from starting; null where nothing did.
    pub error: Option<ReportedError>,
}

/// An error as machines read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportedError {
    /// The file and line, topic, server or option.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong, with what was found.
    pub what: String,
    /// What to do about it; may be empty.
    pub help: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew_of(lateness_micros: impl Iterator<Item = u64>) -> Option<f64> {
        let mut skew = Skew::default();
        lateness_micros.for_each(|micros| skew.record(Duration::from_micros(micros)));
        skew.percent(Duration::from_secs(1))
    }

    #[test]
    fn skew_is_the_growth_of_the_median_and_ignores_single_late_records() {
        assert_eq!(skew_of((0..4_000).map(|_| 70)), Some(0.0));
        assert_eq!(skew_of((0..4_000).map(|n| if n == 3_990 { 900_000 } else { 70 })), Some(0.0));
        // 1,000 µs more at the end than at the start, of one second.
        let drifting = skew_of((0..4_000).map(|n| if n < 2_000 { 70 } else { 1_070 })).unwrap();
        assert!((drifting - 0.1).abs() < 1e-9, "{drifting}");
    }

    #[test]
    fn skew_needs_a_hundred_records_in_each_twentieth() {
        assert_eq!(skew_of(0..1_999), None);
        assert!(skew_of(0..2_000).is_some());
    }

    #[test]
    fn skew_of_a_long_run_keeps_to_its_memory() {
        let mut skew = Skew::default();
        for n in 0..1_000_000_u64 {
            skew.record(Duration::from_nanos(n));
        }
        assert!(skew.samples.len() <= MOST_SAMPLES);
        let percent = skew.percent(Duration::from_secs(1)).unwrap();
        // From the median of the first 5 % (25,000) to that of the last (975,000): 950 µs of a second.
        assert!((percent - 0.095).abs() < 1e-3, "{percent}");
    }

    #[test]
    fn buckets_have_all_records() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.buckets(), []);
        for micros in [0, 1, 5, 70, 70, 9_000, 3_600_000_000] {
            lateness.record(Duration::from_micros(micros));
        }
        let buckets = lateness.buckets();
        assert_eq!(buckets.iter().map(|(_, records)| records).sum::<u64>(), 7);
        assert!(buckets.is_sorted_by(|(one, _), (next, _)| one < next));
        let until = |most: Duration| {
            buckets.iter().filter(|(to, _)| *to <= most).map(|(_, records)| records).sum::<u64>()
        };
        assert_eq!((until(Duration::from_millis(1)), until(Duration::from_millis(20))), (5, 6));
        assert!(buckets.len() < 90, "{}", buckets.len());
    }

    #[test]
    fn percentiles_are_in_microseconds() {
        let mut lateness = Lateness::default();
        assert!(lateness.percentiles().is_none());
        lateness.record_many(Duration::from_micros(70), 99);
        lateness.record(Duration::from_millis(2));
        let percentiles = lateness.percentiles().unwrap();
        assert!((percentiles.p50 - 70.0).abs() < 0.2, "{percentiles:?}");
        assert!((percentiles.max - 2_000.0).abs() < 2.0, "{percentiles:?}");
    }
}
