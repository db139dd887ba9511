//! A session that notes what is asked, and answers as it is told to.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use kadence_core::fault::Fault;
use kadence_core::feed::Partition;
use kadence_core::record::{Facts, Headers, Record};
use kadence_core::run::Run;
use kadence_core::target::{Rejects, Verdict};
use kadence_store::{
    Column, ColumnType, CommitError, Database, Datum, DbError, Dialect, Found, Kind, LandingOptions, Limits,
    Parameter, Rows, Session, SqlTarget, Table,
};

/// What is answered where it is not what usually is.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Count(u64),
    Rows(Vec<Vec<Datum>>),
    Fails(Kind),
    /// No answer comes.
    Lost,
    /// Somebody's session is ended.
    Ended,
}

/// What was asked, and what is answered: the next answer whose text what is asked begins with is given, once.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    asked: Vec<String>,
    answers: Vec<(&'static str, Answer)>,
    tables: Vec<String>,
    sessions: usize,
}

impl Script {
    pub(crate) fn answer(&self, asked: &'static str, answer: Answer) -> &Self {
        self.0.lock().unwrap().answers.push((asked, answer));
        self
    }

    /// Makes a table, with one column `id`.
    pub(crate) fn table(&self, name: &str) -> &Self {
        self.0.lock().unwrap().tables.push(name.into());
        self
    }

    /// What was asked since it was asked for last, each by its first words.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    pub(crate) fn sessions(&self) -> usize {
        self.0.lock().unwrap().sessions
    }

    fn ask(&self, asked: &str) -> Option<Answer> {
        let mut state = self.0.lock().unwrap();
        let words: Vec<&str> = asked.split_whitespace().take(3).collect();
        state.asked.push(words.join(" "));
        let at = state.answers.iter().position(|(begins, _)| asked.starts_with(begins))?;
        Some(state.answers.remove(at).1)
    }
}

impl Database for Script {
    type Session = Scripted;

    fn connect(&mut self) -> Result<Scripted, DbError> {
        self.ask("connect");
        let mut state = self.0.lock().unwrap();
        state.sessions += 1;
        Ok(Scripted { script: self.clone(), token: format!("session-{}", state.sessions), is_open: false })
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Plain
    }

    fn place(&self) -> String {
        "scripted".into()
    }
}

pub(crate) struct Scripted {
    script: Script,
    token: String,
    is_open: bool,
}

fn failed(kind: Kind) -> DbError {
    DbError::new(kind, Fault::new("scripted", "it was told to fail"))
}

impl Scripted {
    fn ask(&self, asked: &str) -> Result<Option<Answer>, DbError> {
        match self.script.ask(asked) {
            Some(Answer::Fails(kind)) => Err(failed(kind)),
            answer => Ok(answer),
        }
    }
}

impl Session for Scripted {
    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn token(&self) -> &str {
        &self.token
    }

    fn end_holder(&mut self, token: &str) -> Result<Option<String>, DbError> {
        let answer = self.ask(&format!("end {token}"))?;
        Ok(matches!(answer, Some(Answer::Ended)).then(|| format!("whoever has {token}")))
    }

    fn begin(&mut self) -> Result<(), DbError> {
        assert!(!self.is_open, "one transaction at a time");
        self.is_open = true;
        self.ask("begin").map(drop)
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        self.is_open = false;
        match self.ask("commit") {
            Ok(Some(Answer::Lost)) => Err(CommitError::Unknown),
            Ok(_) => Ok(()),
            Err(error) => Err(CommitError::NotDone(error)),
        }
    }

    fn roll_back(&mut self) -> Result<(), DbError> {
        self.is_open = false;
        self.ask("roll back").map(drop)
    }

    fn set_savepoint(&mut self) -> Result<(), DbError> {
        self.ask("savepoint").map(drop)
    }

    fn roll_back_to(&mut self) -> Result<(), DbError> {
        self.ask("back to savepoint").map(drop)
    }

