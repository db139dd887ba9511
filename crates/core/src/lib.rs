//! Records, recordings, schedules and the replay path of kadence.
//!
//! Nothing here knows a driver, HTTP, the command line or the environment.

pub mod clock;
pub mod record;
pub mod report;
pub mod run;
pub mod sink;
pub mod stamp;
