//! Locks, sessions that are ended, answers that are lost, errors.

use std::net::TcpListener;

use kadence_store::{CommitError, Database as _, Kind, Parameter, Session as _};
use kadence_store_postgres::Postgres;
use kadence_testing::line::{Cut, Line};

use crate::server::{Sessions as _, ask, shared};

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_session_that_stands_still_is_found_by_its_lock_and_ended() {
    let server = shared();
    let database = server.database();
    let (mut still, mut other) = (server.session(&database), server.session(&database));
    still.define("CREATE TABLE t (v int8); INSERT INTO t VALUES (1)").unwrap();
    still.begin().unwrap();
    still.execute("UPDATE t SET v = $1", &[Parameter::Int(2)]).unwrap();
    other.begin().unwrap();
    let error = other.query("SELECT v FROM t FOR UPDATE", &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Locked, "{error}");
    other.roll_back().unwrap();
    let who = other.end_holder(still.token()).unwrap().unwrap();
    assert!(who.starts_with("process ") && who.ends_with("of 127.0.0.1 (kadence)"), "{who}");
    other.execute("UPDATE t SET v = $1", &[Parameter::Int(3)]).unwrap();
    assert_eq!(other.end_holder(still.token()).unwrap(), None);
    assert_eq!(still.query("SELECT v FROM t", &[]).unwrap_err().kind, Kind::Lost);
    assert_eq!(still.begin().unwrap_err().kind, Kind::Lost);
    assert_eq!(ask(&mut other, "SELECT v FROM t"), ["3"]);
    assert_eq!(other.end_holder("no number").unwrap(), None);
}

