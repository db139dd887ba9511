//! The demo: an embedded broker, two recordings replayed into it, landed in a database by a worker that is killed over
//! and over, and the proof that nothing was lost on the way.

mod shows;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use kadence_broker::{Broker, Options};
use kadence_core::clock::{Clock, SystemClock};
use kadence_core::report::Report;
use kadence_core::seal::RunId;
use kadence_core::sink::Sink;
use kadence_kafka::{Admin, Connection};
use serde::Serialize;

use self::shows::{SHOWS, Show};
use self::worker::Worker;
use crate::fault::Error;
use crate::output::{Voice, Watching, count, print_report, say};
use crate::proof::judged;
use crate::sending::DEFAULT_TOLERANCE;
use crate::signals::Signals;
use crate::verifying::{TableVerification, Verdict, Verification};

/// How often the worker is killed: in each replay, and before it lands what is left.
const KILLS: usize = SHOWS.len() + 1;
/// How the database is called in the demo's folder.
const DATABASE: &str = "demo.db";

/// What the demo found.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DemoReport {
    pub verb: &'static str,
    pub replays: Vec<Report>,
    pub sent: u64,
    pub landed: u64,
    pub lost: u64,
    pub twice: u64,
    pub order_kept: bool,
    pub kills: usize,
    /// What was found in each topic and each table.
    pub verdicts: Vec<Verdict>,
    /// Manifests, certificates, the database and what the worker said.
    pub folder: PathBuf,
    pub certificates: Vec<PathBuf>,
}

/// What the demo is made with. Tests plant losses here.
pub struct Staging<'s> {
    /// The program that lands.
    pub program: PathBuf,
    /// Where the demo makes its folder.
    pub within: PathBuf,
    /// Puts something around a sink.
    pub around: &'s dyn Fn(Box<dyn Sink>) -> Box<dyn Sink>,
    /// Does something to the database before it is verified.
    pub meanwhile: &'s dyn Fn(&Path),
}

/// Runs the demo in silence.
pub fn staged(staging: &Staging<'_>) -> Result<DemoReport, Error> {
    let signals = Signals { stop: Arc::default(), abandon: Arc::default() };
    run(Voice { json: false, quiet: true }, &signals, staging)
}

/// Runs the demo.
pub(crate) fn run(voice: Voice, signals: &Signals, staging: &Staging<'_>) -> Result<DemoReport, Error> {
    let broker = Broker::start(Options::default()).map_err(|error| Error::of_broker(&error))?;
    let address = broker.addresses()[0].to_string();
    let folder = new_folder(&staging.within)?;
    voice.note(format!("a broker runs in this process, at {address}"));
    let admin = Admin::connect(&Connection::to(&address))?;
    for show in &SHOWS {
        admin.create(show.topic, Some(1), Some(1), &[])?;
    }
    let topics: Vec<&str> = SHOWS.iter().map(|show| show.topic).collect();
    let mut worker = Worker::start(&staging.program, &address, &topics, &folder)?;
    voice.note(format!(
        "a worker lands what comes in {}, and is killed {KILLS} times",
        folder.join(DATABASE).display()
    ));
    let mut report = DemoReport {
        verb: "demo",
        replays: Vec::new(),
        sent: 0,
        landed: 0,
        lost: 0,
        twice: 0,
        order_kept: true,
        kills: 0,
        verdicts: Vec::new(),
        certificates: Vec::new(),
        folder,
    };
    for show in &SHOWS {
        voice.note(format!("\nreplaying {}", show.title));
        let replayed = show.replay(&address, &report.folder, voice, signals, staging, &mut worker)?;
        if !voice.json && !voice.quiet {
            print_report(&replayed, DEFAULT_TOLERANCE);
        }
        report.sent += replayed.accepted;
        let is_cut = replayed.interrupted;
        report.replays.push(replayed);
        if is_cut {
            return Ok(report);
        }
    }
    {
        let _watching = Watching::start(voice, || "landing what is left".to_owned());
        worker.kill_and_finish(&signals.stop)?;
    }
    report.kills = worker.kills();
    (staging.meanwhile)(&report.folder.join(DATABASE));
    for show in &SHOWS {
        if !report.verify(show, &address, voice, signals)? {
            return Ok(report);
        }
    }
    broker.shutdown();
    report.conclude(voice)
}

impl DemoReport {
    /// Verifies topic and table of a recording; `false` if it was stopped.
    fn verify(&mut self, show: &Show, address: &str, voice: Voice, signals: &Signals) -> Result<bool, Error> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let looked_at = AtomicU64::new(0);
        let manifest = show.manifest(&self.folder)?;
        let run_id = manifest.run;
        let run = Verification { manifest, connection: Connection::to(address), topic: None };
        let table = TableVerification {
            run: run.clone(),
            target: format!("sqlite:{}", self.folder.join(DATABASE).display()),
            password: None,
            table: None,
            upserted: None,
        };
        let of_topic = run.run(&clock, &signals.stop, &looked_at)?;
        let of_table = table.run(&clock, &signals.stop, &looked_at)?;
        let (Some(of_topic), Some(of_table)) = (of_topic, of_table) else { return Ok(false) };
        self.landed += of_table.findings.found;
        let certificate = show.certificate(&self.folder);
        for (noun, verdict) in [("topic", of_topic), ("table", of_table)] {
            judged(&certificate, run_id, &verdict, &*clock)?;
            self.lost += verdict.findings.lost.records + verdict.findings.unconfirmed.records;
            self.twice += verdict.findings.doubled.records;
            self.order_kept &= verdict.findings.reordered.records == 0;
            let word = if verdict.sound { "sound" } else { "not sound" };
            let found = count(verdict.findings.found);
            voice.note(format!("  verified   {noun} {}: {found} found, {word}", show.topic));
            self.verdicts.push(verdict);
        }
        self.certificates.push(certificate);
        Ok(true)
    }

    /// Says what came of it; what is not sound fails the demo.
    fn conclude(self, voice: Voice) -> Result<Self, Error> {
        let unsound = self.verdicts.iter().find(|verdict| !verdict.sound);
        if !voice.json && !voice.quiet {
            let order = if self.order_kept { "order kept" } else { "order not kept" };
            say(&format!(
                "\n{} sent, {} landed, {} lost, {} twice, {order}",
                count(self.sent),
                count(self.landed),
                count(self.lost),
                count(self.twice)
            ));
            for certificate in &self.certificates {
                say(&format!("certificate: {}", certificate.display()));
            }
        }
        if let Some(verdict) = unsound {
            let what = [verdict.faults(), verdict.notes.clone()].concat().join(", ");
            return Err(Error::met(verdict.place.clone(), what, "this is a defect of kadence"));
        }
        voice.note(
            "\nNext: `kadence up` starts a broker that stays; in another terminal,\n      \
             `kadence consume quakes --received` and, in a third,\n      \
             `kadence replay data/earthquakes.csv -t quakes --speed 10000`",
        );
        Ok(self)
    }
}

/// Makes a folder that nobody else has.
fn new_folder(within: &Path) -> Result<PathBuf, Error> {
    let folder = within.join(format!("kadence-demo-{}", RunId::random()));
    let made = std::fs::create_dir(&folder);
    made.map_err(|error| Error::met(folder.display().to_string(), format!("cannot be made ({error})"), ""))?;
    Ok(folder)
}
