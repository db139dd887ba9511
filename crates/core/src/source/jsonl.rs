//! JSON Lines recordings: one JSON object a line.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::ops::Range;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::RecordingError;
use super::input::Input;
use super::rows::{Field, Rows};
use crate::value::Cell;

/// The rows of a JSON Lines recording.
pub(crate) struct JsonRows {
    input: Input,
    members: Vec<Member>,
    /// Keys that are written with escapes, unescaped.
    unescaped: String,
    /// Where the present object stands in the input's window.
    object: Range<usize>,
    taken: usize,
    taken_lines: u64,
}

struct Member {
    key: Key,
    /// Where the value stands, counted from the start of the object.
    value: Range<usize>,
}

enum Key {
    /// As it stands in the object.
    Plain(Range<usize>),
    /// In `unescaped`.
    Escaped(Range<usize>),
}

impl JsonRows {
    pub(crate) fn open(name: String, reader: Box<dyn Read + Send>) -> Result<Self, RecordingError> {
        Ok(Self {
            input: Input::open(name, reader)?,
            members: Vec::new(),
            unescaped: String::new(),
            object: 0..0,
            taken: 0,
            taken_lines: 0,
        })
    }

    fn not_json(&self, character: usize, why: impl Into<String>) -> RecordingError {
        let (name, line) = (self.input.name.clone(), self.input.line);
        RecordingError::NotJson { name, line, character, why: why.into() }
    }

    /// Finds the members of the object in the window's `object` range.
    fn parse(&mut self) -> Result<(), RecordingError> {
        self.members.clear();
        self.unescaped.clear();
        let line = match std::str::from_utf8(&self.input.window()[self.object.clone()]) {
            Ok(line) => line,
            Err(error) => {
                let before = String::from_utf8_lossy(&self.input.window()[..error.valid_up_to()]);
                return Err(self.not_json(before.chars().count() + 1, "not UTF-8"));
            }
        };
        let mut found = Found { line, members: &mut self.members, unescaped: &mut self.unescaped };
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let parsed = deserializer.deserialize_map(&mut found).and_then(|()| deserializer.end());
        parsed.map_err(|error| {
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default().to_owned();
            self.not_json(error.column(), why)
        })
    }

    fn object_text(&self) -> &str {
        // `parse` has checked it.
        std::str::from_utf8(self.text()).unwrap_or_default()
    }

    fn key<'a>(&'a self, object: &'a str, member: &'a Member) -> &'a str {
        match &member.key {
            Key::Plain(range) => &object[range.clone()],
            Key::Escaped(range) => &self.unescaped[range.clone()],
        }
    }
}

impl Rows for JsonRows {
    fn advance(&mut self) -> Result<bool, RecordingError> {
        let mut blank_line = None;
        loop {
            self.input.consume(self.taken, self.taken_lines);
            let end = self.input.find_line_end()?;
            let length = end.unwrap_or(self.input.window().len());
            (self.taken, self.taken_lines) = (length + usize::from(end.is_some()), u64::from(end.is_some()));
            let line = &self.input.window()[..length];
            let start = length - line.trim_ascii_start().len();
            self.object = start..start + line.trim_ascii().len();
            if !self.object.is_empty() {
                break;
            }
            if end.is_none() {
                return Ok(false);
            }
            blank_line.get_or_insert(self.input.line);
        }
        if let Some(line) = blank_line {
            return Err(RecordingError::BlankLine { name: self.input.name.clone(), line });
        }
        self.parse()?;
        Ok(true)
    }

    fn columns(&self) -> &[String] {
        &[]
    }

    fn names(&self) -> Vec<String> {
        self.members().map(|(name, _)| name.to_owned()).collect()
    }

    fn cell(&self, field: &Field) -> Option<Cell<'_>> {
        let (first, rest) = field.path.split_first()?;
        let (_, Cell::Json(json)) = self.members().find(|(name, _)| name == first)? else { return None };
        let mut json = json;
        for name in rest {
            json = member_of(json, name)?;
        }
        Some(Cell::Json(json))
    }

    fn members(&self) -> Box<dyn Iterator<Item = (&str, Cell<'_>)> + '_> {
        let object = self.object_text();
        Box::new(
            self.members
                .iter()
                .map(move |member| (self.key(object, member), Cell::Json(&object[member.value.clone()]))),
        )
    }

    fn text(&self) -> &[u8] {
        &self.input.window()[self.object.clone()]
    }

    fn line(&self) -> u64 {
        self.input.line
    }

    fn is_buffered(&self) -> bool {
        self.input.window().len() > self.taken
    }
}

/// The value of `name` in the object `json`; `None` where it is no object or has no such member.
fn member_of<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (mut members, mut unescaped) = (Vec::new(), String::new());
    let mut found = Found { line: json, members: &mut members, unescaped: &mut unescaped };
    serde_json::Deserializer::from_str(json).deserialize_map(&mut found).ok()?;
    members.into_iter().find_map(|member| {
        let key = match member.key {
            Key::Plain(range) => &json[range],
            Key::Escaped(range) => &unescaped[range],
        };
        (key == name).then(|| &json[member.value])
    })
}

/// Notes where the members of an object stand.
struct Found<'a, 'm> {
    line: &'a str,
    members: &'m mut Vec<Member>,
    unescaped: &'m mut String,
}

impl Found<'_, '_> {
    /// Where `part`, a piece of the line, stands in it.
    fn range_of(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr().addr() - self.line.as_ptr().addr();
        start..start + part.len()
    }
}

impl<'de> Visitor<'de> for &mut Found<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Name<'de>>()? {
            let key = match key.0 {
                Cow::Borrowed(key) => Key::Plain(self.range_of(key)),
                Cow::Owned(key) => {
                    let start = self.unescaped.len();
                    self.unescaped.push_str(&key);
                    Key::Escaped(start..self.unescaped.len())
                }
            };
            let value: &'de RawValue = map.next_value()?;
            let value = self.range_of(value.get());
            self.members.push(Member { key, value });
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
