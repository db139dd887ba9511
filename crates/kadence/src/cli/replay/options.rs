//! What `kadence replay` is asked for.

use std::path::PathBuf;
use std::time::Duration;

use kadence_core::codec::{Format, Shape};
use kadence_core::ratio::Ratio;
use kadence_core::record::Header;
use kadence_core::schedule::OutOfOrder;
use kadence_core::source::{KeyRule, TimeFormat};
use kadence_core::text::CellType;
use kadence_kafka::{Acks, Compression, Partitioner, SendMode};

use crate::cli::connection::ConnectionOptions;
use crate::cli::values::{self, Auto, one_of};

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
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) destination: DestinationOptions,
    #[command(flatten)]
    pub(super) connection: ConnectionOptions,
    #[command(flatten)]
    pub(super) input: InputOptions,
    #[command(flatten)]
    pub(super) pace: PaceOptions,
    #[command(flatten)]
    pub(super) timing: TimingOptions,
    #[command(flatten)]
    pub(super) body: BodyOptions,
    #[command(flatten)]
    pub(super) delivery: DeliveryOptions,
    /// Print the first N records and when they would leave, and send nothing
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(super) preview: Option<u64>,
    /// Print each record's body as it is sent
    #[arg(long, conflicts_with = "preview", help_heading = "Output")]
    pub(super) echo: bool,
    /// Write the JSON report to a file as well
    #[arg(long, value_name = "FILE", conflicts_with = "preview", help_heading = "Output")]
    pub(super) report: Option<PathBuf>,
}

/// Where the records go.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct DestinationOptions {
    /// Topic to write to
    #[arg(short, long, value_name = "TOPIC", help_heading = "Kafka")]
    pub(super) topic: Option<String>,
    /// Write nowhere, but read, pace and checksum all the same
    #[arg(long, value_name = "TARGET", value_parser = ["null"], help_heading = "Kafka")]
    pub(super) to: Option<String>,
}

/// How the recording is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Recording")]
pub(super) struct InputOptions {
    /// What kind of recording it is; auto goes by the file's extension
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = one_of(INPUTS))]
    pub(super) input: Auto<Input>,
    /// Character between CSV cells [default: a comma, a tab for .tsv]
    #[arg(long, value_name = "CHAR", value_parser = values::byte)]
    pub(super) delimiter: Option<u8>,
    /// Character around CSV cells that hold delimiters or line ends
    #[arg(long, value_name = "CHAR", value_parser = values::byte, default_value = "\"")]
    pub(super) quote: u8,
    /// Names of the columns, for a CSV file without a header line; blanks around them do not count
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) columns: Option<Vec<String>>,
    /// Pass over this many lines at the start of the file, such as a header line that --columns replaces
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) skip_lines: u64,
    /// Types of columns: text, int, float, bool or json [default: a number where the cell is one, text otherwise]
    #[arg(long, value_name = "NAME:TYPE,…", value_delimiter = ',', value_parser = values::column_type)]
    pub(super) types: Vec<(String, CellType)>,
    /// Keep every cell as text, unless --types says otherwise
    #[arg(long)]
    pub(super) text: bool,
    /// Column with the event time [default: by its name, then by its form, and said]
    #[arg(long, value_name = "COLUMN")]
    pub(super) time: Option<String>,
    /// How event times are written: auto, s, ms, us or ns since 1970, iso, or a strftime format
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(super) time_format: TimeFormat,
    /// Zone of event times without an offset, an IANA name [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(super) time_zone: Option<String>,
    /// Take only the first N records
    #[arg(short = 'c', long, value_name = "N")]
    pub(super) limit: Option<u64>,
}

/// At most one; without any, records leave at their recorded pace.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct PaceOptions {
    /// Replay X times faster than recorded; 0.5 is half as fast [default: 1]
    #[arg(long, value_name = "X", allow_hyphen_values = true, help_heading = "Pace")]
    pub(super) speed: Option<Ratio>,
    /// Send N records a second, whatever their event times
    #[arg(long, value_name = "N", allow_hyphen_values = true, help_heading = "Pace")]
    pub(super) rate: Option<Ratio>,
    /// Leave this much time between records, whatever their event times
    #[arg(long, value_name = "DURATION", value_parser = values::duration, help_heading = "Pace")]
    pub(super) interval: Option<Duration>,
    /// Send as fast as possible
    #[arg(long, help_heading = "Pace")]
    pub(super) unpaced: bool,
}

/// How punctual to be.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pace")]
pub(super) struct TimingOptions {
    /// What to do when an event time is earlier than the one before it: stop and fail, or send the record at once
    #[arg(long, value_name = "POLICY", default_value = "error", value_parser = one_of(POLICIES))]
    pub(super) out_of_order: OutOfOrder,
    /// Count a record as missed when it leaves later than this; given explicitly, a p99 beyond it fails the run
    /// [default: 10ms]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(super) tolerance: Option<Duration>,
    /// Spend the last of each wait polling the clock: more exact, and busy for that long (try 100us)
    #[arg(long, value_name = "DURATION", value_parser = values::duration, default_value = "0s")]
    pub(super) spin: Duration,
}

