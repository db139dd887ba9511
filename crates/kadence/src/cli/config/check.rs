//! Whether all that stands in the file is an option, and is given what such an option takes.

use clap::{Arg, ArgAction, Command};
use kadence_core::fault::name_only;

use super::document::{Content, Document, Entry, Table, Value};
use crate::fault::Error;

/// The key under which connections will stand.
const CONNECTION: &str = "connection";

/// Compares the whole file with the whole command line, and finds all faults.
pub(super) fn all(document: &Document, command: &Command) -> Vec<Error> {
    let mut faults = Vec::new();
    Check { document, faults: &mut faults }.table(&document.root, command, &[]);
    faults
}

struct Check<'a> {
    document: &'a Document,
    faults: &'a mut Vec<Error>,
}

impl Check<'_> {
    /// The table of the verb at this path.
    fn table(&mut self, table: &Table, command: &Command, path: &[&str]) {
        for entry in &table.entries {
            let verb = verbs(command).find(|verb| verb.get_name() == entry.key);
            let fault = match (&entry.content, verb) {
                _ if path.is_empty() && entry.key == CONNECTION => {
                    Some(("connections are not read yet".to_owned(), "leave them out".to_owned()))
                }
                (Content::Table(below), Some(verb)) => {
                    self.table(below, verb, &[path, &[&*entry.key]].concat());
                    None
                }
                (Content::Value(_), Some(_)) => {
                    let inner = [path, &[&*entry.key]].concat().join(".");
                    let what = format!("`{}` is a verb and has no value", entry.key);
                    Some((what, format!("write its options under [{inner}]")))
                }
                (_, None) => option(entry, command, path).err(),
            };
            if let Some((what, help)) = fault {
                self.faults.push(self.document.fault(entry.line, what, &help));
            }
        }
    }
}

/// What is wrong, and what to do.
type Refusal = (String, String);

fn option(entry: &Entry, command: &Command, path: &[&str]) -> Result<(), Refusal> {
    let key = &entry.key;
    let mut leaves = Vec::new();
    gather_leaves(command, &mut leaves);
    let found: Vec<&Arg> = leaves.iter().filter_map(|verb| option_called(verb, key)).collect();
    match &entry.content {
        _ if found.is_empty() => Err(unknown(entry, command, path, &leaves)),
        Content::Table(_) => {
            Err((format!("`{key}` is an option and no table"), format!("write it as {key} = …")))
        }
        // Another verb may have another option of that name.
        Content::Value(value) => {
            let refused: Vec<Refusal> =
                found.iter().filter_map(|option| words(option, value).err()).collect();
            let all = refused.len() == found.len();
            refused.into_iter().next().filter(|_| all).map_or(Ok(()), Err)
        }
    }
}

/// Why there is no option called so.
fn unknown(entry: &Entry, command: &Command, path: &[&str], leaves: &[&Command]) -> Refusal {
    let key = &*entry.key;
    let all = || leaves.iter().flat_map(|verb| verb.get_arguments());
    let is_alias = |option: &&Arg| {
        option.get_all_aliases().is_some_and(|aliases| aliases.contains(&key))
            || option.get_short().is_some_and(|short| key.chars().eq([short]))
    };
    if let Some(name) = all().find(is_alias).and_then(name_of) {
        return (format!("`{key}` is called `{name}` here"), format!("write {name} = …"));
    }
    let is_positional = |option: &&Arg| {
        option.is_positional()
            && (option.get_id() == key
                || option
                    .get_value_names()
                    .is_some_and(|names| names.iter().any(|name| name.to_lowercase() == key)))
    };
    if all().any(|option| is_positional(&option)) {
        return (format!("`{key}` is no option but an argument"), "give it on the command line".into());
    }
    let verb = [&["kadence"], path].concat().join(" ");
    let (whose, is_table) = (format!("of {verb}"), matches!(entry.content, Content::Table(_)));
    let (what, whose) = match (is_table, command.has_subcommands(), path) {
        (true, true, []) => ("verb", String::from("of kadence")),
        (true, true, _) => ("verb", whose),
        (_, true, []) => ("option", String::from("of any verb")),
        (_, true, _) => ("option", format!("of any verb {whose}")),
        _ => ("option", whose),
    };
    let verbs = verbs(command).map(|verb| verb.get_name().to_owned());
    let options = all().filter_map(name_of);
    let nearest =
        if is_table && command.has_subcommands() { nearest(verbs, key) } else { nearest(options, key) };
    let help = match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None if what == "option" && command.has_subcommands() => format!("{verb} VERB --help lists them"),
        None => format!("{verb} --help lists them"),
    };
    // Somebody may have written more than the name there.
    (format!("`{}` is no {what} {whose}", name_only(key)), help)
}

