//! JSON Lines recordings: one JSON object a line.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::RecordingError;
use super::input::Input;
use super::rows::{Rows, members};
use crate::text::{CellText, ColumnRef};

/// The rows of a JSON Lines recording.
pub(crate) struct JsonRows {
    input: Input,
    /// The present object as it stands.
    object: String,
    members: Vec<Member>,
    /// Keys that are written with escapes, unescaped.
    unescaped: String,
    taken: usize,
    taken_lines: u64,
    order: RefCell<Order>,
}

/// The members of an object in the order of their names, once enough of them were asked for.
#[derive(Default)]
struct Order {
    asked: usize,
    members: Vec<u32>,
}

/// An object with so many members is put in order when it is asked for more than a few of them.
const MANY: usize = 64;
const FEW: usize = 16;

struct Member {
    key: Key,
    /// Where the value stands in the object.
    value: Range<usize>,
}

enum Key {
    /// As it stands in the object.
    Plain(Range<usize>),
    /// In `unescaped`.
    Escaped(Range<usize>),
}

impl JsonRows {
    pub(crate) fn open(input: Input) -> Self {
        Self {
            input,
            object: String::new(),
            members: Vec::new(),
            unescaped: String::new(),
            taken: 0,
            taken_lines: 0,
            order: RefCell::default(),
        }
    }

    /// The rows that stand on the next lines.
    pub(crate) fn ahead(&mut self, lines: usize) -> Option<Self> {
        self.input.ahead(self.taken, lines).map(Self::open)
    }

    /// Moves to the next line that is not blank and returns where the object stands in the window; blank lines
    /// before it are an error.
    fn next_line(&mut self) -> Result<Option<Range<usize>>, RecordingError> {
        let mut blank_line = None;
        loop {
            self.input.consume(self.taken, self.taken_lines);
            let end = self.input.find_line_end()?;
            let length = end.unwrap_or(self.input.window().len());
            (self.taken, self.taken_lines) = (length + usize::from(end.is_some()), u64::from(end.is_some()));
            let line = &self.input.window()[..length];
            let start = length - line.trim_ascii_start().len();
            let object = start..start + line.trim_ascii().len();
            match (object.is_empty(), blank_line) {
                (false, None) => return Ok(Some(object)),
                (false, Some(line)) => {
                    return Err(RecordingError::BlankLine { name: self.input.name.clone(), line });
                }
                (true, _) if end.is_none() => return Ok(None),
                (true, _) => blank_line = blank_line.or(Some(self.input.line)),
            }
        }
    }

    /// The member called `name`; of several the last one, as in most programs.
    fn find(&self, name: &str) -> Option<usize> {
        let linear = || (0..self.members.len()).rev().find(|&index| self.key(index) == name);
        if self.members.len() < MANY {
            return linear();
        }
        let mut order = self.order.borrow_mut();
        if order.asked < FEW {
            order.asked += 1;
            return linear();
        }
        let key = |index: u32| self.key(index as usize);
        if order.members.is_empty() {
            order.members.extend(0..u32::try_from(self.members.len()).ok()?);
            order.members.sort_unstable_by(|&a, &b| key(a).cmp(key(b)).then(a.cmp(&b)));
        }
        let after = order.members.partition_point(|&index| key(index) <= name);
        let index = *order.members.get(after.checked_sub(1)?)?;
        (key(index) == name).then_some(index as usize)
    }

    fn key(&self, index: usize) -> &str {
        match &self.members[index].key {
            Key::Plain(range) => &self.object[range.clone()],
            Key::Escaped(range) => &self.unescaped[range.clone()],
        }
    }

    /// What is wrong at `byte` of the line in the window.
    #[cold]
    fn not_json(&self, byte: usize, why: &str) -> RecordingError {
        let before = &self.input.window()[..byte.min(self.taken)];
        let character = String::from_utf8_lossy(before).chars().count() + 1;
        let (name, line) = (self.input.name.clone(), self.input.line);
        RecordingError::NotJson { name, line, character, why: why.to_owned() }
    }

    /// Notes the members of the object that stands `at` this range of the window.
    fn parse(&mut self, at: Range<usize>) -> Result<(), RecordingError> {
        self.object.clear();
        self.members.clear();
        self.unescaped.clear();
        let order = self.order.get_mut();
        order.asked = 0;
        order.members.clear();
        match std::str::from_utf8(&self.input.window()[at.clone()]) {
            Ok(object) => self.object.push_str(object),
            Err(error) => return Err(self.not_json(at.start + error.valid_up_to(), "not UTF-8")),
        }
        let mut found =
            Found { line: &self.object, members: &mut self.members, unescaped: &mut self.unescaped };
        let mut deserializer = serde_json::Deserializer::from_str(&self.object);
        let parsed = deserializer.deserialize_map(&mut found).and_then(|()| deserializer.end());
        parsed.map_err(|error| {
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            // The column counts bytes from 1; at the end it is that of the last one there is.
            let byte = if error.is_eof() { at.len() } else { error.column().saturating_sub(1) };
            self.not_json(at.start + byte, why)
        })
    }
}

impl Rows for JsonRows {
    fn advance(&mut self) -> Result<bool, RecordingError> {
        match self.next_line()? {
            Some(object) => self.parse(object).map(|()| true),
            None => Ok(false),
        }
    }

    fn columns(&self) -> &[String] {
        &[]
    }

    fn names(&self) -> Vec<String> {
        members(self).map(|(name, _)| name.to_owned()).collect()
    }

    fn cell(&self, field: &ColumnRef) -> Option<CellText<'_>> {
        if let Some(index) = field.whole.as_deref().and_then(|name| self.find(name)) {
            return Some(CellText::Json(&self.object[self.members[index].value.clone()]));
        }
        let (first, rest) = field.path.split_first()?;
        let index = self.find(first)?;
        let mut json = &self.object[self.members[index].value.clone()];
        for name in rest {
            json = member_of(json, name)?;
        }
        Some(CellText::Json(json))
    }

    fn member(&self, index: usize) -> Option<(&str, CellText<'_>)> {
        let member = self.members.get(index)?;
        Some((self.key(index), CellText::Json(&self.object[member.value.clone()])))
    }

    fn text(&self) -> &[u8] {
        self.object.as_bytes()
    }

    fn line(&self) -> u64 {
        self.input.line
    }

    fn is_buffered(&self) -> bool {
        self.input.has_line_after(self.taken)
    }
}

/// The value of the last `name` in the object `json`; `None` where it is no object or has no such member.
fn member_of<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    serde_json::Deserializer::from_str(json).deserialize_map(Find { name, found: &mut found }).ok()?;
    found
}

/// Finds one member of an object.
struct Find<'n, 'f, 'a> {
    name: &'n str,
    found: &'f mut Option<&'a str>,
}

impl<'de> Visitor<'de> for Find<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Name<'de>>()? {
            let value: &'de RawValue = map.next_value()?;
            if key.0 == self.name {
                *self.found = Some(value.get());
            }
        }
        Ok(())
    }
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
