//! End to end: the binary against the embedded broker, and against clients and servers nobody here wrote.
//!
//! | Module | Holds |
//! |---|---|
//! | `support` | the binary as a process, a broker, recordings |
//! | `seeds` | what the scripts that kadence replaces did, done by kadence |
//! | `errors` | what people read when something is wrong |
//! | `signals` | Ctrl-C, SIGTERM and closed pipes |
//! | `verbs` | each verb's own promises |
//! | `reference` | `docs/reference/cli.md` says what `--help` says |
//! | `guides` | every command in the README and the guides runs |
//! | `tidy` | the house rules |
//! | `foreign` | kcat and confluent-kafka-python (ignored without them) |
//! | `punctuality` | a minute in real time (ignored: it needs the machine for itself) |

#![expect(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::print_stdout,
    reason = "a test that panics has failed, and says what it measured"
)]

mod errors;
mod foreign;
mod guides;
mod punctuality;
mod reference;
mod seeds;
mod signals;
mod support;
mod tidy;
mod verbs;
