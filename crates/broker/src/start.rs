//! Start and stop.

use crate::{
    clock::Clock,
    compaction::{Cleaner, Cleaning},
    dispatch,
    error::BrokerError,
    local::{LocalError, LocalTopic},
    node::Node,
    options::{Listener, Options},
    served::Served,
    server::{self, Listening},
};
use kafka_protocol::messages::ApiKey;
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    runtime::{self, Runtime},
    sync::watch,
    time::Instant,
};

/// Threads that answer requests.
const WORKERS: usize = 2;
/// Threads for what would hold up a worker, such as looking into compressed batches.
const MAX_BLOCKING_THREADS: usize = 4;
/// Ports tried when the second address does not have the free port of the first.
const PORT_ATTEMPTS: usize = 16;
/// What still runs after this time is left behind when the broker stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Rest after a panic that may come again.
const PANIC_PAUSE: Duration = Duration::from_millis(50);

/// Numbers of a running broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Memory that stored data takes, in bytes, with what groups take beyond their reserve.
    pub memory_used_bytes: u64,
    /// The most it may take.
    pub memory_limit_bytes: u64,
    /// How often data was refused at the limit.
    pub refused_at_limit: u64,
    /// Topics there are.
    pub topics: usize,
    /// Partitions of all topics.
    pub partitions: usize,
    /// Connections at this moment.
    pub connections: usize,
    /// Fetches that wait for something to be appended.
    pub waiting_fetches: usize,
    /// Groups there are, with members or offsets.
    pub groups: usize,
    /// Members that wait for their group.
    pub waiting_members: usize,
    /// Connections that ended in a panic; more than none is a bug.
    pub panics: usize,
}

/// A running broker; it stops when dropped.
pub struct Broker {
    node: Arc<Node>,
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    cleaning: Option<Cleaning>,
}

impl Broker {
    /// Starts a broker on threads of its own and returns once it listens.
    ///
    /// An IPv6 loopback address is left out on a machine without IPv6, if there is another address.
    pub fn start(options: Options) -> Result<Self, BrokerError> {
        let (least, most) = (options.group_min_session_timeout, options.group_max_session_timeout);
        if least > most {
            return Err(BrokerError::SessionTimeouts { least, most });
        }
        let listeners = bind(&options.listeners)?;
        let addresses = listeners.iter().map(|bound| bound.address).collect();
        let node = Arc::new(Node::new(options, Clock::SYSTEM, Served::new(dispatch::served()))?);
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .thread_name("kadence-broker")
            .enable_all()
            .build()
            .map_err(|source| BrokerError::Threads { source })?;
        let (stop, stopped) = watch::channel(false);
        for Bound { index, address, socket } in listeners {
            let listen = |source| BrokerError::Listen { address, source };
            socket.set_nonblocking(true).map_err(listen)?;
            let socket = {
                let _context = runtime.enter();
                tokio::net::TcpListener::from_std(socket).map_err(listen)?
            };
            runtime.spawn(server::listen(Listening { socket, index }, Arc::clone(&node), stopped.clone()));
        }
        let groups = Arc::clone(&node.groups);
        runtime.spawn(keep_time(Arc::clone(&node.panics), move || Arc::clone(&groups).run()));
        let transactions = Arc::clone(&node.transactions);
        runtime.spawn(keep_time(Arc::clone(&node.panics), move || Arc::clone(&transactions).run()));
        runtime.spawn(node.upkeep().run());
        // A thread of its own may wait for the runtime's end, which an async caller may not.
        let upkeep = node.upkeep();
        let thread = thread::Builder::new()
            .name("kadence-broker-stop".to_owned())
            .spawn(move || {
                wait_for_stop(runtime, stopped);
                upkeep.close();
            })
            .map_err(|source| BrokerError::Threads { source })?;
        let cleaning = node.cleaner().map(Cleaner::start).transpose();
        let cleaning = cleaning.map_err(|source| BrokerError::Threads { source })?;
        Ok(Self { node, addresses, stop, thread: Some(thread), cleaning })
    }

    /// Where the broker listens, ports resolved, in the order they were asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The id of the cluster, new for each broker in memory.
    pub fn cluster_id(&self) -> &str {
        &self.node.cluster_id
    }

