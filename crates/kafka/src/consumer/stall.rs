//! Whether partitions stand still, and why.
//!
//! librdkafka tries a fetch that fails again and again. Some faults it tells, without the partition; others it takes
//! for passing and keeps to itself, but for a line in its debug log. So where no record comes, that log is turned on
//! for as long as it takes to hear why. Turned off it costs next to nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;

use super::bounds::End;
use super::fault::LASTING;
use super::source::Source;
use crate::contact::{Client as _, TopicState, described, topic_state};
use crate::error::KafkaError;
use crate::ffi;

/// A partition without a record for this long is listened to.
const QUIET: Duration = Duration::from_secs(1);
/// While others have records, it is listened to for so long, and then not for so long: each fetch is a line or two.
const LISTEN: Duration = Duration::from_millis(2_500);
const REST: Duration = Duration::from_secs(5);
/// A fault that may pass is said when it has lasted so long, and ends a bounded run when it has lasted so long.
const SAID_AFTER: Duration = Duration::from_millis(2_500);
const ENDS_AFTER: Duration = Duration::from_secs(6);
/// A fault that is not heard of again is over: after this, and twice the time between two fetches that fail.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);
/// How long it takes to hear which partition an error is about.
const HEARD_AFTER: Duration = Duration::from_secs(2);
/// Where nothing is heard, the leader is asked after so long, and again after so long.
const ASKED_AFTER: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Records of other partitions hide that a partition's own are still to be handed out, but not for this long.
const HIDDEN: Duration = Duration::from_secs(30);
/// How many polls go by between two looks where records keep coming.
const LOOK_EVERY: u32 = 4_096;

/// How a partition is getting on.
#[derive(Debug)]
struct Progress {
    /// The offset that comes next.
    next: i64,
    /// Since when.
    since: Duration,
    /// Since when the fault has been heard of, and what it is.
    fault: Option<(Duration, String)>,
    /// The fault that was said last.
    said: Option<String>,
    /// When the leader was asked last.
    asked_at: Duration,
}

/// Watches over the partitions of a reader.
#[derive(Debug)]
pub(super) struct Stalls {
    /// Whether the reading has an end, which a fault that stays would put off for ever.
    is_bounded: bool,
    partitions: BTreeMap<i32, Progress>,
    /// Ends that librdkafka has told, by partition.
    ends: BTreeMap<i32, i64>,
    /// How many failing fetches were heard of up to the last one of a partition, and when that was seen.
    heard: BTreeMap<i32, (u64, Duration)>,
    is_listening: bool,
    /// When listening began or ended.
    turned_at: Duration,
    /// When there was nothing to hand out.
    drained_at: Duration,
    is_drained: bool,
    polls: u32,
}

impl Stalls {
    pub(super) fn new(is_bounded: bool) -> Self {
        Self {
            is_bounded,
            partitions: BTreeMap::new(),
            ends: BTreeMap::new(),
            heard: BTreeMap::new(),
            is_listening: false,
            turned_at: Duration::ZERO,
            drained_at: Duration::ZERO,
            is_drained: false,
            polls: 1,
        }
    }

    /// The log of `partition` ends at `offset` for now.
    pub(super) fn reached_end(&mut self, partition: i32, offset: i64) {
        self.ends.insert(partition, offset);
    }

    /// Whether there was nothing to hand out the last time.
    pub(super) fn polled(&mut self, is_drained: bool) {
        self.polls = self.polls.wrapping_add(1);
        self.is_drained = is_drained;
    }

    /// Looks after the partitions, now and then. An error is what ends the reading.
    pub(super) fn look(
        &mut self,
        source: &Source,
        open: &BTreeMap<i32, End>,
        next_offsets: &BTreeMap<i32, i64>,
    ) -> Result<(), KafkaError> {
        if !self.is_drained && !self.polls.is_multiple_of(LOOK_EVERY) {
            return Ok(());
        }
        let now = Source::now();
        if self.is_drained {
            self.drained_at = now;
        }
        self.follow(source, open, next_offsets, now);
        self.listen(source, now);
        let standing: Vec<i32> = self
            .partitions
            .iter()
            .filter(|(_, progress)| now.saturating_sub(progress.since) >= QUIET)
            .map(|(&partition, _)| partition)
            .collect();
        standing.into_iter().try_for_each(|partition| self.judge(source, partition, now))
    }

