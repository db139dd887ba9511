//! Why an option is refused.

/// Why an option is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OptionsError {
    #[error("broker property {name} is unknown; known are {}", known.join(", "))]
    Unknown { name: String, known: Vec<&'static str> },
    #[error("broker property {name}: {value:?} is not {wanted}")]
    Value { name: &'static str, value: String, wanted: String },
}
