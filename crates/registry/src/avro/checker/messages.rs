//! What is said of a rule that is broken.

use std::fmt::Write as _;

use super::{Checker, Field, Head, Incompatibility, Node, Place, Rule, Step};

impl Checker<'_> {
    fn reason(&self, rule: Rule, message: String) -> Incompatibility {
        Incompatibility { rule, path: self.place(), message }
    }

    /// A pointer into the reader's schema, and the names of the fields on the way.
    fn place(&self) -> String {
        if self.path.is_empty() {
            return "/".to_owned();
        }
        let mut pointer = String::new();
        let mut fields = Vec::new();
        for step in &self.path {
            // A text takes all that is written to it.
            let _ = match step {
                Step::Attribute(name) => write!(pointer, "/{name}"),
                Step::Place(place) => write!(pointer, "/{place}"),
                Step::Field(place, name) => {
                    fields.push(*name);
                    write!(pointer, "/{place}")
                }
            };
        }
        if fields.is_empty() { pointer } else { format!("{pointer} ({})", fields.join(".")) }
    }

    pub(super) fn type_mismatch(&self, read: &Node, written: &Node) -> Incompatibility {
        let message = format!("the reader has {}, the writer has {}", read.described(), written.described());
        self.reason(Rule::TypeMismatch, message)
    }

    pub(super) fn name_mismatch(&self, read: &Node, written: &Node) -> Incompatibility {
        let message = format!(
            "the reader has {}, the writer has {}, which is none of the reader's aliases",
            read.described(),
            written.described()
        );
        self.reason(Rule::NameMismatch, message)
    }

    pub(super) fn size_mismatch(&self, sizes: (u64, u64), read: &Node, written: &Node) -> Incompatibility {
        let message = format!(
            "the reader's {} has {} bytes, the writer's {} has {}",
            read.described(),
            sizes.0,
            written.described(),
            sizes.1
        );
        self.reason(Rule::FixedSizeMismatch, message)
    }

    pub(super) fn missing_symbols(&self, missing: &[&str], read: &Node, written: &Node) -> Incompatibility {
        let message = format!(
            "the reader's {} has no default, and of the symbols of the writer's {} not {}",
            read.described(),
            written.described(),
            missing.join(", ")
        );
        self.reason(Rule::MissingEnumSymbols, message)
    }

    pub(super) fn missing_default(&self, field: &Field, head: &Head) -> Incompatibility {
        let message = format!(
            "the reader's field `{}` of type {} has no default, and the writer's record {} has no such field",
            field.name,
            self.reader.node(field.schema).described(),
            head.name.full()
        );
        self.reason(Rule::ReaderFieldMissingDefaultValue, message)
    }

    pub(super) fn ambiguous(&self, field: &Field, sources: (&Field, &Field), head: &Head) -> Incompatibility {
        let message = format!(
            "the reader's field `{}` is, by its aliases, both `{}` and `{}` of the writer's record {}",
            field.name,
            sources.0.name,
            sources.1.name,
            head.name.full()
        );
        self.reason(Rule::NameMismatch, message)
    }

    pub(super) fn missing_branch(&self, read: &Node, written: &Node) -> Incompatibility {
        let (read, written) = (read.described(), written.described());
        let message = format!("the reader's {read} has no branch for the writer's {written}");
        self.reason(Rule::MissingUnionBranch, message)
    }

    pub(super) fn no_branch(&self, branches: &[Place], written: &Node) -> Incompatibility {
        let branches: Vec<String> =
            branches.iter().take(20).map(|branch| self.reader.node(*branch).described()).collect();
        let message = format!(
            "the reader's union of {} has no branch for the writer's {}",
            branches.join(", "),
            written.described()
        );
        self.reason(Rule::MissingUnionBranch, message)
    }
}
