//! The name by which the group knows a worker again: a worker that was killed goes on at once when it is started
//! again, instead of once its session is over.
//!
//! It is the machine's name, the user's number, and what a file says that the worker holds locked: its number and a random
//! text. So two workers never have the same one, also where they look for such files in different folders.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

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
        make(&folder).map_err(failed)?;
        let (group, host) = (plain(group), plain(&host()));
        for number in 0..MOST {
            let path = folder.join(format!("{group}.{number}.lock"));
            let mut file = open(&path).map_err(failed)?;
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

/// Makes the folder, which is nobody else's: what stands in it is changed.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let found = fs::symlink_metadata(folder)?;
        if !found.is_dir() || found.uid() != user() || found.mode() & 0o022 != 0 {
            return Err(io::Error::other("it is not a folder that only this user can write to"));
        }
    }
    Ok(())
}

/// Opens a file in the folder, or makes it; not what a link leads to.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(format!("{} is no file", path.display())));
    }
    Ok(file)
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let base = TempDir::new().unwrap();
        let folder = base.path().join("a/b");
        make(&folder).unwrap();
        make(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(make(&folder).is_err());
        let link = base.path().join("link");
        symlink(base.path(), &link).unwrap();
        assert!(make(&link).is_err());
    }

    #[test]
    fn what_a_link_leads_to_is_left_alone() {
        let base = TempDir::new().unwrap();
        let precious = base.path().join("precious");
        fs::write(&precious, "text").unwrap();
        symlink(&precious, base.path().join("link")).unwrap();
        assert!(open(&base.path().join("link")).is_err());
        assert!(open(base.path()).is_err());
        assert_eq!(fs::read_to_string(&precious).unwrap(), "text");
    }

    #[test]
    fn a_file_keeps_its_mark() {
        let base = TempDir::new().unwrap();
        let path = base.path().join("lock");
        let first = mark(&mut open(&path).unwrap()).unwrap();
        assert_eq!((mark(&mut open(&path).unwrap()).unwrap(), first.len()), (first.clone(), MARK));
        fs::write(&path, "damaged").unwrap();
        let anew = mark(&mut open(&path).unwrap()).unwrap();
        assert_ne!(anew, first);
        assert_eq!(fs::read_to_string(&path).unwrap(), anew);
    }
}
