//! Two clients for Python and the codecs of the second, in an environment of their own.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Lack, missing};
use crate::suites::place::{Place, logged, say, succeeds};

const PACKAGES: [&str; 6] = [
    "confluent-kafka==2.16.0",
    "kafka-python==3.0.12",
    "crc32c==2.9.post0",
    "lz4==4.4.5",
    "python-snappy==0.7.3",
    "zstandard==0.25.0",
];

/// Fails unless the packages it is given are there, and can be used.
const CHECK: &str = "\
import importlib.metadata, sys
import confluent_kafka, kafka
for name, version in (package.split('==') for package in sys.argv[1:]):
    assert importlib.metadata.version(name) == version
";

pub(super) fn find(place: &Place) -> Result<Vec<String>, Lack> {
    let folder = place.root.join(".cache/venv");
    let python = folder.join("bin/python");
    if !has_packages(&python) {
        install(place, &folder, &python)?;
    }
    Ok(vec![python.display().to_string()])
}

fn has_packages(python: &Path) -> bool {
    succeeds(Command::new(python).args(["-c", CHECK]).args(PACKAGES))
}

fn install(place: &Place, folder: &Path, python: &Path) -> Result<(), Lack> {
    say(format!("installing {} into {}", PACKAGES.join(" "), place.shown(folder)));
    let log = place.log("install-python");
    // What is not there is not in the way, and neither is an old log.
    let _ = (fs::remove_dir_all(folder), fs::remove_file(&log));
    if !logged(place.command("python3").args(["-m", "venv"]).arg(folder), &log) {
        return Err(missing("python3 with venv missing: apt-get install python3-venv"));
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(PACKAGES);
    if logged(&mut pip, &log) && has_packages(python) {
        return Ok(());
    }
    Err(missing(format!("Python's clients cannot be installed: see {}", place.shown(&log))))
}
