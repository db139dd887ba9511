//! What `kadence replay` is asked for.

use std::path::PathBuf;
use std::time::Duration;

use kadence_core::named::Named;
use kadence_core::ratio::Ratio;
use kadence_core::schedule::OutOfOrder;
use kadence_core::source::TimeFormat;
use kadence_core::text::CellType;

use crate::cli::connection::ConnectionOptions;
use crate::cli::producing::{
    BodyOptions, DeliveryOptions, DestinationOptions, OutputOptions, ProofOptions, PunctualityOptions,
};
use crate::cli::values::{self, Auto, auto_or, one_of};

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
    pub(super) order: OrderOptions,
    #[command(flatten)]
    pub(super) punctuality: PunctualityOptions,
    #[command(flatten)]
    pub(super) body: BodyOptions,
    #[command(flatten)]
    pub(super) delivery: DeliveryOptions,
    #[command(flatten)]
    pub(super) proof: ProofOptions,
    /// Print the first N records and when they would leave, and send nothing
    #[arg(long, value_name = "N", conflicts_with_all = ["echo", "report"], help_heading = "Output")]
    pub(super) preview: Option<u64>,
    #[command(flatten)]
    pub(super) output: OutputOptions,
}

/// How the recording is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Recording")]
pub(super) struct InputOptions {
    /// What kind of recording it is; auto goes by the file's extension
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = auto_or::<Input>())]
    pub(super) input: Auto<Input>,
    /// Character between CSV cells [default: a comma, a tab for .tsv]
    #[arg(long, value_name = "CHAR", value_parser = values::byte)]
    pub(super) delimiter: Option<u8>,
    /// Character around CSV cells that hold delimiters or line ends [default: "]
    #[arg(long, value_name = "CHAR", value_parser = values::byte)]
    pub(super) quote: Option<u8>,
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
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = values::time_format)]
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
    #[arg(long, conflicts_with_all = ["tolerance", "spin"], help_heading = "Pace")]
    pub(super) unpaced: bool,
}

/// What becomes of a recording that is out of order.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pace")]
pub(super) struct OrderOptions {
    /// What to do when an event time is earlier than the one before it: stop and fail, or send the record at once
    #[arg(long, value_name = "POLICY", default_value = "error", value_parser = one_of::<OutOfOrder>())]
    pub(super) out_of_order: OutOfOrder,
}

/// What a recording is, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Csv,
    JsonLines,
    Raw,
}

impl Named for Input {
    const NAMES: &'static [(&'static str, Self)] =
        &[("csv", Self::Csv), ("jsonl", Self::JsonLines), ("raw", Self::Raw)];
}
