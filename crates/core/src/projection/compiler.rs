//! From the tree of a column list to members of a body.

use crate::text::ColumnRef;
use std::collections::{HashMap, HashSet};

use kadence_kcql::{Argument, ColumnList, Expr as Parsed, Path, Span};

use super::{Expr, Item, Names, Projection, Rest};
use crate::fault::Phrase;
use crate::stamp::{DEFAULT_NOW, EventStamp, StampFormat};

const FUNCTION_NAMES: [&str; 6] = ["uuid", "now", "event_time", "line", "file", "text"];
const FUNCTIONS: &str = "uuid(), now(), event_time(), line(), file(), text('…')";

/// What is wrong in a list, and where.
pub(super) struct ListFault {
    pub(super) span: Span,
    pub(super) what: String,
    pub(super) help: Phrase,
}

/// Compiles `list`; all faults are reported together, each with its place.
pub(super) fn compile(list: &ColumnList, names: Names<'_>) -> Result<Projection, Vec<ListFault>> {
    let mut compiler = Compiler {
        list,
        ignored: list.ignored.iter().map(joined).collect(),
        names,
        absent: Vec::new(),
        items: Vec::new(),
        spans: Vec::new(),
        stamps: Vec::new(),
        faults: Vec::new(),
        star_seen: false,
    };
    compiler.compile();
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    let is_identity = list.ignored.is_empty() && matches!(&*list.columns, [only] if only.expr == Parsed::All);
    Ok(Projection { items: compiler.items, stamps: compiler.stamps, is_identity, absent: compiler.absent })
}

struct Compiler<'a> {
    list: &'a ColumnList,
    /// The columns behind IGNORE.
    ignored: HashSet<String>,
    names: Names<'a>,
    absent: Vec<String>,
    items: Vec<Item>,
    /// Where in the list each item comes from.
    spans: Vec<Span>,
    stamps: Vec<StampFormat>,
    faults: Vec<ListFault>,
    star_seen: bool,
}

