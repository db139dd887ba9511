//! A network that takes its time.
//!
//! [`DelayProxy`] passes bytes on between its clients and one server, each chunk when half of the round trip is over.
//! Chunks overtake nothing and are in flight side by side, as on a long line: a delay does not limit the rate.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use kadence_core::clock::{Clock as _, Stop, SystemClock};

/// What is read at once, at most.
const CHUNK: usize = 64 * 1024;
/// What is in flight in one direction of one connection, at most: 100 MB/s over 300 ms.
const MOST_IN_FLIGHT: usize = 32 * 1024 * 1024;
/// What a chunk costs beside its bytes.
const OVERHEAD: usize = 64;
/// A server that takes longer is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// A TCP proxy that delays.
pub struct DelayProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<thread::JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    /// In nanoseconds, one way.
    delay: AtomicU64,
    stop: Stop,
    /// Both ends of each connection, by a number, so that all can be closed.
    open: Mutex<HashMap<u64, [TcpStream; 2]>>,
}

impl DelayProxy {
    /// Listens on a free port of 127.0.0.1, for clients of `server`.
    pub fn start(server: SocketAddr, round_trip: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server,
            delay: AtomicU64::new(one_way(round_trip)),
            stop: Stop::new(),
            open: Mutex::default(),
        });
        let acceptor = spawn("accept", {
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        })?;
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the delay, half of it in each direction, also for bytes that are under way.
    pub fn set_round_trip(&self, round_trip: Duration) {
        self.shared.delay.store(one_way(round_trip), Ordering::Relaxed);
    }
}

impl Drop for DelayProxy {
    fn drop(&mut self) {
        self.shared.stop.raise();
        // Wakes the acceptor, which looks at the flag.
        let _ = TcpStream::connect_timeout(&self.address, CONNECT_LIMIT);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for end in lock(&self.shared.open).values().flatten() {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

fn one_way(round_trip: Duration) -> u64 {
    u64::try_from(round_trip.as_nanos() / 2).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(format!("proxy-{name}")).spawn(work)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for number in 0.. {
        let client = listener.accept();
        if shared.stop.is_raised() {
            return;
        }
        match client {
            // A client whose server cannot be reached sees its connection closed.
            Ok((client, _)) => drop(connect(client, shared, number)),
            // Out of file descriptors, perhaps: some may come back.
            Err(_) => drop(shared.stop.wait(Duration::from_millis(10))),
        }
    }
}

/// Connects a client to the server, with two threads each way.
fn connect(client: TcpStream, shared: &Arc<Shared>, number: u64) -> io::Result<()> {
    let server = TcpStream::connect_timeout(&shared.server, CONNECT_LIMIT)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ends = [client.try_clone()?, server.try_clone()?];
    lock(&shared.open).insert(number, ends);
    let there = direction(client.try_clone()?, server.try_clone()?, shared)?;
    let back = direction(server, client, shared)?;
    let shared = Arc::clone(shared);
    spawn("close", move || {
        // A thread that panicked has shown so itself.
        let _ = (there.join(), back.join());
        lock(&shared.open).remove(&number);
    })?;
    Ok(())
}

/// Passes on what `from` gives until its end. Returns the thread that ends last.
fn direction(from: TcpStream, to: TcpStream, shared: &Arc<Shared>) -> io::Result<thread::JoinHandle<()>> {
    let line = Arc::new(Line::default());
    let reader = spawn("read", {
        let (line, from) = (Arc::clone(&line), from.try_clone()?);
        move || receive(from, &line)
    })?;
    let shared = Arc::clone(shared);
    spawn("write", move || {
        if deliver(&to, &line, &shared).is_ok() {
            let _ = to.shutdown(Shutdown::Write);
        } else {
            // Nobody takes more: whoever sends shall know.
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            line.close();
        }
        let _ = reader.join();
    })
}

fn receive(mut from: TcpStream, line: &Line) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A connection that broke is an end like any other.
            read => read.unwrap_or(0),
        };
        let bytes = buffer[..length].to_vec();
        if !line.put(Chunk { arrived: SystemClock.now(), bytes }) || length == 0 {
            return;
        }
    }
}

fn deliver(mut to: &TcpStream, line: &Line, shared: &Shared) -> io::Result<()> {
    SystemClock::sharpen_this_thread();
    loop {
        let chunk = line.take();
        let delay = Duration::from_nanos(shared.delay.load(Ordering::Relaxed));
        SystemClock.sleep_until(chunk.arrived.saturating_add(delay), &shared.stop);
        if chunk.bytes.is_empty() {
            return Ok(());
        }
        to.write_all(&chunk.bytes)?;
    }
}

/// Bytes that arrived together; none of them at the end.
struct Chunk {
    arrived: Duration,
    bytes: Vec<u8>,
}

/// What is under way in one direction.
#[derive(Default)]
struct Line {
    state: Mutex<InFlight>,
    changed: Condvar,
}

#[derive(Default)]
struct InFlight {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    closed: bool,
}

impl Line {
    /// Puts a chunk behind the others once there is room; `false` if nobody will take it.
    fn put(&self, chunk: Chunk) -> bool {
        let is_full = |state: &mut InFlight| state.bytes >= MOST_IN_FLIGHT && !state.closed;
        let mut state =
            self.changed.wait_while(lock(&self.state), is_full).unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return false;
        }
        state.bytes += chunk.bytes.len() + OVERHEAD;
        state.chunks.push_back(chunk);
        self.changed.notify_one();
        true
    }

    /// Takes the next chunk, once there is one.
    fn take(&self) -> Chunk {
        let mut state = lock(&self.state);
        loop {
            if let Some(chunk) = state.chunks.pop_front() {
                state.bytes -= chunk.bytes.len() + OVERHEAD;
                self.changed.notify_one();
                return chunk;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        lock(&self.state).closed = true;
        self.changed.notify_one();
    }
}

#[cfg(test)]
#[path = "proxy_tests.rs"]
mod tests;