    /// The broker's numbers now.
    pub fn stats(&self) -> Stats {
        let node = &self.node;
        let (topics, partitions) = node.topics.counts();
        let (groups, waiting_members) = node.groups.counts();
        Stats {
            memory_used_bytes: node.data.used(),
            memory_limit_bytes: node.data.limit(),
            refused_at_limit: node.data.refused(),
            topics,
            partitions,
            connections: node.connections.load(Relaxed),
            waiting_fetches: node.waiting.load(Relaxed),
            groups,
            waiting_members,
            panics: node.panics.load(Relaxed),
        }
    }

    /// A topic of one partition, which is made with these settings if it is not there.
    pub fn topic(&self, name: &str, config: &[(&str, &str)]) -> Result<LocalTopic, LocalError> {
        LocalTopic::open(&self.node, name, config)
    }

    /// How often each served version of each API was asked for, counted before the request is answered or refused.
    ///
    /// Requests for what is not served are not among them.
    pub fn requests(&self) -> impl Iterator<Item = (ApiKey, i16, u64)> {
        self.node.served.requests()
    }

    /// Closes listeners and connections and waits for their end, two seconds at most.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It looks into logs that are closed next.
        self.cleaning = None;
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs deadlines. A panic is counted and does not stop the time of all others.
async fn keep_time<F>(panics: Arc<AtomicUsize>, run: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while let Err(error) = tokio::spawn(run()).await {
        if !error.is_panic() {
            return;
        }
        panics.fetch_add(1, Relaxed);
        tokio::time::sleep_until(Instant::now() + PANIC_PAUSE).await;
    }
}

fn wait_for_stop(runtime: Runtime, mut stopped: watch::Receiver<bool>) {
    // An error means that the broker is gone, which is a stop as well.
    let _ = runtime.block_on(stopped.wait_for(|stop| *stop));
    runtime.shutdown_timeout(STOP_TIME);
}

/// A socket, and the place of its listener in the options.
struct Bound {
    index: usize,
    address: SocketAddr,
    socket: TcpListener,
}

fn bind(wanted: &[Listener]) -> Result<Vec<Bound>, BrokerError> {
    let mut attempt = bind_once(wanted);
    for _ in 1..PORT_ATTEMPTS {
        match &attempt {
            // The free port of the first address may be taken at the second one.
            Err(BrokerError::Listen { address, source })
                if source.kind() == io::ErrorKind::AddrInUse
                    && !wanted.iter().any(|listener| listener.bind == *address)
                    && wanted.first().is_some_and(|first| first.bind.port() == 0) =>
            {
                attempt = bind_once(wanted);
            }
            _ => break,
        }
    }
    attempt
}

fn bind_once(wanted: &[Listener]) -> Result<Vec<Bound>, BrokerError> {
    let mut bound: Vec<Bound> = Vec::new();
    for (index, listener) in wanted.iter().enumerate() {
        let mut address = listener.bind;
        // The same port on another address; on one that has it already, a free one.
        if let (0, Some(first)) = (address.port(), bound.first())
            && bound.iter().all(|bound| bound.address.ip() != address.ip())
        {
            address.set_port(first.address.port());
        }
        match TcpListener::bind(address).and_then(|socket| Ok((socket.local_addr()?, socket))) {
            Ok((address, socket)) => bound.push(Bound { index, address, socket }),
            Err(source) if wanted.len() > 1 && is_missing_ipv6(address, &source) => {}
            Err(source) => {
                let own = bound.iter().map(|bound| bound.address).find(|own| overlap(*own, address));
                return Err(match own.filter(|_| source.kind() == io::ErrorKind::AddrInUse) {
                    Some(other) => BrokerError::Overlap { address, other },
                    None => BrokerError::Listen { address, source },
                });
            }
        }
    }
    if bound.is_empty() { Err(BrokerError::NoAddress) } else { Ok(bound) }
}

/// Whether two addresses cannot be listened on both.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && (one.ip() == other.ip() || all)
}

/// Whether `address` is an IPv6 loopback address that this machine does not have.
fn is_missing_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    let loopback6 = matches!(address.ip(), IpAddr::V6(ip) if ip.is_loopback());
    loopback6 && !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}
