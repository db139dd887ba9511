//! What one schema writes as another one reads it, by Avro's rules.
//!
//! | Written | Read as |
//! |---|---|
//! | int | int, long, float, double |
//! | long | long, float, double |
//! | float | float, double |
//! | string, bytes | each other |
//! | record, enum, fixed | one of the same name, without its namespace, or with that name as an alias |
//! | a union | each branch for itself; one that does not go is an error once it is met |
//! | anything | a union: the branch that is the same, else the first one that goes |
//!
//! Times keep the unit that they were written with: a `timestamp-millis` read as `timestamp-micros` is the same time.

mod records;
mod scalars;

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::SchemaError;
use crate::plan::{Enumeration, Node, NodeId, Plan};
use crate::program::{Program, Read, ReadId, Step};
use records::is_same_name;

/// So many steps are more than two schemas of people need.
const MOST_STEPS: usize = 100_000;
/// So deep types of two schemas stand in each other at most, so that a short stack suffices for them.
const MOST_DEPTH: usize = 300;

impl Program {
    /// Reads what `writer` writes as it stands.
    pub(crate) fn as_written(writer: &Arc<Plan>) -> Self {
        let mut resolver = Resolver::new(writer, writer);
        let root = resolver.as_it_stands(writer.root());
        resolver.finish(root)
    }

    /// Reads what `writer` writes as `reader` has it.
    pub(crate) fn resolved(writer: &Arc<Plan>, reader: &Arc<Plan>) -> Result<Self, SchemaError> {
        let mut resolver = Resolver::new(writer, reader);
        let root = resolver.resolve(writer.root(), reader.root());
        if resolver.is_exceeded {
            let what = "they lead too deep, or to too many pairs of types, to be compared".to_owned();
            return Err(SchemaError::Unresolved { field: String::new(), what });
        }
        let root = root.map_err(|Mismatch { mut path, what }| {
            path.reverse();
            SchemaError::Unresolved { field: path.join("."), what }
        })?;
        Ok(resolver.finish(root))
    }
}

/// Two types that do not go together. The path has the innermost field first.
struct Mismatch {
    path: Vec<String>,
    what: String,
}

impl Mismatch {
    fn new(what: impl Into<String>) -> Self {
        Self { path: Vec::new(), what: what.into() }
    }

    fn in_field(mut self, name: &str) -> Self {
        self.path.push(name.to_owned());
        self
    }
}

struct Resolver<'p> {
    writer: &'p Arc<Plan>,
    reader: &'p Arc<Plan>,
    reads: Vec<Read>,
    /// Pairs that were dealt with, or are being dealt with.
    pairs: HashMap<(NodeId, NodeId), ReadId>,
    /// Types of the reader's schema that are read as they stand: those of defaults.
    plain: HashMap<NodeId, ReadId>,
    steps: usize,
    depth: usize,
    /// Whether there were too many, or too deep ones: no branch of a union makes good for that.
    is_exceeded: bool,
}

impl<'p> Resolver<'p> {
    fn new(writer: &'p Arc<Plan>, reader: &'p Arc<Plan>) -> Self {
        let (pairs, plain) = (HashMap::new(), HashMap::new());
        Self { writer, reader, reads: Vec::new(), pairs, plain, steps: 0, depth: 0, is_exceeded: false }
    }

    fn finish(self, root: ReadId) -> Program {
        let is_row = matches!(self.reader.node(self.reader.root()), Node::Record(_));
        let defaults_of = |read: &Read| match read {
            Read::Record(record) => {
                record.steps.iter().filter(|step| matches!(step, Step::Default { .. })).count()
            }
            _ => 0,
        };
        let most_defaults = self.reads.iter().map(defaults_of).max().unwrap_or(0);
        Program { reads: self.reads, root, is_row, most_defaults, writer: Arc::clone(self.writer) }
    }

    fn place(&mut self) -> ReadId {
        let id = ReadId(self.reads.len() as u32);
        self.reads.push(Read::Null);
        id
    }

    /// Reads a type of the reader's schema as it stands.
    fn as_it_stands(&mut self, node: NodeId) -> ReadId {
        if let Some(id) = self.plain.get(&node) {
            return *id;
        }
        let id = self.place();
        self.plain.insert(node, id);
        let reader = Arc::clone(self.reader);
        let read = match reader.node(node) {
            Node::Array(items) => Read::Array(self.as_it_stands(*items)),
            Node::Map(values) => Read::Map(self.as_it_stands(*values)),
            Node::Union(branches) => {
                Read::Union(branches.iter().map(|branch| self.as_it_stands(*branch)).collect())
            }
            Node::Record(record) => self.record_as_it_stands(record),
            Node::Enum(of) => Read::Enum(of.symbols.iter().cloned().map(Some).collect()),
            leaf => scalars::as_it_stands(leaf),
        };
        self.reads[id.index()] = read;
        id
    }