/// A worker that stops in the middle of a COPY: the server waits for more of it, and no timeout of its own ends that.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_session_that_stands_still_inside_a_copy_is_ended() {
    let server = shared();
    let database = server.database();
    let mut other = server.session(&database);
    other.define("CREATE TABLE t (v int8); CREATE TABLE c (v int8); INSERT INTO t VALUES (1)").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config: tokio_postgres::Config = server.url(&database).parse().unwrap();
    let still = runtime.block_on(async {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SELECT pg_advisory_lock(-7); BEGIN; UPDATE t SET v = 2").await.unwrap();
        let mut copy = Box::pin(client.copy_in::<_, bytes::Bytes>("COPY c FROM STDIN").await.unwrap());
        futures_util::SinkExt::send(&mut copy, bytes::Bytes::from_static(b"1\n2")).await.unwrap();
        (client, copy)
    });
    let who = other.end_holder("-7").unwrap().unwrap();
    assert!(who.contains("127.0.0.1"), "{who}");
    assert_eq!(other.execute("UPDATE t SET v = $1", &[Parameter::Int(3)]).unwrap(), 1);
    drop(still);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_lock_ends_with_its_session() {
    let server = shared();
    let database = server.database();
    let mut other = server.session(&database);
    let session = server.session(&database);
    let token = session.token().to_owned();
    assert!(token.parse::<i64>().is_ok(), "{token}");
    drop(session);
    // The server has been told, and may take a moment.
    assert!(other.end_holder(&token).is_ok());
    assert_eq!(other.end_holder(&token).unwrap(), None);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn who_may_not_end_a_session_is_told_what_to_do() {
    let server = shared();
    let database = server.database();
    let mut owner = server.session(&database);
    owner.define("CREATE ROLE weak LOGIN").unwrap();
    let url = server.url(&database).replace("kadence@", "weak@");
    let mut weak = Postgres::from_url(&url, None).unwrap().connect().unwrap();
    let error = weak.end_holder(owner.token()).unwrap_err();
    assert_eq!(error.kind, Kind::Stop);
    let text = error.to_string();
    assert!(text.contains("pg_signal_backend") && text.contains("may not be ended"), "{text}");
    let error = weak.execute("CREATE TABLE pg_catalog.x (v int)", &[]).unwrap_err();
    assert!(error.to_string().contains("42501") && error.kind == Kind::Stop, "{error}");
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_session_is_set_as_a_landing_needs_it() {
    let server = shared();
    let database = server.database();
    let mut session = server.session(&database);
    session
        .define(&format!(
            "ALTER DATABASE {database} SET statement_timeout = 1; ALTER DATABASE {database} SET timezone = 'Asia/Tokyo';
            ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'"
        ))
        .unwrap();
    let mut session = server.session(&database);
    let settings = [
        ("TimeZone", "UTC"),
        ("lock_timeout", "5s"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("application_name", "kadence"),
        ("synchronous_commit", "on"),
    ];
    for (name, value) in settings {
        assert_eq!(ask(&mut session, &format!("SELECT current_setting('{name}')")), [value], "{name}");
    }
    session.begin().unwrap();
    assert_eq!(ask(&mut session, "SELECT current_setting('transaction_isolation')"), ["read committed"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn what_cannot_be_connected_to_says_so() {
    let server = shared();
    let connect = |url: &str| match Postgres::from_url(url, Some("s3cret".into())).unwrap().connect() {
        Ok(_) => panic!("{url} can be connected to"),
        Err(error) => error,
    };
    let missing = connect(&server.url("missing"));
    assert!(missing.kind == Kind::Stop && missing.to_string().contains("3D000"), "{missing}");
    let nobody = connect(&server.url("postgres").replace("kadence@", "nobody@"));
    assert!(nobody.kind == Kind::Stop && nobody.to_string().contains("28000"), "{nobody}");
    let plain = connect(&format!("{}?sslmode=require", server.url("postgres")));
    assert!(plain.kind == Kind::Stop && plain.to_string().contains("sslmode"), "{plain}");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = connect(&format!("postgres://a:s3cret@127.0.0.1:{port}/d"));
    assert_eq!(refused.kind, Kind::Lost, "{refused}");
    for error in [missing, nobody, plain, refused] {
        let text = format!("{error} {error:?}");
        assert!(text.contains("postgres://") && !text.contains("s3cret"), "{text}");
    }
    let database = Postgres::from_url("postgres://a:s3cret@h/d", None).unwrap();
    assert_eq!(format!("{database:?}"), "Postgres { place: \"postgres://a@h:5432/d\", .. }");
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn another_encoding_is_refused() {
    let server = shared();
    let mut session = server.session("postgres");
    session.define("CREATE DATABASE old ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'").unwrap();
    let error = Postgres::from_url(&server.url("old"), None).unwrap().connect().err().unwrap();
    assert!(error.to_string().contains("encoded in LATIN1") && error.kind == Kind::Stop, "{error}");
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_commit_whose_answer_is_lost_is_unknown() {
    let server = shared();
    for (cut, count) in [(Cut::Behind, "1"), (Cut::Before, "0")] {
        let database = server.database();
        let mut other = server.session(&database);
        other.define("CREATE TABLE t (v int8)").unwrap();
        let line = Line::start(server.port()).unwrap();
        line.cut_next(cut);
        let url = format!("{}?sslmode=disable", server.url_by(line.port(), &database));
        let mut session = Postgres::from_url(&url, None).unwrap().connect().unwrap();
        session.begin().unwrap();
        session.execute("INSERT INTO t VALUES ($1)", &[Parameter::Int(1)]).unwrap();
        assert!(matches!(session.commit(), Err(CommitError::Unknown)));
        assert_eq!(session.query("SELECT 1", &[]).unwrap_err().kind, Kind::Lost);
        let token = session.token().to_owned();
        drop(session);
        other.end_holder(&token).unwrap();
        assert_eq!(ask(&mut other, "SELECT count(*) FROM t"), [count]);
    }
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_session_that_is_ended_before_it_commits_has_not_committed_and_says_unknown() {
    let server = shared();
    let database = server.database();
    let (mut ended, mut other) = (server.session(&database), server.session(&database));
    ended.define("CREATE TABLE t (v int8)").unwrap();
    ended.begin().unwrap();
    ended.execute("INSERT INTO t VALUES ($1)", &[Parameter::Int(1)]).unwrap();
    other.end_holder(ended.token()).unwrap().unwrap();
    assert!(matches!(ended.commit(), Err(CommitError::Unknown)));
    assert_eq!(ask(&mut other, "SELECT count(*) FROM t"), ["0"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn constraints_that_are_deferred_are_checked_before_commit() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE TABLE a (id int8 PRIMARY KEY);
            CREATE TABLE b (a int8 REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
        )
        .unwrap();
    session.begin().unwrap();
    let error = session.execute("INSERT INTO b VALUES ($1)", &[Parameter::Int(1)]).unwrap_err();
    assert_eq!(error.kind, Kind::Row(None), "{error}");
    session.roll_back().unwrap();
    // Who sets it back by hand is told at COMMIT.
    session.begin().unwrap();
    session.execute("SET CONSTRAINTS ALL DEFERRED", &[]).unwrap();
    session.execute("INSERT INTO b VALUES ($1)", &[Parameter::Int(1)]).unwrap();
    let error = session.commit().unwrap_err();
    assert!(matches!(error, CommitError::NotDone(ref error) if error.kind == Kind::Stop), "{error:?}");
    session.begin().unwrap();
    session.commit().unwrap();
}

/// Tables are changed beside sessions that are idle, and whoever is inside a transaction is not waited for for ever.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn definitions_do_not_wait_for_sessions_that_are_idle() {
    let server = shared();
    let database = server.database();
    let (mut idle, mut other) = (server.session(&database), server.session(&database));
    idle.define("CREATE TABLE t (v int8)").unwrap();
    idle.begin().unwrap();
    idle.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    idle.commit().unwrap();
    assert_eq!(ask(&mut idle, "SELECT v FROM t"), ["1"]);
    other.define("ALTER TABLE t ADD COLUMN w int8").unwrap();
    idle.begin().unwrap();
    idle.query("SELECT v FROM t", &[]).unwrap();
    assert_eq!(other.define("ALTER TABLE t ADD COLUMN x int8").unwrap_err().kind, Kind::Locked);
    idle.commit().unwrap();
    other.define("ALTER TABLE t ADD COLUMN x int8").unwrap();
}
