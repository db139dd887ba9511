//! What a record's body is made of: a KCQL column list, compiled against the columns of a recording.
//!
//! `*` stands for every column, in the recording's order. Named after the star, a column is renamed in its place
//! (`*, a AS x`); named before it, it stands where it is named and the star leaves it out. `IGNORE` drops columns.

use kadence_kcql::{Argument, ColumnList, Expr as Parsed, Path, Span};

use crate::schema::{Schema, Type};
use crate::source::Field;
use crate::stamp::{DEFAULT_NOW, EventStamp, StampFormat};

/// Why a column list cannot be used, with the place in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionError {
    what: String,
    text: String,
    span: Span,
}

impl std::error::Error for ProjectionError {}

impl std::fmt::Display for ProjectionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "--select, character {}: {}", self.span.character(&self.text), self.what)
    }
}

impl ProjectionError {
    /// The list's text with a mark under the place.
    pub fn caret(&self) -> String {
        self.span.caret(&self.text)
    }
}

/// One member of the body.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Its name.
    pub(crate) name: String,
    /// Where its value comes from.
    pub(crate) expr: Expr,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    /// A column.
    Field(Field, Type),
    /// All fields of a recording without fixed columns, but for some; renamed ones stay in their place.
    Rest(Rest),
    /// A random UUID (v4).
    Uuid,
    /// The hand-over instant, in the format of this number.
    Now {
        /// The format's place in [`Projection::stamps`].
        format: usize,
        /// How many bytes its text has.
        width: usize,
    },
    /// The record's event time; RFC 3339 in UTC without a format.
    EventTime(EventStamp),
    /// The line on which the record starts.
    Line,
    /// The recording's name.
    File,
    /// This text.
    Text(String),
    /// This number.
    Number(String),
}

/// What `*` stands for where records need not have the same fields.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    /// Fields that stand elsewhere or nowhere.
    pub(crate) except: Vec<String>,
    /// Old and new names.
    pub(crate) renamed: Vec<(String, String)>,
    /// Names that other members have; a field may not come by one of them.
    pub(crate) taken: Vec<String>,
}

/// A compiled column list.
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    /// The members, in their order.
    pub(crate) items: Vec<Item>,
    /// The formats of the hand-over instants among them.
    pub(crate) stamps: Vec<StampFormat>,
    /// Whether it is `*` and nothing else.
    pub(crate) is_identity: bool,
}

/// What a column list is compiled against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The columns, or the fields of the first record.
    pub(crate) found: &'a [String],
    /// Whether every record has just these.
    pub(crate) fixed: bool,
    /// The types of the columns.
    pub(crate) schema: &'a Schema,
}

const FUNCTIONS: &str = "uuid(), now(), event_time(), line(), file(), text('…')";

impl Projection {
    /// Whether a value needs the record's event time.
    pub(crate) fn needs_event_time(&self) -> bool {
        self.items.iter().any(|item| matches!(item.expr, Expr::EventTime(_)))
    }

    /// Compiles `text`; all faults are reported together.
    pub(crate) fn compile(text: &str, names: Names<'_>) -> Result<Self, Vec<ProjectionError>> {
        let fault = |span: Span, what: String| ProjectionError { what, text: text.into(), span };
        let list = kadence_kcql::parse_columns(text).map_err(|error| {
            vec![fault(error.span(), format!("{} (found {}); {}", error.what(), error.found(), error.help()))]
        })?;
        let mut compiler = Compiler {
            list: &list,
            names,
            items: Vec::new(),
            spans: Vec::new(),
            stamps: Vec::new(),
            faults: Vec::new(),
            star_seen: false,
        };
        compiler.compile();
        let faults: Vec<_> = compiler.faults.into_iter().map(|(span, what)| fault(span, what)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let is_identity =
            list.ignored.is_empty() && matches!(&*list.columns, [only] if only.expr == Parsed::All);
        Ok(Self { items: compiler.items, stamps: compiler.stamps, is_identity })
    }
}

struct Compiler<'a> {
    list: &'a ColumnList,
    names: Names<'a>,
    items: Vec<Item>,
    /// Where in the list each item comes from.
    spans: Vec<Span>,
    stamps: Vec<StampFormat>,
    faults: Vec<(Span, String)>,
    star_seen: bool,
}

