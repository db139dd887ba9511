//! What a cell means: its type and its value.

use std::borrow::Cow;

use crate::swar;
use crate::text::CellType;

/// A cell as the recording has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellText<'a> {
    /// The text of a CSV cell, unquoted.
    Text(&'a [u8]),
    /// The JSON text of a value, as it stands.
    Json(&'a str),
}

/// A typed value. Numbers keep their text: what was `51` or `0.10` stays so.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A JSON number's text.
    Number(&'a str),
    /// An integer's text, meant as a float: it is written with `.0`.
    WholeFloat(&'a str),
    /// An integer whose text is no JSON number, such as `+5`.
    Int(i64),
    /// A finite float whose text is no JSON number, such as `.5`.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Any JSON, as it stands.
    Json(&'a str),
}

/// The reason why a cell has no value of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Not text in UTF-8.
    NotUtf8,
    /// Not of the type.
    NotA(CellType),
}

impl<'a> CellText<'a> {
    /// The cell's value as `wanted`. An empty cell of a typed column is null.
    pub fn value(self, wanted: CellType) -> Result<CellValue<'a>, Misfit> {
        match self {
            Self::Text(bytes) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Misfit::NotUtf8)?;
                match wanted {
                    CellType::Auto if is_number_for_all(bytes) => Ok(CellValue::Number(text)),
                    CellType::Auto | CellType::Verbatim => Ok(CellValue::Text(text.into())),
                    _ if text.is_empty() => Ok(CellValue::Null),
                    _ => typed(text, wanted).ok_or(Misfit::NotA(wanted)),
                }
            }
            Self::Json(json) => match wanted {
                CellType::Auto | CellType::Json => Ok(CellValue::Json(json)),
                _ if json == "null" => Ok(CellValue::Null),
                CellType::Text | CellType::Verbatim if json.starts_with('"') => {
                    Ok(CellValue::Text(self.text()))
                }
                // Numbers and truth values have a text; lists and objects are text only when asked for as JSON.
                _ if json.starts_with(['{', '[']) => Err(Misfit::NotA(wanted)),
                _ if json.starts_with('"') => match self.text() {
                    Cow::Borrowed(text) => typed(text, wanted),
                    Cow::Owned(text) => typed(&text, wanted).and_then(CellValue::without_text),
                }
                .ok_or(Misfit::NotA(wanted)),
                _ => typed(json, wanted).ok_or(Misfit::NotA(wanted)),
            },
        }
    }

    /// The cell's text: a JSON string's content, any other JSON as it stands.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(bytes) => String::from_utf8_lossy(bytes),
            Self::Json(json) if json.starts_with('"') => {
                let inner = &json[1..json.len() - 1];
                if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
                    return inner.into();
                }
                serde_json::from_str::<String>(json).map_or_else(|_| json.into(), Into::into)
            }
            Self::Json(json) => json.into(),
        }
    }
}

impl CellValue<'_> {
    /// The same number or truth value, without the text it was written as.
    fn without_text<'a>(self) -> Option<CellValue<'a>> {
        match self {
            Self::Bool(value) => Some(CellValue::Bool(value)),
            Self::Int(value) => Some(CellValue::Int(value)),
            Self::Float(value) => Some(CellValue::Float(value)),
            Self::Number(text) => {
                text.parse().map(CellValue::Int).or_else(|_| text.parse().map(CellValue::Float)).ok()
            }
            Self::WholeFloat(text) => text.parse().map(CellValue::Float).ok(),
            Self::Null | Self::Text(_) | Self::Json(_) => None,
        }
    }
}

