//! Whether partitions stand still, and why.
//!
//! librdkafka tries a fetch that fails again and again. Some faults it tells, without the partition; others it takes
//! for passing and keeps to itself, but for a line in its debug log. So where no record comes, that log is turned on
//! for as long as it takes to hear why. Turned off it costs next to nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use kadence_core::feed::Partition;
use kadence_core::phrase;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;

use super::cluster::Cluster;
use super::fault::LASTING;
use super::group::reset;
use super::places::{Places, Spot};
use super::slot::Slot;
use crate::contact::{Client as _, TopicState, refused_topic, topic_state};
use crate::error::{ClientCode, KafkaError};
use crate::ffi;
use crate::words::described;

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
/// Where nothing is heard, the leader is asked after so long, and again after so long.
const ASKED_AFTER: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// Records of other partitions hide that a partition's own are still to be handed out, but not for this long.
const HIDDEN: Duration = Duration::from_secs(30);
/// How many runs of records go by between two looks where they keep coming.
const LOOK_EVERY: u32 = 4;

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
    partitions: BTreeMap<Spot, Progress>,
    /// Ends that librdkafka has told, by partition.
    ends: BTreeMap<Spot, i64>,
    /// How many failing fetches were heard of up to the last one of a partition, and when that was seen.
    heard: BTreeMap<Spot, (u64, Duration)>,
    is_listening: bool,
    /// When listening began or ended.
    turned_at: Duration,
    /// When there was nothing to hand out.
    drained_at: Duration,
    is_drained: bool,
    runs: u32,
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
            runs: 1,
        }
    }

    /// The log there ends at `offset` for now.
    pub(super) fn reached_end(&mut self, spot: Spot, offset: i64) {
        self.ends.insert(spot, offset);
    }

    /// Forgets how long partitions have stood still: reading stops, and goes on later.
    pub(super) fn begin_anew(&mut self, cluster: &Cluster) {
        self.partitions.clear();
        if std::mem::replace(&mut self.is_listening, false) {
            self.turned_at = cluster.now();
            cluster.listen_to_fetches(false);
        }
    }

    /// Whether there was nothing to hand out the last time.
    pub(super) fn polled(&mut self, is_drained: bool) {
        self.runs = self.runs.wrapping_add(1);
        self.is_drained = is_drained;
    }

    /// Looks after the partitions, now and then. An error is what ends the reading.
    pub(super) fn look(&mut self, cluster: &Cluster, slots: &Places<Slot>) -> Result<(), KafkaError> {
        if !self.is_drained && !self.runs.is_multiple_of(LOOK_EVERY) {
            return Ok(());
        }
        let now = cluster.now();
        if self.is_drained {
            self.drained_at = now;
        }
        self.follow(cluster, slots, now);
        self.listen(cluster, now);
        let is_standing = |spot: &Spot| {
            self.partitions.get(spot).is_some_and(|progress| now.saturating_sub(progress.since) >= QUIET)
        };
        let standing: Vec<(Spot, &Slot)> = slots.iter().filter(|(spot, _)| is_standing(spot)).collect();
        standing.into_iter().try_for_each(|(spot, slot)| self.judge(cluster, spot, &slot.partition, now))
    }

    /// Takes note of how far each partition has come.
    fn follow(&mut self, cluster: &Cluster, slots: &Places<Slot>, now: Duration) {
        self.partitions.retain(|spot, _| slots.get(*spot).is_some_and(Slot::is_open));
        for (spot, slot) in slots.iter().filter(|(_, slot)| slot.is_open()) {
            let progress = self.partitions.entry(spot).or_insert_with(|| Progress::at(slot.next, now));
            if progress.next != slot.next {
                *progress = Progress::at(slot.next, now);
                let partition = &slot.partition;
                cluster.consumer.context().forget_fault((partition.topic.to_string(), partition.index));
            }
        }
    }

    /// Turns librdkafka's log on where a partition stands still, and off again.
    fn listen(&mut self, cluster: &Cluster, now: Duration) {
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
            cluster.listen_to_fetches(shall_listen);
        }
    }

    /// Says what holds up a partition, if anything does, and whether that ends the reading.
    fn judge(
        &mut self,
        cluster: &Cluster,
        spot: Spot,
        partition: &Partition,
        now: Duration,
    ) -> Result<(), KafkaError> {
        let is_at_end = |next: i64| self.ends.get(&spot) == Some(&next);
        let mut what = fault_of(&mut self.heard, cluster, spot, partition, now);
        let Some(progress) = self.partitions.get_mut(&spot) else { return Ok(()) };
        if what.is_none() && !is_at_end(progress.next) {
            let quiet = now.saturating_sub(progress.since);
            if quiet >= ASKED_AFTER && now.saturating_sub(progress.asked_at) >= ASKED_AFTER {
                progress.asked_at = cluster.now();
                what = cluster.ask_why(partition, progress.next)?;
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
            return Err(cluster.unreadable(partition, progress.next, &what));
        }
        if lasted >= SAID_AFTER && progress.said.as_ref() != Some(&what) {
            let next = progress.next;
            tracing::warn!("{partition}: offset {next} cannot be read for now ({what}); trying again");
            progress.said = Some(what);
        }
        Ok(())
    }
}

