//! Rows that only the server refuses, found while their neighbours are written.

use kadence_core::fault::Fault;

use crate::cells::Rows;
use crate::session::{DbError, Kind, Session};
use crate::table::Table;

/// The fewest rows that are tried at once after one was refused.
const FEWEST: usize = 8;

/// Writes all rows but those that the server refuses, each of which is told by its number.
///
/// All are written at once first. Where a row is refused, those before it are written, then it first or alone, so that
/// it is blamed by its own error only, then those behind it in growing numbers.
pub(crate) fn write(
    session: &mut impl Session,
    table: &Table,
    rows: &Rows,
    mut refused: impl FnMut(usize, &Fault),
) -> Result<(), DbError> {
    let all = rows.len();
    let (mut at, mut size) = (0, all);
    while at < all {
        session.set_savepoint()?;
        let end = all.min(at + size);
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
        match blamed.filter(|blamed| *blamed < end - at) {
            // Nothing is written before the first one.
            Some(0) => {}
            None if end - at == 1 => {}
            Some(before) => {
                size = before;
                continue;
            }
            None => {
                size = (end - at).div_ceil(2);
                continue;
            }
        }
        refused(at, &error.fault);
        at += 1;
        size = FEWEST;
    }
    Ok(())
}
