//! A line to a database server that is cut at a COMMIT.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use kadence_core::clock::Stop;

const CHUNK: usize = 64 * 1024;

/// Where the line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// COMMIT does not reach the server.
    Before,
    /// COMMIT is on its way to the server, and may be done before anybody looks or after that.
    Meanwhile,
    /// COMMIT is done, and its answer does not come back.
    Behind,
}

/// A line from a port of 127.0.0.1 to a server on another one. What goes by is no TLS.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: Stop,
    plan: Mutex<Plan>,
    cuts: AtomicU32,
}

#[derive(Debug, Default)]
struct Plan {
    cut: Option<Cut>,
    /// COMMITs that pass before it.
    passing: u32,
    /// COMMITs that pass between two cuts; none is made behind the first one where there is no number.
    between: Option<u32>,
}

impl Line {
    /// A line to this port. It is whole at first.
    pub fn start(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, shared) = (listener.local_addr()?, Arc::<Shared>::default());
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
        let line = Self { address, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.stop.is_raised() {
                    return;
                }
                // A client whose server cannot be reached sees its connection closed.
                let _ = client.and_then(|client| connect(client, server, &shared));
            }
        });
        Ok(line)
    }

    /// Where clients connect to.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts the line at the next COMMIT of a transaction that was begun by a statement, and at none behind it.
    pub fn cut_next(&self, cut: Cut) {
        self.plan(Plan { cut: Some(cut), passing: 0, between: None });
    }

    /// Cuts the line at one of so many COMMITs from now on.
    pub fn cut_one_in(&self, commits: u32, cut: Cut) {
        let passing = commits.saturating_sub(1);
        self.plan(Plan { cut: Some(cut), passing, between: Some(passing) });
    }

    fn plan(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// How often it was cut.
    pub fn cuts(&self) -> u32 {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.stop.raise();
        // Wakes whoever waits for clients.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// Whether this COMMIT is where the line is cut.
    fn cut(&self, is_begun: bool) -> Option<Cut> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let cut = plan.cut?;
        if plan.passing > 0 {
            plan.passing -= 1;
            return None;
        }
        if plan.between.is_none() && !is_begun {
            return None;
        }
        match plan.between {
            Some(between) => plan.passing = between,
            None => plan.cut = None,
        }
        self.cuts.fetch_add(1, Ordering::SeqCst);
        Some(cut)
    }
}

fn connect(client: TcpStream, server: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from, to, shared) = (client.try_clone()?, server.try_clone()?, Arc::clone(shared));
    let has_ended = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&has_ended);
    thread::spawn(move || drop(requests(from, to, &shared, &ended)));
    thread::spawn(move || drop(answers(server, client, &has_ended)));
    Ok(())
}

/// As the drivers send it: nothing else is in the message, and nothing follows before it is answered.
fn is_commit(bytes: &[u8]) -> bool {
    bytes.strip_suffix(b"\0").unwrap_or(bytes).ends_with(b"COMMIT")
}

fn is_begin(bytes: &[u8]) -> bool {
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    has(b"START TRANSACTION") || has(b"BEGIN")
}

fn requests(
    mut client: TcpStream,
    mut server: TcpStream,
    shared: &Shared,
    has_ended: &AtomicBool,
) -> io::Result<()> {
    let (mut buffer, mut is_begun) = (vec![0; CHUNK], false);
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..length];
        is_begun |= is_begin(bytes);
        match is_commit(bytes).then(|| shared.cut(std::mem::take(&mut is_begun))).flatten() {
            None => {}
            Some(Cut::Before) => break,
            Some(Cut::Meanwhile) => client.shutdown(Shutdown::Both)?,
            Some(Cut::Behind) => has_ended.store(true, Ordering::SeqCst),
        }
        server.write_all(bytes)?;
    }
    let _ = client.shutdown(Shutdown::Both);
    server.shutdown(Shutdown::Write)
}

fn answers(mut server: TcpStream, mut client: TcpStream, has_ended: &AtomicBool) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = server.read(&mut buffer) {
        if has_ended.load(Ordering::SeqCst) || client.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    client.shutdown(Shutdown::Both)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server hears that answers each message, and what its client hears.
    fn heard(cut: Cut) -> (Vec<u8>, Vec<u8>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let (mut heard, mut buffer) = (Vec::new(), [0; 100]);
            while let Ok(length @ 1..) = client.read(&mut buffer) {
                heard.extend_from_slice(&buffer[..length]);
                if client.write_all(b"done").is_err() {
                    break;
                }
            }
            heard
        });
        let line = Line::start(port).expect("a line");
        line.cut_one_in(2, cut);
        let mut client = TcpStream::connect(line.address).expect("the line");
        let (mut answers, mut buffer) = (Vec::new(), [0; 100]);
        for message in [&b"COMMIT"[..], b"COMMIT!", b"SELECT 1; COMMIT\0"] {
            client.write_all(message).expect("the line takes it");
            let length = client.read(&mut buffer).unwrap_or(0);
            answers.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(line.cuts(), 1);
        drop(client);
        (server.join().expect("the server ends"), answers)
    }

    #[test]
    fn a_line_is_cut_at_the_commit_that_was_meant() {
        let before = b"COMMITCOMMIT!".to_vec();
        let all = [&before[..], b"SELECT 1; COMMIT\0"].concat();
        assert_eq!(heard(Cut::Before), (before, b"donedone".to_vec()));
        for cut in [Cut::Meanwhile, Cut::Behind] {
            assert_eq!(heard(cut), (all.clone(), b"donedone".to_vec()), "{cut:?}");
        }
    }
}
