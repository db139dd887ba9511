//! The worker that lands the demo's topics: a process of its own, so that it can be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kadence_core::clock::Stop;

use super::DATABASE;
use crate::fault::Error;

/// What the worker says goes here.
const LOG: &str = "worker.log";
/// How often it is looked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A worker that takes longer to land what is left has met something.
const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that can be killed.
pub(super) struct Worker {
    program: PathBuf,
    words: Vec<String>,
    folder: PathBuf,
    process: Child,
    kills: usize,
}

impl Worker {
    /// Starts it.
    pub(super) fn start(
        program: &Path,
        address: &str,
        topics: &[&str],
        folder: &Path,
    ) -> Result<Self, Error> {
        let into = format!("sqlite:{}", folder.join(DATABASE).display());
        let fixed = ["--into", &into, "-b", address, "--name", "demo", "--table", "{topic}", "--lineage"];
        let quick = ["--max-wait", "100ms", "--quiet", "--with-parent"];
        let words = ["land"].iter().chain(topics).chain(&fixed).chain(&quick);
        let words: Vec<String> = words.map(|word| (*word).to_owned()).collect();
        let process = spawn(program, &words, &[], folder)?;
        Ok(Self { program: program.to_owned(), words, folder: folder.to_owned(), process, kills: 0 })
    }

    /// How often it was killed.
    pub(super) fn kills(&self) -> usize {
        self.kills
    }

    /// Kills it with no chance to tidy up, and starts it once more.
    pub(super) fn kill_and_start_again(&mut self) -> Result<(), Error> {
        self.kill()?;
        self.process = spawn(&self.program, &self.words, &[], &self.folder)?;
        Ok(())
    }

    fn kill(&mut self) -> Result<(), Error> {
        if let Ok(Some(status)) = self.process.try_wait() {
            return Err(self.failed(&format!("ended by itself ({status})")));
        }
        let killed = self.process.kill().and_then(|()| self.process.wait());
        killed.map_err(|error| self.failed(&format!("cannot be killed ({error})")))?;
        self.kills += 1;
        Ok(())
    }

    /// Kills it once more, has another one land what is left, and waits for that. Whoever raises `stop` does not.
    pub(super) fn kill_and_finish(&mut self, stop: &Stop) -> Result<(), Error> {
        self.kill()?;
        self.process = spawn(&self.program, &self.words, &["--until-end"], &self.folder)?;
        let mut waited = Duration::ZERO;
        while !stop.wait(LOOK_EVERY) {
            match self.process.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(self.failed(&format!("failed ({status})"))),
                Ok(None) if waited > PATIENCE => return Err(self.failed("takes too long")),
                Ok(None) => waited += LOOK_EVERY,
                Err(error) => return Err(self.failed(&error.to_string())),
            }
        }
        Ok(())
    }

    fn failed(&self, what: &str) -> Error {
        let log = self.folder.join(LOG);
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        let last = said.lines().rev().find(|line| !line.is_empty()).unwrap_or("it said nothing").to_owned();
        Error::met("the worker of the demo", format!("{what}: {last}"), format!("see {}", log.display()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(program: &Path, words: &[String], more: &[&str], folder: &Path) -> Result<Child, Error> {
    let failed = |error: std::io::Error| {
        Error::met(program.display().to_string(), format!("the worker cannot be started ({error})"), "")
    };
    let log = File::options().create(true).append(true).open(folder.join(LOG)).map_err(failed)?;
    Command::new(program)
        .args(words)
        .args(more)
        // It ends soon after the demo, however that ends.
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(failed)
}
