//! Partitions given, held back, lost and left, by the feed that a landing reads. Each test runs against the embedded
//! broker, and against a real Kafka where there is one.

use std::sync::Arc;
use std::time::Duration;

use kadence_broker::{Broker, Options};
use kadence_core::clock::{Clock, Stop, SystemClock};
use kadence_core::feed::{Event, Feed, Mark, Partition};
use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_kafka::{
    Admin, Connection, ProducerOptions, ReaderOptions, StartAt, StopAt, TopicFeed, TopicSink,
};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::{LONG, Sent, send};

const SHORT: Duration = Duration::from_millis(20);

/// A cluster with a topic `t` of four partitions.
struct Place {
    connection: Connection,
    topic: String,
    _broker: Option<Broker>,
}

impl Place {
    fn embedded() -> Self {
        let broker = Broker::start(Options::default()).unwrap();
        let connection = Connection::to(broker.addresses()[0].to_string());
        Self { connection, topic: "t".into(), _broker: Some(broker) }.with_topic()
    }

    fn kafka(test: &str) -> Self {
        let connection = Connection::to(kadence_testing::kafka::addresses()[0].clone());
        let topic = format!("feed-{test}-{}", SystemClock.wall().as_nanos());
        Self { connection, topic, _broker: None }.with_topic()
    }

    fn with_topic(self) -> Self {
        self.create(&self.topic);
        self
    }

    fn create(&self, topic: &str) {
        Admin::connect(&self.connection).unwrap().create(topic, Some(4), Some(1), &[]).unwrap();
        let deadline = SystemClock.now() + LONG;
        let is_there = || {
            Admin::connect(&self.connection).unwrap().describe(&[topic]).is_ok_and(|found| {
                found.iter().all(|(_, outcome)| {
                    outcome.as_ref().is_ok_and(|it| it.partitions.iter().all(|p| p.leader.is_some()))
                })
            })
        };
        while !is_there() {
            assert!(SystemClock.now() < deadline, "{topic} is not there");
        }
    }

    fn delete(&self, topic: &str) {
        Admin::connect(&self.connection).unwrap().delete(&[topic]).unwrap().remove(0).1.unwrap();
    }

    fn options(&self, strategy: &str) -> ReaderOptions {
        let mut connection = self.connection.clone();
        for (name, value) in [
            ("partition.assignment.strategy", strategy),
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "200"),
        ] {
            connection.properties.push((name.into(), value.into()));
        }
        ReaderOptions {
            connection,
            topics: vec![self.topic.clone()],
            group: Some(format!("of-{}", self.topic)),
            ..ReaderOptions::default()
        }
    }

    /// A record in each of the four partitions.
    fn fill(&self, topic: &str, body: &str) {
        let options = ProducerOptions {
            connection: self.connection.clone(),
            topic: topic.into(),
            ..ProducerOptions::default()
        };
        let mut sink = TopicSink::open(&options, Arc::new(SystemClock), Arc::new(Stop::new())).unwrap();
        // Of Java's hash: these keys go to partitions 0 to 3 in some order, some of them twice.
        let keys: Vec<String> = (0..24).map(|number| number.to_string()).collect();
        let records: Vec<Sent<'_>> =
            keys.iter().map(|key| (Some(key.as_str()), body.as_bytes(), 1_000)).collect();
        send(&mut sink, &records).unwrap();
    }

    fn committed(&self, group: &str, partition: i32) -> Option<i64> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.connection.brokers.as_deref().unwrap())
            .set("group.id", group)
            .create()
            .unwrap();
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition(&self.topic, partition);
        match consumer.committed_offsets(wanted, LONG).unwrap().elements()[0].offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }
    }
}

fn feed(options: &ReaderOptions) -> TopicFeed {
    let stop = Arc::new(Stop::new());
    TopicFeed::open(options, Arc::new(SystemClock), stop, |text| panic!("{text}")).unwrap().unwrap()
}

/// What a feed has told, kept.
#[derive(Default)]
struct Seen {
    given: Vec<Partition>,
    taken: Vec<Partition>,
    lost: Vec<Partition>,
    bodies: Vec<String>,
    is_finished: bool,
}

impl Seen {
    /// Takes what comes next, and begins what is given at its origin.
    fn step(&mut self, feed: &mut TopicFeed) {
        let mut starts = Vec::new();
        match feed.next(SHORT).unwrap() {
            Event::Given(partitions) => starts = partitions,
            Event::Taken(partitions) => self.taken.extend(partitions),
            Event::Lost(partitions) => {
                self.given.retain(|partition| !partitions.contains(partition));
                self.lost.extend(partitions);
            }
            Event::Records(run) => self.bodies.extend(bodies(run)),
            Event::Finished => self.is_finished = true,
            Event::End { .. } | Event::Nothing => {}
        }
        if !starts.is_empty() {
            let starts: Vec<(Partition, i64)> =
                starts.into_iter().map(|it| (it.clone(), feed.origin(&it).unwrap())).collect();
            feed.begin(&starts).unwrap();
            self.given.extend(starts.into_iter().map(|(partition, _)| partition));
        }
    }
}

