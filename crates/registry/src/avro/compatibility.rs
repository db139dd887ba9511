//! What a comparison of two schemas comes to.

use std::fmt;

/// Whether a reader's schema reads what a writer's wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compatibility {
    /// It reads all of it.
    Compatible,
    /// There is something that it does not read. There is at least one reason.
    Incompatible(Vec<Incompatibility>),
    /// The schemas are too deep or too large to be compared.
    Undecided,
}

/// A rule of schema resolution that two schemas break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Records, enums and fixed are matched by name or by the reader's aliases.
    NameMismatch,
    /// Fixed are of one size.
    FixedSizeMismatch,
    /// A reader's enum has the writer's symbols, or a default.
    MissingEnumSymbols,
    /// A reader's field that the writer has not has a default.
    ReaderFieldMissingDefaultValue,
    /// Types are the same, or the writer's can be promoted.
    TypeMismatch,
    /// A reader's union has a branch for each of the writer's types.
    MissingUnionBranch,
}

impl Rule {
    /// Its name, as clients know it.
    pub fn name(self) -> &'static str {
        match self {
            Rule::NameMismatch => "NAME_MISMATCH",
            Rule::FixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            Rule::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Rule::ReaderFieldMissingDefaultValue => "READER_FIELD_MISSING_DEFAULT_VALUE",
            Rule::TypeMismatch => "TYPE_MISMATCH",
            Rule::MissingUnionBranch => "MISSING_UNION_BRANCH",
        }
    }
}

/// One reason why a schema does not read what another one wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatibility {
    /// The rule.
    pub rule: Rule,
    /// Where in the reader's schema: the steps down to it as a JSON pointer, then names of fields.
    pub path: String,
    /// What is the matter, with both types.
    pub message: String,
}

impl fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.rule.name(), self.path, self.message)
    }
}
