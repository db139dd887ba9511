//! Reading topics: on one's own, without committing anything, or as a member of a group.
//!
//! | File | Holds |
//! |---|---|
//! | `options` | what a reader is asked for, and librdkafka's properties that follow |
//! | `feed` | [`TopicFeed`]: partitions given and taken, and their records; in `feed/` what it hears, what the group does, where partitions start |
//! | `reader` | [`TopicReader`]: a feed that starts by itself and commits what is passed on |
//! | `cluster`, `listener` | the client that reads; what it calls back |
//! | `names`, `topics`, `lanes` | what topics are called; which there are; whether they are what they were |
//! | `options`, `range`, `resolve` | what is asked for, whether it makes sense, what it comes to |
//! | `bounds`, `slot`, `places` | from where to where; how far each partition has come |
//! | `group`, `held` | what is asked of a group; what it takes and is held back |
//! | `stall`, `fault` | partitions that stand still; fetches that fail |
//! | `mark` | one record, read apart from all others |

mod bounds;
mod cluster;
mod fault;
mod feed;
mod group;
mod held;
mod lanes;
mod listener;
mod mark;
mod names;
mod options;
mod places;
mod range;
mod reader;
mod resolve;
mod slot;
mod stall;
mod topics;

use rdkafka::consumer::BaseConsumer;

pub(crate) use self::bounds::Leaders;
pub use self::cluster::Asker;
pub use self::feed::TopicFeed;
pub(crate) use self::listener::Listener;
pub use self::options::{ReaderOptions, StartAt, StopAt};
pub use self::reader::{Consumed, Next, NextOffsets, TopicReader};

pub(crate) type ClientConsumer = BaseConsumer<Listener>;
