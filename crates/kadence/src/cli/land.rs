//! Topics into a database.

mod ledger;
mod options;
mod progress;
mod shown;

use std::io;
use std::sync::Arc;
use std::thread;

use kadence_core::clock::{Stop, SystemClock};
use kadence_land::Gauges;
use kadence_store::Notice;

pub(crate) use self::options::LandOptions;
use super::Exit;
use crate::fault::{CommandLine, Error, line};
use crate::landing::{Control, Landing, Listener, Word};
use crate::output::{Voice, print_json};
use crate::plain::Plain;
use crate::signals::Signals;

impl LandOptions {
    pub(crate) fn run(self, voice: Voice) -> Result<Exit, Error> {
        let signals = Signals::listen();
        let landing = self.landing()?;
        let listener: Listener = {
            let name = Plain(&landing.rows.name).to_string();
            Arc::new(move |word| say(&name, word, voice))
        };
        if self.with_parent {
            end_with_parent(&signals.stop);
        }
        let control = Control { clock: Arc::new(SystemClock), stop: signals.stop, listener };
        if let Some(action) = self.ledger {
            return ledger::run(&landing, action, &self, &control, voice);
        }
        let notices = landing.check()?;
        for notice in notices {
            voice.note(notice.spelled(&CommandLine));
        }
        if self.ddl && self.topics().is_empty() {
            return shown::ledger_definitions(&landing, voice);
        }
        if self.preview || self.ddl {
            return shown::preview(&landing, self.ddl, &control, voice);
        }
        for warning in warnings(&landing) {
            voice.note(warning);
        }
        let gauges: Vec<Arc<Gauges>> = (0..landing.tasks).map(|_| Arc::default()).collect();
        let watching = progress::watch(voice, gauges.clone(), Arc::clone(&control.clock));
        let landed = landing.run(&control, &gauges);
        drop(watching);
        let landed = landed?;
        if voice.json {
            print_json(&shown::as_json(&landing, landed.as_ref()), false)?;
        } else if let Some(landed) = &landed {
            shown::summary(landed, voice);
        }
        let is_bounded = self.until_end || self.limit.is_some();
        let is_cut = is_bounded && landed.is_none_or(|landed| landed.is_cut);
        Ok(if is_cut { Exit::Interrupted } else { Exit::Done })
    }
}

/// Stops once whoever holds the other end of standard input is gone.
fn end_with_parent(stop: &Arc<Stop>) {
    let stop = Arc::clone(stop);
    let wait = move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        stop.raise();
    };
    // Without a thread nobody waits, as without the option.
    let _ = thread::Builder::new().name("parent".into()).spawn(wait);
}

/// What a person has to know about the order of rows.
fn warnings(landing: &Landing) -> Vec<String> {
    let mut warnings = Vec::new();
    let rows = &landing.rows;
    if rows.mode == kadence_store::Mode::Upsert {
        let is_of_several = landing.reader.topics.len() > 1
            || landing.reader.topics.iter().any(|topic| topic.starts_with('^'));
        if is_of_several && !rows.table.contains("{topic}") {
            warnings.push(
                "order holds within a partition: of records with one key in several topics, either may be the last"
                    .into(),
            );
        }
        let is_key = |field: &String| field == "_key" || field.starts_with("_key.");
        if !rows.key.iter().all(is_key) {
            warnings.push(format!(
                "order holds within a partition: records with one ({}) and different keys may be in different ones",
                rows.key.join(", ")
            ));
        }
    }
    if landing.rejects.is_some() {
        warnings.push(
            "what is written to the rejects file is not part of the transaction: a record may stand there twice"
                .into(),
        );
    }
    warnings
}

fn say(name: &str, word: Word, voice: Voice) {
    match word {
        Word::Line(text) => voice.note(text),
        Word::Begun { group, is_first: true } => {
            voice.note(format!("landing {name} begins, each record once; its lag: kadence groups describe {group}"));
        }
        Word::Begun { group, is_first: false } => {
            voice.note(format!("landing {name} goes on, each record once; its lag: kadence groups describe {group}"));
        }
        // Names in it may come out of records.
        Word::Notice(Notice::Defined(sql)) => {
            let lines: Vec<String> = sql.lines().map(|line| Plain(line).to_string()).collect();
            voice.note(format!("{};", lines.join("\n")));
        }
        Word::Notice(Notice::Untyped(table, names)) => voice.note(format!(
            "table {table}: no column for {} yet, all values are null; add them with --evolve, or state types with --types",
            Plain(&names.join(", "))
        )),
        Word::Notice(Notice::Unsealed(table, names)) => voice.note(format!(
            "table {table}: no column for {}, so `verify` cannot tell its rows; add them with --evolve",
            names.join(", ")
        )),
        Word::Notice(Notice::Retried(fault)) => voice.note(format!("{}; tried again", line(&fault))),
        Word::Notice(Notice::Recovered) => voice.note("the database takes records again"),
        Word::Notice(Notice::Ended(who)) => voice.note(format!("ended a session that stood still: {who}")),
    }
}
