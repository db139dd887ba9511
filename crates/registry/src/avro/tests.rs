//! Schemas that are read, printed and compared.

mod compared;
mod parsed;

use super::{Avro, Compatibility, Rule};

/// The schema of a text, with defaults checked.
fn avro(text: &str) -> Avro {
    Avro::parse(text, &[], true).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The rules that a reader breaks; none where it reads all.
fn broken(reader: &str, writer: &str) -> Vec<Rule> {
    match avro(reader).reads(&avro(writer)) {
        Compatibility::Compatible => Vec::new(),
        Compatibility::Incompatible(reasons) => reasons.iter().map(|reason| reason.rule).collect(),
        Compatibility::Undecided => panic!("{reader} and {writer} are not compared"),
    }
}
