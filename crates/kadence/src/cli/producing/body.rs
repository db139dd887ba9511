//! What is sent: bodies, keys and headers.

use kadence_core::codec::{Format, Shape};
use kadence_core::record::Header;
use kadence_core::source::{KeyRule, RecordingKind, RecordingOptions};

use crate::cli::values::{self, Auto, auto_or, one_of};
use crate::misread::Misread;

/// What is sent.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Record")]
pub(crate) struct BodyOptions {
    /// Codec of the bodies; auto is json for CSV and JSON Lines, raw for raw lines
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = auto_or::<Format>())]
    pub(super) format: Auto<Format>,
    /// What a body is made of, as a KCQL column list, such as `uuid() AS _id, now() AS sent, *, x AS y IGNORE z`
    #[arg(long, value_name = "COLUMNS", allow_hyphen_values = true)]
    pub(super) select: Option<String>,
    /// Shape of JSON bodies; keyed is {"<time>": value}
    #[arg(long, value_name = "SHAPE", default_value = "object", value_parser = one_of::<Shape>())]
    pub(super) shape: Shape,
    /// Key of the records: none, file (the file's name as typed), column:NAME or const:TEXT
    #[arg(long, value_name = "KEY", default_value = "none", value_parser = key_rule)]
    pub(super) key: KeyRule,
    /// Header that each record carries; may be repeated
    #[arg(short = 'H', long, value_name = "NAME=VALUE", value_parser = values::header)]
    pub(super) header: Vec<Header>,
}

impl BodyOptions {
    /// Makes the options of a recording of this kind whose records become such bodies.
    pub(crate) fn recording(&self, kind: RecordingKind) -> RecordingOptions {
        let recording = RecordingOptions::new(kind);
        RecordingOptions {
            select: self.select.clone(),
            format: match self.format {
                Auto::Said(format) => format,
                Auto::Auto => recording.format,
            },
            shape: self.shape,
            key: self.key.clone(),
            ..recording
        }
    }
}

fn key_rule(text: &str) -> Result<KeyRule, Misread> {
    match text.split_once(':') {
        None if text == "none" => Ok(KeyRule::None),
        None if text == "file" => Ok(KeyRule::File),
        Some(("column", name)) if !name.is_empty() => Ok(KeyRule::Column(name.into())),
        Some(("const", text)) => Ok(KeyRule::Constant(text.into())),
        _ => {
            let help = "use none, file, column:NAME or const:TEXT";
            Err(Misread::new(format!("`{text}` is no key"), help))
        }
    }
}
