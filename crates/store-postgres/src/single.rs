//! Rows that go to the server one by one, since it refused some of them when they were staged.
//!
//! Staged rows that were rolled back are still passed over by every look at the others, and their error names no row.
//! A statement for each row costs more, and says which one it is.

use std::error::Error as StdError;
use std::ops::Range;

use bytes::BytesMut;
use futures_util::future::join_all;
use kadence_core::fault::Fault;
use kadence_store::{Change, DbError, Kind, Rows};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Statement};

use crate::binary::{Encoder, Mismatch};
use crate::link::Link;
use crate::plan::{Plan, Staging, changed};

/// How many statements are under way at once.
const UNDER_WAY: usize = 64;
/// The length that stands in front of a field.
const LENGTH: usize = 4;

/// A value in the form that COPY takes as well.
#[derive(Debug)]
struct Field(Option<BytesMut>);

impl ToSql for Field {
    fn to_sql(&self, _: &Type, buffer: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let Some(bytes) = &self.0 else { return Ok(IsNull::Yes) };
        buffer.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Puts and deletes rows in their order, so that the later one of two with the same key counts.
pub(crate) fn write(
    link: &mut Link,
    plan: &Plan,
    staging: &Staging,
    encoder: &mut Encoder,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), DbError> {
    let put = link.prepare(&staging.put_one)?;
    let delete =
        if rows.has_deletes(range.clone()) { Some(link.prepare(&staging.delete_one)?) } else { None };
    let first = range.start;
    for part in range.clone().step_by(UNDER_WAY).map(|at| at..range.end.min(at + UNDER_WAY)) {
        let mut statements: Vec<(&Statement, Vec<Field>)> = Vec::with_capacity(part.len());
        for row in part.clone() {
            let statement = match (rows.change(row), &delete) {
                (Change::Delete, Some(delete)) => (delete, fields(plan, encoder, rows, row, &staging.key)),
                _ => (&put, fields(plan, encoder, rows, row, &staging.all)),
            };
            let (statement, fields) = statement;
            statements.push((statement, fields.map_err(|_| changed(&link.place, &plan.table))?));
        }
        let done = link.runtime.block_on(run(link.client()?, statements));
        for (row, done) in part.zip(done) {
            let is_put = rows.change(row) == Change::Put && staging.puts_always;
            match done {
                Ok(0) if is_put => {
                    let fault = Fault::new(link.place.clone(), "a trigger of the table passes over this row");
                    return Err(DbError::new(Kind::Row(Some(row - first)), fault));
                }
                Ok(_) => {}
                // Those behind it are refused for its sake.
                Err(error) => {
                    let DbError { kind, fault } = link.failed(&error);
                    let kind = if matches!(kind, Kind::Row(_)) { Kind::Row(Some(row - first)) } else { kind };
                    return Err(DbError { kind, fault });
                }
            }
        }
    }
    Ok(())
}

async fn run(client: &Client, statements: Vec<(&Statement, Vec<Field>)>) -> Vec<Result<u64, Error>> {
    join_all(statements.into_iter().map(|(statement, fields)| client.execute_raw(statement, fields))).await
}

fn fields(
    plan: &Plan,
    encoder: &mut Encoder,
    rows: &Rows,
    row: usize,
    columns: &[usize],
) -> Result<Vec<Field>, Mismatch> {
    let field = |column: &usize| {
        encoder.buffer.clear();
        encoder.put(plan.wires[*column], rows.cell(row, *column))?;
        let is_null = encoder.buffer.starts_with(&[0xff; LENGTH]);
        Ok(Field((!is_null).then(|| BytesMut::from(&encoder.buffer[LENGTH..]))))
    };
    columns.iter().map(field).collect()
}
