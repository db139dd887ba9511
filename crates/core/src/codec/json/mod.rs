//! JSON bodies: compact, members in the order selected, number text kept.

mod values;

use self::values::{write_cell, write_text};
use super::{CodecError, Encoder, RowContext, Shape, write_number, write_uuid};
use crate::projection::{Expr, Item, Projection, Rest};
use crate::run::Draft;
use crate::schema::Type;
use crate::source::{Field, RecordingError, members};
use crate::value::Value;

/// Writes objects and arrays.
pub(super) struct JsonEncoder {
    /// What stands before each value: the comma or opening, and the member's name. Ends with the closing.
    members: Vec<(Vec<u8>, Expr)>,
    shape: Shape,
    /// The body is the JSON object as the recording has it.
    verbatim: bool,
}

impl JsonEncoder {
    pub(super) fn new(projection: Projection, shape: Shape) -> Self {
        let verbatim = projection.is_identity
            && shape == Shape::Object
            && matches!(&*projection.items, [Item { expr: Expr::Rest(rest), .. }] if rest.schema.is_silent());
        let members = projection
            .items
            .into_iter()
            .map(|Item { name, expr }| {
                let mut prefix = Vec::new();
                if shape == Shape::Object && !matches!(expr, Expr::Rest(_)) {
                    write_text(&name, &mut prefix);
                    prefix.push(b':');
                }
                (prefix, expr)
            })
            .collect();
        Self { members, shape, verbatim }
    }
}

impl Encoder for JsonEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        if self.verbatim {
            draft.bytes().extend_from_slice(row.rows.text());
            return Ok(());
        }
        let (open, close) = if self.shape == Shape::Array { (b'[', b']') } else { (b'{', b'}') };
        draft.bytes().push(open);
        let mut first = true;
        for (prefix, expr) in &mut self.members {
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
        if new_name.is_none() && rest.taken.iter().any(|taken| taken == name) {
            let (recording, line) = (row.name.to_owned(), row.rows.line());
            return Err(RecordingError::TakenName { name: recording, line, field: name.to_owned() });
        }
        write_text(new_name.unwrap_or(name), into);
        into.push(b':');
        write_cell(cell, rest.schema.type_of(name), into).map_err(|misfit| {
            let field = Field { path: vec![name.to_owned()], index };
            row.misfit(&field, cell, misfit)
        })?;
    }
    Ok(())
}

fn write_expr(expr: &mut Expr, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
    match expr {
        Expr::Field(field, ty) => match row.rows.cell(field) {
            Some(cell) => write_cell(cell, *ty, draft.bytes())
                .map_err(|misfit| row.misfit(field, cell, misfit))?,
            // A field that is not there is null.
            None => draft.bytes().extend_from_slice(b"null"),
        },
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
    Ok(())
}

fn quoted(draft: &mut Draft<'_>, inside: impl FnOnce(&mut Draft<'_>)) {
    draft.bytes().push(b'"');
    inside(draft);
    draft.bytes().push(b'"');
}

/// Writes `{"<time>":value}`.
pub(super) struct KeyedEncoder {
    time: Field,
    value: Expr,
}

impl KeyedEncoder {
    pub(super) fn new(projection: Projection, time: Option<&Field>) -> Result<Self, CodecError> {
        let time = time.ok_or(CodecError::KeyedWithoutTime)?.clone();
        let others: Vec<Item> = projection
            .items
            .into_iter()
            .filter(|item| !matches!(&item.expr, Expr::Field(field, _) if *field == time))
            .collect();
        let found = || others.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(", ");
        match &*others {
            [Item { expr: Expr::Rest(_), .. }] => Err(CodecError::Keyed { found: found() }),
            [Item { expr, .. }] => Ok(Self { time, value: expr.clone() }),
            _ => Err(CodecError::Keyed { found: found() }),
        }
    }
}

impl Encoder for KeyedEncoder {
    fn encode(&mut self, row: &RowContext<'_>, draft: &mut Draft<'_>) -> Result<(), RecordingError> {
        draft.bytes().push(b'{');
        match row.value(&self.time, Type::Text)? {
            Value::Text(text) => write_text(&text, draft.bytes()),
            _ => write_text("", draft.bytes()),
        }
        draft.bytes().push(b':');
        write_expr(&mut self.value, row, draft)?;
        draft.bytes().push(b'}');
        Ok(())
    }
}
