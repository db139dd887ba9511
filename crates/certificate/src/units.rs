//! Numbers as people read them.

/// A count, with commas between groups of three digits.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A lateness that is given in microseconds.
pub(crate) fn micros(micros: f64) -> String {
    match micros {
        0.0 => "0".into(),
        few if few < 9.95 => format!("{few:.1} µs"),
        some if some < 999.5 => format!("{some:.0} µs"),
        many if many < 999_500.0 => format!("{:.1} ms", many / 1e3),
        most => format!("{:.1} s", most / 1e6),
    }
}

/// A length that is given in seconds.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        instant if instant < 0.9995 => micros(instant * 1e6),
        short if short < 60.0 => format!("{short:.2} s"),
        some if some < 3_600.0 => format!("{:.0} min {:04.1} s", (some / 60.0).floor(), some % 60.0),
        long => format!("{:.0} h {:.0} min", (long / 3_600.0).floor(), long % 3_600.0 / 60.0),
    }
}

/// A time in RFC 3339, to the second.
pub(crate) fn moment(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, fraction)) => {
            seconds.to_owned() + fraction.trim_start_matches(|char: char| char.is_ascii_digit())
        }
        None => time.to_owned(),
    }
}

/// So many bytes.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes as f64 {
        few if few < 1e3 => format!("{few:.0} B"),
        some if some < 1e6 => format!("{:.1} kB", some / 1e3),
        many if many < 1e9 => format!("{:.1} MB", many / 1e6),
        most => format!("{:.1} GB", most / 1e9),
    }
}

/// Whether a character turns the direction of writing: what follows would be read as something else.
pub(crate) fn turns(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in which nothing is markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Nothing that is no character of a page gets into it, nor what turns the direction of writing.
            '\t' | '\n' => safe.push(char),
            other if other.is_control() || turns(other) => {
                safe.push('\u{fffd}');
            }
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([0, 12, 999, 1_000, 1_234_567].map(count), ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 9.94, 70.2, 1_500.0, 2e6].map(micros), ["0", "9.9 µs", "70 µs", "1.5 ms", "2.0 s"]);
        assert_eq!(
            [0.0123, 1.5, 75.0, 7_260.0].map(seconds),
            ["12.3 ms", "1.50 s", "1 min 15.0 s", "2 h 1 min"]
        );
        assert_eq!(moment("2026-12-01T01:20:33.830663006Z"), "2026-12-01T01:20:33Z");
        assert_eq!([7, 1_500, 2_000_000].map(bytes), ["7 B", "1.5 kB", "2.0 MB"]);
        assert_eq!(escaped("<b a=\"1\">&\u{1b}[0m"), "&lt;b a=&quot;1&quot;&gt;&amp;\u{fffd}[0m");
    }
}
