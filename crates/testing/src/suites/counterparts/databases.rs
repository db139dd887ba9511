//! Database servers, from Debian. The tests start them, each on a port of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Lack, missing};
use crate::suites::place::{Place, find_program};

/// The folder with PostgreSQL's programs.
pub(super) fn find_postgres(place: &Place) -> Result<Vec<String>, Lack> {
    if postgres().is_none() {
        place.install(&["postgresql"]);
    }
    let folder = postgres().ok_or_else(|| missing("PostgreSQL missing: apt-get install postgresql"))?;
    Ok(vec![folder.display().to_string()])
}

/// The newest that is installed: Debian keeps each version in a folder of its own, out of the path.
fn postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| number(path));
    let folders = versions.into_iter().rev().map(|path| path.join("bin"));
    let in_path = find_program("initdb").and_then(|path| path.parent().map(Path::to_owned));
    let is_whole =
        |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    folders.chain(in_path).find(is_whole)
}

/// The folder with `mariadbd`.
pub(super) fn find_mariadb(place: &Place) -> Result<Vec<String>, Lack> {
    if mariadb().is_none() {
        place.install(&["mariadb-server-core", "mariadb-client"]);
    }
    let help = "MariaDB missing: apt-get install mariadb-server-core mariadb-client";
    let folder = mariadb().ok_or_else(|| missing(help))?;
    Ok(vec![folder.display().to_string()])
}

fn mariadb() -> Option<PathBuf> {
    find_program("mariadb").and_then(|_| find_program("mariadb-install-db"))?;
    // The path of who is no root lacks it.
    let server = find_program("mariadbd")
        .or_else(|| Some("/usr/sbin/mariadbd".into()).filter(|path: &PathBuf| path.is_file()));
    server?.parent().map(Path::to_owned)
}
