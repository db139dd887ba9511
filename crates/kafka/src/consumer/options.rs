//! What a reader is asked for, and the librdkafka properties that follow.

use std::time::Duration;

use kadence_core::fault::{Fault, Phrase};
use kadence_core::phrase;
use kadence_core::record::Timestamp;

use super::names::misnamed;
use crate::options::{Connection, Resolved};
use crate::properties::{Origin, Properties};

/// A place to start at, in each partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartAt {
    /// At the earliest record that is still there.
    #[default]
    Beginning,
    /// Behind the last record.
    End,
    /// At this offset, which has to be there or be the next to be written.
    Offset(i64),
    /// This many offsets before the end, or at the beginning if there are fewer.
    Last(i64),
    /// At the first record with this timestamp or a later one.
    At(Timestamp),
}

/// A place to stop at, in each partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopAt {
    /// Nowhere.
    #[default]
    Never,
    /// At the end as it was when reading began.
    End,
    /// Before this offset.
    Offset(i64),
    /// Before the first record with this timestamp or a later one; where there is none and the time has passed, at
    /// the end.
    At(Timestamp),
}

/// Everything about reading topics.
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    /// Where the cluster is.
    pub connection: Connection,
    /// The topics to read; one that begins with `^` is a regular expression, and means all that match.
    pub topics: Vec<String>,
    /// The partitions to read, in each topic; all without any. A group has its own way.
    pub partitions: Vec<i32>,
    /// The group to read in: its members share the partitions and go on where the group has come to.
    pub group: Option<String>,
    /// The name by which the group knows this member again when it comes back, within its session.
    pub instance: Option<String>,
    /// Where to start; in a group, where it has committed nothing, and only at the beginning or the end.
    pub from: StartAt,
    /// Where to stop.
    pub until: StopAt,
    /// Whether the reading has an end that `until` does not tell, such as a number of records: what keeps it from
    /// that end for good is then an error, too.
    pub is_limited: bool,
    /// Whether nobody looks at headers. Looking for them costs a tenth of reading short records, also where there are
    /// none.
    pub skips_headers: bool,
    /// What is read is to count once: transactions that were aborted are not read, and nobody but the reader's owner
    /// says what is committed.
    pub is_exactly_once: bool,
    /// How many bytes the client may fetch ahead; 64 MiB without it.
    pub fetch_ahead: Option<usize>,
}

/// What the client fetches ahead unless somebody says otherwise.
const FETCH_AHEAD: usize = 64 * 1024 * 1024;
/// What an answer holds of one partition at most, by librdkafka's default; no answer may hold less.
const MOST_OF_A_PARTITION: usize = 1024 * 1024;

impl ReaderOptions {
    /// Looks for faults without connecting; all are reported together. Returns what the user should know, a line each.
    pub fn check(&self) -> Result<Vec<Phrase>, Vec<Fault>> {
        self.resolve().map(|resolved| resolved.notices)
    }

    /// Whether the reading ends by itself.
    pub(crate) fn has_end(&self) -> bool {
        self.is_limited || self.until != StopAt::Never
    }

    /// How often what is done is committed, by properties as they were given; `None` for never.
    pub(super) fn commit_every(properties: &Properties) -> Option<Duration> {
        let millis = properties.number("auto.commit.interval.ms").unwrap_or(5_000).max(1);
        (!properties.is_false("enable.auto.commit")).then(|| Duration::from_millis(millis))
    }

    pub(crate) fn resolve(&self) -> Result<Resolved, Vec<Fault>> {
        let (mut resolved, mut faults) = self.connection.resolve_what_can_be();
        faults.extend(self.topics.iter().filter_map(|topic| misnamed(topic)));
        let properties = &mut resolved.properties;
        if self.is_exactly_once {
            check_exactly_once(properties, &mut faults);
        }
        if let Some(group) = &self.group {
            properties.set("group.id", group, Origin::Option("group", ""));
            self.check_group(group, properties, &mut faults);
            // Ours is to be told when the log has lost a place, whatever a file says for programs without one.
            properties.set("auto.offset.reset", "error", Origin::Override);
            if let Some(instance) = &self.instance {
                properties.set("group.instance.id", instance, Origin::Override);
            }
        }
        if faults.is_empty() {
            self.apply_tuning(properties);
            Ok(resolved)
        } else {
            Err(faults)
        }
    }

