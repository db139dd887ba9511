//! Which values of a record become which columns.

use std::collections::{HashMap, HashSet};

use kadence_core::data::{Row, Value};
use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::phrase;
use kadence_core::record::Record;
use kadence_kcql::{Argument, Expr, Name, Path, Span, parse_columns};

use crate::lineage::{PLACE, SEAL, SealCells};

/// The places of the columns of `--lineage`.
const PLACES: [Place; 3] = [Place::Topic, Place::Partition, Place::Offset];

/// What a record is made of, decoded.
#[derive(Clone, Copy)]
pub(crate) struct Input<'r> {
    pub(crate) partition: &'r Partition,
    pub(crate) record: &'r Record<'r>,
    /// The key's fields, where keys are objects.
    pub(crate) key: Option<Row<'r>>,
    /// The body's fields; a tombstone has none.
    pub(crate) body: Option<Row<'r>>,
    /// Whether the body is one field with the bytes as they are.
    pub(crate) is_raw: bool,
    /// The record's seal, where it is to be a part of the row.
    pub(crate) seal: Option<&'r SealCells>,
}

/// A compiled column list.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    items: Vec<Item>,
    /// How many of the first items make up the key, and need no body.
    pub(crate) of_key: usize,
}

#[derive(Clone, Debug)]
enum Item {
    /// One column.
    One { name: String, source: Source },
    /// All fields of the body but for some; renamed ones have their new names.
    Rest(Changes),
    /// The seal, in the columns of [`SEAL`]. A record without one has none of them.
    Seal,
}

/// What becomes of fields that are not taken as they are.
#[derive(Clone, Debug, Default)]
struct Changes {
    /// The new name; `None` for a field that is left out.
    by_name: HashMap<String, Option<String>>,
    /// A bit for each length that one of the names has: most fields have another one, and need no look-up.
    lengths: u64,
}

impl Changes {
    fn new(by_name: HashMap<String, Option<String>>) -> Self {
        let lengths = by_name.keys().fold(0, |lengths, name| lengths | Self::bit(name));
        Self { by_name, lengths }
    }

    fn bit(name: &str) -> u64 {
        1 << (name.len() % 64)
    }

    /// Gives the name that a field has in the row, if it is not left out.
    #[inline]
    fn name<'r>(&'r self, name: &'r str) -> Option<&'r str> {
        if self.lengths & Self::bit(name) == 0 {
            return Some(name);
        }
        self.by_name.get(name).map_or(Some(name), Option::as_deref)
    }
}

#[derive(Clone, Debug)]
enum Source {
    Body(Vec<String>),
    Key(Vec<String>),
    Header(String),
    Place(Place),
    Text(String),
    Number(String),
    Uuid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Topic,
    Partition,
    Offset,
    Timestamp,
}