    /// Reads a type of the writer's schema as one of the reader's.
    fn resolve(&mut self, writer: NodeId, reader: NodeId) -> Result<ReadId, Mismatch> {
        if let Some(id) = self.pairs.get(&(writer, reader)) {
            return Ok(*id);
        }
        self.steps += 1;
        self.is_exceeded |= self.steps > MOST_STEPS || self.depth > MOST_DEPTH;
        if self.is_exceeded {
            return Err(Mismatch::new(""));
        }
        let before = self.reads.len();
        let id = self.place();
        self.pairs.insert((writer, reader), id);
        self.depth += 1;
        let read = self.pair(writer, reader);
        self.depth -= 1;
        match read {
            Ok(read) => {
                self.reads[id.index()] = read;
                Ok(id)
            }
            Err(mismatch) => {
                self.pairs.remove(&(writer, reader));
                if self.reads.len() > before + 1 {
                    // What was built upon it goes as well.
                    self.pairs.retain(|_, id| id.index() < before);
                    self.plain.retain(|_, id| id.index() < before);
                }
                self.reads.truncate(before);
                Err(mismatch)
            }
        }
    }

    fn pair(&mut self, written: NodeId, wanted: NodeId) -> Result<Read, Mismatch> {
        let (writer, reader) = (Arc::clone(self.writer), Arc::clone(self.reader));
        let misfit = || Mismatch::new(format!("{} as {}", writer.describe(written), reader.describe(wanted)));
        match (writer.node(written), reader.node(wanted)) {
            (Node::Union(branches), _) => self.branches(branches, wanted),
            (_, Node::Union(branches)) => Ok(Read::Same(self.choose(written, branches).ok_or_else(misfit)?)),
            (Node::Array(written), Node::Array(wanted)) => Ok(Read::Array(self.resolve(*written, *wanted)?)),
            (Node::Map(written), Node::Map(wanted)) => Ok(Read::Map(self.resolve(*written, *wanted)?)),
            (Node::Record(written), Node::Record(wanted)) => self
                .record(written, wanted)
                .map_err(|mismatch| if mismatch.what.is_empty() { misfit() } else { mismatch }),
            (Node::Enum(written), Node::Enum(wanted)) if is_same_name(&written.named, &wanted.named) => {
                Ok(enumeration(written, wanted))
            }
            (written, wanted) => scalars::resolve(written, wanted).ok_or_else(misfit),
        }
    }

    /// Each branch of a union for itself. If none goes, the union does not.
    fn branches(&mut self, branches: &[NodeId], wanted: NodeId) -> Result<Read, Mismatch> {
        let mut reads = Vec::with_capacity(branches.len());
        let mut first = None;
        let mut goes = branches.is_empty();
        for branch in branches {
            match self.resolve(*branch, wanted) {
                Ok(read) => {
                    goes = true;
                    reads.push(read);
                }
                Err(mismatch) => {
                    let id = self.place();
                    self.reads[id.index()] = Read::Never(mismatch.what.as_str().into());
                    reads.push(id);
                    first.get_or_insert(mismatch);
                }
            }
        }
        match first {
            Some(mismatch) if !goes => Err(mismatch),
            _ => Ok(Read::Union(reads.into())),
        }
    }

    /// The branch of a union that reads what was written: the same type, else the first that goes.
    fn choose(&mut self, written: NodeId, branches: &[NodeId]) -> Option<ReadId> {
        let (writer, reader) = (Arc::clone(self.writer), Arc::clone(self.reader));
        let is_same = |branch: &NodeId| match (writer.named(written), reader.named(*branch)) {
            (Some(written), Some(wanted)) => written.name == wanted.name,
            (None, None) => scalars::is_same(writer.node(written), reader.node(*branch)),
            _ => false,
        };
        let (same, others): (Vec<NodeId>, Vec<NodeId>) = branches.iter().partition(|branch| is_same(branch));
        same.into_iter().chain(others).find_map(|branch| self.resolve(written, branch).ok())
    }
}

fn enumeration(written: &Enumeration, wanted: &Enumeration) -> Read {
    let symbols = written.symbols.iter().map(|symbol| {
        if wanted.places.contains_key(symbol) { Some(symbol.clone()) } else { wanted.default.clone() }
    });
    Read::Enum(symbols.collect())
}