    fn apply_tuning(&self, properties: &mut Properties) {
        if self.is_exactly_once {
            properties.preset("isolation.level", "read_committed");
        }
        // librdkafka assigns partitions only to a client with a group, even one that neither joins nor commits.
        properties.preset("group.id", "kadence");
        properties.preset("enable.auto.commit", if self.group.is_some() { "true" } else { "false" });
        properties.preset("enable.auto.offset.store", "false");
        properties.preset("auto.offset.reset", "error");
        properties.preset("check.crcs", "true");
        // With a full queue the next fetch waits this long; the default of a second throttles a fast reader.
        properties.preset("fetch.queue.backoff.ms", "5");
        properties.preset("queued.min.messages", "100000");
        let ahead = self.fetch_ahead.unwrap_or(FETCH_AHEAD).max(1024 * 1024);
        properties.preset("queued.max.messages.kbytes", (ahead / 1024).to_string());
        if self.fetch_ahead.is_some() {
            // An answer is in memory whole, beside what is queued.
            properties.preset("fetch.max.bytes", (ahead / 2).max(MOST_OF_A_PARTITION).to_string());
        }
        // What it says of fetches that fail; heard only while partitions stand still.
        match properties.get("debug").map(|given| format!("{given},fetch")) {
            Some(more) => properties.set("debug", more, Origin::Override),
            None => properties.preset("debug", "fetch"),
        }
        // The ends of partitions are how a bounded read finds its own.
        properties.set("enable.partition.eof", "true", Origin::Override);
    }

    fn check_group(&self, group: &str, properties: &Properties, faults: &mut Vec<Fault>) {
        if group.is_empty() {
            let empty = Fault::new(phrase![@"group"], "the name is empty").help("give the group a name");
            faults.push(empty.misuse());
        }
        if !matches!(self.from, StartAt::Beginning | StartAt::End) {
            let what = phrase!["a group goes on where it has come to; ", @"from", " takes beginning or end"];
            let mut help = phrase!["move the group with ", !"groups reset", " ", group];
            for topic in &self.topics {
                help.add(" ").option("topic").add(" ").add(topic);
            }
            help.add(" ").option("to").add(" …");
            faults.push(Fault::new(phrase![@"group"], what).help(help).misuse());
        }
        let mut with = |name: &str, what: &str, help: Phrase| {
            let place = phrase![@"group", " and ", properties.as_given(name)];
            faults.push(Fault::new(place, what).help(help).misuse());
        };
        if properties.get("group.id") != Some(group) {
            with("group.id", "both name a group", "leave one of them out".into());
        }
        if properties.is_given("enable.auto.offset.store") && !properties.is_false("enable.auto.offset.store")
        {
            with("enable.auto.offset.store", "only what was passed on is committed", "leave it out".into());
        }
        let reset = properties.get("auto.offset.reset").map(|reset| match reset {
            "smallest" | "earliest" | "beginning" => Some(StartAt::Beginning),
            "largest" | "latest" | "end" => Some(StartAt::End),
            _ => None,
        });
        if reset.is_some_and(|reset| reset != Some(self.from)) {
            let help = phrase!["use ", @"from", " beginning or ", @"from", " end alone"];
            with("auto.offset.reset", "they start elsewhere", help);
        }
    }
}

/// Refuses what would have records counted that were never committed, or committed by somebody else.
fn check_exactly_once(properties: &Properties, faults: &mut Vec<Fault>) {
    let refused = [
        ("isolation.level", Some("read_committed"), "records of aborted transactions would be read as well"),
        ("enable.auto.commit", Some("false"), "the client would commit what is not landed"),
        ("enable.auto.offset.store", Some("false"), "the client would commit what is not landed"),
        ("group.id", None, "the ledger has the group's name, so that each database has a group of its own"),
        ("group.instance.id", None, "each worker has a name of its own"),
    ];
    for (name, good, what) in refused {
        if properties.is_given(name) && (good.is_none() || properties.get(name) != good) {
            faults.push(Fault::new(properties.as_given(name), what).help("leave it out").misuse());
        }
    }
}
