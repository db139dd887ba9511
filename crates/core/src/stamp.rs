//! Texts of fixed width that say an instant: `now()` in a body.
//!
//! The encoder reserves the width, the pacer fills the text in at hand-over. The text is rendered once a second;
//! within a second only the digits of the fraction change.

use jiff::tz::TimeZone;

use crate::record::Timestamp;

/// The format of `now()` without arguments: local time with six digits and no zone.
pub const DEFAULT_NOW: &str = "%Y-%m-%dT%H:%M:%S.%f";

/// The reason why a format cannot be used for an instant.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StampError {
    /// A directive whose text has no fixed width, or that does not exist.
    NoFixedWidth {
        /// The directive as written.
        directive: String,
    },
    /// A character that would have to be escaped in JSON.
    Character {
        /// The character.
        character: char,
    },
    /// A zone that the time zone database does not know.
    Zone {
        /// The zone as written.
        name: String,
    },
}

impl StampError {
    /// Says what is wrong, with what was found.
    pub fn what(&self) -> String {
        match self {
            Self::NoFixedWidth { directive } => format!("`{directive}` has no fixed width"),
            Self::Character { character } => {
                format!("the character {character:?} cannot stand in an instant's format")
            }
            Self::Zone { name } => format!("unknown time zone `{name}`"),
        }
    }

    /// Says what to do about it; may be empty.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoFixedWidth { .. } => "use %Y %m %d %H %M %S %f %j %y %z and plain text",
            Self::Character { .. } => "",
            Self::Zone { .. } => "use an IANA name such as Europe/Berlin, or UTC",
        }
    }
}

impl std::error::Error for StampError {}

impl std::fmt::Display for StampError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let help = self.help();
        write!(f, "{}{}{help}", self.what(), if help.is_empty() { "" } else { "; " })
    }
}

/// A compiled format.
#[derive(Clone, Debug)]
pub struct StampFormat {
    zone: TimeZone,
    pieces: Vec<Piece>,
    width: usize,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Plain text.
    Text(String),
    /// A directive of jiff's strftime that stays the same within a second, and its width.
    Directive(&'static str, usize),
    /// Six digits of the second's fraction.
    Micros,
}

/// The directives of fixed width, with their width.
const DIRECTIVES: [(char, &str, usize); 8] = [
    ('Y', "%Y", 4),
    ('m', "%m", 2),
    ('d', "%d", 2),
    ('H', "%H", 2),
    ('M', "%M", 2),
    ('S', "%S", 2),
    ('j', "%j", 3),
    ('y', "%y", 2),
];

impl StampFormat {
    /// Compiles `format` (`%f` means six digits) for `zone`, an IANA name; `None` is the local zone.
    pub fn new(format: &str, zone: Option<&str>) -> Result<Self, StampError> {
        let zone = match zone {
            None => TimeZone::system(),
            Some(name) => zone_named(name)?,
        };
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut width = 0;
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            if character == '"' || character == '\\' || character.is_control() {
                return Err(StampError::Character { character });
            }
            if character != '%' {
                text.push(character);
                width += character.len_utf8();
                continue;
            }
            let directive = characters.next();
            let piece = match directive {
                Some('%') => {
                    text.push('%');
                    width += 1;
                    continue;
                }
                Some('f') => (Piece::Micros, 6),
                Some('z') => (Piece::Directive("%z", 5), 5),
                other => DIRECTIVES
                    .iter()
                    .find(|(letter, ..)| Some(*letter) == other)
                    .map(|&(_, directive, width)| (Piece::Directive(directive, width), width))
                    .ok_or_else(|| StampError::NoFixedWidth {
                        directive: format!("%{}", directive.map(String::from).unwrap_or_default()),
                    })?,
            };
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            width += piece.1;
            pieces.push(piece.0);
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { zone, pieces, width })
    }

