//! Every path, with what it answers.

use serde_json::{Value, json};

use crate::client::{Served, avro, record};

#[test]
fn a_schema_is_registered_looked_up_and_read() {
    let served = Served::start();
    let sent = r#" { "name":"R", "type" : "record", "fields":[ {"type":"int","name":"a"} ] } "#;
    let stored = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#;
    let reply = served.post("/subjects/s/versions", &json!({ "schema": sent }));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.content_type, "application/vnd.schemaregistry.v1+json");
    let guid = reply.json()["guid"].as_str().unwrap().to_owned();
    assert_eq!(reply.json(), json!({ "id": 1, "version": 1, "guid": guid }));
    let again = served.post("/subjects/s/versions", &json!({ "schema": stored }));
    assert_eq!(again.json()["id"], 1, "spaces and order make no other schema");
    assert_eq!(served.register("other", &record(&["a"])), 1, "under another subject it has the same id");

    let version = json!({ "subject": "s", "version": 1, "id": 1, "guid": guid, "schema": stored });
    assert_eq!(served.post("/subjects/s", &json!({ "schema": sent })).json(), version);
    for path in ["/subjects/s/versions/1", "/subjects/s/versions/latest", "/subjects/s/versions/-1"] {
        assert_eq!(served.get(path).json(), version, "{path}");
    }
    assert_eq!(served.get("/schemas/ids/1").json(), json!({ "schema": stored, "guid": guid }));
    assert_eq!(served.get("/schemas/ids/1?fetchMaxId=true&subject=s").json()["maxId"], 1);
    assert_eq!(served.get(&format!("/schemas/guids/{guid}")).json()["schema"], stored);
    assert_eq!(served.get("/schemas/ids/1/schema").text, stored);
    assert_eq!(served.get("/subjects/s/versions/1/schema").text, stored);
    assert_eq!(served.get("/schemas/ids/1/subjects").json(), json!(["other", "s"]));
    assert_eq!(served.get("/schemas/ids/1/subjects?subject=s").json(), json!(["s"]));
    let uses = json!([{ "subject": "other", "version": 1 }, { "subject": "s", "version": 1 }]);
    assert_eq!(served.get("/schemas/ids/1/versions").json(), uses);
    assert_eq!(served.get("/subjects/s/versions").json(), json!([1]));
}

