//! No files that know each other in a circle: none of them can be read, tested or changed without all others.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Modules;
use crate::support::root;

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
    assert!(found.is_empty(), "these files know each other in a circle: {found:#?}");
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
