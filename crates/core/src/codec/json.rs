//! JSON bodies: compact, members in the order selected, number text kept.

mod decode;
mod encode;
mod mixing;
mod values;

pub use self::decode::JsonDecoder;
pub use self::encode::JsonEncoder;

use self::mixing::Seen;
use self::values::{Became, write_cell, write_csv_text, write_text};
use super::{BodyEncoder, CodecError, MixedColumn, RowContext, Shape, write_number, write_uuid};
use crate::projection::{Expr, Item, Projection, Rest};
use crate::run::Draft;
use crate::source::{AnyRows, RecordingError, Rows as _, members};
use crate::text::{CellType, CellValue, ColumnRef, Misfit};

/// Writes objects and arrays.
pub(super) struct MembersEncoder {
    /// The members up to the first that may bring along none.
    head: Vec<Member>,
    /// The members from there on, without commas.
    tail: Vec<Member>,
    shape: Shape,
    /// The body is the JSON object as the recording has it.
    verbatim: bool,
    mixed: Vec<MixedColumn>,
}

struct Member {
    /// What stands before the value: the name, and the opening or a comma.
    prefix: Vec<u8>,
    /// Where the value comes from.
    expr: Expr,
    seen: Seen,
}

impl MembersEncoder {
    pub(super) fn new(projection: Projection, shape: Shape) -> Self {
        let verbatim = projection.is_identity
            && shape == Shape::Object
            && matches!(&*projection.items, [Item { expr: Expr::Rest(rest), .. }] if rest.types.is_silent());
        let mut encoder = Self { head: Vec::new(), tail: Vec::new(), shape, verbatim, mixed: Vec::new() };
        for Item { name, expr } in projection.items {
            let is_rest = matches!(expr, Expr::Rest(_));
            let mut prefix = Vec::new();
            let is_head = encoder.tail.is_empty() && !is_rest;
            if is_head {
                prefix.push(if encoder.head.is_empty() { encoder.brackets().0 } else { b',' });
            }
            if shape == Shape::Object && !is_rest {
                write_text(&name, &mut prefix);
                prefix.push(b':');
            }
            let member = Member { prefix, expr, seen: Seen::default() };
            if is_head { &mut encoder.head } else { &mut encoder.tail }.push(member);
        }
        encoder
    }

    fn brackets(&self) -> (u8, u8) {
        if self.shape == Shape::Array { (b'[', b']') } else { (b'{', b'}') }
    }
}

impl BodyEncoder for MembersEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        if self.verbatim {
            draft.bytes().extend_from_slice(row.rows.text());
            return Ok(());
        }
        let (open, close) = self.brackets();
        for Member { prefix, expr, seen } in &mut self.head {
            draft.bytes().extend_from_slice(prefix);
            if seen.note(write_expr(expr, row, draft)?) {
                self.mixed.extend(row.mixed(expr));
            }
        }
        let mut first = self.head.is_empty();
        if first {
            draft.bytes().push(open);
        }
        for Member { prefix, expr, .. } in &mut self.tail {
            if let Expr::Rest(rest) = expr {
                write_rest(row, rest, &mut first, draft.bytes())?;
                continue;
            }
            if !std::mem::take(&mut first) {
                draft.bytes().push(b',');
            }
            draft.bytes().extend_from_slice(prefix);
            write_expr(expr, row, draft)?;
        }
        draft.bytes().push(close);
        Ok(())
    }

    fn take_mixed(&mut self) -> Vec<MixedColumn> {
        std::mem::take(&mut self.mixed)
    }
}

