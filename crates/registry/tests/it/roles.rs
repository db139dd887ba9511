//! Servers that write and servers that do not.

use kadence_registry::{AppendError, MemoryLog, Role, SchemaLog, Server};
use serde_json::json;

use crate::client::{Served, avro, record};

struct Fails(AppendError);

impl SchemaLog for Fails {
    fn append(&mut self, _: &[u8], _: Option<&[u8]>) -> Result<i64, AppendError> {
        Err(self.0.clone())
    }
}

fn feed(server: &Server, log: &MemoryLog) {
    for (offset, entry) in log.entries().into_iter().enumerate() {
        server.apply(offset as i64, &entry.key, entry.value.as_deref()).unwrap();
    }
}

#[test]
fn a_reader_answers_what_it_has_read_and_names_the_writer() {
    let writer = Served::start();
    writer.register("s", &record(&["a"]));
    writer.put("/config", &json!({ "compatibility": "FULL" }));
    let url = Some("http://writer:8081".to_owned());
    let reader = Served::of(Server::new(Role::Reader { writer_url: url }), MemoryLog::new());
    assert_eq!(reader.get("/subjects").json(), json!([]));
    feed(&reader.server, &writer.log);
    assert_eq!(reader.get("/subjects/s/versions/1").text, writer.get("/subjects/s/versions/1").text);
    assert_eq!(reader.get("/config").json()["compatibilityLevel"], "FULL");
    assert_eq!(reader.register("s", &record(&["a"])), 1, "what is there needs no writer");
    let refused = reader.post("/subjects/s/versions", &avro(&record(&["b"])));
    assert_eq!(refused.error(), (500, 50003));
    assert!(refused.text.contains("http://writer:8081"), "{refused:?}");
    reader.server.become_role(Role::Writer(Box::new(writer.log.clone())));
    assert_eq!(reader.register("t", &record(&["b"])), 2);
}

#[test]
fn what_a_writer_wrote_itself_is_no_news() {
    let served = Served::start();
    served.register("s", &record(&["a"]));
    served.delete("/subjects/s");
    feed(&served.server, &served.log);
    assert_eq!(served.get("/subjects").json(), json!([]));
    assert_eq!(served.server.next_offset(), 2);
    let value = br#"{"subject":"t","version":1,"id":9,"schema":"\"int\"","deleted":false,"new":1}"#;
    served
        .server
        .apply(5, br#"{"keytype":"SCHEMA","subject":"t","version":1,"magic":1}"#, Some(value))
        .unwrap();
    assert_eq!(served.get("/subjects").json(), json!(["t"]), "others may have written");
    assert_eq!(served.register("u", &record(&["z"])), 10);
}

#[test]
fn a_writer_that_is_fenced_becomes_a_reader() {
    let role = Role::Writer(Box::new(Fails(AppendError::Fenced)));
    let served = Served::of(Server::new(role), MemoryLog::new());
    let register = || served.post("/subjects/s/versions", &avro(&record(&["a"]))).error();
    assert_eq!(register(), (500, 50003));
    assert!(!served.server.is_writer());
    assert_eq!(served.get("/subjects").json(), json!([]), "what the log does not have is not there");
    assert_eq!(register(), (500, 50003));
}

#[test]
fn a_log_that_refuses_a_record_is_told() {
    let refused = AppendError::Refused("too long".to_owned());
    let served = Served::of(Server::new(Role::Writer(Box::new(Fails(refused)))), MemoryLog::new());
    let reply = served.post("/subjects/s/versions", &avro(&record(&["a"])));
    assert_eq!(reply.error(), (500, 50001));
    assert!(reply.text.contains("too long"));
    assert!(served.server.is_writer());
    assert_eq!(served.get("/subjects").json(), json!([]));
}

/// Appends, and then says that it did not go well.
struct Doubts(MemoryLog);

impl SchemaLog for Doubts {
    fn append(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<i64, AppendError> {
        self.0.append(key, value)?;
        Err(AppendError::Failed("no answer".to_owned()))
    }
}

#[test]
fn a_server_in_doubt_of_its_log_reads_it_before_it_writes_again() {
    let log = MemoryLog::new();
    let served = Served::of(Server::new(Role::Writer(Box::new(Doubts(log.clone())))), log);
    let register = |field| served.post("/subjects/s/versions", &avro(&record(&[field])));
    assert_eq!(register("a?").error(), (500, 50001));
    assert_eq!(served.get("/subjects").json(), json!([]));
    assert_eq!(register("b?").error(), (500, 50003), "its id could be one that is in the log");
    feed(&served.server, &served.log);
    served.server.become_role(Role::Writer(Box::new(served.log.clone())));
    assert_eq!(served.register("s", &record(&["a?"])), 1);
    assert_eq!(served.register("s", &record(&["b?"])), 2);
}

#[test]
fn bad_records_are_skipped_and_counted() {
    let server = Server::new(Role::Reader { writer_url: None });
    let error = server.apply(0, b"{", None).unwrap_err();
    assert!(error.to_string().contains("key"), "{error}");
    let key = br#"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#;
    assert!(server.apply(1, key, Some(b"[]")).is_err());
    assert!(server.apply(2, br#"{"keytype":"NEWS","magic":7}"#, Some(b"x")).is_ok());
    assert!(server.apply(3, br#"{"keytype":"NOOP","magic":0}"#, None).is_ok());
    assert_eq!((server.skipped(), server.next_offset()), (2, 4));
}
