//! The ledger looked at and changed by hand. Each does what it is asked for and ends, so that a command which a
//! supervisor repeats does not do it again and again.

use kadence_core::fault::Fault;
use kadence_core::feed::{Feed as _, Mark, Partition};
use kadence_core::phrase;
use kadence_kafka::TopicFeed;
use kadence_store::{DbError, Line, Store, id_text};

use super::start::{origin_text, partitions};
use super::{Control, Landing, quiet};
use crate::fault::Error;

/// A landing's line, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// The landing.
    pub landing: String,
    /// How far it has come in one partition.
    pub line: Line,
}

/// What became of a partition's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The partition.
    pub partition: Partition,
    /// The offset that came next before; `None` where nothing was noted.
    pub before: Option<i64>,
    /// The offset that comes next from now on.
    pub next: i64,
}

/// A place that somebody named: topic, partition and the offset that comes next.
pub type Named = (String, i32, i64);

fn told(error: DbError) -> Error {
    Error::from(*error.fault)
}

impl Landing {
    /// All landings of the database, or the one of this name.
    pub fn ledger_lines(&self, name: Option<&str>) -> Result<Vec<LedgerLine>, Error> {
        let mut store = self.store(&quiet())?;
        store.look_only();
        store.connect().map_err(told)?;
        if !store.has_ledger().map_err(told)? {
            return Ok(Vec::new());
        }
        let names = match name {
            Some(name) => vec![name.to_owned()],
            None => store.landings().map_err(told)?,
        };
        let mut lines = Vec::new();
        for landing in names {
            let mut one = self.clone();
            one.rows.name.clone_from(&landing);
            let mut store = one.store(&quiet())?;
            store.look_only();
            store.connect().map_err(told)?;
            let of = store.lines().map_err(told)?;
            lines.extend(of.into_iter().map(|line| LedgerLine { landing: landing.clone(), line }));
        }
        Ok(lines)
    }

    /// Forgets the landing. The rows stay.
    pub fn ledger_drop(&self) -> Result<(), Error> {
        let mut store = self.store(&quiet())?;
        store.connect().map_err(told)?;
        let has_lines = store.has_ledger().map_err(told)? && !store.lines().map_err(told)?.is_empty();
        if !has_lines {
            self.noted(&mut *store)?;
        }
        store.drop_landing().map_err(told)
    }

