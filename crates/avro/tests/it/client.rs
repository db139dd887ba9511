//! A client against a registry that plays a script.

mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kadence_avro::{
    Compatibility, Mode, Reference, RegistryClient, RegistryError, RegistryOptions, SchemaText, Version,
    Waiter,
};
use kadence_core::fault::{Disposition, Explain};

use server::{Reply, Server};

const LONG: &str = r#"{"schema":"\"long\""}"#;

/// Options whose waits are noted and take no time.
fn options(urls: &str) -> (RegistryOptions, Arc<Mutex<Vec<Duration>>>) {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&waits);
    let waiter = Waiter::new(move |time| noted.lock().unwrap().push(time));
    (RegistryOptions::new(urls, waiter).unwrap(), waits)
}

fn client(server: &Server) -> RegistryClient {
    RegistryClient::new(options(&server.url()).0).unwrap()
}

#[test]
fn schemas_are_asked_for_once() {
    let server = Server::start(vec![Reply::json(200, LONG), Reply::json(200, LONG)]);
    let mut client = client(&server);
    for _ in 0..2 {
        assert_eq!(client.schema(7).unwrap().text(), "\"long\"");
        assert_eq!(client.schema_by_guid([0xAB; 16]).unwrap().text(), "\"long\"");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].starts_with("GET /schemas/ids/7 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].contains("accept: application/vnd.schemaregistry.v1+json"), "{}", requests[0]);
    assert!(
        requests[1].starts_with("GET /schemas/guids/abababab-abab-abab-abab-abababababab "),
        "{}",
        requests[1]
    );
}

#[test]
fn references_are_resolved_all_the_way() {
    let main = r#"{"schema":"{\"type\":\"record\",\"name\":\"M\",\"fields\":[{\"name\":\"x\",\"type\":\"a.X\"}]}",
        "references":[{"name":"a.X","subject":"x/1","version":2}]}"#;
    let x = r#"{"subject":"x/1","version":2,"id":5,"schema":"{\"type\":\"record\",\"name\":\"X\",\"namespace\":\"a\",\"fields\":[{\"name\":\"y\",\"type\":\"b.Y\"}]}",
        "references":[{"name":"b.Y","subject":"y","version":1}]}"#;
    let y = r#"{"subject":"y","version":1,"id":4,"schema":"{\"type\":\"enum\",\"name\":\"b.Y\",\"symbols\":[\"A\"]}"}"#;
    let server = Server::start(vec![Reply::json(200, main), Reply::json(200, x), Reply::json(200, y)]);
    let schema = client(&server).schema(9).unwrap();
    assert_eq!((schema.name(), schema.references().len()), (Some("M"), 2));
    let requests = server.requests();
    assert!(requests[1].starts_with("GET /subjects/x%2F1/versions/2 "), "{}", requests[1]);
    assert!(requests[2].starts_with("GET /subjects/y/versions/1 "), "{}", requests[2]);
}

