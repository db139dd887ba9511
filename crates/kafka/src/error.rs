//! What can go wrong between here and a broker, for programs; for people each is explained as a fault.

mod cause;

use std::error::Error;
use std::fmt;

use kadence_core::fault::{Disposition, Explain, Fault, Phrase};
use kadence_core::phrase;

pub use self::cause::{Cause, ClientCode};

/// The reason why something asked of Kafka was not done.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the explanation says it")]
pub enum KafkaError {
    /// What was asked for makes no sense: the first fault of those that the options' check finds.
    Misuse(Box<Fault>),
    Unreachable {
        brokers: String,
        cause: Cause,
    },
    AbsentTopic {
        topic: String,
        creatable: bool,
    },
    Topic {
        topic: String,
        what: String,
        help: Phrase,
    },
    Record {
        topic: String,
        record: u64,
        line: u64,
        what: String,
        help: Phrase,
    },
    Offset {
        topic: String,
        partition: i32,
        what: String,
        help: Phrase,
    },
    Group {
        group: String,
        what: String,
        help: Phrase,
    },
    Request {
        place: String,
        what: String,
    },
    Interrupted {
        place: String,
    },
    /// One of the others, with the client's word for what happened.
    Coded {
        error: Box<KafkaError>,
        source: ClientCode,
    },
}

impl Error for KafkaError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Misuse(fault) => fault.source(),
            Self::Coded { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Options and commands go by their names.
impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explain().fmt(f)
    }
}

impl Explain for KafkaError {
    fn explain(&self) -> Fault {
        match self {
            Self::Misuse(fault) => (**fault).clone(),
            Self::Unreachable { brokers, cause } => {
                Fault::new(brokers.as_str(), format!("no broker answers ({cause})"))
                    .help(cause.help())
                    .disposed(cause.disposition())
            }
            Self::AbsentTopic { topic, creatable: true } => {
                of_topic(topic, "does not exist and the broker does not create topics by itself")
                    .help(phrase!["create it with ", !"topics create", " ", topic])
            }
            Self::AbsentTopic { topic, creatable: false } => {
                of_topic(topic, "does not exist").help(phrase![!"topics list", " shows those that do"])
            }
            Self::Topic { topic, what, help } => of_topic(topic, what).help(help.clone()),
            Self::Group { group, what, help } => {
                Fault::new(format!("group {group}"), what.as_str()).help(help.clone())
            }
            Self::Record { topic, record, line, what, help } => {
                Fault::new(topic.as_str(), format!("record {record} (line {line}): {what}"))
                    .help(help.clone())
                    .reject()
            }
            Self::Offset { topic, partition, what, help } => {
                Fault::new(format!("{topic}[{partition}]"), what.as_str()).help(help.clone())
            }
            Self::Request { place, what } => Fault::new(place.as_str(), what.as_str()).retry(),
            Self::Interrupted { place } => Fault::new(place.as_str(), "stopped while connecting").retry(),
            Self::Coded { error, source } => {
                let fault = error.explain().because(*source);
                match fault.disposition {
                    Disposition::Misuse => fault,
                    _ => fault.disposed(source.disposition()),
                }
            }
        }
    }
}

fn of_topic(topic: &str, what: &str) -> Fault {
    Fault::new(format!("topic {topic}"), what)
}

impl From<KafkaError> for Fault {
    fn from(error: KafkaError) -> Self {
        error.explain()
    }
}

impl KafkaError {
    /// Says what is to become of the work that met this.
    pub fn disposition(&self) -> Disposition {
        self.explain().disposition
    }

    /// Whether the fault is in what was asked for, rather than in what was met.
    pub fn is_misuse(&self) -> bool {
        self.disposition() == Disposition::Misuse
    }

    /// The same, with the client's word for what happened, if there is one.
    #[must_use]
    pub(crate) fn coded(self, code: Option<ClientCode>) -> Self {
        match code {
            Some(source) => Self::Coded { error: Box::new(self), source },
            None => self,
        }
    }

    /// One fault for those who take only one; the options' checks have them all.
    pub(crate) fn first(faults: Vec<Fault>) -> Self {
        faults.into_iter().next().expect("a refusal has a reason").into()
    }

    pub(crate) fn topic(topic: &str, what: impl Into<String>, help: impl Into<Phrase>) -> Self {
        Self::Topic { topic: topic.to_owned(), what: what.into(), help: help.into() }
    }

    pub(crate) fn absent(topic: &str) -> Self {
        Self::AbsentTopic { topic: topic.to_owned(), creatable: false }
    }

    pub(crate) fn group(group: &str, what: impl Into<String>, help: impl Into<Phrase>) -> Self {
        Self::Group { group: group.to_owned(), what: what.into(), help: help.into() }
    }
}

/// A fault in what was asked for.
impl From<Fault> for KafkaError {
    fn from(fault: Fault) -> Self {
        Self::Misuse(Box::new(fault.misuse()))
    }
}

/// Groups a number's digits by threes: `1,048,588`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_threes() {
        assert_eq!([0, 999, 1_000, 1_048_588].map(grouped), ["0", "999", "1,000", "1,048,588"]);
    }

    #[test]
    fn an_error_is_one_line_of_place_fault_and_remedy() {
        let refused = KafkaError::Unreachable { brokers: "localhost:9092".into(), cause: Cause::Refused };
        assert_eq!(
            refused.to_string(),
            "localhost:9092: no broker answers (connection refused); start one with up, or name another with brokers"
        );
        assert_eq!(Fault::from(refused).place, "localhost:9092".into());
    }

    #[test]
    fn the_clients_word_is_the_cause_and_decides_about_the_work() {
        let gone = KafkaError::topic("t", "is gone", "");
        assert_eq!(gone.disposition(), Disposition::Stop);
        let passing = gone.coded(Some(ClientCode(rdkafka::error::RDKafkaErrorCode::LeaderNotAvailable)));
        assert_eq!(passing.to_string(), "topic t: is gone");
        let fault = Fault::from(passing);
        assert_eq!(fault.source().map(ToString::to_string).as_deref(), Some("leader not available"));
        assert_eq!(fault.disposition, Disposition::Retry);
    }
}