fn typed(text: &str, wanted: CellType) -> Option<CellValue<'_>> {
    match wanted {
        CellType::Text | CellType::Verbatim | CellType::Auto => Some(CellValue::Text(text.into())),
        CellType::Int => {
            let value: i64 = text.parse().ok()?;
            Some(if is_json_number(text.as_bytes()) {
                CellValue::Number(text)
            } else {
                CellValue::Int(value)
            })
        }
        CellType::Float => {
            let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
            Some(if !is_json_number(text.as_bytes()) {
                CellValue::Float(value)
            } else if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                CellValue::WholeFloat(text)
            } else {
                CellValue::Number(text)
            })
        }
        CellType::Bool => match text {
            "1" => Some(CellValue::Bool(true)),
            "0" => Some(CellValue::Bool(false)),
            _ if text.eq_ignore_ascii_case("true") => Some(CellValue::Bool(true)),
            _ if text.eq_ignore_ascii_case("false") => Some(CellValue::Bool(false)),
            _ => None,
        },
        CellType::Json => {
            serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
            Some(CellValue::Json(text.trim_matches([' ', '\t', '\r', '\n'])))
        }
    }
}

/// Whether `text` is meant as a number by everybody: in JSON's grammar, no larger than a double can be, since most
/// readers refuse whole bodies over others, and with an exponent only behind a decimal point or with a sign of its
/// own. `7E8` is an identifier far more often than 700 million.
pub(crate) fn is_number_for_all(text: &[u8]) -> bool {
    match swar::digit_gaps(text) {
        // Nothing but digits, with a sign or a point: most numbers.
        Some(gaps) if is_common_number(text, gaps) => return true,
        _ => {}
    }
    match decimal_length(text) {
        // Without an exponent it takes more than 308 digits.
        Some(length) if length == text.len() && length < 300 => true,
        // Most of what starts with digits and is no number is a date.
        Some(length) if !matches!(text.get(length), None | Some(b'e' | b'E')) => false,
        Some(length) => {
            let is_meant = length == text.len()
                || text[..length].contains(&b'.')
                || matches!(text.get(length + 1), Some(b'+' | b'-'));
            is_meant && is_json_number(text) && std::str::from_utf8(text).is_ok_and(fits_a_double)
        }
        None => false,
    }
}

/// Whether `text`, with digits everywhere but in the `gaps`, is a JSON number without an exponent.
#[inline]
fn is_common_number(text: &[u8], gaps: u64) -> bool {
    let sign = usize::from(text.first() == Some(&b'-'));
    let digits = text.len() - sign;
    let gaps = gaps >> sign;
    let point = if gaps == 0 { digits } else { gaps.trailing_zeros() as usize };
    let is_whole = gaps == 0 && digits > 0;
    // One gap, a point, and digits on both sides of it.
    let is_fraction = gaps.is_power_of_two() && point > 0 && point + 1 < digits && text[sign + point] == b'.';
    (is_whole || is_fraction) && (point == 1 || text[sign] != b'0')
}

fn fits_a_double(number: &str) -> bool {
    number.parse().is_ok_and(f64::is_finite)
}

