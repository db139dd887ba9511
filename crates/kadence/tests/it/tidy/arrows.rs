//! Who inside `core` may know whom, as ARCHITECTURE.md has it.

use super::modules::Modules;

const CORE: &str = "crates/core/src";

/// Who, and whom it may not know: files, or folders with all in them.
const FORBIDDEN: [(&str, &[&str]); 10] = [
    // No source knows a sink.
    ("source", &["sink"]),
    // What is due when is computed, without a look at a clock.
    ("schedule.rs", &["clock.rs", "pacer.rs", "source", "sink", "codec"]),
    // A codec turns rows into bytes, and no more.
    ("codec", &["clock.rs", "pacer.rs", "sink", "pipeline.rs", "ring.rs"]),
    ("sink", &["source", "codec", "projection.rs", "projection"]),
    ("projection", &["codec", "sink", "clock.rs", "pacer.rs"]),
    ("clock.rs", &["pacer.rs", "schedule.rs", "source", "sink", "codec"]),
    ("pacer.rs", &["source", "sink", "codec"]),
    // Cells and typed values stand under everything else.
    ("text", &["data", "projection", "projection.rs", "codec", "codec.rs", "source", "sink"]),
    ("data", &["text", "projection", "projection.rs", "codec", "codec.rs", "source", "sink"]),
    // What a landing reads from and writes to knows nothing of recordings.
    ("feed.rs", &["source", "sink", "codec", "target.rs", "pipeline.rs"]),
];

/// Words that only these files of `core` may have.
const WORDS: [(&[&str], &[&str]); 2] = [
    // One place waits for a record's time. The clock knows how.
    (
        &["sleep_until", "sleep", "park", "park_timeout", "clock_nanosleep_absolute"],
        &["pacer.rs", "clock.rs"],
    ),
    (&["Instant", "SystemTime"], &["clock.rs"]),
];

/// Words of input and output, which codecs have not. Writing into memory is none.
const INPUT_OUTPUT: [&str; 8] = ["fs", "net", "process", "thread", "env", "stdin", "stdout", "stderr"];

fn is_in(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(CORE).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
    rest == place || rest.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

#[test]
fn nobody_inside_core_knows_whom_it_may_not() {
    let modules = Modules::of("crates/core");
    let arrows = modules.arrows();
    for (who, whom) in FORBIDDEN {
        assert!(arrows.keys().any(|file| is_in(file, who)), "{CORE}/{who} is not there");
        for (file, others) in arrows.iter().filter(|(file, _)| is_in(file, who)) {
            for other in others {
                assert!(!whom.iter().any(|place| is_in(other, place)), "{file} knows {other}");
            }
        }
    }
}

#[test]
fn one_place_in_core_waits_and_one_looks_at_the_clock() {
    for (file, text) in Modules::of("crates/core").texts() {
        for (some, homes) in WORDS {
            if !homes.iter().any(|home| is_in(file, home)) {
                let found = words(text).find(|word| some.contains(word));
                assert_eq!(found, None, "{file}");
            }
        }
    }
}

#[test]
fn codecs_do_no_input_or_output() {
    let modules = Modules::of("crates/core");
    let codecs: Vec<_> = modules.texts().filter(|(file, _)| is_in(file, "codec")).collect();
    assert!(codecs.len() > 3, "{codecs:?}");
    for (file, text) in codecs {
        let found = words(text).find(|word| INPUT_OUTPUT.contains(word));
        assert_eq!(found, None, "{file}");
    }
}
