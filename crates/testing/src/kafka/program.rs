//! The program `real-kafka`: runs a Kafka until standard input ends or a signal comes, and says on standard output
//! where it is.

use std::io::{self, BufRead as _};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::server::{DEFAULT_JVM, Options, RealKafka};

const USAGE: &str = "\
Usage: real-kafka [--heap SIZE] [--jit quick|full] [--property NAME=VALUE]… [--delayed]

Fetches Kafka with Maven unless it is in the cache, runs one node of it on free
ports of 127.0.0.1, and prints a line of JSON once it answers:

  {\"brokers\":…,\"delayed\":…,\"classpath\":…,\"log4j\":…,\"pid\":…}

It ends with standard input, or with a signal.

  --heap SIZE            Java's -Xmx; 512m unless given
  --jit quick|full       quick starts in seconds, full is fast in long runs
  --property NAME=VALUE  a property of the server; may be repeated
  --delayed              a second address, whose traffic all goes through a delay.
                         A line `delay 5ms` on standard input sets the round trip
                         (0ms at first) and is answered with a line of JSON
";

/// Between two looks at whether Kafka is alive.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

enum Event {
    Line(String),
    End,
}

/// Does what the arguments ask for.
pub fn run_as_program(arguments: impl Iterator<Item = String>) -> ExitCode {
    let options = match parse(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => {
            say(&mut io::stdout(), USAGE.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(fault) => {
            say(&mut io::stderr(), format!("real-kafka: {fault}\n\n{}", USAGE.trim_end()));
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let causes = std::iter::successors(Some(&*fault), |fault| fault.source());
            let chain: Vec<String> = causes.map(ToString::to_string).collect();
            say(&mut io::stderr(), format!("real-kafka: {}", chain.join(": ")));
            ExitCode::FAILURE
        }
    }
}

/// A closed pipe is noticed by what follows, not here.
fn say(to: &mut dyn io::Write, what: impl std::fmt::Display) {
    let _ = writeln!(to, "{what}").and_then(|()| to.flush());
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let (mut options, mut heap, mut full) = (Options::default(), None, false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match &*argument {
            "-h" | "--help" => return Ok(None),
            "--heap" => heap = Some(format!("-Xmx{}", value()?)),
            "--jit" => {
                full = match &*value()? {
                    "full" => true,
                    "quick" => false,
                    other => return Err(format!("--jit {other}: use quick or full")),
                }
            }
            "--property" => {
                let property = value()?;
                let parts = property.split_once('=').ok_or(format!("--property {property}: no `=`"))?;
                options.properties.push((parts.0.to_owned(), parts.1.to_owned()));
            }
            "--delayed" => options.delayed = true,
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    let [collector, quick, usual] = DEFAULT_JVM.map(ToOwned::to_owned);
    options.jvm = if full { Vec::new() } else { vec![collector, quick] };
    options.jvm.push(heap.unwrap_or(usual));
    Ok(Some(options))
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let (give, take) = sync_channel(16);
    // Before the start: a signal that comes during it must not leave a Kafka behind.
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let on_signal = give.clone();
    thread::spawn(move || signals.forever().next().map(|_| on_signal.send(Event::End)));
    thread::spawn(move || read(&give));

    let mut kafka = RealKafka::start(options)?;
    let delayed = kafka.delayed().map(|proxy| proxy.address().to_string());
    say(
        &mut io::stdout(),
        json!({
            "brokers": kafka.address().to_string(),
            "delayed": delayed,
            "classpath": kafka.files().classpath(),
            "log4j": kafka.files().log4j(),
            "pid": kafka.pid(),
        }),
    );
    loop {
        match take.recv_timeout(LOOK_AGAIN) {
            Ok(Event::Line(line)) => say(&mut io::stdout(), answer(&kafka, &line)),
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) if kafka.is_running() => {}
            Err(RecvTimeoutError::Timeout) => {
                return Err(
                    format!("Kafka ended; the end of its log:\n{}", kafka.last_words().join("\n")).into()
                );
            }
        }
    }
}

fn read(give: &SyncSender<Event>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if give.send(Event::Line(line)).is_err() {
            return;
        }
    }
    // Who is gone needs not be told.
    let _ = give.send(Event::End);
}

fn answer(kafka: &RealKafka, line: &str) -> Value {
    let wanted = line.trim().strip_prefix("delay ").and_then(|text| duration(text.trim()));
    match (wanted, kafka.delayed()) {
        (None, _) => json!({ "error": format!("not understood: {line}; say: delay 5ms") }),
        (Some(_), None) => json!({ "error": "no delay without --delayed" }),
        (Some(delay), Some(proxy)) => {
            proxy.set_round_trip(delay);
            json!({ "delay_ms": delay.as_secs_f64() * 1e3 })
        }
    }
}

/// A number with `s`, `ms` or `us` behind it.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
    let seconds = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_read_with_their_unit() {
        assert_eq!(duration("5ms"), Some(Duration::from_millis(5)));
        assert_eq!(duration("0ms"), Some(Duration::ZERO));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1_500)));
        for not_one in ["5", "ms", "-1ms", "5 m", "5min", ""] {
            assert_eq!(duration(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn options_of_the_virtual_machine_follow_from_the_arguments() {
        let jvm = |arguments: &[&str]| {
            parse(arguments.iter().map(|&argument| argument.to_owned())).unwrap().unwrap().jvm.join(" ")
        };
        assert_eq!(jvm(&[]), "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m");
        assert_eq!(jvm(&["--jit", "full", "--heap", "1g"]), "-Xmx1g");
    }
}
