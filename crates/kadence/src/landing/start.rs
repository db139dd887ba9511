//! Where a landing starts: what the ledger knows of it, or what is noted there for the first time.

use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::Stop;
use kadence_core::fault::{Disposition, Fault};
use kadence_core::feed::{Event, Feed as _, Partition};
use kadence_core::phrase;
use kadence_kafka::{Admin, Asker, ReaderOptions, StartAt, StopAt, TopicFeed};
use kadence_store::{DbError, Landing as Noted, Notice, Store};

use super::{Control, Landing, Word};
use crate::fault::Error;

/// How long the feed may take to say what there is to read.
const PATIENCE: Duration = Duration::from_millis(50);
const MOST_WAITS: usize = 200;
/// Milliseconds between attempts to ask the database something at the start.
const PAUSES: [u64; 6] = [100, 200, 400, 800, 1_600, 3_200];

/// What is known when the work begins.
pub(super) struct Known {
    pub(super) landing: Noted,
    pub(super) cluster: String,
    pub(super) is_first: bool,
    /// Where the partitions ended when it began, if that is as far as it goes.
    pub(super) ends: Option<Vec<(Partition, i64)>>,
    /// Asks for topics, for all tasks.
    pub(super) asker: Asker,
}

impl Landing {
    /// Finds the topics and the ledger, and notes the landing there if it is new. `None` if it was stopped.
    pub(super) fn start(&self, control: &Control) -> Result<Option<Known>, Error> {
        let mut store = self.store(&control.listener)?;
        store.connect().map_err(|error| Error::from(*error.fault))?;
        let Some(mut feed) = self.look(control)? else { return Ok(None) };
        let cluster = feed.cluster_id().unwrap_or_default();
        store.set_cluster(&cluster);
        let before = patiently(control, || {
            store.define_ledger()?;
            store.landing()
        })?;
        let before = match before {
            Some(landing) => self.agreed(&mut *store, landing, control)?,
            None => None,
        };
        let is_orphaned = before.is_none() && !patiently(control, || store.lines())?.is_empty();
        // Another worker may have noted the landing between the two questions.
        let before = if is_orphaned { patiently(control, || store.landing())? } else { before };
        if is_orphaned && before.is_none() {
            let what =
                format!("the ledger has lines of landing {}, and no landing of this name", self.rows.name);
            let help = phrase![@"ledger", " drop forgets them; the rows stay"];
            return Err(Fault::new(store.place(), what).help(help).into());
        }
        let is_bounded = self.reader.until == StopAt::End;
        if let Some(landing) = before.clone().filter(|_| !is_bounded) {
            return Ok(Some(Known { landing, cluster, is_first: false, ends: None, asker: feed.asker() }));
        }
        let Some(partitions) = partitions(&mut feed, &control.stop)? else { return Ok(None) };
        let mut ends = is_bounded.then(Vec::new);
        if let Some(ends) = &mut ends {
            for partition in &partitions {
                let span = feed.span(partition)?;
                // Of an empty log nothing is ever landed, and the ledger has no place in it.
                if span.start < span.end {
                    ends.push((partition.clone(), span.end));
                }
            }
        }
        if let Some(landing) = before {
            return Ok(Some(Known { landing, cluster, is_first: false, ends, asker: feed.asker() }));
        }
        let mut starts = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let start = feed.origin(&partition)?;
            starts.push((partition, start));
        }
        let landing = Noted {
            name: self.rows.name.clone(),
            group: group_of(&self.rows.name),
            origin: origin_text(self.from.unwrap_or_default()),
            fingerprint: self.rows.fingerprint(),
        };
        let is_first = patiently(control, || store.begin(&landing, &starts))?;
        let landing = if is_first { Some(landing) } else { patiently(control, || store.landing())? };
        let Some(landing) = landing else {
            return Err(Error::met(
                store.place(),
                "the landing was dropped while it began",
                "start it again",
            ));
        };
        self.agrees(&landing)?;
        Ok(Some(Known { landing, cluster, is_first, ends, asker: feed.asker() }))
    }

    /// A reader of the topics that is in no group.
    pub(super) fn look(&self, control: &Control) -> Result<Option<TopicFeed>, Error> {
        let options = ReaderOptions {
            group: None,
            instance: None,
            from: self.from.unwrap_or_default(),
            until: if self.reader.until == StopAt::Never { StopAt::Never } else { StopAt::End },
            ..self.reader.clone()
        };
        let on_wait = |text: &str| (control.listener)(Word::Line(text.to_owned()));
        Ok(TopicFeed::open(&options, Arc::clone(&control.clock), Arc::clone(&control.stop), on_wait)?)
    }

    /// The ledger's landing, which is this one; `None` for one that was meant otherwise, has landed nothing and is at
    /// nobody's work: it begins anew.
    fn agreed(&self, store: &mut dyn Store, noted: Noted, control: &Control) -> Result<Option<Noted>, Error> {
        let Err(others) = self.agrees(&noted) else { return Ok(Some(noted)) };
        let lines = patiently(control, || store.lines())?;
        if lines.iter().any(|line| line.mark.is_some()) || self.has_members(&noted.group)? {
            return Err(others);
        }
        patiently(control, || store.drop_landing())?;
        let what = format!("landing {} had landed nothing, and begins anew with other options", noted.name);
        (control.listener)(Word::Line(what));
        Ok(None)
    }

    fn has_members(&self, group: &str) -> Result<bool, Error> {
        let groups = Admin::connect(&self.reader.connection)?.describe_groups(&[group])?;
        Ok(groups.iter().any(|(_, group)| group.as_ref().is_ok_and(|group| !group.members.is_empty())))
    }

    /// Says where the ledger's landing writes something else than this one.
    pub(super) fn other_rows(&self, noted: &Noted) -> Option<Fault> {
        let fingerprint = self.rows.fingerprint();
        if noted.fingerprint == fingerprint {
            return None;
        }
        let what = format!(
            "landing {} writes something else by the ledger (there: {}; here: {fingerprint})",
            noted.name, noted.fingerprint
        );
        let help = phrase!["give this one another ", @"name", ", or take over the ledger with ", @"ledger", " adopt"];
        Some(Fault::new(phrase![@"name"], what).help(help).misuse())
    }

    /// Whether the ledger's landing is this one.
    fn agrees(&self, noted: &Noted) -> Result<(), Error> {
        let mut faults: Vec<Fault> = self.other_rows(noted).into_iter().collect();
        if let Some(from) = self.from.map(origin_text).filter(|from| *from != noted.origin) {
            let what = format!(
                "landing {} has started at {} and goes on where it has come to",
                noted.name, noted.origin
            );
            let help = phrase!["leave out ", @"from", " ", from, ", or start anew there with ", @"ledger", " restart"];
            faults.push(Fault::new(phrase![@"from"], what).help(help).misuse());
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
    }
}

