//! A topic's records, printed.

mod printer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::named::Named;
use kadence_core::record::Timestamp;
use kadence_kafka::{Next, ReaderOptions, StartAt, StopAt, TopicReader};

use self::printer::Printer;
use super::Exit;
use super::connection::{ConnectionOptions, TopicsOption};
use super::values::{self, Auto, auto_or};
use crate::fault::{CommandLine, Error, reported};
use crate::output::{ReaderWatch, Voice, print_json};
use crate::signals::Signals;
use crate::template::Template;

/// Print the records of topics
///
/// Reads every partition from its beginning and goes on until Ctrl-C, unless told otherwise. Topics that do not exist
/// yet are waited for; one that begins with ^ is a regular expression, and means all topics that match. With --group it
/// shares the partitions with the group's other members, goes on where the group has come to, and commits what it has
/// printed. A topic that is deleted and made anew meanwhile is read from its beginning, after a line that says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kadence consume my-stream
  kadence consume my-stream --received
  kadence consume my-stream --from -10 --until-end
  kadence consume my-stream --from @2026-01-01T00:00:00Z -c 100 -f '%p %o %T %k %s\\n'
  kadence consume my-stream --until-end --json > records.txt
  kadence consume my-stream --group my-group --ends
  kadence consume orders payments -f '%t %s\\n'
  kadence consume '^sensor-.*' --until-end
  kadence consume my-stream --partition 0 --partition 3")]
pub(crate) struct ConsumeOptions {
    #[command(flatten)]
    topics: TopicsOption,
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Read as a member of this group; what it printed in the last seconds before it is killed comes again
    #[arg(short, long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help_heading = "Group")]
    group: Option<String>,
    /// Read only this partition of each topic; may be repeated
    #[arg(long = "partition", value_name = "N", value_parser = clap::value_parser!(i32).range(0..),
        conflicts_with = "group", help_heading = "Range")]
    partitions: Vec<i32>,
    /// Where to start in each partition: beginning, end, OFFSET, -N (N before the end) or @TIME; with --group only
    /// beginning or end, and only where the group has committed nothing
    #[arg(long, value_name = "WHERE", default_value = "beginning", allow_hyphen_values = true, value_parser = values::from,
        help_heading = "Range")]
    from: StartAt,
    /// Where to stop in each partition: before OFFSET, or before @TIME
    #[arg(long, value_name = "WHERE", value_parser = values::until, help_heading = "Range")]
    until: Option<StopAt>,
    /// Stop where the topic ends now
    #[arg(long, conflicts_with = "until", help_heading = "Range")]
    until_end: bool,
    /// Stop after N records
    #[arg(short = 'c', long, value_name = "N", help_heading = "Range")]
    limit: Option<u64>,
    /// Print records as in kcat: %t topic, %p partition, %o offset, %k key, %s body, %h headers, %T timestamp (ms),
    /// %K and %S lengths, \n \t \xHH
    #[arg(short = 'f', long = "print", value_name = "TEMPLATE", conflicts_with = "received")]
    print: Option<Template>,
    /// Codec of the bodies: auto and raw print them as they are, json checks them and prints each on one line
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = auto_or::<Codec>())]
    format: Auto<Codec>,
    /// Put the local time of reception in front
    #[arg(long)]
    received: bool,
    /// Say on stderr each time the end of a partition is reached
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    ends: bool,
}

/// What bodies are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Json,
    Raw,
}

impl Named for Codec {
    const NAMES: &'static [(&'static str, Self)] = &[("json", Self::Json), ("raw", Self::Raw)];
}

/// How long one wait for a record lasts before a stop request is looked for.
const PATIENCE: Duration = Duration::from_millis(50);

