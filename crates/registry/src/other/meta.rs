//! JSON Schemas held against the schema of their draft.

use std::sync::OnceLock;

use boon::{Compiler, SchemaIndex, Schemas, UrlLoader};
use serde_json::Value;

/// The drafts; the one that holds where a schema names none comes first.
const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

/// Loads nothing: what a schema names is no reason to read files.
struct Nothing;

impl UrlLoader for Nothing {
    fn load(&self, url: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Err(format!("{url} is not loaded").into())
    }
}

struct Drafts {
    schemas: Schemas,
    places: Vec<(&'static str, SchemaIndex)>,
}

fn drafts() -> &'static Drafts {
    static KNOWN: OnceLock<Drafts> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Nothing));
        let mut schemas = Schemas::new();
        // The compiler has all of these within; what it did not have would not be checked.
        let places = DRAFTS
            .into_iter()
            .filter_map(|draft| Some((draft, compiler.compile(draft, &mut schemas).ok()?)))
            .collect();
        Drafts { schemas, places }
    })
}

/// Checks a schema against the draft that it names.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let named = schema.get("$schema").and_then(Value::as_str).map(|name| name.trim_end_matches('#'));
    let Drafts { schemas, places } = drafts();
    let of = places.iter().find(|(draft, _)| Some(*draft) == named).or_else(|| places.first());
    let Some((draft, place)) = of else { return Ok(()) };
    schemas.validate(schema, *place).map_err(|error| format!("it is no schema of {draft}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_drafts_are_known() {
        assert_eq!(drafts().places.len(), DRAFTS.len());
    }
}