    /// Goes on where a topic of the same name ended that was landed before: under another id, or in another cluster.
    /// The record landed last has to be in its place, or somebody has to name the place. What the landing writes where
    /// is what is said now.
    pub fn ledger_adopt(
        &self,
        named: &[Named],
        again: bool,
        control: &Control,
    ) -> Result<Vec<Adopted>, Error> {
        let Some(mut desk) = self.desk(control)? else { return Ok(Vec::new()) };
        desk.check_named(named)?;
        let lines = desk.store.lines().map_err(told)?;
        let mut changes = Vec::new();
        let mut faults: Vec<Fault> = Vec::new();
        for partition in desk.partitions.clone() {
            let is_meant =
                |(topic, index, _): &&Named| **topic == *partition.topic && *index == partition.index;
            let of = lines.iter().filter(|line| is_of(line, &partition));
            let is_present =
                |line: &&Line| line.cluster == desk.cluster && line.topic_id == id_text(partition.id);
            let (present, before) = (of.clone().find(is_present), of.clone().find(|line| !is_present(line)));
            if let Some((.., next)) = named.iter().find(is_meant) {
                let is_behind = present.and_then(|line| line.next).is_some_and(|before| *next < before);
                if is_behind && !again {
                    let what =
                        format!("offset {next} lies behind what is landed, which would land once more");
                    faults.push(
                        Fault::new(partition.to_string(), what).help(phrase!["add ", @"again"]).misuse(),
                    );
                    continue;
                }
                changes.push((partition, before.or(present).and_then(|line| line.next), *next, None));
                continue;
            }
            let (Some(line), None) = (before, present) else { continue };
            match desk.compared(&partition, line)? {
                Ok(next) => changes.push((partition, line.next, next, line.mark)),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let adopted = desk.change(changes)?;
        desk.store.note_fingerprint(&self.rows.fingerprint()).map_err(told)?;
        Ok(adopted)
    }

    /// Goes on at the logs' beginnings where retention has taken records that were not landed.
    pub fn ledger_accept_gap(&self, control: &Control) -> Result<Vec<Adopted>, Error> {
        let Some(mut desk) = self.desk(control)? else { return Ok(Vec::new()) };
        self.writes_the_same(&mut desk)?;
        let lines = desk.store.lines().map_err(told)?;
        let mut changes = Vec::new();
        for partition in desk.partitions.clone() {
            let id = id_text(partition.id);
            let is_ours =
                |line: &&Line| is_of(line, &partition) && line.topic_id == id && line.cluster == desk.cluster;
            let Some(next) = lines.iter().find(is_ours).and_then(|line| line.next) else { continue };
            let start = desk.feed.span(&partition)?.start;
            if next < start {
                changes.push((partition, Some(next), start, None));
            }
        }
        desk.change(changes)
    }

    /// Lands the topics anew, from where `from` says, which is noted. With rows in the table that has to be meant:
    /// `again`.
    pub fn ledger_restart(&self, again: bool, control: &Control) -> Result<Vec<Adopted>, Error> {
        let Some(mut desk) = self.desk(control)? else { return Ok(Vec::new()) };
        self.writes_the_same(&mut desk)?;
        if !again {
            for topic in desk.feed.topics().to_vec() {
                if desk.store.has_rows(&topic).map_err(told)? {
                    let what =
                        format!("the table for topic {topic} has rows, and its records would land once more");
                    let help = phrase!["empty the table, or add ", @"again"];
                    return Err(Fault::new(phrase![@"ledger", " restart"], what).help(help).misuse().into());
                }
            }
        }
        let lines = desk.store.lines().map_err(told)?;
        let mut changes = Vec::new();
        for partition in desk.partitions.clone() {
            let before = lines.iter().find(|line| is_of(line, &partition)).and_then(|line| line.next);
            let start = desk.feed.origin(&partition)?;
            changes.push((partition, before, start, None));
        }
        desk.store.note_origin(&origin_text(self.from.unwrap_or_default())).map_err(told)?;
        // Partitions that a topic made anew does not have may come later, and are others then.
        let topics = desk.feed.topics().to_vec();
        let is_gone = |line: &&Line| {
            topics.iter().any(|topic| **topic == *line.topic)
                && !desk.partitions.iter().any(|partition| is_of(line, partition))
        };
        let gone: Vec<(String, i32)> =
            lines.iter().filter(is_gone).map(|line| (line.topic.clone(), line.partition)).collect();
        desk.store.forget_lines(&gone).map_err(told)?;
        desk.change(changes)
    }

    /// The rows that are asked about have to be those of the landing.
    fn writes_the_same(&self, desk: &mut Desk) -> Result<(), Error> {
        let Some(landing) = desk.store.landing().map_err(told)? else { return Ok(()) };
        match self.other_rows(&landing) {
            Some(fault) => Err(fault.into()),
            None => Ok(()),
        }
    }

    fn noted(&self, store: &mut dyn Store) -> Result<(), Error> {
        store.connect().map_err(told)?;
        let is_there = store.has_ledger().map_err(told)? && store.landing().map_err(told)?.is_some();
        if is_there {
            return Ok(());
        }
        let what = format!("no landing is called {}", self.rows.name);
        Err(Fault::new(store.place(), what)
            .help(phrase![@"ledger", " list shows those that there are"])
            .into())
    }

    fn desk(&self, control: &Control) -> Result<Option<Desk>, Error> {
        let mut store = self.store(&quiet())?;
        self.noted(&mut *store)?;
        let Some(mut feed) = self.look(control)? else { return Ok(None) };
        let cluster = feed.cluster_id().unwrap_or_default();
        store.set_cluster(&cluster);
        let Some(partitions) = partitions(&mut feed, &control.stop)? else { return Ok(None) };
        Ok(Some(Desk { store, feed, cluster, partitions }))
    }
}

fn is_of(line: &Line, partition: &Partition) -> bool {
    line.topic == *partition.topic && line.partition == partition.index
}

/// The ledger and the logs beside each other.
struct Desk {
    store: Box<dyn Store>,
    feed: TopicFeed,
    cluster: String,
    partitions: Vec<Partition>,
}

type Change = (Partition, Option<i64>, i64, Option<Mark>);

impl Desk {
    /// Where reading goes on in a partition that may be a copy of the one that a line is about.
    fn compared(&mut self, partition: &Partition, line: &Line) -> Result<Result<i64, Fault>, Error> {
        let fault = |what: String| {
            let help = phrase![
                "name the place with ", @"at", format!(" {}/{}=OFFSET", partition.topic, partition.index),
                ", or use ", @"ledger", " restart"
            ];
            Ok(Err(Fault::new(partition.to_string(), what).help(help)))
        };
        let Some(next) = line.next else { return Ok(Ok(self.feed.origin(partition)?)) };
        let span = self.feed.span(partition)?;
        if next < span.start || next > span.end {
            return fault(format!(
                "offset {next} comes next, and the log goes from {} to {}",
                span.start, span.end
            ));
        }
        let Some(mark) = line.mark else { return fault("the ledger knows no record to compare".into()) };
        match self.feed.mark(partition, mark.offset)? {
            Some(found) if found == mark => Ok(Ok(next)),
            Some(_) => {
                fault(format!("at offset {} stands another record than the one that was landed", mark.offset))
            }
            None => fault(format!("the record at offset {} that was landed last is not there", mark.offset)),
        }
    }

    /// Places that somebody named have to be in the topics' logs.
    fn check_named(&mut self, named: &[Named]) -> Result<(), Error> {
        let mut faults = Vec::new();
        for (topic, index, next) in named {
            let place = format!("{topic}[{index}]");
            let is_it = |partition: &&Partition| *partition.topic == **topic && partition.index == *index;
            let Some(partition) = self.partitions.iter().find(is_it).cloned() else {
                faults.push(
                    Fault::new(phrase![@"at"], format!("no partition {place} is landed here")).misuse(),
                );
                continue;
            };
            let span = self.feed.span(&partition)?;
            if *next < span.start || *next > span.end {
                let what = format!(
                    "offset {next} is not in the log, which goes from {} to {}",
                    span.start, span.end
                );
                faults.push(Fault::new(place, what).misuse());
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
    }

    fn change(&mut self, changes: Vec<Change>) -> Result<Vec<Adopted>, Error> {
        let lines: Vec<_> = changes
            .iter()
            .map(|(partition, _, next, mark)| (partition.clone(), Some(*next), *mark))
            .collect();
        if !lines.is_empty() {
            self.store.set_lines(&lines).map_err(told)?;
        }
        let adopted = |(partition, before, next, _)| Adopted { partition, before, next };
        Ok(changes.into_iter().map(adopted).collect())
    }
}
