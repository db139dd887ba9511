//! A certificate as a file has it.

use std::fmt::Write as _;

use crate::data::{Certificate, FORMAT};
use crate::units::turns;

/// What the data of a page stand between.
const OPENING: &str = "<script type=\"application/json\" id=\"certificate\">";
const CLOSING: &str = "</script>";

/// Why a text is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// A page without the data of one.
    #[error("is a page, and none that holds a certificate")]
    AnotherPage,
    /// It is not what a certificate says.
    #[error("is no certificate of a run ({0})")]
    Data(serde_json::Error),
    /// It is of a later form.
    #[error(
        "is a certificate of form {0}, and only 1 is known here; use the kadence that wrote it, or a later one"
    )]
    Format(u64),
}

impl Certificate {
    /// Reads one, from either form.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let data = if text.starts_with('<') {
            let (_, rest) = text.split_once(OPENING).ok_or(Unreadable::AnotherPage)?;
            rest.split_once(CLOSING).ok_or(Unreadable::AnotherPage)?.0
        } else {
            text
        };
        let value: serde_json::Value = serde_json::from_str(data).map_err(Unreadable::Data)?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(other) if other != u64::from(FORMAT) => Err(Unreadable::Format(other)),
            _ => serde_json::from_value(value).map_err(Unreadable::Data),
        }
    }

    /// Writes it as data.
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists are all there is, and no key is anything but a text or a number.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The element of a page that holds the data. Nothing in it ends it, or begins another one.
    pub(crate) fn element(&self) -> String {
        let data = serde_json::to_string(self).unwrap_or_default();
        let mut element = String::from(OPENING);
        for char in data.chars() {
            if matches!(char, '<' | '>' | '&') || turns(char) {
                // A string takes all that is written.
                let _ = write!(element, "\\u{:04x}", u32::from(char));
            } else {
                element.push(char);
            }
        }
        element + CLOSING
    }
}
