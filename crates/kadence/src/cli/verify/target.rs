//! The table that is looked at, and how it was landed.

use kadence_core::phrase;
use kadence_store::{BodyFormat, KeyFormat, LandingOptions, Mode};

use crate::cli::password::PasswordOption;
use crate::cli::values::one_of;
use crate::fault::Error;
use crate::verifying::{TableVerification, Verification};

#[derive(Debug, clap::Args)]
pub(super) struct TargetOptions {
    // As help, since the documentation would take what is written here for links.
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Table",
        help = "Look at a table of this database: sqlite:FILE, postgres://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"
    )]
    target: Option<String>,
    #[command(flatten)]
    password: PasswordOption,
    /// The table [default: the topic's name]
    #[arg(long, value_name = "TABLE", requires = "target", help_heading = "Table")]
    table: Option<String>,
    /// How it was landed: insert, a row for each record; or upsert, the last record of each key, which the topic tells
    #[arg(long, value_name = "MODE", default_value = "insert", value_parser = one_of::<Mode>(), requires = "target",
        help_heading = "Table")]
    mode: Mode,
    /// The columns that make up the key of an upserted table, as for land
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', requires = "target", help_heading = "Table")]
    pk: Vec<String>,
    /// Tombstones deleted rows of an upserted table
    #[arg(long, requires = "target", help_heading = "Table")]
    delete_on_null: bool,
    /// Codec of the bodies of an upserted table's records
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = one_of::<BodyFormat>(),
        requires = "target", help_heading = "Table")]
    format: BodyFormat,
    /// Codec of their keys
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = one_of::<KeyFormat>(),
        requires = "target", help_heading = "Table")]
    key_format: KeyFormat,
    /// The column list with which they were landed
    #[arg(long, value_name = "COLUMNS", requires = "target", help_heading = "Table")]
    select: Option<String>,
}

impl TargetOptions {
    /// The table to look at, if that was asked for.
    pub(super) fn table(self, run: &Verification) -> Result<Option<TableVerification>, Error> {
        let Some(target) = self.target else { return Ok(None) };
        if self.mode == Mode::Insert && !self.pk.is_empty() {
            let what = "a table with a row for each record is looked at by its lineage";
            return Err(Error::misuse(
                phrase![@"pk"],
                what,
                phrase!["leave it out, or say ", @"mode", " upsert"],
            ));
        }
        let password = self.password.password(&target)?;
        let options = LandingOptions {
            name: "-".into(),
            table: "-".into(),
            format: self.format,
            key_format: self.key_format,
            select: self.select,
            key: self.pk,
            mode: self.mode,
            delete_on_null: self.delete_on_null,
            // So that they can be a part of the key.
            lineage: true,
            ..LandingOptions::default()
        };
        let faults = options.check();
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let upserted = (self.mode == Mode::Upsert).then_some(options);
        Ok(Some(TableVerification { run: run.clone(), target, password, table: self.table, upserted }))
    }
}