impl Mapping {
    /// Compiles the list in `select`, all fields without one. The key's parts among `key`, such as `_key.id`, stand
    /// in front if the list does not name them. What is named is not taken from among all fields as well.
    pub(crate) fn compile(select: Option<&str>, key: &[String], lineage: bool) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut items = match select {
            Some(text) => compile_list(text, &mut faults),
            None => vec![Item::Rest(Changes::default())],
        };
        let mut of_key = 0;
        for field in key {
            let path: Vec<String> = field.split('.').map(str::to_owned).collect();
            if path[0] != "_key" {
                continue;
            }
            let name = path[path.len() - 1].clone();
            items.retain(|item| !matches!(item, Item::One { name: other, .. } if *other == name));
            items.insert(of_key, Item::One { name, source: Source::Key(path[1..].to_vec()) });
            of_key += 1;
        }
        if lineage {
            let places = PLACE.into_iter().zip(PLACES);
            let item =
                |(name, place): (&str, _)| Item::One { name: name.to_owned(), source: Source::Place(place) };
            items.extend(places.map(item));
            items.push(Item::Seal);
        }
        let mut names = HashSet::new();
        let one = |item: &Item| match item {
            Item::One { name, .. } => vec![name.clone()],
            Item::Rest(changes) => changes.by_name.values().flatten().cloned().collect(),
            Item::Seal => SEAL.map(str::to_owned).into(),
        };
        for name in items.iter().flat_map(one) {
            if !names.insert(name.clone()) {
                faults.push(
                    Fault::new(phrase![@"select"], format!("two columns are called `{name}`"))
                        .help("rename one with AS")
                        .misuse(),
                );
            }
        }
        for item in &mut items {
            if let Item::Rest(changes) = item {
                let mut by_name = std::mem::take(&mut changes.by_name);
                for name in &names {
                    by_name.entry(name.clone()).or_default();
                }
                *changes = Changes::new(by_name);
            }
        }
        if faults.is_empty() { Ok(Self { items, of_key }) } else { Err(faults) }
    }

    /// Whether rows say the seals of their records.
    pub(crate) fn has_seals(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Seal))
    }

    /// Whether it takes fields out of keys.
    pub(crate) fn needs_key_fields(&self) -> bool {
        let takes_field =
            |item: &Item| matches!(item, Item::One { source: Source::Key(path), .. } if !path.is_empty());
        self.items.iter().any(takes_field)
    }

    /// The column that a part of the key is, by its name among the options.
    pub(crate) fn column_of(field: &str) -> &str {
        field.strip_prefix("_key.").map_or(field, |path| path.rsplit('.').next().unwrap_or(path))
    }

    /// Gives the value of each column to `put`, and whether a text among them is bytes by itself, which happen to be
    /// UTF-8.
    #[inline]
    pub(crate) fn each<'r, E>(
        &'r self,
        input: &Input<'r>,
        mut put: impl FnMut(&'r str, Value<'r>, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        for item in &self.items {
            match item {
                Item::Rest(changes) => {
                    let Some(body) = input.body else { continue };
                    for (name, value) in body.fields() {
                        if let Some(name) = changes.name(name) {
                            put(name, value, input.is_raw)?;
                        }
                    }
                }
                Item::One { name, source } => put(name, source.value(input), source.is_bytes(input))?,
                Item::Seal => {
                    let Some(seal) = input.seal else { continue };
                    for (name, value) in SEAL.into_iter().zip(seal.values()) {
                        put(name, value, false)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives the values of the key's columns to `put`, as [`each`](Self::each) does: all that a tombstone has.
    pub(crate) fn each_of_key<'r, E>(
        &'r self,
        input: &Input<'r>,
        mut put: impl FnMut(&'r str, Value<'r>, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        for item in &self.items[..self.of_key] {
            if let Item::One { name, source } = item {
                put(name, source.value(input), source.is_bytes(input))?;
            }
        }
        Ok(())
    }
}

impl Source {
    fn is_bytes(&self, input: &Input<'_>) -> bool {
        match self {
            Self::Key(path) => path.is_empty() && input.key.is_none(),
            Self::Header(_) => true,
            Self::Body(_) => input.is_raw,
            _ => false,
        }
    }

    fn value<'r>(&'r self, input: &Input<'r>) -> Value<'r> {
        let Input { partition, record, .. } = input;
        match self {
            Self::Body(path) => input.body.map_or(Value::Null, |row| at(row, path)),
            Self::Key(path) if path.is_empty() => match input.key {
                Some(row) => Value::Struct(row.fields()),
                None => record.key.map_or(Value::Null, text_or_bytes),
            },
            Self::Key(path) => input.key.map_or(Value::Null, |row| at(row, path)),
            Self::Header(name) => {
                let named = record.headers.clone().filter(|(other, _)| *other == name.as_bytes());
                named.last().and_then(|(_, value)| value).map_or(Value::Null, text_or_bytes)
            }
            Self::Place(Place::Topic) => Value::Text(&partition.topic),
            Self::Place(Place::Partition) => Value::Int(partition.index.into()),
            Self::Place(Place::Offset) => Value::Int(record.facts.sequence as i64),
            Self::Place(Place::Timestamp) => record.facts.time.map_or(Value::Null, Value::Timestamp),
            Self::Text(text) => Value::Text(text),
            Self::Number(text) => {
                let float = || text.parse().ok().filter(|float: &f64| float.to_string() == *text);
                text.parse()
                    .map(Value::Int)
                    .ok()
                    .or_else(|| float().map(Value::Float))
                    .unwrap_or(Value::Decimal(text))
            }
            Self::Uuid => Value::Uuid(uuid::Uuid::new_v4().into_bytes()),
        }
    }
}

fn at<'r>(row: Row<'r>, path: &[String]) -> Value<'r> {
    let mut value = row.get(&path[0]).unwrap_or(Value::Null);
    for name in &path[1..] {
        value = match value {
            Value::Struct(fields) | Value::Map(fields) => fields.get(name).unwrap_or(Value::Null),
            _ => return Value::Null,
        };
    }
    value
}

fn text_or_bytes(bytes: &[u8]) -> Value<'_> {
    str::from_utf8(bytes).map_or(Value::Bytes(bytes), Value::Text)
}

fn compile_list(text: &str, faults: &mut Vec<Fault>) -> Vec<Item> {
    let fault = |span: Span, what: String, help: &str| {
        let place = phrase![@"select", format!(", character {}", span.character(text))];
        Fault::new(place, what).help(help.to_owned()).excerpt(text, span).misuse()
    };
    let list = match parse_columns(text) {
        Ok(list) => list,
        Err(error) => {
            let what = format!("{} (found {})", error.what(), error.found());
            faults.push(fault(error.span(), what, error.help()));
            return Vec::new();
        }
    };
    let mut items = Vec::new();
    let (mut except, mut renamed) = (HashSet::new(), HashMap::new());
    for path in &list.ignored {
        match &path.names[..] {
            [name] => drop(except.insert(name.text.clone())),
            _ => faults.push(fault(
                path.span(),
                "only whole fields can be left out".into(),
                "name the fields to keep",
            )),
        }
    }
    let star = list.columns.iter().position(|column| column.expr == Expr::All);
    for (place, column) in list.columns.iter().enumerate() {
        let alias = column.alias.as_ref().map(|name| name.text.clone());
        let is_behind_star = star.is_some_and(|star| star < place);
        match &column.expr {
            Expr::All => items.push(Item::Rest(Changes::default())),
            Expr::Path(path) => {
                let source = source_of(path);
                if let (Source::Body(names), true) = (&source, names_one(path)) {
                    // Behind the star a field is renamed in its place; before it, the star leaves it out.
                    if is_behind_star {
                        renamed.insert(names[0].clone(), alias.unwrap_or_else(|| names[0].clone()));
                        continue;
                    }
                    except.insert(names[0].clone());
                }
                let own = path.names.last().map_or("", |name| &name.text);
                items.push(Item::One { name: alias.unwrap_or_else(|| own.to_owned()), source });
            }
            Expr::Number { text, .. } => {
                let source = Source::Number(text.clone());
                items.push(Item::One { name: alias.unwrap_or_else(|| text.clone()), source });
            }
            Expr::Call { function, arguments } => match call(function, arguments) {
                Ok(source) => {
                    items.push(Item::One { name: alias.unwrap_or_else(|| function.text.clone()), source });
                }
                Err((what, help)) => faults.push(fault(function.span, what, help)),
            },
        }
    }
    let mut by_name: HashMap<String, Option<String>> =
        renamed.into_iter().map(|(name, new)| (name, Some(new))).collect();
    by_name.extend(except.into_iter().map(|name| (name, None)));
    for item in &mut items {
        if let Item::Rest(changes) = item {
            *changes = Changes::new(by_name.clone());
        }
    }
    items
}

fn names_one(path: &Path) -> bool {
    path.names.len() == 1
}

fn source_of(path: &Path) -> Source {
    let names: Vec<String> = path.names.iter().map(|name| name.text.clone()).collect();
    match (names[0].as_str(), names.len()) {
        ("_key", _) => Source::Key(names[1..].to_vec()),
        ("_value", 2..) => Source::Body(names[1..].to_vec()),
        ("_header", 2..) => Source::Header(names[1..].join(".")),
        ("_topic", 1) => Source::Place(Place::Topic),
        ("_partition", 1) => Source::Place(Place::Partition),
        ("_offset", 1) => Source::Place(Place::Offset),
        ("_timestamp", 1) => Source::Place(Place::Timestamp),
        _ => Source::Body(names),
    }
}

fn call(function: &Name, arguments: &[Argument]) -> Result<Source, (String, &'static str)> {
    match (function.text.to_ascii_lowercase().as_str(), arguments) {
        ("uuid", []) => Ok(Source::Uuid),
        ("text", [Argument::Text { value, .. }]) => Ok(Source::Text(value.clone())),
        ("event_time", []) => Ok(Source::Place(Place::Timestamp)),
        ("uuid" | "text" | "event_time", _) => Err((
            format!("{}() takes other arguments", function.text),
            "write uuid(), event_time() or text('abc')",
        )),
        ("now", _) => Err((
            "now() would be another one each time that a record is read".into(),
            "use event_time(), or a default of the column",
        )),
        _ => Err((
            format!("no function is called {}", function.text),
            "the functions here are uuid(), event_time() and text('abc')",
        )),
    }
}
