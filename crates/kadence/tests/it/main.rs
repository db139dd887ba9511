//! End to end: the binary against the embedded broker and a real Kafka, and against clients nobody here wrote.
//!
//! A module's `embedded` tests and its `kafka` tests are the same functions, each on its broker. The latter are
//! ignored unless `./test kafka` runs them, which starts one.
//!
//! | Module | Holds |
//! |---|---|
//! | `support` | the binary as a process, a broker, recordings |
//! | `library` | the library refuses what the command line refuses |
//! | `seeds` | what the scripts that kadence replaces did, done by kadence |
//! | `compaction` | what is left of the records of a compacted topic, here and on a real Kafka |
//! | `config` | options in `kadence.toml` |
//! | `errors` | what people read when something is wrong |
//! | `field` | what real files and habits did once, a test for each kind |
//! | `signals` | Ctrl-C, SIGTERM and closed pipes |
//! | `verbs` | each verb's own promises |
//! | `registry` | a Schema Registry beside the broker or on a given one, and `schemas` |
//! | `reference` | `docs/reference/cli.md` says what `--help` says |
//! | `guides` | every command in the README and the guides runs |
//! | `tidy` | the house rules |
//! | `field_kafka` | what users of other clients met: waiting, fetches that fail, topics that go away |
//! | `directory` | a broker's directory under limits of the system, and with files missing |
//! | `groups` | consumer groups, and changes to topics |
//! | `land` | topics landed in databases: SQLite, and servers where there are any |
//! | `seal` | sealed runs, verified |
//! | `foreign` | clients nobody here wrote, in Python, Java, Go and C, and `docs/reference/compatibility.md` (ignored without them) |
//! | `kill` | the broker killed while clients work (ignored unless `./test kill` says how often) |
//! | `punctuality` | a minute in real time (ignored: it needs the machine for itself) |

#![expect(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::print_stdout,
    reason = "a test that panics has failed, and says what it measured"
)]

mod compaction;
mod config;
mod demo;
mod directory;
mod errors;
mod field;
mod field_kafka;
mod foreign;
mod groups;
mod guides;
mod kill;
mod land;
mod library;
mod punctuality;
mod reference;
mod registry;
mod seal;
mod seeds;
mod signals;
mod support;
mod tidy;
mod verbs;
