//! From "the last ten" and "until noon" to offsets.

use std::time::Duration;

use kadence_core::clock::{Clock, Stop};
use kadence_core::record::Timestamp;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::{Offset, TopicPartitionList};

use super::ClientConsumer;
use super::options::{StartAt, StopAt};
use crate::contact::Client;
use crate::error::{ClientCode, KafkaError};
use crate::options::Resolved;
use crate::words::described;

/// Where a partition's reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Never,
    /// Before this offset, up to which the log was written before the first record was fetched.
    Written(i64),
    /// Before this offset, which the log may not have reached.
    Before(i64),
    /// Before the first record this old or younger, none of which is there yet.
    At(Timestamp),
}

/// The offsets of a partition's log, by its leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) earliest: i64,
    /// Where the next record will be.
    pub(super) next: i64,
}

impl End {
    /// The offset before which to stop, where that is known.
    pub(super) fn offset(self) -> Option<i64> {
        match self {
            Self::Written(end) | Self::Before(end) => Some(end),
            Self::Never | Self::At(_) => None,
        }
    }
}

/// Asks the leaders.
pub(crate) struct Leaders<'a> {
    pub(crate) consumer: &'a ClientConsumer,
    pub(crate) resolved: &'a Resolved,
    pub(crate) topic: &'a str,
    pub(crate) stop: &'a Stop,
    pub(crate) clock: &'a dyn Clock,
    /// Whether polling may bring a record, which nobody here would pass on.
    pub(crate) is_assigned: bool,
}

impl Leaders<'_> {
    pub(super) fn log(&self, partition: i32) -> Result<Log, KafkaError> {
        self.ask(|at_most| self.consumer.fetch_watermarks(self.topic, partition, at_most))
            .map(|(earliest, next)| Log { earliest, next })
    }

    /// The first offset with a record as young as `timestamp`, if there is one.
    pub(super) fn offset_at(&self, partition: i32, timestamp: Timestamp) -> Result<Option<i64>, KafkaError> {
        let found = self.ask(|at_most| {
            let mut wanted = TopicPartitionList::new();
            wanted.add_partition_offset(self.topic, partition, Offset::Offset(ceil_millis(timestamp)))?;
            self.consumer.offsets_for_times(wanted, at_most)
        })?;
        let offset = found.find_partition(self.topic, partition).map(|found| found.offset());
        Ok(match offset {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        })
    }

    /// A leader may be moving or starting; it is asked again as long as there is patience.
    fn ask<T>(&self, request: impl Fn(Duration) -> Result<T, ClientError>) -> Result<T, KafkaError> {
        let clock = self.clock;
        let (patience, _) = self.resolved.patience();
        let deadline = clock.now() + patience;
        loop {
            let left = deadline.saturating_sub(clock.now()).max(Duration::from_millis(1));
            match request(left) {
                Ok(answer) => return Ok(answer),
                Err(error) if clock.now() >= deadline => {
                    let code = error.rdkafka_error_code();
                    let what = code.map_or_else(|| error.to_string(), described);
                    let what = format!("its offsets cannot be asked for ({what})");
                    let help = "check that the partition's leader is up";
                    return Err(KafkaError::topic(self.topic, what, help).coded(code.map(ClientCode)));
                }
                Err(_) if !self.is_assigned => self.consumer.listen(Duration::ZERO),
                Err(_) => {}
            }
            if self.stop.wait(Duration::from_millis(50)) {
                return Err(KafkaError::Interrupted { place: format!("topic {}", self.topic) });
            }
        }
    }

    /// The offset that `from` means.
    pub(crate) fn start(&self, partition: i32, from: StartAt) -> Result<i64, KafkaError> {
        self.start_in(self.log(partition)?, partition, from)
    }

    /// The offset that `from` means in a log as it was a moment ago.
    pub(super) fn start_in(&self, log: Log, partition: i32, from: StartAt) -> Result<i64, KafkaError> {
        Ok(match from {
            StartAt::Beginning => log.earliest,
            StartAt::End => log.next,
            StartAt::Last(records) => log.next.saturating_sub(records.max(0)).max(log.earliest),
            StartAt::Offset(offset) => check_offset(self.topic, partition, offset, log)?,
            StartAt::At(timestamp) => self.offset_at(partition, timestamp)?.unwrap_or(log.next),
        })
    }

    /// Where `until` is, by a log as it was a moment ago.
    pub(super) fn end_in(&self, log: Log, partition: i32, until: StopAt) -> Result<End, KafkaError> {
        Ok(match until {
            StopAt::Never => End::Never,
            StopAt::End => End::Written(log.next),
            StopAt::Offset(offset) if offset <= log.next => End::Written(offset),
            StopAt::Offset(offset) => End::Before(offset),
            StopAt::At(timestamp) => match self.offset_at(partition, timestamp)? {
                Some(offset) => End::Written(offset),
                None if timestamp <= self.clock.wall() => End::Written(log.next),
                None => End::At(timestamp),
            },
        })
    }
}

fn check_offset(topic: &str, partition: i32, offset: i64, log: Log) -> Result<i64, KafkaError> {
    if (log.earliest..=log.next).contains(&offset) {
        return Ok(offset);
    }
    let found = if log.earliest == log.next {
        format!("the partition is empty and goes on at {}", log.next)
    } else {
        format!("there are {} to {}", log.earliest, log.next - 1)
    };
    Err(KafkaError::Offset {
        topic: topic.to_owned(),
        partition,
        what: format!("no offset {offset} ({found})"),
        help: "use beginning, end, or an offset in between".into(),
    })
}

/// Kafka's timestamps are whole milliseconds: the first that is not before `timestamp`.
pub(super) fn ceil_millis(timestamp: Timestamp) -> i64 {
    let millis = timestamp.as_millis();
    millis + i64::from(timestamp.as_nanos() > millis.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_out_of_range_names_the_range() {
        let log = Log { earliest: 3, next: 10 };
        for inside in [3, 9, 10] {
            assert_eq!(check_offset("t", 0, inside, log).unwrap(), inside);
        }
        assert_eq!(
            check_offset("t", 2, 11, log).unwrap_err().to_string(),
            "t[2]: no offset 11 (there are 3 to 9); use beginning, end, or an offset in between"
        );
        let empty = Log { earliest: 4, next: 4 };
        assert!(
            check_offset("t", 0, 0, empty).unwrap_err().to_string().contains("is empty and goes on at 4")
        );
    }

    #[test]
    fn a_time_within_a_millisecond_means_the_next_one() {
        let at = |nanos| ceil_millis(Timestamp::from_nanos(nanos));
        assert_eq!([at(0), at(1), at(1_000_000), at(-1)], [0, 1, 1, 0]);
    }
}
