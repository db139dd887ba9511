//! Rows: the last one of a key, deletes, bad rows.

use kadence_store::Change::{Delete, Put};
use kadence_store::{Cell, Change, Kind, Mode, Rows, Session as _};

use crate::server::{Db, rows, write};

on_both! {
    the_last_of_a_key_wins_and_the_database_says_what_a_key_is,
    deletes_find_their_rows_whatever_the_key,
    a_table_of_nothing_but_its_key_is_written_twice,
    a_row_that_is_not_taken_is_pointed_at,
    rows_that_are_too_long_for_a_message_are_pointed_at_and_others_are_shared_out,
    rows_go_together,
}

fn the_last_of_a_key_wins_and_the_database_says_what_a_key_is(db: &Db) {
    let collation = if db.is_maria() { "utf8mb4_general_ci" } else { "utf8mb4_0900_ai_ci" };
    db.run(&format!("CREATE TABLE t (k varchar(10) COLLATE {collation} PRIMARY KEY, v int)"));
    let table = db.table("t", Mode::Upsert, &[0]);
    let changes: &[(Change, &[Cell<'_>])] = &[
        (Put, &[Cell::Text("a"), Cell::Int(1)]),
        (Put, &[Cell::Text("A"), Cell::Int(2)]),
        (Put, &[Cell::Text("b"), Cell::Int(3)]),
        (Delete, &[Cell::Text("B"), Cell::Null]),
        (Delete, &[Cell::Text("a"), Cell::Null]),
        (Put, &[Cell::Text("á"), Cell::Int(4)]),
        (Put, &[Cell::Text("c"), Cell::Int(5)]),
        (Delete, &[Cell::Text("d"), Cell::Null]),
        (Put, &[Cell::Text("d"), Cell::Null]),
    ];
    write(&mut db.session(), &table, &rows(2, changes)).unwrap();
    assert_eq!(db.ask("SELECT k, v FROM t ORDER BY k"), [["á", "4"], ["c", "5"], ["d", "NULL"]]);
}

/// Keys of several columns and of every type that a made key has, thousands of them.
fn deletes_find_their_rows_whatever_the_key(db: &Db) {
    let decimals: Vec<String> = (0..3_000).map(|n| format!("9007199254740993.{n:04}")).collect();
    db.run(
        "CREATE TABLE t (a decimal(30,4), b varbinary(20), c datetime(6), d bigint unsigned, e double, v int, \
         PRIMARY KEY (a, b, c, d, e))",
    );
    let table = db.table("t", Mode::Upsert, &[0, 1, 2, 3, 4]);
    let bytes = [0xff, 0, 0xc3];
    let cells = |n: usize| {
        let time = kadence_core::record::Timestamp::from_nanos(n as i64 * 1_000);
        [
            Cell::Decimal(&decimals[n]),
            Cell::Bytes(&bytes),
            Cell::Timestamp(time),
            Cell::UInt(u64::MAX - n as u64),
            Cell::Double(0.1 * n as f64),
            Cell::Int(n as i64),
        ]
    };
    let mut changed = Rows::default();
    changed.clear(6);
    for (place, (change, numbers)) in [(Put, 0..3_000), (Delete, 1..2_999)].into_iter().enumerate() {
        for n in numbers {
            changed.push(place, change, &cells(n));
        }
    }
    write(&mut db.session(), &table, &changed).unwrap();
    assert_eq!(db.ask("SELECT v FROM t ORDER BY v"), [["0"], ["2999"]], "on {:?}", db.server.kind());
}

fn a_table_of_nothing_but_its_key_is_written_twice(db: &Db) {
    db.run("CREATE TABLE t (k int PRIMARY KEY)");
    let table = db.table("t", Mode::Upsert, &[0]);
    let changed = rows(1, &[(Put, &[Cell::Int(1)]), (Put, &[Cell::Int(2)]), (Put, &[Cell::Int(1)])]);
    for _ in 0..2 {
        write(&mut db.session(), &table, &changed).unwrap();
    }
    assert_eq!(db.count("SELECT COUNT(*) FROM t"), 2);
}

/// Where the server says which row it does not take, it is that one.
fn a_row_that_is_not_taken_is_pointed_at(db: &Db) {
    db.run("CREATE TABLE t (k int PRIMARY KEY, v tinyint, CHECK (v <> 7), w int NOT NULL)");
    let table = db.table("t", Mode::Insert, &[0]);
    let mut session = db.session();
    for (bad, cell) in [(0, 200), (1, 7), (2_500, 200), (2_999, 7)] {
        let mut changed = Rows::default();
        changed.clear(3);
        for n in 0..3_000 {
            let v = if n == bad { cell } else { 1 };
            changed.push(n, Put, &[Cell::Int(n as i64), Cell::Int(v), Cell::Int(0)]);
        }
        session.begin().unwrap();
        session.set_savepoint().unwrap();
        let error = session.write(&table, &changed, 0..3_000).unwrap_err();
        let Kind::Row(told) = error.kind else { panic!("{error}") };
        assert!(told.is_none_or(|told| told == bad), "{told:?} of {bad} on {:?}: {error}", db.server.kind());
        let is_number = cell == 200;
        assert_eq!(told.is_some(), is_number, "{bad} on {:?}: {error}", db.server.kind());
        session.roll_back_to().unwrap();
        // A range of the rows is counted from its own beginning.
        if (3..2_999).contains(&bad) {
            let error = session.write(&table, &changed, bad - 2..bad + 2).unwrap_err();
            assert_eq!(error.kind, Kind::Row(Some(2)), "on {:?}: {error}", db.server.kind());
            session.roll_back_to().unwrap();
            session.write(&table, &changed, 0..bad).unwrap();
            session.write(&table, &changed, bad + 1..3_000).unwrap();
        }
        session.commit().unwrap();
    }
    assert_eq!(db.count("SELECT COUNT(*) FROM t"), 2_999);
}

fn rows_that_are_too_long_for_a_message_are_pointed_at_and_others_are_shared_out(db: &Db) {
    db.run("CREATE TABLE t (k int PRIMARY KEY, v longblob, w int)");
    let table = db.table("t", Mode::Upsert, &[0]);
    let most = db.count("SELECT @@max_allowed_packet") as usize;
    let large = vec![0xff_u8; 3_000_000];
    let mut changed = Rows::default();
    changed.clear(3);
    for n in 0..20 {
        // No value so far says what type the last column has.
        let last = if n < 10 { Cell::Null } else { Cell::Int(n) };
        changed.push(n as usize, Put, &[Cell::Int(n), Cell::Bytes(&large), last]);
    }
    let mut session = db.session();
    write(&mut session, &table, &changed).unwrap();
    let kept = "SELECT COUNT(*), SUM(LENGTH(v)), SUM(w) FROM t";
    assert_eq!(db.ask(kept), [["20", "60000000", "145"]], "on {:?}", db.server.kind());

    let huge = vec![b'x'; most];
    let changed = rows(
        3,
        &[
            (Put, &[Cell::Int(1), Cell::Null, Cell::Null]),
            (Put, &[Cell::Int(2), Cell::Bytes(&huge), Cell::Null]),
        ],
    );
    let error = write(&mut session, &table, &changed).unwrap_err();
    assert_eq!(error.kind, Kind::Row(Some(1)), "{error}");
    assert!(error.to_string().contains("max_allowed_packet"), "{error}");
    // As large as it may be.
    let changed = rows(3, &[(Put, &[Cell::Int(2), Cell::Bytes(&huge[..most - 20_000]), Cell::Null])]);
    write(&mut session, &table, &changed).unwrap();
}

/// 1,000 rows are one message to MariaDB, and two statements at most to MySQL for each power of two.
fn rows_go_together(db: &Db) {
    db.run("CREATE TABLE t (k int PRIMARY KEY, v varchar(5))");
    let table = db.table("t", Mode::Upsert, &[0]);
    let mut session = db.session();
    let mut changed = Rows::default();
    changed.clear(2);
    for n in 0..1_000 {
        changed.push(n as usize, Put, &[Cell::Int(n), Cell::Text("x")]);
    }
    let mut questions = || {
        let rows = session.query("SHOW SESSION STATUS LIKE 'Questions'", &[]).unwrap();
        let before: i64 = rows[0][1].text().unwrap().parse().unwrap();
        write(&mut session, &table, &changed).unwrap();
        let rows = session.query("SHOW SESSION STATUS LIKE 'Questions'", &[]).unwrap();
        rows[0][1].text().unwrap().parse::<i64>().unwrap() - before
    };
    let asked = [questions(), questions()];
    assert!(asked[0] <= 25 && asked[1] <= 15, "{asked:?} on {:?}", db.server.kind());
    assert_eq!(db.count("SELECT COUNT(*) FROM t"), 1_000);
}
