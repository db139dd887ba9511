//! The driver against a server of the machine.
//!
//! | Module | Holds |
//! |---|---|
//! | `server` | a private server, and databases on it |
//! | `finding` | tables as they are described |
//! | `values` | values that go there and come back as they were |
//! | `writing` | inserts, upserts, savepoints, which row is to blame |
//! | `sessions` | locks, sessions that are ended, answers that are lost, errors |
//! | `encryption` | certificates |
//! | `landing` | a landing from its records to its rows |
//! | `measure` | rows a second |

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![expect(clippy::print_stdout, reason = "what is passed over says so, and so does what is measured")]

mod encryption;
mod finding;
mod landing;
mod measure;
mod server;
mod sessions;
mod values;
mod writing;
