//! What a replay would do.

use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_core::record::Record;
use kadence_core::run::Run;
use kadence_core::schedule::Timeline;
use kadence_core::source::{Source as _, TimeColumn};
use kadence_core::stamp::StampWriter;

use crate::cli::Exit;
use crate::fault::{CommandLine, Error};
use crate::output::{Voice, is_reader_gone, print_line, say};
use crate::replay::Replay;

/// Prints the first `records` records and when they would leave. Instants of the hand-over say the present.
pub(super) fn print(replay: &Replay, records: u64, voice: Voice) -> Result<Exit, Error> {
    let mut replay = replay.clone();
    replay.recording.limit = Some(replay.recording.limit.map_or(records, |limit| limit.min(records)));
    let mut recording = replay.open()?;
    for decision in recording.decisions() {
        voice.note(format!("{}: {}", replay.path.display(), decision.spelled(&CommandLine)));
    }
    let clock = recording.time_column();
    let mut stamps = StampWriter::new(recording.stamps());
    let mut timeline = Timeline::new(replay.recording.schedule);
    let mut run = Run::new(1, 1);
    let mut shown = 0;
    loop {
        run.clear();
        let filled = recording.fill(&mut run);
        let now = SystemClock.wall();
        run.stamp(0..run.len(), now, &mut stamps);
        for record in run.records() {
            let due = timeline.due(record.facts.time);
            print_line(&if voice.json {
                as_json(&record, due, clock.as_ref())
            } else {
                as_text(&record, due)
            })?;
            shown += 1;
            if is_reader_gone() {
                return Ok(Exit::Done);
            }
        }
        match filled {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(error.into()),
        }
    }
    if !voice.quiet && !voice.json {
        say(&format!("{shown} {} shown, none sent", if shown == 1 { "record" } else { "records" }));
    }
    Ok(Exit::Done)
}

fn as_text(record: &Record<'_>, due: Duration) -> String {
    let key = record.key.map(|key| format!("{}  ", String::from_utf8_lossy(key))).unwrap_or_default();
    format!("{}  {key}{}", in_seconds(due), String::from_utf8_lossy(record.body.unwrap_or_default()))
}

fn as_json(record: &Record<'_>, due: Duration, clock: Option<&TimeColumn>) -> String {
    serde_json::json!({
        "due_s": due.as_secs_f64(),
        "event_time": record.facts.time.map(kadence_core::record::Timestamp::to_rfc3339),
        "time_column": clock,
        "line": record.facts.line,
        "key": record.key.map(String::from_utf8_lossy),
        "body": record.body.map(String::from_utf8_lossy),
    })
    .to_string()
}

/// Writes a due time: `+4.000000 s`.
fn in_seconds(due: Duration) -> String {
    format!("+{}.{:06} s", due.as_secs(), due.subsec_micros())
}