fn bodies(run: &Run) -> impl Iterator<Item = String> {
    run.records().map(|record| String::from_utf8_lossy(record.body.unwrap_or_default()).into_owned())
}

#[track_caller]
fn eventually(mut feeds: Vec<(&mut TopicFeed, &mut Seen)>, is_so: impl Fn(&[&Seen]) -> bool) {
    let deadline = SystemClock.now() + LONG;
    loop {
        let seen: Vec<&Seen> = feeds.iter().map(|(_, seen)| &**seen).collect();
        if is_so(&seen) {
            return;
        }
        assert!(SystemClock.now() < deadline, "it does not come to be");
        for (feed, seen) in &mut feeds {
            seen.step(feed);
        }
    }
}

/// What a group takes stays ours until it is let go of: commits are taken, the coordinator confirms, and nobody else
/// has it.
fn partitions_are_held_back(place: &Place) {
    for (strategy, moving) in [("range", 4), ("cooperative-sticky", 2)] {
        let group = Some(format!("{strategy}-{}", place.topic));
        let options = ReaderOptions { group, ..place.options(strategy) };
        let (mut one, mut of_one) = (feed(&options), Seen::default());
        eventually(vec![(&mut one, &mut of_one)], |seen| seen[0].given.len() == 4);
        let (mut two, mut of_two) = (feed(&options), Seen::default());
        eventually(vec![(&mut one, &mut of_one), (&mut two, &mut of_two)], |seen| !seen[0].taken.is_empty());
        assert_eq!(of_one.taken.len(), moving, "{strategy}");
        let held_since = SystemClock.now();
        while SystemClock.now().saturating_sub(held_since) < Duration::from_millis(2_500) {
            of_one.step(&mut one);
            of_two.step(&mut two);
        }
        assert!(of_two.given.is_empty(), "{strategy}: {:?}", of_two.given);
        assert!(of_one.lost.is_empty(), "{strategy}");
        let taken = of_one.taken.clone();
        assert!(one.owns(&taken).unwrap(), "{strategy}");
        one.release(&taken).unwrap();
        assert!(!one.owns(&taken).unwrap(), "{strategy}");
        eventually(vec![(&mut one, &mut of_one), (&mut two, &mut of_two)], |seen| seen[1].given.len() == 2);
        let given = of_two.given.clone();
        assert!(two.owns(&given).unwrap(), "{strategy}");
    }
}

/// Who holds back for longer than the group waits is told that it has lost what it holds, though librdkafka does not
/// say so.
fn what_is_held_back_too_long_is_lost(place: &Place) {
    let mut options = place.options("range");
    options.connection.properties.push(("max.poll.interval.ms".into(), "6000".into()));
    let (mut one, mut of_one) = (feed(&options), Seen::default());
    eventually(vec![(&mut one, &mut of_one)], |seen| seen[0].given.len() == 4);
    let (mut two, mut of_two) = (feed(&options), Seen::default());
    eventually(vec![(&mut one, &mut of_one), (&mut two, &mut of_two)], |seen| !seen[0].lost.is_empty());
    assert_eq!((of_one.taken.len(), of_one.lost.len()), (4, 4));
    eventually(vec![(&mut one, &mut of_one), (&mut two, &mut of_two)], |seen| {
        !seen[0].given.is_empty() || !seen[1].taken.is_empty()
    });
}

/// A static member that is closed leaves its group, so that its partitions wait for nobody: even one that is closed
/// before the group has heard of it.
fn a_static_member_leaves(place: &Place) {
    let mut options = place.options("cooperative-sticky");
    options.connection.properties.retain(|(name, _)| name != "session.timeout.ms");
    options.connection.properties.push(("session.timeout.ms".into(), "30000".into()));
    let named = |name: &str| ReaderOptions { instance: Some(name.into()), ..options.clone() };
    let (mut one, mut of_one) = (feed(&named("one")), Seen::default());
    eventually(vec![(&mut one, &mut of_one)], |seen| seen[0].given.len() == 4);
    let joining = feed(&named("joining"));
    let leaves = std::thread::spawn(move || drop(joining));
    eventually(vec![(&mut one, &mut of_one)], |_| leaves.is_finished());
    drop(one);
    let began = SystemClock.now();
    let (mut two, mut of_two) = (feed(&named("two")), Seen::default());
    eventually(vec![(&mut two, &mut of_two)], |seen| seen[0].given.len() == 4);
    let took = SystemClock.now().saturating_sub(began);
    assert!(took < Duration::from_secs(15), "{took:?}");
}