impl Progress {
    fn at(next: i64, now: Duration) -> Self {
        Self { next, since: now, fault: None, said: None, asked_at: now }
    }
}

/// Why fetching there fails, if it does so now.
fn fault_of(
    heard: &mut BTreeMap<Spot, (u64, Duration)>,
    cluster: &Cluster,
    spot: Spot,
    partition: &Partition,
    now: Duration,
) -> Option<String> {
    let between = cluster.resolved.properties.number("fetch.error.backoff.ms").unwrap_or(500);
    let fresh = FORGOTTEN_AFTER + Duration::from_millis(between) * 2;
    let place = (partition.topic.to_string(), partition.index);
    let (count, what) = cluster.consumer.context().fault_of(&place)?;
    let seen = heard.entry(spot).or_insert((count, now));
    if seen.0 != count {
        *seen = (count, now);
    }
    (now.saturating_sub(seen.1) < fresh).then_some(what)
}

impl Cluster {
    /// Has librdkafka say what becomes of each fetch, or no longer.
    fn listen_to_fetches(&self, shall_listen: bool) {
        // Whoever asked for debug lines has them all the time.
        if self.resolved.properties.is_given("debug") {
            return;
        }
        let level = if shall_listen { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info };
        ffi::set_log_level(self.consumer.client(), level);
    }

    /// Why nothing comes of a partition, by the cluster's own word; `None` where that is no answer, or nothing is
    /// amiss.
    fn ask_why(&self, partition: &Partition, next: i64) -> Result<Option<String>, KafkaError> {
        let (topic, index) = (&*partition.topic, partition.index);
        let Ok(metadata) = self.consumer.metadata(Some(topic), ANSWER) else { return Ok(None) };
        match topic_state(&metadata, topic) {
            TopicState::Refused(code) => return Err(refused_topic(topic, code)),
            // librdkafka sees that for itself, and says so.
            TopicState::Absent => return Ok(None),
            TopicState::Electing { .. } | TopicState::Ready { .. } => {}
        }
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        let found = found.and_then(|topic| topic.partitions().iter().find(|found| found.id() == index));
        match found {
            None => return Ok(Some("the partition is gone".to_owned())),
            Some(found) if found.leader() < 0 => return Ok(Some("the partition has no leader".to_owned())),
            Some(_) => {}
        }
        Ok(match self.consumer.fetch_watermarks(topic, index, ANSWER) {
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
    pub(super) fn unreadable(&self, partition: &Partition, next: i64, what: &str) -> KafkaError {
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
        let (topic, index) = (&partition.topic, partition.index);
        let way = match self.resolved.properties.get("group.id") {
            _ if self.has_ledger => phrase![
                @"ledger", " adopt ", @"at", format!(" {topic}/{index}=OFFSET goes on behind it")
            ],
            Some(group) if self.resolved.properties.is_given("group.id") => {
                phrase![reset(group, partition), " OFFSET goes on behind it"]
            }
            _ => phrase![@"from", " OFFSET reads on behind it"],
        };
        let help = if lasting.is_some() { way } else { phrase!["see the broker's log; ", way] };
        KafkaError::Offset {
            topic: topic.to_string(),
            partition: index,
            what: format!("offset {next} cannot be read ({what})"),
            help,
        }
        .coded(lasting.map(|code| ClientCode(*code)))
    }
}
