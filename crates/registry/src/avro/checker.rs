//! Whether one schema reads what another one wrote, by the rules of Java's library.
//!
//! A pair of places is compared once. While it is being compared it counts as compatible, so that types that hold
//! themselves come to an end.

mod messages;

use std::collections::HashMap;
use std::rc::Rc;

use super::compatibility::{Compatibility, Incompatibility, Rule};
use super::name::Name;
use super::tree::{Enum, Field, Head, Node, Place, Primitive, Record, Tree};

/// How deep schemas may go: the stack of a thread is finite.
const DEEPEST: usize = 600;
/// How many pairs are compared at most.
const MOST_PAIRS: usize = 1_000_000;
/// How many reasons are given at most.
const MOST_REASONS: usize = 100;

/// Compares two schemas.
pub(super) fn check(reader: &Tree, writer: &Tree) -> Compatibility {
    let mut checker =
        Checker { reader, writer, known: HashMap::new(), path: Vec::new(), pairs: 0, is_beyond: false };
    let reasons = checker.pair(reader.root, writer.root);
    if checker.is_beyond {
        Compatibility::Undecided
    } else if reasons.is_empty() {
        Compatibility::Compatible
    } else {
        Compatibility::Incompatible(reasons)
    }
}

type Reasons = Vec<Incompatibility>;

struct Checker<'t> {
    reader: &'t Tree,
    writer: &'t Tree,
    /// What came of pairs; while they are compared and when they are compatible, nothing.
    known: HashMap<(Place, Place), Option<Rc<Incompatibility>>>,
    path: Vec<Step<'t>>,
    pairs: usize,
    /// Whether a limit was met, so that what comes out says nothing.
    is_beyond: bool,
}

