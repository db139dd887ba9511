//! What the options of a replay mean together.

use std::path::Path;

use kadence_core::phrase;
use kadence_core::ratio::Ratio;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, RecordingKind, RecordingOptions, packed};
use kadence_core::text::{CellType, ColumnTypes};

use super::options::{Input, InputOptions, PaceOptions, ReplayOptions};
use crate::cli::values::Auto;
use crate::fault::Error;
use crate::output::Voice;
use crate::replay::{Replay, kind_of};
use crate::whole_file::resolved;

impl ReplayOptions {
    /// Gives what is asked for, as one value that can be run, and says what there is to know about it.
    pub(super) fn replay(&self, voice: Voice) -> Result<Replay, Error> {
        let schedule = self.schedule();
        let replay = Replay {
            recording: self.recording()?,
            destination: self.destination.destination(&self.connection, &self.delivery, &self.body, schedule),
            spin: self.punctuality.spin,
            tolerance: self.punctuality.tolerance,
            echo: self.output.echo,
            path: self.file.clone(),
            proof: self.proof.proof(self.pace_in_words()),
        };
        if let (Some(report), Some(proof)) = (&self.output.report, &replay.proof)
            && [&proof.seal, &proof.certificate]
                .into_iter()
                .flatten()
                .any(|other| resolved(other) == resolved(report))
        {
            let what = "manifest, certificate and report are files of their own";
            return Err(Error::misuse(phrase![@"report"], what, "name another one"));
        }
        replay.check()?.iter().for_each(|notice| voice.note(notice));
        Ok(replay)
    }

    fn recording(&self) -> Result<RecordingOptions, Error> {
        let otherwise = if self.input.text { CellType::Verbatim } else { CellType::Auto };
        Ok(RecordingOptions {
            skip_lines: self.input.skip_lines,
            types: ColumnTypes::new(self.input.types.clone(), otherwise),
            time: self.input.time.clone(),
            time_format: self.input.time_format.clone(),
            time_zone: self.input.time_zone.clone(),
            schedule: self.schedule(),
            out_of_order: self.order.out_of_order,
            limit: self.input.limit,
            ..self.body.recording(self.kind()?)
        })
    }

    fn kind(&self) -> Result<RecordingKind, Error> {
        let kind = match self.input.input {
            Auto::Said(Input::Csv) => RecordingKind::Csv(CsvOptions::default()),
            Auto::Said(Input::JsonLines) => RecordingKind::JsonLines,
            Auto::Said(Input::Raw) => RecordingKind::Raw,
            Auto::Auto => kind_of(&self.file).ok_or_else(|| self.no_kind())?,
        };
        let RecordingKind::Csv(mut options) = kind else {
            let InputOptions { columns, delimiter, quote, .. } = &self.input;
            if columns.is_some() || delimiter.is_some() || quote.is_some() {
                return Err(Error::misuse(
                    "--columns, --delimiter, --quote",
                    "only CSV recordings take them",
                    "leave them out, or use --input csv",
                ));
            }
            return Ok(kind);
        };
        options.delimiter = self.input.delimiter.unwrap_or(options.delimiter);
        options.quote = self.input.quote.unwrap_or(options.quote);
        // Blanks around a name are the list's, as in a column list.
        let names = self.input.columns.as_ref();
        options.columns = names.map(|names| names.iter().map(|name| name.trim().into()).collect());
        Ok(RecordingKind::Csv(options))
    }

    /// Makes the error of a file whose name does not say what it is.
    fn no_kind(&self) -> Error {
        let name = self.file.display().to_string();
        if self.file == Path::new("-") {
            let what = "standard input has no extension to go by";
            return Error::misuse("-", what, "say what it is with --input csv, jsonl or raw");
        }
        if self.file.is_dir() {
            return Error::met(name, "is a directory", "name a file in it");
        }
        if let Err(error) = std::fs::metadata(&self.file) {
            return Error::met(name, format!("cannot be read ({error})"), "");
        }
        match packed(&name) {
            Some((what, help)) => Error::met(name, what, help),
            None => Error::misuse(
                name,
                "the extension says nothing",
                "say what it is with --input csv, jsonl or raw",
            ),
        }
    }

    pub(super) fn schedule(&self) -> Schedule {
        match &self.pace {
            PaceOptions { rate: Some(per_second), .. } => Schedule::Rate { per_second: *per_second },
            PaceOptions { interval: Some(interval), .. } => Schedule::Interval(*interval),
            PaceOptions { unpaced: true, .. } => Schedule::Unpaced,
            PaceOptions { speed, .. } => Schedule::Recorded { speed: speed.unwrap_or(Ratio::ONE) },
        }
    }

    pub(super) fn pace_in_words(&self) -> String {
        match self.schedule() {
            Schedule::Recorded { speed } => format!("{}×", speed.as_f64()),
            Schedule::Rate { per_second } => format!("{}/s", per_second.as_f64()),
            Schedule::Interval(interval) => format!("one each {}", crate::output::duration(interval)),
            Schedule::Unpaced => "unpaced".into(),
        }
    }
}
