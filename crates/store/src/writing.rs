//! Rows that only the server refuses, found while their neighbours are written.

use kadence_core::fault::Fault;

use crate::cells::Rows;
use crate::session::{DbError, Kind, Session};
use crate::table::Table;

/// The fewest rows that are tried at once after one was refused.
const FEWEST: usize = 8;

/// Writes all rows but those that the server refuses, each of which is told by its number.
///
/// All are written at once first. Where a row is refused, those before it are written, then it alone, so that it is
/// blamed by its own error only, then those behind it in growing numbers.
pub(crate) fn write(
    session: &mut impl Session,
    table: &Table,
    rows: &Rows,
    mut refused: impl FnMut(usize, &Fault),
) -> Result<(), DbError> {
    let all = rows.len();
    let (mut at, mut size) = (0, all);
    // Rows are tried one by one up to here.
    let mut alone = 0;
    while at < all {
        session.set_savepoint()?;
        let end = if at < alone { at + 1 } else { all.min(at + size) };
        let error = match session.write(table, rows, at..end) {
            Ok(()) => {
                at = end;
                size = (size * 2).min(all);
                continue;
            }
            Err(error) => error,
        };
        let Kind::Row(blamed) = error.kind else { return Err(error) };
        session.roll_back_to()?;
        if end - at == 1 {
            refused(at, &error.fault);
            at = end;
            size = FEWEST;
            continue;
        }
        match blamed.filter(|blamed| *blamed < end - at) {
            Some(0) => alone = at + 1,
            Some(before) => {
                size = before;
                alone = 0;
            }
            None => size = (end - at).div_ceil(2),
        }
    }
    Ok(())
}
