//! No files that know each other in a circle: none of them can be read, tested or changed without all others.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Modules;
use crate::support::root;

/// Circles of today, a line for each file of one. None is added and none grows; what is not in one any more is taken
/// off.
const CIRCLES: &[&[&str]] = &[
    &[
        "crates/broker/src/api.rs",
        "crates/broker/src/dispatch.rs",
        "crates/broker/src/server.rs",
        "crates/broker/src/shared.rs",
        "crates/broker/src/start.rs",
        "crates/broker/src/topics.rs",
        "crates/broker/src/transactions.rs",
        "crates/broker/src/upkeep.rs",
    ],
    &[
        "crates/broker/src/groups/group.rs",
        "crates/broker/src/groups/join.rs",
        "crates/broker/src/groups/member.rs",
        "crates/broker/src/groups/offsets.rs",
    ],
    &[
        "crates/broker/src/log/disk.rs",
        "crates/broker/src/log/finish.rs",
        "crates/broker/src/log/found.rs",
        "crates/broker/src/log/index.rs",
        "crates/broker/src/log/snapshot.rs",
    ],
    &["crates/broker/src/options/listener.rs", "crates/broker/src/options/properties.rs"],
    &["crates/broker/src/transactions/entry.rs", "crates/broker/src/transactions/machine.rs"],
    &[
        "crates/core/src/codec.rs",
        "crates/core/src/projection.rs",
        "crates/core/src/source/csv.rs",
        "crates/core/src/source/error.rs",
        "crates/core/src/source/input.rs",
        "crates/core/src/source/jsonl.rs",
        "crates/core/src/source/kinds.rs",
        "crates/core/src/source/lines.rs",
        "crates/core/src/source/rows.rs",
    ],
    &["crates/core/src/pipeline.rs", "crates/core/src/ring.rs"],
    &["crates/core/src/source/opening.rs", "crates/core/src/source/recording.rs"],
    &["crates/kadence/src/fault.rs", "crates/kadence/src/output.rs"],
    &["crates/kcql/src/caret.rs", "crates/kcql/src/span.rs"],
];

#[test]
fn no_files_know_each_other_in_a_circle() {
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    let mut folders: Vec<_> = std::fs::read_dir(root().join("crates")).unwrap().map(Result::unwrap).collect();
    folders.sort_by_key(std::fs::DirEntry::file_name);
    for folder in folders {
        let name = folder.file_name().into_string().unwrap();
        let modules = Modules::of(&format!("crates/{name}"));
        found.extend(
            circles(&modules.arrows())
                .into_iter()
                .map(|circle| circle.into_iter().map(ToOwned::to_owned).collect()),
        );
    }
    let listed: Vec<BTreeSet<String>> =
        CIRCLES.iter().map(|circle| circle.iter().map(|&file| file.to_owned()).collect()).collect();
    let new: Vec<&BTreeSet<String>> =
        found.iter().filter(|circle| !listed.iter().any(|known| circle.is_subset(known))).collect();
    assert!(new.is_empty(), "these files know each other in a circle, which is new or has grown: {new:#?}");
    let gone: Vec<_> = listed.iter().filter(|known| !found.contains(known)).collect();
    assert!(gone.is_empty(), "these are smaller or gone; make the list so: {gone:#?}\nfound: {found:#?}");
}

/// The largest sets of files each of which leads to all others.
fn circles<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<BTreeSet<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|&file| (file, all_behind(file, arrows))).collect();
    let circle = |&file: &&'a str| -> BTreeSet<&'a str> {
        reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect()
    };
    arrows.keys().map(circle).filter(|circle| circle.len() > 1).collect()
}

fn all_behind<'a>(file: &'a str, arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left = vec![file];
    while let Some(next) = left.pop() {
        left.extend(arrows[next].iter().filter(|other| reached.insert(**other)));
    }
    reached
}

#[test]
fn circles_are_found() {
    let arrows = [("a", vec!["b"]), ("b", vec!["c", "d"]), ("c", vec!["a"]), ("d", vec!["e"]), ("e", vec![])];
    let arrows = arrows.into_iter().map(|(file, others)| (file, others.into_iter().collect())).collect();
    assert_eq!(circles(&arrows), BTreeSet::from([BTreeSet::from(["a", "b", "c"])]));
}
