//! Recordings to a topic, at their own pace.

mod preview;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use kadence_core::codec::{Format, Shape};
use kadence_core::pipeline::Progress;
use kadence_core::ratio::Ratio;
use kadence_core::record::Header;
use kadence_core::schedule::{OutOfOrder, Schedule};
use kadence_core::schema::{Schema, Type};
use kadence_core::source::{CsvOptions, KeyRule, RecordingKind, RecordingOptions, TimeFormat};
use kadence_kafka::{Acks, Compression, Partitioner, ProducerOptions, SendMode};

use super::connection::ConnectionOptions;
use super::{Exit, values};
use crate::fault::Error;
use crate::output::{ProgressLine, Voice, print_json, print_report};
use crate::replay::{DEFAULT_TOLERANCE, Replay, Target, kind_of, length};
use crate::signals::Signals;

/// Replay a recording into a topic, at its own pace or any other
///
/// A record leaves when its event time says, counted from the first record, so that a late record is late once and
/// the stream never drifts. The report says how punctual it was.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kadence replay data.csv -t my-stream
  kadence replay data.csv -t my-stream --speed 10 --shape keyed --types value:float --key file --echo
  kadence replay HASC1001.csv -t sensor --columns sec,X,Y,Z --text --select 'uuid() AS _id, now() AS _date, *'
  kadence replay data/earthquakes.csv -t quakes --speed 100000 --select 'time, magnitude, place'
  kadence replay data.csv --to null --unpaced --json
  kadence replay data.csv -t my-stream --preview 3")]
pub(crate) struct ReplayOptions {
    /// Recording to replay [.csv, .tsv, .jsonl, .ndjson, .txt, .log]; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    target: TargetOptions,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    pace: PaceOptions,
    #[command(flatten)]
    timing: TimingOptions,
    #[command(flatten)]
    body: BodyOptions,
    #[command(flatten)]
    delivery: DeliveryOptions,
    /// Print the first N records and when they would leave, and send nothing
    #[arg(long, value_name = "N", help_heading = "Output")]
    preview: Option<u64>,
    /// Print each record's body as it is sent
    #[arg(long, conflicts_with = "preview", help_heading = "Output")]
    echo: bool,
    /// Write the JSON report to a file as well
    #[arg(long, value_name = "FILE", conflicts_with = "preview", help_heading = "Output")]
    report: Option<PathBuf>,
}

/// Where the records go.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct TargetOptions {
    /// Topic to write to
    #[arg(short, long, value_name = "TOPIC", help_heading = "Kafka")]
    topic: Option<String>,
    /// Write nowhere, but read, pace and checksum all the same
    #[arg(long, value_name = "null", help_heading = "Kafka")]
    to: Option<Nowhere>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Nowhere {
    Null,
}

/// How the recording is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Recording")]
struct InputOptions {
    /// What kind of recording it is; auto goes by the file's extension
    #[arg(long, value_name = "KIND", default_value = "auto")]
    input: Input,
    /// Character between CSV cells [default: a comma, a tab for .tsv]
    #[arg(long, value_name = "CHAR", value_parser = values::byte)]
    delimiter: Option<u8>,
    /// Character around CSV cells that hold delimiters or line ends
    #[arg(long, value_name = "CHAR", value_parser = values::byte, default_value = "\"")]
    quote: u8,
    /// Names of the columns, for a CSV file without a header line
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Types of columns: text, int, float, bool or json [default: a number where the cell is one, text otherwise]
    #[arg(long, value_name = "NAME:TYPE,…", value_delimiter = ',', value_parser = values::column_type)]
    types: Vec<(String, Type)>,
    /// Keep every cell as text, unless --types says otherwise
    #[arg(long)]
    text: bool,
    /// Column with the event time [default: the first that holds a time]
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// How event times are written: auto, s, ms, us or ns since 1970, iso, or a strftime format
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    time_format: TimeFormat,
    /// Zone of event times without an offset, an IANA name [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Take only the first N records
    #[arg(short = 'c', long, value_name = "N")]
    limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Input {
    Auto,
    Csv,
    Jsonl,
    Raw,
}

/// At most one; without any, records leave at their recorded pace.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct PaceOptions {
    /// Replay X times faster than recorded; 0.5 is half as fast [default: 1]
    #[arg(long, value_name = "X", help_heading = "Pace")]
    speed: Option<Ratio>,
    /// Send N records a second, whatever their event times
    #[arg(long, value_name = "N", help_heading = "Pace")]
    rate: Option<Ratio>,
    /// Leave this much time between records, whatever their event times
    #[arg(long, value_name = "DURATION", value_parser = values::duration, help_heading = "Pace")]
    interval: Option<Duration>,
    /// Send as fast as possible
    #[arg(long, help_heading = "Pace")]
    unpaced: bool,
}

