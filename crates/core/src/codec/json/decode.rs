//! JSON read into rows.
//!
//! The text is gone through once. Integers of 64 bits and doubles stay what they are; a number that neither has
//! exactly becomes a decimal with its text. It takes what `serde_json` takes, and numbers beyond a double.

use std::fmt::Write as _;

use crate::codec::{DecodeError, Decoded, Decoder};
use crate::data::{RowBuffer, RowBuilder};
use crate::swar;

/// Objects and lists in one another, as `serde_json` has it.
const MOST_DEEP: usize = 127;

/// Reads bodies that are JSON objects. Records may differ in their fields.
#[derive(Debug, Default)]
pub struct JsonDecoder {
    /// A text without its escapes.
    unescaped: String,
}

impl JsonDecoder {
    /// A decoder.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for JsonDecoder {
    fn decode(&mut self, body: &[u8], rows: &mut RowBuffer) -> Result<Decoded, DecodeError> {
        let text = std::str::from_utf8(body)
            .map_err(|error| DecodeError { what: "not UTF-8".into(), at: Some(error.valid_up_to()) })?;
        let mut row = rows.build();
        let mut reader = Reader { text, at: 0, unescaped: &mut self.unescaped };
        let read = reader.object_to_end(&mut row);
        read.map_err(|what| DecodeError { what: what.into(), at: Some(reader.at) })?;
        row.finish().map_err(|error| DecodeError { what: error.to_string(), at: None })?;
        Ok(Decoded::Row)
    }
}

/// Adds the value that the JSON `text` is to a row.
pub(crate) fn read_value(text: &str, row: &mut RowBuilder<'_>) -> Result<(), Wrong> {
    let mut reader = Reader { text, at: 0, unescaped: &mut String::new() };
    reader.value(row, 1)?;
    if reader.peek_token().is_some() { Err("something follows the value") } else { Ok(()) }
}

/// What is wrong with a text.
pub(crate) type Wrong = &'static str;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    unescaped: &'t mut String,
}

/// What a text is made of.
enum Piece {
    /// This part of the input.
    Plain(usize, usize),
    /// It had escapes.
    Unescaped,
}

impl Reader<'_> {
    /// Reads an object and nothing behind it.
    fn object_to_end(&mut self, row: &mut RowBuilder<'_>) -> Result<(), Wrong> {
        if self.peek_token() != Some(b'{') {
            return Err("not a JSON object");
        }
        self.at += 1;
        self.members(row, 1)?;
        if self.peek_token().is_some() { Err("something follows the object") } else { Ok(()) }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    #[inline]
    fn peek_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Reads the members of an object behind its opening, and its end.
    fn members(&mut self, row: &mut RowBuilder<'_>, depth: usize) -> Result<(), Wrong> {
        if self.peek_token() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek_token() != Some(b'"') {
                return Err("a name in quotes is missing");
            }
            match self.string()? {
                Piece::Plain(start, end) => row.name(&self.text[start..end]),
                Piece::Unescaped => row.name(self.unescaped),
            };
            if self.peek_token() != Some(b':') {
                return Err("a colon is missing");
            }
            self.at += 1;
            self.value(row, depth)?;
            match self.peek_token() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err("a comma or the end of the object is missing"),
            }
        }
    }

    /// Reads the items of a list behind its opening, and its end.
    fn items(&mut self, row: &mut RowBuilder<'_>, depth: usize) -> Result<(), Wrong> {
        if self.peek_token() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(row, depth)?;
            match self.peek_token() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err("a comma or the end of the list is missing"),
            }
        }
    }

    fn value(&mut self, row: &mut RowBuilder<'_>, depth: usize) -> Result<(), Wrong> {
        match self.peek_token() {
            Some(b'"') => match self.string()? {
                Piece::Plain(start, end) => row.text(&self.text[start..end]),
                Piece::Unescaped => row.text(self.unescaped),
            },
            Some(b'-' | b'0'..=b'9') => self.number(row)?,
            Some(b'{' | b'[') if depth >= MOST_DEEP => return Err("objects and lists are nested too deep"),
            Some(b'{') => {
                self.at += 1;
                row.begin_struct();
                self.members(row, depth + 1)?;
                row.end();
            }
            Some(b'[') => {
                self.at += 1;
                row.begin_list();
                self.items(row, depth + 1)?;
                row.end();
            }
            Some(b't') => self.word("true").map(|()| row.bool(true))?,
            Some(b'f') => self.word("false").map(|()| row.bool(false))?,
            Some(b'n') => self.word("null").map(|()| row.null())?,
            _ => return Err("a value is missing"),
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Wrong> {
        if !self.text[self.at..].starts_with(word) {
            return Err("a value is missing");
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a text behind its first quote, and its last one.
    #[inline]
    fn string(&mut self) -> Result<Piece, Wrong> {
        let start = self.at + 1;
        let length = swar::plain_length(&self.text.as_bytes()[start..]);
        let end = start + length;
        self.at = end;
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Piece::Plain(start, end))
            }
            Some(b'\\') => self.escaped(start),
            Some(_) => Err("a control character stands in a text"),
            None => Err("a text has no end"),
        }
    }

    /// Reads on at the first escape of a text that begins at `start`.
    fn escaped(&mut self, start: usize) -> Result<Piece, Wrong> {
        self.unescaped.clear();
        self.unescaped.push_str(&self.text[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Piece::Unescaped);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let character = self.escape()?;
                    self.unescaped.push(character);
                }
                Some(..0x20) => return Err("a control character stands in a text"),
                Some(_) => {
                    let length = swar::plain_length(&self.text.as_bytes()[self.at..]);
                    self.unescaped.push_str(&self.text[self.at..self.at + length]);
                    self.at += length;
                }
                None => return Err("a text has no end"),
            }
        }
    }

    /// Reads an escape behind its backslash.
    fn escape(&mut self) -> Result<char, Wrong> {
        let letter = self.peek().ok_or("a text has no end")?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_digits()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).ok_or("half a character is escaped");
                }
                if !self.text[self.at..].starts_with("\\u") {
                    return Err("half a character is escaped");
                }
                self.at += 2;
                let second = self.four_digits()?;
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
                let code = low.map(|low| 0x1_0000 + ((first - 0xd800) << 10) + low);
                code.and_then(char::from_u32).ok_or("half a character is escaped")?
            }
            _ => return Err("a backslash stands before something that is not escaped"),
        })
    }

    fn four_digits(&mut self) -> Result<u32, Wrong> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or("a text has no end")?;
        let mut code = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(16).ok_or("four hexadecimal digits are missing")?;
            code = code * 16 + digit;
        }
        self.at += 4;
        Ok(code)
    }

    /// Reads digits, and says how many. `number` goes on with them, as long as it has room.
    #[inline]
    fn digits(&mut self, number: &mut u64) -> usize {
        let start = self.at;
        while let Some(digit) = self.peek().map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            self.at += 1;
        }
        self.at - start
    }

    #[inline]
    fn number(&mut self, row: &mut RowBuilder<'_>) -> Result<(), Wrong> {
        let start = self.at;
        let is_negative = self.peek() == Some(b'-');
        self.at += usize::from(is_negative);
        let leads_with_zero = self.peek() == Some(b'0');
        let mut number = 0;
        let whole = self.digits(&mut number);
        if whole == 0 || (leads_with_zero && whole > 1) {
            return Err("not a number");
        }
        match self.peek() {
            Some(b'.') => {
                self.at += 1;
                let fraction = self.digits(&mut number);
                if fraction == 0 {
                    return Err("not a number");
                }
                if !matches!(self.peek(), Some(b'e' | b'E')) && whole + fraction <= FEW_DIGITS {
                    // Both numbers are exact doubles, so their quotient is the nearest one.
                    let double = number as f64 / POWERS_OF_TEN[fraction];
                    row.float(if is_negative { -double } else { double });
                    return Ok(());
                }
            }
            Some(b'e' | b'E') => {}
            _ => {
                integer(&self.text[start..self.at], number, whole, row);
                return Ok(());
            }
        }
        self.exponent()?;
        other_number(&self.text[start..self.at], row);
        Ok(())
    }

    /// Reads an exponent, if there is one.
    fn exponent(&mut self) -> Result<(), Wrong> {
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits(&mut 0) == 0 {
                return Err("not a number");
            }
        }
        Ok(())
    }
}

