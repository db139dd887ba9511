//! The verb's options.

use std::path::PathBuf;
use std::time::Duration;

use kadence_core::named::Named;
use kadence_kafka::{ReaderOptions, StartAt, StopAt};
use kadence_land::OnReject;
use kadence_store::{BodyFormat, Declared, KNOWN_TYPES, KeyFormat, LandingOptions, Mode, UnknownType};

use crate::cli::connection::ConnectionOptions;
use crate::cli::password::PasswordOption;
use crate::cli::values::{self, one_of};
use crate::fault::Error;
use crate::landing::Landing;
use crate::misread::Misread;

/// Land topics in a database, each record exactly once
///
/// Reads the topics as a member of a consumer group of its own, and writes rows and the ledger, which says how far it
/// has come, in one transaction. A second run goes on where the ledger says; several at once share the partitions. The
/// fields of JSON bodies become columns of a table named after the topic, which is made if it is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kadence land JSON --into sqlite:points.db
  kadence land orders --into sqlite:shop.db --pk _key --mode upsert --delete-on-null
  kadence land '^sensor-.*' --into sqlite:all.db --name sensors --table '{topic}' --lineage
  kadence land orders --into sqlite:shop.db --preview
  kadence land orders --into sqlite:shop.db --until-end --json
  kadence land --ledger list --into sqlite:shop.db

