//! Why an option is refused.

/// Why an option is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}", self.what(), if self.help().is_empty() { "" } else { "; " }, self.help())]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OptionsError {
    Unknown { name: String, known: Vec<&'static str> },
    Value { name: &'static str, value: String, wanted: String },
}

impl OptionsError {
    /// What is wrong, with what was found.
    pub fn what(&self) -> String {
        match self {
            Self::Unknown { name, .. } => format!("broker property {name} is unknown"),
            Self::Value { name, value, wanted } => {
                format!("broker property {name}: {value:?} is not {wanted}")
            }
        }
    }

    /// What to do about it; may be empty.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { known, .. } => format!("known are {}", known.join(", ")),
            Self::Value { .. } => String::new(),
        }
    }
}