/// Appends the fields of the row that `*` stands for.
fn write_rest(
    row: &RowContext<'_>,
    rest: &Rest,
    first: &mut bool,
    into: &mut Vec<u8>,
) -> Result<(), RecordingError> {
    for (index, (name, cell)) in members(row.rows).enumerate() {
        if rest.leaves_out(name) {
            continue;
        }
        if !std::mem::take(first) {
            into.push(b',');
        }
        let new_name = rest.new_name(name);
        if new_name.is_none() && rest.is_taken(name) {
            let (recording, line) = (row.name.to_owned(), row.rows.line());
            return Err(RecordingError::TakenName { name: recording, line, field: name.to_owned() });
        }
        write_text(new_name.unwrap_or(name), into);
        into.push(b':');
        write_cell(cell, rest.types.type_of(name), into).map_err(|misfit| {
            let field = ColumnRef::column(name, index);
            row.misfit(&field, cell, misfit)
        })?;
    }
    Ok(())
}

fn write_expr(
    expr: &mut Expr,
    row: &RowContext<'_>,
    draft: &mut Draft<'_>,
) -> Result<Became, RecordingError> {
    match expr {
        Expr::Column(field, ty) => {
            let written = match row.rows.csv_text(field) {
                Some(text) => write_csv_text(text, *ty, draft.bytes()),
                None => write_field(row.rows, field, *ty, draft.bytes()),
            };
            return written.map_err(|misfit| row.misfit_of(field, misfit));
        }
        Expr::Now { format, width } => quoted(draft, |draft| draft.slot(*format, *width)),
        Expr::EventTime(format) => quoted(draft, |draft| row.write_event_time(format, draft.bytes())),
        Expr::Uuid => quoted(draft, |draft| write_uuid(draft.bytes())),
        Expr::Line => write_number(row.rows.line(), draft.bytes()),
        Expr::File => write_text(row.name, draft.bytes()),
        Expr::Text(text) => write_text(text, draft.bytes()),
        Expr::Number(number) => draft.bytes().extend_from_slice(number.as_bytes()),
        // The callers expand it.
        Expr::Rest(_) => {}
    }
    Ok(Became::Other)
}

fn write_field(
    rows: &AnyRows,
    field: &ColumnRef,
    ty: CellType,
    into: &mut Vec<u8>,
) -> Result<Became, Misfit> {
    if let Some(cell) = rows.cell(field) {
        return write_cell(cell, ty, into);
    }
    // A field that is not there is null.
    into.extend_from_slice(b"null");
    Ok(Became::Other)
}

fn quoted(draft: &mut Draft<'_>, inside: impl FnOnce(&mut Draft<'_>)) {
    draft.bytes().push(b'"');
    inside(draft);
    draft.bytes().push(b'"');
}

/// Writes `{"<time>":value}`.
pub(super) struct KeyedEncoder {
    time: ColumnRef,
    value: Expr,
    seen: Seen,
    mixed: Vec<MixedColumn>,
}

impl KeyedEncoder {
    pub(super) fn new(projection: Projection, time: Option<&ColumnRef>) -> Result<Self, CodecError> {
        let time = time.ok_or(CodecError::KeyedWithoutTime)?.clone();
        let others: Vec<Item> = projection
            .items
            .into_iter()
            .filter(|item| !matches!(&item.expr, Expr::Column(field, _) if *field == time))
            .collect();
        let found = || others.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ");
        match &*others {
            [Item { expr: Expr::Rest(_), .. }] => Err(CodecError::Keyed { found: found() }),
            [Item { expr, .. }] => {
                Ok(Self { time, value: expr.clone(), seen: Seen::default(), mixed: Vec::new() })
            }
            _ => Err(CodecError::Keyed { found: found() }),
        }
    }
}

impl BodyEncoder for KeyedEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        draft.bytes().push(b'{');
        match row.value(&self.time, CellType::Text)? {
            CellValue::Text(text) => write_text(&text, draft.bytes()),
            _ => write_text("", draft.bytes()),
        }
        draft.bytes().push(b':');
        if self.seen.note(write_expr(&mut self.value, row, draft)?) {
            self.mixed.extend(row.mixed(&self.value));
        }
        draft.bytes().push(b'}');
        Ok(())
    }

    fn take_mixed(&mut self) -> Vec<MixedColumn> {
        std::mem::take(&mut self.mixed)
    }
}
