//! Why a connection is closed instead of answered.

use kadence_wire::{bounds::BoundsError, frame::FrameError};

/// Why a connection is closed instead of answered, as Kafka does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Close {
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("API {api_key} v{api_version} is not served")]
    NotServed { api_key: i16, api_version: i16 },
    #[error("API {api_key} v{api_version}: {what}")]
    Decode { api_key: i16, api_version: i16, what: String },
    #[error("a produce request that wants no answer was refused")]
    NoAnswerWanted,
    #[error("the answer was given up")]
    Stopped,
    #[error("answers of all connections take too much memory")]
    Crowded,
}
