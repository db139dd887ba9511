//! What a verb gets of the file: what nobody nearer has said.
//!
//! The command line comes first, then the environment, the verb's own table, the tables above it. Whatever comes
//! later gives way, also to an option that excludes it.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, Id};

use super::check::{option_called, words};
use super::document::{Content, Document, Entry, Table};
use crate::cli::connection::is_in_environment;
use crate::fault::Error;

/// An option of the file that the verb gets.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The option as clap calls it in its errors.
    pub(super) shown: String,
    pub(super) key: String,
    pub(super) line: usize,
    /// What is put on the command line.
    pub(super) words: Vec<String>,
}

/// The options that `verb` gets of `tables`, its own table first.
pub(super) fn of_verb(
    document: &Document,
    verb: &Command,
    tables: &[&Table],
    typed: &ArgMatches,
) -> Result<Vec<Chosen>, Error> {
    let choice = Choice::of(document, verb, tables, Some(typed));
    Error::all(choice.faults).map_or(Ok(choice.chosen), Err)
}

/// What excludes each other in one of these tables, whatever stands on the command line.
pub(super) fn exclusions(document: &Document, verb: &Command, tables: &[&Table]) -> Vec<Error> {
    Choice::of(document, verb, tables, None).exclusions
}

struct Choice<'a> {
    document: &'a Document,
    verb: &'a Command,
    /// The command line, where the verb is the one that runs.
    typed: Option<&'a ArgMatches>,
    /// Options that are given by whoever comes first.
    said: Vec<Id>,
    /// Options about which a nearer table has decided, if only to leave them.
    settled: Vec<Id>,
    chosen: Vec<Chosen>,
    faults: Vec<Error>,
    exclusions: Vec<Error>,
}

impl<'a> Choice<'a> {
    fn of(
        document: &'a Document,
        verb: &'a Command,
        tables: &[&Table],
        typed: Option<&'a ArgMatches>,
    ) -> Self {
        let is_typed = |option: &&Arg| is_typed(typed, option);
        let mut choice = Self {
            document,
            verb,
            typed,
            said: verb.get_arguments().filter(is_typed).map(|option| option.get_id().clone()).collect(),
            settled: Vec::new(),
            chosen: Vec::new(),
            faults: Vec::new(),
            exclusions: Vec::new(),
        };
        for table in tables {
            choice.take(table);
        }
        choice
    }

    fn take(&mut self, table: &Table) {
        // Options that are left as they are exclude nothing.
        let (mut taken, mut left): (Vec<(&'a Arg, &Entry)>, Vec<&'a Arg>) = (Vec::new(), Vec::new());
        for entry in &table.entries {
            let Content::Value(value) = &entry.content else { continue };
            let Some(option) = option_called(self.verb, &entry.key) else { continue };
            if self.settled.contains(option.get_id()) || is_in_environment(&entry.key) {
                continue;
            }
            let mut words = match words(option, value) {
                Ok(words) => words,
                Err((what, help)) => {
                    self.faults.push(self.document.fault(entry.line, what, &help));
                    continue;
                }
            };
            if self.gives_way(option) {
                continue;
            }
            if words.is_empty() {
                left.push(option);
                continue;
            }
            if let Some((_, other)) = taken.iter().find(|(other, _)| self.exclude(option, other)) {
                let (key, other, line) = (&entry.key, &other.key, other.line);
                let what = format!("`{key}` and `{other}` (line {line}) exclude each other");
                self.exclusions.push(self.document.fault(entry.line, what, "leave one of them out"));
                continue;
            }
            words.retain(|word| !self.is_named(option, word));
            taken.push((option, entry));
            let (shown, key, line) = (option.to_string(), entry.key.clone(), entry.line);
            self.chosen.push(Chosen { shown, key, line, words });
        }
        let given = taken.into_iter().map(|(option, _)| option);
        for option in given {
            self.said.push(option.get_id().clone());
            if !is_pairs(option) {
                self.settled.push(option.get_id().clone());
            }
        }
        self.settled.extend(left.into_iter().map(|option| option.get_id().clone()));
    }

    /// Whether somebody nearer has given this option, or one that excludes it.
    fn gives_way(&self, option: &Arg) -> bool {
        let all = || self.verb.get_arguments().filter(|other| self.said.contains(other.get_id()));
        let is_given = all().any(|other| other.get_id() == option.get_id());
        is_given && !is_pairs(option) || all().any(|other| self.exclude(option, other))
    }

    /// Whether clap takes only one of the two.
    fn exclude(&self, one: &Arg, other: &Arg) -> bool {
        let (first, second) = (one.get_id(), other.get_id());
        let declared = |one: &Arg, other: &Id| {
            self.verb.get_arg_conflicts_with(one).iter().any(|option| option.get_id() == other)
        };
        let shares_a_place = || {
            self.verb.get_groups().any(|group| {
                let has = |wanted: &Id| group.get_args().any(|id| id == wanted);
                !group.clone().is_multiple() && has(first) && has(second)
            })
        };
        first != second && (declared(one, second) || declared(other, first) || shares_a_place())
    }

    /// Whether the pair that this word gives is given under the same name by whoever comes first.
    fn is_named(&self, option: &Arg, word: &str) -> bool {
        if !is_pairs(option) {
            return false;
        }
        let prefix = option.get_long().map_or("-X".len(), |long| "--=".len() + long.len());
        let name = |pair: &str| pair.split('=').next().unwrap_or_default().trim().to_owned();
        let wanted = name(&word[prefix..]);
        let id = option.get_id().as_str();
        let raw = self.typed.filter(|_| is_typed(self.typed, option)).and_then(|typed| typed.get_raw(id));
        let on_the_line = raw.into_iter().flatten().any(|pair| name(&pair.to_string_lossy()) == wanted);
        let shown = option.to_string();
        let nearer = self.chosen.iter().filter(|chosen| chosen.shown == shown);
        on_the_line || nearer.flat_map(|chosen| &chosen.words).any(|pair| name(&pair[prefix..]) == wanted)
    }
}

fn is_typed(typed: Option<&ArgMatches>, option: &Arg) -> bool {
    let source = typed.and_then(|typed| typed.value_source(option.get_id().as_str()));
    source == Some(ValueSource::CommandLine)
}

/// Whether the option is given once for each of many names: who gives one leaves the others as they are.
fn is_pairs(option: &Arg) -> bool {
    let names = option.get_value_names().unwrap_or_default();
    matches!(option.get_action(), ArgAction::Append) && names.iter().any(|name| name == "NAME=VALUE")
}