    /// Counts the bytes that each text has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether the texts may hold `byte`.
    pub fn may_hold(&self, byte: u8) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Text(text) => text.as_bytes().contains(&byte),
            Piece::Directive("%z", _) => byte == b'+' || byte == b'-' || byte.is_ascii_digit(),
            Piece::Directive(..) | Piece::Micros => byte.is_ascii_digit(),
        })
    }
}

/// The zone called `name`.
pub(crate) fn zone_named(name: &str) -> Result<TimeZone, StampError> {
    if name.eq_ignore_ascii_case("utc") || name == "Z" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| StampError::Zone { name: name.into() })
}

/// Renders instants in the formats of a run.
#[derive(Clone, Debug, Default)]
pub struct StampWriter {
    stamps: Vec<Stamp>,
}

impl StampWriter {
    /// A writer for `formats`; a slot names its format by index.
    pub fn new(formats: &[StampFormat]) -> Self {
        Self { stamps: formats.iter().cloned().map(Stamp::new).collect() }
    }

    /// The instant that [`text`](Self::text) says from now on.
    pub fn set(&mut self, at: Timestamp) {
        for stamp in &mut self.stamps {
            stamp.set(at);
        }
    }

    /// The text in format number `format`.
    pub fn text(&self, format: usize) -> &[u8] {
        &self.stamps[format].text
    }
}

#[derive(Clone, Debug)]
struct Stamp {
    format: StampFormat,
    /// The second that `text` was rendered for.
    second: Option<i64>,
    micros_at: Vec<usize>,
    text: Vec<u8>,
}

impl Stamp {
    fn new(format: StampFormat) -> Self {
        Self { text: vec![b'0'; format.width], format, second: None, micros_at: Vec::new() }
    }

    fn set(&mut self, at: Timestamp) {
        let second = at.as_nanos().div_euclid(1_000_000_000);
        if self.second != Some(second) {
            self.render(second);
            self.second = Some(second);
        }
        let mut micros = at.as_nanos().rem_euclid(1_000_000_000) / 1_000;
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        for &at in &self.micros_at {
            self.text[at..at + 6].copy_from_slice(&digits);
        }
    }

    fn render(&mut self, second: i64) {
        use std::io::Write as _;
        let instant = jiff::Timestamp::from_second(second).unwrap_or_default();
        let zoned = instant.to_zoned(self.format.zone.clone());
        let mut text = Vec::with_capacity(self.format.width);
        self.micros_at.clear();
        for piece in &self.format.pieces {
            match piece {
                Piece::Text(plain) => text.extend_from_slice(plain.as_bytes()),
                // Writing to a vector does not fail, and each of these directives renders any instant.
                Piece::Directive(directive, width) => {
                    let start = text.len();
                    let _ = write!(text, "{}", zoned.strftime(directive));
                    // Slots have the width that the format promised: the seconds of an old local time's offset go.
                    text.resize(start + width, b' ');
                }
                Piece::Micros => {
                    self.micros_at.push(text.len());
                    text.extend_from_slice(b"000000");
                }
            }
        }
        self.text = text;
    }
}

/// Renders the event times of a recording, which seldom stay in a second for long but mostly share one with a
/// neighbour.
#[derive(Clone, Debug)]
pub(crate) struct EventStamp {
    stamp: Stamp,
    /// As many digits of the fraction as needed, and `Z`, follow the stamp.
    is_rfc3339: bool,
}

impl EventStamp {
    /// Event times in `format`.
    pub(crate) fn new(format: StampFormat) -> Self {
        Self { stamp: Stamp::new(format), is_rfc3339: false }
    }

    /// Event times in UTC as RFC 3339.
    pub(crate) fn rfc3339() -> Self {
        let seconds = [("%Y", "-"), ("%m", "-"), ("%d", "T"), ("%H", ":"), ("%M", ":"), ("%S", "")];
        let width = |directive| if directive == "%Y" { 4 } else { 2 };
        let pieces = seconds.into_iter().flat_map(|(directive, after)| {
            [Piece::Directive(directive, width(directive)), Piece::Text(after.to_owned())]
        });
        let format = StampFormat { zone: TimeZone::UTC, pieces: pieces.collect(), width: 19 };
        Self { stamp: Stamp::new(format), is_rfc3339: true }
    }