    /// Takes note of how far each partition has come.
    fn follow(
        &mut self,
        source: &Source,
        open: &BTreeMap<i32, End>,
        next_offsets: &BTreeMap<i32, i64>,
        now: Duration,
    ) {
        self.partitions.retain(|partition, _| open.contains_key(partition));
        for partition in open.keys() {
            let next = next_offsets.get(partition).copied().unwrap_or_default();
            let progress = self.partitions.entry(*partition).or_insert_with(|| Progress::at(next, now));
            if progress.next != next {
                *progress = Progress::at(next, now);
                source.consumer.context().forget_fault(*partition);
            }
        }
    }

    /// Turns librdkafka's log on where a partition stands still, and off again.
    fn listen(&mut self, source: &Source, now: Duration) {
        let quiet =
            self.partitions.values().filter(|progress| now.saturating_sub(progress.since) >= QUIET).count();
        let turned = now.saturating_sub(self.turned_at);
        let has_fault = self.partitions.values().any(|progress| progress.fault.is_some());
        let shall_listen = match quiet {
            0 => false,
            _ if has_fault => true,
            _ if quiet == self.partitions.len() => true,
            _ if self.is_listening => turned < LISTEN,
            _ => turned >= REST,
        };
        if shall_listen != self.is_listening {
            self.is_listening = shall_listen;
            self.turned_at = now;
            source.listen_to_fetches(shall_listen);
        }
    }

    /// Says what holds up `partition`, if anything does, and whether that ends the reading.
    fn judge(&mut self, source: &Source, partition: i32, now: Duration) -> Result<(), KafkaError> {
        let is_at_end = |next: i64| self.ends.get(&partition) == Some(&next);
        let mut what = fault_of(&mut self.heard, source, partition, now);
        let Some(progress) = self.partitions.get_mut(&partition) else { return Ok(()) };
        if what.is_none() && !is_at_end(progress.next) {
            let quiet = now.saturating_sub(progress.since);
            if quiet >= ASKED_AFTER && now.saturating_sub(progress.asked_at) >= ASKED_AFTER {
                progress.asked_at = Source::now();
                what = source.ask_why(partition, progress.next)?;
            } else {
                // What the leader said holds until it is asked again.
                what = progress.fault.as_ref().map(|(_, what)| what.clone());
            }
        }
        let Some(what) = what else {
            progress.fault = None;
            return Ok(());
        };
        let since = match &progress.fault {
            Some((since, earlier)) if *earlier == what => *since,
            _ => now,
        };
        progress.fault = Some((since, what.clone()));
        let lasted = now.saturating_sub(since);
        if self.drained_at < since && lasted < HIDDEN {
            return Ok(());
        }
        let is_lasting = LASTING.iter().any(|code| described(*code) == what);
        if (is_lasting && lasted >= SAID_AFTER) || (self.is_bounded && lasted >= ENDS_AFTER) {
            return Err(source.unreadable(partition, progress.next, &what));
        }
        if lasted >= SAID_AFTER && progress.said.as_ref() != Some(&what) {
            let topic = &source.topic;
            let next = progress.next;
            tracing::warn!(
                "{topic}[{partition}]: offset {next} cannot be read for now ({what}); trying again"
            );
            progress.said = Some(what);
        }
        Ok(())
    }

    /// Which partition an error is about that came without one, if that can be told: it has records to be read, and
    /// it is the only one, or the log names it.
    pub(super) fn find(
        &mut self,
        source: &Source,
        open: &BTreeMap<i32, End>,
        next_offsets: &BTreeMap<i32, i64>,
        code: Code,
    ) -> Option<i32> {
        let what = described(code);
        let is_behind = |partition: &&i32| self.ends.get(partition) != next_offsets.get(partition);
        let behind: Vec<i32> = open.keys().filter(is_behind).copied().collect();
        if let [partition] = behind[..] {
            return Some(partition);
        }
        self.is_listening = true;
        source.listen_to_fetches(true);
        let deadline = Source::now() + HEARD_AFTER;
        loop {
            let now = Source::now();
            let heard = &mut self.heard;
            let found = behind
                .iter()
                .find(|&&partition| fault_of(heard, source, partition, now).as_ref() == Some(&what))
                .copied();
            if found.is_some() || now >= deadline || source.stop.is_raised() {
                return found;
            }
            // What is heard comes with the records. Those are not handed out any more, and remain to be read.
            let _ = source.consumer.poll(LOOK_AGAIN);
        }
    }
}

