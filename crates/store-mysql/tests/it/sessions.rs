//! Transactions, locks and lost connections.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use kadence_core::clock::{Clock as _, SystemClock};
use kadence_store::{CommitError, Database as _, Kind, Parameter, Session as _};
use kadence_store_mysql::Mysql;
use kadence_testing::line::{Cut, Line};

use crate::server::Db;

on_both! {
    a_session_is_strict_and_in_utc_and_holds_its_lock,
    rows_that_are_found_are_counted,
    a_savepoint_is_gone_back_to_as_often_as_need_be,
    a_session_that_stands_still_inside_a_transaction_is_ended,
    who_may_not_end_sessions_is_told_what_to_do,
    of_two_in_a_deadlock_one_is_told_to_try_again_and_has_changed_nothing,
    nothing_is_committed_by_itself,
    definitions_do_not_wait_for_sessions_that_are_idle,
    a_commit_whose_answer_is_lost_is_unknown,
    a_server_that_is_not_there_may_come_back,
}

fn a_session_is_strict_and_in_utc_and_holds_its_lock(db: &Db) {
    let mut session = db.session();
    let asked = "SELECT @@autocommit, @@time_zone, @@sql_mode, @@innodb_lock_wait_timeout, @@lock_wait_timeout, \
                 @@character_set_client";
    let row = session.query(asked, &[]).unwrap().remove(0);
    assert_eq!((row[0].int(), row[1].text(), row[5].text()), (Some(0), Some("+00:00"), Some("utf8mb4")));
    let mode = row[2].text().unwrap();
    assert!(mode.contains("STRICT_ALL_TABLES") && !mode.contains("ANSI_QUOTES"), "{mode}");
    assert_eq!((row[3].int(), row[4].int()), (Some(5), Some(10)));
    let token = session.token().to_owned();
    let held = format!("SELECT IS_FREE_LOCK('{token}')");
    assert_eq!(db.ask(&held), [["0"]]);
    drop(session);
    assert_eq!(db.ask(&held), [["1"]]);
}

/// An UPDATE that changes nothing has found its row all the same.
fn rows_that_are_found_are_counted(db: &Db) {
    db.run("CREATE TABLE t (a int, b varchar(5))");
    let mut session = db.session();
    session.begin().unwrap();
    let text = Parameter::Text("x");
    assert_eq!(session.execute("INSERT INTO t VALUES (?, ?)", &[Parameter::Int(1), text]).unwrap(), 1);
    let update = "UPDATE t SET a = ? WHERE b = ?";
    assert_eq!(session.execute(update, &[Parameter::Int(1), text]).unwrap(), 1);
    assert_eq!(session.execute(update, &[Parameter::Null, Parameter::Text("y")]).unwrap(), 0);
    session.roll_back().unwrap();
    assert_eq!(db.count("SELECT COUNT(*) FROM t"), 0);
}

fn a_savepoint_is_gone_back_to_as_often_as_need_be(db: &Db) {
    db.run("CREATE TABLE t (a int PRIMARY KEY)");
    let mut session = db.session();
    let insert = |session: &mut kadence_store_mysql::MysqlSession, n| {
        session.execute("INSERT INTO t VALUES (?)", &[Parameter::Int(n)])
    };
    session.begin().unwrap();
    insert(&mut session, 1).unwrap();
    session.set_savepoint().unwrap();
    for _ in 0..2 {
        insert(&mut session, 2).unwrap();
        let error = insert(&mut session, 1).unwrap_err();
        assert_eq!(error.kind, Kind::Row(None), "{error}");
        session.roll_back_to().unwrap();
    }
    session.set_savepoint().unwrap();
    insert(&mut session, 3).unwrap();
    session.commit().unwrap();
    assert_eq!(db.ask("SELECT a FROM t ORDER BY a"), [["1"], ["3"]]);
}

fn a_session_that_stands_still_inside_a_transaction_is_ended(db: &Db) {
    db.run("CREATE TABLE t (a int PRIMARY KEY, b int)");
    db.run("INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n WHERE a < 900) SELECT a, 0 FROM n");
    let mut held = db.session();
    held.begin().unwrap();
    assert_eq!(held.execute("UPDATE t SET b = 1", &[]).unwrap(), db.count("SELECT COUNT(*) FROM t") as u64);
    let mut session = db.session();
    session.begin().unwrap();
    let error = session.execute("UPDATE t SET b = 2 WHERE a = 1", &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Locked, "{error}");
    session.roll_back().unwrap();
    let who = session.end_holder(held.token()).unwrap().expect("somebody holds it");
    assert!(who.contains("of root on"), "{who}");
    session.begin().unwrap();
    assert_eq!(session.execute("UPDATE t SET b = 2 WHERE a = 1", &[]).unwrap(), 1);
    session.commit().unwrap();
    let error = held.execute("UPDATE t SET b = 3", &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Lost, "{error}");
    assert_eq!(db.ask("SELECT SUM(b) FROM t"), [["2"]]);
    assert_eq!(session.end_holder(held.token()).unwrap(), None);
    assert_eq!(session.end_holder("kadence-nobody").unwrap(), None);
}