/// A topic that is made anew is lost and given, with another id; what was fetched of it before that is not handed on.
fn a_topic_made_anew_is_given_anew(place: &Place) {
    let options = ReaderOptions { group: None, ..place.options("range") };
    let (mut feed, mut seen) = (feed(&options), Seen::default());
    place.fill(&place.topic, "old");
    eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].bodies.len() == 24);
    let old = feed.topic_id(&place.topic).unwrap();
    place.delete(&place.topic);
    place.create(&place.topic);
    place.fill(&place.topic, "new");
    place.fill(&place.topic, "new");
    eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].bodies.len() >= 72);
    assert_eq!(seen.lost.len(), 4);
    assert_eq!(seen.bodies.len(), 72, "{:?}", seen.bodies);
    assert!(seen.bodies[24..].iter().all(|body| body == "new"));
    let new = feed.topic_id(&place.topic).unwrap();
    assert!(old != new && seen.given.iter().all(|partition| partition.id == new));
}

/// Several topics have a lane each; a record is found again by its mark, and positions are shown to the group.
fn topics_are_lanes_and_records_have_marks(place: &Place) {
    let other = format!("{}-other", place.topic);
    place.create(&other);
    place.fill(&place.topic, "one");
    place.fill(&other, "two");
    let topics = vec![format!("^{}.*", place.topic)];
    let options =
        ReaderOptions { topics, until: StopAt::End, from: StartAt::Beginning, ..place.options("range") };
    for group in [None, options.group.clone()] {
        let options = ReaderOptions { group: group.clone(), ..options.clone() };
        let (mut feed, mut seen) = (feed(&options), Seen::default());
        eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].is_finished);
        assert_eq!((seen.given.len(), seen.bodies.len()), (8, 48), "{group:?}");
        let mut names: Vec<&str> = feed.topics().iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        assert_eq!(names, [place.topic.as_str(), other.as_str()]);
        let partition = seen.given.iter().find(|it| *it.topic == *place.topic).unwrap().clone();
        let span = feed.span(&partition).unwrap();
        assert!(span.start == 0 && span.end > 0);
        let Mark { offset, timestamp, .. } = feed.mark(&partition, 0).unwrap().unwrap();
        assert_eq!((offset, timestamp.map(Timestamp::as_millis)), (0, Some(1_000)));
        assert_eq!(feed.mark(&partition, span.end).unwrap(), None);
        if let Some(group) = group {
            feed.note(&[(partition.clone(), 1)]);
            let deadline = SystemClock.now() + LONG;
            while place.committed(&group, partition.index) != Some(1) {
                assert!(SystemClock.now() < deadline, "it is not shown");
                let _ = feed.next(SHORT).unwrap();
            }
        }
    }
}

/// What is paused gives nothing, and goes on where it was.
fn what_is_paused_waits(place: &Place) {
    let options = ReaderOptions { group: None, ..place.options("range") };
    let (mut feed, mut seen) = (feed(&options), Seen::default());
    eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].given.len() == 4);
    feed.pause().unwrap();
    place.fill(&place.topic, "a");
    for _ in 0..25 {
        seen.step(&mut feed);
    }
    assert!(seen.bodies.is_empty());
    feed.resume().unwrap();
    eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].bodies.len() == 24);
}

/// Time goes by a hundred times as fast.
struct Hasty;

impl Clock for Hasty {
    fn now(&self) -> Duration {
        SystemClock.now() * 100
    }

    fn wall(&self) -> Timestamp {
        SystemClock.wall()
    }

    fn sleep_until(&self, deadline: Duration, stop: &Stop) {
        SystemClock.sleep_until(deadline / 100, stop);
    }
}

/// However long that takes: a target that is down is no fault of the partition's leader.
fn what_is_paused_does_not_stand_still(place: &Place) {
    let options = ReaderOptions { group: None, limit: Some(1_000), ..place.options("range") };
    place.fill(&place.topic, "a");
    let stop = Arc::new(Stop::new());
    let feed = TopicFeed::open(&options, Arc::new(Hasty), stop, |text| panic!("{text}")).unwrap();
    let (mut feed, mut seen) = (feed.unwrap(), Seen::default());
    eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].given.len() == 4);
    feed.pause().unwrap();
    let read = seen.bodies.len();
    let until = SystemClock.now() + Duration::from_secs(1);
    while SystemClock.now() < until {
        seen.step(&mut feed);
    }
    assert_eq!(seen.bodies.len(), read);
    feed.resume().unwrap();
    eventually(vec![(&mut feed, &mut seen)], |seen| seen[0].bodies.len() == 24);
}

/// Each of these, against either broker.
macro_rules! against_both {
    ($($test:ident),* $(,)?) => {
        mod embedded {
            $(#[test]
            fn $test() {
                super::$test(&super::Place::embedded());
            })*
        }
        mod kafka {
            $(#[test]
            #[ignore = "needs a real Kafka at KADENCE_TEST_KAFKA"]
            fn $test() {
                super::$test(&super::Place::kafka(stringify!($test)));
            })*
        }
    };
}

against_both! {
    partitions_are_held_back,
    what_is_held_back_too_long_is_lost,
    a_static_member_leaves,
    a_topic_made_anew_is_given_anew,
    topics_are_lanes_and_records_have_marks,
    what_is_paused_waits,
    what_is_paused_does_not_stand_still,
}
