//! Whether what is to be read of each partition can be anything.

use kadence_core::fault::{Fault, Phrase};
use kadence_core::phrase;

use super::options::{ReaderOptions, StartAt, StopAt};

/// Finds what contradicts itself or means nothing: each by itself, then together.
pub(super) fn check(options: &ReaderOptions, faults: &mut Vec<Fault>) {
    let ReaderOptions { partitions, group, instance, from, until, limit, .. } = options;
    let mut refuse = |place: Phrase, what: Phrase, help: &str| {
        faults.push(Fault::new(place, what).help(help).misuse());
    };
    if let Some(negative) = partitions.iter().find(|partition| **partition < 0) {
        let what = format!("there is no partition {negative}");
        refuse(phrase![@"partition"], what.into(), "take 0 or more");
    }
    if let StartAt::Offset(negative) | StartAt::Last(negative) = from
        && *negative < 0
    {
        let what = format!("there is nothing at {negative}");
        refuse(phrase![@"from"], what.into(), "take 0 or more");
    }
    if let StopAt::Offset(negative) = until
        && *negative < 0
    {
        let what = format!("there is nothing before {negative}");
        refuse(phrase![@"until"], what.into(), "take 0 or more");
    }
    if *limit == Some(0) {
        refuse(phrase![@"limit"], "nothing would be read (found: 0)".into(), "take 1 or more");
    }
    if group.is_some() && !partitions.is_empty() {
        let what = "a group shares its partitions out by itself";
        refuse(phrase![@"partition", " and ", @"group"], what.into(), "leave one of them out");
    }
    if group.is_none() && instance.is_some() {
        let what = phrase!["without ", @"group", " there is nobody to know it again"];
        refuse(phrase![@"instance"], what, "leave it out, or name a group");
    }
    let is_before = match (from, until) {
        (StartAt::Offset(from), StopAt::Offset(until)) => until < from,
        (StartAt::At(from), StopAt::At(until)) => until < from,
        _ => false,
    };
    if is_before {
        let what = phrase!["is before ", @"from", ", so that there is nothing to read"];
        refuse(phrase![@"until"], what, "exchange them, or leave one out");
    }
}
