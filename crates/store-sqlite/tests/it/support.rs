//! A file for each test, and what is in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use kadence_core::feed::Partition;
use kadence_core::record::{Facts, Headers, Record};
use kadence_core::run::Run;
use kadence_core::target::{Batch, Claim, Committed, Part, Rejects, Target as _, Verdict};
use kadence_store::{LandingOptions, Notice, SqlTarget};
use kadence_store_sqlite::Sqlite;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// A file that goes away with the test.
pub(crate) struct File {
    folder: tempfile::TempDir,
}

impl File {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("land.db")
    }

    pub(crate) fn open(&self) -> Connection {
        Connection::open(self.path()).expect("a file")
    }

    pub(crate) fn target(&self, options: LandingOptions) -> SqlTarget<Sqlite> {
        SqlTarget::new(Sqlite::new(self.path()), options, "cluster", |_| {}).expect("good options")
    }

    /// A target, and what it says.
    pub(crate) fn telling(&self, options: LandingOptions) -> (SqlTarget<Sqlite>, Arc<Mutex<Vec<Notice>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let notice = move |notice| tell.lock().expect("no panic").push(notice);
        let target = SqlTarget::new(Sqlite::new(self.path()), options, "cluster", notice);
        (target.expect("good options"), told)
    }

    /// Rows, each as its values with blanks between them.
    pub(crate) fn rows(&self, query: &str) -> Vec<String> {
        let connection = self.open();
        let mut statement = connection.prepare(query).expect("a query");
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values: Result<Vec<String>, _> =
                (0..columns).map(|column| row.get_ref(column).map(shown)).collect();
            values.map(|values| values.join(" "))
        };
        statement.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
    }
}

/// A value as SQLite would write it: numbers with a point are no integers, texts stand in quotes.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".into(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => format!("{value:?}"),
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("{bytes:?}"),
    }
}

pub(crate) fn options() -> LandingOptions {
    LandingOptions { name: "landing".into(), table: "rows".into(), ..LandingOptions::default() }
}

/// Lands bodies as the records of one partition that come next, leaving out what is rejected; gives the reasons.
pub(crate) fn land(target: &mut SqlTarget<Sqlite>, bodies: &[Option<&str>]) -> Vec<String> {
    let records: Vec<_> = bodies.iter().map(|body| (None, *body)).collect();
    land_keyed(target, &records).expect("a landing")
}

/// The same with keys.
pub(crate) fn land_keyed(
    target: &mut SqlTarget<Sqlite>,
    records: &[(Option<&str>, Option<&str>)],
) -> Result<Vec<String>, String> {
    let partition = Partition { topic: Arc::from("records"), id: Some([7; 16]), index: 0 };
    let claims = target.claim(&[(partition, None)]).map_err(|error| error.to_string())?;
    let Claim { partition, epoch, next: expected, .. } = claims.into_iter().next().expect("a claim");
    let first = expected.unwrap_or(0);
    let mut run = Run::new(1 << 24, 1 << 24);
    for (at, (key, body)) in records.iter().enumerate() {
        let facts = Facts { sequence: first as u64 + at as u64, partition: Some(0), ..Facts::default() };
        let (key, body) = (key.map(str::as_bytes), body.map(str::as_bytes));
        run.push(&Record { key, body, headers: Headers::default(), facts }, facts);
    }
    let part = Part { partition, epoch, expected, next: first + records.len() as i64, mark: None };
    let mut reasons = Reasons::default();
    let batch = Batch { parts: &[part], records: &run };
    let committed = target.commit(&batch, &mut reasons).map_err(|error| error.to_string())?;
    assert_eq!(committed, Committed::Done);
    Ok(reasons.0)
}

#[derive(Default)]
struct Reasons(Vec<String>);

impl Rejects for Reasons {
    fn rejected(&mut self, place: usize, reason: &str) -> Verdict {
        self.0.push(format!("{place}: {reason}"));
        Verdict::LeaveOut
    }
}
