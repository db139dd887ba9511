//! How records go on their way, wherever they come from: a destination, a pace, and what is said of them.

mod echo;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kadence_core::clock::{Stop, SystemClock};
use kadence_core::fault::{Fault, Phrase};
use kadence_core::phrase;
use kadence_core::pipeline::{self, Control, Failure, Outcome, ReplayOptions};
use kadence_core::schedule::Schedule;
use kadence_core::sink::{NullSink, Sink};
use kadence_core::source::Source;
use kadence_kafka::{ProducerOptions, TopicSink};

use crate::fault::{CommandLine, Error};
use crate::proof::{Certifying, Proof, Sealing};
use echo::EchoSink;

/// The lateness beyond which a record counts as missed, unless said.
pub(crate) const DEFAULT_TOLERANCE: Duration = Duration::from_millis(10);

/// The destination of a replay's records.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A topic.
    Topic(Box<ProducerOptions>),
    /// Nowhere: every body is checksummed.
    Null,
}

impl Destination {
    /// Looks for faults without connecting. Gives what the user should know, a line each.
    pub(crate) fn check(&self) -> Result<Vec<String>, Vec<Fault>> {
        match self {
            Self::Null => Ok(Vec::new()),
            Self::Topic(producer) => {
                let notices = producer.check()?;
                Ok(notices.iter().map(|notice| notice.spelled(&CommandLine)).collect())
            }
        }
    }

    /// Says why a seal would not hold there.
    pub(crate) fn fault_of_seal(&self) -> Option<Fault> {
        match self {
            Self::Null => {
                let what = "there is no topic in which the records could be found again";
                Some(Fault::new(phrase![@"seal"], what).help(phrase!["name one with ", @"topic"]).misuse())
            }
            Self::Topic(producer) if !producer.is_acknowledged() => {
                let what = "without acknowledgements nobody knows what was sent";
                let help = phrase!["leave it out, or ", @"send", " forget and ", @"acks", " 0"];
                Some(Fault::new(phrase![@"seal"], what).help(help).misuse())
            }
            Self::Topic(_) => None,
        }
    }
}

/// Finds what means nothing at this pace. A tolerance is given where somebody asked for one.
pub(crate) fn faults_of_pace(schedule: Schedule, spin: Duration, tolerance: Option<Duration>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if schedule == Schedule::Interval(Duration::ZERO) {
        let nothing = Fault::new(phrase![@"interval"], "there is no time between records (found: 0 s)");
        faults.push(nothing.help(phrase!["leave some time, or use ", @"unpaced"]).misuse());
    }
    if !schedule.is_paced() {
        let mut refuse = |option: Phrase, what: &str| {
            faults.push(Fault::new(option, what).help("leave it out, or choose a pace").misuse());
        };
        if !spin.is_zero() {
            refuse(phrase![@"spin"], "without a pace no record is waited for");
        }
        if tolerance.is_some() {
            refuse(phrase![@"tolerance"], "without a pace no record is late");
        }
    }
    faults
}

/// All that a run has besides its source.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    /// Where the records go.
    pub(crate) destination: Destination,
    /// How they are paced and measured.
    pub(crate) pacing: ReplayOptions,
    /// Whether each record's body is printed to standard output as it is sent.
    pub(crate) echo: bool,
    /// What the run leaves behind, if anything.
    pub(crate) proof: Option<Proof>,
}

impl Sending {
    /// Sends the records of `source`. `Err` means that nothing was sent.
    pub(crate) fn run(&self, source: impl Source + 'static, control: &Control) -> Result<Outcome, Error> {
        let mut opened = self.open(control)?;
        if self.echo {
            opened.sink = Box::new(EchoSink::new(opened.sink, io::stdout()));
        }
        Ok(self.drive(source, opened, control))
    }

    /// Opens the destination, and writes the manifest of a run that is sealed.
    pub(crate) fn open(&self, control: &Control) -> Result<Opened, Error> {
        let paced = self.pacing.schedule.is_paced();
        let Destination::Topic(producer) = &self.destination else {
            let certifying = self.certifying(String::new(), control)?;
            return Ok(Opened { sink: Box::new(NullSink::default()), sealing: None, certifying });
        };
        let producer = ProducerOptions { paced, ..(**producer).clone() };
        let (clock, stop) = (Arc::clone(&control.clock), Arc::clone(&control.stop));
        let sink = TopicSink::open(&producer, clock, stop)?;
        let tolerance = paced.then(|| u64::try_from(self.pacing.tolerance.as_micros()).unwrap_or(u64::MAX));
        let begin = |(file, proof): (&PathBuf, &Proof)| {
            Sealing::begin(file, proof, sink.start()?, tolerance, &*control.clock)
        };
        let brokers = producer.connection.addresses();
        let sealed = self.proof.as_ref().and_then(|proof| Some((proof.seal.as_ref()?, proof)));
        let sealing = sealed.map(begin).transpose()?;
        let certifying = self.certifying(brokers, control)?;
        Ok(Opened { sink: Box::new(sink), sealing, certifying })
    }

    fn certifying(&self, brokers: String, control: &Control) -> Result<Option<Certifying>, Error> {
        let Some((path, proof)) =
            self.proof.as_ref().and_then(|proof| Some((proof.certificate.as_ref()?, proof)))
        else {
            return Ok(None);
        };
        let tolerance = self.pacing.schedule.is_paced().then_some(self.pacing.tolerance);
        Certifying::begin(path, proof, brokers, tolerance, &*control.clock).map(Some)
    }

    /// Sends the records of `source` to a destination that is open, and completes the manifest of a run that is sealed.
    pub(crate) fn drive(&self, source: impl Source + 'static, opened: Opened, control: &Control) -> Outcome {
        let Opened { mut sink, sealing, certifying } = opened;
        let run = sealing.as_ref().map(Sealing::run);
        let pacing = ReplayOptions { sealing: run, ..self.pacing.clone() };
        let mut outcome = pipeline::replay(source, &mut *sink, &pacing, control);
        let written = sealing.map_or(Ok(()), |sealing| sealing.end(&outcome, &*control.clock));
        let certified =
            certifying.map_or(Ok(()), |certifying| certifying.end(&outcome, run, &*control.clock));
        let written = written.and(certified);
        if let Some(fault) = written.err().and_then(|error| error.faults.into_iter().next()) {
            outcome.failure.get_or_insert(Failure::Sink(fault));
        }
        outcome
    }
}

/// A destination that is open.
pub(crate) struct Opened {
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) sealing: Option<Sealing>,
    pub(crate) certifying: Option<Certifying>,
}

/// Makes the control of a run in real time that ends early when these are raised.
pub(crate) fn in_real_time(stop: &Arc<Stop>, abandon: &Arc<Stop>) -> Control {
    let (stop, abandon) = (Arc::clone(stop), Arc::clone(abandon));
    Control { stop, abandon, ..Control::new(Arc::new(SystemClock)) }
}
