//! Who writes to the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kadence_avro::{RegistryClient, RegistryOptions, RetryPolicy, Waiter};
use kadence_core::clock::Stop;
use kadence_registry::{Role, Server};

use super::Say;
use super::log::{Appending, TopicLog};
use crate::fault::{Error, line};

/// How often it is looked whether the log is lost.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After a fault of the log this long goes by before the next attempt.
const REST: Duration = Duration::from_secs(1);
/// Another registry that does not answer within this time is not there.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Sees to it that the server knows what is in the log, and writes to it if nobody else does.
pub(super) struct Keeper {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
    writer: Option<String>,
}

/// What the thread works with.
struct Work {
    log: Box<dyn TopicLog>,
    stop: Arc<Stop>,
    server: Server,
    url: String,
    is_lost: Option<Arc<AtomicBool>>,
    say: Say,
}

impl Keeper {
    /// Reads the log, and takes it over unless another registry that writes to it answers.
    pub(super) fn start(
        log: Box<dyn TopicLog>,
        stop: Arc<Stop>,
        url: &str,
        say: Say,
    ) -> Result<(Server, Self), Error> {
        let server = Server::new(Role::Reader { writer_url: None });
        let mut writer = None;
        log.catch_up(&server, &mut |url| writer = url)?;
        let writer = writer.filter(|writer| writer != url && answers(writer));
        let mut work = Work {
            log,
            stop: Arc::clone(&stop),
            server: server.clone(),
            url: url.to_owned(),
            is_lost: None,
            say,
        };
        match &writer {
            Some(writer) => server.become_role(Role::Reader { writer_url: Some(writer.clone()) }),
            None => work.take_over()?,
        }
        let failed = |error| Error::met(url, format!("no thread can be started ({error})"), "");
        let thread = thread::Builder::new().name("kadence-keeper".into()).spawn(move || work.run());
        Ok((server, Self { stop, thread: Some(thread.map_err(failed)?), writer }))
    }

    /// Where the registry is that writes, if that is another one.
    pub(super) fn writer(&self) -> Option<&str> {
        self.writer.as_deref()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.raise();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Work {
    /// Takes the log over, reads what was written until then, and writes from there on.
    fn take_over(&mut self) -> Result<(), Error> {
        let appending = Appending::begin(&*self.log, &self.url)?;
        self.log.catch_up(&self.server, &mut |_| {})?;
        self.is_lost = Some(Arc::clone(&appending.is_lost));
        self.server.become_role(Role::Writer(Box::new(appending)));
        Ok(())
    }

    fn run(mut self) {
        while !self.stop.is_raised() {
            let done = match &self.is_lost {
                Some(is_lost) if is_lost.load(Ordering::Relaxed) => self.take_over(),
                Some(_) if self.server.is_writer() => {
                    self.stop.wait(LOOK_EVERY);
                    Ok(())
                }
                // The log has refused it: another one has taken over.
                Some(_) => {
                    self.is_lost = None;
                    (self.say)("another registry writes to the log from now on; this one only reads it");
                    Ok(())
                }
                None => self.follow(),
            };
            if let Err(error) = done {
                for fault in &error.faults {
                    tracing::warn!("{}; tried again", line(fault));
                }
                self.stop.wait(REST);
            }
        }
    }

    /// Takes what another registry writes.
    fn follow(&self) -> Result<(), Error> {
        let on_writer = &mut |writer_url| self.server.become_role(Role::Reader { writer_url });
        self.log.follow(&self.server, on_writer)
    }
}

/// Whether a registry answers there.
fn answers(url: &str) -> bool {
    let Ok(usual) = RegistryOptions::new(url, Waiter::new(|_| {})) else { return false };
    let options = RegistryOptions {
        connect_timeout: ANSWER_WITHIN,
        read_timeout: ANSWER_WITHIN,
        retries: RetryPolicy { rounds: 1, ..RetryPolicy::default() },
        ..usual
    };
    RegistryClient::new(options).is_ok_and(|mut client| client.mode(None).is_ok())
}