/// Numbers with so many digits are told apart by doubles.
const FEW_DIGITS: usize = 15;
const POWERS_OF_TEN: [f64; FEW_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Appends the integer of this text; `number` is what its digits come to, if they are few.
#[inline]
fn integer(text: &str, number: u64, digits: usize, row: &mut RowBuilder<'_>) {
    if digits <= 18 {
        match (number.cast_signed(), text.starts_with('-')) {
            // There is no negative zero among integers.
            (0, true) => row.float(-0.0),
            (number, true) => row.int(-number),
            (number, false) => row.int(number),
        }
    } else if let Ok(number) = text.parse::<i64>() {
        row.int(number);
    } else if let Ok(number) = text.parse::<u64>() {
        row.uint(number);
    } else {
        row.decimal(text);
    }
}

/// A number with a fraction or an exponent: a double, if its shortest text has the same digits.
#[cold]
fn other_number(text: &str, row: &mut RowBuilder<'_>) {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && Digits::of_double(number) == Digits::of(text) => {
            row.float(number);
        }
        _ => row.decimal(text),
    }
}

/// The digits that count, and where the point is.
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    kept: [u8; 24],
    count: usize,
    exponent: i64,
}

impl Digits {
    fn of_double(number: f64) -> Option<Self> {
        let mut text = Short::default();
        write!(text, "{number:e}").ok()?;
        Self::of(std::str::from_utf8(&text.bytes[..text.len]).ok()?)
    }

    /// Nothing where there are more digits than a double's shortest text has.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('-');
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let exponent: i64 = exponent.parse().ok()?;
        let all = whole.bytes().chain(fraction.bytes());
        let leading = all.clone().take_while(|digit| *digit == b'0').count();
        let trailing = all.clone().rev().take_while(|digit| *digit == b'0').count();
        let count = (whole.len() + fraction.len()).saturating_sub(leading + trailing);
        let mut found = Self { kept: [0; 24], count, exponent: 0 };
        if leading == whole.len() + fraction.len() {
            return Some(Self { count: 0, ..found });
        }
        let counting = all.skip(leading).take(count);
        found.kept.get_mut(..count)?.iter_mut().zip(counting).for_each(|(to, from)| *to = from);
        // As if the point stood before the first digit that counts.
        found.exponent = exponent.checked_add(whole.len() as i64 - leading as i64)?;
        Some(found)
    }
}

/// A short text, without an allocation.
#[derive(Default)]
struct Short {
    bytes: [u8; 32],
    len: usize,
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
