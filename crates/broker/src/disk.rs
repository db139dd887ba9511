//! All that changes files and directories, so that tests can see in which order it happens.
//!
//! Errors are the system's; who calls knows what the file is for.

#[cfg(test)]
pub(crate) mod recorded;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IoSlice, Write as _},
    path::Path,
};

#[cfg(not(test))]
mod recorded {
    //! Nothing is recorded outside the tests.

    /// What a test would be told.
    pub(super) fn note<T>(_: impl FnOnce() -> T) {}
}

/// What happens to files.
#[cfg_attr(not(test), expect(dead_code, reason = "only tests look at it"))]
#[derive(Debug, Clone)]
pub(crate) enum Op<'a> {
    Directory { path: &'a Path },
    Opened { path: &'a Path, file: &'a File },
    Written { file: &'a File, bytes: Vec<u8> },
    Cut { path: &'a Path, len: u64 },
    Synced { file: &'a File },
    Renamed { from: &'a Path, to: &'a Path },
    Removed { path: &'a Path },
}

/// Makes a directory in one that is there; one that is there as well is as good.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => {
            recorded::note(|| Op::Directory { path });
            Ok(())
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(e),
    }
}

/// Makes a directory and those above it.
pub(crate) fn make_dirs(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|dir| !dir.exists()).collect();
    fs::create_dir_all(path)?;
    for path in missing.into_iter().rev().filter(|path| !path.as_os_str().is_empty()) {
        recorded::note(|| Op::Directory { path });
    }
    Ok(())
}

/// Opens a file to read it and to write at its end. With `new`, it must not be there yet.
pub(crate) fn open(path: &Path, new: bool) -> io::Result<File> {
    opened(path, OpenOptions::new().read(true).append(true).create_new(new))
}

/// As [`open`], whether it is there or not.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    opened(path, OpenOptions::new().read(true).append(true).create(true))
}

/// An empty file in place of what is there.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let file = opened(path, OpenOptions::new().read(true).write(true).create(true).truncate(true))?;
    recorded::note(|| Op::Cut { path, len: 0 });
    Ok(file)
}

fn opened(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let file = options.open(path)?;
    recorded::note(|| Op::Opened { path, file: &file });
    Ok(file)
}

/// Writes at the end of a file, as far as the system goes in one call.
pub(crate) fn write(mut file: &File, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let written = file.write_vectored(slices)?;
    recorded::note(|| {
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied()).take(written).collect();
        Op::Written { file, bytes }
    });
    Ok(written)
}

/// Writes all of `first` and `second` at the end of a file, usually in one call of `write`.
pub(crate) fn append(
    file: &File,
    first: &[u8],
    second: &[u8],
    write: impl Fn(&File, &[IoSlice<'_>]) -> io::Result<usize>,
) -> io::Result<()> {
    let mut slices = [IoSlice::new(first), IoSlice::new(second)];
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match write(file, left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Has the disk keep what is in a file, or the names in a directory.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    #[cfg(test)]
    if recorded::spares_the_disk() {
        recorded::note(|| Op::Synced { file });
        return Ok(());
    }
    file.sync_data()
}

/// Has the disk keep the names in a directory. Windows has no such call, and does it by itself.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    // What has no name above it is where the process is.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if cfg!(windows) { Ok(()) } else { sync(&File::open(path)?) }
}

/// Cuts a file off. It has a handle of its own: Windows does not let one for appending do it.
pub(crate) fn cut(path: &Path, len: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.set_len(len)?;
    recorded::note(|| Op::Cut { path, len });
    Ok(())
}

/// Gives a file another name in its directory, in place of what has that name.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    recorded::note(|| Op::Renamed { from, to });
    Ok(())
}

/// Removes a file; one that is not there is as good.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    removed(path, fs::remove_file(path))
}

/// Removes an empty directory; one that is not there is as good.
pub(crate) fn remove_dir(path: &Path) -> io::Result<()> {
    removed(path, fs::remove_dir(path))
}

fn removed(path: &Path, result: io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) => {
            recorded::note(|| Op::Removed { path });
            Ok(())
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Removes a directory and what is in it; one that is not there is as good.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        } else {
            remove_file(&entry.path())?;
        }
    }
    remove_dir(path)
}

/// Whether an open file still has a name, or its directory was removed under it.
pub(crate) fn has_name(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        file.metadata().is_ok_and(|file| file.nlink() > 0)
    }
    // An open file cannot be removed there.
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// Whether a file was not opened because this process, or all of them, have too many open. The file is as it was.
pub(crate) fn is_want_of_files(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(rustix::io::Errno::raw_os_error);
    #[cfg(windows)]
    let codes = [4];
    #[cfg(not(any(unix, windows)))]
    let codes: [i32; 0] = [];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// Whether `path` names this file.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let ids = |of: io::Result<fs::Metadata>| of.ok().map(|file| (file.dev(), file.ino()));
        let here = ids(file.metadata());
        here.is_some() && here == ids(fs::metadata(path))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}
