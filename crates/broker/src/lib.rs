//! A broker in the process: one node that speaks the Kafka protocol, for development and tests.
//!
//! It is started with a value and an address comes back; it holds its records in memory, up to a limit, and is
//! gone when it is dropped. Any client may talk to it, and none is trusted: `kadence-wire` checks each request
//! against its own bytes before it is decoded.
//!
//! ```
//! let broker = kadence_broker::Broker::start(kadence_broker::Options::default())?;
//! println!("bootstrap.servers={}", broker.addresses()[0]);
//! broker.shutdown();
//! # Ok::<(), kadence_broker::BrokerError>(())
//! ```
//!
//! | Module | Holds |
//! |---|---|
//! | `options` | what can be said before the start, also by Kafka's property names |
//! | `start`, `error` | start and stop, and why a broker does not start |
//! | `explanation` | an error for people, in three parts |
//! | `server` | listeners, connections, frames |
//! | `dispatch` | the table from API and version to its handler |
//! | `call`, `answer`, `close`, `response_error` | what a handler gets, and what it answers, or why the connection is closed |
//! | `api` | a file for each API: key, versions, deviations from Kafka |
//! | `node` | all that connections have in common: the following, and what was asked for (`served`) |
//! | `topics`, `topic_name`, `config` | names, ids, settings |
//! | `partition`, `log`, `producers` | batches, sequence numbers, waiting fetches |
//! | `groups` | consumer groups: members, generations, offsets |
//! | `transactions`, `producer_ids` | who writes under a transactional id, and what is committed together |
//! | `quotas` | client quotas, kept and shown |
//! | `directory`, `journal`, `journal_check` | what a directory keeps, and what a start makes of it |
//! | `compaction` | of the records of each key the last one stays |
//! | `local` | a topic read and written in this process, without a connection |
//! | `upkeep` | retention and writing through to the disk, from time to time |
//! | `disk` | all that changes files |
//! | `memory` | the limit on what is held |
//! | `storage_error`, `faults` | what goes wrong with files, and whom that is said to |

mod answer;
mod api;
mod blocking;
mod call;
mod clock;
mod close;
mod compaction;
mod config;
mod directory;
mod disk;
mod dispatch;
mod error;
mod explanation;
mod faults;
#[cfg(fuzzing)]
pub mod fuzzing;
mod groups;
mod journal;
mod journal_check;
mod limits;
mod local;
mod log;
mod memory;
mod node;
mod options;
mod partition;
#[cfg(test)]
mod power;
mod producer_ids;
mod producers;
mod quotas;
mod response_error;
mod served;
mod server;
mod start;
mod storage_error;
mod sync;
mod topic_name;
mod topics;
mod transactions;
mod upkeep;

pub use directory::DirectoryError;
pub use dispatch::served;
pub use error::BrokerError;
pub use explanation::Explanation;
pub use journal::JournalError;
pub use local::{LocalError, LocalTopic, LocalWriter};
pub use options::{
    FaultHook, FullHook, Listener, MAX_GROUP_SIZE, MAX_PARTITIONS, MAX_PARTITIONS_PER_TOPIC, Options,
    OptionsError, TopicSettings,
};
pub use start::{Broker, Stats};
pub use storage_error::StorageError;