impl Progress {
    fn at(next: i64, now: Duration) -> Self {
        Self { next, since: now, fault: None, said: None, asked_at: now }
    }
}

/// Why fetching `partition` fails, if it does so now.
fn fault_of(
    heard: &mut BTreeMap<i32, (u64, Duration)>,
    source: &Source,
    partition: i32,
    now: Duration,
) -> Option<String> {
    let between = source.resolved.properties.number("fetch.error.backoff.ms").unwrap_or(500);
    let fresh = FORGOTTEN_AFTER + Duration::from_millis(between) * 2;
    let (count, what) = source.consumer.context().fault_of(partition)?;
    let seen = heard.entry(partition).or_insert((count, now));
    if seen.0 != count {
        *seen = (count, now);
    }
    (now.saturating_sub(seen.1) < fresh).then_some(what)
}

impl Source {
    /// Has librdkafka say what becomes of each fetch, or no longer.
    pub(super) fn listen_to_fetches(&self, shall_listen: bool) {
        // Whoever asked for debug lines has them all the time.
        if self.resolved.properties.is_given("debug") {
            return;
        }
        let level = if shall_listen { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info };
        ffi::set_log_level(self.consumer.client(), level);
    }

    /// Why nothing comes of `partition`, by the cluster's own word; `None` where that is no answer, or nothing is
    /// amiss.
    fn ask_why(&self, partition: i32, next: i64) -> Result<Option<String>, KafkaError> {
        let Ok(metadata) = self.consumer.metadata(Some(&self.topic), ANSWER) else { return Ok(None) };
        match topic_state(&metadata, &self.topic) {
            TopicState::Refused(code) => return Err(crate::contact::refused_topic(&self.topic, code)),
            // librdkafka sees that for itself, and says so.
            TopicState::Absent => return Ok(None),
            TopicState::Electing { .. } | TopicState::Ready { .. } => {}
        }
        let topic = metadata.topics().iter().find(|topic| topic.name() == self.topic);
        let found = topic.and_then(|topic| topic.partitions().iter().find(|found| found.id() == partition));
        match found {
            None => return Ok(Some("the partition is gone".to_owned())),
            Some(found) if found.leader() < 0 => return Ok(Some("the partition has no leader".to_owned())),
            Some(_) => {}
        }
        Ok(match self.consumer.fetch_watermarks(&self.topic, partition, ANSWER) {
            Ok((_, end)) if end > next => {
                Some(format!("its leader sends nothing, though the log goes to {}", end - 1))
            }
            // A leader that does not answer is waited for, as one that is gone is.
            Ok(_) => None,
            Err(error) => match error.rdkafka_error_code() {
                None
                | Some(Code::OperationTimedOut | Code::RequestTimedOut | Code::BrokerTransportFailure) => {
                    None
                }
                Some(code) => Some(described(code)),
            },
        })
    }

    /// Records that cannot be read. `what` is librdkafka's description, or an own one.
    pub(super) fn unreadable(&self, partition: i32, next: i64, what: &str) -> KafkaError {
        let lasting = LASTING.iter().find(|code| described(**code) == what);
        let what = match lasting {
            Some(Code::BadCompression) => "the batch there does not decompress",
            Some(Code::BadMessage | Code::InvalidMessage | Code::InvalidRecord) => {
                "the batch there is damaged"
            }
            Some(Code::NotImplemented | Code::UnsupportedCompressionType) => {
                "the batch there has a compression or a format that this client does not know"
            }
            _ if what == described(Code::Underflow) => "the batch there ends too early",
            _ => what,
        };
        let topic = &self.topic;
        let way = match self.resolved.properties.get("group.id") {
            Some(group) if self.resolved.properties.is_given("group.id") => format!(
                "kadence groups reset {group} -t {topic} --partition {partition} --to OFFSET goes on behind it"
            ),
            _ => "--from OFFSET reads on behind it".to_owned(),
        };
        let help = if lasting.is_some() { way } else { format!("see the broker's log; {way}") };
        KafkaError::Offset {
            topic: topic.clone(),
            partition,
            what: format!("offset {next} cannot be read ({what})"),
            help,
        }
    }
}
