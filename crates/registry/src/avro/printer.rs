//! From a tree to its text, as Java's `Schema.toString` gives it.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::name::Name;
use super::tree::{Enum, Field, Head, Node, Place, Properties, Record, Tree};
use crate::json::{Json, quoted};

/// The text of a schema. Types of schemas that it uses are named and not defined.
pub(super) fn print(tree: &Tree, sorted: bool) -> String {
    let mut printer = Printer { tree, sorted, met: HashSet::new(), out: String::new() };
    printer.schema(tree.root, None);
    printer.out
}

struct Printer<'t> {
    tree: &'t Tree,
    /// Whether properties and aliases go by their names.
    sorted: bool,
    met: HashSet<Place>,
    out: String,
}

impl<'t> Printer<'t> {
    fn schema(&mut self, place: Place, space: Option<&str>) {
        let node: &'t Node = self.tree.node(place);
        if let Some(head) = node.head()
            && (place < self.tree.own || !self.met.insert(place))
        {
            self.text(&head.name.qualified(space));
            return;
        }
        match node {
            Node::Primitive(primitive, properties) if properties.is_empty() => self.text(primitive.name()),
            Node::Primitive(primitive, properties) => {
                self.begin(primitive.name());
                self.end(properties, &[], None);
            }
            Node::Array(items, properties) => self.collection("array", "items", *items, properties, space),
            Node::Map(values, properties) => self.collection("map", "values", *values, properties, space),
            Node::Union(branches) => {
                self.out.push('[');
                for (place, branch) in branches.iter().enumerate() {
                    self.comma(place);
                    self.schema(*branch, space);
                }
                self.out.push(']');
            }
            Node::Record(head, record) => self.record(head, record, space),
            Node::Enum(head, enumeration) => self.enumeration(head, enumeration, space),
            Node::Fixed(head, size) => {
                self.begin("fixed");
                self.head(head, space);
                self.attribute("size");
                self.put(size);
                self.end(&head.properties, &head.aliases, head.name.space.as_deref());
            }
        }
    }

    fn collection(
        &mut self,
        kind: &str,
        attribute: &str,
        inner: Place,
        properties: &Properties,
        space: Option<&str>,
    ) {
        self.begin(kind);
        self.attribute(attribute);
        self.schema(inner, space);
        self.end(properties, &[], None);
    }

    fn record(&mut self, head: &'t Head, record: &'t Record, space: Option<&str>) {
        self.begin(if record.is_error { "error" } else { "record" });
        self.head(head, space);
        self.attribute("fields");
        self.out.push('[');
        for (place, field) in record.fields.iter().enumerate() {
            self.comma(place);
            self.field(field, head.name.space.as_deref());
        }
        self.out.push(']');
        self.end(&head.properties, &head.aliases, head.name.space.as_deref());
    }

    fn field(&mut self, field: &'t Field, space: Option<&str>) {
        self.out.push_str("{\"name\":");
        self.text(&field.name);
        self.attribute("type");
        self.schema(field.schema, space);
        if let Some(doc) = &field.doc {
            self.attribute("doc");
            self.text(doc);
        }
        if let Some(default) = &field.default {
            self.attribute("default");
            self.put(default);
        }
        if let Some(order) = field.order {
            self.attribute("order");
            self.text(order);
        }
        self.aliases(field.aliases.clone());
        self.properties(&field.properties);
        self.out.push('}');
    }

    fn enumeration(&mut self, head: &Head, enumeration: &Enum, space: Option<&str>) {
        self.begin("enum");
        self.head(head, space);
        self.attribute("symbols");
        self.out.push('[');
        for (place, symbol) in enumeration.symbols.iter().enumerate() {
            self.comma(place);
            self.text(symbol);
        }
        self.out.push(']');
        if let Some(default) = &enumeration.default {
            self.attribute("default");
            self.text(default);
        }
        self.end(&head.properties, &head.aliases, head.name.space.as_deref());
    }

    /// Name, namespace if it is another one than around, and documentation.
    fn head(&mut self, head: &Head, space: Option<&str>) {
        self.attribute("name");
        self.text(&head.name.simple);
        if head.name.space.as_deref() != space {
            self.attribute("namespace");
            self.text(head.name.space.as_deref().unwrap_or_default());
        }
        if let Some(doc) = &head.doc {
            self.attribute("doc");
            self.text(doc);
        }
    }

    fn begin(&mut self, kind: &str) {
        self.out.push_str("{\"type\":");
        self.text(kind);
    }

    fn end(&mut self, properties: &Properties, aliases: &[Name], space: Option<&str>) {
        self.properties(properties);
        self.aliases(aliases.iter().map(|alias| alias.qualified(space)).collect());
        self.out.push('}');
    }

    fn properties(&mut self, properties: &Properties) {
        let mut properties: Vec<&(String, Json)> = properties.iter().collect();
        if self.sorted {
            properties.sort_by(|(left, _), (right, _)| left.cmp(right));
        }
        for (name, value) in properties {
            self.attribute(name);
            self.put(value);
        }
    }

    fn aliases(&mut self, mut aliases: Vec<String>) {
        if aliases.is_empty() {
            return;
        }
        if self.sorted {
            aliases.sort();
        }
        self.attribute("aliases");
        self.out.push('[');
        for (place, alias) in aliases.iter().enumerate() {
            self.comma(place);
            self.text(alias);
        }
        self.out.push(']');
    }

    fn attribute(&mut self, name: &str) {
        self.out.push(',');
        self.text(name);
        self.out.push(':');
    }

    fn comma(&mut self, place: usize) {
        if place > 0 {
            self.out.push(',');
        }
    }

    fn text(&mut self, text: &str) {
        // A text takes all that is written to it.
        let _ = quoted(&mut self.out, text);
    }

    fn put(&mut self, value: &impl std::fmt::Display) {
        let _ = write!(self.out, "{value}");
    }
}
