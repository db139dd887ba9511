//! The report of a replay, for people.

use std::time::Duration;

use kadence_core::report::{Percentiles, Report};

use super::{bytes, count, duration, micros, records, say};

/// The shortest run that has a rate; over less it says more of the start than of the run.
const SHORTEST_FOR_A_RATE: Duration = Duration::from_millis(100);

/// Says on stderr what a replay did.
pub(crate) fn print_report(report: &Report, tolerance: Duration) {
    for line in lines(report, tolerance) {
        say(&line);
    }
}

fn lines(report: &Report, tolerance: Duration) -> Vec<String> {
    let elapsed = Duration::from_secs_f64(report.elapsed_s);
    let cut = if report.interrupted { ", interrupted" } else { "" };
    let place = match (&report.crc32c, report.topics.keys().next()) {
        (_, Some(topic)) => format!(" to {topic}"),
        (Some(crc), None) => format!(" to nowhere, CRC-32C {crc}"),
        (None, None) => String::new(),
    };
    // Bytes are counted of what arrived: beside another number of records they would mislead.
    let all = report.acknowledged.is_none_or(|acknowledged| acknowledged == report.accepted);
    let size = if all { format!(" ({})", bytes(report.bytes)) } else { String::new() };
    let mut lines = vec![format!("{}{size}{place} in {}{cut}", records(report.accepted), duration(elapsed))];
    if let (Some(late), Some(missed)) = (report.lateness_us, report.missed) {
        lines.push(format!("  left       {}", late_by(late)));
        let skew = report.skew_percent.map_or(String::new(), |skew| format!("; skew {} %", signed(skew)));
        let tolerance = duration_short(tolerance);
        lines.push(format!(
            "  missed     {} of {}, later than {tolerance}{skew}",
            count(missed),
            count(report.accepted)
        ));
    } else if elapsed >= SHORTEST_FOR_A_RATE {
        let rate = report.accepted as f64 / report.elapsed_s;
        lines.push(format!("  rate       {} records/s", count(rate as u64)));
    }
    if let Some(late) = report.arrival_lateness_us {
        lines.push(format!("  arrived    {}", late_by(late)));
    }
    let mut kept = vec![match report.acknowledged {
        Some(acknowledged) => format!("{} of {}", count(acknowledged), count(report.accepted)),
        None => "nobody was asked to".to_owned(),
    }];
    if report.failed > 0 {
        kept.push(format!("{} failed", count(report.failed)));
    }
    if let Some(retries) = report.retries.filter(|retries| *retries > 0) {
        kept.push(format!("{} retries", count(retries)));
    }
    let partitions: Vec<String> = report
        .topics
        .values()
        .flatten()
        .map(|(partition, records)| format!("partition {partition}: {}", count(*records)))
        .take(8)
        .collect();
    if report.acknowledged.is_some() {
        kept.extend(partitions);
    }
    lines.push(format!("  confirmed  {}", kept.join(", ")));
    lines
}

/// Writes a percentage with its sign and four digits, and no sign on a zero.
fn signed(percent: f64) -> String {
    let text = format!("{percent:+.4}");
    if text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) { text } else { "0.0000".into() }
}

fn late_by(late: Percentiles) -> String {
    let Percentiles { p50, p99, max, .. } = late;
    format!("p50 {}, p99 {}, max {} after due", micros(p50), micros(p99), micros(max))
}

/// Writes a duration without needless digits: `10 ms`.
fn duration_short(duration: Duration) -> String {
    let text = micros(duration.as_secs_f64() * 1e6);
    text.replace(".0 ", " ")
}
