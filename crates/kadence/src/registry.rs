//! A Schema Registry in this process, whose state is a compacted topic of a cluster.
//!
//! | Module | Holds |
//! |---|---|
//! | `log` | the topic as the registry's log: appended to under a transactional id, read to its end |
//! | `keeper` | who writes: this registry, or another one that is there already |

mod keeper;
mod log;

use kadence_http::Listener;
use kadence_kafka::Connection;

use self::keeper::Keeper;
use crate::fault::Error;
use crate::serving::Serving;

/// The topic that registries keep their state in.
pub(crate) const TOPIC: &str = "_schemas";

/// What is said of a registry while it runs.
pub(crate) type Say = Box<dyn Fn(&str) + Send>;

/// A registry that is served until this is dropped.
pub(crate) struct Running {
    serving: Option<Serving>,
    keeper: Keeper,
}

impl Running {
    /// Reads the topic, which is made if it is not there, and serves what is in it. If another registry that writes to
    /// it answers, this one only reads.
    pub(crate) fn start(
        listener: Listener,
        connection: &Connection,
        topic: &str,
        say: Say,
    ) -> Result<Self, Error> {
        let url = format!("http://{}", listener.address());
        let (server, keeper) = Keeper::start(connection, topic, &url, say)?;
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
