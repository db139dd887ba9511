//! What a cell means: its type and its value.

use std::borrow::Cow;

use crate::schema::Type;
use crate::swar;

/// A cell as the recording has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The text of a CSV cell, unquoted.
    Text(&'a [u8]),
    /// The JSON text of a value, as it stands.
    Json(&'a str),
}

/// A typed value. Numbers keep their text: what was `51` or `0.10` stays so.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
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

/// Why a cell has no value of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Not text in UTF-8.
    NotUtf8,
    /// Not of the type.
    NotA(Type),
}

impl<'a> Cell<'a> {
    /// The cell's value as `wanted`. An empty cell of a typed column is null.
    pub fn value(self, wanted: Type) -> Result<Value<'a>, Misfit> {
        match self {
            Self::Text(bytes) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Misfit::NotUtf8)?;
                match wanted {
                    Type::Auto if is_number_for_all(bytes) => Ok(Value::Number(text)),
                    Type::Auto | Type::Verbatim => Ok(Value::Text(text.into())),
                    _ if text.is_empty() => Ok(Value::Null),
                    _ => typed(text, wanted).ok_or(Misfit::NotA(wanted)),
                }
            }
            Self::Json(json) => match wanted {
                Type::Auto | Type::Json => Ok(Value::Json(json)),
                _ if json == "null" => Ok(Value::Null),
                Type::Text | Type::Verbatim if json.starts_with('"') => Ok(Value::Text(self.text())),
                // Numbers and truth values have a text; lists and objects are text only when asked for as JSON.
                _ if json.starts_with(['{', '[']) => Err(Misfit::NotA(wanted)),
                _ if json.starts_with('"') => match self.text() {
                    Cow::Borrowed(text) => typed(text, wanted),
                    Cow::Owned(text) => typed(&text, wanted).and_then(Value::without_text),
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

impl Value<'_> {
    /// The same number or truth value, without the text it was written as.
    fn without_text<'a>(self) -> Option<Value<'a>> {
        match self {
            Self::Bool(value) => Some(Value::Bool(value)),
            Self::Int(value) => Some(Value::Int(value)),
            Self::Float(value) => Some(Value::Float(value)),
            Self::Number(text) => {
                text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float)).ok()
            }
            Self::WholeFloat(text) => text.parse().map(Value::Float).ok(),
            Self::Null | Self::Text(_) | Self::Json(_) => None,
        }
    }
}

fn typed(text: &str, wanted: Type) -> Option<Value<'_>> {
    match wanted {
        Type::Text | Type::Verbatim | Type::Auto => Some(Value::Text(text.into())),
        Type::Int => {
            let value: i64 = text.parse().ok()?;
            Some(if is_json_number(text.as_bytes()) { Value::Number(text) } else { Value::Int(value) })
        }
        Type::Float => {
            let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
            Some(if !is_json_number(text.as_bytes()) {
                Value::Float(value)
            } else if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                Value::WholeFloat(text)
            } else {
                Value::Number(text)
            })
        }
        Type::Bool => match text {
            "1" => Some(Value::Bool(true)),
            "0" => Some(Value::Bool(false)),
            _ if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
            _ if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Json => {
            serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
            Some(Value::Json(text.trim_matches([' ', '\t', '\r', '\n'])))
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
        let value = |text: &'static str, wanted| Cell::Text(text.as_bytes()).value(wanted);
        assert_eq!(value("51", Type::Float), Ok(Value::WholeFloat("51")));
        assert_eq!(value("51.20", Type::Float), Ok(Value::Number("51.20")));
        assert_eq!(value(".5", Type::Float), Ok(Value::Float(0.5)));
        assert_eq!(value("1e999", Type::Float), Err(Misfit::NotA(Type::Float)));
        assert_eq!(value("inf", Type::Float), Err(Misfit::NotA(Type::Float)));
        assert_eq!(value("+5", Type::Int), Ok(Value::Int(5)));
        assert_eq!(value("5.0", Type::Int), Err(Misfit::NotA(Type::Int)));
        assert_eq!(value("TRUE", Type::Bool), Ok(Value::Bool(true)));
        assert_eq!(value("{\"a\": 1}", Type::Json), Ok(Value::Json("{\"a\": 1}")));
        assert_eq!(value("{", Type::Json), Err(Misfit::NotA(Type::Json)));
        assert_eq!(value("", Type::Float), Ok(Value::Null));
        assert_eq!(value("", Type::Auto), Ok(Value::Text("".into())));
        assert_eq!(value("", Type::Verbatim), Ok(Value::Text("".into())));
        assert_eq!(value("1e+308", Type::Auto), Ok(Value::Number("1e+308")));
        assert_eq!(value("1.5e3", Type::Auto), Ok(Value::Number("1.5e3")));
        for id in ["7E8", "1e3", "0E0", "12e07"] {
            assert_eq!(value(id, Type::Auto), Ok(Value::Text(id.into())));
        }
        assert_eq!(value("7E8", Type::Float), Ok(Value::Number("7E8")));
        assert_eq!(value("1e+999", Type::Auto), Ok(Value::Text("1e+999".into())), "no reader takes it");
        assert_eq!(Cell::Text(b"\xff").value(Type::Text), Err(Misfit::NotUtf8));
    }

    #[test]
    fn json_values_can_be_retyped() {
        let value = |json: &'static str, wanted| Cell::Json(json).value(wanted);
        assert_eq!(value("51", Type::Float), Ok(Value::WholeFloat("51")));
        assert_eq!(value("\"51\"", Type::Float), Ok(Value::WholeFloat("51")));
        assert_eq!(
            value(r#""\u0035.5""#, Type::Float),
            Ok(Value::Float(5.5)),
            "escapes are no number's text"
        );
        assert_eq!(value(r#""\u0035""#, Type::Int), Ok(Value::Int(5)));
        assert_eq!(value("51", Type::Text), Ok(Value::Text("51".into())));
        assert_eq!(value(r#""a\n""#, Type::Text), Ok(Value::Text("a\n".into())));
        assert_eq!(value("null", Type::Int), Ok(Value::Null));
        assert_eq!(value("[1]", Type::Text), Err(Misfit::NotA(Type::Text)));
        assert_eq!(value("[1]", Type::Auto), Ok(Value::Json("[1]")));
    }
}
