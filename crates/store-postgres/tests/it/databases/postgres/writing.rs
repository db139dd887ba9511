//! Inserts, upserts, savepoints, and which row is to blame.

use kadence_store::{Cell, Change, CommitError, Kind, Mode, Parameter, Session as _};

use crate::server::{Sessions as _, ask, rows, shared, table};

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn the_last_of_each_key_counts_by_the_servers_word_for_the_same() {
    let server = shared();
    let mut session = server.session(&server.database());
    // The operator of the type is not on the search path: text's would be found in its place.
    session
        .define(
            "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
            CREATE COLLATION ext.loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
            CREATE TABLE named (name ext.citext, part text COLLATE ext.loose, v int, w text DEFAULT 'kept',
            PRIMARY KEY (name, part))",
        )
        .unwrap();
    session.define("INSERT INTO named VALUES ('old', 'x', 0, 'mine'), ('gone', 'é', 0, '')").unwrap();
    let mut table = table(&mut session, "named", &["name", "part"], Mode::Upsert);
    table.columns.truncate(3);
    table.version += 1_000;
    session.prepare(&table).unwrap();
    let mut all = rows(3);
    let put = |name, part, value| [Cell::Text(name), Cell::Text(part), Cell::Int(value)];
    all.push(0, Change::Put, &put("Anna", "a", 1));
    all.push(1, Change::Put, &put("ANNA", "A", 2));
    all.push(2, Change::Put, &put("bert", "b", 3));
    all.push(3, Change::Delete, &[Cell::Text("Bert"), Cell::Text("B")]);
    all.push(4, Change::Delete, &[Cell::Text("GONE"), Cell::Text("E")]);
    all.push(5, Change::Put, &put("OLD", "X", 4));
    all.push(6, Change::Delete, &[Cell::Text("carl"), Cell::Text("c")]);
    all.push(7, Change::Put, &put("Carl", "C", 5));
    session.begin().unwrap();
    session.write(&table, &all, 0..8).unwrap();
    session.commit().unwrap();
    assert_eq!(
        ask(&mut session, "SELECT name::text, part, v, w FROM named ORDER BY v"),
        ["ANNA|A|2|kept", "old|x|4|mine", "Carl|C|5|kept"]
    );
    // Parts of a batch follow one another, in one transaction and in several.
    let mut all = rows(3);
    all.push(0, Change::Put, &put("anna", "a", 6));
    all.push(1, Change::Put, &put("dora", "d", 7));
    all.push(2, Change::Delete, &[Cell::Text("anna"), Cell::Text("a")]);
    session.begin().unwrap();
    for range in [0..1, 1..2, 2..3] {
        session.set_savepoint().unwrap();
        session.write(&table, &all, range).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(ask(&mut session, "SELECT v FROM named ORDER BY v"), ["4", "5", "7"]);
}

/// Another index over the same columns calls other rows the same: what meets it there is refused, and does not take
/// the place of a row with another key.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn another_index_over_the_key_lets_no_row_take_a_strangers_place() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
            CREATE TABLE named (name text PRIMARY KEY, v int); CREATE UNIQUE INDEX ON named (name COLLATE loose);
            INSERT INTO named VALUES ('e', 1)",
        )
        .unwrap();
    let table = table(&mut session, "named", &["name"], Mode::Upsert);
    let mut all = rows(2);
    all.push(0, Change::Put, &[Cell::Text("é"), Cell::Int(2)]);
    session.begin().unwrap();
    let error = session.write(&table, &all, 0..1).unwrap_err();
    assert!(error.kind == Kind::Row(None) && error.to_string().contains("23505"), "{error}");
    session.roll_back().unwrap();
    assert_eq!(ask(&mut session, "SELECT name, v FROM named"), ["e|1"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_table_of_nothing_but_its_key_is_upserted() {
    let server = shared();
    let mut session = server.session(&server.database());
    session.define("CREATE TABLE keys (\"a b\" int PRIMARY KEY); INSERT INTO keys VALUES (1)").unwrap();
    let table = table(&mut session, "keys", &["a b"], Mode::Upsert);
    let mut all = rows(1);
    for value in [1, 2, 2] {
        all.push(0, Change::Put, &[Cell::Int(value)]);
    }
    session.begin().unwrap();
    session.write(&table, &all, 0..3).unwrap();
    session.commit().unwrap();
    assert_eq!(ask(&mut session, "SELECT \"a b\" FROM keys ORDER BY 1"), ["1", "2"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn rows_without_columns_get_their_defaults() {
    let server = shared();
    let mut session = server.session(&server.database());
    session.define("CREATE TABLE bare (a int DEFAULT 7)").unwrap();
    let mut table = table(&mut session, "bare", &[], Mode::Insert);
    table.columns.clear();
    session.prepare(&table).unwrap();
    let mut all = rows(0);
    all.push(0, Change::Put, &[]);
    all.push(1, Change::Put, &[]);
    session.begin().unwrap();
    session.write(&table, &all, 0..2).unwrap();
    session.commit().unwrap();
    assert_eq!(ask(&mut session, "SELECT a FROM bare"), ["7", "7"]);
}

/// The row of each kind of refusal, of those that were written. What is checked behind the statement names none.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn the_row_to_blame_is_counted_in_its_range() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE TYPE mood AS ENUM ('glad'); CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1);
            CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
            CREATE TABLE \"fussy, line 9\" (id int PRIMARY KEY, v int CHECK (v < 100), m mood, t varchar(3), e even,
            o int REFERENCES other DEFERRABLE INITIALLY DEFERRED, w int NOT NULL);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.v = 13 THEN RAISE 'no luck'; END IF; IF NEW.v = 14 THEN RETURN NULL; END IF; RETURN NEW; END $$;
            CREATE TRIGGER f BEFORE INSERT ON \"fussy, line 9\" FOR EACH ROW EXECUTE FUNCTION f();
            INSERT INTO \"fussy, line 9\" (id, w) VALUES (77, 1)",
        )
        .unwrap();
    let table = table(&mut session, "fussy, line 9", &[], Mode::Insert);
    let good =
        |id| [Cell::Int(id), Cell::Int(1), Cell::Null, Cell::Null, Cell::Null, Cell::Int(1), Cell::Int(1)];
    let with = |column: usize, cell| {
        let mut row = good(50);
        row[column] = cell;
        row
    };
    let cases = [
        (with(0, Cell::Int(77)), Some(3), "23505"),
        (with(0, Cell::Int(1)), Some(3), "23505"),
        (with(1, Cell::Int(100)), Some(3), "23514"),
        (with(2, Cell::Text("sad")), Some(3), "22P02"),
        (with(3, Cell::Text("long")), Some(3), "22001"),
        (with(4, Cell::Int(3)), Some(3), "23514"),
        (with(5, Cell::Int(2)), None, "23503"),
        (with(6, Cell::Null), Some(3), "23502"),
        (with(1, Cell::Int(13)), Some(3), "P0001"),
        (with(1, Cell::Int(14)), None, "passes over"),
    ];
    for (bad, row, text) in cases {
        let mut all = rows(7);
        for id in 0..5 {
            all.push(0, Change::Put, &good(id));
        }
        all.push(0, Change::Put, &bad);
        all.push(0, Change::Put, &good(60));
        session.begin().unwrap();
        session.set_savepoint().unwrap();
        session.write(&table, &all, 0..2).unwrap();
        session.set_savepoint().unwrap();
        let error = session.write(&table, &all, 2..7).unwrap_err();
        assert_eq!(error.kind, Kind::Row(row), "{error}");
        let told = error.to_string();
        assert!(told.contains(text) && !told.contains("ailing row"), "{told}");
        session.roll_back_to().unwrap();
        session.write(&table, &all, 6..7).unwrap();
        session.commit().unwrap();
        assert_eq!(ask(&mut session, "SELECT id FROM \"fussy, line 9\" ORDER BY 1"), ["0", "1", "60", "77"]);
        session.execute("DELETE FROM \"fussy, line 9\" WHERE id <> 77", &[]).unwrap();
    }
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn an_upsert_that_is_refused_names_no_row() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE TABLE fussy (id int PRIMARY KEY, v int CHECK (v < 100), t varchar(3));
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.v = 14 THEN RETURN NULL; END IF; RETURN NEW; END $$;
            CREATE TRIGGER f BEFORE INSERT OR UPDATE ON fussy FOR EACH ROW EXECUTE FUNCTION f()",
        )
        .unwrap();
    let table = table(&mut session, "fussy", &["id"], Mode::Upsert);
    let cases = [
        (Cell::Int(100), Cell::Null, None),
        (Cell::Int(14), Cell::Null, None),
        (Cell::Null, Cell::Text("long"), Some(1)),
    ];
    for (value, text, row) in cases {
        let mut all = rows(3);
        all.push(0, Change::Put, &[Cell::Int(1), Cell::Int(1)]);
        all.push(1, Change::Put, &[Cell::Int(2), value, text]);
        session.begin().unwrap();
        session.set_savepoint().unwrap();
        assert_eq!(session.write(&table, &all, 0..2).unwrap_err().kind, Kind::Row(row));
        session.roll_back_to().unwrap();
        session.write(&table, &all, 0..1).unwrap();
        session.commit().unwrap();
        assert_eq!(ask(&mut session, "SELECT id, v FROM fussy"), ["1|1"]);
    }
}

/// A trigger may be a partition's, and may come later.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn rows_that_a_partitions_trigger_passes_over_are_missed() {
    const TRIGGER: &str = "CREATE TRIGGER f BEFORE INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION f()";
    for comes_later in [false, true] {
        let server = shared();
        let mut session = server.session(&server.database());
        session
            .define(
                "CREATE TABLE split (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
                CREATE TABLE leaf PARTITION OF split FOR VALUES FROM (0) TO (100);
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            )
            .unwrap();
        if !comes_later {
            session.define(TRIGGER).unwrap();
        }
        let table = table(&mut session, "split", &["id"], Mode::Upsert);
        let mut all = rows(2);
        all.push(0, Change::Put, &[Cell::Int(1), Cell::Int(1)]);
        if comes_later {
            session.define(TRIGGER).unwrap();
        }
        session.begin().unwrap();
        session.set_savepoint().unwrap();
        let kind = session.write(&table, &all, 0..1).unwrap_err().kind;
        assert_eq!(kind, if comes_later { Kind::Changed } else { Kind::Row(None) });
    }
}