/// Whether `text` is a number in JSON's grammar.
pub fn is_json_number(text: &[u8]) -> bool {
    let Some(mut at) = decimal_length(text) else { return false };
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(text, at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

/// How much of `text` is a JSON number without an exponent; `None` where it does not start with one.
fn decimal_length(text: &[u8]) -> Option<usize> {
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(text, at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(text, at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    Some(at)
}

fn digits(text: &[u8], from: usize) -> usize {
    text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_numbers_are_told_from_text() {
        for number in ["0", "-0", "51", "0.10", "-0.905609", "1e3", "1E+2", "12345678901234567890"] {
            assert!(is_json_number(number.as_bytes()), "{number}");
        }
        for text in ["", "-", "007", "+5", ".5", "5.", "1e", "1e+", "NaN", "0x1", "1 ", " 1", "1_000", "--1"]
        {
            assert!(!is_json_number(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_for_all_are_json_numbers_that_fit(
            text in "-?[0-9]{0,4}\\.?[0-9]{0,4}|-?[0-9]{0,12}(\\.[0-9]{0,9})?([eE][-+]?[0-9]{0,4})?|[-+0-9.e]{0,12}|1[0-9]{290,310}",
        ) {
            let fits = text.parse().is_ok_and(f64::is_finite);
            let is_meant = text.contains('.') || !text.contains(['e', 'E']) || text.contains("e+")
                || text.contains("E+") || text.contains("e-") || text.contains("E-");
            let expected = is_json_number(text.as_bytes()) && fits && is_meant;
            prop_assert_eq!(is_number_for_all(text.as_bytes()), expected, "{}", text);
        }
    }

    #[test]
    fn typed_cells_keep_number_text_and_refuse_what_does_not_fit() {
        let value = |text: &'static str, wanted| CellText::Text(text.as_bytes()).value(wanted);
        assert_eq!(value("51", CellType::Float), Ok(CellValue::WholeFloat("51")));
        assert_eq!(value("51.20", CellType::Float), Ok(CellValue::Number("51.20")));
        assert_eq!(value(".5", CellType::Float), Ok(CellValue::Float(0.5)));
        assert_eq!(value("1e999", CellType::Float), Err(Misfit::NotA(CellType::Float)));
        assert_eq!(value("inf", CellType::Float), Err(Misfit::NotA(CellType::Float)));
        assert_eq!(value("+5", CellType::Int), Ok(CellValue::Int(5)));
        assert_eq!(value("5.0", CellType::Int), Err(Misfit::NotA(CellType::Int)));
        assert_eq!(value("TRUE", CellType::Bool), Ok(CellValue::Bool(true)));
        assert_eq!(value("{\"a\": 1}", CellType::Json), Ok(CellValue::Json("{\"a\": 1}")));
        assert_eq!(value("{", CellType::Json), Err(Misfit::NotA(CellType::Json)));
        assert_eq!(value("", CellType::Float), Ok(CellValue::Null));
        assert_eq!(value("", CellType::Auto), Ok(CellValue::Text("".into())));
        assert_eq!(value("", CellType::Verbatim), Ok(CellValue::Text("".into())));
        assert_eq!(value("1e+308", CellType::Auto), Ok(CellValue::Number("1e+308")));
        assert_eq!(value("1.5e3", CellType::Auto), Ok(CellValue::Number("1.5e3")));
        for id in ["7E8", "1e3", "0E0", "12e07"] {
            assert_eq!(value(id, CellType::Auto), Ok(CellValue::Text(id.into())));
        }
        assert_eq!(value("7E8", CellType::Float), Ok(CellValue::Number("7E8")));
        assert_eq!(
            value("1e+999", CellType::Auto),
            Ok(CellValue::Text("1e+999".into())),
            "no reader takes it"
        );
        assert_eq!(CellText::Text(b"\xff").value(CellType::Text), Err(Misfit::NotUtf8));
    }

    #[test]
    fn json_values_can_be_retyped() {
        let value = |json: &'static str, wanted| CellText::Json(json).value(wanted);
        assert_eq!(value("51", CellType::Float), Ok(CellValue::WholeFloat("51")));
        assert_eq!(value("\"51\"", CellType::Float), Ok(CellValue::WholeFloat("51")));
        assert_eq!(
            value(r#""\u0035.5""#, CellType::Float),
            Ok(CellValue::Float(5.5)),
            "escapes are no number's text"
        );
        assert_eq!(value(r#""\u0035""#, CellType::Int), Ok(CellValue::Int(5)));
        assert_eq!(value("51", CellType::Text), Ok(CellValue::Text("51".into())));
        assert_eq!(value(r#""a\n""#, CellType::Text), Ok(CellValue::Text("a\n".into())));
        assert_eq!(value("null", CellType::Int), Ok(CellValue::Null));
        assert_eq!(value("[1]", CellType::Text), Err(Misfit::NotA(CellType::Text)));
        assert_eq!(value("[1]", CellType::Auto), Ok(CellValue::Json("[1]")));
    }
}
