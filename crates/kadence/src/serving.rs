//! Routers that are served over HTTP, on a thread of their own.

use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use kadence_http::{Limits, Listener, Router};
use tokio::sync::oneshot;

/// Threads for what would hold up others, such as waiting for a log.
const MOST_BLOCKING: usize = 16;

/// A router that is served until this is dropped.
#[derive(Debug)]
pub(crate) struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Serves what `router` makes, which is called on the thread.
    pub(crate) fn start(
        name: &str,
        listener: Listener,
        router: impl FnOnce() -> Router + Send + 'static,
    ) -> io::Result<Self> {
        let address = listener.address();
        // One thread: most answers come out of memory, and what waits has threads beside it.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MOST_BLOCKING)
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            let end = async move {
                // Also when nobody is left to say it.
                let _ = stopped.await;
            };
            let served = runtime.block_on(listener.serve(router(), Limits::default(), end));
            if let Err(error) = served {
                tracing::warn!(%error, %address, "nothing is served any longer");
            }
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(serve)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it is served.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
