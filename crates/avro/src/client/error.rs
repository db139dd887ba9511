//! What may go wrong between a client and a registry.

use kadence_core::fault::{Explain, Fault};

use crate::error::SchemaError;

/// The reason why a registry has not answered. URLs are without user and password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A text is no URL of a registry.
    #[error("{}", self.explain())]
    Url {
        /// What may be shown of it.
        shown: String,
    },
    /// No URL was stated.
    #[error("{}", self.explain())]
    NoUrl,
    /// The authorities' certificates cannot be read.
    #[error("{}", self.explain())]
    Authorities(String),
    /// It cannot be reached, or does not answer.
    #[error("{}", self.explain())]
    Unreachable {
        /// What was asked for last.
        url: String,
        /// How often was tried.
        attempts: u32,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered that it does not do what was asked for.
    #[error("{}", self.explain())]
    Refused {
        /// What was asked for.
        url: String,
        /// The status of HTTP.
        status: u16,
        /// The registry's own number of the error, whose first three digits are most often the status.
        error_code: Option<u32>,
        /// What it says.
        message: String,
    },
    /// It answered something that is not its language.
    #[error("{}", self.explain())]
    Unexpected {
        /// What was asked for.
        url: String,
        /// What is odd.
        what: String,
    },
    /// It has a schema that is of another kind.
    #[error("{}", self.explain())]
    Kind {
        /// What was asked for.
        url: String,
        /// The kind.
        kind: String,
    },
    /// It has a schema that cannot be used here.
    #[error("{}", self.explain())]
    Schema {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        error: SchemaError,
    },
}

impl RegistryError {
    /// Whether the registry says that there is nothing of this name or number.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

impl Explain for RegistryError {
    fn explain(&self) -> Fault {
        match self {
            Self::Url { shown } => Fault::new(shown.as_str(), "is no URL of a schema registry")
                .help("write it as http://host:port or https://host:port")
                .misuse(),
            Self::NoUrl => Fault::new("", "no schema registry is named").help("state its URL").misuse(),
            Self::Authorities(what) => {
                Fault::new("", format!("the certificates of authorities cannot be read ({what})"))
                    .help("name a file in PEM with at least one certificate")
                    .misuse()
            }
            Self::Unreachable { url, attempts, source } => {
                let times = if *attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
                Fault::new(
                    url.as_str(),
                    format!("the schema registry does not answer ({source}; tried {times})"),
                )
                .help("see whether it runs, and whether the URL is right")
                .retry()
            }
            Self::Refused { url, status, error_code, message } => {
                let code = match error_code {
                    Some(code) if *code != u32::from(*status) => format!("{status}, error code {code}"),
                    _ => status.to_string(),
                };
                let what = format!("the schema registry says {code}: {message}");
                let fault = Fault::new(url.as_str(), what).help(help_for(*status, *error_code));
                if *status >= 500 || *status == 429 { fault.retry() } else { fault }
            }
            Self::Unexpected { url, what } => {
                Fault::new(url.as_str(), format!("does not answer as a schema registry does: {what}"))
                    .help("see whether the URL is that of a schema registry")
            }
            Self::Kind { url, kind } => Fault::new(
                url.as_str(),
                format!("the schema is of the kind {kind}, and only Avro is read here"),
            )
            .help("name another subject or topic"),
            Self::Schema { url, error } => {
                let Fault { what, help, .. } = error.explain();
                let mut words = kadence_core::phrase!["the schema "];
                words.add(&what);
                Fault::new(url.as_str(), words).help(help)
            }
        }
    }
}

/// Advice by the numbers that registries give their errors.
fn help_for(status: u16, error_code: Option<u32>) -> &'static str {
    match (status, error_code) {
        (_, Some(40_401 | 40_402)) => "list the subjects and their versions to see what there is",
        (_, Some(40_403)) => "see whether this is the registry that the record's writer used",
        (_, Some(40_404..=40_407)) => "what is to be deleted for good has to be deleted softly before",
        (_, Some(42_201 | 42_202)) => "correct the schema or the version",
        (_, Some(42_205)) => "the registry's mode does not allow it; ask whoever runs it",
        (401, _) => "state user and password",
        (403, _) => "ask whoever runs the registry for the right to do this",
        (404, _) => {
            "see whether there is such a subject or schema, and whether the URL is that of a schema registry"
        }
        (409, _) => {
            "make the schema compatible with the versions that are there, or register it under another subject"
        }
        (429, _) => "try again later",
        (500.., _) => "look into the registry's log",
        _ => "",
    }
}