fn who_may_not_end_sessions_is_told_what_to_do(db: &Db) {
    db.run("DROP USER IF EXISTS small@'%'");
    db.run("CREATE USER small@'%' IDENTIFIED BY 's/mall?'");
    db.run(&format!("GRANT SELECT ON {}.* TO small@'%'", db.name));
    let held = db.session();
    let url = db.url().replace("root", "small");
    let mut session = Mysql::from_url(&url, Some("s/mall?".into())).unwrap().connect().unwrap();
    let error = session.end_holder(held.token()).unwrap_err();
    assert_eq!(error.kind, Kind::Stop);
    assert!(error.to_string().contains("grant the user CONNECTION_ADMIN"), "{error}");

    let wrong = Mysql::from_url(&url, Some("tellnobody".into())).unwrap().connect().err().unwrap();
    assert_eq!(wrong.kind, Kind::Stop);
    let text = wrong.to_string();
    assert!(text.contains("check user and password") && !text.contains("tellnobody"), "{text}");
}

/// The server rolls back whoever has changed less, by itself: what follows must not be committed alone.
fn of_two_in_a_deadlock_one_is_told_to_try_again_and_has_changed_nothing(db: &Db) {
    db.run("CREATE TABLE t (a int PRIMARY KEY, b int)");
    db.run("CREATE TABLE kept (a int)");
    db.run("INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n WHERE a < 90) SELECT a, 0 FROM n");
    let mut one = db.session();
    let mut other = db.session();
    let update = |session: &mut kadence_store_mysql::MysqlSession, rows: &str| {
        session.execute(&format!("UPDATE t SET b = b + 1 WHERE a {rows}"), &[])
    };
    for session in [&mut one, &mut other] {
        session.begin().unwrap();
        session.set_savepoint().unwrap();
    }
    update(&mut one, "= 1").unwrap();
    update(&mut other, "BETWEEN 2 AND 90").unwrap();
    let error = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| update(&mut one, "= 2"));
        update(&mut other, "= 1").unwrap();
        other.commit().unwrap();
        waiting.join().unwrap().unwrap_err()
    });
    assert_eq!(error.kind, Kind::Again, "{error}");
    one.execute("INSERT INTO kept VALUES (1)", &[]).unwrap();
    assert_eq!(one.roll_back_to().unwrap_err().kind, Kind::Again);
    assert!(matches!(one.commit(), Err(CommitError::NotDone(error)) if error.kind == Kind::Again));
    one.roll_back().unwrap();
    assert_eq!(db.ask("SELECT MIN(b), MAX(b) FROM t"), [["1", "1"]], "on {:?}", db.server.kind());
    assert_eq!(db.count("SELECT COUNT(*) FROM kept"), 0);
}

/// Where a transaction ended that nobody here has ended, nothing is committed by itself: not by the server's own doing
/// either.
fn nothing_is_committed_by_itself(db: &Db) {
    db.run("CREATE TABLE t (a int)");
    let mut session = db.session();
    session.begin().unwrap();
    session.execute("ROLLBACK", &[]).unwrap();
    session.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    assert_eq!(db.count("SELECT COUNT(*) FROM t"), 0, "on {:?}", db.server.kind());
    session.roll_back().unwrap();
    assert_eq!(db.count("SELECT COUNT(*) FROM t"), 0, "on {:?}", db.server.kind());
}

/// A session that only looked at a table keeps nobody from changing it.
fn definitions_do_not_wait_for_sessions_that_are_idle(db: &Db) {
    db.run("CREATE TABLE t (a int)");
    let mut idle = db.session();
    idle.begin().unwrap();
    idle.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    idle.commit().unwrap();
    idle.query("SELECT * FROM t", &[]).unwrap();
    idle.find("t").unwrap();
    let before = SystemClock.now();
    db.session().define("ALTER TABLE t ADD COLUMN b int").unwrap();
    assert!(SystemClock.now().saturating_sub(before) < Duration::from_secs(5));
    // What was changed meanwhile is seen.
    assert_eq!(idle.find("t").unwrap().unwrap().columns.len(), 2);

    idle.begin().unwrap();
    idle.query("SELECT * FROM t", &[]).unwrap();
    let mut session = db.session();
    let error = session.define("ALTER TABLE t ADD COLUMN c int").unwrap_err();
    assert_eq!(error.kind, Kind::Locked, "{error}");
    session.roll_back().unwrap();
}

fn a_commit_whose_answer_is_lost_is_unknown(db: &Db) {
    db.run("CREATE TABLE t (a int)");
    let line = Line::start(db.server.port()).unwrap();
    let mut session = Mysql::from_url(&db.url_by(&line), None).unwrap().connect().unwrap();
    session.begin().unwrap();
    session.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    line.cut_next(Cut::Meanwhile);
    assert!(matches!(session.commit(), Err(CommitError::Unknown)));
    assert_eq!(session.begin().unwrap_err().kind, Kind::Lost);
    // The server did it, in its own time.
    while db.count("SELECT COUNT(*) FROM t") == 0 {
        std::thread::yield_now();
    }
}

fn a_server_that_is_not_there_may_come_back(db: &Db) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut mysql = Mysql::from_url(&format!("mysql://u:hidden@127.0.0.1:{port}/d"), None).unwrap();
    let error = mysql.connect().err().unwrap();
    assert_eq!(error.kind, Kind::Lost);
    assert!(error.to_string().starts_with(&format!("mysql://u@127.0.0.1:{port}/d: ")), "{error}");
    let url = db.url().replace(&db.name, "nowhere");
    let error = Mysql::from_url(&url, None).unwrap().connect().err().unwrap();
    assert_eq!(error.kind, Kind::Stop, "{error}");
}
