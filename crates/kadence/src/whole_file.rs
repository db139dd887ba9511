//! A file that is written at the end of a run, or during it: as a whole, or not at all.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use kadence_core::fault::Phrase;

use crate::fault::Error;

/// A file that holds one text.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    file: File,
    /// What it holds, in words.
    noun: &'static str,
}

impl WholeFile {
    /// Makes the file, so that a run is not made in vain. What it held stays until there is a text. `option` names it.
    pub(crate) fn create(
        path: &Path,
        recording: Option<&Path>,
        option: &Phrase,
        noun: &'static str,
    ) -> Result<Self, Error> {
        let opened = File::options().write(true).create(true).truncate(false).open(path);
        let file = opened.map_err(|error| unwritable(path, noun, &error, ""))?;
        let refused = |what: &str, help: &str| {
            Err(Error::misuse(option.clone(), format!("`{}` is {what}", path.display()), help))
        };
        if is_same(&file, recording.and_then(source_of).as_ref()) {
            return refused("the recording itself", "name another file");
        }
        if [duplicate(&io::stdout()), duplicate(&io::stderr())].iter().any(|out| is_same(&file, out.as_ref()))
        {
            let help = if noun == "the report" {
                "leave it out, and take the report from --json"
            } else {
                "name a file"
            };
            return refused("where the output goes", help);
        }
        Ok(Self { path: path.into(), file, noun })
    }

    /// Puts the text in the place of what the file held: in one step where it is a file, so that nobody reads half of
    /// it, or a part of another run's.
    pub(crate) fn replace(&mut self, text: &str) -> Result<(), Error> {
        self.write(text).map_err(|error| unwritable(&self.path, self.noun, &error, ""))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        // A pipe or a device has nothing to replace.
        if !self.file.metadata()?.is_file() {
            self.file.write_all(text.as_bytes())?;
            return self.file.flush();
        }
        let path = self.path.canonicalize()?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.unfinished", std::process::id()));
        let unfinished = path.with_file_name(name);
        let Ok(mut beside) = File::options().write(true).create_new(true).open(&unfinished) else {
            // The folder takes no other file.
            self.file.seek(io::SeekFrom::Start(0))?;
            self.file.write_all(text.as_bytes())?;
            return self.file.set_len(text.len() as u64);
        };
        let written = beside.write_all(text.as_bytes()).and_then(|()| std::fs::rename(&unfinished, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }
}

/// Opens what the recording is read from, if that can be told without reading it.
fn source_of(recording: &Path) -> Option<File> {
    if recording == Path::new("-") {
        return duplicate(&io::stdin());
    }
    // Opening a pipe may wait for who writes it, and nothing goes there.
    std::fs::metadata(recording).ok().filter(std::fs::Metadata::is_file)?;
    File::open(recording).ok()
}

#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd) -> Option<File> {
    stream.as_fd().try_clone_to_owned().ok().map(File::from)
}

#[cfg(not(unix))]
fn duplicate<T>(_stream: &T) -> Option<File> {
    None
}

/// Tells whether both are one and the same file, by whatever names.
#[cfg(unix)]
fn is_same(file: &File, other: Option<&File>) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Some((one, other)) = other.and_then(|other| Some((file.metadata().ok()?, other.metadata().ok()?)))
    else {
        return false;
    };
    one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_file: &File, _other: Option<&File>) -> bool {
    false
}

fn unwritable(path: &Path, noun: &str, error: &io::Error, help: &str) -> Error {
    Error::met(path.display().to_string(), format!("{noun} cannot be written ({error})"), help)
}
