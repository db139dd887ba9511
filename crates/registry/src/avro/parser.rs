//! From JSON to a tree.

mod named;

use std::collections::{HashMap, HashSet};

use super::InvalidAvro;
use super::name::Name;
use super::tree::{Node, Place, Primitive, Properties, Tree};
use crate::json::Json;

/// Attributes that mean something; all others are properties.
const MEANT: [&str; 10] =
    ["doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"];

/// Reads schemas one after the other; those that come later may use the names of those before.
pub(super) struct Parser {
    nodes: Vec<Node>,
    names: HashMap<Name, Place>,
    /// How many fields and records have been read.
    now: usize,
}

impl Parser {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), names: HashMap::new(), now: 0 }
    }

    /// Reads a schema.
    pub(super) fn parse(&mut self, json: &Json) -> Result<Place, InvalidAvro> {
        self.schema(json, None)
    }

    /// Reads the last schema, which is the one that is wanted.
    pub(super) fn finish(mut self, json: &Json) -> Result<Tree, InvalidAvro> {
        let own = self.nodes.len();
        let root = self.parse(json)?;
        Ok(Tree { nodes: self.nodes, root, own })
    }

    /// Reads a schema where `space` is the namespace around.
    fn schema(&mut self, json: &Json, space: Option<&str>) -> Result<Place, InvalidAvro> {
        match json {
            Json::Text(name) => self.by_name(name, space),
            Json::List(branches) => self.union(branches, space),
            Json::Object(_) => self.object(json, space),
            other => {
                Err(InvalidAvro(format!("a schema is a name, a list or an object, not {}", other.kind())))
            }
        }
    }

    /// The time after all that has been read.
    fn tick(&mut self) -> usize {
        self.now += 1;
        self.now
    }

    fn add(&mut self, node: Node) -> Place {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn by_name(&mut self, text: &str, space: Option<&str>) -> Result<Place, InvalidAvro> {
        if let Some(primitive) = Primitive::named(text) {
            return Ok(self.add(Node::Primitive(primitive, Vec::new())));
        }
        let name = Name::new(text, space);
        // A name of no namespace may be meant as well.
        let bare = || Name { simple: name.simple.clone(), space: None };
        let place = self.names.get(&name).or_else(|| self.names.get(&bare()));
        place.copied().ok_or_else(|| {
            InvalidAvro(format!("`{}` is no type: none of this name comes before", name.full()))
        })
    }

    fn union(&mut self, branches: &[Json], space: Option<&str>) -> Result<Place, InvalidAvro> {
        let mut places = Vec::with_capacity(branches.len());
        let mut met = HashSet::new();
        for branch in branches {
            let place = self.schema(branch, space)?;
            let Some(node) = self.nodes.get(place) else { continue };
            if matches!(node, Node::Union(_)) {
                return Err(InvalidAvro("a union cannot be in another union".to_owned()));
            }
            let name = node.head().map_or_else(|| node.kind().to_owned(), |head| head.name.full());
            if let Some(twice) = met.replace(name) {
                return Err(InvalidAvro(format!("a union has {twice} twice")));
            }
            places.push(place);
        }
        Ok(self.add(Node::Union(places)))
    }

    fn object(&mut self, json: &Json, space: Option<&str>) -> Result<Place, InvalidAvro> {
        let kind = match json.get("type") {
            Some(Json::Text(kind)) => kind.as_str(),
            Some(other) => {
                let found = other.kind();
                return Err(InvalidAvro(format!("`type` of a schema is a name, not {found}: {json}")));
            }
            None => return Err(InvalidAvro(format!("a schema has no `type`: {json}"))),
        };
        if let Some(primitive) = Primitive::named(kind) {
            return Ok(self.add(Node::Primitive(primitive, properties(json, &MEANT))));
        }
        let of = |attribute: &str| {
            json.get(attribute).ok_or_else(|| InvalidAvro(format!("{kind} has no `{attribute}`: {json}")))
        };
        match kind {
            "record" | "error" => self.record(json, space, kind == "error"),
            "enum" => self.enumeration(json, space),
            "fixed" => self.fixed(json, space),
            "array" => {
                let items = self.schema(of("items")?, space)?;
                Ok(self.add(Node::Array(items, properties(json, &MEANT))))
            }
            "map" => {
                let values = self.schema(of("values")?, space)?;
                Ok(self.add(Node::Map(values, properties(json, &MEANT))))
            }
            name => self.by_name(name, space),
        }
    }
}

/// The attributes of an object but those that mean something.
fn properties(json: &Json, meant: &[&str]) -> Properties {
    let Json::Object(attributes) = json else { return Vec::new() };
    attributes.iter().filter(|(name, _)| !meant.contains(&name.as_str())).cloned().collect()
}
