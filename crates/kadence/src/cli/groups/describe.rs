//! Who reads in a group, and how far it has come.

use kadence_kafka::{Admin, GroupDescription, GroupMember, GroupPartition};

use crate::cli::Exit;
use crate::cli::topics::plural;
use crate::fault::Error;
use crate::output::{Voice, count, print_json, print_plain_line};

/// Prints what there is to know of each group; one that fails does not keep the others from it.
pub(super) fn print(admin: &Admin, groups: &[String], voice: Voice) -> Result<Exit, Error> {
    let names: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut described = Vec::new();
    let mut errors = Vec::new();
    for (_, outcome) in admin.describe_groups(&names)? {
        match outcome {
            Ok(group) => described.push(group),
            Err(error) => errors.push(error.into()),
        }
    }
    if voice.json {
        let groups: Vec<_> = described.iter().map(as_json).collect();
        print_json(&serde_json::json!({ "verb": "groups describe", "groups": groups }), false)?;
    } else {
        described.iter().flat_map(as_lines).try_for_each(|line| print_plain_line(&line))?;
    }
    Error::all(errors).map_or(Ok(Exit::Done), Err)
}

fn as_json(group: &GroupDescription) -> serde_json::Value {
    let members: Vec<_> = group
        .members
        .iter()
        .map(|member| {
            serde_json::json!({
                "id": member.id,
                "client_id": member.client_id,
                "instance": member.instance,
                "host": member.host,
            })
        })
        .collect();
    let partitions: Vec<_> = group
        .partitions
        .iter()
        .map(|partition| {
            serde_json::json!({
                "topic": partition.topic,
                "partition": partition.partition,
                "committed": partition.committed,
                "latest": partition.latest,
                "lag": partition.lag(),
                "member": partition.member.map(|number| &group.members[number].id),
            })
        })
        .collect();
    serde_json::json!({
        "name": group.name,
        "state": group.state,
        "assignor": group.assignor,
        "coordinator": group.coordinator,
        "members": members,
        "partitions": partitions,
    })
}

fn as_lines(group: &GroupDescription) -> Vec<String> {
    let assignor = group.assignor.as_ref().map_or_else(String::new, |assignor| format!(", {assignor}"));
    let members = plural(group.members.len(), "member");
    let mut lines = vec![format!("{}: {}, {members}{assignor}", group.name, group.state.to_lowercase())];
    for partition in &group.partitions {
        lines.push(format!("  {}", progress(group, partition)));
    }
    let idle = group.members.iter().filter(|member| member.partitions.is_empty());
    lines.extend(idle.map(|member| format!("  no partitions for {}", named(member))));
    lines
}

/// `sensor [0]: at 12, 3 behind 15; member kadence-7f at /127.0.0.1`
fn progress(group: &GroupDescription, partition: &GroupPartition) -> String {
    let GroupPartition { topic, partition: number, committed, latest, member } = partition;
    let place = match (committed, latest, partition.lag()) {
        (Some(committed), Some(latest), Some(lag)) => {
            format!("at {committed}, {} behind {latest}", count(lag))
        }
        (Some(committed), ..) => format!("at {committed}, its end is unknown"),
        (None, Some(latest), _) => format!("nothing committed, ends at {latest}"),
        (None, ..) => "nothing committed".to_owned(),
    };
    let reader = member.map_or_else(String::new, |number| format!("; {}", named(&group.members[number])));
    format!("{topic} [{number}]: {place}{reader}")
}

fn named(member: &GroupMember) -> String {
    let name = member.instance.as_ref().unwrap_or(&member.id);
    format!("member {name} at {}", member.host.trim_start_matches('/'))
}
