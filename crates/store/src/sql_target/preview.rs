//! What would be written, without writing it.

use std::collections::HashMap;

use kadence_core::target::Batch;

use super::mapper::{Mapped, Tables};
use super::{MOST_CHANGES, Notice, SqlTarget};
use crate::cells::{Cell, Rows};
use crate::convert::Limits;
use crate::session::{Database, DbError, Session};
use crate::table::{Column, Found};

/// What would be done with some records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The tables that they go to.
    pub tables: Vec<TablePreview>,
    /// Records that would be rejected, by their place, with the reason.
    pub rejected: Vec<(usize, String)>,
    /// Names of fields that are null in all records, and get no column.
    pub untyped: Vec<String>,
}

/// What would be done with a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TablePreview {
    /// Its name.
    pub name: String,
    /// The statements that would make it, or change its columns; none where it is as it has to be.
    pub definitions: Vec<String>,
    /// The columns that are written, each with its type.
    pub columns: Vec<(String, String)>,
    /// The rows, each column as text; none is null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Tables that are not changed, as they would be then.
struct Dry<'s, S> {
    session: &'s mut S,
    changed: HashMap<String, Found>,
    definitions: Vec<(String, String)>,
    untyped: Vec<String>,
}

impl<S: Session> Tables for Dry<'_, S> {
    fn limits(&self) -> Limits {
        self.session.limits()
    }

    fn find(&mut self, table: &str) -> Result<Option<Found>, DbError> {
        match self.changed.get(table) {
            Some(found) => Ok(Some(found.clone())),
            None => self.session.find(table),
        }
    }

    fn change(
        &mut self,
        table: &str,
        statement: &str,
        columns: &[Column],
        key: &[String],
    ) -> Result<(), DbError> {
        let mut found = self.find(table)?.unwrap_or_default();
        for column in columns {
            match found.columns.iter_mut().find(|other| other.name == column.name) {
                Some(other) => *other = column.clone(),
                None => found.columns.push(column.clone()),
            }
        }
        if !key.is_empty() {
            found.has_primary_key = true;
            found.keys.push(key.to_vec());
        }
        self.changed.insert(table.to_owned(), found);
        self.definitions.push((table.to_owned(), statement.to_owned()));
        Ok(())
    }

    fn widening(&mut self, table: &str, column: &Column, to: &str) -> Result<Option<String>, DbError> {
        self.session.widening(table, column, to)
    }

    fn notice(&mut self, notice: Notice) {
        if let Notice::Untyped(_, names) = notice {
            self.untyped.extend(names);
        }
    }
}

impl<D: Database> SqlTarget<D> {
    pub(super) fn previewed(&mut self, batch: &Batch<'_>, most: usize) -> Result<Preview, DbError> {
        super::connected(&mut self.database, &mut self.session)?;
        let Some(session) = &mut self.session else { return Err(super::no_session()) };
        let mut tables =
            Dry { session, changed: HashMap::new(), definitions: Vec::new(), untyped: Vec::new() };
        let mut rejected = Vec::new();
        self.mapper.decode(batch);
        let mut changes = 0;
        while let Mapped::Anew =
            self.mapper.map(batch, self.database.dialect(), &mut tables, &mut rejected)?
        {
            changes += 1;
            if changes > MOST_CHANGES {
                return Err(super::changing(&self.database));
            }
            rejected.clear();
        }
        let definitions_of = |name: &str| {
            let of = tables.definitions.iter().filter(|(table, _)| table == name);
            of.map(|(_, statement)| statement.clone()).collect()
        };
        let shown = self.mapper.sheets().map(|sheet| TablePreview {
            name: sheet.table.name.clone(),
            definitions: definitions_of(&sheet.table.name),
            columns: sheet
                .table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.declared.clone()))
                .collect(),
            rows: (0..sheet.rows.len().min(most)).map(|row| texts(&sheet.rows, row)).collect(),
        });
        Ok(Preview { tables: shown.collect(), rejected, untyped: tables.untyped })
    }
}

fn texts(rows: &Rows, row: usize) -> Vec<Option<String>> {
    (0..rows.columns()).map(|column| text(rows.cell(row, column))).collect()
}

/// A cell as a person reads it.
fn text(cell: Cell<'_>) -> Option<String> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::UInt(value) => value.to_string(),
        Cell::Double(value) => value.to_string(),
        Cell::Decimal(text) | Cell::Text(text) | Cell::Json(text) => text.to_owned(),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Cell::Date(days) => crate::calendar::date_text(days),
        Cell::Time(nanos) => crate::calendar::time_text(nanos),
        Cell::Timestamp(time) => time.to_rfc3339(),
        Cell::Uuid(uuid) => uuid::Uuid::from_bytes(uuid).to_string(),
    })
}
