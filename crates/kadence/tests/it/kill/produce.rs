//! Kills while producers wait for acknowledgements.

use kadence_kafka::{Admin, Connection};
use tempfile::TempDir;

use super::victim::Victim;
use super::writers::{PARTITIONS, Writers};
use super::{kills, wait_until};

/// New acknowledgements between two kills.
const BETWEEN: u64 = 1_000;

#[test]
#[ignore = "needs a number of kills in KADENCE_TEST_KILLS"]
fn what_was_acknowledged_is_there_once_and_in_order() {
    let folder = TempDir::new().unwrap();
    let mut victim = Victim::start(folder.path());
    create(&victim.address, "written", PARTITIONS);
    let mut writers = Writers::start(&victim.address, "written");
    let kills = kills();
    for _ in 0..kills {
        let before = writers.count();
        wait_until("a thousand acknowledgements, and more to come", || {
            writers.count() >= before + BETWEEN && writers.wait_for_answers()
        });
        victim.restart();
    }
    writers.finish();
    let found = writers.check(&victim.address);
    assert_eq!(found as u64, writers.count(), "records there, and acknowledged");
    victim.restart();
    assert_eq!(writers.check(&victim.address), found, "after one more kill, with nobody writing");
    println!("{kills} kills, {found} records acknowledged: all there, once, in order");
}

pub(super) fn create(address: &str, topic: &str, partitions: i32) {
    let admin = Admin::connect(&Connection::to(address)).unwrap();
    // Small segments, so that there are finished ones.
    let settings = [("segment.bytes".to_owned(), "1048576".to_owned())];
    admin.create(topic, Some(partitions), Some(1), &settings).unwrap();
}
