//! A table as SQLite describes it.

use kadence_store::{Column, Found};
use rusqlite::{Connection, Error, Row, params};

use crate::dialect::column_type;

/// Looks a table up, in the schema before the point in its name or in `main`.
pub(crate) fn find(connection: &Connection, table: &str) -> Result<Option<Found>, Error> {
    let (schema, name) = table.split_once('.').unwrap_or(("main", table));
    let mut kinds = connection.prepare_cached(
        "SELECT type, strict FROM pragma_table_list WHERE schema = ?1 COLLATE NOCASE AND name = ?2 COLLATE NOCASE",
    )?;
    let kind = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?));
    let Some((kind, is_strict)) = kinds.query_map(params![schema, name], kind)?.next().transpose()? else {
        return Ok(None);
    };
    let mut found = Found::default();
    if kind != "table" {
        found.unfit = Some(format!("is a {kind}, and rows are landed in tables"));
    } else if schema.eq_ignore_ascii_case("temp") {
        found.unfit = Some("is temporary: it goes with the session, and the ledger would stay".into());
    } else {
        found.unfit = rule(connection, schema, name)?;
    }
    // 0 is an ordinary column, and 1 a hidden one; others are generated.
    let mut columns = connection.prepare_cached(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?2, ?1) WHERE hidden <> 1",
    )?;
    let mut key: Vec<(i64, String)> = Vec::new();
    let mut rows = columns.query(params![schema, name])?;
    while let Some(row) = rows.next()? {
        let (name, declared): (String, String) = (row.get(0)?, row.get(1)?);
        let (not_null, has_default, place, hidden): (bool, bool, i64, i64) =
            (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
        let column_type = column_type(&declared, is_strict);
        // Such a key is the row's number, which SQLite gives where a row has none.
        let is_row_number = place > 0 && declared.eq_ignore_ascii_case("INTEGER");
        if place > 0 {
            key.push((place, name.clone()));
        }
        found.columns.push(Column {
            name,
            column_type,
            declared,
            nullable: !not_null,
            has_default: has_default || is_row_number,
            is_generated: hidden > 1,
        });
    }
    if !key.is_empty() {
        key.sort_unstable();
        found.has_primary_key = true;
        found.keys.push(key.into_iter().map(|(_, name)| name).collect());
    }
    found.keys.extend(unique_indexes(connection, schema, name)?);
    Ok(Some(found))
}

/// Unique indexes over whole columns and all rows, but for the primary key's.
fn unique_indexes(connection: &Connection, schema: &str, table: &str) -> Result<Vec<Vec<String>>, Error> {
    let mut indexes = connection.prepare_cached(
        "SELECT name FROM pragma_index_list(?2, ?1) WHERE \"unique\" AND NOT partial AND origin <> 'pk'",
    )?;
    let names: Result<Vec<String>, Error> =
        indexes.query_map(params![schema, table], |row| row.get(0))?.collect();
    let mut keys = Vec::new();
    for name in names? {
        let mut columns =
            connection.prepare_cached("SELECT name FROM pragma_index_info(?2, ?1) ORDER BY seqno")?;
        let columns: Result<Option<Vec<String>>, Error> =
            columns.query_map(params![schema, name], |row| row.get::<_, Option<String>>(0))?.collect();
        // An expression has no name.
        keys.extend(columns?);
    }
    Ok(keys)
}

/// A rule of the table's by which another row, or all of the transaction, goes where one does not fit.
fn rule(connection: &Connection, schema: &str, table: &str) -> Result<Option<String>, Error> {
    let schema = schema.replace('"', "\"\"");
    let sql = format!(
        "SELECT sql FROM \"{schema}\".sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE"
    );
    let definition: Option<String> = connection.prepare_cached(&sql)?.query_row([table], |row| row.get(0))?;
    let definition = definition.unwrap_or_default().to_ascii_uppercase();
    let words: Vec<&str> = definition
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let found = words.windows(3).find(|words| {
        words[..2] == ["ON", "CONFLICT"] && ["REPLACE", "ROLLBACK", "IGNORE", "FAIL"].contains(&words[2])
    });
    Ok(found.map(|words| {
        format!("has a rule (ON CONFLICT {}) by which more goes, or less comes, than the record that does not fit", words[2])
    }))
}
