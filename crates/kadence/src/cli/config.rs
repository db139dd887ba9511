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
use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};

use self::choice::Chosen;
use self::document::{Content, Document, Table};
use crate::fault::Error;

/// The variable of the environment that names the file; empty, it names none.
const VARIABLE: &str = "KADENCE_CONFIG";
/// The file that is looked for in the current folder where the variable is not set.
const USUAL: &str = "kadence.toml";

/// Where options come from that nobody typed.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// The file as it was named; none was read where it is empty.
    pub(super) file: String,
    chosen: Vec<Chosen>,
}

/// Puts the options of the file, if there is one, behind the verb in `arguments`. `command` is the whole command line.
pub(super) fn extend(command: &Command, arguments: Vec<OsString>) -> Result<(Vec<OsString>, Origin), Error> {
    // A line that asks for help, or that has no verb, needs no file.
    let typed = command.clone().ignore_errors(true).try_get_matches_from(&arguments);
    let Ok((path, typed)) = typed.map(|matches| verb_of(&matches)) else {
        return Ok((arguments, Origin::default()));
    };
    let mut command = command.clone();
    command.build();
    let verb = path.iter().try_fold(&command, |above, name| above.find_subcommand(name));
    let Some(verb) = verb.filter(|verb| !path.is_empty() && !verb.has_subcommands()) else {
        return Ok((arguments, Origin::default()));
    };
    let Some((path_of_file, text)) = read()? else { return Ok((arguments, Origin::default())) };
    let document = Document::parse(&path_of_file, &text)?;
    check::all(&document, &command)?;
    let chosen = choice::of_verb(&document, verb, &tables(&document.root, &path), &typed)?;
    let at = place_behind(&path, &arguments);
    let mut extended = arguments;
    let words: Vec<OsString> = chosen.iter().flat_map(|chosen| chosen.words.iter().map(Into::into)).collect();
    extended.splice(at..at, words);
    Ok((extended, Origin { file: document.name, chosen }))
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
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.into(), text))),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let help = match named {
                Some(_) => "KADENCE_CONFIG names it; KADENCE_CONFIG= reads no file",
                None => "with KADENCE_CONFIG= no file is read",
            };
            Err(Error::misuse(path.display().to_string(), format!("cannot be read ({error})"), help))
        }
    }
}
