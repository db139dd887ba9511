//! Who may name what.

use std::collections::BTreeSet;

use super::{assert_listed, sources};

/// Files outside `crates/kafka` that name `rdkafka`: tests and measurements that are clients themselves.
const NAME_RDKAFKA: &[&str] = &[
    "crates/kadence/examples/landing_ceiling.rs",
    "crates/kadence/tests/it/compaction.rs",
    "crates/kadence/tests/it/kill.rs",
    "crates/kadence/tests/it/kill/compaction.rs",
    "crates/kadence/tests/it/kill/copies.rs",
    "crates/kadence/tests/it/kill/outcome.rs",
    "crates/kadence/tests/it/kill/transactions.rs",
    "crates/kadence/tests/it/kill/transactions/job.rs",
    "crates/kadence/tests/it/kill/writers.rs",
    "crates/kadence/tests/it/land.rs",
    "crates/kadence/tests/it/seal.rs",
];

/// Files that name `SystemClock`, and so do not take a clock from who calls them. Tests and examples call.
const NAME_THE_SYSTEM_CLOCK: &[&str] = &[
    // It is at home there.
    "crates/core/src/clock.rs",
    "crates/core/src/pipeline.rs",
    "crates/kadence/src/cli/consume.rs",
    "crates/kadence/src/cli/consume/printer.rs",
    "crates/kadence/src/cli/land.rs",
    "crates/kadence/src/cli/replay/preview.rs",
    "crates/kadence/src/cli/verify.rs",
    "crates/kadence/src/demo.rs",
    "crates/kadence/src/sending.rs",
    "crates/kafka/src/admin.rs",
    // Its counterparts are other processes, which know no other.
    "crates/testing/src/kafka/server.rs",
    "crates/testing/src/proxy.rs",
    "crates/testing/src/proxy_tests.rs",
];

/// The files that name a word outside of these folders.
fn naming(word: &str, but: fn(&str) -> bool) -> BTreeSet<String> {
    let names =
        |text: &str| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|w| w == word);
    let files = sources().into_iter().filter(|(file, text)| !but(file) && names(text));
    files.map(|(file, _)| file).collect()
}

fn listed(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|&file| file.to_owned()).collect()
}

#[test]
fn only_the_room_of_librdkafka_names_it() {
    let its_own = |file: &str| file.starts_with("crates/kafka/") || file.contains("/tests/it/tidy/");
    assert_listed("rdkafka", &naming("rdkafka", its_own), &listed(NAME_RDKAFKA));
}

#[test]
fn time_is_an_argument() {
    let calls =
        |file: &str| file.contains("/tests/") || file.contains("/examples/") || file.contains("/benches/");
    assert_listed("SystemClock", &naming("SystemClock", calls), &listed(NAME_THE_SYSTEM_CLOCK));
}

/// Whoever shows a message spells what it names: a library knows no command line.
#[test]
fn libraries_spell_no_options_and_no_commands() {
    const LIBRARIES: [&str; 7] = ["core", "kcql", "land", "kafka", "broker", "store", "store-sqlite"];
    const SPELLED: [&str; 11] = [
        "\"-b\"",
        " -b ",
        "\"-X",
        " -X ",
        "kadence up",
        "kadence demo",
        "kadence replay",
        "kadence consume",
        "kadence topics",
        "kadence groups",
        "kadence completions",
    ];
    let is_option = |text: &str| {
        text.split("--").skip(1).any(|rest| rest.starts_with(|letter: char| letter.is_ascii_lowercase()))
    };
    for (file, text) in sources() {
        let is_library = LIBRARIES.iter().any(|room| file.starts_with(&format!("crates/{room}/src/")));
        if !is_library || file.contains("tests") {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let is_spelled = is_option(line) || SPELLED.iter().any(|spelled| line.contains(spelled));
            assert!(!is_spelled, "{file}: {line}");
        }
    }
}
