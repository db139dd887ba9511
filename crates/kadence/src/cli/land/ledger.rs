//! `--ledger`.

use super::Exit;
use super::options::{LandOptions, LedgerAction};
use crate::fault::Error;
use crate::landing::{Adopted, Control, Landing, LedgerLine};
use crate::output::{Voice, print_json, print_plain_line};

pub(super) fn run(
    landing: &Landing,
    action: LedgerAction,
    options: &LandOptions,
    control: &Control,
    voice: Voice,
) -> Result<Exit, Error> {
    let needs_topics =
        matches!(action, LedgerAction::Adopt | LedgerAction::AcceptGap | LedgerAction::Restart);
    if needs_topics && options.topics().is_empty() {
        let what = "compares the ledger with topics";
        return Err(Error::misuse(kadence_core::phrase![@"ledger"], what, "name the topics"));
    }
    let changed = match action {
        LedgerAction::List => return list(&landing.ledger_lines(options.said_name().as_deref())?, voice),
        LedgerAction::Drop => {
            landing.ledger_drop()?;
            Vec::new()
        }
        LedgerAction::Adopt => landing.ledger_adopt(&options.at, options.again, control)?,
        LedgerAction::AcceptGap => landing.ledger_accept_gap(control)?,
        LedgerAction::Restart => landing.ledger_restart(options.again, control)?,
    };
    if control.stop.is_raised() {
        return Ok(Exit::Interrupted);
    }
    told(landing, action, &changed, voice)
}

fn told(landing: &Landing, action: LedgerAction, changed: &[Adopted], voice: Voice) -> Result<Exit, Error> {
    if voice.json {
        let changed: Vec<_> = changed.iter().map(changed_json).collect();
        let json = serde_json::json!({ "verb": "land", "name": landing.rows.name, "changed": changed });
        print_json(&json, false)?;
        return Ok(Exit::Done);
    }
    for Adopted { partition, before, next } in changed {
        let before = before.map_or_else(|| "nothing".to_owned(), |before| before.to_string());
        let gone = match (action, *before == *"nothing") {
            (LedgerAction::AcceptGap, false) => ", what lies between is gone",
            _ => "",
        };
        print_plain_line(&format!("{partition}: offset {next} comes next (before: {before}{gone})"))?;
    }
    if changed.is_empty() {
        let what = if action == LedgerAction::Drop { "is forgotten; its rows stay" } else { "is as it was" };
        print_plain_line(&format!("landing {} {what}", landing.rows.name))?;
    }
    Ok(Exit::Done)
}

fn changed_json(changed: &Adopted) -> serde_json::Value {
    serde_json::json!({
        "topic": *changed.partition.topic,
        "partition": changed.partition.index,
        "before": changed.before,
        "next": changed.next,
    })
}

fn list(lines: &[LedgerLine], voice: Voice) -> Result<Exit, Error> {
    if voice.json {
        let lines: Vec<_> = lines.iter().map(line_json).collect();
        print_json(&serde_json::json!({ "verb": "land", "ledger": lines }), false)?;
        return Ok(Exit::Done);
    }
    for LedgerLine { landing, line } in lines {
        let next = line.next.map_or_else(|| "nothing yet".to_owned(), |next| format!("next {next}"));
        let text = format!(
            "{landing}  {}[{}]  {next}  claimed {} times  topic {}  cluster {}",
            line.topic, line.partition, line.epoch, line.topic_id, line.cluster
        );
        print_plain_line(&text)?;
    }
    Ok(Exit::Done)
}

fn line_json(LedgerLine { landing, line }: &LedgerLine) -> serde_json::Value {
    serde_json::json!({
        "name": landing,
        "cluster": line.cluster,
        "topic": line.topic,
        "topic_id": line.topic_id,
        "partition": line.partition,
        "next": line.next,
        "epoch": line.epoch,
    })
}
