//! What may be registered and deleted.

use serde_json::json;

use crate::client::{Served, avro, record};

#[test]
fn levels_decide_which_schemas_follow() {
    let (base, more, less) = (record(&["a", "b?"]), record(&["a", "b?", "c"]), record(&["b?"]));
    for (level, takes_more, takes_less) in [
        ("NONE", true, true),
        ("BACKWARD", false, true),
        ("BACKWARD_TRANSITIVE", false, true),
        ("FORWARD", true, false),
        ("FORWARD_TRANSITIVE", true, false),
        ("FULL", false, false),
        ("FULL_TRANSITIVE", false, false),
    ] {
        for (schema, is_taken) in [(&more, takes_more), (&less, takes_less)] {
            let served = Served::start();
            assert_eq!(
                served.put("/config", &json!({ "compatibility": level })).json()["compatibility"],
                level
            );
            served.register("s", &base);
            let asked = served.post("/compatibility/subjects/s/versions/latest", &avro(schema));
            assert_eq!(asked.json(), json!({ "is_compatible": is_taken }), "{level}");
            let reply = served.post("/subjects/s/versions", &avro(schema));
            assert_eq!(reply.status, if is_taken { 200 } else { 409 }, "{level} {schema} {reply:?}");
        }
    }
}

#[test]
fn transitive_levels_ask_all_versions() {
    let served = Served::start();
    served.put("/config/s", &json!({ "compatibility": "NONE" }));
    served.register("s", &record(&["a"]));
    served.register("s", &record(&["a", "b"]));
    let next = avro(&record(&["a", "b", "c?"]));
    let check = |path: &str| served.post(&format!("/compatibility/subjects/s/versions{path}"), &next);
    served.put("/config/s", &json!({ "compatibility": "BACKWARD_TRANSITIVE" }));
    assert_eq!(check("/latest").json()["is_compatible"], true);
    assert_eq!(check("/1").json()["is_compatible"], false);
    assert_eq!(check("").json()["is_compatible"], false);
    let messages = check("?verbose=true").json()["messages"].to_string();
    for part in ["READER_FIELD_MISSING_DEFAULT_VALUE", "/fields/1", "`b`", "int", "R", "version 1"] {
        assert!(messages.contains(part), "{part} in {messages}");
    }
    served.put("/config/s", &json!({ "compatibility": "BACKWARD" }));
    assert_eq!(check("").json()["is_compatible"], true);
    let new = served.post("/compatibility/subjects/new/versions/latest?verbose=true", &next);
    assert_eq!(new.json(), json!({ "is_compatible": true, "messages": [] }));
}

#[test]
fn levels_and_modes_of_a_subject_stand_above_those_of_all() {
    let served = Served::start();
    assert_eq!(served.get("/config").json(), json!({ "compatibilityLevel": "BACKWARD" }));
    served.put("/config", &json!({ "compatibility": "FULL" }));
    assert_eq!(served.get("/config/s?defaultToGlobal=true").json(), json!({ "compatibilityLevel": "FULL" }));
    served.put("/config/s", &json!({ "compatibility": "none" }));
    assert_eq!(served.get("/config/s").json(), json!({ "compatibilityLevel": "NONE" }));
    assert_eq!(served.delete("/config/s").json(), json!({ "compatibilityLevel": "NONE" }));
    assert_eq!(served.get("/config/s").error(), (404, 40408));
    assert_eq!(served.delete("/config").json(), json!({ "compatibilityLevel": "FULL" }));
    assert_eq!(served.get("/config").json(), json!({ "compatibilityLevel": "BACKWARD" }));

    assert_eq!(served.get("/mode").json(), json!({ "mode": "READWRITE" }));
    assert_eq!(served.put("/mode", &json!({ "mode": "READONLY" })).json(), json!({ "mode": "READONLY" }));
    assert_eq!(served.get("/mode/s?defaultToGlobal=true").json(), json!({ "mode": "READONLY" }));
    let register = || served.post("/subjects/s/versions", &avro(&record(&["a"])));
    assert_eq!(register().error(), (422, 42205));
    assert_eq!(served.put("/config/s", &json!({ "compatibility": "NONE" })).error(), (422, 42205));
    served.put("/mode/s", &json!({ "mode": "READWRITE" }));
    assert_eq!(register().status, 200);
    served.put("/mode", &json!({ "mode": "READONLY_OVERRIDE" }));
    assert_eq!(served.delete("/subjects/s").error(), (422, 42205));
    assert_eq!(register().status, 200, "what is there already is answered in every mode");
    served.delete("/mode");
    assert_eq!(served.delete("/mode/s").json(), json!({ "mode": "READWRITE" }));
    assert_eq!(served.delete("/subjects/s").json(), json!([1]));
}

