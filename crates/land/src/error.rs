//! Why a landing ends before its time.

use kadence_core::feed::{FeedError, Mark, Partition, TopicId};
use kadence_core::target::TargetError;

/// Why nothing more is landed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LandError {
    /// The feed gives nothing more.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The target takes nothing more.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The topic was deleted and made anew while it was read.
    #[error("{topic}: the topic was made anew while it was read (its id was {}, and is {}); what was read since the last batch is not landed; start again to land the new topic", id(.expected), id(.found))]
    AnotherTopic {
        /// The topic.
        topic: String,
        /// The id under which it was given.
        expected: TopicId,
        /// The id that it has now.
        found: TopicId,
    },
    /// The log has another record in the place of the one that was landed last.
    #[error("{partition}: the log is another one than before (at offset {} stands another record than the one that was landed last); start the ledger anew, or name the offset to go on at", .landed.offset)]
    AnotherLog {
        /// The partition.
        partition: Partition,
        /// What the ledger has.
        landed: Mark,
        /// What the log has.
        found: Mark,
    },
    /// The log ends before the place where it goes on.
    #[error(
        "{partition}: the log is another one than before (it ends at offset {end}, and {next} comes next by the ledger); start the ledger anew, or name the offset to go on at"
    )]
    Shorter {
        /// The partition.
        partition: Partition,
        /// The offset that comes next by the ledger.
        next: i64,
        /// The offset at which the log ends.
        end: i64,
    },
    /// The log begins behind the place where it goes on.
    #[error("{partition}: {} records at most are gone (the log begins at offset {start}, and {next} comes next by the ledger); accept the gap to go on", .start - .next)]
    Gap {
        /// The partition.
        partition: Partition,
        /// The offset that comes next by the ledger.
        next: i64,
        /// The offset at which the log begins.
        start: i64,
    },
    /// The target does not take a record, and that ends the landing.
    #[error(
        "{partition} at offset {offset}: the target does not take this record ({reason}); nothing of its batch is landed"
    )]
    Rejected {
        /// The partition.
        partition: Partition,
        /// The record's offset.
        offset: i64,
        /// What the target says.
        reason: String,
    },
    /// The thread that writes is gone.
    #[error("the thread that writes to the target is gone")]
    WriterGone,
}

fn id(id: &TopicId) -> String {
    use std::fmt::Write;
    let Some(id) = id else { return "unknown".into() };
    id.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
