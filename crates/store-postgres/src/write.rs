//! Rows on their way to the server.

use std::ops::Range;
use std::pin::pin;

use bytes::{BufMut as _, Bytes};
use futures_util::SinkExt as _;
use kadence_core::fault::Fault;
use kadence_store::{Change, DbError, Kind, Parameter, Rows};
use tokio_postgres::{Client, Error, Statement};

use crate::binary::{Encoder, HEADER, Mismatch, TRAILER, Wire};
use crate::error::failed_copy;
use crate::link::Link;
use crate::plan::{Plan, Staging, changed};

/// What is sent at once, about.
const CHUNK: usize = 256 * 1024;

/// Why rows were not copied.
enum Trouble {
    Postgres(Error),
    Mismatch,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<Mismatch> for Trouble {
    fn from(_: Mismatch) -> Self {
        Self::Mismatch
    }
}

/// Writes rows. Those that are staged are numbered from `staged` on, which no other rows of this transaction are.
pub(crate) fn write(
    link: &mut Link,
    plan: &Plan,
    encoder: &mut Encoder,
    rows: &Rows,
    range: Range<usize>,
    staged: i32,
) -> Result<(), DbError> {
    let all = range.len() as u64;
    let Some(copy) = &plan.copy else { return write_empty(link, plan, all) };
    let place = plan.staging.is_some().then_some(staged);
    encoder.buffer.clear();
    let copying = copy_rows(link.client()?, copy, &plan.wires, encoder, rows, range.clone(), place);
    let copied = link.runtime.block_on(copying).map_err(|trouble| match trouble {
        Trouble::Postgres(error) => failed_copy(&link.place, &error, &plan.copied),
        Trouble::Mismatch => changed(&link.place, &plan.table),
    })?;
    match &plan.staging {
        Some(staging) => put_staged(link, staging, rows.has_deletes(range), staged),
        None if copied == all => Ok(()),
        None => Err(passed_over(link)),
    }
}

/// Rows in a table of which no column is written.
fn write_empty(link: &mut Link, plan: &Plan, rows: u64) -> Result<(), DbError> {
    let insert = format!("INSERT INTO {} SELECT FROM generate_series(1, $1::int8)", plan.name);
    let written = link.execute(&insert, &[Parameter::Int(rows as i64)])?;
    if written == rows { Ok(()) } else { Err(passed_over(link)) }
}

async fn copy_rows(
    client: &Client,
    copy: &Statement,
    wires: &[Wire],
    encoder: &mut Encoder,
    rows: &Rows,
    range: Range<usize>,
    staged: Option<i32>,
) -> Result<u64, Trouble> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(copy).await?);
    encoder.buffer.reserve(CHUNK + CHUNK / 8);
    encoder.buffer.extend_from_slice(HEADER);
    let fields = wires.len() + if staged.is_some() { 2 } else { 0 };
    for (number, row) in range.enumerate() {
        encoder.begin_row(fields);
        for (column, wire) in wires.iter().enumerate() {
            encoder.put(*wire, rows.cell(row, column))?;
        }
        if let Some(first) = staged {
            encoder.put(Wire::Int4, kadence_store::Cell::Int(i64::from(first) + number as i64))?;
            let is_deleted = rows.change(row) == Change::Delete;
            encoder.put(Wire::Bool, kadence_store::Cell::Bool(is_deleted))?;
        }
        if encoder.buffer.len() >= CHUNK {
            sink.send(encoder.buffer.split().freeze()).await?;
            // Takes the same memory again, once what was sent is gone.
            encoder.buffer.reserve(CHUNK + CHUNK / 8);
        }
    }
    encoder.buffer.put_i16(TRAILER);
    sink.send(encoder.buffer.split().freeze()).await?;
    Ok(sink.finish().await?)
}

/// Puts what is staged into the table: the last of each key counts.
fn put_staged(link: &mut Link, staging: &Staging, has_deletes: bool, first: i32) -> Result<(), DbError> {
    let first = [Parameter::Int(first.into())];
    if has_deletes {
        link.execute(&staging.delete, &first)?;
    }
    let put = link.execute(&staging.put, &first)?;
    let Some(count) = &staging.count else { return Ok(()) };
    let rows = link.query(count, &first)?;
    let wanted: Result<i64, Error> = rows.first().map_or(Ok(0), |row| row.try_get(0));
    let wanted = wanted.map_err(|error| link.failed(&error))?;
    if put == wanted as u64 { Ok(()) } else { Err(passed_over(link)) }
}

fn passed_over(link: &Link) -> DbError {
    let fault = Fault::new(link.place.clone(), "a trigger of the table passes over this row");
    DbError::new(Kind::Row(None), fault)
}