#[test]
fn imported_schemas_bring_their_ids() {
    let served = Served::start();
    served.register("there", &record(&["z"]));
    let import = |id: i64, version: i64, fields: &[&str]| {
        let body = json!({ "schema": record(fields).to_string(), "id": id, "version": version });
        served.post("/subjects/s/versions", &body)
    };
    assert_eq!(import(70, 5, &["a"]).error(), (422, 42205));
    assert_eq!(served.put("/mode", &json!({ "mode": "IMPORT" })).error(), (422, 42205));
    assert_eq!(served.put("/mode?force=true", &json!({ "mode": "IMPORT" })).status, 200);
    assert_eq!(served.put("/mode/s", &json!({ "mode": "IMPORT" })).status, 200);
    let reply = import(70, 5, &["a"]);
    assert_eq!((reply.status, &reply.json()["id"], &reply.json()["version"]), (200, &json!(70), &json!(5)));
    assert_eq!(import(70, 6, &["other"]).error(), (422, 42205), "the id is that of another schema");
    assert_eq!(import(71, 5, &["other"]).error(), (422, 42205), "the version is another schema");
    assert_eq!(import(60, 2, &["a", "b"]).status, 200, "neither order nor level matter");
    assert_eq!(served.post("/subjects/s/versions", &avro(&record(&["q"]))).error(), (422, 42205));
    served.delete("/mode");
    served.delete("/mode/s");
    assert_eq!(served.register("s", &record(&[])), 71, "ids go on after the greatest");
    assert_eq!(served.get("/subjects/s/versions").json(), json!([2, 5, 6]));
}

#[test]
fn what_is_deleted_is_gone_in_two_steps() {
    let served = Served::start();
    for fields in [&["a"][..], &["a", "b?"], &["a", "b?", "c?"]] {
        served.register("s", &record(fields));
    }
    served.put("/config/s", &json!({ "compatibility": "FULL" }));
    assert_eq!(served.delete("/subjects/s/versions/2?permanent=true").error(), (404, 40407));
    assert_eq!(served.delete("/subjects/s/versions/2").text, "2");
    assert_eq!(served.delete("/subjects/s/versions/2").error(), (404, 40406));
    assert_eq!(served.get("/subjects/s/versions").json(), json!([1, 3]));
    assert_eq!(served.get("/subjects/s/versions?deleted=true").json(), json!([1, 2, 3]));
    assert_eq!(served.get("/subjects/s/versions/2").error(), (404, 40402));
    assert_eq!(served.get("/subjects/s/versions/2?deleted=true").json()["version"], 2);
    assert_eq!(served.get("/schemas/ids/2").status, 200, "consumers still read what was written");
    assert_eq!(served.get("/schemas/ids/2/versions").json(), json!([]));
    assert_eq!(served.get("/schemas/ids/2/versions?deleted=true").json()[0]["version"], 2);
    assert_eq!(served.post("/subjects/s", &avro(&record(&["a", "b?"]))).error(), (404, 40403));
    assert_eq!(served.post("/subjects/s?deleted=true", &avro(&record(&["a", "b?"]))).json()["version"], 2);
    assert_eq!(served.delete("/subjects/s/versions/2?permanent=true").text, "2");
    assert_eq!(served.get("/schemas/ids/2").error(), (404, 40403));
    assert_eq!(served.delete("/subjects/s/versions/latest").text, "3");
    assert_eq!(served.register("s", &record(&["a", "d?"])), 4, "ids are given once");

    assert_eq!(served.delete("/subjects/s?permanent=true").error(), (404, 40405));
    assert_eq!(served.delete("/subjects/s").json(), json!([1, 4]));
    assert_eq!(served.delete("/subjects/s").error(), (404, 40404));
    assert_eq!(served.get("/config/s").error(), (404, 40408), "its level goes with it");
    assert_eq!(served.get("/subjects/s/versions").error(), (404, 40401));
    assert_eq!(served.delete("/subjects/s?permanent=true").json(), json!([1, 3, 4]));
    assert_eq!(served.get("/subjects?deleted=true").json(), json!([]));
    assert_eq!(served.register("s", &record(&["a"])), 5);
    assert_eq!(served.get("/subjects/s/versions").json(), json!([1]));
}

