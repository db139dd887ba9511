//! `--ledger`.

use kadence_core::fault::Fault;
use kadence_core::phrase;

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
        return Err(Error::misuse(phrase![@"ledger"], what, "name the topics"));
    }
    misused(action, options)?;
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

/// Options that mean nothing to this action.
fn misused(action: LedgerAction, options: &LandOptions) -> Result<(), Error> {
    let is_adopting = action == LedgerAction::Adopt;
    let of_others = [
        (phrase![@"at"], !options.at.is_empty() && !is_adopting, "is where an adopted partition goes on"),
        (
            phrase![@"again"],
            options.again && !is_adopting && action != LedgerAction::Restart,
            "lets records land once more",
        ),
        (phrase![@"until-end"], options.until_end, "is for landing, and this looks at the ledger and ends"),
        (phrase![@"limit"], options.limit.is_some(), "is for landing, and this looks at the ledger and ends"),
    ];
    let faults = of_others.into_iter().filter(|(_, is_there, _)| *is_there);
    let faults: Vec<Fault> =
        faults.map(|(option, _, what)| Fault::new(option, what).help("leave it out").misuse()).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
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
        let what = match action {
            LedgerAction::Drop => "is forgotten; its rows stay, and land once more if it is begun again",
            LedgerAction::Adopt => "goes on where it was, with the options that are given now",
            _ => "is as it was",
        };
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
    if lines.is_empty() {
        voice.note("no landing is noted there");
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