Types for --types: text, text(CHARACTERS), int, float, decimal, decimal(DIGITS,SCALE), bool, date, time,
time(DIGITS), timestamp, timestamp(DIGITS), epoch-s, epoch-ms, epoch-us, epoch-ns (whole numbers that are times), uuid, bytes, json")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct LandOptions {
    /// Topics; one that begins with ^ is a regular expression
    #[arg(value_name = "TOPIC", required_unless_present_any = ["topic", "ledger", "ddl"])]
    positional: Vec<String>,
    /// Topic, spelled as in other verbs; may be repeated
    #[arg(
        short,
        long = "topic",
        value_name = "TOPIC",
        help_heading = "Kafka",
        conflicts_with = "positional"
    )]
    topic: Vec<String>,
    #[command(flatten)]
    connection: ConnectionOptions,
    // As help, since the documentation would take what is written here for links.
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Where to",
        help = "The database: sqlite:FILE, postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"
    )]
    into: String,
    #[command(flatten)]
    password: PasswordOption,
    /// The landing's name in the ledger [default: the table's]
    #[arg(long, value_name = "NAME", help_heading = "Where to")]
    name: Option<String>,
    /// The table; {topic} in it stands for the record's topic [default: the topic's name]
    #[arg(long, value_name = "TABLE", help_heading = "Where to")]
    table: Option<String>,
    /// The columns that make up the primary key; _key is the record's key, _key.FIELD a field of it
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', help_heading = "Where to")]
    pk: Vec<String>,
    /// insert adds a row for each record; upsert keeps the last record of each key
    #[arg(long, value_name = "MODE", default_value = "insert", value_parser = one_of::<Mode>(), help_heading = "Where to")]
    mode: Mode,
    /// Delete the row with a tombstone's key; tombstones are passed over otherwise
    #[arg(long, help_heading = "Where to")]
    delete_on_null: bool,
    /// Do not make the tables for rows where they are missing; the ledger's are made
    #[arg(long, help_heading = "Where to")]
    no_create: bool,
    /// Add columns for new fields, and widen columns of whole numbers
    #[arg(long, help_heading = "Where to")]
    evolve: bool,
    /// Keep each record's place in columns _topic, _partition and _offset, and its seal, where it has one, in _run,
    /// _lane, _sequence and _crc
    #[arg(long, help_heading = "Where to")]
    lineage: bool,
    /// Codec of the bodies: auto is json; raw is one column, value
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = one_of::<BodyFormat>(),
        help_heading = "What to take")]
    format: BodyFormat,
    /// Codec of the keys: auto is text
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = one_of::<KeyFormat>(),
        help_heading = "What to take")]
    key_format: KeyFormat,
    /// The columns, as a KCQL column list: 'a, b.c AS c', '* IGNORE d', '*, _timestamp AS at'
    #[arg(long, value_name = "COLUMNS", help_heading = "What to take")]
    select: Option<String>,
    /// Types of columns, instead of those that the first batch suggests
    #[arg(long, value_name = "NAME:TYPE,…", value_parser = declared_list, help_heading = "What to take")]
    types: Vec<Types>,
    /// Where to start where nothing was landed yet: beginning, end, OFFSET, -N or @TIME [default: beginning]
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true, value_parser = values::from,
        help_heading = "What to take")]
    from: Option<StartAt>,
    /// Stop where the topics end now
    #[arg(long, help_heading = "What to take")]
    pub(super) until_end: bool,
    /// Stop after N records
    #[arg(short = 'c', long, value_name = "N", help_heading = "What to take")]
    pub(super) limit: Option<u64>,
    /// Members of the group that read and write beside each other
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256),
        help_heading = "How")]
    tasks: u16,
    /// Commit after so many records [default: 10,000, shared by the tasks, and 1,000 at least]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "How")]
    batch_rows: Option<u32>,
    /// Commit after so many bytes of keys and bodies [default: 4 MiB, shared by the tasks]
    #[arg(long, value_name = "SIZE", value_parser = values::size, help_heading = "How")]
    batch_bytes: Option<u64>,
    /// Commit so long after the first record of a batch
    #[arg(long, value_name = "DURATION", default_value = "500ms", value_parser = values::duration, help_heading = "How")]
    max_wait: Duration,
    /// What to do with a record that the database does not take: stop, or write it to --rejects and go on
    #[arg(long, value_name = "WHAT", default_value = "stop", value_parser = one_of::<OnReject>(), help_heading = "How")]
    on_error: OnReject,
    /// Append what the database does not take to this file, with place and reason, a JSON object a line
    #[arg(long, value_name = "FILE", help_heading = "How")]
    rejects: Option<PathBuf>,
    /// End when standard input ends: with the process that holds its other end, even if that is killed
    #[arg(long, hide = true)]
    pub(super) with_parent: bool,
    /// Print the tables, their columns and ten rows, and write nothing
    #[arg(long, conflicts_with_all = ["ddl", "ledger"], help_heading = "Look first")]
    pub(super) preview: bool,
    /// Print the statements that make the tables, the ledger's too, and run none
    #[arg(long, conflicts_with = "ledger", help_heading = "Look first")]
    pub(super) ddl: bool,
    /// Look at the ledger or change it, and end: list what there is; adopt a topic that was landed under another id or
    /// from another cluster; accept-gap where retention has taken records; restart from where the topic starts; drop
    #[arg(long, value_name = "ACTION", value_parser = one_of::<LedgerAction>(), help_heading = "Ledger")]
    pub(super) ledger: Option<LedgerAction>,
    /// Restart although the table has rows, or adopt a place behind what is landed
    #[arg(long, requires = "ledger", help_heading = "Ledger")]
    pub(super) again: bool,
    /// The offset that comes next in a partition that is adopted; may be repeated
    #[arg(long, value_name = "TOPIC/PARTITION=OFFSET", value_parser = place, requires = "ledger", help_heading = "Ledger")]
    pub(super) at: Vec<(String, i32, i64)>,
}

/// What `--ledger` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LedgerAction {
    List,
    Adopt,
    AcceptGap,
    Restart,
    Drop,
}

impl Named for LedgerAction {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("list", Self::List),
        ("adopt", Self::Adopt),
        ("accept-gap", Self::AcceptGap),
        ("restart", Self::Restart),
        ("drop", Self::Drop),
    ];
}

/// What the batches of all tasks hold together, at first.
const BATCH_ROWS: usize = 10_000;
const LEAST_BATCH_ROWS: usize = 1_000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
const LEAST_BATCH_BYTES: usize = 256 * 1024;

/// Columns with their types, as one option has them.
#[derive(Clone, Debug)]
struct Types(Vec<(String, Declared)>);