#[test]
fn schemas_use_others_and_hold_them() {
    let served = Served::start();
    let inner = json!({ "type": "record", "name": "Inner", "namespace": "n", "fields": [] });
    served.register("inner", &inner);
    let outer = json!({ "type": "record", "name": "Outer", "fields": [{ "name": "i", "type": "n.Inner" }] });
    let body = |version: i64| {
        let reference = json!({ "name": "n.Inner", "subject": "inner", "version": version });
        json!({ "schema": outer.to_string(), "references": [reference] })
    };
    assert_eq!(served.post("/subjects/outer/versions", &avro(&outer)).error(), (422, 42201));
    assert_eq!(served.post("/subjects/outer/versions", &body(2)).error(), (422, 42201));
    assert_eq!(served.post("/subjects/outer/versions", &body(-1)).json()["id"], 2);
    let found = served.get("/subjects/outer/versions/1").json();
    let references = json!([{ "name": "n.Inner", "subject": "inner", "version": 1 }]);
    assert_eq!(found["references"], references);
    assert_eq!(
        found["schema"],
        r#"{"type":"record","name":"Outer","fields":[{"name":"i","type":"n.Inner"}]}"#
    );
    assert_eq!(served.get("/schemas/ids/2").json()["references"], references);
    assert_eq!(served.get("/subjects/inner/versions/1/referencedby").json(), json!([2]));
    assert_eq!(served.delete("/subjects/inner/versions/1").error(), (422, 42206));
    assert_eq!(served.delete("/subjects/inner").error(), (422, 42206));
    assert_eq!(served.post("/subjects/outer", &body(1)).json()["version"], 1);
    served.delete("/subjects/outer");
    assert_eq!(served.get("/subjects/inner/versions/1/referencedby").json(), json!([]));
    assert_eq!(served.delete("/subjects/inner").json(), json!([1]));
}

#[test]
fn other_kinds_are_kept_and_not_compared() {
    let served = Served::start();
    let json_schema = |text: &str| json!({ "schemaType": "JSON", "schema": text });
    let proto = "syntax = \"proto3\"; message M { string a = 1; }";
    assert_eq!(served.post("/subjects/j/versions", &json_schema(r#"{ "type": "object" }"#)).status, 200);
    let found = served.get("/schemas/ids/1").json();
    assert_eq!((&found["schema"], &found["schemaType"]), (&json!(r#"{"type":"object"}"#), &json!("JSON")));
    let refused = served.post("/subjects/j/versions", &json_schema(r#"{"type":"string"}"#));
    assert_eq!(refused.error(), (422, 42201));
    assert!(refused.text.contains("schemaType JSON") && refused.text.contains("NONE"), "{refused:?}");
    served.put("/config/j", &json!({ "compatibility": "NONE" }));
    assert_eq!(served.post("/subjects/j/versions", &json_schema(r#"{"type":"string"}"#)).status, 200);
    assert_eq!(served.post("/subjects/j/versions", &json_schema(r#"{"type":"nope"}"#)).error(), (422, 42201));

    let body = json!({ "schemaType": "PROTOBUF", "schema": proto });
    assert_eq!(served.post("/subjects/p/versions", &body).status, 200);
    assert_eq!(served.get("/subjects/p/versions/1").json()["schemaType"], "PROTOBUF");
    assert_eq!(served.post("/subjects/p/versions", &avro(&record(&[]))).error(), (409, 409), "another kind");
    assert_eq!(
        served.post("/subjects/x/versions", &json!({ "schemaType": "XML", "schema": "x" })).error(),
        (422, 42201)
    );
    let bad = json!({ "schemaType": "PROTOBUF", "schema": "message {" });
    assert_eq!(served.post("/subjects/p/versions", &bad).error(), (422, 42201));
}
