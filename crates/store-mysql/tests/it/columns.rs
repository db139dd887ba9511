//! What each type of column keeps, with the server as the judge.

use kadence_core::record::Timestamp;
use kadence_store::{Cell, Change, Kind, Mode, Session as _};

use crate::server::{Db, rows, write};

on_both! {
    numbers_are_kept_to_their_last_digit,
    binary_numbers_are_kept_bit_by_bit,
    texts_and_bytes_are_kept_as_they_are,
    times_are_kept_to_the_microsecond_and_in_utc,
    json_and_uuids_are_kept,
    nothing_is_changed_in_silence,
}

const LONG: &str = "0123456789012345678901234567890123456789";

/// The declared type, what it is found as, and what is written with what the server then has, as text.
type Case<'c> = (&'c str, &'c str, &'c [(Cell<'c>, &'c str)]);

fn at(nanos: i64) -> Cell<'static> {
    Cell::Timestamp(Timestamp::from_nanos(nanos))
}

fn keeps(db: &Db, cases: &[Case<'_>]) {
    for (place, (declared, found, values)) in cases.iter().enumerate() {
        let name = format!("t{place}");
        db.run(&format!("CREATE TABLE {name} (n int PRIMARY KEY, c {declared}) DEFAULT CHARSET=utf8mb4"));
        let table = db.table(&name, Mode::Insert, &[0]);
        assert_eq!(table.columns[1].column_type.to_string(), *found, "{declared}");
        let cells: Vec<[Cell<'_>; 2]> =
            values.iter().enumerate().map(|(n, (cell, _))| [Cell::Int(n as i64), *cell]).collect();
        let changes: Vec<_> = cells.iter().map(|cells| (Change::Put, &cells[..])).collect();
        let written = write(&mut db.session(), &table, &rows(2, &changes));
        written.unwrap_or_else(|error| panic!("{declared}: {error}"));
        let cast = match () {
            () if declared.contains("bin") || declared.contains("blob") => "HEX(c)",
            () if declared.starts_with("float") => "CAST(CAST(c AS DOUBLE) AS CHAR)",
            () => "CAST(c AS CHAR)",
        };
        let kept = db.ask(&format!("SELECT {cast} FROM {name} ORDER BY n"));
        let expected: Vec<Vec<String>> = values.iter().map(|(_, text)| vec![(*text).to_owned()]).collect();
        assert_eq!(kept, expected, "{declared} on {:?}", db.server.kind());
    }
}

fn numbers_are_kept_to_their_last_digit(db: &Db) {
    let cases: &[Case<'_>] = &[
        ("boolean", "bool", &[(Cell::Bool(true), "1"), (Cell::Bool(false), "0"), (Cell::Null, "NULL")]),
        ("tinyint", "int of 8 bits", &[(Cell::Int(-128), "-128"), (Cell::Int(127), "127")]),
        ("smallint unsigned", "unsigned int of 16 bits", &[(Cell::Int(65_535), "65535")]),
        (
            "mediumint",
            "int of 24 bits",
            &[(Cell::Int(-8_388_608), "-8388608"), (Cell::Int(8_388_607), "8388607")],
        ),
        (
            "int",
            "int of 32 bits",
            &[(Cell::Int(i32::MIN.into()), "-2147483648"), (Cell::Int(i32::MAX.into()), "2147483647")],
        ),
        (
            "bigint",
            "int",
            &[(Cell::Int(i64::MIN), "-9223372036854775808"), (Cell::Int(i64::MAX), "9223372036854775807")],
        ),
        (
            "bigint unsigned",
            "unsigned int of 64 bits",
            &[
                (Cell::Int(1), "1"),
                (Cell::Null, "NULL"),
                (Cell::UInt(u64::MAX), "18446744073709551615"),
                (Cell::Int(i64::MAX), "9223372036854775807"),
            ],
        ),
        (
            "decimal(65,30)",
            "decimal(65,30)",
            &[
                (
                    Cell::Decimal("99999999999999999999999999999999999.999999999999999999999999999999"),
                    "99999999999999999999999999999999999.999999999999999999999999999999",
                ),
                (Cell::Decimal("-0.000000000000000000000000000001"), "-0.000000000000000000000000000001"),
            ],
        ),
        ("decimal(4,2) unsigned", "decimal(4,2)", &[(Cell::Decimal("99.99"), "99.99")]),
    ];
    keeps(db, cases);
}

fn binary_numbers_are_kept_bit_by_bit(db: &Db) {
    let doubles = [f64::MAX, f64::MIN_POSITIVE, 0.1 + 0.2, -0.0, 1e23, 123_456_789.123_456_78, 5e-324];
    let floats = [f32::MAX, f32::MIN_POSITIVE, 0.1, 16_777_217.0];
    db.run("CREATE TABLE d (n int PRIMARY KEY, a double, b float)");
    let table = db.table("d", Mode::Insert, &[0]);
    for (n, double) in doubles.iter().enumerate() {
        let single = f64::from(floats[n % floats.len()]);
        let cells = [Cell::Int(n as i64), Cell::Double(*double), Cell::Double(single)];
        write(&mut db.session(), &table, &rows(3, &[(Change::Put, &cells)])).unwrap();
        // What is compared is the number, not its text.
        let same = format!("SELECT a = {double:e} AND b = CAST({single:e} AS FLOAT) FROM d WHERE n = {n}");
        assert_eq!(db.ask(&same), [["1"]], "{double:e} and {single:e} on {:?}", db.server.kind());
    }
}

fn texts_and_bytes_are_kept_as_they_are(db: &Db) {
    let hex = "00FF01";
    let bytes = Cell::Bytes(&[0, 255, 1]);
    let cases: &[Case<'_>] = &[
        (
            "varchar(40)",
            "text(40)",
            &[(Cell::Text(LONG), LONG), (Cell::Text("𝄞é\0 "), "𝄞é\0 "), (Cell::Text(""), "")],
        ),
        ("char(3)", "text(3)", &[(Cell::Text("é𝄞a"), "é𝄞a"), (Cell::Text(" a"), " a")]),
        ("tinytext", "text", &[(Cell::Text(LONG), LONG)]),
        ("longtext", "text", &[(Cell::Text("a\\'\"`%\n"), "a\\'\"`%\n")]),
        ("varchar(3) CHARACTER SET utf8mb3", "text(3)", &[(Cell::Text("€é "), "€é ")]),
        ("varchar(3) CHARACTER SET latin1", "text(3)", &[(Cell::Text("é€ÿ"), "é€ÿ")]),
        ("varchar(3) CHARACTER SET utf16", "text(3)", &[(Cell::Text("𝄞é "), "𝄞é ")]),
        ("enum('a','it''s')", "text", &[(Cell::Text("it's"), "it's"), (Cell::Null, "NULL")]),
        ("varbinary(3)", "bytes(3)", &[(bytes, hex), (Cell::Bytes(b""), "")]),
        ("binary(3)", "bytes(3)", &[(bytes, hex)]),
        ("longblob", "bytes(4294967295)", &[(bytes, hex)]),
    ];
    keeps(db, cases);
}

fn times_are_kept_to_the_microsecond_and_in_utc(db: &Db) {
    const DAY: i64 = 86_400_000_000_000;
    let cases: &[Case<'_>] = &[
        (
            "date",
            "date",
            &[
                (Cell::Date(0), "1970-01-01"),
                (Cell::Date(-354_285), "1000-01-01"),
                (Cell::Date(2_932_896), "9999-12-31"),
            ],
        ),
        (
            "time(6)",
            "time(6)",
            &[(Cell::Time(DAY - 1_000), "23:59:59.999999"), (Cell::Time(0), "00:00:00.000000")],
        ),
        ("time", "time(0)", &[(Cell::Time(DAY - 1_000_000_000), "23:59:59")]),
        (
            "datetime(6)",
            "timestamp(6)",
            &[
                (at(-1_000), "1969-12-31 23:59:59.999999"),
                (at(0), "1970-01-01 00:00:00.000000"),
                (at(i64::MIN / 1_000 * 1_000), "1677-09-21 00:12:43.145225"),
                (at(i64::MAX / 1_000 * 1_000), "2262-04-11 23:47:16.854775"),
            ],
        ),
        ("datetime(3)", "timestamp(3)", &[(at(1_000_000), "1970-01-01 00:00:00.001")]),
        // Where clocks go back, an hour is there twice, but not in UTC.
        (
            "timestamp(6)",
            "timestamp(6)",
            &[
                (at(1_635_640_200_000_001_000), "2021-10-31 00:30:00.000001"),
                (at(1_635_643_800_000_000_000), "2021-10-31 01:30:00.000000"),
                (at(2_147_483_647_000_000_000), "2038-01-19 03:14:07.000000"),
                (at(1_000_000_000), "1970-01-01 00:00:01.000000"),
            ],
        ),
    ];
    keeps(db, cases);
}

fn json_and_uuids_are_kept(db: &Db) {
    let uuid = Cell::Uuid(0x0123_4567_89ab_4def_8123_4567_89ab_cdef_u128.to_be_bytes());
    keeps(db, &[("json", "json", &[(Cell::Json(r#"{"a": [1, 2.5, "é𝄞"]}"#), r#"{"a": [1, 2.5, "é𝄞"]}"#)])]);
    db.run("DROP TABLE t0");
    if db.is_maria() {
        keeps(db, &[("uuid", "uuid", &[(uuid, "01234567-89ab-4def-8123-456789abcdef")])]);
    } else {
        assert!(db.session().limits().json_is_binary);
    }
}

/// What does not fit is refused, by the server where nobody else has looked before: nothing is rounded, cut or moved.
fn nothing_is_changed_in_silence(db: &Db) {
    let long = "x".repeat(256);
    let cases: &[(&str, Cell<'_>)] = &[
        ("tinyint", Cell::Int(128)),
        ("int unsigned", Cell::Int(-1)),
        ("bigint", Cell::UInt(u64::MAX)),
        ("decimal(4,2)", Cell::Decimal("100.00")),
        ("decimal(4,2) unsigned", Cell::Decimal("-1.00")),
        ("float", Cell::Double(1e300)),
        ("varchar(3)", Cell::Text("abcd")),
        ("char(3)", Cell::Text("abcd")),
        ("tinytext", Cell::Text(&long)),
        ("varchar(3) CHARACTER SET latin1", Cell::Text("Ω")),
        ("varchar(3) CHARACTER SET utf8mb3", Cell::Text("𝄞")),
        ("varchar(3) CHARACTER SET ascii", Cell::Text("é")),
        ("enum('a','b')", Cell::Text("c")),
        ("enum('a','b')", Cell::Text("A")),
        ("enum('a','b')", Cell::Text("2")),
        ("enum('a','b')", Cell::Text("a ")),
        ("enum('a','b')", Cell::Text("")),
        ("varbinary(2)", Cell::Bytes(b"abc")),
        ("binary(4)", Cell::Bytes(b"abc")),
        ("tinyblob", Cell::Bytes(long.as_bytes())),
        ("timestamp(6)", at(0)),
        ("timestamp(6)", at(-1_000)),
        ("timestamp(6)", at(4_294_967_296_000_000_000)),
        ("json", Cell::Json("{")),
        ("int CHECK (c < 5)", Cell::Int(5)),
    ];
    for (place, (declared, cell)) in cases.iter().enumerate() {
        let name = format!("t{place}");
        db.run(&format!("CREATE TABLE {name} (n int PRIMARY KEY, c {declared}) DEFAULT CHARSET=utf8mb4"));
        let table = db.table(&name, Mode::Insert, &[0]);
        let cells = [Cell::Int(0), *cell];
        let written = write(&mut db.session(), &table, &rows(2, &[(Change::Put, &cells)]));
        let server = db.server.kind();
        let Err(error) = written else {
            let kept = db.ask(&format!("SELECT CAST(c AS CHAR), HEX(c) FROM {name}"));
            panic!("{declared} takes {cell:?} for {kept:?} on {server:?}");
        };
        assert!(matches!(error.kind, Kind::Row(_)), "{declared}, {cell:?} on {server:?}: {error}");
    }
    // A column that counts by itself takes 0 for 0.
    db.run("CREATE TABLE counting (n int PRIMARY KEY AUTO_INCREMENT, c int)");
    let table = db.table("counting", Mode::Insert, &[0]);
    let cells = [Cell::Int(0), Cell::Int(7)];
    write(&mut db.session(), &table, &rows(2, &[(Change::Put, &cells)])).unwrap();
    assert_eq!(db.ask("SELECT n, c FROM counting"), [["0", "7"]]);
}