/// Asks the database again for a few seconds where its answer is one that passes, such as a deadlock.
fn patiently<T>(control: &Control, mut ask: impl FnMut() -> Result<T, DbError>) -> Result<T, Error> {
    let mut pauses = PAUSES.iter();
    loop {
        let error = match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let pause = pauses.next().filter(|_| error.fault.disposition == Disposition::Retry);
        let Some(pause) = pause else { return Err(Error::from(*error.fault)) };
        (control.listener)(Word::Notice(Notice::Retried((*error.fault).clone())));
        if control.stop.wait(Duration::from_millis(*pause)) {
            return Err(Error::from(*error.fault));
        }
    }
}

/// The partitions that a feed without a group gives: all that there are. `None` if it was stopped.
pub(super) fn partitions(feed: &mut TopicFeed, stop: &Stop) -> Result<Option<Vec<Partition>>, Error> {
    for _ in 0..MOST_WAITS {
        if stop.is_raised() {
            return Ok(None);
        }
        match feed.next(PATIENCE)? {
            Event::Given(partitions) => return Ok(Some(partitions)),
            Event::Finished => return Ok(Some(Vec::new())),
            _ => {}
        }
    }
    Ok(Some(Vec::new()))
}

/// A group of its own for each landing: one name into two databases is two landings.
fn group_of(name: &str) -> String {
    let mut number = kadence_store::random_id();
    number.truncate(8);
    format!("kadence-land-{name}-{number}")
}

/// A place as it is written on the command line.
pub(super) fn origin_text(from: StartAt) -> String {
    match from {
        StartAt::Beginning => "beginning".into(),
        StartAt::End => "end".into(),
        StartAt::Offset(offset) => offset.to_string(),
        StartAt::Last(before) => format!("-{before}"),
        StartAt::At(time) => format!("@{}", time.to_rfc3339()),
    }
}
