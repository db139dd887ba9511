use super::*;
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;
use uuid::Uuid;

fn path(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("journal")
}

fn offset(topic: &str, partition: i32, offset: i64) -> Offset {
    Offset { topic: topic.to_owned(), partition, offset, leader_epoch: -1, metadata: String::new() }
}

fn producer(epoch: i16) -> Producer {
    Producer { id: 7, epoch, last_id: -1, last_epoch: -1, timeout_ms: 60_000 }
}

/// An event over few names, so that events meet.
fn event() -> impl Strategy<Value = Event> {
    let topic = (0..3_u128).prop_map(Uuid::from_u128);
    let name = (0..3_u8).prop_map(|n| format!("n{n}"));
    let offsets = proptest::collection::vec(
        (0..3_u8, 0..3_i32, 0..9_i64).prop_map(|(t, p, o)| offset(&format!("n{t}"), p, o)),
        0..4,
    );
    prop_oneof![
        (topic.clone(), 1..4_i32).prop_map(|(id, partitions)| Event::Topic {
            id,
            name: format!("n{}", id.as_u128()),
            partitions,
            config: [("retention.ms".to_owned(), partitions.to_string())].into(),
        }),
        topic.clone().prop_map(|id| Event::TopicDeleted { id }),
        topic.clone().prop_map(|id| Event::TopicRemoved { id }),
        (topic.clone(), 0..3_i32, 0..9_i64).prop_map(|(topic, partition, offset)| Event::LogStart {
            topic,
            partition,
            offset
        }),
        (0..9_i64).prop_map(|below| Event::ProducerIds { below }),
        (name.clone(), offsets.clone()).prop_map(|(group, offsets)| Event::Offsets { group, offsets }),
        (name.clone(), 0..3_i32)
            .prop_map(|(name, p)| Event::OffsetsDeleted { group: name.clone(), partitions: vec![(name, p)] }),
        name.clone().prop_map(|group| Event::GroupDeleted { group }),
        (name.clone(), 0..5_i16).prop_map(|(id, e)| Event::Transactional {
            id,
            producer: producer(e),
            ended: [None, Some(true), Some(false)][e as usize % 3]
        }),
        (name.clone(), 0..9_i64, topic, 0..3_i32).prop_map(|(id, since_ms, topic, partition)| {
            Event::Joined { id, since_ms, partitions: vec![(topic, partition)] }
        }),
        (name.clone(), 0..9_i64, name.clone()).prop_map(|(id, since_ms, group)| Event::JoinedGroup {
            id,
            since_ms,
            group
        }),
        (name.clone(), name.clone(), offsets).prop_map(|(id, group, offsets)| Event::PendingOffsets {
            id,
            group,
            offsets
        }),
        (name.clone(), any::<bool>(), 0..5_i16).prop_map(|(id, commit, epoch)| Event::Decided {
            id,
            commit,
            epoch,
            ends: vec![(Uuid::from_u128(5), 3, 7)]
        }),
        name.clone().prop_map(|id| Event::Ended { id }),
        name.prop_map(|id| Event::TransactionalDeleted { id }),
    ]
}

fn fold(events: &[Event]) -> State {
    let mut state = State::default();
    events.iter().cloned().for_each(|event| state.apply(event));
    state
}

proptest! {
    #[test]
    fn a_state_is_the_same_written_anew(events in proptest::collection::vec(event(), 0..60)) {
        let state = fold(&events);
        prop_assert_eq!(fold(&state.events()), state);
    }

    /// A file cut anywhere comes to what its whole lines say.
    #[test]
    fn a_torn_tail_is_cut_off(
        batches in proptest::collection::vec(proptest::collection::vec(event(), 1..4), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let dir = TempDir::new().unwrap();
        let (journal, _) = Journal::open(&path(&dir), false, None).unwrap();
        let mut states = vec![(0, State::default())];
        for batch in &batches {
            journal.write(batch).unwrap();
            let mut state = states.last().unwrap().1.clone();
            batch.iter().cloned().for_each(|event| state.apply(event));
            states.push((fs::metadata(path(&dir)).unwrap().len(), state));
        }
        let len = cut.index(states.last().unwrap().0 as usize + 1) as u64;
        fs::OpenOptions::new().write(true).open(path(&dir)).unwrap().set_len(len).unwrap();
        let (journal, state) = Journal::open(&path(&dir), false, None).unwrap();
        let expected = &states.iter().rfind(|(at, _)| *at <= len).unwrap().1;
        prop_assert_eq!(&state, expected);
        journal.write(&batches[0]).unwrap();
        let mut next = state;
        batches[0].iter().cloned().for_each(|event| next.apply(event));
        prop_assert_eq!(Journal::open(&path(&dir), false, None).unwrap().1, next);
    }
}

#[test]
fn a_grown_journal_is_written_anew() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = Journal::open(&path(&dir), false, None).unwrap();
    let commit = |at| Event::Offsets {
        group: "g".to_owned(),
        offsets: (0..500).map(|partition| offset("a-topic", partition, at)).collect(),
    };
    let mut most = 0;
    for at in 0..400 {
        journal.write(&[commit(at)]).unwrap();
        most = most.max(fs::metadata(path(&dir)).unwrap().len());
    }
    assert!(most < 5 << 20, "{most}");
    let state = Journal::open(&path(&dir), false, None).unwrap().1;
    assert_eq!(state, fold(&[commit(399)]));
    assert!(fs::metadata(path(&dir)).unwrap().len() < 2 << 20);
}

#[test]
fn damage_before_whole_lines_is_refused() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = Journal::open(&path(&dir), false, None).unwrap();
    for below in 1..4 {
        journal.write(&[Event::ProducerIds { below }]).unwrap();
    }
    let mut bytes = fs::read(path(&dir)).unwrap();
    let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 20;
    bytes[second] ^= 1;
    fs::write(path(&dir), &bytes).unwrap();
    let error = Journal::open(&path(&dir), false, None).unwrap_err().to_string();
    assert!(error.contains("line 2 is damaged"), "{error}");
    assert_eq!(fs::read(path(&dir)).unwrap(), bytes, "the file is left as it is");
}

#[test]
fn a_later_format_is_refused() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = Journal::open(&path(&dir), false, None).unwrap();
    journal.write(&[Event::Cluster { format: 99, id: "x".to_owned() }]).unwrap();
    let error = Journal::open(&path(&dir), false, None).unwrap_err().to_string();
    assert!(error.contains("later version"), "{error}");
}