impl Compiler<'_> {
    fn compile(&mut self) {
        for path in &self.list.ignored {
            if path.names.len() > 1 && !self.names.fixed {
                self.faults.push((path.span(), "IGNORE takes whole columns, not parts of them".into()));
            }
            self.field(path);
        }
        for column in &self.list.columns {
            let alias = column.alias.as_ref().map(|alias| alias.text.clone());
            match &column.expr {
                Parsed::All if self.star_seen => {
                    self.faults.push((column.span, "`*` stands here a second time".into()));
                }
                Parsed::All => {
                    self.star_seen = true;
                    self.star();
                }
                Parsed::Path(path) => self.path(path, alias),
                Parsed::Call { function, arguments } => {
                    let default_name = function.text.clone();
                    let alias = if function.text == "text" { alias } else { alias.or(Some(default_name)) };
                    if let Some(expr) = self.call(&function.text, function.span, arguments) {
                        self.literal(column.span, alias, expr);
                    }
                }
                Parsed::Number { text, .. } => {
                    self.literal(column.span, alias, Expr::Number(text.clone()));
                }
            }
            self.spans.resize(self.items.len(), column.span);
        }
        self.find_duplicate();
        self.note_taken_names();
    }

    fn literal(&mut self, span: Span, alias: Option<String>, expr: Expr) {
        match alias {
            Some(name) => self.items.push(Item { name, expr }),
            None => self.faults.push((span, "needs a name; add AS and one".into())),
        }
    }

    fn path(&mut self, path: &Path, alias: Option<String>) {
        let Some(field) = self.field(path) else { return };
        // After the star a column is renamed in its place.
        if self.star_seen && (path.names.len() == 1 || self.names.fixed) {
            return;
        }
        if self.is_ignored(&field) {
            return;
        }
        let ty = self.names.schema.type_of(&field.path.join("."));
        let name = alias.unwrap_or_else(|| field.name().to_owned());
        self.items.push(Item { name, expr: Expr::Field(field, ty) });
    }

    /// The column that `path` names; a fault where there is none.
    fn field(&mut self, path: &Path) -> Option<Field> {
        let parts: Vec<String> = path.names.iter().map(|name| name.text.clone()).collect();
        let position = |wanted: &str| self.names.found.iter().position(|found| found == wanted);
        let joined = parts.join(".");
        if self.names.fixed {
            if let Some(index) = position(&joined) {
                return Some(Field { path: vec![joined], index });
            }
        } else if let Some(index) = position(&parts[0]) {
            return Some(Field { path: parts, index });
        }
        let found = self.names.found.join(", ");
        self.faults.push((path.span(), format!("no column `{joined}` (found: {found})")));
        None
    }

    fn is_ignored(&self, field: &Field) -> bool {
        self.list.ignored.iter().any(|path| joined(path) == field.path.join("."))
    }

    /// Expands the star.
    fn star(&mut self) {
        let star = self.list.columns.iter().position(|column| column.expr == Parsed::All).unwrap_or(0);
        let single = |column: &kadence_kcql::Column| match &column.expr {
            Parsed::Path(path) if path.names.len() == 1 || self.names.fixed => Some(joined(path)),
            _ => None,
        };
        let mut except: Vec<String> = self.list.columns[..star].iter().filter_map(single).collect();
        except.extend(self.list.ignored.iter().map(joined));
        let renamed: Vec<(String, String)> = self.list.columns[star + 1..]
            .iter()
            .filter_map(|column| Some((single(column)?, column.alias.as_ref()?.text.clone())))
            .collect();
        for column in &self.list.columns[star + 1..] {
            let Some(name) = single(column) else { continue };
            if renamed.iter().filter(|(old, _)| *old == name).count() > 1 {
                let what =
                    format!("`*` can hold `{name}` once only; name it before the star to have it twice");
                self.faults.push((column.span, what));
                break;
            }
        }
        if !self.names.fixed {
            let rest = Rest { except, renamed, taken: Vec::new() };
            self.items.push(Item { name: "*".into(), expr: Expr::Rest(rest) });
            return;
        }
        for (index, column) in self.names.found.iter().enumerate() {
            if except.contains(column) {
                continue;
            }
            let name = renamed.iter().find(|(old, _)| old == column).map_or(column, |(_, new)| new);
            let field = Field { path: vec![column.clone()], index };
            let ty = self.names.schema.type_of(column);
            self.items.push(Item { name: name.clone(), expr: Expr::Field(field, ty) });
        }
    }

    fn call(&mut self, function: &str, span: Span, arguments: &[Argument]) -> Option<Expr> {
        let mut texts = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Text { value, .. } => texts.push(value.as_str()),
                Argument::Path(path) => {
                    self.faults.push((path.span(), format!("{function}() takes texts in single quotes")));
                    return None;
                }
                Argument::Number { span, .. } => {
                    self.faults.push((*span, format!("{function}() takes texts in single quotes")));
                    return None;
                }
            }
        }
        match (function, &*texts) {
            ("uuid", []) => Some(Expr::Uuid),
            ("line", []) => Some(Expr::Line),
            ("file", []) => Some(Expr::File),
            ("text", [text]) => Some(Expr::Text((*text).to_owned())),
            ("event_time", []) => Some(Expr::EventTime(EventStamp::rfc3339())),
            ("event_time", [format, zone @ ..]) if zone.len() < 2 => self
                .stamp(span, format, Some(zone.first().unwrap_or(&"UTC")))
                .map(|stamp| Expr::EventTime(EventStamp::new(stamp))),
            ("now", [] | [_] | [_, _]) => {
                let format = texts.first().unwrap_or(&DEFAULT_NOW);
                let stamp = self.stamp(span, format, texts.get(1).copied())?;
                let width = stamp.width();
                self.stamps.push(stamp);
                Some(Expr::Now { format: self.stamps.len() - 1, width })
            }
            ("uuid" | "line" | "file" | "text" | "event_time" | "now", _) => {
                let what = match function {
                    "text" => "text() takes one text",
                    "now" | "event_time" => "takes a format and a zone at most",
                    _ => "takes no arguments",
                };
                self.faults.push((span, what.into()));
                None
            }
            _ => {
                self.faults.push((span, format!("unknown function `{function}`; there are {FUNCTIONS}")));
                None
            }
        }
    }

    fn stamp(&mut self, span: Span, format: &str, zone: Option<&str>) -> Option<StampFormat> {
        StampFormat::new(format, zone).map_err(|error| self.faults.push((span, error.to_string()))).ok()
    }

    /// Members of one name. What `*` brings along is known now where all records have the same columns, and of the
    /// first record otherwise.
    fn find_duplicate(&mut self) {
        let mut seen: Vec<&str> = Vec::new();
        for (item, &span) in self.items.iter().zip(&self.spans) {
            let mut names = match &item.expr {
                Expr::Rest(rest) => rest.names(self.names.found).collect(),
                _ => vec![item.name.as_str()],
            };
            // A record may hold a name twice of its own; it stays as it is.
            names.sort_unstable();
            names.dedup();
            for name in names {
                if seen.contains(&name) {
                    self.faults.push((span, format!("two members are called `{name}`; rename one with AS")));
                    return;
                }
                seen.push(name);
            }
        }
    }

    fn note_taken_names(&mut self) {
        let fixed = |item: &Item| (!matches!(item.expr, Expr::Rest(_))).then(|| item.name.clone());
        let mut names: Vec<String> = self.items.iter().filter_map(fixed).collect();
        for item in &mut self.items {
            if let Expr::Rest(rest) = &mut item.expr {
                names.extend(rest.renamed.iter().map(|(_, new)| new.clone()));
                rest.taken = std::mem::take(&mut names);
            }
        }
    }
}

impl Rest {
    /// The names of the members that fields called `found` become.
    fn names<'a>(&'a self, found: &'a [String]) -> impl Iterator<Item = &'a str> {
        found.iter().filter(|name| !self.leaves_out(name)).map(|name| self.new_name(name).unwrap_or(name))
    }

    /// Whether the field called `name` is no part of it.
    pub(crate) fn leaves_out(&self, name: &str) -> bool {
        self.except.iter().any(|left_out| left_out == name)
    }

    /// What the field called `name` is renamed to.
    pub(crate) fn new_name(&self, name: &str) -> Option<&str> {
        self.renamed.iter().find(|(old, _)| old == name).map(|(_, new)| new.as_str())
    }
}

fn joined(path: &Path) -> String {
    path.names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".")
}
