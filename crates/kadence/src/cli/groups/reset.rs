//! A group's offsets, moved.

use kadence_kafka::{Admin, Reset};

use crate::cli::Exit;
use crate::fault::Error;
use crate::output::{Voice, print_json, print_plain_line};

/// Moves the group and prints each partition's offset before and after.
pub(super) fn run(admin: &Admin, group: &str, reset: &Reset, voice: Voice) -> Result<Exit, Error> {
    let moved = admin.reset_group(group, reset)?;
    if voice.json {
        let partitions: Vec<_> = moved
            .iter()
            .map(|moved| {
                serde_json::json!({
                    "topic": moved.topic,
                    "partition": moved.partition,
                    "before": moved.before,
                    "after": moved.after,
                })
            })
            .collect();
        let summary = serde_json::json!({
            "verb": "groups reset",
            "group": group,
            "dry_run": reset.is_dry,
            "partitions": partitions,
        });
        print_json(&summary, false)?;
        return Ok(Exit::Done);
    }
    for moved in &moved {
        let before = moved.before.map_or_else(|| "nothing".to_owned(), |before| before.to_string());
        print_plain_line(&format!("{} [{}]: {before} -> {}", moved.topic, moved.partition, moved.after))?;
    }
    if reset.is_dry {
        voice.note("nothing is changed; run it again without --dry-run");
    }
    Ok(Exit::Done)
}
