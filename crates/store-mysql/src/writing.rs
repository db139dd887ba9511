//! Rows: how many at once.

use std::ops::Range;

use kadence_core::fault::Fault;
use kadence_store::{Change, DbError, Kind, Rows};
use mysql_async::Value;

use crate::connection::Connection;
use crate::server;
use crate::statements::{Many, Statements};
use crate::values::size;

/// The most bytes that are sent at once, also where the server takes more.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// What a message has beside its rows, at most: its head, and the columns' types.
const OVERHEAD: usize = 16 * 1024;
/// The most parameters of a statement.
const MOST_PARAMETERS: usize = 65_535;
/// The most rows of a statement. More of them gain nothing.
const MOST_ROWS: usize = 1_024;

/// Writes rows in their order. What is put and what is deleted take turns, so that it is the database that says which
/// keys are one.
pub(crate) fn write(
    connection: &mut Connection,
    statements: &Statements,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), DbError> {
    let first = range.start;
    check(connection, statements, rows, range.clone())?;
    let mut at = first;
    while at < range.end {
        let change = rows.change(at);
        let end = (at..range.end).find(|row| rows.change(*row) != change).unwrap_or(range.end);
        let many = match change {
            Change::Put => &statements.put,
            Change::Delete => &statements.delete,
        };
        Group { connection, statements, many, rows }.write(at..end, first)?;
        at = end;
    }
    Ok(())
}

/// Refuses what a column would change, and what no message has room for.
fn check(
    connection: &Connection,
    statements: &Statements,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), DbError> {
    let checks = statements.bindings.iter().enumerate();
    let checks: Vec<_> =
        checks.filter_map(|(column, binding)| Some((column, binding, binding.check.as_ref()?))).collect();
    let most = most_bytes(statements);
    for row in range.clone() {
        let refused = checks.iter().find_map(|(column, binding, check)| {
            let what = check.refuses(rows.cell(row, *column))?;
            Some(format!("{}: {what}", binding.column))
        });
        let bytes: usize = (0..rows.columns()).map(|column| size(rows.cell(row, column))).sum();
        let is_long = bytes > most;
        let long =
            || format!("the row has {bytes} bytes, and the server's max_allowed_packet has no room for them");
        if let Some(what) = refused.or_else(|| is_long.then(long)) {
            let fault = Fault::new(connection.place.clone(), what);
            return Err(DbError::new(Kind::Row(Some(row - range.start)), fault));
        }
    }
    Ok(())
}

fn most_bytes(statements: &Statements) -> usize {
    statements.server.most_bytes.saturating_sub(OVERHEAD)
}

/// Rows that are all put, or all deleted.
struct Group<'g> {
    connection: &'g mut Connection,
    statements: &'g Statements,
    many: &'g Many,
    rows: &'g Rows,
}

impl Group<'_> {
    fn write(&mut self, range: Range<usize>, first: usize) -> Result<(), DbError> {
        let mut at = range.start;
        while at < range.end {
            let is_bulk = self.statements.server.kind == server::Kind::MariaDb;
            let end = if is_bulk { self.bulk_end(at..range.end) } else { self.statement_end(at..range.end) };
            let written = if is_bulk { self.bulk(at..end) } else { self.statement(at..end) };
            written.map_err(|DbError { kind, fault }| match kind {
                Kind::Row(Some(row)) => DbError { kind: Kind::Row(Some(at - first + row)), fault },
                kind => DbError { kind, fault },
            })?;
            at = end;
        }
        Ok(())
    }

    fn size(&self, row: usize) -> usize {
        self.many.columns.iter().map(|column| size(self.rows.cell(row, *column))).sum()
    }

    /// Where rows end that fit into one message.
    fn bulk_end(&self, range: Range<usize>) -> usize {
        let mut left = most_bytes(self.statements).min(MOST_BYTES);
        let fits = |row: &usize| {
            let fits = left.checked_sub(self.size(*row));
            left = fits.unwrap_or_default();
            fits.is_some()
        };
        let fitting = range.clone().take_while(fits).count();
        range.start + fitting.max(1)
    }

    /// Where rows end that fit into one statement. Their number is a power of two, so that few statements are
    /// prepared, and all of them again and again.
    fn statement_end(&self, range: Range<usize>) -> usize {
        let columns = self.many.columns.len().max(1);
        let most = range
            .len()
            .min(MOST_ROWS)
            .min(MOST_PARAMETERS / columns)
            .min(self.bulk_end(range.clone()) - range.start);
        range.start + (1 << most.max(1).ilog2())
    }

    /// Sends each row with the statement for one: MariaDB takes them all in one message.
    fn bulk(&mut self, range: Range<usize>) -> Result<(), DbError> {
        let Self { statements, many, rows, .. } = *self;
        let values = range.map(|row| values(statements, many, rows, row).collect());
        self.connection.batch(&many.text(1), values)
    }

    fn statement(&mut self, range: Range<usize>) -> Result<(), DbError> {
        let Self { statements, many, rows, .. } = *self;
        let text = many.text(range.len());
        let values = range.flat_map(|row| values(statements, many, rows, row)).collect();
        self.connection.change(&text, values).map(drop)
    }
}

fn values<'v>(
    statements: &'v Statements,
    many: &'v Many,
    rows: &'v Rows,
    row: usize,
) -> impl Iterator<Item = Value> + Send + 'v {
    many.columns.iter().map(move |column| statements.bindings[*column].value(rows.cell(row, *column)))
}