/// Behind a row that was refused they go one by one, to the same end, and an error has its row.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn rows_go_one_by_one_behind_one_that_was_refused() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE EXTENSION citext; CREATE DOMAIN small AS int CHECK (VALUE < 100);
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE named (name citext, m mood, v small, j jsonb, PRIMARY KEY (name, m));
            INSERT INTO named VALUES ('gone', 'sad', 0)",
        )
        .unwrap();
    let table = table(&mut session, "named", &["name", "m"], Mode::Upsert);
    let put = |name, value| [Cell::Text(name), Cell::Text("sad"), Cell::Int(value), Cell::Json("{}")];
    let mut all = rows(4);
    all.push(0, Change::Put, &put("x", 100));
    for number in 0..150 {
        all.push(0, Change::Put, &put("Anna", number % 90));
    }
    all.push(0, Change::Put, &put("bert", 1));
    all.push(0, Change::Delete, &[Cell::Text("BERT"), Cell::Text("sad")]);
    all.push(0, Change::Delete, &[Cell::Text("GONE"), Cell::Text("sad")]);
    all.push(0, Change::Put, &put("y", 100));
    all.push(0, Change::Put, &put("ANNA", 7));
    session.begin().unwrap();
    session.set_savepoint().unwrap();
    assert_eq!(session.write(&table, &all, 0..1).unwrap_err().kind, Kind::Row(None));
    session.roll_back_to().unwrap();
    assert_eq!(session.write(&table, &all, 1..156).unwrap_err().kind, Kind::Row(Some(153)));
    session.roll_back_to().unwrap();
    session.write(&table, &all, 1..154).unwrap();
    assert_eq!(ask(&mut session, "SELECT name::text, v::int, j::text FROM named"), ["Anna|59|{}"]);
    session.write(&table, &all, 155..156).unwrap();
    session.commit().unwrap();
    assert_eq!(ask(&mut session, "SELECT name::text, v::int FROM named"), ["Anna|7"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_table_that_was_changed_is_not_written_as_it_was() {
    let server = shared();
    let database = server.database();
    let mut session = server.session(&database);
    session.define("CREATE TABLE moving (v int8)").unwrap();
    let table = table(&mut session, "moving", &[], Mode::Insert);
    let mut all = rows(1);
    all.push(0, Change::Put, &[Cell::Int(5)]);
    session.begin().unwrap();
    session.write(&table, &all, 0..1).unwrap();
    session.commit().unwrap();
    server.session(&database).define("ALTER TABLE moving ALTER v TYPE float8").unwrap();
    session.begin().unwrap();
    let error = session.write(&table, &all, 0..1).unwrap_err();
    assert_eq!(error.kind, Kind::Changed, "{error}");
    session.roll_back().unwrap();
    assert_eq!(ask(&mut session, "SELECT v::text FROM moving"), ["5"]);
}

/// What was locked behind a savepoint is free once that is gone back to; what was locked before it is not.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_table_that_is_changed_behind_a_savepoint_is_not_written_as_it_was() {
    let server = shared();
    let database = server.database();
    let mut session = server.session(&database);
    session.define("CREATE TABLE moving (v int8 CHECK (v > 0))").unwrap();
    let table = table(&mut session, "moving", &[], Mode::Insert);
    let mut all = rows(1);
    all.push(0, Change::Put, &[Cell::Int(-5)]);
    all.push(1, Change::Put, &[Cell::Int(5)]);
    for is_first in [true, false] {
        session.begin().unwrap();
        session.set_savepoint().unwrap();
        if !is_first {
            // It belongs to the savepoint, which the lock must not move.
            session.execute("SET LOCAL enable_seqscan = on", &[]).unwrap();
        }
        let error = session.write(&table, &all, 0..1).unwrap_err();
        assert_eq!(error.kind, Kind::Row(Some(0)), "{error}");
        session.roll_back_to().unwrap();
        let alter = "SET lock_timeout = '100ms'; ALTER TABLE moving ALTER v TYPE float8";
        let altered = server.session(&database).define(alter);
        assert_eq!(altered.is_err(), is_first);
        let written = session.write(&table, &all, 1..2);
        assert_eq!(written.map_err(|error| error.kind), if is_first { Ok(()) } else { Err(Kind::Changed) });
        session.roll_back().unwrap();
    }
}

/// Each write changes its own rows, and none of those before it in the transaction.
#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_write_changes_its_own_rows_alone() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE TABLE counted (id int PRIMARY KEY, n int DEFAULT 0, v int);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n = OLD.n + 1; RETURN NEW; END $$;
            CREATE TRIGGER f BEFORE UPDATE ON counted FOR EACH ROW EXECUTE FUNCTION f()",
        )
        .unwrap();
    let mut table = table(&mut session, "counted", &["id"], Mode::Upsert);
    table.columns.remove(1);
    table.version += 1_000;
    session.prepare(&table).unwrap();
    let mut all = rows(2);
    for id in 0..3 {
        all.push(0, Change::Put, &[Cell::Int(id), Cell::Int(1)]);
    }
    session.begin().unwrap();
    for row in 0..3 {
        session.write(&table, &all, row..row + 1).unwrap();
    }
    session.commit().unwrap();
    assert_eq!(ask(&mut session, "SELECT sum(n) FROM counted"), ["0"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn a_failed_transaction_is_not_committed() {
    let server = shared();
    let mut session = server.session(&server.database());
    session.define("CREATE TABLE t (v int8 PRIMARY KEY)").unwrap();
    session.begin().unwrap();
    let insert = "INSERT INTO t VALUES ($1)";
    assert_eq!(session.execute(insert, &[Parameter::Int(1)]).unwrap(), 1);
    assert!(matches!(session.execute(insert, &[Parameter::Int(1)]).unwrap_err().kind, Kind::Row(None)));
    let error = session.commit().unwrap_err();
    assert!(matches!(error, CommitError::NotDone(ref error) if error.kind == Kind::Again), "{error:?}");
    assert_eq!(ask(&mut session, "SELECT count(*) FROM t"), ["0"]);
    let update = "UPDATE t SET v = 2 WHERE v = $1";
    assert_eq!(session.execute(update, &[Parameter::Int(9)]).unwrap(), 0, "nothing found is no error");
    session.define("CREATE TABLE t (v int)").unwrap();
    session.define("ALTER TABLE t ADD COLUMN v int").unwrap();
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn who_may_only_insert_can_insert() {
    use kadence_store::Database as _;
    let server = shared();
    let database = server.database();
    server
        .session(&database)
        .define("CREATE TABLE open (v int); CREATE ROLE writer LOGIN; GRANT INSERT ON open TO writer")
        .unwrap();
    let url = server.url(&database).replace("kadence@", "writer@");
    let mut session = kadence_store_postgres::Postgres::from_url(&url, None).unwrap().connect().unwrap();
    let table = table(&mut session, "open", &[], Mode::Insert);
    let mut all = rows(1);
    all.push(0, Change::Put, &[Cell::Int(5)]);
    session.begin().unwrap();
    session.write(&table, &all, 0..1).unwrap();
    session.commit().unwrap();
}
