//! Replays a recording into a topic of a broker that runs in the same process, and says how punctual it was.
//!
//! `cargo run --release --example replay -- data/earthquakes.csv 1000000`

use kadence::{Replay, Report};
use kadence_broker::{Broker, Options};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| "data/earthquakes.csv".into());
    let speed = arguments.next().unwrap_or_else(|| "1000000".into());

    let broker = Broker::start(Options::default())?;
    let address = broker.addresses()[0].to_string();

    let outcome = Replay::of_file(file).speed(&speed)?.into_topic(&address, "example").run()?;
    if let Some(failure) = outcome.failure {
        return Err(failure.into());
    }
    let Report { accepted, elapsed_s, lateness_us, .. } = outcome.report;
    println!("{accepted} records in {elapsed_s:.2} s; lateness in µs: {lateness_us:?}");
    Ok(())
}
