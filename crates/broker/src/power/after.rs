//! A broker after the cut, held against the promises that were given before it.

use super::world::{Ended, GROUP, Said, Stored, TRANSACTIONAL, batch, batches, given};
use crate::{
    clock::Clock, node::Node, options::Options, partition::Incoming, served::Served, transactions::Place,
};
use kadence_wire::batch::BatchHeader;
use std::sync::Arc;

/// What is broken of what was promised in the first steps.
pub(super) fn check(options: Options, said: &Said, steps: usize) -> Result<(), String> {
    let node = Node::new(options.clone(), Clock::SYSTEM, Served::default())
        .map_err(|e| format!("it does not start: {e}"))?;
    let node = Arc::new(node);
    topics(&node, said, steps)?;
    for (place, stored) in &said.stored {
        records(&node, said, steps, *place, stored)?;
    }
    groups(&node, said, steps)?;
    transactions(&node, said, steps)?;
    newcomers(&node, said, steps)?;
    drop(node);
    // What the first start made of it is there for the second.
    Node::new(options, Clock::SYSTEM, Served::default())
        .map_err(|e| format!("it does not start again: {e}"))?;
    Ok(())
}

/// Whether a topic has begun to go by then.
fn is_going(said: &Said, steps: usize, id: uuid::Uuid) -> bool {
    said.topics_deleted.get(&id).is_some_and(|(began, _)| *began <= steps)
}

fn topics(node: &Node, said: &Said, steps: usize) -> Result<(), String> {
    for (id, kept) in &said.topics {
        let there = node.topics.with_id(*id).is_some();
        if kept.is_some_and(|at| at <= steps) && !there && !is_going(said, steps, *id) {
            return Err(format!("topic {id} is gone"));
        }
        let deleted = said.topics_deleted.get(id).and_then(|(_, known)| *known);
        if deleted.is_some_and(|at| at <= steps) && there {
            return Err(format!("topic {id} was deleted and is there"));
        }
    }
    Ok(())
}

fn records(
    node: &Node,
    said: &Said,
    steps: usize,
    place: Place,
    stored: &[(usize, Stored)],
) -> Result<(), String> {
    let going = is_going(said, steps, place.0);
    let kept = said.kept.iter().filter(|(at, of, _)| *at <= steps && *of == place).map(|(.., end)| *end);
    let kept = kept.max().unwrap_or(0);
    let Some(topic) = node.topics.with_id(place.0) else {
        return if kept > 0 && !going { Err(format!("{place:?} is gone, {kept} records")) } else { Ok(()) };
    };
    let partition = topic.partition(place.1).ok_or_else(|| format!("{place:?} is gone"))?;
    let state = partition.lock();
    if let Some(fault) = state.log.fault() {
        return Err(format!("{place:?} takes nothing more: {}", fault.full_text()));
    }
    let (start, end) = (state.log.start(), state.log.end());
    let deleted = said.deleted.iter().filter(|(at, of, _)| *at <= steps && *of == place);
    let may_start = deleted.map(|(.., offset)| *offset).max().unwrap_or(0);
    if start > may_start {
        return Err(format!("{place:?} begins at {start}, deleted was {may_start}"));
    }
    if end < kept && !going {
        return Err(format!("{place:?} ends at {end}, {kept} were kept"));
    }
    let found = state.log.read(start, usize::MAX, false, i64::MAX).load().map_err(|e| e.full_text())?;
    let found: Vec<Stored> = batches(&found.concat()).into_iter().filter(|b| b.base >= start).collect();
    let stored = stored.iter().map(|(_, stored)| stored.clone());
    let expected: Vec<Stored> = stored.filter(|b| (start..end).contains(&b.base)).collect();
    // What was lost may have made way for the marker of an aborted transaction.
    let promised = expected.iter().filter(|b| b.base < kept).count();
    let holds = expected.starts_with(&found) && found.len() >= promised;
    if !holds && !going {
        return Err(format!("{place:?} has {found:?} instead of {expected:?}, and ends at {end}"));
    }
    Ok(())
}

fn groups(node: &Node, said: &Said, steps: usize) -> Result<(), String> {
    let mut last = std::collections::BTreeMap::new();
    for (at, topic, partition, offset) in &said.committed {
        if *at <= steps {
            last.insert((topic.clone(), *partition), (*at, *offset));
        }
    }
    for ((topic, partition), (_, offset)) in last {
        // A later commit may be there as well, that was not answered yet.
        if node.topics.named(&topic).is_none() {
            continue;
        }
        let later: Vec<i64> = said
            .committed
            .iter()
            .filter(|(_, of, index, _)| *of == topic && *index == partition)
            .map(|(.., offset)| *offset)
            .collect();
        let found = node.groups.with(|groups, _| {
            groups.offsets(GROUP).and_then(|offsets| offsets.get(&topic, partition).map(|c| c.offset))
        });
        let right = found == Some(offset) || found.is_some_and(|found| later.contains(&found));
        if !right {
            return Err(format!("{topic} {partition} has {found:?} committed instead of {offset}"));
        }
    }
    Ok(())
}

fn transactions(node: &Node, said: &Said, steps: usize) -> Result<(), String> {
    for Ended { at, commit, producer, records } in &said.ended {
        if *at > steps {
            continue;
        }
        for (place, offset) in records {
            if is_going(said, steps, place.0) {
                continue;
            }
            let Some(topic) = node.topics.with_id(place.0) else { continue };
            let state = topic.partition(place.1).ok_or("a partition is gone")?.lock();
            if *offset < state.log.start() {
                continue;
            }
            let aborted = state.producers.aborted(0, i64::MAX);
            let is_aborted =
                aborted.iter().any(|a| a.producer_id == *producer && (a.first..=a.last).contains(offset));
            if is_aborted == *commit || state.last_stable() <= *offset {
                return Err(format!("{place:?} {offset} is not as its transaction ended"));
            }
        }
    }
    // Whoever comes back under the id ends what was open.
    for _ in 0..3 {
        if node.transactions.init(TRANSACTIONAL, 1_000, None).is_ok() {
            break;
        }
    }
    for topic in node.topics.all() {
        for partition in &topic.partitions {
            let state = partition.lock();
            if state.last_stable() != state.log.end() {
                return Err(format!("a transaction in {} hangs", &*topic.name));
            }
        }
    }
    Ok(())
}

/// Producers that come afterwards lose nothing.
fn newcomers(node: &Node, said: &Said, steps: usize) -> Result<(), String> {
    let before = given(said, steps);
    for topic in node.topics.all() {
        for (index, partition) in (0..).zip(&topic.partitions) {
            let id = node.producer_ids.take().map_err(|_| "no id is given")?;
            if before.contains(&id) {
                return Err(format!("producer id {id} is given out twice"));
            }
            let bytes = batch(id, 0, 0, 2, 30, u64::MAX, false);
            let header = BatchHeader::parse_produced(&bytes).map_err(|e| e.to_string())?;
            let end = partition.lock().log.end();
            let settings = &topic.settings;
            let incoming = Incoming { header: &header, bytes: &bytes, settings, now_ms: 1_000 };
            let appended = partition.append(&incoming).map_err(|e| format!("{index}: {e:?}"))?;
            if appended.base_offset != end || partition.lock().log.end() != end + 2 {
                return Err(format!("a new producer's batch is not stored in {} {index}", &*topic.name));
            }
        }
    }
    Ok(())
}