/// Types behind one another; the digits of a decimal have a comma of their own.
fn declared_list(text: &str) -> Result<Types, Misread> {
    let mut depth = 0;
    let parts = text.split(|char| {
        depth += i32::from(char == '(') - i32::from(char == ')');
        char == ',' && depth == 0
    });
    parts.map(declared).collect::<Result<_, _>>().map(Types)
}

fn declared(text: &str) -> Result<(String, Declared), Misread> {
    let text = text.trim();
    let is_none = || Misread::new(format!("`{text}` is not written as name:type"), "");
    let (name, of) = text.rsplit_once(':').ok_or_else(is_none)?;
    let of = of.trim().parse().map_err(|UnknownType { found }| {
        Misread::new(format!("unknown type `{found}`"), format!("the types are {KNOWN_TYPES}"))
    })?;
    Ok((name.trim_end().into(), of))
}

fn place(text: &str) -> Result<(String, i32, i64), Misread> {
    let read = || {
        let (partition, offset) = text.rsplit_once('=')?;
        let (topic, index) = partition.rsplit_once('/')?;
        let (index, offset): (i32, i64) = (index.parse().ok()?, offset.parse().ok()?);
        (index >= 0 && offset >= 0 && !topic.is_empty()).then(|| (topic.to_owned(), index, offset))
    };
    read().ok_or_else(|| Misread::new(format!("`{text}` is not written as topic/partition=offset"), ""))
}

impl LandOptions {
    pub(super) fn topics(&self) -> Vec<String> {
        [&self.positional[..], &self.topic].concat()
    }

    /// The landing's name, where it is said or follows from the others.
    pub(super) fn said_name(&self) -> Option<String> {
        let topics = self.topics();
        let is_one = topics.len() == 1 && !topics[0].starts_with('^');
        let table = self.table.clone().filter(|table| !table.contains("{topic}"));
        let table = table.or_else(|| is_one.then(|| topics[0].clone()));
        self.name.clone().or(if is_one { table } else { None })
    }

    pub(super) fn landing(&self) -> Result<Landing, Error> {
        let topics = self.topics();
        let needs_none = self.ledger == Some(LedgerAction::List) || (self.ddl && topics.is_empty());
        let Some(name) = self.said_name().or_else(|| needs_none.then(|| "-".to_owned())) else {
            return Err(Error::misuse(
                kadence_core::phrase![@"name"],
                "several topics, or a pattern, are landed under a name",
                kadence_core::phrase!["say ", @"name", " NAME"],
            ));
        };
        let tasks = usize::from(self.tasks);
        let table = self.table.clone().unwrap_or_else(|| "{topic}".into());
        // The ledger compares what is written where; one topic's table has its own name there.
        let table = match &topics[..] {
            [topic] if !topic.starts_with('^') => table.replace("{topic}", topic),
            _ => table,
        };
        Ok(Landing {
            reader: ReaderOptions {
                connection: self.connection.connection(),
                topics,
                until: if self.until_end { StopAt::End } else { StopAt::Never },
                limit: self.limit,
                skips_headers: !self.lineage
                    && !self.select.as_ref().is_some_and(|select| select.contains("_header")),
                is_exactly_once: true,
                ..ReaderOptions::default()
            },
            from: self.from,
            into: self.into.clone(),
            password: self.password.password(&self.into)?,
            rows: LandingOptions {
                name,
                table,
                format: self.format,
                key_format: self.key_format,
                select: self.select.clone(),
                types: self.types.iter().flat_map(|types| types.0.clone()).collect(),
                key: self.pk.clone(),
                mode: self.mode,
                delete_on_null: self.delete_on_null,
                no_create: self.no_create,
                evolve: self.evolve,
                lineage: self.lineage,
            },
            batches: kadence_land::Options {
                batch_records: self
                    .batch_rows
                    .map_or((BATCH_ROWS / tasks).max(LEAST_BATCH_ROWS), |rows| rows as usize),
                batch_bytes: self.batch_bytes.map_or((BATCH_BYTES / tasks).max(LEAST_BATCH_BYTES), |bytes| {
                    bytes.min(1 << 30) as usize
                }),
                linger: self.max_wait,
                on_reject: self.on_error,
                limit: self.limit,
            },
            tasks,
            rejects: self.rejects.clone(),
        })
    }
}
