//! A registry that is served, and a client that speaks just enough HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use kadence_http::{Exposure, Limits, Listener};
use kadence_registry::{MemoryLog, Role, Server};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A registry behind a port.
pub(crate) struct Served {
    pub(crate) server: Server,
    pub(crate) log: MemoryLog,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and `error_code`.
    pub(crate) fn error(&self) -> (u16, i64) {
        (self.status, self.json()["error_code"].as_i64().unwrap_or_default())
    }
}

impl Served {
    /// One that writes to a log in memory.
    pub(crate) fn start() -> Self {
        let log = MemoryLog::new();
        Self::of(Server::new(Role::Writer(Box::new(log.clone()))), log)
    }

    /// One that is there already.
    pub(crate) fn of(server: Server, log: MemoryLog) -> Self {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Exposure::Loopback).unwrap();
        let address = listener.address();
        let (stop, stopped) = oneshot::channel();
        let router = server.router();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            runtime.block_on(listener.serve(router, Limits::default(), stopped)).unwrap();
        });
        Self { server, log, address, stop: Some(stop), thread: Some(thread) }
    }

    /// Sends a request with headers of its own, and reads the answer.
    pub(crate) fn raw(&self, head: &str, body: &str) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(stream, "{head}host: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
            .unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut content_type = String::new();
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            match line.trim().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-type") => {
                    value.clone_into(&mut content_type);
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        Reply { status, content_type, text }
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        let head =
            format!("{method} {path} HTTP/1.1\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n");
        self.raw(&head, &if body.is_null() { String::new() } else { body.to_string() })
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &Value::Null)
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, body)
    }

    /// Registers an Avro schema; answers its id.
    pub(crate) fn register(&self, subject: &str, schema: &Value) -> i64 {
        let reply = self.post(&format!("/subjects/{subject}/versions"), &avro(schema));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["id"].as_i64().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server has panicked");
        }
    }
}

/// The body with an Avro schema.
pub(crate) fn avro(schema: &Value) -> Value {
    json!({ "schema": schema.to_string() })
}

/// A record of fields of type int; those whose name ends in `?` have a default.
pub(crate) fn record(fields: &[&str]) -> Value {
    let field = |name: &&str| match name.strip_suffix('?') {
        Some(name) => json!({ "name": name, "type": "int", "default": 0 }),
        None => json!({ "name": name, "type": "int" }),
    };
    let fields: Vec<Value> = fields.iter().map(field).collect();
    json!({ "type": "record", "name": "R", "fields": fields })
}