/// A step down into a reader's schema.
#[derive(Clone, Copy)]
enum Step<'t> {
    Attribute(&'static str),
    Place(usize),
    Field(usize, &'t str),
}

impl<'t> Checker<'t> {
    fn pair(&mut self, reader: Place, writer: Place) -> Reasons {
        if let Some(known) = self.known.get(&(reader, writer)) {
            return known.iter().map(|reason| Incompatibility::clone(reason)).collect();
        }
        self.pairs += 1;
        if self.path.len() >= DEEPEST || self.pairs > MOST_PAIRS {
            self.is_beyond = true;
        }
        if self.is_beyond {
            return Vec::new();
        }
        self.known.insert((reader, writer), None);
        let mut reasons = self.compare(reader, writer);
        reasons.truncate(MOST_REASONS);
        if let Some(first) = reasons.first() {
            self.known.insert((reader, writer), Some(Rc::new(first.clone())));
        }
        reasons
    }

    fn compare(&mut self, reader: Place, writer: Place) -> Reasons {
        let (read, written) = (self.reader.node(reader), self.writer.node(writer));
        match (read, written) {
            (Node::Union(_), Node::Union(branches)) => self.each_branch(reader, branches),
            (_, Node::Union(branches)) => {
                let mut reasons = Vec::new();
                for branch in branches {
                    reasons.extend(self.pair(reader, *branch));
                }
                reasons
            }
            (Node::Union(branches), _) => self.any_branch(branches, writer),
            (Node::Array(read, _), Node::Array(written, _)) => {
                self.below(Step::Attribute("items"), *read, *written)
            }
            (Node::Map(read, _), Node::Map(written, _)) => {
                self.below(Step::Attribute("values"), *read, *written)
            }
            (Node::Fixed(read_head, read_size), Node::Fixed(written_head, written_size)) => {
                let mut reasons = self.names(read_head, written_head, read, written);
                reasons.extend(self.sizes(*read_size, *written_size, read, written));
                reasons
            }
            (Node::Enum(read_head, symbols), Node::Enum(written_head, written_symbols)) => {
                let mut reasons = self.names(read_head, written_head, read, written);
                reasons.extend(self.symbols(symbols, written_symbols, read, written));
                reasons
            }
            (Node::Record(read_head, record), Node::Record(written_head, written_record)) => {
                let mut reasons = self.names(read_head, written_head, read, written);
                reasons.extend(self.fields(record, (writer, written_head, written_record)));
                reasons
            }
            (Node::Primitive(to, _), Node::Primitive(from, _)) if is_promoted(*from, *to) => Vec::new(),
            _ => vec![self.type_mismatch(read, written)],
        }
    }

    /// Each branch of the writer's union has to be read.
    fn each_branch(&mut self, reader: Place, branches: &[Place]) -> Reasons {
        let mut reasons = Vec::new();
        for (place, branch) in branches.iter().enumerate() {
            self.path.push(Step::Place(place));
            if !self.pair(reader, *branch).is_empty() {
                let (read, written) = (self.reader.node(reader), self.writer.node(*branch));
                reasons.push(self.missing_branch(read, written));
            }
            self.path.pop();
        }
        reasons
    }

    /// One branch of the reader's union has to read it.
    fn any_branch(&mut self, branches: &[Place], writer: Place) -> Reasons {
        for (place, branch) in branches.iter().enumerate() {
            self.path.push(Step::Place(place));
            let reasons = self.pair(*branch, writer);
            self.path.pop();
            if reasons.is_empty() {
                return Vec::new();
            }
        }
        vec![self.no_branch(branches, self.writer.node(writer))]
    }

    fn below(&mut self, step: Step<'t>, reader: Place, writer: Place) -> Reasons {
        self.path.push(step);
        let reasons = self.pair(reader, writer);
        self.path.pop();
        reasons
    }

    /// Names are compared without their namespaces, as Java does, or by the reader's aliases with them.
    fn names(&self, reader: &Head, writer: &Head, read: &Node, written: &Node) -> Reasons {
        let is_same = reader.name.simple == writer.name.simple
            || reader.aliases.iter().any(|alias| Name::full(alias) == writer.name.full());
        (!is_same).then(|| self.name_mismatch(read, written)).into_iter().collect()
    }

    fn sizes(&self, reader: u64, writer: u64, read: &Node, written: &Node) -> Option<Incompatibility> {
        (reader != writer).then(|| self.size_mismatch((reader, writer), read, written))
    }

    fn symbols(&self, reader: &Enum, writer: &Enum, read: &Node, written: &Node) -> Option<Incompatibility> {
        if reader.default.is_some() {
            return None;
        }
        let known: std::collections::HashSet<&String> = reader.symbols.iter().collect();
        let missing: Vec<&str> =
            writer.symbols.iter().filter(|symbol| !known.contains(symbol)).map(String::as_str).collect();
        (!missing.is_empty()).then(|| self.missing_symbols(&missing, read, written))
    }

    fn fields(&mut self, reader: &'t Record, writer: (Place, &Head, &'t Record)) -> Reasons {
        let (writer, head, record) = writer;
        let by_name: HashMap<&str, &Field> =
            record.fields.iter().map(|field| (field.name.as_str(), field)).collect();
        let mut reasons = Vec::new();
        self.path.push(Step::Attribute("fields"));
        for (place, field) in reader.fields.iter().enumerate() {
            self.path.push(Step::Field(place, &field.name));
            let names = std::iter::once(&field.name).chain(&field.aliases);
            let mut sources = names.filter_map(|name| by_name.get(name.as_str()));
            match (sources.next(), sources.next()) {
                (Some(source), None) => {
                    reasons.extend(self.below(Step::Attribute("type"), field.schema, source.schema));
                }
                (Some(one), Some(other)) => reasons.push(self.ambiguous(field, (one, other), head)),
                (None, _) => reasons.extend(self.without_source(field, writer, head)),
            }
            self.path.pop();
        }
        self.path.pop();
        reasons
    }

    /// A field that the writer has not.
    fn without_source(&mut self, field: &'t Field, writer: Place, head: &Head) -> Reasons {
        if field.default.is_some() {
            return Vec::new();
        }
        match self.reader.node(field.schema) {
            // Java compares the enum with the whole record here, which is no enum.
            Node::Enum(_, Enum { default: Some(_), .. }) => {
                self.below(Step::Attribute("type"), field.schema, writer)
            }
            _ => vec![self.missing_default(field, head)],
        }
    }
}

/// Whether a value of one primitive type can be read as another.
fn is_promoted(from: Primitive, to: Primitive) -> bool {
    use Primitive::{Bytes, Double, Float, Int, Long, String};
    from == to
        || matches!(
            (from, to),
            (Int, Long | Float | Double)
                | (Long, Float | Double)
                | (Float, Double)
                | (String, Bytes)
                | (Bytes, String)
        )
}