impl Compiler<'_> {
    fn compile(&mut self) {
        for path in &self.list.ignored {
            if path.names.len() > 1 && !self.names.fixed {
                self.fault(path.span(), "IGNORE takes whole columns, not parts of them", "");
            }
            self.field(path);
        }
        let mut is_twice = false;
        for column in &self.list.columns {
            let alias = column.alias.as_ref().map(|alias| alias.text.clone());
            match &column.expr {
                Parsed::All if self.star_seen => {
                    if !std::mem::replace(&mut is_twice, true) {
                        self.fault(column.span, "`*` stands here a second time", "");
                    }
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

    fn fault(&mut self, span: Span, what: impl Into<String>, help: &str) {
        self.faults.push(ListFault { span, what: what.into(), help: help.into() });
    }

    fn literal(&mut self, span: Span, alias: Option<String>, expr: Expr) {
        match alias {
            Some(name) => self.items.push(Item { name, expr }),
            None => self.fault(span, "needs a name", "add AS and one"),
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
        let ty = self.names.types.type_of(&field.path.join("."));
        let name = alias.unwrap_or_else(|| field.name().to_owned());
        self.items.push(Item { name, expr: Expr::Column(field, ty) });
    }

    /// The column that `path` names; a fault where there is none.
    fn field(&mut self, path: &Path) -> Option<ColumnRef> {
        let parts: Vec<String> = path.names.iter().map(|name| name.text.clone()).collect();
        let joined = parts.join(".");
        let place = |wanted: &str| self.names.places.get(wanted).copied();
        if self.names.fixed {
            if let Some(index) = place(&joined) {
                return Some(ColumnRef::column(joined, index));
            }
        } else if let Some(index) = place(&parts[0]) {
            return Some(ColumnRef::nested(parts, index));
        } else if self.names.may_lack && (parts.len() == 1 || place(&joined).is_none()) {
            self.absent.push(joined);
            return Some(ColumnRef::nested(parts, self.names.found.len()));
        }
        let found = crate::source::listed(self.names.found);
        // One name with dots in it is written in quotes, several names are not.
        let is_one_name = parts.len() > 1 && !self.names.fixed && place(&joined).is_some();
        let help = if is_one_name {
            format!("write it as `{joined}`, in backticks").into()
        } else {
            self.names.help.clone()
        };
        let what = format!("no column `{joined}` (found: {found})");
        self.faults.push(ListFault { span: path.span(), what, help });
        None
    }

    fn is_ignored(&self, field: &ColumnRef) -> bool {
        !self.ignored.is_empty() && self.ignored.contains(&field.path.join("."))
    }

    /// Expands the star.
    fn star(&mut self) {
        let star = self.list.columns.iter().position(|column| column.expr == Parsed::All).unwrap_or(0);
        let single = |column: &kadence_kcql::Column| match &column.expr {
            Parsed::Path(path) if path.names.len() == 1 || self.names.fixed => Some(joined(path)),
            _ => None,
        };
        let mut except: HashSet<String> = self.list.columns[..star].iter().filter_map(single).collect();
        except.extend(self.ignored.iter().cloned());
        let mut renamed = HashMap::new();
        for column in &self.list.columns[star + 1..] {
            let (Some(name), Some(alias)) = (single(column), column.alias.as_ref()) else { continue };
            if let Some((_, first)) = renamed.insert(name.clone(), (alias.text.clone(), column.span)) {
                let what = format!("`*` can hold `{name}` once only");
                self.fault(first, what, "name it before the star to have it twice");
                break;
            }
        }
        let renamed: HashMap<String, String> =
            renamed.into_iter().map(|(old, (new, _))| (old, new)).collect();
        if !self.names.fixed {
            let rest = Rest { except, renamed, taken: HashSet::new(), types: self.names.types.clone() };
            self.items.push(Item { name: "*".into(), expr: Expr::Rest(rest) });
            return;
        }
        for (index, column) in self.names.found.iter().enumerate() {
            if except.contains(column) {
                continue;
            }
            let name = renamed.get(column).unwrap_or(column);
            let ty = self.names.types.type_of(column);
            let field = ColumnRef::column(column.clone(), index);
            self.items.push(Item { name: name.clone(), expr: Expr::Column(field, ty) });
        }
    }

    fn call(&mut self, function: &str, span: Span, arguments: &[Argument]) -> Option<Expr> {
        if !FUNCTION_NAMES.contains(&function) {
            self.fault(span, format!("unknown function `{function}`"), &format!("there are {FUNCTIONS}"));
            return None;
        }
        let mut texts = Vec::new();
        for argument in arguments {
            match argument {
                Argument::Text { value, .. } => texts.push(value.as_str()),
                Argument::Path(path) => {
                    self.fault(path.span(), format!("{function}() takes texts in single quotes"), "");
                    return None;
                }
                Argument::Number { span, .. } => {
                    self.fault(*span, format!("{function}() takes texts in single quotes"), "");
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
            _ => {
                let what = match function {
                    "text" => "text() takes one text",
                    "now" | "event_time" => "takes a format and a zone at most",
                    _ => "takes no arguments",
                };
                self.fault(span, what, "");
                None
            }
        }
    }

    fn stamp(&mut self, span: Span, format: &str, zone: Option<&str>) -> Option<StampFormat> {
        StampFormat::new(format, zone).map_err(|error| self.fault(span, error.what(), error.help())).ok()
    }

    /// Members of one name. What `*` brings along is known now where all records have the same columns, and of the
    /// first record otherwise.
    fn find_duplicate(&mut self) {
        let mut seen: HashSet<&str> = HashSet::new();
        for (item, &span) in self.items.iter().zip(&self.spans) {
            let mut names = match &item.expr {
                Expr::Rest(rest) => rest.names(self.names.found).collect(),
                _ => vec![item.name.as_str()],
            };
            // A record may hold a name twice of its own; it stays as it is.
            names.sort_unstable();
            names.dedup();
            for name in names {
                if !seen.insert(name) {
                    self.fault(span, format!("two members are called `{name}`"), "rename one with AS");
                    return;
                }
            }
        }
    }

    fn note_taken_names(&mut self) {
        let fixed = |item: &Item| (!matches!(item.expr, Expr::Rest(_))).then(|| item.name.clone());
        let mut names: HashSet<String> = self.items.iter().filter_map(fixed).collect();
        for item in &mut self.items {
            if let Expr::Rest(rest) = &mut item.expr {
                names.extend(rest.renamed.values().cloned());
                rest.taken = std::mem::take(&mut names);
            }
        }
    }
}

fn joined(path: &Path) -> String {
    path.names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".")
}