/// What is sent.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Record")]
pub(super) struct BodyOptions {
    /// Codec of the bodies; auto is json for CSV and JSON Lines, raw for raw lines
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = one_of(FORMATS))]
    pub(super) format: Auto<Format>,
    /// What a body is made of, as a KCQL column list, such as `uuid() AS _id, now() AS sent, *, x AS y IGNORE z`
    #[arg(long, value_name = "COLUMNS", allow_hyphen_values = true)]
    pub(super) select: Option<String>,
    /// Shape of JSON bodies; keyed is {"<time>": value}
    #[arg(long, value_name = "SHAPE", default_value = "object", value_parser = one_of(SHAPES))]
    pub(super) shape: Shape,
    /// Key of the records: none, file (the file's name as typed), column:NAME or const:TEXT
    #[arg(long, value_name = "KEY", default_value = "none", value_parser = key_rule)]
    pub(super) key: KeyRule,
    /// Header that each record carries; may be repeated
    #[arg(short = 'H', long, value_name = "NAME=VALUE", value_parser = values::header)]
    pub(super) header: Vec<Header>,
}

/// How records are delivered.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Delivery")]
pub(super) struct DeliveryOptions {
    /// When a record counts as sent: async (acknowledged beside), sync (each awaited), forget (not acknowledged)
    #[arg(long, value_name = "MODE", default_value = "async", value_parser = one_of(SEND_MODES))]
    pub(super) send: SendMode,
    /// Whose acknowledgement counts: of all replicas in sync, of the leader (1), of nobody (0) [default: all]
    #[arg(long, value_name = "ACKS", value_parser = one_of(ACKS))]
    pub(super) acks: Option<Acks>,
    /// Compression of batches [default: none]
    #[arg(long, value_name = "CODEC", value_parser = one_of(COMPRESSIONS))]
    pub(super) compression: Option<Compression>,
    /// Time to wait for more records before a batch leaves [default: 0s paced, 10ms unpaced]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    pub(super) linger: Option<Duration>,
    /// Size at which a batch leaves
    #[arg(long, value_name = "SIZE", value_parser = batch_size)]
    pub(super) batch_size: Option<u32>,
    /// How often a batch is sent again [default: until the delivery times out]
    #[arg(long, value_name = "N")]
    pub(super) retries: Option<u32>,
    /// How a record's partition follows from its key, by librdkafka's names
    #[arg(long, value_name = "NAME", default_value = "murmur2_random",
        value_parser = one_of(PARTITIONERS))]
    pub(super) partitioner: Partitioner,
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

/// What a recording is, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Csv,
    JsonLines,
    Raw,
}

const INPUTS: &[(&str, Auto<Input>)] = &[
    ("auto", Auto::Auto),
    ("csv", Auto::Said(Input::Csv)),
    ("jsonl", Auto::Said(Input::JsonLines)),
    ("raw", Auto::Said(Input::Raw)),
];
const FORMATS: &[(&str, Auto<Format>)] = &[
    ("auto", Auto::Auto),
    ("json", Auto::Said(Format::Json)),
    ("csv", Auto::Said(Format::Csv)),
    ("raw", Auto::Said(Format::Raw)),
];
const POLICIES: &[(&str, OutOfOrder)] = &[("error", OutOfOrder::Error), ("clamp", OutOfOrder::Clamp)];
const SHAPES: &[(&str, Shape)] =
    &[("object", Shape::Object), ("keyed", Shape::Keyed), ("array", Shape::Array)];
const SEND_MODES: &[(&str, SendMode)] =
    &[("async", SendMode::Async), ("sync", SendMode::Sync), ("forget", SendMode::Forget)];
const ACKS: &[(&str, Acks)] = &[("all", Acks::All), ("1", Acks::One), ("0", Acks::None)];
const COMPRESSIONS: &[(&str, Compression)] = &[
    ("none", Compression::None),
    ("gzip", Compression::Gzip),
    ("snappy", Compression::Snappy),
    ("lz4", Compression::Lz4),
    ("zstd", Compression::Zstd),
];
const PARTITIONERS: &[(&str, Partitioner)] = &[
    ("random", Partitioner::Random),
    ("consistent", Partitioner::Consistent),
    ("consistent_random", Partitioner::ConsistentRandom),
    ("murmur2", Partitioner::Murmur2),
    ("murmur2_random", Partitioner::Murmur2Random),
    ("fnv1a", Partitioner::Fnv1a),
    ("fnv1a_random", Partitioner::Fnv1aRandom),
];

fn batch_size(text: &str) -> Result<u32, String> {
    u32::try_from(values::size(text)?).map_err(|_| format!("`{text}` is more than 4 GiB"))
}
