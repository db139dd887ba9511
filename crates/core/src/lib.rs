//! Records, recordings, schedules and the replay path of kadence.
//!
//! Nothing here knows a driver, HTTP, the command line or the environment.

pub mod clock;
pub mod codec;
pub mod course;
pub mod data;
pub mod fault;
pub mod feed;
pub mod named;
pub mod pacer;
pub mod pipeline;
pub mod projection;
pub mod ratio;
pub mod record;
pub mod report;
mod ring;
pub mod run;
pub mod schedule;
pub mod seal;
pub mod sink;
pub mod source;
pub mod stamp;
mod swar;
pub mod target;
pub mod text;
