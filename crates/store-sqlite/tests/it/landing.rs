//! Whole landings from a cluster in memory, with workers that die.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use kadence_land::memory::{MemoryCluster, MemoryFeed, MemoryFeedOptions, MemoryRecord, Protocol};
use kadence_land::{Ended, Options, land};
use kadence_store::LandingOptions;

use crate::support::{File, options};

#[test]
fn each_record_lands_once_over_several_landings() {
    let clock = Arc::new(SystemClock);
    let cluster = MemoryCluster::new(clock, Protocol::Eager, Duration::from_secs(10));
    cluster.make_topic("records", 3);
    let file = File::new();
    let mut number = 0_i64;
    for round in 1..=4 {
        for index in 0..3 {
            for _ in 0..500 {
                let body = format!(r#"{{"id":{number}}}"#).into_bytes();
                cluster.append(
                    "records",
                    index,
                    Some(MemoryRecord { body: Some(body), ..MemoryRecord::default() }),
                );
                number += 1;
            }
        }
        let feed =
            MemoryFeed::join(&cluster, MemoryFeedOptions { until_end: true, ..MemoryFeedOptions::default() });
        let target = file.target(LandingOptions { lineage: true, ..options() });
        let options = Options { batch_records: 70, ..Options::default() };
        let (outcome, feed) = land(feed, target, options, &SystemClock, &Stop::new(), Arc::default());
        feed.leave();
        assert!(matches!(outcome.ended, Ended::Finished), "{outcome:?}");
        assert_eq!(outcome.landed, 1_500, "round {round}");
    }
    let counts =
        "SELECT count(*), count(DISTINCT id), count(DISTINCT _partition || ' ' || _offset) FROM rows";
    assert_eq!(file.rows(counts), ["6000 6000 6000"]);
}
