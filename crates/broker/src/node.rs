//! The one node: what all connections of a broker have in common, and what a start makes of it.

use crate::{
    clock::Clock,
    compaction::Cleaner,
    directory::{Directory, DirectoryError, Opening},
    error::BrokerError,
    faults::Faults,
    groups::Groups,
    journal::{self, Event, Journal, State},
    journal_check::JournalCheck,
    limits,
    memory::Memory,
    options::Options,
    producer_ids::ProducerIds,
    quotas::Quotas,
    served::Served,
    topics::Topics,
    transactions::{Surroundings, Transactions},
    upkeep::Upkeep,
};
use std::sync::{Arc, atomic::AtomicUsize};
use uuid::Uuid;

/// The node of a broker: its topics, groups and transactions, and what it counts.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) options: Options,
    pub(crate) cluster_id: String,
    pub(crate) topics: Arc<Topics>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) transactions: Arc<Transactions>,
    pub(crate) producer_ids: Arc<ProducerIds>,
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
    pub(crate) panics: Arc<AtomicUsize>,
    pub(crate) served: Served,
    pub(crate) faults: Faults,
}

impl Node {
    /// What a broker begins with: nothing, or what its directory has.
    pub(crate) fn new(mut options: Options, clock: Clock, served: Served) -> Result<Self, BrokerError> {
        options.max_connections = options.max_connections.min(limits::share_of_files());
        let Opened { directory, journal, mut kept } = open(&options)?;
        kept.forget_what_is_gone();
        let cluster_id = cluster_id(&journal, kept.cluster_id.clone())?;
        let data = Memory::new(options.memory_limit_bytes, options.on_full.clone());
        // Room for two requests of the largest size and a crowd of small ones.
        let requests = Memory::new(2 * options.max_request_bytes as u64 + (64 << 20), None);
        let groups = Groups::new(&options, &data, Arc::clone(&journal), &kept);
        let topics = Arc::new(Topics::new(
            Arc::clone(&data),
            Arc::clone(&journal),
            options.topic_defaults.clone(),
            directory,
            &kept,
        )?);
        let end = |topic: &str, partition| {
            topics.named(topic).and_then(|topic| Some(topic.partition(partition)?.lock().log.end()))
        };
        let checked = match topics.path() {
            Some(path) => JournalCheck::new(path, &mut kept, &topics.epochs(), end),
            None => JournalCheck::nothing(&kept),
        };
        let groups = groups.ok_or(BrokerError::Offsets)?;
        let producer_ids = Arc::new(if journal.is_kept() {
            ProducerIds::of_a_run(checked.next_producer, Arc::clone(&journal))
        } else {
            ProducerIds::random()
        });
        let faults = Faults::new(options.on_fault.clone());
        let surroundings = Surroundings {
            topics: Arc::clone(&topics),
            groups: Arc::clone(&groups),
            producer_ids: Arc::clone(&producer_ids),
            journal: Arc::clone(&journal),
            faults: faults.clone(),
            clock,
        };
        let node = Self {
            cluster_id,
            topics,
            groups,
            transactions: Arc::new(Transactions::new(&data, surroundings)),
            producer_ids,
            quotas: Quotas::new(Arc::clone(&journal), &kept.quotas),
            clock,
            journal,
            data,
            requests,
            connections: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            panics: Arc::default(),
            served,
            faults,
            options,
        };
        node.take_over(&kept, checked);
        Ok(node)
    }

    /// Says what was found in the directory, and goes on with its transactions.
    fn take_over(&self, kept: &State, checked: JournalCheck) {
        self.report_faults();
        self.report_partitions(kept);
        if checked.raised {
            // It is said once. Where it cannot be written down it is said again.
            let _ = self.journal.write(&[Event::ProducerIds { below: checked.next_producer }]);
        }
        // Logs without a journal are known to be newer.
        let faults = checked.faults.into_iter().filter(|_| !self.options.recover);
        faults.for_each(|fault| self.faults.notice(fault));
        self.transactions.restore(&kept.transactional);
    }

    /// What looks after the partitions from time to time.
    pub(crate) fn upkeep(&self) -> Upkeep {
        Upkeep {
            topics: Arc::clone(&self.topics),
            journal: Arc::clone(&self.journal),
            faults: self.faults.clone(),
            clock: self.clock,
            retention_check_interval: self.options.retention_check_interval,
            panics: Arc::clone(&self.panics),
        }
    }

    /// What compacts the partitions that ask for it, if that is wanted.
    pub(crate) fn cleaner(&self) -> Option<Cleaner> {
        self.options.compaction.then(|| Cleaner {
            topics: Arc::clone(&self.topics),
            faults: self.faults.clone(),
            clock: self.clock,
            every: self.options.compaction_check_interval,
            memory_bytes: self.options.compaction_memory_bytes,
            panics: Arc::clone(&self.panics),
        })
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
                    self.faults.report(fault);
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
                self.faults.notice(DirectoryError::MorePartitions {
                    path,
                    name,
                    known: topic.partitions,
                    found,
                });
            }
        }
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

/// A directory with its journal, or neither.
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
