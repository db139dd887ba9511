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
//! | `server` | listeners, connections, frames |
//! | `dispatch` | the table from API and version to its handler |
//! | `api` | a file for each API: key, versions, deviations from Kafka |
//! | `topics`, `topic_name`, `config` | names, ids, settings |
//! | `partition`, `log`, `producers` | batches, sequence numbers, waiting fetches |
//! | `groups` | consumer groups: members, generations, offsets |
//! | `transactions`, `producer_ids` | who writes under a transactional id, and what is committed together |
//! | `quotas` | client quotas, kept and shown |
//! | `directory`, `journal`, `compared` | what a directory keeps, and what a start makes of it |
//! | `disk` | all that changes files |
//! | `memory` | the limit on what is held |
//! | `storage_error` | what goes wrong with files |

mod api;
mod blocking;
mod clock;
mod compared;
mod config;
mod directory;
mod disk;
mod dispatch;
#[cfg(fuzzing)]
pub mod fuzzing;
mod groups;
mod journal;
mod limits;
mod log;
mod memory;
mod options;
mod partition;
#[cfg(test)]
mod power;
mod producer_ids;
mod producers;
mod quotas;
mod refusal;
mod server;
mod shared;
mod start;
mod storage_error;
mod sync;
mod topic_name;
mod topics;
mod transactions;
mod upkeep;

pub use directory::DirectoryError;
pub use dispatch::served;
pub use journal::JournalError;
pub use options::{
    FaultHook, FullHook, Listener, MAX_GROUP_SIZE, MAX_PARTITIONS, MAX_PARTITIONS_PER_TOPIC, Options,
    OptionsError, TopicSettings,
};
pub use start::{Broker, BrokerError, Stats};
pub use storage_error::StorageError;