impl ConsumeOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let options = self.options(voice)?;
        let began = SystemClock.now();
        let is_json = self.format == Auto::Said(Codec::Json);
        let mut printer = Printer::new(self.print.clone(), is_json, self.received);
        let on_wait = |text: &str| voice.note(text);
        let watch = ReaderWatch::start(&signals.stop);
        let reader = TopicReader::open(&options, Arc::new(SystemClock), Arc::clone(&signals.stop), on_wait);
        drop(watch);
        let mut reader = reader?;
        let ended = match &mut reader {
            Some(reader) => self.read(reader, &mut printer, &signals, voice),
            None => Ok(()),
        };
        let flushed = printer.flush();
        let mut next_offsets = None;
        let closed = reader.map_or(Ok(()), |mut reader| {
            if ended.is_err() {
                // Perhaps it is the record that could not be printed.
                reader.take_back();
            }
            // What was written into a closed pipe, nobody has read.
            if printer.is_closed() {
                reader.take_all_back();
            } else {
                reader.passed_on();
            }
            next_offsets = Some(next_offsets_of(&reader));
            reader.close().map_err(Error::from)
        });
        let error = ended.and(flushed).and(closed).err();
        if voice.json {
            let elapsed = SystemClock.now().saturating_sub(began);
            let mut summary = serde_json::json!({
                "verb": "consume",
                "records": printer.records,
                "bytes": printer.bytes,
                "elapsed_s": elapsed.as_secs_f64(),
                "group": self.group,
                "next_offsets": next_offsets,
            });
            if let Some(fault) = error.as_ref().and_then(|error| error.faults.first()) {
                summary["error"] = serde_json::json!(reported(fault));
            }
            print_json(&summary, true)?;
        }
        match error {
            // The summary has said it.
            Some(error) if voice.json => return Ok(Exit::of(&error)),
            Some(error) => return Err(error),
            None => {}
        }
        let is_bounded = self.until_end || self.until.is_some() || self.limit.is_some();
        let is_cut = is_bounded && signals.stop.is_raised() && !printer.is_closed();
        Ok(if is_cut { Exit::Interrupted } else { Exit::Done })
    }

    /// Gives what is asked for, once there is nothing wrong with it, and says what there is to know about it.
    fn options(&self, voice: Voice) -> Result<ReaderOptions, Error> {
        let options = ReaderOptions {
            connection: self.connection.connection(),
            topics: self.topics.names(),
            partitions: self.partitions.clone(),
            group: self.group.clone(),
            instance: None,
            from: self.from,
            until: if self.until_end { StopAt::End } else { self.until.unwrap_or_default() },
            limit: self.limit,
            skips_headers: !self.print.as_ref().is_some_and(Template::shows_headers),
            ..ReaderOptions::default()
        };
        for notice in options.check()? {
            voice.note(notice.spelled(&CommandLine));
        }
        Ok(options)
    }

    fn read(
        &self,
        reader: &mut TopicReader,
        printer: &mut Printer,
        signals: &Signals,
        voice: Voice,
    ) -> Result<(), Error> {
        while !signals.stop.is_raised() && !printer.is_closed() {
            // What was printed is shown before waiting for more.
            let patience = if printer.is_flushed() { PATIENCE } else { Duration::ZERO };
            let mut is_idle = false;
            match reader.next(patience)? {
                Next::Record(record) => printer.print(&record)?,
                Next::PartitionEnd { topic, partition, offset } if self.ends => {
                    printer.flush()?;
                    voice.note(format!("% {topic} [{partition}] reached end at offset {offset}"));
                }
                Next::PartitionEnd { .. } => {}
                Next::Nothing => is_idle = true,
                Next::Finished => return Ok(()),
            }
            if is_idle || printer.is_due() {
                printer.flush()?;
                if !printer.is_closed() {
                    reader.passed_on();
                }
            }
        }
        Ok(())
    }
}

/// The offset that comes next by partition; where topics are asked for by a pattern, or more than one, by topic.
fn next_offsets_of(reader: &TopicReader) -> serde_json::Value {
    let mut offsets = reader.next_offsets();
    if reader.is_of_several() {
        return serde_json::json!(
            offsets.iter().map(|(topic, of)| (&**topic, of)).collect::<BTreeMap<_, _>>()
        );
    }
    serde_json::json!(offsets.pop_first().map(|(_, offsets)| offsets).unwrap_or_default())
}

/// The present moment, for what is printed in front of records.
pub(super) fn received_now() -> Timestamp {
    SystemClock.wall()
}
