//! `kadence up --data-dir` as a process of its own, which is killed and started again at the same address.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Running, eventually};

pub(super) struct Victim {
    pub(super) address: String,
    folder: PathBuf,
    config: Vec<String>,
    running: Option<Running>,
}

impl Victim {
    /// Starts a broker on `folder`.
    #[track_caller]
    pub(super) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// Starts one that is configured.
    #[track_caller]
    pub(super) fn start_with(folder: &Path, config: &[&str]) -> Self {
        let config: Vec<String> = config.iter().map(|&word| word.to_owned()).collect();
        eventually("a free port", || {
            let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let (address, folder) = (free.to_string(), folder.to_owned());
            let mut victim = Self { address, folder, config: config.clone(), running: None };
            victim.run().then_some(victim)
        })
    }

    /// Whether it is ready; somebody else may have its port.
    fn run(&mut self) -> bool {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kadence"));
        command
            .args(["up", "--json", "--registry-listen", "off", "--listen", &self.address, "--data-dir"])
            .arg(&self.folder);
        for config in &self.config {
            command.args(["--config", config]);
        }
        let mut running = Running::start({
            command.stdin(Stdio::null());
            command
        });
        let Some(ready) = running.line_or_end() else {
            let said = running.stderr();
            assert!(said.contains("cannot listen"), "kadence up: {said}");
            return false;
        };
        assert!(ready.contains(r#""ready":true"#), "{ready}");
        self.running = Some(running);
        true
    }

    /// Ends it without a word.
    pub(super) fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again where it was.
    #[track_caller]
    pub(super) fn start_again(&mut self) {
        eventually("the broker's own port", || self.run().then_some(()));
    }

    /// Kills it and starts it again.
    #[track_caller]
    pub(super) fn restart(&mut self) {
        self.kill();
        self.start_again();
    }
}
