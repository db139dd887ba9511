//! Tables as they are found, made and refused.

use kadence_store::{ColumnType, Database as _, Session as _};

use crate::server::Db;

on_both! {
    a_table_is_found_with_its_keys_defaults_and_what_it_makes_itself,
    what_cannot_roll_back_is_told,
    columns_that_are_made_take_what_they_are_made_for,
    what_exists_already_is_made_without_an_error,
}

fn a_table_is_found_with_its_keys_defaults_and_what_it_makes_itself(db: &Db) {
    db.run(
        "CREATE TABLE `Orders` (id bigint AUTO_INCREMENT PRIMARY KEY, a varchar(10) NOT NULL, b int NOT NULL \
         DEFAULT 3, c int AS (b + 1) STORED, d int AS (b + 2), e timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), \
         y year, f bit(1), s set('a','b'), g geometry, r double(10,2), UNIQUE KEY A_first (a, b), UNIQUE KEY part \
         (a(3)))",
    );
    let mut session = db.session();
    assert_eq!(session.find("nowhere").unwrap(), None);
    assert_eq!(session.find("orders").unwrap(), None, "its name is another one");
    let found = session.find("Orders").unwrap().unwrap();
    assert_eq!(session.find(&format!("{}.Orders", db.name)).unwrap().as_ref(), Some(&found));
    let columns: Vec<(&str, bool, bool, bool)> = found
        .columns
        .iter()
        .map(|column| (&*column.name, column.nullable, column.has_default, column.is_generated))
        .collect();
    assert_eq!(
        columns,
        [
            ("id", false, true, false),
            ("a", false, false, false),
            ("b", false, true, false),
            ("c", true, columns[3].2, true),
            ("d", true, columns[4].2, true),
            ("e", false, true, false),
        ]
    );
    let foreign: Vec<&str> = found.foreign.iter().map(|(name, _)| &**name).collect();
    assert_eq!(foreign, ["y", "f", "s", "g", "r"]);
    assert!(found.has_primary_key);
    assert_eq!(found.keys, [vec!["id"], vec!["a", "b"], vec!["a(3)"]]);
    assert_eq!(found.unfit, None);
}

fn what_cannot_roll_back_is_told(db: &Db) {
    db.run("CREATE TABLE t (a int) ENGINE=MyISAM");
    db.run("CREATE VIEW v AS SELECT 1 AS a");
    let mut session = db.session();
    let mut unfit = |name| session.find(name).unwrap().unwrap().unfit;
    assert_eq!(unfit("t").unwrap(), "cannot roll back: its engine is MyISAM, not InnoDB");
    assert_eq!(unfit("v").unwrap(), "is a view, and rows are landed in tables");
}

/// Each type that a made column has is found as one that takes the same values, in an old table too.
fn columns_that_are_made_take_what_they_are_made_for(db: &Db) {
    let types = [
        ("bool", ColumnType::Bool, "bool"),
        ("int", ColumnType::INT, "int"),
        ("uint", ColumnType::UINT, "unsigned int of 64 bits"),
        ("float", ColumnType::Double, "float"),
        ("decimal", "decimal(20,4)".parse().unwrap(), "decimal(20,4)"),
        ("text", ColumnType::TEXT, "text"),
        ("short", "text(40)".parse().unwrap(), "text(40)"),
        ("bytes", ColumnType::Bytes(None), "bytes(4294967295)"),
        ("day", ColumnType::Date, "date"),
        ("hour", ColumnType::Time(6), "time(6)"),
        ("at", ColumnType::Timestamp(6), "timestamp(6)"),
        ("uuid", ColumnType::Uuid, "text(36)"),
        ("json", ColumnType::Json, "json"),
    ];
    db.run("CREATE TABLE old (n int) DEFAULT CHARSET=latin1");
    let mut mysql = db.mysql();
    for is_connected in [false, true] {
        let mut session = if is_connected { mysql.connect().unwrap() } else { db.session() };
        let dialect = mysql.dialect();
        for (name, column_type, found) in &types {
            let declared = dialect.type_of(*column_type, false).unwrap();
            session.define("ALTER TABLE old DROP COLUMN IF EXISTS c").ok();
            session.define("ALTER TABLE old DROP COLUMN c").ok();
            session.define(&format!("ALTER TABLE old ADD COLUMN c {declared}")).unwrap();
            let column = session.find("old").unwrap().unwrap().columns.remove(1);
            assert_eq!(column.column_type.to_string(), *found, "{name}");
        }
        for (name, column_type, _) in &types {
            let Some(declared) = dialect.type_of(*column_type, true) else { continue };
            let options = dialect.table_options();
            session.define("DROP TABLE IF EXISTS keyed").unwrap();
            let made =
                session.define(&format!("CREATE TABLE keyed (c {declared}, PRIMARY KEY (c)){options}"));
            made.unwrap_or_else(|error| panic!("{name} as a key, {declared}: {error}"));
            if *column_type == ColumnType::TEXT {
                // Three texts are three keys.
                session.execute("INSERT INTO keyed VALUES ('a'), ('A'), ('a ')", &[]).unwrap();
            }
        }
    }
    for refused in [ColumnType::Timestamp(9), ColumnType::Any] {
        assert_eq!(mysql.dialect().type_of(refused, false), None);
    }
    assert_eq!(mysql.dialect().name(), if db.is_maria() { "MariaDB" } else { "MySQL" });
}

fn what_exists_already_is_made_without_an_error(db: &Db) {
    for _ in 0..2 {
        db.run("CREATE TABLE t (a int)");
    }
    for _ in 0..2 {
        db.run("ALTER TABLE t ADD COLUMN b int");
    }
    let error = db.session().define("CREATE TABLE u (a int, a int)").err();
    // A column of that name there is, if not in this table.
    assert_eq!(error.map(|error| error.kind), None);
    let error = db.session().define("CREATE TABLE u (a nothing)").unwrap_err();
    assert_eq!(error.kind, kadence_store::Kind::Stop, "{error}");
}
