//! Cells and texts as JSON.

use crate::codec::{write_float, write_number};
use crate::swar;
use crate::text::{CellText, CellType, CellValue, Misfit, is_number_for_all};

/// What an undeclared column's cell became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    Number,
    Text,
    /// An empty text, or whatever somebody declared.
    Other,
}

/// Appends a cell as a value of type `wanted`.
pub(super) fn write_cell(cell: CellText<'_>, wanted: CellType, into: &mut Vec<u8>) -> Result<Became, Misfit> {
    match (cell, wanted) {
        (CellText::Text(text), _) => return write_csv_text(text, wanted, into),
        (CellText::Json(json), CellType::Auto | CellType::Json) => into.extend_from_slice(json.as_bytes()),
        _ => write_value(&cell.value(wanted)?, into),
    }
    Ok(Became::Other)
}

/// Appends the text of a CSV cell as a value of type `wanted`.
pub(super) fn write_csv_text(text: &[u8], wanted: CellType, into: &mut Vec<u8>) -> Result<Became, Misfit> {
    // What most cells are is copied as it stands, without becoming a value first.
    let is_text = match wanted {
        CellType::Auto if is_number_for_all(text) => {
            into.extend_from_slice(text);
            return Ok(Became::Number);
        }
        CellType::Auto | CellType::Verbatim => true,
        CellType::Text => !text.is_empty(),
        CellType::Int | CellType::Float | CellType::Bool | CellType::Json => false,
    };
    if is_text && swar::is_plain_ascii(text) {
        quote(text, into);
    } else {
        write_value(&CellText::Text(text).value(wanted)?, into);
    }
    Ok(if wanted == CellType::Auto && !text.is_empty() { Became::Text } else { Became::Other })
}

fn write_value(value: &CellValue<'_>, into: &mut Vec<u8>) {
    match value {
        CellValue::Null => into.extend_from_slice(b"null"),
        CellValue::Bool(value) => into.extend_from_slice(if *value { b"true" } else { b"false" }),
        CellValue::Number(text) | CellValue::Json(text) => into.extend_from_slice(text.as_bytes()),
        CellValue::WholeFloat(text) => {
            into.extend_from_slice(text.as_bytes());
            into.extend_from_slice(b".0");
        }
        CellValue::Int(value) => write_number(value, into),
        CellValue::Float(value) => write_float(*value, into),
        CellValue::Text(text) => write_text(text, into),
    }
}

/// Appends `text` as a JSON string.
pub(super) fn write_text(text: &str, into: &mut Vec<u8>) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        quote(text.as_bytes(), into);
    } else {
        // Writing to a vector does not fail.
        let _ = serde_json::to_writer(into, text);
    }
}

/// Appends text that needs no escapes.
fn quote(text: &[u8], into: &mut Vec<u8>) {
    into.reserve(text.len() + 2);
    into.push(b'"');
    into.extend_from_slice(text);
    into.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is copied as it stands is what its value would be written as.
        #[test]
        fn cells_are_written_as_their_values(
            text in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..24),
                "[-+0-9.eE]{0,12}|[ -~äö]{0,24}|true|FALSE|[01]?|\\{\"a\": ?[0-9]\\}".prop_map(String::into_bytes),
            ],
            wanted in prop::sample::select(vec![
                CellType::Auto, CellType::Text, CellType::Verbatim, CellType::Int, CellType::Float, CellType::Bool, CellType::Json,
            ]),
        ) {
            let mut written = Vec::new();
            let result = write_csv_text(&text, wanted, &mut written);
            let mut expected = Vec::new();
            let value = CellText::Text(&text).value(wanted);
            prop_assert_eq!(result.map(|_| ()), value.as_ref().map(|value| write_value(value, &mut expected)).map_err(|misfit| *misfit));
            prop_assert_eq!(written, expected);
        }
    }
}
