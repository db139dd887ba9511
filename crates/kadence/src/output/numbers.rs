//! Numbers for people.

use std::time::Duration;

/// Writes a number with its thousands apart: `1,707`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Writes a number of records: `1 record`, `1,707 records`.
pub(crate) fn records(number: u64) -> String {
    format!("{} record{}", count(number), if number == 1 { "" } else { "s" })
}

/// Writes a number of bytes: `312 kB`.
pub(crate) fn bytes(number: u64) -> String {
    let mut amount = number as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 1_000.0 {
            return if unit == "B" { format!("{number} B") } else { format!("{amount:.1} {unit}") };
        }
        amount /= 1_000.0;
    }
    format!("{amount:.1} TB")
}

/// Writes a number of microseconds: `93 µs`, `1.2 ms`, `6.0 s`.
pub(crate) fn micros(micros: f64) -> String {
    match micros {
        few if few < 9.95 => format!("{few:.1} µs"),
        some if some < 999.5 => format!("{some:.0} µs"),
        many if many < 999_500.0 => format!("{:.1} ms", many / 1e3),
        most => format!("{:.1} s", most / 1e6),
    }
}

/// Writes a duration: `6.05 s`, `2 min 40 s`, `3 h 12 min`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.2} s", duration.as_secs_f64()),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", count(seconds / 3_600), seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1_000, 1_234_567].map(count)[..]);
        assert_eq!(["999 B", "1.0 kB", "1.5 GB"], [999, 1_000, 1_500_000_000].map(bytes)[..]);
        assert_eq!(["0.1 µs", "93 µs", "1.2 ms", "2.0 s"], [0.1, 93.2, 1_200.0, 2e6].map(micros)[..]);
        let durations = [6_048, 160_000, 11_520_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(["6.05 s", "2 min 40 s", "3 h 12 min"], durations[..]);
    }
}
