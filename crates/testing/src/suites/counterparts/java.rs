//! Java and Maven, and the last client of Kafka 3 beside the real Kafka's own.

use std::fs;

use super::{Lack, fingerprint, missing};
use crate::suites::place::{Place, find_program, logged, say};

/// Installs what is missing; what still is, the real Kafka says itself.
#[expect(clippy::unnecessary_wraps, reason = "as a counterpart is found")]
pub(super) fn find(place: &Place) -> Result<Vec<String>, Lack> {
    for (program, package) in [("javac", "default-jdk-headless"), ("mvn", "maven")] {
        if find_program(program).is_none() {
            place.install(&[package]);
        }
    }
    Ok(Vec::new())
}

pub(super) fn find_old_client(place: &Place) -> Result<Vec<String>, Lack> {
    find(place)?;
    // It compiles the suite that runs with either client.
    if find_program("javac").is_none() {
        return Err(missing("javac missing: apt-get install default-jdk-headless"));
    }
    let pom = place.root.join("crates/kadence/tests/foreign/java/pom.xml");
    let text = fs::read(&pom).map_err(|error| Lack::Broken(format!("{}: {error}", place.shown(&pom))))?;
    let folder = place.root.join(".cache").join(format!("java-{}", fingerprint(&text)));
    if !folder.exists() {
        say("fetching Kafka 3's client for Java");
        let unfinished = folder.with_extension("unfinished");
        let log = place.log("install-java");
        // Neither may be there.
        let _ = (fs::remove_dir_all(&unfinished), fs::remove_file(&log));
        let mut maven = place.command("mvn");
        maven.args(["-q", "-B", "-f"]).arg(&pom).arg("dependency:copy-dependencies");
        maven.arg(format!("-DoutputDirectory={}", unfinished.display())).arg("-DincludeScope=runtime");
        if !logged(&mut maven, &log) || fs::rename(&unfinished, &folder).is_err() {
            let log = place.shown(&log);
            return Err(missing(format!("Kafka 3's client cannot be fetched: see {log}")));
        }
    }
    Ok(vec![folder.display().to_string()])
}