/// How punctual to be.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pace")]
struct TimingOptions {
    /// What to do when an event time is earlier than the one before it
    #[arg(long, value_name = "POLICY", default_value = "error")]
    out_of_order: OutOfOrderPolicy,
    /// Count a record as missed when it leaves later than this; given explicitly, a p99 beyond it fails the run
    /// [default: 10ms]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    tolerance: Option<Duration>,
    /// Spend the last of each wait polling the clock: more exact, and busy for that long (try 100us)
    #[arg(long, value_name = "DURATION", value_parser = values::duration, default_value = "0s")]
    spin: Duration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutOfOrderPolicy {
    /// Stop there and fail
    Error,
    /// Send it at once
    Clamp,
}

/// What is sent.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Record")]
struct BodyOptions {
    /// Codec of the bodies; auto is json for CSV and JSON Lines, raw for raw lines
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    format: BodyFormat,
    /// What a body is made of, as a KCQL column list [functions: uuid() now() event_time() line() file() text('…')]
    #[arg(long, value_name = "COLUMNS")]
    select: Option<String>,
    /// Shape of JSON bodies; keyed is {"<time>": value}
    #[arg(long, value_name = "SHAPE", default_value = "object")]
    shape: BodyShape,
    /// Key of the records: none, file (the file's name as typed), column:NAME or const:TEXT
    #[arg(long, value_name = "KEY", default_value = "none", value_parser = key_rule)]
    key: KeyRule,
    /// Header that each record carries; may be repeated
    #[arg(short = 'H', value_name = "NAME=VALUE", value_parser = values::header)]
    header: Vec<Header>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BodyFormat {
    Auto,
    Json,
    Csv,
    Raw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BodyShape {
    Object,
    Keyed,
    Array,
}

/// How records are delivered.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Delivery")]
struct DeliveryOptions {
    /// When a record counts as sent: async (acknowledged beside), sync (each awaited), forget (not acknowledged)
    #[arg(long, value_name = "MODE", default_value = "async")]
    send: Send,
    /// Whose acknowledgement counts [default: all]
    #[arg(long, value_name = "ACKS")]
    acks: Option<AcksOption>,
    /// Compression of batches [default: none]
    #[arg(long, value_name = "CODEC")]
    compression: Option<CompressionOption>,
    /// Time to wait for more records before a batch leaves [default: 0s paced, 10ms unpaced]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    linger: Option<Duration>,
    /// Size at which a batch leaves
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    batch_size: Option<u64>,
    /// How often a batch is sent again [default: until the delivery times out]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// How a record's partition follows from its key, by librdkafka's names
    #[arg(long, value_name = "NAME", default_value = "murmur2_random")]
    partitioner: PartitionerOption,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Send {
    Async,
    Sync,
    Forget,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AcksOption {
    /// All replicas in sync
    #[value(alias = "-1")]
    All,
    /// The leader
    #[value(name = "1")]
    One,
    /// Nobody
    #[value(name = "0")]
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CompressionOption {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum PartitionerOption {
    Random,
    Consistent,
    ConsistentRandom,
    Murmur2,
    /// As Java clients do
    #[value(name = "murmur2_random")]
    Murmur2Random,
    Fnv1a,
    #[value(name = "fnv1a_random")]
    Fnv1aRandom,
}

fn key_rule(text: &str) -> Result<KeyRule, String> {
    match text.split_once(':') {
        None if text == "none" => Ok(KeyRule::None),
        None if text == "file" => Ok(KeyRule::File),
        Some(("column", name)) if !name.is_empty() => Ok(KeyRule::Column(name.into())),
        Some(("const", text)) => Ok(KeyRule::Constant(text.into())),
        _ => Err(format!("`{text}` is no key; use none, file, column:NAME or const:TEXT")),
    }
}

impl ReplayOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let replay = Replay {
            recording: self.recording()?,
            target: self.target(voice)?,
            spin: self.timing.spin,
            tolerance: self.timing.tolerance.unwrap_or(DEFAULT_TOLERANCE),
            echo: self.echo,
            path: self.file.clone(),
        };
        if let Some(records) = self.preview {
            return preview::print(&replay, records, voice);
        }
        let signals = Signals::listen();
        let recording = replay.open()?;
        for decision in recording.decisions() {
            voice.note(format!("{}: {decision}", self.file.display()));
        }
        let progress = Arc::new(Progress::default());
        let line = {
            let length = if voice.is_watched() { length(&self.file, &replay.recording) } else { None };
            ProgressLine::start(voice, Arc::clone(&progress), self.pace_in_words(), length)
        };
        let tolerance = replay.tolerance;
        let outcome = replay.run_recording(recording, &signals.stop, &signals.abandon, &progress);
        drop(line);
        let outcome = outcome?;
        if voice.json {
            print_json(&outcome.report, self.echo)?;
        } else if !voice.quiet {
            print_report(&outcome.report, tolerance);
        }
        if let Some(path) = &self.report {
            write_report(path, &outcome.report)?;
        }
        self.exit(outcome, voice)
    }

    /// What the outcome means for scripts.
    fn exit(&self, outcome: crate::Outcome, voice: Voice) -> Result<Exit, Error> {
        let report = outcome.report;
        if let Some(failure) = outcome.failure {
            let exit = voice.error(&failure.into());
            let rest = if report.failed > 0 { "; the rest was not acknowledged" } else { "" };
            voice.note(format!(
                "kadence: {} records were sent and {} acknowledged before that{rest}",
                report.accepted, report.acknowledged
            ));
            // A fault in the recording is no misuse once records have left.
            return Ok(if exit == Exit::Misused { Exit::Failed } else { exit });
        }
        if report.interrupted {
            return Ok(Exit::Interrupted);
        }
        if let (Some(tolerance), Some(late)) = (self.timing.tolerance, report.lateness_us) {
            let allowed = tolerance.as_secs_f64() * 1e6;
            if late.p99 > allowed {
                let what = format!("p99 lateness is {} µs, more than the {allowed} µs asked for", late.p99);
                return Err(Error::met("--tolerance", what, "allow more, or slow down"));
            }
        }
        Ok(Exit::Done)
    }

    fn target(&self, voice: Voice) -> Result<Target, Error> {
        let Some(topic) = &self.target.topic else { return Ok(Target::Null) };
        let producer = ProducerOptions {
            connection: self.connection.connection(),
            topic: topic.clone(),
            headers: self.body.header.clone(),
            send: match self.delivery.send {
                Send::Async => SendMode::Async,
                Send::Sync => SendMode::Sync,
                Send::Forget => SendMode::Forget,
            },
            acks: self.delivery.acks.map(|acks| match acks {
                AcksOption::All => Acks::All,
                AcksOption::One => Acks::One,
                AcksOption::None => Acks::None,
            }),
            linger: self.delivery.linger,
            batch_size: match self.delivery.batch_size.map(u32::try_from) {
                Some(Err(_)) => return Err(Error::misuse("--batch-size", "is more than 4 GiB", "give less")),
                Some(Ok(size)) => Some(size),
                None => None,
            },
            compression: self.delivery.compression.map(|compression| match compression {
                CompressionOption::None => Compression::None,
                CompressionOption::Gzip => Compression::Gzip,
                CompressionOption::Snappy => Compression::Snappy,
                CompressionOption::Lz4 => Compression::Lz4,
                CompressionOption::Zstd => Compression::Zstd,
            }),
            retries: self.delivery.retries,
            partitioner: match self.delivery.partitioner {
                PartitionerOption::Random => Partitioner::Random,
                PartitionerOption::Consistent => Partitioner::Consistent,
                PartitionerOption::ConsistentRandom => Partitioner::ConsistentRandom,
                PartitionerOption::Murmur2 => Partitioner::Murmur2,
                PartitionerOption::Murmur2Random => Partitioner::Murmur2Random,
                PartitionerOption::Fnv1a => Partitioner::Fnv1a,
                PartitionerOption::Fnv1aRandom => Partitioner::Fnv1aRandom,
            },
            paced: self.schedule().is_paced(),
        };
        match producer.check() {
            Ok(notices) => notices.iter().for_each(|notice| voice.note(notice)),
            Err(faults) => {
                let faults = faults.into_iter().map(Error::from);
                return Err(Error::all(faults).unwrap_or_else(|| Error::misuse("options", "are at odds", "")));
            }
        }
        Ok(Target::Topic(Box::new(producer)))
    }

    fn recording(&self) -> Result<RecordingOptions, Error> {
        let kind = self.kind()?;
        let is_raw = matches!(kind, RecordingKind::Raw);
        let otherwise = if self.input.text { Type::Text } else { Type::Auto };
        let format = match self.body.format {
            BodyFormat::Auto if is_raw => Format::Raw,
            BodyFormat::Auto | BodyFormat::Json => Format::Json,
            BodyFormat::Csv => Format::Csv,
            BodyFormat::Raw => Format::Raw,
        };
        if is_raw && format != Format::Raw && self.body.select.is_none() {
            let what = format!("raw lines have no columns to write as {format:?}").to_lowercase();
            return Err(Error::misuse("--format", what, "leave it out, or say what the lines are with --input"));
        }
        let shape = match self.body.shape {
            BodyShape::Object => Shape::Object,
            BodyShape::Keyed => Shape::Keyed,
            BodyShape::Array => Shape::Array,
        };
        if shape != Shape::Object && format != Format::Json {
            return Err(Error::misuse("--shape", "only JSON bodies have one", "leave it out, or use --format json"));
        }
        Ok(RecordingOptions {
            select: self.body.select.clone(),
            schema: Schema::new(self.input.types.clone(), otherwise),
            time: self.input.time.clone(),
            time_format: self.input.time_format.clone(),
            time_zone: self.input.time_zone.clone(),
            schedule: self.schedule(),
            out_of_order: match self.timing.out_of_order {
                OutOfOrderPolicy::Error => OutOfOrder::Error,
                OutOfOrderPolicy::Clamp => OutOfOrder::Clamp,
            },
            limit: self.input.limit,
            format,
            shape,
            key: self.body.key.clone(),
            ..RecordingOptions::new(kind)
        })
    }

    fn kind(&self) -> Result<RecordingKind, Error> {
        let kind = match self.input.input {
            Input::Csv => RecordingKind::Csv(CsvOptions::default()),
            Input::Jsonl => RecordingKind::JsonLines,
            Input::Raw => RecordingKind::Raw,
            Input::Auto => kind_of(&self.file).ok_or_else(|| {
                let (place, what) = if self.file == Path::new("-") {
                    ("-".into(), "standard input has no extension to go by")
                } else {
                    (self.file.display().to_string(), "the extension says nothing")
                };
                Error::misuse(&place, what, "say what it is with --input csv, jsonl or raw")
            })?,
        };
        let RecordingKind::Csv(mut options) = kind else {
            if self.input.columns.is_some() || self.input.delimiter.is_some() {
                return Err(Error::misuse(
                    "--columns, --delimiter",
                    "only CSV recordings take them",
                    "leave them out, or use --input csv",
                ));
            }
            return Ok(kind);
        };
        options.delimiter = self.input.delimiter.unwrap_or(options.delimiter);
        options.quote = self.input.quote;
        options.columns = self.input.columns.clone();
        if options.delimiter == options.quote {
            return Err(Error::misuse("--delimiter", "is the same character as --quote", "choose another"));
        }
        Ok(RecordingKind::Csv(options))
    }

    fn schedule(&self) -> Schedule {
        match &self.pace {
            PaceOptions { rate: Some(per_second), .. } => Schedule::Rate { per_second: *per_second },
            PaceOptions { interval: Some(interval), .. } => Schedule::Interval(*interval),
            PaceOptions { unpaced: true, .. } => Schedule::Unpaced,
            PaceOptions { speed, .. } => Schedule::Recorded { speed: speed.unwrap_or(Ratio::ONE) },
        }
    }

    fn pace_in_words(&self) -> String {
        match self.schedule() {
            Schedule::Recorded { speed } => format!("{}×", speed.as_f64()),
            Schedule::Rate { per_second } => format!("{}/s", per_second.as_f64()),
            Schedule::Interval(interval) => format!("one each {}", crate::output::duration(interval)),
            Schedule::Unpaced => "unpaced".into(),
        }
    }
}

fn write_report(path: &Path, report: &crate::Report) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(report).unwrap_or_default() + "\n";
    std::fs::write(path, text).map_err(|error| {
        Error::met(&path.display().to_string(), format!("the report cannot be written ({error})"), "")
    })
}