    /// Whether nobody asked for another form.
    pub(crate) fn is_rfc3339(&self) -> bool {
        self.is_rfc3339
    }

    /// Whether the texts may hold `byte`.
    pub(crate) fn may_hold(&self, byte: u8) -> bool {
        self.stamp.format.may_hold(byte) || (self.is_rfc3339 && matches!(byte, b'.' | b'Z'))
    }

    /// Appends the text for `at`.
    pub(crate) fn write(&mut self, at: Timestamp, into: &mut Vec<u8>) {
        self.stamp.set(at);
        into.extend_from_slice(&self.stamp.text);
        if !self.is_rfc3339 {
            return;
        }
        let mut nanos = at.as_nanos().rem_euclid(1_000_000_000);
        if nanos > 0 {
            into.push(b'.');
        }
        let mut unit = 100_000_000;
        while nanos > 0 {
            into.push(b'0' + (nanos / unit) as u8);
            nanos %= unit;
            unit /= 10;
        }
        into.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANT: Timestamp = Timestamp::from_nanos(1_618_055_496_287_301_999);

    fn rendered(format: &str, zone: &str) -> String {
        rendered_at(INSTANT, EventStamp::new(StampFormat::new(format, Some(zone)).unwrap()))
    }

    fn rendered_at(at: Timestamp, mut stamp: EventStamp) -> String {
        let mut text = Vec::new();
        stamp.write(at, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn formats_render_in_their_zone_with_six_digits() {
        assert_eq!(rendered("%Y/%m/%d-%H:%M:%S:%f", "Asia/Tokyo"), "2021/04/10-20:51:36:287301");
        assert_eq!(rendered("%Y-%m-%dT%H:%M:%S.%fZ", "UTC"), "2021-04-10T11:51:36.287301Z");
        assert_eq!(rendered("%y%j %% %z", "Europe/Berlin"), "21100 % +0200");
    }

    #[test]
    fn only_the_fraction_changes_within_a_second() {
        let mut writer = StampWriter::new(&[StampFormat::new(DEFAULT_NOW, Some("UTC")).unwrap()]);
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000"),
            (999_999_999, "1970-01-01T00:00:00.999999"),
            (1_000_000_000, "1970-01-01T00:00:01.000000"),
            (-1, "1969-12-31T23:59:59.999999"),
        ] {
            writer.set(Timestamp::from_nanos(nanos));
            assert_eq!(String::from_utf8_lossy(writer.text(0)), text);
        }
    }

    #[test]
    fn event_times_have_as_many_digits_as_needed() {
        for nanos in [0, 1, -1, 500_000_000, 1_517_363_399_650_000_000, i64::MIN, i64::MAX] {
            let at = Timestamp::from_nanos(nanos);
            assert_eq!(rendered_at(at, EventStamp::rfc3339()), at.to_rfc3339());
        }
    }

    /// Local mean times have offsets with seconds, such as +00:53:28 in Berlin.
    #[test]
    fn old_offsets_keep_to_the_promised_width() {
        let format = StampFormat::new("%z|%f", Some("Europe/Berlin")).unwrap();
        let at = Timestamp::from_nanos(-3_000_000_000_000_000_000);
        assert_eq!(rendered_at(at, EventStamp::new(format)), "+0053|000000");
    }

    #[test]
    fn formats_without_fixed_width_are_refused() {
        for format in ["%A", "%s", "%", "%e"] {
            assert!(
                matches!(StampFormat::new(format, None), Err(StampError::NoFixedWidth { .. })),
                "{format}"
            );
        }
        assert!(matches!(StampFormat::new("\"", None), Err(StampError::Character { .. })));
        assert!(matches!(StampFormat::new("%Y", Some("Mars/Olympus")), Err(StampError::Zone { .. })));
    }
}
