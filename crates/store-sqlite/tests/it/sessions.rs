//! Transactions that the database ends by itself, as it does on a full disk; processes that stand still inside one.

use std::process::Command;

use kadence_store::{CommitError, Database as _, Kind, Session};
use kadence_store_sqlite::Sqlite;

use crate::support::File;

/// A session in a transaction, which the next row has the database roll back.
fn session(file: &File) -> impl Session {
    file.open()
        .execute_batch(
            "CREATE TABLE t (a INTEGER); CREATE TRIGGER full BEFORE INSERT ON t WHEN NEW.a = 2 \
             BEGIN SELECT RAISE(ROLLBACK, 'no room'); END",
        )
        .expect("a table");
    let mut session = Sqlite::new(file.path()).connect().expect("a session");
    session.begin().expect("a transaction");
    session.execute("INSERT INTO t VALUES (1)", &[]).expect("a row");
    session
}

#[test]
fn what_the_database_rolled_back_is_not_gone_on_with() {
    let file = File::new();
    let mut session = session(&file);
    session.set_savepoint().expect("a savepoint");
    session.execute("INSERT INTO t VALUES (2)", &[]).expect_err("it is rolled back");
    let error = session.roll_back_to().expect_err("there is no savepoint any more");
    assert_eq!(error.kind, Kind::Stop, "{error}");
    assert!(error.to_string().contains("rolls back the whole transaction"), "{error}");
    session.roll_back().expect("nothing is open");
    assert_eq!(file.rows("SELECT count(*) FROM t"), ["0"]);
}

/// Rows that went into a file without a name would be nowhere.
#[test]
fn a_file_that_is_gone_or_another_one_takes_no_rows() {
    for is_replaced in [false, true] {
        let file = File::new();
        let mut session = session(&file);
        session.roll_back().expect("nothing is open");
        for name in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{name}", file.path().display()));
        }
        if is_replaced {
            file.open().execute_batch("CREATE TABLE t (a)").expect("another file");
        }
        let error = session.begin().expect_err("the file is gone");
        assert_eq!(error.kind, Kind::Stop, "{error}");
        assert!(error.to_string().contains("removed or replaced"), "{error}");
    }
}

#[test]
fn what_the_database_rolled_back_is_not_committed() {
    let file = File::new();
    let mut session = session(&file);
    session.execute("INSERT INTO t VALUES (2)", &[]).expect_err("it is rolled back");
    match session.commit() {
        Err(CommitError::NotDone(error)) => assert_eq!(error.kind, Kind::Again, "{error}"),
        other => panic!("{other:?}"),
    }
    session.begin().expect("another transaction");
    session.execute("INSERT INTO t VALUES (3)", &[]).expect("a row");
    session.commit().expect("a commit");
    assert_eq!(file.rows("SELECT a FROM t"), ["3"]);
}

/// SQLite has no sessions that could be ended: whose process it is, is said.
#[test]
fn who_has_stopped_inside_a_transaction_is_named() {
    let file = File::new();
    let mut session = session(&file);
    let mut child = Command::new("sleep").arg("600").spawn().expect("a process");
    let (own, other) = (format!("process {} on", std::process::id()), format!("process {} on", child.id()));
    let token = session.token().replace(&own, &other);
    assert_eq!(session.end_holder(&token).expect("it runs"), None);
    let told = Command::new("kill").args(["-STOP", &child.id().to_string()]).status().expect("a signal");
    assert!(told.success());
    let error = loop {
        // The signal takes its moment.
        match session.end_holder(&token) {
            Ok(_) => std::thread::yield_now(),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, Kind::Stop);
    let text = error.to_string();
    assert!(text.contains(&other) && text.contains("let that process go on, or end it"), "{text}");
    child.kill().and_then(|()| child.wait()).expect("it ends");
    assert_eq!(session.end_holder(&token).expect("it is gone"), None);
    let elsewhere = token.replace(" on ", " on another-");
    assert_eq!(session.end_holder(&elsewhere).expect("it is another machine's"), None);
}
