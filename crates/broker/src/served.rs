//! The APIs that are served, and how often each was asked for.

use kafka_protocol::messages::ApiKey;
use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The APIs of a node, in the order of the table that answers them.
#[derive(Debug, Default)]
pub(crate) struct Served(Vec<Row>);

/// An API, and how often each of its versions was asked for.
#[derive(Debug)]
struct Row {
    key: ApiKey,
    versions: RangeInclusive<i16>,
    asked: Vec<AtomicU64>,
}

impl Served {
    /// These APIs, none of which was asked for yet.
    pub(crate) fn new(apis: impl Iterator<Item = (ApiKey, RangeInclusive<i16>)>) -> Self {
        let row = |(key, versions): (ApiKey, RangeInclusive<i16>)| {
            let asked = versions.clone().map(|_| AtomicU64::new(0)).collect();
            Row { key, versions, asked }
        };
        Self(apis.map(row).collect())
    }

    /// Each API with its versions.
    pub(crate) fn apis(&self) -> impl Iterator<Item = (ApiKey, RangeInclusive<i16>)> {
        self.0.iter().map(|row| (row.key, row.versions.clone()))
    }

    /// Counts a request for the API in this row of the table, in a version counted from the row's first.
    pub(crate) fn count(&self, row: usize, version: i16) {
        let asked = usize::try_from(version).ok().and_then(|version| self.0.get(row)?.asked.get(version));
        if let Some(asked) = asked {
            asked.fetch_add(1, Relaxed);
        }
    }

    /// Each version of each API with the number of its requests.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (ApiKey, i16, u64)> {
        self.0.iter().flat_map(|row| {
            let asked = row.asked.iter().map(|asked| asked.load(Relaxed));
            row.versions.clone().zip(asked).map(|(version, asked)| (row.key, version, asked))
        })
    }
}
