//! What all connections of a broker share, and what one request brings.

use crate::{
    clock::Clock,
    compared::Compared,
    directory::{Directory, DirectoryError, Opening},
    dispatch::{Close, Requested},
    groups::Groups,
    journal::{self, Event, Journal, State},
    limits,
    memory::{Memory, Share},
    options::Options,
    producer_ids::ProducerIds,
    quotas::Quotas,
    start::BrokerError,
    storage_error::StorageError,
    sync::Lock,
    topics::Topics,
    transactions::Transactions,
};
use bytes::Bytes;
use kafka_protocol::{messages::BrokerId, protocol::StrBytes};
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicUsize},
};
use uuid::Uuid;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) cluster_id: String,
    pub(crate) topics: Topics,
    pub(crate) groups: Arc<Groups>,
    pub(crate) transactions: Transactions,
    pub(crate) producer_ids: ProducerIds,
    pub(crate) quotas: Quotas,
    pub(crate) clock: Clock,
    pub(crate) journal: Arc<Journal>,
    /// What stored data takes.
    pub(crate) data: Arc<Memory>,
    /// What requests and their answers take while they are read, answered and written.
    pub(crate) requests: Arc<Memory>,
    pub(crate) connections: AtomicUsize,
    /// Fetches that wait for something to be appended.
    pub(crate) waiting: AtomicUsize,
    pub(crate) panics: AtomicUsize,
    pub(crate) requested: Requested,
}

impl Shared {
    /// What a broker begins with: nothing, or what its directory has.
    pub(crate) fn new(mut options: Options, clock: Clock) -> Result<Self, BrokerError> {
        options.max_connections = options.max_connections.min(limits::share_of_files());
        let Opened { directory, journal, mut kept } = open(&options)?;
        kept.forget_what_is_gone();
        let cluster_id = cluster_id(&journal, kept.cluster_id.clone())?;
        let data = Memory::new(options.memory_limit_bytes, options.on_full.clone());
        // Room for two requests of the largest size and a crowd of small ones.
        let requests = Memory::new(2 * options.max_request_bytes as u64 + (64 << 20), None);
        let groups = Groups::new(&options, &data, Arc::clone(&journal), &kept);
        let topics = Topics::new(
            Arc::clone(&data),
            Arc::clone(&journal),
            options.topic_defaults.clone(),
            directory,
            &kept,
        )?;
        let end = |topic: &str, partition| {
            topics.named(topic).and_then(|topic| Some(topic.partition(partition)?.lock().log.end()))
        };
        let compared = match topics.path() {
            Some(path) => Compared::new(path, &mut kept, &topics.epochs(), end),
            None => Compared::nothing(&kept),
        };
        let shared = Self {
            cluster_id,
            topics,
            groups: groups.ok_or(BrokerError::Offsets)?,
            transactions: Transactions::new(&data),
            producer_ids: if journal.is_kept() {
                ProducerIds::of_a_run(compared.next_producer, Arc::clone(&journal))
            } else {
                ProducerIds::random()
            },
            quotas: Quotas::new(Arc::clone(&journal), &kept.quotas),
            clock,
            journal,
            data,
            requests,
            connections: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            panics: AtomicUsize::new(0),
            requested: Requested::new(),
            options,
        };
        shared.report_faults();
        shared.report_partitions(&kept);
        if compared.raised {
            // It is said once. Where it cannot be written down it is said again.
            let _ = shared.journal.write(&[Event::ProducerIds { below: compared.next_producer }]);
        }
        // Logs without a journal are known to be newer.
        let faults = compared.faults.into_iter().filter(|_| !shared.options.recover);
        faults.for_each(|fault| shared.notice(fault));
        shared.transactions.restore(&shared, &kept.transactional);
        Ok(shared)
    }

    /// Says which logs cannot be written from the start on, and which have lost something.
    fn report_faults(&self) {
        for topic in self.topics.all() {
            for partition in &topic.partitions {
                let faults = {
                    let state = partition.lock();
                    [state.log.fault().cloned(), state.log.lost().cloned()]
                };
                for fault in faults.iter().flatten() {
                    self.report(fault);
                }
            }
        }
    }

    /// Says which topics have more partitions than the journal knew.
    fn report_partitions(&self, kept: &State) {
        for (id, topic) in &kept.topics {
            let found = self.topics.with_id(*id).map_or(0, |topic| topic.partitions.len() as i32);
            if let Some(path) = self.topics.path().filter(|_| found > topic.partitions) {
                let (path, name) = (path.to_owned(), topic.name.clone());
                self.notice(DirectoryError::MorePartitions { path, name, known: topic.partitions, found });
            }
        }
    }

    /// Sees to it that the directory is still there, and refuses all from then on if it is not.
    pub(crate) fn check_directory(&self) {
        if let Err(gone) = self.topics.check_directory() {
            self.notice(gone);
        }
        if let (Some(most), Some(path)) = (self.topics.files_reached(), self.topics.path()) {
            self.notice(DirectoryError::Files { path: path.to_owned(), most });
        }
    }

