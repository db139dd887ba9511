//! Where the suites run: folders, cargo, what may be installed, and who compiles where.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Between two looks at something that another process does.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The project's folder, and what is known of the machine.
pub(super) struct Place {
    pub(super) root: PathBuf,
    /// Where each suite's output is kept.
    pub(super) logs: PathBuf,
    /// How often each test of `kill` kills.
    pub(super) kills: u32,
    /// Whether the suites were named on the command line.
    pub(super) named: bool,
    pub(super) rooms: Rooms,
    notes: Mutex<Vec<String>>,
    installing: Mutex<()>,
    features: OnceLock<&'static str>,
}

impl Place {
    /// The project in the working directory: the door has gone there.
    pub(super) fn open(kills: u32, named: bool) -> Result<Self, String> {
        let root = std::env::current_dir().map_err(|error| format!("no working directory: {error}"))?;
        let logs = root.join(".cache/test");
        fs::create_dir_all(&logs).map_err(|error| format!("{}: {error}", logs.display()))?;
        Ok(Self {
            root,
            logs,
            kills,
            named,
            rooms: Rooms::default(),
            notes: Mutex::default(),
            installing: Mutex::default(),
            features: OnceLock::new(),
        })
    }

    /// The output of a suite, or of what was installed.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// As it is shown to people.
    pub(super) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }

    /// Says something below the table, once.
    pub(super) fn note(&self, note: String) {
        let mut notes = lock(&self.notes);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        lock(&self.notes).clone()
    }

    /// A command in the project's folder.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// `cargo` with these arguments, which have no blanks in them, and with the features that all suites share: with
    /// others everything would be compiled a second time. They go before a `--`.
    pub(super) fn cargo(&self, arguments: &str) -> Command {
        let mut command = self.command("cargo");
        let (ours, theirs) = arguments.split_once(" -- ").unwrap_or((arguments, ""));
        command.args(ours.split(' ')).args([
            "--locked",
            "--no-default-features",
            "--features",
            self.features(),
        ]);
        if ours.contains("--workspace") {
            // For tests it is there anyway.
            command.args(["--features", "kadence-testing/library"]);
        }
        if !theirs.is_empty() {
            command.arg("--").args(theirs.split(' '));
        }
        command
    }

    /// Where cargo leaves what it compiles.
    pub(super) fn target(&self) -> PathBuf {
        self.root.join(environment("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned()))
    }

    /// The machine's OpenSSL where its headers are: compiling it is more than half of a first build.
    fn features(&self) -> &'static str {
        self.features.get_or_init(|| {
            let has_headers =
                || succeeds(Command::new("pkg-config").args(["--atleast-version=1.1.1", "openssl"]));
            if !has_headers() {
                self.install(&["libssl-dev", "pkg-config"]);
            }
            if has_headers() {
                "kadence/tls-system"
            } else {
                self.note(
                    "OpenSSL is compiled from source; not so with apt-get install libssl-dev pkg-config"
                        .to_owned(),
                );
                "kadence/tls-vendored"
            }
        })
    }

    /// Installs packages of Debian's where that may be: only root can.
    pub(super) fn install(&self, packages: &[&str]) {
        let is_root = || run_quietly(Command::new("id").arg("-u")).is_ok_and(|said| said.trim() == "0");
        if find_program("apt-get").is_none() || !is_root() {
            return;
        }
        let _turn = lock(&self.installing);
        say(format!("installing {}", packages.join(" ")));
        let log = self.log(&format!("install-{}", packages[0]));
        let apt = |arguments: &[&str]| {
            let mut apt = self.command("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
            logged(&mut apt, &log)
        };
        let _ = File::create(&log);
        let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
        // That something is still missing is seen by who asked for it.
        let _ = apt(&install) || (apt(&["update"]) && apt(&install));
    }
}

/// A folder that cargo compiles into; a second cargo waits in it for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Debug,
    Release,
    Fuzz,
}

impl Display for Room {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::Debug => "target/debug",
            Self::Release => "target/release",
            Self::Fuzz => "fuzz/target",
        })
    }
}

/// Who compiles where.
#[derive(Default)]
pub(super) struct Rooms {
    taken: Mutex<Vec<(Room, &'static str)>>,
}

impl Rooms {
    /// Enters if nobody compiles there; else says who does.
    pub(super) fn enter(&self, room: Room, who: &'static str) -> Result<InRoom<'_>, &'static str> {
        let mut taken = lock(&self.taken);
        if let Some((_, other)) = taken.iter().find(|(other, _)| *other == room) {
            return Err(other);
        }
        taken.push((room, who));
        Ok(InRoom { rooms: self, room })
    }
}

/// The right to compile in a room, as long as it lives.
pub(super) struct InRoom<'a> {
    rooms: &'a Rooms,
    room: Room,
}

impl Drop for InRoom<'_> {
    fn drop(&mut self) {
        lock(&self.rooms.taken).retain(|(room, _)| *room != self.room);
    }
}

/// What somebody who panicked held is as good as before: the panic is told of elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To people and to continuous integration alike. A closed pipe is no reason to stop.
pub(super) fn say(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

pub(super) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A variable of the environment, unless it is empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the door has no options for what cargo takes from the environment"
)]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where a program is that could be run by its name.
pub(super) fn find_program(name: &str) -> Option<PathBuf> {
    let folders = environment("PATH").unwrap_or_default();
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether a command can be run and succeeds.
pub(super) fn succeeds(command: &mut Command) -> bool {
    run_quietly(command).is_ok()
}

/// The standard output of a command that succeeds; else its standard error, or why it could not be run.
pub(super) fn run_quietly(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// What a log holds; not all programs write UTF-8.
pub(super) fn said(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

/// Runs a command with its output at the end of a log, and says whether it succeeded.
pub(super) fn logged(command: &mut Command, log: &Path) -> bool {
    let open = || File::options().create(true).append(true).open(log);
    let (Ok(out), Ok(err)) = (open(), open()) else { return false };
    command.stdin(Stdio::null()).stdout(out).stderr(err).status().is_ok_and(|status| status.success())
}
