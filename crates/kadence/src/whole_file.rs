//! A file that is written at the end of a run, or during it: as a whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kadence_core::fault::Phrase;

use crate::fault::Error;

/// More than this is in no file of ours.
const MOST_BYTES: u64 = 64 << 20;

/// A file that holds one text.
#[derive(Debug)]
pub(crate) struct WholeFile {
    path: PathBuf,
    /// What was there before, open: a pipe or a device is written to as it is.
    file: Option<File>,
    /// What it holds, in words.
    noun: &'static str,
}

impl WholeFile {
    /// Sees that the file can be made, so that a run is not made in vain. What it held stays until there is a text, and
    /// one that is not there is not made before. `option` names it.
    pub(crate) fn create(
        path: &Path,
        recording: Option<&Path>,
        option: &Phrase,
        noun: &'static str,
    ) -> Result<Self, Error> {
        let is_new = fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
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
        if is_new {
            fs::remove_file(resolved(path)).map_err(|error| unwritable(path, noun, &error, ""))?;
        }
        Ok(Self { path: path.into(), file: (!is_new).then_some(file), noun })
    }

    /// Refuses a file that holds something else than what `is_ours` knows: it may be somebody's only copy.
    pub(crate) fn refuse_others(
        self,
        is_ours: impl FnOnce(&str) -> bool,
        option: &Phrase,
    ) -> Result<Self, Error> {
        let Some(file) = self.file.as_ref() else { return Ok(self) };
        let metadata = file.metadata().map_err(|error| unwritable(&self.path, self.noun, &error, ""))?;
        if !metadata.is_file() || metadata.len() == 0 {
            return Ok(self);
        }
        let text = if metadata.len() <= MOST_BYTES { fs::read_to_string(&self.path).ok() } else { None };
        if text.is_some_and(|text| is_ours(&text)) {
            return Ok(self);
        }
        let what = format!("`{}` holds something else than {}", self.path.display(), self.noun);
        Err(Error::misuse(option.clone(), what, "name another file, or remove it"))
    }

    /// Takes away what the file held, so that nobody takes it for what is to come.
    pub(crate) fn clear(&mut self) -> Result<(), Error> {
        let is_file = |file: &File| file.metadata().is_ok_and(|metadata| metadata.is_file());
        if self.file.as_ref().is_some_and(is_file) {
            fs::remove_file(resolved(&self.path))
                .map_err(|error| unwritable(&self.path, self.noun, &error, ""))?;
            self.file = None;
        }
        Ok(())
    }

    /// Puts the text in the place of what the file held: in one step where it is a file, so that nobody reads half of
    /// it, or a part of another run's.
    pub(crate) fn replace(&mut self, text: &str) -> Result<(), Error> {
        self.write(text).map_err(|error| unwritable(&self.path, self.noun, &error, ""))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        // A pipe or a device has nothing to replace.
        if let Some(mut file) = self.file.as_ref()
            && !file.metadata()?.is_file()
        {
            file.write_all(text.as_bytes())?;
            return file.flush();
        }
        let path = resolved(&self.path);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.unfinished", std::process::id()));
        let unfinished = path.with_file_name(name);
        let Ok(mut beside) = File::options().write(true).create_new(true).open(&unfinished) else {
            // The folder takes no other file.
            let mut file = File::options().write(true).open(path)?;
            file.write_all(text.as_bytes())?;
            return file.set_len(text.len() as u64);
        };
        // Who may read the one that was there may read this one, and nobody else.
        let permitted = match fs::metadata(&path) {
            Ok(before) => beside.set_permissions(before.permissions()),
            Err(_) => Ok(()),
        };
        let written = permitted
            .and_then(|()| beside.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&unfinished, &path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written
    }
}

/// The place that a path leads to, whether there is a file or not.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links as systems follow.
    for _ in 0..40 {
        let Ok(leads_to) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| leads_to.clone(), |folder| folder.join(&leads_to));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// Opens what the recording is read from, if that can be told without reading it.
fn source_of(recording: &Path) -> Option<File> {
    if recording == Path::new("-") {
        return duplicate(&io::stdin());
    }
    // Opening a pipe may wait for who writes it, and nothing goes there.
    fs::metadata(recording).ok().filter(fs::Metadata::is_file)?;
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

/// Whether an open file is the one that stands there now, and no other one was put in its place.
pub(crate) fn is_still(file: &File, path: &Path) -> bool {
    let has_place = cfg!(unix) && file.metadata().is_ok_and(|metadata| metadata.is_file());
    !has_place || is_same(file, File::open(path).ok().as_ref())
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