    /// Says what was found in the directory.
    pub(crate) fn notice(&self, fault: DirectoryError) {
        if let Some(hook) = &self.options.on_fault {
            hook.call(fault);
        }
    }

    /// Says what went wrong with a file, to whoever wants to know.
    pub(crate) fn report(&self, error: &StorageError) {
        if let Some(hook) = &self.options.on_fault {
            hook.call(error.clone());
        }
    }

    /// A result whose error was reported.
    pub(crate) fn told<T>(&self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        result.inspect_err(|error| self.report(error))
    }
}

/// The id that was kept, or a new one, which is kept from now on.
fn cluster_id(journal: &Journal, kept: Option<String>) -> Result<String, BrokerError> {
    if let Some(id) = kept {
        return Ok(id);
    }
    let id = Uuid::new_v4().simple().to_string();
    let event = Event::Cluster { format: journal::FORMAT, id: id.clone() };
    journal.write(&[event]).and_then(|()| journal.settle()).map_err(|_| BrokerError::Journal)?;
    Ok(id)
}

struct Opened {
    directory: Option<Directory>,
    journal: Arc<Journal>,
    kept: State,
}

fn open(options: &Options) -> Result<Opened, BrokerError> {
    let Some(path) = &options.data_dir else {
        return Ok(Opened { directory: None, journal: Arc::new(Journal::none()), kept: State::default() });
    };
    // Who wants each batch on the disk wants the same of what is said about it.
    let sync = options.topic_defaults.flush_messages == 1;
    let opening = Opening { path, sync, recover: options.recover };
    let (directory, journal, kept) = Directory::open(opening, options.on_fault.as_ref())?;
    Ok(Opened { directory: Some(directory), journal: Arc::new(journal), kept })
}

/// One request's surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    /// The address the client reached the broker at.
    pub(crate) local: SocketAddr,
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// Which of the listeners the client came to.
    pub(crate) listener: usize,
    /// What the client calls itself, as it came.
    pub(crate) client_id: Bytes,
    pub(crate) spending: Spending,
}

/// Answers up to this size are not counted: clients get through while others fill the memory for requests.
const SMALL_ANSWER: usize = 64 * 1024;

/// What an answer takes, from when it is put together until the client has it.
#[derive(Debug, Clone)]
pub(crate) struct Spending(Arc<Lock<Spent>>);

#[derive(Debug)]
struct Spent {
    bytes: usize,
    share: Share,
}

impl Spending {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        Self(Arc::new(Lock::new(Spent { bytes: 0, share: Share::new(memory) })))
    }

    /// The answer takes `more` than is known of; the connection is closed if that does not fit.
    pub(crate) fn add(&self, more: usize) -> Result<(), Close> {
        let mut spent = self.0.lock();
        let bytes = spent.bytes.saturating_add(more);
        spent.raise(bytes)
    }

    /// The answer takes `bytes` as a whole, or more than that if more is known of.
    pub(crate) fn at_least(&self, bytes: usize) -> Result<(), Close> {
        let mut spent = self.0.lock();
        let bytes = spent.bytes.max(bytes);
        spent.raise(bytes)
    }
}

impl Spent {
    fn raise(&mut self, bytes: usize) -> Result<(), Close> {
        if bytes > SMALL_ANSWER && !self.share.resize(bytes) {
            return Err(Close::Crowded);
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// So much of a client's name is kept; it is for people.
const MAX_CLIENT_ID_BYTES: usize = 1024;

impl Call {
    /// The only node there is.
    pub(crate) fn node(&self) -> BrokerId {
        BrokerId(self.shared.options.node_id)
    }

    /// What the client calls itself, as text of a limited length.
    pub(crate) fn client_id(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.client_id).into_owned();
        text.truncate(text.floor_char_boundary(MAX_CLIENT_ID_BYTES));
        text
    }

    /// Host and port the client is told to come to: what its listener advertises, or where it came.
    pub(crate) fn advertised(&self) -> (StrBytes, i32) {
        let said = self.shared.options.listeners.get(self.listener);
        let host = said.and_then(|listener| listener.advertised_host.clone());
        let port = said.and_then(|listener| listener.advertised_port).unwrap_or(self.local.port());
        (StrBytes::from_string(host.unwrap_or_else(|| self.local.ip().to_string())), i32::from(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_once_it_is_large() {
        let memory = Memory::new(200_000, None);
        let spending = Spending::new(&memory);
        spending.add(40_000).unwrap();
        assert_eq!(memory.used(), 0);
        spending.add(40_000).unwrap();
        assert_eq!(memory.used(), 80_000);
        spending.at_least(70_000).unwrap();
        assert_eq!(memory.used(), 80_000);
        spending.at_least(150_000).unwrap();
        assert!(matches!(spending.add(60_000), Err(Close::Crowded)));
        assert_eq!(memory.used(), 150_000);
        drop(spending);
        assert_eq!(memory.used(), 0);
    }
}
