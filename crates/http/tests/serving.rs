//! A router is served over real connections.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use kadence_http::{Exposure, Limits, Listener};
use tokio::sync::oneshot;

struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn start(router: Router, limits: Limits) -> Self {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Exposure::Loopback).unwrap();
        let address = listener.address();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            runtime.block_on(listener.serve(router, limits, stopped)).unwrap();
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// What the server answers until it closes the connection.
    fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

fn router() -> Router {
    Router::new()
        .route("/", get(|| async { "here" }))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
}

#[test]
fn a_router_answers_and_ends() {
    let mut served = Served::start(router(), Limits::default());
    let answer = served.exchange("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
    served.stop();
    assert!(TcpStream::connect(served.address).is_err(), "nobody listens any more");
}

#[test]
fn bodies_have_a_limit_whether_they_say_their_length_or_not() {
    let served = Served::start(router(), Limits { body: 10, ..Limits::default() });
    let post = "POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    let answer = served.exchange(&format!("{post}content-length: 10\r\n\r\n0123456789"));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("10"), "{answer}");
    let answer = served.exchange(&format!("{post}content-length: 11\r\n\r\n0123456789x"));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let asked = format!("{post}expect: 100-continue\r\ncontent-length: 11\r\n\r\n");
    let answer = served.exchange(&asked);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let chunks = "transfer-encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n0\r\n\r\n";
    let answer = served.exchange(&format!("{post}{chunks}"));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn bodies_may_be_longer_than_axum_has_it_by_itself() {
    let served = Served::start(router(), Limits { body: 4 << 20, ..Limits::default() });
    let body = "x".repeat(3 << 20);
    let head = format!(
        "POST /length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let answer = served.exchange(&format!("{head}{body}"));
    assert!(answer.ends_with(&body.len().to_string()), "{answer}");
}

#[test]
fn who_sends_no_headers_is_cut_off_and_makes_room() {
    let limits = Limits { headers: Duration::from_millis(100), connections: 1, ..Limits::default() };
    let served = Served::start(router(), limits);
    let mut idle = served.connect();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").unwrap();
    let answer = served.exchange("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "the one that idles has made room: {answer}");
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
}

#[test]
fn what_is_under_way_at_the_end_is_answered() {
    let (began, has_begun) = std::sync::mpsc::sync_channel(1);
    let (go, gone) = tokio::sync::watch::channel(false);
    let slow = move || {
        let (began, mut gone) = (began.clone(), gone.clone());
        async move {
            began.send(()).unwrap();
            gone.wait_for(|gone| *gone).await.unwrap();
            "in the end"
        }
    };
    let mut served = Served::start(Router::new().route("/", get(slow)), Limits::default());
    let mut stream = served.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    has_begun.recv().unwrap();
    drop(served.stop.take());
    go.send(true).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("in the end"), "{answer}");
    served.stop();
}

#[test]
fn what_takes_too_long_at_the_end_is_cut_off() {
    let limits = Limits { farewell: Duration::from_millis(50), ..Limits::default() };
    let (began, has_begun) = std::sync::mpsc::sync_channel(1);
    let never = move || {
        let began = began.clone();
        async move {
            began.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    };
    let mut served = Served::start(Router::new().route("/", get(never)), limits);
    let mut stream = served.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    has_begun.recv().unwrap();
    served.stop();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
}
