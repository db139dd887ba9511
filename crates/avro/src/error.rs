//! Why a schema cannot be used.

use kadence_core::fault::{Explain, Fault};

/// The reason why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// It is no Avro schema.
    #[error("is no Avro schema: {0}")]
    Unreadable(String),
    /// Its texts are nested too deep.
    #[error("is nested deeper than {most} levels; split it into types that are named once")]
    TooDeep {
        /// How deep they may be.
        most: usize,
    },
    /// A type has two definitions.
    #[error("defines {name} twice; define it once, and name it where it is used")]
    DefinedTwice {
        /// The type's full name.
        name: String,
    },
    /// A type has no definition.
    #[error("names {name}, which is not defined; add the schema that defines it as a reference")]
    Undefined {
        /// The type's full name.
        name: String,
    },
    /// A type is larger than what is read and written here.
    #[error("has {what}, and {most} is the most that is read and written here")]
    TooLarge {
        /// What of it, with the number.
        what: String,
        /// The most that there may be.
        most: usize,
    },
    /// What one schema writes cannot be read by another.
    #[error("cannot be read by the reader's schema: {}{what}", place(.field))]
    Unresolved {
        /// The field, with those it is in, separated by dots; empty for the outermost type.
        field: String,
        /// What does not go together.
        what: String,
    },
    /// A column cannot be a field of a schema.
    #[error("column `{column}`: {what}")]
    Column {
        /// Its name, with those it is in, separated by dots.
        column: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// A subject's name needs the name of a type, and there is none.
    #[error("has no name, which the name of its subject is made of; name it by its topic")]
    Nameless,
}

fn place(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("field `{field}`: ") }
}

impl Explain for SchemaError {
    fn explain(&self) -> Fault {
        let text = self.to_string();
        match text.split_once("; ") {
            Some((what, help)) if !matches!(self, Self::Unreadable(_) | Self::Unresolved { .. }) => {
                Fault::new("schema", what).help(help)
            }
            _ => Fault::new("schema", text),
        }
    }
}
