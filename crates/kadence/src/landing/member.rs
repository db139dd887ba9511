//! The name by which the group knows a worker again: a worker that was killed goes on at once when it is started
//! again, instead of once its session is over.
//!
//! It is the machine's name, the user's number, and what a file says that the worker holds locked: its number and a random
//! text. So two workers never have the same one, also where they look for such files in different folders.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use crate::fault::Error;

/// More workers of one landing on one machine than anybody runs.
const MOST: usize = 1_000;
/// The length of a file's text.
const MARK: usize = 8;

/// A worker's name, which is its own while this lives.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    _lock: File,
}

impl Member {
    /// Takes the first name of the group that nobody on this machine has.
    pub(super) fn take(group: &str) -> Result<Self, Error> {
        let folder = folder();
        let failed = |error: io::Error| {
            Error::met(folder.display().to_string(), format!("cannot be used for locks ({error})"), "")
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let (group, host) = (plain(group), plain(&host()));
        for number in 0..MOST {
            let path = folder.join(format!("{group}.{number}.lock"));
            let mut options = OpenOptions::new();
            let mut file =
                options.create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {
                    let mark = mark(&mut file).map_err(failed)?;
                    return Ok(Self { name: format!("{host}-{}-{number}-{mark}", user()), _lock: file });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(Error::met(folder.display().to_string(), "too many workers land this on one machine", ""))
    }
}

/// The text of a locked file, by which it is told from others of the same name.
fn mark(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    let _ = file.take(100).read_to_string(&mut text);
    if text.len() == MARK && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text);
    }
    let mut mark = kadence_store::random_id();
    mark.truncate(MARK);
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(mark.as_bytes())?;
    Ok(mark)
}

/// The user's own folder for what lives as long as the machine runs.
#[expect(clippy::disallowed_methods, reason = "where such files belong is the environment's to say")]
fn folder() -> PathBuf {
    match std::env::var("XDG_RUNTIME_DIR") {
        Ok(folder) if !folder.is_empty() => PathBuf::from(folder).join("kadence"),
        _ => std::env::temp_dir().join(format!("kadence-{}", user())),
    }
}

fn user() -> u32 {
    #[cfg(unix)]
    {
        rustix::process::getuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        0
    }
}

fn host() -> String {
    #[cfg(unix)]
    {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }
    #[cfg(not(unix))]
    {
        "localhost".into()
    }
}

/// A name with the characters that names of members and files may have.
fn plain(name: &str) -> String {
    let kept = |char: char| if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '_' };
    name.chars().map(kept).take(200).collect()
}
