//! Why a broker does not start.

use crate::{directory::DirectoryError, storage_error::StorageError};
use std::{io, net::SocketAddr, time::Duration};

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BrokerError {
    #[error("broker: no address to listen on")]
    NoAddress,
    #[error("broker: cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("broker: cannot listen on {address}, which this broker has by its listener {other} already")]
    Overlap { address: SocketAddr, other: SocketAddr },
    #[error(
        "broker: group.min.session.timeout.ms={} is above group.max.session.timeout.ms={}",
        least.as_millis(),
        most.as_millis()
    )]
    SessionTimeouts { least: Duration, most: Duration },
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("broker: its journal cannot be written")]
    Journal,
    #[error("broker: the offsets of its groups take more memory than they may; raise the memory limit")]
    Offsets,
    #[error("broker: the journal has topic {name} as {what}")]
    Topic { name: String, what: String },
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("broker: cannot start its threads")]
    Threads { source: io::Error },
}
