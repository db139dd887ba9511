//! Two clients for Python and the codecs of the second, in an environment of their own, and older clients in one each.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Lack, missing};
use crate::suites::place::{Place, find_program, logged, say, succeeds};

/// An environment of its own.
struct Environment {
    folder: &'static str,
    /// The first of these that can is what it is made with.
    pythons: &'static [&'static str],
    packages: &'static [&'static str],
    /// How pip is to install them.
    how: &'static [&'static str],
}

const CLIENTS: Environment = Environment {
    folder: "venv",
    pythons: &["python3"],
    packages: &[
        "confluent-kafka==2.16.0",
        "kafka-python==3.0.12",
        "crc32c==2.9.post0",
        "lz4==4.4.5",
        "python-snappy==0.7.3",
        "zstandard==0.25.0",
    ],
    how: &[],
};

/// Compiling one would take a librdkafka as old.
const ONLY_WHEELS: &[&str] = &["--only-binary=:all:"];

const OLD_CLIENT: Environment = Environment {
    folder: "venv-old",
    pythons: &["python3"],
    packages: &["confluent-kafka==2.10.0"],
    how: ONLY_WHEELS,
};

/// It has no wheels for Pythons after 3.11; the suites can be read from 3.9 on.
const OLDER_CLIENT: Environment = Environment {
    folder: "venv-older",
    pythons: &["python3", "python3.11", "python3.10", "python3.9"],
    packages: &["confluent-kafka==2.0.2"],
    how: ONLY_WHEELS,
};

/// Fails unless the packages it is given are there, and the clients among them can be used.
const CHECK: &str = "\
import importlib.metadata, sys
packages = dict(package.split('==') for package in sys.argv[1:])
for name, version in packages.items():
    assert importlib.metadata.version(name) == version
import confluent_kafka.admin
if 'kafka-python' in packages: import kafka
";

pub(super) fn find(place: &Place) -> Result<Vec<String>, Lack> {
    CLIENTS.find(place)
}

pub(super) fn find_old(place: &Place) -> Result<Vec<String>, Lack> {
    OLD_CLIENT.find(place)
}

pub(super) fn find_older(place: &Place) -> Result<Vec<String>, Lack> {
    OLDER_CLIENT.find(place)
}

impl Environment {
    fn find(&self, place: &Place) -> Result<Vec<String>, Lack> {
        let folder = place.root.join(".cache").join(self.folder);
        let python = folder.join("bin/python");
        if !self.is_good(&python) {
            let packages = self.packages.join(" ");
            say(format!("installing {packages} into {}", place.shown(&folder)));
            let log = place.log(&format!("install-{}", self.folder));
            // An old log is not in the way.
            let _ = fs::remove_file(&log);
            let mut pythons = self.pythons.iter().filter(|name| find_program(name).is_some());
            if !pythons.any(|name| self.install(place, name, &folder, &log)) {
                return Err(missing(format!(
                    "{packages} cannot be installed with {}: see {}; on Debian: apt-get install python3-venv",
                    self.pythons.join(", "),
                    place.shown(&log)
                )));
            }
        }
        Ok(vec![python.display().to_string()])
    }

    fn is_good(&self, python: &Path) -> bool {
        succeeds(Command::new(python).args(["-c", CHECK]).args(self.packages))
    }

    fn install(&self, place: &Place, name: &str, folder: &Path, log: &Path) -> bool {
        let python = folder.join("bin/python");
        // What is not there is not in the way.
        let _ = fs::remove_dir_all(folder);
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        pip.args(self.how).args(self.packages);
        logged(place.command(name).args(["-m", "venv"]).arg(folder), log)
            && logged(&mut pip, log)
            && self.is_good(&python)
    }
}
