//! `kadence.toml`: options that stand in a file, put in front of those on the command line.
//!
//! The file is read into plain entries ([`document`]), all of it is compared with what the verbs take ([`check`]), what
//! the present verb gets of it is chosen ([`choice`]) and put behind its name. What clap then has against a value
//! leads back to the file's line ([`Origin::blame`]).

mod blame;
mod check;
mod choice;
mod document;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};

use self::choice::Chosen;
use self::document::{Content, Document, Table};
use crate::fault::Error;

/// The variable of the environment that names the file; empty, it names none.
const VARIABLE: &str = "KADENCE_CONFIG";
/// The file that is looked for in the current folder where the variable is not set.
const USUAL: &str = "kadence.toml";
/// What is larger is some other file.
const MOST_BYTES: u64 = 1 << 20;
/// The verb whose output goes into shells' own files, and which has no options to read.
const COMPLETIONS: &str = "completions";

/// Where options come from that nobody typed.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// The file as it was named; none was read where it is empty.
    pub(super) file: String,
    chosen: Vec<Chosen>,
}

/// Puts the options of the file, if there is one, behind the verb in `arguments`. `command` makes the whole command
/// line, which takes longer than to see that there is no file.
pub(super) fn extend(
    command: impl FnOnce() -> Command,
    arguments: Vec<OsString>,
) -> Result<(Vec<OsString>, Origin), Error> {
    let Some(found) = read().transpose() else { return Ok((arguments, Origin::default())) };
    // A line that asks for help, or that has no verb, needs no file; neither does a script for a shell.
    let mut command = command();
    let typed = command.clone().ignore_errors(true).try_get_matches_from(&arguments);
    let Ok((path, typed)) = typed.map(|matches| verb_of(&matches)) else {
        return Ok((arguments, Origin::default()));
    };
    command.build();
    let verb = path.iter().try_fold(&command, |above, name| above.find_subcommand(name));
    let Some(verb) = verb.filter(|verb| !path.is_empty() && !verb.has_subcommands()) else {
        return Ok((arguments, Origin::default()));
    };
    if path == [COMPLETIONS] {
        return Ok((arguments, Origin::default()));
    }
    let (path_of_file, text) = found?;
    let document = Document::parse(&path_of_file, &text)?;
    let mut faults = check::all(&document, &command);
    gather_exclusions(&document, &command, &[], &mut faults);
    Error::all(faults).map_or(Ok(()), Err)?;
    let chosen = choice::of_verb(&document, verb, &tables(&document.root, &path), &typed)?;
    let at = place_behind(&path, &arguments);
    let mut extended = arguments;
    let words: Vec<OsString> = chosen.iter().flat_map(|chosen| chosen.words.iter().map(Into::into)).collect();
    extended.splice(at..at, words);
    Ok((extended, Origin { file: document.name, chosen }))
}

/// Finds what excludes each other in the tables of any verb.
fn gather_exclusions(document: &Document, command: &Command, path: &[String], faults: &mut Vec<Error>) {
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let path = [path, &[verb.get_name().to_owned()]].concat();
        if verb.has_subcommands() {
            gather_exclusions(document, verb, &path, faults);
            continue;
        }
        for fault in choice::exclusions(document, verb, &tables(&document.root, &path)) {
            // What stands at the top is many verbs' at once.
            if !faults.iter().any(|said| said.to_string() == fault.to_string()) {
                faults.push(fault);
            }
        }
    }
}

/// The names that lead to the verb, and what is said of its options.
fn verb_of(matches: &ArgMatches) -> (Vec<String>, ArgMatches) {
    let (mut path, mut present) = (Vec::new(), matches);
    while let Some((name, below)) = present.subcommand() {
        path.push(name.to_owned());
        present = below;
    }
    (path, present.clone())
}

/// Where the options of the verb begin. What stands before its name are flags.
fn place_behind(path: &[String], arguments: &[OsString]) -> usize {
    path.iter().fold(1, |from, name| {
        let behind = arguments.iter().skip(from).position(|argument| argument == name.as_str());
        behind.map_or(from, |at| from + at + 1)
    })
}

/// The tables whose options are this verb's: its own first, then those of the verbs above it.
fn tables<'t>(root: &'t Table, path: &[String]) -> Vec<&'t Table> {
    let mut tables = vec![root];
    for name in path {
        let below = tables.last().and_then(|table| table.get(name));
        let Some(Content::Table(below)) = below else { break };
        tables.push(below);
    }
    tables.reverse();
    tables
}

/// The file's path and text, if there is a file.
fn read() -> Result<Option<(PathBuf, String)>, Error> {
    let named = std::env::var_os(VARIABLE);
    let path = match &named {
        Some(name) if name.is_empty() => return Ok(None),
        Some(name) => Path::new(name),
        None => Path::new(USUAL),
    };
    let refused = |what: String| {
        let help = match named {
            Some(_) => "KADENCE_CONFIG names it; KADENCE_CONFIG= reads no file",
            None => "with KADENCE_CONFIG= no file is read",
        };
        Err(Error::misuse(path.display().to_string(), what, help))
    };
    match read_text(path) {
        Ok(text) => Ok(Some((path.into(), text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match std::fs::read_link(path) {
            Ok(target) => refused(format!("is a link to {}, which is not there", target.display())),
            Err(_) if named.is_none() => Ok(None),
            Err(_) => refused(format!("cannot be read ({error})")),
        },
        Err(error) => refused(format!("cannot be read ({error})")),
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait for somebody who writes.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    let read = File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MOST_BYTES {
        return Err(io::Error::other("more than 1 MiB is no file of options"));
    }
    Ok(text)
}
