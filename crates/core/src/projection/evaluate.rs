//! The one evaluation of a column list: it goes through the members of a row and has a [`Writer`] write them.

use super::{Expr, Item, Rest};
use crate::record::Timestamp;
use crate::source::{AnyRows, RecordingError, Rows as _, excerpt, members};
use crate::stamp::EventStamp;
use crate::text::{CellText, CellType, CellValue, ColumnRef, Misfit};

/// A row of a recording, and what is known of it beside its columns.
pub(crate) struct RowContext<'a> {
    /// The recording's name.
    pub(crate) name: &'a str,
    pub(crate) rows: &'a AnyRows,
    pub(crate) event_time: Option<Timestamp>,
}

/// Writes the members of a row, one after the other.
pub(crate) trait Writer {
    /// The next value is that of the member in this place, which has this name.
    fn member(&mut self, place: usize, name: &str);

    /// The next value has this name, which came with the row.
    fn named(&mut self, name: &str);

    /// Writes the text of a CSV cell as a value of type `wanted`.
    fn csv_text(&mut self, text: &[u8], wanted: CellType) -> Result<(), Misfit>;

    /// Writes a cell as a value of type `wanted`.
    fn cell(&mut self, cell: CellText<'_>, wanted: CellType) -> Result<(), Misfit>;

    /// Writes that a field is not there.
    fn absent(&mut self);

    /// Writes a text.
    fn text(&mut self, text: &str);

    /// Writes a number in JSON's grammar.
    fn number(&mut self, text: &str);

    /// Writes a whole number.
    fn count(&mut self, number: u64);

    /// Writes a random UUID.
    fn uuid(&mut self);

    /// Leaves room for the hand-over instant, in the format of this number, so many bytes wide.
    fn now(&mut self, format: usize, width: usize);

    /// Writes an event time.
    fn event_time(&mut self, stamp: &mut EventStamp, time: Timestamp);
}

/// Writes all members of `row`.
#[inline]
pub(crate) fn write_row<W: Writer>(
    items: &mut [Item],
    row: &RowContext<'_>,
    writer: &mut W,
) -> Result<(), RecordingError> {
    for (place, Item { name, expr }) in items.iter_mut().enumerate() {
        match expr {
            // What most members are stands first, and is compiled into the loop.
            Expr::Column(column, wanted) => {
                writer.member(place, name);
                write_column(column, *wanted, row, writer)?;
            }
            Expr::Rest(rest) => write_rest(rest, row, writer)?,
            other => {
                writer.member(place, name);
                write_value(other, row, writer)?;
            }
        }
    }
    Ok(())
}

/// Writes one value.
pub(crate) fn write_value<W: Writer>(
    expr: &mut Expr,
    row: &RowContext<'_>,
    writer: &mut W,
) -> Result<(), RecordingError> {
    match expr {
        Expr::Column(column, wanted) => return write_column(column, *wanted, row, writer),
        Expr::Now { format, width } => writer.now(*format, *width),
        Expr::EventTime(stamp) => writer.event_time(stamp, row.event_time.unwrap_or_default()),
        Expr::Uuid => writer.uuid(),
        Expr::Line => writer.count(row.rows.line()),
        Expr::File => writer.text(row.name),
        Expr::Text(text) => writer.text(text),
        Expr::Number(number) => writer.number(number),
        // It is many values, which only a whole row has.
        Expr::Rest(_) => {}
    }
    Ok(())
}

/// Writes the cell of a column.
#[inline]
fn write_column<W: Writer>(
    column: &ColumnRef,
    wanted: CellType,
    row: &RowContext<'_>,
    writer: &mut W,
) -> Result<(), RecordingError> {
    let written = match row.rows.csv_text(column) {
        Some(text) => writer.csv_text(text, wanted),
        None => write_cell(row.rows, column, wanted, writer),
    };
    written.map_err(|misfit| row.misfit_of(column, misfit))
}

fn write_cell<W: Writer>(
    rows: &AnyRows,
    column: &ColumnRef,
    wanted: CellType,
    writer: &mut W,
) -> Result<(), Misfit> {
    let Some(cell) = rows.cell(column) else {
        writer.absent();
        return Ok(());
    };
    writer.cell(cell, wanted)
}

/// Writes the fields of the row that `*` stands for.
fn write_rest<W: Writer>(rest: &Rest, row: &RowContext<'_>, writer: &mut W) -> Result<(), RecordingError> {
    for (index, (name, cell)) in members(row.rows).enumerate() {
        if rest.leaves_out(name) {
            continue;
        }
        let new_name = rest.new_name(name);
        if new_name.is_none() && rest.is_taken(name) {
            let (recording, line) = (row.name.to_owned(), row.rows.line());
            return Err(RecordingError::TakenName { name: recording, line, field: name.to_owned() });
        }
        writer.named(new_name.unwrap_or(name));
        writer
            .cell(cell, rest.types.type_of(name))
            .map_err(|misfit| row.misfit(&ColumnRef::column(name, index), cell, misfit))?;
    }
    Ok(())
}

impl RowContext<'_> {
    /// The value of a column in this row; a field that is not there is null.
    pub(crate) fn value(
        &self,
        column: &ColumnRef,
        wanted: CellType,
    ) -> Result<CellValue<'_>, RecordingError> {
        let Some(cell) = self.rows.cell(column) else { return Ok(CellValue::Null) };
        cell.value(wanted).map_err(|misfit| self.misfit(column, cell, misfit))
    }

    /// Why the cell of `column` cannot be used.
    #[cold]
    fn misfit_of(&self, column: &ColumnRef, misfit: Misfit) -> RecordingError {
        self.misfit(column, self.rows.cell(column).unwrap_or(CellText::Text(b"")), misfit)
    }

    #[cold]
    fn misfit(&self, column: &ColumnRef, cell: CellText<'_>, misfit: Misfit) -> RecordingError {
        let (name, line) = (self.name.to_owned(), self.rows.line());
        let (number, column) = (self.rows.number_of(column), column.path.join("."));
        match misfit {
            Misfit::NotUtf8 => RecordingError::NotUtf8 { name, line, number, column },
            Misfit::NotA(wanted) => {
                let cell = excerpt(&cell.text());
                RecordingError::BadCell { name, line, number, column, cell, wanted }
            }
        }
    }
}
