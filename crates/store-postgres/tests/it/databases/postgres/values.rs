//! Values that go there and come back as they were. The server says what it has.

use kadence_core::record::Timestamp;
use kadence_store::{Cell, Change, Mode, Session as _, date_text, time_text, timestamp_text};
use kadence_store_postgres::PostgresSession;
use proptest::prelude::*;

use crate::server::{Sessions as _, ask, rows, shared, table};

/// Puts one value after the other into a column of this type, and reads their texts.
fn texts(session: &mut PostgresSession, declared: &str, cells: &[Cell<'_>]) -> Vec<String> {
    session.define(&format!("DROP TABLE IF EXISTS one; CREATE TABLE one (v {declared}, n int)")).unwrap();
    let table = table(session, "one", &[], Mode::Insert);
    let mut all = rows(2);
    for (number, cell) in cells.iter().enumerate() {
        all.push(number, Change::Put, &[*cell, Cell::Int(number as i64)]);
    }
    session.begin().unwrap();
    session.write(&table, &all, 0..all.len()).unwrap();
    session.commit().unwrap();
    ask(session, "SELECT v::text FROM one ORDER BY n")
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn values_at_the_edges_of_their_types_come_back() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN price AS numeric(8,2);
            CREATE DOMAIN doc AS jsonb",
        )
        .unwrap();
    let mut check = |declared: &str, cells: &[Cell<'_>], expected: &[&str]| {
        assert_eq!(texts(&mut session, declared, cells), expected, "{declared}");
    };
    check("bool", &[Cell::Bool(true), Cell::Bool(false), Cell::Null], &["true", "false", "null"]);
    check("int2", &[Cell::Int(-32_768), Cell::Int(32_767)], &["-32768", "32767"]);
    check("int4", &[Cell::Int(i32::MIN.into()), Cell::Int(i32::MAX.into())], &["-2147483648", "2147483647"]);
    check(
        "int8",
        &[Cell::Int(i64::MIN), Cell::Int(i64::MAX)],
        &["-9223372036854775808", "9223372036854775807"],
    );
    check("float4", &[Cell::Double(f64::from(f32::MAX)), Cell::Double(0.5)], &["3.4028235e+38", "0.5"]);
    check(
        "float8",
        &[Cell::Double(f64::MAX), Cell::Double(f64::MIN_POSITIVE), Cell::Double(-0.0), Cell::Double(5e-324)],
        &["1.7976931348623157e+308", "2.2250738585072014e-308", "-0", "5e-324"],
    );
    check(
        "numeric(20,0)",
        &[Cell::UInt(u64::MAX), Cell::Int(-1), Cell::Decimal("18446744073709551615")],
        &["18446744073709551615", "-1", "18446744073709551615"],
    );
    let long = format!("-{}.{}1", "9".repeat(600), "0".repeat(399));
    check(
        "numeric",
        &[Cell::Decimal("0"), Cell::Decimal("10000"), Cell::Decimal("0.00001"), Cell::Decimal(&long)],
        &["0", "10000", "0.00001", &long],
    );
    check("price", &[Cell::Decimal("123456.5")], &["123456.50"]);
    check("text", &[Cell::Text(""), Cell::Text("ü\n\\N\t😀")], &["", "ü\n\\N\t😀"]);
    check("varchar(2)", &[Cell::Text("é ")], &["é "]);
    check("char(4)", &[Cell::Text("ab")], &["ab"]);
    check("citext", &[Cell::Text("Ab")], &["Ab"]);
    check("mood", &[Cell::Text("sad")], &["sad"]);
    check("bytea", &[Cell::Bytes(b""), Cell::Bytes(&[0, 255, 92])], &["\\x", "\\x00ff5c"]);
    check("uuid", &[Cell::Uuid([0xab; 16])], &["abababab-abab-abab-abab-abababababab"]);
    check("json", &[Cell::Json("{\"a\": 1e5}")], &["{\"a\": 1e5}"]);
    check(
        "jsonb",
        &[Cell::Json("{\"a\":12345678901234567890.1}"), Cell::Json("null")],
        &["{\"a\": 12345678901234567890.1}", "null"],
    );
    check("doc", &[Cell::Json("[]")], &["[]"]);
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn times_at_the_edges_of_their_types_come_back() {
    let server = shared();
    let mut session = server.session(&server.database());
    let (first, last) = session.limits().dates.unwrap();
    let mut check = |declared: &str, cells: &[Cell<'_>], expected: &[&str]| {
        assert_eq!(texts(&mut session, declared, cells), expected, "{declared}");
    };
    check(
        "date",
        &[Cell::Date(0), Cell::Date(-1), Cell::Date(first), Cell::Date(last)],
        &["1970-01-01", "1969-12-31", "4714-11-24 BC", "5874897-12-31"],
    );
    check("time", &[Cell::Time(0), Cell::Time(86_399_999_999_000)], &["00:00:00", "23:59:59.999999"]);
    let times = [i64::MIN / 1_000 * 1_000, -1_000, 0, i64::MAX / 1_000 * 1_000];
    let cells = times.map(|nanos| Cell::Timestamp(Timestamp::from_nanos(nanos)));
    let expected = [
        "1677-09-21 00:12:43.145225",
        "1969-12-31 23:59:59.999999",
        "1970-01-01 00:00:00",
        "2262-04-11 23:47:16.854775",
    ];
    check("timestamp", &cells, &expected);
    check("timestamptz", &cells, &expected.map(|text| format!("{text}+00")).each_ref().map(String::as_str));
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn days_beyond_the_servers_are_refused_by_it() {
    let server = shared();
    let mut session = server.session(&server.database());
    session.define("CREATE TABLE days (d date)").unwrap();
    let table = table(&mut session, "days", &[], Mode::Insert);
    let (first, last) = session.limits().dates.unwrap();
    for day in [first - 1, last + 1] {
        let mut all = rows(1);
        all.push(0, Change::Put, &[Cell::Date(day)]);
        session.begin().unwrap();
        let error = session.write(&table, &all, 0..1).unwrap_err();
        assert_eq!(error.kind, kadence_store::Kind::Row(Some(0)), "{error}");
        session.roll_back().unwrap();
    }
}

/// A decimal number as the converter writes it.
fn decimal() -> impl Strategy<Value = String> {
    let parts = (any::<bool>(), "0|[1-9][0-9]{0,40}", "([0-9]{0,40}[1-9])?");
    parts.prop_map(|(is_negative, whole, fraction)| {
        let sign = if is_negative && (whole != "0" || !fraction.is_empty()) { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    })
}

#[test]
#[ignore = "needs a PostgreSQL at KADENCE_TEST_POSTGRES"]
fn values_of_all_kinds_come_back() {
    let server = shared();
    let mut session = server.session(&server.database());
    session
        .define(
            "CREATE TABLE mixed (n numeric, n_text text, f float8, f_text text, d date, d_text text, t time, t_text text,
            s timestamptz, s_text text, b bytea, b_text text, c text, c_bytes bytea)",
        )
        .unwrap();
    let table = table(&mut session, "mixed", &[], Mode::Insert);
    let micros = i64::MIN / 1_000..i64::MAX / 1_000;
    let row = (
        decimal(),
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        -700_000..2_900_000_i32,
        0..86_400_000_000_i64,
        micros,
        prop::collection::vec(any::<u8>(), 0..40),
        "[^\0]{0,20}",
    );
    let config = ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let session = std::cell::RefCell::new(session);
    runner
        .run(&prop::collection::vec(row, 200), |values| {
            let mut all = rows(table.columns.len());
            for (place, (number, float, day, time, stamp, bytes, text)) in values.iter().enumerate() {
                let stamp = Timestamp::from_nanos(stamp * 1_000);
                let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
                let cells = [
                    Cell::Decimal(number),
                    Cell::Text(number),
                    Cell::Double(*float),
                    Cell::Text(&float.to_string()),
                    Cell::Date(*day),
                    Cell::Text(&date_text(*day)),
                    Cell::Time(time * 1_000),
                    Cell::Text(&time_text(time * 1_000)),
                    Cell::Timestamp(stamp),
                    Cell::Text(&timestamp_text(stamp)),
                    Cell::Bytes(bytes),
                    Cell::Text(&hex),
                    Cell::Text(text),
                    Cell::Bytes(text.as_bytes()),
                ];
                all.push(place, Change::Put, &cells);
            }
            let mut session = session.borrow_mut();
            session.begin().unwrap();
            session.write(&table, &all, 0..all.len()).unwrap();
            let different = ask(
                &mut session,
                "SELECT n_text, n::text, f_text, f::text, d_text, d::text, t_text, t::text, s_text, s::text FROM mixed
                WHERE n::text <> n_text OR f <> f_text::float8 OR d <> d_text::date OR t <> t_text::time
                OR s <> s_text::timestamptz OR encode(b, 'hex') <> b_text OR convert_to(c, 'UTF8') <> c_bytes LIMIT 1",
            );
            session.roll_back().unwrap();
            prop_assert_eq!(different, Vec::<String>::new());
            Ok(())
        })
        .unwrap();
}
