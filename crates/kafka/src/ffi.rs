//! What the safe wrapper does not offer, or does not offer safely. Nothing else in the house calls C functions.
#![expect(unsafe_code, reason = "librdkafka is a C library, and so is the allocator it uses")]

mod admin;
mod allocator;
mod bell;
mod events;
mod groups;
mod level;
mod producer;
mod topics;
mod watermarks;

pub use allocator::give_large_buffers_back;

pub(crate) use admin::{Asking, Refusal};
pub(crate) use bell::Bell;
pub(crate) use events::{Events, Fetched, Place, Said, Standing, is_member, places, standing};
pub(crate) use groups::{commit, committed, describe_group, list_groups, offsets_with_words};
pub(crate) use level::set_log_level;
pub(crate) use producer::{flush, leaders_answer, pause, resume};
pub(crate) use topics::{alter_configs, topic_ids};
pub(crate) use watermarks::last_seen_end;
