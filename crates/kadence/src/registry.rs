//! A Schema Registry in this process, whose state is a compacted topic of a cluster.
//!
//! | Module | Holds |
//! |---|---|
//! | `log` | the topic as the registry's log: appended to under a transactional id, read to its end |
//! | `keeper` | who writes: this registry, or another one that is there already |

mod keeper;
mod log;

use std::sync::Arc;

use kadence_core::clock::Stop;
use kadence_http::Listener;

use self::keeper::Keeper;
pub(crate) use self::log::{LocalLog, RemoteLog, TopicLog};
use crate::fault::Error;
use crate::serving::Serving;

/// The topic that registries keep their state in.
pub(crate) const TOPIC: &str = "_schemas";

/// Under this transactional id registries write to a topic: whoever begins later fences who began before.
fn writer_id(topic: &str) -> String {
    format!("kadence-registry-{topic}")
}

/// What is said of a registry while it runs.
pub(crate) type Say = Box<dyn Fn(&str) + Send>;

/// A registry that is served until this is dropped.
pub(crate) struct Running {
    serving: Option<Serving>,
    keeper: Keeper,
}

impl Running {
    /// Reads the log, and serves what is in it until this is dropped, or `stop` is raised. If another registry that
    /// writes to the log answers, this one only reads.
    pub(crate) fn start(
        listener: Listener,
        log: Box<dyn TopicLog>,
        stop: Arc<Stop>,
        say: Say,
    ) -> Result<Self, Error> {
        let url = format!("http://{}", listener.address());
        let (server, keeper) = Keeper::start(log, stop, &url, say)?;
        let serving = Serving::start("kadence-registry", listener, move || server.router())
            .map_err(|error| Error::met(url, format!("no thread can be started ({error})"), ""))?;
        Ok(Self { serving: Some(serving), keeper })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.serving.as_ref().map(Serving::url).unwrap_or_default()
    }

    /// Where the registry is that writes, if that is another one.
    pub(crate) fn writer(&self) -> Option<&str> {
        self.keeper.writer()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Who asks is answered before the log goes.
        self.serving = None;
    }
}
