//! A table as the servers describe it.

use std::collections::HashSet;

use kadence_store::{Column, Datum, DbError, Found};

use crate::connection::Connection;
use crate::dialect::quoted;
use crate::server::{Kind, Server};
use crate::types::{Described, column_type};

const TABLES: &str = "SELECT table_name, table_type, engine FROM information_schema.tables \
                      WHERE table_schema = ? AND table_name = ?";
const COLUMNS: &str = "SELECT table_name, column_name, data_type, column_type, is_nullable, \
                       column_default IS NOT NULL, extra, character_maximum_length, character_octet_length, \
                       numeric_precision, numeric_scale, datetime_precision, character_set_name \
                       FROM information_schema.columns WHERE table_schema = ? AND table_name = ? \
                       ORDER BY ordinal_position";
const INDEXES: &str = "SELECT table_name, index_name, column_name, sub_part \
                       FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? \
                       AND non_unique = 0 ORDER BY index_name, seq_in_index";
const CHECKS: &str = "SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints \
                      WHERE constraint_schema = ? AND table_name = ?";

/// Looks a table up, in the database before the point in its name or in the connection's.
pub(crate) fn find(
    connection: &mut Connection,
    server: Server,
    database: &str,
    table: &str,
) -> Result<Option<Found>, DbError> {
    let (database, wanted) = table.split_once('.').unwrap_or((database, table));
    let tables = connection.rows(TABLES, vec![database.into(), wanted.into()])?;
    let is_wanted = |row: &&Vec<Datum>| {
        let name = text(row, 0);
        if server.has_case { name == wanted } else { name.to_lowercase() == wanted.to_lowercase() }
    };
    let Some(described) = tables.iter().find(is_wanted) else { return Ok(None) };
    let name = text(described, 0);
    // The servers' own comparison may find names in other cases beside this one.
    let mut ask = |asked: &str| -> Result<Vec<Vec<Datum>>, DbError> {
        let mut rows = connection.rows(asked, vec![database.into(), name.into()])?;
        rows.retain(|row| text(row, 0) == name);
        Ok(rows)
    };
    let with_json = match server.kind {
        Kind::MariaDb => with_json(&ask(CHECKS)?),
        Kind::MySql => HashSet::new(),
    };
    let mut found = Found { unfit: unfit(described), ..Found::default() };
    for row in &ask(COLUMNS)? {
        add_column(&mut found, row, &with_json);
    }
    add_keys(&mut found, &ask(INDEXES)?);
    Ok(Some(found))
}

fn text(row: &[Datum], place: usize) -> &str {
    row.get(place).and_then(Datum::text).unwrap_or_default()
}

fn number<T: TryFrom<i64>>(row: &[Datum], place: usize) -> Option<T> {
    row.get(place).and_then(Datum::int).and_then(|number| number.try_into().ok())
}

fn unfit(row: &[Datum]) -> Option<String> {
    let (kind, engine) = (text(row, 1), text(row, 2));
    match kind {
        "BASE TABLE" | "SYSTEM VERSIONED" if engine.eq_ignore_ascii_case("InnoDB") => None,
        "BASE TABLE" | "SYSTEM VERSIONED" => {
            Some(format!("cannot roll back: its engine is {engine}, not InnoDB"))
        }
        _ => Some(format!("is a {}, and rows are landed in tables", kind.to_lowercase())),
    }
}

/// The columns of which MariaDB checks that they are JSON.
fn with_json(checks: &[Vec<Datum>]) -> HashSet<String> {
    let is_json = |row: &&Vec<Datum>| {
        text(row, 2).eq_ignore_ascii_case(&format!("json_valid({})", quoted(text(row, 1))))
    };
    checks.iter().filter(is_json).map(|row| text(row, 1).to_owned()).collect()
}

fn add_column(found: &mut Found, row: &[Datum], with_json: &HashSet<String>) {
    let (name, declared, extra) = (text(row, 1), text(row, 3), text(row, 6).to_lowercase());
    let described = Described {
        data_type: text(row, 2).to_lowercase(),
        declared: declared.to_owned(),
        most_chars: number(row, 7),
        most_bytes: number(row, 8),
        precision: number(row, 9),
        scale: number(row, 10),
        digits: number(row, 11),
        character_set: text(row, 12).to_lowercase(),
        has_json: with_json.contains(name),
    };
    let Some(column_type) = column_type(&described) else {
        found.foreign.push((name.to_owned(), declared.to_owned()));
        return;
    };
    let is_generated = ["virtual", "stored", "persistent"].iter().any(|word| extra.contains(word));
    found.columns.push(Column {
        name: name.to_owned(),
        column_type,
        declared: declared.to_owned(),
        nullable: text(row, 4) == "YES",
        has_default: number(row, 5) == Some(1) || extra.contains("auto_increment"),
        is_generated,
    });
}

/// Unique indexes. One that is not over whole columns has names that no column has: nothing is landed by it, and it
/// is not overlooked either.
fn add_keys(found: &mut Found, rows: &[Vec<Datum>]) {
    let mut last = "";
    for row in rows {
        let index = text(row, 1);
        if index != last {
            last = index;
            found.keys.push(Vec::new());
            if index == "PRIMARY" {
                found.has_primary_key = true;
                found.keys.rotate_right(1);
            }
        }
        let column = text(row, 2);
        let part = match number::<u64>(row, 3) {
            Some(length) => format!("{column}({length})"),
            None if column.is_empty() => "an expression".to_owned(),
            None => column.to_owned(),
        };
        let place = if index == "PRIMARY" { 0 } else { found.keys.len() - 1 };
        found.keys[place].push(part);
    }
}
