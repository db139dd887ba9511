//! The contract of a sink.

use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::record::Facts;
use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_core::sink::Sink;

/// A sink, and how to look at what reached its other side.
pub trait SinkUnderTest {
    /// The sink.
    fn sink(&mut self) -> &mut dyn Sink;

    /// What has arrived since it was made, in order; `None` where nobody can look.
    fn arrived(&mut self) -> Option<Vec<Arrived>>;
}

/// A record at the other side of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Its key, if it has one.
    pub key: Option<Vec<u8>>,
    /// Its body.
    pub body: Vec<u8>,
    /// Its timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: i64,
}

/// When the records are handed over: a tenth of a millisecond before a full one, which must not be rounded up to.
const HANDED_OVER: Timestamp = Timestamp::from_nanos(1_617_967_896_287_900_000);
/// How long a contract waits for room or for acknowledgements, over and over, before it gives up.
const PATIENCE: Duration = Duration::from_millis(20);
const MOST_WAITS: usize = 1_500;

/// Checks that the sinks that `make` makes keep to what [`Sink`] promises. Each starts with nothing at its other
/// side, which keeps the order of all records (a topic of one partition, say).
pub fn sink<S: SinkUnderTest>(mut make: impl FnMut() -> S) {
    nothing_in_nothing_out(&mut make());
    everything_arrives_once_and_in_order(&mut make());
    bytes_and_keys_arrive_as_they_are(&mut make());
    an_empty_slice_is_no_record(&mut make());
    the_buffer_is_free_after_accept(&mut make());
    deliveries_never_exceed_what_was_accepted(&mut make());
    waiting_for_room_ends(&mut make());
    a_flush_is_no_end(&mut make());
    a_raised_stop_ends_a_flush(&mut make());
    many_records_in_uneven_slices(&mut make());
}

type Content<'a> = (Option<&'a [u8]>, &'a [u8]);

fn run_of<'a>(records: impl IntoIterator<Item = Content<'a>>) -> Run {
    let mut run = Run::new(1 << 30, usize::MAX);
    for (key, body) in records {
        let mut draft = run.draft();
        if let Some(key) = key {
            draft.bytes().extend_from_slice(key);
            draft.end_key();
        }
        draft.bytes().extend_from_slice(body);
        draft.finish(Facts::default());
    }
    run
}

/// Hands over all of `run` as the pipeline does, `at_once` records a slice.
fn hand_over(sink: &mut dyn Sink, run: &Run, at_once: usize) {
    let (mut next, mut waits) = (0, 0);
    while next < run.len() {
        let end = run.len().min(next + at_once);
        let accepted =
            sink.accept(&run.slice(next..end, &[], HANDED_OVER)).expect("a good sink takes records");
        assert!(accepted <= end - next, "{accepted} of {} accepted", end - next);
        next += accepted;
        if accepted == 0 {
            waits += 1;
            assert!(waits < MOST_WAITS, "no room since record {next}");
            sink.wait_for_room(PATIENCE).expect("a good sink finds room");
        } else {
            waits = 0;
        }
    }
}

fn start(under_test: &mut impl SinkUnderTest) -> &mut dyn Sink {
    let sink = under_test.sink();
    sink.begin(Duration::ZERO);
    sink
}

fn flush(sink: &mut dyn Sink) {
    sink.flush(&Stop::new()).expect("a good sink flushes");
}

fn nothing_in_nothing_out(under_test: &mut impl SinkUnderTest) {
    let sink = start(under_test);
    flush(sink);
    let deliveries = sink.deliveries();
    assert_eq!((deliveries.acknowledged, deliveries.failed, deliveries.bytes), (0, 0, 0), "{deliveries:?}");
    assert!(deliveries.first_failure.is_none(), "{deliveries:?}");
    assert!(under_test.arrived().unwrap_or_default().is_empty(), "nothing was sent");
}

fn everything_arrives_once_and_in_order(under_test: &mut impl SinkUnderTest) {
    let bodies: Vec<String> = (0..1_000).map(|n| format!("{{\"n\":{n}}}")).collect();
    let run = run_of(bodies.iter().map(|body| (None, body.as_bytes())));
    let sink = start(under_test);
    hand_over(sink, &run, 100);
    flush(sink);
    let deliveries = sink.deliveries();
    assert_eq!((deliveries.acknowledged, deliveries.failed), (1_000, 0), "{deliveries:?}");
    assert_eq!(deliveries.bytes, bodies.iter().map(String::len).sum::<usize>() as u64, "keys and bodies");
    assert!(deliveries.first_failure.is_none(), "{deliveries:?}");
    let by_partition: u64 = deliveries.topics.values().flat_map(|partitions| partitions.values()).sum();
    assert!(deliveries.topics.is_empty() || by_partition == 1_000, "{deliveries:?}");
    assert!([0, 1_000].contains(&deliveries.arrival_lateness.count()), "{deliveries:?}");
    let Some(arrived) = under_test.arrived() else { return };
    let found: Vec<_> = arrived.iter().map(|record| String::from_utf8_lossy(&record.body)).collect();
    assert_eq!(found, bodies);
    assert!(
        arrived.iter().all(|record| record.timestamp_ms == HANDED_OVER.as_millis()),
        "the timestamp is the hand-over instant, rounded down: {:?}",
        arrived[0]
    );
}

