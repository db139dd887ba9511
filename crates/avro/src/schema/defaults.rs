//! Defaults of fields, set aside while the rest of a schema is read.
//!
//! They are checked by ourselves, with a limit for what they come to, and only where one is needed: a recording is
//! read though a field has a default that is none. The crate that reads schemas would refuse some that are right, such
//! as bytes beyond ASCII, and takes its time for those that repeat each other.

use serde_json::Value as Json;

use crate::plan::SET_ASIDE;

/// Renames `default` in the fields of all records.
pub(super) fn set_aside(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(set_aside),
        Json::Object(members) => {
            let is_record = members.get("type").and_then(Json::as_str) == Some("record");
            for (name, member) in members.iter_mut() {
                if name == "fields" && is_record {
                    member.as_array_mut().into_iter().flatten().for_each(of_field);
                } else if matches!(name.as_str(), "type" | "items" | "values") {
                    set_aside(member);
                }
            }
        }
        _ => {}
    }
}

fn of_field(field: &mut Json) {
    let Json::Object(members) = field else { return };
    if let Some(default) = members.remove("default") {
        members.insert(SET_ASIDE.to_owned(), default);
    }
    if let Some(of_type) = members.get_mut("type") {
        set_aside(of_type);
    }
}