    fn execute(&mut self, sql: &str, _: &[Parameter<'_>]) -> Result<u64, DbError> {
        assert!(self.is_open, "{sql} would be committed by itself");
        Ok(if let Some(Answer::Count(count)) = self.ask(sql)? { count } else { 1 })
    }

    fn query(&mut self, sql: &str, _: &[Parameter<'_>]) -> Result<Vec<Vec<Datum>>, DbError> {
        Ok(if let Some(Answer::Rows(rows)) = self.ask(sql)? { rows } else { Vec::new() })
    }

    fn each_row(&mut self, sql: &str, each: &mut dyn FnMut(&[Datum]) -> bool) -> Result<(), DbError> {
        for row in self.query(sql, &[])? {
            if !each(&row) {
                break;
            }
        }
        Ok(())
    }

    fn define(&mut self, sql: &str) -> Result<(), DbError> {
        assert!(!self.is_open, "a transaction is open, and this would commit it: {sql}");
        self.ask(sql)?;
        let name = sql.split_whitespace().nth(2).unwrap();
        self.script.table(name);
        Ok(())
    }

    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError> {
        self.ask(&format!("find {table}"))?;
        let column = Column {
            name: "id".into(),
            column_type: ColumnType::INT,
            declared: "int".into(),
            nullable: true,
            has_default: false,
            is_generated: false,
        };
        let is_there = self.script.0.lock().unwrap().tables.iter().any(|name| name == table);
        Ok(is_there.then(|| Found { columns: vec![column], ..Found::default() }))
    }

    fn widening(&mut self, _: &str, _: &Column, _: &str) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    fn prepare(&mut self, table: &Table) -> Result<(), DbError> {
        assert!(!self.is_open);
        self.ask(&format!("prepare {}", table.name)).map(drop)
    }

    fn write(&mut self, table: &Table, _: &Rows, range: Range<usize>) -> Result<(), DbError> {
        assert!(self.is_open, "rows would be committed by themselves");
        self.ask(&format!("write {} {}..{}", table.name, range.start, range.end)).map(drop)
    }
}

struct Plain;

impl Dialect for Plain {
    fn name(&self) -> &'static str {
        "Scripted"
    }

    fn quoted(&self, name: &str) -> String {
        name.to_owned()
    }

    fn longest_name(&self) -> usize {
        100
    }

    fn is_same_name(&self, one: &str, other: &str) -> bool {
        one == other
    }

    fn parameter(&self, _: usize) -> String {
        "?".into()
    }

    fn type_of(&self, _: ColumnType, _: bool) -> Option<String> {
        Some("int".into())
    }

    fn ledger_text(&self, _: usize) -> String {
        "text".into()
    }

    fn widens(&self, _: ColumnType, _: ColumnType) -> bool {
        false
    }
}

/// A target whose ledger is made.
pub(crate) fn target(script: &Script) -> SqlTarget<Script> {
    script.table("kadence_landings").table("kadence_ledger");
    let options = LandingOptions { name: "n".into(), table: "t".into(), ..LandingOptions::default() };
    SqlTarget::new(script.clone(), options, "cluster", |_| {}).unwrap()
}

pub(crate) fn partition() -> Partition {
    Partition { topic: Arc::from("records"), id: None, index: 0 }
}

/// Records `{"id":N}`.
pub(crate) fn records(count: usize) -> Run {
    let mut run = Run::new(1 << 20, 1 << 20);
    for id in 0..count {
        let facts = Facts { sequence: id as u64, partition: Some(0), ..Facts::default() };
        let body = format!(r#"{{"id":{id}}}"#);
        run.push(
            &Record { key: None, body: Some(body.as_bytes()), headers: Headers::default(), facts },
            facts,
        );
    }
    run
}

/// Leaves out what is not taken.
#[derive(Default)]
pub(crate) struct LeftOut(pub(crate) Vec<usize>);

impl Rejects for LeftOut {
    fn rejected(&mut self, place: usize, _: &str) -> Verdict {
        self.0.push(place);
        Verdict::LeaveOut
    }
}
