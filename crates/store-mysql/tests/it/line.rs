//! A line that is cut where it hurts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::server::Db;

/// A line to a server that is cut where the answer to a COMMIT would come back.
pub(crate) struct Line {
    port: u16,
    cuts: Arc<Cuts>,
}

#[derive(Default)]
struct Cuts {
    /// Of so many COMMITs one is passed on, and its answer is not; 0 cuts none.
    every: AtomicU32,
    commits: AtomicU32,
    made: AtomicU32,
}

impl Line {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(Cuts::default());
        let shared = Arc::clone(&cuts);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap();
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let cuts = Arc::clone(&shared);
                std::thread::spawn(move || there(from, to, &cuts));
                std::thread::spawn(move || back(server, client));
            }
        });
        Self { port, cuts }
    }

    /// Where a database is, at the line's end. What is said there can be read.
    pub(crate) fn url(&self, db: &Db) -> String {
        db.url().replace(&format!(":{}/", db.server.port), &format!(":{}/", self.port)) + "?ssl-mode=disabled"
    }

    /// Cuts the line at one of so many COMMITs from now on.
    pub(crate) fn cut_one_in(&self, commits: u32) {
        self.cuts.every.store(commits, Ordering::SeqCst);
    }

    /// How often it was cut.
    pub(crate) fn cuts(&self) -> u32 {
        self.cuts.made.load(Ordering::SeqCst)
    }
}

impl Cuts {
    fn is_due(&self) -> bool {
        let every = self.every.load(Ordering::SeqCst);
        let is_due = every > 0 && (self.commits.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(every);
        self.made.fetch_add(is_due.into(), Ordering::SeqCst);
        is_due
    }
}

fn there(mut client: TcpStream, mut server: TcpStream, cuts: &Cuts) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..length];
        if bytes.ends_with(b"\x03COMMIT") && cuts.is_due() {
            client.shutdown(Shutdown::Both).unwrap();
            server.write_all(bytes).unwrap();
            return;
        }
        server.write_all(bytes).unwrap();
    }
    let _ = server.shutdown(Shutdown::Both);
}

fn back(mut server: TcpStream, mut client: TcpStream) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        if client.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
