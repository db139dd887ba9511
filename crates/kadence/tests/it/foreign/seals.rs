//! Sealed topics that were tampered with, read by a program that knows the description of seals only.

use std::process::Command;

use super::program;
use crate::seal::{Taken, taken, write};
use crate::support::{Bench, finish, json, root};

/// How many topics are tampered with; a thousand by hand.
#[expect(clippy::disallowed_methods, reason = "how long a test takes cannot be an option")]
fn tampered_topics() -> u64 {
    std::env::var("KADENCE_TEST_TAMPERED").map_or(20, |number| number.parse().unwrap())
}

/// A stream of numbers that is the same each time.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    }
}

/// Does something to a few of the records.
fn tamper(records: &mut Vec<Taken>, mut number: impl FnMut(usize) -> usize) {
    for _ in 0..number(8) {
        let (at, other) = (number(records.len()), number(records.len()));
        match number(8) {
            0 => drop(records.remove(at)),
            1 => records.insert(other, records[at].clone()),
            2 => records.swap(at, other),
            3 => records[at].body.push(b' '),
            4 => records[at].key = None,
            5 => records[at].headers.clear(),
            6 => drop(records[at].headers[0].1.pop()),
            // Any byte of the seal: run, lane, sequence or checksum.
            _ => {
                let (byte, bit) = (number(24), number(8));
                if let Some(byte) = records[at].headers[0].1.get_mut(byte) {
                    *byte ^= 1 << bit;
                }
            }
        }
        records.iter_mut().filter(|record| record.headers.is_empty()).for_each(|record| {
            record.headers.push(("none".into(), Vec::new()));
        });
    }
}

/// By the description of the format alone, somebody else comes to the same numbers.
pub(super) fn a_second_checker_of_seals_agrees(bench: &Bench) {
    bench.kadence(&["topics", "create", "sealed", "--partitions", "2"]).ok();
    let rows: String =
        (0..40).map(|number| format!("{{\"key\": \"k{}\", \"number\": {number}}}\n", number % 5)).collect();
    bench.file("rows.jsonl", rows);
    let replay =
        ["replay", "rows.jsonl", "-t", "sealed", "--unpaced", "--key", "column:key", "--seal", "run.json"];
    bench.kadence(&replay).ok();
    let sealed = taken(bench, "sealed");
    let topics: Vec<String> = (0..tampered_topics()).map(|number| format!("copy-{number}")).collect();
    for (seed, topic) in (1..).zip(&topics) {
        let mut copy = sealed.clone();
        tamper(&mut copy, numbers(seed));
        bench.kadence(&["topics", "create", topic, "--partitions", "2"]).ok();
        write(bench, topic, &copy);
    }
    let mut command = Command::new(program("KADENCE_TEST_PYTHON"));
    let script = root().join("crates/kadence/tests/foreign/python/seal_check.py");
    command.current_dir(bench.folder.path()).arg(script).args([&bench.address, "run.json"]).args(&topics);
    let said = finish(command).ok();
    assert_eq!(said.lines().count(), topics.len());
    for (topic, line) in topics.iter().zip(said.lines()) {
        let (theirs, ours) =
            (json(line), bench.kadence(&["verify", "run.json", "--topic", topic, "--json"]).json());
        let is_doubled = theirs["doubled"] != 0;
        for kind in ["lost", "doubled", "reordered", "corrupted", "unexpected"] {
            // Of two in different partitions, whichever is met first is the one that has its place.
            if kind == "reordered" && is_doubled {
                continue;
            }
            assert_eq!(ours[kind]["records"], theirs[kind], "{topic}: {kind}: {ours} {theirs}");
        }
        assert_eq!((&ours["found"], &ours["others"]), (&theirs["found"], &theirs["others"]), "{topic}");
    }
}