#[test]
fn schemas_are_registered_and_looked_up() {
    let found = r#"{"subject":"t-value","version":3,"id":11,"schema":"\"long\""}"#;
    let server = Server::start(vec![
        Reply::json(200, r#"{"id":11}"#),
        Reply::json(200, found),
        Reply::json(200, found),
        Reply::json(200, r#"{"is_compatible":false,"messages":["no default"]}"#),
        Reply::json(200, r#"{"is_compatible":true}"#),
    ]);
    let mut client = client(&server);
    let mut text = SchemaText::new("\"long\"");
    assert_eq!(client.register("t-value", &text).unwrap(), 11);
    assert_eq!(client.register("t-value", &text).unwrap(), 11, "without asking");
    assert_eq!(client.look_up("t-value", &text).unwrap().version, 3);
    let latest = client.version("t-value", Version::Latest).unwrap();
    assert_eq!(client.resolve(&latest).unwrap().text(), "\"long\"");
    text.references.push(Reference { name: "a.X".into(), subject: "x".into(), version: 1 });
    let judged = client.is_compatible("t-value", Version::Latest, &text).unwrap();
    assert_eq!(judged, Err(vec!["no default".to_owned()]));
    assert_eq!(client.is_compatible("t-value", Version::Number(3), &text).unwrap(), Ok(()));
    let requests = server.requests();
    assert!(requests[0].starts_with("POST /subjects/t-value/versions "));
    assert!(requests[0].contains("content-type: application/vnd.schemaregistry.v1+json"), "{}", requests[0]);
    assert!(requests[0].ends_with(r#"{"schema":"\"long\""}"#), "{}", requests[0]);
    assert!(requests[1].starts_with("POST /subjects/t-value "));
    assert!(requests[2].starts_with("GET /subjects/t-value/versions/latest "));
    assert!(requests[3].starts_with("POST /compatibility/subjects/t-value/versions/latest?verbose=true "));
    assert!(
        requests[3].ends_with(r#""references":[{"name":"a.X","subject":"x","version":1}]}"#),
        "{}",
        requests[3]
    );
}

#[test]
fn subjects_are_listed_deleted_and_configured() {
    let server = Server::start(vec![
        Reply::json(200, r#"["a","b"]"#),
        Reply::json(200, "[1,2]"),
        Reply::json(200, "[1,2]"),
        Reply::json(200, "2"),
        Reply::json(200, r#"{"compatibilityLevel":"BACKWARD_TRANSITIVE"}"#),
        Reply::json(200, r#"{"compatibility":"FULL"}"#),
        Reply::json(200, r#"{"mode":"READWRITE"}"#),
        Reply::json(200, r#"{"mode":"READONLY_OVERRIDE"}"#),
    ]);
    let mut client = client(&server);
    assert_eq!(client.subjects().unwrap(), ["a", "b"]);
    assert_eq!(client.versions("a b").unwrap(), [1, 2]);
    assert_eq!(client.delete_subject("a", true).unwrap(), [1, 2]);
    assert_eq!(client.delete_version("a", Version::Number(2), false).unwrap(), 2);
    assert_eq!(client.compatibility(Some("a")).unwrap(), Compatibility::BackwardTransitive);
    client.set_compatibility(None, Compatibility::Full).unwrap();
    assert_eq!(client.mode(None).unwrap(), Mode::Readwrite);
    client.set_mode(Some("a"), Mode::ReadonlyOverride).unwrap();
    let requests = server.requests();
    let lines: Vec<&str> = requests.iter().map(|request| request.split(" HTTP").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "GET /subjects",
            "GET /subjects/a%20b/versions",
            "DELETE /subjects/a?permanent=true",
            "DELETE /subjects/a/versions/2",
            "GET /config/a?defaultToGlobal=true",
            "PUT /config",
            "GET /mode",
            "PUT /mode/a",
        ]
    );
    assert!(requests[5].ends_with(r#"{"compatibility":"FULL"}"#));
    assert!(requests[7].ends_with(r#"{"mode":"READONLY_OVERRIDE"}"#));
}

#[test]
fn errors_of_the_registry_are_explained() {
    let server = Server::start(vec![
        Reply::json(404, r#"{"error_code":40401,"message":"Subject 't' not found."}"#),
        Reply::json(404, "<html>nothing here</html>"),
        Reply::json(409, r#"{"error_code":409,"message":"Schema is incompatible"}"#),
        Reply::json(200, "{}"),
        Reply::json(200, r#"{"schema":"syntax = \"proto3\";","schemaType":"PROTOBUF"}"#),
        Reply::json(200, r#"{"schema":"{\"type\":\"nope\"}"}"#),
    ]);
    let mut client = client(&server);
    let url = server.url();
    let error = client.version("t", Version::Latest).unwrap_err();
    assert!(error.is_missing());
    assert_eq!(
        error.to_string(),
        format!(
            "http://{url}/subjects/t/versions/latest: the schema registry says 404, error code 40401: Subject 't' not \
             found.; list the subjects and their versions to see what there is"
        )
    );
    assert!(client.schema(1).unwrap_err().to_string().contains("says 404: <html>nothing here</html>"));
    let error = client.register("t", &SchemaText::new("\"long\"")).unwrap_err();
    assert!(error.to_string().contains("make the schema compatible"), "{error}");
    assert!(client.schema(1).unwrap_err().to_string().contains("does not answer as a schema registry does"));
    assert!(client.schema(1).unwrap_err().to_string().contains("of the kind PROTOBUF"));
    let error = client.schema(1).unwrap_err();
    assert!(matches!(error, RegistryError::Schema { .. }), "{error}");
    assert!(error.to_string().contains("/schemas/ids/1: the schema is no Avro schema: "), "{error}");
    assert_eq!(server.requests().len(), 6, "none of them is asked again");
}

#[test]
fn servers_that_fail_are_asked_again_and_passed_over() {
    let bad = Server::start(vec![Reply::json(500, ""), Reply::hang_up(), Reply::json(503, "")]);
    let good = Server::start(vec![Reply::json(500, ""), Reply::json(200, LONG), Reply::json(200, LONG)]);
    let (options, waits) = options(&format!("{}, http://{}/", bad.url(), good.url()));
    let mut client = RegistryClient::new(options).unwrap();
    client.schema(1).unwrap();
    client.schema(2).unwrap();
    assert_eq!((bad.requests().len(), good.requests().len()), (2, 3), "what answered is asked first");
    assert_eq!(*waits.lock().unwrap(), [Duration::from_millis(200)]);
}

#[test]
fn tries_come_to_an_end() {
    let server = Server::start(vec![
        Reply::json(503, ""),
        Reply::json(503, ""),
        Reply::json(503, ""),
        Reply::json(503, ""),
    ]);
    let (options, waits) = options(&server.url());
    let error = RegistryClient::new(options).unwrap().schema(1).unwrap_err();
    assert!(matches!(error, RegistryError::Refused { status: 503, .. }));
    assert_eq!(error.explain().disposition, Disposition::Retry);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(*waits.lock().unwrap(), [200, 400, 800].map(Duration::from_millis));
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (options, _) = self::options(&free.to_string());
    let error = RegistryClient::new(options).unwrap().schema(1).unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable { attempts: 4, .. }), "{error}");
    assert!(error.to_string().contains("tried 4 times"), "{error}");
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let server = Server::start(vec![Reply::json(401, ""), Reply::json(200, LONG)]);
    let (with_url, _) = options(&format!("http://me:HU%3ASH@{}", server.url()));
    let mut client = RegistryClient::new(with_url).unwrap();
    let error = client.schema(1).unwrap_err();
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("HU") && !shown.contains("me:"), "{shown}");
    let (mut apart, _) = options(&server.url());
    apart.credentials = Some(("you".into(), "HUSH".into()));
    assert!(!format!("{apart:?}").contains("HUSH"));
    RegistryClient::new(apart).unwrap().schema(1).unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("authorization: Basic bWU6SFU6U0g="), "{}", requests[0]);
    assert!(requests[1].contains("authorization: Basic eW91OkhVU0g="), "{}", requests[1]);
}

#[test]
fn answers_are_bounded() {
    let server = Server::start(vec![Reply::json(200, &format!("\"{}\"", "x".repeat(5_000)))]);
    let (mut options, _) = options(&server.url());
    options.most_bytes = 1_000;
    let error = RegistryClient::new(options).unwrap().subjects().unwrap_err();
    assert!(error.to_string().contains("more than 1000 bytes"), "{error}");
}

#[test]
fn references_that_lead_in_a_circle_end() {
    let x = r#"{"subject":"x","version":1,"id":5,"schema":"{\"type\":\"record\",\"name\":\"X\",\"fields\":[]}",
        "references":[{"name":"X","subject":"x","version":1}]}"#;
    let main = r#"{"schema":"\"X\"","references":[{"name":"X","subject":"x","version":1}]}"#;
    let server = Server::start(vec![Reply::json(200, main), Reply::json(200, x)]);
    assert_eq!(client(&server).schema(1).unwrap().name(), Some("X"));
}

#[test]
fn without_a_url_there_is_no_client() {
    let (options, _) = options(" , ");
    let error = RegistryClient::new(options).unwrap_err();
    assert_eq!(error.to_string(), "no schema registry is named; state its URL");
    let (mut options, _) = self::options("localhost");
    options.authorities = Some(b"no certificate".to_vec());
    assert!(matches!(RegistryClient::new(options), Err(RegistryError::Authorities(_))));
}
