//! A real Kafka, started with the program `real-kafka`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use super::{Lack, Process, Started, missing};
use crate::suites::place::{Place, Room, lock, logged, say};

/// Maven may have to fetch it first, on a slow line.
const START_LIMIT: Duration = Duration::from_mins(10);

/// How many there are beside the one.
const MORE: usize = 3;

/// A transaction that lasts too long is noticed soon, not within ten seconds.
const KAFKA_OPTIONS: [&str; 2] =
    ["--property", "transaction.abort.timed.out.transaction.cleanup.interval.ms=500"];

/// Held by the first of each kind: whoever comes second finds fetched what the other has fetched.
static FIRST: Mutex<()> = Mutex::new(());

/// The one that all suites share.
pub(super) fn start(place: &Place) -> Result<Started, Lack> {
    compile(place)?;
    say("starting a real Kafka");
    let _first = lock(&FIRST);
    let (process, line) = run(place, "real-kafka")?;
    let values = ["brokers", "classpath", "log4j"].map(|name| field(&line, name)).into();
    Ok(Started { values, processes: vec![process] })
}

/// Some more.
pub(super) fn start_more(place: &Place) -> Result<Started, Lack> {
    compile(place)?;
    say(format!("starting {MORE} more Kafkas"));
    let name = |number| format!("real-kafka-{number}");
    let first = {
        let _first = lock(&FIRST);
        run(place, &name(1))?
    };
    let others: Result<Vec<_>, _> = thread::scope(|scope| {
        let starts: Vec<_> =
            (2..=MORE).map(|number| scope.spawn(move || run(place, &name(number)))).collect();
        let gone = |_| Err(missing("the thread that starts it panicked"));
        starts.into_iter().map(|start| start.join().unwrap_or_else(gone)).collect()
    });
    let (processes, lines): (Vec<_>, Vec<_>) = std::iter::once(first).chain(others?).unzip();
    let addresses: Vec<String> = lines.iter().map(|line| field(line, "brokers")).collect();
    Ok(Started { values: vec![addresses.join(",")], processes })
}

/// Compiles the program, and all tests with it: alone it would have other features, and be compiled again.
fn compile(place: &Place) -> Result<(), Lack> {
    let log = place.log("compile");
    let _alone = place.rooms.enter(Room::Debug, "the build for the real Kafka");
    if logged(&mut place.cargo("build --quiet --workspace --bins --tests --examples"), &log) {
        return Ok(());
    }
    Err(Lack::Broken(format!("real-kafka does not compile: see {}", place.shown(&log))))
}

/// Runs one, and gives the line that it prints once it answers.
fn run(place: &Place, name: &str) -> Result<(Process, String), Lack> {
    let log = place.log(name);
    let heard = |error: std::io::Error| missing(format!("no real Kafka: {error}"));
    let mut command = place.command(&place.target().join("debug/real-kafka").display().to_string());
    command.args(KAFKA_OPTIONS).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(File::create(&log).map_err(heard)?);
    let mut process = Process(command.spawn().map_err(heard)?);
    let output = process.0.stdout.take().map(BufReader::new);
    let (give, take) = sync_channel(1);
    thread::spawn(move || {
        let line = output.and_then(|output| output.lines().next()).and_then(Result::ok);
        // Who has lost patience needs no line.
        let _ = give.send(line);
    });
    match take.recv_timeout(START_LIMIT) {
        Ok(Some(line)) => Ok((process, line)),
        Ok(None) => {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            Err(missing(format!("no real Kafka: {}", said.lines().last().unwrap_or("it said nothing"))))
        }
        Err(_) => Err(missing(format!("no real Kafka within {START_LIMIT:?}: see {}", place.shown(&log)))),
    }
}

/// A text of a flat JSON object whose texts are plain.
fn field(object: &str, name: &str) -> String {
    let behind = object.split_once(&format!("\"{name}\":")).map(|(_, rest)| rest.trim_start());
    let text = behind.and_then(|rest| rest.strip_prefix('"')).and_then(|rest| rest.split('"').next());
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_from_the_line_of_a_kafka() {
        let line = r#"{"brokers":"127.0.0.1:9","delayed":null, "log4j": "/a/b.properties","pid":1}"#;
        let found = ["brokers", "log4j", "delayed", "none"].map(|name| field(line, name));
        assert_eq!(found, ["127.0.0.1:9", "/a/b.properties", "", ""]);
    }
}
