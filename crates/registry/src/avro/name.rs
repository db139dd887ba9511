//! Names and their namespaces.

use super::InvalidAvro;

/// The name of a record, an enum or a fixed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name {
    /// Without the namespace.
    pub(super) simple: String,
    /// Never empty.
    pub(super) space: Option<String>,
}

impl Name {
    /// A name as it stands in a schema: with its namespace, or in `space`.
    pub(super) fn new(text: &str, space: Option<&str>) -> Self {
        let (space, simple) = match text.rsplit_once('.') {
            Some((space, simple)) => (Some(space), simple),
            None => (space, text),
        };
        let space = space.filter(|space| !space.is_empty()).map(str::to_owned);
        Self { simple: simple.to_owned(), space }
    }

    /// With the namespace.
    pub(super) fn full(&self) -> String {
        match &self.space {
            Some(space) => format!("{space}.{}", self.simple),
            None => self.simple.clone(),
        }
    }

    /// As it is written where `space` is the namespace around.
    pub(super) fn qualified(&self, space: Option<&str>) -> String {
        let is_plain = self.space.is_none() || self.space.as_deref() == space;
        if is_plain && !is_keyword(&self.simple) { self.simple.clone() } else { self.full() }
    }
}

/// Names of kinds of schemas, which a name alone would be taken for.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 14] = [
        "null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "array",
        "map", "union", "fixed",
    ];
    KEYWORDS.contains(&name)
}

/// Checks the name of a type, a field or a symbol.
pub(super) fn check(name: &str) -> Result<(), InvalidAvro> {
    let mut characters = name.chars();
    let begins = characters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
    if begins && characters.all(|character| character.is_alphanumeric() || character == '_') {
        return Ok(());
    }
    Err(InvalidAvro(format!(
        "`{name}` is no name; names have letters, digits and `_`, and begin with no digit"
    )))
}