fn bytes_and_keys_arrive_as_they_are(under_test: &mut impl SinkUnderTest) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let long = vec![b'x'; 200_000];
    let contents: [Content<'_>; 7] = [
        (None, b"no key"),
        (Some(b""), b"an empty key is a key"),
        (Some(b"no body is an empty body"), b""),
        (None, b""),
        (Some(&every_byte), &every_byte),
        (Some(b"long"), &long),
        (Some(b"last"), b"\n\r\n"),
    ];
    let sink = start(under_test);
    hand_over(sink, &run_of(contents), 3);
    flush(sink);
    let bytes: usize = contents.iter().map(|(key, body)| key.map_or(0, <[u8]>::len) + body.len()).sum();
    assert_eq!(sink.deliveries().bytes, bytes as u64, "the bytes of keys and bodies");
    let Some(arrived) = under_test.arrived() else { return };
    let found: Vec<Content<'_>> =
        arrived.iter().map(|record| (record.key.as_deref(), record.body.as_slice())).collect();
    assert!(
        found == contents,
        "{} records, keys {:?}",
        found.len(),
        found.iter().map(|r| r.0).collect::<Vec<_>>()
    );
}

fn an_empty_slice_is_no_record(under_test: &mut impl SinkUnderTest) {
    let sink = start(under_test);
    let run = run_of([]);
    assert_eq!(sink.accept(&run.slice(0..0, &[], HANDED_OVER)).expect("nothing fails"), 0);
    flush(sink);
    assert_eq!(sink.deliveries().acknowledged, 0);
}

fn the_buffer_is_free_after_accept(under_test: &mut impl SinkUnderTest) {
    let mut run = run_of([(Some(&b"first"[..]), &b"first body"[..])]);
    let sink = start(under_test);
    hand_over(sink, &run, 1);
    run.clear();
    let mut draft = run.draft();
    draft.bytes().extend_from_slice(b"XXXXXYYYYYYYYYYYY");
    draft.finish(Facts::default());
    flush(sink);
    let Some(arrived) = under_test.arrived() else { return };
    assert_eq!(arrived[0].body, b"first body", "a sink keeps nothing of the run");
}

fn deliveries_never_exceed_what_was_accepted(under_test: &mut impl SinkUnderTest) {
    let run = run_of((0..50).map(|_| (None, &b"body"[..])));
    let sink = start(under_test);
    let mut before = 0;
    for first in 0..run.len() {
        let mut waits = 0;
        while sink.accept(&run.slice(first..first + 1, &[], HANDED_OVER)).expect("a good sink takes records")
            == 0
        {
            waits += 1;
            assert!(waits < MOST_WAITS, "no room since record {first}");
            sink.wait_for_room(PATIENCE).expect("a good sink finds room");
        }
        let deliveries = sink.deliveries();
        let done = deliveries.acknowledged + deliveries.failed;
        assert!((before..=first as u64 + 1).contains(&done), "{done} of {} accepted are done", first + 1);
        before = done;
    }
    flush(sink);
    assert_eq!(sink.deliveries().acknowledged, 50);
}

fn waiting_for_room_ends(under_test: &mut impl SinkUnderTest) {
    let sink = start(under_test);
    for _ in 0..3 {
        sink.wait_for_room(Duration::ZERO).expect("a good sink has room");
        sink.wait_for_room(Duration::from_millis(1)).expect("a good sink has room");
    }
}

fn a_flush_is_no_end(under_test: &mut impl SinkUnderTest) {
    let run = run_of((0..3).map(|_| (None, &b"body"[..])));
    let sink = start(under_test);
    for round in 1..=3 {
        hand_over(sink, &run, 3);
        flush(sink);
        flush(sink);
        assert_eq!(sink.deliveries().acknowledged, round * 3, "all are acknowledged after a flush");
    }
}

/// Whether an error says that records are left or not: it comes back, and a later flush finishes the work.
fn a_raised_stop_ends_a_flush(under_test: &mut impl SinkUnderTest) {
    let run = run_of((0..10).map(|_| (None, &b"body"[..])));
    let stop = Stop::new();
    stop.raise();
    let sink = start(under_test);
    hand_over(sink, &run, 10);
    drop(sink.flush(&stop));
    let deliveries = sink.deliveries();
    assert!(deliveries.acknowledged + deliveries.failed <= 10, "{deliveries:?}");
}

fn many_records_in_uneven_slices(under_test: &mut impl SinkUnderTest) {
    let bodies: Vec<Vec<u8>> = (0..20_000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    let sink = start(under_test);
    let mut rest = &bodies[..];
    for at_once in [1, 7, 64, 1_024, 5_000].into_iter().cycle() {
        let (part, later) = rest.split_at(rest.len().min(3_000));
        hand_over(sink, &run_of(part.iter().map(|body| (Some(&body[3..]), &body[..]))), at_once);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    flush(sink);
    assert_eq!(sink.deliveries().acknowledged, 20_000);
    let Some(arrived) = under_test.arrived() else { return };
    assert!(
        arrived.iter().map(|record| &record.body).eq(&bodies),
        "{} records, or out of order",
        arrived.len()
    );
}