#[test]
fn what_the_server_is() {
    let served = Served::start();
    assert_eq!(served.get("/").json(), json!({}));
    assert_eq!(served.get("/contexts").json(), json!(["."]));
    assert_eq!(served.get("/schemas/types").json(), json!(["JSON", "PROTOBUF", "AVRO"]));
    assert!(served.get("/v1/metadata/id").json()["scope"]["clusters"].is_object());
    assert_eq!(served.get("/v1/metadata/version").json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(served.get("/nowhere").error(), (404, 404));
    assert_eq!(served.delete("/schemas/types").error(), (405, 405));
}

#[test]
fn subjects_and_schemas_are_listed_in_pages() {
    let served = Served::start();
    for subject in ["b-key", "b-value", "a-value", "c"] {
        served.register(subject, &record(&["a"]));
    }
    served.register("b-value", &record(&["a", "b?"]));
    served.delete("/subjects/c");
    let subjects = |query: &str| served.get(&format!("/subjects{query}")).json();
    assert_eq!(subjects(""), json!(["a-value", "b-key", "b-value"]));
    assert_eq!(subjects("?deleted=true"), json!(["a-value", "b-key", "b-value", "c"]));
    assert_eq!(subjects("?deletedOnly=true"), json!(["c"]));
    assert_eq!(subjects("?subjectPrefix=b-"), json!(["b-key", "b-value"]));
    assert_eq!(subjects("?offset=1&limit=1"), json!(["b-key"]));
    assert_eq!(subjects("?limit=0"), json!([]));
    let schemas = |query: &str| -> Vec<String> {
        let list = served.get(&format!("/schemas{query}")).json();
        let shown = |found: &Value| format!("{} {}", found["subject"].as_str().unwrap(), found["version"]);
        list.as_array().unwrap().iter().map(shown).collect()
    };
    assert_eq!(schemas(""), ["a-value 1", "b-key 1", "b-value 1", "b-value 2"]);
    assert_eq!(schemas("?latestOnly=true&subjectPrefix=b-"), ["b-key 1", "b-value 2"]);
    assert_eq!(schemas("?deleted=true&offset=3"), ["b-value 2", "c 1"]);
    assert_eq!(served.get("/schemas?deletedOnly=true").json()[0]["deleted"], true);
}

#[test]
fn subjects_may_have_any_name() {
    let served = Served::start();
    for (encoded, subject) in
        [("a%2Fb%20c", "a/b c"), ("%C3%BC%3F%25", "ü?%"), ("..%2F..", "../.."), ("%3A.%3Aq", "q")]
    {
        served.register(encoded, &record(&["a"]));
        assert_eq!(served.get(&format!("/subjects/{encoded}/versions/1")).json()["subject"], subject);
        assert_eq!(served.delete(&format!("/subjects/{encoded}")).json(), json!([1]));
    }
    let subjects = served.get("/subjects?deletedOnly=true&subjectPrefix=a%2Fb+").json();
    assert_eq!(subjects, json!(["a/b c"]));
    let register =
        |subject: &str| served.post(&format!("/subjects/{subject}/versions"), &avro(&record(&["a"])));
    assert_eq!(register("a%00b").error(), (422, 42208));
    assert_eq!(register("%3A.other%3Aq").error(), (422, 42208));
    assert_eq!(register("%FF").error().0, 400);
}

#[test]
fn errors_have_their_codes() {
    let served = Served::start();
    served.register("s", &record(&["a"]));
    let post = |path: &str, schema: &str| served.post(path, &json!({ "schema": schema })).error();
    assert_eq!(served.get("/subjects/none/versions").error(), (404, 40401));
    assert_eq!(served.get("/subjects/none/versions/1").error(), (404, 40401));
    assert_eq!(served.delete("/subjects/none").error(), (404, 40401));
    assert_eq!(served.delete("/subjects/none/versions/1").error(), (404, 40401));
    assert_eq!(post("/subjects/none", "\"int\""), (404, 40401));
    assert_eq!(served.get("/subjects/s/versions/7").error(), (404, 40402));
    assert_eq!(served.delete("/subjects/s/versions/7").error(), (404, 40402));
    assert_eq!(post("/compatibility/subjects/s/versions/7", "\"int\""), (404, 40402));
    assert_eq!(served.get("/schemas/ids/7").error(), (404, 40403));
    assert_eq!(served.get("/schemas/ids/x").error(), (404, 40403));
    assert_eq!(served.get("/schemas/ids/7/versions").error(), (404, 40403));
    assert_eq!(served.get("/schemas/guids/x").error(), (404, 40403));
    assert_eq!(post("/subjects/s", "\"int\""), (404, 40403));
    assert_eq!(served.get("/config/s").error(), (404, 40408));
    assert_eq!(served.get("/mode/s").error(), (404, 40409));
    assert_eq!(served.delete("/config/s").error(), (404, 40401));
    assert_eq!(served.delete("/mode/s").error(), (404, 40401));
    assert_eq!(post("/subjects/s/versions", "\"int\""), (409, 409));
    for bad in ["", "{", r#"{"type":"nope"}"#] {
        assert_eq!(post("/subjects/s/versions", bad), (422, 42201), "{bad}");
    }
    for bad in ["0", "-2", "x", "2147483648"] {
        assert_eq!(served.get(&format!("/subjects/s/versions/{bad}")).error(), (422, 42202), "{bad}");
    }
    assert_eq!(served.put("/config", &json!({ "compatibility": "SIDEWAYS" })).error(), (422, 42203));
    assert_eq!(served.put("/config", &json!({})).error(), (422, 42203));
    assert_eq!(served.put("/mode", &json!({ "mode": "SIDEWAYS" })).error(), (422, 42204));
    assert_eq!(served.put("/mode", &json!([])).error(), (400, 400));
}

#[test]
fn bodies_are_json_of_a_type_that_says_so() {
    let served = Served::start();
    let body = avro(&record(&["a"])).to_string();
    let post = "POST /subjects/s/versions HTTP/1.1\r\n";
    for kind in ["application/json; charset=utf-8", "application/vnd.schemaregistry+json"] {
        assert_eq!(served.raw(&format!("{post}content-type: {kind}\r\n"), &body).status, 200, "{kind}");
    }
    assert_eq!(served.raw(post, &body).status, 200);
    let refused = served.raw(&format!("{post}content-type: text/plain\r\n"), &body);
    assert_eq!(refused.error(), (415, 415));
    assert_eq!(served.raw(post, "{").error(), (400, 400));
    assert_eq!(served.raw(post, &"x".repeat((1 << 20) + 1)).status, 413);
}
