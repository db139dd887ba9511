//! How long a replay will last, from the first and the last record of its file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Cursor, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use kadence_core::record::Timestamp;
use kadence_core::run::Run;
use kadence_core::schedule::Schedule;
use kadence_core::source::{CsvOptions, Recording, RecordingKind, RecordingOptions, Source as _};

/// The part of the file, at its end, in which the last record is looked for.
const TAIL_BYTES: u64 = 64 * 1024;
/// The longest header line that is worth a progress line.
const LONGEST_HEADER_BYTES: u64 = 64 * 1024;

/// Tells how long replaying the file at `path` should take; `None` where that cannot be told without reading all of it.
pub(crate) fn length(path: &Path, options: &RecordingOptions) -> Option<Duration> {
    if options.limit.is_some_and(|limit| !options.schedule.needs_event_times() && limit > 0) {
        return Some(options.schedule.due(options.limit? - 1, Duration::ZERO));
    }
    let Schedule::Recorded { .. } = options.schedule else { return None };
    if options.limit.is_some() {
        return None;
    }
    let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|data| data.is_file()))?;
    let mut header = String::new();
    let mut first = String::new();
    let mut reader = BufReader::new(&file).take(LONGEST_HEADER_BYTES);
    if matches!(&options.kind, RecordingKind::Csv(CsvOptions { columns: None, .. })) {
        reader.read_line(&mut header).ok()?;
    }
    reader.read_line(&mut first).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail).ok()?;
    let tail = String::from_utf8_lossy(&tail);
    let last = tail.trim_end().rsplit('\n').next()?;
    let since_first = event_time(&header, last, options)?
        .as_nanos()
        .checked_sub(event_time(&header, &first, options)?.as_nanos())?;
    Some(options.schedule.due(0, Duration::from_nanos(u64::try_from(since_first).ok()?)))
}

/// Reads the event time of the record that `line` is.
fn event_time(header: &str, line: &str, options: &RecordingOptions) -> Option<Timestamp> {
    let text = format!("{header}{line}");
    let mut recording = Recording::open("", Box::new(Cursor::new(text.into_bytes())), options).ok()?;
    let mut run = Run::new(1, 1);
    recording.fill(&mut run).ok()?;
    if run.is_empty() { None } else { run.time(0) }
}
