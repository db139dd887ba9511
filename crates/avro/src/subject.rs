//! What a schema is called in the registry.

use kadence_core::named::Named;

use crate::error::SchemaError;
use crate::schema::Schema;

/// How the name of a subject is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectStrategy {
    /// `<topic>-key` or `<topic>-value`: one schema for each of a topic's records.
    #[default]
    TopicName,
    /// The full name of the record, wherever it is.
    RecordName,
    /// `<topic>-<full name of the record>`.
    TopicRecordName,
}

impl Named for SubjectStrategy {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("topic-name", Self::TopicName),
        ("record-name", Self::RecordName),
        ("topic-record-name", Self::TopicRecordName),
    ];
}

/// The part of a record that a schema is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its key.
    Key,
    /// Its body.
    Value,
}

impl SubjectStrategy {
    /// The subject of `schema` for this part of a topic's records. By the record's name it takes one that has a name.
    pub fn subject(self, topic: &str, part: Part, schema: &Schema) -> Result<String, SchemaError> {
        let name = || schema.name().ok_or(SchemaError::Nameless);
        Ok(match (self, part) {
            (Self::TopicName, Part::Key) => format!("{topic}-key"),
            (Self::TopicName, Part::Value) => format!("{topic}-value"),
            (Self::RecordName, _) => name()?.to_owned(),
            (Self::TopicRecordName, _) => format!("{topic}-{}", name()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_named_by_topic_and_record() {
        let record = r#"{"type":"record","name":"Probe","namespace":"sea.deep","fields":[]}"#;
        let record = Schema::parse(record).unwrap();
        let of = |strategy: SubjectStrategy, part| strategy.subject("t", part, &record).unwrap();
        assert_eq!(of(SubjectStrategy::TopicName, Part::Key), "t-key");
        assert_eq!(of(SubjectStrategy::TopicName, Part::Value), "t-value");
        assert_eq!(of(SubjectStrategy::RecordName, Part::Key), "sea.deep.Probe");
        assert_eq!(of(SubjectStrategy::TopicRecordName, Part::Value), "t-sea.deep.Probe");
        let nameless = Schema::parse(r#""long""#).unwrap();
        assert_eq!(SubjectStrategy::TopicName.subject("t", Part::Key, &nameless).unwrap(), "t-key");
        let error = SubjectStrategy::RecordName.subject("t", Part::Key, &nameless).unwrap_err();
        assert_eq!(error, SchemaError::Nameless);
    }
}
