//! What a reader's options come to: their faults, or the librdkafka properties that follow.

use kadence_core::fault::{Fault, Phrase};
use kadence_core::phrase;

use super::names::misnamed;
use super::options::{ReaderOptions, StartAt};
use super::range;
use crate::options::Resolved;
use crate::properties::{Origin, Properties};

/// What the client fetches ahead unless somebody says otherwise.
const FETCH_AHEAD: usize = 64 * 1024 * 1024;
/// What an answer holds of one partition at most, by librdkafka's default; no answer may hold less.
const MOST_OF_A_PARTITION: usize = 1024 * 1024;
/// The most records that are at hand.
const MOST_RECORDS: usize = 100_000;
/// What a short record takes in the client's memory.
const RECORD_BYTES: usize = 512;

impl ReaderOptions {
    /// Looks for faults without connecting; all are reported together. Returns what the user should know, a line each.
    pub fn check(&self) -> Result<Vec<Phrase>, Vec<Fault>> {
        self.resolve().map(|resolved| resolved.notices)
    }

    pub(crate) fn resolve(&self) -> Result<Resolved, Vec<Fault>> {
        let (mut resolved, mut faults) = self.connection.resolve_what_can_be();
        self.check_topics(&mut faults);
        range::check(self, &mut faults);
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
        let ahead = self.fetch_ahead.unwrap_or(FETCH_AHEAD);
        properties.preset("queued.max.messages.kbytes", (ahead / 1024).max(1).to_string());
        let mut records = MOST_RECORDS;
        if self.fetch_ahead.is_some() {
            records = records.min(ahead / RECORD_BYTES);
            // An answer is in memory whole, with all its records, beside what is queued.
            properties.preset("fetch.max.bytes", (ahead / 2).max(MOST_OF_A_PARTITION).to_string());
            let partition = (ahead / 8).clamp(64 * 1024, MOST_OF_A_PARTITION);
            properties.preset("max.partition.fetch.bytes", partition.to_string());
        }
        properties.preset("queued.min.messages", records.to_string());
        // What it says of fetches that fail; heard only while partitions stand still.
        match properties.get("debug").map(|given| format!("{given},fetch")) {
            Some(more) => properties.set("debug", more, Origin::Override),
            None => properties.preset("debug", "fetch"),
        }
        // The ends of partitions are how a bounded read finds its own.
        properties.set("enable.partition.eof", "true", Origin::Override);
    }

    fn check_topics(&self, faults: &mut Vec<Fault>) {
        if self.topics.is_empty() {
            faults.push(Fault::new(phrase![@"topic"], "no topic is named").help("name one or more").misuse());
        }
        faults.extend(self.topics.iter().filter_map(|topic| misnamed(topic)));
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
        ("auto.offset.reset", Some("error"), "the ledger says where partitions go on"),
    ];
    for (name, good, what) in refused {
        if properties.is_given(name) && (good.is_none() || properties.get(name) != good) {
            faults.push(Fault::new(properties.as_given(name), what).help("leave it out").misuse());
        }
    }
}

#[cfg(test)]
mod tests {
    use kadence_core::fault::Disposition;
    use kadence_core::record::Timestamp;

    use super::super::options::StopAt;
    use super::*;

    fn reading() -> ReaderOptions {
        ReaderOptions { topics: vec!["t".into()], ..ReaderOptions::default() }
    }

    fn grouped() -> ReaderOptions {
        ReaderOptions { group: Some("g".into()), ..reading() }
    }

    fn said(options: &ReaderOptions) -> Vec<String> {
        let faults = options.check().err().unwrap_or_default();
        assert!(faults.iter().all(|fault| fault.disposition == Disposition::Misuse), "{faults:?}");
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_makes_sense_is_taken() {
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        for options in [
            reading(),
            grouped(),
            ReaderOptions { from: StartAt::Last(0), until: StopAt::End, ..reading() },
            // Where there is nothing new, whoever goes on by offsets reads nothing.
            ReaderOptions { from: StartAt::Offset(7), until: StopAt::Offset(7), ..reading() },
            ReaderOptions { from: StartAt::At(at(1)), until: StopAt::At(at(2)), ..reading() },
            ReaderOptions { from: StartAt::End, limit: Some(1), partitions: vec![0, 3], ..reading() },
            ReaderOptions { from: StartAt::End, until: StopAt::End, instance: Some("i".into()), ..grouped() },
        ] {
            assert_eq!(said(&options), [""; 0], "{options:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_means_nothing_is_refused() {
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let topics = |topics: &[&str]| topics.iter().map(|&topic| topic.to_owned()).collect();
        for (options, text) in [
            (ReaderOptions { topics: Vec::new(), ..reading() }, "topic: no topic is named; name one or more"),
            (
                ReaderOptions { topics: topics(&["t", "a b"]), ..reading() },
                "topic a b: not a topic name; use",
            ),
            (ReaderOptions { topics: topics(&["^("]), ..reading() }, "topic ^(: is no regular expression"),
            (
                ReaderOptions { partitions: vec![0, -1], ..reading() },
                "partition: there is no partition -1; take 0 or more",
            ),
            (
                ReaderOptions { from: StartAt::Offset(-1), ..reading() },
                "from: there is nothing at -1; take 0 or more",
            ),
            (
                ReaderOptions { from: StartAt::Last(-2), ..reading() },
                "from: there is nothing at -2; take 0 or more",
            ),
            (
                ReaderOptions { until: StopAt::Offset(-1), ..reading() },
                "until: there is nothing before -1; take 0 or more",
            ),
            (
                ReaderOptions { limit: Some(0), ..reading() },
                "limit: nothing would be read (found: 0); take 1 or more",
            ),
            (
                ReaderOptions { partitions: vec![0], ..grouped() },
                "partition and group: a group shares its partitions out by itself; leave one of them out",
            ),
            (
                ReaderOptions { instance: Some("i".into()), ..reading() },
                "instance: without group there is nobody to know it again; leave it out, or name a group",
            ),
            (
                ReaderOptions { from: StartAt::Offset(2), until: StopAt::Offset(1), ..reading() },
                "until: is before from, so that there is nothing to read; exchange them, or leave one out",
            ),
            (
                ReaderOptions { from: StartAt::At(at(2)), until: StopAt::At(at(1)), ..reading() },
                "until: is before from, so that there is nothing to read; exchange them, or leave one out",
            ),
            (
                ReaderOptions { from: StartAt::Offset(2), ..grouped() },
                "group: a group goes on where it has come to; from takes beginning or end; move the group with",
            ),
            (ReaderOptions { group: Some(String::new()), ..reading() }, "group: the name is empty; give the"),
        ] {
            let said = said(&options);
            assert!(said.len() == 1 && said[0].starts_with(text), "{said:?} {text}");
        }
    }

    #[test]
    fn faults_of_all_kinds_come_together() {
        let mut bad = ReaderOptions {
            topics: vec!["a b".into(), "^(".into()],
            partitions: vec![-1],
            from: StartAt::Offset(3),
            until: StopAt::Offset(2),
            limit: Some(0),
            ..grouped()
        };
        bad.connection.brokers = Some("http://a".into());
        bad.connection.properties.push(("lingerms".into(), "1".into()));
        bad.connection.properties.push(("group.id".into(), "other".into()));
        let said = said(&bad);
        assert_eq!(said.len(), 10, "{said:#?}");
    }
}
