//! Why a broker does not start.

use crate::{directory::DirectoryError, explanation::Explanation, storage_error::StorageError};
use std::{io, net::SocketAddr, time::Duration};

/// Why a broker did not start.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.explain())]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum BrokerError {
    NoAddress,
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    Overlap {
        address: SocketAddr,
        other: SocketAddr,
    },
    SessionTimeouts {
        least: Duration,
        most: Duration,
    },
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    Journal,
    Offsets,
    Topic {
        name: String,
        what: String,
    },
    #[error(transparent)]
    Storage(#[from] StorageError),
    Threads {
        source: io::Error,
    },
}

impl BrokerError {
    /// Where, what, and what to do.
    pub fn explain(&self) -> Explanation {
        let (what, help) = match self {
            Self::Directory(error) => return error.explain(),
            Self::Storage(error) => return error.explain(),
            Self::NoAddress => ("no address to listen on".to_owned(), ""),
            Self::Listen { address, .. } => (format!("cannot listen on {address}"), ""),
            Self::Overlap { address, other } => (
                format!("cannot listen on {address}, which this broker has by its listener {other} already"),
                "",
            ),
            Self::SessionTimeouts { least, most } => (
                format!(
                    "group.min.session.timeout.ms={} is above group.max.session.timeout.ms={}",
                    least.as_millis(),
                    most.as_millis()
                ),
                "",
            ),
            Self::Journal => ("its journal cannot be written".to_owned(), ""),
            Self::Offsets => (
                "the offsets of its groups take more memory than they may".to_owned(),
                "raise the memory limit",
            ),
            Self::Topic { name, what } => (format!("the journal has topic {name} as {what}"), ""),
            Self::Threads { .. } => ("cannot start its threads".to_owned(), ""),
        };
        Explanation::new("broker", what, help)
    }
}