/// The one of `names` that takes the fewest edits, if they are few enough for `found` to be a slip.
fn nearest(names: impl Iterator<Item = String>, found: &str) -> Option<String> {
    let found = found.to_lowercase().replace('_', "-");
    let (edits, name) = names.map(|name| (edits(&found, &name), name)).min()?;
    (edits <= (found.len() / 3).max(2)).then_some(name)
}

/// How many letters have to be put in, left out or replaced.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for letter in from.chars() {
        let mut diagonal = row[0];
        row[0] += 1;
        for (at, other) in to.iter().enumerate() {
            let fewest = (row[at].min(row[at + 1]) + 1).min(diagonal + usize::from(letter != *other));
            diagonal = std::mem::replace(&mut row[at + 1], fewest);
        }
    }
    row[to.len()]
}

/// The verbs right below.
fn verbs(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| verb.get_name() != "help")
}

/// The verbs at the ends: those below, or the verb itself.
fn gather_leaves<'c>(command: &'c Command, leaves: &mut Vec<&'c Command>) {
    if command.has_subcommands() {
        verbs(command).for_each(|verb| gather_leaves(verb, leaves));
    } else {
        leaves.push(command);
    }
}

/// The option of this verb that is called so in the file.
pub(super) fn option_called<'c>(verb: &'c Command, key: &str) -> Option<&'c Arg> {
    verb.get_arguments().find(|option| name_of(option).is_some_and(|name| name == key))
}

/// How the file calls an option: by its long name, or by its letter where it has no other.
fn name_of(option: &Arg) -> Option<String> {
    let asks = matches!(
        option.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    let name = option.get_long().map(ToOwned::to_owned).or_else(|| option.get_short().map(String::from));
    name.filter(|_| !asks)
}

/// The option as it is typed, once for each of its values.
pub(super) fn words(option: &Arg, value: &Value) -> Result<Vec<String>, Refusal> {
    let name = name_of(option).unwrap_or_default();
    let (typed, with) = match option.get_long() {
        Some(long) => (format!("--{long}"), "="),
        None => (format!("-{name}"), ""),
    };
    let one = |value: &String| format!("{typed}{with}{value}");
    let refused = |takes: &str, help: &str| {
        Err((format!("`{name}` {takes} (found: {})", value.kind()), help.to_owned()))
    };
    match (option.get_action(), value) {
        (ArgAction::SetTrue | ArgAction::Count, Value::Flag(is_set)) => {
            Ok(if *is_set { vec![typed] } else { Vec::new() })
        }
        (ArgAction::SetTrue | ArgAction::Count, _) => refused("is a flag", "write true or false"),
        (ArgAction::Append, Value::Many(values)) => Ok(values.iter().map(one).collect()),
        (ArgAction::Set | ArgAction::Append, Value::One(value)) => Ok(vec![one(value)]),
        (ArgAction::Append, _) => refused("takes texts or numbers", "write a list of them"),
        _ => refused("takes one value", "write it as a text in quotes, or as a number"),
    }
}
