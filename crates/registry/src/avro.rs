//! Avro: parsed, printed and compared as Java's library does it.

mod checker;
mod compatibility;
mod defaults;
mod name;
mod parser;
mod printer;
mod tree;

pub use compatibility::{Compatibility, Incompatibility, Rule};

use crate::json::Json;
use tree::Tree;

/// A schema and those that it uses.
#[derive(Clone, Debug)]
pub struct Avro {
    tree: Tree,
}

/// Why a text is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAvro(String);

impl Avro {
    /// Reads a schema that uses others, each of which may use those before it.
    /// `strict` has defaults checked; schemas that are stored already may have any.
    ///
    /// # Errors
    /// Where the text, or one of the others, is no Avro schema.
    pub fn parse(text: &str, others: &[&str], strict: bool) -> Result<Self, InvalidAvro> {
        let mut parser = parser::Parser::new();
        for other in others {
            parser.parse(&json(other)?)?;
        }
        let tree = parser.finish(&json(text)?)?;
        if strict {
            defaults::check(&tree)?;
        }
        Ok(Self { tree })
    }

    /// The text as Java prints it: without spaces, attributes in one order, what no schema needs left out.
    pub fn canonical(&self) -> String {
        printer::print(&self.tree, false)
    }

    /// Like [`Avro::canonical`], with properties and aliases in the order of their names.
    pub fn normal(&self) -> String {
        printer::print(&self.tree, true)
    }

    /// Whether `self` reads what `writer` wrote.
    pub fn reads(&self, writer: &Avro) -> Compatibility {
        checker::check(&self.tree, &writer.tree)
    }
}

fn json(text: &str) -> Result<Json, InvalidAvro> {
    Json::parse(text).map_err(|error| InvalidAvro(format!("the schema is no JSON: {error}")))
}

#[cfg(test)]
mod tests;
