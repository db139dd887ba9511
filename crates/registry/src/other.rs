//! Schemas that are kept and not compared: JSON Schema and Protocol buffers.

use crate::json::Json;

/// The text of a JSON Schema as it is stored: without spaces, in its own order.
///
/// # Errors
/// What is wrong with it. Other schemas that it uses are not looked at.
pub(crate) fn json_schema(text: &str) -> Result<String, String> {
    let json = Json::parse(text).map_err(|error| format!("the schema is no JSON: {error}"))?;
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("the schema is no JSON: {error}"))?;
    if !matches!(value, serde_json::Value::Object(_) | serde_json::Value::Bool(_)) {
        return Err("a JSON Schema is an object or a boolean".to_owned());
    }
    meta::check(&value)?;
    Ok(json.to_string())
}

/// Checks a text of Protocol buffers. Files that it imports are not looked at.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn protobuf(text: &str) -> Result<(), String> {
    protox_parse::parse("schema.proto", text).map(|_| ()).map_err(|error| error.to_string())
}

mod meta;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_schemas_are_held_against_their_own_schema() {
        let stored = json_schema(r#" { "type": "object", "b": 1, "a": 2 } "#).unwrap();
        assert_eq!(stored, r#"{"type":"object","b":1,"a":2}"#);
        assert!(json_schema("true").is_ok());
        for draft in
            ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
        {
            assert!(json_schema(&format!(r#"{{"$schema":"{draft}","type":"object"}}"#)).is_ok());
            let error = json_schema(&format!(r#"{{"$schema":"{draft}","type":"nope"}}"#)).unwrap_err();
            assert!(error.contains("type"), "{error}");
        }
        for bad in ["3", "{", "[]", r#"{"properties":7}"#] {
            assert!(json_schema(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn protocol_buffers_are_parsed() {
        protobuf("syntax = \"proto3\"; import \"a.proto\"; message M { string a = 1; b.Other o = 2; }")
            .unwrap();
        assert!(protobuf("message {").is_err());
    }
}
