//! A real Kafka, started with the program `real-kafka`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use super::{Lack, Process, Started, java, missing};
use crate::suites::place::{InRoom, Place, logged, said, say};

/// Maven may have to fetch it first, on a slow line.
const START_LIMIT: Duration = Duration::from_mins(10);

/// How many there are beside the one.
const MORE: usize = 3;

/// A transaction that lasts too long is noticed soon, not within ten seconds.
const KAFKA_OPTIONS: [&str; 2] =
    ["--property", "transaction.abort.timed.out.transaction.cleanup.interval.ms=500"];

/// Whether the one has started: what the others need is compiled and fetched by then.
static FIRST: OnceLock<Result<(), Lack>> = OnceLock::new();

/// It is looked for once it is compiled, which takes longest.
#[expect(clippy::unnecessary_wraps, reason = "as a counterpart is found")]
pub(super) fn find(_: &Place) -> Result<Vec<String>, Lack> {
    Ok(Vec::new())
}

/// The one that all suites share.
pub(super) fn start(place: &Place, room: Option<InRoom<'_>>) -> Result<Started, Lack> {
    let started = compile(place).and_then(|()| {
        drop(room);
        java::find(place)?;
        say("starting a real Kafka");
        let (process, line) = run(place, "real-kafka")?;
        let values = ["brokers", "classpath", "log4j"].map(|name| field(&line, name)).into();
        Ok(Started { values, processes: vec![process] })
    });
    FIRST.get_or_init(|| started.as_ref().map(|_| ()).map_err(Clone::clone));
    started
}

/// Some more.
pub(super) fn start_more(place: &Place, _: Option<InRoom<'_>>) -> Result<Started, Lack> {
    FIRST.wait().clone()?;
    say(format!("starting {MORE} more Kafkas"));
    let started: Result<Vec<_>, _> = thread::scope(|scope| {
        let names = (1..=MORE).map(|number| format!("real-kafka-{number}"));
        let starts: Vec<_> = names.map(|name| scope.spawn(move || run(place, &name))).collect();
        let gone = |_| Err(missing("the thread that starts it panicked"));
        starts.into_iter().map(|start| start.join().unwrap_or_else(gone)).collect()
    });
    let (processes, lines): (Vec<_>, Vec<_>) = started?.into_iter().unzip();
    let addresses: Vec<String> = lines.iter().map(|line| field(line, "brokers")).collect();
    Ok(Started { values: vec![addresses.join(",")], processes })
}

/// Compiles the program, and all tests with it: alone it would have other features, and be compiled again.
fn compile(place: &Place) -> Result<(), Lack> {
    let log = place.log("compile");
    let _ = std::fs::remove_file(&log);
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
            let said = said(&log);
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
