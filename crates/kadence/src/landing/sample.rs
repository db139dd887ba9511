//! The first records, and what would be done with them.

use std::time::Duration;

use kadence_core::feed::{Event, Feed as _};
use kadence_core::record::Facts;
use kadence_core::run::Run;
use kadence_core::target::{Batch, Part};
use kadence_store::Preview;

use super::start::partitions;
use super::{Control, Landing};
use crate::fault::Error;

/// How many records are looked at, and how many rows are shown.
const RECORDS: usize = 1_000;
const ROWS: usize = 10;
/// How long more records are waited for.
const PATIENCE: Duration = Duration::from_secs(2);
const PERIOD: Duration = Duration::from_millis(50);

impl Landing {
    pub(super) fn look_ahead(&self, control: &Control) -> Result<Option<Preview>, Error> {
        let mut store = self.store(&control.listener)?;
        store.look_only();
        store.connect().map_err(|error| Error::from(*error.fault))?;
        let Some(mut feed) = self.look(control)? else { return Ok(None) };
        let Some(given) = partitions(&mut feed, &control.stop)? else { return Ok(None) };
        let mut starts = Vec::with_capacity(given.len());
        for partition in &given {
            starts.push((partition.clone(), feed.origin(partition)?));
        }
        feed.begin(&starts)?;
        let part = |partition| Part { partition, epoch: 0, expected: None, next: 0, mark: None };
        let parts: Vec<Part> = given.into_iter().map(part).collect();
        let topics = feed.topics().to_vec();
        let mut sample = Run::new(usize::MAX, RECORDS);
        let until = control.clock.now() + PATIENCE;
        while sample.has_room() && control.clock.now() < until && !control.stop.is_raised() {
            match feed.next(PERIOD)? {
                Event::Records(run) => {
                    for record in run.records() {
                        let topic = topics.get(record.facts.lane as usize);
                        let is_from = |part: &Part| {
                            Some(&part.partition.topic) == topic
                                && Some(part.partition.index) == record.facts.partition
                        };
                        if let Some(lane) = parts.iter().position(is_from).filter(|_| sample.has_room()) {
                            sample.push(&record, Facts { lane: lane as u32, ..record.facts });
                        }
                    }
                }
                Event::Finished => break,
                _ => {}
            }
        }
        if sample.is_empty() {
            return Ok(None);
        }
        let batch = Batch { parts: &parts, records: &sample };
        Ok(Some(store.preview(&batch, ROWS).map_err(|error| Error::from(*error.fault))?))
    }
}
