//! What the safe wrapper does not offer, or does not offer safely. Nothing else in the house calls librdkafka's C
//! functions.
#![expect(unsafe_code, reason = "librdkafka is a C library")]

mod admin;
mod bell;
mod groups;
mod headers;
mod level;
mod producer;
mod topics;

pub(crate) use admin::{Asking, Refusal};
pub(crate) use bell::Bell;
pub(crate) use groups::{commit, committed, describe_group, list_groups};
pub(crate) use headers::header;
pub(crate) use level::set_log_level;
pub(crate) use producer::{flush, pause, resume};
pub(crate) use topics::{alter_configs, topic_id};
