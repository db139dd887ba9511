//! A line that is cut where it hurts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::server::Db;

/// A line to the server that is cut where the answer to a COMMIT would come back.
pub(crate) struct Line {
    pub(crate) port: u16,
    /// Whether the next COMMIT is passed on and its answer is not.
    pub(crate) cuts: Arc<AtomicBool>,
}

impl Line {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(AtomicBool::new(false));
        let is_cut = Arc::clone(&cuts);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) =
                    (client.unwrap(), TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap());
                let (from, to, is_cut) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&is_cut));
                std::thread::spawn(move || there(from, to, &is_cut));
                std::thread::spawn(move || back(server, client));
            }
        });
        Self { port, cuts }
    }

    /// Where a database is, at the line's end. What is said there can be read.
    pub(crate) fn url(&self, db: &Db) -> String {
        db.url().replace(&format!(":{}/", db.server.port), &format!(":{}/", self.port)) + "?ssl-mode=disabled"
    }
}

fn there(mut client: TcpStream, mut server: TcpStream, cuts: &AtomicBool) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let is_commit = buffer[..length].ends_with(b"\x03COMMIT");
        if is_commit && cuts.swap(false, Ordering::SeqCst) {
            client.shutdown(Shutdown::Both).unwrap();
            server.write_all(&buffer[..length]).unwrap();
            return;
        }
        server.write_all(&buffer[..length]).unwrap();
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
