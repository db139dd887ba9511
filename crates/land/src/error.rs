//! Why a landing ends before its time.

use std::fmt::{self, Write as _};

use kadence_core::fault::{Explain, Fault};
use kadence_core::feed::{Mark, Partition, TopicId};
use kadence_core::phrase;

/// The reason why nothing more is landed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LandError {
    /// The feed gives nothing more.
    Feed(Fault),
    /// The target takes nothing more.
    Target(Fault),
    /// The topic was deleted and made anew while it was read.
    AnotherTopic {
        /// The topic.
        topic: String,
        /// The id under which it was given.
        expected: TopicId,
        /// The id that it has now.
        found: TopicId,
    },
    /// The log has another record in the place of the one that was landed last.
    AnotherLog {
        /// The partition.
        partition: Partition,
        /// What the ledger has.
        landed: Mark,
        /// What the log has.
        found: Mark,
    },
    /// The log ends before the place where it goes on.
    Shorter {
        /// The partition.
        partition: Partition,
        /// The offset that comes next by the ledger.
        next: i64,
        /// The offset at which the log ends.
        end: i64,
    },
    /// The log begins behind the place where it goes on.
    Gap {
        /// The partition.
        partition: Partition,
        /// The offset that comes next by the ledger.
        next: i64,
        /// The offset at which the log begins.
        start: i64,
    },
    /// The target does not take a record, and that ends the landing.
    Rejected {
        /// The partition.
        partition: Partition,
        /// The record's offset.
        offset: i64,
        /// What the target says.
        reason: String,
    },
    /// The thread that writes is gone.
    WriterGone,
}

impl std::error::Error for LandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Feed(fault) | Self::Target(fault) => fault.source(),
            _ => None,
        }
    }
}

impl fmt::Display for LandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain().fmt(f)
    }
}

impl Explain for LandError {
    fn explain(&self) -> Fault {
        match self {
            Self::Feed(fault) | Self::Target(fault) => fault.clone(),
            Self::AnotherTopic { topic, expected, found } => {
                let what = format!(
                    "the topic was made anew while it was read (its id was {}, and is {}); what was read since the \
                     last batch is not landed",
                    id(expected),
                    id(found)
                );
                Fault::new(topic.as_str(), what).help(phrase![
                    @"ledger",
                    " restart lands the new topic from its beginning; ",
                    @"ledger",
                    " adopt with ",
                    @"at",
                    " says where to go on"
                ])
            }
            Self::AnotherLog { partition, landed, .. } => {
                let found = format!(
                    "at offset {} stands another record than the one that was landed last",
                    landed.offset
                );
                another_log(partition, &found)
            }
            Self::Shorter { partition, next, end } => another_log(
                partition,
                &format!("it ends at offset {end}, and {next} comes next by the ledger"),
            ),
            Self::Gap { partition, next, start } => {
                let what = format!(
                    "{} records at most are gone (the log begins at offset {start}, and {next} comes next by the ledger)",
                    start - next
                );
                Fault::new(partition.to_string(), what)
                    .help(phrase![@"ledger", " accept-gap goes on at the log's beginning"])
            }
            Self::Rejected { partition, offset, reason } => {
                let what = format!(
                    "the target does not take this record ({reason}); nothing of its batch is landed"
                );
                Fault::new(format!("{partition} at offset {offset}"), what).help(phrase![
                    @"on-error", " skip ", @"rejects", " FILE goes round such records"
                ])
            }
            Self::WriterGone => Fault::new("", "the thread that writes to the target is gone"),
        }
    }
}

/// The partition's log has not what was landed of it.
fn another_log(partition: &Partition, found: &str) -> Fault {
    Fault::new(partition.to_string(), format!("the log is another one than before ({found})")).help(phrase![
        @"ledger", " restart lands it from its beginning; ", @"ledger", " adopt with ", @"at",
        " says where to go on"
    ])
}

fn id(id: &TopicId) -> String {
    let Some(id) = id else { return "unknown".into() };
    id.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
